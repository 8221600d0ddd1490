//! Observing, and reading, beside a change of a group's term.
//!
//! The writer takes what the route has in the open column, and what its cells have gathered since the last
//! flush, apart under the old term, then gives the route a descriptor of the new one. It drains the cells
//! as a flush does, by the difference to the baseline, and stores to none; so a call that it does not see
//! yet is found later, under the new term. Nothing is found twice.
//!
//! Bounds: two switches; one beside a reader.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::limits::FULL_DRAIN_EVERY;
use keyviz_core::{Op, Reader, Recorder, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, reached, tiny};
use loom::thread;

const ROUTE: RouteId = RouteId(1);
const GROUP: u64 = 7;

/// A route of a group with term 1, read once so.
fn in_term_one() -> (Writer, Recorder) {
    let mut writer = Writer::new(tiny(), 0).unwrap();
    writer.set_term(GROUP, 1);
    writer.register(ROUTE, b"", None, GROUP).unwrap();
    let recorder = writer.recorder();
    recorder.observe(ROUTE, Op::Read, b"k", 1);
    (writer, recorder)
}

/// The reads and writes of the first column under each of two terms.
fn by_term(reader: &Reader) -> [(u64, u64); 2] {
    let mut terms = [(0, 0); 2];
    reader.for_each_cell(0, STEP_MS + 1, true, |_, cell| {
        let (reads, writes) = terms.get_mut(cell.term as usize - 1).unwrap();
        *reads += cell.counts.reads;
        *writes += cell.counts.writes;
    });
    terms
}

/// A call beside the change, before or after the first flush: whatever was there before is the old term's,
/// the call is one of the two's.
fn a_call_beside(flush_before: bool) {
    let early = reached(|early| {
        explore(2, move || {
            let (mut writer, recorder) = in_term_one();
            if flush_before {
                writer.flush(1);
            }
            let observing = thread::spawn(move || recorder.observe(ROUTE, Op::Write, b"k", 1));
            writer.set_term(GROUP, 2);
            writer.flush(2);
            observing.join().unwrap();
            for flush in 0..FULL_DRAIN_EVERY {
                writer.flush(3 + flush);
            }
            let [old, new] = by_term(&writer.reader());
            assert_eq!((old.0, new.0, old.1 + new.1), (1, 0, 1));
            let counters = balance(&writer);
            assert_eq!((counters.recorded.reads, counters.recorded.writes, counters.terms_unsplit), (1, 1, 0));
            early.fetch_add(old.1, Relaxed);
        });
    });
    assert!(early > 0, "some call is the old term's");
}

#[test]
fn a_call_is_one_of_both_terms() {
    a_call_beside(false);
}

#[test]
fn a_call_is_one_of_both_terms_and_what_was_flushed_is_the_old_ones() {
    a_call_beside(true);
}

/// A reader finds what was counted in the old term under the old one, whatever version it meets.
#[test]
fn a_reader_finds_each_count_under_its_term() {
    explore(1, || {
        let (mut writer, recorder) = in_term_one();
        writer.flush(1);
        let reader = writer.reader();
        let reading = thread::spawn(move || by_term(&reader));
        writer.set_term(GROUP, 2);
        recorder.observe(ROUTE, Op::Write, b"k", 1);
        writer.flush(2);
        let [old, new] = reading.join().unwrap();
        assert!(old == (1, 0) && (new == (0, 0) || new == (0, 1)), "{old:?} {new:?}");
        assert_eq!(by_term(&writer.reader()), [(1, 0), (0, 1)]);
    });
}
