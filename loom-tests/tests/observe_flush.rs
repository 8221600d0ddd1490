//! Observing beside flushing, by the language's rules alone.
//!
//! A recorder stores the cell (relaxed), then loads the flush epoch (relaxed), and where the page's
//! directory word says another one, marks the word with it (compare-and-swap, Release) until the two
//! agree. Flush stores the next epoch (relaxed), issues a fence, loads every directory word (Acquire),
//! and sums the pages whose word is at most one epoch behind, every `FULL_DRAIN_EVERY`-th time all.
//! Cells only grow and flush takes the difference to what it last saw, so there is nothing that could
//! be counted twice or reset.
//!
//! The language promises no order between a store and a later load of another word, nor how stale a
//! load may be. So what holds is: the flush after the one that a call met finds the call, and however
//! many flushes it met, `FULL_DRAIN_EVERY` further ones do. `stores_at_once.rs` has the rest.
//!
//! Bounds: three switches; two where three threads are at work, or three flushes.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::limits::FULL_DRAIN_EVERY;
use keyviz_core::model::epoch_of_page;
use keyviz_core::{Op, Recorder, RouteId, Scan, Tally, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, least, reached, reads, settle, tiny};
use loom::thread;

const ROUTE: RouteId = RouteId(1);

/// A sampler with one route, which a recorder has observed long ago: its page's epoch is several behind.
/// The next flush is none that sums all pages.
fn idle() -> (Writer, Recorder, u64) {
    let mut writer = Writer::new(tiny(), 0).unwrap();
    writer.register(ROUTE, b"", None, 0).unwrap();
    let recorder = writer.recorder();
    recorder.observe(ROUTE, Op::Read, b"k", 1);
    let now_ms = settle(&mut writer, 0);
    assert_eq!(balance(&writer).recorded, reads(1, 2));
    (writer, recorder, now_ms)
}

#[test]
fn the_flush_after_the_one_it_met_finds_a_call() {
    explore(3, || {
        let (mut writer, recorder, now_ms) = idle();
        let observing = thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"k", 1));
        writer.flush(now_ms + STEP_MS);
        observing.join().unwrap();
        writer.flush(now_ms + 2 * STEP_MS);
        assert_eq!(balance(&writer).recorded, reads(2, 2));
    });
}

/// Scans have pages of their own, which are marked alike.
#[test]
fn the_flush_after_the_one_it_met_finds_a_scan() {
    explore(3, || {
        let mut config = tiny();
        config.scans = true;
        let mut writer = Writer::new(least(config), 0).unwrap();
        writer.register(ROUTE, b"", None, 0).unwrap();
        let recorder = writer.recorder();
        let scan = Scan { continued: true, ..Scan::new(b"k", None, 0) };
        recorder.observe_scan_routes(&[ROUTE], &scan);
        let now_ms = settle(&mut writer, 0);
        let observing = thread::spawn(move || recorder.observe_scan_routes(&[ROUTE], &scan));
        writer.flush(now_ms + STEP_MS);
        observing.join().unwrap();
        writer.flush(now_ms + 2 * STEP_MS);
        assert_eq!(balance(&writer).recorded, Tally { scans: 2, ..Tally::ZERO });
    });
}

#[test]
fn a_full_drain_finds_every_call_however_many_flushes_it_met() {
    explore(2, || {
        let (mut writer, recorder, now_ms) = idle();
        let observing = thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"k", 1));
        for flush in 1..FULL_DRAIN_EVERY {
            writer.flush(now_ms + flush * STEP_MS);
        }
        observing.join().unwrap();
        writer.flush(now_ms + FULL_DRAIN_EVERY * STEP_MS);
        assert_eq!(balance(&writer).recorded, reads(2, 2));
    });
}

/// A page's mark is stored with Release after the cell and loaded with Acquire before it.
#[test]
fn a_flush_that_sees_the_mark_sees_the_cell() {
    let seen = reached(|seen| {
        explore(3, move || {
            let (mut writer, recorder, now_ms) = idle();
            let before = epoch_of_page(&writer, 0, 0);
            let observing = thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"k", 1));
            let marked = epoch_of_page(&writer, 0, 0) != before;
            writer.flush(now_ms + STEP_MS);
            if marked {
                seen.fetch_add(1, Relaxed);
                assert_eq!(balance(&writer).recorded, reads(2, 2));
            }
            observing.join().unwrap();
        });
    });
    assert!(seen > 0, "some run sees the mark");
}

/// Two recorders without cells of their own add to the same cells.
#[test]
fn a_shared_shard_takes_two_writers() {
    explore(2, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        writer.register(ROUTE, b"", None, 0).unwrap();
        let owner = writer.recorder();
        let sharing = [writer.recorder(), writer.recorder()];
        let threads = sharing.map(|recorder| thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"k", 1)));
        writer.flush(STEP_MS);
        for thread in threads {
            thread.join().unwrap();
        }
        writer.flush(2 * STEP_MS);
        let counters = balance(&writer);
        assert_eq!(counters.recorded, reads(2, 2));
        assert_eq!((counters.shared_ops, counters.recorders_refused), (2, 2));
        drop(owner);
    });
}

/// What no route takes goes to the recorder's own line, or with `fetch_add` to the shard's.
#[test]
fn unattributed_operations_are_found_too() {
    explore(2, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        let (own, shared) = (writer.recorder(), writer.recorder());
        let threads = [own, shared].map(|recorder| thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"k", 1)));
        writer.flush(STEP_MS);
        for thread in threads {
            thread.join().unwrap();
        }
        writer.flush(2 * STEP_MS);
        assert_eq!(balance(&writer).unattributed, reads(2, 2));
    });
}
