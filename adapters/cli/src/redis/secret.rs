//! The password: from the environment or a file, shown nowhere.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The variable that `redis-cli` reads, too.
pub(crate) const VARIABLE: &str = "REDISCLI_AUTH";

/// Longest file that is read.
const FILE_BYTES: u64 = 64 * 1024;

/// A password, or none. It goes to the session's process through a pipe.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Secret(Option<String>);

impl Secret {
    /// From the file where one is named, else from the environment. An empty variable is none.
    ///
    /// # Errors
    /// Where the file cannot be read, or has no text in it; the message names the file and not what it holds.
    pub(crate) fn find(file: Option<&Path>) -> Result<Secret, Failure> {
        match file {
            Some(path) => Secret::of_file(path),
            None => Ok(Secret(std::env::var(VARIABLE).ok().filter(|password| !password.is_empty()))),
        }
    }

    fn of_file(path: &Path) -> Result<Secret, Failure> {
        let refused = |why: String| Failure::new(format!("the password file {}: {why}", path.display()));
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| refused(error.to_string()))?;
        file.take(FILE_BYTES).read_to_string(&mut text).map_err(|error| refused(error.to_string()))?;
        match text.lines().next().filter(|line| !line.is_empty()) {
            Some(line) => Ok(Secret(Some(line.to_owned()))),
            None => Err(refused("its first line is empty; write the password there".to_owned())),
        }
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Secret(hidden)" } else { "Secret(none)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_and_nothing_shown() {
        let path = std::env::temp_dir().join(format!("keyviz-secret-{}", std::process::id()));
        std::fs::write(&path, "p w\r\nmore\n").unwrap();
        let secret = Secret::find(Some(&path)).unwrap();
        assert_eq!(secret.password(), Some("p w"));
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
        std::fs::write(&path, "\n").unwrap();
        assert!(Secret::find(Some(&path)).unwrap_err().to_string().contains("first line is empty"));
        std::fs::remove_file(&path).unwrap();
        assert!(Secret::find(Some(&path)).is_err());
    }
}
