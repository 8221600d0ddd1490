//! Divisions: every way of observing counts a key in the division that the definition gives it, and the
//! bounds shown for a division hold the keys counted in it.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{Config, Label, Labels, Op, RouteId, Writer};

const ROUTE: RouteId = RouteId(1);

/// Deterministic noise (splitmix64).
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// `prefix`, then fewer than `len` bytes below `alphabet`.
    fn key(&mut self, prefix: &[u8], len: u64, alphabet: u64) -> Vec<u8> {
        let mut key = prefix.to_vec();
        key.extend((0..self.below(len)).map(|_| self.below(alphabet) as u8));
        key
    }
}

fn window(key: &[u8], from: usize) -> u128 {
    let mut bytes = [0; 8];
    for (to, byte) in bytes.iter_mut().zip(key.iter().skip(from)) {
        *to = *byte;
    }
    u64::from_be_bytes(bytes).into()
}

/// The definition: skip what the bounds have in common, take the next eight bytes as a number, and
/// divide exactly; a key outside the bounds is in the first or the last division.
fn defined(start: &[u8], end: Option<&[u8]>, key: &[u8], k: u16) -> u32 {
    let prefix = end.map_or(0, |end| start.iter().zip(end).take_while(|(a, b)| a == b).count());
    let low = window(start, prefix);
    let high = end.map_or(u64::MAX.into(), |end| window(end, prefix));
    let (span, at) = (high - low, window(key, prefix));
    if k <= 1 || span == 0 || key <= start {
        return 0;
    }
    let count = span.min(k.into());
    let index = if end.is_some_and(|end| key >= end) { count - 1 } else { count * at.saturating_sub(low) / span };
    index.min(count - 1) as u32
}

/// Bounds with and without a prefix in common, longer and shorter than the eight bytes looked at, far
/// apart and close together; keys inside, outside, and next to the bounds.
#[test]
fn every_way_of_observing_divides_alike() {
    let mut noise = Noise(3);
    let (mut checked, mut routes) = (0, 0);
    while routes < 150 {
        let sub_buckets = [2, 3, 16, 127, 128][noise.below(5) as usize];
        let labelled = noise.below(2) == 1;
        let alphabet = [2, 4, 256][noise.below(3) as usize];
        let prefix_len = noise.below(14);
        let prefix: Vec<u8> = (0..prefix_len).map(|_| noise.below(alphabet) as u8).collect();
        let mut bounds = [noise.key(&prefix, 12, alphabet), noise.key(&prefix, 12, alphabet)];
        bounds.sort();
        let [start, end] = bounds;
        if start == end {
            continue;
        }
        let end = (noise.below(7) > 0).then_some(&end[..]);
        routes += 1;

        let mut config = Config::default();
        (config.max_routes, config.max_draining) = (1, 1);
        (config.sub_buckets, config.step_ms) = (sub_buckets, 1000);
        config.labels = Labels::new(if labelled { &["redis"][..] } else { &[] }).unwrap();
        // The second recorder has no cells of its own.
        (config.max_recorders, config.shared_shards) = (1, 1);
        (config.cell_bytes, config.history_bytes, config.bound_bytes) = (4 << 20, 4 << 20, 1 << 16);
        config.prefault = false;
        let mut writer = Writer::new(config, 0).unwrap();
        writer.register(ROUTE, &start, end, 0).unwrap();
        let recorders = [writer.recorder(), writer.recorder()];
        let mut handles = recorders.each_ref().map(|recorder| recorder.handle(ROUTE));
        for at in 1..=40 {
            let key = match noise.below(12) {
                0..3 => noise.key(&[], 24, alphabet),
                3..7 => {
                    let mut key = start.clone();
                    key.resize(24, 0);
                    key[noise.below(24) as usize] = noise.below(256) as u8;
                    key
                }
                7 => start.clone(),
                8 => end.unwrap_or(&[0xff; 9]).to_vec(),
                _ => noise.key(&prefix, 24, alphabet),
            };
            let division = defined(&start, end, &key, sub_buckets);
            for (recorder, handle) in recorders.iter().zip(&mut handles) {
                recorder.observe(ROUTE, Op::Read, &key, 0);
                recorder.observe(ROUTE, Op::Write, &key, 1);
                recorder.observe_handle(handle, Op::Read, &key, 0);
                recorder.observe_many(ROUTE, Op::Read, &key, 0, 2);
                recorder.observe_labelled(ROUTE, Label::NONE, Op::Read, &key, 0);
            }
            writer.flush(at * 1000);
            let mut cells = Vec::new();
            writer.reader().for_each_cell(at * 1000, at * 1000 + 1, false, |_, cell| {
                let counts = cell.counts;
                cells.push((cell.sub_bucket, [counts.reads, counts.writes, counts.read_bytes, counts.write_bytes]));
            });
            let len = key.len() as u64;
            let expected = [(division, [10, 2, 10 * len, 2 * (len + 1)])];
            assert_eq!(cells, expected, "K {sub_buckets}, [{start:?}, {end:?}), {key:?}");

            let (lower, upper) = writer.sub_bucket_bounds(ROUTE, division).unwrap();
            if key >= start && end.is_none_or(|end| &key[..] < end) {
                assert!(lower <= key && upper.is_none_or(|upper| key < upper), "shown where it was counted: {key:?}");
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 6000);
}
