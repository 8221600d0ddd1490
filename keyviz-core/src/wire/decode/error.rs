//! Why an answer was refused.

use core::fmt;

/// Why [`answer`](super::answer) refused. It names members and limits, never what stood in the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is no JSON, or it was cut short.
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Bytes of the line, counted from 1.
        column: usize,
    },
    /// A member does not hold what it should.
    Unexpected {
        /// The member; `rows.` before one of a row.
        field: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// A list or text is longer than the limit, or with it the answer is larger than `Limits::bytes`.
    TooMany {
        /// The member that was being read.
        field: &'static str,
        /// The limit.
        max: usize,
    },
    /// A member that has to be there is absent.
    Absent {
        /// The member.
        field: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column } => write!(f, "no JSON from line {line}, column {column} on"),
            Self::Unexpected { field, expected } => write!(f, "{field}: expected {expected}"),
            Self::TooMany { field, max } => write!(f, "{field}: more than the limit of {max}"),
            Self::Absent { field } => write!(f, "{field}: it has to be there"),
        }
    }
}

impl core::error::Error for DecodeError {}
