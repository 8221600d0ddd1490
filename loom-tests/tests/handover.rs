//! A recorder's row: claimed, dropped, claimed again.
//!
//! A row is a line of own counters, a directory and the pages in it; its owner writes them with plain
//! loads and stores. The owner word is claimed by compare-and-swap with Acquire and given back with a
//! store with Release, so the next owner's first load of a cell sees the last owner's last store. A
//! thread that finds no free row counts in the shared shard.
//!
//! Bounds: three switches, two where both threads claim.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::model::recorder_of;
use keyviz_core::{Op, Recorder, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, reached, reads, settle, tiny};
use loom::thread;

const ROUTE: RouteId = RouteId(1);
const UNKNOWN: RouteId = RouteId(2);

fn observe_and_leave(recorder: Recorder) {
    recorder.observe(ROUTE, Op::Read, b"k", 1);
    recorder.observe(UNKNOWN, Op::Read, b"k", 1);
}

/// One row, whose owner leaves while another thread comes: it takes the row over with its counts, or it
/// comes too early and shares.
#[test]
fn the_next_owner_goes_on_where_the_last_one_stopped() {
    let taken_over = reached(|taken_over| {
        explore(3, move || {
            let mut writer = Writer::new(tiny(), 0).unwrap();
            writer.register(ROUTE, b"", None, 0).unwrap();
            let first = writer.recorder();
            let leaving = thread::spawn(move || observe_and_leave(first));
            observe_and_leave(writer.recorder());
            leaving.join().unwrap();
            settle(&mut writer, 0);
            let counters = balance(&writer);
            assert_eq!((counters.recorded, counters.unattributed), (reads(2, 2), reads(2, 2)));
            assert_eq!((counters.recorders, counters.shared_ops), (0, counters.recorders_refused));
            taken_over.fetch_add(u64::from(counters.shared_ops == 0), Relaxed);
        });
    });
    assert!(taken_over > 0, "some run takes the row over");
}

/// Two threads want the one free row at once: it goes to one of them.
#[test]
fn a_row_has_one_owner() {
    explore(2, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        writer.register(ROUTE, b"", None, 0).unwrap();
        let recorder = recorder_of(&writer.reader());
        let other = thread::spawn(move || recorder().observe(ROUTE, Op::Read, b"k", 1));
        writer.recorder().observe(ROUTE, Op::Read, b"k", 1);
        writer.flush(STEP_MS);
        other.join().unwrap();
        settle(&mut writer, STEP_MS);
        assert_eq!(balance(&writer).recorded, reads(2, 2));
    });
}
