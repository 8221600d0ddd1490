//! The door for hosts with an operating system: both halves, the writing one behind a lock that no
//! observation and no reader ever takes.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::config::Config;
use crate::config_error::ConfigError;
use crate::event::EventKind;
use crate::halves::{Writer, arc_bytes};
use crate::label::Label;
use crate::op::Op;
use crate::reader::Reader;
use crate::recorder::{Recorder, handle};
use crate::reshape::{NewRoute, ReshapeError};
use crate::restore::{RestoreError, Restored};
use crate::route::{RegisterError, Registered, RouteHandle, RouteId};
use crate::scan::Scan;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::sync::Ordering;

/// Bytes of a sampler that do not depend on the configuration.
pub(crate) const FIXED_BYTES: usize = crate::halves::FIXED_BYTES + arc_bytes::<Inner>();

struct Inner {
    shared: Arc<Shared>,
    writer: Mutex<Writer>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
    }
}

/// Counts the load of a key space. Cloning gives another handle to the same sampler.
///
/// `Sampler` changes routes and flushes; [`Recorder`] observes; [`Reader`] answers. All memory is
/// taken by [`new`](Sampler::new); nothing allocates later but what readers are given.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler};
/// let mut config = Config::default();
/// config.step_ms = 1000;
/// let sampler = Sampler::new(config, 0)?;
/// sampler.register(RouteId(1), b"a", Some(b"m"), 0)?;
/// sampler.observe(RouteId(1), Op::Write, b"apple", 10);
/// sampler.flush(1000); // the end of the window: its column is sealed
/// let matrix = sampler.reader().matrix(&MatrixQuery::default());
/// assert_eq!(matrix.rows[0].values, [1]);
///
/// // A range that holds no key is refused, with nothing changed.
/// assert!(sampler.register(RouteId(2), b"z", Some(b"a"), 0).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// - Panics: never. Memory: [`Config::memory_bytes`], all of it taken by [`new`](Sampler::new).
/// - Threads: `Send` and `Sync`. What changes routes or flushes takes one lock, which no observation and no
///   reader takes; while a flush of 10 000 active routes holds it, about half a millisecond, a route change waits.
/// - Cost: of cloning, one atomic addition.
///
/// See also [`Writer`], for a host that owns the writing half itself.
#[derive(Clone)]
pub struct Sampler(Arc<Inner>);

impl Sampler {
    /// Takes the memory that [`Config::memory_bytes`] tells and starts at `now_ms` (Unix
    /// milliseconds).
    ///
    /// # Errors
    /// [`ConfigError`] names the field and what to do; nothing is taken then.
    ///
    /// Never panics. Cost: as [`Writer::new`].
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, ConfigError, Sampler};
    /// assert!(Sampler::new(Config::within(64 << 20)?, 0).is_ok());
    ///
    /// let mut config = Config::default();
    /// config.cell_bytes = 4096; // not even one page for each stretch of slots
    /// assert!(matches!(Sampler::new(config, 0), Err(ConfigError::PoolTooSmall { field: "cell_bytes", .. })));
    /// # Ok::<(), ConfigError>(())
    /// ```
    pub fn new(config: Config, now_ms: u64) -> Result<Sampler, ConfigError> {
        let writer = Writer::new(config, now_ms)?;
        Ok(Sampler(Arc::new(Inner { shared: Arc::clone(&writer.shared), writer: Mutex::new(writer) })))
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // The writer's own code does not panic; if a caller's thread died inside, its data still
        // satisfies every bound it relies on.
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A recorder for the calling thread, or for whichever thread it is sent to; see [`Recorder`]. Never refused:
    /// without a place of its own it counts in the shared shards.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        Recorder::new(Arc::clone(&self.0.shared))
    }

    /// A reader of this sampler; see [`Reader`]. It may outlive the sampler: then it shows what was flushed last.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { shared: Arc::clone(&self.0.shared) }
    }

    /// Observes with a recorder that this thread keeps; see [`Recorder::observe`]. A few ns more
    /// than with a recorder of one's own. The first call of a thread makes its recorder.
    ///
    /// A thread keeps recorders of four samplers; a thread that feeds more in turn makes one anew each
    /// time. The memory of a sampler that is dropped is given back once every thread that observed so
    /// has ended, or has since observed another sampler than the first that it keeps.
    ///
    /// Never panics, blocks or allocates. On a thread that is ending and has given its recorders up, one lives for
    /// the call.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(7), b"a", None, 0)?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| sampler.observe(RouteId(7), Op::Read, b"b", 0));
    ///     scope.spawn(|| sampler.observe(RouteId(8), Op::Read, b"b", 0)); // nobody registered 8
    /// });
    /// sampler.flush(60_000);
    /// let counters = sampler.reader().counters();
    /// assert_eq!((counters.recorded.reads, counters.unattributed.reads), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn observe(&self, route: RouteId, op: Op, key: &[u8], value_len: u64) {
        self.with_recorder(|recorder| recorder.observe(route, op, key, value_len));
    }

    /// As [`observe`](Self::observe), for traffic of a labelled origin; see [`Recorder::observe_labelled`].
    #[inline]
    pub fn observe_labelled(&self, route: RouteId, label: Label, op: Op, key: &[u8], value_len: u64) {
        self.with_recorder(|recorder| recorder.observe_labelled(route, label, op, key, value_len));
    }

    /// Observes by key alone; see [`Recorder::observe_key`].
    #[inline]
    pub fn observe_key(&self, op: Op, key: &[u8], value_len: u64) {
        self.with_recorder(|recorder| recorder.observe_key(op, key, value_len));
    }

    /// As [`observe_key`](Self::observe_key), for traffic of a labelled origin; see [`Recorder::observe_key_labelled`].
    #[inline]
    pub fn observe_key_labelled(&self, label: Label, op: Op, key: &[u8], value_len: u64) {
        self.with_recorder(|recorder| recorder.observe_key_labelled(label, op, key, value_len));
    }

    /// Observes a range read in the core's own ranges; see [`Recorder::observe_scan`].
    #[inline]
    pub fn observe_scan(&self, scan: &Scan<'_>) {
        self.with_recorder(|recorder| recorder.observe_scan(scan));
    }

    /// Observes a range read of routes; see [`Recorder::observe_scan_routes`].
    #[inline]
    pub fn observe_scan_routes(&self, routes: &[RouteId], scan: &Scan<'_>) {
        self.with_recorder(|recorder| recorder.observe_scan_routes(routes, scan));
    }

    fn with_recorder(&self, observe: impl Fn(&Recorder)) {
        // A recorder is only ever used in here, and `observe` calls nothing of the host's, so the cell
        // is free; where the thread is ending, its recorders are gone, and one lives for the call.
        let kept = KEPT.try_with(|kept| match kept.try_borrow_mut() {
            Ok(mut kept) => {
                observe(kept.recorder(&self.0.shared));
                true
            }
            Err(_) => false,
        });
        if !matches!(kept, Ok(true)) {
            observe(&self.recorder());
        }
    }

    /// Tells which range a route covers and which group owns it (0: none). An empty `end` means
    /// unbounded, as `None`.
    ///
    /// Registering an id that is registered changes nothing; its bounds and group are ignored. An id
    /// removed a moment ago goes on in its old slot if bounds and group are the same, else it gets a
    /// fresh one, and the old one drains under its old bounds.
    ///
    /// A route beyond `max_routes` shares the slot of a virtual bucket with its neighbours; see
    /// [`Writer::register`].
    ///
    /// Cost: O(log routes), about a microsecond. Where ranges in virtual buckets overlap, linear in the bucket's
    /// routes; where all `max_virtual` buckets are in use and none is beside the route, linear in the routes up to
    /// the nearest, which fold. Recorders and readers are not disturbed.
    ///
    /// # Errors
    /// [`RegisterError`], with nothing changed; operations of the route then count as unattributed.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, RegisterError, RouteId, Sampler};
    /// let mut config = Config::default();
    /// config.max_bound_len = 8;
    /// let sampler = Sampler::new(config, 0)?;
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
        &self,
        route: RouteId,
        start: &[u8],
        end: Option<&[u8]>,
        group: u64,
    ) -> Result<Registered, RegisterError> {
        self.writer().register(route, start, end, group)
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
    /// use keyviz_core::{Config, RouteId, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"a", None, 0)?;
    /// assert!(sampler.remove(RouteId(1)));
    /// assert!(!sampler.remove(RouteId(1))); // it is gone
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&self, route: RouteId) -> bool {
        self.writer().remove(route)
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
    /// use keyviz_core::{Config, NewRoute, RouteId, Sampler};
    /// let owner = Sampler::new(Config::default(), 0)?;
    /// owner.register(RouteId(1), b"a", Some(b"z"), 0)?;
    /// let left = NewRoute { route: RouteId(1), start: b"a", end: Some(b"m"), group: 0 };
    /// let right = NewRoute { route: RouteId(2), start: b"m", end: Some(b"z"), group: 0 };
    /// owner.split_route(RouteId(1), &[left, right])?;
    /// assert_eq!(owner.reader().lineage().len(), 2);
    /// assert!(owner.split_route(RouteId(7), &[right]).is_err()); // nobody registered 7
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn split_route(&self, parent: RouteId, children: &[NewRoute<'_>]) -> Result<(), ReshapeError> {
        self.writer().split_route(parent, children)
    }

    /// Merges routes: `parents` go and `child` comes in their place, as by
    /// [`split_route`](Self::split_route). It may have the id of one of them.
    ///
    /// # Errors
    /// As [`split_route`](Self::split_route).
    pub fn merge_routes(&self, parents: &[RouteId], child: &NewRoute<'_>) -> Result<(), ReshapeError> {
        self.writer().merge_routes(parents, child)
    }

    /// Publishes a group's leader term; see [`Writer::set_term`]. Holds the lock that flush and route
    /// changes take.
    pub fn set_term(&self, group: u64, term: u64) {
        self.writer().set_term(group, term);
    }

    /// Remembers that something happened, to be shown beside the counts; see [`Writer::annotate`]. Holds the lock that
    /// flush and route changes take.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, EventKind, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.annotate(30_000, EventKind::DEPLOY, "version 2.1");
    /// let events = sampler.reader().events(0, 0);
    /// assert_eq!((events[0].at_ms, events[0].text.as_str()), (30_000, "version 2.1"));
    /// assert!(sampler.reader().events(30_001, 0).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn annotate(&self, now_ms: u64, kind: EventKind, text: &str) {
        self.writer().annotate(now_ms, kind, text);
    }

    /// The virtual bucket that counts a registered route; `None` for a route with slots of its own and for
    /// one that nobody registered.
    ///
    /// See [`Writer::bucket_of`]. Takes the lock that flush and route changes take.
    #[must_use]
    pub fn bucket_of(&self, route: RouteId) -> Option<u64> {
        self.writer().bucket_of(route)
    }

    /// A handle for [`Recorder::observe_handle`]; see [`Recorder::handle`]. Takes no lock.
    #[must_use]
    pub fn handle(&self, route: RouteId) -> RouteHandle {
        handle(&self.0.shared, route)
    }

    /// The configured label of this name; see [`Labels::get`](crate::Labels::get).
    #[must_use]
    pub fn label(&self, name: &str) -> Label {
        self.0.shared.config.labels.get(name)
    }

    /// Gathers what was observed since the last flush; seals the open window's column when `now_ms`
    /// (Unix milliseconds) has reached its end.
    ///
    /// See [`Writer::flush`].
    pub fn flush(&self, now_ms: u64) {
        self.writer().flush(now_ms);
    }

    /// Takes the keys that recorders sampled since the last time, as each flush does; returns how many.
    ///
    /// See [`Writer::drain_samples`]. Takes the lock that flush and route changes take.
    pub fn drain_samples(&self) -> u64 {
        self.writer().drain_samples()
    }

    /// Lets time pass in which nobody observed; see [`Writer::skip`].
    pub fn skip(&self, now_ms: u64) {
        self.writer().skip(now_ms);
    }

    /// Goes on with the history of a snapshot; see [`Writer::restore`].
    ///
    /// # Errors
    /// [`RestoreError`], with nothing changed.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<Restored, RestoreError> {
        self.writer().restore(snapshot)
    }

    /// The bounds of one sub-bucket of a registered route; `None` when the route is not registered
    /// or has no such division.
    ///
    /// See [`Writer::sub_bucket_bounds`]. Takes the lock that flush and route changes take.
    #[must_use]
    pub fn sub_bucket_bounds(&self, route: RouteId, sub_bucket: u32) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        self.writer().sub_bucket_bounds(route, sub_bucket)
    }
}

impl core::fmt::Debug for Sampler {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sampler").field("config", &self.0.shared.config).finish_non_exhaustive()
    }
}

/// Samplers that a thread keeps a recorder of; more take turns.
const KEPT_RECORDERS: usize = 4;

/// A thread's recorders, made by its calls of [`Sampler::observe`]. A recorder keeps its sampler's shared
/// half alive, so no other sampler has that address meanwhile.
struct Kept {
    recorders: [Option<Recorder>; KEPT_RECORDERS],
    next: usize,
}

impl Kept {
    #[inline]
    fn recorder(&mut self, shared: &Arc<Shared>) -> &Recorder {
        let at = self.recorders.iter().position(|kept| kept.as_ref().is_some_and(|r| r.is_of(shared)));
        let at = match at {
            Some(0) => 0,
            Some(at) => self.let_go(at),
            None => self.make_room(),
        };
        #[expect(clippy::indexing_slicing, reason = "masked to the array's length")]
        let kept = &mut self.recorders[at & (KEPT_RECORDERS - 1)];
        kept.get_or_insert_with(|| Recorder::new(Arc::clone(shared)))
    }

    /// Gives up the recorders of samplers that are gone; hands a place on.
    fn let_go(&mut self, at: usize) -> usize {
        for kept in &mut self.recorders {
            if kept.as_ref().is_some_and(Recorder::is_closed) {
                *kept = None;
            }
        }
        at
    }

    /// A free place; recorders of samplers that are gone go first, then whose turn it is.
    #[cold]
    fn make_room(&mut self) -> usize {
        self.let_go(0);
        let free = self.recorders.iter().position(Option::is_none);
        let at = free.unwrap_or(self.next % KEPT_RECORDERS);
        self.next = at + 1;
        if let Some(kept) = self.recorders.get_mut(at) {
            *kept = None;
        }
        at
    }
}

std::thread_local! {
    static KEPT: RefCell<Kept> = const { RefCell::new(Kept { recorders: [const { None }; KEPT_RECORDERS], next: 0 }) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn memory_of_a_dropped_sampler_comes_back_to_a_thread_that_goes_on_with_another() {
        let open = || Sampler::new(Config::default(), 0).unwrap();
        let mut samplers: Vec<Sampler> = (0..3).map(|_| open()).collect();
        let observe = |sampler: &Sampler| sampler.observe(RouteId(1), Op::Read, b"k", 0);
        samplers.iter().for_each(observe);
        let gone = samplers.remove(0);
        let memory = Arc::downgrade(&gone.0.shared);
        drop(gone);
        assert!(memory.upgrade().is_some(), "the thread's recorder has it");
        observe(&samplers[1]);
        assert!(memory.upgrade().is_none());
    }
}
