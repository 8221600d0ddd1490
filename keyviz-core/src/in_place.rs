//! Reading with the writer in hand: nothing changes meanwhile, so nothing is copied and nothing checked.

use core::ops::Deref;

use crate::bound::Bound;
use crate::descriptor::Descriptor;
use crate::halves::WriterOn;
use crate::history::Head;
use crate::label::Label;
use crate::op::Tally;
use crate::route::RouteId;
use crate::shared::Shared;
use crate::sub_bucket::SubLayout;
use crate::window::Column;

/// One cell of one column, in its place.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CellInPlace<'a> {
    /// The route; of an aggregate, the virtual bucket's id.
    pub route: RouteId,
    /// A virtual bucket: routes without slots of their own.
    pub aggregate: bool,
    /// The traffic's origin.
    pub label: Label,
    /// The lower bound of the cell's division.
    pub start: Bound<'a>,
    /// The upper bound of the cell's division; `None` is unbounded.
    pub end: Option<Bound<'a>>,
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
}

impl<S: Deref<Target = Shared>> WriterOn<'_, S> {
    /// Calls `each` with every cell of every column, column by column, oldest first; with `open`, those of
    /// the open column too. Of a column the cells come in no promised order. Takes no memory.
    pub fn for_each_cell<'w>(&'w self, open: bool, mut each: impl FnMut(&Column, &CellInPlace<'w>)) {
        self.each_head(open, |head| {
            let column = Column::of(head, true);
            self.each_cell_of(head, |cell| each(&column, cell));
        });
    }

    /// Calls `each` with the head of every column, oldest first.
    pub(crate) fn each_head(&self, open: bool, mut each: impl FnMut(&Head)) {
        let history = &self.shared.history;
        let published = self.state.open.as_ref().and_then(|open| open.published).map(|(entry, _)| entry);
        let entries = self.state.log.sealed().chain(published.filter(|_| open));
        entries.filter_map(|entry| history.head(entry as usize)).for_each(|head| each(&head));
    }

    pub(crate) fn each_cell_of<'w>(&'w self, head: &Head, mut each: impl FnMut(&CellInPlace<'w>)) {
        let shared: &'w Shared = &self.shared;
        let (k, lanes) = (shared.layout.k, shared.layout.lanes);
        let per_route = (k * lanes) as u64;
        shared.history.each_cell(head, |cell| {
            let described = shared.descriptors.get((cell.row / per_route) as u32);
            let at = (cell.row % per_route) as usize;
            let (start, end, sub_buckets) = division(shared, &described, at % k);
            each(&CellInPlace {
                route: RouteId(described.route),
                aggregate: described.is_virtual(),
                label: Label((at / k) as u8),
                start,
                end,
                sub_bucket: (at % k) as u32,
                sub_buckets,
                group: described.group,
                term: described.term,
                draining: cell.draining,
                counts: cell.counts,
            });
        });
    }
}

/// Bounds of one division of a route, and how many it has.
fn division<'a>(shared: &'a Shared, described: &Descriptor, index: usize) -> (Bound<'a>, Option<Bound<'a>>, u32) {
    let start = Bound::whole(&shared.slab, described.start);
    let end = (!described.end.is_none()).then(|| Bound::whole(&shared.slab, described.end));
    // Virtual buckets are not divided.
    if shared.layout.k == 1 || described.is_virtual() {
        return (start, end, 1);
    }
    let sub = SubLayout::between(&shared.slab, described.start, described.end, shared.layout.k as u32);
    let edge = |i: u32| Bound::edge(&shared.slab, described.start, sub.prefix_len as usize, sub.edge(i));
    let index = index as u32;
    let lower = if index == 0 { start } else { edge(index) };
    let upper = if index + 1 >= sub.count { end } else { Some(edge(index + 1)) };
    (lower, upper, sub.count)
}
