//! Flushing while a reader reads everything all the time: it must not wait for it.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use keyviz_core::{MatrixQuery, Op, RouteId, Sampler, Tiers};

use super::Bench;
use crate::counters::{BEGIN_MS, fixture};
use crate::load::{ROUTES, Route, VALUE_LEN, routes};
use crate::measure::Measured;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "flush/beside-reader",
    about: "10 000 routes active, 60 columns kept, a thread that asks for the whole matrix without pause",
    on_request: false,
    run,
};

const COLUMNS: u32 = 60;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let sampler = fixture(|config| (config.history_columns, config.tiers) = (COLUMNS, Tiers::NONE))?;
    let routes = routes(ROUTES);
    let mut now_ms = BEGIN_MS;
    for _ in 0..=COLUMNS {
        flush(&sampler, &routes, &mut now_ms);
    }
    let alone: Vec<Flushed> = (0..runs).map(|_| flush(&sampler, &routes, &mut now_ms)).collect();
    let (stop, read) = (AtomicBool::new(false), AtomicU64::new(0));
    let beside: Vec<Flushed> = thread::scope(|scope| {
        scope.spawn(|| {
            let reader = sampler.reader();
            while !stop.load(Ordering::Relaxed) {
                let matrix = reader.matrix(&MatrixQuery::default());
                read.fetch_add(matrix.columns.len() as u64, Ordering::Relaxed);
            }
        });
        while read.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        let flushed = (0..runs).map(|_| flush(&sampler, &routes, &mut now_ms)).collect();
        stop.store(true, Ordering::Relaxed);
        flushed
    });
    let waits: Option<u64> = beside.iter().map(|one| one.waits).sum();
    let times = |all: &[Flushed]| Measured::of(all.iter().map(|one| one.time).collect(), 1);
    let (alone, beside) = (times(&alone)?.in_units_of(1e6), times(&beside)?.in_units_of(1e6));
    let mut rows = vec![Row { unit: "ms", ..Row::versus(BENCH.name, beside, "no reader", alone) }];
    if let Some(waits) = waits {
        rows.push(Row {
            name: format!("{}/waits in {runs} flushes", BENCH.name),
            value: waits as f64,
            median: None,
            unit: "waits",
            baseline: None,
            target: Some(Target::ValueAtMost(0.0)),
        });
    }
    Ok(rows)
}

struct Flushed {
    time: Duration,
    /// How often the thread gave its core away of itself, which is what waiting for a lock is.
    waits: Option<u64>,
}

fn flush(sampler: &Sampler, routes: &[Route], now_ms: &mut u64) -> Flushed {
    for route in routes {
        sampler.observe(RouteId(route.id), Op::Write, b"key", VALUE_LEN);
    }
    *now_ms += sampler.reader().config().step_ms;
    let before = voluntary_switches();
    let begun = Instant::now();
    sampler.flush(*now_ms);
    let time = begun.elapsed();
    Flushed { time, waits: voluntary_switches().zip(before).map(|(after, before)| after - before) }
}

/// Linux counts them for each thread.
fn voluntary_switches() -> Option<u64> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?.trim().parse().ok()
}
