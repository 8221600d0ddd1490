//! Handles beside removals and registrations.
//!
//! A handle holds a seat and its generation. The writer raises the generation (Release) after it took a
//! route out of the table, and again before it enters the seat's next route; a recorder loads it
//! (Acquire) and counts in the seat only where it is the handle's. A handle is taken by finding the
//! route, loading the generation and finding the route again: where the generation was a removal's
//! already, the second search sees that removal.
//!
//! A call that saw its generation before the removal is one of those that the grace waits for; so the
//! threads here begin after the grace, or are joined before its end.
//!
//! Bounds: three switches, two during a registration.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use keyviz_core::{Op, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, reads, settle, tiny};
use loom::thread;

const OLD: RouteId = RouteId(1);
const NEW: RouteId = RouteId(2);

/// Until the seat of the route that was removed just now is free.
fn end_grace(writer: &mut Writer) -> u64 {
    for flush in 1..=3 {
        writer.flush(flush * STEP_MS);
    }
    assert_eq!(balance(writer).draining, 0, "the grace is over");
    3 * STEP_MS
}

#[test]
fn a_handle_does_not_count_for_the_seats_next_route() {
    explore(3, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        writer.register(OLD, b"", None, 0).unwrap();
        let mut handle = writer.handle(OLD);
        // It has its page, so nothing but the generation keeps it from counting there again.
        let recorder = writer.recorder();
        recorder.observe_handle(&mut handle, Op::Read, b"k", 1);
        writer.remove(OLD);
        let now_ms = end_grace(&mut writer);
        let observing = thread::spawn(move || recorder.observe_handle(&mut handle, Op::Read, b"k", 1));
        writer.register(NEW, b"", None, 0).unwrap();
        observing.join().unwrap();
        settle(&mut writer, now_ms);
        let counters = balance(&writer);
        assert_eq!((counters.unattributed, counters.recorded), (reads(1, 2), reads(1, 2)));
        assert_eq!((counters.stale_handles, counters.late_after_grace), (1, 0));
    });
}

/// Whatever of the removal the thread saw while it took the handle, the handle is no good afterwards.
#[test]
fn a_handle_taken_during_a_removal_does_not_outlive_it() {
    explore(3, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        writer.register(OLD, b"", None, 0).unwrap();
        let recorder = writer.recorder();
        let taking = thread::spawn(move || (recorder.handle(OLD), recorder));
        writer.remove(OLD);
        let (mut handle, recorder) = taking.join().unwrap();
        let now_ms = end_grace(&mut writer);
        let mut other = handle;
        recorder.observe_handle(&mut handle, Op::Read, b"k", 1);
        writer.register(NEW, b"", None, 0).unwrap();
        recorder.observe_handle(&mut other, Op::Read, b"k", 1);
        settle(&mut writer, now_ms);
        let counters = balance(&writer);
        assert_eq!((counters.unattributed, counters.recorded), (reads(2, 2), reads(0, 0)));
        assert_eq!(counters.late_after_grace, 0);
    });
}

/// A handle taken during a registration finds the route or does not; refreshed after it, it is good.
#[test]
fn a_handle_taken_during_a_registration_finds_the_route_at_last() {
    explore(2, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || {
            let mut handle = recorder.handle(NEW);
            recorder.observe_handle(&mut handle, Op::Read, b"k", 1);
            (handle, recorder)
        });
        writer.register(NEW, b"", None, 0).unwrap();
        let (mut handle, recorder) = observing.join().unwrap();
        recorder.observe_handle(&mut handle, Op::Write, b"k", 1);
        let stale = balance(&writer).stale_handles;
        recorder.observe_handle(&mut handle, Op::Write, b"k", 1);
        settle(&mut writer, 0);
        let counters = balance(&writer);
        assert_eq!((counters.recorded.writes, counters.observed.reads), (2, 1));
        assert_eq!(counters.stale_handles, stale);
    });
}
