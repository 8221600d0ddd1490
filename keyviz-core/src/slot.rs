//! Seats: where a route is counted, and how its keys divide.
//!
//! A registered route owns a **seat**: `labels + 1` adjacent slots. Three arrays say of each seat
//! whose it is, in which generation, and how its range divides; they stand apart, because most
//! observations need the first alone, and 10 000 ids fit a first-level cache's neighbour where
//! 10 000 lines would not.
//!
//! The writer changes id and division only between the end of the seat's grace and its publication
//! in the table, when no recorder can be inside it; so a recorder that found the seat by its id reads
//! them without a check. Only the generation changes while the seat is known: it is raised at each
//! publication and each removal, so that a handle never outlives what it was taken for.

use core::cmp::Ordering as Order;

use crate::bounds::{BoundRef, Slab};
use crate::key::window;
use crate::layout::Layout;
use crate::pool::Pool;
use crate::sub_bucket::SubLayout;
use crate::sync::{AtomicCount, AtomicU32, HALVED, Ordering, StaticU32, Word, const_fn, narrow, wide};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// How a route's range divides, in the words below.
#[cfg_attr(feature = "alloc", derive(Zero))]
#[repr(C, align(64))]
pub(crate) struct Division([Word; 8]);

const COUNT_AND_PREFIX: usize = 0;
const START_WINDOW: usize = 1;
const SPAN: usize = 2;
const RECIPROCAL: usize = 3;
const PREFIX_WORD: usize = 4;
const PREFIX_MASK: usize = 5;
const PREFIX_BOUND: usize = 6;

impl Division {
    #[cfg(not(keyviz_loom))]
    pub(crate) const fn new() -> Self {
        Division([const { Word::new(0) }; 8])
    }

    #[expect(clippy::indexing_slicing, reason = "the constants above are below eight")]
    #[inline(always)]
    fn load(&self, word: usize) -> u64 {
        self.0[word].load(Ordering::Relaxed)
    }

    #[expect(clippy::indexing_slicing, reason = "the constants above are below eight")]
    fn store(&self, word: usize, value: u64) {
        self.0[word].store(value, Ordering::Relaxed);
    }

    fn fill(&self, layout: &SubLayout, slab: &Slab, start: BoundRef) {
        self.store(COUNT_AND_PREFIX, u64::from(layout.count) | u64::from(layout.prefix_len) << 32);
        self.store(START_WINDOW, layout.start_window);
        self.store(SPAN, layout.span);
        self.store(RECIPROCAL, layout.reciprocal);
        self.store(PREFIX_WORD, slab.window(start, 0) & prefix_mask(layout.prefix_len as usize));
        self.store(PREFIX_MASK, prefix_mask(layout.prefix_len as usize));
        self.store(PREFIX_BOUND, u64::from(start.0));
    }

    /// As [`of`](Self::of), for a key of 16 bytes or more in a range whose bounds have at most eight
    /// bytes in common, when it lies inside the range and the quotient is beyond doubt: most keys, in
    /// one straight line. `None` for all others.
    #[inline(always)]
    fn plainly_of(&self, key: &[u8]) -> Option<usize> {
        let first = u64::from_be_bytes(*key.first_chunk::<8>()?);
        if first & self.load(PREFIX_MASK) != self.load(PREFIX_WORD) {
            return None;
        }
        let prefix_len = (self.load(COUNT_AND_PREFIX) >> 32) as usize;
        let behind = u64::from_be_bytes(*key.first_chunk::<16>()?.get(prefix_len..)?.first_chunk::<8>()?);
        let distance = behind.wrapping_sub(self.load(START_WINDOW));
        if distance >= self.load(SPAN) {
            return None;
        }
        let product = u128::from(distance) * u128::from(self.load(RECIPROCAL));
        (product as u64).checked_add(distance)?;
        Some((product >> 64) as usize)
    }

    /// The division that `key` falls into, judged on the whole key.
    fn of(&self, slab: &Slab, key: &[u8]) -> usize {
        self.by_window(slab, key, window)
    }

    /// The last division that has keys below `end`.
    fn last_below(&self, slab: &Slab, end: &[u8]) -> usize {
        self.by_window(slab, end, |end, prefix_len| {
            // A key below `end` can have its window where `end` goes on beyond it, or ends in a zero byte.
            let shared = end.len() > prefix_len + 8 || end.last() == Some(&0);
            window(end, prefix_len).saturating_sub(u64::from(!shared))
        })
    }

    fn by_window(&self, slab: &Slab, key: &[u8], window: impl FnOnce(&[u8], usize) -> u64) -> usize {
        let count = self.load(COUNT_AND_PREFIX);
        let layout = SubLayout {
            count: count as u32,
            prefix_len: (count >> 32) as u32,
            start_window: self.load(START_WINDOW),
            span: self.load(SPAN),
            reciprocal: self.load(RECIPROCAL),
        };
        if layout.count <= 1 {
            return 0;
        }
        let prefix_len = layout.prefix_len as usize;
        if prefix_len > 0 {
            let order = self.compare_prefix(slab, key, prefix_len);
            if order.is_lt() {
                return 0;
            }
            if order.is_gt() {
                return layout.count as usize - 1;
            }
        }
        layout.index(window(key, prefix_len)) as usize
    }

    /// Compares the key's first bytes with the common prefix of the seat's bounds. The first eight
    /// stand here; the others are read from the start's chunks.
    fn compare_prefix(&self, slab: &Slab, key: &[u8], prefix_len: usize) -> Order {
        let first = window(key, 0) & prefix_mask(prefix_len);
        let order = first.cmp(&self.load(PREFIX_WORD));
        if prefix_len <= 8 || order.is_ne() {
            return order;
        }
        let start = BoundRef(self.load(PREFIX_BOUND) as u32);
        for index in 1..prefix_len.div_ceil(8) {
            let mask = prefix_mask(prefix_len - index * 8);
            let order = (window(key, index * 8) & mask).cmp(&(slab.window(start, index) & mask));
            if order.is_ne() {
                return order;
            }
        }
        Order::Equal
    }
}

/// All seats.
pub(crate) struct Seats {
    /// This sampler's number, which no other has; in the upper half of a generation as handles know it.
    sampler: AtomicU32,
    ids: Pool<Word>,
    /// With the sampler's number in the upper half, where there is one.
    generations: Pool<AtomicCount>,
    /// Empty when routes are not divided.
    divisions: Pool<Division>,
}

impl Seats {
    /// Bytes of all three arrays.
    pub(crate) const fn bytes(layout: &Layout) -> usize {
        let each = size_of::<Word>() + size_of::<AtomicCount>();
        layout.seats * each + layout.divisions() * size_of::<Division>()
    }

    const_fn! {
        pub(crate) fn new(ids: Pool<Word>, generations: Pool<AtomicCount>, divisions: Pool<Division>) -> Self {
            Seats { sampler: AtomicU32::new(0), ids, generations, divisions }
        }
    }

    /// Takes a number that no other sampler has.
    pub(crate) fn begin(&self) {
        static SAMPLERS: StaticU32 = StaticU32::new(1);
        let sampler = SAMPLERS.fetch_add(1, Ordering::Relaxed);
        self.sampler.store(sampler, Ordering::Relaxed);
        if !HALVED {
            for generation in self.generations.iter() {
                generation.store(narrow(u64::from(sampler) << 32), Ordering::Relaxed);
            }
        }
    }

    /// The route that owns a seat; what a free seat says has no meaning.
    #[inline(always)]
    pub(crate) fn route(&self, seat: usize) -> Option<u64> {
        Some(self.ids.get(seat)?.load(Ordering::Relaxed))
    }

    #[inline(always)]
    pub(crate) fn generation(&self, seat: usize) -> Option<u64> {
        let generation = wide(self.generations.get(seat)?.load(Ordering::Acquire));
        let sampler = if HALVED { u64::from(self.sampler.load(Ordering::Relaxed)) << 32 } else { 0 };
        Some(generation | sampler)
    }

    /// Fills a seat that no recorder can reach.
    pub(crate) fn fill(&self, seat: usize, route: u64, layout: &SubLayout, slab: &Slab, start: BoundRef) {
        if let Some(id) = self.ids.get(seat) {
            id.store(route, Ordering::Relaxed);
        }
        if let Some(division) = self.divisions.get(seat) {
            division.fill(layout, slab, start);
        }
    }

    /// Gives a virtual bucket's seat its id, for readers.
    pub(crate) fn name_bucket(&self, seat: usize, id: u64) {
        if let Some(word) = self.ids.get(seat) {
            word.store(id, Ordering::Relaxed);
        }
    }

    /// Makes every handle to a seat stale.
    pub(crate) fn raise_generation(&self, seat: usize) {
        if let Some(generation) = self.generations.get(seat) {
            let now = generation.load(Ordering::Relaxed);
            let next = (wide(now) as u32).wrapping_add(1);
            let sampler = wide(now) & !u64::from(u32::MAX);
            generation.store(narrow(sampler | u64::from(next)), Ordering::Release);
        }
    }

    /// As [`sub_bucket`](Self::sub_bucket), for most keys; `None` for the others.
    #[inline(always)]
    pub(crate) fn plain_sub_bucket(&self, seat: usize, key: &[u8]) -> Option<usize> {
        self.divisions.get(seat)?.plainly_of(key)
    }

    /// The last division of a seat's route.
    pub(crate) fn last_division(&self, seat: usize) -> usize {
        self.divisions
            .get(seat)
            .map_or(0, |division| (division.load(COUNT_AND_PREFIX) as u32 as usize).saturating_sub(1))
    }

    /// The last division of a seat's route with keys below `end`.
    pub(crate) fn last_sub_bucket(&self, seat: usize, slab: &Slab, end: &[u8]) -> usize {
        self.divisions.get(seat).map_or(0, |division| division.last_below(slab, end))
    }

    /// The division of a seat's route that a key falls into.
    #[inline(never)]
    pub(crate) fn sub_bucket(&self, seat: usize, slab: &Slab, key: &[u8]) -> usize {
        let Some(division) = self.divisions.get(seat) else { return 0 };
        division.of(slab, key)
    }
}

/// The bits of a window that lie within the first `len` bytes.
#[inline(always)]
const fn prefix_mask(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { !(u64::MAX >> (len * 8)) }
}
