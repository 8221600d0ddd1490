//! Lineage: which routes a route came from, by splits and merges. A ring of the latest.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use crate::pool::Pool;
use crate::route::RouteId;
use crate::sync::{AtomicCount, Number, Ordering, Word, const_fn, fence, narrow};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// A route came from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lineage {
    /// When it was told: the last flush before, in Unix milliseconds.
    pub at_ms: u64,
    /// The route that was split or merged.
    pub parent: RouteId,
    /// The route that came of it. A split may keep the parent's id for one of its parts.
    pub child: RouteId,
}

/// An entry: its sequence, 0 while it changes; instant, parent, child.
#[cfg_attr(feature = "alloc", derive(Zero))]
#[repr(C)]
pub(crate) struct LineageEntry {
    sequence: AtomicCount,
    fields: [Word; 3],
}

#[cfg(not(keyviz_loom))]
impl LineageEntry {
    pub(crate) const fn new() -> Self {
        LineageEntry { sequence: AtomicCount::new(0), fields: [const { Word::new(0) }; 3] }
    }
}

/// The ring as readers see it. The writer alone changes it.
pub(crate) struct LineageRing {
    entries: Pool<LineageEntry>,
    /// Entries ever written.
    written: Number,
}

impl LineageRing {
    const_fn! {
        pub(crate) fn new(entries: Pool<LineageEntry>) -> Self {
            LineageRing { entries, written: Number::new(0) }
        }
    }

    fn entry(&self, number: u64) -> Option<&LineageEntry> {
        let entries = self.entries.len() as u64;
        self.entries.get(number.checked_rem(entries)? as usize)
    }

    /// Adds one; the oldest goes when the ring is full. Says whether one went.
    pub(crate) fn push(&self, lineage: Lineage) -> bool {
        let number = self.written.load(Ordering::Relaxed);
        if let Some(LineageEntry { sequence, fields: [at_ms, parent, child] }) = self.entry(number) {
            sequence.store(0, Ordering::Relaxed);
            fence(Ordering::Release);
            at_ms.store(lineage.at_ms, Ordering::Relaxed);
            parent.store(lineage.parent.0, Ordering::Relaxed);
            child.store(lineage.child.0, Ordering::Relaxed);
            sequence.store(narrow(number + 1), Ordering::Release);
        }
        self.written.store(number + 1, Ordering::Release);
        number >= self.entries.len() as u64
    }

    /// All that are kept, oldest first; one that is overwritten meanwhile is left out.
    #[cfg(feature = "alloc")]
    pub(crate) fn read(&self) -> Vec<Lineage> {
        let written = self.written.load(Ordering::Acquire);
        let first = written.saturating_sub(self.entries.len() as u64);
        (first..written)
            .filter_map(|number| {
                let LineageEntry { sequence, fields: [at_ms, parent, child] } = self.entry(number)?;
                let before = sequence.load(Ordering::Acquire);
                let [at_ms, parent, child] = [at_ms, parent, child].map(|word| word.load(Ordering::Relaxed));
                fence(Ordering::Acquire);
                let whole = before == narrow(number + 1) && sequence.load(Ordering::Relaxed) == before;
                whole.then_some(Lineage { at_ms, parent: RouteId(parent), child: RouteId(child) })
            })
            .collect()
    }
}
