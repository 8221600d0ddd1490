//! The flusher on real threads, on clocks that a test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use keyviz_admin::{Clock, Flusher, SystemClock};
use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler, Series};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ROUTE: RouteId = RouteId(1);
const T0: u64 = 1_700_000_400_000;

/// A clock that stands still until a test moves it, and counts how often it was read.
#[derive(Clone, Default)]
struct Moved(Arc<(AtomicU64, AtomicU64)>);

impl Moved {
    fn new() -> Self {
        let clock = Moved::default();
        clock.set(T0);
        clock
    }

    fn set(&self, ms: u64) {
        self.0.0.store(ms, Ordering::SeqCst);
    }

    /// Waits until the flusher has looked at the time it starts from.
    fn wait_for_start(&self) {
        eventually("the flusher does not start", || self.0.1.load(Ordering::SeqCst) >= 2);
    }
}

impl Clock for Moved {
    fn now_ms(&self) -> u64 {
        let now_ms = self.0.0.load(Ordering::SeqCst);
        self.0.1.fetch_add(1, Ordering::SeqCst);
        now_ms
    }
}

fn sampler(step_ms: u64, now_ms: u64) -> Sampler {
    let mut config = Config::default();
    config.step_ms = step_ms;
    let sampler = Sampler::new(config, now_ms).unwrap();
    sampler.register(ROUTE, b"", None, 0).unwrap();
    sampler
}

fn observe(sampler: &Sampler, times: u32) {
    for _ in 0..times {
        sampler.observe(ROUTE, Op::Write, b"k", 0);
    }
}

fn total(sampler: &Sampler, open: bool) -> u64 {
    let query = MatrixQuery { series: Series::Writes, open, ..MatrixQuery::default() };
    sampler.reader().matrix(&query).rows.iter().flat_map(|row| &row.values).sum()
}

fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn columns_appear_by_themselves_and_stop_flushes_once_more() {
    let sampler = sampler(100, SystemClock.now_ms());
    let flusher = Flusher::spawn(sampler.clone()).unwrap();
    observe(&sampler, 5);
    eventually("no column", || total(&sampler, false) == 5);
    assert!(flusher.timings().count() > 0 && flusher.timings().max_us() >= flusher.timings().last_us());
    observe(&sampler, 7);
    flusher.stop();
    assert_eq!(total(&sampler, true), 12);
}

#[test]
fn stopping_takes_no_tick_and_dropping_is_stopping() {
    for drop_it in [false, true] {
        // A tick of an hour's step is minutes away.
        let sampler = sampler(3_600_000, SystemClock.now_ms());
        let flusher = Flusher::spawn(sampler.clone()).unwrap();
        observe(&sampler, 3);
        let began = Instant::now();
        if drop_it {
            drop(flusher);
        } else {
            flusher.stop();
        }
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(total(&sampler, true), 3);
    }
}

#[test]
fn the_open_column_is_fresh_within_its_window() {
    let clock = Moved::new();
    let sampler = sampler(10_000, T0);
    let flusher = Flusher::spawn_with(sampler.clone(), clock.clone()).unwrap();
    clock.wait_for_start();
    observe(&sampler, 4);
    clock.set(T0 + 900);
    eventually("the open column stays empty", || total(&sampler, true) == 4);
    assert_eq!(total(&sampler, false), 0);
    drop(flusher);
}

#[test]
fn clock_steps_in_both_directions_lose_nothing() {
    let clock = Moved::new();
    let sampler = sampler(1_000, T0);
    let flusher = Flusher::spawn_with(sampler.clone(), clock.clone()).unwrap();
    clock.wait_for_start();
    let mut expected = 0;
    // On, suspended for an hour, back by a day, on again from there, ahead by ten days.
    for to in [T0 + 1_000, T0 + 3_601_000, T0 - 86_400_000, T0 - 86_399_000, T0 + 864_000_000, T0 + 864_001_000] {
        observe(&sampler, 10);
        expected += 10;
        clock.set(to);
        eventually("a step stopped the flusher", || total(&sampler, true) == expected);
    }
    flusher.stop();
    assert_eq!(total(&sampler, true), expected);
}

#[test]
fn its_thread_has_a_name_and_goes() {
    fn named() -> usize {
        let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
            return 0;
        };
        tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.trim() == "keyviz-flush")
            .count()
    }
    // Other tests of this file have flushers too, so only the form is certain here.
    let flusher = Flusher::spawn(sampler(1_000, SystemClock.now_ms())).unwrap();
    if cfg!(target_os = "linux") {
        eventually("no thread of that name", || named() > 0);
    }
    flusher.stop();
    for _ in 0..200 {
        Flusher::spawn(small()).unwrap().stop();
    }
    if cfg!(target_os = "linux") {
        eventually("threads are left", || named() < 8);
    }
}

fn small() -> Sampler {
    let mut config = Config::default();
    (config.max_routes, config.max_known_routes) = (8, 0);
    config.max_recorders = 2;
    Sampler::new(config.fit(2 << 20).unwrap(), T0).unwrap()
}

/// A clock that breaks when it is told to.
struct Breaking(Moved);

impl Clock for Breaking {
    fn now_ms(&self) -> u64 {
        assert!(self.0.0.0.load(Ordering::SeqCst) != 0, "a fault for the test");
        self.0.now_ms()
    }
}

#[test]
fn a_thread_that_a_fault_ended_says_so() {
    let clock = Moved::new();
    let flusher = Flusher::spawn_with(sampler(1_000, T0), Breaking(clock.clone())).unwrap();
    clock.wait_for_start();
    assert!(!flusher.has_failed());
    clock.set(0);
    eventually("the flusher goes on", || flusher.has_failed());
    flusher.stop();
}
