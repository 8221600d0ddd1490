//! Pictures of several samplers: each gives its part, and what comes out has all that each counted, says which columns a
//! node does not cover, and is the same whether it is merged at once or stretch by stretch.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeSet;

use keyviz_core::{
    Absence, Answer, AxisKind, Cell, CellNode, CellOfNodes, Config, FanoutNode, Heat, Labels, MatrixQuery, Merge,
    Merged, Op, Partition, RouteId, Sampler, Series, Top, TopQuery, TopRow,
};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;

/// Ranges of its own, cut by the keys that come: no two samplers have the same.
fn ranges(seed: u64) -> Sampler {
    let mut config = Config::default();
    (config.step_ms, config.history_columns, config.seed) = (STEP_MS, 200, seed);
    (config.partition, config.prefault) = (Partition::Auto { ranges: 32 }, false);
    Sampler::new(config, 0).unwrap()
}

/// Reads of many keys, `weight` of each, until a window's end.
fn load(sampler: &Sampler, seed: u64, window: u64, operations: u64) {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ window;
    for _ in 0..operations {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = format!("key:{:03}", (random >> 33) % (50 + seed * 97 % 400));
        sampler.observe_key(Op::Read, key.as_bytes(), 0);
    }
    sampler.flush((window + 1) * STEP_MS);
}

fn query(axis: AxisKind, rows: usize) -> MatrixQuery {
    let split_labels = axis == AxisKind::Route;
    MatrixQuery { series: Series::Reads, axis, rows, split_labels, open: true, ..MatrixQuery::default() }
}

fn whole(samplers: &[&Sampler], query: &MatrixQuery) -> Merged {
    let mut merge = Merge::new();
    for (place, sampler) in (0..).zip(samplers) {
        merge.add(place, &sampler.reader().part(query, 16384)).unwrap();
    }
    merge.finish_whole()
}

/// The hottest of samplers whose parts come in as `order` says.
fn hottest_in(samplers: &[&Sampler], order: &[usize], query: &TopQuery) -> Top {
    let asked = MatrixQuery { series: query.series, ..self::query(AxisKind::Route, 0) };
    let part = |at: &usize| (*at as u32, samplers[*at].reader().part(&asked, 16384));
    let parts: Vec<(u32, Answer)> = order.iter().map(part).collect();
    let mut merge = Merge::new();
    parts.iter().for_each(|(place, part)| merge.add(*place, part).unwrap());
    Top::of_nodes(&merge.finish_whole().answer, &parts, query)
}

fn hottest(samplers: &[&Sampler], query: &TopQuery) -> Top {
    hottest_in(samplers, &(0..samplers.len()).collect::<Vec<_>>(), query)
}

/// Who counted a row.
fn nodes(row: &TopRow) -> Vec<(u32, u64)> {
    row.nodes.iter().map(|node| (node.place, node.value)).collect()
}

fn columns(answer: &Answer) -> Vec<u64> {
    let sum = |at: usize| answer.rows.iter().map(|row| row.values[at]).sum::<u64>() + answer.cut.values[at];
    (0..answer.columns.len()).map(sum).collect()
}

/// One node leaves in the midst of a window and comes back in the midst of a later one.
#[test]
fn a_node_that_was_away_lacks_in_these_columns_and_in_no_other() {
    let (here, away) = (ranges(1), ranges(2));
    for window in 0..10 {
        load(&here, 1, window, 50);
        match window {
            0..=3 | 8.. => load(&away, 2, window, 50),
            // It is there for the first half of the fifth window, and for the last part of the eighth.
            4 => {
                (0..7).for_each(|_| away.observe_key(Op::Read, b"key:1", 0));
                away.flush(4_500);
            }
            7 => {
                away.skip(7_600);
                (0..3).for_each(|_| away.observe_key(Op::Read, b"key:1", 0));
                away.flush(8_000);
            }
            _ => {}
        }
    }
    let expected = [100, 100, 100, 100, 57, 50, 50, 53, 100, 100];
    for axis in [AxisKind::Route, AxisKind::Range] {
        let merged = whole(&[&here, &away], &query(axis, 0)).shown(&query(axis, 0));
        assert_eq!(columns(&merged.answer), expected, "{axis:?}");
        assert_eq!(merged.answer.column_nodes, [2, 2, 2, 2, 1, 1, 1, 1, 2, 2]);
        assert_eq!(merged.absences, [Absence { place: 1, start_ms: 4_000, end_ms: 8_000 }]);
        let lacking = |at: usize| merged.answer.rows.iter().any(|row| row.missing.get(at) == Some(&true));
        let lacks: Vec<usize> = (0..10).filter(|at| lacking(*at)).collect();
        assert_eq!(lacks, [4, 5, 6, 7], "{axis:?}");
    }
    let nodes = ["here", "away"].map(FanoutNode::answered).to_vec();
    let fanout = whole(&[&here, &away], &query(AxisKind::Route, 0)).with_nodes(nodes).fanout.unwrap();
    assert_eq!((fanout.responded, fanout.expected), (2, 2));
    assert!(fanout.nodes[0].absent_ms.is_empty());
    assert_eq!(fanout.nodes[1].absent_ms, [(4_000, 8_000)]);
}

/// Gone and back within one window: the column is as long as what it covers, and lacks the node.
#[test]
fn a_node_that_was_away_within_a_window_lacks_in_it() {
    let (here, away) = (ranges(1), ranges(2));
    for window in 0..5 {
        load(&here, 1, window, 50);
        if window == 3 {
            away.flush(3_050);
            away.skip(3_900);
        }
        load(&away, 2, window, 50);
    }
    let merged = whole(&[&here, &away], &query(AxisKind::Range, 0)).shown(&query(AxisKind::Range, 0));
    assert_eq!((columns(&merged.answer), &merged.answer.column_nodes[..]), (vec![100; 5], &[2, 2, 2, 1, 2][..]));
    assert_eq!(merged.absences, [Absence { place: 1, start_ms: 3_000, end_ms: 4_000 }]);
    let covered = away.reader().matrix(&query(AxisKind::Route, 0)).columns[3];
    assert_eq!((covered.covers_from_ms, covered.covers_to_ms), (3_000, 3_150), "150 ms were looked at");
    // A moment is none.
    away.flush(5_500);
    away.skip(5_600);
    away.flush(6_000);
    here.flush(6_000);
    let merged = whole(&[&here, &away], &query(AxisKind::Range, 0)).shown(&query(AxisKind::Range, 0));
    assert_eq!(merged.answer.column_nodes, [2, 2, 2, 1, 2, 2]);
}

/// Cuts are made of one reading, and rows put into them of a later one: a label that came between is lost nowhere.
#[test]
fn a_label_that_comes_after_the_cuts_is_cut_and_counted() {
    let mut config = Config::default();
    (config.step_ms, config.prefault) = (STEP_MS, false);
    config.labels = Labels::new(&["db1", "db3", "db7"]).unwrap();
    let sampler = Sampler::new(config, 0).unwrap();
    sampler.register(RouteId(1), b"a", None, 0).unwrap();
    let recorder = sampler.recorder();
    recorder.observe_labelled(RouteId(1), sampler.label("db3"), Op::Read, b"b", 0);
    sampler.flush(STEP_MS);
    let query = MatrixQuery { split_labels: true, ..query(AxisKind::Range, 0) };
    let mut heat = Heat::new();
    heat.add(&whole(&[&sampler], &query).answer);
    let cuts = heat.cuts(&query);
    for (label, times) in [("db1", 5), ("db3", 7), ("db7", 11)] {
        (0..times).for_each(|_| recorder.observe_labelled(RouteId(1), sampler.label(label), Op::Read, b"b", 0));
    }
    sampler.flush(2 * STEP_MS);
    let answer = whole(&[&sampler], &query).on(&cuts).answer;
    assert_eq!(columns(&answer), [1, 23]);
    assert_eq!((answer.rows.len(), &answer.rows[0].label[..], &answer.rows[0].values[..]), (1, "db3", &[1, 7][..]));
}

#[test]
fn one_node_alone_lacks_nothing_and_is_what_it_shows_itself() {
    let sampler = ranges(3);
    (0..12).for_each(|window| load(&sampler, 3, window, 300));
    let query = query(AxisKind::Route, 0);
    let merged = whole(&[&sampler], &query).shown(&query);
    let own = Answer::from(sampler.reader().matrix(&query));
    assert!(merged.absences.is_empty());
    let rows =
        |answer: &Answer| answer.rows.iter().map(|row| (row.bucket_id.clone(), row.values.clone())).collect::<Vec<_>>();
    assert_eq!(rows(&merged.answer), rows(&own));
    assert_eq!(merged.answer.columns, own.columns);
    assert!(merged.answer.rows.iter().all(|row| row.missing.is_empty()));
}

#[test]
fn the_hottest_of_one_node_are_those_that_it_tells_itself() {
    let sampler = ranges(4);
    (0..6).for_each(|window| load(&sampler, 4, window, 2_000));
    for query in [
        TopQuery { series: Series::Reads, limit: 5, ..TopQuery::default() },
        TopQuery {
            series: Series::Reads,
            start: b"key:1".to_vec(),
            end: Some(b"key:2".to_vec()),
            ..TopQuery::default()
        },
    ] {
        let asked =
            MatrixQuery { start: query.start.clone(), end: query.end.clone(), ..self::query(AxisKind::Route, 0) };
        let mut top = Top::of_nodes(&whole(&[&sampler], &asked).answer, &[], &query);
        // A merge does not know who made the ranges; its caller does.
        top.own_ranges = true;
        assert!(!top.rows.is_empty());
        assert_eq!(top, sampler.reader().top(&query));
    }
}

#[test]
fn the_hottest_of_two_nodes_add_up_where_their_routes_are_one() {
    let node = |reads: u64| {
        let mut config = Config::default();
        (config.step_ms, config.sub_buckets, config.prefault) = (STEP_MS, 2, false);
        let sampler = Sampler::new(config, 0).unwrap();
        for (route, start, end) in [(1, b"a", Some(&b"m"[..])), (2, b"m", None)] {
            sampler.register(RouteId(route), start, end, 0).unwrap();
        }
        for window in 1..=2 {
            (0..reads * window).for_each(|_| sampler.observe(RouteId(1), Op::Read, b"l", 0));
            (0..9).for_each(|_| sampler.observe(RouteId(2), Op::Read, b"z", 0));
            sampler.flush(window * STEP_MS);
        }
        sampler
    };
    let (one, two) = (node(5), node(6));
    let query = TopQuery { series: Series::Reads, ..TopQuery::default() };
    let top = hottest(&[&one, &two], &query);
    let rows: Vec<_> = top.rows.iter().map(|row| (row.route.0, row.sub_buckets, row.value, row.before)).collect();
    assert_eq!(rows, [(1, 2, 22, Some(11)), (2, 2, 18, Some(18))]);
    assert_eq!((top.now.unwrap().total, top.before.unwrap().total), (40, 29));
    assert_eq!(top.rows.iter().map(nodes).collect::<Vec<_>>(), [[(1, 12), (0, 10)], [(0, 9), (1, 9)]]);
    assert!(top.rows.iter().all(|row| row.node_count == 2 && row.counted == row.value && !row.estimated));
}

/// What the leader counted is the row's; a follower that counted some as well is named with it.
#[test]
fn a_follower_that_counted_too_is_named_and_adds_nothing() {
    let node = |writes: u64| {
        let mut config = Config::default();
        (config.step_ms, config.prefault) = (STEP_MS, false);
        let sampler = Sampler::new(config, 0).unwrap();
        sampler.register(RouteId(1), b"a", None, 7).unwrap();
        sampler.set_term(7, 3);
        (0..writes).for_each(|_| sampler.observe(RouteId(1), Op::Write, b"l", 0));
        sampler.flush(STEP_MS);
        sampler
    };
    let samplers = [node(2), node(30), node(0)];
    let query = TopQuery { series: Series::Writes, ..TopQuery::default() };
    let top = hottest(&samplers.each_ref()[..], &query);
    let row = &top.rows[0];
    assert_eq!((top.rows.len(), row.value, row.counted, row.group, row.term), (1, 30, 32, 7, 3));
    assert_eq!((nodes(row), row.node_count), (vec![(1, 30), (0, 2)], 2));
}

/// Ranges of the nodes' own: each names who counted it, and those with equal bounds are one.
#[test]
fn a_range_names_the_node_that_counted_it() {
    let node = |seed: u64, prefixes: &[(&str, u64)]| {
        let sampler = ranges(seed);
        for window in 0..6 {
            for (prefix, reads) in prefixes {
                (0..*reads).for_each(|at| sampler.observe_key(Op::Read, format!("{prefix}{at:03}").as_bytes(), 0));
            }
            sampler.flush((window + 1) * STEP_MS);
        }
        sampler
    };
    let (one, two) = (node(1, &[("both:", 400), ("one:", 300)]), node(2, &[("both:", 200), ("two:", 500)]));
    let query = TopQuery { series: Series::Reads, limit: 1024, ..TopQuery::default() };
    let top = hottest(&[&one, &two], &query);
    assert_eq!((top.now.unwrap().total, top.before.unwrap().total, top.rows.len()), (1400, 1400, top.ranges));
    let within = |row: &&TopRow, prefix: &str| {
        row.start.starts_with(prefix.as_bytes())
            && row.end.as_deref().is_some_and(|end| end.starts_with(prefix.as_bytes()))
    };
    let of = |prefix: &str| top.rows.iter().filter(|row| within(row, prefix)).flat_map(nodes).collect::<Vec<_>>();
    for (prefix, place) in [("one:", 0), ("two:", 1)] {
        assert!(of(prefix).len() > 3 && of(prefix).iter().all(|node| node.0 == place), "{prefix}: {top:?}");
    }
    assert!([0, 1].iter().all(|place| of("both:").iter().any(|node| node.0 == *place)), "{top:?}");
    // The load is steady, and so is all that is known of it.
    assert!(top.rows.iter().all(|row| row.before.is_none_or(|before| before == row.value)), "{top:?}");
    assert!(top.rows.iter().filter(|row| row.before.is_some()).count() > top.rows.len() / 2, "{top:?}");
}

/// A node that begins to divide keys otherwise is not a change of load of what others count there.
#[test]
fn new_bounds_of_one_node_are_no_change() {
    let node = |fine: bool| {
        let mut config = Config::default();
        (config.step_ms, config.prefault) = (STEP_MS, false);
        let sampler = Sampler::new(config, 0).unwrap();
        sampler.register(RouteId(1), b"a", Some(b"m"), 0).unwrap();
        sampler.register(RouteId(2), b"m", None, 0).unwrap();
        let read = |key: &[u8], route: u64, times: u64| {
            (0..times).for_each(|_| sampler.observe(RouteId(route), Op::Read, key, 0));
        };
        read(b"b", 1, 10);
        read(b"z", 2, 10);
        sampler.flush(STEP_MS);
        if fine {
            sampler.remove(RouteId(1));
            sampler.register(RouteId(11), b"a", Some(b"f"), 0).unwrap();
            sampler.register(RouteId(12), b"f", Some(b"m"), 0).unwrap();
            read(b"b", 11, 10);
        } else {
            read(b"b", 1, 10);
        }
        read(b"z", 2, 15);
        sampler.flush(2 * STEP_MS);
        sampler
    };
    let (coarse, fine) = (node(false), node(true));
    let query = TopQuery { series: Series::Reads, ..TopQuery::default() };
    let top = hottest(&[&coarse, &fine], &query);
    let rows: Vec<_> = top.rows.iter().map(|row| (row.route.0, row.value, row.before, nodes(row))).collect();
    assert_eq!(
        rows,
        [
            (2, 30, Some(20), vec![(0, 15), (1, 15)]),
            // The other node's share of before is counted under the next one's bounds now.
            (1, 10, None, vec![(0, 10)]),
            (11, 10, None, vec![(1, 10)]),
        ]
    );
}

/// What each node counted between two keys, in columns whose ends are from one to below another.
fn cell(samplers: &[&Sampler], keys: (&[u8], Option<&[u8]>), times: (u64, u64), order: &[usize]) -> Cell {
    let (start, end) = (keys.0.to_vec(), keys.1.map(<[u8]>::to_vec));
    let (from_ms, to_ms) = times;
    let asked = MatrixQuery { start, end, from_ms, to_ms, ..query(AxisKind::Route, 0) };
    let part = |at: &usize| (*at as u32, samplers[*at].reader().part(&asked, 16384));
    let row = |at: &usize| (*at as u32, samplers[*at].reader().cell_part(&asked));
    let whole = cell_of([order.iter().map(part).collect()], &asked);
    // What each node has in it by itself gives the same, but for rounding.
    let of_rows = cell_of([order.iter().map(row).collect()], &asked);
    let close = |a: u64, b: u64| if whole.estimated { a.abs_diff(b) <= 64 } else { a == b };
    assert!(close(whole.value, of_rows.value), "{whole:?} {of_rows:?}");
    assert_eq!((whole.columns, whole.estimated, whole.missing), (of_rows.columns, of_rows.estimated, of_rows.missing));
    assert_eq!(whole.nodes, of_rows.nodes);
    assert_eq!(whole.fanout, of_rows.fanout);
    whole
}

/// The cell of the nodes' parts, stretch by stretch.
fn cell_of(stretches: impl IntoIterator<Item = Vec<(u32, Answer)>>, asked: &MatrixQuery) -> Cell {
    let mut whole = CellOfNodes::new();
    for parts in stretches {
        let mut merge = Merge::new();
        parts.iter().for_each(|(place, part)| merge.add(*place, part).unwrap());
        let nodes = parts.iter().filter_map(|(place, part)| CellNode::of_part(*place, part, asked));
        whole.add(merge.finish_whole(), nodes, asked);
    }
    whole.finish(Vec::new())
}

#[test]
fn a_cell_says_who_counted_in_it() {
    let node = |writes: u64, term: u64| {
        let mut config = Config::default();
        (config.step_ms, config.prefault) = (STEP_MS, false);
        let sampler = Sampler::new(config, 0).unwrap();
        sampler.register(RouteId(1), b"a", Some(b"c"), 7).unwrap();
        sampler.register(RouteId(2), b"c", None, 8).unwrap();
        sampler.set_term(7, term);
        (0..writes).for_each(|_| sampler.observe(RouteId(1), Op::Write, b"a1", 0));
        sampler.observe(RouteId(2), Op::Write, b"z", 0);
        sampler.flush(STEP_MS);
        sampler
    };
    let samplers = [node(4, 3), node(10, 3), node(0, 3)];
    let parts = |start: &[u8], end: Option<&[u8]>| {
        let asked = MatrixQuery {
            series: Series::Writes,
            start: start.to_vec(),
            end: end.map(<[u8]>::to_vec),
            ..query(AxisKind::Route, 0)
        };
        let of = |(place, sampler): (u32, &Sampler)| (place, sampler.reader().part(&asked, 16384));
        cell_of([(0..).zip(&samplers).map(of).collect()], &asked)
    };
    let told =
        |cell: &Cell| cell.nodes.iter().map(|node| (node.place, node.value, node.group, node.term)).collect::<Vec<_>>();
    let route = parts(b"a", Some(b"c"));
    assert_eq!((route.columns, route.value, route.estimated, route.conflict), (1, 10, false, true), "the leader rule");
    assert_eq!(told(&route), [(1, 10, 7, 3), (0, 4, 7, 3)]);
    // Half of the keys, so half of what was counted, whoever did.
    let half = parts(b"a", Some(b"b"));
    assert_eq!((half.value, half.estimated, told(&half)), (5, true, vec![(1, 5, 7, 3), (0, 2, 7, 3)]));
    assert!(half.nodes.iter().all(|node| node.estimated));
    let alone = MatrixQuery {
        series: Series::Writes,
        start: b"a".to_vec(),
        end: Some(b"b".to_vec()),
        ..query(AxisKind::Range, 1)
    };
    let alone = samplers[1].reader().cell(&alone);
    assert_eq!((alone.columns, alone.value, alone.estimated, alone.nodes.len()), (1, 5, true, 0));
    let none = parts(b"A", Some(b"B"));
    assert_eq!((none.columns, none.value, none.nodes.len()), (1, 0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Stretch by stretch, on cuts that all of them made, nothing is lost, and it is what one merge shows.
    #[test]
    fn stretches_are_the_whole(
        nodes in 2u64..4, windows in 3u64..20, stretch in 1u64..8, rows in 1usize..40, idle in 0u64..20, gap in 0u64..20,
    ) {
        let samplers: Vec<Sampler> = (0..nodes).map(ranges).collect();
        let mut expected = 0;
        for window in 0..windows {
            for (node, sampler) in (0..).zip(&samplers) {
                // One is idle for a while, and in one window nobody is there.
                if window == gap || (node == 1 && (idle..idle + 3).contains(&window)) {
                    sampler.skip((window + 1) * STEP_MS);
                } else {
                    load(sampler, node, window, 40 + node);
                    expected += 40 + node;
                }
            }
        }
        let samplers: Vec<&Sampler> = samplers.iter().collect();
        let query = query(AxisKind::Range, rows);
        let at_once = whole(&samplers, &query).shown(&query);
        prop_assert_eq!(columns(&at_once.answer).iter().sum::<u64>(), expected);
        let times: Vec<(u64, u64)> = (0..windows.div_ceil(stretch))
            .map(|at| (at * stretch * STEP_MS + 1, (at + 1) * stretch * STEP_MS + 1))
            .collect();
        let part = |(from_ms, to_ms): &(u64, u64)| {
            whole(&samplers, &MatrixQuery { from_ms: *from_ms, to_ms: *to_ms, ..query.clone() })
        };
        let mut heat = Heat::new();
        times.iter().for_each(|time| heat.add(&part(time).answer));
        let cuts = heat.cuts(&query);
        let whole = times.iter().fold(Merged::default(), |whole, time| whole.then(part(time).on(&cuts)));
        prop_assert_eq!(&whole.answer.columns, &at_once.answer.columns);
        prop_assert_eq!(&whole.answer.column_nodes, &at_once.answer.column_nodes);
        prop_assert_eq!(whole.answer.axis_id, at_once.answer.axis_id);
        prop_assert_eq!(columns(&whole.answer), columns(&at_once.answer));
        for (row, other) in whole.answer.rows.iter().zip(&at_once.answer.rows) {
            prop_assert_eq!((&row.bucket_id, &row.start, &row.end), (&other.bucket_id, &other.start, &other.end));
            prop_assert_eq!(&row.values, &other.values);
            prop_assert_eq!(&row.estimated, &other.estimated);
        }
        prop_assert_eq!(whole.answer.rows.len(), at_once.answer.rows.len());
    }

    /// A cell has what the map shows there, and its nodes have it.
    #[test]
    fn cells_are_those_of_the_map(nodes in 2usize..5, windows in 1u64..6, order in Just(vec![2usize, 0, 3, 1]).prop_shuffle()) {
        let samplers: Vec<Sampler> = (0..nodes as u64).map(ranges).collect();
        let counts = |node: u64, window: u64| (node * 31 + window * 17) % 90 + 1;
        for window in 0..windows {
            (0..).zip(&samplers).for_each(|(node, sampler)| load(sampler, node, window, counts(node, window)));
        }
        let samplers: Vec<&Sampler> = samplers.iter().collect();
        let order: Vec<usize> = order.into_iter().filter(|at| *at < nodes).collect();
        // All keys of all time, and of one window.
        for (times, shown) in [((0, 0), 0..windows), ((STEP_MS, STEP_MS + 1), 0..1)] {
            let all = cell(&samplers, (b"", None), times, &order);
            prop_assert_eq!(&all, &cell(&samplers, (b"", None), times, &(0..nodes).collect::<Vec<_>>()));
            let mut told: Vec<(u32, u64)> = all.nodes.iter().map(|node| (node.place, node.value)).collect();
            told.sort_unstable();
            let of = |node: u64| (node as u32, shown.clone().map(|window| counts(node, window)).sum::<u64>());
            prop_assert_eq!(told, (0..nodes as u64).map(of).collect::<Vec<_>>());
            prop_assert_eq!((all.columns as u64, all.estimated), (shown.end, false));
        }
        let map = whole(&samplers, &query(AxisKind::Route, 0)).shown(&query(AxisKind::Range, 8)).answer;
        for row in &map.rows {
            for (at, value) in row.values.iter().enumerate() {
                let end_ms = map.columns[at].end_ms;
                let cell = cell(&samplers, (&row.start, row.end.as_deref()), (end_ms, end_ms + 1), &order);
                // What is divided is divided among other rows here.
                let estimated = row.estimated.get(at) == Some(&true);
                prop_assert!(cell.value == *value || estimated && cell.value.abs_diff(*value) <= 64, "{cell:?} {value}");
                prop_assert_eq!(cell.estimated, estimated);
                let sum: u64 = cell.nodes.iter().map(|node| node.value).sum();
                prop_assert!(sum == cell.value || cell.estimated && sum.abs_diff(cell.value) <= 64);
            }
        }
    }

    /// Ranges and their nodes have all that was counted; what the map shows once is there once; no order of arrival changes
    /// anything.
    #[test]
    fn the_hottest_of_nodes_are_all_there_is(
        nodes in 2usize..5, windows in 1u64..8, order in Just(vec![3usize, 1, 0, 2]).prop_shuffle(), limit in 1usize..80,
        alike in any::<bool>(),
    ) {
        // Of one seed and one load they have the same ranges, or nearly.
        let seed = |node: u64| if alike { 7 } else { node };
        let samplers: Vec<Sampler> = (0..nodes as u64).map(|node| ranges(seed(node))).collect();
        let counts = |node: u64, window: u64| (seed(node) * 31 + window * 17) % 90 + 1;
        for window in 0..windows {
            (0..).zip(&samplers).for_each(|(node, sampler)| load(sampler, seed(node), window, counts(node, window)));
        }
        let samplers: Vec<&Sampler> = samplers.iter().collect();
        let query = TopQuery { series: Series::Reads, limit: 1024, ..TopQuery::default() };
        let top = hottest(&samplers, &query);
        let order: Vec<usize> = order.into_iter().filter(|at| *at < nodes).collect();
        prop_assert_eq!(&top, &hottest_in(&samplers, &order, &query));
        let total = |window: u64| (0..nodes as u64).map(|node| counts(node, window)).sum::<u64>();
        prop_assert_eq!((top.now.unwrap().total, top.rows.len()), (total(windows - 1), top.ranges));
        prop_assert_eq!(top.before.map(|before| before.total), windows.checked_sub(2).map(total));
        prop_assert_eq!(top.rows.iter().map(|row| row.value).sum::<u64>(), total(windows - 1));
        for place in 0..nodes as u32 {
            let own = top.rows.iter().flat_map(self::nodes).filter(|node| node.0 == place);
            prop_assert_eq!(own.map(|node| node.1).sum::<u64>(), counts(u64::from(place), windows - 1));
        }
        for (at, row) in top.rows.iter().enumerate() {
            prop_assert_eq!((row.counted, row.node_count), (row.value, row.nodes.len()));
            prop_assert!(at == 0 || top.rows[at - 1].value >= row.value);
            prop_assert!(!alike || row.node_count == nodes, "{:?}", row);
        }
        let few = hottest(&samplers, &TopQuery { limit, ..query });
        prop_assert_eq!((&few.rows[..], few.now), (&top.rows[..limit.min(top.ranges)], top.now));
        // By route, the map shows the same rows of this column.
        let column = MatrixQuery { from_ms: windows * STEP_MS, ..self::query(AxisKind::Route, 0) };
        let map = whole(&samplers, &column).answer;
        let shown: BTreeSet<_> = map
            .rows
            .iter()
            .filter(|row| row.values[0] > 0)
            .map(|row| (row.start.clone(), row.end.clone(), row.values[0]))
            .collect();
        let listed: BTreeSet<_> = top.rows.iter().map(|row| (row.start.clone(), row.end.clone(), row.value)).collect();
        prop_assert_eq!((shown, listed.len()), (listed.clone(), top.ranges));
    }
}
