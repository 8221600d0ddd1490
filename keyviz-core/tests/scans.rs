//! Range reads: a read in the first range, a scan in each, as exact as everything else.

#![cfg(all(feature = "alloc", not(keyviz_loom)))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

mod form;

use keyviz_core::limits::MAX_SCAN_RANGES;
use keyviz_core::{
    AnswerRow, AxisKind, Config, ConfigError, Matrix, MatrixQuery, Op, RouteId, Scan, Series, Tally, Writer, merge,
};

fn config(routes: u32) -> Config {
    let mut config = Config::default();
    (config.max_routes, config.max_known_routes, config.max_draining) = (routes, 0, 8);
    (config.max_recorders, config.shared_shards) = (2, 1);
    config
}

/// Routes of two bytes of key, side by side over all keys.
fn tiled(config: Config, routes: u16) -> form::Writer {
    let mut writer = form::Writer::new(config, 0).unwrap();
    for route in 0..routes {
        let end = (route + 1 < routes).then(|| (route + 1).to_be_bytes());
        let start = if route == 0 { vec![] } else { route.to_be_bytes().to_vec() };
        writer.register(RouteId(route.into()), &start, end.as_ref().map(|end| &end[..]), 0).unwrap();
    }
    writer
}

fn ids(routes: std::ops::Range<u64>) -> Vec<RouteId> {
    routes.map(RouteId).collect()
}

fn scans(matrix: &Matrix) -> Vec<u64> {
    matrix.rows.iter().map(|row| row.values.iter().sum()).collect()
}

fn query(series: Series, axis: AxisKind) -> MatrixQuery {
    MatrixQuery { series, axis, open: true, ..MatrixQuery::default() }
}

#[test]
fn a_scan_counts_in_every_route_and_reads_in_the_first() {
    form::each(|| {
        let mut writer = tiled(config(300), 300);
        let recorder = writer.recorder();
        for round in 0..3u64 {
            recorder.observe_scan_routes(&ids(2..290), &Scan::new(&[0, 2, 7], Some(&[1, 34]), 1000));
            recorder.observe(RouteId(5), Op::Write, b"k", 4);
            writer.flush(30_000 * (round + 1));
        }
        let form::Writer::Heap(writer) = &writer else { return writer.reads_alike() };
        let reader = writer.reader();
        for axis in [AxisKind::Route, AxisKind::Range] {
            let matrix = reader.matrix(&query(Series::Scans, axis));
            let touched: Vec<u64> = scans(&matrix).into_iter().filter(|scans| *scans > 0).collect();
            assert_eq!(touched, vec![3; 288], "{axis:?}");
        }
        let reads = reader.matrix(&query(Series::Reads, AxisKind::Route));
        assert_eq!(reads.rows.iter().map(|row| row.values.iter().sum::<u64>()).filter(|reads| *reads > 0).count(), 1);
        let counters = reader.counters();
        let total = Tally { reads: 3, read_bytes: 3000, writes: 3, write_bytes: 15, scans: 3 * 288 };
        assert_eq!((counters.observed, counters.recorded), (total, total));
        // What reads and writes add up to, scans are no part of.
        assert_eq!(total.get(Series::Ops), 6);
    });
}

/// Two recorders with cells of their own and one without, beside one another and across hand-over.
#[test]
fn every_kind_of_cell_counts_scans() {
    form::each(|| {
        let mut config = config(40);
        config.labels = keyviz_core::Labels::new(&["redis"]).unwrap();
        config.sub_buckets = 3;
        // As little as works: the shard's pages, and one more.
        config.cell_bytes = 1;
        if let Err(ConfigError::PoolTooSmall { least_bytes, .. }) = config.validate() {
            config.cell_bytes = least_bytes;
        }
        let redis = config.labels.get("redis");
        let mut writer = tiled(config, 40);
        let mut recorders: Vec<_> = (0..3).map(|_| writer.recorder()).collect();
        for round in 1..=50u64 {
            for recorder in &recorders {
                let scan = Scan { label: redis, ..Scan::new(&[0, 3], Some(&[0, 30]), 1) };
                recorder.observe_scan_routes(&ids(3..30), &scan);
            }
            if round.is_multiple_of(10) {
                recorders.swap_remove(0);
                recorders.push(writer.recorder());
            }
            writer.flush(round * 20_000);
        }
        let form::Writer::Heap(writer) = &writer else { return writer.reads_alike() };
        let counters = writer.reader().counters();
        assert!(counters.pages_refused > 0 && counters.recorders_refused > 0, "{counters:?}");
        let mut by_route = [0u64; 40];
        writer.reader().for_each_cell(0, 0, true, |_, cell| {
            assert!(cell.label == redis || cell.counts.is_zero());
            by_route[cell.route.0 as usize] += cell.counts.scans;
        });
        for (route, scans) in by_route.into_iter().enumerate() {
            let divisions = if (3..30).contains(&route) { 3 } else { 0 };
            assert_eq!(scans, 150 * divisions, "route {route}");
        }
        assert_eq!(counters.observed.scans, 150 * 27 * 3);
    });
}

#[test]
fn beyond_the_bound_ranges_are_counted_as_cut() {
    let routes = MAX_SCAN_RANGES as u16 + 100;
    let mut writer = tiled(config(routes.into()), routes);
    let recorder = writer.recorder();
    recorder.observe_scan_routes(&ids(0..routes.into()), &Scan::new(b"", None, 0));
    writer.flush(60_000);
    let counters = writer.reader().counters();
    assert_eq!((counters.recorded.scans, counters.scan_ranges_cut), (MAX_SCAN_RANGES as u64, 100));
    assert_eq!((counters.recorded.reads, counters.unattributed.scans), (1, 0));
}

#[test]
fn divisions_are_touched_where_they_have_keys_of_the_range() {
    let touched = |start: &[u8], end: Option<&[u8]>| {
        let mut config = config(4);
        config.sub_buckets = 4;
        let mut writer = Writer::new(config, 0).unwrap();
        // Divisions begin at a, c, e, g.
        writer.register(RouteId(1), b"xa", Some(b"xi"), 0).unwrap();
        writer.recorder().observe_scan_routes(&[RouteId(1)], &Scan::new(start, end, 0));
        writer.flush(60_000);
        let mut divisions = Vec::new();
        writer.reader().for_each_cell(0, 0, true, |_, cell| {
            if cell.counts.scans > 0 {
                divisions.push(cell.sub_bucket);
            }
        });
        divisions
    };
    assert_eq!(touched(b"xa", Some(b"xi")), [0, 1, 2, 3]);
    assert_eq!(touched(b"", None), [0, 1, 2, 3]);
    assert_eq!(touched(b"xc", Some(b"xe")), [1], "the end is not part of the range");
    assert_eq!(touched(b"xc", Some(b"xe\0")), [1, 2], "the key at the edge is");
    assert_eq!(touched(b"xd", Some(b"xeeeeeeeeeeeee")), [1, 2]);
    assert_eq!(touched(b"xf", Some(b"z")), [2, 3]);
    assert_eq!(touched(b"a", Some(b"xb")), [0]);
    assert_eq!(touched(b"xg", Some(b"xa")), [3], "an empty range counts where it starts");
}

#[test]
fn routes_side_by_side_in_a_bucket_get_one_scan_together() {
    let mut config = config(8);
    config.max_known_routes = 100;
    config.promote = false;
    let mut writer = tiled(config, 60);
    let all = ids(0..60);
    writer.recorder().observe_scan_routes(&all, &Scan::new(b"", None, 7));
    writer.flush(60_000);
    let mut ranges: Vec<Option<u64>> = all.iter().map(|route| writer.bucket_of(*route)).collect();
    let own = ranges.iter().filter(|bucket| bucket.is_none()).count() as u64;
    ranges.dedup();
    let buckets = ranges.iter().flatten().count() as u64;
    assert!(own > 0 && buckets > 0 && buckets < 40, "{own} {buckets}");
    let counters = writer.reader().counters();
    assert_eq!((counters.recorded.scans, counters.recorded.reads), (own + buckets, 1));
}

#[test]
fn without_scans_they_are_unattributed_and_cost_nothing() {
    let (with, mut without) = (config(1000), config(1000));
    without.scans = false;
    assert!(without.memory_bytes().unwrap() < with.memory_bytes().unwrap());
    let mut writer = tiled(without, 10);
    writer.recorder().observe_scan_routes(&ids(0..10), &Scan::new(b"", None, 7));
    writer.flush(60_000);
    let counters = writer.reader().counters();
    assert_eq!((counters.recorded.reads, counters.recorded.read_bytes, counters.recorded.scans), (1, 7, 0));
    assert_eq!((counters.unattributed.scans, counters.unattributed.reads), (10, 0));
}

/// A host that never scans claims no page for it.
#[test]
fn pages_of_scans_are_claimed_by_scans() {
    let writer = tiled(config(300), 300);
    let recorder = writer.recorder();
    let used = || writer.reader().counters().pages_used;
    let shard = used();
    (0..300).for_each(|route| recorder.observe(RouteId(route), Op::Read, b"", 0));
    let cells = used();
    recorder.observe_scan_routes(&ids(0..300), &Scan::new(b"", None, 0));
    let page_slots = if cfg!(keyviz_u32_cells) { 16 } else { 64 };
    assert_eq!(cells - shard, 300u64.div_ceil(page_slots));
    assert_eq!(used() - cells, 300u64.div_ceil(4 * page_slots));
}

/// What a group counted under an earlier term stays there, scans too, and what arrives after a grace is late.
#[test]
fn scans_keep_their_term_and_their_grace() {
    form::each(|| {
        let mut writer = form::Writer::new(config(4), 0).unwrap();
        writer.set_term(5, 1);
        writer.register(RouteId(1), b"a", None, 5).unwrap();
        let recorder = writer.recorder();
        let scan = || recorder.observe_scan_routes(&[RouteId(1)], &Scan::new(b"b", None, 10));
        scan();
        writer.flush(20_000);
        scan();
        writer.set_term(5, 2);
        scan();
        writer.flush(60_000);
        let form::Writer::Heap(heap) = &writer else { return writer.reads_alike() };
        let mut terms = [0; 3];
        heap.reader().for_each_cell(0, 0, true, |_, cell| terms[cell.term as usize] += cell.counts.scans);
        assert_eq!(terms, [0, 2, 1]);
        writer.remove(RouteId(1));
        scan();
        writer.flush(120_000);
        let counters = writer.reader().counters();
        assert_eq!((counters.recorded.scans, counters.unattributed.scans), (3, 1));
    });
}

/// Each node serves its own reads, so scans of several nodes add, also where groups and terms differ.
#[test]
fn scans_of_nodes_add() {
    let node = |term: u64, times: u64| {
        let mut writer = Writer::new(config(4), 0).unwrap();
        writer.set_term(5, term);
        writer.register(RouteId(1), b"a", None, 5).unwrap();
        (0..times).for_each(|_| writer.recorder().observe_scan_routes(&[RouteId(1)], &Scan::new(b"b", None, 0)));
        writer.flush(60_000);
        keyviz_core::Answer::from(writer.reader().matrix(&query(Series::Scans, AxisKind::Route)))
    };
    let merged = merge([(0, node(1, 4)), (1, node(2, 5)), (2, node(2, 6))], &query(Series::Scans, AxisKind::Route));
    let rows: Vec<AnswerRow> = merged.unwrap().answer.rows;
    assert_eq!((rows[0].values.clone(), rows[0].conflicts.iter().any(|mark| *mark)), (vec![15], false));
}

/// What goes on from elsewhere is no second read, and several alike are one call.
#[test]
fn continued_and_many() {
    let mut writer = tiled(config(4), 4);
    let recorder = writer.recorder();
    let scan = Scan { times: 5, ..Scan::new(b"", None, 10) };
    recorder.observe_scan_routes(&ids(0..2), &scan);
    recorder.observe_scan_routes(&ids(2..4), &Scan { continued: true, ..scan });
    recorder.observe_scan_routes(&ids(0..4), &Scan { times: 0, ..scan });
    recorder.observe_scan_routes(&[], &Scan { continued: true, ..scan });
    writer.flush(60_000);
    let counters = writer.reader().counters();
    assert_eq!(counters.recorded, Tally { reads: 5, read_bytes: 50, scans: 20, ..Tally::ZERO });
    assert_eq!(counters.unattributed, Tally { scans: 5, ..Tally::ZERO });
}
