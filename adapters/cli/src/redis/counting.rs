//! From keys of commands to columns: the one place that knows how keys find their ranges.
//!
//! The first commands are held for at most two seconds. The ranges are found in them as a replay finds a trace's; then
//! they are counted at the times at which they came, and what follows is counted as it comes. Time in which no server is
//! watched is skipped, so that its windows are missing and not empty.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use keyviz_admin::{Clock, SystemClock, Ticker};
use keyviz_core::{Config, EventKind, Label, Labels, Op as Observed, Reader, Recorder, RouteId, Sampler, Scan};
use keyviz_trace::Op;

use super::frames::Seen;
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::replay::cuts;
use crate::replay::prefixes::{self, Prefix};
use crate::replay::sample::{Reservoir, Sample};

/// Most ranges.
const MAX_ROUTES: usize = 512;

/// Databases with a label: 1 to 15, as many as there are labels.
const LABELLED: u32 = 15;

/// What is held before the ranges are found: records, bytes of keys, and time since the first.
const HELD_RECORDS: usize = 20_000;
const HELD_BYTES: usize = 8 << 20;
const HELD_MS: u64 = 2_000;

/// An hour of columns of a second, for as many ranges as there are.
const COLUMNS: u32 = 3_600;
const HISTORY_BYTES: usize = 64 << 20;

/// Room for sampled keys, and how often they are taken out of it: a server gives its commands in bursts.
const SAMPLE_BYTES: usize = 8 << 20;
const DRAIN_MS: u64 = 50;

/// All that is counted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Counting(Arc<Inner>);

struct Inner {
    sampler: Sampler,
    step_ms: u64,
    labels: Vec<Label>,
    /// The ranges, once they are found.
    found: OnceLock<Found>,
    held: Mutex<Held>,
    sample: Mutex<Reservoir>,
    /// Operations in databases beyond those with labels.
    unlabelled: AtomicU64,
    flow: Mutex<Flow>,
    changed: Condvar,
}

/// The ranges, and the prefixes that name them.
pub(crate) struct Found {
    pub(crate) catalog: Catalog,
    pub(crate) prefixes: Vec<Prefix>,
}

/// Records that wait for their ranges, with the times at which they came.
#[derive(Default)]
struct Held {
    records: Vec<(u64, Seen)>,
    key_bytes: usize,
    recorder: Option<Recorder>,
    /// Up to when time was looked at, or skipped.
    looked_ms: u64,
}

/// Whether time is being looked at.
#[derive(Default)]
struct Flow {
    /// Servers that are watched now.
    watching: u32,
    /// Until when: what is counted a little later came before.
    until_ms: u64,
    ended: bool,
}

impl Counting {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// Where the memory is not there.
    pub(crate) fn new(step_ms: u64, servers: usize) -> Result<Counting, Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::new(format!("the picture cannot be set up: {error}"));
        let names: Vec<String> = (1..=LABELLED).map(|database| format!("db{database}")).collect();
        let labels = Labels::new(&names).map_err(|error| refused(&error))?;
        let mut config = config(step_ms, servers);
        config.labels = labels.clone();
        let sampler = Sampler::new(config, SystemClock.now_ms()).map_err(|error| refused(&error))?;
        let labels = names.iter().map(|name| labels.get(name)).collect();
        Ok(Counting(Arc::new(Inner {
            sampler,
            step_ms,
            labels,
            found: OnceLock::new(),
            held: Mutex::default(),
            sample: Mutex::default(),
            unlabelled: AtomicU64::new(0),
            flow: Mutex::default(),
            changed: Condvar::new(),
        })))
    }

    pub(crate) fn reader(&self) -> Reader {
        self.0.sampler.reader()
    }

    /// For one thread.
    pub(crate) fn counter(&self) -> Counter {
        Counter { inner: Arc::clone(&self.0), recorder: self.0.sampler.recorder() }
    }

    /// A server is watched from now on, until what is returned is dropped. At `until_ms` its time is over, however long
    /// counting takes then.
    pub(crate) fn watching(&self, until_ms: u64) -> Watching {
        let mut flow = self.0.flow();
        if flow.watching == 0 {
            let mut held = self.0.held();
            held.looked_ms = held.looked_ms.max(SystemClock.now_ms());
            self.0.sampler.skip(held.looked_ms);
            flow.until_ms = 0;
        }
        flow.watching += 1;
        flow.until_ms = flow.until_ms.max(until_ms);
        Watching(Arc::clone(&self.0))
    }

    /// Flushes until [`finish`](Counting::finish), wherever time is being looked at. Runs in a thread of its own.
    pub(crate) fn run(&self) {
        let inner = &self.0;
        let ticker = Ticker::new(inner.step_ms);
        let mut due_ms = 0;
        loop {
            let now_ms = SystemClock.now_ms();
            inner.settle_in_time(now_ms);
            inner.sampler.drain_samples();
            let flow = inner.flow();
            // A clock that stepped back does not stop it.
            if now_ms >= due_ms || due_ms > now_ms + ticker.interval_ms() {
                due_ms = ticker.next(now_ms);
                if flow.watching > 0 {
                    // The end itself is for the last one, so that what is counted late is still of this window.
                    inner.flush(&mut inner.held(), flow.until_ms.saturating_sub(1));
                }
            }
            let nap = Duration::from_millis(due_ms.saturating_sub(now_ms).clamp(1, DRAIN_MS));
            let (flow, _) =
                inner.changed.wait_timeout_while(flow, nap, |flow| !flow.ended).unwrap_or_else(PoisonError::into_inner);
            if flow.ended {
                return;
            }
        }
    }

    /// Seals the last column. All servers' time is over.
    pub(crate) fn finish(&self) {
        self.0.flow().ended = true;
        self.0.changed.notify_all();
        self.0.sampler.skip(SystemClock.now_ms() + self.0.step_ms);
    }

    /// Remembers that something happened to a server, to be shown beside the counts.
    pub(crate) fn annotate(&self, kind: &str, text: &str) {
        if let Ok(kind) = EventKind::new(kind) {
            self.0.sampler.annotate(SystemClock.now_ms(), kind, text);
        }
    }

    /// The ranges; `None` while nothing has come.
    pub(crate) fn found(&self) -> Option<&Found> {
        self.0.found.get()
    }

    /// Sampled keys of all that was counted.
    pub(crate) fn sample(&self) -> Sample {
        self.0.sample.lock().unwrap_or_else(PoisonError::into_inner).sorted()
    }

    /// Operations in databases that have no label.
    pub(crate) fn unlabelled(&self) -> u64 {
        // Relaxed: a number by itself.
        self.0.unlabelled.load(Ordering::Relaxed)
    }
}

/// A server that is watched.
pub(crate) struct Watching(Arc<Inner>);

impl Drop for Watching {
    fn drop(&mut self) {
        let mut flow = self.0.flow();
        flow.watching -= 1;
        if flow.watching == 0 {
            // What is held came in this time, too.
            let mut held = self.0.held();
            if !held.records.is_empty() {
                self.0.settle(&mut held, flow.until_ms.saturating_sub(1));
            }
            self.0.flush(&mut held, flow.until_ms);
        }
    }
}

/// Counts for one thread.
pub(crate) struct Counter {
    inner: Arc<Inner>,
    recorder: Recorder,
}

impl Counter {
    /// Counts a key of a command.
    pub(crate) fn count(&self, seen: &Seen) {
        // Where a scan begins is no key that somebody asked for.
        if seen.op != Some(Op::Scan) {
            self.inner.sample.lock().unwrap_or_else(PoisonError::into_inner).offer(&seen.key, 1);
        }
        if let Some(found) = self.inner.found.get() {
            return self.inner.observe(found, &self.recorder, seen);
        }
        let mut held = self.inner.held();
        if let Some(found) = self.inner.found.get() {
            return self.inner.observe(found, &self.recorder, seen);
        }
        held.key_bytes += seen.key.len();
        let kept = Seen { key: seen.key.clone(), end: seen.end.clone(), ..*seen };
        held.records.push((SystemClock.now_ms(), kept));
        if held.records.len() >= HELD_RECORDS || held.key_bytes >= HELD_BYTES {
            self.inner.settle(&mut held, u64::MAX);
        }
    }
}

impl Inner {
    fn flow(&self) -> std::sync::MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn observe(&self, found: &Found, recorder: &Recorder, seen: &Seen) {
        let label = match usize::try_from(seen.database).ok().and_then(|database| database.checked_sub(1)) {
            None => Label::NONE,
            Some(at) => self.labels.get(at).copied().unwrap_or_else(|| {
                self.unlabelled.fetch_add(1, Ordering::Relaxed);
                Label::NONE
            }),
        };
        let op = match seen.op {
            Some(Op::Write) => Observed::Write,
            Some(Op::Scan) => {
                let routes: Vec<RouteId> = found.catalog.routes_of(&seen.key, Some(&seen.end)).collect();
                let scan = Scan::new(&seen.key, Some(&seen.end), seen.key.len() as u64);
                return recorder.observe_scan_routes(&routes, &Scan { label, ..scan });
            }
            _ => Observed::Read,
        };
        let route = found.catalog.route_of(&seen.key);
        if label == Label::NONE {
            recorder.observe(route, op, &seen.key, seen.value_len);
        } else {
            recorder.observe_labelled(route, label, op, &seen.key, seen.value_len);
        }
    }

    /// Flushes, unless records wait for their ranges: those come first.
    fn flush(&self, held: &mut Held, until_ms: u64) {
        if held.records.is_empty() {
            held.looked_ms = SystemClock.now_ms().min(until_ms).max(held.looked_ms);
            self.sampler.flush(held.looked_ms);
        }
    }

    fn settle_in_time(&self, now_ms: u64) {
        if self.found.get().is_some() {
            return;
        }
        let mut held = self.held();
        if held.records.first().is_some_and(|(first_ms, _)| now_ms.saturating_sub(*first_ms) >= HELD_MS) {
            self.settle(&mut held, u64::MAX);
        }
    }

    /// Finds the ranges in what is held, and counts that: each record in the window in which it came, of those that
    /// begin at `until_ms` or before.
    fn settle(&self, held: &mut Held, until_ms: u64) {
        if self.found.get().is_some() {
            return;
        }
        let sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner).sorted();
        let prefixes = prefixes::find(&sample);
        let catalog = Catalog::new(cuts::choose(&sample, &prefixes, MAX_ROUTES));
        for (route, range) in catalog.routes() {
            // As many as fit, of keys as long as fit: a refusal would leave its operations unattributed, counted.
            let _ = self.sampler.register(route, range.start, range.end, 0);
        }
        let found = Found { catalog, prefixes };
        let recorder = held.recorder.get_or_insert_with(|| self.sampler.recorder());
        let pass = |looked_ms: &mut u64, time_ms: u64| {
            loop {
                let boundary_ms = (*looked_ms / self.step_ms + 1) * self.step_ms;
                if boundary_ms > time_ms.min(until_ms) {
                    return;
                }
                self.sampler.flush(boundary_ms);
                *looked_ms = boundary_ms;
            }
        };
        for (came_ms, seen) in held.records.drain(..) {
            pass(&mut held.looked_ms, came_ms);
            self.observe(&found, recorder, &seen);
        }
        pass(&mut held.looked_ms, SystemClock.now_ms());
        held.recorder = None;
        // Nobody else sets it: all who do hold the lock.
        let _ = self.found.set(found);
    }
}

fn config(step_ms: u64, servers: usize) -> Config {
    let mut config = Config::default();
    config.step_ms = step_ms;
    config.max_routes = MAX_ROUTES as u32;
    config.max_known_routes = 0;
    config.max_draining = 8;
    // One a server's thread, and one for what is held.
    config.max_recorders = u32::try_from(servers).unwrap_or(u32::MAX).saturating_add(2);
    config.hot_keys = true;
    config.sample_bytes = SAMPLE_BYTES;
    config.cell_bytes = 32 << 20;
    config.bound_bytes = 1 << 20;
    config.history_columns = COLUMNS;
    config.history_bytes = HISTORY_BYTES;
    config.prefault = false;
    config
}
