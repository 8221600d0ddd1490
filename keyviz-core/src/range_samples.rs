//! Sampled keys of each range of the core's own making, for finding where to split it.
//!
//! A range keeps at most eight keys, a sample with weights (Chao 1982): a key that comes with weight `w`, when all that
//! came weigh `W`, takes the place of one of them with probability `8 w / W`. What came weighs half at each further
//! step, so most keys are of late, and a range where little happens keeps what it has.

use crate::limits::{MAX_SEPARATOR_LEN, RANGE_SAMPLES};
use crate::pool::PoolMut;
use crate::random::mix;

/// A key as far as boundaries reach: its first bytes, and zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShortKey {
    bytes: [u8; MAX_SEPARATOR_LEN],
    len: u8,
}

impl ShortKey {
    pub(crate) const EMPTY: ShortKey = ShortKey { bytes: [0; MAX_SEPARATOR_LEN], len: 0 };

    /// The first `most` bytes of a key, at most 64.
    pub(crate) fn of(key: &[u8], most: usize) -> Self {
        let mut short = Self::EMPTY;
        let len = key.len().min(most).min(MAX_SEPARATOR_LEN);
        short.bytes.iter_mut().zip(key.iter().take(len)).for_each(|(to, byte)| *to = *byte);
        short.len = len as u8;
        short
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

/// How many keys a range has, and what all that came weigh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampled {
    len: u8,
    weight: u64,
}

impl Sampled {
    pub(crate) const NONE: Sampled = Sampled { len: 0, weight: 0 };
}

/// The keys of all ranges, by the ranges' numbers.
pub(crate) struct RangeSamples<'m> {
    sampled: PoolMut<'m, Sampled>,
    keys: PoolMut<'m, ShortKey>,
    /// The longest separator.
    most: usize,
    draws: u64,
}

impl<'m> RangeSamples<'m> {
    pub(crate) fn new(mut sampled: PoolMut<'m, Sampled>, keys: PoolMut<'m, ShortKey>, most: usize, seed: u64) -> Self {
        sampled.fill(Sampled::NONE);
        RangeSamples { sampled, keys, most, draws: seed }
    }

    /// A key of a range was sampled, for so many operations.
    pub(crate) fn offer(&mut self, range: u32, key: &[u8], weight: u64) {
        let (draw, place) = (self.draw(), self.draw());
        let Some(sampled) = self.sampled.get_mut(range as usize) else { return };
        sampled.weight = sampled.weight.saturating_add(weight).max(1);
        let free = usize::from(sampled.len) < RANGE_SAMPLES;
        if !free && draw % sampled.weight >= weight.saturating_mul(RANGE_SAMPLES as u64) {
            return;
        }
        let at = if free { usize::from(sampled.len) } else { place as usize % RANGE_SAMPLES };
        sampled.len += u8::from(free);
        if let Some(to) = self.keys.get_mut(range as usize * RANGE_SAMPLES + at) {
            *to = ShortKey::of(key, self.most);
        }
    }

    /// What came so far weighs half.
    pub(crate) fn age(&mut self) {
        self.sampled.iter_mut().for_each(|sampled| sampled.weight /= 2);
    }

    /// What the keys of a range stand for, of late.
    pub(crate) fn weight(&self, range: u32) -> u64 {
        self.sampled.get(range as usize).map_or(0, |sampled| sampled.weight)
    }

    /// How many different keys a range has, and may so be split in.
    pub(crate) fn different(&self, range: u32) -> usize {
        let keys = self.of(range);
        keys.iter().enumerate().filter(|(at, key)| !keys.iter().take(*at).any(|other| other == *key)).count()
    }

    pub(crate) fn of(&self, range: u32) -> &[ShortKey] {
        let len = self.sampled.get(range as usize).map_or(0, |sampled| usize::from(sampled.len));
        let first = range as usize * RANGE_SAMPLES;
        self.keys.get(first..first + len).unwrap_or(&[])
    }

    /// The keys of a range, in order, taken from it.
    pub(crate) fn take(&mut self, range: u32) -> Taken {
        let mut taken = Taken { keys: [ShortKey::EMPTY; 2 * RANGE_SAMPLES], len: 0, weight: 0 };
        taken.add(self.of(range));
        taken.keys_mut().sort_unstable();
        if let Some(sampled) = self.sampled.get_mut(range as usize) {
            taken.weight = core::mem::replace(sampled, Sampled::NONE).weight;
        }
        taken
    }

    /// Gives a range these keys, of at most eight, which stand for so much.
    pub(crate) fn give(&mut self, range: u32, keys: &[ShortKey], weight: u64) {
        let keys = keys.get(..RANGE_SAMPLES).unwrap_or(keys);
        let first = range as usize * RANGE_SAMPLES;
        for (to, key) in self.keys.iter_mut().skip(first).zip(keys) {
            *to = *key;
        }
        if let Some(sampled) = self.sampled.get_mut(range as usize) {
            *sampled = Sampled { len: keys.len() as u8, weight };
        }
    }

    /// Joins the keys of two ranges into the first one's: of each as many as its weight asks for.
    pub(crate) fn join(&mut self, range: u32, other: u32) {
        let (mut both, others) = (self.take(range), self.take(other));
        let weight = both.weight.saturating_add(others.weight);
        let of_all =
            |weight_of: u64| (weight_of as u128 * RANGE_SAMPLES as u128).div_ceil(weight.max(1) as u128) as usize;
        let kept = if both.len + others.len > RANGE_SAMPLES {
            (both.len.min(of_all(both.weight)).max(RANGE_SAMPLES.saturating_sub(others.len)), RANGE_SAMPLES)
        } else {
            (both.len, both.len + others.len)
        };
        both.thin(kept.0);
        let mut added = others;
        added.thin(kept.1 - kept.0);
        both.add(added.keys());
        self.give(range, both.keys(), weight);
    }

    /// A random number (SplitMix64).
    fn draw(&mut self) -> u64 {
        self.draws = self.draws.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.draws)
    }
}

/// Keys taken from a range.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    keys: [ShortKey; 2 * RANGE_SAMPLES],
    len: usize,
    pub(crate) weight: u64,
}

impl Taken {
    fn add(&mut self, keys: &[ShortKey]) {
        for (to, key) in self.keys.iter_mut().skip(self.len).zip(keys) {
            *to = *key;
        }
        self.len = (self.len + keys.len()).min(self.keys.len());
    }

    pub(crate) fn keys(&self) -> &[ShortKey] {
        self.keys.get(..self.len).unwrap_or(&[])
    }

    fn keys_mut(&mut self) -> &mut [ShortKey] {
        let len = self.len.min(self.keys.len());
        self.keys.get_mut(..len).unwrap_or(&mut [])
    }

    /// Keeps `most`, evenly out of all.
    fn thin(&mut self, most: usize) {
        let len = self.len;
        if most >= len {
            return;
        }
        for at in 0..most {
            let from = (2 * at + 1) * len / (2 * most);
            if let Some(key) = self.keys.get(from).copied()
                && let Some(to) = self.keys.get_mut(at)
            {
                *to = key;
            }
        }
        self.len = most;
    }
}
