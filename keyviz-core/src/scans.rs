//! What the writer keeps of scans, beside the baselines and open parts of cells.
//!
//! A page of scans has the counts of four pages of cells. While a flush walks through the pages of cells, it
//! turns to the page of scans of each; a host without scans pays a look at its marks.

use crate::layout::Layout;
use crate::limits::{LINE_WORDS, SCAN_PAGE_PAGES};
use crate::pages::PageEntry;
use crate::pool::PoolMut;
use crate::shared::Shared;
use crate::sync::{Count, Ordering, wide};

/// The memory of [`Scans`].
pub(crate) struct ScanPools<'m> {
    pub(crate) baselines: PoolMut<'m, Count>,
    pub(crate) open: PoolMut<'m, u64>,
    pub(crate) sums: PoolMut<'m, Count>,
}

/// The scans of all cells: what was drained, and what the open column has.
pub(crate) struct Scans<'m> {
    /// Sum of each cell's shards at the last drain.
    baselines: PoolMut<'m, Count>,
    /// What each cell has in the open column.
    open: PoolMut<'m, u64>,
    /// Sums of the page that was turned to last.
    sums: PoolMut<'m, Count>,
    /// Whether any cell has some in the open column.
    any_open: bool,
    /// Whether the page that was turned to last was summed.
    summed: bool,
}

/// The scans of one cell.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scan {
    /// New since the last drain.
    pub(crate) new: u64,
    /// In the open column before that.
    pub(crate) open: u64,
}

impl<'m> Scans<'m> {
    pub(crate) fn new(pools: ScanPools<'m>) -> Self {
        let ScanPools { baselines, open, sums } = pools;
        Scans { baselines, open, sums, any_open: false, summed: false }
    }

    /// Turns to the scans of a page of cells, which `sum` sums if they changed; whether they did.
    pub(crate) fn turn_to(
        &mut self,
        page: usize,
        layout: &Layout,
        sum: impl FnOnce(usize, &mut [Count]) -> bool,
    ) -> bool {
        if layout.scan_pages > 0 && page.is_multiple_of(SCAN_PAGE_PAGES) {
            self.summed = sum(layout.pages + page / SCAN_PAGE_PAGES, &mut self.sums);
        }
        self.summed
    }

    /// The scans of a cell of the page that was turned to, with what is new become drained; `None` for none.
    #[inline]
    pub(crate) fn of(&mut self, number: usize) -> Option<Scan> {
        if !self.summed && !self.any_open {
            return None;
        }
        let mut scan = Scan { new: 0, open: self.open.get(number).copied().unwrap_or(0) };
        if self.summed
            && let Some(was) = self.baselines.get_mut(number)
            && let Some(now) = self.sums.get(number % self.sums.len().max(1))
        {
            scan.new = wide(now.wrapping_sub(core::mem::replace(was, *now)));
        }
        (scan.new != 0 || scan.open != 0).then_some(scan)
    }

    /// Notes what a cell has in the open column from now on.
    #[inline]
    pub(crate) fn keep_open(&mut self, number: usize, scans: u64) {
        if (scans != 0 || self.any_open)
            && let Some(open) = self.open.get_mut(number)
        {
            *open = scans;
            self.any_open |= scans != 0;
        }
    }

    /// All pages were turned to; with `sealed`, nothing is open any more.
    pub(crate) fn end(&mut self, sealed: bool) {
        self.any_open &= !sealed;
        self.summed = false;
    }

    /// Takes what a cell has in the open column out of it.
    pub(crate) fn take_open(&mut self, number: usize) -> u64 {
        self.open.get_mut(number).map_or(0, core::mem::take)
    }

    /// What is new of one cell, which becomes drained.
    pub(crate) fn drain(&mut self, shared: &Shared, layout: &Layout, number: usize) -> u64 {
        let Some(was) = self.baselines.get_mut(number) else { return 0 };
        let page = layout.pages + number / (layout.page_lines * LINE_WORDS);
        let mut sum: Count = 0;
        for row in 0..layout.directory_rows() {
            let Some(entry) = shared.pages.entry(row, page) else { continue };
            let Some(base) = PageEntry(entry.load(Ordering::Acquire)).base() else { continue };
            let Some((line, at)) = shared.pages.scans(base, number) else { continue };
            sum = sum.wrapping_add(line.word(at).load(Ordering::Relaxed));
        }
        wide(sum.wrapping_sub(core::mem::replace(was, sum)))
    }
}
