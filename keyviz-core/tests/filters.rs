//! Filters: a matrix of some labels, keys or times has what the cells of these labels, keys and times
//! have, split into rows or not, whatever the row budget cuts.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;

use keyviz_core::{AxisKind, CellView, Config, Label, Labels, MatrixQuery, Op, RouteId, Series, Writer};
use proptest::prelude::*;

const ROUTES: u64 = 6;
const WINDOWS: u64 = 4;
const K: u16 = 4;

/// Every route, label, division and window has its own counts.
fn filled() -> Writer {
    let mut config = Config::default();
    (config.step_ms, config.max_routes, config.sub_buckets) = (1000, ROUTES as u32, K);
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    config.prefault = false;
    let mut writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    let labels = [Label::NONE, writer.label("redis"), writer.label("s3")];
    for route in 0..ROUTES {
        let end = [40 * route as u8 + 40];
        writer.register(RouteId(route), &[40 * route as u8], (route + 1 < ROUTES).then_some(&end[..]), 0).unwrap();
    }
    let mut times = 1;
    for window in 1..=WINDOWS {
        for route in 0..ROUTES {
            for (lane, label) in labels.into_iter().enumerate() {
                for sub in 0..K as u8 {
                    // Some have nothing now and then.
                    if !(window + route + lane as u64 + u64::from(sub)).is_multiple_of(5) {
                        let key = [40 * route as u8 + sub * if route + 1 < ROUTES { 10 } else { 14 }];
                        times += 1;
                        let op = if times % 3 == 0 { Op::Read } else { Op::Write };
                        (0..times % 50).for_each(|_| {
                            recorder.observe_labelled(RouteId(route), label, op, &key, times);
                        });
                    }
                }
            }
        }
        writer.flush(window * 1000 - if window == WINDOWS { 300 } else { 0 });
    }
    writer
}

fn any_key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![]),
        any::<u8>().prop_map(|byte| vec![byte]),
        (0..26u8).prop_map(|edge| vec![edge * 10]),
        prop::collection::vec(any::<u8>(), 1..4),
    ]
}

fn query() -> impl Strategy<Value = MatrixQuery> {
    let label = prop::option::of(0usize..4).prop_map(|label| {
        let labels = Labels::new(&["redis", "s3"]).unwrap();
        label.map(|label| [Label::NONE, labels.get("redis"), labels.get("s3"), Label::UNKNOWN][label])
    });
    let times = (0u64..5500, 0u64..5500).prop_map(|(from, to)| (from / 500 * 500, to / 500 * 500));
    (
        0usize..5,
        times,
        prop_oneof![Just(0usize), 1usize..80],
        any_key(),
        prop::option::of(any_key()),
        label,
        (prop::option::weighted(0.3, 0..ROUTES + 2), prop::option::weighted(0.3, 0..u32::from(K) + 1)),
        any::<(bool, bool)>(),
    )
        .prop_map(
            |(series, (from_ms, to_ms), rows, start, end, label, (route, sub_bucket), (split_labels, open))| {
                MatrixQuery {
                    series: Series::ALL[series],
                    from_ms,
                    to_ms,
                    rows,
                    start,
                    end,
                    label,
                    route: route.map(RouteId),
                    sub_bucket,
                    split_labels,
                    open,
                    ..MatrixQuery::default()
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_matrix_has_what_its_cells_have(queries in prop::collection::vec(query(), 1..4)) {
        std::thread_local!(static FILLED: Writer = filled());
        FILLED.with(|writer| queries.iter().for_each(|query| check(writer, query)));
    }
}

fn check(writer: &Writer, query: &MatrixQuery) {
    let reader = writer.reader();
    let asked = |cell: &CellView<'_>| {
        let (start, end) = cell.bounds();
        assert_eq!(writer.sub_bucket_bounds(cell.route, cell.sub_bucket), Some((start.clone(), end.clone())));
        let above = end.is_none_or(|end| end > query.start);
        let below = query.end.as_ref().is_none_or(|to| start < *to);
        let named = query.route.is_none_or(|route| route == cell.route)
            && query.sub_bucket.is_none_or(|sub| sub == cell.sub_bucket);
        above && below && named && query.label.is_none_or(|label| label == cell.label)
    };
    // By route, label, division: a value per column.
    let mut truth: BTreeMap<(u64, Label, u32), BTreeMap<u64, u64>> = BTreeMap::new();
    let columns = reader.for_each_cell(query.from_ms, query.to_ms, query.open, |column, cell| {
        if asked(cell) {
            let label = if query.split_labels { cell.label } else { Label::NONE };
            let row = truth.entry((cell.route.0, label, cell.sub_bucket)).or_default();
            *row.entry(column.end_ms).or_default() += cell.counts.get(query.series);
        }
    });
    let matrix = reader.matrix(query);
    assert_eq!(matrix.columns, columns);
    for column in &columns {
        let end_ms = column.end_ms;
        assert!(end_ms >= query.from_ms && (query.to_ms == 0 || end_ms < query.to_ms), "{column:?} of {query:?}");
    }
    let values = |row: &BTreeMap<u64, u64>| -> Vec<u64> {
        columns.iter().map(|column| row.get(&column.end_ms).copied().unwrap_or(0)).collect()
    };
    let mut cut = truth.clone();
    for row in &matrix.rows {
        let sub = match row.bucket_id.as_str().split_once('#') {
            Some((_, sub)) => sub.parse().unwrap(),
            None => 0,
        };
        let label = if query.split_labels { row.label } else { Label::NONE };
        let cells = cut.remove(&(row.route.0, label, sub)).unwrap_or_else(|| panic!("{} of {query:?}", row.bucket_id));
        assert_eq!(row.values, values(&cells), "{} of {query:?}", row.bucket_id);
        let bounds = writer.sub_bucket_bounds(row.route, sub).unwrap();
        assert_eq!((&row.start, &row.end), (&bounds.0, &bounds.1), "{}", row.bucket_id);
    }
    assert_eq!(matrix.cut.rows, cut.len() as u64, "{query:?}");
    for (i, column) in columns.iter().enumerate() {
        let left: u64 = cut.values().filter_map(|row| row.get(&column.end_ms)).sum();
        assert_eq!(matrix.cut.values[i], left, "column {i} of {query:?}");
    }
    // What was cut has no more than the least that stayed.
    let total = |row: &BTreeMap<u64, u64>| row.values().sum::<u64>();
    let least = matrix.rows.iter().map(|row| row.values.iter().sum::<u64>()).min().unwrap_or(u64::MAX);
    assert!(cut.values().all(|row| total(row) <= least), "{query:?}");
    let budget = if query.rows == 0 { truth.len() } else { query.rows };
    assert_eq!(matrix.rows.len(), truth.len().min(budget), "{query:?}");

    // The cell of it all is the one row of the range axis.
    let one = MatrixQuery { axis: AxisKind::Range, rows: 1, split_labels: false, ..query.clone() };
    let one = reader.matrix(&one);
    let cell = reader.cell(query);
    let all = |row: &keyviz_core::Row| (row.values.iter().sum(), row.estimated.contains(&true));
    assert_eq!((cell.value, cell.estimated), one.rows.first().map_or((0, false), all), "{query:?}");
    assert_eq!((cell.columns, cell.missing, cell.conflict), (columns.len(), false, false), "{query:?}");
    if query.start.is_empty() && query.end.is_none() {
        assert_eq!(cell.value, truth.values().map(total).sum::<u64>(), "{query:?}");
    }
}

#[test]
fn rows_come_by_start_then_by_name() {
    let matrix = filled().reader().matrix(&MatrixQuery { series: Series::Ops, ..MatrixQuery::default() });
    assert_eq!(matrix.rows.len(), (ROUTES * 3 * u64::from(K)) as usize);
    assert!(matrix.rows.is_sorted_by_key(|row| (row.start.clone(), row.bucket_id.as_str().to_owned())));
    let names: std::collections::BTreeSet<_> = matrix.rows.iter().map(|row| row.bucket_id.as_str()).collect();
    assert_eq!(names.len(), matrix.rows.len());
    assert!(names.contains("route:0#0") && names.contains("route:5:redis#3"), "{names:?}");
}
