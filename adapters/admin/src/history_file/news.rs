//! What there is to tell of a history file.

use crate::millis::Millis;
use std::fmt;
use std::path::PathBuf;

/// Something that whoever runs the program should know. The text names the file and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryNews {
    /// The history goes on.
    Restored {
        /// The file.
        file: PathBuf,
        /// Columns taken over.
        columns: u64,
        /// How long ago they were written, in milliseconds.
        age_ms: u64,
        /// Operations in them that found no room, in this configuration.
        left_out: u64,
    },
    /// The file cannot be gone on with. It has another name now, and the history begins anew.
    SetAside {
        /// The file.
        file: PathBuf,
        /// The name that it has now.
        aside: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The file cannot be gone on with, and nothing is written, so that it stays as it is.
    LeftAlone {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
        /// Why it could not be moved aside; `None` where it was not to be, since nothing is wrong with what is in it.
        error: Option<String>,
    },
    /// Another process keeps its history in the file; this one reads and writes nothing there.
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// The history could not be written. The file that was there is whole, and it is tried again.
    NotWritten {
        /// The file.
        file: PathBuf,
        /// Which step failed, and why.
        why: String,
        /// It is tried again every so many milliseconds; `None` at the end of the program.
        again_ms: Option<u64>,
    },
    /// A node's history is kept in a file of its own, since another node's is in the one that was named.
    OfAnother {
        /// The file that was named.
        file: PathBuf,
        /// Whose it is.
        owner: String,
        /// The node that was to be kept there.
        node: String,
        /// Its own file.
        own: PathBuf,
    },
    /// Nothing says of which of several nodes the file is, so none of them goes on with it.
    OfNobody {
        /// The file.
        file: PathBuf,
        /// What its name would be, were it the first node's.
        own: PathBuf,
    },
    /// The history could be written again.
    WrittenAgain {
        /// The file.
        file: PathBuf,
    },
}

impl fmt::Display for HistoryNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restored { file, columns, age_ms, left_out } => {
                let age = Millis(age_ms / 1000 * 1000);
                write!(f, "history: {columns} columns of {} go on, written {age} ago", file.display())?;
                if *left_out > 0 {
                    write!(f, "; {left_out} operations found no room")?;
                }
                Ok(())
            }
            Self::SetAside { file, aside, why } => write!(
                f,
                "history: {} cannot be gone on with: {why}; it is {} now, and the history begins anew",
                file.display(),
                aside.display()
            ),
            Self::LeftAlone { file, why, error } => {
                write!(f, "history: {} cannot be gone on with: {why}; ", file.display())?;
                if let Some(error) = error {
                    write!(f, "it could not be moved aside ({error}), so ")?;
                }
                f.write_str(
                    "it stays as it is and nothing is kept; move it away, or name another file (--keyviz-history-file), and \
                     start again",
                )
            }
            Self::InUse { file } => write!(
                f,
                "history: another process keeps its history in {}; nothing is read or kept here; name another file \
                 (--keyviz-history-file)",
                file.display()
            ),
            Self::NotWritten { file, why, again_ms } => {
                write!(f, "history: {} could not be written ({why}); what was there is whole", file.display())?;
                match again_ms {
                    Some(again_ms) => write!(f, ", and it is tried again every {}", Millis(*again_ms)),
                    None => write!(f, ", and what came since is lost"),
                }
            }
            Self::OfAnother { file, owner, node, own } => write!(
                f,
                "history: {} is that of {owner}; what is counted of {node} is kept in {}; where both are one, give the \
                 first the second's name",
                file.display(),
                own.display()
            ),
            Self::OfNobody { file, own } => write!(
                f,
                "history: {} does not say which node's it is, and none goes on with it: each has a file of its own; give it \
                 the name of that node's, as {} for the first",
                file.display(),
                own.display()
            ),
            Self::WrittenAgain { file } => write!(f, "history: {} is written again", file.display()),
        }
    }
}
