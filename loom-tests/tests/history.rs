//! Reading the history beside its writer.
//!
//! A column's entry begins with a sequence, 0 while anything of the column changes and never used twice.
//! The writer withdraws an entry (0, relaxed, then a release fence) before it writes the entry, or any
//! block, descriptor or bound that only the withdrawn column refers to, and publishes it with the new
//! sequence (Release). A reader loads the sequence (Acquire), copies (relaxed), issues an acquire fence and
//! loads the sequence again: where it is the same, all that was copied belongs together. The open column
//! is published anew in another entry, and the version before stays until the publication after. A column that
//! finer ones were folded into is published before those are withdrawn, at the next flush; who finds both takes it.
//!
//! Bounds: three switches for the open column, two for one that is evicted or published twice, one where bounds
//! change hands. What a reader's loads may see is tried in full in each schedule, and that is where the
//! choices are.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use keyviz_core::model::{drop_folded, fold_columns, has_open_column, windows_found};
use keyviz_core::{Column, ColumnState, Op, Reader, RouteId, Tier, Tiers, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, least, reads, tiny};
use loom::thread;

const ROUTE: RouteId = RouteId(1);
const NEXT: RouteId = RouteId(2);

/// The columns a reader gets, each with the reads in it; no cell may have other bounds than its route had.
fn read(reader: &Reader) -> Vec<(Column, u64)> {
    let mut cells = Vec::new();
    let columns = reader.for_each_cell(0, 0, true, |column, cell| {
        let end = if cell.route == ROUTE { b"b" } else { b"d" };
        assert_eq!(cell.end, Some(end.as_slice()), "{cell:?}");
        assert_eq!(cell.counts, reads(cell.counts.reads, 2), "{cell:?}");
        cells.push((*column, cell.counts.reads));
    });
    let reads_of = |column: &Column| cells.iter().filter(|(of, _)| of == column).map(|(_, reads)| reads).sum();
    columns.iter().map(|column| (*column, reads_of(column))).collect()
}

fn observed_once() -> (Writer, keyviz_core::Recorder) {
    let mut writer = Writer::new(tiny(), 0).unwrap();
    writer.register(ROUTE, b"a", Some(b"b"), 0).unwrap();
    let recorder = writer.recorder();
    recorder.observe(ROUTE, Op::Read, b"a", 1);
    (writer, recorder)
}

/// While the open column is published anew, one version of it stands whole.
#[test]
fn the_open_column_is_one_version_or_the_next() {
    explore(3, || {
        let (mut writer, recorder) = observed_once();
        writer.flush(STEP_MS / 4);
        recorder.observe(ROUTE, Op::Read, b"a", 1);
        let reader = writer.reader();
        let reading = thread::spawn(move || read(&reader));
        writer.flush(STEP_MS / 2);
        let columns = reading.join().unwrap();
        assert_eq!(columns.len(), 1);
        for (column, reads) in columns {
            assert_eq!(column.state, ColumnState::Open);
            assert_eq!(reads, if column.covers_to_ms == STEP_MS / 4 { 1 } else { 2 });
        }
        assert_eq!(balance(&writer).recorded, reads(2, 2));
    });
}

/// One publication ends and another begins while the index is looked at: the column may have been in neither
/// entry when its turn came, and the look is repeated.
#[test]
fn the_open_column_is_found_though_it_is_published_twice() {
    explore(2, || {
        let (mut writer, recorder) = observed_once();
        writer.flush(STEP_MS / 4);
        drop(recorder);
        let reader = writer.reader();
        let reading = thread::spawn(move || has_open_column(&reader));
        writer.flush(STEP_MS / 2);
        writer.flush(STEP_MS / 2 + 1);
        assert!(reading.join().unwrap(), "one version of it stands at any instant");
    });
}

/// The oldest column makes room while it is read: it is given whole, or as missing.
#[test]
fn an_evicted_column_is_whole_or_missing() {
    explore(2, || {
        let (mut writer, recorder) = observed_once();
        writer.flush(STEP_MS);
        recorder.observe(ROUTE, Op::Read, b"a", 1);
        recorder.observe(ROUTE, Op::Read, b"a", 1);
        let reader = writer.reader();
        let reading = thread::spawn(move || read(&reader));
        writer.flush(2 * STEP_MS);
        for (column, reads) in reading.join().unwrap() {
            let whole = if column.start_ms == 0 { 1 } else { 2 };
            assert_eq!(reads, if column.state == ColumnState::Missing { 0 } else { whole });
        }
        let counters = balance(&writer);
        assert_eq!((counters.evicted, counters.columns_evicted), (reads(1, 2), 1));
    });
}

/// A route that is gone leaves its descriptor and its bounds to another, at the cost of the column that
/// refers to them.
#[test]
fn a_column_vouches_for_its_descriptors_and_bounds() {
    explore(1, || {
        let mut config = tiny();
        config.history_columns = 5;
        let mut writer = Writer::new(least(config), 0).unwrap();
        writer.register(ROUTE, b"a", Some(b"b"), 0).unwrap();
        let recorder = writer.recorder();
        recorder.observe(ROUTE, Op::Read, b"a", 1);
        writer.remove(ROUTE);
        for flush in 1..=5 {
            writer.flush(flush * STEP_MS);
        }
        let reader = writer.reader();
        let reading = thread::spawn(move || read(&reader));
        writer.register(NEXT, b"c", Some(b"d"), 0).unwrap();
        for (column, reads) in reading.join().unwrap() {
            let whole = u64::from(column.start_ms == 0);
            assert_eq!(reads, if column.state == ColumnState::Missing { 0 } else { whole });
        }
        assert!(balance(&writer).columns_evicted > 0, "the old column made room");
    });
}

/// Two columns are folded into one, and let go, while the index is looked at: what is found covers each window
/// once.
#[test]
fn a_folded_column_stands_for_its_own_or_they_for_it() {
    explore(1, || {
        let mut config = tiny();
        config.history_columns = 2;
        config.tiers = Tiers::new(&[Tier { steps: 2, columns: 1 }]).unwrap();
        let mut writer = Writer::new(least(config), 0).unwrap();
        writer.flush(STEP_MS);
        writer.flush(2 * STEP_MS);
        let reader = writer.reader();
        let looking = thread::spawn(move || windows_found(&reader));
        fold_columns(&mut writer, 4 * STEP_MS);
        drop_folded(&mut writer);
        let found = looking.join().unwrap();
        let mut until_ms = 0;
        for (start_ms, end_ms) in &found {
            assert_eq!(*start_ms, until_ms, "{found:?}");
            until_ms = *end_ms;
        }
        assert_eq!(until_ms, 2 * STEP_MS, "{found:?}");
        assert_eq!(balance(&writer).columns_folded, 2);
    });
}
