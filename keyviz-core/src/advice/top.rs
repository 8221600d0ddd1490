//! The hottest ranges of the newest window, beside the window before.
//!
//! 1. *Now* is the newest column that covers half a step at least, the open one included: younger ones are noise.
//!    Where none does, it is the newest sealed one, and without a sealed one the open one.
//! 2. *Before* is the column that ends where now begins. Where there is none, or it is missing, there is no change.
//! 3. A range is a route, or a division of one, under the bounds it had in the window; labels are summed unless one is
//!    asked for. Where its keys took something before under other bounds it has no value before: a split is not a
//!    change of load. Where they took nothing, that is 0. Of several nodes that is asked of each, which may divide its keys
//!    in its own way: it has no value before, either, where a node that counted in it before counts its keys under other
//!    bounds now.
//! 4. Its owner is the group and term under which it took most in the window.
//! 5. Order: value of the window, falling; then start, route, division.
//! 6. It may be split in the middle of its keys, where it has one: half of the keys, not half of the load (`middle`).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};
use core::ops::Deref;

use crate::advice::middle::middle;
use crate::history::ColumnState;
use crate::label::Label;
use crate::merge::Fanout;
use crate::merge::shares::Counted;
use crate::op::Series;
use crate::reader::{CellView, ReaderOn};
use crate::reading::Reading;
use crate::route::RouteId;
use crate::shared::Shared;
use crate::window::Column;

/// The most ranges an answer has.
const MAX_TOP: usize = 1024;
/// The most nodes that a range names.
const MAX_TOP_NODES: usize = 16;

/// What is asked of [`ReaderOn::top`](crate::ReaderOn::top).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopQuery {
    /// The series to rank by.
    pub series: Series,
    /// The most ranges, 1 to 1024.
    pub limit: usize,
    /// Only this label; `None` is all, summed.
    pub label: Option<Label>,
    /// Ranges that end at or below this key are left out.
    pub start: Vec<u8>,
    /// Ranges that begin at or above this key are left out; `None` is unbounded.
    pub end: Option<Vec<u8>>,
}

impl Default for TopQuery {
    fn default() -> Self {
        TopQuery { series: Series::Ops, limit: 20, label: None, start: Vec::new(), end: None }
    }
}

/// The window that an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopWindow {
    /// Where the window begins, in Unix milliseconds.
    pub start_ms: u64,
    /// Where it ends.
    pub end_ms: u64,
    /// How long it is covered, in milliseconds: what a rate is over.
    pub covers_ms: u64,
    /// Whether the window is whole.
    pub state: ColumnState,
    /// What all ranges asked for took in it.
    pub total: u64,
}

/// One range.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopRow {
    /// The route; of an aggregate the virtual bucket's id.
    pub route: RouteId,
    /// It is a virtual bucket: routes side by side that share their counters.
    pub aggregate: bool,
    /// Which division of the route.
    pub sub_bucket: u32,
    /// How many divisions the route has.
    pub sub_buckets: u32,
    /// Lower bound; empty is the lowest key.
    pub start: Vec<u8>,
    /// Upper bound; `None` is unbounded.
    pub end: Option<Vec<u8>>,
    /// The owning group, 0 for none.
    pub group: u64,
    /// Its term, 0 for unknown.
    pub term: u64,
    /// What it took in the window.
    pub value: u64,
    /// What it took in the window before; `None` where there is none, or its keys were counted under other bounds.
    pub before: Option<u64>,
    /// The middle of its keys, printable where its bounds are; `None` where no such key lies between them.
    pub middle: Option<Vec<u8>>,
    /// What it took is an estimate: several nodes counted it under more groups and terms than a merge keeps.
    pub estimated: bool,
    /// Of several nodes, who counted it, who counted most first: at most 16.
    pub nodes: Vec<TopNode>,
    /// How many nodes counted it, those that `nodes` leaves out included; 0 for a node by itself.
    pub node_count: usize,
    /// What all these counted: the value, and what the leader rule left out.
    pub counted: u64,
}

/// One of several nodes, and what it counted in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopNode {
    /// Its place in the configured order.
    pub place: u32,
    /// What it counted itself.
    pub value: u64,
}

/// The hottest ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Top {
    /// What they are ranked by.
    pub series: Series,
    /// The window; `None` before anything was flushed.
    pub now: Option<TopWindow>,
    /// The window before, where there is one.
    pub before: Option<TopWindow>,
    /// The ranges, hottest first; those that took nothing are left out.
    pub rows: Vec<TopRow>,
    /// How many ranges took something, those beyond the limit included.
    pub ranges: usize,
    /// Whether the core made the ranges itself ([`Partition::Auto`](crate::Partition::Auto)): their route ids tell them
    /// apart, and name nothing that the host knows.
    pub own_ranges: bool,
    /// Which nodes it is made of, which [`TopNode::place`] counts from 0; `None` for a node by itself.
    pub fanout: Option<Fanout>,
}

/// What tells ranges apart: bounds of the route, its id, whether it is an aggregate, the division.
pub(super) type Name = (Vec<u8>, Option<Vec<u8>>, u64, bool, u32);

/// What a range took under one name.
pub(super) struct Taken {
    pub(super) now: u64,
    pub(super) before: u64,
    pub(super) seen_before: bool,
    /// The greatest share of the window so far, with its group and term.
    pub(super) owner: (u64, u64, u64),
    pub(super) sub_buckets: u32,
    pub(super) start: Vec<u8>,
    pub(super) end: Option<Vec<u8>>,
    pub(super) estimated: bool,
    /// Of several nodes, who counted in it now, and before.
    pub(super) nodes: Counted,
    pub(super) nodes_before: Counted,
}

impl TopWindow {
    pub(super) const fn of(column: &Column, total: u64) -> TopWindow {
        let covers_ms = column.covers_to_ms.saturating_sub(column.covers_from_ms);
        TopWindow { start_ms: column.start_ms, end_ms: column.end_ms, covers_ms, state: column.state, total }
    }
}

impl Top {
    pub(super) const fn empty(series: Series) -> Top {
        Top { series, now: None, before: None, rows: Vec::new(), ranges: 0, own_ranges: false, fanout: None }
    }
}

/// Rules 3 and 5, of all ranges.
pub(super) fn ranked(
    ranges: &BTreeMap<Name, Taken>,
    query: &TopQuery,
    now: TopWindow,
    before: Option<TopWindow>,
) -> Top {
    let mut rows: Vec<(&Name, &Taken)> = ranges.iter().filter(|(_, taken)| taken.now > 0).collect();
    let count = rows.len();
    rows.sort_by(|a, b| order(*a, *b));
    let new: Vec<&Taken> = rows.iter().map(|(_, taken)| *taken).collect();
    let old: Vec<&Taken> = ranges.values().filter(|taken| taken.before > 0).collect();
    rows.truncate(query.limit.clamp(1, MAX_TOP));
    let is_known = |taken: &Taken| before.is_some() && taken.is_known(&old, &new);
    let rows = rows.into_iter().map(|(name, taken)| row(name, taken, is_known(taken))).collect();
    Top { now: Some(now), before, rows, ranges: count, ..Top::empty(query.series) }
}

impl Taken {
    pub(super) const fn new(start: Vec<u8>, end: Option<Vec<u8>>) -> Taken {
        Taken {
            now: 0,
            before: 0,
            seen_before: false,
            owner: (0, 0, 0),
            sub_buckets: 1,
            start,
            end,
            estimated: false,
            nodes: Counted::new(),
            nodes_before: Counted::new(),
        }
    }

    /// Rule 3. `old` are the ranges that took something before, `new` those that take something now.
    fn is_known(&self, old: &[&Taken], new: &[&Taken]) -> bool {
        let meets = |other: &Taken| {
            let (start, end) = (self.start.as_slice(), self.end.as_deref());
            other.end.as_deref().is_none_or(|to| start < to) && end.is_none_or(|to| other.start.as_slice() < to)
        };
        if self.nodes.is_empty() {
            return self.seen_before || !old.iter().any(|other| meets(other));
        }
        // Of several nodes each by itself: what others count there says nothing of its bounds.
        let moved = |(in_one, in_other): (&Counted, &Counted), others: &[&Taken], of: fn(&Taken) -> &Counted| {
            let only: Vec<u32> = in_one.keys().filter(|place| !in_other.contains_key(place)).copied().collect();
            let counted = |other: &&&Taken| only.iter().any(|place| of(other).contains_key(place));
            // Most ranges are counted by those who counted them before.
            !only.is_empty() && others.iter().filter(|other| meets(other)).any(|other| counted(&other))
        };
        !moved((&self.nodes, &self.nodes_before), old, |other| &other.nodes_before)
            && !moved((&self.nodes_before, &self.nodes), new, |other| &other.nodes)
    }
}

/// Builds the answer.
pub(crate) fn build<S: Deref<Target = Shared>>(reader: &ReaderOn<S>, query: &TopQuery) -> Top {
    let columns = newest(reader);
    let empty = Top::empty(query.series);
    let Some(now) = now_of(&columns, reader.config().step_ms) else { return empty };
    let before = columns.iter().find(|c| c.end_ms == now.start_ms && c.state != ColumnState::Missing);
    let mut ranges: BTreeMap<Name, Taken> = BTreeMap::new();
    let (mut total, mut total_before) = (0u64, 0u64);
    let from_ms = before.map_or(now.end_ms, |column| column.end_ms);
    let taken = reader.for_each_cell(from_ms, now.end_ms.saturating_add(1), true, |column, cell| {
        let is_now = column.end_ms == now.end_ms;
        if !is_now && before.is_none_or(|one| one.end_ms != column.end_ms) {
            return;
        }
        if query.label.is_some_and(|label| label != cell.label) {
            return;
        }
        let (start, end) = cell.bounds();
        if !asks(query, &start, end.as_deref()) {
            return;
        }
        let value = cell.counts.get(query.series);
        let sum = if is_now { &mut total } else { &mut total_before };
        *sum = sum.wrapping_add(value);
        add(&mut ranges, cell, (start, end), value, is_now);
    });
    // The columns as they were read: the open one may have grown since it was chosen.
    let window = |end_ms: u64, total: u64| {
        let column = taken.iter().find(|column| column.end_ms == end_ms && column.state != ColumnState::Missing)?;
        Some(TopWindow::of(column, total))
    };
    let Some(present) = window(now.end_ms, total) else { return empty };
    let top = ranked(&ranges, query, present, before.and_then(|column| window(column.end_ms, total_before)));
    Top { own_ranges: reader.config().partition.ranges() > 0, ..top }
}

/// The last columns: enough for the open one, a sealed one and the one before.
fn newest<S: Deref<Target = Shared>>(reader: &ReaderOn<S>) -> Vec<Column> {
    let places = Reading::new(&reader.shared).places(0, 0, true);
    let old = places.len().saturating_sub(3);
    places.iter().skip(old).map(|place| Column::of(&place.head, true)).collect()
}

/// Rule 1.
pub(super) fn now_of(columns: &[Column], step_ms: u64) -> Option<Column> {
    let there = || columns.iter().rev().filter(|column| column.state != ColumnState::Missing);
    let covers = |column: &Column| column.covers_to_ms.saturating_sub(column.covers_from_ms);
    there()
        .find(|column| covers(column).saturating_mul(2) >= step_ms)
        .or_else(|| there().find(|column| column.state != ColumnState::Open))
        .or_else(|| there().next())
        .cloned()
}

/// Whether a range has keys that are asked for.
pub(super) fn asks(query: &TopQuery, start: &[u8], end: Option<&[u8]>) -> bool {
    end.is_none_or(|end| end > query.start.as_slice()) && query.end.as_deref().is_none_or(|to| start < to)
}

/// Rules 3 and 4.
fn add(
    ranges: &mut BTreeMap<Name, Taken>,
    cell: &CellView<'_>,
    bounds: (Vec<u8>, Option<Vec<u8>>),
    value: u64,
    is_now: bool,
) {
    let name = (cell.start.to_vec(), cell.end.map(<[u8]>::to_vec), cell.route.0, cell.aggregate, cell.sub_bucket);
    let taken =
        ranges.entry(name).or_insert_with(|| Taken { sub_buckets: cell.sub_buckets, ..Taken::new(bounds.0, bounds.1) });
    if is_now {
        taken.now = taken.now.wrapping_add(value);
        if value >= taken.owner.0 {
            taken.owner = (value, cell.group, cell.term);
        }
    } else {
        taken.before = taken.before.wrapping_add(value);
        taken.seen_before = true;
    }
}

/// `is_known`: what it took before is.
fn row(name: &Name, taken: &Taken, is_known: bool) -> TopRow {
    let (_, _, route, aggregate, sub_bucket) = name;
    let (start, end) = (taken.start.as_slice(), taken.end.as_deref());
    let mut nodes: Vec<TopNode> =
        taken.nodes.iter().map(|(place, value)| TopNode { place: *place, value: *value }).collect();
    let node_count = nodes.len();
    nodes.sort_by_key(|node| (Reverse(node.value), node.place));
    nodes.truncate(MAX_TOP_NODES);
    TopRow {
        route: RouteId(*route),
        aggregate: *aggregate,
        sub_bucket: *sub_bucket,
        sub_buckets: taken.sub_buckets,
        start: taken.start.clone(),
        end: taken.end.clone(),
        group: taken.owner.1,
        term: taken.owner.2,
        value: taken.now,
        before: is_known.then_some(taken.before),
        middle: middle(start, end),
        estimated: taken.estimated,
        nodes,
        node_count,
        counted: taken.nodes.values().fold(0u64, |sum, value| sum.saturating_add(*value)),
    }
}

/// Rule 5.
fn order(a: (&Name, &Taken), b: (&Name, &Taken)) -> Ordering {
    let ((_, _, route_a, aggregate_a, sub_a), (_, _, route_b, aggregate_b, sub_b)) = (a.0, b.0);
    b.1.now
        .cmp(&a.1.now)
        .then_with(|| a.1.start.cmp(&b.1.start))
        .then_with(|| (route_a, aggregate_a, sub_a).cmp(&(route_b, aggregate_b, sub_b)))
}
