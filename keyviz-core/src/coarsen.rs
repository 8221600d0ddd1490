//! Which routes have a seat of their own and which share one: joining a virtual bucket, folding into one,
//! being promoted out of it.

use crate::bounds::{BoundCounts, BoundRef};
use crate::counters::Published;
use crate::descriptor::{Descriptor, NONE};
use crate::members::MemberMeta;
use crate::places::{Known, Spot};
use crate::route::{RegisterError, RouteId};
use crate::seat::{SeatMeta, SeatState};
use crate::shared::Shared;
use crate::sub_bucket::SubLayout;
use crate::writer::{Fresh, State};

/// How far the search for a bucket looks on one side while there may be one on the other.
const NEAR: usize = 64;

impl State<'_> {
    /// Registers a route that gets no seat of its own: it joins the bucket beside it; or a new one; or,
    /// where there is none, the routes between it and the nearest bucket fold into that.
    pub(crate) fn register_member(
        &mut self,
        shared: &Shared,
        fresh: Fresh<'_>,
        spot: Spot,
    ) -> Result<(), RegisterError> {
        if !self.members.has_room() {
            return Err(self.full());
        }
        let (start, end) = self.take_bounds(shared, &fresh, spot)?;
        let Some((bucket, spot)) = self.bucket_for(shared, &fresh, start, end, spot) else {
            self.bounds.release(&shared.slab, start);
            self.bounds.release(&shared.slab, end);
            return Err(self.full());
        };
        let meta =
            MemberMeta { route: fresh.route.0, group: fresh.group, start, end, bucket, previous: NONE, next: NONE };
        self.held_chunks += BoundCounts::chunks_for(fresh.start.len());
        self.held_chunks += BoundCounts::chunks_for(fresh.end.map_or(0, <[u8]>::len));
        self.hold_group(fresh.group);
        let member = self.members.insert(&shared.members, meta);
        let place = self.place_of(member);
        self.enter(shared, place, spot);
        self.join_run(shared, bucket, place);
        shared.table.insert_member(fresh.route.0, member as usize);
        self.changes.fold();
        if fresh.group != 0 {
            shared.board.set(Published::EverGrouped, 1);
        }
        Ok(())
    }

    /// The bucket that a route at `spot` joins, and where it then stands.
    fn bucket_for(
        &mut self,
        shared: &Shared,
        fresh: &Fresh<'_>,
        start: BoundRef,
        end: BoundRef,
        spot: Spot,
    ) -> Option<(u32, Spot)> {
        let beside = |state: &Self, spot: Spot| state.bucket_at(spot.before).or_else(|| state.bucket_at(spot.after));
        if let Some(bucket) = beside(self, spot).or_else(|| self.open_bucket(shared, start, end)) {
            return Some((bucket, spot));
        }
        self.fold_towards(shared, spot);
        let spot = self.spot(shared, fresh.route.0, fresh.start);
        Some((beside(self, spot)?, spot))
    }

    /// Folds the routes between a spot and the nearest bucket into that bucket; of two near ones, to the
    /// side whose routes are colder.
    fn fold_towards(&mut self, shared: &Shared, spot: Spot) {
        let mut sides = [false, true].map(|after| self.way_to_bucket(spot, after, NEAR));
        if sides == [None, None] {
            sides = [false, true].map(|after| self.way_to_bucket(spot, after, usize::MAX));
        }
        let after = match sides {
            [None, None] => return,
            [Some(before), Some(after)] => after < before,
            [before, _] => before.is_none(),
        };
        let Some(way) = sides.into_iter().nth(usize::from(after)).flatten() else { return };
        let mut place = way.last;
        for _ in 0..way.routes {
            let Some(known) = self.known(place) else { return };
            if !self.fold(shared, place) {
                return;
            }
            place = if after { known.previous } else { known.next };
        }
    }

    fn way_to_bucket(&self, spot: Spot, after: bool, most: usize) -> Option<Way> {
        let mut place = if after { spot.after } else { spot.before };
        let mut way = Way { warmth: 0, routes: 0, last: NONE };
        while self.bucket_at(place).is_none() {
            let known = self.known(place).filter(|_| way.routes < most)?;
            way.warmth = way.warmth.saturating_add(self.seats.get(place as usize)?.warmth_at(self.ordinal));
            (way.routes, way.last) = (way.routes + 1, place);
            place = if after { known.next } else { known.previous };
        }
        Some(way)
    }

    /// Lets a route with a seat of its own share a bucket: the one beside it, or a new one. Its seat
    /// drains. `false`, with nothing changed, when there is no room.
    pub(crate) fn fold(&mut self, shared: &Shared, seat: u32) -> bool {
        let Some(known) = self.known(seat).filter(|_| self.members.has_room() && !self.layout.is_virtual(seat)) else {
            return false;
        };
        let beside = self.bucket_at(known.previous).or_else(|| self.bucket_at(known.next));
        let Some(bucket) = beside.or_else(|| self.open_bucket(shared, known.start, known.end)) else { return false };
        let Known { route, group, start, end, .. } = known;
        self.bounds.retain(start);
        self.bounds.retain(end);
        self.held_chunks += self.chunks_of(shared, start, end);
        let meta = MemberMeta { route, group, start, end, bucket, previous: NONE, next: NONE };
        self.hold_group(group);
        let member = self.members.insert(&shared.members, meta);
        let place = self.place_of(member);
        self.change_place(shared, seat, place);
        self.join_run(shared, bucket, place);
        // First the new place, then the old one out: no search misses the route.
        shared.table.insert_member(route, member as usize);
        shared.table.remove(route, &shared.seats);
        shared.seats.raise_generation(seat as usize);
        if let Some(meta) = self.meta(seat) {
            meta.state = SeatState::Draining;
        }
        self.draining.push(&mut self.seats, seat);
        self.live -= 1;
        shared.board.add(Published::Folded, 1);
        self.changes.fold();
        true
    }

    /// Gives a member a seat of its own: the one it had, if that still drains, or a free one. `false`, with
    /// nothing changed but perhaps its bucket divided, when there is no room.
    pub(crate) fn promote(&mut self, shared: &Shared, member: u32, warmth: u64) -> bool {
        let place = self.place_of(member);
        let (Some(known), Some(bucket)) = (self.known(place), self.bucket_at(place)) else { return false };
        let revivable = self.seat_it_had(shared, &known);
        if self.live as usize >= self.layout.max_routes || (revivable.is_none() && self.free_seat == NONE) {
            return false;
        }
        // A member between others divides its bucket first; then it is the first of the second part.
        let inner = self.run(bucket).is_some_and(|run| run.first != place && run.last != place);
        if inner && !self.split_run(shared, bucket, place) {
            return false;
        }
        let seat = match revivable {
            Some(seat) => {
                self.draining.remove(&mut self.seats, seat);
                seat
            }
            None => match self.seat_for(shared, &known) {
                Some(seat) => seat,
                None => return false,
            },
        };
        self.leave_run(shared, place);
        if let Some(meta) = self.meta(seat) {
            meta.state = SeatState::Live;
        }
        if revivable.is_some() {
            self.stand_again(shared, seat);
        }
        self.change_place(shared, place, seat);
        shared.seats.raise_generation(seat as usize);
        shared.table.insert(known.route, seat as usize);
        self.forget_member(shared, member);
        let ordinal = self.ordinal;
        if let Some(meta) = self.meta(seat) {
            (meta.warmth, meta.warm_at, meta.seated) = (warmth, ordinal, ordinal);
        }
        self.live += 1;
        shared.board.add(Published::Promoted, 1);
        true
    }

    /// The seat that a member had before it was folded, while it drains.
    pub(crate) fn seat_it_had(&mut self, shared: &Shared, known: &Known) -> Option<u32> {
        let slab = &shared.slab;
        let same =
            |start, end| slab.compare_bounds(start, known.start).is_eq() && slab.compare_bounds(end, known.end).is_eq();
        self.revivable(known.route, known.group, same)
    }

    /// A free seat filled for a route, with a descriptor, in its group, not yet in order and table.
    fn seat_for(&mut self, shared: &Shared, known: &Known) -> Option<u32> {
        let &Known { route, group, start, end, .. } = known;
        self.bounds.retain(start);
        self.bounds.retain(end);
        let term = self.groups.get(group).map_or(0, |g| g.term);
        self.since += 1;
        let since = self.since;
        let to = Descriptor { route, group, term, start, end, serial: 0, since, members: 0 };
        let seat = self.free_seat;
        let Some(descriptor) = self.take_descriptor(shared, to, seat) else {
            self.bounds.release(&shared.slab, start);
            self.bounds.release(&shared.slab, end);
            return None;
        };
        self.drain_late(shared, seat);
        let k = self.layout.k as u32;
        let layout = if k == 1 { SubLayout::default() } else { self.sub_layout(shared, start, end) };
        self.fill_seat(shared, seat, to, descriptor, &layout);
        Some(seat)
    }

    /// Takes a member out for good; its bucket may drain.
    pub(crate) fn remove_member(&mut self, shared: &Shared, member: u32) {
        let place = self.place_of(member);
        self.leave_run(shared, place);
        self.leave(shared, place);
        self.forget_member(shared, member);
    }

    /// The group of a member is remembered, with its term, as that of a seat is.
    fn hold_group(&mut self, group: u64) {
        if let Some(entry) = self.groups.entry(group) {
            entry.routes += 1;
        }
    }

    /// The member's number is free.
    fn forget_member(&mut self, shared: &Shared, member: u32) {
        let Some(&MemberMeta { route, group, start, end, .. }) = self.members.get(member) else { return };
        if let Some(entry) = self.groups.entry(group) {
            entry.routes -= 1;
        }
        shared.table.remove_member(route, &shared.members);
        self.held_chunks -= self.chunks_of(shared, start, end);
        self.members.remove(&shared.members, member);
        self.bounds.release(&shared.slab, start);
        self.bounds.release(&shared.slab, end);
    }

    /// The seat of a removed or folded route, still draining, of the same group and bounds.
    pub(crate) fn revivable(
        &mut self,
        route: u64,
        group: u64,
        same: impl Fn(BoundRef, BoundRef) -> bool,
    ) -> Option<u32> {
        let mut seat = self.draining.alike(route);
        while let Some(&SeatMeta { route: of, group: owner, start, end, next_alike, .. }) =
            self.seats.get(seat as usize)
        {
            if !self.layout.is_virtual(seat) && of == route && owner == group && same(start, end) {
                return Some(seat);
            }
            seat = next_alike;
        }
        None
    }

    /// The bucket of a registered route that has no seat of its own.
    pub(crate) fn bucket_of(&self, shared: &Shared, route: RouteId) -> Option<u64> {
        let crate::table::Found::Member(member) = shared.find(route.0) else { return None };
        let bucket = self.members.get(member as u32)?.bucket;
        self.seats.get(bucket as usize).map(|meta| meta.route)
    }
}

/// The routes between a spot and a bucket: colder first, then nearer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    warmth: u64,
    routes: usize,
    /// The one beside the bucket.
    last: u32,
}
