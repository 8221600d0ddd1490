//! The hottest ranges of the newest window, beside the window before.
//!
//! 1. *Now* is the newest column that covers half a step at least, the open one included: younger ones are noise.
//!    Where none does, it is the newest sealed one, and without a sealed one the open one.
//! 2. *Before* is the column that ends where now begins. Where there is none, or it is missing, there is no change.
//! 3. A range is a route, or a division of one, under the bounds it had in the window; labels are summed unless one is
//!    asked for. Where its keys took something before under other bounds it has no value before: a split is not a
//!    change of load. Where they took nothing, that is 0.
//! 4. Its owner is the group and term under which it took most in the window.
//! 5. Order: value of the window, falling; then start, route, division.
//! 6. It may be split in the middle of its keys, where it has one: half of the keys, not half of the load.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Deref;

use crate::history::ColumnState;
use crate::label::Label;
use crate::matrix::Answer;
use crate::op::Series;
use crate::reader::{CellView, ReaderOn};
use crate::reading::Reading;
use crate::route::RouteId;
use crate::shared::Shared;
use crate::sub_bucket::SubLayout;
use crate::window::Column;

/// The most ranges an answer has.
const MAX_TOP: usize = 1024;

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
    /// The middle of its keys; `None` where no key lies between its bounds.
    pub middle: Option<Vec<u8>>,
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
}

/// What tells ranges apart: bounds of the route, its id, whether it is an aggregate, the division.
type Name = (Vec<u8>, Option<Vec<u8>>, u64, bool, u32);

/// What a range took under one name.
struct Taken {
    now: u64,
    before: u64,
    seen_before: bool,
    /// The greatest share of the window so far, with its group and term.
    owner: (u64, u64, u64),
    sub_buckets: u32,
    start: Vec<u8>,
    end: Option<Vec<u8>>,
}

impl Top {
    /// The hottest ranges of a picture of several nodes: of all rows by route of their merge
    /// ([`Merge::finish_whole`](crate::Merge::finish_whole)) over the last columns, the open one included, in the query's
    /// series and of its label.
    ///
    /// The rules are those of [`ReaderOn::top`](crate::ReaderOn::top). Nodes that divide their keys differently have
    /// ranges of their own, which may overlap; the number of a route's divisions is that of those with a row.
    ///
    /// Never panics. Cost: O(n log n) in the rows.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, MatrixQuery, Merge, Op, RouteId, Sampler, Series, Top, TopQuery};
    /// let mut merge = Merge::new();
    /// let all = MatrixQuery { series: Series::Ops, open: true, ..MatrixQuery::default() };
    /// for place in 0..2 {
    ///     let sampler = Sampler::new(Config::default(), 0)?;
    ///     sampler.register(RouteId(7), b"a", None, 0)?;
    ///     sampler.observe(RouteId(7), Op::Read, b"b", 0);
    ///     sampler.flush(60_000);
    ///     merge.add(place, &sampler.reader().part(&all, 16384))?;
    /// }
    /// let top = Top::of_answer(&merge.finish_whole().answer, &TopQuery::default());
    /// assert_eq!((top.rows.len(), top.rows[0].route, top.rows[0].value), (1, RouteId(7), 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_answer(answer: &Answer, query: &TopQuery) -> Top {
        of_answer(answer, query)
    }
}

fn of_answer(answer: &Answer, query: &TopQuery) -> Top {
    let columns = &answer.columns;
    let empty = Top { series: query.series, now: None, before: None, rows: Vec::new(), ranges: 0 };
    let Some(now) = now_of(columns, answer.step_ms) else { return empty };
    let place = |end_ms: u64| columns.iter().position(|c| c.end_ms == end_ms && c.state != ColumnState::Missing);
    let (at, before) = (place(now.end_ms), place(now.start_ms));
    let value = |list: &[u64], at: Option<usize>| at.and_then(|at| list.get(at)).copied().unwrap_or(0);
    let mut ranges: BTreeMap<Name, Taken> = BTreeMap::new();
    let (mut total, mut total_before) = (0u64, 0u64);
    for row in answer.rows.iter().filter(|row| asks(query, &row.start, row.end.as_deref())) {
        let (aggregate, route, sub_bucket) = row.bucket_id.of_route().unwrap_or_default();
        let (now, past) = (value(&row.values, at), value(&row.values, before));
        total = total.saturating_add(now);
        total_before = total_before.saturating_add(past);
        let sub = sub_bucket.unwrap_or(0);
        let taken =
            ranges.entry((row.start.clone(), row.end.clone(), route, aggregate, sub)).or_insert_with(|| Taken {
                now: 0,
                before: 0,
                seen_before: false,
                owner: (0, 0, 0),
                sub_buckets: 1,
                start: row.start.clone(),
                end: row.end.clone(),
            });
        taken.now = taken.now.saturating_add(now);
        taken.before = taken.before.saturating_add(past);
        taken.seen_before |= past > 0;
        if now >= taken.owner.0 {
            taken.owner = (now, value(&row.groups, at), value(&row.terms, at));
        }
        taken.sub_buckets = taken.sub_buckets.max(sub_bucket.map_or(1, |sub| sub.saturating_add(1).max(2)));
    }
    count_divisions(&mut ranges);
    let window = |at: Option<usize>, total: u64| {
        let column = columns.get(at?)?;
        let covers_ms = column.covers_to_ms.saturating_sub(column.covers_from_ms);
        let Column { start_ms, end_ms, state, .. } = *column;
        Some(TopWindow { start_ms, end_ms, covers_ms, state, total })
    };
    let Some(present) = window(at, total) else { return empty };
    ranked(&ranges, query, present, window(before, total_before))
}

/// Every division of a route knows how many there are.
fn count_divisions(ranges: &mut BTreeMap<Name, Taken>) {
    let mut most: BTreeMap<(u64, bool), u32> = BTreeMap::new();
    for ((_, _, route, aggregate, _), taken) in ranges.iter() {
        let most = most.entry((*route, *aggregate)).or_default();
        *most = (*most).max(taken.sub_buckets);
    }
    for ((_, _, route, aggregate, _), taken) in ranges.iter_mut() {
        taken.sub_buckets = most.get(&(*route, *aggregate)).copied().unwrap_or(1);
    }
}

/// Rules 3 and 5, of all ranges.
fn ranked(ranges: &BTreeMap<Name, Taken>, query: &TopQuery, now: TopWindow, before: Option<TopWindow>) -> Top {
    let mut rows: Vec<(&Name, &Taken)> = ranges.iter().filter(|(_, taken)| taken.now > 0).collect();
    let count = rows.len();
    rows.sort_by(|a, b| order(*a, *b));
    rows.truncate(query.limit.clamp(1, MAX_TOP));
    let others: Vec<&Taken> = ranges.values().filter(|taken| taken.before > 0).collect();
    let rows = rows.into_iter().map(|(name, taken)| row(name, taken, before.map(|_| others.as_slice()))).collect();
    Top { series: query.series, now: Some(now), before, rows, ranges: count }
}

/// Builds the answer.
pub(crate) fn build<S: Deref<Target = Shared>>(reader: &ReaderOn<S>, query: &TopQuery) -> Top {
    let columns = newest(reader);
    let empty = Top { series: query.series, now: None, before: None, rows: Vec::new(), ranges: 0 };
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
        let covers_ms = column.covers_to_ms.saturating_sub(column.covers_from_ms);
        Some(TopWindow { start_ms: column.start_ms, end_ms, covers_ms, state: column.state, total })
    };
    let Some(present) = window(now.end_ms, total) else { return empty };
    ranked(&ranges, query, present, before.and_then(|column| window(column.end_ms, total_before)))
}

/// The last columns: enough for the open one, a sealed one and the one before.
fn newest<S: Deref<Target = Shared>>(reader: &ReaderOn<S>) -> Vec<Column> {
    let places = Reading::new(&reader.shared).places(0, 0, true);
    let old = places.len().saturating_sub(3);
    places.iter().skip(old).map(|place| Column::of(&place.head, true)).collect()
}

/// Rule 1.
fn now_of(columns: &[Column], step_ms: u64) -> Option<Column> {
    let there = || columns.iter().rev().filter(|column| column.state != ColumnState::Missing);
    let covers = |column: &Column| column.covers_to_ms.saturating_sub(column.covers_from_ms);
    there()
        .find(|column| covers(column).saturating_mul(2) >= step_ms)
        .or_else(|| there().find(|column| column.state != ColumnState::Open))
        .or_else(|| there().next())
        .cloned()
}

/// Whether a range has keys that are asked for.
fn asks(query: &TopQuery, start: &[u8], end: Option<&[u8]>) -> bool {
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
    let taken = ranges.entry(name).or_insert_with(|| Taken {
        now: 0,
        before: 0,
        seen_before: false,
        owner: (0, 0, 0),
        sub_buckets: cell.sub_buckets,
        start: bounds.0,
        end: bounds.1,
    });
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

/// `others` are the ranges that took something before; `None` without a window before.
fn row(name: &Name, taken: &Taken, others: Option<&[&Taken]>) -> TopRow {
    let (_, _, route, aggregate, sub_bucket) = name;
    let (start, end) = (taken.start.as_slice(), taken.end.as_deref());
    let counted_otherwise = |others: &[&Taken]| {
        !taken.seen_before
            && others.iter().any(|other| {
                other.end.as_deref().is_none_or(|to| start < to) && end.is_none_or(|to| other.start.as_slice() < to)
            })
    };
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
        before: others.filter(|others| !counted_otherwise(others)).map(|_| taken.before),
        middle: middle(start, end),
    }
}

/// Rule 6.
fn middle(start: &[u8], end: Option<&[u8]>) -> Option<Vec<u8>> {
    let (_, edge) = SubLayout::new(start, end, 2).bounds(start, end, 0);
    edge.filter(|key| key.as_slice() > start && end.is_none_or(|end| key.as_slice() < end))
}

/// Rule 5.
fn order(a: (&Name, &Taken), b: (&Name, &Taken)) -> Ordering {
    let ((_, _, route_a, aggregate_a, sub_a), (_, _, route_b, aggregate_b, sub_b)) = (a.0, b.0);
    b.1.now
        .cmp(&a.1.now)
        .then_with(|| a.1.start.cmp(&b.1.start))
        .then_with(|| (route_a, aggregate_a, sub_a).cmp(&(route_b, aggregate_b, sub_b)))
}
