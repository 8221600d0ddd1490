//! The slab of bounds: 32-byte chunks linked by number, shared by neighbours and by the history.
//!
//! The bytes are atomics, because recorders compare prefixes with them and readers copy them; the
//! reference counts belong to the writer alone. A chunk is rewritten only when nothing that a
//! recorder or a validated reader can reach refers to it.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::cmp::Ordering as Order;

#[cfg(not(keyviz_loom))]
use crate::limits::CHUNK_SIZE;
use crate::limits::{CHUNK_BYTES, PAGE_BYTES};
use crate::pool::{Pool, PoolMut};
use crate::sync::{Ordering, Word, const_fn};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// Three words of bytes (big-endian, zero-padded); then the link to the next chunk in the lower and
/// the bound's length in the upper half.
#[cfg_attr(feature = "alloc", derive(Zero))]
#[repr(C)]
pub(crate) struct Chunk([Word; 4]);

#[cfg(not(keyviz_loom))]
const _: () = assert!(size_of::<Chunk>() == CHUNK_SIZE);

impl Chunk {
    #[cfg(not(keyviz_loom))]
    pub(crate) const fn new() -> Self {
        Chunk([const { Word::new(0) }; 4])
    }
}

/// Eight-byte words of one chunk.
const CHUNK_WORDS: usize = CHUNK_BYTES / 8;

/// A bound in the slab; [`BoundRef::NONE`] is the empty bound: the lowest key as a start, unbounded
/// as an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BoundRef(pub(crate) u32);

impl BoundRef {
    pub(crate) const NONE: BoundRef = BoundRef(0);

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    const fn chunk(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

/// The slab as recorders and readers see it.
pub(crate) struct Slab {
    chunks: Pool<Chunk>,
}

impl Slab {
    const_fn! {
        pub(crate) fn new(chunks: Pool<Chunk>) -> Self {
            Slab { chunks }
        }
    }

    /// Touches every page of memory.
    pub(crate) fn prefault(&self) {
        for chunk in self.chunks.iter().step_by(PAGE_BYTES / size_of::<Chunk>()) {
            if let Some(word) = chunk.0.first() {
                word.store(0, Ordering::Relaxed);
            }
        }
    }

    fn word(&self, chunk: usize, word: usize) -> u64 {
        self.chunks.get(chunk).and_then(|c| c.0.get(word)).map_or(0, |w| w.load(Ordering::Relaxed))
    }

    fn link(&self, chunk: usize) -> (usize, usize) {
        let word = self.word(chunk, CHUNK_WORDS);
        ((word as u32) as usize, (word >> 32) as usize)
    }

    /// The bound's length in bytes.
    pub(crate) fn len(&self, bound: BoundRef) -> usize {
        bound.chunk().map_or(0, |chunk| self.link(chunk).1)
    }

    /// The bound's `index`-th eight bytes as a big-endian number, zero-padded; for an index past
    /// its end 0.
    pub(crate) fn window(&self, bound: BoundRef, index: usize) -> u64 {
        let Some(mut chunk) = bound.chunk() else { return 0 };
        if index * 8 >= self.link(chunk).1 {
            return 0;
        }
        for _ in 0..index / CHUNK_WORDS {
            chunk = self.link(chunk).0;
        }
        self.word(chunk, index % CHUNK_WORDS)
    }

    /// The eight bytes of a bound from byte `from` on as a big-endian number, zero-padded.
    pub(crate) fn window_from(&self, bound: BoundRef, from: usize) -> u64 {
        let (index, shift) = (from / 8, from % 8 * 8);
        let first = self.window(bound, index) << shift;
        if shift == 0 { first } else { first | self.window(bound, index + 1) >> (64 - shift) }
    }

    /// The bound's bytes, eight by eight as [`window`](Self::window) gives them, chunk after chunk; what
    /// comes after its end has no meaning.
    fn windows(&self, bound: BoundRef) -> impl Iterator<Item = u64> {
        let first = bound.chunk().unwrap_or(usize::MAX);
        let chunks = core::iter::successors(Some(first), |chunk| Some(self.link(*chunk).0));
        chunks.flat_map(move |chunk| (0..CHUNK_WORDS).map(move |word| self.word(chunk, word)))
    }

    /// How many first bytes two bounds have in common.
    pub(crate) fn common_prefix(&self, a: BoundRef, b: BoundRef) -> usize {
        let most = self.len(a).min(self.len(b));
        for (index, (a, b)) in self.windows(a).zip(self.windows(b)).take(most.div_ceil(8)).enumerate() {
            let differ = a ^ b;
            if differ != 0 {
                return most.min(index * 8 + differ.leading_zeros() as usize / 8);
            }
        }
        most
    }

    /// Appends the bound's bytes. A reader that races with the writer may get bytes that no bound
    /// ever had, never more than `max_len`; it validates the column afterwards.
    #[cfg(feature = "alloc")]
    pub(crate) fn copy(&self, bound: BoundRef, max_len: usize, out: &mut Vec<u8>) {
        let Some(mut chunk) = bound.chunk() else { return };
        let mut left = self.link(chunk).1.min(max_len);
        while left > 0 {
            for word in 0..CHUNK_WORDS {
                let bytes = self.word(chunk, word).to_be_bytes();
                out.extend(bytes.iter().take(left));
                left = left.saturating_sub(8);
            }
            chunk = self.link(chunk).0;
        }
    }

    /// Compares `key` with the bound, bytewise.
    pub(crate) fn compare(&self, key: &[u8], bound: BoundRef) -> Order {
        let len = self.len(bound);
        let mut chunk = bound.chunk().unwrap_or(0);
        let mut from = 0;
        while from < len {
            for word in 0..CHUNK_WORDS {
                let order = crate::key::window(key, from).cmp(&self.word(chunk, word));
                if order.is_ne() {
                    return order;
                }
                from += 8;
            }
            chunk = self.link(chunk).0;
        }
        key.len().cmp(&len)
    }

    /// Compares two bounds as keys, bytewise.
    pub(crate) fn compare_bounds(&self, a: BoundRef, b: BoundRef) -> Order {
        if a == b {
            return Order::Equal;
        }
        let (a_len, b_len) = (self.len(a), self.len(b));
        for (a, b) in self.windows(a).zip(self.windows(b)).take(a_len.min(b_len).div_ceil(8)) {
            let order = a.cmp(&b);
            if order.is_ne() {
                return order;
            }
        }
        a_len.cmp(&b_len)
    }
}

/// The writer's side: who refers to what, and what is free.
pub(crate) struct BoundCounts<'m> {
    /// Of a bound's first chunk: how many refer to it. Of a free chunk: the next free one plus one.
    refs: PoolMut<'m, u32>,
    free_head: u32,
    free: usize,
}

impl<'m> BoundCounts<'m> {
    pub(crate) fn new(mut refs: PoolMut<'m, u32>) -> Self {
        let chunks = refs.len();
        for (i, next) in refs.iter_mut().enumerate() {
            *next = if i + 1 < chunks { i as u32 + 2 } else { 0 };
        }
        BoundCounts { refs, free_head: u32::from(chunks > 0), free: chunks }
    }

    /// Chunks in use.
    pub(crate) fn used(&self) -> usize {
        self.refs.len() - self.free
    }

    /// Chunks that a bound of this length takes.
    pub(crate) const fn chunks_for(len: usize) -> usize {
        len.div_ceil(CHUNK_BYTES)
    }

    /// Whether `chunks` more can be had.
    pub(crate) fn has(&self, chunks: usize) -> bool {
        self.free >= chunks
    }

    /// Stores `bytes` with one reference; `None`, with nothing changed, when the slab is full.
    /// Empty bytes take no chunk.
    pub(crate) fn insert(&mut self, slab: &Slab, bytes: &[u8]) -> Option<BoundRef> {
        let count = Self::chunks_for(bytes.len());
        if count == 0 {
            return Some(BoundRef::NONE);
        }
        if !self.has(count) {
            return None;
        }
        let head = self.free_head;
        let mut from = 0;
        while from < bytes.len() {
            let at = self.free_head;
            let chunk = slab.chunks.get(at as usize - 1)?;
            let next_free = self.refs.get_mut(at as usize - 1)?;
            self.free_head = *next_free;
            *next_free = 0;
            self.free -= 1;
            for word in chunk.0.iter().take(CHUNK_WORDS) {
                word.store(crate::key::window(bytes, from), Ordering::Relaxed);
                from += 8;
            }
            // The next free chunk is the next chunk of this bound, as long as bytes are left.
            let next = if from < bytes.len() { u64::from(self.free_head - 1) } else { 0 };
            if let Some(link) = chunk.0.get(CHUNK_WORDS) {
                link.store(next | (bytes.len() as u64) << 32, Ordering::Relaxed);
            }
        }
        let bound = BoundRef(head);
        self.retain(bound);
        Some(bound)
    }

    /// One more refers to the bound.
    pub(crate) fn retain(&mut self, bound: BoundRef) {
        if let Some(refs) = bound.chunk().and_then(|c| self.refs.get_mut(c)) {
            *refs += 1;
        }
    }

    /// One fewer refers to the bound; the last frees its chunks.
    pub(crate) fn release(&mut self, slab: &Slab, bound: BoundRef) {
        let Some(mut chunk) = bound.chunk() else { return };
        let Some(refs) = self.refs.get_mut(chunk) else { return };
        *refs -= 1;
        if *refs > 0 {
            return;
        }
        for _ in 0..Self::chunks_for(slab.len(bound)) {
            let (next, _) = slab.link(chunk);
            if let Some(link) = self.refs.get_mut(chunk) {
                *link = self.free_head;
            }
            self.free_head = chunk as u32 + 1;
            self.free += 1;
            chunk = next;
        }
    }
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{Heap, Source};
    use proptest::prelude::*;

    fn empty(chunks: usize) -> (Slab, BoundCounts<'static>) {
        let slab = Slab::new(Heap::shared(chunks).unwrap());
        (slab, BoundCounts::new(Heap::zeroed(chunks).unwrap()))
    }

    proptest! {
        #[test]
        fn stores_compares_and_frees(bounds in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..20), key in prop::collection::vec(any::<u8>(), 0..80)) {
            let (slab, mut counts) = empty(256);
            let refs: Vec<BoundRef> = bounds.iter().map(|b| counts.insert(&slab, b).unwrap()).collect();
            for (bytes, bound) in bounds.iter().zip(&refs) {
                let mut copy = Vec::new();
                slab.copy(*bound, 1024, &mut copy);
                prop_assert_eq!(&copy, bytes);
                prop_assert_eq!(slab.compare(&key, *bound), key.as_slice().cmp(bytes.as_slice()));
                for (other_bytes, other) in bounds.iter().zip(&refs) {
                    prop_assert_eq!(slab.compare_bounds(*bound, *other), bytes.cmp(other_bytes));
                }
            }
            prop_assert_eq!(counts.used(), bounds.iter().map(|b| BoundCounts::chunks_for(b.len())).sum::<usize>());
            for bound in refs {
                counts.release(&slab, bound);
            }
            prop_assert_eq!(counts.used(), 0);
        }
    }

    #[test]
    fn full_changes_nothing() {
        let (slab, mut counts) = empty(2);
        assert!(counts.insert(&slab, &[1; 49]).is_none());
        assert_eq!(counts.used(), 0);
        assert!(counts.insert(&slab, &[1; 48]).is_some());
        assert!(counts.insert(&slab, &[1]).is_none());
    }
}
