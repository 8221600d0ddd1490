//! The two halves of a sampler, for hosts that own the writing one themselves.
//!
//! `Shared` is atomics only; recorders and readers hold it. [`Writer`] has everything that changes
//! under `&mut`: whoever flushes owns it. With an operating system, [`Sampler`](crate::Sampler) puts
//! a lock around it.

#[cfg(feature = "alloc")]
use alloc::sync::Arc;
#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::ops::Deref;

#[cfg(feature = "alloc")]
use crate::config::Config;
#[cfg(feature = "alloc")]
use crate::config_error::ConfigError;
use crate::counters::{Counters, Published};
use crate::event::{EventInPlace, EventKind};
use crate::label::Label;
#[cfg(feature = "alloc")]
use crate::layout::Layout;
#[cfg(feature = "alloc")]
use crate::memory::WriterPools;
#[cfg(feature = "alloc")]
use crate::pool::Heap;
#[cfg(feature = "alloc")]
use crate::reader::Reader;
#[cfg(feature = "alloc")]
use crate::recorder::Recorder;
use crate::recorder::handle;
use crate::reshape::{NewRoute, ReshapeError};
#[cfg(feature = "alloc")]
use crate::restore::{RestoreError, Restored};
use crate::route::{RegisterError, Registered, RouteHandle, RouteId};
use crate::shared::Shared;
#[cfg(feature = "alloc")]
use crate::snapshot::Snapshot;
#[cfg(feature = "alloc")]
use crate::sub_bucket::SubLayout;
#[cfg(feature = "alloc")]
use crate::table::Found;
use crate::writer::State;

/// Bytes of an `Arc` with its two counts.
#[cfg(feature = "alloc")]
pub(crate) const fn arc_bytes<T>() -> usize {
    (2 * size_of::<usize>()).next_multiple_of(align_of::<T>()) + size_of::<T>()
}

/// Bytes of the halves that do not depend on the configuration.
#[cfg(feature = "alloc")]
pub(crate) const FIXED_BYTES: usize = arc_bytes::<Shared>();

/// The writing half of a sampler: routes, terms, flush. One owner.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Op, RouteId, Writer};
/// let mut writer = Writer::new(Config::default(), 0)?;
/// writer.register(RouteId(1), b"a", Some(b"m"), 0)?;
/// let recorder = writer.recorder();
/// recorder.observe(RouteId(1), Op::Read, b"apple", 0);
/// writer.flush(60_000);
/// assert_eq!(writer.reader().counters().recorded.reads, 1);
///
/// assert!(writer.register(RouteId(2), b"z", Some(b"a"), 0).is_err()); // holds no key
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `S` is how it reaches the shared half, and `'m` how long its own memory is lent: [`Writer`] has both
/// from the allocator, [`FixedWriter`](crate::FixedWriter) from the host.
///
/// - Panics: never. Memory: [`Config::memory_bytes`], all of it taken by [`new`](Writer::new), or lent.
/// - Threads: `Send`; whoever flushes owns it. Recorders and readers work beside it and never wait for it, nor
///   it for them.
///
/// See also [`Sampler`](crate::Sampler), which puts a lock around one.
pub struct WriterOn<'m, S: Deref<Target = Shared>> {
    pub(crate) shared: S,
    pub(crate) state: State<'m>,
}

/// The writing half in memory from the allocator.
#[cfg(feature = "alloc")]
pub type Writer = WriterOn<'static, Arc<Shared>>;

/// The shared half where it stays; out of line, so that the stack need not hold it beside the writing half.
#[cfg(feature = "alloc")]
#[inline(never)]
fn take_shared(config: Config, layout: Layout) -> Result<Arc<Shared>, ConfigError> {
    Shared::take::<Heap>(config, layout).map(Arc::new)
}

#[cfg(feature = "alloc")]
impl Writer {
    /// Takes the memory that [`Config::memory_bytes`] tells and starts at `now_ms` (Unix
    /// milliseconds).
    ///
    /// # Errors
    /// [`ConfigError`] names the field and what to do; nothing is kept then.
    ///
    /// Panics: never. Cost: linear in the memory; 90 ms for the defaults, 50 ms without `prefault`.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, ConfigError, Writer};
    /// let mut config = Config::default();
    /// let told = config.memory_bytes()?;
    /// assert_eq!(Writer::new(config.clone(), 0)?.reader().counters().memory_bytes, told as u64);
    ///
    /// config.step_ms = 1;
    /// assert!(matches!(Writer::new(config, 0), Err(ConfigError::OutOfRange { field: "step_ms", .. })));
    /// # Ok::<(), keyviz_core::ConfigError>(())
    /// ```
    pub fn new(config: Config, now_ms: u64) -> Result<Writer, ConfigError> {
        let layout = Layout::new(&config)?;
        let pools = WriterPools::take::<Heap>(&layout)?;
        // Last, since its own block is the only one that the allocator cannot refuse without an abort.
        let shared = take_shared(config, layout)?;
        shared.begin();
        let mut state = State::new(&shared, pools, now_ms);
        state.begin(&shared);
        shared.board.set(Published::MemoryBytes, layout.memory_bytes() as u64);
        Ok(Writer { shared, state })
    }

    /// A recorder for one thread at a time; see [`Recorder`]. Never refused: without a place of its own it counts
    /// in the shared shards.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        Recorder::new(Arc::clone(&self.shared))
    }

    /// A reader of this sampler; see [`Reader`]. It may outlive the writer: then it shows what was flushed last.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { shared: Arc::clone(&self.shared) }
    }
}

impl<S: Deref<Target = Shared>> WriterOn<'_, S> {
    /// Tells which range a route covers and which group owns it (0: none). An empty `end` means
    /// unbounded, as `None`.
    ///
    /// Registering an id that is registered changes nothing; its bounds and group are ignored. An id
    /// removed a moment ago goes on in its old slot if bounds and group are the same, else it gets a
    /// fresh one, and the old one drains under its old bounds.
    ///
    /// A route beyond `max_routes` shares the slot of a virtual bucket with its neighbours, and so does
    /// one that is registered between two that share one; hot ones get slots of their own in time. Its
    /// operations are counted as exactly, but shown together with its neighbours'.
    ///
    /// Cost: O(log routes), about a microsecond. Where ranges in virtual buckets overlap, linear in the bucket's
    /// routes; where all `max_virtual` buckets are in use and none is beside the route, linear in the routes up to
    /// the nearest, which fold. Recorders and readers are not disturbed.
    ///
    /// # Errors
    /// With nothing changed; operations of the route then count as unattributed.
    /// - [`EmptyRange`](RegisterError::EmptyRange): `end` is not above `start`.
    /// - [`BoundTooLong`](RegisterError::BoundTooLong): a bound exceeds `max_bound_len`.
    /// - [`AutoRanges`](RegisterError::AutoRanges): the core makes the ranges itself.
    /// - [`Full`](RegisterError::Full): `max_known_routes` routes are registered. Without virtual buckets:
    ///   `max_routes` are; or as many removed ones as `max_draining` are not free yet, which takes a grace and
    ///   the next sealed column.
    /// - [`BoundsFull`](RegisterError::BoundsFull): routes hold all of `bound_bytes`. (Bounds that only
    ///   the history holds make room, with the oldest columns, which is counted.)
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, RegisterError, RouteId, Writer};
    /// let mut config = Config::default();
    /// config.max_bound_len = 8;
    /// let mut sampler = Writer::new(config, 0)?;
    /// assert!(sampler.register(RouteId(1), b"a", Some(b"m"), 0)?.own_slot);
    /// assert!(sampler.register(RouteId(1), b"x", None, 9)?.own_slot); // registered already: nothing changes
    ///
    /// let refused = sampler.register(RouteId(2), b"z", Some(b"m"), 0);
    /// assert_eq!(refused, Err(RegisterError::EmptyRange));
    /// let refused = sampler.register(RouteId(2), b"much too long", None, 0);
    /// assert_eq!(refused, Err(RegisterError::BoundTooLong { len: 13, max: 8 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register(
        &mut self,
        route: RouteId,
        start: &[u8],
        end: Option<&[u8]>,
        group: u64,
    ) -> Result<Registered, RegisterError> {
        if self.state.layout.ranges > 0 {
            self.shared.board.add(Published::RegisterRefused, 1);
            return Err(RegisterError::AutoRanges);
        }
        self.state.register(&self.shared, route, start, end, group)
    }

    /// Forgets a route; `false` when nobody registered it.
    ///
    /// Later observations of it are unattributed. What was observed before is drained for a grace of
    /// max(2 steps, 5 s) and at least two further flushes; rows of that time say `draining`.
    ///
    /// Never panics. Memory: none is freed; the slot is used again after the grace and the next sealed column.
    /// Cost: O(log routes), about a microsecond; of a route in a virtual bucket whose ranges overlap, linear in the
    /// bucket's routes.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, RouteId, Writer};
    /// let mut sampler = Writer::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"a", None, 0)?;
    /// assert!(sampler.remove(RouteId(1)));
    /// assert!(!sampler.remove(RouteId(1))); // it is gone
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&mut self, route: RouteId) -> bool {
        self.state.layout.ranges == 0 && self.state.remove(&self.shared, route)
    }

    /// Splits a route: `parent` goes as by [`remove`](Self::remove), its parts come as by
    /// [`register`](Self::register), and the lineage is remembered. One part may keep the parent's id.
    ///
    /// Operations that name the parent later are unattributed, but for those in flight, which drain into
    /// the parent; so tell the parts' owners first, or keep its id for one part. The parts need not cover
    /// the parent. Cost: that of the registrations.
    ///
    /// # Errors
    /// [`ReshapeError`] names the route and why, with nothing changed.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, NewRoute, RouteId, Writer};
    /// let mut owner = Writer::new(Config::default(), 0)?;
    /// owner.register(RouteId(1), b"a", Some(b"z"), 0)?;
    /// let left = NewRoute { route: RouteId(1), start: b"a", end: Some(b"m"), group: 0 };
    /// let right = NewRoute { route: RouteId(2), start: b"m", end: Some(b"z"), group: 0 };
    /// owner.split_route(RouteId(1), &[left, right])?;
    /// assert_eq!(owner.reader().lineage().len(), 2);
    /// assert!(owner.split_route(RouteId(7), &[right]).is_err()); // nobody registered 7
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn split_route(&mut self, parent: RouteId, children: &[NewRoute<'_>]) -> Result<(), ReshapeError> {
        self.reshape(&[parent], children)
    }

    /// Merges routes: `parents` go and `child` comes in their place, as by
    /// [`split_route`](Self::split_route). It may have the id of one of them.
    ///
    /// # Errors
    /// As [`split_route`](Self::split_route).
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, NewRoute, RouteId, Writer};
    /// let mut writer = Writer::new(Config::default(), 0)?;
    /// writer.register(RouteId(1), b"a", Some(b"m"), 0)?;
    /// writer.register(RouteId(2), b"m", Some(b"z"), 0)?;
    /// let whole = NewRoute { route: RouteId(1), start: b"a", end: Some(b"z"), group: 0 };
    /// writer.merge_routes(&[RouteId(1), RouteId(2)], &whole)?;
    /// assert_eq!(writer.counters().routes, 1);
    /// assert!(writer.merge_routes(&[RouteId(2)], &whole).is_err()); // 2 is gone
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge_routes(&mut self, parents: &[RouteId], child: &NewRoute<'_>) -> Result<(), ReshapeError> {
        self.reshape(parents, core::slice::from_ref(child))
    }

    fn reshape(&mut self, parents: &[RouteId], children: &[NewRoute<'_>]) -> Result<(), ReshapeError> {
        if self.state.layout.ranges > 0 {
            let route = children.first().map_or(RouteId(0), |child| child.route);
            return Err(ReshapeError::Child { route, error: RegisterError::AutoRanges });
        }
        self.state.reshape(&self.shared, parents, children)
    }

    /// Publishes a group's leader term. Group 0 takes none; term 0 is unknown.
    ///
    /// What was counted under a known earlier term is set apart first, so no count is shown under a
    /// term it was not made in (where that has no room, `terms_unsplit` counts it). A term may be
    /// published before the group has routes; of groups without routes, as many are remembered as
    /// there may be routes. Cost: linear in the cells of the group's routes.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Writer};
    /// let mut writer = Writer::new(Config::default(), 0)?;
    /// writer.set_term(5, 1);
    /// writer.register(RouteId(1), b"a", None, 5)?;
    /// writer.recorder().observe(RouteId(1), Op::Write, b"b", 0);
    /// writer.flush(30_000);
    /// writer.set_term(5, 2); // what was counted stays under term 1
    /// writer.flush(60_000);
    /// let mut terms = Vec::new();
    /// writer.reader().for_each_cell(0, 0, true, |_, cell| terms.push((cell.term, cell.counts.writes)));
    /// assert!(terms.contains(&(1, 1)));
    ///
    /// writer.set_term(0, 9); // there is no group 0: ignored
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_term(&mut self, group: u64, term: u64) {
        self.state.set_term(&self.shared, group, term);
    }

    /// Remembers that something happened at `now_ms` (Unix milliseconds; a later one than the year 9999 has counts as
    /// its end), to be shown beside the counts.
    ///
    /// - The text: any, of which the first 192 bytes are kept, ending between two characters; what is longer is marked
    ///   and counted in `events_cut`. It is shown as text wherever it is shown. If it holds key bytes, whoever may read
    ///   events reads them.
    /// - `max_events` are kept, shared by their kinds: when all places are taken, an event of the kind that has the most
    ///   of them goes, its oldest, and is counted in `events_dropped`. So of 15 kinds and less each keeps its latest, up
    ///   to its share, however often another comes; what is of further kinds is a sixteenth sort together.
    /// - The core's own events stand in rings of their own, so neither takes the other's places: `split`, `merge` and
    ///   `leader-change`, at most one of each a column, with how many there were, told when the column is sealed; and
    ///   `folding`, at most one an hour.
    ///
    /// Never panics, never allocates; readers do not wait for it. Cost: some 60 stores.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, EventKind, Writer};
    /// let mut writer = Writer::new(Config::default(), 0)?;
    /// writer.annotate(1_000, EventKind::new("backup")?, "nightly");
    /// assert_eq!(writer.reader().events(0, 0)[0].kind.as_str(), "backup");
    ///
    /// writer.annotate(2_000, EventKind::DEPLOY, &"a".repeat(200)); // longer than what is kept
    /// assert!(writer.reader().events(2_000, 0)[0].cut);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn annotate(&mut self, now_ms: u64, kind: EventKind, text: &str) {
        self.state.annotate(&self.shared, now_ms, kind, text);
    }

    /// Calls `each` with every event that is kept: the host's, oldest first, then the core's own, sort by sort. Takes
    /// no memory but the stack's, some 250 bytes; see [`ReaderOn::events`](crate::Reader::events) where there is an
    /// allocator.
    pub fn for_each_event(&self, each: impl FnMut(&EventInPlace<'_>)) {
        self.shared.events.for_each(&self.state.event_sorts, each);
    }

    /// Everything counted about counting.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// The virtual bucket that counts a registered route; `None` for a route with slots of its own and for
    /// one that nobody registered.
    ///
    /// The id is that of the rows `virtual:<id>`, and no registered route's. Never panics. Cost: one lookup.
    #[must_use]
    pub fn bucket_of(&self, route: RouteId) -> Option<u64> {
        self.state.bucket_of(&self.shared, route)
    }

    /// A handle for [`Recorder::observe_handle`]; of a route that nobody registered, one that falls back to a
    /// lookup. Never panics. Cost: two lookups.
    #[must_use]
    pub fn handle(&self, route: RouteId) -> RouteHandle {
        handle(&self.shared, route)
    }

    /// The configured label of this name; see [`Labels::get`](crate::Labels::get).
    #[must_use]
    pub fn label(&self, name: &str) -> Label {
        self.shared.config.labels.get(name)
    }

    /// Gathers what was observed since the last flush; seals the open window's column when `now_ms`
    /// (Unix milliseconds) has reached its end.
    ///
    /// Call it at each multiple of the step, and in between as often as the open column should be
    /// fresh. A time before the last flush's, or past the year 9999, counts as that one and makes the
    /// column late. Allocates nothing; waits for no recorder and no reader. Cost: linear in the cells
    /// of pages that changed since the flush before the last, and of the open column; one flush in 16
    /// sums all pages.
    ///
    /// - Panics: never. Memory: none.
    /// - Threads: observations that ended before it began are in it, or at the latest in the next one.
    /// - Errors: none; what has no room costs the oldest columns, which `columns_evicted` and `evicted` count.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Writer};
    /// let mut writer = Writer::new(Config::default(), 0)?;
    /// writer.register(RouteId(1), b"a", None, 0)?;
    /// writer.recorder().observe(RouteId(1), Op::Write, b"b", 0);
    /// writer.flush(30_000); // half of the window: its column is open
    /// assert_eq!(writer.reader().counters().columns_sealed, 0);
    /// writer.flush(60_000);
    /// assert_eq!(writer.reader().counters().columns_sealed, 1);
    ///
    /// writer.flush(50_000); // a clock that was set back: counts as 60 000
    /// assert_eq!(writer.reader().counters().clock_stepped_back, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flush(&mut self, now_ms: u64) {
        self.state.flush(&self.shared, now_ms);
    }

    /// Takes the keys that recorders sampled since the last time, as each flush does; returns how many.
    ///
    /// A recorder's queue has room for some hundred to some thousand keys (`sample_bytes`), and the rarer it is
    /// drained, the fewer operations are sampled. Some ten times a second is a good pace: hot keys are then known
    /// to a percent. Without `hot_keys` there is nothing to take. Never panics. Memory: none. Cost: about 50 ns a
    /// sample; at most as many as the queues hold when it begins.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Writer};
    /// let mut config = Config::default();
    /// (config.hot_keys, config.sample_every) = (true, 1);
    /// let mut writer = Writer::new(config, 0)?;
    /// writer.register(RouteId(1), b"a", None, 0)?;
    /// writer.recorder().observe(RouteId(1), Op::Write, b"b", 0);
    /// assert_eq!(writer.drain_samples(), 1);
    /// assert_eq!(writer.drain_samples(), 0); // nothing new
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drain_samples(&mut self) -> u64 {
        self.state.drain_samples(&self.shared)
    }

    /// Lets time pass in which nobody observed, because what is observed was out of reach: the windows up to the one of
    /// `now_ms` (Unix milliseconds) stay without a column, so that readers see them as missing and not as without load.
    ///
    /// Flush first: what was observed since the last flush counts in the window of the next one. The open column is
    /// sealed with what it has, unless `now_ms` lies in its window: then it covers as much less. A time before the last flush's, or past the year
    /// 9999, changes nothing. Graces of removed routes stand still meanwhile.
    ///
    /// - Panics: never. Memory: none. Errors: none.
    /// - Cost: linear in the cells of the open column.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::ColumnState::{Complete, Missing};
    /// use keyviz_core::{Config, MatrixQuery, Writer};
    /// let mut writer = Writer::new(Config::default(), 0)?;
    /// writer.flush(60_000);
    /// writer.skip(600_000);
    /// writer.flush(660_000);
    /// let columns = writer.reader().matrix(&MatrixQuery { rows: 1, ..MatrixQuery::default() }).columns;
    /// let states: Vec<_> = columns.iter().map(|column| column.state).collect();
    /// assert_eq!(states, [Complete, Missing, Complete]);
    ///
    /// writer.skip(5); // before the last flush: nothing changes
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skip(&mut self, now_ms: u64) {
        self.state.skip(&self.shared, now_ms);
    }

    /// Goes on with the history of a snapshot: its columns stand in front of those that are counted here, show, are
    /// merged and make room as these do. For a fresh writer, before anything is registered or flushed.
    ///
    /// - The windows between the snapshot's last column and the present one are missing.
    /// - A column whose window is not over goes on; of one that was open and whose window is over stays what it had,
    ///   with the time that it covers.
    /// - A route registered again with the same bounds goes on in its row; rows of other bounds keep theirs.
    /// - Labels are matched by name; what has a label that is not configured here counts unlabelled. Where routes are
    ///   not divided here, the divisions of the snapshot's add up.
    /// - Everything restored counts in the counters as if it had been observed here, and in `columns_restored`.
    ///
    /// Where the snapshot has more than the pools hold, the oldest columns go, counted in `evicted`. It takes at most
    /// half of the descriptors and of `bound_bytes`: routes that are registered later take theirs.
    ///
    /// Never panics. Memory: some bytes a row, for the call. Cost: linear in the cells. Readers may be at work.
    ///
    /// # Errors
    /// [`RestoreError`], with nothing changed.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RestoreError, RouteId, Snapshot, Writer};
    /// let mut before = Writer::new(Config::default(), 0)?;
    /// before.register(RouteId(1), b"a", None, 0)?;
    /// before.recorder().observe(RouteId(1), Op::Write, b"b", 9);
    /// before.flush(60_000);
    /// let mut bytes = Vec::new();
    /// before.reader().snapshot(60_000, |piece| Ok::<(), ()>(bytes.extend_from_slice(piece))).unwrap();
    /// let snapshot = Snapshot::decode(&bytes, 1 << 20)?;
    ///
    /// let mut after = Writer::new(Config::default(), 120_000)?;
    /// assert_eq!(after.restore(&snapshot)?.recorded.writes, 1);
    /// assert_eq!(after.restore(&snapshot), Err(RestoreError::InUse));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "alloc")]
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<Restored, RestoreError> {
        self.state.restore(&self.shared, snapshot)
    }

    /// The bounds of one sub-bucket of a registered route; `None` when the route is not registered
    /// or has no such division.
    ///
    /// `sub_bucket` counts from 0; the first begins at the route's start, the last ends at its end (`None`:
    /// unbounded), and each begins where the one before ends. Routes in virtual buckets have none. Never panics.
    /// Memory: two vectors of at most `max_bound_len` + 8 bytes.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, RouteId, Writer};
    /// let mut config = Config::default();
    /// config.sub_buckets = 4;
    /// let mut writer = Writer::new(config, 0)?;
    /// writer.register(RouteId(1), &[0], Some(&[64]), 0)?;
    /// assert_eq!(writer.sub_bucket_bounds(RouteId(1), 1), Some((vec![16], Some(vec![32]))));
    /// assert_eq!(writer.sub_bucket_bounds(RouteId(1), 4), None); // 0 to 3
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn sub_bucket_bounds(&self, route: RouteId, sub_bucket: u32) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let shared = &self.shared;
        let Found::Seat(seat) = shared.find(route.0) else { return None };
        let meta = self.state.seats.get(seat)?;
        let bytes = |bound| {
            let mut bytes = Vec::new();
            shared.slab.copy(bound, shared.layout.max_bound_len, &mut bytes);
            bytes
        };
        let (start, end) = (bytes(meta.start), (!meta.end.is_none()).then(|| bytes(meta.end)));
        let layout = SubLayout::new(&start, end.as_deref(), shared.layout.k as u32);
        (sub_bucket < layout.count).then(|| layout.bounds(&start, end.as_deref(), sub_bucket))
    }
}

impl<S: Deref<Target = Shared>> core::fmt::Debug for WriterOn<'_, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Writer").field("config", &self.shared.config).finish_non_exhaustive()
    }
}
