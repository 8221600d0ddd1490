//! Why a snapshot cannot be read.

use core::fmt;

/// Why a snapshot cannot be read; `at` is the byte from the beginning of the snapshot, before anything was packed
/// around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The first bytes are not a snapshot's.
    NotASnapshot,
    /// It was written by a later release, in a way that this one would misread: read it with that one.
    Newer {
        /// Its version; this release reads up to [`SNAPSHOT_VERSION`](super::SNAPSHOT_VERSION).
        version: u16,
    },
    /// It ends too early: it was cut, or is being written still.
    Truncated {
        /// Where it ends.
        at: u64,
    },
    /// A byte before this one is not the one that was written: the disk or the way here damaged it.
    Checksum {
        /// Where the checksum stands that does not hold.
        at: u64,
    },
    /// It would take more memory than it may.
    TooLarge {
        /// Where the limit was met.
        at: u64,
        /// The limit in bytes.
        max_bytes: usize,
    },
    /// It was written by something else than keyviz, or on purpose.
    Malformed {
        /// Where it is wrong.
        at: u64,
        /// What was expected there.
        expected: &'static str,
    },
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            SnapshotError::NotASnapshot => f.write_str("not a snapshot of keyviz: the first bytes are others"),
            SnapshotError::Newer { version } => write!(
                f,
                "written by a newer keyviz (version {version} of the format; this one reads up to {})",
                super::SNAPSHOT_VERSION
            ),
            SnapshotError::Truncated { at } => write!(f, "cut off at byte {at}"),
            SnapshotError::Checksum { at } => write!(f, "damaged: the checksum at byte {at} does not hold"),
            SnapshotError::TooLarge { at, max_bytes } => {
                write!(f, "too large: from byte {at} on it takes more than {max_bytes} bytes of memory")
            }
            SnapshotError::Malformed { at, expected } => write!(f, "malformed at byte {at}: expected {expected}"),
        }
    }
}

impl core::error::Error for SnapshotError {}
