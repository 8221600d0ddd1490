//! Going on with a snapshot: nothing that it counts is lost or made twice, routes go on in their rows, and what cannot
//! be kept is said.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{
    AxisKind, Column, ColumnState, Config, ConfigError, EventKind, Labels, Matrix, MatrixQuery, NewRoute, Op,
    Partition, RestoreError, Restored, RouteId, Sampler, Scan, Series, Snapshot, Tally, Tiers,
};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;
const ROOM: usize = 64 << 20;

fn snapshot(sampler: &Sampler, now_ms: u64) -> Snapshot {
    let mut bytes = Vec::new();
    let written = sampler.reader().snapshot(now_ms, |piece| {
        bytes.extend_from_slice(piece);
        Ok::<(), ()>(())
    });
    written.unwrap();
    Snapshot::decode(&bytes, ROOM).unwrap()
}

fn config() -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    (config.max_routes, config.max_known_routes) = (32, 0);
    (config.cell_bytes, config.history_bytes, config.bound_bytes) = (4 << 20, 4 << 20, 64 << 10);
    config.prefault = false;
    (config.history_columns, config.tiers) = (1440, Tiers::NONE);
    config
}

/// Routes 0 to 9, each of one letter.
fn registered(config: Config, now_ms: u64) -> Sampler {
    let sampler = Sampler::new(config, now_ms).unwrap();
    register(&sampler);
    sampler
}

fn register(sampler: &Sampler) {
    for route in 0..10u8 {
        sampler.register(RouteId(route.into()), &[b'a' + route], Some(&[b'b' + route]), 0).unwrap();
    }
}

/// Route `r` gets `r + times` writes and one read; nobody registered route 99.
fn load(sampler: &Sampler, times: u64) {
    for route in 0..10u64 {
        let key = [b'a' + route as u8, times as u8 * 40];
        (0..route + times).for_each(|_| sampler.observe(RouteId(route), Op::Write, &key, 10));
        sampler.observe(RouteId(route), Op::Read, &key, 3);
    }
    sampler.observe(RouteId(99), Op::Read, b"x", 0);
    sampler.observe_scan_routes(&[RouteId(3), RouteId(4)], &Scan { continued: true, ..Scan::new(b"d", Some(b"f"), 0) });
}

fn ask(sampler: &Sampler, series: Series, axis: AxisKind) -> Matrix {
    sampler.reader().matrix(&MatrixQuery { series, axis, open: true, ..MatrixQuery::default() })
}

fn states(columns: &[Column]) -> Vec<(u64, ColumnState)> {
    columns.iter().map(|column| (column.start_ms, column.state)).collect()
}

fn all(sampler: &Sampler) -> (Tally, Vec<Column>) {
    let mut sum = Tally::ZERO;
    let columns = sampler.reader().for_each_cell(0, 0, true, |_, cell| sum.add(cell.counts));
    (sum, columns)
}

/// What the counters promise.
#[track_caller]
fn conserved(sampler: &Sampler) {
    let counters = sampler.reader().counters();
    let mut observed = counters.recorded;
    observed.add(counters.unattributed);
    assert_eq!(observed, counters.observed);
    let (mut kept, _) = all(sampler);
    kept.add(counters.evicted);
    assert_eq!(kept, counters.recorded);
}

/// The history of a sampler that restarted folds into the columns of one that did not, but for the gap.
#[test]
fn a_history_in_tiers_goes_on_folding() {
    let mut config = config();
    (config.history_columns, config.tiers) = (6, "4x5,12x100".parse().unwrap());
    let before = registered(config.clone(), 0);
    for second in 1..=101 {
        load(&before, second % 4);
        before.flush(second * STEP_MS);
    }
    let after = Sampler::new(config, 103 * STEP_MS).unwrap();
    let was = snapshot(&before, 101 * STEP_MS);
    let folded = before.reader().counters().columns_folded;
    assert!(folded > 80);
    assert_eq!(after.restore(&was).unwrap().recorded, all(&before).0);
    register(&after);
    for second in 102..=300 {
        for sampler in [&before, &after] {
            load(sampler, second % 4);
            sampler.flush(second * STEP_MS);
        }
        conserved(&after);
    }
    let windows = |sampler: &Sampler| {
        let columns = all(sampler).1;
        assert!(columns.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "{columns:?}");
        columns.iter().map(|c| (c.start_ms / STEP_MS, c.end_ms / STEP_MS)).collect::<Vec<_>>()
    };
    let outside =
        |windows: Vec<(u64, u64)>| windows.into_iter().filter(|(s, e)| *e <= 96 || *s >= 108).collect::<Vec<_>>();
    assert_eq!(outside(windows(&after)), outside(windows(&before)));
    assert_eq!(after.reader().counters().recorded, before.reader().counters().recorded);
}

#[test]
fn routes_go_on_in_their_rows_and_the_gap_is_missing() {
    let before = registered(config(), 0);
    load(&before, 1);
    before.flush(STEP_MS);
    load(&before, 2);
    before.flush(2 * STEP_MS);
    let was = snapshot(&before, 2 * STEP_MS);

    let after = Sampler::new(config(), 5 * STEP_MS + 300).unwrap();
    let restored = after.restore(&was).unwrap();
    assert_eq!((restored.columns, restored.ahead, restored.left_out), (2, 0, Tally::ZERO));
    assert_eq!((restored.recorded, restored.unattributed.reads), (all(&before).0, 2));
    register(&after);
    load(&after, 3);
    after.flush(6 * STEP_MS);

    for series in Series::ALL {
        let (then, now) = (ask(&before, series, AxisKind::Route), ask(&after, series, AxisKind::Route));
        assert_eq!(now.rows.len(), 10);
        for (then, now) in then.rows.iter().zip(&now.rows) {
            assert_eq!(then.bucket_id, now.bucket_id);
            assert_eq!(then.values, now.values[..2]);
            assert_eq!(now.values[2], 0);
        }
        assert_eq!(then.unattributed, now.unattributed[..2]);
    }
    let (sum, columns) = all(&after);
    assert_eq!(sum.writes, 45 + 10 + 45 + 20 + 45 + 30);
    let matrix = ask(&after, Series::Writes, AxisKind::Range);
    let (complete, missing) = (ColumnState::Complete, ColumnState::Missing);
    assert_eq!(
        states(&matrix.columns),
        [(0, complete), (STEP_MS, complete), (2 * STEP_MS, missing), (5 * STEP_MS, complete)]
    );
    assert_eq!(columns.len(), 3);
    assert_eq!(after.reader().window().history_from_ms, Some(0));
    let counters = after.reader().counters();
    assert_eq!((counters.columns_restored, counters.windows_missing), (2, 3));
    conserved(&after);
}

#[test]
fn events_and_lineage_are_remembered() {
    let before = registered(config(), 0);
    before.annotate(5, EventKind::DEPLOY, "release 7");
    // Of a kind that the core tells of itself; it is the host's all the same.
    before.annotate(6, EventKind::SPLIT, "by hand");
    let part = |route, start, end| NewRoute { route: RouteId(route), start, end: Some(end), group: 0 };
    before.split_route(RouteId(4), &[part(4, b"e", b"em"), part(40, b"em", b"f")]).unwrap();
    before.flush(STEP_MS);
    let after = Sampler::new(config(), 2 * STEP_MS).unwrap();
    after.restore(&snapshot(&before, STEP_MS)).unwrap();
    let told = |sampler: &Sampler| -> Vec<_> {
        let events = sampler.reader().events(0, 0);
        events.into_iter().map(|event| (event.at_ms, event.kind, event.text, event.own)).collect()
    };
    assert_eq!((told(&after), told(&before).len()), (told(&before), 3));
    assert_eq!(told(&after).iter().filter(|event| event.3).count(), 1);
    assert_eq!(after.reader().lineage(), before.reader().lineage());
    assert_eq!(after.reader().lineage().len(), 2);
}

/// An operator's note outlives a flood of another kind before a restart, and one after it.
#[test]
fn a_note_outlives_floods_and_a_restart() {
    let flood = |sampler: &Sampler| {
        (0..5_000).for_each(|i| sampler.annotate(10 + i, EventKind::SPLIT, "an engine's own word"));
    };
    let note = EventKind::new("note").unwrap();
    let before = registered(config(), 0);
    before.annotate(5, note, "drained rack 7");
    flood(&before);
    before.set_term(3, 1);
    before.set_term(3, 2);
    before.set_term(3, 3);
    before.flush(STEP_MS);
    let after = Sampler::new(config(), 2 * STEP_MS).unwrap();
    after.restore(&snapshot(&before, STEP_MS)).unwrap();
    let told = |sampler: &Sampler| -> Vec<_> {
        let events = sampler.reader().events(0, 0);
        events.into_iter().map(|event| (event.kind, event.text, event.changes, event.ids)).collect()
    };
    assert_eq!(told(&after), told(&before));
    assert_eq!(told(&after).iter().find(|event| event.2 > 1).map(|event| (event.2, event.3)), Some((2, Some((3, 3)))));
    flood(&after);
    assert_eq!(told(&after).iter().filter(|event| event.0 == note).count(), 1);
}

#[test]
fn other_bounds_are_other_rows() {
    let before = registered(config(), 0);
    load(&before, 1);
    before.flush(STEP_MS);
    let after = Sampler::new(config(), 2 * STEP_MS).unwrap();
    after.restore(&snapshot(&before, STEP_MS)).unwrap();
    after.register(RouteId(4), b"e", Some(b"ez"), 0).unwrap();
    after.observe(RouteId(4), Op::Write, b"e1", 0);
    after.flush(3 * STEP_MS);
    let matrix = ask(&after, Series::Writes, AxisKind::Route);
    let of_four: Vec<_> = matrix.rows.iter().filter(|row| row.route == RouteId(4)).collect();
    assert_eq!(of_four.len(), 2);
    let now = of_four.iter().find(|row| row.bucket_id.as_str() == "route:4").unwrap();
    let then = of_four.iter().find(|row| row.bucket_id.as_str().starts_with("route:4~")).unwrap();
    assert_eq!((&now.values[..], &then.values[..]), (&[0, 0, 1][..], &[5, 0, 0][..]));
    assert_eq!(now.end.as_deref(), Some(&b"ez"[..]));
}

#[test]
fn the_window_that_is_not_over_goes_on() {
    let before = registered(config(), 0);
    load(&before, 1);
    before.flush(400);
    let was = snapshot(&before, 400);
    let after = Sampler::new(config(), 600).unwrap();
    assert_eq!(after.restore(&was).unwrap().columns, 1);
    // It shows at once.
    assert_eq!(all(&after), (all(&before).0, all(&after).1));
    assert_eq!(states(&all(&after).1), [(0, ColumnState::Open)]);
    register(&after);
    load(&after, 2);
    after.flush(STEP_MS);
    let (sum, columns) = all(&after);
    assert_eq!((sum.writes, states(&columns)), (45 + 10 + 45 + 20, vec![(0, ColumnState::Complete)]));
    // Nobody looked from 400 to 600.
    assert_eq!((columns[0].covers_from_ms, columns[0].covers_to_ms), (0, STEP_MS - 200));
    let matrix = ask(&after, Series::Writes, AxisKind::Route);
    assert_eq!((matrix.rows.len(), matrix.rows[9].values[0]), (10, 10 + 11));
    assert_eq!(matrix.unattributed, [0]);
    assert_eq!(ask(&after, Series::Reads, AxisKind::Route).unattributed, [2]);
    conserved(&after);
}

#[test]
fn an_open_column_whose_window_is_over_stays_what_it_had() {
    let before = registered(config(), 0);
    load(&before, 1);
    before.flush(400);
    let after = Sampler::new(config(), STEP_MS).unwrap();
    after.restore(&snapshot(&before, 400)).unwrap();
    let columns = all(&after).1;
    assert_eq!(states(&columns), [(0, ColumnState::Complete)]);
    assert_eq!((columns[0].covers_from_ms, columns[0].covers_to_ms), (0, 400));
    conserved(&after);
}

#[test]
fn columns_ahead_of_the_clock_are_left_out_and_told() {
    let before = registered(config(), 0);
    for window in 1..=4 {
        load(&before, window);
        before.flush(window * STEP_MS);
    }
    // The machine's clock is back at the beginning.
    let after = Sampler::new(config(), STEP_MS + 500).unwrap();
    let restored = after.restore(&snapshot(&before, 4 * STEP_MS)).unwrap();
    assert_eq!((restored.columns, restored.ahead), (2, 2));
    assert_eq!(restored.recorded.writes + restored.left_out.writes, all(&before).0.writes);
    // Of the present window it goes on.
    assert_eq!(states(&all(&after).1), [(0, ColumnState::Complete), (STEP_MS, ColumnState::Open)]);
    conserved(&after);
}

#[test]
fn what_cannot_be_gone_on_with_is_refused_and_changes_nothing() {
    let before = registered(config(), 0);
    load(&before, 1);
    before.flush(STEP_MS);
    let was = snapshot(&before, STEP_MS);
    let refused = |change: &dyn Fn(&mut Config), now_ms| {
        let mut config = config();
        change(&mut config);
        let sampler = Sampler::new(config, now_ms).unwrap();
        let error = sampler.restore(&was).unwrap_err();
        assert_eq!((all(&sampler), sampler.reader().counters().columns_restored), ((Tally::ZERO, vec![]), 0));
        error
    };
    let other = refused(&|config| config.step_ms = 500, 5000);
    assert_eq!(other, RestoreError::OtherStep { step_ms: 500, snapshot_ms: 1000 });
    assert_eq!(other.to_string(), "its columns are 1000 ms long, and here a step takes 500 ms");
    let other = refused(&|config| config.sub_buckets = 2, 5000);
    assert_eq!(other.to_string(), "its routes are divided by 1, and here by 2");
    let used = registered(config(), 5000);
    assert_eq!(used.restore(&was), Err(RestoreError::InUse));
    let used = Sampler::new(config(), 5000).unwrap();
    used.flush(5001);
    assert_eq!(used.restore(&was), Err(RestoreError::InUse));
    let used = Sampler::new(config(), 5000).unwrap();
    used.restore(&was).unwrap();
    assert_eq!(used.restore(&was), Err(RestoreError::InUse));
}

#[test]
fn labels_by_name_and_divisions_into_one() {
    let labelled = |labels: &[&str], sub_buckets| {
        let mut config = config();
        config.labels = Labels::new(labels).unwrap();
        config.sub_buckets = sub_buckets;
        config
    };
    let before = registered(labelled(&["redis", "s3"], 4), 0);
    for (name, times) in [("redis", 3), ("s3", 5), ("", 7)] {
        let label = before.label(name);
        for at in 0..times {
            before.observe_labelled(RouteId(2), label, Op::Write, &[b'c', at * 30], 0);
        }
    }
    before.flush(STEP_MS);
    let was = snapshot(&before, STEP_MS);
    let after = Sampler::new(labelled(&["sqs", "s3"], 1), STEP_MS).unwrap();
    after.restore(&was).unwrap();
    let matrix = ask(&after, Series::Writes, AxisKind::Route);
    let rows: Vec<(&str, u64)> = matrix.rows.iter().map(|row| (row.bucket_id.as_str(), row.values[0])).collect();
    assert_eq!(rows, [("route:2", 10), ("route:2:s3", 5)]);
    // And with the same divisions each has its own.
    let after = Sampler::new(labelled(&["s3", "redis"], 4), STEP_MS).unwrap();
    after.restore(&was).unwrap();
    let mut then = ask(&before, Series::Writes, AxisKind::Route);
    let mut now = ask(&after, Series::Writes, AxisKind::Route);
    then.rows.iter_mut().chain(&mut now.rows).for_each(|row| row.label = keyviz_core::Label::NONE);
    then.labels = now.labels.clone();
    assert_eq!(then, now);
}

#[test]
fn the_oldest_go_where_there_is_no_room() {
    let mut unfolded = config();
    (unfolded.history_columns, unfolded.tiers) = (400, Tiers::NONE);
    let before = registered(unfolded, 0);
    for window in 1..=200 {
        load(&before, window % 5);
        before.flush(window * STEP_MS);
    }
    let was = snapshot(&before, 200 * STEP_MS);
    // Fewer columns.
    let mut few = config();
    (few.history_columns, few.tiers) = (7, Tiers::NONE);
    let after = Sampler::new(few, 200 * STEP_MS).unwrap();
    assert_eq!(after.restore(&was).unwrap().recorded, all(&before).0);
    let columns = all(&after).1;
    assert_eq!((columns.len(), columns[0].start_ms), (7, 193 * STEP_MS));
    assert_eq!(after.reader().counters().columns_evicted, 193);
    conserved(&after);
    // Fewer bytes.
    let mut little = config();
    (little.max_routes, little.history_columns, little.history_bytes) = (10, 256, 1);
    little.tiers = Tiers::NONE;
    let Err(ConfigError::PoolTooSmall { least_bytes, .. }) = little.validate() else { panic!("a byte is too little") };
    little.history_bytes = least_bytes + (16 << 10);
    let after = Sampler::new(little, 200 * STEP_MS).unwrap();
    after.restore(&was).unwrap();
    let columns = all(&after).1;
    assert!((1..200).contains(&columns.len()), "{}", columns.len());
    assert_eq!(columns.last().unwrap().start_ms, 199 * STEP_MS);
    conserved(&after);
    // And then it goes on as ever.
    register(&after);
    for window in 201..=300 {
        load(&after, 3);
        after.flush(window * STEP_MS);
    }
    conserved(&after);
    assert_eq!(all(&after).1.last().unwrap().start_ms, 299 * STEP_MS);
}

#[test]
fn the_past_never_keeps_a_route_out() {
    // Bounds that fill most of the slab, for as many routes as there may be; in each window other ones.
    let mut tight = config();
    tight.max_routes = 16;
    tight.bound_bytes = 16 << 10;
    tight.max_bound_len = 96;
    let bound = |route: u64, age: u64| {
        let mut bound = vec![b'x'; 90];
        bound[..2].copy_from_slice(&[b'a' + route as u8, b'0' + age as u8]);
        bound
    };
    let before = Sampler::new(tight.clone(), 0).unwrap();
    for age in 0..8 {
        for route in 0..16 {
            before.register(RouteId(route), &bound(route, age), None, 0).unwrap();
            before.observe(RouteId(route), Op::Write, b"", 0);
        }
        before.flush((age + 1) * 20 * STEP_MS);
        (0..16).for_each(|route| assert!(before.remove(RouteId(route))));
        for flush in 1..=10 {
            before.flush((age + 1) * 20 * STEP_MS + flush * STEP_MS);
        }
    }
    let now_ms = 200 * STEP_MS;
    let was = snapshot(&before, now_ms);
    for start_ms in [now_ms, was.columns().last().unwrap().start_ms] {
        let after = Sampler::new(tight.clone(), start_ms).unwrap();
        after.restore(&was).unwrap();
        conserved(&after);
        for route in 0..16 {
            after.register(RouteId(route), &bound(route, 9), None, 0).unwrap();
            after.observe(RouteId(route), Op::Write, b"", 0);
        }
        after.flush(start_ms + STEP_MS);
        assert_eq!(after.reader().counters().unattributed, was.unattributed());
        conserved(&after);
    }
    // A bound that is longer than is allowed here: its cells are left out, and told.
    let mut short = tight;
    short.max_bound_len = 16;
    let after = Sampler::new(short, now_ms).unwrap();
    let restored = after.restore(&was).unwrap();
    assert_eq!((restored.recorded, restored.left_out), (Tally::ZERO, was.recorded()));
    conserved(&after);
}

#[derive(Clone, Debug)]
enum Step {
    Load(u64, u8, u8, bool),
    Scan(u64, u8),
    Register(u64, u8, u8, u64),
    Remove(u64),
    Term(u64, u64),
    Flush(u64),
    /// Stop now, and start again so much later.
    Restart(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u64..20, any::<u8>(), 1u8..9, any::<bool>()).prop_map(|(r, k, n, w)| Step::Load(r, k, n, w)),
        1 => (0u64..20, 1u8..9).prop_map(|(r, n)| Step::Scan(r, n)),
        3 => (0u64..20, 0u8..200, 1u8..50, 0u64..3).prop_map(|(r, s, l, g)| Step::Register(r, s, l, g)),
        1 => (0u64..20).prop_map(Step::Remove),
        1 => (1u64..3, 1u64..4).prop_map(|(g, t)| Step::Term(g, t)),
        4 => (0u64..1700).prop_map(Step::Flush),
        1 => (0u64..3000).prop_map(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever happens, and however often it is stopped and started: everything observed is there.
    #[test]
    fn everything_comes_through_restarts(
        steps in prop::collection::vec(step(), 1..80),
        k in prop_oneof![Just(1u16), Just(4)],
        labelled in any::<bool>(),
        members in any::<bool>(),
        tiered in any::<bool>(),
    ) {
        let mut config = config();
        config.sub_buckets = k;
        if labelled {
            config.labels = Labels::new(&["redis"]).unwrap();
        }
        if members {
            (config.max_routes, config.max_known_routes) = (4, 64);
        }
        if tiered {
            config.history_columns = 2;
            config.tiers = "2x2,4x900".parse().unwrap();
        }
        let (mut now_ms, mut truth) = (10 * STEP_MS, Tally::ZERO);
        let mut sampler = Sampler::new(config.clone(), now_ms).unwrap();
        for step in steps {
            match step {
                Step::Load(route, key, times, write) => {
                    let op = if write { Op::Write } else { Op::Read };
                    let label = sampler.label(if key % 2 == 0 { "redis" } else { "" });
                    for _ in 0..times {
                        sampler.observe_labelled(RouteId(route), label, op, &[key], 4);
                        truth.add(match op {
                            Op::Write => Tally { writes: 1, write_bytes: 5, ..Tally::ZERO },
                            _ => Tally { reads: 1, read_bytes: 5, ..Tally::ZERO },
                        });
                    }
                }
                Step::Scan(first, times) => {
                    let (routes, times) = ([RouteId(first)], u64::from(times));
                    let scan = Scan { times, continued: true, ..Scan::new(b"", Some(b"\0"), 0) };
                    sampler.observe_scan_routes(&routes, &scan);
                    truth.add(Tally { scans: times, ..Tally::ZERO });
                }
                Step::Register(route, start, len, group) => {
                    let end = start.saturating_add(len);
                    let _ = sampler.register(RouteId(route), &[start], Some(&[end]), group);
                }
                Step::Remove(route) => {
                    sampler.remove(RouteId(route));
                }
                Step::Term(group, term) => sampler.set_term(group, term),
                Step::Flush(after_ms) => {
                    now_ms += after_ms;
                    sampler.flush(now_ms);
                }
                Step::Restart(after_ms) => {
                    sampler.flush(now_ms);
                    let was = snapshot(&sampler, now_ms);
                    prop_assert_eq!(was.recorded(), sampler.reader().counters().recorded);
                    now_ms += after_ms;
                    let fresh = Sampler::new(config.clone(), now_ms).unwrap();
                    let restored = fresh.restore(&was).unwrap();
                    prop_assert_eq!((restored.ahead, restored.left_out), (0, Tally::ZERO));
                    // Restored and written again, it is the same but for what time did to the open column.
                    let again = snapshot(&fresh, now_ms);
                    prop_assert_eq!(again.recorded(), was.recorded());
                    prop_assert_eq!(again.columns().count(), was.columns().count());
                    sampler = fresh;
                }
            }
            conserved(&sampler);
        }
        sampler.flush(now_ms);
        conserved(&sampler);
        prop_assert_eq!(sampler.reader().counters().observed, truth);
        // And all of it is shown, on both axes.
        for series in Series::ALL {
            for axis in [AxisKind::Route, AxisKind::Range] {
                let matrix = ask(&sampler, series, axis);
                let rows: u64 = matrix.rows.iter().flat_map(|row| &row.values).sum();
                let rest: u64 = matrix.cut.values.iter().chain(&matrix.unattributed).sum();
                prop_assert_eq!(rows + rest, truth.get(series));
            }
        }
        // A viewer shows what the sampler shows.
        let viewer = snapshot(&sampler, now_ms).reader().unwrap();
        for axis in [AxisKind::Route, AxisKind::Range] {
            let query = MatrixQuery { series: Series::Ops, axis, open: true, ..MatrixQuery::default() };
            let (mut shown, mut live) = (viewer.matrix(&query), sampler.reader().matrix(&query));
            for matrix in [&mut shown, &mut live] {
                // Who shares a bucket at present is not in a snapshot, but how many did when a column was last written.
                matrix.rows.iter_mut().filter(|_| members).for_each(|row| {
                    (row.route_ids, row.route_ids_truncated, row.route_count) = (Vec::new(), false, 0);
                });
            }
            prop_assert_eq!(&shown.rows, &live.rows);
            prop_assert_eq!(states(&shown.columns), states(&live.columns));
        }
    }
}

/// Columns as they are shown, with what the rows have in them.
fn shown(sampler: &Sampler, axis: AxisKind) -> (Vec<Column>, Vec<(String, Vec<u64>)>) {
    let matrix = ask(sampler, Series::Ops, axis);
    let rows = matrix.rows.into_iter().map(|row| (row.bucket_id.as_str().to_owned(), row.values));
    (matrix.columns, rows.collect())
}

#[test]
fn tiers_go_on_as_if_nothing_had_been() {
    let mut tiered = config();
    tiered.history_columns = 4;
    tiered.tiers = "2x3,6x5".parse().unwrap();
    let whole = registered(tiered.clone(), 0);
    let mut restarted = registered(tiered.clone(), 0);
    for window in 1..=90 {
        for sampler in [&whole, &restarted] {
            load(sampler, window % 7);
            sampler.flush(window * STEP_MS);
        }
        if window % 13 == 0 {
            // Without a moment between: the same columns have to come of it.
            let was = snapshot(&restarted, window * STEP_MS);
            restarted = Sampler::new(tiered.clone(), window * STEP_MS).unwrap();
            let restored = restarted.restore(&was).unwrap();
            assert_eq!((restored.ahead, restored.left_out), (0, Tally::ZERO));
            register(&restarted);
        }
        conserved(&restarted);
        for axis in [AxisKind::Route, AxisKind::Range] {
            assert_eq!(shown(&restarted, axis), shown(&whole, axis), "window {window}");
        }
    }
    assert!(whole.reader().counters().columns_folded > 20 && whole.reader().counters().columns_evicted > 0);
    // And a viewer shows all widths.
    let viewer = snapshot(&whole, 90 * STEP_MS).reader().unwrap();
    for axis in [AxisKind::Route, AxisKind::Range] {
        let query = MatrixQuery { series: Series::Writes, axis, ..MatrixQuery::default() };
        assert_eq!(viewer.matrix(&query), whole.reader().matrix(&query));
    }
}

#[test]
fn other_tiers_keep_what_they_have_room_for() {
    let tiered = |columns, tiers: &str| {
        let mut config = config();
        config.history_columns = columns;
        config.tiers = tiers.parse().unwrap();
        config
    };
    let before = registered(tiered(4, "2x3,6x5"), 0);
    for window in 1..=40 {
        load(&before, window % 7);
        before.flush(window * STEP_MS);
    }
    let was = snapshot(&before, 40 * STEP_MS);
    for (columns, tiers) in [(60, ""), (3, "2x9"), (2, "3x2,12x9"), (5, "2x2,6x2,18x9"), (1, "40x1")] {
        let after = Sampler::new(tiered(columns, tiers), 40 * STEP_MS).unwrap();
        after.restore(&was).unwrap();
        conserved(&after);
        register(&after);
        for window in 41..=80 {
            load(&after, 2);
            after.flush(window * STEP_MS);
            conserved(&after);
            let columns = ask(&after, Series::Ops, AxisKind::Route).columns;
            assert!(columns.is_sorted_by(|a, b| a.end_ms <= b.start_ms), "{tiers}: {columns:?}");
        }
    }
}

#[test]
fn an_empty_snapshot_restores_nothing() {
    let before = Sampler::new(config(), 0).unwrap();
    let after = Sampler::new(config(), 5).unwrap();
    assert_eq!(after.restore(&snapshot(&before, 0)), Ok(Restored::default()));
}

/// Ranges of the core's own are there from the beginning, and are no reason against a past: its rows stay as they were,
/// and the ranges of now grow anew.
#[test]
fn ranges_of_the_cores_own_go_on() {
    let auto = || {
        let mut config = config();
        config.partition = Partition::Auto { ranges: 32 };
        config
    };
    let observe = |sampler: &Sampler, from: u64| {
        for number in 0..4000u64 {
            sampler.observe_key(Op::Write, format!("k{:04}", (from + number * 7) % 3000).as_bytes(), 10);
        }
    };
    let before = Sampler::new(auto(), 0).unwrap();
    for step in 1..=6 {
        observe(&before, step);
        before.flush(step * STEP_MS);
    }
    observe(&before, 0);
    before.flush(6 * STEP_MS + 400);
    assert!(before.reader().counters().routes > 16);
    let snapshot = snapshot(&before, 6 * STEP_MS + 400);
    // Within the window that was open then, and long after it.
    for now_ms in [6 * STEP_MS + 500, 100 * STEP_MS] {
        let after = Sampler::new(auto(), now_ms).unwrap();
        let restored = after.restore(&snapshot).unwrap();
        assert_eq!((restored.columns, restored.recorded.writes, restored.left_out), (7, 28_000, Tally::ZERO));
        assert_eq!(after.restore(&snapshot), Err(RestoreError::InUse));
        let ask_old = MatrixQuery { to_ms: 6 * STEP_MS + 1, ..MatrixQuery::default() };
        let rows = |sampler: &Sampler| {
            let matrix = sampler.reader().matrix(&ask_old);
            matrix.rows.iter().map(|row| (row.start.clone(), row.end.clone(), row.values.clone())).collect::<Vec<_>>()
        };
        assert_eq!(rows(&after), rows(&before));
        let from = now_ms / STEP_MS;
        for step in 1..=6 {
            observe(&after, step);
            after.flush((from + step) * STEP_MS);
        }
        let counters = after.reader().counters();
        assert_eq!((counters.recorded.writes, counters.unattributed), (52_000, Tally::ZERO));
        assert!(counters.routes > 16 && counters.range_changes_refused == 0, "{counters:?}");
        assert_eq!(all(&after).0.writes, 52_000);
        conserved(&after);
    }
}
