//! From keys of commands to columns: a sampler for each server, so that each has ranges, labels and columns of its own,
//! and what one of them did not see is known.
//!
//! The ranges are the core's own: they follow the load. Time in which a server is not watched is skipped, so that its
//! windows are missing and not empty.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use keyviz_admin::{Clock, Presence, SystemClock, Ticker};
use keyviz_core::{
    Config, EventKind, Label, LabelError, Labels, NodeState, Op as Observed, Partition, Reader, Recorder, Sampler,
    Scan, Tally,
};
use keyviz_trace::Op;

use super::frames::Seen;
use crate::failure::Failure;
use crate::replay::sample::{Reservoir, Sample};

/// Most ranges of one server; of all servers together as many as are worth telling apart, but a few of each.
const MAX_RANGES: u32 = 512;
const RANGES_OF_ALL: u32 = 2048;
const LEAST_RANGES: u32 = 64;

/// So many servers share the memory of one; beyond that each further one takes a sixteenth of it.
const SHARING: usize = 16;

/// Databases with a label: 1 to 15, as many as there are labels.
const LABELLED: u32 = 15;

/// An hour of columns of a second, for as many ranges as there are.
const COLUMNS: u32 = 3_600;
const HISTORY_BYTES: usize = 64 << 20;

const CELL_BYTES: usize = 32 << 20;

/// Room for the bounds of all ranges of that hour.
const BOUND_BYTES: usize = 8 << 20;

/// Room for sampled keys, and how often they are taken out of it: a server gives its commands in bursts.
const SAMPLE_BYTES: usize = 8 << 20;
const DRAIN_MS: u64 = 50;

/// A watch that was known so lately when it came to its end was watched to the end; a longer silence is a loss that
/// nobody had noticed yet.
const SILENT_MS: u64 = 1_000;

/// Columns shorter than a second are flushed so far beyond what is known: the server is asked too rarely for them.
const AHEAD_MS: u64 = 250;

/// All that is counted, server by server.
pub(crate) struct Servers {
    each: Vec<Counting>,
    sample: Arc<Mutex<Reservoir>>,
    ended: Mutex<bool>,
    changed: Condvar,
}

/// What is counted of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Counting(Arc<Inner>);

struct Inner {
    sampler: Sampler,
    step_ms: u64,
    /// What the sampler had when this began: of a history that it goes on with.
    before: Past,
    labels: Vec<Label>,
    /// Of all servers together.
    sample: Arc<Mutex<Reservoir>>,
    /// Operations in databases beyond those with labels.
    unlabelled: AtomicU64,
    flow: Mutex<Flow>,
    /// By which the page knows whether the server is watched.
    presence: Presence,
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
    /// Sessions that watch it now: one, or none.
    watching: u32,
    /// Until when: what is counted a little later came before.
    until_ms: u64,
    /// Up to when time was looked at, or skipped.
    looked_ms: u64,
    /// Up to when it is known to have been watched: no column is sealed beyond, as none can be taken back.
    known_ms: u64,
    /// It is known to be watched: it was flushed since.
    is_known: bool,
}

impl Servers {
    /// Nothing counted yet, by samplers of this program's [`sampler`], one for each server.
    pub(crate) fn new(samplers: Vec<Sampler>) -> Servers {
        let sample: Arc<Mutex<Reservoir>> = Arc::default();
        let each = samplers.into_iter().map(|sampler| Counting::new(sampler, Arc::clone(&sample))).collect();
        Servers { each, sample, ended: Mutex::default(), changed: Condvar::new() }
    }

    /// What is counted of each server, in the order of the command line.
    pub(crate) fn each(&self) -> &[Counting] {
        &self.each
    }

    pub(crate) fn readers(&self) -> Vec<Reader> {
        self.each.iter().map(Counting::reader).collect()
    }

    /// Flushes until [`finish`](Servers::finish), each server wherever it is watched. Runs in a thread of its own.
    pub(crate) fn run(&self) {
        let Some(first) = self.each.first() else { return };
        let ticker = Ticker::new(first.0.step_ms);
        let mut due_ms = 0;
        loop {
            let now_ms = SystemClock.now_ms();
            self.each.iter().for_each(|one| _ = one.0.sampler.drain_samples());
            // A clock that stepped back does not stop it.
            if now_ms >= due_ms || due_ms > now_ms + ticker.interval_ms() {
                due_ms = ticker.next(now_ms);
                self.each.iter().for_each(|one| one.0.look(now_ms));
            }
            let nap = Duration::from_millis(due_ms.saturating_sub(now_ms).clamp(1, DRAIN_MS));
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let (ended, _) =
                self.changed.wait_timeout_while(ended, nap, |ended| !*ended).unwrap_or_else(PoisonError::into_inner);
            if *ended {
                return;
            }
        }
    }

    /// Seals the last columns. All servers' time is over.
    pub(crate) fn finish(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
        let now_ms = SystemClock.now_ms();
        self.each.iter().for_each(|one| one.0.sampler.skip(now_ms + one.0.step_ms));
    }

    /// What was counted, and how much of it no range could take.
    pub(crate) fn counted(&self) -> (Tally, Tally) {
        let (mut all, mut unattributed) = (Tally::ZERO, Tally::ZERO);
        for one in &self.each {
            let (counters, before) = (one.0.sampler.reader().counters(), &one.0.before);
            all.add(since(counters.observed, before.observed));
            unattributed.add(since(counters.unattributed, before.unattributed));
        }
        (all, unattributed)
    }

    /// When counting began, in Unix milliseconds.
    pub(crate) fn began_ms(&self) -> u64 {
        self.each.iter().map(|one| one.0.before.until_ms).max().unwrap_or(0)
    }

    /// Sampled keys of all that was counted.
    pub(crate) fn sample(&self) -> Sample {
        self.sample.lock().unwrap_or_else(PoisonError::into_inner).sorted()
    }

    /// Operations in databases that have no label.
    pub(crate) fn unlabelled(&self) -> u64 {
        // Relaxed: numbers by themselves.
        self.each.iter().map(|one| one.0.unlabelled.load(Ordering::Relaxed)).sum()
    }
}

impl Counting {
    fn new(sampler: Sampler, sample: Arc<Mutex<Reservoir>>) -> Counting {
        let presence = Presence::default();
        // Until it is.
        presence.away(NodeState::Unreachable, "not watched yet");
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
            sample,
            unlabelled: AtomicU64::new(0),
            flow: Mutex::default(),
            presence,
            sampler,
        }))
    }

    pub(crate) fn reader(&self) -> Reader {
        self.0.sampler.reader()
    }

    /// Whether it is watched, for the page.
    pub(crate) fn presence(&self) -> Presence {
        self.0.presence.clone()
    }

    /// It is not watched any more, and why.
    pub(crate) fn away(&self, state: NodeState, why: &str) {
        let mut flow = self.0.flow();
        flow.is_known = false;
        self.0.presence.away(state, why);
    }

    /// The server is known to have been watched up to then, and all that it sent until then is counted. A column that
    /// ends there is sealed at once, before more is counted in it.
    pub(crate) fn known(&self, at_ms: u64) {
        let mut flow = self.0.flow();
        // None of a clock that went on before this was told.
        flow.known_ms = flow.known_ms.max(at_ms.min(SystemClock.now_ms()));
        if flow.watching > 0 && flow.known_ms / self.0.step_ms > flow.looked_ms / self.0.step_ms {
            let until_ms = flow.until_ms.saturating_sub(1);
            self.0.flush(&mut flow, until_ms);
        }
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
            flow.known_ms = flow.looked_ms;
        }
        flow.watching += 1;
        flow.until_ms = flow.until_ms.max(until_ms);
        Watching(Arc::clone(&self.0))
    }

    /// Remembers that something happened to a server, to be shown beside the counts.
    pub(crate) fn annotate(&self, kind: &str, text: &str) {
        if let Ok(kind) = EventKind::new(kind) {
            self.0.sampler.annotate(SystemClock.now_ms(), kind, text);
        }
    }
}

/// A server that is watched; unless it says that it came to its [`end`](Watching::end), it was lost when it is dropped.
pub(crate) struct Watching(Arc<Inner>);

impl Watching {
    /// It came to its end in good order.
    pub(crate) fn end(self) {
        let mut flow = self.0.flow();
        let now_ms = SystemClock.now_ms().min(flow.until_ms);
        if now_ms.saturating_sub(flow.known_ms) <= SILENT_MS {
            flow.known_ms = flow.known_ms.max(now_ms);
        }
    }

    /// Up to when it is known to have been watched.
    pub(crate) fn known_ms(&self) -> u64 {
        self.0.flow().known_ms
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut flow = self.0.flow();
        flow.watching -= 1;
        if flow.watching == 0 {
            let until_ms = flow.until_ms.min(flow.known_ms);
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

    /// Flushes where the server is watched; where it is not, time passes, and the column that it left is sealed.
    fn look(&self, now_ms: u64) {
        let mut flow = self.flow();
        if flow.watching > 0 {
            // The end itself is for the last one, so that what is counted late is still of this window.
            let until_ms = flow.until_ms.saturating_sub(1);
            self.flush(&mut flow, until_ms);
            if !std::mem::replace(&mut flow.is_known, true) {
                self.presence.here();
            }
            return;
        }
        let window_ms = now_ms / self.step_ms * self.step_ms;
        if window_ms > flow.looked_ms {
            flow.looked_ms = window_ms;
            self.sampler.skip(window_ms);
        }
    }

    fn flush(&self, flow: &mut Flow, until_ms: u64) {
        let ahead_ms = if self.step_ms < 1000 { AHEAD_MS } else { 0 };
        let known_ms = flow.known_ms.saturating_add(ahead_ms);
        flow.looked_ms = SystemClock.now_ms().min(until_ms).min(known_ms).max(flow.looked_ms);
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

/// A sampler for one of so many servers, which nothing was counted in.
///
/// # Errors
/// Where the memory is not there.
pub(crate) fn sampler(step_ms: u64, servers: usize) -> Result<Sampler, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(format!("the picture cannot be set up: {error}"));
    let config = config(step_ms, servers).map_err(|error| refused(&error))?;
    Sampler::new(config, SystemClock.now_ms()).map_err(|error| refused(&error))
}

fn config(step_ms: u64, servers: usize) -> Result<Config, LabelError> {
    let (share, names) = (servers.clamp(1, SHARING), (1..=LABELLED).map(label).collect::<Vec<String>>());
    let ranges = RANGES_OF_ALL.checked_div(u32::try_from(servers).unwrap_or(u32::MAX)).unwrap_or(MAX_RANGES);
    let mut config = Config::default();
    config.labels = Labels::new(&names)?;
    config.step_ms = step_ms;
    config.partition = Partition::Auto { ranges: ranges.clamp(LEAST_RANGES, MAX_RANGES) };
    // The server's thread.
    config.max_recorders = 2;
    config.hot_keys = true;
    config.sample_bytes = SAMPLE_BYTES / share;
    config.cell_bytes = CELL_BYTES / share;
    config.bound_bytes = BOUND_BYTES / share;
    config.history_columns = COLUMNS;
    config.history_bytes = HISTORY_BYTES / share;
    config.hot_key_bytes /= share;
    // One that no client of the servers can guess.
    config.seed = RandomState::new().hash_one(config.seed);
    config.prefault = false;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::args::MOST_SERVERS;

    #[test]
    fn many_servers_share_the_memory_of_one() {
        // What a configuration takes is told only of one that works.
        let bytes = |servers: usize| config(1000, servers).unwrap().memory_bytes().unwrap() * servers;
        let one = bytes(1);
        assert!(one < 192 << 20, "{one}");
        for servers in 2..=MOST_SERVERS {
            let most = if servers <= SHARING { one * 2 } else { one * 8 };
            assert!(bytes(servers) < most, "{servers}: {} of {most}", bytes(servers));
        }
    }
}
