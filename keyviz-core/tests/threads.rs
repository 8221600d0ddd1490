//! Many threads, everything at once, exact at the end.

#![cfg(feature = "std")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use keyviz_core::{Config, Counters, MatrixQuery, Op, RouteHandle, RouteId, Sampler, Series, Tally};

const THREADS: u64 = 4;
const ROUNDS: u64 = 60;
/// Removals the workers live through at the least.
const CHURN: u64 = 1_000;
const OPS: u64 = 2_000;
const ROUTES: u64 = 24;

fn config() -> Config {
    let mut config = Config::default();
    config.step_ms = 100;
    (config.max_routes, config.max_known_routes) = (24, 40);
    config.max_draining = 200;
    config.sub_buckets = 4;
    config.max_recorders = 3; // one thread fewer than there are: somebody is always in a shared shard
    config.shared_shards = 2;
    config
}

/// Recorders come and go, handles outlive their routes, routes are removed and registered anew while
/// a thread flushes and another reads. Every operation is found again: in a column, among the
/// evicted, or unattributed.
#[test]
fn removal_during_flush_stale_handles_and_recorders_that_come_and_go() {
    let counters = everything_at_once(config());
    assert_eq!((counters.members, counters.folded), (0, 0), "{counters:?}");
}

/// The same where most routes share virtual buckets, and change places with those that do not.
#[test]
fn folds_and_promotions_during_all_that() {
    let mut config = config();
    // Windows of some thousand operations.
    (config.step_ms, config.max_routes, config.max_virtual, config.max_draining) = (3000, 5, 12, 40);
    let counters = everything_at_once(config);
    assert!(counters.members > 0, "{counters:?}");
    assert!(counters.promoted > 0 && counters.folded > 0, "{counters:?}");
}

fn everything_at_once(config: Config) -> Counters {
    let sampler = Sampler::new(config, 0).unwrap();
    let (now_ms, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = Barrier::new(THREADS as usize + 3);
    let churned = AtomicU64::new(0);
    let mut truth = Tally::ZERO;
    for route in 0..ROUTES {
        sampler.register(RouteId(route), &[route as u8 * 10], Some(&[route as u8 * 10 + 5]), route % 3).unwrap();
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (sampler, start, churned) = (&sampler, &start, &churned);
                scope.spawn(move || {
                    start.wait();
                    work(sampler, thread, churned)
                })
            })
            .collect();
        let flushing = scope.spawn(|| {
            start.wait();
            while !stop.load(Ordering::Relaxed) {
                sampler.flush(now_ms.fetch_add(37, Ordering::Relaxed));
            }
        });
        let churning = scope.spawn(|| {
            start.wait();
            let mut round = 0u64;
            while !stop.load(Ordering::Relaxed) {
                let route = round % ROUTES;
                sampler.remove(RouteId(route));
                // Every other time with other bounds: inside the grace that takes a fresh slot.
                let width = 5 + (round / ROUTES % 2) as u8;
                let _ =
                    sampler.register(RouteId(route), &[route as u8 * 10], Some(&[route as u8 * 10 + width]), route % 3);
                sampler.set_term(route % 3, 1 + round % 5);
                round += 1;
                churned.store(round, Ordering::Relaxed);
                if round.is_multiple_of(8) {
                    std::thread::yield_now();
                }
            }
        });
        let reading = scope.spawn(|| {
            start.wait();
            let reader = sampler.reader();
            while !stop.load(Ordering::Relaxed) {
                let matrix = reader.matrix(&MatrixQuery { series: Series::Ops, open: true, ..MatrixQuery::default() });
                for pair in matrix.columns.windows(2) {
                    assert!(pair[0].end_ms <= pair[1].start_ms, "columns overlap: {pair:?}");
                }
            }
        });
        for worker in workers {
            truth.add(worker.join().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
        flushing.join().unwrap();
        churning.join().unwrap();
        reading.join().unwrap();
    });
    sampler.flush(now_ms.load(Ordering::Relaxed) + 1000);

    let reader = sampler.reader();
    let counters = reader.counters();
    assert_eq!(counters.observed, truth);
    let mut found = counters.evicted;
    reader.for_each_cell(0, 0, true, |_, cell| found.add(cell.counts));
    assert_eq!(found, counters.recorded);
    found.add(counters.unattributed);
    assert_eq!(found, truth, "{counters:?}");
    assert!(counters.stale_handles > 0, "handles outlived their routes: {counters:?}");
    assert!(counters.shared_ops > 0, "{counters:?}");
    assert!(counters.recorded.reads > 0 && counters.unattributed.reads > 0, "{counters:?}");
    counters
}

/// Observes with recorders that last a round each; returns what it observed.
fn work(sampler: &Sampler, thread: u64, churned: &AtomicU64) -> Tally {
    let mut truth = Tally::ZERO;
    let mut handles: Vec<RouteHandle> = (0..ROUTES).map(|route| sampler.handle(RouteId(route))).collect();
    let mut round = 0;
    while round < ROUNDS || churned.load(Ordering::Relaxed) < CHURN {
        round += 1;
        let recorder = sampler.recorder();
        for i in 0..OPS {
            let route = (i * 7 + thread + round) % ROUTES;
            let key = [route as u8 * 10, i as u8];
            match i % 3 {
                0 => recorder.observe(RouteId(route), Op::Read, &key, 8),
                1 => recorder.observe_handle(&mut handles[route as usize], Op::Write, &key, 8),
                _ => sampler.observe(RouteId(route), Op::Write, &key, 8),
            }
            match i % 3 {
                0 => (truth.reads, truth.read_bytes) = (truth.reads + 1, truth.read_bytes + 10),
                _ => (truth.writes, truth.write_bytes) = (truth.writes + 1, truth.write_bytes + 10),
            }
        }
    }
    truth
}

/// A recorder made and dropped on threads that end leaves its counts, its pages and its place.
#[test]
fn counts_outlive_their_threads() {
    let sampler = Sampler::new(config(), 0).unwrap();
    sampler.register(RouteId(1), b"a", None, 0).unwrap();
    for _ in 0..50 {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let recorder = sampler.recorder();
                        recorder.observe_many(RouteId(1), Op::Write, b"b", 0, 5);
                        sampler.observe(RouteId(1), Op::Write, b"c", 0);
                    })
                })
                .collect();
            // Joined one by one: the end of a scope does not wait for what a thread keeps for itself.
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
    sampler.flush(100);
    let counters = sampler.reader().counters();
    assert_eq!(counters.recorded.writes, 50 * 3 * 6);
    assert_eq!(counters.recorders, 0);
}
