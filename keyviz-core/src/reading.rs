//! One reading of the history, while everything else goes on: columns copied and then checked, with the
//! descriptors and bounds that they refer to.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::column::{BEFORE_FIRST, CellHead, WordSource, flags_of};
use crate::descriptor::{Descriptor, NONE};
use crate::history::{ColumnState, Head};
use crate::op::{Series, Tally};
use crate::shared::Shared;
use crate::sub_bucket::SubLayout;

/// How often a column that changed under the reader is taken again before it counts as missing.
const MAX_RETRIES: usize = 3;

/// A descriptor with its bounds copied out of the slab.
#[derive(Clone)]
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

/// What of a cell's counts a reading keeps.
pub(crate) trait Counts: Copy {
    /// Reads the cell behind one of row `last`; `asked` are the flags of the counters asked for.
    fn next_cell(source: &mut WordSource<'_>, last: &mut u64, asked: u64) -> Option<(CellHead, Self)>;

    /// Reads all cells of a source whose gaps follow one another.
    #[inline(always)]
    fn cells(source: &mut WordSource<'_>, asked: u64, each: &mut impl FnMut(CellHead, Self)) {
        let mut last = BEFORE_FIRST;
        while let Some((head, counts)) = Self::next_cell(source, &mut last, asked) {
            each(head, counts);
        }
    }
}

impl Counts for Tally {
    #[inline]
    fn next_cell(source: &mut WordSource<'_>, last: &mut u64, _: u64) -> Option<(CellHead, Self)> {
        let head = CellHead::decode(source, last)?;
        Some((head, head.all(source)))
    }
}

/// The value of one series alone: a third of the time, and of the memory, of all of them.
#[derive(Clone, Copy)]
pub(crate) struct Value(pub(crate) u64);

impl Counts for Value {
    #[inline(always)]
    fn next_cell(source: &mut WordSource<'_>, last: &mut u64, asked: u64) -> Option<(CellHead, Self)> {
        source.value_cell(last, asked).map(|(head, value)| (head, Value(value)))
    }

    #[inline(always)]
    fn cells(source: &mut WordSource<'_>, asked: u64, each: &mut impl FnMut(CellHead, Self)) {
        let mut last = BEFORE_FIRST;
        while let Some((head, value)) = source.value_cell(&mut last, asked) {
            each(head, Value(value));
            source.alike(head, &mut last, asked, &mut |head, value| each(head, Value(value)));
        }
    }
}

/// A reading of one series.
pub(crate) type ValueReading<'a> = Reading<'a, Value>;

/// A cell of a column that was taken.
#[derive(Clone, Copy)]
pub(crate) struct Taken<C> {
    known: u32,
    at: u16,
    pub(crate) draining: bool,
    /// Whether anything was counted in it, in whatever series.
    pub(crate) counted: bool,
    pub(crate) counts: C,
}

/// One reading of the history: the descriptors met so far, and room for one column.
pub(crate) struct Reading<'a, C = Tally> {
    shared: &'a Shared,
    /// The flags of the counters asked for.
    asked: u64,
    /// From the number of a descriptor to its place in `known`.
    index: Vec<u32>,
    pub(crate) known: Vec<Known>,
    words: Vec<u64>,
    main_words: usize,
    /// The cells of the column taken last.
    cells: Vec<Taken<C>>,
}

impl<'a> Reading<'a> {
    /// Of all series.
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self::of(shared, Series::default())
    }
}

impl<'a> ValueReading<'a> {
    pub(crate) fn of_series(shared: &'a Shared, series: Series) -> Self {
        Self::of(shared, series)
    }
}

impl<'a, C: Counts> Reading<'a, C> {
    fn of(shared: &'a Shared, series: Series) -> Self {
        let index = alloc::vec![NONE; shared.layout.descriptors];
        Reading {
            shared,
            asked: flags_of(series),
            index,
            known: Vec::new(),
            words: Vec::new(),
            main_words: 0,
            cells: Vec::new(),
        }
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
        let mut places: Vec<Place> = history.heads().into_iter().map(|(entry, head)| Place { entry, head }).collect();
        // The open column may stand in two versions, of which the later one counts; and columns may stand
        // beside the coarser one that they were folded into.
        let key = |head: &Head| (head.start_ms, Reverse(head.end_ms), Reverse(head.sequence));
        places.sort_unstable_by_key(|place| key(&place.head));
        let mut shown_until_ms = 0;
        places.retain(|place| {
            let fresh = place.head.start_ms >= shown_until_ms;
            shown_until_ms = shown_until_ms.max(place.head.end_ms);
            fresh
        });
        places.retain(|Place { head, .. }| {
            let asked = head.end_ms >= from_ms && (to_ms == 0 || head.end_ms < to_ms);
            asked && (open || head.state != ColumnState::Open)
        });
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
                self.decode(&place.head, attempt > 0);
                if history.still(place.entry, place.head.sequence) {
                    return true;
                }
                self.forget(fresh);
            }
            self.shared.busy.word(2).fetch_add(1, crate::sync::Ordering::Relaxed);
            let Head { ordinal, start_ms, end_ms, .. } = place.head;
            let again = history.heads().into_iter().map(|(entry, head)| Place { entry, head });
            // What it was folded into has other bounds in time.
            let same = |h: &Head| (h.ordinal, h.start_ms, h.end_ms) == (ordinal, start_ms, end_ms);
            match again.filter(|p| same(&p.head)).max_by_key(|p| p.head.sequence) {
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

    /// Decodes the copied column once, and learns what its rows are.
    fn decode(&mut self, head: &Head, retaken: bool) {
        // A column that was still open when an earlier one was read may refer to a descriptor that
        // was used anew in between.
        let check = retaken || head.state == ColumnState::Open;
        let per_route = self.per_route() as u64;
        let Reading { shared, asked, index, known, words, main_words, cells } = self;
        cells.clear();
        let mut keep = |known: u32, at: u64, cell: CellHead, counts: C| {
            if known != NONE {
                let (draining, counted) = (cell.draining(), cell.counts());
                cells.push(Taken { known, at: at as u16, draining, counted, counts });
            }
        };
        if per_route == 1 && !check {
            // Most samplers divide nothing; a division takes longer than the rest.
            each_cell(words, *main_words, head, *asked, |cell, counts| {
                let known = match index.get(cell.row as usize) {
                    Some(slot) if *slot != NONE => *slot,
                    _ => learn(shared, index, known, cell.row, check),
                };
                keep(known, 0, cell, counts);
            });
            return;
        }
        let (mut last, mut at_known) = (u64::MAX, NONE);
        each_cell(words, *main_words, head, *asked, |cell, counts| {
            let (number, at) = (cell.row / per_route, cell.row % per_route);
            if number != last {
                last = number;
                at_known = match index.get(number as usize) {
                    Some(slot) if *slot != NONE && !check => *slot,
                    _ => learn(shared, index, known, number, check),
                };
            }
            keep(at_known, at, cell, counts);
        });
    }

    /// Calls `each` with every cell of the column taken last: the descriptor's place in `known`, the
    /// cell's place within its route, and the cell.
    pub(crate) fn cells(&self, mut each: impl FnMut(usize, usize, &Taken<C>)) {
        for cell in &self.cells {
            each(cell.known as usize, cell.at as usize, cell);
        }
    }
}

/// The place in `known` of a descriptor, which is copied where it is not there; [`NONE`] for a number that
/// no descriptor has. With `check`, one that was used anew since is copied again.
#[inline(never)]
fn learn(shared: &Shared, index: &mut [u32], known: &mut Vec<Known>, number: u64, check: bool) -> u32 {
    let Some(slot) = index.get_mut(number as usize) else { return NONE };
    if let Some(old) = known.get(*slot as usize)
        && (!check || old.descriptor.serial == shared.descriptors.get(number as u32).serial)
    {
        return *slot;
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
    *slot
}

fn each_cell<C: Counts>(words: &[u64], main_words: usize, head: &Head, asked: u64, mut each: impl FnMut(CellHead, C)) {
    let (main, parts) = words.split_at(main_words.min(words.len()));
    let mut source = WordSource::new(main, head.main.len as usize);
    C::cells(&mut source, asked, &mut each);
    let mut source = WordSource::new(parts, head.parts.len as usize);
    while let Some((head, counts)) = {
        let mut alone = BEFORE_FIRST;
        C::next_cell(&mut source, &mut alone, asked)
    } {
        each(head, counts);
    }
}
