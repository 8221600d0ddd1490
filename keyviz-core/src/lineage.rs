//! Lineage: which routes a route came from, by splits and merges. A ring of the latest.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::config_error::ConfigError;
use crate::route::RouteId;
use crate::sync::{AtomicU64, Ordering, fence};
use crate::zeroed::zeroed;

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

/// Words of an entry: its sequence, 0 while it changes; instant, parent, child.
const WORDS: usize = 4;

/// The ring as readers see it. The writer alone changes it.
pub(crate) struct LineageRing {
    words: Box<[AtomicU64]>,
    /// Entries ever written.
    written: AtomicU64,
}

impl LineageRing {
    /// Bytes of this many entries.
    pub(crate) const fn bytes(entries: usize) -> usize {
        entries * WORDS * size_of::<AtomicU64>()
    }

    pub(crate) fn new(entries: usize) -> Result<Self, ConfigError> {
        Ok(LineageRing { words: zeroed(entries * WORDS)?, written: AtomicU64::new(0) })
    }

    fn entry(&self, number: u64) -> Option<&[AtomicU64]> {
        let entries = (self.words.len() / WORDS) as u64;
        let at = number.checked_rem(entries)? as usize * WORDS;
        self.words.get(at..at + WORDS)
    }

    /// Adds one; the oldest goes when the ring is full. Says whether one went.
    pub(crate) fn push(&self, lineage: Lineage) -> bool {
        let number = self.written.load(Ordering::Relaxed);
        if let Some([sequence, at_ms, parent, child]) = self.entry(number) {
            sequence.store(0, Ordering::Relaxed);
            fence(Ordering::Release);
            at_ms.store(lineage.at_ms, Ordering::Relaxed);
            parent.store(lineage.parent.0, Ordering::Relaxed);
            child.store(lineage.child.0, Ordering::Relaxed);
            sequence.store(number + 1, Ordering::Release);
        }
        self.written.store(number + 1, Ordering::Release);
        number >= (self.words.len() / WORDS) as u64
    }

    /// All that are kept, oldest first; one that is overwritten meanwhile is left out.
    pub(crate) fn read(&self) -> Vec<Lineage> {
        let written = self.written.load(Ordering::Acquire);
        let first = written.saturating_sub((self.words.len() / WORDS) as u64);
        (first..written)
            .filter_map(|number| {
                let [sequence, at_ms, parent, child] = self.entry(number)? else { return None };
                let before = sequence.load(Ordering::Acquire);
                let [at_ms, parent, child] = [at_ms, parent, child].map(|word| word.load(Ordering::Relaxed));
                fence(Ordering::Acquire);
                let whole = before == number + 1 && sequence.load(Ordering::Relaxed) == before;
                whole.then_some(Lineage { at_ms, parent: RouteId(parent), child: RouteId(child) })
            })
            .collect()
    }
}
