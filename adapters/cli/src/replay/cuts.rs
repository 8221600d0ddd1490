//! Where the key space of a trace is divided into routes.

use std::cmp::Reverse;

use super::prefixes::Prefix;
use super::sample::Sample;

/// A key with this part of all operations is a row of its own. Where lighter ones were, a hot prefix would be split
/// into single keys, none of them hot.
const HEAVY_SHARE: u64 = 64;

/// Boundaries for at most `max_routes` routes, in no order.
///
/// 1. The bounds of the hot prefixes, so that each is a whole number of routes and can be told exactly.
/// 2. Quantiles of the sampled keys, each counted once however often it was drawn: a row then stands for about as
///    many keys as its neighbours, and where those few are used more, the row is hotter. Quantiles of the operations
///    would make all rows equally hot.
/// 3. Both sides of the heaviest keys, as long as there is room, so that a hot key is a row of its own.
///
/// Boundaries of 2 and 3 are the shortest separators of two neighbouring sampled keys, because boundaries are shown.
pub(crate) fn choose(sample: &Sample, prefixes: &[Prefix], max_routes: usize) -> Vec<Vec<u8>> {
    let mut cuts = Cuts { found: Vec::new(), room: max_routes.saturating_sub(1) };
    for prefix in prefixes {
        cuts.add(prefix.bytes.clone());
        if let Some(end) = prefix.end() {
            cuts.add(end);
        }
    }
    let parts = (max_routes.saturating_sub(cuts.found.len()) as u64 * 3 / 4).max(1);
    let keys = sample.keys.len() as u64;
    for part in 1..parts {
        let at = (part * keys / parts) as usize;
        if at > 0 {
            cuts.before(sample, at);
        }
    }
    let heavy = sample.total.div_ceil(HEAVY_SHARE).max(2);
    let mut places: Vec<(usize, u64)> = sample
        .keys
        .iter()
        .enumerate()
        .map(|(at, (_, weight))| (at, *weight))
        .filter(|(_, weight)| *weight >= heavy)
        .collect();
    places.sort_by_key(|(at, weight)| (Reverse(*weight), *at));
    for (at, _) in places {
        cuts.before(sample, at);
        cuts.before(sample, at + 1);
    }
    cuts.found
}

struct Cuts {
    found: Vec<Vec<u8>>,
    room: usize,
}

impl Cuts {
    fn add(&mut self, cut: Vec<u8>) {
        if !cut.is_empty() && self.found.len() < self.room && !self.found.contains(&cut) {
            self.found.push(cut);
        }
    }

    /// Cuts between the sampled key at this place and the one before it.
    fn before(&mut self, sample: &Sample, at: usize) {
        let pair = (at.checked_sub(1).and_then(|before| sample.keys.get(before)), sample.keys.get(at));
        if let (Some((before, _)), Some((key, _))) = pair {
            self.add(separator(before, key).to_vec());
        }
    }
}

/// The shortest key that is above `before` and at most `key`; `before` is below `key`.
fn separator<'a>(before: &[u8], key: &'a [u8]) -> &'a [u8] {
    let common = before.iter().zip(key).take_while(|(a, b)| a == b).count();
    key.get(..=common).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn even(count: u64) -> Sample {
        Sample { keys: (0..count).map(|n| (format!("k{n:06}").into_bytes(), 1)).collect(), total: count }
    }

    #[test]
    fn separators_are_short_and_separate() {
        assert_eq!(separator(b"apple", b"banana"), b"b");
        assert_eq!(separator(b"user:1", b"user:10"), b"user:10");
        assert_eq!(separator(b"", b"\0\0"), b"\0");
        assert_eq!(separator(b"ab", b"abcd"), b"abc");
    }

    #[test]
    fn even_keys_give_even_routes() {
        let sample = even(60_000);
        let catalog = Catalog::new(choose(&sample, &[], 512));
        assert!((380..=512).contains(&catalog.len()), "{}", catalog.len());
        let mut hits = vec![0_u64; catalog.len()];
        for (key, weight) in &sample.keys {
            hits[catalog.index_of(key)] += weight;
        }
        assert!(hits.iter().all(|hits| (100..=200).contains(hits)), "{hits:?}");
    }

    #[test]
    fn a_hot_prefix_is_hotter_than_its_neighbours() {
        // A hundred keys of ten thousand take a third of the operations.
        let mut sample = even(10_000);
        for (_, weight) in sample.keys.iter_mut().skip(4000).take(100) {
            *weight = 50;
        }
        sample.total = sample.keys.iter().map(|(_, weight)| weight).sum();
        let catalog = Catalog::new(choose(&sample, &[], 512));
        let mut hits = vec![0_u64; catalog.len()];
        for (key, weight) in &sample.keys {
            hits[catalog.index_of(key)] += weight;
        }
        let hot = hits[catalog.index_of(b"k004050")];
        hits.sort_unstable();
        assert!(hot >= 20 * hits[hits.len() / 2], "{hot} beside {}", hits[hits.len() / 2]);
    }

    #[test]
    fn a_heavy_key_is_alone() {
        let mut sample = even(1000);
        sample.keys[500].1 = 5000;
        sample.total += 4999;
        let catalog = Catalog::new(choose(&sample, &[], 64));
        assert!(catalog.len() <= 64);
        let at = catalog.index_of(b"k000500");
        assert_ne!(at, catalog.index_of(b"k000499"));
        assert_ne!(at, catalog.index_of(b"k000501"));
    }

    #[test]
    fn prefixes_are_whole_routes_and_the_cap_holds() {
        let prefix = Prefix { bytes: b"k0005".to_vec(), whole: false };
        for max in [1, 2, 3, 10, 512] {
            let cuts = choose(&even(3000), std::slice::from_ref(&prefix), max);
            assert!(cuts.len() < max.max(2), "{max}");
            assert!(max < 3 || (cuts.contains(&b"k0005".to_vec()) && cuts.contains(&b"k0006".to_vec())));
        }
    }
}
