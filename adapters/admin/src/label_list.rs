//! Labels on the command line: `redis,s3`.

use keyviz_core::{LabelError, Labels};
use std::fmt;
use std::str::FromStr;

/// Labels separated by commas; an empty text means none.
///
/// # Examples
/// ```
/// use keyviz_admin::LabelList;
/// let labels: LabelList = "redis, s3".parse()?;
/// assert_eq!(labels.to_string(), "redis,s3");
/// assert!("Redis".parse::<LabelList>().is_err());
/// # Ok::<(), keyviz_core::LabelError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelList(pub Labels);

impl FromStr for LabelList {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        if text.trim().is_empty() {
            return Ok(LabelList(Labels::NONE));
        }
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        Labels::new(&names).map(LabelList)
    }
}

impl fmt::Display for LabelList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (_, name)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}
