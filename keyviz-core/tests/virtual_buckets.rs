//! More routes than slots: neighbours share virtual buckets, exactly; hot ones get slots of their own. The
//! truth is kept by the test.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use keyviz_core::{Config, Counters, MatrixQuery, Op, RegisterError, RouteId, Series, Writer};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;
const ROUTES: u64 = 40;

#[derive(Clone, Debug)]
enum Step {
    Register { route: u64 },
    Remove { route: u64 },
    Observe { recorder: usize, route: u64, op: Op, times: u64 },
    Flush { advance_ms: u64 },
    SetTerm { group: u64, term: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..ROUTES).prop_map(|route| Step::Register { route }),
        1 => (0..ROUTES).prop_map(|route| Step::Remove { route }),
        6 => (0usize..3, 0..ROUTES, any::<bool>(), prop_oneof![4 => 1u64..20, 1 => 1000u64..9000]).prop_map(
            |(recorder, route, write, times)| {
                Step::Observe { recorder, route, op: if write { Op::Write } else { Op::Read }, times }
            }
        ),
        // A few routes are hot again and again.
        3 => (0usize..3, 0..4u64, 2000u64..9000)
            .prop_map(|(recorder, i, times)| Step::Observe { recorder, route: i * 11, op: Op::Write, times }),
        3 => prop_oneof![Just(STEP_MS), 0..STEP_MS].prop_map(|advance_ms| Step::Flush { advance_ms }),
        1 => (1u64..3, 1u64..4).prop_map(|(group, term)| Step::SetTerm { group, term }),
    ];
    prop::collection::vec(step, 1..300)
}

/// Whose counters an operation went to: a bucket's, or a route's own.
type Place = (bool, u64);

struct World {
    sampler: Writer,
    recorders: Vec<keyviz_core::Recorder>,
    live: BTreeSet<u64>,
    now_ms: u64,
    last_ms: u64,
    counting: BTreeMap<Place, BTreeMap<u64, [u64; 2]>>,
    columns: BTreeMap<u64, BTreeMap<Place, BTreeMap<u64, [u64; 2]>>>,
    unattributed: u64,
    overlap: bool,
    /// Columns may be evicted, so only sums are compared.
    tight: bool,
}

fn config(max_routes: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    (config.max_routes, config.max_known_routes, config.max_draining) = (max_routes, 64, 4);
    (config.max_recorders, config.shared_shards) = (2, 1);
    (config.cell_bytes, config.history_bytes, config.bound_bytes) = (1 << 18, 1 << 20, 1 << 14);
    config.history_columns = 400;
    config.tiers = keyviz_core::Tiers::NONE;
    config
}

impl World {
    fn new(config: Config, overlap: bool, tight: bool) -> Self {
        let sampler = Writer::new(config, 0).unwrap();
        World {
            recorders: (0..3).map(|_| sampler.recorder()).collect(),
            sampler,
            live: BTreeSet::new(),
            now_ms: 0,
            last_ms: 0,
            counting: BTreeMap::new(),
            columns: BTreeMap::new(),
            unattributed: 0,
            overlap,
            tight,
        }
    }

    /// Routes tile, or reach over the next two.
    fn bounds(&self, route: u64) -> (Vec<u8>, Option<Vec<u8>>) {
        let end = route + if self.overlap && route.is_multiple_of(3) { 3 } else { 1 };
        (key(route), (route + 1 < ROUTES).then(|| key(end)))
    }

    fn place(&self, route: u64) -> Place {
        match self.sampler.bucket_of(RouteId(route)) {
            Some(bucket) => (true, bucket),
            None => (false, route),
        }
    }

    fn counters(&self) -> Counters {
        self.sampler.reader().counters()
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Register { route } => {
                let (start, end) = self.bounds(route);
                let group = route % 3;
                let registered = self.sampler.register(RouteId(route), &start, end.as_deref(), group).unwrap();
                assert_eq!(registered.own_slot, self.sampler.bucket_of(RouteId(route)).is_none());
                self.live.insert(route);
            }
            Step::Remove { route } => {
                assert_eq!(self.sampler.remove(RouteId(route)), self.live.remove(&route));
            }
            Step::Observe { recorder, route, op, times } => {
                self.recorders[recorder].observe_many(RouteId(route), op, &key(route), 0, times);
                if self.live.contains(&route) {
                    let place = self.place(route);
                    let counts = self.counting.entry(place).or_default().entry(route).or_default();
                    counts[op as usize] += times;
                } else {
                    self.unattributed += times;
                }
            }
            Step::Flush { advance_ms } => {
                self.now_ms += advance_ms;
                let window = (self.last_ms + (self.now_ms - self.last_ms) / 2) / STEP_MS;
                self.last_ms = self.now_ms;
                let column = self.columns.entry((window + 1) * STEP_MS).or_default();
                for (place, routes) in std::mem::take(&mut self.counting) {
                    for (route, counts) in routes {
                        let sum = column.entry(place).or_default().entry(route).or_default();
                        sum.iter_mut().zip(counts).for_each(|(sum, add)| *sum += add);
                    }
                }
                self.sampler.flush(self.now_ms);
                self.check_columns();
            }
            Step::SetTerm { group, term } => self.sampler.set_term(group, term),
        }
        self.check_places();
    }

    /// A bucket's routes lie side by side; there are as many of everything as the configuration says.
    fn check_places(&self) {
        let counters = self.counters();
        let places: Vec<Place> = self.live.iter().map(|route| self.place(*route)).collect();
        let buckets: BTreeSet<u64> = places.iter().filter(|p| p.0).map(|p| p.1).collect();
        let runs = places.chunk_by(|a, b| a == b).filter(|run| run[0].0).count();
        assert_eq!(runs, buckets.len(), "each bucket is one run: {places:?}");
        let members = places.iter().filter(|p| p.0).count() as u64;
        assert_eq!((counters.routes, counters.members), (self.live.len() as u64, members));
        assert_eq!(counters.virtual_buckets, buckets.len() as u64);
        assert!(
            buckets.len() <= 8 && counters.routes - members <= u64::from(self.sampler.reader().config().max_routes)
        );
        assert!(buckets.iter().all(|bucket| !self.live.contains(bucket)), "an id that no route has");
    }

    /// Each column has what was counted in its time, in the rows that counted it, within their bounds.
    fn check_columns(&self) {
        let reader = self.sampler.reader();
        let counters = reader.counters();
        assert_eq!(counters.unattributed.reads + counters.unattributed.writes, self.unattributed);
        let mut kept = counters.evicted;
        reader.for_each_cell(0, 0, true, |_, cell| kept.add(cell.counts));
        assert_eq!(kept, counters.recorded, "columns and evicted ones");
        let observed = self.columns.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values).flatten();
        assert_eq!(kept.reads + kept.writes, observed.sum::<u64>());
        if self.tight {
            return;
        }
        let mut found: BTreeMap<u64, BTreeMap<Place, Found>> = BTreeMap::new();
        reader.for_each_cell(0, 0, true, |column, cell| {
            let place = (cell.aggregate, cell.route.0);
            let of = found.entry(column.end_ms).or_default().entry(place).or_default();
            of.counts[0] += cell.counts.reads;
            of.counts[1] += cell.counts.writes;
            of.bounds.push((cell.start.to_vec(), cell.end.map(<[u8]>::to_vec)));
            assert!(!cell.aggregate || (cell.group, cell.term, cell.sub_buckets) == (0, 0, 1));
        });
        for (end_ms, truth) in &self.columns {
            let rows = found.remove(end_ms).unwrap_or_default();
            let counted: BTreeMap<Place, [u64; 2]> =
                rows.iter().map(|(place, f)| (*place, f.counts)).filter(|(_, c)| *c != [0; 2]).collect();
            let expected: BTreeMap<Place, [u64; 2]> = truth
                .iter()
                .map(|(place, routes)| (*place, routes.values().fold([0; 2], |s, c| [s[0] + c[0], s[1] + c[1]])))
                .collect();
            assert_eq!(counted, expected, "{end_ms}");
            if counters.bounds_unsplit > 0 {
                continue;
            }
            for (place, routes) in truth {
                for route in routes.keys() {
                    let (start, end) = self.bounds(*route);
                    let holds = |(from, to): &(Vec<u8>, Option<Vec<u8>>)| {
                        *from <= start && to.as_ref().is_none_or(|to| end.as_ref().is_some_and(|end| end <= to))
                    };
                    assert!(rows[place].bounds.iter().any(holds), "{end_ms}: {place:?} holds {route}");
                }
            }
        }
    }
}

#[derive(Default)]
struct Found {
    counts: [u64; 2],
    bounds: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

fn key(route: u64) -> Vec<u8> {
    if route == 0 { Vec::new() } else { format!("key{route:04}").into_bytes() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_host_does(
        steps in steps(),
        max_routes in 1u32..9,
        k in prop_oneof![Just(1u16), Just(3)],
        (promote, overlap, tight) in any::<(bool, bool, bool)>(),
    ) {
        let mut config = config(max_routes);
        (config.promote, config.sub_buckets) = (promote, k);
        if tight {
            // Columns and descriptors run out.
            config.history_bytes = 1;
            if let Err(keyviz_core::ConfigError::PoolTooSmall { least_bytes, .. }) = config.validate() {
                config.history_bytes = least_bytes;
            }
        }
        let mut world = World::new(config, overlap, tight);
        for step in &steps {
            world.step(step);
        }
    }
}

/// Registers `routes` routes that tile the key space.
fn tiled(config: Config, routes: u64) -> Writer {
    let mut sampler = Writer::new(config, 0).unwrap();
    for route in 0..routes {
        let end = (route + 1 < routes).then(|| key(route + 1));
        sampler.register(RouteId(route), &key(route), end.as_deref(), 0).unwrap();
    }
    sampler
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// 5 % of its bucket's operations and 2000 of them, in two windows: a slot of its own after the second.
    #[test]
    fn the_promised_promotion_happens(
        hot in 20u64..60,
        ops in prop_oneof![Just(2000u64), 2000u64..200_000],
        share in 5u64..100,
        threads in 1usize..4,
        batches in any::<bool>(),
    ) {
        let mut config = config(10);
        config.max_recorders = 4;
        let mut sampler = tiled(config, 60);
        prop_assert!(sampler.bucket_of(RouteId(hot)).is_some());
        let recorders: Vec<_> = (0..threads).map(|_| sampler.recorder()).collect();
        let rest = ops * 100 / share - ops;
        for window in 1..=2 {
            for i in 0..rest / 50 {
                recorders[i as usize % threads].observe_many(RouteId(10 + i % 50), Op::Read, b"", 0, 50);
            }
            for i in 0..ops {
                let recorder = &recorders[i as usize % threads];
                if !batches {
                    recorder.observe(RouteId(hot), Op::Write, b"", 0);
                } else if i % 100 == 0 {
                    recorder.observe_many(RouteId(hot), Op::Write, b"", 0, 100.min(ops - i));
                }
            }
            sampler.flush(window * STEP_MS);
        }
        prop_assert!(sampler.bucket_of(RouteId(hot)).is_none(), "{:?}", sampler.reader().counters());
    }
}

#[test]
fn a_cold_route_makes_room_and_comes_back_when_it_is_hot() {
    let mut sampler = tiled(config(4), 30);
    let recorder = sampler.recorder();
    let run = |sampler: &mut Writer, hot: &[u64], windows: std::ops::Range<u64>| {
        for window in windows {
            for route in hot {
                (0..3000).for_each(|_| recorder.observe(RouteId(*route), Op::Write, b"", 0));
            }
            sampler.flush((window + 1) * STEP_MS);
        }
    };
    run(&mut sampler, &[0, 1, 2, 3], 0..3);
    assert!((0..4).all(|route| sampler.bucket_of(RouteId(route)).is_none()));
    run(&mut sampler, &[17, 1, 2, 3], 3..9);
    assert_eq!(sampler.bucket_of(RouteId(17)), None, "hot");
    assert!(sampler.bucket_of(RouteId(0)).is_some(), "the coldest made room");
    run(&mut sampler, &[0, 17, 2, 3], 9..16);
    assert_eq!(sampler.bucket_of(RouteId(0)), None, "hot again");
    assert!(sampler.bucket_of(RouteId(1)).is_some());
    let counters = sampler.reader().counters();
    assert_eq!(counters.observed.writes, 3000 * 4 * 16);
    assert_eq!(counters.recorded.writes + counters.unattributed.writes, counters.observed.writes);
    assert_eq!(counters.unattributed.writes, 0);
    assert!(counters.promoted >= 2 && counters.folded >= 2, "{counters:?}");
}

#[test]
fn without_promotion_hot_members_stay() {
    let mut config = config(4);
    config.promote = false;
    let mut sampler = tiled(config, 30);
    let recorder = sampler.recorder();
    for window in 1..5 {
        recorder.observe_many(RouteId(17), Op::Write, b"", 0, 100_000);
        sampler.flush(window * STEP_MS);
    }
    assert!(sampler.bucket_of(RouteId(17)).is_some());
    assert_eq!(sampler.reader().counters().promoted, 0);
}

#[test]
fn hotter_routes_do_not_fold_for_a_member_that_is_less_hot() {
    let mut sampler = tiled(config(4), 30);
    let recorder = sampler.recorder();
    for window in 1..6 {
        for route in [0, 1, 2, 3] {
            recorder.observe_many(RouteId(route), Op::Write, b"", 0, 50_000);
        }
        recorder.observe_many(RouteId(17), Op::Write, b"", 0, 10_000);
        sampler.flush(window * STEP_MS);
    }
    assert!(sampler.bucket_of(RouteId(17)).is_some());
    assert!(sampler.reader().counters().promotions_refused > 0);
}

#[test]
fn a_row_lists_so_many_of_its_routes_and_counts_all() {
    let mut config = config(4);
    config.max_members = 5;
    let mut sampler = tiled(config, 30);
    let recorder = sampler.recorder();
    recorder.observe(RouteId(9), Op::Write, b"", 0);
    sampler.flush(STEP_MS);
    let matrix = sampler.reader().matrix(&MatrixQuery::default());
    let [row] = &matrix.rows[..] else { panic!("{matrix:?}") };
    assert!(row.aggregate && row.route_ids_truncated);
    assert_eq!(row.bucket_id.as_str(), format!("virtual:{}", sampler.bucket_of(RouteId(9)).unwrap()));
    assert_eq!((row.route_count, row.route_ids.len()), (26, 5));
    assert_eq!((&row.start, &row.end), (&key(4), &None));
    sampler.remove(RouteId(29));
    sampler.flush(2 * STEP_MS);
    recorder.observe(RouteId(28), Op::Write, b"", 0);
    sampler.flush(3 * STEP_MS);
    let matrix = sampler.reader().matrix(&MatrixQuery::default());
    let now = matrix.rows.iter().find(|row| row.end == Some(key(29))).unwrap();
    assert_eq!((now.route_count, now.route_ids.len()), (25, 5));
    let before = matrix.rows.iter().find(|row| row.end.is_none()).unwrap();
    assert!(before.bucket_id.as_str().contains('~') && before.route_ids.is_empty(), "{before:?}");
}

#[test]
fn known_routes_have_an_end() {
    let mut sampler = tiled(config(4), 64);
    let refused = sampler.register(RouteId(64), &key(64), None, 0).unwrap_err();
    assert_eq!(refused, RegisterError::Full { routes: 64, draining: 0 });
    assert!(refused.to_string().contains("max_known_routes"));
    assert!(sampler.remove(RouteId(30)));
    assert!(sampler.register(RouteId(64), &key(30), None, 0).is_ok());
}

/// A hundred thousand routes over a budget of ten thousand, in the order of a host that starts and in none.
#[test]
fn many_more_routes_than_slots() {
    const KNOWN: u64 = 100_000;
    for shuffled in [false, true] {
        let mut config = Config::default();
        config.step_ms = STEP_MS;
        (config.cell_bytes, config.history_columns) = (16 << 20, 60);
        config.tiers = keyviz_core::Tiers::NONE;
        let mut sampler = Writer::new(config, 0).unwrap();
        // 7919 and the number of routes share no divisor, so the order is a permutation.
        let routes = (0..KNOWN).map(|i| if shuffled { i * 7919 % KNOWN } else { i });
        for route in routes {
            let end = (route + 1 < KNOWN).then(|| (route + 1).to_be_bytes());
            let end = end.as_ref().map(<[u8; 8]>::as_slice);
            sampler.register(RouteId(route), &route.to_be_bytes(), end, 0).unwrap();
        }
        let recorder = sampler.recorder();
        let mut total = 0;
        for window in 1..=12 {
            for route in (0..KNOWN).step_by(7) {
                recorder.observe_many(RouteId(route), Op::Read, b"", 0, 3);
                total += 3;
            }
            for hot in 0..40u64 {
                recorder.observe_many(RouteId(hot * 2477 + 11), Op::Read, b"", 0, 30_000);
                total += 30_000;
            }
            sampler.flush(window * STEP_MS);
        }
        let counters = sampler.reader().counters();
        assert_eq!((counters.routes, counters.recorded.reads), (KNOWN, total), "{counters:?}");
        assert!(counters.virtual_buckets <= 2500 && counters.routes - counters.members <= 10_000);
        for hot in 0..40u64 {
            assert_eq!(sampler.bucket_of(RouteId(hot * 2477 + 11)), None, "hot {hot}: {counters:?}");
        }
        let matrix = sampler.reader().matrix(&MatrixQuery { series: Series::Reads, ..MatrixQuery::default() });
        let shown: u64 = matrix.rows.iter().flat_map(|row| &row.values).chain(&matrix.cut.values).sum();
        assert_eq!(shown, total);
    }
}
