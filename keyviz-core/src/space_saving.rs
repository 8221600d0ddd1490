//! The heaviest of a stream of keys, in fixed memory: weighted Space-Saving (Metwally, Agrawal, El
//! Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005).
//!
//! `m` counters stand in a heap of four children a node, the least on top. A key that has one adds to it; a
//! new key takes a free one, or else the least, and inherits its count as its error. So `count - error <=
//! truth <= count` for every key kept, the counts sum to all that was added, and every key heavier than a
//! share of `1 / m` is kept. A sample costs at most as many steps as the heap is deep: 3 for 64 counters, 4
//! for 256. (The paper's list of equal counts takes one step where all weights are 1; with weights it walks.)
//!
//! Route ids and keys of bytes differ only in where they are kept: see [`Keys`].

/// Where the keys of a sketch are kept, each at the place of its counter.
pub(crate) trait Keys {
    type Key: ?Sized;
    /// Bits that differ where keys do.
    fn hash(&self, key: &Self::Key) -> u32;
    /// Whether the key at a place, whose length was `len`, is this one.
    fn is(&self, place: usize, len: u32, key: &Self::Key) -> bool;
    /// Puts a key at a place; returns its length.
    fn put(&mut self, place: usize, key: &Self::Key) -> u32;
}

/// A counter's count, in the heap.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    count: u64,
    place: u32,
}

impl Count {
    /// All zeros: what memory for counters begins as.
    pub(crate) const BLANK: Count = Count { count: 0, place: 0 };

    /// Where the key is kept.
    pub(crate) fn place(&self) -> usize {
        self.place as usize
    }

    /// By which counts stand in an order: the count, and where it is kept.
    pub(crate) fn ranked(&self) -> (u64, u32) {
        (self.count, self.place)
    }

    /// What the key had at the least.
    pub(crate) fn sure(&self, counters: &[Counter]) -> u64 {
        let error = counters.get(self.place()).map_or(0, |counter| counter.error);
        self.count.saturating_sub(error)
    }
}

/// What else a counter has, at its place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counter {
    error: u64,
    /// Where its count stands in the heap.
    at: u32,
    hash: u32,
    samples: u32,
    len: u32,
}

impl Counter {
    /// All zeros: what memory for counters begins as.
    pub(crate) const BLANK: Counter = Counter { error: 0, at: 0, hash: 0, samples: 0, len: 0 };
}

/// One key that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where its key is kept, and the key's length.
    pub(crate) place: usize,
    pub(crate) len: u32,
    pub(crate) count: u64,
    /// By how much `count` may be too high.
    pub(crate) error: u64,
    /// How many samples the key had since it was taken in.
    pub(crate) samples: u32,
}

/// A sketch in borrowed memory; what stands between two uses is the memory and how many counters are used.
pub(crate) struct SpaceSaving<'a, K> {
    pub(crate) heap: &'a mut [Count],
    pub(crate) counters: &'a mut [Counter],
    /// From a key to its counter's place plus one, with the hash's upper half; 0 is free. Open addressing, a
    /// power of two, at most half full; of sketches of keys, an eighth.
    pub(crate) index: &'a mut [u32],
    /// Counters in use.
    pub(crate) used: &'a mut u32,
    pub(crate) keys: K,
}

const PLACE: u32 = 0xffff;
const CHILDREN: usize = 4;

impl<K: Keys> SpaceSaving<'_, K> {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self.used = 0;
        self.index.fill(0);
    }

    /// Adds `weight` to a key.
    pub(crate) fn add(&mut self, key: &K::Key, weight: u64) {
        let hash = self.keys.hash(key);
        let slot = self.find(hash, |counter, place, keys| counter.hash == hash && keys.is(place, counter.len, key));
        if let Some(place) = self.index.get(slot).and_then(|word| place_of(*word)) {
            let Some(counter) = self.counters.get_mut(place) else { return };
            counter.samples = counter.samples.saturating_add(1);
            let at = counter.at as usize;
            let Some(count) = self.heap.get_mut(at) else { return };
            count.count = count.count.saturating_add(weight);
            return self.sink(at);
        }
        let used = *self.used as usize;
        if used < self.heap.len() {
            *self.used += 1;
            self.begin(slot, used, hash, 0, key);
            self.set(used, Count { count: weight, place: used as u32 });
            return self.rise(used);
        }
        let Some(&Count { count, place }) = self.heap.first() else { return };
        self.unindex(place as usize);
        let slot = self.find(hash, |_, _, _| false);
        self.begin(slot, place as usize, hash, count, key);
        self.set(0, Count { count: count.saturating_add(weight), place });
        self.sink(0);
    }

    /// Puts the counts in order, the least first: that is a heap, too.
    pub(crate) fn sort(&mut self) {
        let used = *self.used as usize;
        self.heap.get_mut(..used).into_iter().for_each(|heap| heap.sort_unstable_by_key(Count::ranked));
        for at in 0..used {
            if let Some(&count) = self.heap.get(at) {
                self.set(at, count);
            }
        }
    }

    /// The word of the index for a key that `is` there, or the free one where it belongs.
    #[inline]
    fn find(&self, hash: u32, is: impl Fn(&Counter, usize, &K) -> bool) -> usize {
        let mask = self.index.len().wrapping_sub(1);
        let mut slot = hash as usize & mask;
        while let Some(&word) = self.index.get(slot) {
            let Some(place) = place_of(word) else { break };
            let alike = (word ^ hash) & !PLACE == 0;
            if alike && self.counters.get(place).is_some_and(|counter| is(counter, place, &self.keys)) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Gives the counter at `place` to a key, whose word of the index is `slot`.
    fn begin(&mut self, slot: usize, place: usize, hash: u32, error: u64, key: &K::Key) {
        let len = self.keys.put(place, key);
        if let Some(counter) = self.counters.get_mut(place) {
            *counter = Counter { error, at: 0, hash, samples: 1, len };
        }
        if let Some(word) = self.index.get_mut(slot) {
            *word = (hash & !PLACE) | (place as u32 + 1);
        }
    }

    /// Takes the key at a place out of the index; later ones of its run move back.
    fn unindex(&mut self, place: usize) {
        let mask = self.index.len().wrapping_sub(1);
        let Some(hash) = self.counters.get(place).map(|counter| counter.hash as usize) else { return };
        let mut hole = hash & mask;
        while self.index.get(hole).is_some_and(|word| *word != 0 && place_of(*word) != Some(place)) {
            hole = (hole + 1) & mask;
        }
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let Some(&word) = self.index.get(next) else { break };
            let Some(first) = place_of(word).and_then(|place| self.counters.get(place)) else { break };
            let first = first.hash as usize & mask;
            if (next.wrapping_sub(first) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.index.get_mut(hole).into_iter().for_each(|to| *to = word);
                hole = next;
            }
        }
        self.index.get_mut(hole).into_iter().for_each(|to| *to = 0);
    }

    /// Puts a count at a place of the heap.
    #[inline]
    fn set(&mut self, at: usize, count: Count) {
        if let (Some(to), Some(counter)) = (self.heap.get_mut(at), self.counters.get_mut(count.place as usize)) {
            *to = count;
            counter.at = at as u32;
        }
    }

    /// Moves a counter that grew down to where its children are not less.
    fn sink(&mut self, mut at: usize) {
        let used = *self.used as usize;
        let Some(&moving) = self.heap.get(at) else { return };
        let begun = at;
        loop {
            let first = CHILDREN * at + 1;
            let children = self.heap.get(first..used.min(first + CHILDREN)).unwrap_or(&[]);
            let mut least = (moving.count, at);
            for (child, place) in children.iter().zip(first..) {
                least = if child.count < least.0 { (child.count, place) } else { least };
            }
            if least.1 == at {
                break;
            }
            let Some(&child) = self.heap.get(least.1) else { break };
            self.set(at, child);
            at = least.1;
        }
        if at != begun {
            self.set(at, moving);
        }
    }

    /// Moves a new counter up to where its parent is not greater.
    fn rise(&mut self, mut at: usize) {
        let Some(&moving) = self.heap.get(at) else { return };
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            let Some(&above) = self.heap.get(parent).filter(|above| above.count > moving.count) else { break };
            self.set(at, above);
            at = parent;
        }
        self.set(at, moving);
    }
}

/// The keys kept, in no promised order.
pub(crate) fn entries<'a>(
    heap: &'a [Count],
    counters: &'a [Counter],
    used: u32,
) -> impl DoubleEndedIterator<Item = Entry> + 'a {
    heap.get(..used as usize).unwrap_or(&[]).iter().filter_map(|count| {
        let counter = counters.get(count.place as usize)?;
        let Counter { error, samples, len, .. } = *counter;
        Some(Entry { place: count.place as usize, len, count: count.count, error, samples })
    })
}

/// What a key that is not kept had at the most.
pub(crate) fn least(heap: &[Count], used: u32) -> u64 {
    if (used as usize) < heap.len() { 0 } else { heap.first().map_or(0, |least| least.count) }
}

fn place_of(word: u32) -> Option<usize> {
    ((word & PLACE) as usize).checked_sub(1)
}

/// Numbers as keys: route ids, cells.
impl Keys for &mut [u64] {
    type Key = u64;

    fn hash(&self, key: &u64) -> u32 {
        ((key ^ (key >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
    }

    fn is(&self, place: usize, _: u32, key: &u64) -> bool {
        self.get(place) == Some(key)
    }

    fn put(&mut self, place: usize, key: &u64) -> u32 {
        self.get_mut(place).into_iter().for_each(|to| *to = *key);
        0
    }
}

/// Keys of bytes, each in a row of `width`.
pub(crate) struct KeyBytes<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) width: usize,
    /// Keeps clients from choosing keys that collide.
    pub(crate) seed: u64,
}

impl KeyBytes<'_> {
    fn at(&self, place: usize, len: usize) -> &[u8] {
        self.bytes.get(place * self.width..).and_then(|rest| rest.get(..len)).unwrap_or(&[])
    }
}

impl Keys for KeyBytes<'_> {
    type Key = [u8];

    /// Eight bytes at a time, multiplied into 128 bits and folded (as in wyhash).
    fn hash(&self, key: &[u8]) -> u32 {
        let fold = |a: u64, b: u64| {
            let product = u128::from(a) * u128::from(b);
            product as u64 ^ (product >> 64) as u64
        };
        let (whole, rest) = key.as_chunks::<8>();
        let mut state = self.seed ^ key.len() as u64;
        for bytes in whole {
            state = fold(state ^ u64::from_le_bytes(*bytes), 0xA076_1D64_78BD_642F);
        }
        let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let mixed = fold(state ^ last, 0xE703_7ED1_A0B4_28DB);
        (mixed ^ (mixed >> 32)) as u32
    }

    fn is(&self, place: usize, len: u32, key: &[u8]) -> bool {
        len as usize == key.len() && self.at(place, key.len()) == key
    }

    fn put(&mut self, place: usize, key: &[u8]) -> u32 {
        let key = key.get(..self.width).unwrap_or(key);
        if let Some(to) = self.bytes.get_mut(place * self.width..).and_then(|rest| rest.get_mut(..key.len())) {
            to.copy_from_slice(key);
        }
        key.len() as u32
    }
}

#[cfg(all(test, feature = "alloc", not(keyviz_loom)))]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// A sketch's memory.
    struct Memory {
        heap: Vec<Count>,
        counters: Vec<Counter>,
        index: Vec<u32>,
        used: u32,
        ids: Vec<u64>,
        bytes: Vec<u8>,
    }

    impl Memory {
        fn of(counters: usize) -> Self {
            Memory {
                heap: alloc::vec![Count::BLANK; counters],
                counters: alloc::vec![Counter::BLANK; counters],
                index: alloc::vec![0; (2 * counters).next_power_of_two()],
                used: 0,
                ids: alloc::vec![0; counters],
                bytes: alloc::vec![0; counters * 16],
            }
        }

        fn numbers(&mut self) -> SpaceSaving<'_, &mut [u64]> {
            let Memory { heap, counters, index, used, ids, .. } = self;
            SpaceSaving { heap, counters, index, used, keys: ids }
        }

        fn keys(&mut self) -> SpaceSaving<'_, KeyBytes<'_>> {
            let Memory { heap, counters, index, used, bytes, .. } = self;
            SpaceSaving { heap, counters, index, used, keys: KeyBytes { bytes, width: 16, seed: 3 } }
        }

        fn entries(&self) -> Vec<Entry> {
            entries(&self.heap, &self.counters, self.used).collect()
        }
    }

    /// The promises, of what `found` says of streams whose sums are `truth`.
    fn check<K: Ord + Clone + core::fmt::Debug>(
        memory: &Memory,
        truth: &BTreeMap<K, u64>,
        found: &[(K, u64, u64)],
    ) -> Result<(), TestCaseError> {
        let (total, m) = (truth.values().sum::<u64>(), memory.heap.len() as u64);
        prop_assert_eq!(found.iter().map(|(_, count, _)| count).sum::<u64>(), total);
        for (key, count, error) in found {
            let truth = truth.get(key).copied().unwrap_or(0);
            prop_assert!(count - error <= truth && truth <= *count, "{key:?}");
            prop_assert!(*error <= total / m);
        }
        for (key, count) in truth {
            let kept = found.iter().filter(|(found, ..)| found == key).count();
            prop_assert!(kept <= 1 && (kept == 1 || *count <= total / m));
            prop_assert!(kept == 1 || *count <= least(&memory.heap, memory.used));
        }
        Ok(())
    }

    /// Streams: few keys, some, any; and ones made to evict at every step.
    fn streams() -> impl Strategy<Value = Vec<(u64, u64)>> {
        let mixed = prop::collection::vec((prop_oneof![0u64..6, 0u64..200, any::<u64>()], 1u64..20), 0..800);
        let adversarial = (1u64..100).prop_map(|n| (0..800).map(|i| (i % n, 1)).collect::<Vec<_>>());
        prop_oneof![3 => mixed, 1 => adversarial]
    }

    proptest! {
        #[test]
        fn the_promises_hold_for_numbers(counters in 1usize..70, stream in streams()) {
            let mut memory = Memory::of(counters);
            let mut truth = BTreeMap::new();
            for (key, weight) in &stream {
                memory.numbers().add(key, *weight);
                *truth.entry(*key).or_insert(0u64) += weight;
            }
            let found: Vec<_> = memory.entries().iter().map(|e| (memory.ids[e.place], e.count, e.error)).collect();
            check(&memory, &truth, &found)?;
            memory.numbers().clear();
            prop_assert!(memory.entries().is_empty());
            memory.numbers().add(&9, 3);
            prop_assert_eq!(memory.entries().iter().map(|e| e.count).collect::<Vec<_>>(), [3]);
        }

        /// Also where many keys have one hash: they are told apart by their bytes.
        #[test]
        fn the_promises_hold_for_bytes(counters in 1usize..70, stream in streams()) {
            let mut memory = Memory::of(counters);
            let mut truth = BTreeMap::new();
            for (key, weight) in &stream {
                let key = key.to_be_bytes()[8 - (*key % 9) as usize..].to_vec();
                memory.keys().add(&key, *weight);
                *truth.entry(key).or_insert(0u64) += weight;
            }
            let key = |e: &Entry| memory.bytes[e.place * 16..][..e.len as usize].to_vec();
            let found: Vec<_> = memory.entries().iter().map(|e| (key(e), e.count, e.error)).collect();
            check(&memory, &truth, &found)?;
        }
    }

    /// The shares of zipf: the heaviest of 10 000 keys are kept, with the error that the paper promises.
    #[test]
    fn the_heaviest_of_zipf_are_kept() {
        let mut memory = Memory::of(64);
        let (mut truth, mut state) = (BTreeMap::new(), 1u64);
        for _ in 0..200_000 {
            state = crate::random::mix(state.wrapping_add(1));
            // Inverse of the sum of 1/rank, which is about the logarithm.
            let unit = (state >> 11) as f64 / (1u64 << 53) as f64;
            let key = (10_000f64.powf(unit) as u64).to_be_bytes();
            memory.keys().add(&key, 1);
            *truth.entry(key).or_insert(0u64) += 1;
        }
        let key = |e: &Entry| <[u8; 8]>::try_from(&memory.bytes[e.place * 16..][..8]).unwrap();
        let found: Vec<_> = memory.entries().iter().map(|e| (key(e), e.count, e.error)).collect();
        check(&memory, &truth, &found).unwrap();
        assert!(found.iter().any(|(key, ..)| *key == 1u64.to_be_bytes()));
    }
}
