//! The unit of storage: a line that no two threads write.

use zerocopy::FromZeros;

use crate::limits::{LINE_BYTES, LINE_WORDS};
use crate::sync::{AtomicU64, Ordering};

/// 128 bytes, aligned to 128: two cache lines on machines whose prefetcher fetches pairs.
#[derive(FromZeros)]
#[repr(C, align(128))]
pub(crate) struct Line([AtomicU64; LINE_WORDS]);

const _: () = assert!(size_of::<Line>() == LINE_BYTES && align_of::<Line>() == LINE_BYTES);

impl Line {
    /// A line of zeros.
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; LINE_WORDS])
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
