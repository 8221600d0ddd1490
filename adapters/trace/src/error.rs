//! Why a trace could not be opened.

use std::fmt;
use std::io;

use crate::format::Format;
use crate::unpack::Compression;

/// Why nothing can be read. The text says what was seen and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The input has no bytes.
    Empty,
    /// The input is compressed, by the program named here, in a way that is not unpacked here: `xz`, `bzip2`, or
    /// compressed twice.
    Compressed(&'static str),
    /// The input is compressed, and ends before anything of it can be unpacked.
    CutShort(Compression),
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
    /// The format asked for does not fit.
    WrongFormat {
        /// The format asked for.
        format: Format,
        /// The beginning of the first line, escaped.
        seen: String,
    },
    /// A RocksDB query trace of another version than 0.2.
    UnsupportedVersion {
        /// The version, escaped.
        version: String,
    },
    /// [`Format::Columns`] without a [`ColumnMap`](crate::ColumnMap).
    ColumnsNeeded,
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
            OpenError::CutShort(compression) => {
                let program = compression.name();
                write!(
                    f,
                    "it is compressed by {program} and ends before anything of it can be unpacked; copy it again, \
                     whole (`{program} -dc FILE` tells whether it is)"
                )
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
                 CSV with the header ts_us,op,key[,end_key],bytes,count,tag, the same as NDJSON, access logs, RocksDB \
                 query traces, the traces of Twitter, CacheLib, MSR Cambridge, Alibaba and libCacheSim, and any CSV \
                 whose columns you name"
            ),
            OpenError::WrongFormat { format, seen } => write!(
                f,
                "nothing in its first 64 KiB is of the format {} (it begins with: {seen}); leave the format out to \
                 have it found",
                format.name()
            ),
            OpenError::UnsupportedVersion { version } => write!(
                f,
                "it is a RocksDB query trace of version {version}, and only 0.2 can be read; record it with RocksDB \
                 6.16 or later"
            ),
            OpenError::ColumnsNeeded => {
                write!(f, "a CSV by columns needs its columns; name them, such as ts=1,op=2,key=3,bytes=4")
            }
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
