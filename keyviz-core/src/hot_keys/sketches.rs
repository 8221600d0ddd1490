//! A pool of sketches, one for each of the hottest cells, apart for reads and writes.
//!
//! Which cells have one: as long as there are free ones, whichever is sampled first. A cell that is sampled and
//! has none stands among the *coming*, a Space-Saving over cells. When a column is sealed, those that came with
//! more than twice what the coldest sketch had (a decaying average of windows) take its place, so cells that are
//! about as hot do not change places at every column; and a sketch without a sample in 16 windows is free.
//! Each window begins with empty sketches, so a column's keys are those of its own time.

use crate::key_samples::KeySample;
use crate::layout::Layout;
use crate::pool::PoolMut;
use crate::random::mix;
use crate::space_saving::{Count, Counter, Entry, KeyBytes, SpaceSaving, entries, least};

/// Windows without a sample after which a sketch is free.
const IDLE: u32 = 16;
/// By how much a cell that comes is hotter than the one that goes.
const HOTTER: u64 = 2;

/// What is known of a sketch beside its counters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// The cell, with the operation in the lowest bit.
    pub(crate) slot: u64,
    /// What its samples stand for in this window, and how many there are.
    pub(crate) weight: u64,
    pub(crate) samples: u64,
    warmth: u64,
    used: u32,
    /// Windows since its last sample; [`IDLE`] and more: it is free.
    idle: u32,
}

impl Head {
    /// All zeros: what memory for sketches begins as.
    pub(crate) const BLANK: Head = Head { slot: 0, weight: 0, samples: 0, warmth: 0, used: 0, idle: 0 };
    const FREE: Head = Head { idle: u32::MAX, ..Head::BLANK };
    /// Of a sketch that had no whole window yet, there is no average.
    const NEW: Head = Head { warmth: u64::MAX, ..Head::BLANK };

    pub(crate) fn is_free(&self) -> bool {
        self.idle >= IDLE
    }
}

/// The memory of the sketches.
pub(crate) struct SketchPools<'m> {
    pub(crate) heads: PoolMut<'m, Head>,
    pub(crate) heap: PoolMut<'m, Count>,
    pub(crate) counters: PoolMut<'m, Counter>,
    pub(crate) index: PoolMut<'m, u32>,
    pub(crate) bytes: PoolMut<'m, u8>,
    /// From a slot to its sketch plus one; 0 is free.
    pub(crate) table: PoolMut<'m, u32>,
    /// Sketches in an order.
    pub(crate) order: PoolMut<'m, u32>,
    pub(crate) coming_heap: PoolMut<'m, Count>,
    pub(crate) coming_counters: PoolMut<'m, Counter>,
    pub(crate) coming_slots: PoolMut<'m, u64>,
    pub(crate) coming_index: PoolMut<'m, u32>,
}

/// All sketches.
pub(crate) struct Sketches<'m> {
    pools: SketchPools<'m>,
    /// Keys of a sketch, words of its index, bytes of a key.
    keys: usize,
    index_len: usize,
    width: usize,
    seed: u64,
    coming: u32,
    /// Samples taken in this window; of these the least and the greatest R.
    pub(crate) samples: u64,
    pub(crate) least_every: u64,
    pub(crate) most_every: u64,
    /// What samples stand for whose cells had no sketch.
    pub(crate) unlisted: u64,
}

impl<'m> Sketches<'m> {
    /// Begins in this memory, whatever stands in it.
    pub(crate) fn new(layout: &Layout, seed: u64, mut pools: SketchPools<'m>) -> Self {
        pools.heads.fill(Head::FREE);
        pools.index.fill(0);
        pools.table.fill(0);
        pools.coming_index.fill(0);
        Sketches {
            pools,
            keys: layout.sketch_keys,
            index_len: layout.sketch_keys_index(),
            width: layout.key_width(),
            seed: mix(seed),
            coming: 0,
            samples: 0,
            least_every: 0,
            most_every: 0,
            unlisted: 0,
        }
    }

    /// Bytes of it.
    pub(crate) const fn bytes(layout: &Layout) -> usize {
        let key = size_of::<Count>() + size_of::<Counter>() + layout.key_width();
        let each = size_of::<Head>() + size_of::<u32>() + size_of::<Count>() + size_of::<Counter>() + size_of::<u64>();
        let words = 2 * layout.sketch_table() + layout.sketches * layout.sketch_keys_index();
        layout.sketches * (layout.sketch_keys * key + each) + words * size_of::<u32>()
    }

    /// Counts a sample.
    pub(crate) fn add(&mut self, sample: &KeySample<'_>) {
        if self.pools.heads.is_empty() {
            return;
        }
        self.least_every = if self.samples == 0 { sample.every } else { self.least_every.min(sample.every) };
        self.most_every = self.most_every.max(sample.every);
        self.samples += 1;
        let slot = u64::from(sample.cell) << 1 | sample.op as u64;
        let Some(number) = self.find(slot).or_else(|| self.take_free(slot)) else {
            self.unlisted = self.unlisted.saturating_add(sample.weight);
            return self.coming().add(&slot, sample.weight);
        };
        if let Some(head) = self.pools.heads.get_mut(number) {
            head.weight = head.weight.saturating_add(sample.weight);
            head.samples += 1;
        }
        if let Some(mut sketch) = self.sketch(number) {
            sketch.add(sample.key, sample.weight);
        }
    }

    fn coming(&mut self) -> SpaceSaving<'_, &mut [u64]> {
        let SketchPools { coming_heap, coming_counters, coming_slots, coming_index, .. } = &mut self.pools;
        SpaceSaving {
            heap: coming_heap,
            counters: coming_counters,
            index: coming_index,
            used: &mut self.coming,
            keys: coming_slots,
        }
    }

    fn sketch(&mut self, number: usize) -> Option<SpaceSaving<'_, KeyBytes<'_>>> {
        let SketchPools { heads, heap, counters, index, bytes, .. } = &mut self.pools;
        let (keys, row) = (self.keys, self.keys * self.width);
        Some(SpaceSaving {
            heap: heap.get_mut(number * keys..(number + 1) * keys)?,
            counters: counters.get_mut(number * keys..(number + 1) * keys)?,
            index: index.get_mut(number * self.index_len..(number + 1) * self.index_len)?,
            used: &mut heads.get_mut(number)?.used,
            keys: KeyBytes {
                bytes: bytes.get_mut(number * row..(number + 1) * row)?,
                width: self.width,
                seed: self.seed,
            },
        })
    }

    fn home(&self, slot: u64) -> usize {
        mix(slot) as usize & self.pools.table.len().wrapping_sub(1)
    }

    /// The sketch of a slot.
    fn find(&self, slot: u64) -> Option<usize> {
        let mut at = self.home(slot);
        loop {
            let number = (*self.pools.table.get(at)? as usize).checked_sub(1)?;
            if self.pools.heads.get(number)?.slot == slot {
                return Some(number);
            }
            at = (at + 1) & self.pools.table.len().wrapping_sub(1);
        }
    }

    fn enter(&mut self, slot: u64, number: usize) {
        let mut at = self.home(slot);
        while self.pools.table.get(at).is_some_and(|taken| *taken != 0) {
            at = (at + 1) & self.pools.table.len().wrapping_sub(1);
        }
        self.pools.table.get_mut(at).into_iter().for_each(|to| *to = number as u32 + 1);
    }

    /// Gives a slot a sketch that is free.
    fn take_free(&mut self, slot: u64) -> Option<usize> {
        // While there are coming ones there is none free: they would have it.
        if self.coming > 0 {
            return None;
        }
        let number = self.pools.heads.iter().position(Head::is_free)?;
        self.seat(number, slot);
        self.enter(slot, number);
        Some(number)
    }

    fn seat(&mut self, number: usize, slot: u64) {
        if let Some(head) = self.pools.heads.get_mut(number) {
            *head = Head { slot, ..Head::NEW };
        }
        if let Some(mut sketch) = self.sketch(number) {
            sketch.clear();
        }
    }

    /// The sketches with samples in this window, the heaviest first.
    pub(crate) fn heaviest(&mut self) -> impl Iterator<Item = (Head, SketchView<'_>)> {
        for number in 0..self.pools.heads.len() {
            if let Some(mut sketch) = self.sketch(number) {
                sketch.sort();
            }
        }
        let SketchPools { heads, order, .. } = &mut self.pools;
        for (number, to) in order.iter_mut().enumerate() {
            *to = number as u32;
        }
        let weight = |number: &u32| heads.get(*number as usize).map_or(0, |head| head.weight);
        order.sort_unstable_by_key(|number| (u64::MAX - weight(number), *number));
        let this = &*self;
        this.pools.order.iter().filter_map(|number| {
            let number = *number as usize;
            let head = *this.pools.heads.get(number).filter(|head| head.weight > 0)?;
            let (keys, row) = (this.keys, this.keys * this.width);
            let view = SketchView {
                heap: this.pools.heap.get(number * keys..(number + 1) * keys)?,
                counters: this.pools.counters.get(number * keys..(number + 1) * keys)?,
                used: head.used,
                bytes: this.pools.bytes.get(number * row..(number + 1) * row)?,
                width: this.width,
            };
            Some((head, view))
        })
    }

    /// The window is over: hot cells get sketches, all begin anew. `lives` says whether a cell still counts for
    /// whom it did.
    pub(crate) fn turn(&mut self, lives: impl Fn(u64) -> bool) {
        // First, while it is known which have anything: most windows touch few of them.
        for number in 0..self.pools.heads.len() {
            if let Some(mut sketch) = self.sketch(number).filter(|sketch| *sketch.used > 0) {
                sketch.clear();
            }
        }
        for head in self.pools.heads.iter_mut().filter(|head| !head.is_free()) {
            head.warmth = match head.warmth {
                u64::MAX => head.weight,
                warmth => warmth / 2 + head.weight / 2,
            };
            head.idle = if head.weight > 0 { 0 } else { head.idle + 1 };
            (head.weight, head.samples) = (0, 0);
            if head.is_free() || !lives(head.slot >> 1) {
                *head = Head::FREE;
            }
        }
        self.admit(&lives);
        self.pools.table.fill(0);
        for number in 0..self.pools.heads.len() {
            if let Some(head) = self.pools.heads.get(number).filter(|head| !head.is_free()) {
                let slot = head.slot;
                self.enter(slot, number);
            }
        }
        self.coming().clear();
        (self.samples, self.least_every, self.most_every, self.unlisted) = (0, 0, 0, 0);
    }

    /// Gives the coming cells sketches: the hottest first, each in the place of the coldest while that is less
    /// than half as hot.
    fn admit(&mut self, lives: impl Fn(u64) -> bool) {
        let SketchPools { heads, order, coming_heap, coming_counters, coming_slots, .. } = &mut self.pools;
        for (number, to) in order.iter_mut().enumerate() {
            *to = number as u32;
        }
        // A free one is colder than any.
        let warmth = |number: &u32| {
            heads.get(*number as usize).map_or(0, |head| if head.is_free() { 0 } else { head.warmth + 1 })
        };
        order.sort_unstable_by_key(|number| (warmth(number), *number));
        let mut coldest = 0;
        // The heap is not needed as one any more.
        let coming = coming_heap.get_mut(..self.coming as usize).unwrap_or(&mut []);
        coming.sort_unstable_by_key(|count| core::cmp::Reverse(count.ranked()));
        for count in coming.iter() {
            let (place, sure) = (count.place(), count.sure(coming_counters));
            let Some(&slot) = coming_slots.get(place).filter(|slot| lives(**slot >> 1)) else { continue };
            let Some(head) = order.get(coldest).and_then(|number| heads.get_mut(*number as usize)) else { return };
            if !head.is_free() && sure <= head.warmth.saturating_mul(HOTTER) {
                continue;
            }
            *head = Head { slot, warmth: sure, ..Head::BLANK };
            coldest += 1;
        }
    }
}

/// A sketch to be read.
pub(crate) struct SketchView<'a> {
    heap: &'a [Count],
    counters: &'a [Counter],
    used: u32,
    bytes: &'a [u8],
    width: usize,
}

impl<'a> SketchView<'a> {
    /// The keys kept, the heaviest first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> + use<'a> {
        entries(self.heap, self.counters, self.used).rev()
    }

    /// What a key that is not kept had at the most.
    pub(crate) fn least(&self) -> u64 {
        least(self.heap, self.used)
    }

    pub(crate) fn key(&self, entry: &Entry) -> &'a [u8] {
        self.bytes.get(entry.place * self.width..).and_then(|rest| rest.get(..entry.len as usize)).unwrap_or(&[])
    }
}
