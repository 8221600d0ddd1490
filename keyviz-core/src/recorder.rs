//! A thread's own handle for observing.
//!
//! A recorder's counters only grow and have one writer: counting is a load and a store, no locked
//! instruction, nothing for flush to reset. Flush sums and takes differences. A recorder that found
//! all of `max_recorders` taken, or a page of it that found the pool empty, counts in a shared shard
//! instead, with `fetch_add`; that is counted too, and as exact.

#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::Deref;

use crate::key_samples::Operation;
use crate::label::Label;
use crate::limits::PAGE_SLOTS;
use crate::line::Line;
use crate::op::Op;
use crate::pages::PageEntry;
use crate::route::{RouteHandle, RouteId};
use crate::shared::{Shared, own};
use crate::sync::{AtomicCount, Count, HAS_CAS, Ordering, compiler_fence, narrow};
use crate::table::Found;

/// How often a member that moved is searched for again before its operation counts as unattributed.
const MAX_RETRIES: usize = 4;

/// Observes for one thread at a time: it can be sent to another thread, not shared with it.
///
/// Making and dropping one allocates nothing. What it has counted stays when it is dropped.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Op, RouteId, Sampler};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(7), b"a", Some(b"m"), 0)?;
/// let recorder = sampler.recorder();
/// recorder.observe(RouteId(7), Op::Write, b"apple", 100);
/// recorder.observe(RouteId(8), Op::Read, b"zebra", 0); // nobody registered 8: unattributed
/// sampler.flush(60_000);
/// let counters = sampler.reader().counters();
/// assert_eq!((counters.recorded.writes, counters.unattributed.reads), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `S` is how it reaches the shared half: [`Recorder`] counts references to it, [`FixedRecorder`] has a
/// static one.
///
/// - Panics: never; blocks and allocates never.
/// - Memory: none of its own. It claims pages out of `cell_bytes` as it touches routes, and leaves them, with
///   its place, to the next recorder.
/// - Threads: `Send`, not `Sync`. The first `max_recorders` at a time have cells of their own; further ones
///   count in shared shards, as exactly, which `recorders_refused` and `shared_ops` count.
/// - Cost: to make and drop one, a look at each place that is taken: 8 ns where none is, 43 ns where 63 are.
/// - Source: one writer a counter and one reader that sums, as in HdrHistogram's recorders.
///
/// See also [`Sampler::observe`](crate::Sampler::observe), which keeps a recorder for the calling thread.
pub struct RecorderOn<S: Deref<Target = Shared>> {
    pub(crate) shared: S,
    /// Its own line, and its directory's place: a recorder's, or a shared shard's.
    row: usize,
    pub(crate) directory: usize,
    /// The directory of the shard for what this recorder has no cells for.
    pub(crate) shard: usize,
    pub(crate) owned: bool,
    /// Has cells of its own, one for each route.
    pub(crate) straight: bool,
    /// Has cells of its own, and samples no keys.
    divided: bool,
    /// Has cells of its own, and samples keys.
    sampled: bool,
    /// The longest key that it samples.
    max_key_len: usize,
    pub(crate) k: usize,
    pub(crate) lanes: usize,
    not_sync: PhantomData<Cell<()>>,
}

/// Where a recorder counts a route.
pub(crate) enum Counted {
    /// In a seat of its own.
    Own(usize),
    /// In a virtual bucket's seat.
    Shared(usize),
    /// As unattributed.
    Nowhere(Found),
}

/// The recorder of a [`Sampler`](crate::Sampler) and of a [`Writer`](crate::Writer).
#[cfg(feature = "alloc")]
pub type Recorder = RecorderOn<Arc<Shared>>;

/// The recorder of a [`FixedWriter`](crate::FixedWriter).
pub type FixedRecorder = RecorderOn<&'static Shared>;

impl FixedRecorder {
    pub(crate) fn of(shared: &'static Shared) -> Option<Self> {
        let recorder = Self::new(shared);
        (recorder.owned || shared.layout.shards > 0).then_some(recorder)
    }
}

impl<S: Deref<Target = Shared>> RecorderOn<S> {
    pub(crate) fn new(shared: S) -> Self {
        let (recorders, shards) = (shared.layout.recorders, shared.layout.shards);
        let claimed = shared.claim_row();
        let shard = match claimed {
            Some(row) => row.checked_rem(shards).unwrap_or(0),
            None => {
                shared.busy.word(0).fetch_add(1, Ordering::Relaxed);
                (shared.busy.word(1).fetch_add(1, Ordering::Relaxed) as usize).checked_rem(shards).unwrap_or(0)
            }
        };
        let shard = recorders + shard;
        let (k, lanes) = (shared.layout.k, shared.layout.lanes);
        let (row, owned) = (claimed.unwrap_or(shard), claimed.is_some());
        if owned && !HAS_CAS {
            shared.pages.claim_all(&shared.layout, row);
        }
        let (directory, shard) = (shared.pages.directory(row), shared.pages.directory(shard));
        let sampled = owned && shared.layout.samples;
        // For ranges alone the first bytes of a key will do.
        let max_key_len = if shared.config.hot_keys { shared.layout.max_key_len } else { usize::MAX };
        if sampled {
            shared.key_samples.begin(row);
        }
        RecorderOn {
            shared,
            row,
            directory,
            shard,
            owned,
            straight: owned && k == 1 && lanes == 1,
            divided: owned && !sampled,
            sampled,
            max_key_len,
            k,
            lanes,
            not_sync: PhantomData,
        }
    }

    /// Counts one operation: 1 to the operation's count, `key.len() + value_len` to its bytes (modulo 2^64).
    ///
    /// `key` divides the route into sub-buckets when K is above 1; its bytes are not kept. A key outside of the
    /// route's bounds counts in the first or the last. An operation on a route that nobody registered is
    /// unattributed.
    ///
    /// Where several nodes are seen as one, each operation is observed on one of them: a write by its leader, a
    /// read by the node that serves it, a forwarded request by one of the two. Then sums over nodes are true.
    ///
    /// - Panics: never; blocks and allocates never, makes no system call.
    /// - Threads: what happened before a flush is in it; what happens beside it is in it or in a later one.
    /// - Cost: 4 ns for a hot route, 8 ns for zipf over 10 000 of them; 19 ns there with K = 16. A route in a
    ///   virtual bucket takes a second lookup.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(7), b"a", Some(b"m"), 0)?;
    /// let recorder = sampler.recorder();
    /// recorder.observe(RouteId(7), Op::Read, b"apple", 95);
    /// recorder.observe(RouteId(8), Op::Read, b"apple", 95); // nobody registered 8
    /// sampler.flush(60_000);
    /// let counters = sampler.reader().counters();
    /// assert_eq!((counters.recorded.reads, counters.recorded.read_bytes), (1, 100));
    /// assert_eq!(counters.unattributed.reads, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe(&self, route: RouteId, op: Op, key: &[u8], value_len: u64) {
        let shared = &*self.shared;
        let bytes = (key.len() as u64).wrapping_add(value_len);
        // The common cases in one straight line, everything else behind one call.
        if self.straight
            && let Some(seat) = shared.table.find_at_home(route.0, &shared.seats)
            && let Some((word, entry)) = self.count_known(seat, 0, 1, op, bytes)
        {
            return self.mark_and_sample(word, entry, seat, op, key);
        }
        self.observe_divided(route, op, key, bytes);
    }

    /// As [`mark`](Self::mark), and counts the operation on the way to the next one that is sampled, where keys are.
    #[inline(always)]
    pub(crate) fn mark_and_sample(&self, word: &AtomicCount, entry: PageEntry, cell: usize, op: Op, key: &[u8]) {
        self.mark(word, entry);
        if self.sampled {
            match self.unsampled(key) {
                Some((until, left)) => until.store(left, Ordering::Relaxed),
                None => self.sample_one(cell, op, key),
            }
        }
    }

    #[inline(never)]
    fn sample_one(&self, cell: usize, op: Op, key: &[u8]) {
        self.sample(cell, op, key, 1);
    }

    /// The straight line of routes with sub-buckets or labels.
    #[inline(never)]
    fn observe_divided(&self, route: RouteId, op: Op, key: &[u8], bytes: u64) {
        let shared = &*self.shared;
        if self.divided
            && let Some(seat) = shared.table.find_at_home(route.0, &shared.seats)
            && let Some(sub) = self.plain_sub_bucket(seat, key)
            && let Some((word, entry)) = self.count_known(seat * self.lanes, sub, self.k, op, bytes)
        {
            return self.mark(word, entry);
        }
        self.observe_sampled(route, op, key, bytes);
    }

    /// The straight line of recorders that sample keys, of routes with sub-buckets or labels.
    #[inline(never)]
    fn observe_sampled(&self, route: RouteId, op: Op, key: &[u8], bytes: u64) {
        let shared = &*self.shared;
        if self.sampled
            && let Some(seat) = shared.table.find_at_home(route.0, &shared.seats)
            && let Some(sub) = self.plain_sub_bucket(seat, key)
            && let Some((word, entry)) = self.count_known(seat * self.lanes, sub, self.k, op, bytes)
        {
            return self.mark_and_sample(word, entry, seat * self.lanes * self.k + sub, op, key);
        }
        self.observe_further(route, op, key, bytes);
    }

    /// The word that says how many operations are left until the next sample, and what stands there after one that is
    /// none; `None` for one that is, or that is skipped.
    #[inline(always)]
    pub(crate) fn unsampled(&self, key: &[u8]) -> Option<(&AtomicCount, Count)> {
        let until = self.shared.key_samples.left(self.row)?;
        let left = until.load(Ordering::Relaxed).checked_sub(1)?;
        (left > 0 && key.len() <= self.max_key_len).then_some((until, left))
    }

    /// Samples the key of an operation that was counted `times`, if its turn has come.
    fn sample(&self, cell: usize, op: Op, key: &[u8], times: u64) {
        let samples = &self.shared.key_samples;
        if key.len() > self.max_key_len {
            return samples.skip(self.row, times);
        }
        let key = key.get(..self.shared.layout.max_key_len).unwrap_or(key);
        samples.count(self.row, Operation { cell, op, key }, times);
    }

    #[inline(always)]
    fn plain_sub_bucket(&self, seat: usize, key: &[u8]) -> Option<usize> {
        if self.k == 1 { Some(0) } else { self.shared.seats.plain_sub_bucket(seat, key) }
    }

    /// What the straight lines leave over. Six arguments: one more would go through memory.
    #[inline(never)]
    fn observe_further(&self, route: RouteId, op: Op, key: &[u8], bytes: u64) {
        self.observe_any(route, Label::NONE, op, key, bytes, 1);
    }

    /// As [`observe`](Self::observe), for traffic of a labelled origin.
    ///
    /// Get the label once, with [`Sampler::label`](crate::Sampler::label). A label that is not configured counts
    /// unlabelled, and in `unknown_labels`; virtual buckets have no labels. Cost: some ns more than `observe`.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Labels, Op, RouteId, Sampler};
    /// let mut config = Config::default();
    /// config.labels = Labels::new(&["redis"])?;
    /// let sampler = Sampler::new(config, 0)?;
    /// sampler.register(RouteId(7), b"a", None, 0)?;
    /// let recorder = sampler.recorder();
    /// recorder.observe_labelled(RouteId(7), sampler.label("redis"), Op::Read, b"b", 0);
    /// recorder.observe_labelled(RouteId(7), sampler.label("s3"), Op::Read, b"b", 0); // not configured
    /// sampler.flush(60_000);
    /// let counters = sampler.reader().counters();
    /// assert_eq!((counters.recorded.reads, counters.unknown_labels), (2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe_labelled(&self, route: RouteId, label: Label, op: Op, key: &[u8], value_len: u64) {
        let bytes = (key.len() as u64).wrapping_add(value_len);
        self.observe_any(route, label, op, key, bytes, 1);
    }

    /// As [`observe`](Self::observe), for `times` operations alike; 0 counts nothing. Their bytes saturate at
    /// 2^64 - 1. Cost: that of one operation.
    pub fn observe_many(&self, route: RouteId, op: Op, key: &[u8], value_len: u64, times: u64) {
        let bytes = (key.len() as u64).saturating_add(value_len).saturating_mul(times);
        self.observe_any(route, Label::NONE, op, key, bytes, times);
    }

    /// As [`observe`](Self::observe), without the lookup while the handle is up to date: 3.0 instead of 3.6 ns
    /// for a hot route.
    ///
    /// A stale handle (its route was removed, folded or registered anew; it is another sampler's) is counted in
    /// `stale_handles`, looked up by its id and refreshed; so is one whose route was not yet registered when it was
    /// taken. A route in a virtual bucket is looked up each time.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(7), b"a", None, 0)?;
    /// let recorder = sampler.recorder();
    /// let mut handle = recorder.handle(RouteId(7));
    /// recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
    /// sampler.remove(RouteId(7));
    /// recorder.observe_handle(&mut handle, Op::Write, b"b", 0); // stale, and there is no 7 to find
    /// sampler.flush(60_000);
    /// let counters = sampler.reader().counters();
    /// assert_eq!((counters.recorded.writes, counters.unattributed.writes), (1, 1));
    /// assert_eq!(counters.stale_handles, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe_handle(&self, handle: &mut RouteHandle, op: Op, key: &[u8], value_len: u64) {
        let shared = &*self.shared;
        let bytes = (key.len() as u64).wrapping_add(value_len);
        let seat = handle.seat as usize;
        if self.straight
            && shared.seats.generation(seat) == Some(handle.generation)
            && let Some((word, entry)) = self.count_known(seat, 0, 1, op, bytes)
        {
            return self.mark_and_sample(word, entry, seat, op, key);
        }
        self.observe_handle_further(handle, op, key, bytes);
    }

    #[inline(never)]
    fn observe_handle_further(&self, handle: &mut RouteHandle, op: Op, key: &[u8], bytes: u64) {
        let seat = handle.seat as usize;
        if self.shared.seats.generation(seat) == Some(handle.generation) {
            return self.count(seat, Label::NONE, op, key, bytes, 1);
        }
        if *handle != RouteHandle::shared(handle.route) {
            self.add_own(own::STALE_HANDLES, 1);
        }
        *handle = self.handle(handle.route);
        self.observe_further(handle.route, op, key, bytes);
    }

    #[inline(never)]
    fn observe_any(&self, route: RouteId, label: Label, op: Op, key: &[u8], bytes: u64, times: u64) {
        match self.counted_in(route) {
            Counted::Own(seat) => self.count(seat, label, op, key, bytes, times),
            Counted::Shared(bucket) => self.count_member(route, bucket, label, Counting { op, key, bytes, times }),
            Counted::Nowhere(found) => self.unattributed(found, op, bytes, times),
        }
    }

    /// Where a route is counted.
    #[inline]
    pub(crate) fn counted_in(&self, route: RouteId) -> Counted {
        // A member that was promoted or removed between the two looks is searched for again.
        for _ in 0..=MAX_RETRIES {
            match self.shared.find(route.0) {
                Found::Seat(seat) => return Counted::Own(seat),
                Found::Member(member) => {
                    if let Some(bucket) = self.shared.members.bucket(member, route.0) {
                        return Counted::Shared(bucket);
                    }
                }
                found => return Counted::Nowhere(found),
            }
        }
        Counted::Nowhere(Found::GaveUp)
    }

    /// Counts one operation in a page that an owner of pages has, and gives the page's directory word;
    /// `None`, with nothing done, when it has none there.
    #[inline(always)]
    pub(crate) fn count_known(
        &self,
        slot: usize,
        sub: usize,
        k: usize,
        op: Op,
        bytes: u64,
    ) -> Option<(&AtomicCount, PageEntry)> {
        let pages = &self.shared.pages;
        let word = pages.entry_in(self.directory, slot / PAGE_SLOTS)?;
        let entry = PageEntry(word.load(Ordering::Relaxed));
        let (line, at) = pages.cell(entry.base()?, slot, sub, k)?;
        line.bump(at + op as usize, 1);
        line.bump(at + 2 + op as usize, bytes);
        Some((word, entry))
    }

    /// Notes in a page's directory word that the page changed in this epoch.
    #[inline(always)]
    pub(crate) fn mark(&self, word: &AtomicCount, entry: PageEntry) {
        // The epoch must not be read before the cell is stored, or flushes in between would look past
        // the cell for good.
        compiler_fence(Ordering::SeqCst);
        if entry.epoch() != self.shared.pages.epoch() {
            self.shared.pages.mark(word);
        }
    }

    /// A handle for a route, for [`observe_handle`](Self::observe_handle); for one that nobody registered, a
    /// handle that falls back to a lookup. Never panics, blocks or allocates. Cost: two lookups.
    #[must_use]
    pub fn handle(&self, route: RouteId) -> RouteHandle {
        handle(&self.shared, route)
    }

    /// Counts in a virtual bucket, and perhaps notes for which of its members.
    #[inline(never)]
    pub(crate) fn count_member(&self, route: RouteId, bucket: usize, label: Label, counting: Counting<'_>) {
        let Counting { op, key, bytes, times } = counting;
        if label != Label::NONE {
            // Buckets have no labels, but a name that is not configured is counted.
            let _ = self.lane(label);
        }
        let cell = self.shared.layout.cells_of(bucket).start;
        self.count_slot(cell / self.k, cell % self.k, op, bytes, times);
        if self.sampled {
            self.sample(cell, op, key, times);
        }
        if let Some(line) = self.shared.own.get(self.row) {
            let epoch = self.shared.pages.epoch();
            self.shared.id_samples.offer(line, self.row, epoch, route.0, times);
        }
    }

    pub(crate) fn count(&self, seat: usize, label: Label, op: Op, key: &[u8], bytes: u64, times: u64) {
        let shared = &*self.shared;
        let lane = if label == Label::NONE { 0 } else { self.lane(label) };
        let slot = seat * self.lanes + lane;
        let sub = if self.k == 1 { 0 } else { shared.seats.sub_bucket(seat, &shared.slab, key) };
        self.count_slot(slot, sub, op, bytes, times);
        if self.sampled {
            self.sample(slot * self.k + sub, op, key, times);
        }
    }

    #[inline]
    fn count_slot(&self, slot: usize, sub: usize, op: Op, bytes: u64, times: u64) {
        let shared = &*self.shared;
        let word = shared.pages.entry_in(self.directory, slot / PAGE_SLOTS);
        let Some(word) = word.filter(|_| self.owned) else {
            return self.count_shared(slot, sub, op, bytes, times);
        };
        let entry = PageEntry(word.load(Ordering::Relaxed));
        let Some(base) = entry.base().or_else(|| shared.pages.claim(word)) else {
            self.add_own(own::PAGES_REFUSED, times);
            return self.count_shared(slot, sub, op, bytes, times);
        };
        if let Some((line, at)) = shared.pages.cell(base, slot, sub, self.k) {
            line.bump(at + op as usize, times);
            line.bump(at + 2 + op as usize, bytes);
        }
        self.mark(word, entry);
    }

    #[inline(never)]
    fn count_shared(&self, slot: usize, sub: usize, op: Op, bytes: u64, times: u64) {
        let shared = &*self.shared;
        self.add_own(own::SHARED_OPS, times);
        let Some(word) = shared.pages.entry_in(self.shard, slot / PAGE_SLOTS) else { return };
        let entry = PageEntry(word.load(Ordering::Relaxed));
        let Some((line, at)) = entry.base().and_then(|base| shared.pages.cell(base, slot, sub, self.k)) else { return };
        line.word(at + op as usize).fetch_add(narrow(times), Ordering::Relaxed);
        line.word(at + 2 + op as usize).fetch_add(narrow(bytes), Ordering::Relaxed);
        self.mark(word, entry);
    }

    /// The slot of a label within its seat; an unknown label counts unlabelled.
    pub(crate) fn lane(&self, label: Label) -> usize {
        let lane = usize::from(label.0);
        if lane < self.lanes {
            return lane;
        }
        if self.lanes > 1 {
            self.add_own(own::UNKNOWN_LABELS, 1);
        }
        0
    }

    #[cold]
    pub(crate) fn unattributed(&self, found: Found, op: Op, bytes: u64, times: u64) {
        if found == Found::GaveUp {
            self.add_own(own::LOOKUP_GAVE_UP, times);
        }
        self.add_own(own::UNATTRIBUTED + op as usize, times);
        self.add_own(own::UNATTRIBUTED + 2 + op as usize, bytes);
    }

    #[inline]
    pub(crate) fn add_own(&self, word: usize, by: u64) {
        let Some(line): Option<&Line> = self.shared.own.get(self.row) else { return };
        if self.owned {
            line.bump(word, by);
        } else {
            line.word(word).fetch_add(narrow(by), Ordering::Relaxed);
        }
    }
}

#[cfg(feature = "std")]
impl Recorder {
    #[inline(always)]
    pub(crate) fn is_of(&self, shared: &Arc<Shared>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }
}

impl<S: Deref<Target = Shared>> Drop for RecorderOn<S> {
    fn drop(&mut self) {
        if self.owned {
            self.shared.release_row(self.row);
        }
    }
}

impl<S: Deref<Target = Shared>> core::fmt::Debug for RecorderOn<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Recorder").field("row", &self.row).field("owned", &self.owned).finish_non_exhaustive()
    }
}

/// What is counted of a member.
#[derive(Clone, Copy)]
pub(crate) struct Counting<'a> {
    pub(crate) op: Op,
    pub(crate) key: &'a [u8],
    pub(crate) bytes: u64,
    pub(crate) times: u64,
}

/// Looks up a route for a handle.
pub(crate) fn handle(shared: &Shared, route: RouteId) -> RouteHandle {
    let none = RouteHandle { route, seat: RouteHandle::NO_SEAT, generation: 0 };
    let seat = match shared.find(route.0) {
        Found::Seat(seat) => seat,
        Found::Member(_) => return RouteHandle::shared(route),
        _ => return none,
    };
    let Some(generation) = shared.seats.generation(seat) else { return none };
    // The generation must be that of the seat as this route's: it is raised before the id changes,
    // so an id that is still the same was this generation's.
    match shared.find(route.0) {
        Found::Seat(again) if again == seat && shared.seats.generation(seat) == Some(generation) => {
            RouteHandle { route, seat: seat as u32, generation }
        }
        _ => none,
    }
}
