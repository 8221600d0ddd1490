//! Why a trace could not be opened.

use std::fmt;
use std::io;

/// Why nothing can be read. The text says what was seen and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The input has no bytes.
    Empty,
    /// The input is compressed, by the program named here.
    Compressed(&'static str),
    /// A CSV header of ours that lacks a column.
    MissingColumn {
        /// The column that is needed.
        column: &'static str,
        /// The header, escaped.
        header: String,
    },
    /// A CSV header whose key column names an encoding that does not exist.
    UnknownEncoding {
        /// The column as it stands, escaped.
        column: String,
    },
    /// No format fits.
    UnknownFormat {
        /// The beginning of the first line, escaped.
        seen: String,
    },
    /// Reading failed.
    Io(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Empty => write!(f, "it is empty"),
            OpenError::Compressed(program) => {
                write!(f, "it is compressed; unpack it first: {program} -dc FILE > trace")
            }
            OpenError::MissingColumn { column, header } => write!(
                f,
                "its header lacks the column `{column}` (seen: {header}); a keyviz CSV has at least ts_us,op,key"
            ),
            OpenError::UnknownEncoding { column } => write!(
                f,
                "its header names an unknown key encoding (seen: {column}); use key, key:hex, key:base64 or key:u64be"
            ),
            OpenError::UnknownFormat { seen } => write!(
                f,
                "its format is not known (it begins with: {seen}); what can be read: the output of `redis-cli monitor`, \
                 and CSV with the header ts_us,op,key[,end_key],bytes,count,tag"
            ),
            OpenError::Io(error) => write!(f, "reading failed: {error}"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OpenError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> OpenError {
        OpenError::Io(error)
    }
}
