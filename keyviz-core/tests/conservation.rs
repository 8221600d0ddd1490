//! Nothing is lost, nothing is counted twice: whatever a host does, what was observed stands in the
//! columns, among the unattributed, or among the evicted, in the cell where it belongs. The truth is
//! kept by the test.

#![cfg(feature = "alloc")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]

use std::collections::BTreeMap;

use keyviz_core::{
    Config, Label, Labels, Matrix, MatrixQuery, Op, Recorder, RouteHandle, RouteId, Series, Tally, Writer,
};
use proptest::prelude::*;

const ROUTES: u64 = 10;
const GROUPS: u64 = 3;

/// A cell by its names: route, label, sub-bucket, term.
type CellName = (u64, Label, u32, u64);

#[derive(Clone, Debug)]
enum Step {
    Register { route: u64, width: u8, group: u64 },
    Remove { route: u64 },
    Observe { recorder: usize, route: u64, label: usize, write: bool, key: u8, value_len: u16, times: u8 },
    Handle { recorder: usize, route: u64 },
    ReplaceRecorder { recorder: usize },
    SetTerm { group: u64, term: u64 },
    Flush { advance_ms: i64 },
    Read { series: usize, rows: usize, split: bool },
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
        12 => (0usize..4, 0..ROUTES, 0usize..4, any::<bool>(), any::<u8>(), any::<u16>(), 1u8..5).prop_map(
            |(recorder, route, label, write, key, value_len, times)| Step::Observe { recorder, route, label, write, key, value_len, times }
        ),
        4 => (0usize..4, 0..ROUTES).prop_map(|(recorder, route)| Step::Handle { recorder, route }),
        1 => (0usize..4).prop_map(|recorder| Step::ReplaceRecorder { recorder }),
        2 => (1..=GROUPS, 1u64..4).prop_map(|(group, term)| Step::SetTerm { group, term }),
        5 => flush.prop_map(|advance_ms| Step::Flush { advance_ms }),
        1 => (0usize..5, 0usize..6, any::<bool>()).prop_map(|(series, rows, split)| Step::Read { series, rows, split }),
    ];
    prop::collection::vec(step, 1..250)
}

struct World {
    sampler: Writer,
    recorders: Vec<Recorder>,
    handles: BTreeMap<u64, RouteHandle>,
    labels: Vec<Label>,
    k: u32,
    now_ms: u64,
    /// Live routes: bounds and group.
    live: BTreeMap<u64, (Vec<u8>, Vec<u8>, u64)>,
    terms: BTreeMap<u64, u64>,
    cells: BTreeMap<CellName, [u64; 4]>,
    unattributed: [u64; 4],
    total: [u64; 4],
}

fn add(sum: &mut [u64; 4], op: Op, times: u64, bytes: u64) {
    sum[op as usize] += times;
    sum[op as usize + 2] += times * bytes;
}

fn words(tally: Tally) -> [u64; 4] {
    [tally.reads, tally.writes, tally.read_bytes, tally.write_bytes]
}

impl World {
    fn new(k: u16, labels: &[&str], history_columns: u32, tight: bool) -> World {
        let mut config = Config::default();
        config.step_ms = 250;
        config.max_routes = 6;
        config.max_draining = 8;
        config.sub_buckets = k;
        config.labels = Labels::new(labels).unwrap();
        config.max_recorders = 2;
        config.shared_shards = 1;
        config.history_columns = history_columns;
        config.bound_bytes = 4096;
        config.max_bound_len = 64;
        let config = if tight {
            // The least that works: one page beside the shard, three columns at their largest.
            (1..)
                .find_map(|kib| {
                    let mut config = config.clone();
                    (config.cell_bytes, config.history_bytes) = (kib * 1024, kib * 1024);
                    config.validate().ok().map(|()| config)
                })
                .unwrap()
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
            now_ms: 1000,
            live: BTreeMap::new(),
            terms: (0..=GROUPS).map(|g| (g, u64::from(g > 0))).collect(),
            cells: BTreeMap::new(),
            unattributed: [0; 4],
            total: [0; 4],
        }
    }

    /// Which division a key is in, by the definition rather than by the code under test.
    fn sub_bucket(&self, start: &[u8], end: &[u8], key: &[u8]) -> u32 {
        let window = |bytes: &[u8]| {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            u128::from(u64::from_be_bytes(padded))
        };
        // Bounds here are one byte long and differ in it: the common prefix is empty.
        let (low, high, at) = (window(start), window(end), window(key));
        let span = high - low;
        (u128::from(self.k) * at.saturating_sub(low) / span).min(u128::from(self.k) - 1) as u32
    }

    fn count(&mut self, route: u64, label: Label, op: Op, key: &[u8], times: u64, bytes: u64) {
        add(&mut self.total, op, times, bytes);
        match self.live.get(&route) {
            Some((start, end, group)) => {
                let sub = self.sub_bucket(start, end, key);
                let label = if label == Label::UNKNOWN { Label::NONE } else { label };
                add(self.cells.entry((route, label, sub, self.terms[group])).or_default(), op, times, bytes);
            }
            None => add(&mut self.unattributed, op, times, bytes),
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Register { route, width, group } => {
                let start = vec![route as u8 * 20];
                let end = vec![route as u8 * 20 + width * 7];
                if self.sampler.register(RouteId(route), &start, Some(&end), group).is_ok() {
                    self.live.entry(route).or_insert((start, end, group));
                } else {
                    assert!(!self.live.contains_key(&route));
                }
            }
            Step::Remove { route } => {
                assert_eq!(self.sampler.remove(RouteId(route)), self.live.remove(&route).is_some());
            }
            Step::Observe { recorder, route, label, write, key, value_len, times } => {
                let op = if write { Op::Write } else { Op::Read };
                let label = self.labels[label % self.labels.len()];
                for _ in 0..times {
                    self.recorders[recorder].observe_labelled(RouteId(route), label, op, &[key], value_len.into());
                }
                self.count(route, label, op, &[key], times.into(), 1 + u64::from(value_len));
            }
            Step::Handle { recorder, route } => {
                let recorder = &self.recorders[recorder];
                let handle = self.handles.entry(route).or_insert_with(|| recorder.handle(RouteId(route)));
                recorder.observe_handle(handle, Op::Read, &[7], 3);
                self.count(route, Label::NONE, Op::Read, &[7], 1, 4);
            }
            Step::ReplaceRecorder { recorder } => {
                self.recorders.swap_remove(recorder);
                self.recorders.push(self.sampler.recorder());
            }
            Step::SetTerm { group, term } => {
                self.sampler.set_term(group, term);
                self.terms.insert(group, term);
            }
            Step::Flush { advance_ms } => {
                self.now_ms = self.now_ms.saturating_add_signed(advance_ms);
                self.sampler.flush(self.now_ms);
                self.check();
            }
            Step::Read { series, rows, split } => self.read(Series::ALL[series], rows, split),
        }
    }

    fn check(&self) {
        let reader = self.sampler.reader();
        let counters = reader.counters();
        assert_eq!(words(counters.observed), self.total);
        assert_eq!(words(counters.unattributed), self.unattributed);
        let mut cells: BTreeMap<CellName, [u64; 4]> = BTreeMap::new();
        let mut kept = [0; 4];
        reader.for_each_cell(0, 0, true, |_, cell| {
            let counts = words(cell.counts);
            let sum = cells.entry((cell.route.0, cell.label, cell.sub_bucket, cell.term)).or_default();
            for ((sum, kept), add) in sum.iter_mut().zip(&mut kept).zip(counts) {
                *sum += add;
                *kept += add;
            }
        });
        for ((kept, evicted), recorded) in kept.into_iter().zip(words(counters.evicted)).zip(words(counters.recorded)) {
            assert_eq!(kept + evicted, recorded, "columns and evicted ones");
        }
        if counters.columns_evicted == 0 && counters.terms_unsplit == 0 {
            cells.retain(|_, counts| *counts != [0; 4]);
            assert_eq!(cells, self.cells);
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
        let mut world = World::new(k, labels, columns, tight);
        for step in &steps {
            world.step(step);
        }
        world.step(&Step::Flush { advance_ms: 250 });
    }
}

/// Pool exhausted, recorders exhausted, history wrapped, all at once and counted.
#[test]
fn every_overflow_is_counted_and_exact() {
    let mut world = World::new(3, &["redis", "s3"], 4, true);
    for route in 0..6 {
        world.step(&Step::Register { route, width: 3, group: 1 });
    }
    for round in 0..60u8 {
        for route in 0..ROUTES {
            for recorder in 0..4 {
                let (label, write) = (usize::from(round) % 4, round % 2 == 0);
                let key = (route * 20) as u8 + round % 20;
                world.step(&Step::Observe { recorder, route, label, write, key, value_len: 9, times: 2 });
            }
        }
        world.step(&Step::Flush { advance_ms: 250 });
    }
    let counters = world.sampler.reader().counters();
    assert!(counters.recorders_refused > 0 && counters.shared_ops > 0);
    assert!(counters.columns_evicted > 0 && counters.unattributed.writes > 0);
    assert!(counters.unknown_labels > 0);
}
