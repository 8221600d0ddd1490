//! One reading of the history, while everything else goes on: columns copied and then checked, with the
//! descriptors and bounds that they refer to.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::column::{BEFORE_FIRST, Cell, WordSource, decode};
use crate::descriptor::{Descriptor, NONE};
use crate::history::{ColumnState, Head};
use crate::shared::Shared;
use crate::sub_bucket::SubLayout;

/// How often a column that changed under the reader is taken again before it counts as missing.
const MAX_RETRIES: usize = 3;

/// A descriptor with its bounds copied out of the slab.
pub(crate) struct Known {
    pub(crate) descriptor: Descriptor,
    pub(crate) start: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
    pub(crate) sub: SubLayout,
}

/// A column's place in the index, and its head.
pub(crate) struct Place {
    pub(crate) entry: usize,
    pub(crate) head: Head,
}

/// One reading of the history: the descriptors met so far, and room for one column.
pub(crate) struct Reading<'a> {
    shared: &'a Shared,
    /// From the number of a descriptor to its place in `known`.
    index: Vec<u32>,
    pub(crate) known: Vec<Known>,
    words: Vec<u64>,
    main_words: usize,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        let index = alloc::vec![NONE; shared.layout.descriptors];
        Reading { shared, index, known: Vec::new(), words: Vec::new(), main_words: 0 }
    }

    /// Cells of a route.
    pub(crate) fn per_route(&self) -> usize {
        self.shared.layout.lanes * self.shared.layout.k
    }

    /// Divisions of a route.
    pub(crate) fn k(&self) -> usize {
        self.shared.layout.k
    }

    /// Columns whose window's end lies in `[from_ms, to_ms)` (0: unbounded), oldest first.
    pub(crate) fn places(&self, from_ms: u64, to_ms: u64, open: bool) -> Vec<Place> {
        let history = &self.shared.history;
        let mut places: Vec<Place> = history
            .heads()
            .into_iter()
            .filter(|(_, head)| head.end_ms >= from_ms && (to_ms == 0 || head.end_ms < to_ms))
            .map(|(entry, head)| Place { entry, head })
            .collect();
        // The open column may stand in two versions; the later one counts.
        places.sort_unstable_by_key(|place| (place.head.ordinal, Reverse(place.head.sequence)));
        places.dedup_by_key(|place| place.head.ordinal);
        places.retain(|place| open || place.head.state != ColumnState::Open);
        places
    }

    /// Copies a column and every descriptor it refers to; `false` when it is gone.
    pub(crate) fn take(&mut self, place: &mut Place) -> bool {
        let history = &self.shared.history;
        for attempt in 0..=MAX_RETRIES {
            self.words.clear();
            history.copy(&place.head.main, &mut self.words);
            self.main_words = self.words.len();
            history.copy(&place.head.parts, &mut self.words);
            if history.still(place.entry, place.head.sequence) {
                let fresh = self.known.len();
                self.learn(&place.head, attempt > 0);
                if history.still(place.entry, place.head.sequence) {
                    return true;
                }
                self.forget(fresh);
            }
            self.shared.busy.word(2).fetch_add(1, crate::sync::Ordering::Relaxed);
            let ordinal = place.head.ordinal;
            let again = history.heads().into_iter().map(|(entry, head)| Place { entry, head });
            match again.filter(|p| p.head.ordinal == ordinal).max_by_key(|p| p.head.sequence) {
                Some(found) => *place = found,
                None => return false,
            }
        }
        false
    }

    fn forget(&mut self, fresh: usize) {
        self.known.truncate(fresh);
        for known in &mut self.index {
            if *known != NONE && *known as usize >= fresh {
                *known = NONE;
            }
        }
    }

    fn learn(&mut self, head: &Head, retaken: bool) {
        let shared = self.shared;
        let per_route = (shared.layout.lanes * shared.layout.k) as u64;
        // A column that was still open when an earlier one was read may refer to a descriptor that
        // was used anew in between.
        let check = retaken || head.state == ColumnState::Open;
        let (index, known) = (&mut self.index, &mut self.known);
        let mut last = u64::MAX;
        each_cell(&self.words, self.main_words, head, |cell| {
            let number = cell.row / per_route;
            if number == last {
                return;
            }
            last = number;
            let Some(slot) = index.get_mut(number as usize) else { return };
            if let Some(old) = known.get(*slot as usize)
                && (!check || old.descriptor.serial == shared.descriptors.get(number as u32).serial)
            {
                return;
            }
            let descriptor = shared.descriptors.get(number as u32);
            let bound = |bound| {
                let mut bytes = Vec::new();
                shared.slab.copy(bound, shared.layout.max_bound_len, &mut bytes);
                bytes
            };
            let start = bound(descriptor.start);
            let end = (!descriptor.end.is_none()).then(|| bound(descriptor.end));
            // Virtual buckets are not divided.
            let k = if descriptor.is_virtual() { 1 } else { shared.layout.k as u32 };
            let sub = SubLayout::new(&start, end.as_deref(), k);
            *slot = known.len() as u32;
            known.push(Known { descriptor, start, end, sub });
        });
    }

    /// Calls `each` with every cell of the column taken last: the descriptor's place in `known`, the
    /// cell's place within its route, and the cell.
    pub(crate) fn cells(&self, head: &Head, mut each: impl FnMut(usize, usize, &Cell)) {
        let per_route = (self.shared.layout.lanes * self.shared.layout.k) as u64;
        each_cell(&self.words, self.main_words, head, |cell| {
            if let Some(known) = self.index.get((cell.row / per_route) as usize)
                && (*known as usize) < self.known.len()
            {
                each(*known as usize, (cell.row % per_route) as usize, &cell);
            }
        });
    }
}

fn each_cell(words: &[u64], main_words: usize, head: &Head, mut each: impl FnMut(Cell)) {
    let (main, parts) = words.split_at(main_words.min(words.len()));
    let mut source = WordSource::new(main, head.main.len as usize);
    let mut last = BEFORE_FIRST;
    while let Some(cell) = decode(&mut source, &mut last) {
        each(cell);
    }
    let mut source = WordSource::new(parts, head.parts.len as usize);
    while let Some(cell) = {
        let mut alone = BEFORE_FIRST;
        decode(&mut source, &mut alone)
    } {
        each(cell);
    }
}
