//! A column as readers are shown it: its window, and what it is.

use crate::history::{ColumnState, Head};

/// One column of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Start of its window, or of its run of missing windows.
    pub start_ms: u64,
    /// End of its window, or of its run of missing windows.
    pub end_ms: u64,
    /// What it is.
    pub state: ColumnState,
    /// What it counts came at or after this instant.
    pub covers_from_ms: u64,
    /// What it counts came before this instant.
    pub covers_to_ms: u64,
}

impl Column {
    pub(crate) fn of(head: &Head, taken: bool) -> Self {
        Column {
            start_ms: head.start_ms,
            end_ms: head.end_ms,
            state: if taken { head.state } else { ColumnState::Missing },
            covers_from_ms: head.covers_from_ms,
            covers_to_ms: head.covers_to_ms,
        }
    }

    pub(crate) fn gap(start_ms: u64, end_ms: u64) -> Self {
        Column { start_ms, end_ms, state: ColumnState::Missing, covers_from_ms: start_ms, covers_to_ms: end_ms }
    }
}
