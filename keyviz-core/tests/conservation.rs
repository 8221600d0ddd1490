//! Nothing is lost, nothing is counted twice: whatever a host does, what was observed stands in the
//! columns, among the unattributed, or among the evicted, in the cell where it belongs. The truth is
//! kept by the test.

#![cfg(all(feature = "alloc", not(keyviz_loom)))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]

mod form;

use std::collections::BTreeMap;

use keyviz_core::{
    Config, ConfigError, Label, Labels, Matrix, MatrixQuery, Op, RouteHandle, RouteId, Scan, Series, Tally,
};
use proptest::prelude::*;

use form::{Recorder, Writer};

const ROUTES: u64 = 10;
const GROUPS: u64 = 3;
const STEP_MS: u64 = 250;

/// A cell by its names: route, label, sub-bucket, term.
type CellName = (u64, Label, u32, u64);
type Cells = BTreeMap<CellName, [u64; 5]>;

/// How an operation is observed.
#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    Labelled,
    Many,
    Handle,
}

#[derive(Clone, Debug)]
enum Step {
    Register {
        route: u64,
        width: u8,
        group: u64,
    },
    Remove {
        route: u64,
    },
    Observe {
        recorder: usize,
        route: u64,
        way: Way,
        label: usize,
        op: Op,
        key: Vec<u8>,
        value_len: u16,
        times: u8,
    },
    Scan {
        recorder: usize,
        from: u64,
        routes: u64,
        label: usize,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
        bytes: u16,
        times: u8,
        continued: bool,
    },
    ReplaceRecorder {
        recorder: usize,
    },
    SetTerm {
        group: u64,
        term: u64,
    },
    Flush {
        advance_ms: i64,
    },
    Read {
        series: usize,
        rows: usize,
        split: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let flush = prop_oneof![
        6 => 0i64..300,
        6 => Just(250i64),
        2 => 1000i64..2000,
        1 => -500i64..0,
        1 => 10_000i64..100_000,
    ];
    let step = prop_oneof![
        3 => (0..ROUTES, 1u8..4, 0..=GROUPS).prop_map(|(route, width, group)| Step::Register { route, width, group }),
        2 => (0..ROUTES).prop_map(|route| Step::Remove { route }),
        16 => observations(),
        4 => scans(),
        1 => (0usize..4).prop_map(|recorder| Step::ReplaceRecorder { recorder }),
        2 => (1..=GROUPS, 1u64..4).prop_map(|(group, term)| Step::SetTerm { group, term }),
        5 => flush.prop_map(|advance_ms| Step::Flush { advance_ms }),
        1 => (0usize..6, 0usize..6, any::<bool>()).prop_map(|(series, rows, split)| Step::Read { series, rows, split }),
    ];
    prop::collection::vec(step, 1..250)
}

fn scans() -> impl Strategy<Value = Step> {
    let key = || {
        let rest = prop::collection::vec(any::<u8>(), 0..12);
        prop_oneof![
            (0..ROUTES, any::<u8>(), rest).prop_map(|(route, byte, rest)| [bound(route, byte % 30), rest].concat()),
            (0..ROUTES).prop_map(|route| bound(route, 0)),
            prop::collection::vec(any::<u8>(), 0..20),
        ]
    };
    (0usize..4, 0..ROUTES, 0u64..5, 0usize..4, key(), prop::option::of(key()), any::<u16>(), (0u8..4, any::<bool>()))
        .prop_map(|(recorder, from, routes, label, start, end, bytes, (times, continued))| Step::Scan {
            recorder,
            from,
            routes,
            label,
            start,
            end,
            bytes,
            times,
            continued,
        })
}

fn observations() -> impl Strategy<Value = Step> {
    let ways = [Way::Plain, Way::Labelled, Way::Many, Way::Handle];
    let ways = (0usize..4, 0usize..4, any::<bool>())
        .prop_map(move |(way, label, write)| (ways[way], label, if write { Op::Write } else { Op::Read }));
    // Keys of the route, near it, and of anywhere.
    let key = prop_oneof![
        3 => (0..ROUTES, prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(route, rest)| bound(route, 0).into_iter().chain(rest).collect()),
        3 => (0..ROUTES, any::<u8>()).prop_map(|(route, byte)| bound(route, byte % 30)),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    (0usize..4, 0..ROUTES, any::<bool>(), ways, key, any::<u16>(), 1u8..5).prop_map(
        |(recorder, route, own, (way, label, op), key, value_len, times)| {
            let key = if own { at_route(route, key) } else { key };
            Step::Observe { recorder, route, way, label, op, key, value_len, times }
        },
    )
}

/// What the bounds of a route have in common: nothing, less than eight bytes, more.
fn prefix(route: u64) -> Vec<u8> {
    vec![b'k'; [0, 3, 9][route as usize % 3]]
}

fn bound(route: u64, above: u8) -> Vec<u8> {
    let mut bound = prefix(route);
    bound.push(route as u8 * 20 + above);
    bound
}

/// The key with its first bytes the route's prefix, at most 20 bytes of it.
fn at_route(route: u64, key: Vec<u8>) -> Vec<u8> {
    let mut moved = prefix(route);
    moved.extend(key.into_iter().skip_while(|byte| *byte == b'k'));
    moved.truncate(20);
    moved
}

/// Which division a key is in, by the definition rather than by the code under test.
fn division(start: &[u8], end: &[u8], key: &[u8], k: u32) -> u32 {
    if key <= start || k == 1 {
        return 0;
    }
    if key >= end {
        return k - 1;
    }
    let skipped = start.iter().zip(end).take_while(|(a, b)| a == b).count();
    let window = |bytes: &[u8]| {
        let mut padded = [0; 8];
        padded.iter_mut().zip(bytes.iter().skip(skipped)).for_each(|(to, byte)| *to = *byte);
        u128::from(u64::from_be_bytes(padded))
    };
    let (low, high, at) = (window(start), window(end), window(key));
    (u128::from(k) * at.saturating_sub(low) / (high - low)).min(u128::from(k) - 1) as u32
}

struct World {
    sampler: Writer,
    recorders: Vec<Recorder>,
    handles: BTreeMap<u64, RouteHandle>,
    labels: Vec<Label>,
    k: u32,
    /// Nothing has to be given up for want of room but columns beyond the configured number.
    roomy: bool,
    now_ms: u64,
    last_ms: u64,
    /// Live routes: bounds and group.
    live: BTreeMap<u64, (Vec<u8>, Vec<u8>, u64)>,
    terms: BTreeMap<u64, u64>,
    /// What was counted since the last flush, and by the window's end what each column has.
    counting: Cells,
    columns: BTreeMap<u64, Cells>,
    unattributed: [u64; 5],
    total: [u64; 5],
}

fn add(sum: &mut [u64; 5], op: Op, times: u64, bytes: u64) {
    sum[op as usize] += times;
    sum[op as usize + 2] += times * bytes;
}

fn words(tally: Tally) -> [u64; 5] {
    [tally.reads, tally.writes, tally.read_bytes, tally.write_bytes, tally.scans]
}

impl World {
    fn new(k: u16, labels: &[&str], history_columns: u32, tight: bool) -> World {
        let mut config = Config::default();
        config.step_ms = STEP_MS;
        // Cell by cell, so each route has slots of its own; `virtual_buckets` has the rest.
        (config.max_routes, config.max_known_routes) = (6, 0);
        config.max_draining = if tight { 8 } else { 200 };
        config.sub_buckets = k;
        config.labels = Labels::new(labels).unwrap();
        config.max_recorders = 2;
        config.shared_shards = 1;
        config.history_columns = history_columns;
        config.tiers = keyviz_core::Tiers::NONE;
        config.bound_bytes = if tight { 4096 } else { 1 << 20 };
        config.max_bound_len = 64;
        (config.cell_bytes, config.history_bytes) = (1 << 20, 8 << 20);
        let config = if tight {
            // The least that works: one page beside the shard, three columns at their largest.
            (config.cell_bytes, config.history_bytes) = (1, 1);
            while let Err(error) = config.validate() {
                let ConfigError::PoolTooSmall { field, least_bytes, .. } = error else { panic!("{error}") };
                let pool = if field == "cell_bytes" { &mut config.cell_bytes } else { &mut config.history_bytes };
                *pool = least_bytes;
            }
            config
        } else {
            config
        };
        let mut names: Vec<Label> = config.labels.iter().map(|(label, _)| label).collect();
        names.extend([Label::NONE, Label::UNKNOWN]);
        let mut sampler = Writer::new(config, 1000).unwrap();
        for group in 1..=GROUPS {
            sampler.set_term(group, 1);
        }
        World {
            recorders: (0..4).map(|_| sampler.recorder()).collect(),
            sampler,
            handles: BTreeMap::new(),
            labels: names,
            k: k.into(),
            roomy: !tight,
            now_ms: 1000,
            last_ms: 1000,
            live: BTreeMap::new(),
            terms: (0..=GROUPS).map(|g| (g, u64::from(g > 0))).collect(),
            counting: Cells::new(),
            columns: BTreeMap::new(),
            unattributed: [0; 5],
            total: [0; 5],
        }
    }

    fn count(&mut self, route: u64, label: Label, op: Op, key: &[u8], times: u64, bytes: u64) {
        add(&mut self.total, op, times, bytes);
        match self.live.get(&route) {
            Some((start, end, group)) => {
                let sub = division(start, end, key, self.k);
                let label = if label == Label::UNKNOWN { Label::NONE } else { label };
                add(self.counting.entry((route, label, sub, self.terms[group])).or_default(), op, times, bytes);
            }
            None => add(&mut self.unattributed, op, times, bytes),
        }
    }

    /// A read in the first route, and a scan in each division with keys of the range.
    fn scan(&mut self, routes: &[RouteId], scan: &Scan<'_>) {
        let Scan { start, end, bytes, times, .. } = *scan;
        let label = if scan.label == Label::UNKNOWN { Label::NONE } else { scan.label };
        if !scan.continued {
            let first = routes.first().map_or(u64::MAX, |route| route.0);
            self.count(first, label, Op::Read, start, times, bytes);
        }
        let nowhere: &[RouteId] = &[RouteId(u64::MAX)];
        for route in if routes.is_empty() { nowhere } else { routes } {
            let Some((low, high, group)) = self.live.get(&route.0) else {
                (self.total[4], self.unattributed[4]) = (self.total[4] + times, self.unattributed[4] + times);
                continue;
            };
            let first = division(low, high, start, self.k);
            let begins_below_end = |sub: &u32| {
                let bounds = self.sampler.sub_bucket_bounds(*route, *sub);
                end.is_none_or(|end| bounds.is_some_and(|(lower, _)| lower < end.to_vec()))
            };
            let last = (0..self.k).rev().find(begins_below_end).unwrap_or(0).max(first);
            for sub in first..=last {
                self.total[4] += times;
                self.counting.entry((route.0, label, sub, self.terms[group])).or_default()[4] += times;
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Register { route, width, group } => {
                let (start, end) = (bound(route, 0), bound(route, width * 7));
                if self.sampler.register(RouteId(route), &start, Some(&end), group).is_ok() {
                    self.live.entry(route).or_insert((start, end, group));
                } else {
                    assert!(!self.live.contains_key(&route));
                }
                self.accounted();
            }
            Step::Remove { route } => {
                assert_eq!(self.sampler.remove(RouteId(route)), self.live.remove(&route).is_some());
            }
            Step::Observe { recorder, route, way, label, op, ref key, value_len, times } => {
                let recorder = &self.recorders[recorder];
                let label =
                    if matches!(way, Way::Labelled) { self.labels[label % self.labels.len()] } else { Label::NONE };
                let (id, len, calls) = (RouteId(route), value_len.into(), 0..times);
                match way {
                    Way::Plain => calls.for_each(|_| recorder.observe(id, op, key, len)),
                    Way::Labelled => calls.for_each(|_| recorder.observe_labelled(id, label, op, key, len)),
                    Way::Many => recorder.observe_many(id, op, key, len, times.into()),
                    Way::Handle => {
                        let handle = self.handles.entry(route).or_insert_with(|| recorder.handle(id));
                        calls.for_each(|_| recorder.observe_handle(handle, op, key, len));
                    }
                }
                self.count(route, label, op, key, times.into(), (key.len() + usize::from(value_len)) as u64);
            }
            Step::Scan { recorder, from, routes, label, ref start, ref end, bytes, times, continued } => {
                let label = self.labels[label % self.labels.len()];
                let routes: Vec<RouteId> = (from..from + routes).map(|route| RouteId(route % ROUTES)).collect();
                let (bytes, times) = (bytes.into(), times.into());
                let scan = Scan { start, end: end.as_deref(), bytes, label, times, continued };
                self.recorders[recorder].observe_scan_routes(&routes, &scan);
                self.scan(&routes, &scan);
            }
            Step::ReplaceRecorder { recorder } => {
                self.recorders.swap_remove(recorder);
                self.recorders.push(self.sampler.recorder());
            }
            Step::SetTerm { group, term } => {
                self.sampler.set_term(group, term);
                self.terms.insert(group, term);
                self.accounted();
            }
            Step::Flush { advance_ms } => {
                self.now_ms = self.now_ms.saturating_add_signed(advance_ms);
                self.sampler.flush(self.now_ms);
                self.flushed();
                self.check();
            }
            Step::Read { series, rows, split } => self.read(Series::ALL[series], rows, split),
        }
    }

    /// What was counted went to the window that holds the middle of the time since the last flush.
    fn flushed(&mut self) {
        let now_ms = self.now_ms.max(self.last_ms);
        let window = (self.last_ms + (now_ms - self.last_ms) / 2) / STEP_MS;
        self.last_ms = now_ms;
        let column = self.columns.entry((window + 1) * STEP_MS).or_default();
        for (name, counts) in std::mem::take(&mut self.counting) {
            column.entry(name).or_default().iter_mut().zip(counts).for_each(|(sum, add)| *sum += add);
        }
    }

    /// Columns and evicted ones add up to what was recorded, at any time.
    fn accounted(&self) {
        let reader = self.sampler.reader();
        let counters = reader.counters();
        let mut found = counters.evicted;
        reader.for_each_cell(0, 0, true, |_, cell| found.add(cell.counts));
        assert_eq!(found, counters.recorded, "columns and evicted ones: {counters:?}");
    }

    /// Each column that is kept has what was counted in its time; the others were evicted.
    fn check(&self) {
        self.accounted();
        self.sampler.reads_alike();
        let reader = self.sampler.reader();
        let counters = reader.counters();
        assert_eq!(words(counters.observed), self.total);
        assert_eq!(words(counters.unattributed), self.unattributed);
        if self.roomy {
            assert_eq!(counters.terms_unsplit, 0, "{counters:?}");
        }
        let split = counters.terms_unsplit == 0;
        let mut found: BTreeMap<u64, Cells> = BTreeMap::new();
        let columns = reader.for_each_cell(0, 0, true, |column, cell| {
            let term = if split { cell.term } else { 0 };
            let column = found.entry(column.end_ms).or_default();
            let sum = column.entry((cell.route.0, cell.label, cell.sub_bucket, term)).or_default();
            sum.iter_mut().zip(words(cell.counts)).for_each(|(sum, add)| *sum += add);
        });
        assert_eq!(columns.len() as u64 + counters.columns_evicted, self.columns.len() as u64);
        for column in columns {
            let mut cells = found.remove(&column.end_ms).unwrap_or_default();
            cells.retain(|_, counts| *counts != [0; 5]);
            let mut truth = Cells::new();
            for ((route, label, sub, term), counts) in &self.columns[&column.end_ms] {
                let sum = truth.entry((*route, *label, *sub, if split { *term } else { 0 })).or_default();
                sum.iter_mut().zip(counts).for_each(|(sum, add)| *sum += add);
            }
            truth.retain(|_, counts| *counts != [0; 5]);
            assert_eq!(cells, truth, "{column:?}");
        }
    }

    /// Rows, cut and unattributed of a matrix sum to what the columns have.
    fn read(&self, series: Series, rows: usize, split_labels: bool) {
        let reader = self.sampler.reader();
        let query = MatrixQuery { series, rows, split_labels, open: true, ..MatrixQuery::default() };
        let matrix: Matrix = reader.matrix(&query);
        let mut truth = BTreeMap::new();
        reader.for_each_cell(0, 0, true, |column, cell| {
            *truth.entry(column.end_ms).or_insert(0) += cell.counts.get(series);
        });
        for (i, column) in matrix.columns.iter().enumerate() {
            let shown: u64 = matrix.rows.iter().map(|row| row.values[i]).sum();
            let sum = truth.get(&column.end_ms).copied().unwrap_or(0);
            assert_eq!(shown + matrix.cut.values[i], sum, "column {i} of {}", series.name());
        }
        assert!(matrix.rows.len() <= if rows == 0 { 1024 } else { rows });
        for row in &matrix.rows {
            for part in row.term_parts.chunk_by(|a, b| a.column == b.column) {
                let parts: u64 = part.iter().map(|p| p.value).sum();
                assert_eq!(parts, row.values[part[0].column], "parts of {}", row.bucket_id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_a_host_does(steps in steps(), k in prop_oneof![Just(1u16), Just(3)], labelled: bool, tight: bool, columns in 3u32..60) {
        let labels: &[&str] = if labelled { &["redis", "s3"] } else { &[] };
        form::each(|| {
            let mut world = World::new(k, labels, columns, tight);
            for step in &steps {
                world.step(step);
            }
            world.step(&Step::Flush { advance_ms: 250 });
        });
    }
}

/// Pool exhausted, recorders exhausted, history wrapped, all at once and counted.
#[test]
fn every_overflow_is_counted_and_exact() {
    form::each(overflow);
}

fn overflow() {
    let mut world = World::new(3, &["redis", "s3"], 4, true);
    for route in 0..6 {
        world.step(&Step::Register { route, width: 3, group: 1 });
    }
    for round in 0..60u8 {
        for route in 0..ROUTES {
            for recorder in 0..4 {
                let (label, op) = (usize::from(round) % 4, if round % 2 == 0 { Op::Write } else { Op::Read });
                let (way, key) = (Way::Labelled, bound(route, round % 20));
                world.step(&Step::Observe { recorder, route, way, label, op, key, value_len: 9, times: 2 });
            }
        }
        world.step(&Step::Flush { advance_ms: 250 });
    }
    let counters = world.sampler.reader().counters();
    assert!(counters.recorders_refused > 0 && counters.shared_ops > 0);
    assert!(counters.columns_evicted > 0 && counters.unattributed.writes > 0);
    assert!(counters.unknown_labels > 0 && counters.pages_refused > 0);
}
