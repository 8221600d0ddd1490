//! Pictures of several samplers: each gives its part, and what comes out has all that each counted, says which columns a
//! node does not cover, and is the same whether it is merged at once or stretch by stretch.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{
    Absence, Answer, AxisKind, Config, FanoutNode, Heat, Labels, MatrixQuery, Merge, Merged, Op, Partition, RouteId,
    Sampler, Series, Top, TopQuery,
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
        let top = Top::of_answer(&whole(&[&sampler], &asked).answer, &query);
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
    let top = Top::of_answer(&whole(&[&one, &two], &self::query(AxisKind::Route, 0)).answer, &query);
    let rows: Vec<_> = top.rows.iter().map(|row| (row.route.0, row.sub_buckets, row.value, row.before)).collect();
    assert_eq!(rows, [(1, 2, 22, Some(11)), (2, 2, 18, Some(18))]);
    assert_eq!((top.now.unwrap().total, top.before.unwrap().total), (40, 29));
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
}
