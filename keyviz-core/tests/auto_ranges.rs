//! Ranges of the core's own making: fine where the load is, never too many, exact through every split and join.

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

use form::{Writer, each};
use keyviz_core::{
    AxisKind, Config, ConfigError, EventKind, HotKeysQuery, MatrixQuery, Op, Partition, RegisterError, RouteId, Scan,
    Series, Tally, Tiers, merge,
};

const STEP_MS: u64 = 60_000;

fn config(ranges: u32) -> Config {
    let mut config = Config::default();
    config.partition = Partition::Auto { ranges };
    config.max_recorders = 2;
    config.shared_shards = 1;
    config.prefault = false;
    config
}

/// Deterministic noise (splitmix64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Draws of one of the keys, by their weights.
struct Load {
    keys: Vec<Vec<u8>>,
    cumulated: Vec<f64>,
}

impl Load {
    fn new(keys: Vec<Vec<u8>>, weight: impl Fn(usize) -> f64) -> Load {
        let mut sum = 0.0;
        let cumulated = (0..keys.len())
            .map(|at| {
                sum += weight(at);
                sum
            })
            .collect();
        Load { keys, cumulated }
    }

    fn draw(&self, noise: &mut Noise) -> usize {
        let at = noise.part() * self.cumulated.last().unwrap();
        self.cumulated.partition_point(|sum| *sum <= at).min(self.keys.len() - 1)
    }
}

/// Zipf over the keys, the ranks strewn about.
fn zipf(keys: Vec<Vec<u8>>, exponent: f64) -> Load {
    let mut ranks: Vec<usize> = (0..keys.len()).collect();
    let mut noise = Noise(99);
    for at in (1..ranks.len()).rev() {
        ranks.swap(at, noise.below(at + 1));
    }
    Load::new(keys, |at| 1.0 / ((ranks[at] + 1) as f64).powf(exponent))
}

struct World {
    writer: Writer,
    now_ms: u64,
    noise: Noise,
    total: Tally,
    /// How often each key was observed in the last step.
    step: BTreeMap<Vec<u8>, u64>,
}

impl World {
    fn new(config: Config) -> World {
        World {
            writer: Writer::new(config, 0).unwrap(),
            now_ms: 0,
            noise: Noise(5),
            total: Tally::ZERO,
            step: BTreeMap::new(),
        }
    }

    /// Observes so many operations, and flushes at the window's end.
    fn step(&mut self, load: &Load, ops: usize) {
        let recorder = self.writer.recorder();
        self.step.clear();
        for at in 0..ops {
            let key = &load.keys[load.draw(&mut self.noise)];
            let len = self.noise.next() % 100;
            recorder.observe_key(Op::Write, key, len);
            self.total.add(Tally { writes: 1, write_bytes: key.len() as u64 + len, ..Tally::ZERO });
            *self.step.entry(key.clone()).or_default() += 1;
            if at % 1000 == 999 {
                self.writer.drain_samples();
            }
        }
        self.now_ms += STEP_MS;
        self.writer.flush(self.now_ms);
        self.accounted();
    }

    /// Everything observed is recorded, and there are no more ranges than there may be.
    fn accounted(&self) {
        let reader = self.writer.reader();
        let counters = reader.counters();
        assert_eq!((counters.observed, counters.recorded), (self.total, self.total));
        let mut found = counters.evicted;
        reader.for_each_cell(0, 0, true, |_, cell| found.add(cell.counts));
        assert_eq!(found, self.total);
        assert!(counters.routes <= u64::from(reader.config().partition.ranges()), "{counters:?}");
        assert_eq!(counters.terms_unsplit + counters.late_after_grace + counters.lookup_gave_up, 0);
    }

    /// The ranges of the last column with their writes, which are those of their keys; they tile.
    fn ranges(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>, u64)> {
        let mut ranges = Vec::new();
        let mut last = 0;
        self.writer.reader().for_each_cell(0, 0, false, |column, cell| {
            if column.end_ms > last {
                last = column.end_ms;
                ranges.clear();
            }
            ranges.push((cell.start.to_vec(), cell.end.map(<[u8]>::to_vec), cell.counts.writes));
        });
        ranges.sort();
        for pair in ranges.windows(2) {
            assert!(pair[0].1.as_ref().is_some_and(|end| *end <= pair[1].0), "overlap: {pair:?}");
        }
        for (start, end, writes) in &ranges {
            let of_keys: u64 = self.step.iter().filter(|(key, _)| within(key, start, end)).map(|(_, ops)| ops).sum();
            assert_eq!(*writes, of_keys, "{start:?} {end:?}");
        }
        ranges
    }

    /// The greatest part of the load that a range has beside its hottest key, and the same with it.
    fn greatest(&self) -> (f64, f64) {
        let total: u64 = self.step.values().sum();
        let mut greatest = (0.0f64, 0.0f64);
        for (start, end, writes) in self.ranges() {
            let hottest = self.step.iter().filter(|(key, _)| within(key, &start, &end)).map(|(_, ops)| *ops).max();
            let part = |ops: u64| ops as f64 / total as f64;
            greatest = (greatest.0.max(part(writes - hottest.unwrap_or(0))), greatest.1.max(part(writes)));
        }
        greatest
    }

    /// No range holds more than three times its share, unless one key does; and if one does, the others in its range do
    /// not.
    fn balanced(&self, ranges: u32) {
        let most = 3.0 / f64::from(ranges);
        let total: u64 = self.step.values().sum();
        for (start, end, writes) in self.ranges() {
            let hottest = self.step.iter().filter(|(key, _)| within(key, &start, &end)).map(|(_, ops)| *ops).max();
            let part = |ops: u64| ops as f64 / total as f64;
            let hottest = hottest.unwrap_or(0);
            let one_key = part(hottest) > most;
            assert!(
                part(writes) <= most || one_key && part(writes - hottest) <= most,
                "[{}, {}): {writes} of {total}, hottest key {hottest}, more than {most}",
                start.escape_ascii(),
                end.as_deref().unwrap_or(b"...").escape_ascii(),
            );
        }
    }

    /// Every boundary is the shortest key between two keys there are.
    fn separated(&self, load: &Load) {
        let mut keys = load.keys.clone();
        keys.sort();
        for (start, _, _) in self.ranges().into_iter().filter(|(start, ..)| !start.is_empty()) {
            assert!(start.len() <= 64);
            let at = keys.partition_point(|key| *key < start);
            assert!(keys[at].starts_with(&start), "a key begins with {start:?}");
            let before = &start[..start.len() - 1];
            assert!(keys[..at].iter().any(|key| key.starts_with(before)), "and {before:?} would not do");
        }
    }
}

fn within(key: &[u8], start: &[u8], end: &Option<Vec<u8>>) -> bool {
    key >= start && end.as_deref().is_none_or(|end| key < end)
}

fn decimal(count: usize, prefix: &str) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("{prefix}{n:06}").into_bytes()).collect()
}

/// Twenty steps of a steady load, then a longer one to judge by.
fn cut_evenly(ranges: u32, ops: usize) {
    let load = zipf(decimal(20_000, "user:"), 0.99);
    let mut world = World::new(config(ranges));
    for _ in 0..20 {
        world.step(&load, ops);
    }
    let before = world.writer.counters();
    world.step(&load, 10 * ops);
    world.balanced(ranges);
    world.separated(&load);
    let after = world.writer.counters();
    assert!(after.routes * 10 >= u64::from(ranges) * 9, "most ranges are in use: {}", after.routes);
    assert_eq!(after.range_changes_refused, 0);
    // It has come to rest, but for what chance brings.
    let changes = after.ranges_split - before.ranges_split;
    assert!(changes <= u64::from(ranges / 16), "{changes} splits in a step");
}

#[test]
fn a_steady_load_is_cut_evenly() {
    each(|| cut_evenly(64, 20_000));
}

#[test]
fn a_steady_load_is_cut_evenly_in_many_ranges() {
    cut_evenly(1024, 200_000);
}

#[test]
fn a_key_that_is_hotter_than_its_share_stands_alone() {
    each(|| {
        let keys = decimal(1000, "k");
        let load = Load::new(keys, |at| if at == 321 { 500.0 } else { 1.0 });
        let mut world = World::new(config(32));
        for _ in 0..20 {
            world.step(&load, 20_000);
        }
        world.step(&load, 100_000);
        world.balanced(32);
        let (rest, whole) = world.greatest();
        assert!(whole > 0.3 && rest < 3.0 / 32.0, "{rest} {whole}");
    });
}

/// Flushed several times a column, as a host does, the ranges need not wait for the column's end.
#[test]
fn the_first_column_is_fine_already() {
    each(|| {
        const RANGES: u32 = 256;
        let load = zipf(decimal(20_000, "user:"), 0.6);
        let mut world = World::new(config(RANGES));
        let recorder = world.writer.recorder();
        for part in 1..=12u64 {
            for _ in 0..5000 {
                let key = &load.keys[load.draw(&mut world.noise)];
                recorder.observe_key(Op::Write, key, 0);
                world.total.add(Tally { writes: 1, write_bytes: key.len() as u64, ..Tally::ZERO });
            }
            world.now_ms = part * STEP_MS / 12;
            world.writer.flush(world.now_ms);
            world.accounted();
        }
        let counters = world.writer.counters();
        assert!((u64::from(RANGES / 4)..=u64::from(RANGES)).contains(&counters.routes), "{}", counters.routes);
        assert_eq!(counters.range_changes_refused, 0);
        // Most of what came stands in narrow ranges.
        let mut narrow = 0;
        world.writer.reader().for_each_cell(0, 0, true, |_, cell| {
            let keys = load.keys.iter().filter(|key| within(key, cell.start, &cell.end.map(<[u8]>::to_vec))).count();
            narrow += if keys <= 20_000 / 16 { cell.counts.writes } else { 0 };
        });
        assert!(narrow * 10 >= world.total.writes * 6, "{narrow} of {}", world.total.writes);
        for _ in 0..3 {
            world.step(&load, 20_000);
        }
        world.step(&load, 200_000);
        world.balanced(RANGES);
    });
}

#[test]
fn a_hotspot_that_moves_is_followed() {
    each(|| {
        const RANGES: u32 = 64;
        let mut world = World::new(config(RANGES));
        for phase in 0..5 {
            let hot = phase * 1500..phase * 1500 + 500;
            let load = Load::new(decimal(8000, "orders/"), |at| if hot.contains(&at) { 20.0 } else { 0.1 });
            for _ in 0..12 {
                world.step(&load, 20_000);
            }
            world.balanced(RANGES);
            let fine = world.ranges().iter().filter(|(start, ..)| hot.contains(&number(start))).count();
            assert!(fine > RANGES as usize / 2, "{fine} ranges begin where it is hot");
        }
        assert!(world.writer.counters().ranges_joined > 100);
    });
}

/// The number that a boundary of decimal keys begins with.
fn number(start: &[u8]) -> usize {
    let digits = start.strip_prefix(b"orders/").unwrap_or(b"");
    (0..6).fold(0, |sum, at| sum * 10 + digits.get(at).map_or(0, |digit| usize::from(digit - b'0')))
}

#[test]
fn keys_of_every_kind() {
    each(|| {
        let mut noise = Noise(17);
        let mut bytes = |len: usize| (0..len).map(|_| noise.next() as u8).collect::<Vec<u8>>();
        let binary: Vec<Vec<u8>> = (0..3000).map(|_| bytes(16)).collect();
        let zeros: Vec<Vec<u8>> = (0..2000).map(|at| [vec![0; at % 40], bytes(at % 5)].concat()).collect();
        let lengths: Vec<Vec<u8>> = (0..2000).map(|at| bytes([0, 1, 2, 9, 63, 64, 65, 300, 5000][at % 9])).collect();
        let deep = decimal(3000, "a long way that all keys have in common/");
        let tables =
            ["a", "orders/2024/eu/", "orders/2024/us/", "users/"].iter().flat_map(|t| decimal(700, t)).collect();
        for (name, mut keys) in
            [("binary", binary), ("zeros", zeros), ("lengths", lengths), ("deep", deep), ("tables", tables)]
        {
            keys.sort();
            keys.dedup();
            let load = zipf(keys, 0.6);
            let mut world = World::new(config(48));
            for _ in 0..20 {
                world.step(&load, 10_000);
            }
            world.step(&load, 50_000);
            println!("{name}: {} ranges", world.writer.counters().routes);
            world.balanced(48);
            world.separated(&load);
        }
    });
}

/// What no separator of 64 bytes divides stays one range, and is counted.
#[test]
fn keys_alike_beyond_what_boundaries_hold() {
    each(|| {
        let load = Load::new(decimal(1000, &"x".repeat(80)), |_| 1.0);
        let mut world = World::new(config(16));
        (0..5).for_each(|_| world.step(&load, 5000));
        assert_eq!(world.writer.counters().routes, 1);
    });
}

#[test]
fn an_idle_engine_is_left_alone() {
    each(|| {
        let load = Load::new(decimal(1000, "k"), |_| 1.0);
        let mut world = World::new(config(64));
        (0..10).for_each(|_| world.step(&load, 2000));
        let before = world.writer.counters();
        (0..10).for_each(|_| world.step(&load, 0));
        let after = world.writer.counters();
        assert_eq!((after.ranges_split, after.routes), (before.ranges_split, before.routes));
    });
}

#[test]
fn the_host_names_no_routes() {
    each(|| {
        let mut writer = Writer::new(config(8), 0).unwrap();
        assert_eq!(writer.register(RouteId(1), b"a", None, 0), Err(RegisterError::AutoRanges));
        assert!(writer.split_route(RouteId(1), &[]).is_err());
        let whole = writer.reader().counters();
        assert_eq!((whole.routes, whole.register_refused), (1, 1));
        for (ranges, works) in [(0, false), (1, false), (2, true), (65_536, true), (65_537, false)] {
            let refused = config(ranges).validate();
            let out_of_range = matches!(refused, Err(ConfigError::OutOfRange { field: "partition", .. }));
            assert_eq!(!out_of_range, works, "{ranges}: {refused:?}");
        }
    });
}

/// Nobody caused a split of these: they are told once an hour, by how many there were, so that what somebody did is seen.
#[test]
fn what_follows_the_load_is_told_once_an_hour_and_by_numbers() {
    each(|| {
        let mut world = World::new(config(32));
        let watched = EventKind::new("watched").unwrap();
        world.writer.annotate(1, watched, "a");
        let moved = |world: &mut World, step: usize| {
            let load = Load::new(decimal(1000, &format!("{:02}", step / 3)), |_| 1.0);
            world.step(&load, 2000);
        };
        (0..55).for_each(|step| moved(&mut world, step));
        let kinds = |world: &World| world.writer.events(0, 0).iter().map(|e| e.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&world), [watched], "not before the hour is over");
        let early = world.writer.counters();
        assert!(early.ranges_split > 30 && early.ranges_joined > 30, "{early:?}");
        (55..130).for_each(|step| moved(&mut world, step));
        assert_eq!(kinds(&world), [watched, EventKind::SPLIT, EventKind::SPLIT]);
        let events = world.writer.events(0, 0);
        let numbers = |text: &str| -> Vec<u64> { text.split(' ').filter_map(|word| word.parse().ok()).collect() };
        let [first, second] = [1, 2].map(|at: usize| numbers(&events[at].text));
        assert_eq!(
            events[1].text,
            format!("followed the load in 60 minutes by {} splits and {} merges of ranges", first[1], first[2])
        );
        assert!(events.iter().skip(1).all(|event| event.own && event.at_ms % STEP_MS == 0), "{events:?}");
        let all = world.writer.counters();
        for (at, before, now) in
            [(1, early.ranges_split, all.ranges_split), (2, early.ranges_joined, all.ranges_joined)]
        {
            let told = first[at] + second[at];
            assert!(first[at] >= before && told > before && told <= now, "{first:?} {second:?} of {now}");
        }
        // What is quiet has nothing to tell.
        let quiet = Load::new(decimal(1000, "43"), |_| 1.0);
        (0..200).for_each(|_| world.step(&quiet, 0));
        assert!(kinds(&world).len() <= 4, "{:?}", world.writer.events(0, 0));
    });
}

/// Scans count in every range from their start to their end, and reads in the first.
#[test]
fn scans_count_in_the_ranges_they_touch() {
    each(|| {
        let load = Load::new(decimal(1000, "k"), |_| 1.0);
        let mut world = World::new(config(32));
        (0..15).for_each(|_| world.step(&load, 5000));
        let ranges = world.ranges();
        assert!(ranges.len() > 20);
        let recorder = world.writer.recorder();
        let mut touched = 0;
        let mut noise = Noise(3);
        for _ in 0..500 {
            let (start, end) = (&load.keys[noise.below(1000)], &load.keys[noise.below(1000)]);
            let (start, end) = if start <= end { (start, end) } else { (end, start) };
            recorder.observe_scan(&Scan::new(start, Some(end), 10));
            let overlaps = |(low, high, _): &&(Vec<u8>, Option<Vec<u8>>, u64)| {
                low < end && high.as_ref().is_none_or(|high| start < high)
            };
            touched += ranges.iter().filter(overlaps).count().max(1) as u64;
        }
        recorder.observe_scan(&Scan::new(b"", None, 0));
        touched += ranges.len() as u64;
        world.now_ms += STEP_MS;
        world.writer.flush(world.now_ms);
        let counters = world.writer.counters();
        assert_eq!(
            (counters.recorded.scans, counters.recorded.reads, counters.recorded.read_bytes),
            (touched, 501, 5000)
        );
        assert_eq!((counters.unattributed, counters.scan_ranges_cut), (Tally::ZERO, 0));
        let query = MatrixQuery { series: Series::Scans, axis: AxisKind::Range, ..MatrixQuery::default() };
        let matrix = world.writer.reader().matrix(&query);
        assert_eq!(matrix.rows.iter().flat_map(|row| &row.values).sum::<u64>(), touched);
    });
}

/// Two nodes with the same ranges: their rows are the same rows, and add.
#[test]
fn equal_ranges_of_two_nodes_add() {
    each(|| {
        let load = Load::new(decimal(1000, "k"), |_| 1.0);
        let node = || {
            let mut world = World::new(config(32));
            (0..8).for_each(|_| world.step(&load, 5000));
            world.writer.reader()
        };
        let (one, other) = (node(), node());
        let query = MatrixQuery::default();
        let alone = one.matrix(&query);
        let merged = merge([(0, alone.clone().into()), (1, other.matrix(&query).into())], &query).unwrap();
        assert!(merged.warnings.is_empty(), "{:?}", merged.warnings);
        assert_eq!(merged.answer.rows.len(), alone.rows.len());
        for (row, alone) in merged.answer.rows.iter().zip(&alone.rows) {
            assert_eq!(row.values, alone.values.iter().map(|value| 2 * value).collect::<Vec<u64>>());
        }
    });
}

/// Labels and divisions are those of ranges as they are of routes.
#[test]
fn labels_and_divisions() {
    each(|| {
        let mut config = config(16);
        config.labels = keyviz_core::Labels::new(&["db1"]).unwrap();
        config.sub_buckets = 4;
        let mut writer = Writer::new(config, 0).unwrap();
        let (recorder, db1) = (writer.recorder(), writer.label("db1"));
        let mut noise = Noise(8);
        for step in 1..=12 {
            for _ in 0..3000 {
                let key = noise.next().to_be_bytes();
                if noise.next().is_multiple_of(3) {
                    recorder.observe_key_labelled(db1, Op::Read, &key, 0);
                } else {
                    recorder.observe_key_many(Op::Write, &key, 2, 2);
                }
            }
            writer.flush(step * STEP_MS);
        }
        let reader = writer.reader();
        let mut sums = [Tally::ZERO; 2];
        reader.for_each_cell(0, 0, true, |_, cell| sums[usize::from(cell.label == db1)].add(cell.counts));
        let counters = reader.counters();
        assert_eq!(sums[0].writes + sums[1].reads, counters.recorded.writes + counters.recorded.reads);
        assert_eq!((sums[0].reads, sums[1].writes, sums[0].write_bytes), (0, 0, sums[0].writes * 10));
        assert!(counters.routes > 8, "{counters:?}");
    });
}

/// Every change of a range is a row of its own in the history. In a steady load there are so few of them that they take
/// no column away.
#[test]
fn a_steady_load_keeps_its_history() {
    for ops in [7000, 20_000] {
        let mut config = config(512);
        (config.step_ms, config.history_columns, config.tiers) = (1000, 600, Tiers::NONE);
        let mut writer = Writer::new(config, 0).unwrap();
        let recorder = writer.recorder();
        let load = zipf(decimal(20_000, "user:"), 0.99);
        let mut noise = Noise(11);
        for step in 1..=120u64 {
            for part in 0..4 {
                for _ in 0..ops / 4 {
                    recorder.observe_key(Op::Write, &load.keys[load.draw(&mut noise)], 0);
                }
                writer.flush(step * 1000 - 750 + part * 250);
            }
        }
        let counters = writer.counters();
        assert_eq!((counters.columns_sealed, counters.evicted), (120, Tally::ZERO));
        assert!(counters.ranges_split < 1500, "{counters:?}");
    }
}

/// A hot key stays named while its range is split and joined around it, in the open column and in past ones.
#[test]
fn a_hot_key_is_named_through_every_split() {
    each(|| {
        let mut config = config(32);
        (config.hot_keys, config.sample_every, config.max_recorders) = (true, 1, 1);
        let mut writer = Writer::new(config, 0).unwrap();
        let recorder = writer.recorder();
        let load = zipf(decimal(3000, "k"), 0.8);
        let mut noise = Noise(6);
        let mut total = 0;
        for window in 1..=12u64 {
            for part in 1..=4 {
                let mut hot = 0;
                for at in 0..3000 {
                    // A third of all, in a window of its own.
                    let key = if at % 3 == 0 {
                        format!("k{:06}x", 200 * window).into_bytes()
                    } else {
                        load.keys[load.draw(&mut noise)].clone()
                    };
                    hot += u64::from(at % 3 == 0);
                    recorder.observe_key(Op::Read, &key, 0);
                    if at % 500 == 499 {
                        writer.drain_samples();
                    }
                }
                total += hot;
                writer.flush(STEP_MS * (window - 1) + STEP_MS * part / 4);
            }
        }
        assert!(writer.counters().ranges_split > 20);
        for window in 1..=12u64 {
            let end = window * STEP_MS;
            let query = HotKeysQuery {
                from_ms: end,
                to_ms: end + 1,
                series: Series::Reads,
                ..HotKeysQuery::of_range(b"", None)
            };
            let hot = writer.reader().hot_keys(&query).unwrap();
            let (found, truth) = (&hot.keys[0], total / 12);
            assert_eq!(found.key, format!("k{:06}x", 200 * window).into_bytes());
            assert!(
                found.count - found.error <= truth && truth <= found.count + hot.error_bound,
                "{found:?} {}",
                hot.error_bound
            );
        }
    });
}
