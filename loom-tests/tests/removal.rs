//! Observing beside a removal, the end of its grace, and the seat's next route.
//!
//! A removal takes the entry out of the table and raises the seat's generation; a call that found the
//! seat before may still store into its cells. The seat drains for a grace, counted under its own route,
//! and stays its route's until the open column is sealed. Then it is free, and what is found in its
//! cells is late: unattributed, and counted. Just before another route gets the seat its cells are
//! drained once more. Nothing sets a cell back.
//!
//! The grace is long enough for every call begun before the removal to end; a model has no time, so here
//! it is a join before the flush that ends the grace. Two models leave the join out on purpose.
//!
//! Routes that move into a shared slot leave their seat as a removed one does; their models are in
//! `virtual_buckets.rs`.
//!
//! Bound: one switch away from the writer; each stale load is a late call besides.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::{Op, RouteId, Writer};
use keyviz_loom_tests::{Ledger, STEP_MS, balance, explore, reached, reads, tiny};
use loom::thread;

const OLD: RouteId = RouteId(1);
const NEW: RouteId = RouteId(2);

#[test]
fn within_the_grace_nothing_is_late() {
    explore(1, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        let mut ledger = Ledger::default();
        writer.register(OLD, b"", None, 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || recorder.observe(OLD, Op::Read, b"k", 1));
        writer.remove(OLD);
        ledger.flush(&mut writer, STEP_MS);
        observing.join().unwrap();
        ledger.flush(&mut writer, 2 * STEP_MS);
        ledger.flush(&mut writer, 3 * STEP_MS);
        assert_eq!(balance(&writer).draining, 0, "the grace is over");

        writer.register(NEW, b"", None, 0).unwrap();
        writer.recorder().observe(NEW, Op::Write, b"k", 1);
        ledger.settle(&mut writer, 3 * STEP_MS);
        let counters = balance(&writer);
        assert_eq!(counters.late_after_grace, 0);
        assert_eq!(counters.observed.reads, 1);
        assert_eq!(ledger.of(OLD).reads, counters.recorded.reads);
        assert_eq!((ledger.of(NEW).reads, ledger.of(NEW).writes), (0, 1));
    });
}

/// The call is still inside when the grace ends and the seat is free; then, with `flush` flushes in
/// between, another route gets the seat. Returns how often the call was late.
fn grace_too_short(flush: bool) -> u64 {
    reached(|late| {
        explore(1, move || {
            let mut writer = Writer::new(tiny(), 0).unwrap();
            let mut ledger = Ledger::default();
            writer.register(OLD, b"", None, 0).unwrap();
            let recorder = writer.recorder();
            recorder.observe(OLD, Op::Read, b"k", 1);
            let observing = thread::spawn(move || recorder.observe(OLD, Op::Read, b"k", 1));
            writer.remove(OLD);
            for flush in 1..=3 {
                ledger.flush(&mut writer, flush * STEP_MS);
            }
            assert_eq!(balance(&writer).draining, 0, "the grace is over");
            observing.join().unwrap();
            let mut now_ms = 3 * STEP_MS;
            if flush {
                now_ms += STEP_MS;
                ledger.flush(&mut writer, now_ms);
            }

            writer.register(NEW, b"", None, 0).unwrap();
            writer.recorder().observe(NEW, Op::Write, b"k", 1);
            ledger.settle(&mut writer, now_ms);
            let counters = balance(&writer);
            assert_eq!(counters.observed.reads, 2, "never lost");
            assert_eq!(ledger.of(OLD).reads, counters.recorded.reads);
            assert_eq!(ledger.of(NEW).reads, 0, "never the next route's");
            assert!(counters.late_after_grace <= counters.unattributed.reads);
            late.fetch_add(counters.late_after_grace, Relaxed);
        });
    })
}

#[test]
fn a_grace_that_is_too_short_is_counted_by_the_next_flush() {
    assert!(grace_too_short(true) > 0, "some run is late");
}

#[test]
fn a_grace_that_is_too_short_is_counted_before_the_seat_is_used_anew() {
    assert!(grace_too_short(false) > 0, "some run is late");
}

/// Registered anew within the grace: with the same bounds in the same seat, with others in a fresh one.
fn back_within_the_grace(end: Option<&'static [u8]>) {
    explore(1, move || {
        let mut config = tiny();
        config.bound_bytes *= 2;
        let mut writer = Writer::new(config, 0).unwrap();
        let mut ledger = Ledger::default();
        writer.register(OLD, b"", None, 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || recorder.observe(OLD, Op::Read, b"k", 1));
        writer.remove(OLD);
        writer.register(OLD, b"", end, 0).unwrap();
        observing.join().unwrap();
        ledger.settle(&mut writer, 0);
        let counters = balance(&writer);
        assert_eq!(counters.observed, reads(1, 2));
        assert_eq!((counters.routes, counters.late_after_grace), (1, 0));
        assert_eq!(ledger.of(OLD), counters.recorded);
    });
}

#[test]
fn a_route_that_comes_back_goes_on() {
    back_within_the_grace(None);
}

#[test]
fn a_route_that_comes_back_with_other_bounds_goes_on_elsewhere() {
    back_within_the_grace(Some(b"z"));
}
