//! Who changes places: hot members of virtual buckets against cold routes with seats of their own.
//!
//! Flushes feed sampled route ids to one Space-Saving. When a column is sealed, a member that had at
//! least 5 % of its bucket's operations and at least 2000 of them, in this window and in the one before,
//! gets a seat of its own. So does one that had as many but a smaller share, if a route that is at most an eighth as warm can fold for it. The figures are estimates from samples, so a member passes when two standard
//! deviations above its estimate do: one that has earned its seat gets it, and some get one a little early.
//! Where all seats are taken, the coldest route folds, if it is at most half as warm. Seats that are left
//! over go to members that were sampled in both windows, the warmest first, and then to those at the edges of
//! the busiest buckets: that divides no bucket and shows where it is busy more finely.

use crate::counters::Published;
use crate::descriptor::NONE;
use crate::layout::Layout;
use crate::pool::PoolMut;
use crate::seat::SeatState;
use crate::shared::Shared;
use crate::space_saving::{Count as Weight, Counter, SpaceSaving, entries};
use crate::sync::Count;
use crate::table::Found;
use crate::writer::State;

/// Operations that a member has in each of two windows before it is promoted.
const HOT_OPS: u64 = 2000;
/// One part in this many of its bucket's operations.
const HOT_SHARE: u64 = 20;
/// Samples without which nothing is known.
const LEAST_SAMPLES: u32 = 4;
/// Windows that a route keeps a seat at least before it may fold for another.
const SETTLED: u64 = 2;
/// Buckets that seats left over go to after a column, and how many they get of each.
const BUSIEST: usize = 32;
const THINNED: usize = 16;
/// Pairs of buckets made one after a column, at the most.
const MERGES: usize = 32;
/// Routes between two buckets that may fold to make the two one.
const GAP: usize = 8;

/// How hot a member was in a window.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Heat {
    /// It was seen.
    #[default]
    Seen,
    /// It had operations enough.
    Warm,
    /// And a share of its bucket's.
    Hot,
}

/// A member seen in the last window.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    route: u64,
    ops: u64,
    heat: Heat,
}

impl Seen {
    /// All zeros: what memory for them begins as.
    pub(crate) const BLANK: Seen = Seen { route: 0, ops: 0, heat: Heat::Seen };
}

/// What candidates are kept in.
pub(crate) struct CandidatePools<'m> {
    pub(crate) heap: PoolMut<'m, Weight>,
    pub(crate) counters: PoolMut<'m, Counter>,
    pub(crate) routes: PoolMut<'m, u64>,
    pub(crate) index: PoolMut<'m, u32>,
    pub(crate) drained: PoolMut<'m, Count>,
    pub(crate) before: PoolMut<'m, Seen>,
    pub(crate) now: PoolMut<'m, Seen>,
    pub(crate) coldest: PoolMut<'m, (u64, u32)>,
}

/// Which members may be hot.
pub(crate) struct Candidates<'m> {
    /// A sketch of the sampled routes.
    heap: PoolMut<'m, Weight>,
    counters: PoolMut<'m, Counter>,
    routes: PoolMut<'m, u64>,
    index: PoolMut<'m, u32>,
    used: u32,
    /// How far each reservoir was drained.
    drained: PoolMut<'m, Count>,
    /// Of the window before the last, then of the last one.
    before: PoolMut<'m, Seen>,
    now: PoolMut<'m, Seen>,
    /// The coldest routes with seats of their own, warmest first.
    coldest: PoolMut<'m, (u64, u32)>,
}

impl<'m> Candidates<'m> {
    /// Begins in this memory, whatever stands in it.
    pub(crate) fn new(pools: CandidatePools<'m>) -> Self {
        let CandidatePools { heap, counters, routes, mut index, mut drained, mut before, mut now, mut coldest } = pools;
        index.fill(0);
        drained.fill(0);
        before.fill(Seen::BLANK);
        now.fill(Seen::BLANK);
        coldest.fill((0, NONE));
        Candidates { heap, counters, routes, index, used: 0, drained, before, now, coldest }
    }

    fn sketch(&mut self) -> SpaceSaving<'_, &mut [u64]> {
        let Candidates { heap, counters, routes, index, used, .. } = self;
        SpaceSaving { heap, counters, index, used, keys: routes }
    }

    /// Bytes of it.
    pub(crate) const fn bytes(layout: &Layout) -> usize {
        let each = size_of::<Weight>()
            + size_of::<Counter>()
            + size_of::<u64>()
            + 2 * size_of::<Seen>()
            + size_of::<(u64, u32)>();
        let index = layout.sketch_index_len() * size_of::<u32>();
        layout.candidates() * each + index + layout.reservoirs() * size_of::<Count>()
    }
}

impl State<'_> {
    /// Takes what recorders sampled since the last flush.
    pub(crate) fn gather_candidates(&mut self, shared: &Shared) {
        let Candidates { heap, counters, routes, index, used, drained, .. } = &mut self.candidates;
        let mut sketch = SpaceSaving { heap, counters, index, used, keys: &mut **routes };
        for ((row, line), drained) in shared.own.iter().enumerate().zip(drained.iter_mut()) {
            shared.id_samples.drain(row, line, drained, |route, weight| sketch.add(&route, weight));
        }
    }

    /// A column was sealed: hot members and cold routes change places.
    #[inline(never)]
    pub(crate) fn trade_places(&mut self, shared: &Shared) {
        if self.layout.virtuals == 0 {
            return;
        }
        if shared.config.promote {
            self.judge(shared);
            let mut coldest = None;
            self.promote_at(shared, Heat::Hot, &mut coldest);
            self.promote_at(shared, Heat::Warm, &mut coldest);
            self.promote_into_room(shared);
        }
        self.keep_buckets_free(shared);
        self.candidates.sketch().clear();
        self.runs.iter_mut().for_each(|run| run.ops = 0);
    }

    /// Which members this window showed, the warmest first; what the last one showed moves back.
    fn judge(&mut self, shared: &Shared) {
        let Self { candidates, members, runs, layout, .. } = self;
        core::mem::swap(&mut candidates.before, &mut candidates.now);
        candidates.now.fill(Seen::default());
        let Candidates { heap, counters, routes, used, now, .. } = candidates;
        for (entry, seen) in entries(heap, counters, *used).zip(now.iter_mut()) {
            let Some(&route) = routes.get(entry.place) else { continue };
            let Found::Member(member) = shared.find(route) else { continue };
            let Some(run) = members
                .get(member as u32)
                .and_then(|meta| runs.get((meta.bucket as usize).checked_sub(layout.own_seats)?))
            else {
                continue;
            };
            if entry.samples < LEAST_SAMPLES {
                continue;
            }
            let ops = entry.count - entry.error;
            // The standard deviation of a sum of n samples is about its n-th part times the root of n.
            let likely = ops.saturating_add(2 * (ops / u64::from(entry.samples.isqrt())));
            let heat = match (likely >= HOT_OPS, likely.saturating_mul(HOT_SHARE) >= run.ops) {
                (false, _) => Heat::Seen,
                (true, false) => Heat::Warm,
                (true, true) => Heat::Hot,
            };
            *seen = Seen { route, ops, heat };
        }
        candidates.now.sort_unstable_by_key(|seen| (u64::MAX - seen.ops, seen.route));
    }

    /// What a member had in this window and how hot it was at least in both; `None` for one not in both.
    fn seen_twice(&self, at: usize) -> Option<Seen> {
        let now = self.candidates.now.get(at).filter(|seen| seen.ops > 0)?;
        let before = self.candidates.before.iter().find(|seen| seen.ops > 0 && seen.route == now.route)?;
        Some(Seen { heat: now.heat.min(before.heat), ..*now })
    }

    /// Promotes members that were this hot in both windows; `coldest` is how many of the coldest routes
    /// are left to fold for them, once they were looked for.
    fn promote_at(&mut self, shared: &Shared, heat: Heat, coldest: &mut Option<usize>) {
        let colder_by = if heat == Heat::Hot { 2 } else { 8 };
        for at in 0..self.candidates.now.len() {
            let Some(seen) = self.seen_twice(at).filter(|seen| seen.heat == heat) else { continue };
            let Found::Member(member) = shared.find(seen.route) else { continue };
            let done = if (self.live as usize) < self.layout.max_routes {
                self.promote(shared, member as u32, seen.ops)
            } else {
                self.fold_for(shared, member as u32, seen.ops / colder_by, coldest)
                    && self.promote(shared, member as u32, seen.ops)
            };
            if !done && heat == Heat::Hot {
                shared.board.add(Published::PromotionsRefused, 1);
            }
        }
    }

    /// Folds a cold route for a member, if the member can have a seat then: no route gives up its slot for
    /// nothing.
    fn fold_for(&mut self, shared: &Shared, member: u32, most: u64, coldest: &mut Option<usize>) -> bool {
        let place = self.place_of(member);
        let (Some(known), Some(bucket)) = (self.known(place), self.bucket_at(place)) else { return false };
        let inner = self.run(bucket).is_some_and(|run| run.first != place && run.last != place);
        let seat = self.free_seat != NONE || self.seat_it_had(shared, &known).is_some();
        if !seat || (inner && self.free_virtuals == 0) {
            return false;
        }
        let left = coldest.get_or_insert_with(|| self.find_coldest());
        self.fold_coldest(shared, left, most, place, inner)
    }

    fn has_seat(&self) -> bool {
        (self.live as usize) < self.layout.max_routes && self.free_seat != NONE
    }

    /// Gives members seats that nobody asks for, but for an eighth of them.
    fn promote_into_room(&mut self, shared: &Shared) {
        for at in 0..self.candidates.now.len() {
            if !self.has_room() {
                return;
            }
            let Some(seen) = self.seen_twice(at) else { continue };
            if let Found::Member(member) = shared.find(seen.route) {
                self.promote(shared, member as u32, seen.ops);
            }
        }
        for (_, bucket) in self.busiest() {
            self.thin(shared, bucket);
        }
    }

    fn has_room(&self) -> bool {
        self.live as usize + self.layout.max_routes.div_ceil(8) <= self.layout.max_routes && self.has_seat()
    }

    /// The buckets with the most operations in this window, the busiest first.
    fn busiest(&self) -> [(u64, u32); BUSIEST] {
        let mut busiest = [(0, NONE); BUSIEST];
        for (at, run) in self.runs.iter().enumerate().filter(|(_, run)| run.members > 1 && run.ops > 0) {
            let found = (run.ops, (self.layout.own_seats + at) as u32);
            let at = busiest.partition_point(|known| *known > found);
            if at < BUSIEST {
                busiest.copy_within(at..BUSIEST - 1, at + 1);
                busiest.get_mut(at).into_iter().for_each(|to| *to = found);
            }
        }
        busiest
    }

    /// Gives members at both edges of a bucket seats of their own, but leaves it one.
    fn thin(&mut self, shared: &Shared, bucket: u32) {
        for turn in 0..THINNED {
            let Some(&run) = self.run(bucket).filter(|run| run.members > 1 && self.has_room()) else { return };
            let place = if turn % 2 == 0 { run.first } else { run.last };
            let warmth = run.ops / u64::from(run.members);
            let Some(member) = self.member_at(place) else { return };
            if !self.promote(shared, member, warmth) {
                return;
            }
        }
    }

    /// Notes the coldest routes with seats of their own, the coldest last; returns how many.
    fn find_coldest(&mut self) -> usize {
        let Self { seats, candidates, layout, ordinal, .. } = self;
        let (coldest, mut len) = (&mut candidates.coldest, 0);
        for (seat, meta) in seats.iter().enumerate().take(layout.own_seats) {
            if meta.state != SeatState::Live || meta.seated + SETTLED > *ordinal {
                continue;
            }
            let found = (meta.warmth_at(*ordinal), seat as u32);
            let at = coldest.get(..len).map_or(0, |kept| kept.partition_point(|cold| *cold > found));
            if len < coldest.len() {
                coldest.copy_within(at..len, at + 1);
                len += 1;
                coldest.get_mut(at).into_iter().for_each(|to| *to = found);
            } else if at > 0 {
                coldest.copy_within(1..at, 0);
                coldest.get_mut(at - 1).into_iter().for_each(|to| *to = found);
            }
        }
        len
    }

    /// Folds the coldest route left, if one is no warmer than `most`, for the member at `place`, which has
    /// neighbours in its bucket on both sides if it is `inner`: a bucket to divide stays free for it.
    fn fold_coldest(&mut self, shared: &Shared, left: &mut usize, most: u64, place: u32, inner: bool) -> bool {
        while let Some(&(warmth, seat)) = left.checked_sub(1).and_then(|at| self.candidates.coldest.get(at)) {
            if warmth > most {
                return false;
            }
            *left -= 1;
            let live = self.seats.get(seat as usize).is_some_and(|meta| meta.state == SeatState::Live);
            let Some(known) = self.known(seat).filter(|_| live) else { continue };
            let sides = [known.previous, known.next];
            let opens = sides.iter().all(|side| self.bucket_at(*side).is_none());
            let divides = inner || sides.contains(&place);
            if self.free_virtuals >= u32::from(opens) + u32::from(divides) && self.fold(shared, seat) {
                return true;
            }
        }
        false
    }

    /// Keeps an eighth of the virtual buckets free, for members to be promoted and routes to come: makes
    /// one of two neighbours whose routes between are cold.
    fn keep_buckets_free(&mut self, shared: &Shared) {
        let reserve = self.layout.virtuals.div_ceil(8);
        let coming = (self.free_virtuals + self.draining_virtuals) as usize;
        let Some(wanted) = reserve.checked_sub(coming).filter(|wanted| *wanted > 0) else { return };
        let mut gaps = [(u64::MAX, NONE); MERGES];
        let mut warmth = 0u64;
        for meta in self.seats.iter().take(self.layout.own_seats).filter(|meta| meta.state == SeatState::Live) {
            warmth = warmth.saturating_add(meta.warmth_at(self.ordinal));
        }
        let mean = warmth / u64::from(self.live.max(1));
        for bucket in self.layout.own_seats as u32..self.layout.seats as u32 {
            let Some(gap) = self.gap_after(bucket).filter(|gap| *gap <= mean) else { continue };
            let at = gaps.partition_point(|known| *known < (gap, bucket));
            if at < MERGES {
                gaps.copy_within(at..MERGES - 1, at + 1);
                gaps.get_mut(at).into_iter().for_each(|to| *to = (gap, bucket));
            }
        }
        for (_, bucket) in gaps.into_iter().take(wanted.min(MERGES)).filter(|(_, bucket)| *bucket != NONE) {
            self.close_gap(shared, bucket);
        }
    }

    /// How warm the routes are between a bucket and the next; `None` where there is none near.
    fn gap_after(&self, bucket: u32) -> Option<u64> {
        let run = self.run(bucket).filter(|run| run.members > 0)?;
        let mut place = self.known(run.last)?.next;
        let mut warmth = 0u64;
        for _ in 0..=GAP {
            if self.bucket_at(place).is_some() {
                return Some(warmth);
            }
            warmth = warmth.saturating_add(self.seats.get(place as usize)?.warmth_at(self.ordinal));
            place = self.known(place)?.next;
        }
        None
    }

    /// Folds the routes between a bucket and the next, and makes the two one.
    fn close_gap(&mut self, shared: &Shared, bucket: u32) {
        for _ in 0..=GAP {
            let Some(run) = self.run(bucket).filter(|run| run.members > 0) else { return };
            let Some(next) = self.known(run.last).map(|known| known.next) else { return };
            match self.bucket_at(next) {
                Some(other) => return self.merge_runs(shared, bucket, other),
                None if !self.fold(shared, next) => return,
                None => {}
            }
        }
    }
}
