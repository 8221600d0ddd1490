//! The pool of cells, and the directories that say whose page is where.
//!
//! A page holds 64 slots x K cells. The pool's first pages are the shared shards', laid out at
//! construction; the others are claimed one by one with a compare-and-swap bump, by a recorder at
//! its first touch of a stretch of slots, and stay with it for its life and across hand-over.
//!
//! Scans are counted apart, in pages of the same size, of which each has one count for every cell of four
//! pages: so a host without scans has no such page but the shared shards'.
//!
//! A directory has one word a page: the line where the page begins plus one (0: none), and in the
//! upper bits the flush epoch of its last change, so that flush skips what did not change.

use crate::layout::Layout;
use crate::limits::{CELL_WORDS, LINE_CELLS, LINE_WORDS, PAGE_BYTES, PAGE_SLOTS};
use crate::line::Line;
use crate::pool::Pool;
use crate::sync::{
    AtomicCount, AtomicU32, Count, HAS_CAS, Ordering, PLACE_BITS, compiler_fence, const_fn, narrow, wide,
};

/// One word of a directory, taken apart.
#[derive(Clone, Copy)]
pub(crate) struct PageEntry(pub(crate) Count);

/// The bits of an epoch that a directory word has room for.
const EPOCH: u32 = wide(Count::MAX >> PLACE_BITS) as u32;

impl PageEntry {
    #[inline(always)]
    fn new(base: usize, epoch: u32) -> Self {
        PageEntry((base as Count + 1) | narrow(u64::from(epoch)) << PLACE_BITS)
    }

    /// The first line of the page, if there is one.
    #[inline(always)]
    pub(crate) fn base(self) -> Option<usize> {
        ((self.0 & (Count::MAX >> (Count::BITS - PLACE_BITS))) as usize).checked_sub(1)
    }

    #[inline(always)]
    pub(crate) fn epoch(self) -> u32 {
        wide(self.0 >> PLACE_BITS) as u32
    }

    /// How many epochs the word's is before `epoch`; one behind it is greater than any.
    #[inline(always)]
    pub(crate) fn age(self, epoch: u32) -> u32 {
        epoch.wrapping_sub(self.epoch()) & EPOCH
    }
}

/// All cells and all directories.
pub(crate) struct Pages {
    pool: Pool<Line>,
    /// Row by row, with a gap of a line between rows, so that no two share one.
    directories: Pool<AtomicCount>,
    directory_words: usize,
    page_lines: usize,
    pool_pages: u32,
    next_page: AtomicU32,
    /// The number of flushes begun; on a line of its own, since every observation reads it.
    epoch: Line,
}

impl Pages {
    const_fn! {
        pub(crate) fn new(layout: &Layout, pool: Pool<Line>, directories: Pool<AtomicCount>) -> Self {
            Pages {
                pool,
                directories,
                directory_words: layout.directory_words,
                page_lines: layout.page_lines,
                pool_pages: layout.pool_pages as u32,
                next_page: AtomicU32::new((layout.shards * layout.all_pages()) as u32),
                epoch: Line::new(),
            }
        }
    }

    /// Gives each shared shard its pages.
    pub(crate) fn begin(&self, layout: &Layout) {
        for shard in 0..layout.shards {
            for page in 0..layout.all_pages() {
                let base = (shard * layout.all_pages() + page) * layout.page_lines;
                if let Some(entry) = self.entry(layout.recorders + shard, page) {
                    entry.store(PageEntry::new(base, 0).0, Ordering::Relaxed);
                }
            }
        }
    }

    /// Touches every page of memory.
    pub(crate) fn prefault(&self) {
        for line in self.pool.iter().step_by(PAGE_BYTES / size_of::<Line>()) {
            line.word(0).store(0, Ordering::Relaxed);
        }
    }

    /// Where the directory of `row` begins.
    pub(crate) fn directory(&self, row: usize) -> usize {
        row * self.directory_words
    }

    /// The word for a page of slots in the directory that begins at `directory`.
    #[inline(always)]
    pub(crate) fn entry_in(&self, directory: usize, page: usize) -> Option<&AtomicCount> {
        self.directories.get(directory + page)
    }

    /// The directory word of `row` for a page of slots.
    pub(crate) fn entry(&self, row: usize, page: usize) -> Option<&AtomicCount> {
        self.entry_in(self.directory(row), page)
    }

    /// The line and first word of the cell of `slot` and `sub` in a page that begins at `base`.
    #[inline(always)]
    pub(crate) fn cell(&self, base: usize, slot: usize, sub: usize, k: usize) -> Option<(&Line, usize)> {
        let cell = (slot % PAGE_SLOTS) * k + sub;
        Some((self.pool.get(base + cell / LINE_CELLS)?, cell % LINE_CELLS * CELL_WORDS))
    }

    /// The line and word of the scans of cell `number` in a page of scans that begins at `base`.
    pub(crate) fn scans(&self, base: usize, number: usize) -> Option<(&Line, usize)> {
        let word = number % (self.page_lines * LINE_WORDS);
        Some((self.pool.get(base + word / LINE_WORDS)?, word % LINE_WORDS))
    }

    /// The lines of the page that begins at `base`.
    pub(crate) fn page(&self, base: usize) -> &[Line] {
        self.pool.get(base..base + self.page_lines).unwrap_or(&[])
    }

    #[inline(always)]
    pub(crate) fn epoch(&self) -> u32 {
        wide(self.epoch.word(0).load(Ordering::Relaxed)) as u32 & EPOCH
    }

    /// Begins a flush; returns the epoch that ends with it.
    pub(crate) fn advance_epoch(&self) -> u32 {
        let ending = self.epoch();
        self.epoch.word(0).store(narrow(u64::from(ending.wrapping_add(1))), Ordering::Relaxed);
        crate::sync::fence(Ordering::SeqCst);
        ending
    }

    /// Marks a page as changed in the present epoch, until it is the present one: the entry then
    /// names an epoch in which the cells were already stored.
    #[cold]
    pub(crate) fn mark(&self, entry: &AtomicCount) {
        loop {
            // A shared shard's word has many writers, and none may set another's mark back. So the mark
            // is read first, with Acquire: whoever stored it had read its epoch, and what is read here
            // after that is no older one.
            let now = PageEntry(entry.load(Ordering::Acquire));
            // As in the recorder: the epoch must not be read again before the mark is stored.
            compiler_fence(Ordering::SeqCst);
            let epoch = self.epoch();
            let Some(base) = now.base() else { return };
            if now.epoch() == epoch {
                return;
            }
            let marked = PageEntry::new(base, epoch).0;
            // Where there is no compare-and-swap there are no shared shards, and the word is the caller's.
            if !HAS_CAS {
                entry.store(marked, Ordering::Release);
                continue;
            }
            let _ = entry.compare_exchange(now.0, marked, Ordering::Release, Ordering::Relaxed);
        }
    }

    /// Claims a page for the directory word of a recorder; `None` when the pool is empty.
    #[cold]
    pub(crate) fn claim(&self, entry: &AtomicCount) -> Option<usize> {
        let mut next = self.next_page.load(Ordering::Relaxed);
        loop {
            if next >= self.pool_pages {
                return None;
            }
            match self.next_page.compare_exchange_weak(next, next + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => next = now,
            }
        }
        let base = next as usize * self.page_lines;
        entry.store(PageEntry::new(base, self.epoch()).0, Ordering::Release);
        Some(base)
    }

    /// Claims all pages that a recorder of `row` can ever touch, so that observing needs no compare-and-swap.
    pub(crate) fn claim_all(&self, layout: &Layout, row: usize) {
        for page in 0..layout.all_pages() {
            if let Some(word) = self.entry(row, page)
                && PageEntry(word.load(Ordering::Relaxed)).base().is_none()
            {
                self.claim(word);
            }
        }
    }

    /// Pages given out, the shards' included.
    pub(crate) fn used(&self) -> u32 {
        self.next_page.load(Ordering::Relaxed)
    }
}
