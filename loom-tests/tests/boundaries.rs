//! Looking up a key among the core's own ranges while they are split.
//!
//! Two buffers hold a set of boundaries each. The writer makes the version odd (Release), issues a release fence,
//! writes the buffer that is not the present one (relaxed), and stores the next even version (Release). A recorder loads
//! the version (Acquire), searches the buffer it names (relaxed), issues an acquire fence and loads the version again
//! (relaxed): if the buffer was written meanwhile, a second change has begun, and it sees that. What it found is then
//! the seat of a range that the key lies in: of the present set or of the one before, whose seat drains.
//!
//! So in each run every operation counts, once, in a range that its key lies in.
//!
//! Bounds: one switch.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::model::{publish_ranges, split_range};
use keyviz_core::{Config, Op, Partition, Scan, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, least, reached, reads, tiny};
use loom::thread;

/// Up to three ranges, cut by one byte; next to no key is sampled.
fn ranges(scans: bool) -> Config {
    let mut config = tiny();
    config.partition = Partition::Auto { ranges: 3 };
    (config.max_draining, config.scans) = (2, scans);
    (config.sample_every, config.max_key_len, config.sample_bytes) = (1 << 16, 1, 32);
    let mut config = least(config);
    config.cell_bytes *= 2;
    config.bound_bytes *= 4;
    config
}

/// Every count lies in a range that holds the key; gives how many were found in a range that was split.
fn check(writer: &Writer, key: &[u8]) -> u64 {
    let mut before = 0;
    writer.reader().for_each_cell(0, 0, true, |_, cell| {
        let holds = cell.start <= key && cell.end.is_none_or(|end| key < end);
        assert!(holds || cell.counts.reads == 0, "{key:?} counted in {:?} to {:?}", cell.start, cell.end);
        before += if cell.draining { cell.counts.reads } else { 0 };
    });
    before
}

#[test]
fn an_operation_counts_in_a_range_that_holds_its_key() {
    let torn = reached(|before| run(1, 1, b"s", before));
    assert!(torn > 0, "some run finds a range that was split");
}

#[test]
fn so_do_two() {
    let torn = reached(|before| run(2, 1, b"m", before));
    assert!(torn > 0, "some run finds a range that was split");
}

/// A recorder observes so often beside two splits, the second of which writes the buffer that it may be in.
fn run(times: u64, preemptions: usize, key: &'static [u8], before: Arc<AtomicU64>) {
    explore(preemptions, move || {
        let mut writer = Writer::new(ranges(false), 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || (0..times).for_each(|_| recorder.observe_key(Op::Read, key, 0)));
        split_range(&mut writer, b"l", b"m");
        split_range(&mut writer, b"r", b"t");
        observing.join().unwrap();
        // The threads are one again: a single flush finds everything, in the open column.
        writer.flush(STEP_MS / 2);
        let counters = balance(&writer);
        let mut all = counters.recorded;
        all.add(counters.unattributed);
        assert_eq!(all, reads(times, 1));
        assert_eq!(counters.unattributed.reads, counters.lookup_gave_up);
        before.fetch_add(check(&writer, key), Relaxed);
    });
}

/// A scan goes through the ranges one by one: what it cannot go on with is counted as cut.
#[test]
fn a_scan_counts_in_ranges_side_by_side() {
    scan(b"r", b"t");
}

/// As well where the places of its ranges are others after the change: those it counts in are of one set.
#[test]
fn a_scan_counts_in_ranges_of_one_set() {
    scan(b"A", b"B");
}

/// A scan of two ranges beside a split between these keys, and a switch more.
fn scan(low: &'static [u8], high: &'static [u8]) {
    explore(1, move || {
        let mut writer = Writer::new(ranges(true), 0).unwrap();
        split_range(&mut writer, b"l", b"m");
        let recorder = writer.recorder();
        let scan = Scan { continued: true, ..Scan::new(b"a", Some(b"n"), 0) };
        let scanning = thread::spawn(move || recorder.observe_scan(&scan));
        split_range(&mut writer, low, high);
        publish_ranges(&mut writer);
        scanning.join().unwrap();
        // The threads are one again: a single flush finds everything, in the open column.
        writer.flush(STEP_MS / 2);
        let counters = balance(&writer);
        let counted = counters.recorded.scans + counters.scan_ranges_cut;
        // Its two ranges stay two, whichever set it found them in.
        assert_eq!((counted, counters.unattributed.scans), if counters.lookup_gave_up > 0 { (0, 1) } else { (2, 0) });
        let mut before: Option<(Vec<u8>, Option<Vec<u8>>)> = None;
        writer.reader().for_each_cell(0, 0, true, |_, cell| {
            if cell.counts.scans > 0 {
                let (start, end) = (cell.start.to_vec(), cell.end.map(<[u8]>::to_vec));
                if let Some((low, high)) = before.replace((start.clone(), end.clone())) {
                    let apart = |end: &Option<Vec<u8>>, start: &[u8]| end.as_ref().is_some_and(|end| **end <= *start);
                    assert!(apart(&high, &start) || apart(&end, &low), "{low:?} to {high:?}, {start:?} to {end:?}");
                }
            }
        });
    });
}
