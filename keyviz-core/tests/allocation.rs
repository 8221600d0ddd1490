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

use keyviz_core::{Config, Labels, MatrixQuery, Op, RouteId, Sampler};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

/// Counts bytes on all threads, and calls on threads that are watched.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static WATCHED_CALLS: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    static WATCHED: AtomicBool = const { AtomicBool::new(false) };
}

fn note() {
    if WATCHED.try_with(|w| w.load(Ordering::Relaxed)).unwrap_or(false) {
        WATCHED_CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        note();
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
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
    config.max_routes = 40;
    config.max_draining = 20;
    config.sub_buckets = 4;
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    config.max_recorders = 2;
    config.shared_shards = 2;
    config.cell_bytes = 90 << 10;
    config.history_bytes = 600 << 10;
    config.history_columns = 8;
    config.bound_bytes = 4096;
    config.max_bound_len = 256;
    config
}

/// One test, since the counters are the process's.
#[test]
fn memory_is_what_was_told_and_all_of_it_at_construction() {
    bytes_are_as_told();
    nothing_allocates_later();
}

fn bytes_are_as_told() {
    let config = (1u32..3000, 0u32..500, 1u16..20, 0usize..3, 1u32..80, 1u32..6, any::<(bool, u16, u16)>());
    let mut runner = TestRunner::default();
    runner
        .run(
            &config,
            |(max_routes, max_draining, sub_buckets, labels, max_recorders, shared_shards, (prefault, a, b))| {
                let mut config = Config::default();
                (config.max_routes, config.max_draining, config.sub_buckets) = (max_routes, max_draining, sub_buckets);
                config.labels = Labels::new(&["a", "b", "c"][..labels]).unwrap();
                (config.max_recorders, config.shared_shards, config.prefault) =
                    (max_recorders, shared_shards, prefault);
                config.cell_bytes += usize::from(a) * 7;
                config.history_bytes += usize::from(b) * 7;
                config.bound_bytes += usize::from(a ^ b);
                let Ok(told) = config.memory_bytes() else { return Ok(()) };
                let before = BYTES.load(Ordering::Relaxed);
                let sampler = Sampler::new(config, 0).map_err(|e| TestCaseError::fail(e.to_string()))?;
                let took = BYTES.load(Ordering::Relaxed) - before;
                drop(sampler);
                prop_assert_eq!(took, told);
                prop_assert_eq!(BYTES.load(Ordering::Relaxed), before, "all of it is given back");
                Ok(())
            },
        )
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
            }
            read
        });
        // The thread's own recorder is made by its first call, once.
        sampler.observe(RouteId(0), Op::Read, b"", 0);
        let calls = watched(|| random_steps(&sampler, 1_000_000));
        stop.store(true, Ordering::Relaxed);
        assert!(reading.join().unwrap() > 0, "the reader was at work");
        assert_eq!(calls, 0, "allocator calls after construction");
    });
    let counters = sampler.reader().counters();
    assert!(counters.register_refused > 0, "the tables were full: {counters:?}");
    assert!(counters.pages_refused > 0 && counters.recorders_refused > 0, "{counters:?}");
    assert!(counters.columns_evicted > 8, "the ring wrapped: {counters:?}");
    assert_eq!(
        counters.observed.reads + counters.observed.writes,
        counters.recorded.reads + counters.recorded.writes + counters.unattributed.reads + counters.unattributed.writes
    );
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
                let len = 1 + noise.below(199) as usize;
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
            14 => recorders[noise.below(3) as usize] = sampler.recorder(),
            15..20 => sampler.observe(route, Op::Write, &bound[..8], 10),
            _ => {
                let label = sampler.label(["", "redis", "s3", "none"][noise.below(4) as usize]);
                let recorder = &recorders[noise.below(3) as usize];
                recorder.observe_labelled(route, label, Op::Read, &[noise.below(256) as u8; 9], noise.below(1000));
            }
        }
    }
    sampler.flush(now_ms + 100);
}
