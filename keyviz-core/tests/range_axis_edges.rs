//! The range axis where values are small, budgets are, and the open column moves on.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};

use keyviz_core::{AxisKind, ColumnState, Config, Labels, MatrixQuery, NewRoute, Op, RouteId, Sampler, Series, Writer};

const STEP_MS: u64 = 1000;

fn config(max_routes: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    (config.max_routes, config.max_known_routes) = (max_routes, 0);
    (config.max_recorders, config.shared_shards, config.prefault) = (1, 1, false);
    config
}

fn query() -> MatrixQuery {
    MatrixQuery { axis: AxisKind::Range, series: Series::Ops, split_labels: false, ..MatrixQuery::default() }
}

fn key(at: u64) -> Vec<u8> {
    at.to_be_bytes().to_vec()
}

/// One operation spread over four rows gives three of them nothing: that is an estimate as the one is.
#[test]
fn a_nothing_that_is_an_estimate_says_so() {
    let mut writer = Writer::new(config(8), 0).unwrap();
    writer.register(RouteId(1), &key(0), Some(&key(400)), 0).unwrap();
    let recorder = writer.recorder();
    recorder.observe(RouteId(1), Op::Read, &key(350), 0);
    writer.flush(STEP_MS);
    let edges: Vec<Vec<u8>> = (0..5).map(|i| key(i * 100)).collect();
    let part =
        |i: usize| NewRoute { route: RouteId(10 + i as u64), start: &edges[i], end: Some(&edges[i + 1]), group: 0 };
    writer.split_route(RouteId(1), &[part(0), part(1), part(2), part(3)]).unwrap();
    (10..14).for_each(|route| recorder.observe(RouteId(route), Op::Read, b"", 0));
    writer.flush(2 * STEP_MS);
    let matrix = writer.reader().matrix(&query());
    assert_eq!(matrix.rows.len(), 4);
    assert_eq!(matrix.rows.iter().map(|row| row.values[0]).sum::<u64>(), 1);
    for row in &matrix.rows {
        assert_eq!(row.estimated, [true, false], "nobody knows where the operation was: {row:?}");
    }
}

/// Where neighbours are cold they become one row, however hot ranges were that are split now.
#[test]
fn cold_neighbours_coalesce_beside_ranges_that_were_split_while_hot() {
    for round in 0..40 {
        let mut writer = Writer::new(config(64), 0).unwrap();
        let recorder = writer.recorder();
        let split = |writer: &mut Writer, parent: u64, start: u64, end: u64, child: u64| {
            let (a, b, c) = (key(start), key(start + (end - start) / 2), key(end));
            let left = NewRoute { route: RouteId(child), start: &a, end: Some(&b), group: 0 };
            let right = NewRoute { route: RouteId(child + 1), start: &b, end: Some(&c), group: 0 };
            writer.split_route(RouteId(parent), &[left, right]).unwrap();
        };
        // Two hot ranges of a few keys that overlap, which are split; then cold and very wide ones.
        writer.register(RouteId(1), &key(100), Some(&key(107)), 0).unwrap();
        writer.register(RouteId(2), &key(103), Some(&key(116)), 0).unwrap();
        recorder.observe_many(RouteId(1), Op::Read, b"", 0, 1_000_000_007 + round * 777);
        recorder.observe_many(RouteId(2), Op::Read, b"", 0, 3_000_000_001 + round * 1313);
        writer.flush(STEP_MS);
        split(&mut writer, 1, 100, 107, 10);
        split(&mut writer, 2, 103, 116, 20);
        let cold = [116, 1 << 61, 2 << 61, 3 << 61, u64::MAX];
        for (i, pair) in cold.windows(2).enumerate() {
            writer.register(RouteId(30 + i as u64), &key(pair[0]), Some(&key(pair[1])), 0).unwrap();
            recorder.observe_many(RouteId(30 + i as u64), Op::Read, b"", 0, 1);
        }
        for route in [10, 11, 20, 21] {
            recorder.observe_many(RouteId(route), Op::Read, b"", 0, 1000);
        }
        writer.flush(2 * STEP_MS);
        let all = writer.reader().matrix(&query()).rows.len();
        let matrix = writer.reader().matrix(&MatrixQuery { rows: all - 3, ..query() });
        let cold_rows = matrix.rows.iter().filter(|row| row.start >= key(116)).count();
        assert_eq!(cold_rows, 1, "round {round}: four operations in all lie there");
    }
}

/// Never more rows than asked for.
#[test]
fn a_budget_smaller_than_the_labels() {
    let mut config = config(8);
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    let mut writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    for route in 0..4 {
        writer.register(RouteId(route), &key(route), Some(&key(route + 1)), 0).unwrap();
        for label in ["", "redis", "s3"] {
            recorder.observe_labelled(RouteId(route), writer.label(label), Op::Read, b"", 0);
        }
    }
    writer.flush(STEP_MS);
    for rows in 1..20 {
        let matrix = writer.reader().matrix(&MatrixQuery { rows, split_labels: true, ..query() });
        let sum: u64 = matrix.rows.iter().map(|row| row.values[0]).sum();
        assert_eq!(sum + matrix.cut.values[0], 12);
        assert!(matrix.rows.len() <= rows, "{} rows, {rows} asked for", matrix.rows.len());
    }
}

/// The open column is published anew while a reader is at work: rows and what was cut are all it has.
#[test]
fn nothing_is_missing_from_an_open_column_that_moves_on() {
    let mut config = config(2000);
    config.step_ms = 10_000_000;
    (config.cell_bytes, config.history_columns) = (16 << 20, 4);
    config.tiers = keyviz_core::Tiers::NONE;
    let sampler = Sampler::new(config, 0).unwrap();
    let (stop, reader) = (AtomicBool::new(false), sampler.reader());
    let worst = std::thread::scope(|scope| {
        scope.spawn(|| {
            // At each instant t, t ranges have an operation each, the newest beyond all others.
            let recorder = sampler.recorder();
            for t in 1..2000 {
                sampler.register(RouteId(t), &key(t), Some(&key(t + 1)), 0).unwrap();
                recorder.observe(RouteId(t), Op::Read, b"", 0);
                sampler.flush(t);
            }
            stop.store(true, Ordering::Relaxed);
        });
        let mut worst = 0;
        while !stop.load(Ordering::Relaxed) {
            let matrix = reader.matrix(&MatrixQuery { open: true, ..query() });
            let Some(column) = matrix.columns.last().filter(|column| column.state == ColumnState::Open) else {
                continue;
            };
            let sum: u64 = matrix.rows.iter().map(|row| row.values[0]).sum::<u64>() + matrix.cut.values[0];
            worst = worst.max(column.covers_to_ms.abs_diff(sum));
        }
        worst
    });
    assert_eq!(worst, 0, "operations that are in no row and not cut");
}
