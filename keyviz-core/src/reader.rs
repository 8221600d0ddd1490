//! Reading: the history as it is, while everything else goes on. Never a lock, nothing waits.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::column::{BEFORE_FIRST, Cell, WordSource, decode};
use crate::config::Config;
use crate::counters::{Counters, Published};
use crate::descriptor::{Descriptor, NONE};
use crate::history::{ColumnState, Head};
use crate::label::Label;
use crate::matrix::{Column, Matrix, MatrixQuery, WriteMerge};
use crate::op::Tally;
use crate::route::RouteId;
use crate::shared::Shared;
use crate::sub_bucket::SubLayout;

/// How often a column that changed under the reader is taken again before it counts as missing.
const MAX_RETRIES: usize = 3;

/// Answers questions about a sampler, from any thread. Cloning it is cheap.
///
/// A reader copies what it needs and then checks that it was not changed meanwhile; the flush never
/// waits for it. Each column it gives is whole. A column that made room for newer ones during the
/// reading is given as [`Missing`](ColumnState::Missing).
#[derive(Clone)]
pub struct Reader {
    pub(crate) shared: Arc<Shared>,
}

/// Where a sampler stands in time. All instants are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowInfo {
    /// When the sampler was made.
    pub started_ms: u64,
    /// When it was last flushed; `started_ms` before the first flush.
    pub last_flush_ms: u64,
    /// Start of the open window, if a flush has begun it.
    pub open_from_ms: Option<u64>,
    /// Start of the oldest sealed column.
    pub history_from_ms: Option<u64>,
    /// End of the window that the next flush counts in: then the next column is sealed.
    pub next_column_ms: u64,
}

/// One cell of one column with everything that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellView<'a> {
    /// The route.
    pub route: RouteId,
    /// The traffic's origin.
    pub label: Label,
    /// The route's lower bound at that time.
    pub start: &'a [u8],
    /// The route's upper bound at that time; `None` is unbounded.
    pub end: Option<&'a [u8]>,
    /// Which division of the route.
    pub sub_bucket: u32,
    /// How many divisions the route has.
    pub sub_buckets: u32,
    /// The owning group, 0 for none.
    pub group: u64,
    /// The group's term that the counts were made under, 0 for unknown.
    pub term: u64,
    /// The route was removed when the column was flushed.
    pub draining: bool,
    /// The counts. All zero for a row whose counts of this column stand under earlier terms.
    pub counts: Tally,
    sub: SubLayout,
}

impl CellView<'_> {
    /// The bounds of the cell's division.
    #[must_use]
    pub fn bounds(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        self.sub.bounds(self.start, self.end, self.sub_bucket)
    }
}

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
        places.sort_unstable_by_key(|place| (place.head.ordinal, u64::MAX - place.head.sequence));
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
            let sub = SubLayout::new(&start, end.as_deref(), shared.layout.k as u32);
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

impl Reader {
    /// The time x key-range picture of one series; see [`Matrix`].
    ///
    /// Cost: linear in the cells of the columns asked for, read twice. Memory: 8 bytes a cell of the rows
    /// kept, about 120 bytes a row there is, 4 bytes a descriptor, and one column.
    #[must_use]
    pub fn matrix(&self, query: &MatrixQuery) -> Matrix {
        crate::matrix::route_axis::build(&self.shared, query)
    }

    /// How this node's writes merge with others': by the leader rule once a route had a group.
    #[must_use]
    pub fn write_merge(&self) -> WriteMerge {
        crate::matrix::write_merge(&self.shared)
    }

    /// Everything counted about counting.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// What the sampler was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Where the sampler stands in time.
    #[must_use]
    pub fn window(&self) -> WindowInfo {
        let board = &self.shared.board;
        let last_flush_ms = board.get(Published::LastFlushMs);
        let step_ms = self.shared.config.step_ms;
        let history = &self.shared.history;
        let heads = history.heads();
        let sealed = heads.iter().filter(|(_, head)| head.state != ColumnState::Open);
        WindowInfo {
            started_ms: board.get(Published::StartedMs),
            last_flush_ms,
            open_from_ms: board.get(Published::OpenFrom).checked_sub(1),
            history_from_ms: sealed.map(|(_, head)| head.start_ms).min(),
            next_column_ms: (last_flush_ms / step_ms + 1).saturating_mul(step_ms),
        }
    }

    /// Calls `each` with every cell of every column whose window's end lies in `[from_ms, to_ms)` (0:
    /// unbounded), column by column, oldest first; of a column the cells come in no promised order.
    /// Returns the columns, lost ones marked missing.
    pub fn for_each_cell(
        &self,
        from_ms: u64,
        to_ms: u64,
        open: bool,
        mut each: impl FnMut(&Column, &CellView<'_>),
    ) -> Vec<Column> {
        let mut reading = Reading::new(&self.shared);
        let mut places = reading.places(from_ms, to_ms, open);
        let mut columns = Vec::with_capacity(places.len());
        let k = self.shared.layout.k;
        for place in &mut places {
            let taken = reading.take(place);
            let column = Column::of(&place.head, taken);
            if taken {
                reading.cells(&place.head, |known, at, cell| {
                    let Some(known) = reading.known.get(known) else { return };
                    each(
                        &column,
                        &CellView {
                            route: RouteId(known.descriptor.route),
                            label: Label((at / k) as u8),
                            start: &known.start,
                            end: known.end.as_deref(),
                            sub_bucket: (at % k) as u32,
                            sub_buckets: known.sub.count,
                            group: known.descriptor.group,
                            term: known.descriptor.term,
                            draining: cell.draining,
                            counts: cell.counts,
                            sub: known.sub,
                        },
                    );
                });
            }
            columns.push(column);
        }
        columns
    }
}

impl core::fmt::Debug for Reader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
