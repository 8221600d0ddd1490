//! Observing beside flushing, on a machine on which a store takes effect before the thread's next load.
//!
//! The same steps as in `observe_flush.rs`, but where the core has a compiler fence there is a fence.
//! Then skipping pages by their epoch is exact, with no full drain: the recorder stores the cell, then
//! loads the epoch; flush stores the epoch, then loads the cell. One of the two sees the other's. If
//! flush saw the cell, or looked past an unmarked page, the recorder sees the new epoch and marks the
//! page with it; if it marks with an epoch that has passed meanwhile, it sees so after the mark, or the
//! flush that raised it sees the mark.
//!
//! On real machines a store takes effect a moment later, not at once, but long before the second next
//! flush; that moment is why flush looks one epoch further back than this machine needs.
//!
//! Bounds: three switches, two in a shared page.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use keyviz_core::{Op, Recorder, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, reads, settle, tiny};
use loom::thread;

const ROUTE: RouteId = RouteId(1);

/// A sampler with one route; the next three flushes are none that sums all pages.
fn settled() -> (Writer, Recorder, u64) {
    keyviz_core::model::stores_take_effect_at_once();
    let mut writer = Writer::new(tiny(), 0).unwrap();
    writer.register(ROUTE, b"", None, 0).unwrap();
    let recorder = writer.recorder();
    recorder.observe(ROUTE, Op::Read, b"k", 1);
    let now_ms = settle(&mut writer, 0);
    (writer, recorder, now_ms)
}

fn call_meets_two_flushes(mut writer: Writer, recorder: Recorder, now_ms: u64) -> Writer {
    let observing = thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"k", 1));
    writer.flush(now_ms + STEP_MS);
    writer.flush(now_ms + 2 * STEP_MS);
    observing.join().unwrap();
    writer.flush(now_ms + 3 * STEP_MS);
    writer
}

#[test]
fn the_next_flush_finds_every_call_in_an_idle_page() {
    explore(3, || {
        let (writer, recorder, now_ms) = settled();
        let writer = call_meets_two_flushes(writer, recorder, now_ms);
        assert_eq!(balance(&writer).recorded, reads(2, 2));
    });
}

/// The page is marked with the present epoch already, and only the epoch's next load says otherwise.
#[test]
fn the_next_flush_finds_every_call_in_a_busy_page() {
    explore(3, || {
        let (writer, recorder, now_ms) = settled();
        recorder.observe(ROUTE, Op::Read, b"k", 1);
        let writer = call_meets_two_flushes(writer, recorder, now_ms);
        assert_eq!(balance(&writer).recorded, reads(3, 2));
    });
}

/// Two threads mark one shared page. The slower one, still at it, must not set the mark back. It is the
/// model's first thread, and the flushes wait for the quick one: so two switches away from the slow one,
/// before it reads the mark and after it stored one, are all it takes.
#[test]
fn a_slow_thread_hides_no_other_ones_call() {
    explore(2, || {
        let (mut writer, owner, now_ms) = settled();
        let [slow, quick] = [writer.recorder(), writer.recorder()];
        let quick = thread::spawn(move || quick.observe(ROUTE, Op::Read, b"k", 1));
        let flushing = thread::spawn(move || {
            writer.flush(now_ms + STEP_MS);
            writer.flush(now_ms + 2 * STEP_MS);
            quick.join().unwrap();
            writer.flush(now_ms + 3 * STEP_MS);
            assert_eq!(balance(&writer).recorded.reads, 2);
        });
        slow.observe(ROUTE, Op::Write, b"k", 1);
        flushing.join().unwrap();
        drop(owner);
    });
}
