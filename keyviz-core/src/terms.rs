//! Groups and their terms: which seats a group owns, and what a change of its leader's term does.
//!
//! A term is part of a seat's descriptor. Before the descriptor changes, what was counted under a known
//! term is set apart as *parts*: what the seat has in the open column goes to that column's parts, and
//! what came since the last flush waits for the next one, which says to which window it belongs.

use crate::column::{Cell, Segment};
use crate::counters::Published;
use crate::descriptor::{Descriptor, NONE};
use crate::limits::PAGE_SLOTS;
use crate::op::{Series, Tally};
use crate::seat::SeatMeta;
use crate::segment::SegmentWriter;
use crate::shared::Shared;
use crate::writer::{State, drain_cell};

impl State<'_> {
    pub(crate) fn join_group(&mut self, shared: &Shared, seat: u32, group: u64) {
        let Some(entry) = self.groups.entry(group) else { return };
        shared.board.set(Published::EverGrouped, 1);
        let first = core::mem::replace(&mut entry.first_seat, seat);
        entry.routes += 1;
        if let Some(meta) = self.seats.get_mut(first as usize) {
            meta.previous_in_group = seat;
        }
        if let Some(meta) = self.seats.get_mut(seat as usize) {
            (meta.previous_in_group, meta.next_in_group) = (NONE, first);
        }
    }

    pub(crate) fn leave_group(&mut self, seat: u32) {
        let Some(&SeatMeta { group, previous_in_group, next_in_group, .. }) = self.seats.get(seat as usize) else {
            return;
        };
        let Some(entry) = self.groups.entry(group) else { return };
        entry.routes -= 1;
        if entry.first_seat == seat {
            entry.first_seat = next_in_group;
        }
        if let Some(meta) = self.seats.get_mut(previous_in_group as usize) {
            meta.next_in_group = next_in_group;
        }
        if let Some(meta) = self.seats.get_mut(next_in_group as usize) {
            meta.previous_in_group = previous_in_group;
        }
    }

    /// Publishes a group's leader term; see [`Sampler::set_term`](crate::Sampler::set_term).
    pub(crate) fn set_term(&mut self, shared: &Shared, group: u64, term: u64) {
        let Some(entry) = self.groups.entry(group) else { return };
        let old = core::mem::replace(&mut entry.term, term);
        let mut seat = entry.first_seat;
        if old == term {
            return;
        }
        if old != 0 {
            self.changes.term(group, old, term);
        }
        while let Some(&SeatMeta { next_in_group, .. }) = self.seats.get(seat as usize) {
            if old != 0 && !self.set_apart(shared, seat) {
                shared.board.add(Published::TermsUnsplit, 1);
            }
            self.describe_term(shared, seat, term);
            seat = next_in_group;
        }
        self.publish_counts(shared);
    }

    /// Gives a seat a descriptor of its group's present term: its own one rewritten, where no column
    /// refers to it, so that a group that changes its term often takes one a flush; else a fresh one.
    fn describe_term(&mut self, shared: &Shared, seat: u32, term: u64) {
        let Some(&SeatMeta { descriptor, described, pending, .. }) = self.seats.get(seat as usize) else { return };
        if !described {
            shared.descriptors.set_term(descriptor, term);
            return self.set_pending(seat, false);
        }
        let old = shared.descriptors.get(descriptor);
        let Some(fresh) = self.take_descriptor(shared, Descriptor { term, ..old }, seat) else {
            if !pending {
                shared.board.add(Published::TermsUnsplit, 1);
            }
            return self.set_pending(seat, true);
        };
        self.bounds.retain(old.start);
        self.bounds.retain(old.end);
        let last_column = self.last_column();
        self.descriptors.retire(descriptor, last_column);
        if let Some(meta) = self.meta(seat) {
            (meta.descriptor, meta.described) = (fresh, false);
        }
        self.set_pending(seat, false);
    }

    pub(crate) fn set_pending(&mut self, seat: u32, pending: bool) {
        let Some(meta) = self.meta(seat) else { return };
        let was = core::mem::replace(&mut meta.pending, pending);
        self.pending = self.pending + u32::from(pending) - u32::from(was);
    }

    /// Tries again for seats whose term or bounds found no descriptor.
    pub(crate) fn describe_pending(&mut self, shared: &Shared) {
        if self.pending == 0 {
            return;
        }
        for seat in 0..self.seats.len() as u32 {
            let pending = self.seats.get(seat as usize).filter(|meta| meta.pending);
            if pending.is_some() && self.layout.is_virtual(seat) {
                self.rebound_pending(shared, seat);
            } else if let Some(term) = pending.and_then(|meta| self.groups.get(meta.group)).map(|group| group.term) {
                self.describe_term(shared, seat, term);
            }
        }
    }

    /// Sets a seat's counts apart under its descriptor, before that changes: what it has in the open
    /// column, and what came since the last flush. `false` when the parts have no room.
    pub(crate) fn set_apart(&mut self, shared: &Shared, seat: u32) -> bool {
        let open_parts = self.open.as_ref().map_or(Segment::EMPTY, |o| o.parts);
        let blocks = open_parts.blocks() + self.pending_parts.blocks() + self.layout.part_blocks() as u64;
        if blocks > self.layout.parts_limit() as u64 {
            return false;
        }
        let cells = self.layout.cells_of(seat as usize);
        let per_route = self.layout.lanes * self.layout.k;
        let Some(&SeatMeta { descriptor, .. }) = self.seats.get(seat as usize) else { return true };
        let row = |cell: usize| u64::from(descriptor) * per_route as u64 + cell as u64;
        let mut wrote = false;
        let mut part = SegmentWriter::resume(&shared.history, &mut self.log, open_parts);
        let mut taken = Tally::ZERO;
        for (at, counts) in self.open_cells.iter_mut().skip(cells.start).take(cells.len()).enumerate() {
            let counts = Tally::of_cell(core::mem::take(counts), self.scans.take_open(cells.start + at));
            if !counts.is_zero() {
                part.cell(&Cell { row: row(at), draining: false, counts });
                taken.add(counts);
                wrote = true;
            }
        }
        let parts = part.finish();
        if let Some(open) = &mut self.open {
            open.parts = parts;
            open.parts_recorded.add(taken);
        }
        let mut part = SegmentWriter::resume(&shared.history, &mut self.log, self.pending_parts);
        let Self { baselines, scans, pending_recorded, .. } = self;
        for (at, cell) in cells.enumerate() {
            let delta = drain_cell(shared, &self.layout, baselines, scans, cell);
            if !delta.is_zero() {
                part.cell(&Cell { row: row(at), draining: false, counts: delta });
                pending_recorded.add(delta);
                taken.add(delta);
                wrote = true;
            }
        }
        self.pending_parts = part.finish();
        if wrote {
            self.set_parted(seat);
            self.warm_seat(seat, taken.get(Series::Ops));
        }
        true
    }

    /// Counts operations that were set apart towards how warm a seat is.
    fn warm_seat(&mut self, seat: u32, ops: u64) {
        let ordinal = self.ordinal;
        if let Some(meta) = self.meta(seat) {
            meta.warm(ops, ordinal);
        }
        if let Some(run) = self.run_mut(seat) {
            run.ops = run.ops.saturating_add(ops);
        }
    }

    fn set_parted(&mut self, seat: u32) {
        if let Some(meta) = self.meta(seat) {
            (meta.parted, meta.described) = (true, true);
        }
        let (cells, per_page) = (self.layout.cells_of(seat as usize), PAGE_SLOTS * self.layout.k);
        for page in cells.start / per_page..=(cells.end - 1) / per_page {
            if let Some(word) = self.open_pages.get_mut(page / 64) {
                *word |= 1 << (page % 64);
            }
        }
    }
}
