//! Where the columns of several answers meet.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::history::ColumnState;
use crate::matrix::{Answer, Column};

/// The nearest multiple of the step; of two equally near the later.
pub(super) const fn round(instant_ms: u64, step_ms: u64) -> u64 {
    if step_ms < 2 {
        return instant_ms;
    }
    let rest = instant_ms % step_ms;
    let below = instant_ms - rest;
    if rest >= step_ms - rest { below.saturating_add(step_ms) } else { below }
}

/// The least distance between two columns of one answer, which stands for a step that it does not say.
pub(super) fn least_distance(answer: &Answer) -> Option<u64> {
    let mut ends: Vec<u64> = answer.columns.iter().map(|column| column.end_ms).collect();
    ends.sort_unstable();
    ends.dedup();
    ends.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).min()
}

/// The step that an answer says, if only by the width of its columns.
pub(super) fn stated_step(answer: &Answer) -> Option<u64> {
    match answer.step_ms {
        0 => answer.columns.iter().map(|column| column.end_ms - column.start_ms).filter(|width| *width > 0).min(),
        step_ms => Some(step_ms),
    }
}

/// A column where nodes meet. Columns are told apart by their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meeting {
    pub(super) end_ms: u64,
    pub(super) start_ms: u64,
    /// Somebody says where it begins; else it is taken to be a step long.
    pub(super) said: bool,
    pub(super) covers_from_ms: u64,
    pub(super) covers_to_ms: u64,
    pub(super) open: bool,
    pub(super) late: bool,
    pub(super) unattributed: u64,
    pub(super) cut: u64,
}

impl Meeting {
    /// An answer's column on the boundaries of the step.
    pub(super) fn of(column: &Column, step_ms: u64, unattributed: u64, cut: u64) -> Self {
        let end_ms = round(column.end_ms, step_ms);
        let said = column.start_ms < column.end_ms;
        // A step of one is none.
        let before_ms = end_ms.saturating_sub(if step_ms > 1 { step_ms } else { 0 });
        let start_ms = if said { round(column.start_ms, step_ms).min(end_ms) } else { before_ms };
        Meeting {
            end_ms,
            start_ms,
            said,
            covers_from_ms: if said { column.covers_from_ms } else { start_ms },
            covers_to_ms: if said { column.covers_to_ms } else { end_ms },
            open: column.state == ColumnState::Open,
            late: column.state == ColumnState::Late,
            unattributed,
            cut,
        }
    }

    /// Takes in another that falls into the same column: it covers what either covers, it is open when either is, and
    /// late when either is.
    pub(super) fn join(&mut self, other: &Meeting) {
        if self.said == other.said {
            self.start_ms = self.start_ms.min(other.start_ms);
            self.covers_from_ms = self.covers_from_ms.min(other.covers_from_ms);
            self.covers_to_ms = self.covers_to_ms.max(other.covers_to_ms);
        } else if other.said {
            self.start_ms = other.start_ms;
            (self.covers_from_ms, self.covers_to_ms) = (other.covers_from_ms, other.covers_to_ms);
            self.said = true;
        }
        self.open |= other.open;
        self.late |= other.late;
        self.unattributed = self.unattributed.saturating_add(other.unattributed);
        self.cut = self.cut.saturating_add(other.cut);
    }

    /// The column as it is shown.
    pub(super) const fn shown(&self) -> Column {
        Column {
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            state: match (self.open, self.late) {
                (true, _) => ColumnState::Open,
                (false, true) => ColumnState::Late,
                (false, false) => ColumnState::Complete,
            },
            covers_from_ms: self.covers_from_ms,
            covers_to_ms: self.covers_to_ms,
        }
    }
}

/// The columns of both, in order, and where those of each stand among them.
pub(super) fn union(a: &[Meeting], b: &[Meeting]) -> (Vec<Meeting>, Vec<usize>, Vec<usize>) {
    let mut joined: BTreeMap<u64, Meeting> = BTreeMap::new();
    for column in a.iter().chain(b) {
        joined.entry(column.end_ms).and_modify(|known| known.join(column)).or_insert(*column);
    }
    let joined: Vec<Meeting> = joined.into_values().collect();
    let map = |columns: &[Meeting]| -> Vec<usize> {
        let at = |column: &Meeting| joined.partition_point(|known| known.end_ms < column.end_ms);
        columns.iter().map(at).collect()
    };
    let (a, b) = (map(a), map(b));
    (joined, a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_nearest_boundary() {
        for (instant, step, rounded) in
            [(0, 10, 0), (4, 10, 0), (5, 10, 10), (14, 10, 10), (7, 0, 7), (7, 1, 7), (u64::MAX, 10, u64::MAX)]
        {
            assert_eq!(round(instant, step), rounded, "{instant} by {step}");
        }
    }

    proptest! {
        #[test]
        fn jitter_of_less_than_half_a_step_does_not_matter(at in 1u64..1 << 40, step in 2u64..100_000, jitter in -49i64..=49) {
            let jittered = (at * step).saturating_add_signed(jitter * step as i64 / 100);
            prop_assert_eq!(round(jittered, step), at * step);
        }
    }
}
