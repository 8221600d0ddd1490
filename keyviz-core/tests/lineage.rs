//! Splits and merges, with recorders at work: conserved, and each operation with the route, and in the term,
//! that it was made for.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use keyviz_core::{Config, NewRoute, Op, RegisterError, ReshapeError, RouteId, Sampler, Writer};
use proptest::prelude::*;

fn config(max_routes: u32, max_known_routes: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = 1000;
    (config.max_routes, config.max_known_routes, config.max_draining) = (max_routes, max_known_routes, 16);
    (config.max_recorders, config.history_columns) = (4, 100);
    config.tiers = keyviz_core::Tiers::NONE;
    (config.cell_bytes, config.bound_bytes, config.max_bound_len) = (1 << 20, 1 << 16, 64);
    config
}

fn part<'a>(route: u64, start: &'a [u8], end: &'a [u8], group: u64) -> NewRoute<'a> {
    NewRoute { route: RouteId(route), start, end: Some(end), group }
}

#[test]
fn a_split_keeps_the_past_under_the_parents_bounds() {
    let mut writer = Writer::new(config(10, 0), 0).unwrap();
    let recorder = writer.recorder();
    writer.register(RouteId(1), b"a", Some(b"z"), 7).unwrap();
    recorder.observe_many(RouteId(1), Op::Write, b"b", 0, 5);
    writer.flush(1000);
    recorder.observe_many(RouteId(1), Op::Write, b"x", 0, 3);
    writer.split_route(RouteId(1), &[part(1, b"a", b"m", 7), part(2, b"m", b"z", 8)]).unwrap();
    recorder.observe_many(RouteId(1), Op::Write, b"b", 0, 10);
    recorder.observe_many(RouteId(2), Op::Write, b"x", 0, 20);
    writer.flush(2000);
    let mut found = BTreeMap::new();
    writer.reader().for_each_cell(0, 0, false, |column, cell| {
        let key = (column.end_ms, cell.route.0, cell.end.unwrap().to_vec(), cell.draining, cell.group);
        *found.entry(key).or_insert(0) += cell.counts.writes;
    });
    let expected = [
        ((1000, 1, b"z".to_vec(), false, 7), 5),
        ((2000, 1, b"m".to_vec(), false, 7), 10),
        ((2000, 1, b"z".to_vec(), true, 7), 3),
        ((2000, 2, b"z".to_vec(), false, 8), 20),
    ];
    assert_eq!(found, expected.into());
    let lineage: Vec<_> = writer.reader().lineage().iter().map(|l| (l.at_ms, l.parent.0, l.child.0)).collect();
    assert_eq!(lineage, [(1000, 1, 1), (1000, 1, 2)]);

    writer.merge_routes(&[RouteId(1), RouteId(2)], &part(3, b"a", b"z", 7)).unwrap();
    let lineage: Vec<_> = writer.reader().lineage().iter().map(|l| (l.parent.0, l.child.0)).collect();
    assert_eq!(lineage, [(1, 1), (1, 2), (1, 3), (2, 3)]);
    recorder.observe(RouteId(2), Op::Write, b"x", 0);
    writer.flush(3000);
    assert_eq!(writer.reader().counters().unattributed.writes, 1, "the parent is gone");
}

/// Whatever cannot work is refused by name, with nothing changed.
#[test]
fn refusals_change_nothing() {
    let mut writer = Writer::new(config(3, 0), 0).unwrap();
    for (route, start, end) in [(1, b"a", b"f"), (2, b"f", b"m"), (3, b"m", b"z")] {
        writer.register(RouteId(route), start, Some(end), 0).unwrap();
    }
    let child = |route| part(route, b"a", b"b", 0);
    let cases: [(&[u64], Vec<NewRoute<'_>>, ReshapeError, &str); 8] = [
        (&[9], vec![child(4)], ReshapeError::UnknownParent { route: RouteId(9) }, "route 9"),
        (&[1, 1], vec![child(4)], ReshapeError::UnknownParent { route: RouteId(1) }, "twice"),
        (&[], vec![child(4)], ReshapeError::Nothing, "at least one"),
        (&[1], vec![], ReshapeError::Nothing, "at least one"),
        (&[1], vec![child(2)], ReshapeError::AlreadyRegistered { route: RouteId(2) }, "route 2"),
        (&[1], vec![child(4), child(4)], ReshapeError::AlreadyRegistered { route: RouteId(4) }, "twice"),
        (
            &[1],
            vec![part(4, b"z", b"a", 0)],
            ReshapeError::Child { route: RouteId(4), error: RegisterError::EmptyRange },
            "start",
        ),
        (
            &[1],
            vec![child(4), child(5)],
            ReshapeError::Child { route: RouteId(4), error: RegisterError::Full { routes: 3, draining: 0 } },
            "max_routes",
        ),
    ];
    for (parents, children, expected, says) in cases {
        let parents: Vec<RouteId> = parents.iter().map(|route| RouteId(*route)).collect();
        let refused = match (&parents[..], &children[..]) {
            ([parent], children) => writer.split_route(*parent, children).unwrap_err(),
            (parents, [child]) => writer.merge_routes(parents, child).unwrap_err(),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused, expected);
        assert!(refused.to_string().contains(says), "{refused}");
        assert_eq!(writer.reader().counters().routes, 3);
        assert!(writer.reader().lineage().is_empty());
    }
    let long = [b'a'; 65];
    let refused = writer.split_route(RouteId(1), &[part(4, &long, b"b", 0)]).unwrap_err();
    let error = RegisterError::BoundTooLong { len: 65, max: 64 };
    assert_eq!(refused, ReshapeError::Child { route: RouteId(4), error });
}

#[test]
fn the_oldest_lineage_makes_room() {
    let mut writer = Writer::new(config(2, 0), 0).unwrap();
    writer.register(RouteId(0), b"a", Some(b"z"), 0).unwrap();
    for round in 0..7 {
        writer.split_route(RouteId(round), &[part(round + 1, b"a", b"z", 0)]).unwrap();
        (0..8).for_each(|flush| writer.flush(round * 10_000 + flush * 1000));
    }
    let parents: Vec<u64> = writer.reader().lineage().iter().map(|l| l.parent.0).collect();
    assert_eq!((parents, writer.reader().counters().lineage_dropped), (vec![3, 4, 5, 6], 3));
}

fn is_full(error: &ReshapeError) -> bool {
    matches!(error, ReshapeError::Child { error: RegisterError::Full { .. }, .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any sequence of splits and merges of neighbours, in their own slots or in virtual buckets.
    #[test]
    fn any_reshaping_is_conserved(
        steps in prop::collection::vec((0usize..40, any::<bool>(), 1u64..50, 0u64..3), 1..120),
        shared in any::<bool>(),
    ) {
        let mut writer = Writer::new(if shared { config(4, 64) } else { config(64, 0) }, 0).unwrap();
        let recorder = writer.recorder();
        // The routes in order, each with its bounds.
        let mut routes: Vec<(u64, u64, u64)> = vec![(0, 0, 1 << 20)];
        let key = |at: u64| at.to_be_bytes();
        writer.register(RouteId(0), &key(0), Some(&key(1 << 20)), 0).unwrap();
        let (mut truth, mut next, mut now_ms) = (BTreeMap::<u64, u64>::new(), 1, 0);
        for (at, split, times, flush) in steps {
            let at = at % routes.len();
            let (route, start, end) = routes[at];
            if split && routes.len() < 40 && end - start > 1 {
                let middle = start + (end - start) / 2;
                let (a, b) = (key(start), key(middle));
                let c = key(end);
                // Now and then a part keeps the id.
                let left = if times % 3 == 0 { route } else { next };
                let parts = [part(left, &a, &b, 0), part(next + 1, &b, &c, 0)];
                match writer.split_route(RouteId(route), &parts) {
                    Ok(()) => drop(routes.splice(at..=at, [(left, start, middle), (next + 1, middle, end)])),
                    Err(error) => prop_assert!(is_full(&error), "{error}"),
                }
            } else if at + 1 < routes.len() {
                let (other, _, end) = routes[at + 1];
                let (a, b) = (key(start), key(end));
                match writer.merge_routes(&[RouteId(route), RouteId(other)], &part(next, &a, &b, 0)) {
                    Ok(()) => drop(routes.splice(at..at + 2, [(next, start, end)])),
                    Err(error) => prop_assert!(is_full(&error), "{error}"),
                }
            }
            next += 2;
            for (i, (route, start, _)) in routes.iter().enumerate() {
                recorder.observe_many(RouteId(*route), Op::Read, &key(*start), 0, times + i as u64);
                *truth.entry(*route).or_default() += times + i as u64;
            }
            now_ms += flush * 400;
            writer.flush(now_ms);
        }
        writer.flush(now_ms + 1000);
        let reader = writer.reader();
        let counters = reader.counters();
        let mut found = BTreeMap::<u64, u64>::new();
        let mut in_buckets = 0;
        reader.for_each_cell(0, 0, true, |_, cell| match cell.aggregate {
            true => in_buckets += cell.counts.reads,
            false => *found.entry(cell.route.0).or_default() += cell.counts.reads,
        });
        prop_assert_eq!(counters.unattributed.reads, 0, "a refusal changes nothing");
        prop_assert_eq!(in_buckets + found.values().sum::<u64>() + counters.evicted.reads, truth.values().sum::<u64>());
        if !shared && counters.columns_evicted == 0 {
            prop_assert_eq!(found, truth);
        }
        prop_assert_eq!(counters.routes, routes.len() as u64);
    }
}

/// Threads observe the halves of a route that is split and merged over and over, under terms that change
/// between rounds, while another flushes.
#[test]
fn reshaping_and_terms_beside_recorders() {
    const THREADS: u64 = 3;
    const ROUNDS: u64 = 60;
    const OPS: u64 = 3000;
    let mut config = config(8, 0);
    (config.max_draining, config.history_columns) = (200, 4000);
    config.tiers = keyviz_core::Tiers::NONE;
    config.history_bytes = 64 << 20;
    let sampler = Sampler::new(config, 0).unwrap();
    let bounds: [(&[u8], &[u8]); 3] = [(b"a", b"z"), (b"a", b"m"), (b"m", b"z")];
    // Route 1 is the whole; 2 and 3 are its halves.
    let child = |route: u64| part(route, bounds[route as usize - 1].0, bounds[route as usize - 1].1, 1);
    sampler.set_term(1, 1);
    sampler.register(RouteId(1), b"a", Some(b"z"), 1).unwrap();
    let (turn, stop, clock) = (Barrier::new(THREADS as usize + 1), AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (sampler, turn) = (&sampler, &turn);
            scope.spawn(move || {
                let recorder = sampler.recorder();
                for _ in 0..ROUNDS {
                    turn.wait();
                    for i in 0..OPS {
                        recorder.observe(RouteId(1 + (i + thread) % 3), Op::Write, b"n", 0);
                    }
                    turn.wait();
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                sampler.flush(clock.fetch_add(50, Ordering::Relaxed));
            }
        });
        for round in 0..ROUNDS {
            // Nobody observes now: what follows is made under this term.
            sampler.set_term(1, round + 1);
            turn.wait();
            for _ in 0..5 {
                sampler.split_route(RouteId(1), &[child(2), child(3)]).unwrap_or_default();
                sampler.merge_routes(&[RouteId(2), RouteId(3)], &child(1)).unwrap_or_default();
            }
            turn.wait();
        }
        stop.store(true, Ordering::Relaxed);
    });
    sampler.flush(clock.load(Ordering::Relaxed) + 2000);
    let reader = sampler.reader();
    let counters = reader.counters();
    let (mut by_route, mut by_term) = (BTreeMap::<u64, u64>::new(), BTreeMap::<u64, u64>::new());
    reader.for_each_cell(0, 0, true, |_, cell| {
        *by_route.entry(cell.route.0).or_default() += cell.counts.writes;
        *by_term.entry(cell.term).or_default() += cell.counts.writes;
    });
    assert_eq!((counters.columns_evicted, counters.terms_unsplit), (0, 0), "{counters:?}");
    assert_eq!(counters.observed.writes, THREADS * ROUNDS * OPS);
    assert_eq!(by_route.values().sum::<u64>() + counters.unattributed.writes, counters.observed.writes);
    let each = THREADS * ROUNDS * OPS / 3;
    assert!(by_route.values().all(|writes| *writes <= each), "{by_route:?}");
    assert!(by_term.values().all(|writes| *writes <= THREADS * OPS), "a round's operations have its term: {by_term:?}");
    assert!(by_term.len() > ROUNDS as usize / 2, "{by_term:?}");
    assert!(counters.lineage_dropped > 100);
}
