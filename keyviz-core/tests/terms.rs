//! Terms: what was counted under a term is shown under it, however often the term changes, and
//! changing it costs no history that it could not use.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;

use keyviz_core::{Config, MatrixQuery, Op, Reader, Recorder, RouteId, Row, Writer};

const STEP_MS: u64 = 1000;

fn config(max_routes: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    config.max_routes = max_routes;
    config.prefault = false;
    config
}

/// A writer with so many routes of group 1, which is at term 1; route `r` covers the keys `[r, ..]`.
fn grouped(routes: u8) -> (Writer, Recorder) {
    let mut writer = Writer::new(config(routes.into()), 0).unwrap();
    writer.set_term(1, 1);
    for route in 0..routes {
        writer.register(RouteId(route.into()), &[route], Some(&[route + 1]), 1).unwrap();
    }
    let recorder = writer.recorder();
    (writer, recorder)
}

fn write_each(recorder: &Recorder, routes: u8) {
    for route in 0..routes {
        recorder.observe(RouteId(route.into()), Op::Write, &[route, 1], 0);
    }
}

fn rows(reader: &Reader) -> Vec<Row> {
    reader.matrix(&MatrixQuery { open: true, ..MatrixQuery::default() }).rows
}

/// Writes by term, over all columns.
fn writes_by_term(reader: &Reader) -> BTreeMap<u64, u64> {
    let mut writes = BTreeMap::new();
    reader.for_each_cell(0, 0, true, |_, cell| *writes.entry(cell.term).or_default() += cell.counts.writes);
    writes.retain(|_, writes| *writes > 0);
    writes
}

#[test]
fn a_tiny_configuration_splits_terms() {
    for max_routes in [1, 6, 13, 14, 20, 200] {
        for sub_buckets in [1, 16] {
            let mut config = config(max_routes);
            config.sub_buckets = sub_buckets;
            let mut writer = Writer::new(config, 0).unwrap();
            let recorder = writer.recorder();
            writer.set_term(1, 1);
            writer.register(RouteId(1), b"a", Some(b"m"), 1).unwrap();
            recorder.observe_many(RouteId(1), Op::Write, b"b", 0, 3);
            writer.set_term(1, 2);
            recorder.observe_many(RouteId(1), Op::Write, b"b", 0, 4);
            writer.flush(500);
            recorder.observe_many(RouteId(1), Op::Write, b"b", 0, 5);
            writer.set_term(1, 3);
            writer.flush(STEP_MS);
            let reader = writer.reader();
            let name = format!("max_routes {max_routes}, sub_buckets {sub_buckets}");
            assert_eq!(reader.counters().terms_unsplit, 0, "{name}");
            assert_eq!(writes_by_term(&reader), BTreeMap::from([(1, 3), (2, 9)]), "{name}");
            assert_eq!((&rows(&reader)[0].values[..], &rows(&reader)[0].terms[..]), (&[12][..], &[3][..]), "{name}");
        }
    }
}

#[test]
fn a_term_that_comes_back_adds_up() {
    let (mut writer, recorder) = grouped(1);
    for (term, times) in [(1, 1), (2, 2), (1, 4), (3, 8), (1, 16)] {
        writer.set_term(1, term);
        recorder.observe_many(RouteId(0), Op::Write, &[0, 1], 0, times);
    }
    writer.flush(STEP_MS);
    assert_eq!(writes_by_term(&writer.reader()), BTreeMap::from([(1, 21), (2, 2), (3, 8)]));
}

/// The sealed columns refer to descriptors that the open column needs as well: letting them go frees
/// nothing, so they stay, and what cannot be split is counted.
#[test]
fn a_flapping_term_lets_no_column_go() {
    let (mut writer, recorder) = grouped(100);
    for window in 1..=50 {
        write_each(&recorder, 100);
        writer.flush(window * STEP_MS);
    }
    let reader = writer.reader();
    let columns = || reader.matrix(&MatrixQuery::default()).columns;
    let before = columns();
    assert_eq!(before.len(), 50);
    for term in 2..=40 {
        write_each(&recorder, 100);
        writer.set_term(1, term);
    }
    assert_eq!(columns(), before);
    let counters = reader.counters();
    assert_eq!(counters.columns_evicted, 0);
    assert!(counters.terms_unsplit > 0, "{counters:?}");
    writer.flush(51 * STEP_MS);
    assert_eq!(columns().len(), 51);
    assert_eq!(reader.counters().columns_evicted, 0);
    assert_eq!(writes_by_term(&reader).values().sum::<u64>(), 100 * (50 + 39));
    assert_eq!(reader.counters().recorded.writes, 100 * (50 + 39));
}

#[test]
fn after_a_burst_of_terms_the_current_one_is_shown() {
    for (windows_before, counted) in [(0, false), (0, true), (20, false), (20, true)] {
        let (mut writer, recorder) = grouped(100);
        for window in 1..=windows_before {
            write_each(&recorder, 100);
            writer.flush(window * STEP_MS);
        }
        for term in 2..=8 {
            writer.set_term(1, term);
            if counted {
                write_each(&recorder, 100);
            }
        }
        for window in windows_before + 1..=windows_before + 5 {
            write_each(&recorder, 100);
            writer.flush(window * STEP_MS);
        }
        let reader = writer.reader();
        let columns = reader.matrix(&MatrixQuery::default()).columns;
        let ends: Vec<u64> = columns.iter().map(|column| column.end_ms / STEP_MS).collect();
        let (burst, last) = (windows_before + 1, windows_before + 5);
        if !counted {
            assert_eq!(ends, (1..=last).collect::<Vec<_>>(), "no count had to be kept apart");
            assert_eq!(reader.counters().terms_unsplit, 0);
        }
        // Parts that were counted may have taken the descriptors of older columns.
        assert_eq!(ends.last(), Some(&last));
        let rows = rows(&reader);
        assert_eq!(rows.len(), 100);
        for row in rows {
            for (at, _) in ends.iter().enumerate().filter(|(_, end)| **end > burst) {
                let name = format!("{}, window {} of {ends:?}, burst in {burst}", row.bucket_id, ends[at]);
                assert_eq!((row.values[at], row.terms[at]), (1, 8), "{name}");
                assert!(row.term_parts.iter().all(|part| part.column != at), "{name}: {:?}", row.term_parts);
            }
        }
        let counters = reader.counters();
        assert_eq!(writes_by_term(&reader).values().sum::<u64>() + counters.evicted.writes, counters.recorded.writes);
    }
}

/// The flush at 2000 gives what came since 900 to the window from 1000 on, and seals the one before as
/// the flush at 900 left it.
#[test]
fn a_flush_across_a_windows_end_shows_each_window_its_term() {
    let (mut writer, recorder) = grouped(1);
    recorder.observe(RouteId(0), Op::Write, &[0, 1], 0);
    writer.flush(900);
    recorder.observe(RouteId(0), Op::Write, &[0, 1], 0);
    writer.set_term(1, 2);
    writer.flush(2000);
    let reader = writer.reader();
    let row = &rows(&reader)[0];
    assert_eq!((&row.values[..], &row.terms[..]), (&[1, 1][..], &[1, 2][..]));
    let parts: Vec<_> = row.term_parts.iter().map(|part| (part.column, part.term, part.value)).collect();
    assert_eq!(parts, [(1, 1, 1)], "counted under term 1, flushed under term 2");
}

#[test]
fn a_term_change_of_idle_routes_takes_no_history() {
    let (mut writer, recorder) = grouped(100);
    write_each(&recorder, 100);
    writer.flush(STEP_MS);
    writer.flush(2 * STEP_MS);
    let used = writer.reader().counters().history_bytes_used;
    for term in 2..=4 {
        writer.set_term(1, term);
        writer.flush((term + 1) * STEP_MS);
        assert_eq!(writer.reader().counters().history_bytes_used, used, "term {term}");
    }
    write_each(&recorder, 100);
    writer.flush(6 * STEP_MS);
    assert!(rows(&writer.reader()).iter().all(|row| row.terms[5] == 4));
}
