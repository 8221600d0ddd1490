//! What all threads share: the sampler, what is left to do, what was found.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keyviz_core::{Config, Labels, Op, Recorder, Sampler};

use crate::args::Args;
use crate::flush::Ledger;
use crate::random::zipf_table;
use crate::routes::{CHURNED, STEADY, churned_end, division, group, id, start, steady_end};
use crate::truth::{Truth, cell};

/// Calls that a thread takes at a time.
pub const CHUNK: u64 = 8192;
/// The step of the sampler's own time.
pub const STEP_MS: u64 = 1000;
/// Draws of the ranks of routes.
pub const RANKS: usize = 1 << 16;
/// What steady routes get before the others are registered, so that they are warm from the start.
const WARM_UP: u64 = 50_000;

/// What all threads share.
pub struct World {
    /// What is tried.
    pub sampler: Sampler,
    /// What is left to do.
    pub tickets: Tickets,
    /// Which of the changing routes are the hottest: it moves on.
    pub phase: AtomicU64,
    /// Ranks of the changing routes.
    pub ranks: Vec<u16>,
    /// Recorders that one thread leaves for another.
    pub handed: Mutex<Vec<Recorder>>,
    /// What each sealed column held when it was sealed.
    pub ledger: Mutex<Ledger>,
    /// Route changes since the last flush. Route changes and a flush with its look at the new column exclude each other: changes could push the column
    /// out before it is looked at. Observing and reading go on meanwhile.
    pub changes: Mutex<u64>,
    /// What readers found wrong.
    pub problems: Mutex<Vec<String>>,
    /// Columns that the reader compared with the ledger.
    pub compared: AtomicU64,
    /// Begins every sequence of choices.
    pub seed: u64,
    /// Threads that observe.
    pub threads: usize,
    stopping: AtomicBool,
}

/// A lock that a panicked thread leaves as it is; the panic is reported anyway.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A sampler too small for what comes: for its routes, its threads, its pages, its columns.
    pub fn new(args: &Args) -> Result<World, String> {
        let sampler = Sampler::new(config()?, 0).map_err(|error| error.to_string())?;
        Ok(World {
            sampler,
            tickets: Tickets { left: AtomicU64::new(args.ops), done: AtomicU64::new(0), of: args.ops },
            phase: AtomicU64::new(0),
            ranks: zipf_table(CHURNED, RANKS),
            handed: Mutex::new(Vec::new()),
            ledger: Mutex::new(Ledger::new()),
            changes: Mutex::new(0),
            problems: Mutex::new(Vec::new()),
            compared: AtomicU64::new(0),
            seed: args.seed,
            threads: args.threads,
            stopping: AtomicBool::new(false),
        })
    }

    /// Registers the steady routes and warms them, then as many of the others as are taken.
    pub fn settle(&mut self) -> Truth {
        let mut truth = Truth::new();
        let sampler = &self.sampler;
        for route in 0..STEADY {
            // The configuration has room for them; if one were refused, its counts would differ.
            let _ = sampler.register(id(route), &start(route), Some(&steady_end(route)), group(route));
        }
        let recorder = sampler.recorder();
        let mut ledger = lock(&self.ledger);
        for _ in 0..4 {
            for route in 0..STEADY {
                let [first, second] = start(route);
                let key = [first, second, 200];
                recorder.observe_many(id(route), Op::Read, &key, 0, WARM_UP);
                let place = cell(route, 0, division(200));
                truth.note(Some(place), Op::Read, WARM_UP, WARM_UP * key.len() as u64);
            }
            ledger.flush(sampler, STEP_MS);
        }
        for nth in 0..CHURNED {
            // In no order, so that routes fold to make room for those between them; refused from
            // `max_known_routes` on.
            let route = STEADY + nth * 2477 % CHURNED;
            let _ = sampler.register(id(route), &start(route), Some(&churned_end(route, 0)), group(route));
        }
        drop(ledger);
        truth
    }

    /// Whether the observing threads have ended.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Lets the other threads end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Notes what should not be.
    pub fn problem(&self, text: String) {
        lock(&self.problems).push(text);
    }

    /// All threads have ended: one flush finds everything.
    pub fn finish(&mut self) {
        lock(&self.handed).clear();
        lock(&self.ledger).flush(&self.sampler, STEP_MS);
    }
}

fn config() -> Result<Config, String> {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    (config.max_routes, config.max_known_routes) = (512, 3000);
    (config.max_draining, config.max_virtual) = (160, 128);
    config.sub_buckets = crate::routes::K as u16;
    config.labels = Labels::new(&["redis", "s3"]).map_err(|error| error.to_string())?;
    (config.max_recorders, config.shared_shards) = (12, 3);
    // The shards' pages and two thirds of those that twelve recorders would take.
    config.cell_bytes = (3 * 34 + 270) * 64 * 4 * 32;
    (config.history_columns, config.history_bytes) = (64, 8 << 20);
    config.tiers = keyviz_core::Tiers::NONE;
    (config.bound_bytes, config.max_bound_len) = (256 << 10, 64);
    Ok(config)
}

/// Calls of observing that are left.
pub struct Tickets {
    left: AtomicU64,
    done: AtomicU64,
    /// All there were.
    pub of: u64,
}

impl Tickets {
    /// Some calls; 0 when none is left.
    pub fn take(&self) -> u64 {
        let taken =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(CHUNK)));
        let taken = taken.unwrap_or(0).min(CHUNK);
        self.done.fetch_add(taken, Ordering::Relaxed);
        taken
    }

    /// Leaves none.
    pub fn close(&self) {
        self.left.store(0, Ordering::Relaxed);
    }

    /// Calls taken so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}
