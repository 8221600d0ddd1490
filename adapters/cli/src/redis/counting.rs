//! From keys of commands to columns.
//!
//! The ranges are the core's own: they follow the load. Time in which no server is watched is skipped, so that its
//! windows are missing and not empty.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use keyviz_admin::{Clock, SystemClock, Ticker};
use keyviz_core::{
    Config, EventKind, Label, Labels, Op as Observed, Partition, Reader, Recorder, Sampler, Scan, Tally,
};
use keyviz_trace::Op;

use super::frames::Seen;
use crate::failure::Failure;
use crate::replay::sample::{Reservoir, Sample};

/// Most ranges.
const MAX_RANGES: u32 = 512;

/// Databases with a label: 1 to 15, as many as there are labels.
const LABELLED: u32 = 15;

/// An hour of columns of a second, for as many ranges as there are.
const COLUMNS: u32 = 3_600;
const HISTORY_BYTES: usize = 64 << 20;

/// Room for the bounds of all ranges of that hour.
const BOUND_BYTES: usize = 8 << 20;

/// Room for sampled keys, and how often they are taken out of it: a server gives its commands in bursts.
const SAMPLE_BYTES: usize = 8 << 20;
const DRAIN_MS: u64 = 50;

/// All that is counted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Counting(Arc<Inner>);

struct Inner {
    sampler: Sampler,
    step_ms: u64,
    /// What the sampler had when this began: of a history that it goes on with.
    before: Past,
    labels: Vec<Label>,
    sample: Mutex<Reservoir>,
    /// Operations in databases beyond those with labels.
    unlabelled: AtomicU64,
    flow: Mutex<Flow>,
    changed: Condvar,
}

/// What was counted before this program began.
#[derive(Clone, Copy, Debug, Default)]
struct Past {
    observed: Tally,
    unattributed: Tally,
    /// When it began.
    until_ms: u64,
}

/// Whether time is being looked at.
#[derive(Default)]
struct Flow {
    /// Servers that are watched now.
    watching: u32,
    /// Until when: what is counted a little later came before.
    until_ms: u64,
    /// Up to when time was looked at, or skipped.
    looked_ms: u64,
    ended: bool,
}

impl Counting {
    /// Nothing counted yet, by a sampler of this program's [`sampler`].
    pub(crate) fn new(sampler: Sampler) -> Counting {
        let reader = sampler.reader();
        let (counters, config) = (reader.counters(), reader.config());
        let labels = (1..=LABELLED).map(|database| config.labels.get(&label(database))).collect();
        let before = Past {
            observed: counters.observed,
            unattributed: counters.unattributed,
            until_ms: reader.window().last_flush_ms,
        };
        Counting(Arc::new(Inner {
            step_ms: config.step_ms,
            before,
            labels,
            sample: Mutex::default(),
            unlabelled: AtomicU64::new(0),
            flow: Mutex::default(),
            changed: Condvar::new(),
            sampler,
        }))
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
            flow.looked_ms = flow.looked_ms.max(SystemClock.now_ms());
            self.0.sampler.skip(flow.looked_ms);
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
            inner.sampler.drain_samples();
            let mut flow = inner.flow();
            // A clock that stepped back does not stop it.
            if now_ms >= due_ms || due_ms > now_ms + ticker.interval_ms() {
                due_ms = ticker.next(now_ms);
                if flow.watching > 0 {
                    // The end itself is for the last one, so that what is counted late is still of this window.
                    let until_ms = flow.until_ms.saturating_sub(1);
                    inner.flush(&mut flow, until_ms);
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

    /// What was counted, and how much of it no range could take.
    pub(crate) fn counted(&self) -> (Tally, Tally) {
        let (counters, before) = (self.0.sampler.reader().counters(), &self.0.before);
        (since(counters.observed, before.observed), since(counters.unattributed, before.unattributed))
    }

    /// When counting began, in Unix milliseconds.
    pub(crate) fn began_ms(&self) -> u64 {
        self.0.before.until_ms
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
            let until_ms = flow.until_ms;
            self.0.flush(&mut flow, until_ms);
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
        let label = match usize::try_from(seen.database).ok().and_then(|database| database.checked_sub(1)) {
            None => Label::NONE,
            Some(at) => self.inner.labels.get(at).copied().unwrap_or_else(|| {
                self.inner.unlabelled.fetch_add(1, Ordering::Relaxed);
                Label::NONE
            }),
        };
        let op = match seen.op {
            Some(Op::Scan) => {
                let scan = Scan::new(&seen.key, Some(&seen.end), seen.key.len() as u64);
                return self.recorder.observe_scan(&Scan { label, ..scan });
            }
            Some(Op::Write) => Observed::Write,
            _ => Observed::Read,
        };
        if label == Label::NONE {
            self.recorder.observe_key(op, &seen.key, seen.value_len);
        } else {
            self.recorder.observe_key_labelled(label, op, &seen.key, seen.value_len);
        }
    }
}

impl Inner {
    fn flow(&self) -> std::sync::MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush(&self, flow: &mut Flow, until_ms: u64) {
        flow.looked_ms = SystemClock.now_ms().min(until_ms).max(flow.looked_ms);
        self.sampler.flush(flow.looked_ms);
    }
}

/// What came to a sum; sums only grow.
fn since(now: Tally, before: Tally) -> Tally {
    Tally {
        reads: now.reads.saturating_sub(before.reads),
        writes: now.writes.saturating_sub(before.writes),
        read_bytes: now.read_bytes.saturating_sub(before.read_bytes),
        write_bytes: now.write_bytes.saturating_sub(before.write_bytes),
        scans: now.scans.saturating_sub(before.scans),
    }
}

fn label(database: u32) -> String {
    format!("db{database}")
}

/// A sampler for so many servers, which nothing was counted in.
///
/// # Errors
/// Where the memory is not there.
pub(crate) fn sampler(step_ms: u64, servers: usize) -> Result<Sampler, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(format!("the picture cannot be set up: {error}"));
    let names: Vec<String> = (1..=LABELLED).map(label).collect();
    let mut config = Config::default();
    config.labels = Labels::new(&names).map_err(|error| refused(&error))?;
    config.step_ms = step_ms;
    config.partition = Partition::Auto { ranges: MAX_RANGES };
    // One a server's thread.
    config.max_recorders = u32::try_from(servers).unwrap_or(u32::MAX).saturating_add(1);
    config.hot_keys = true;
    config.sample_bytes = SAMPLE_BYTES;
    config.cell_bytes = 32 << 20;
    config.bound_bytes = BOUND_BYTES;
    config.history_columns = COLUMNS;
    config.history_bytes = HISTORY_BYTES;
    // One that no client of the servers can guess.
    config.seed = RandomState::new().hash_one(config.seed);
    config.prefault = false;
    Sampler::new(config, SystemClock.now_ms()).map_err(|error| refused(&error))
}
