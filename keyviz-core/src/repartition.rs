//! Splits and joins of the core's own ranges, when a column is sealed; while there are few, at each flush.
//!
//! The rule is in `rebalance`; here it is done: a range is split at the keys that recorders sampled in it, by the
//! shortest keys that separate them, and goes as a route that splits does, so its counts in flight drain into it.
//! A range's id is the hash of its bounds: of two nodes, or two times, the same range has the same id, and other
//! ranges have others.

use crate::bounds::BoundRef;
use crate::counters::Published;
use crate::key::{range_hash, separator};
use crate::limits::{MAX_SEPARATOR_LEN, RANGE_SAMPLES};
use crate::range_samples::{ShortKey, Taken};
use crate::reshape::NewRoute;
use crate::route::RouteId;
use crate::shared::Shared;
use crate::table::Found;
use crate::writer::State;

/// Ranges are few while there are less than one part in so many of the most: a good picture, and room for all that the
/// columns' counts will ask for.
const GROWING: usize = 4;

/// The parts of a range.
struct Parts {
    /// Where each part but the first begins.
    cuts: [ShortKey; RANGE_SAMPLES],
    /// How many of the sampled keys lie before it.
    before: [usize; RANGE_SAMPLES],
    len: usize,
}

/// Cuts between different keys, in order, into at most `parts` parts with as many of them each as can be.
fn cut(keys: &[ShortKey], parts: usize) -> Parts {
    let mut found = Parts { cuts: [ShortKey::EMPTY; RANGE_SAMPLES], before: [0; RANGE_SAMPLES], len: 0 };
    let mut last = 0;
    let cuttable = |at: usize| Some((keys.get(at.checked_sub(1)?)?, keys.get(at)?)).filter(|(a, b)| a != b);
    for part in 1..parts {
        let ideal = part * keys.len() / parts;
        let near = (0..keys.len()).flat_map(|by| [ideal.checked_sub(by), ideal.checked_add(by)]).flatten();
        let Some(at) = near.filter(|at| *at > last).find(|at| cuttable(*at).is_some()) else { continue };
        if let Some((below, above)) = cuttable(at)
            && let Some(cut) = found.cuts.get_mut(found.len)
            && let Some(before) = found.before.get_mut(found.len)
        {
            *cut = ShortKey::of(separator(below.bytes(), above.bytes()), MAX_SEPARATOR_LEN);
            *before = at;
            found.len += 1;
            last = at;
        }
    }
    found
}

impl State<'_> {
    /// The one range that there is at first.
    pub(crate) fn begin_ranges(&mut self, shared: &Shared) {
        let id = RouteId(range_hash(&[], None));
        if self.register(shared, id, &[], None, 0).is_err() {
            return;
        }
        if let Found::Seat(seat) = shared.find(id.0)
            && let Some(number) = self.ranges.take_number()
        {
            self.ranges.set_seat(number, seat as u32);
            self.ranges.push(number, 1);
            self.ranges.turn();
        }
        self.publish_ranges(shared);
    }

    /// Splits what is hot and joins what is cold; a column was just sealed.
    pub(crate) fn repartition(&mut self, shared: &Shared) {
        if self.ranges.len != 0 {
            self.reshape_ranges(shared);
        }
    }

    // Not put into `flush`: without auto ranges a small machine's stack has no room for it.
    #[inline(never)]
    fn reshape_ranges(&mut self, shared: &Shared) {
        let ordinal = self.ordinal;
        for place in 0..self.ranges.len {
            let seat = self.ranges.seat_at(place).and_then(|seat| self.seats.get(seat as usize));
            let load = seat.map_or(0, |meta| meta.warmth_at(ordinal));
            if let Some(to) = self.ranges.loads.get_mut(place) {
                *to = load;
            }
        }
        self.change_ranges(shared);
        self.ranges.samples.age();
    }

    /// Splits what is hot while there are few ranges, so that the first columns are not one wide range each; the open
    /// column was just published. What the sampled keys stand for is the load: counts of a range stand at its column's end.
    #[inline(never)]
    pub(crate) fn grow_ranges(&mut self, shared: &Shared) {
        if self.ranges.len == 0 || self.ranges.len > self.layout.ranges / GROWING {
            return;
        }
        for place in 0..self.ranges.len {
            let load = self.ranges.at(place).map_or(0, |number| self.ranges.samples.weight(number));
            if let Some(to) = self.ranges.loads.get_mut(place) {
                *to = load;
            }
        }
        self.change_ranges(shared);
    }

    /// Changes what the rule says by the loads.
    fn change_ranges(&mut self, shared: &Shared) {
        let taken = self.live + self.draining.len + self.ended;
        if self.ranges.plan(self.layout.own_seats.saturating_sub(taken as usize)) {
            self.join_ranges(shared);
            self.split_ranges(shared);
            self.publish_ranges(shared);
        }
    }

    pub(crate) fn publish_ranges(&mut self, shared: &Shared) {
        let seat = |place: usize| self.ranges.seat_at(place).unwrap_or(0);
        let bound = |place: usize| self.seats.get(seat(place) as usize).map_or(BoundRef::NONE, |meta| meta.start);
        shared.boundaries.publish(&shared.slab, self.ranges.len, bound, seat);
    }

    fn join_ranges(&mut self, shared: &Shared) {
        let mut place = 0;
        while let Some(number) = self.ranges.at(place) {
            let (parts, joins) = (self.ranges.parts(place), self.ranges.parts(place + 1) == 0);
            place += 1;
            let Some(next) = self.ranges.at(place).filter(|_| joins) else {
                self.ranges.push(number, parts);
                continue;
            };
            place += 1;
            self.ranges.push(number, 1);
            if !self.join_two(shared, number, next, place - 2) {
                self.ranges.push(next, 1);
            }
        }
        self.ranges.turn();
    }

    /// Joins two neighbours of the places `place` and `place + 1`; `false` when it was refused.
    fn join_two(&mut self, shared: &Shared, number: u32, next: u32, place: usize) -> bool {
        let (Some(left), Some(right)) = (self.ranges.seat_at(place), self.ranges.seat_at(place + 1)) else {
            return false;
        };
        let [left, right] = [left, right].map(|seat| self.seats.get(seat as usize).copied());
        let (Some(left), Some(right)) = (left, right) else { return false };
        let (start, end) = (self.edge(shared, left.start), self.edge(shared, right.end));
        let end = (!right.end.is_none()).then_some(end);
        let end = end.as_ref().map(ShortKey::bytes);
        let child = NewRoute { route: RouteId(range_hash(start.bytes(), end)), start: start.bytes(), end, group: 0 };
        if !self.change(shared, &[RouteId(left.route), RouteId(right.route)], &[child]) {
            return false;
        }
        let load = left.warmth_at(self.ordinal).saturating_add(right.warmth_at(self.ordinal));
        self.seat_range(shared, number, child.route, load);
        self.ranges.samples.join(number, next);
        self.ranges.give_number(next);
        shared.board.add(Published::RangesJoined, 1);
        true
    }

    fn split_ranges(&mut self, shared: &Shared) {
        let mut place = 0;
        while let Some(number) = self.ranges.at(place) {
            let parts = self.ranges.parts(place).min(1 + self.ranges.free_numbers());
            let seat = self.ranges.seat_at(place);
            place += 1;
            self.ranges.push(number, 0);
            if parts > 1
                && let Some(seat) = seat
            {
                self.split_one(shared, number, seat, parts);
            }
        }
        self.ranges.turn();
    }

    pub(crate) fn split_one(&mut self, shared: &Shared, number: u32, seat: u32, parts: usize) {
        let Some(parent) = self.seats.get(seat as usize).copied() else { return };
        let taken = self.ranges.samples.take(number);
        let found = cut(taken.keys(), parts);
        let (start, end) = (self.edge(shared, parent.start), self.edge(shared, parent.end));
        let cuts = found.cuts.get(..found.len).unwrap_or(&[]);
        let last = (!parent.end.is_none()).then_some(&end);
        let none = NewRoute { route: RouteId(0), start: &[], end: None, group: 0 };
        let mut children = [none; RANGE_SAMPLES];
        let starts = core::iter::once(&start).chain(cuts);
        let ends = cuts.iter().map(Some).chain([last]);
        for (child, (start, end)) in children.iter_mut().zip(starts.zip(ends)) {
            let (start, end) = (start.bytes(), end.map(ShortKey::bytes));
            *child = NewRoute { route: RouteId(range_hash(start, end)), start, end, group: 0 };
        }
        let children = children.get(..=found.len).unwrap_or(&[]);
        if found.len == 0 || !self.change(shared, &[RouteId(parent.route)], children) {
            return self.ranges.samples.give(number, taken.keys(), taken.weight);
        }
        shared.board.add(Published::RangesSplit, 1);
        let load = parent.warmth_at(self.ordinal);
        for (part, child) in children.iter().enumerate() {
            let number = match part {
                0 => Some(number),
                _ => self.ranges.take_number().inspect(|number| self.ranges.push(*number, 0)),
            };
            let Some(number) = number else { return };
            let (keys, share) = found.part(&taken, part);
            let of = |whole: u64| (u128::from(whole) * share as u128 / taken.keys().len().max(1) as u128) as u64;
            self.seat_range(shared, number, child.route, of(load));
            self.ranges.samples.give(number, keys, of(taken.weight));
        }
    }

    /// A split or a join as one of routes; `false` when it was refused.
    fn change(&mut self, shared: &Shared, parents: &[RouteId], children: &[NewRoute<'_>]) -> bool {
        let changed = self.reshape(shared, parents, children).is_ok();
        if !changed {
            shared.board.add(Published::RangeChangesRefused, 1);
        }
        changed
    }

    /// Gives a range the seat of its route, which is expected to be as busy as this.
    fn seat_range(&mut self, shared: &Shared, number: u32, route: RouteId, load: u64) {
        let Found::Seat(seat) = shared.find(route.0) else { return };
        self.ranges.set_seat(number, seat as u32);
        let ordinal = self.ordinal;
        if let Some(meta) = self.meta(seat as u32) {
            (meta.warmth, meta.warm_at) = (load, ordinal);
        }
    }

    /// The bytes of a range's bound.
    fn edge(&self, shared: &Shared, bound: BoundRef) -> ShortKey {
        let len = shared.slab.len(bound).min(MAX_SEPARATOR_LEN);
        let mut bytes = [0; MAX_SEPARATOR_LEN];
        for (index, to) in bytes.chunks_exact_mut(8).enumerate() {
            to.copy_from_slice(&shared.slab.window(bound, index).to_be_bytes());
        }
        ShortKey::of(bytes.get(..len).unwrap_or(&[]), MAX_SEPARATOR_LEN)
    }
}

impl Parts {
    /// The sampled keys of a part, and how many they are.
    fn part<'a>(&self, taken: &'a Taken, part: usize) -> (&'a [ShortKey], usize) {
        let before = self.before.get(..self.len).unwrap_or(&[]);
        let first = part.checked_sub(1).and_then(|part| before.get(part)).copied().unwrap_or(0);
        let end = before.get(part).copied().unwrap_or(taken.keys().len());
        let keys = taken.keys().get(first..end).unwrap_or(&[]);
        (keys, keys.len())
    }
}
