//! Hot keys: what is promised of them, asked of a whole sampler.

#![cfg(all(feature = "alloc", not(keyviz_loom)))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

mod form;

use std::collections::BTreeMap;

use keyviz_core::{Config, HotKeys, HotKeysOf, HotKeysQuery, Labels, NoHotKeys, Op, RouteId, Scan, Series, Writer};

const STEP_MS: u64 = 1000;

fn config() -> Config {
    let mut config = Config::default();
    (config.step_ms, config.hot_keys, config.seed) = (STEP_MS, true, 42);
    (config.max_routes, config.max_known_routes, config.max_recorders) = (100, 0, 2);
    config.prefault = false;
    config
}

fn exact() -> Config {
    let mut config = config();
    (config.sample_every, config.sample_bytes) = (1, 64 << 20);
    config
}

fn writer(config: &Config) -> Writer {
    let mut writer = Writer::new(config.clone(), 0).unwrap();
    for route in 0..10u8 {
        let (start, end) = ([b'a' + route], [b'b' + route]);
        writer.register(RouteId(u64::from(route) + 1), &start, Some(&end), 0).unwrap();
    }
    writer
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

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A rank of so many, the share of each falling with it.
    fn rank(&mut self, of: u64) -> u64 {
        let unit = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        (of as f64).powf(unit) as u64
    }
}

fn ask(writer: &Writer, query: &HotKeysQuery) -> Result<HotKeys, NoHotKeys> {
    writer.reader().hot_keys(query)
}

fn of(route: u64, series: Series) -> HotKeysQuery {
    HotKeysQuery { series, top: 1024, ..HotKeysQuery::of_route(RouteId(route)) }
}

/// Every key above the bound is listed, and `count - error <= truth <= count`, with R = 1, on zipf, uniform and
/// adversarial streams, reads and writes apart.
#[test]
fn with_every_operation_sampled_the_promises_are_exact() {
    form::each(|| {
        for kind in 0..3 {
            let mut writer = form::Writer::new(exact(), 0).unwrap();
            writer.register(RouteId(1), b"", None, 0).unwrap();
            let recorder = writer.recorder();
            let (mut noise, mut truth) = (Noise(kind), [BTreeMap::new(), BTreeMap::new()]);
            for i in 0..60_000u64 {
                let number = match kind {
                    0 => noise.rank(5000),
                    1 => noise.below(500),
                    _ => i % 65,
                };
                let (key, write) = (format!("key:{number}").into_bytes(), i % 3 != 0);
                recorder.observe(RouteId(1), if write { Op::Write } else { Op::Read }, &key, 7);
                *truth[usize::from(write)].entry(key).or_insert(0u64) += 1;
                if i % 5000 == 0 {
                    writer.drain_samples();
                }
            }
            writer.flush(STEP_MS);
            let reader = writer.reader();
            for (series, truth) in [(Series::Reads, &truth[0]), (Series::Writes, &truth[1])] {
                let hot = reader.hot_keys(&of(1, series)).unwrap();
                let total: u64 = truth.values().sum();
                assert_eq!((hot.operations, hot.samples, hot.most_every), (total, total, 1));
                assert!(!hot.degraded && hot.error_bound <= total / 64);
                assert_eq!(hot.keys.len(), 64);
                for key in &hot.keys {
                    let truth = truth.get(&key.key).copied().unwrap_or(0);
                    assert!(key.count - key.error <= truth && truth <= key.count, "{key:?}: {truth}");
                }
                for (key, count) in truth.iter().filter(|(_, count)| **count > hot.error_bound) {
                    assert!(hot.keys.iter().any(|hot| hot.key == **key), "{key:?} with {count}");
                }
            }
        }
    });
}

/// R adapts to a load a thousand times what the queue has room for: nothing is dropped, and the count of a key
/// with 1 % of the whole load, which is spread over ten routes, is right to 5 %.
#[test]
fn a_key_of_one_percent_is_right_to_five() {
    let mut config = config();
    config.sample_bytes = 2 * (64 << 10);
    let mut writer = writer(&config);
    let recorder = writer.recorder();
    let (mut noise, mut truth) = (Noise(5), 0u64);
    // A window of a busy thread, drained ten times a second for a minute.
    for _ in 0..600 {
        for _ in 0..20_000 {
            let hot = noise.below(100) == 0;
            truth += u64::from(hot);
            let route = if hot { 2 } else { 1 + noise.below(10) };
            let key = if hot { *b"b:the-hot-one-of-24-byte" } else { key_of(noise.below(50_000)) };
            recorder.observe(RouteId(route), Op::Write, &key, 100);
        }
        writer.drain_samples();
    }
    writer.flush(STEP_MS);
    let hot = ask(&writer, &HotKeysQuery::of_route(RouteId(2))).unwrap();
    let found = &hot.keys[0];
    assert_eq!(found.key, b"b:the-hot-one-of-24-byte");
    let off = (found.count as f64 - truth as f64).abs() / truth as f64;
    assert!(off <= 0.05, "{} for {truth}, {off}", found.count);
    assert!(hot.most_every > hot.least_every && hot.least_every == 16, "{} to {}", hot.least_every, hot.most_every);
    let counters = writer.reader().counters();
    assert_eq!((counters.key_samples_dropped, hot.degraded), (0, false));
    let (found, truth) = (hot.operations as f64, 12_000_000.0 * (0.01 + 0.099));
    assert!((found / truth - 1.0).abs() < 0.02, "{found} for {truth}");
}

fn key_of(number: u64) -> [u8; 24] {
    let mut key = *b"b:................------";
    key[2..18].copy_from_slice(format!("{number:016x}").as_bytes());
    key
}

#[test]
fn past_columns_answer_too() {
    let mut writer = writer(&exact());
    let recorder = writer.recorder();
    for window in 0..50u64 {
        let key = format!("c{window}");
        (0..100 + window).for_each(|_| recorder.observe(RouteId(3), Op::Write, key.as_bytes(), 0));
        recorder.observe(RouteId(3), Op::Write, b"c-always", 0);
        writer.flush((window + 1) * STEP_MS);
    }
    for window in [0, 7, 49u64] {
        let end = (window + 1) * STEP_MS;
        let query = HotKeysQuery { from_ms: end, to_ms: end + 1, ..HotKeysQuery::of_route(RouteId(3)) };
        let hot = ask(&writer, &query).unwrap();
        assert_eq!((hot.keys[0].key.clone(), hot.keys[0].count), (format!("c{window}").into_bytes(), 100 + window));
        assert_eq!((hot.keys.len(), hot.from_ms, hot.to_ms, hot.as_of_ms), (2, window * STEP_MS, end, end));
    }
    // Several columns add up.
    let query = HotKeysQuery { from_ms: 11_000, to_ms: 21_000, ..HotKeysQuery::of_route(RouteId(3)) };
    let hot = ask(&writer, &query).unwrap();
    let always = hot.keys.iter().find(|key| key.key == b"c-always").unwrap();
    assert_eq!((always.count, hot.operations), (10, (110..120).map(|n| n + 1).sum()));
}

/// The ring wraps many times: what is there is whole, what is gone is `expired`.
#[test]
fn what_is_kept_is_whole_and_what_is_gone_is_expired() {
    let mut config = exact();
    (config.hot_key_bytes, config.max_bound_len, config.sample_bytes) = (24 << 10, 16, 1 << 20);
    let mut writer = writer(&config);
    let recorder = writer.recorder();
    let mut noise = Noise(3);
    for window in 0..300u64 {
        for route in 0..noise.below(10) {
            let key = format!("{}:{window}:{}", (b'a' + route as u8) as char, "x".repeat(noise.below(40) as usize));
            (0..=route).for_each(|_| recorder.observe(RouteId(route + 1), Op::Write, key.as_bytes(), 0));
        }
        recorder.observe(RouteId(10), Op::Write, format!("j:{window}").as_bytes(), 0);
        writer.flush((window + 1) * STEP_MS);
    }
    let mut found = 0;
    for window in 0..300u64 {
        let end = (window + 1) * STEP_MS;
        let query = HotKeysQuery { from_ms: end, to_ms: end + 1, ..HotKeysQuery::of_range(b"", None) };
        match ask(&writer, &query) {
            Ok(hot) => {
                found += 1;
                let middle = format!(":{window}");
                assert!(hot.keys.iter().all(|key| String::from_utf8_lossy(&key.key).contains(&middle)), "{hot:?}");
            }
            Err(why) => assert_eq!((why, found), (NoHotKeys::Expired, 0), "window {window}"),
        }
    }
    assert!((8..290).contains(&found), "{found} columns kept");
}

#[test]
fn a_range_merges_what_it_touches() {
    let mut config = exact();
    config.sub_buckets = 4;
    config.labels = Labels::new(&["redis"]).unwrap();
    let mut writer = writer(&config);
    let (recorder, redis) = (writer.recorder(), writer.label("redis"));
    for (key, count) in [("a1", 5), ("azz", 9), ("b5", 7), ("c0", 3), ("c9", 8)] {
        let route = RouteId(u64::from(key.as_bytes()[0] - b'a') + 1);
        (0..count).for_each(|_| recorder.observe_labelled(route, redis, Op::Read, key.as_bytes(), 0));
        recorder.observe(route, Op::Read, key.as_bytes(), 0);
    }
    writer.flush(STEP_MS);
    let keys = |query: HotKeysQuery| {
        let hot = ask(&writer, &HotKeysQuery { series: Series::Reads, ..query }).unwrap();
        hot.keys.iter().map(|k| (String::from_utf8_lossy(&k.key).into_owned(), k.count)).collect::<Vec<_>>()
    };
    let named = |all: &[(&str, u64)]| all.iter().map(|(key, count)| (key.to_string(), *count)).collect::<Vec<_>>();
    assert_eq!(keys(HotKeysQuery::of_range(b"az", Some(b"c5"))), named(&[("azz", 10), ("b5", 8), ("c0", 4)]));
    assert_eq!(keys(HotKeysQuery::of_range(b"", None)).len(), 5);
    assert_eq!(keys(HotKeysQuery::of_route(RouteId(3))), named(&[("c9", 9), ("c0", 4)]));
    assert_eq!(keys(HotKeysQuery { top: 1, ..HotKeysQuery::of_route(RouteId(3)) }), named(&[("c9", 9)]));
    let one = |label, sub_bucket| {
        let of = HotKeysOf::Route { route: RouteId(1), label, sub_bucket };
        keys(HotKeysQuery { of, ..HotKeysQuery::of_route(RouteId(1)) })
    };
    assert_eq!(one(Some(redis), None), named(&[("azz", 9), ("a1", 5)]));
    assert_eq!(one(None, Some(0)), named(&[("a1", 6)]));
    assert_eq!(one(Some(redis), Some(1)), named(&[("azz", 9)]));
    // Nobody wrote.
    assert_eq!(ask(&writer, &of(1, Series::Writes)), Err(NoHotKeys::NoSketch));
}

#[test]
fn every_reason_for_absence() {
    let off = Writer::new(Config::default(), 0).unwrap();
    assert_eq!(ask(&off, &of(1, Series::Writes)), Err(NoHotKeys::Disabled));

    let mut config = exact();
    (config.hot_key_sketches, config.max_known_routes) = (2, 0);
    let mut writer = writer(&config);
    assert_eq!(ask(&writer, &of(1, Series::Writes)), Err(NoHotKeys::NoSnapshot));
    let recorder = writer.recorder();
    for (route, times) in [(1, 50), (2, 40), (3, 1)] {
        (0..times).for_each(|_| recorder.observe(RouteId(route), Op::Write, b"k", 0));
    }
    writer.flush(STEP_MS / 2);
    assert!(ask(&writer, &of(1, Series::Writes)).is_ok(), "the open column answers");
    writer.flush(STEP_MS);
    assert_eq!(ask(&writer, &of(3, Series::Writes)), Err(NoHotKeys::BelowThreshold));
    assert_eq!(ask(&writer, &of(77, Series::Writes)), Err(NoHotKeys::NoSketch));
    let at = |from_ms, to_ms| HotKeysQuery { from_ms, to_ms, ..of(1, Series::Writes) };
    assert_eq!(ask(&writer, &at(STEP_MS + 1, 0)), Err(NoHotKeys::OutOfSnapshotWindow));
    assert_eq!(ask(&writer, &at(1, STEP_MS)), Err(NoHotKeys::OutOfSnapshotWindow), "nothing was kept before");
    assert!(ask(&writer, &at(1, STEP_MS + 1)).is_ok());
    let codes = [NoHotKeys::Disabled, NoHotKeys::NoSketch, NoHotKeys::Expired].map(NoHotKeys::code);
    assert_eq!(codes, ["hotkeys_disabled", "no_sketch", "expired"]);
    let codes = [NoHotKeys::BelowThreshold, NoHotKeys::NoSnapshot, NoHotKeys::OutOfSnapshotWindow].map(NoHotKeys::code);
    assert_eq!(codes, ["below_threshold", "no_snapshot", "out_of_snapshot_window"]);
}

/// Sketches follow the heat, and what is about as hot does not change places.
#[test]
fn the_pool_follows_the_heat() {
    let mut config = exact();
    config.hot_key_sketches = 3;
    let mut writer = writer(&config);
    let recorder = writer.recorder();
    let mut now_ms = 0;
    let mut window = |loads: &[(u64, u64)]| {
        for (route, times) in loads {
            (0..*times).for_each(|_| recorder.observe(RouteId(*route), Op::Write, b"k", 0));
        }
        now_ms += STEP_MS;
        writer.flush(now_ms);
        (1..=10).filter(|route| ask(&writer, &at_end(*route, now_ms)).is_ok()).collect::<Vec<u64>>()
    };
    assert_eq!(window(&[(1, 100), (2, 100), (3, 100), (4, 150), (5, 5000)]), [1, 2, 3]);
    // 5 came with far more; 4 with not twice as much.
    assert_eq!(window(&[(1, 100), (2, 100), (3, 100), (4, 150), (5, 5000)]).len(), 3);
    let settled = window(&[(1, 100), (2, 100), (3, 100), (4, 150), (5, 5000)]);
    assert!(settled.contains(&5) && !settled.contains(&4), "{settled:?}");
    for _ in 0..5 {
        assert_eq!(window(&[(1, 100), (2, 100), (3, 100), (4, 150), (5, 5000)]), settled);
    }
    // The heat moves on.
    for _ in 0..20 {
        window(&[(7, 500), (8, 500), (9, 500)]);
    }
    assert_eq!(window(&[(7, 500), (8, 500), (9, 500)]), [7, 8, 9]);
}

fn at_end(route: u64, end_ms: u64) -> HotKeysQuery {
    HotKeysQuery { from_ms: end_ms, to_ms: end_ms + 1, ..of(route, Series::Writes) }
}

/// A seat that another route gets tells nothing of the first one's keys.
#[test]
fn a_routes_keys_go_with_it() {
    let mut config = exact();
    (config.max_routes, config.max_draining) = (10, 1);
    let mut writer = writer(&config);
    let recorder = writer.recorder();
    recorder.observe(RouteId(1), Op::Write, b"a-secret", 0);
    writer.flush(STEP_MS);
    assert!(writer.remove(RouteId(1)));
    let mut now_ms = STEP_MS;
    for _ in 0..12 {
        now_ms += STEP_MS;
        writer.flush(now_ms);
    }
    writer.register(RouteId(50), b"a", Some(b"b"), 0).unwrap();
    writer.register(RouteId(51), b"a", Some(b"b"), 0).unwrap_err();
    recorder.observe(RouteId(50), Op::Write, b"a-new", 0);
    writer.flush(now_ms + STEP_MS);
    let hot = ask(&writer, &at_end(50, now_ms + STEP_MS)).unwrap();
    assert_eq!(hot.keys.iter().map(|k| k.key.as_slice()).collect::<Vec<_>>(), [b"a-new"]);
}

#[test]
fn what_is_lacking_is_told() {
    let mut config = config();
    (config.max_recorders, config.max_key_len) = (1, 8);
    let mut writer = writer(&config);
    let (own, shared) = (writer.recorder(), writer.recorder());
    (0..1000).for_each(|_| own.observe(RouteId(1), Op::Write, b"a", 0));
    writer.flush(STEP_MS);
    let hot = ask(&writer, &at_end(1, STEP_MS)).unwrap();
    assert_eq!((hot.degraded, hot.too_long, hot.unsampled, hot.dropped), (false, 0, 0, 0));
    own.observe_many(RouteId(1), Op::Write, b"longer than eight", 0, 7);
    (0..1000).for_each(|_| own.observe(RouteId(1), Op::Write, b"a", 0));
    (0..5).for_each(|_| shared.observe(RouteId(1), Op::Write, b"a", 0));
    // A range that is no route's: counted apart from keys that are too long.
    own.observe_scan_routes(&[RouteId(777)], &Scan::new(b"x", None, 0));
    writer.flush(2 * STEP_MS);
    let hot = ask(&writer, &at_end(1, 2 * STEP_MS)).unwrap();
    assert_eq!((hot.degraded, hot.too_long, hot.unsampled), (true, 7, 5));
    let counters = writer.reader().counters();
    assert_eq!((counters.keys_too_long, counters.ops_unsampled, counters.unattributed.scans), (7, 5, 1));
    // The next column lacks nothing again.
    (0..1000).for_each(|_| own.observe(RouteId(1), Op::Write, b"a", 0));
    writer.flush(3 * STEP_MS);
    assert!(!ask(&writer, &at_end(1, 3 * STEP_MS)).unwrap().degraded);
}

/// A route in a virtual bucket: the bucket's keys, and the answer says so.
#[test]
fn members_have_their_buckets_keys() {
    let mut config = exact();
    (config.max_routes, config.max_known_routes, config.promote) = (2, 50, false);
    let mut writer = writer(&config);
    let recorder = writer.recorder();
    let shared: Vec<u64> = (1..=10).filter(|route| writer.bucket_of(RouteId(*route)).is_some()).collect();
    assert!(shared.len() > 5);
    for route in &shared {
        (0..*route).for_each(|_| recorder.observe(RouteId(*route), Op::Write, format!("{route}").as_bytes(), 0));
    }
    writer.flush(STEP_MS);
    let hot = ask(&writer, &of(shared[0], Series::Writes)).unwrap();
    assert!(hot.aggregate && hot.keys.iter().any(|key| key.key == format!("{}", shared[0]).as_bytes()), "{hot:?}");
}

/// Readers beside the writer: every answer is whole.
#[test]
#[cfg(feature = "std")]
fn answers_are_whole_beside_the_writer() {
    let mut config = exact();
    (config.hot_key_bytes, config.max_bound_len, config.sample_bytes) = (24 << 10, 16, 1 << 20);
    let mut writer = writer(&config);
    let (recorder, reader) = (writer.recorder(), writer.reader());
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut answers = 0u64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let query = HotKeysQuery { from_ms: 1, top: 1024, ..HotKeysQuery::of_range(b"", None) };
                let Ok(hot) = reader.hot_keys(&query) else { continue };
                for key in &hot.keys {
                    // A key says its count in each column.
                    let text = String::from_utf8(key.key.clone()).unwrap();
                    let (_, count) = text.split_once(':').unwrap();
                    assert!(key.count % count.parse::<u64>().unwrap() == 0, "{text}: {}", key.count);
                }
                answers += 1;
            }
            answers
        });
        for window in 0..2000u64 {
            for route in 0..10u64 {
                let count = 1 + (route * 7 + window) % 5;
                let key = format!("{}:{count}", (b'a' + route as u8) as char);
                (0..count).for_each(|_| recorder.observe(RouteId(route + 1), Op::Write, key.as_bytes(), 0));
            }
            writer.flush(window * STEP_MS + STEP_MS / 2);
            writer.flush((window + 1) * STEP_MS);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(reading.join().unwrap() > 10);
    });
}
