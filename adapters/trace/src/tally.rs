//! What came of the lines.

use crate::skipped::Skipped;

/// What was read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines, good and bad; a quoted newline in a CSV key begins a line too. In binary formats: frames or records.
    pub lines: u64,
    /// Records given out.
    pub records: u64,
    /// Records whose time was before the record before them, and was raised to it.
    pub times_raised: u64,
    /// Lines that gave no record.
    pub skipped: Skipped,
    /// How many Redis databases the commands of a MONITOR capture named, of the first 64; 0 for other formats. Keys of
    /// different databases are given out alike.
    pub databases: u32,
    /// Whether a compressed input ended in the middle; all before that was read.
    pub unpacked_short: bool,
}
