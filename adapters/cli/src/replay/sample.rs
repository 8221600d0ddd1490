//! A fixed number of keys that stand for all.

use std::sync::Arc;

use crate::random::Random;

/// Keys kept.
const CAPACITY: usize = 1 << 16;

/// Bytes kept of one key: enough to tell ranges apart; longer keys are cut, which moves a boundary, never a count.
pub(crate) const KEY_BYTES: usize = 256;

/// The seed: fixed, so that the same file gives the same routes.
const SEED: u64 = 0x6b65_7976_697a;

/// A reservoir in which each operation of the trace has the same chance to be (Vitter's algorithm R). A record of many
/// operations stands for as many offers, made at once. At most 16 MiB of keys.
#[derive(Debug)]
pub(crate) struct Reservoir {
    keys: Vec<Arc<[u8]>>,
    random: Random,
    offered: f64,
}

impl Default for Reservoir {
    fn default() -> Reservoir {
        Reservoir { keys: Vec::new(), random: Random::new(SEED), offered: 0.0 }
    }
}

impl Reservoir {
    /// Offers a key with as many operations as its record stands for.
    pub(crate) fn offer(&mut self, key: &[u8], count: u64) {
        let free = (CAPACITY - self.keys.len()) as u64;
        let taken = count.min(free);
        let mut kept: Option<Arc<[u8]>> = None;
        let mut keep = || Arc::clone(kept.get_or_insert_with(|| key.get(..KEY_BYTES).unwrap_or(key).into()));
        self.keys.extend((0..taken).map(|_| keep()));
        self.offered += taken as f64;
        let rest = (count - taken) as f64;
        if rest == 0.0 {
            return;
        }
        // The n-th offer is taken with the chance CAPACITY/n; over `rest` offers that sums to a logarithm, and what
        // is left of a whole number is decided by chance.
        let expected = CAPACITY as f64 * (rest / self.offered).ln_1p();
        self.offered += rest;
        for _ in 0..(expected + self.random.unit()) as u64 {
            let place = self.random.below(CAPACITY as u64) as usize;
            if let Some(slot) = self.keys.get_mut(place) {
                *slot = keep();
            }
        }
    }

    /// The sample, ready to be looked at.
    pub(crate) fn sorted(&self) -> Sample {
        let mut keys: Vec<&[u8]> = self.keys.iter().map(AsRef::as_ref).collect();
        keys.sort_unstable();
        let mut sample = Sample { keys: Vec::new(), total: keys.len() as u64 };
        for key in keys {
            match sample.keys.last_mut() {
                Some((last, weight)) if last.as_slice() == key => *weight += 1,
                _ => sample.keys.push((key.to_vec(), 1)),
            }
        }
        sample
    }
}

/// Sampled keys in order, each with how often it was drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) keys: Vec<(Vec<u8>, u64)>,
    /// Sum of the weights.
    pub(crate) total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_when_there_is_more_than_fits() {
        let mut reservoir = Reservoir::default();
        for n in 0..1_000_000_u32 {
            let key = if n % 4 == 0 { b"hot".to_vec() } else { format!("cold{n}").into_bytes() };
            reservoir.offer(&key, 1);
        }
        let sample = reservoir.sorted();
        assert_eq!(sample.total, CAPACITY as u64);
        let hot = sample.keys.iter().find(|(key, _)| key == b"hot").unwrap().1 as f64 / sample.total as f64;
        assert!((0.24..0.26).contains(&hot), "{hot}");
        assert!(sample.keys.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_count_weighs_as_many_records() {
        let mut reservoir = Reservoir::default();
        for n in 0..300_000_u32 {
            reservoir.offer(b"light", 1);
            if n % 3 == 0 {
                reservoir.offer(b"heavy", 3);
            }
        }
        let sample = reservoir.sorted();
        let heavy = sample.keys.iter().find(|(key, _)| key == b"heavy").unwrap().1 as f64 / sample.total as f64;
        assert!((0.49..0.51).contains(&heavy), "{heavy}");
        reservoir.offer(b"one record", 600_000);
        let sample = reservoir.sorted();
        let last = sample.keys.iter().find(|(key, _)| key == b"one record").unwrap().1 as f64 / sample.total as f64;
        assert!((0.49..0.51).contains(&last), "{last}");
    }

    #[test]
    fn long_keys_are_cut() {
        let mut reservoir = Reservoir::default();
        reservoir.offer(&[7; 70_000], 1);
        assert_eq!(reservoir.sorted().keys[0].0.len(), KEY_BYTES);
    }
}
