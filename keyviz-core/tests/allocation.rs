//! All memory is taken at construction: as much as `memory_bytes` says, and not a byte later.

#![cfg(feature = "std")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]
#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use keyviz_core::limits::CELL_BYTES;
use keyviz_core::{Config, EventKind, Labels, MatrixQuery, Op, Partition, RouteId, Sampler, Scan, Tally};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

/// Counts bytes on all threads, and calls on threads that are watched.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static WATCHED_CALLS: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    static WATCHED: AtomicBool = const { AtomicBool::new(false) };
    /// Bytes that this thread took and did not give back.
    static OWN: AtomicUsize = const { AtomicUsize::new(0) };
}

fn note() {
    if WATCHED.try_with(|w| w.load(Ordering::Relaxed)).unwrap_or(false) {
        WATCHED_CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

fn count(taken: usize, given: usize) {
    BYTES.fetch_add(taken.wrapping_sub(given), Ordering::Relaxed);
    // A thread that is ending counts for all only.
    let _ = OWN.try_with(|own| own.fetch_add(taken.wrapping_sub(given), Ordering::Relaxed));
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        count(layout.size(), 0);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        count(layout.size(), 0);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        note();
        count(0, layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Runs `work` with this thread watched; returns its allocator calls.
fn watched(work: impl FnOnce()) -> usize {
    let before = WATCHED_CALLS.load(Ordering::Relaxed);
    WATCHED.with(|w| w.store(true, Ordering::Relaxed));
    work();
    WATCHED.with(|w| w.store(false, Ordering::Relaxed));
    WATCHED_CALLS.load(Ordering::Relaxed) - before
}

fn small() -> Config {
    let mut config = Config::default();
    config.step_ms = 100;
    (config.max_routes, config.max_known_routes, config.max_draining) = (40, 60, 20);
    config.sub_buckets = 4;
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    config.max_recorders = 2;
    config.shared_shards = 2;
    // Pages for the shards, and for most of what two recorders would take.
    config.cell_bytes = if CELL_BYTES == 16 { 40 << 10 } else { 90 << 10 };
    config.history_bytes = 600 << 10;
    config.history_columns = 8;
    config.tiers = "2x3,6x2".parse().unwrap();
    config.bound_bytes = 4096;
    config.max_events = 16;
    config.max_bound_len = 256;
    (config.hot_keys, config.sample_bytes, config.max_key_len, config.seed) = (true, 2048, 16, 9);
    config
}

/// Random steps of the host.
const STEPS: u32 = if cfg!(debug_assertions) { 250_000 } else { 600_000 };

/// One test, since the counters are the process's.
#[test]
fn memory_is_what_was_told_and_all_of_it_at_construction() {
    bytes_are_as_told();
    nothing_allocates_later();
    std::thread::spawn(nothing_allocates_in_ranges_of_its_own).join().unwrap();
    // On a thread of its own, which keeps nothing when it has ended.
    std::thread::spawn(a_thread_may_observe_for_more_samplers_than_it_keeps_recorders_of).join().unwrap();
    threads_keep_nothing_of_a_sampler_that_is_gone();
}

/// Bytes of this thread: on a busy machine the tests' own threads take some beside it.
fn own() -> usize {
    OWN.with(|own| own.load(Ordering::Relaxed))
}

fn bytes_are_as_told() {
    let config = (1u32..3000, 0u32..500, 1u16..20, 0usize..3, 1u32..80, 1u32..6, any::<(bool, u16, u16, bool, bool)>());
    let samples = (any::<bool>(), 0usize..100_000, 1u32..300);
    let config = (config, 0u32..20_000, 0u32..300, samples);
    let mut runner = TestRunner::new(proptest::test_runner::Config::with_cases(100));
    runner
        .run(&config, |(config, max_known_routes, max_virtual, samples)| {
            let (
                max_routes,
                max_draining,
                sub_buckets,
                labels,
                max_recorders,
                shared_shards,
                (prefault, a, b, scans, auto),
            ) = config;
            let mut config = Config::default();
            (config.max_known_routes, config.max_virtual) = (max_known_routes, max_virtual);
            (config.max_routes, config.max_draining, config.sub_buckets) = (max_routes, max_draining, sub_buckets);
            config.labels = Labels::new(&["a", "b", "c"][..labels]).unwrap();
            (config.max_recorders, config.shared_shards, config.prefault) = (max_recorders, shared_shards, prefault);
            config.scans = scans;
            if auto {
                config.partition = Partition::Auto { ranges: 1 + max_routes };
            }
            (config.hot_keys, config.sample_bytes, config.max_key_len) = (samples.0, samples.1 + (1 << 18), samples.2);
            config.cell_bytes += usize::from(a) * 7;
            config.history_bytes += usize::from(b) * 7;
            config.bound_bytes += usize::from(a ^ b);
            config.max_events = u32::from(b) % 3000;
            let Ok(told) = config.memory_bytes() else { return Ok(()) };
            let before = own();
            let sampler = Sampler::new(config, 0).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let took = own() - before;
            drop(sampler);
            prop_assert_eq!(took, told);
            prop_assert_eq!(own(), before, "all of it is given back");
            Ok(())
        })
        .unwrap();
}

/// Deterministic noise (splitmix64).
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

fn nothing_allocates_later() {
    let sampler = Sampler::new(small(), 0).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (reader, stop) = (sampler.reader(), &stop);
        let reading = scope.spawn(move || {
            let mut read = 0usize;
            while !stop.load(Ordering::Relaxed) {
                read += reader.matrix(&MatrixQuery { open: true, ..MatrixQuery::default() }).rows.len();
                read += reader.events(0, 0).len();
            }
            read
        });
        // A thread that never observed: its first calls are watched too.
        let working = scope.spawn(|| {
            let first = watched(|| sampler.observe(RouteId(0), Op::Read, b"", 0));
            (first, watched(|| random_steps(&sampler, STEPS)))
        });
        let calls = working.join().unwrap();
        stop.store(true, Ordering::Relaxed);
        assert!(reading.join().unwrap() > 0, "the reader was at work");
        assert_eq!(calls, (0, 0), "allocator calls of the first observation, and later");
    });
    let counters = sampler.reader().counters();
    assert!(counters.register_refused > 0, "the tables were full: {counters:?}");
    assert!(counters.pages_refused > 0 && counters.recorders_refused > 0, "{counters:?}");
    assert!(counters.columns_evicted > 8, "the ring wrapped: {counters:?}");
    assert!(counters.columns_folded > 8, "columns were folded: {counters:?}");
    assert!(counters.events_dropped > 16, "the rings of events wrapped: {counters:?}");
    assert!(counters.folded > 10 && counters.promoted > 10, "routes changed places: {counters:?}");
    assert!(counters.recorded.scans > 1000 && counters.unattributed.scans > 100, "{counters:?}");
    assert!(counters.key_samples > 1000 && counters.keys_too_long > 1000, "{counters:?}");
    assert_eq!(
        counters.observed.reads + counters.observed.writes,
        counters.recorded.reads + counters.recorded.writes + counters.unattributed.reads + counters.unattributed.writes
    );
}

/// Ranges of the core's own, split and joined by a load that moves, with scans and drains in between.
fn nothing_allocates_in_ranges_of_its_own() {
    let mut config = small();
    config.partition = Partition::Auto { ranges: 40 };
    let sampler = Sampler::new(config, 0).unwrap();
    let recorder = sampler.recorder();
    let mut noise = Noise(11);
    let calls = watched(|| {
        for step in 0..200u64 {
            for _ in 0..2000 {
                let key = (step / 20 * 1_000_000 + noise.below(100_000)).to_be_bytes();
                recorder.observe_key(Op::Write, &key, 1);
                if noise.below(20) == 0 {
                    sampler.observe_scan(&Scan::new(&key, None, 5));
                    sampler.drain_samples();
                }
            }
            sampler.flush((step + 1) * 100);
        }
    });
    let counters = sampler.reader().counters();
    assert_eq!(calls, 0);
    assert!(counters.ranges_split > 20 && counters.ranges_joined > 20, "{counters:?}");
    assert_eq!(counters.range_changes_refused, 0, "nothing is planned that slots in their grace have no room for");
    assert_eq!((counters.recorded.writes, counters.unattributed), (400_000, Tally::ZERO));
}

fn random_steps(sampler: &Sampler, steps: u32) {
    let mut noise = Noise(7);
    let mut now_ms = 0;
    let mut recorders = [sampler.recorder(), sampler.recorder(), sampler.recorder()];
    let mut bound = [0u8; 200];
    for _ in 0..steps {
        let route = RouteId(noise.below(70));
        match noise.below(100) {
            0..5 => {
                bound[0] = route.0 as u8;
                let len = 1 + noise.below(if route.0.is_multiple_of(8) { 199 } else { 9 }) as usize;
                let refused = sampler.register(route, &bound[..len], None, noise.below(4));
                // Formatting is the caller's; the refusal itself takes no memory.
                let _ = refused.is_err();
            }
            5..8 => {
                sampler.remove(route);
            }
            8..10 => sampler.set_term(noise.below(4), noise.below(3)),
            10..14 => {
                now_ms += noise.below(120);
                sampler.flush(now_ms);
            }
            14 if noise.below(4) == 0 => sampler.annotate(now_ms, EventKind::DEPLOY, "version 2 went to work"),
            14 => recorders[noise.below(3) as usize] = sampler.recorder(),
            15..18 => sampler.observe(route, Op::Write, &bound[..8], 10),
            18..20 => sampler.observe_scan_routes(&[route, RouteId(route.0 + 1)], &Scan::new(&bound[..8], None, 10)),
            // Hot for a while, whichever it is.
            20 => recorders[0].observe_many(RouteId(now_ms / 2000 % 70), Op::Write, &bound[..8], 10, 5000),
            _ => {
                let label = sampler.label(["", "redis", "s3", "none"][noise.below(4) as usize]);
                let recorder = &recorders[noise.below(3) as usize];
                let key = [noise.below(256) as u8; 20];
                recorder.observe_labelled(route, label, Op::Read, &key[..noise.below(21) as usize], noise.below(1000));
            }
        }
    }
    sampler.flush(now_ms + 100);
}

/// Exact and without an allocation, however many samplers a thread has to do with.
fn a_thread_may_observe_for_more_samplers_than_it_keeps_recorders_of() {
    let samplers: Vec<Sampler> = (0..40).map(|_| Sampler::new(small(), 0).unwrap()).collect();
    for sampler in &samplers {
        sampler.register(RouteId(1), b"a", None, 0).unwrap();
    }
    let calls = watched(|| {
        for round in 0..10 {
            for (i, sampler) in samplers.iter().enumerate() {
                (0..=(i + round) % 3).for_each(|_| sampler.observe(RouteId(1), Op::Write, b"b", 0));
            }
        }
    });
    assert_eq!(calls, 0);
    for (i, sampler) in samplers.iter().enumerate() {
        sampler.flush(100);
        let expected: usize = (0..10).map(|round| (i + round) % 3 + 1).sum();
        assert_eq!(sampler.reader().counters().recorded.writes, expected as u64);
    }
}

/// A thread that observed for a sampler holds on to it only until it next looks for a recorder.
fn threads_keep_nothing_of_a_sampler_that_is_gone() {
    let other = Sampler::new(small(), 0).unwrap();
    let turn = Barrier::new(2);
    let given = Mutex::new(None::<Sampler>);
    let (before, with, after) = std::thread::scope(|scope| {
        scope.spawn(|| {
            turn.wait();
            turn.wait();
            let sampler = given.lock().unwrap().take();
            if let Some(sampler) = sampler {
                sampler.observe(RouteId(1), Op::Read, b"", 0);
            }
            turn.wait();
            turn.wait();
            other.observe(RouteId(1), Op::Read, b"", 0);
            turn.wait();
        });
        turn.wait(); // the thread has what a thread takes
        let before = BYTES.load(Ordering::Relaxed);
        let sampler = Sampler::new(small(), 0).unwrap();
        sampler.observe(RouteId(1), Op::Read, b"", 0);
        *given.lock().unwrap() = Some(sampler.clone());
        turn.wait();
        turn.wait();
        let with = BYTES.load(Ordering::Relaxed);
        drop(sampler);
        other.observe(RouteId(1), Op::Read, b"", 0);
        turn.wait();
        turn.wait();
        (before, with, BYTES.load(Ordering::Relaxed))
    });
    assert_eq!(with - before, small().memory_bytes().unwrap());
    // Less by what the standard library gave back of its own.
    assert!(after <= before, "{} bytes of a sampler that is gone", after - before);
}
