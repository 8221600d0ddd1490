//! The clock: whatever times a host passes, windows are sealed once, in order, and each column says
//! what it is.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::ColumnState::{Complete, Late, Missing, Open};
use keyviz_core::{Column, ColumnState, Config, MatrixQuery, Op, Recorder, RouteId, Writer};

const ROUTE: RouteId = RouteId(1);

fn writer(step_ms: u64, now_ms: u64) -> (Writer, Recorder) {
    let mut config = Config::default();
    config.step_ms = step_ms;
    config.max_routes = 10;
    config.tiers = keyviz_core::Tiers::NONE;
    config.prefault = false;
    let mut writer = Writer::new(config, now_ms).unwrap();
    writer.register(ROUTE, b"a", None, 0).unwrap();
    let recorder = writer.recorder();
    (writer, recorder)
}

fn columns(writer: &Writer) -> Vec<Column> {
    writer.reader().matrix(&MatrixQuery { open: true, ..MatrixQuery::default() }).columns
}

fn windows(writer: &Writer) -> Vec<(u64, u64, ColumnState)> {
    columns(writer).iter().map(|c| (c.start_ms, c.end_ms, c.state)).collect()
}

#[test]
fn columns_are_complete_late_missing_or_open() {
    let (mut writer, recorder) = writer(1000, 0);
    for now_ms in [1000, 4000, 5000, 5500] {
        recorder.observe(ROUTE, Op::Write, b"b", 0);
        writer.flush(now_ms);
    }
    let expected =
        [(0, 1000, Complete), (1000, 2000, Missing), (2000, 3000, Late), (3000, 4000, Missing), (4000, 5000, Complete)];
    assert_eq!(windows(&writer), [&expected[..], &[(5000, 6000, Open)]].concat());
    let sealed = writer.reader().matrix(&MatrixQuery::default());
    assert_eq!(sealed.columns, columns(&writer)[..5], "the open column is shown when asked for");
    assert_eq!(sealed.rows[0].values, [1, 0, 1, 0, 1]);
    let late = columns(&writer)[2];
    assert_eq!((late.covers_from_ms, late.covers_to_ms), (1000, 4000), "a rate is over what it covers");
    let counters = writer.reader().counters();
    assert_eq!((counters.columns_late, counters.windows_missing, counters.columns_sealed), (1, 2, 3));
}

/// What nobody looked at is missing, however long it took, and no count goes astray.
#[test]
fn time_that_is_skipped_is_missing() {
    let (mut writer, recorder) = writer(1000, 0);
    let mut times = 0;
    let observe = |times: &mut u64| {
        recorder.observe(ROUTE, Op::Write, b"b", 0);
        *times += 1;
    };
    observe(&mut times);
    writer.flush(700);
    writer.skip(900);
    assert_eq!(windows(&writer), [(0, 1000, Open)], "the same window goes on");
    observe(&mut times);
    writer.flush(1000);
    observe(&mut times);
    writer.flush(1300);
    writer.skip(1_000_200);
    observe(&mut times);
    for now_ms in [1_000_500, 1_001_000] {
        writer.flush(now_ms);
    }
    let expected =
        [(0, 1000, Complete), (1000, 2000, Complete), (2000, 1_000_000, Missing), (1_000_000, 1_001_000, Complete)];
    assert_eq!(windows(&writer), expected);
    let covered: Vec<_> = columns(&writer).iter().map(|c| (c.covers_from_ms, c.covers_to_ms)).collect();
    assert_eq!((covered[1], covered[3]), ((1000, 1300), (1_000_200, 1_001_000)), "a rate is over what it covers");
    for never in [0, 5, 1_001_000, u64::MAX] {
        writer.skip(never);
    }
    assert_eq!(windows(&writer), expected);
    let counters = writer.reader().counters();
    assert_eq!((counters.recorded.writes, counters.observed.writes), (times, times));
    assert_eq!((counters.windows_missing, counters.columns_late), (998, 0));
}

/// One and a half steps are on time; a millisecond more is late.
#[test]
fn late_is_more_than_one_and_a_half_steps() {
    for (now_ms, state) in [(1500, Complete), (1501, Late)] {
        let (mut writer, _) = writer(1000, 0);
        writer.flush(now_ms);
        assert_eq!(windows(&writer), [(0, 1000, state)], "flushed at {now_ms}");
    }
}

#[test]
fn a_window_tells_where_the_sampler_stands() {
    let (mut writer, _) = writer(1000, 400);
    let reader = writer.reader();
    let window = reader.window();
    assert_eq!((window.started_ms, window.last_flush_ms), (400, 400));
    assert_eq!((window.open_from_ms, window.history_from_ms, window.next_column_ms), (None, None, 1000));
    writer.flush(700);
    assert_eq!((reader.window().open_from_ms, reader.window().history_from_ms), (Some(0), None));
    writer.flush(1000);
    assert_eq!((reader.window().open_from_ms, reader.window().history_from_ms), (None, Some(0)));
    assert_eq!((reader.window().last_flush_ms, reader.window().next_column_ms), (1000, 2000));
}

/// Nobody knows how long the column really took, so it does not say complete; what came is counted.
#[test]
fn a_clock_stepped_back_makes_the_column_late() {
    let (mut writer, recorder) = writer(1000, 10_000);
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.flush(10_500);
    for behind in 0..60 {
        recorder.observe_many(ROUTE, Op::Write, b"b", 0, 100);
        writer.flush(5_000 + behind * 90);
    }
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.flush(11_000);
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.flush(12_000);
    assert_eq!(windows(&writer), [(10_000, 11_000, Late), (11_000, 12_000, Complete)]);
    let reader = writer.reader();
    assert_eq!(reader.matrix(&MatrixQuery::default()).rows[0].values, [6002, 1]);
    let counters = reader.counters();
    assert_eq!((counters.columns_late, counters.clock_stepped_back), (1, 60));
}

/// A clock that breaks once, at the end of time: nothing panics, no window is sealed twice, and every
/// operation is accounted for.
#[test]
fn a_broken_clock_seals_no_window_twice() {
    for (step_ms, started_ms) in [(100, 0), (1000, 0), (1000, 5_000), (60_000, 0), (86_400_000, 7)] {
        for broken in [u64::MAX, u64::MAX - 1, u64::MAX / 2, u64::MAX - step_ms] {
            let (mut writer, recorder) = writer(step_ms, started_ms);
            writer.flush(started_ms + step_ms);
            writer.flush(broken);
            for window in 2..20u64 {
                recorder.observe(ROUTE, Op::Write, b"b", 0);
                writer.flush(started_ms + window * step_ms);
                writer.flush(u64::MAX);
            }
            let windows = windows(&writer);
            for pair in windows.windows(2) {
                let in_order = pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].0;
                assert!(in_order, "step {step_ms}, broken at {broken}: {pair:?}");
            }
            let counters = writer.reader().counters();
            assert_eq!(counters.recorded.writes + counters.unattributed.writes, 18, "step {step_ms}");
            let mut found = counters.evicted.writes;
            writer.reader().for_each_cell(0, 0, true, |_, cell| found += cell.counts.writes);
            assert_eq!(found, counters.recorded.writes, "step {step_ms}, broken at {broken}");
        }
    }
}
