//! What a node gives to a picture of several: its rows by route, more of them than a reader is shown, and which of its
//! columns it covers.
//!
//! # Which columns a node covers
//! 1. A column covers its window where it begins and ends where the window does, or goes on where the column before
//!    ended, and ends where the next begins; an eighth of the window may lack at each side.
//! 2. The open column, and the first of all, are covered as far as can be: that a node began is no gap.
//! 3. A column that is not covered still gives what it counted, which is then a part of the node's: `column_nodes` is 0,
//!    and the merge marks the cells as missing something.

use alloc::vec::Vec;

use crate::history::ColumnState;
use crate::limits::MAX_PART_ROWS;
use crate::matrix::{Answer, Column, MatrixQuery, one_row, route_axis};
use crate::reading::Reading;
use crate::shared::Shared;

/// Builds the part.
pub(crate) fn build(shared: &Shared, query: &MatrixQuery, most_rows: usize) -> Answer {
    covering(shared, || Answer::from(route_axis::build_within(shared, query, most_rows.clamp(1, MAX_PART_ROWS))))
}

/// Builds the part that is one cell: a row, if anything was counted there.
pub(crate) fn build_cell(shared: &Shared, query: &MatrixQuery) -> Answer {
    covering(shared, || one_row::build(shared, query))
}

/// A node's own answer, and which columns it covers.
fn covering(shared: &Shared, build: impl FnOnce() -> Answer) -> Answer {
    let known = columns(shared, 0, 0, true);
    let covered = covered(&known);
    let mut answer = build();
    let covers = |column: &Column| {
        let at = known.partition_point(|other| other.end_ms < column.end_ms);
        // What was not there a moment ago is new, and follows what was.
        let is_new = known.get(at).is_none_or(|other| other.end_ms != column.end_ms);
        column.state != ColumnState::Missing && (is_new || covered.get(at) == Some(&true))
    };
    answer.column_nodes = answer.columns.iter().map(|column| u32::from(covers(column))).collect();
    answer
}

/// The columns that there are, without their cells.
pub(crate) fn columns(shared: &Shared, from_ms: u64, to_ms: u64, open: bool) -> Vec<Column> {
    Reading::new(shared).places(from_ms, to_ms, open).iter().map(|place| Column::of(&place.head, true)).collect()
}

/// Which columns of a whole history, oldest first, cover their windows.
fn covered(columns: &[Column]) -> Vec<bool> {
    let covers = |(at, column): (usize, &Column)| {
        let spare_ms = (column.end_ms - column.start_ms) / 8;
        let before = at.checked_sub(1).and_then(|at| columns.get(at));
        let begins = column.covers_from_ms <= column.start_ms.saturating_add(spare_ms)
            || before.is_none_or(|before| before.covers_to_ms >= column.covers_from_ms);
        let ends = column.state == ColumnState::Open
            || column.covers_to_ms.saturating_add(spare_ms) >= column.end_ms
            || columns.get(at + 1).is_some_and(|next| next.covers_from_ms <= column.covers_to_ms);
        begins && ends
    };
    columns.iter().enumerate().map(covers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_begins_late_or_ends_early_is_not_covered() {
        let column = |window: u64, from_ms, to_ms, state| Column {
            start_ms: window * 1000,
            end_ms: window * 1000 + 1000,
            state,
            covers_from_ms: from_ms,
            covers_to_ms: to_ms,
        };
        let sealed = ColumnState::Complete;
        let columns = [
            column(0, 700, 1000, sealed),
            // Flushes that came a little late: what is lacking here is there.
            column(1, 1000, 1750, sealed),
            column(2, 1750, 3000, sealed),
            // Gone before its end, and back after its beginning.
            column(3, 3000, 3600, sealed),
            column(5, 5300, 6000, sealed),
            column(6, 6000, 7000, ColumnState::Late),
            column(8, 8100, 8900, sealed),
            column(9, 9000, 9100, ColumnState::Open),
        ];
        assert_eq!(covered(&columns), [true, true, true, false, false, true, true, true]);
    }
}
