//! Going on with the history of a snapshot: its columns stand in front of the first one that is counted here.
//!
//! Columns are taken oldest first, each into the tier of its width, and fold on as ever. So where bytes, descriptors or
//! bounds run out the oldest go. What is restored may take at most half of the descriptors and of the bounds: the same
//! routes, registered again, take as much once more, and no registration may fail because there is a past.

use alloc::vec::Vec;
use core::fmt;

use crate::bounds::{BoundCounts, BoundRef};
use crate::changes;
use crate::column::{Cell, OpenColumn, Segment};
use crate::counters::Published;
use crate::descriptor::{Descriptor, NONE};
use crate::history::{ColumnState, Head};
use crate::label::{Label, Labels};
use crate::layout::Layout;
use crate::limits::BLOCK_BYTES;
use crate::matrix::WriteMerge;
use crate::op::Tally;
use crate::reading::Known;
use crate::segment::SegmentWriter;
use crate::shared::Shared;
use crate::snapshot::{KeptColumn, Snapshot};
use crate::writer::State;

/// What came of restoring a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Columns taken over. The oldest of them may have made room for newer ones already, which `evicted` counts.
    pub columns: u64,
    /// What their cells count.
    pub recorded: Tally,
    /// What no route could take in them.
    pub unattributed: Tally,
    /// Columns that lie ahead of the present instant, and were left out: one of the two clocks is wrong.
    pub ahead: u64,
    /// What was left out: columns ahead, and cells that had no room.
    pub left_out: Tally,
}

/// Why a snapshot cannot be gone on with; nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// Routes were registered, or something was flushed: restore before both.
    InUse,
    /// Its columns are of another step: make the sampler with that one, or do without the past.
    OtherStep {
        /// The sampler's step in milliseconds.
        step_ms: u64,
        /// The snapshot's.
        snapshot_ms: u64,
    },
    /// Its routes are divided in another way: make the sampler with as many divisions, or with one.
    OtherDivision {
        /// The sampler's divisions of a route.
        sub_buckets: u16,
        /// The snapshot's.
        snapshot: u16,
    },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::InUse => f.write_str("the sampler is in use: restore before registering and flushing"),
            RestoreError::OtherStep { step_ms, snapshot_ms } => {
                write!(f, "its columns are {snapshot_ms} ms long, and here a step takes {step_ms} ms")
            }
            RestoreError::OtherDivision { sub_buckets, snapshot } => {
                write!(f, "its routes are divided by {snapshot}, and here by {sub_buckets}")
            }
        }
    }
}

impl core::error::Error for RestoreError {}

impl State<'_> {
    /// Takes over the columns of a snapshot; see [`Writer::restore`](crate::WriterOn::restore).
    pub(crate) fn restore(&mut self, shared: &Shared, snapshot: &Snapshot) -> Result<Restored, RestoreError> {
        self.can_restore(shared, snapshot)?;
        let present_ms = self.last_ms / self.step_ms * self.step_ms;
        let past = snapshot.columns.partition_point(|column| column.end_ms <= present_ms);
        let (past, rest) = snapshot.columns.split_at_checked(past).unwrap_or((&[], &[]));
        let next_ms = present_ms.saturating_add(self.step_ms);
        let present = rest.first().filter(|column| column.start_ms == present_ms && column.end_ms == next_ms);

        let mut restored = Restored::default();
        let mut rows = Rows::of(snapshot, past.len() + usize::from(present.is_some()), &shared.config.labels);
        let tiers = self.tiers_of(past);
        for ((index, column), tier) in past.iter().enumerate().zip(tiers) {
            let mut head = self.restore_past(shared, column, &mut rows);
            restored.take(column, head.recorded);
            head.ordinal = self.ordinal;
            let entry = self.log.publish(&shared.history, head, None);
            // Else folding waits for the columns that are sealed here, one each, as it would have without a restart.
            if self.log.is_full() {
                self.fold_columns(shared, column.start_ms);
            }
            self.log.seal_in(&shared.history, entry, tier);
            self.sealed_window = Some((column.end_ms / self.step_ms).saturating_sub(1));
            rows.retire(index, |descriptor| self.descriptors.retire(descriptor, head.ordinal));
            self.ordinal += 1;
        }
        if let Some(column) = present {
            let recorded = self.restore_present(shared, column, &mut rows);
            restored.take(column, recorded);
        }
        for column in rest.iter().skip(usize::from(present.is_some())) {
            restored.ahead += 1;
            restored.left_out.add(column.recorded);
        }
        // What begins here is later than anything restored.
        self.since = self.since.max(snapshot.rows.len() as u64);
        if snapshot.meta.write_merge == WriteMerge::Leader {
            shared.board.set(Published::EverGrouped, 1);
        }
        for lineage in &snapshot.lineage {
            shared.lineage.push(*lineage);
        }
        snapshot.events.iter().for_each(|event| changes::restore(shared, &mut self.event_sorts, event));
        self.tell(shared, &restored);
        Ok(restored)
    }

    /// The tiers of columns, which stand in the order of time: never finer than that of a later one, as the history has
    /// them.
    fn tiers_of(&self, columns: &[KeptColumn]) -> Vec<usize> {
        let tiers = &self.layout.tiers;
        let mut least = 0;
        let mut of_each: Vec<usize> = columns
            .iter()
            .rev()
            .map(|column| {
                let steps = (column.end_ms - column.start_ms).div_ceil(self.step_ms);
                least = tiers.of_steps(steps).max(least);
                least
            })
            .collect();
        of_each.reverse();
        of_each
    }

    fn can_restore(&self, shared: &Shared, snapshot: &Snapshot) -> Result<(), RestoreError> {
        // The core's own ranges there are from the beginning, and nobody registers others.
        let registered = self.layout.ranges == 0 && (self.since > 0 || self.live + self.members.len > 0);
        if registered || self.ordinal > 1 || self.open.is_some() || shared.board.get(Published::Flushes) > 0 {
            return Err(RestoreError::InUse);
        }
        if snapshot.meta.step_ms != self.step_ms {
            return Err(RestoreError::OtherStep { step_ms: self.step_ms, snapshot_ms: snapshot.meta.step_ms });
        }
        // All divisions of a route are the route: they add up where it is not divided.
        if self.layout.k != 1 && snapshot.meta.k != self.layout.k {
            let (sub_buckets, snapshot) = (self.layout.k as u16, snapshot.meta.k as u16);
            return Err(RestoreError::OtherDivision { sub_buckets, snapshot });
        }
        Ok(())
    }

    /// Counts what was restored as the columns' own sampler did.
    fn tell(&mut self, shared: &Shared, restored: &Restored) {
        let board = &shared.board;
        board.add(Published::ColumnsRestored, restored.columns);
        board.add_tally(Published::Recorded, restored.recorded);
        board.add_tally(Published::Unattributed, restored.unattributed);
        board.add_tally(Published::Observed, restored.recorded);
        board.add_tally(Published::Observed, restored.unattributed);
        self.publish_counts(shared);
    }

    /// Writes the cells of a window that is over.
    fn restore_past(&mut self, shared: &Shared, column: &KeptColumn, rows: &mut Rows<'_>) -> Head {
        self.place_rows(shared, column, rows);
        let mut out = SegmentWriter::new(&shared.history, &mut self.log);
        let recorded = rows.write(column, &self.layout, true, &mut out);
        Head {
            sequence: 0,
            ordinal: 0,
            start_ms: column.start_ms,
            end_ms: column.end_ms,
            covers_from_ms: column.covers_from_ms,
            covers_to_ms: column.covers_to_ms,
            // Nobody adds to it any more.
            state: if column.state == ColumnState::Open { ColumnState::Complete } else { column.state },
            main: out.finish(),
            parts: Segment::EMPTY,
            unattributed: column.unattributed,
            recorded,
        }
    }

    /// Goes on with the window that is not over: what it has already is a part of it, as after a change of terms.
    fn restore_present(&mut self, shared: &Shared, column: &KeptColumn, rows: &mut Rows<'_>) -> Tally {
        let (mut cells, mut seats) = (0usize, Vec::new());
        column.each_cell(|cell| {
            cells += 1;
            seats.push(rows.number_of(cell));
        });
        seats.sort_unstable();
        seats.dedup();
        let blocks = cells.saturating_mul(self.layout.max_cell_bytes()).div_ceil(BLOCK_BYTES) + 1;
        let has_room = blocks <= self.layout.largest_column_blocks() && seats.len() <= self.layout.seats;
        let (mut parts, mut recorded) = (Segment::EMPTY, Tally::ZERO);
        if has_room {
            self.place_rows(shared, column, rows);
            let mut out = SegmentWriter::resume(&shared.history, &mut self.log, parts);
            recorded = rows.write(column, &self.layout, false, &mut out);
            parts = out.finish();
        }
        self.open = Some(OpenColumn {
            published: None,
            window: column.start_ms / self.step_ms,
            covers_from_ms: column.covers_from_ms.min(self.last_ms),
            // Nobody looked between the two runs.
            skipped_ms: self.last_ms.saturating_sub(column.covers_to_ms),
            late: column.state == ColumnState::Late,
            parts,
            parts_recorded: recorded,
            unattributed: column.unattributed,
        });
        let last = self.last_column();
        rows.retire(rows.columns - 1, |descriptor| self.descriptors.retire(descriptor, last));
        self.show_open(shared);
        recorded
    }

    /// Gives every row that a column refers to a descriptor, if there is room for it.
    fn place_rows(&mut self, shared: &Shared, column: &KeptColumn, rows: &mut Rows<'_>) {
        // Bounds of the row before; those of earlier columns may be gone.
        let mut beside = [BoundRef::NONE; 2];
        column.each_cell(|cell| {
            let number = rows.number_of(cell);
            let Some(row) = rows.known.get(number).filter(|_| rows.is_new(number)) else { return };
            if let Some((descriptor, bounds)) = self.place_row(shared, row, rows.age(number), beside) {
                beside = bounds;
                rows.set(number, descriptor);
            }
        });
    }

    fn place_row(
        &mut self,
        shared: &Shared,
        row: &Known,
        (since, serial): (u64, u64),
        beside: [BoundRef; 2],
    ) -> Option<(u32, [BoundRef; 2])> {
        let bytes = [&row.start[..], row.end.as_deref().unwrap_or(&[])];
        if bytes.iter().any(|bytes| bytes.len() > self.layout.max_bound_len) {
            return None;
        }
        let known = bytes.map(|bytes| {
            beside.into_iter().find(|bound| !bound.is_none() && shared.slab.compare(bytes, *bound).is_eq())
        });
        let missing = |(known, bytes): (&Option<BoundRef>, &&[u8])| match known {
            Some(_) => 0,
            None => BoundCounts::chunks_for(bytes.len()),
        };
        let chunks: usize = known.iter().zip(&bytes).map(missing).sum();
        let (half, all) = (self.layout.chunks / 2, self.descriptors.len());
        while self.bounds.used() + chunks > half || !self.descriptors.has(all / 2 + 1) {
            if !self.reclaim(shared, true) {
                return None;
            }
        }
        let mut bounds = [BoundRef::NONE; 2];
        for ((bound, known), bytes) in bounds.iter_mut().zip(known).zip(bytes) {
            *bound = match known {
                Some(known) => {
                    self.bounds.retain(known);
                    known
                }
                None => self.bounds.insert(&shared.slab, bytes)?,
            };
        }
        let [start, end] = bounds;
        let to = Descriptor { start, end, since, serial, ..row.descriptor };
        let descriptor = self.descriptors.insert_older(&shared.descriptors, to)?;
        Some((descriptor, bounds))
    }
}

impl Restored {
    fn take(&mut self, column: &KeptColumn, recorded: Tally) {
        self.columns += 1;
        self.recorded.add(recorded);
        self.unattributed.add(column.unattributed);
        let left = column.recorded.words().into_iter().zip(recorded.words());
        let mut words = Tally::ZERO.words();
        for (word, (all, taken)) in words.iter_mut().zip(left) {
            *word = all.saturating_sub(taken);
        }
        self.left_out.add(Tally::from_words(words));
    }
}

/// The rows of a snapshot on their way into the history.
struct Rows<'a> {
    known: &'a [Known],
    /// Of each row its descriptor; [`NONE`] before it has one, and where there is no room for it.
    descriptors: Vec<u32>,
    /// Rows in the order of the last column that refers to them, with that column.
    last_used: Vec<(u32, u32)>,
    retired: usize,
    /// Of each row, its place in the order of age.
    ages: Vec<(u64, u64)>,
    /// From the snapshot's labels to the sampler's.
    lanes: Vec<usize>,
    k: usize,
    columns: usize,
}

impl<'a> Rows<'a> {
    /// The rows of the first so many columns.
    fn of(snapshot: &'a Snapshot, columns: usize, labels: &Labels) -> Self {
        let count = snapshot.rows.len();
        // A label that is not known here counts unlabelled, as when it is observed.
        let known = |name| match labels.get(name) {
            Label::UNKNOWN => 0,
            label => usize::from(label.0),
        };
        let lanes: Vec<usize> =
            core::iter::once(0).chain(snapshot.labels.iter().map(|(_, name)| known(name))).collect();
        let mut rows = Rows {
            known: &snapshot.rows,
            descriptors: alloc::vec![NONE; count],
            last_used: Vec::new(),
            retired: 0,
            ages: ages(&snapshot.rows),
            lanes,
            k: snapshot.meta.k,
            columns,
        };
        let mut last = alloc::vec![NONE; count];
        for (index, column) in snapshot.columns.iter().take(columns).enumerate() {
            column.each_cell(|cell| {
                if let Some(last) = last.get_mut(rows.number_of(cell)) {
                    *last = index as u32;
                }
            });
        }
        rows.last_used = last.into_iter().zip(0..).filter(|(column, _)| *column != NONE).collect();
        rows.last_used.sort_unstable();
        rows
    }

    /// The row that a cell is of.
    fn number_of(&self, cell: &Cell) -> usize {
        (cell.row / (self.lanes.len() * self.k) as u64) as usize
    }

    fn is_new(&self, number: usize) -> bool {
        self.descriptors.get(number) == Some(&NONE)
    }

    fn age(&self, number: usize) -> (u64, u64) {
        self.ages.get(number).copied().unwrap_or_default()
    }

    fn set(&mut self, number: usize, descriptor: u32) {
        if let Some(to) = self.descriptors.get_mut(number) {
            *to = descriptor;
        }
    }

    /// Writes the cells whose rows have descriptors; returns their sum. With `sorted`, in the order of rows and each row
    /// once, as folding has to find them.
    fn write(&self, column: &KeptColumn, layout: &Layout, sorted: bool, out: &mut SegmentWriter<'_, '_>) -> Tally {
        let mut cells: Vec<Cell> = Vec::new();
        column.each_cell(|cell| {
            let descriptor = self.descriptors.get(self.number_of(cell)).copied().unwrap_or(NONE);
            if descriptor == NONE {
                return;
            }
            let at = (cell.row % (self.lanes.len() * self.k) as u64) as usize;
            let lane = self.lanes.get(at / self.k).copied().unwrap_or(0);
            let sub = if layout.k == 1 { 0 } else { at % self.k };
            let row = (u64::from(descriptor) * layout.lanes as u64 + lane as u64) * layout.k as u64 + sub as u64;
            cells.push(Cell { row, ..*cell });
        });
        if sorted {
            cells.sort_by_key(|cell| cell.row);
            cells.dedup_by(|cell, kept| {
                let same = cell.row == kept.row;
                if same {
                    kept.counts.add(cell.counts);
                    kept.draining = cell.draining;
                }
                same
            });
        }
        let mut recorded = Tally::ZERO;
        for cell in &cells {
            if out.cell(cell) {
                recorded.add(cell.counts);
            }
        }
        recorded
    }

    /// Calls `retire` with the descriptors that no column behind this one refers to.
    fn retire(&mut self, column: usize, mut retire: impl FnMut(u32)) {
        while let Some((_, row)) = self.last_used.get(self.retired).filter(|(last, _)| *last as usize <= column) {
            match self.descriptors.get(*row as usize) {
                Some(descriptor) if *descriptor != NONE => retire(*descriptor),
                _ => {}
            }
            self.retired += 1;
        }
    }
}

/// Of each row, when its route got its bounds and when the row was made, as places in the order of all rows: what a
/// snapshot says of them may be any numbers.
fn ages(rows: &[Known]) -> Vec<(u64, u64)> {
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    order.sort_by_key(|row| rows.get(*row as usize).map(|row| row.descriptor.age()));
    let mut ages = alloc::vec![(0, 0); rows.len()];
    let (mut since, mut before) = (0, None);
    for (row, serial) in order.into_iter().zip(1..) {
        let was = rows.get(row as usize).map(|row| row.descriptor.since);
        since += u64::from(was != before);
        before = was;
        if let Some(age) = ages.get_mut(row as usize) {
            *age = (since, serial);
        }
    }
    ages
}
