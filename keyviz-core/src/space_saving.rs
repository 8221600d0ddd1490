//! The heaviest of a stream of keys, in fixed memory: weighted Space-Saving (Metwally, Agrawal, El
//! Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005).
//!
//! `m` counters stand in a heap, the least on top. A key that has one adds to it; a new key takes a
//! free one, or else the least, and inherits its count as its error. So `count - error <= truth <=
//! count` for every key kept, the counts sum to all that was added, and every key heavier than a
//! share of `1 / m` is kept. A sample costs O(log m) at the worst.

use crate::pool::PoolMut;

/// One key that is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: u64,
    pub(crate) count: u64,
    /// By how much `count` may be too high.
    pub(crate) error: u64,
    /// How many samples the key had since it was taken in.
    pub(crate) samples: u32,
    /// Its place in the index.
    home: u32,
}

impl Entry {
    /// All zeros: what memory for counters begins as.
    pub(crate) const BLANK: Entry = Entry { key: 0, count: 0, error: 0, samples: 0, home: 0 };
}

/// The counters.
pub(crate) struct SpaceSaving<'m> {
    heap: PoolMut<'m, Entry>,
    len: usize,
    /// From a key to its place in the heap plus one; 0 is free. Open addressing, at most half full.
    index: PoolMut<'m, u32>,
}

impl<'m> SpaceSaving<'m> {
    /// The index is a power of two, and at least twice as long as the heap.
    pub(crate) fn new(heap: PoolMut<'m, Entry>, mut index: PoolMut<'m, u32>) -> Self {
        index.fill(0);
        SpaceSaving { heap, len: 0, index }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.index.fill(0);
    }

    /// The keys kept, in no promised order.
    pub(crate) fn entries(&self) -> &[Entry] {
        self.heap.get(..self.len).unwrap_or(&[])
    }

    /// Adds `weight` to a key.
    pub(crate) fn add(&mut self, key: u64, weight: u64) {
        let slot = self.find(key);
        let known = self.index.get(slot).and_then(|at| (*at as usize).checked_sub(1));
        if let Some(at) = known {
            if let Some(entry) = self.heap.get_mut(at) {
                entry.count = entry.count.saturating_add(weight);
                entry.samples = entry.samples.saturating_add(1);
            }
            return self.sink(at);
        }
        if self.len < self.heap.len() {
            let at = self.len;
            self.len += 1;
            self.place(at, Entry { key, count: weight, error: 0, samples: 1, home: slot as u32 });
            return self.rise(at);
        }
        let Some(&least) = self.heap.first() else { return };
        self.unindex(least.home as usize);
        let slot = self.find(key);
        let count = least.count.saturating_add(weight);
        self.place(0, Entry { key, count, error: least.count, samples: 1, home: slot as u32 });
        self.sink(0);
    }

    /// The place of a key in the index, or the free one where it belongs.
    fn find(&self, key: u64) -> usize {
        let mask = self.index.len() - 1;
        let mut slot = home(key) & mask;
        while let Some(at) = self.index.get(slot).and_then(|at| (*at as usize).checked_sub(1)) {
            if self.heap.get(at).is_some_and(|entry| entry.key == key) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Puts an entry at a place of the heap.
    fn place(&mut self, at: usize, entry: Entry) {
        if let Some(slot) = self.index.get_mut(entry.home as usize) {
            *slot = at as u32 + 1;
        }
        if let Some(to) = self.heap.get_mut(at) {
            *to = entry;
        }
    }

    /// Takes a key out of the index; later ones of its run move back.
    fn unindex(&mut self, slot: usize) {
        let mask = self.index.len() - 1;
        let (mut hole, mut next) = (slot, slot);
        loop {
            next = (next + 1) & mask;
            let Some(at) = self.index.get(next).and_then(|at| (*at as usize).checked_sub(1)) else { break };
            let Some(entry) = self.heap.get_mut(at) else { break };
            let first = home(entry.key) & mask;
            if (next.wrapping_sub(first) & mask) >= (next.wrapping_sub(hole) & mask) {
                entry.home = hole as u32;
                if let Some(to) = self.index.get_mut(hole) {
                    *to = at as u32 + 1;
                }
                hole = next;
            }
        }
        if let Some(to) = self.index.get_mut(hole) {
            *to = 0;
        }
    }

    fn count(&self, at: usize) -> u64 {
        self.entries().get(at).map_or(u64::MAX, |entry| entry.count)
    }

    fn swap(&mut self, a: usize, b: usize) {
        if let (Some(&at_a), Some(&at_b)) = (self.heap.get(a), self.heap.get(b)) {
            self.place(a, at_b);
            self.place(b, at_a);
        }
    }

    /// Moves a counter that grew down to where its children are not less.
    fn sink(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let least = if self.count(right) < self.count(left) { right } else { left };
            if least >= self.len || self.count(at) <= self.count(least) {
                return;
            }
            self.swap(at, least);
            at = least;
        }
    }

    /// Moves a new counter up to where its parent is not greater.
    fn rise(&mut self, mut at: usize) {
        while at > 0 && self.count(at) < self.count((at - 1) / 2) {
            self.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }
}

fn home(key: u64) -> usize {
    ((key ^ (key >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{Heap, Source};
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_promises_hold(
            counters in 1usize..40,
            stream in prop::collection::vec((prop_oneof![0u64..6, 0u64..200, any::<u64>()], 1u64..20), 0..800),
        ) {
            let heap = Heap::filled(counters, Entry::BLANK).unwrap();
            let index = Heap::zeroed((2 * counters).next_power_of_two()).unwrap();
            let mut sketch = SpaceSaving::new(heap, index);
            let mut truth = BTreeMap::new();
            for (key, weight) in &stream {
                sketch.add(*key, *weight);
                *truth.entry(*key).or_insert(0u64) += weight;
            }
            let total: u64 = truth.values().sum();
            prop_assert_eq!(sketch.entries().iter().map(|e| e.count).sum::<u64>(), total);
            for entry in sketch.entries() {
                let truth = truth.get(&entry.key).copied().unwrap_or(0);
                prop_assert!(entry.count - entry.error <= truth && truth <= entry.count);
                prop_assert!(entry.error <= total / counters as u64);
            }
            for (key, count) in truth {
                let kept = sketch.entries().iter().filter(|e| e.key == key).count();
                prop_assert!(kept <= 1 && (kept == 1 || count <= total / counters as u64));
            }
            sketch.clear();
            prop_assert!(sketch.entries().is_empty());
            sketch.add(9, 3);
            prop_assert_eq!((sketch.count(0), sketch.entries().len()), (3, 1));
        }
    }
}
