//! Runs: the members of each virtual bucket, which lie side by side, and the bounds that follow from them.
//!
//! A bucket's bounds are the hull of its members'. Where they widen, what it counted lies within the new
//! ones, too. Where they narrow, what it counted is first set apart under the old ones. An operation in
//! flight meanwhile counts in the bucket that it found.

use core::cmp::Ordering as Order_;

use crate::bounds::BoundRef;
use crate::counters::Published;
use crate::descriptor::{Descriptor, NONE};
use crate::seat::SeatState;
use crate::shared::Shared;
use crate::writer::State;

/// The members of a virtual bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The places of its first and its last member.
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) members: u32,
    /// Members may reach beyond the ones after them, so the last end need not be the last one's.
    pub(crate) overlapping: bool,
    /// Operations in the open window.
    pub(crate) ops: u64,
}

impl Run {
    /// All zeros: what memory for runs begins as.
    pub(crate) const BLANK: Run = Run { first: 0, last: 0, members: 0, overlapping: false, ops: 0 };

    pub(crate) const EMPTY: Run = Run { first: NONE, last: NONE, members: 0, overlapping: false, ops: 0 };
}

impl State<'_> {
    /// The run of a virtual bucket's seat.
    pub(crate) fn run(&self, bucket: u32) -> Option<&Run> {
        self.runs.get((bucket as usize).checked_sub(self.layout.own_seats)?)
    }

    pub(crate) fn run_mut(&mut self, bucket: u32) -> Option<&mut Run> {
        self.runs.get_mut((bucket as usize).checked_sub(self.layout.own_seats)?)
    }

    /// A fresh virtual bucket with these bounds and no members yet; `None` when there is no room.
    pub(crate) fn open_bucket(&mut self, shared: &Shared, start: BoundRef, end: BoundRef) -> Option<u32> {
        let bucket = self.free_virtual;
        if bucket == NONE {
            return None;
        }
        let id = self.unused_id(shared);
        self.since += 1;
        let since = self.since;
        let to = Descriptor { route: id, group: 0, term: 0, start, end, serial: 0, since, members: 1 };
        self.bounds.retain(start);
        self.bounds.retain(end);
        let Some(descriptor) = self.take_descriptor(shared, to, bucket) else {
            self.bounds.release(&shared.slab, start);
            self.bounds.release(&shared.slab, end);
            return None;
        };
        self.drain_late(shared, bucket);
        let meta = self.meta(bucket)?;
        let next = meta.next;
        meta.state = SeatState::Live;
        (meta.descriptor, meta.described, meta.pending) = (descriptor, false, false);
        (meta.parted, meta.mark) = (false, NONE);
        (meta.route, meta.next, meta.previous) = (id, NONE, NONE);
        (meta.start, meta.end) = (BoundRef::NONE, BoundRef::NONE);
        self.free_virtual = next;
        self.free_virtuals -= 1;
        shared.seats.name_bucket(bucket as usize, id);
        if let Some(run) = self.run_mut(bucket) {
            *run = Run::EMPTY;
        }
        Some(bucket)
    }

    /// An id for a bucket that no route has now. They count down from the greatest.
    fn unused_id(&mut self, shared: &Shared) -> u64 {
        loop {
            self.bucket_id = self.bucket_id.wrapping_sub(1);
            if matches!(shared.find(self.bucket_id), crate::table::Found::Unknown) {
                return self.bucket_id;
            }
        }
    }

    /// The member at `place`, which is in the order, belongs to the bucket from now on.
    pub(crate) fn join_run(&mut self, shared: &Shared, bucket: u32, place: u32) {
        let Some(known) = self.known(place) else { return };
        let (before, after) = (self.known(known.previous), self.known(known.next));
        let overlaps = before
            .is_some_and(|b| b.end.is_none() || shared.slab.compare_bounds(known.start, b.end).is_lt())
            || after.is_some_and(|a| known.end.is_none() || shared.slab.compare_bounds(known.end, a.start).is_gt());
        let is_first = self.bucket_at(known.previous) != Some(bucket);
        let is_last = self.bucket_at(known.next) != Some(bucket);
        let Some(run) = self.run_mut(bucket) else { return };
        run.members += 1;
        run.overlapping |= overlaps;
        if is_first {
            run.first = place;
        }
        if is_last {
            run.last = place;
        }
        let overlapping = run.overlapping;
        let end = if overlapping { self.later_end(shared, bucket, known.end) } else { self.last_end(bucket) };
        self.rebound(shared, bucket, end);
    }

    /// The member at `place` leaves its bucket; it is still in the order. A bucket without members drains.
    pub(crate) fn leave_run(&mut self, shared: &Shared, place: u32) {
        let (Some(bucket), Some(known)) = (self.bucket_at(place), self.known(place)) else { return };
        let Some(run) = self.run_mut(bucket) else { return };
        run.members -= 1;
        if run.members == 0 {
            return self.retire_bucket(shared, bucket);
        }
        if run.first == place {
            run.first = known.next;
        }
        if run.last == place {
            run.last = known.previous;
        }
        let overlapping = run.overlapping;
        let hull = self.hull(shared, bucket);
        let end = match overlapping {
            false => self.last_end(bucket),
            true if !self.is_pending(bucket) && compare_ends(shared, known.end, hull.1).is_lt() => hull.1,
            true => self.furthest_end(shared, bucket, Some(place)),
        };
        self.rebound(shared, bucket, end);
    }

    fn retire_bucket(&mut self, shared: &Shared, bucket: u32) {
        let (start, end) = self.hull(shared, bucket);
        // Its members held these bounds; now it does, until it is free.
        self.held_chunks += self.chunks_of(shared, start, end);
        if let Some(meta) = self.meta(bucket) {
            meta.state = SeatState::Draining;
            (meta.start, meta.end) = (start, end);
        }
        self.draining.push(&mut self.seats, bucket);
        self.draining_virtuals += 1;
    }

    /// Divides a bucket before the member at `at`, so that two buckets meet there. `false`, with nothing
    /// changed, when there is no room for another. Cost: linear in the members of the smaller part.
    pub(crate) fn split_run(&mut self, shared: &Shared, bucket: u32, at: u32) -> bool {
        let (Some(&run), Some(known)) = (self.run(bucket), self.known(at)) else { return false };
        let (moved_after, moved) = self.smaller_part(&run, at);
        let (first, last) = if moved_after { (at, run.last) } else { (run.first, known.previous) };
        let (Some(first_known), Some(last_known)) = (self.known(first), self.known(last)) else { return false };
        let Some(fresh) = self.open_bucket(shared, first_known.start, last_known.end) else { return false };
        self.set_apart(shared, bucket);
        let Self { members, seats, .. } = self;
        let mut place = first;
        for _ in 0..moved {
            let Some(meta) = members.get_mut(place - seats.len() as u32) else { break };
            meta.bucket = fresh;
            shared.members.set_bucket((place - seats.len() as u32) as usize, fresh);
            place = meta.next;
        }
        if let Some(to) = self.run_mut(fresh) {
            *to = Run { first, last, members: moved, overlapping: run.overlapping, ops: 0 };
        }
        if let Some(left) = self.run_mut(bucket) {
            left.members -= moved;
            if moved_after { left.last = known.previous } else { left.first = at }
        }
        for bucket in [bucket, fresh] {
            let end = if run.overlapping { self.furthest_end(shared, bucket, None) } else { self.last_end(bucket) };
            self.rebound(shared, bucket, end);
        }
        true
    }

    /// Whether the part of a run from `at` on is the smaller one, and the smaller one's members.
    fn smaller_part(&self, run: &Run, at: u32) -> (bool, u32) {
        let (mut before, mut after) = (at, at);
        for steps in 1..=run.members {
            if after == run.last {
                return (true, steps);
            }
            before = self.known(before).map_or(NONE, |known| known.previous);
            if before == run.first {
                return (false, steps);
            }
            after = self.known(after).map_or(NONE, |known| known.next);
        }
        (true, 0)
    }

    /// Makes one bucket of two that lie side by side, `left` before `right`; the smaller one drains.
    pub(crate) fn merge_runs(&mut self, shared: &Shared, left: u32, right: u32) {
        let (Some(&a), Some(&b)) = (self.run(left), self.run(right)) else { return };
        let (kept, gone, moved) = if a.members < b.members { (right, left, a) } else { (left, right, b) };
        let Self { members, seats, .. } = self;
        let mut place = moved.first;
        for _ in 0..moved.members {
            let Some(meta) = members.get_mut(place - seats.len() as u32) else { break };
            meta.bucket = kept;
            shared.members.set_bucket((place - seats.len() as u32) as usize, kept);
            place = meta.next;
        }
        let ends = [left, right].map(|bucket| self.run_end(shared, bucket));
        // A route that stood between the two may have hidden that the left one reaches into the right one.
        let reaches = ends[0].is_none()
            || self.known(b.first).is_some_and(|first| shared.slab.compare_bounds(ends[0], first.start).is_gt());
        let overlapping = a.overlapping || b.overlapping || reaches;
        if let Some(run) = self.run_mut(kept) {
            (run.first, run.last, run.members) = (a.first, b.last, a.members + b.members);
            run.overlapping = overlapping;
        }
        if let Some(run) = self.run_mut(gone) {
            run.members = 0;
        }
        self.retire_bucket(shared, gone);
        let later = if compare_ends(shared, ends[0], ends[1]).is_gt() { ends[0] } else { ends[1] };
        let end = if overlapping { later } else { self.last_end(kept) };
        self.rebound(shared, kept, end);
    }

    /// The bounds that a bucket has now.
    fn hull(&self, shared: &Shared, bucket: u32) -> (BoundRef, BoundRef) {
        let descriptor = self.seats.get(bucket as usize).map_or(NONE, |meta| meta.descriptor);
        let descriptor = shared.descriptors.get(descriptor);
        (descriptor.start, descriptor.end)
    }

    fn last_end(&self, bucket: u32) -> BoundRef {
        self.run(bucket).and_then(|run| self.known(run.last)).map_or(BoundRef::NONE, |known| known.end)
    }

    /// Whether a bucket's descriptor does not say the bounds of its run, for want of a free one.
    fn is_pending(&self, bucket: u32) -> bool {
        self.seats.get(bucket as usize).is_some_and(|meta| meta.pending)
    }

    /// Where a bucket's run ends.
    fn run_end(&self, shared: &Shared, bucket: u32) -> BoundRef {
        match (self.run(bucket).is_some_and(|run| run.overlapping), self.is_pending(bucket)) {
            (false, _) => self.last_end(bucket),
            (true, false) => self.hull(shared, bucket).1,
            (true, true) => self.furthest_end(shared, bucket, None),
        }
    }

    fn later_end(&self, shared: &Shared, bucket: u32, end: BoundRef) -> BoundRef {
        let has =
            if self.is_pending(bucket) { self.furthest_end(shared, bucket, None) } else { self.hull(shared, bucket).1 };
        if compare_ends(shared, has, end).is_gt() { has } else { end }
    }

    /// The furthest end of a bucket's members, `but` one. Cost: linear in them.
    fn furthest_end(&self, shared: &Shared, bucket: u32, but: Option<u32>) -> BoundRef {
        let Some(run) = self.run(bucket) else { return BoundRef::NONE };
        let (mut place, mut furthest) = (run.first, self.last_end(bucket));
        while let Some(known) = self.known(place) {
            if Some(place) != but && compare_ends(shared, known.end, furthest).is_gt() {
                furthest = known.end;
            }
            // Nothing lies beyond an unbounded one.
            if place == run.last || furthest.is_none() {
                break;
            }
            place = known.next;
        }
        furthest
    }

    /// Gives a bucket the bounds of its run, which end at `end`.
    fn rebound(&mut self, shared: &Shared, bucket: u32, end: BoundRef) {
        let Some(start) = self.run(bucket).and_then(|run| self.known(run.first)).map(|known| known.start) else {
            return;
        };
        let (old_start, old_end) = self.hull(shared, bucket);
        let order = (shared.slab.compare_bounds(start, old_start), compare_ends(shared, end, old_end));
        if order == (Order_::Equal, Order_::Equal) {
            self.describe_members(shared, bucket);
            return self.set_pending(bucket, false);
        }
        if (order.0.is_gt() || order.1.is_lt()) && !self.set_apart(shared, bucket) {
            shared.board.add(Published::BoundsUnsplit, 1);
        }
        self.describe_bounds(shared, bucket, start, end);
    }

    /// Tries again for a bucket whose bounds found no descriptor.
    pub(crate) fn rebound_pending(&mut self, shared: &Shared, bucket: u32) {
        // A bucket without members drains under the bounds that it had last.
        if self.run(bucket).is_none_or(|run| run.members == 0) {
            return;
        }
        let overlapping = self.run(bucket).is_some_and(|run| run.overlapping);
        let end = if overlapping { self.furthest_end(shared, bucket, None) } else { self.last_end(bucket) };
        self.rebound(shared, bucket, end);
    }

    /// Lets the descriptor say how many members there are.
    fn describe_members(&mut self, shared: &Shared, bucket: u32) {
        let descriptor = self.seats.get(bucket as usize).map_or(NONE, |meta| meta.descriptor);
        shared.descriptors.set_members(descriptor, self.members_of(bucket));
    }

    /// How many members a bucket's descriptor is to say; 0 would make it a route's.
    fn members_of(&self, bucket: u32) -> u64 {
        self.run(bucket).map_or(1, |run| u64::from(run.members.max(1)))
    }

    /// Gives a bucket a descriptor with these bounds: its own one rewritten, where no column refers to
    /// it, else a fresh one.
    fn describe_bounds(&mut self, shared: &Shared, bucket: u32, start: BoundRef, end: BoundRef) {
        let Some(&meta) = self.seats.get(bucket as usize) else { return };
        let old = shared.descriptors.get(meta.descriptor);
        // Under its old bounds it had as many members as that descriptor says.
        let members = self.members_of(bucket);
        self.bounds.retain(start);
        self.bounds.retain(end);
        self.since += 1;
        if !meta.described {
            shared.descriptors.set_bounds(meta.descriptor, start, end);
            shared.descriptors.set_since(meta.descriptor, self.since);
            shared.descriptors.set_members(meta.descriptor, members);
            self.bounds.release(&shared.slab, old.start);
            self.bounds.release(&shared.slab, old.end);
            return self.set_pending(bucket, false);
        }
        let since = self.since;
        let to = Descriptor { start, end, since, members, ..old };
        let Some(fresh) = self.take_descriptor(shared, to, bucket) else {
            self.bounds.release(&shared.slab, start);
            self.bounds.release(&shared.slab, end);
            if !meta.pending {
                shared.board.add(Published::BoundsUnsplit, 1);
            }
            self.describe_members(shared, bucket);
            return self.set_pending(bucket, true);
        };
        let last_column = self.last_column();
        self.descriptors.retire(meta.descriptor, last_column);
        if let Some(meta) = self.meta(bucket) {
            (meta.descriptor, meta.described) = (fresh, false);
        }
        self.set_pending(bucket, false);
    }
}

/// Compares two ends, of which an empty one is unbounded.
fn compare_ends(shared: &Shared, a: BoundRef, b: BoundRef) -> Order_ {
    match (a.is_none(), b.is_none()) {
        (false, false) => shared.slab.compare_bounds(a, b),
        (a, b) => a.cmp(&b),
    }
}
