//! Virtual buckets, splits and merges where something has run out, or ranges overlap.

#![cfg(all(feature = "alloc", not(keyviz_loom)))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;

use keyviz_core::{Config, MatrixQuery, NewRoute, Op, RegisterError, RouteId, Series, Writer};

const STEP_MS: u64 = 1000;

fn config(max_routes: u32, max_draining: u32, max_virtual: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    (config.max_routes, config.max_known_routes) = (max_routes, 1000);
    (config.max_draining, config.max_virtual) = (max_draining, max_virtual);
    (config.max_recorders, config.shared_shards) = (1, 1);
    (config.cell_bytes, config.history_bytes, config.bound_bytes) = (1 << 20, 1 << 20, 1 << 16);
    (config.history_columns, config.prefault) = (100, false);
    config.tiers = keyviz_core::Tiers::NONE;
    config
}

fn key(at: u64) -> Vec<u8> {
    format!("key{at:05}").into_bytes()
}

fn register(writer: &mut Writer, route: u64, start: u64, end: u64) {
    writer.register(RouteId(route), &key(start), Some(&key(end)), 0).unwrap();
}

fn tiled(config: Config, routes: u64) -> Writer {
    let mut writer = Writer::new(config, 0).unwrap();
    (0..routes).for_each(|route| register(&mut writer, route, route, route + 1));
    writer
}

fn own(writer: &Writer, routes: std::ops::Range<u64>) -> usize {
    routes.filter(|route| writer.bucket_of(RouteId(*route)).is_none()).count()
}

/// End of the column, bounds, writes.
type BucketCell = (u64, Vec<u8>, Option<Vec<u8>>, u64);

/// Bounds and counts of every cell of a virtual bucket, by the column's end.
fn bucket_cells(writer: &Writer) -> Vec<BucketCell> {
    let mut cells = Vec::new();
    writer.reader().for_each_cell(0, 0, true, |column, cell| {
        if cell.aggregate && cell.counts.writes > 0 {
            cells.push((column.end_ms, cell.start.to_vec(), cell.end.map(<[u8]>::to_vec), cell.counts.writes));
        }
    });
    cells
}

/// A route gives up its slot only for one that gets it: here all slots of routes are in use or draining.
#[test]
fn no_route_folds_for_a_promotion_that_finds_no_free_slot() {
    let mut writer = tiled(config(8, 1, 16), 40);
    let recorder = writer.recorder();
    for window in 1..=2 {
        for hot in [10, 17, 24, 31, 36] {
            recorder.observe_many(RouteId(hot), Op::Write, b"", 0, 50_000);
        }
        writer.flush(window * STEP_MS);
    }
    let counters = writer.counters();
    assert_eq!((counters.folded, counters.promoted), (1, 1), "one change of places, for one free slot: {counters:?}");
    assert_eq!(own(&writer, 0..40), 8);
    assert_eq!(counters.promotions_refused, 4);
}

/// As above, where the member cannot leave its bucket because there is none to divide it into.
#[test]
fn no_route_folds_for_a_promotion_that_finds_no_bucket_to_divide() {
    let mut writer = tiled(config(8, 8, 1), 40);
    let recorder = writer.recorder();
    for window in 1..=2 {
        recorder.observe_many(RouteId(20), Op::Write, b"", 0, 50_000);
        writer.flush(window * STEP_MS);
    }
    let counters = writer.counters();
    assert_eq!((counters.folded, counters.promoted, counters.promotions_refused), (0, 0, 1), "{counters:?}");
    assert_eq!(own(&writer, 0..40), 8);
}

/// A route of the left bucket reaches over all of the right one. A route between them hid that, and is gone.
#[test]
fn a_bucket_made_of_two_holds_the_routes_of_both() {
    let mut config = config(1, 4, 2);
    config.promote = false;
    let mut writer = Writer::new(config, 0).unwrap();
    register(&mut writer, 1, 900, 901);
    register(&mut writer, 2, 0, 100);
    writer.remove(RouteId(1));
    register(&mut writer, 3, 5, 6);
    register(&mut writer, 4, 30, 40);
    assert_eq!(own(&writer, 3..4), 1);
    writer.remove(RouteId(3));
    let recorder = writer.recorder();
    writer.flush(STEP_MS);
    assert_eq!(writer.bucket_of(RouteId(2)), writer.bucket_of(RouteId(4)), "two buckets side by side became one");
    recorder.observe_many(RouteId(2), Op::Write, &key(90), 0, 7);
    writer.flush(2 * STEP_MS);
    assert_eq!(bucket_cells(&writer), [(2 * STEP_MS, key(0), Some(key(100)), 7)]);
}

/// Rows of the past say how many routes they stood for then.
#[test]
fn bounds_that_a_bucket_no_longer_has_keep_their_number_of_routes() {
    let mut writer = tiled(config(4, 4, 8), 30);
    let recorder = writer.recorder();
    recorder.observe(RouteId(9), Op::Write, b"", 0);
    writer.flush(STEP_MS);
    writer.remove(RouteId(29));
    writer.remove(RouteId(28));
    recorder.observe(RouteId(9), Op::Write, b"", 0);
    writer.flush(2 * STEP_MS);
    let matrix = writer.reader().matrix(&MatrixQuery::default());
    let counts: BTreeMap<_, _> = matrix.rows.iter().map(|row| (row.end.clone().unwrap(), row.route_count)).collect();
    assert_eq!(counts, BTreeMap::from([(key(28), 24), (key(30), 26)]));
}

/// Uses up all descriptors that the open column leaves: a bucket's bounds narrow and widen again, with
/// something counted in between, each time under a descriptor of their own.
fn use_up_descriptors(writer: &mut Writer, last: u64) -> u64 {
    let recorder = writer.recorder();
    let before = writer.counters().bounds_unsplit;
    let mut counted = 0;
    for _ in 0..1000 {
        recorder.observe(RouteId(last - 1), Op::Write, b"", 0);
        counted += 1;
        writer.remove(RouteId(last));
        if writer.counters().bounds_unsplit > before {
            return counted;
        }
        recorder.observe(RouteId(last - 1), Op::Write, b"", 0);
        counted += 1;
        register(writer, last, last, last + 1);
        writer.flush(1);
    }
    panic!("descriptors do not run out")
}

/// What was counted in a window stands in its column, though the bucket's bounds were out of date.
#[test]
fn bounds_out_of_date_delay_no_counts() {
    let mut config = config(1, 1, 1);
    config.promote = false;
    let mut writer = tiled(config, 6);
    let counted = use_up_descriptors(&mut writer, 5);
    let recorder = writer.recorder();
    recorder.observe_many(RouteId(4), Op::Write, b"", 0, 1000);
    writer.flush(STEP_MS);
    recorder.observe_many(RouteId(4), Op::Write, b"", 0, 1_000_000);
    writer.flush(2 * STEP_MS);
    let mut columns = BTreeMap::new();
    for (end_ms, .., writes) in bucket_cells(&writer) {
        *columns.entry(end_ms).or_insert(0) += writes;
    }
    assert_eq!(columns, BTreeMap::from([(STEP_MS, counted + 1000), (2 * STEP_MS, 1_000_000)]));
}

/// A bucket without routes, whose bounds were out of date when the last one left, keeps what it had.
#[test]
fn a_draining_bucket_takes_no_strangers_bounds() {
    let mut config = config(1, 1, 2);
    config.promote = false;
    let mut writer = tiled(config, 6);
    use_up_descriptors(&mut writer, 5);
    let recorder = writer.recorder();
    (1..4).for_each(|route| assert!(writer.remove(RouteId(route))));
    // From the end of the second column on there are descriptors again.
    (1..3).for_each(|flush| writer.flush(flush * STEP_MS));
    recorder.observe_many(RouteId(4), Op::Write, b"", 0, 1_000_000);
    assert!(writer.remove(RouteId(4)));
    writer.flush(3 * STEP_MS);
    assert!(bucket_cells(&writer).iter().any(|cell| cell.3 == 1_000_000));
    for (_, start, end, _) in bucket_cells(&writer) {
        assert!(start >= key(1) && end.clone().is_some_and(|end| end <= key(6)), "{start:?}..{end:?}");
    }
}

/// A split that cannot be done leaves the parent, though descriptors and not slots are what is missing.
#[test]
fn a_split_without_descriptors_changes_nothing() {
    let mut config = config(2, 3, 1);
    config.max_known_routes = 0;
    let mut writer = Writer::new(config, 0).unwrap();
    writer.set_term(7, 1);
    writer.register(RouteId(1), b"a", Some(b"m"), 7).unwrap();
    let recorder = writer.recorder();
    for term in 2..100 {
        recorder.observe(RouteId(1), Op::Write, b"b", 0);
        writer.flush(term);
        writer.set_term(7, term);
        let part = |route: u64, start: &'static [u8], end: &'static [u8]| NewRoute {
            route: RouteId(route),
            start,
            end: Some(end),
            group: 0,
        };
        if writer.counters().terms_unsplit == 0 {
            continue;
        }
        let refused = writer.split_route(RouteId(1), &[part(2, b"a", b"f"), part(3, b"f", b"m")]);
        assert!(refused.is_err(), "no descriptor is left");
        assert_eq!((writer.counters().routes, writer.reader().lineage().len()), (1, 0));
        recorder.observe(RouteId(1), Op::Write, b"b", 0);
        writer.flush(term + 1);
        assert_eq!(writer.counters().unattributed.writes, 0, "the parent is still there");
        return;
    }
    panic!("descriptors do not run out");
}

/// Bounds that a draining bucket holds are not the history's: letting columns go does not free them.
#[test]
fn a_refused_registration_costs_no_columns() {
    let mut config = config(1, 1, 2);
    (config.max_bound_len, config.bound_bytes, config.promote) = (240, 40 * 32, false);
    let mut writer = Writer::new(config, 0).unwrap();
    let long = |first: u8| [vec![first], vec![b'x'; 239]].concat();
    writer.register(RouteId(0), b"a", Some(b"b"), 0).unwrap();
    let recorder = writer.recorder();
    // A member with long bounds, alone in its bucket: 20 chunks of 40.
    writer.register(RouteId(1), &long(b'c'), Some(&long(b'd')), 0).unwrap();
    recorder.observe(RouteId(1), Op::Write, b"", 0);
    writer.flush(STEP_MS);
    // A retired descriptor that a sealed column refers to stands first in the line.
    writer.register(RouteId(2), b"e", Some(b"f"), 0).unwrap();
    recorder.observe(RouteId(2), Op::Write, b"", 0);
    writer.flush(2 * STEP_MS);
    writer.remove(RouteId(2));
    recorder.observe(RouteId(0), Op::Write, b"", 0);
    for window in 3..12 {
        writer.flush(window * STEP_MS);
    }
    writer.remove(RouteId(1));
    recorder.observe(RouteId(0), Op::Write, b"", 0);
    writer.flush(12 * STEP_MS);
    let before = writer.counters();
    let refused = writer.register(RouteId(3), &long(b'g'), Some(&long(b'h')), 0);
    let after = writer.counters();
    if refused == Err(RegisterError::BoundsFull) {
        assert_eq!(before.columns_evicted, after.columns_evicted, "refused, and columns are gone");
    }
}

/// A promoted route is shown under the term that was told for its group.
#[test]
fn the_term_of_a_members_group_is_remembered() {
    let mut writer = Writer::new(config(4, 2, 8), 0).unwrap();
    for route in 0..900 {
        writer.register(RouteId(route), &key(route), Some(&key(route + 1)), route + 1).unwrap();
        writer.set_term(route + 1, 5);
    }
    let recorder = writer.recorder();
    for window in 1..=3 {
        recorder.observe_many(RouteId(20), Op::Write, b"", 0, 50_000);
        writer.flush(window * STEP_MS);
    }
    assert_eq!(writer.bucket_of(RouteId(20)), None, "promoted");
    let matrix = writer.reader().matrix(&MatrixQuery { series: Series::Writes, ..MatrixQuery::default() });
    let row = matrix.rows.iter().find(|row| row.bucket_id.as_str() == "route:20").unwrap();
    assert_eq!((row.groups.last(), row.terms.last()), (Some(&21), Some(&5)));
}

/// Where ranges overlap and a bound found no descriptor, the bucket's bounds hold all its routes in the end.
#[test]
fn bounds_out_of_date_are_made_good_where_ranges_overlap() {
    let mut config = config(1, 1, 1);
    config.promote = false;
    let mut writer = Writer::new(config, 0).unwrap();
    register(&mut writer, 0, 0, 1);
    register(&mut writer, 1, 1, 4);
    for route in 2..6 {
        register(&mut writer, route, route, route + 1);
    }
    use_up_descriptors(&mut writer, 5);
    // Reaches far beyond, and finds no descriptor; then one that ends before it comes and goes.
    register(&mut writer, 5, 5, 6);
    register(&mut writer, 10, 3, 500);
    register(&mut writer, 11, 4, 5);
    writer.remove(RouteId(11));
    for flush in 1..4 {
        writer.flush(flush * STEP_MS);
    }
    let recorder = writer.recorder();
    recorder.observe_many(RouteId(10), Op::Write, &key(400), 0, 77);
    writer.flush(5 * STEP_MS);
    let cells: Vec<_> = bucket_cells(&writer).into_iter().filter(|cell| cell.3 == 77).collect();
    assert_eq!(cells.iter().map(|cell| cell.2.clone().unwrap()).collect::<Vec<_>>(), [key(500)]);
}
