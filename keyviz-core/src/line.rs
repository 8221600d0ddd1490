//! The unit of storage: a line that no two threads write.

#[cfg(not(keyviz_loom))]
use crate::limits::LINE_BYTES;
use crate::limits::LINE_WORDS;
use crate::sync::{Apart, AtomicCount, Count, Ordering, const_fn, narrow, zeros};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// Sixteen counts, apart from their neighbours.
#[cfg_attr(feature = "alloc", derive(Zero))]
#[repr(C)]
pub(crate) struct Line {
    apart: [Apart; 0],
    words: [AtomicCount; LINE_WORDS],
}

#[cfg(not(keyviz_loom))]
const _: () = assert!(size_of::<Line>() == LINE_BYTES && align_of::<Line>() == LINE_BYTES);

impl Line {
    const_fn! {
        /// A line of zeros.
        pub(crate) fn new() -> Self {
            Line { apart: [], words: zeros() }
        }
    }

    /// Word `index` modulo the line's length; the mask lets the compiler drop the bounds check.
    #[inline(always)]
    pub(crate) fn word(&self, index: usize) -> &AtomicCount {
        #[expect(clippy::indexing_slicing, reason = "masked to the array's length")]
        &self.words[index & (LINE_WORDS - 1)]
    }

    /// Adds to a word that only the calling thread writes: a load and a store, no locked instruction.
    #[inline(always)]
    pub(crate) fn bump(&self, index: usize, by: u64) {
        bump(self.word(index), narrow(by));
    }
}

/// Adds to a word that only the calling thread writes.
#[inline(always)]
pub(crate) fn bump(word: &AtomicCount, by: Count) {
    word.store(word.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}
