//! The range axis of a sampler: rows tile, sums are those of the history, whatever happened to the routes.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keyviz_core::{
    AxisKind, ColumnState, Config, KeyNames, Label, Labels, Matrix, MatrixQuery, NewRoute, Op, RouteId, Series, Writer,
};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;

fn config(max_routes: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    (config.max_routes, config.max_recorders, config.shared_shards) = (max_routes, 1, 1);
    (config.cell_bytes, config.prefault) = (64 << 20, false);
    config
}

fn query() -> MatrixQuery {
    MatrixQuery { axis: AxisKind::Range, series: Series::Ops, split_labels: false, ..MatrixQuery::default() }
}

fn key(at: u64) -> Vec<u8> {
    if at == 0 { Vec::new() } else { at.to_be_bytes().to_vec() }
}

/// A sampler with `count` routes that tile the key space; route `i` begins at key `i`.
fn tiled(config: Config, count: u64) -> Writer {
    let mut writer = Writer::new(config, 0).unwrap();
    for i in 0..count {
        let end = (i + 1 < count).then(|| key(i + 1));
        writer.register(RouteId(i), &key(i), end.as_deref(), i % 3).unwrap();
    }
    writer
}

/// Rows tile from the first bound to the last.
fn check_tiles(matrix: &Matrix) {
    for pair in matrix.rows.windows(2).filter(|pair| pair[0].label == pair[1].label) {
        assert_eq!(pair[0].end.as_ref(), Some(&pair[1].start));
    }
    assert_eq!(matrix.cut.rows, 0);
}

fn column_sums(matrix: &Matrix) -> Vec<u64> {
    (0..matrix.columns.len()).map(|c| matrix.rows.iter().map(|row| row.values[c]).sum()).collect()
}

#[test]
fn exactly_as_many_rows_as_there_are_ranges_or_the_budget() {
    for (ranges, budget) in [(1, 0), (7, 0), (7, 3), (1024, 0), (1025, 0), (2048, 0), (2048, 5000), (50, 1)] {
        let mut writer = tiled(config(2048), ranges);
        let recorder = writer.recorder();
        for i in 0..ranges {
            recorder.observe_many(RouteId(i), Op::Read, b"", 0, i + 1);
        }
        writer.flush(STEP_MS);
        let matrix = writer.reader().matrix(&MatrixQuery { rows: budget, ..query() });
        let expected = (ranges as usize).min(if budget == 0 || budget > 1024 { 1024 } else { budget });
        assert_eq!(matrix.rows.len(), expected, "{ranges} in {budget}");
        check_tiles(&matrix);
        assert_eq!(column_sums(&matrix), [ranges * (ranges + 1) / 2]);
        assert!(matrix.rows.iter().all(|row| row.estimated.is_empty()), "whole ranges are exact");
        assert_eq!((&matrix.rows[0].start, &matrix.rows[expected - 1].end), (&Vec::new(), &None));
        assert_eq!(matrix.rows.iter().map(|row| row.route_count).sum::<u64>(), ranges);
        assert_eq!(matrix.rows[0].bucket_id.as_str(), format!("range:0@{:016x}", matrix.axis_id));
    }
}

#[test]
fn a_hundred_thousand_ranges() {
    let mut config = config(100_000);
    (config.history_columns, config.history_bytes) = (8, 64 << 20);
    config.tiers = keyviz_core::Tiers::NONE;
    let mut writer = tiled(config, 100_000);
    let recorder = writer.recorder();
    for i in 0..100_000 {
        recorder.observe_many(RouteId(i), Op::Read, b"", 0, if i == 77_777 { 1 << 30 } else { 1 + i % 10 });
    }
    writer.flush(STEP_MS);
    let matrix = writer.reader().matrix(&query());
    assert_eq!(matrix.rows.len(), 1024);
    let hot = matrix.rows.iter().find(|row| row.values[0] >= 1 << 30).unwrap();
    assert_eq!((&hot.start, &hot.end), (&key(77_777), &Some(key(77_778))), "the hot range stays alone");
    assert_eq!(column_sums(&matrix)[0], (1 << 30) + 550_000 - 8);
}

/// Twice the cells take about twice the time: the lowest of some runs, with room for a noisy machine.
#[test]
fn cost_is_near_linear() {
    let time = |ranges: u64| -> Duration {
        let mut config = config(80_000);
        (config.history_columns, config.history_bytes) = (4, 64 << 20);
        config.tiers = keyviz_core::Tiers::NONE;
        let mut writer = tiled(config, ranges);
        let recorder = writer.recorder();
        (0..ranges).for_each(|i| recorder.observe_many(RouteId(i), Op::Read, b"", 0, 1 + i * 7919 % 1000));
        writer.flush(STEP_MS);
        let reader = writer.reader();
        let once = || {
            let begun = Instant::now();
            assert_eq!(reader.matrix(&query()).rows.len(), 1024);
            begun.elapsed()
        };
        (0..5).map(|_| once()).min().unwrap()
    };
    let (small, large) = (time(20_000), time(80_000));
    assert!(large < small * 10, "four times the ranges: {small:?}, {large:?}");
}

#[test]
fn continuous_across_splits_merges_and_promotions() {
    let mut config = config(4);
    config.max_known_routes = 64;
    let mut writer = tiled(config, 20);
    let recorder = writer.recorder();
    let mut truth = Vec::new();
    let observe = |writer: &mut Writer, routes: &[(u64, u64)], truth: &mut Vec<u64>| {
        for (route, times) in routes {
            recorder.observe_many(RouteId(*route), Op::Write, b"", 0, *times);
        }
        truth.push(routes.iter().map(|(_, times)| times).sum());
        writer.flush(truth.len() as u64 * STEP_MS);
    };
    for _ in 0..4 {
        // Route 12 is hot in its bucket, and promoted after the second window.
        observe(&mut writer, &[(0, 10), (5, 7), (12, 9000), (19, 3)], &mut truth);
    }
    assert_eq!(writer.bucket_of(RouteId(12)), None);
    // Makes room for one half more.
    let own = (0..12).find(|route| writer.bucket_of(RouteId(*route)).is_none()).unwrap();
    writer.remove(RouteId(own));
    let (start, end, middle) = (key(12), key(13), [key(12), vec![0x80]].concat());
    let left = NewRoute { route: RouteId(12), start: &start, end: Some(&middle), group: 0 };
    let right = NewRoute { route: RouteId(99), start: &middle, end: Some(&end), group: 0 };
    writer.split_route(RouteId(12), &[left, right]).unwrap();
    observe(&mut writer, &[(12, 5000), (99, 4001)], &mut truth);
    let whole = NewRoute { route: RouteId(100), start: &start, end: Some(&end), group: 0 };
    writer.merge_routes(&[RouteId(12), RouteId(99)], &whole).unwrap();
    observe(&mut writer, &[(100, 8000), (7, 1)], &mut truth);

    let matrix = writer.reader().matrix(&query());
    check_tiles(&matrix);
    assert_eq!(column_sums(&matrix), truth);
    // The halves have a past: what their parent had, spread, and said to be.
    let halves: Vec<_> = matrix.rows.iter().filter(|row| row.start >= start && row.start < end).collect();
    assert_eq!(halves.len(), 2, "{halves:?}");
    assert_eq!((halves[0].values[4], halves[1].values[4]), (5000, 4001));
    assert!(!halves[0].estimated[4] && !halves[1].estimated[4], "exact where it was counted so");
    for column in [2, 3, 5] {
        let sum = halves[0].values[column] + halves[1].values[column];
        assert!(halves[0].estimated[column] && halves[1].estimated[column] && sum >= 8000, "{column}: {halves:?}");
        let difference = halves[0].values[column].abs_diff(halves[1].values[column]);
        assert!(difference <= sum / 100 + 1, "even by width: {halves:?}");
    }
}

#[test]
fn a_part_of_the_key_space_is_cut_at_finer_detail() {
    let mut writer = tiled(config(4096), 4096);
    let recorder = writer.recorder();
    (0..4096).for_each(|i| recorder.observe_many(RouteId(i), Op::Read, b"", 0, 1 + i % 7));
    writer.flush(STEP_MS);
    let reader = writer.reader();
    let all = reader.matrix(&query());
    assert_eq!(all.rows.len(), 1024);
    let zoom = MatrixQuery { start: key(100), end: Some(key(300)), ..query() };
    let part = reader.matrix(&zoom);
    assert_eq!((part.rows.len(), column_sums(&part)), (200, vec![(100..300).map(|i| 1 + i % 7).sum()]));
    assert_ne!(all.axis_id, part.axis_id);
    // Between two boundaries, the part of the range that lies there is shown, and is an estimate.
    let zoom = MatrixQuery { start: [key(7), vec![0x40]].concat(), end: Some(key(9)), ..query() };
    let part = reader.matrix(&zoom);
    assert_eq!((part.rows.len(), part.rows[0].estimated.clone()), (2, vec![true]));
    assert_eq!((part.rows[1].values[0], part.rows[1].estimated.len()), (2, 0));
    assert!(part.rows[0].values[0] <= 1);
}

#[test]
fn borders_of_names_are_kept() {
    let mut writer = tiled(config(100), 100);
    let recorder = writer.recorder();
    (0..100).for_each(|i| recorder.observe_many(RouteId(i), Op::Read, b"", 0, if i < 50 { 1000 } else { 1 }));
    writer.flush(STEP_MS);
    let (orders, users) = (key(60), key(80));
    let names = KeyNames::new([(&orders[..], "orders"), (&users[..], "users")]).unwrap();
    let matrix = writer.reader().matrix(&MatrixQuery { rows: 20, key_names: Some(Arc::new(names)), ..query() });
    let starts: Vec<&Vec<u8>> = matrix.rows.iter().map(|row| &row.start).collect();
    for border in [60, 61, 80, 81] {
        assert!(starts.contains(&&key(border)), "{border}: {starts:?}");
    }
}

#[test]
fn labels_are_summed_or_rows_of_their_own_or_one_alone() {
    let mut config = config(8);
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    let mut writer = tiled(config, 3);
    let recorder = writer.recorder();
    for (route, label, times) in [(0, "redis", 1), (0, "", 2), (1, "redis", 4), (2, "", 8)] {
        let label = writer.label(label);
        (0..times).for_each(|_| recorder.observe_labelled(RouteId(route), label, Op::Read, b"", 0));
    }
    writer.flush(STEP_MS);
    let reader = writer.reader();
    let show = |query: &MatrixQuery| -> Vec<(u64, String)> {
        let matrix = reader.matrix(query);
        let name = |label: Label| matrix.labels.name(label).unwrap_or("").to_owned();
        matrix.rows.iter().map(|row| (row.values[0], name(row.label))).collect()
    };
    let named =
        |rows: &[(u64, &str)]| -> Vec<(u64, String)> { rows.iter().map(|(v, l)| (*v, (*l).to_owned())).collect() };
    assert_eq!(show(&query()), named(&[(3, ""), (4, ""), (8, "")]));
    let split = MatrixQuery { split_labels: true, ..query() };
    assert_eq!(show(&split), named(&[(2, ""), (1, "redis"), (0, ""), (4, "redis"), (8, ""), (0, "redis")]));
    let one = MatrixQuery { label: Some(writer.label("redis")), ..query() };
    assert_eq!(show(&one), named(&[(1, "redis"), (4, "redis")]));
}

#[test]
fn a_cell_of_one_group_names_it() {
    let mut writer = tiled(config(8), 4);
    writer.set_term(1, 5);
    let recorder = writer.recorder();
    (1..4).for_each(|route| recorder.observe(RouteId(route), Op::Write, b"", 0));
    writer.flush(STEP_MS);
    let reader = writer.reader();
    let matrix = reader.matrix(&query());
    let groups: Vec<(u64, u64)> = matrix.rows.iter().map(|row| (row.groups[0], row.terms[0])).collect();
    assert_eq!(groups, [(1, 5), (2, 0), (0, 0)], "route 0 had nothing, so the rows begin at 1");
    let matrix = reader.matrix(&MatrixQuery { rows: 1, ..query() });
    assert_eq!((matrix.rows[0].groups[0], matrix.rows[0].terms[0]), (0, 0), "of several groups");
}

/// A column that is open with some routes at the first reading and sealed with more at the second: what the
/// rows were not made for is cut, never lost.
#[test]
fn a_column_sealed_between_the_two_readings_adds_up() {
    const SEALED: u64 = 1050;
    let mut config = config(2000);
    (config.max_known_routes, config.history_columns) = (0, 4);
    config.tiers = keyviz_core::Tiers::NONE;
    let mut writer = tiled(config, 1000);
    let (recorder, reader) = (writer.recorder(), writer.reader());
    let stop = AtomicBool::new(false);
    let looked = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut looked = 0;
            while !stop.load(Ordering::Relaxed) {
                let matrix = reader.matrix(&MatrixQuery { open: true, ..query() });
                for (at, column) in matrix.columns.iter().enumerate().filter(|(_, c)| c.state == ColumnState::Complete)
                {
                    let sum: u64 = matrix.rows.iter().map(|row| row.values[at]).sum();
                    assert_eq!(sum + matrix.cut.values[at], SEALED, "{column:?}");
                    looked += 1;
                }
            }
            looked
        });
        let begun = Instant::now();
        let mut window = 0;
        while begun.elapsed() < Duration::from_millis(1500) && !reading.is_finished() {
            (0..500).for_each(|route| recorder.observe(RouteId(route), Op::Write, b"", 0));
            writer.flush(window * STEP_MS + STEP_MS / 2);
            std::thread::sleep(Duration::from_micros(300));
            let late = 500 + window % 8 * 50;
            (0..500).chain(late..late + 50).for_each(|route| recorder.observe(RouteId(route), Op::Write, b"", 0));
            window += 1;
            writer.flush(window * STEP_MS);
            std::thread::sleep(Duration::from_micros(300));
        }
        stop.store(true, Ordering::Relaxed);
        reading.join().unwrap()
    });
    assert!(looked > 10, "sealed columns looked at: {looked}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever a host does, every column of the range axis sums to what the history has.
    #[test]
    fn sums_are_those_of_the_history(
        steps in prop::collection::vec((0u64..24, 0u8..8, 1u64..60, 1u64..4), 1..200),
        max_routes in 2u32..30,
        k in prop_oneof![Just(1u16), Just(4)],
        budget in 1usize..40,
        overlap in any::<bool>(),
    ) {
        let mut config = config(max_routes);
        (config.max_known_routes, config.sub_buckets, config.cell_bytes) = (64, k, 1 << 20);
        let mut writer = Writer::new(config, 0).unwrap();
        let recorder = writer.recorder();
        let mut now_ms = 0;
        for (route, kind, times, width) in steps {
            match kind {
                0 | 1 => {
                    let end = key(route + if overlap { width } else { 1 });
                    writer.register(RouteId(route), &key(route), (route < 23).then_some(&end[..]), width).unwrap();
                }
                2 => {
                    writer.remove(RouteId(route));
                }
                3 => {
                    now_ms += times * 40;
                    writer.flush(now_ms);
                }
                _ => recorder.observe_many(RouteId(route), Op::Write, &[key(route), vec![times as u8]].concat(), 0, times * 50),
            }
        }
        writer.flush(now_ms + STEP_MS);
        let reader = writer.reader();
        let mut truth = BTreeMap::new();
        reader.for_each_cell(0, 0, true, |column, cell| *truth.entry(column.end_ms).or_insert(0) += cell.counts.writes);
        let matrix = reader.matrix(&MatrixQuery { rows: budget, open: true, ..query() });
        check_tiles(&matrix);
        prop_assert!(matrix.rows.len() <= budget);
        for (column, sum) in matrix.columns.iter().zip(column_sums(&matrix)) {
            prop_assert_eq!(sum, truth.get(&column.end_ms).copied().unwrap_or(0));
        }
    }
}
