//! Which format a file has, judged by its content.

use crate::error::OpenError;
use crate::{csv, monitor};

/// How much of the input's beginning is looked at.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;

/// How much of an unknown first line is shown.
const SEEN_BYTES: usize = 60;

/// A trace format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The output of Redis' `MONITOR`, as `redis-cli monitor` prints it.
    Monitor,
    /// keyviz's own CSV: a header with `ts_us,op,key[,end_key],bytes,count,tag`, in any order; only the first three
    /// are needed. The key columns are raw bytes, or what the header says: `key:hex`, `key:base64`, `key:u64be`
    /// (a decimal number, kept as 8 big-endian bytes).
    Csv,
}

impl Format {
    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Monitor => "Redis MONITOR",
            Format::Csv => "keyviz CSV",
        }
    }

    /// Finds the format from the input's first bytes (64 KiB are enough).
    ///
    /// # Errors
    /// [`OpenError`]: empty, compressed, a CSV header that lacks a column, or nothing known.
    pub fn detect(head: &[u8]) -> Result<Format, OpenError> {
        if head.is_empty() {
            return Err(OpenError::Empty);
        }
        if let Some(program) = compressed_by(head) {
            return Err(OpenError::Compressed(program));
        }
        let header = csv::Header::parse(first_line(head));
        if header.is_ok() {
            return Ok(Format::Csv);
        }
        // A capture often begins in the middle: any line of the right shape in the head will do.
        if head.split(|byte| *byte == b'\n').any(monitor::looks_like) {
            return Ok(Format::Monitor);
        }
        Err(match header {
            Err(csv::HeaderError::Missing(column)) => {
                OpenError::MissingColumn { column, header: escaped(first_line(head)) }
            }
            Err(csv::HeaderError::Encoding(column)) => OpenError::UnknownEncoding { column: escaped(&column) },
            _ => OpenError::UnknownFormat { seen: escaped(first_line(head)) },
        })
    }
}

/// The first line that is not blank, without its end.
fn first_line(head: &[u8]) -> &[u8] {
    head.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

fn compressed_by(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 4] =
        [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2")];
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, program)| *program)
}

fn escaped(line: &[u8]) -> String {
    let shown = line.get(..SEEN_BYTES).unwrap_or(line);
    let dots = if line.len() > shown.len() { "..." } else { "" };
    format!("`{}`{dots}", shown.escape_ascii())
}
