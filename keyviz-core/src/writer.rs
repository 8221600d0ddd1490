//! The writing half: routes, terms, and what a flush needs to know. One owner at a time.
//!
//! The writer changes routes beside any number of recorders. Whatever arrives in a free seat is late:
//! it is drained into `unattributed` and counted, at each flush and once more just before the seat is
//! used again.

use crate::bounds::{BoundCounts, BoundRef};
use crate::changes::Changes;
use crate::column::{OpenColumn, Segment};
use crate::column_log::ColumnLog;
use crate::counters::Published;
use crate::descriptor::{Descriptor, DescriptorList, NONE};
use crate::event_sorts::EventSorts;
use crate::fold_columns::FoldSource;
use crate::groups::Groups;
use crate::hot_keys::HotKeysState;
use crate::layout::Layout;
use crate::limits::{BLOCK_BYTES, CELL_WORDS, PAGE_BYTES, PAGE_SLOTS, TALLY_WORDS};
use crate::members::Members;
use crate::memory::WriterPools;
use crate::op::Tally;
use crate::pages::PageEntry;
use crate::places::Spot;
use crate::pool::PoolMut;
use crate::promote::Candidates;
use crate::ranges::Ranges;
use crate::retire::Draining;
use crate::route::{RegisterError, Registered, RouteId};
use crate::routes::Order;
use crate::runs::Run;
use crate::scans::Scans;
use crate::seat::{SeatMeta, SeatState};
use crate::shared::{Shared, own};
use crate::sub_bucket::SubLayout;
use crate::sync::{Count, Ordering, wide};
use crate::table::Found;

/// The writing half.
pub(crate) struct State<'m> {
    pub(crate) layout: Layout,
    pub(crate) step_ms: u64,
    pub(crate) seats: PoolMut<'m, SeatMeta>,
    pub(crate) free_seat: u32,
    pub(crate) ended_seat: u32,
    pub(crate) live: u32,
    pub(crate) draining: Draining<'m>,
    /// Seats whose grace is over and whose column is not sealed.
    pub(crate) ended: u32,
    pub(crate) order: Order<'m>,
    pub(crate) members: Members<'m>,
    /// The members of each virtual bucket.
    pub(crate) runs: PoolMut<'m, Run>,
    pub(crate) free_virtual: u32,
    pub(crate) free_virtuals: u32,
    /// Seats of virtual buckets without members that are not free yet.
    pub(crate) draining_virtuals: u32,
    /// The id given to a virtual bucket last.
    pub(crate) bucket_id: u64,
    pub(crate) candidates: Candidates<'m>,
    pub(crate) groups: Groups<'m>,
    pub(crate) bounds: BoundCounts<'m>,
    /// Chunks of the bounds of all members and of all seats that are not free, each bound counted for itself.
    pub(crate) held_chunks: usize,
    pub(crate) descriptors: DescriptorList<'m>,
    /// The last value given to a descriptor's `since`.
    pub(crate) since: u64,
    /// Seats whose descriptor is out of date.
    pub(crate) pending: u32,
    pub(crate) log: ColumnLog<'m>,
    pub(crate) fold: PoolMut<'m, FoldSource>,
    /// Sum of each cell's shards at the last drain.
    pub(crate) baselines: PoolMut<'m, [Count; 4]>,
    /// What each cell has in the open column.
    pub(crate) open_cells: PoolMut<'m, [u64; 4]>,
    /// Pages of slots that have something in `open_cells`, or a parted seat.
    pub(crate) open_pages: PoolMut<'m, u64>,
    /// The same of scans.
    pub(crate) scans: Scans<'m>,
    /// The ranges of the core's own making.
    pub(crate) ranges: Ranges<'m>,
    /// One page of sums.
    pub(crate) scratch: PoolMut<'m, Count>,
    /// One sampled key.
    pub(crate) key_scratch: PoolMut<'m, u8>,
    pub(crate) hot_keys: HotKeysState<'m>,
    pub(crate) open: Option<OpenColumn>,
    /// Parts drained by a term change since the last flush; the next flush says to which window they
    /// belong.
    pub(crate) pending_parts: Segment,
    pub(crate) pending_recorded: Tally,
    pub(crate) pending_unattributed: Tally,
    pub(crate) unattributed_base: [Count; TALLY_WORDS],
    pub(crate) last_ms: u64,
    pub(crate) ordinal: u64,
    /// The window of the last sealed column.
    pub(crate) sealed_window: Option<u64>,
    pub(crate) changes: Changes,
    pub(crate) event_sorts: EventSorts,
}

impl<'m> State<'m> {
    /// A state for this memory; [`begin`](Self::begin) comes before anything else.
    // Nothing but its fields, so that it is made where it stays: it is over a kilobyte, and on a small machine's stack.
    pub(crate) fn new(shared: &Shared, pools: WriterPools<'m>, now_ms: u64) -> Self {
        let layout = shared.layout;
        State {
            layout,
            step_ms: shared.config.step_ms,
            seats: pools.seats,
            free_seat: 0,
            ended_seat: NONE,
            live: 0,
            draining: Draining::new(pools.draining),
            ended: 0,
            order: Order::new(pools.nodes),
            members: Members::new(pools.members),
            runs: pools.runs,
            free_virtual: if layout.virtuals > 0 { layout.own_seats as u32 } else { NONE },
            free_virtuals: layout.virtuals as u32,
            draining_virtuals: 0,
            bucket_id: 0,
            candidates: Candidates::new(pools.candidates),
            groups: Groups::new(pools.groups),
            bounds: BoundCounts::new(pools.chunk_refs),
            held_chunks: 0,
            descriptors: DescriptorList::new(pools.descriptors),
            since: 0,
            pending: 0,
            log: ColumnLog::new(&layout, &shared.history, pools.log),
            fold: pools.fold,
            baselines: pools.baselines,
            open_cells: pools.open_cells,
            open_pages: pools.open_pages,
            scans: Scans::new(pools.scans),
            ranges: Ranges::new(pools.ranges, &layout, shared.config.seed),
            scratch: pools.scratch,
            key_scratch: pools.key_scratch,
            hot_keys: HotKeysState::new(&layout, shared.config.seed, pools.sketches),
            open: None,
            pending_parts: Segment::EMPTY,
            pending_recorded: Tally::ZERO,
            pending_unattributed: Tally::ZERO,
            unattributed_base: [0; TALLY_WORDS],
            last_ms: now_ms,
            ordinal: 1,
            sealed_window: None,
            changes: Changes::default(),
            event_sorts: EventSorts::NONE,
        }
    }

    /// Begins, whatever stands in the memory.
    pub(crate) fn begin(&mut self, shared: &Shared) {
        shared.board.set(Published::StartedMs, self.last_ms);
        shared.board.set(Published::LastFlushMs, self.last_ms);
        for (i, seat) in self.seats.iter_mut().enumerate() {
            *seat = SeatMeta::free(next_free(&self.layout, i));
        }
        self.runs.fill(Run::EMPTY);
        if shared.config.prefault {
            self.prefault();
        }
        if self.layout.ranges > 0 {
            self.begin_ranges(shared);
        }
    }

    /// Touches every page of memory that begins as zeros.
    fn prefault(&mut self) {
        // Opaque to the compiler, or it could take the stores for ones of what is there already.
        for cell in self.baselines.iter_mut().step_by(PAGE_BYTES / 32) {
            *cell = core::hint::black_box([0; 4]);
        }
        for cell in self.open_cells.iter_mut().step_by(PAGE_BYTES / 32) {
            *cell = core::hint::black_box([0; 4]);
        }
    }

    pub(crate) fn meta(&mut self, seat: u32) -> Option<&mut SeatMeta> {
        self.seats.get_mut(seat as usize)
    }

    /// The newest column that could refer to a descriptor used now.
    pub(crate) fn last_column(&self) -> u64 {
        // Counts drained since the last flush may go to the column after the open one.
        self.ordinal + 1
    }

    /// Gives a route a seat; see [`Sampler::register`](crate::Sampler::register).
    pub(crate) fn register(
        &mut self,
        shared: &Shared,
        route: RouteId,
        start: &[u8],
        end: Option<&[u8]>,
        group: u64,
    ) -> Result<Registered, RegisterError> {
        let registered = self.try_register(shared, Fresh { route, start, end: end.filter(|e| !e.is_empty()), group });
        if registered.is_err() {
            shared.board.add(Published::RegisterRefused, 1);
        }
        self.publish_counts(shared);
        registered
    }

    /// Tells readers what changed outside of the columns.
    pub(crate) fn publish_counts(&mut self, shared: &Shared) {
        let board = &shared.board;
        board.set(Published::Routes, u64::from(self.live + self.members.len));
        board.set(Published::Members, u64::from(self.members.len));
        let free = self.free_virtuals + self.draining_virtuals;
        board.set(Published::VirtualBuckets, self.layout.virtuals as u64 - u64::from(free));
        board.set(Published::Draining, u64::from(self.draining.len + self.ended - self.draining_virtuals));
        board.set(Published::BoundBytesUsed, self.bounds.used() as u64 * 32);
        let used = self.log.blocks_used(&shared.history) * BLOCK_BYTES;
        board.set(Published::HistoryBytesUsed, used as u64);
        let evicted = core::mem::take(&mut self.log.evicted);
        board.add(Published::ColumnsEvicted, evicted.columns);
        board.add_tally(Published::Evicted, evicted.recorded);
    }

    pub(crate) fn full(&self) -> RegisterError {
        RegisterError::Full { routes: self.live + self.members.len, draining: self.draining.len + self.ended }
    }

    fn try_register(&mut self, shared: &Shared, fresh: Fresh<'_>) -> Result<Registered, RegisterError> {
        match shared.find(fresh.route.0) {
            Found::Seat(_) => return Ok(Registered { own_slot: true }),
            Found::Member(_) => return Ok(Registered { own_slot: false }),
            Found::Unknown | Found::GaveUp => {}
        }
        self.check_bounds(&fresh)?;
        if (self.live + self.members.len) as usize >= self.layout.known {
            return Err(self.full());
        }
        let spot = self.spot(shared, fresh.route.0, fresh.start);
        let own_slot = self.takes_own_seat(shared, &fresh, spot)?;
        if !own_slot {
            self.register_member(shared, fresh, spot)?;
        }
        Ok(Registered { own_slot })
    }

    /// Whether bounds can be a route's at all.
    pub(crate) fn check_bounds(&self, fresh: &Fresh<'_>) -> Result<(), RegisterError> {
        if fresh.end.is_some_and(|end| end <= fresh.start) {
            return Err(RegisterError::EmptyRange);
        }
        let max = self.layout.max_bound_len;
        match [fresh.start.len(), fresh.end.map_or(0, <[u8]>::len)].into_iter().find(|len| *len > max) {
            Some(len) => Err(RegisterError::BoundTooLong { len, max }),
            None => Ok(()),
        }
    }

    /// Makes room for so many chunks of bounds, if need be at the cost of the oldest columns; `false` when
    /// there is none.
    pub(crate) fn make_bounds(&mut self, shared: &Shared, chunks: usize) -> bool {
        // Columns go only where that is sure to help: what routes hold is counted without what they
        // share, so what is left is the history's.
        let helps = self.layout.chunks.saturating_sub(self.held_chunks) >= chunks;
        while !self.bounds.has(chunks) {
            if !self.reclaim(shared, helps) {
                return false;
            }
        }
        true
    }

    /// Gives a new route a seat of its own, if there is one for it. A route in the midst of a virtual
    /// bucket joins that: a seat there would divide the bucket, and a hot route gets one by its heat.
    fn takes_own_seat(&mut self, shared: &Shared, fresh: &Fresh<'_>, spot: Spot) -> Result<bool, RegisterError> {
        let inside = self.bucket_at(spot.before).is_some_and(|bucket| self.bucket_at(spot.after) == Some(bucket));
        if inside || self.live as usize >= self.layout.max_routes {
            return Ok(false);
        }
        let slab = &shared.slab;
        let same = |start, end| {
            slab.compare(fresh.end.unwrap_or(&[]), end).is_eq() && slab.compare(fresh.start, start).is_eq()
        };
        if let Some(seat) = self.revivable(fresh.route.0, fresh.group, same) {
            self.revive(shared, seat, spot);
            return Ok(true);
        }
        let seat = self.free_seat;
        if seat == NONE {
            return Ok(false);
        }
        let (start, end) = self.take_bounds(shared, fresh, spot)?;
        let term = self.groups.get(fresh.group).map_or(0, |g| g.term);
        self.since += 1;
        let (route, group, since) = (fresh.route.0, fresh.group, self.since);
        let to = Descriptor { route, group, term, start, end, serial: 0, since, members: 0 };
        let Some(descriptor) = self.take_descriptor(shared, to, seat) else {
            self.bounds.release(slab, start);
            self.bounds.release(slab, end);
            return Err(self.full());
        };
        self.drain_late(shared, seat);
        let layout = SubLayout::new(fresh.start, fresh.end, self.layout.k as u32);
        self.fill_seat(shared, seat, to, descriptor, &layout);
        self.enter(shared, seat, spot);
        shared.seats.raise_generation(seat as usize);
        shared.table.insert(route, seat as usize);
        self.live += 1;
        Ok(true)
    }

    /// Fills a free seat that no entry names yet.
    pub(crate) fn fill_seat(
        &mut self,
        shared: &Shared,
        seat: u32,
        to: Descriptor,
        descriptor: u32,
        layout: &SubLayout,
    ) {
        let ordinal = self.ordinal;
        let Some(meta) = self.seats.get_mut(seat as usize) else { return };
        self.free_seat = meta.next;
        meta.state = SeatState::Live;
        (meta.descriptor, meta.described, meta.pending) = (descriptor, false, false);
        (meta.parted, meta.mark) = (false, NONE);
        (meta.warmth, meta.warm_at, meta.seated) = (0, ordinal, ordinal);
        (meta.route, meta.group, meta.start, meta.end) = (to.route, to.group, to.start, to.end);
        (meta.next, meta.previous) = (NONE, NONE);
        self.held_chunks += self.chunks_of(shared, to.start, to.end);
        shared.seats.fill(seat as usize, to.route, layout, &shared.slab, to.start);
        self.join_group(shared, seat, to.group);
    }

    fn revive(&mut self, shared: &Shared, seat: u32, spot: Spot) {
        self.draining.remove(&mut self.seats, seat);
        self.stand_again(shared, seat);
        let Some(meta) = self.meta(seat) else { return };
        meta.state = SeatState::Live;
        let route = meta.route;
        shared.seats.raise_generation(seat as usize);
        self.enter(shared, seat, spot);
        shared.table.insert(route, seat as usize);
        self.live += 1;
    }

    /// The bounds of a seat's descriptor are the route's latest again.
    pub(crate) fn stand_again(&mut self, shared: &Shared, seat: u32) {
        self.since += 1;
        let (since, ordinal) = (self.since, self.ordinal);
        let Some(meta) = self.meta(seat) else { return };
        (meta.next, meta.previous) = (NONE, NONE);
        meta.seated = ordinal;
        shared.descriptors.set_since(meta.descriptor, since);
    }

    /// How the range between two bounds divides.
    pub(crate) fn sub_layout(&self, shared: &Shared, start: BoundRef, end: BoundRef) -> SubLayout {
        SubLayout::between(&shared.slab, start, end, self.layout.k as u32)
    }

    /// Bounds for a new route, shared with its neighbours where they are the same.
    pub(crate) fn take_bounds(
        &mut self,
        shared: &Shared,
        fresh: &Fresh<'_>,
        spot: Spot,
    ) -> Result<(BoundRef, BoundRef), RegisterError> {
        let &Fresh { start, end, .. } = fresh;
        let known = [spot.before, spot.after].map(|place| self.known(place).map(|k| (k.start, k.end)));
        let overlaps_before = known[0].is_some_and(|(_, e)| e.is_none() || shared.slab.compare(start, e).is_lt());
        let overlaps_after = known[1].is_some_and(|(s, _)| end.is_none_or(|end| shared.slab.compare(end, s).is_gt()));

        let shared_ref = |bytes: &[u8]| {
            let candidates = known.iter().flatten().flat_map(|&(s, e)| [s, e]).filter(|b| !b.is_none());
            candidates.into_iter().find(|b| shared.slab.compare(bytes, *b).is_eq())
        };
        let end_bytes = end.unwrap_or(&[]);
        let (start_known, end_known) = (shared_ref(start), shared_ref(end_bytes));
        let missing = |known: Option<BoundRef>, len| if known.is_some() { 0 } else { BoundCounts::chunks_for(len) };
        let chunks = missing(start_known, start.len()) + missing(end_known, end_bytes.len());
        if !self.make_bounds(shared, chunks) {
            return Err(RegisterError::BoundsFull);
        }
        // Retained before anything is inserted, so that neither can go meanwhile.
        for bound in [start_known, end_known].into_iter().flatten() {
            self.bounds.retain(bound);
        }
        let mut take = |known: Option<BoundRef>, bytes: &[u8]| match known {
            Some(bound) => Ok(bound),
            None => self.bounds.insert(&shared.slab, bytes).ok_or(RegisterError::BoundsFull),
        };
        let refs = (take(start_known, start)?, take(end_known, end_bytes)?);
        if overlaps_before || overlaps_after {
            shared.board.add(Published::OverlappingRoutes, 1);
        }
        Ok(refs)
    }

    /// A descriptor for a seat, if need be at the cost of the oldest columns.
    pub(crate) fn take_descriptor(&mut self, shared: &Shared, to: Descriptor, seat: u32) -> Option<u32> {
        loop {
            let taken = self.descriptors.insert(&shared.descriptors, to, seat);
            if taken.is_some() || !self.reclaim(shared, true) {
                return taken;
            }
        }
    }

    /// Makes room for so many descriptors, if need be at the cost of the oldest columns; `false` when there
    /// is none.
    pub(crate) fn make_descriptors(&mut self, shared: &Shared, count: usize) -> bool {
        while !self.descriptors.has(count) {
            if !self.reclaim(shared, true) {
                return false;
            }
        }
        true
    }

    /// Frees the longest retired descriptor, with its hold on bounds. With `evict`, lets the oldest
    /// column go where one stands in the way; `false` when nothing was freed and nothing went.
    pub(crate) fn reclaim(&mut self, shared: &Shared, evict: bool) -> bool {
        let oldest = self.log.oldest(&shared.history, self.ordinal);
        let Self { descriptors, bounds, log, ordinal, .. } = self;
        if descriptors.reclaim_one(&shared.descriptors, &shared.slab, bounds, oldest) {
            return true;
        }
        // What the open column and the next may refer to is not freed by letting sealed ones go.
        let held_by_sealed = descriptors.first_retired_until().is_some_and(|until| until < *ordinal);
        evict && held_by_sealed && log.evict_oldest(&shared.history)
    }

    /// Takes a route out; see [`Sampler::remove`](crate::Sampler::remove).
    pub(crate) fn remove(&mut self, shared: &Shared, route: RouteId) -> bool {
        let found = match shared.find(route.0) {
            Found::Seat(found) => found,
            Found::Member(member) => {
                self.remove_member(shared, member as u32);
                self.publish_counts(shared);
                return true;
            }
            _ => return false,
        };
        let seat = found as u32;
        shared.table.remove(route.0, &shared.seats);
        shared.seats.raise_generation(found);
        self.leave(shared, seat);
        if let Some(meta) = self.meta(seat) {
            meta.state = SeatState::Draining;
        }
        self.draining.push(&mut self.seats, seat);
        self.live -= 1;
        self.publish_counts(shared);
        true
    }

    /// The grace of a seat is over.
    pub(crate) fn end_grace(&mut self, seat: u32) {
        self.draining.remove(&mut self.seats, seat);
        let ended = self.ended_seat;
        if let Some(meta) = self.meta(seat) {
            meta.state = SeatState::Ended;
            meta.next = ended;
        }
        self.ended_seat = seat;
        self.ended += 1;
    }

    /// The open column is sealed: ended seats are free.
    pub(crate) fn free_ended(&mut self, shared: &Shared) {
        let last_column = self.last_column();
        while self.ended_seat != NONE {
            let seat = self.ended_seat;
            self.leave_group(seat);
            let (free, free_virtual, is_virtual) = (self.free_seat, self.free_virtual, self.layout.is_virtual(seat));
            let Some(meta) = self.meta(seat) else { return };
            let next = meta.next;
            let descriptor = core::mem::replace(&mut meta.descriptor, NONE);
            let (start, end) = (meta.start, meta.end);
            let pending = core::mem::replace(&mut meta.pending, false);
            meta.state = SeatState::Free;
            meta.next = if is_virtual { free_virtual } else { free };
            if is_virtual {
                self.free_virtual = seat;
                self.free_virtuals += 1;
                self.draining_virtuals -= 1;
            } else {
                self.free_seat = seat;
            }
            let chunks = self.chunks_of(shared, start, end);
            self.pending -= u32::from(pending);
            self.held_chunks -= chunks;
            self.ended_seat = next;
            self.ended -= 1;
            self.descriptors.retire(descriptor, last_column);
        }
    }

    /// What arrived in a free seat after its last flush goes to `unattributed`.
    pub(crate) fn drain_late(&mut self, shared: &Shared, seat: u32) {
        for cell in self.layout.cells_of(seat as usize) {
            let late = drain_cell(shared, &self.layout, &mut self.baselines, &mut self.scans, cell);
            if !late.is_zero() {
                self.pending_unattributed.add(late);
                shared.board.add(Published::LateAfterGrace, late.reads.saturating_add(late.writes));
            }
        }
    }

    pub(crate) fn chunks_of(&self, shared: &Shared, start: BoundRef, end: BoundRef) -> usize {
        BoundCounts::chunks_for(shared.slab.len(start)) + BoundCounts::chunks_for(shared.slab.len(end))
    }

    /// Sums the recorders' own words of unattributed operations; returns what is new.
    pub(crate) fn drain_unattributed(&mut self, shared: &Shared) -> Tally {
        let mut delta = [0; TALLY_WORDS];
        for (i, (base, delta)) in self.unattributed_base.iter_mut().zip(&mut delta).enumerate() {
            let sum = shared.own_sum(if i < CELL_WORDS { own::UNATTRIBUTED + i } else { own::UNATTRIBUTED_SCANS });
            *delta = wide(sum.wrapping_sub(core::mem::replace(base, sum)));
        }
        let mut unattributed = Tally::from_words(delta);
        unattributed.add(core::mem::take(&mut self.pending_unattributed));
        unattributed
    }
}

/// A route to be registered.
#[derive(Clone, Copy)]
pub(crate) struct Fresh<'a> {
    pub(crate) route: RouteId,
    pub(crate) start: &'a [u8],
    pub(crate) end: Option<&'a [u8]>,
    pub(crate) group: u64,
}

/// The next free seat of the same kind, before any is taken.
fn next_free(layout: &Layout, seat: usize) -> u32 {
    let next = seat + 1;
    if next == layout.own_seats || next >= layout.seats { NONE } else { next as u32 }
}

/// The wrapping difference of one cell's sum to its baseline, which it becomes.
pub(crate) fn drain_cell(
    shared: &Shared,
    layout: &Layout,
    baselines: &mut [[Count; 4]],
    scans: &mut Scans<'_>,
    number: usize,
) -> Tally {
    let (slot, sub) = (number / layout.k, number % layout.k);
    let mut sum: [Count; 4] = [0; 4];
    for row in 0..layout.directory_rows() {
        let Some(entry) = shared.pages.entry(row, slot / PAGE_SLOTS) else { continue };
        let Some(base) = PageEntry(entry.load(Ordering::Acquire)).base() else { continue };
        let Some((line, at)) = shared.pages.cell(base, slot, sub, layout.k) else { continue };
        for (i, sum) in sum.iter_mut().enumerate() {
            *sum = sum.wrapping_add(line.word(at + i).load(Ordering::Relaxed));
        }
    }
    let Some(baseline) = baselines.get_mut(number) else { return Tally::ZERO };
    let was = core::mem::replace(baseline, sum);
    let mut delta = [0; 4];
    for ((delta, now), was) in delta.iter_mut().zip(sum).zip(was) {
        *delta = wide(now.wrapping_sub(was));
    }
    Tally::of_cell(delta, scans.drain(shared, layout, number))
}
