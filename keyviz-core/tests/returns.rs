//! Everything comes back: after any history of changes, once all routes are removed, their graces are over
//! and their columns gone, a sampler takes new routes as a fresh one does.

#![cfg(all(feature = "alloc", not(keyviz_loom)))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{Config, Labels, NewRoute, Op, RegisterError, Registered, RouteId, Writer};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;
const ROUTES: u64 = 48;

fn config(max_routes: u32, max_virtual: u32, k: u16, labelled: bool) -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    (config.max_routes, config.max_known_routes) = (max_routes, 40);
    (config.max_draining, config.max_virtual, config.sub_buckets) = (2, max_virtual, k);
    config.labels = if labelled { Labels::new(&["redis"]).unwrap() } else { Labels::NONE };
    (config.max_recorders, config.shared_shards) = (1, 1);
    (config.cell_bytes, config.history_bytes, config.history_columns) = (1 << 20, 1 << 20, 3);
    config.tiers = keyviz_core::Tiers::NONE;
    (config.bound_bytes, config.max_bound_len, config.prefault) = (4096, 100, false);
    config
}

fn key(at: u64) -> Vec<u8> {
    let mut key = at.to_be_bytes().to_vec();
    key.resize(8 + (at as usize * 37) % 90, b'x');
    key
}

/// Registers in no order, with bounds that fill the slab, and says what came of each.
fn fill(writer: &mut Writer) -> Vec<Result<Registered, RegisterError>> {
    let ids = (0..ROUTES).map(|i| i * 29 % ROUTES);
    ids.map(|id| writer.register(RouteId(1000 + id), &key(id), Some(&key(id + 1)), id % 5)).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Register(u64, u64),
    Remove(u64),
    Observe(u64, u64),
    Term(u64, u64),
    Flush(u64),
    Split(u64),
    Merge(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..ROUTES, 1u64..5).prop_map(|(route, width)| Step::Register(route, width)),
        2 => (0..ROUTES).prop_map(Step::Remove),
        6 => (0..ROUTES, prop_oneof![1u64..9, 2000u64..90_000, Just(u64::MAX)]).prop_map(|(r, n)| Step::Observe(r, n)),
        1 => (1u64..5, 0u64..4).prop_map(|(group, term)| Step::Term(group, term)),
        4 => prop_oneof![Just(STEP_MS), 0..STEP_MS, Just(9 * STEP_MS)].prop_map(Step::Flush),
        1 => (0..ROUTES).prop_map(Step::Split),
        1 => (0..ROUTES).prop_map(Step::Merge),
    ];
    prop::collection::vec(step, 1..250)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn as_a_fresh_one(
        steps in steps(),
        max_routes in 1u32..8,
        max_virtual in 1u32..6,
        k in prop_oneof![Just(1u16), Just(3)],
        labelled: bool,
        overlap: bool,
    ) {
        let config = config(max_routes, max_virtual, k, labelled);
        let mut writer = Writer::new(config.clone(), 0).unwrap();
        let recorder = writer.recorder();
        let mut now_ms = 0;
        for step in &steps {
            match *step {
                Step::Register(route, width) => {
                    let end = key(route + if overlap { width } else { 1 });
                    let end = (!overlap || width < 4).then_some(&end[..]);
                    let _ = writer.register(RouteId(route), &key(route), end, route % 5);
                }
                Step::Remove(route) => { writer.remove(RouteId(route)); }
                Step::Observe(route, times) => recorder.observe_many(RouteId(route), Op::Write, &key(route), 0, times),
                Step::Term(group, term) => writer.set_term(group, term),
                Step::Flush(by) => {
                    now_ms += by;
                    writer.flush(now_ms);
                }
                Step::Split(route) => {
                    let (start, end, middle) = (key(route), key(route + 1), [key(route), vec![1]].concat());
                    let left = NewRoute { route: RouteId(route), start: &start, end: Some(&middle), group: 0 };
                    let right = NewRoute { route: RouteId(route + 500), start: &middle, end: Some(&end), group: 1 };
                    let before = writer.counters().routes;
                    let split = writer.split_route(RouteId(route), &[left, right]);
                    prop_assert_eq!(writer.counters().routes, before + u64::from(split.is_ok()));
                }
                Step::Merge(route) => {
                    let (start, end) = (key(route), key(route + 2));
                    let child = NewRoute { route: RouteId(route), start: &start, end: Some(&end), group: 2 };
                    let before = writer.counters().routes;
                    let merged = writer.merge_routes(&[RouteId(route), RouteId(route + 1)], &child);
                    prop_assert_eq!(writer.counters().routes, before - u64::from(merged.is_ok()));
                }
            }
        }
        for route in (0..ROUTES).flat_map(|route| [route, route + 500]) {
            writer.remove(RouteId(route));
        }
        for _ in 0..20 {
            now_ms += STEP_MS;
            writer.flush(now_ms);
        }
        let counters = writer.counters();
        prop_assert_eq!((counters.routes, counters.members, counters.virtual_buckets, counters.draining), (0, 0, 0, 0));
        let mut fresh = Writer::new(config, 0).unwrap();
        prop_assert_eq!(fill(&mut writer), fill(&mut fresh));
        let (was, is) = (writer.counters(), fresh.counters());
        prop_assert_eq!((was.members, was.virtual_buckets), (is.members, is.virtual_buckets));
        prop_assert_eq!(was.bound_bytes_used >= is.bound_bytes_used, true);
        prop_assert!(was.folded >= is.folded);
    }
}

/// Two samplers that are told the same show the same.
#[test]
fn the_same_history_gives_the_same_rows() {
    let show = || {
        let mut config = config(7, 5, 1, false);
        config.max_known_routes = 64;
        let mut writer = Writer::new(config, 0).unwrap();
        let recorder = writer.recorder();
        for i in 0..39 {
            let id = i * 17 % 40;
            writer.register(RouteId(id), &id.to_be_bytes(), Some(&(id + 1).to_be_bytes()), 0).unwrap();
        }
        for window in 1..30 {
            for i in 0..400 {
                recorder.observe_many(RouteId(i * i % 40), Op::Read, b"", 0, 1 + (i * window) % 90);
            }
            writer.flush(window * STEP_MS);
        }
        (
            format!(
                "{:?}",
                writer
                    .reader()
                    .matrix(&keyviz_core::MatrixQuery { series: keyviz_core::Series::Reads, ..Default::default() })
            ),
            writer.counters(),
        )
    };
    let (first, second) = (show(), show());
    assert_eq!(first, second);
    assert!(first.1.promoted > 0 && first.1.folded > 0, "{:?}", first.1);
}
