//! Every interleaving, within a bound, of keyviz-core's threads: what the models have in common.
//!
//! Each file in `tests/` is one protocol and begins with it in words. `cargo xtask loom [MODEL]` runs
//! them. The core under test is the one that ships; only its atomics are loom's, and a page, a block of
//! history and the span between two full drains are small (`limits.rs`).
//!
//! What the models do not show: loom has no time, so a grace is a join; it remembers seven stores of a
//! word, so none sees an older one; it lets no load see a store that runs after it; and beyond
//! `preemptions` switches a schedule is not tried.
#![cfg(keyviz_loom)]
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a model speaks by panicking and says how far it went")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use keyviz_core::limits::FULL_DRAIN_EVERY;
use keyviz_core::{Config, Counters, RouteId, Tally, Writer};

/// The step of every model; a flush a step seals a column.
pub const STEP_MS: u64 = 60_000;

/// Stack of a model, in words.
const MODEL_STACK: usize = 0x1_0000;

/// Runs `model` once for each interleaving with at most `preemptions` switches away from a thread that
/// could have gone on, and each choice of what a load may see. Says how many there were.
pub fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 100_000;
    let begun = Instant::now();
    let model = Arc::new(model);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        // A writing half as a value, and once more on its way out of what makes it, is more than the stack of a
        // model's first thread.
        let model = Arc::clone(&model);
        let thread = loom::thread::Builder::new().stack_size(MODEL_STACK).spawn(move || model());
        let ended = thread.expect("loom has room for the model's thread").join();
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
    let name = std::thread::current().name().unwrap_or("model").to_owned();
    println!("{name}: {} interleavings in {:.1} s", runs.load(Ordering::Relaxed), begun.elapsed().as_secs_f64());
}

/// How often `models` reached what it counts: what a model means to break has to be broken in some run.
pub fn reached(models: impl FnOnce(Arc<AtomicU64>)) -> u64 {
    let count = Arc::new(AtomicU64::new(0));
    models(Arc::clone(&count));
    count.load(Ordering::Relaxed)
}

/// The smallest sampler: one route and one that drains, no virtual buckets, no scans, no events, one recorder, one shard,
/// one column beside the open one, bounds of one byte.
pub fn tiny() -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    config.max_routes = 1;
    config.max_known_routes = 0;
    config.max_draining = 1;
    config.max_recorders = 1;
    config.shared_shards = 1;
    config.history_columns = 1;
    config.tiers = keyviz_core::Tiers::NONE;
    config.max_bound_len = 1;
    (config.scans, config.max_events) = (false, 0);
    config.prefault = false;
    least(config)
}

/// As [`tiny`], with room for two routes and four bounds.
pub fn tiny_with_two_routes() -> Config {
    let mut config = tiny();
    config.max_routes = 2;
    config = least(config);
    config.bound_bytes *= 4;
    config
}

/// As [`tiny`], with room for so many known routes, of which one has a seat, and for three virtual
/// buckets (of two neighbours the seal of a column would make one, to have one free). A recorder has pages
/// of its own for both kinds. Routes change places only where a model says so.
pub fn tiny_with_buckets(known: u32) -> Config {
    let mut config = tiny();
    config.max_known_routes = known;
    config.max_virtual = 3;
    config.promote = false;
    config = least(config);
    config.cell_bytes *= 2;
    config.bound_bytes *= 4;
    config
}

/// The configuration with its pools as small as they may be.
pub fn least(mut config: Config) -> Config {
    (config.cell_bytes, config.history_bytes, config.bound_bytes) = (1, 1, 1);
    while let Err(keyviz_core::ConfigError::PoolTooSmall { field, least_bytes, .. }) = config.validate() {
        match field {
            "cell_bytes" => config.cell_bytes = least_bytes,
            "history_bytes" => config.history_bytes = least_bytes,
            _ => config.bound_bytes = least_bytes,
        }
    }
    config
}

/// Flushes, a step apart, until everything that was observed is found, whatever epochs were read: one
/// of the flushes sums all pages. Returns the last one's time.
pub fn settle(writer: &mut Writer, mut now_ms: u64) -> u64 {
    for _ in 0..FULL_DRAIN_EVERY {
        now_ms += STEP_MS;
        writer.flush(now_ms);
    }
    now_ms
}

/// What is known of everything observed, after a check that it adds up.
pub fn balance(writer: &Writer) -> Counters {
    let counters = writer.reader().counters();
    let mut sum = counters.recorded;
    sum.add(counters.unattributed);
    assert_eq!(counters.observed, sum, "observed = recorded + unattributed: {counters:?}");
    counters
}

/// `count` reads of `bytes` each.
pub fn reads(count: u64, bytes: u64) -> Tally {
    let mut tally = Tally::ZERO;
    (tally.reads, tally.read_bytes) = (count, count * bytes);
    tally
}

/// What each route has in the columns: gathered flush by flush, so that a model need not keep columns.
#[derive(Default)]
pub struct Ledger(BTreeMap<RouteId, Tally>);

impl Ledger {
    /// Flushes at the end of a window, and adds the column that this seals.
    pub fn flush(&mut self, writer: &mut Writer, now_ms: u64) {
        writer.flush(now_ms);
        writer.reader().for_each_cell(now_ms, now_ms + 1, false, |_, cell| {
            self.0.entry(cell.route).or_default().add(cell.counts);
        });
    }

    /// As [`settle`], adding the columns.
    pub fn settle(&mut self, writer: &mut Writer, now_ms: u64) {
        for flush in 1..=FULL_DRAIN_EVERY {
            self.flush(writer, now_ms + flush * STEP_MS);
        }
    }

    /// What a route has.
    pub fn of(&self, route: RouteId) -> Tally {
        self.0.get(&route).copied().unwrap_or_default()
    }
}
