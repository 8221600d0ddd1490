//! What a cell of several nodes shows: the sum, or what the leader rule says.

use alloc::vec::Vec;

use super::cells::{Cell, Cells, Part, identity, mark};
use super::identities::Identities;
use crate::matrix::WriteMerge;

/// Makes one value of each cell, and counts what it left out.
pub(super) struct Rule<'a> {
    pub(super) mode: WriteMerge,
    pub(super) ids: &'a Identities,
    /// What the leader rule left out.
    pub(super) superseded: u64,
    /// Cells of which parts were dropped.
    pub(super) dropped: u64,
}

impl Rule<'_> {
    /// The cells as those of one node: each has one value, which its parts, where it has any, add up to.
    pub(super) fn decide(&mut self, cells: Cells) -> Cells {
        if cells.is_plain() {
            return cells;
        }
        let mut decided = Cells::zeros(cells.len());
        for column in 0..cells.len() {
            let cell = cells.get(column);
            if cell.value != 0 || cell.marks != 0 {
                let parts = cells.parts(column);
                let (cell, parts) =
                    if cell.is_single() { (shown(cell), parts.to_vec()) } else { self.of(&cell, parts) };
                decided.gather(column, cell, &parts, self.ids);
            }
        }
        decided
    }

    fn of(&mut self, cell: &Cell, parts: &[Part]) -> (Cell, Vec<Part>) {
        match self.mode {
            WriteMerge::Sum => {
                let parts = parts.iter().map(|part| Part { greatest: part.sum, ..*part }).collect();
                (shown(Cell::of(cell.sum, cell.last, cell.marks)), parts)
            }
            WriteMerge::Leader => self.of_leader(cell, parts),
        }
    }

    fn of_leader(&mut self, cell: &Cell, parts: &[Part]) -> (Cell, Vec<Part>) {
        let unknown = cell.marks & mark::UNKNOWN != 0
            || if parts.is_empty() {
                self.ids.is_unknown(identity(cell.decider))
            } else {
                parts.iter().any(|part| self.ids.is_unknown(part.identity))
            };
        let mut marks = cell.marks & !mark::SATURATED;
        let conflict =
            if unknown || parts.is_empty() { cell.least != cell.value } else { parts.iter().any(|part| part.conflict) };
        let value = if unknown || parts.is_empty() {
            cell.value
        } else {
            let mut sum = 0u64;
            for part in parts {
                let over;
                (sum, over) = sum.overflowing_add(part.greatest);
                if over {
                    (sum, marks) = (u64::MAX, marks | mark::SATURATED);
                    break;
                }
            }
            sum
        };
        if conflict {
            marks |= mark::CONFLICT;
        }
        if marks & mark::DROPPED != 0 {
            marks |= mark::ESTIMATED;
            self.dropped += 1;
        }
        self.superseded = self.superseded.saturating_add(cell.sum.saturating_sub(value));
        let parts = parts.iter().map(|part| Part { conflict: false, sum: part.greatest, ..*part }).collect();
        (shown(Cell::of(value, cell.decider, marks)), parts)
    }
}

/// Only what is shown of the marks.
fn shown(mut cell: Cell) -> Cell {
    if cell.marks & mark::SATURATED != 0 {
        cell.marks |= mark::ESTIMATED;
    }
    cell.marks &= mark::ESTIMATED | mark::CONFLICT | mark::MISSING;
    cell
}
