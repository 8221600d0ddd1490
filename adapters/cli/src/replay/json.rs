//! The matrix as a file.

use std::path::Path;
use std::time::SystemTime;

use keyviz_core::{Reader, Series, wire};

use super::answer;
use crate::escape;
use crate::failure::Failure;

/// Writes the whole picture of one series, in the form the page's own API gives.
pub(crate) fn write(file: &Path, reader: &Reader, series: Series) -> Result<(), Failure> {
    let now_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let mut text = String::new();
    wire::encode::matrix(&answer::matrix(reader, series), u64::try_from(now_ms).unwrap_or(0), &mut text);
    text.push('\n');
    let name = escape::key(file.as_os_str().as_encoded_bytes());
    std::fs::write(file, text).map_err(|error| Failure::new(format!("writing {name} failed: {error}")))
}
