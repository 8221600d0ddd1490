//! History in tiers: what folds, when, and that nothing is lost. A second sampler keeps everything in columns of
//! one step and is the truth.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;

use keyviz_core::{ColumnState, Config, Label, Labels, MatrixQuery, Op, RouteId, Sampler, Series, Tally, Tier, Tiers};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;

fn tiers(of: &[(u32, u32)]) -> Tiers {
    let tiers: Vec<Tier> = of.iter().map(|&(steps, columns)| Tier { steps, columns }).collect();
    Tiers::new(&tiers).unwrap()
}

fn config(columns: u32, tiers: Tiers) -> Config {
    let mut config = Config::default();
    (config.step_ms, config.max_routes, config.max_known_routes) = (STEP_MS, 12, 20);
    (config.sub_buckets, config.labels) = (2, Labels::new(&["redis"]).unwrap());
    (config.history_columns, config.tiers) = (columns, tiers);
    (config.max_recorders, config.cell_bytes, config.history_bytes) = (4, 1 << 20, 4 << 20);
    config.prefault = false;
    config
}

/// What a cell is told apart by: route, label, division, bounds, group, term.
type Key = (u64, bool, u32, Vec<u8>, Option<Vec<u8>>, u64, u64);
type Cells = BTreeMap<Key, Tally>;

/// All columns with their cells: start, end, state, cells with counts.
fn columns(sampler: &Sampler) -> Vec<(u64, u64, ColumnState, Cells)> {
    let mut cells: BTreeMap<u64, Cells> = BTreeMap::new();
    let heads = sampler.reader().for_each_cell(0, 0, true, |column, cell| {
        let key = (
            cell.route.0,
            cell.label == Label::NONE,
            cell.sub_bucket,
            cell.start.to_vec(),
            cell.end.map(<[u8]>::to_vec),
            cell.group,
            cell.term,
        );
        if !cell.counts.is_zero() {
            cells.entry(column.start_ms).or_default().entry(key).or_insert(Tally::ZERO).add(cell.counts);
        }
    });
    heads.iter().map(|c| (c.start_ms, c.end_ms, c.state, cells.remove(&c.start_ms).unwrap_or_default())).collect()
}

fn sum(cells: &Cells) -> Tally {
    let mut sum = Tally::ZERO;
    cells.values().for_each(|counts| sum.add(*counts));
    sum
}

/// Everything ever counted is in a column, was evicted, or is unattributed.
fn balances(sampler: &Sampler) {
    let counters = sampler.reader().counters();
    let mut kept = counters.evicted;
    columns(sampler).iter().for_each(|(.., cells)| kept.add(sum(cells)));
    assert_eq!(kept, counters.recorded);
}

#[derive(Clone, Debug)]
enum Step {
    Observe { route: u64, key: u8, label: u8, write: bool, times: u64 },
    Register { route: u64, group: u64 },
    Remove { route: u64 },
    Term { group: u64, term: u64 },
    Flush { after_ms: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let observe = (0u64..16, any::<u8>(), 0u8..2, any::<bool>(), 1u64..1000)
        .prop_map(|(route, key, label, write, times)| Step::Observe { route, key, label, write, times });
    let step = prop_oneof![
        12 => observe,
        2 => (0u64..16, 0u64..3).prop_map(|(route, group)| Step::Register { route, group }),
        1 => (0u64..16).prop_map(|route| Step::Remove { route }),
        1 => (1u64..3, 1u64..5).prop_map(|(group, term)| Step::Term { group, term }),
        6 => prop_oneof![8 => Just(STEP_MS), 2 => 1u64..STEP_MS, 1 => STEP_MS..40 * STEP_MS]
            .prop_map(|after_ms| Step::Flush { after_ms }),
    ];
    prop::collection::vec(step, 50..400)
}

fn apply(sampler: &Sampler, step: &Step, now_ms: u64) {
    match *step {
        Step::Observe { route, key, label, write, times } => {
            let op = if write { Op::Write } else { Op::Read };
            let recorder = sampler.recorder();
            let label = if label == 0 { Label::NONE } else { sampler.label("redis") };
            if label == Label::NONE {
                recorder.observe_many(RouteId(route), op, &[route as u8, key], 3, times);
            } else {
                recorder.observe_labelled(RouteId(route), label, op, &[route as u8, key], 3);
            }
        }
        Step::Register { route, group } => {
            let _ = sampler.register(RouteId(route), &[route as u8], Some(&[route as u8 + 1]), group);
        }
        Step::Remove { route } => {
            sampler.remove(RouteId(route));
        }
        Step::Term { group, term } => sampler.set_term(group, term),
        Step::Flush { .. } => sampler.flush(now_ms),
    }
}

/// Each coarse column has, cell by cell, what the truth's columns in its time have.
fn agrees(folded: &Sampler, truth: &Sampler) {
    let truth = columns(truth);
    for (start, end, state, cells) in columns(folded) {
        let within = truth.iter().filter(|(s, e, ..)| *s >= start && *e <= end);
        let mut expected = Cells::new();
        let mut late = false;
        for (.., state, finer) in within {
            late |= *state == ColumnState::Late;
            for (key, counts) in finer {
                expected.entry(key.clone()).or_insert(Tally::ZERO).add(*counts);
            }
        }
        assert_eq!(cells, expected, "column [{start}, {end})");
        if state != ColumnState::Open {
            assert_eq!(state == ColumnState::Late, late, "column [{start}, {end})");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn folding_adds_up_and_loses_nothing(steps in steps(), begin in 0u64..100) {
        let begin_ms = 1_000_000 * STEP_MS + begin * 137;
        let folded = Sampler::new(config(4, tiers(&[(2, 5), (6, 400)])), begin_ms).unwrap();
        let truth = Sampler::new(config(2000, Tiers::NONE), begin_ms).unwrap();
        let mut now_ms = begin_ms;
        for step in &steps {
            if let Step::Flush { after_ms } = step { now_ms += after_ms }
            for sampler in [&folded, &truth] {
                apply(sampler, step, now_ms);
            }
        }
        // Past the newest columns, so that all that can fold has folded.
        for _ in 0..60 {
            now_ms += STEP_MS;
            folded.flush(now_ms);
            truth.flush(now_ms);
            balances(&folded);
        }
        agrees(&folded, &truth);
        prop_assert_eq!(folded.reader().counters().recorded, truth.reader().counters().recorded);
        prop_assert_eq!(folded.reader().counters().evicted, Tally::ZERO);
        prop_assert!(folded.reader().counters().columns_folded > 0);
    }

    #[test]
    fn nothing_is_lost_where_there_is_room_for_little(steps in steps(), history in 0usize..40_000) {
        let mut config = config(4, tiers(&[(2, 5), (6, 3)]));
        let keyviz_core::ConfigError::PoolTooSmall { least_bytes, .. } = ({
            let mut small = config.clone();
            small.history_bytes = 1;
            small.validate().unwrap_err()
        }) else { panic!("it can do with one byte") };
        config.history_bytes = least_bytes + history;
        let sampler = Sampler::new(config, 0).unwrap();
        let mut now_ms = 0;
        for step in &steps {
            if let Step::Flush { after_ms } = step { now_ms += after_ms }
            apply(&sampler, step, now_ms);
            if let Step::Flush { .. } = step { balances(&sampler) }
        }
    }
}

/// One write a second for `seconds`, from `begin` on.
fn steady(config: Config, begin: u64, seconds: u64) -> Sampler {
    let sampler = Sampler::new(config, begin * STEP_MS).unwrap();
    sampler.register(RouteId(1), b"a", Some(b"m"), 0).unwrap();
    for second in begin + 1..=begin + seconds {
        sampler.observe(RouteId(1), Op::Write, b"b", 9);
        sampler.flush(second * STEP_MS);
    }
    sampler
}

#[test]
fn columns_fold_at_epoch_multiples_whenever_a_sampler_began() {
    let config = config(10, tiers(&[(5, 12), (60, 3)]));
    let of = |begin| {
        let sampler = steady(config.clone(), begin, 1_000_500 - begin);
        columns(&sampler).iter().map(|(start, end, ..)| (start / STEP_MS, end / STEP_MS)).collect::<Vec<_>>()
    };
    let early = of(1_000_000);
    assert_eq!(early, of(1_000_003));
    assert_eq!(early, of(1_000_137));
    // 500 seconds: the newest second by second for 10 to 15 of them, 12 to 24 columns of 5, then minutes.
    let width = |columns: &[(u64, u64)], steps| columns.iter().filter(|(s, e)| e - s == steps).count();
    assert!((10..15).contains(&width(&early, 1)), "{early:?}");
    assert!((12..24).contains(&width(&early, 5)), "{early:?}");
    assert_eq!(width(&early, 60), 3, "{early:?}");
    assert!(early.iter().all(|(start, end)| start % (end - start) == 0), "{early:?}");
    assert!(early.windows(2).all(|pair| pair[0].1 == pair[1].0), "no gap: {early:?}");
}

#[test]
fn a_constant_load_has_one_rate_over_all_tiers() {
    let sampler = steady(config(10, tiers(&[(5, 12), (60, 3)])), 1_000_000, 500);
    for axis in [keyviz_core::AxisKind::Route, keyviz_core::AxisKind::Range] {
        let query = MatrixQuery { series: Series::Writes, axis, ..MatrixQuery::default() };
        let matrix = sampler.reader().matrix(&query);
        let row = matrix.rows.iter().find(|row| row.values.iter().any(|v| *v > 0)).unwrap();
        for (column, value) in matrix.columns.iter().zip(&row.values) {
            assert_eq!(value * STEP_MS, column.end_ms - column.start_ms, "a write a second");
            assert_eq!((column.covers_from_ms, column.covers_to_ms), (column.start_ms, column.end_ms));
        }
    }
}

#[test]
fn what_the_coarsest_tier_does_not_keep_goes_and_is_counted() {
    let sampler = steady(config(4, tiers(&[(2, 3)])), 1_000_000, 100);
    let counters = sampler.reader().counters();
    assert_eq!(counters.recorded.writes, 100);
    assert!(counters.columns_folded >= 80 && counters.columns_evicted >= 40, "{counters:?}");
    balances(&sampler);
}

#[test]
fn the_first_column_is_as_wide_as_what_it_covers() {
    // Begun 3 seconds into a window of five: rates would be wrong if it were shown as five seconds wide.
    let sampler = steady(config(2, tiers(&[(5, 100)])), 1_000_003, 50);
    let first = columns(&sampler).remove(0);
    assert_eq!((first.0 / STEP_MS, first.1 / STEP_MS, sum(&first.3).writes), (1_000_003, 1_000_005, 2));
}

#[test]
fn what_was_removed_within_a_window_folds_under_its_own_bounds() {
    let sampler = Sampler::new(config(2, tiers(&[(4, 10)])), 0).unwrap();
    let truth = Sampler::new(config(100, Tiers::NONE), 0).unwrap();
    for sampler in [&sampler, &truth] {
        for second in 1..60u64 {
            let end = [b'b' + (second % 3) as u8];
            if second % 7 == 0 {
                sampler.remove(RouteId(1));
                sampler.register(RouteId(1), b"a", Some(&end), second).unwrap();
            }
            sampler.register(RouteId(1), b"a", Some(b"b"), 0).unwrap();
            sampler.observe(RouteId(1), Op::Read, b"a", second);
            sampler.flush(second * STEP_MS);
        }
    }
    agrees(&sampler, &truth);
    assert!(sampler.reader().counters().columns_folded > 40);
}

/// A reader that reads everything beside a writer that folds: each reading finds each second once, or says that it
/// lost a column.
#[test]
fn readers_beside_folding_find_each_count_once() {
    let mut config = config(3, tiers(&[(2, 3), (4, 100_000)]));
    (config.step_ms, config.history_bytes) = (100, 64 << 20);
    let sampler = Sampler::new(config, 0).unwrap();
    sampler.register(RouteId(1), b"a", Some(b"m"), 0).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut readings, mut coarse) = (0, 0);
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let mut columns: Vec<(u64, u64, u64)> = Vec::new();
                let heads = sampler.reader().for_each_cell(0, 0, false, |column, cell| {
                    columns.push((column.start_ms, column.end_ms, cell.counts.writes));
                });
                for (start, end, writes) in columns {
                    assert_eq!(writes * 100, end - start, "column [{start}, {end})");
                    coarse += u64::from(end - start > 100);
                }
                assert!(heads.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "no window twice");
                readings += 1;
            }
            (readings, coarse)
        });
        for step in 1..=4000u64 {
            sampler.observe(RouteId(1), Op::Write, b"b", 0);
            sampler.flush(step * 100);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        let (readings, coarse) = reading.join().unwrap();
        assert!(readings > 0 && coarse > 0, "{readings} readings, {coarse} coarse columns");
    });
    balances(&sampler);
}
