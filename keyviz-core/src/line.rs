//! The unit of storage: a line that no two threads write.

#[cfg(not(keyviz_loom))]
use crate::limits::LINE_BYTES;
use crate::limits::LINE_WORDS;
use crate::sync::{AtomicU64, Ordering, zeros};
use crate::zeroed::Zero;

/// 128 bytes, aligned to 128: two cache lines on machines whose prefetcher fetches pairs.
#[derive(Zero)]
#[repr(C, align(128))]
pub(crate) struct Line([AtomicU64; LINE_WORDS]);

#[cfg(not(keyviz_loom))]
const _: () = assert!(size_of::<Line>() == LINE_BYTES && align_of::<Line>() == LINE_BYTES);

impl Line {
    /// A line of zeros.
    pub(crate) fn new() -> Self {
        Self(zeros())
    }

    /// Word `index` modulo the line's length; the mask lets the compiler drop the bounds check.
    #[inline(always)]
    pub(crate) fn word(&self, index: usize) -> &AtomicU64 {
        #[expect(clippy::indexing_slicing, reason = "masked to the array's length")]
        &self.0[index & (LINE_WORDS - 1)]
    }

    /// Adds to a word that only the calling thread writes: a load and a store, no locked instruction.
    #[inline(always)]
    pub(crate) fn bump(&self, index: usize, by: u64) {
        bump(self.word(index), by);
    }
}

/// Adds to a word that only the calling thread writes.
#[inline(always)]
pub(crate) fn bump(word: &AtomicU64, by: u64) {
    word.store(word.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}
