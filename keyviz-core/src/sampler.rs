//! The door for hosts with an operating system: both halves, the writing one behind a lock that no
//! observation and no reader ever takes.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::config::{Config, ConfigError};
use crate::halves::{Writer, arc_bytes};
use crate::label::Label;
use crate::op::Op;
use crate::reader::Reader;
use crate::recorder::{Recorder, handle};
use crate::route::{RegisterError, Registered, RouteHandle, RouteId};
use crate::shared::Shared;
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
#[derive(Clone)]
pub struct Sampler(Arc<Inner>);

impl Sampler {
    /// Takes the memory that [`Config::memory_bytes`] tells and starts at `now_ms` (Unix
    /// milliseconds).
    ///
    /// # Errors
    /// [`ConfigError`] names the field and what to do; nothing is taken then.
    pub fn new(config: Config, now_ms: u64) -> Result<Sampler, ConfigError> {
        let writer = Writer::new(config, now_ms)?;
        Ok(Sampler(Arc::new(Inner { shared: Arc::clone(&writer.shared), writer: Mutex::new(writer) })))
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // The writer's own code does not panic; if a caller's thread died inside, its data still
        // satisfies every bound it relies on.
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A recorder for the calling thread, or for whichever thread it is sent to.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        Recorder::new(Arc::clone(&self.0.shared))
    }

    /// A reader of this sampler.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { shared: Arc::clone(&self.0.shared) }
    }

    /// Observes with a recorder that this thread keeps; see [`Recorder::observe`]. A few ns more
    /// than with a recorder of one's own. The first call of a thread makes its recorder.
    #[inline]
    pub fn observe(&self, route: RouteId, op: Op, key: &[u8], value_len: u64) {
        self.with_recorder(|recorder| recorder.observe(route, op, key, value_len));
    }

    /// As [`observe`](Self::observe), for traffic of a labelled origin.
    #[inline]
    pub fn observe_labelled(&self, route: RouteId, label: Label, op: Op, key: &[u8], value_len: u64) {
        self.with_recorder(|recorder| recorder.observe_labelled(route, label, op, key, value_len));
    }

    fn with_recorder(&self, observe: impl Fn(&Recorder)) {
        let shared = Arc::as_ptr(&self.0.shared);
        let kept = KEPT.try_with(|kept| {
            // A recorder is only ever used below, and `observe` calls nothing of the host's, so the
            // cell is free here.
            let Ok(mut kept) = kept.try_borrow_mut() else { return false };
            let at = match kept.iter().position(|(of, _)| *of == shared.addr()) {
                Some(at) => at,
                None => {
                    kept.retain(|(_, recorder)| !recorder.is_closed());
                    kept.push((shared.addr(), self.recorder()));
                    kept.len() - 1
                }
            };
            if let Some((_, recorder)) = kept.get(at) {
                observe(recorder);
            }
            true
        });
        if !matches!(kept, Ok(true)) {
            // The thread is ending and its recorders are gone: this one lives for the call.
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
    /// Cost: O(log routes); about a microsecond. Recorders and readers are not disturbed.
    ///
    /// # Errors
    /// [`RegisterError`], with nothing changed; operations of the route then count as unattributed.
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
    pub fn remove(&self, route: RouteId) -> bool {
        self.writer().remove(route)
    }

    /// Publishes a group's leader term. Group 0 takes none; term 0 is unknown.
    ///
    /// What was counted under a known earlier term is set apart first, so no count is shown under a
    /// term it was not made in. Cost: linear in the group's routes.
    pub fn set_term(&self, group: u64, term: u64) {
        self.writer().set_term(group, term);
    }

    /// A handle for [`Recorder::observe_handle`].
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
    /// Call it at each multiple of the step, and in between as often as the open column should be
    /// fresh. A time before the last flush's counts as that one. Allocates nothing; waits for no
    /// recorder and no reader. Cost: linear in the cells that changed.
    pub fn flush(&self, now_ms: u64) {
        self.writer().flush(now_ms);
    }

    /// The bounds of one sub-bucket of a registered route; `None` when the route is not registered
    /// or has no such division.
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

std::thread_local! {
    /// This thread's recorders, each with the address of its sampler's shared half, which the
    /// recorder keeps alive, so no other sampler can have it.
    static KEPT: RefCell<Vec<(usize, Recorder)>> = const { RefCell::new(Vec::new()) };
}
