//! Folding: columns that have grown old become one of a coarser step.
//!
//! Rules:
//! 1. By time, at epoch multiples of the coarser step: the columns in a coarser window are folded once that
//!    window's end lies as far behind the newest column as the finer tier reaches. So the histories of nodes, and
//!    of one node before and after a restart, have the same columns.
//! 2. Nothing is lost: a cell of the coarser column is the sum of the finer ones' cells of the same route,
//!    bounds, group and term. Parts of earlier terms stay parts.
//! 3. A coarser column is as wide as what it covers: where the sampler did not run, a gap stays a gap, and the
//!    columns on both sides of it are folded each for itself. Rates are then right.
//! 4. One folding a sealed column, the finest tier first; so a flush after a long pause takes no longer than
//!    another.
//! 5. Where there is no room for the coarser column, the oldest columns make it, as ever.
//!
//! The cells of a column stand in the order of their seats, so a group is merged in one pass, from a heap.

use crate::column::{BEFORE_FIRST, Cell, Segment, decode};
use crate::column_log::Group;
use crate::counters::Published;
use crate::history::{ColumnState, Head, History};
use crate::op::Tally;
use crate::segment::{Cursor, SegmentSource, SegmentWriter};
use crate::shared::Shared;
use crate::writer::State;

/// A column that is being folded, at its next cell.
#[derive(Clone, Copy)]
pub(crate) struct FoldSource {
    cursor: Cursor,
    last_row: u64,
    /// The cell's place in the order of seats.
    place: u64,
    /// The how-manieth of its group.
    age: u32,
    cell: Cell,
}

impl FoldSource {
    /// What memory for them begins as.
    pub(crate) const BLANK: FoldSource = FoldSource {
        cursor: Cursor::DONE,
        last_row: BEFORE_FIRST,
        place: 0,
        age: 0,
        cell: Cell { row: 0, draining: false, counts: Tally::ZERO },
    };

    /// Goes on to the next cell; `false` at the end.
    fn next(&mut self, history: &History, place_of: &impl Fn(u64) -> u64) -> bool {
        let mut source = SegmentSource { history, cursor: self.cursor };
        let Some(cell) = decode(&mut source, &mut self.last_row) else { return false };
        (self.cursor, self.cell, self.place) = (source.cursor, cell, place_of(cell.row));
        true
    }

    fn key(&self) -> (u64, u64, u32) {
        (self.place, self.cell.row, self.age)
    }
}

impl State<'_> {
    /// Folds the group of columns that has waited longest, if one is due when a column has just been sealed that
    /// ends at `newest_end_ms`.
    #[inline(never)]
    pub(crate) fn fold_columns(&mut self, shared: &Shared, newest_end_ms: u64) {
        while let Some(group) = self.group_due(&shared.history, newest_end_ms) {
            if self.fold_group(shared, &group) {
                shared.board.add(Published::ColumnsFolded, group.count as u64);
                return;
            }
            if !self.log.evict_oldest(&shared.history) {
                return;
            }
        }
    }

    fn group_due(&self, history: &History, newest_end_ms: u64) -> Option<Group> {
        (0..self.layout.tiers.len()).find_map(|tier| self.group_of_tier(history, tier, newest_end_ms))
    }

    /// The oldest columns of a tier that belong in one of the next, if it is time.
    fn group_of_tier(&self, history: &History, tier: usize, newest_end_ms: u64) -> Option<Group> {
        let tiers = &self.layout.tiers;
        let (offset, len) = self.log.tier(tier);
        let head = |at| history.head(self.log.ring_at(at)? as usize);
        let first = head(offset).filter(|_| len > 0)?;
        let coarse_ms = tiers.steps(tier + 1).saturating_mul(self.step_ms);
        let end_ms = (first.start_ms / coarse_ms + 1).saturating_mul(coarse_ms);
        let kept = match tier.checked_sub(1) {
            None => self.layout.history_columns as u64,
            Some(at) => tiers.as_slice().get(at).map_or(0, |tier| u64::from(tier.columns)),
        };
        let kept_ms = kept.saturating_mul(tiers.steps(tier)).saturating_mul(self.step_ms);
        if end_ms.saturating_add(kept_ms) > newest_end_ms {
            return None;
        }
        let (mut count, mut covered_ms) = (0, first.covers_from_ms);
        while count < len.min(self.fold.len())
            && let Some(next) = head(offset + count)
            && next.start_ms < end_ms
            && next.covers_from_ms <= covered_ms
        {
            (count, covered_ms) = (count + 1, next.covers_to_ms);
        }
        Some(Group { tier, offset, count })
    }

    /// `false`, with nothing changed, when there is no room.
    fn fold_group(&mut self, shared: &Shared, group: &Group) -> bool {
        let history = &shared.history;
        let Some(main) = self.fold_main(shared, group) else { return false };
        let Some(parts) = self.fold_parts(history, group) else {
            self.log.free_segment(history, &main);
            return false;
        };
        let coarse_ms = self.layout.tiers.steps(group.tier + 1).saturating_mul(self.step_ms);
        let mut folded: Option<Head> = None;
        for at in 0..group.count {
            let Some(head) = self.log.ring_at(group.offset + at).and_then(|entry| history.head(entry as usize)) else {
                continue;
            };
            match &mut folded {
                None => folded = Some(Head { main, parts, ..head }),
                Some(folded) => {
                    (folded.end_ms, folded.covers_to_ms) = (head.end_ms, head.covers_to_ms);
                    folded.unattributed.add(head.unattributed);
                    folded.recorded.add(head.recorded);
                    if head.state == ColumnState::Late {
                        folded.state = ColumnState::Late;
                    }
                }
            }
        }
        let Some(mut head) = folded else { return false };
        // The whole window, where all of it is covered.
        let start_ms = head.start_ms / coarse_ms * coarse_ms;
        if head.covers_from_ms <= start_ms {
            head.start_ms = start_ms;
        }
        if head.covers_to_ms >= start_ms + coarse_ms {
            head.end_ms = start_ms + coarse_ms;
        }
        self.log.replace(history, group, head);
        true
    }

    /// The sums of the group's cells, in the order of seats.
    fn fold_main(&mut self, shared: &Shared, group: &Group) -> Option<Segment> {
        let history = &shared.history;
        let State { log, fold, descriptors, layout, .. } = self;
        let per_seat = (layout.lanes * layout.k) as u64;
        let place_of = |row: u64| {
            let seat = descriptors.seat((row / per_seat) as u32);
            u64::from(seat).saturating_mul(per_seat).saturating_add(row % per_seat)
        };
        let mut sources = 0;
        for at in 0..group.count {
            let head = log.ring_at(group.offset + at).and_then(|entry| history.head(entry as usize));
            if let (Some(head), Some(source)) = (head, fold.get_mut(sources)) {
                *source = FoldSource { cursor: Cursor::new(&head.main), age: at as u32, ..FoldSource::BLANK };
                sources += usize::from(source.next(history, &place_of));
            }
        }
        let heap = fold.get_mut(..sources)?;
        for at in (0..sources / 2).rev() {
            sink(heap, at);
        }
        let mut out = SegmentWriter::spare(history, log);
        let (mut written, mut live) = (true, sources);
        let mut sum: Option<Cell> = None;
        while written && let Some(heap) = heap.get_mut(..live).filter(|heap| !heap.is_empty()) {
            let Some(first) = heap.first_mut() else { break };
            let cell = first.cell;
            match &mut sum {
                // Whether the route was gone is the latest column's to say.
                Some(sum) if sum.row == cell.row => {
                    sum.counts.add(cell.counts);
                    sum.draining = cell.draining;
                }
                _ => {
                    if let Some(whole) = sum.replace(cell) {
                        written = out.cell(&whole);
                    }
                }
            }
            if !first.next(history, &place_of) {
                live -= 1;
                heap.swap(0, live);
            }
            if let Some(heap) = heap.get_mut(..live) {
                sink(heap, 0);
            }
        }
        if written && let Some(last) = sum {
            written = out.cell(&last);
        }
        let segment = out.finish();
        if !written {
            log.free_segment(history, &segment);
            return None;
        }
        Some(segment)
    }

    /// The group's parts, one after the other.
    fn fold_parts(&mut self, history: &History, group: &Group) -> Option<Segment> {
        let heads = |log: &crate::column_log::ColumnLog<'_>, at| history.head(log.ring_at(group.offset + at)? as usize);
        let mut parts = Segment::EMPTY;
        for at in 0..group.count {
            let Some(head) = heads(&self.log, at).filter(|head| head.parts.len > 0) else { continue };
            let mut out = SegmentWriter::resume_spare(history, &mut self.log, parts);
            let mut written = true;
            history.each_part(&head.parts, |cell| written = written && out.cell(cell));
            parts = out.finish();
            if !written {
                self.log.free_segment(history, &parts);
                return None;
            }
        }
        Some(parts)
    }
}

/// Lets the source at `at` sink to its place in a heap with the least on top.
fn sink(heap: &mut [FoldSource], mut at: usize) {
    loop {
        let key = |at: usize| heap.get(at).map(FoldSource::key);
        let child = match (key(2 * at + 1), key(2 * at + 2)) {
            (Some(left), Some(right)) if right < left => 2 * at + 2,
            (Some(_), _) => 2 * at + 1,
            _ => return,
        };
        if key(child) >= key(at) {
            return;
        }
        heap.swap(at, child);
        at = child;
    }
}
