//! The range axis of merged rows, and the row budget of the route axis. Both come last: a row that is cold on one
//! node may be hot on another.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::cuts::Cuts;
use crate::limits::MAX_ROWS;
use crate::matrix::axis::{Axis, Placement, Share};
use crate::matrix::{Answer, AnswerRow, AxisKind, BucketId, MatrixQuery, budget};

pub(super) fn most(query: &MatrixQuery) -> usize {
    if query.rows == 0 { MAX_ROWS } else { query.rows.min(MAX_ROWS) }
}

/// Leaves out the coldest rows beyond the budget, of equals the later by bucket id.
pub(super) fn cut(answer: &mut Answer, query: &MatrixQuery) {
    let total = |row: &AnswerRow| row.values.iter().fold(0u64, |sum, value| sum.saturating_add(*value));
    let mut order: Vec<(usize, u64)> = answer.rows.iter().map(total).enumerate().collect();
    let id = |at: usize| answer.rows.get(at).map(|row| &row.bucket_id);
    order = budget::keep(order, most(query), |row| row.1, |a, b| id(a.0).cmp(&id(b.0)));
    if order.len() == answer.rows.len() {
        return;
    }
    let mut stays = alloc::vec![false; answer.rows.len()];
    for (at, _) in &order {
        stays.get_mut(*at).into_iter().for_each(|stays| *stays = true);
    }
    let mut stays = stays.into_iter();
    let cut = &mut answer.cut;
    answer.rows.retain(|row| {
        let stays = stays.next().unwrap_or(false);
        if !stays {
            cut.rows = cut.rows.saturating_add(1);
            cut.values.iter_mut().zip(&row.values).for_each(|(cut, value)| *cut = cut.saturating_add(*value));
        }
        stays
    });
}

/// The same counts by ranges of keys.
pub(super) fn project(mut answer: Answer, cuts: &Cuts) -> Answer {
    let Cuts { axis, labels, splits } = cuts;
    let columns = answer.columns.len();
    let mut fill = Fill::new(axis, labels.len(), columns);
    let cut = &mut answer.cut;
    for row in &answer.rows {
        match if *splits { labels.binary_search(&row.label).ok() } else { Some(0) } {
            Some(lane) => fill.row(row, lane),
            // A label that came after the cuts were made has no rows.
            None => {
                cut.values.resize(columns, 0);
                cut.values.iter_mut().zip(&row.values).for_each(|(cut, value)| *cut = cut.saturating_add(*value));
            }
        }
    }
    let counts = route_counts(axis, &answer.rows);
    let rows = rows(axis, labels, &fill.cells, columns, &counts);
    Answer { axis: AxisKind::Range, axis_id: axis.id(), rows, ..answer }
}

/// The one row that all keys of `[start, end)` are together, all labels summed up; none where there are no such keys.
pub(crate) fn one_row(answer: &Answer, start: &[u8], end: Option<&[u8]>) -> Option<AnswerRow> {
    let axis = Axis::one_row(start, end);
    let columns = answer.columns.len();
    let mut fill = Fill::new(&axis, 1, columns);
    answer.rows.iter().for_each(|row| fill.row(row, 0));
    rows(&axis, &[String::new()], &fill.cells, columns, &[]).pop()
}

/// One cell while rows are added to it.
#[derive(Clone, Copy, Default)]
struct RangeCell {
    value: u64,
    owner: Owner,
    estimated: bool,
    conflict: bool,
    missing: bool,
}

/// Whose counts a cell has.
#[derive(Clone, Copy, Default, PartialEq)]
enum Owner {
    #[default]
    Nobody,
    /// A group, with its greatest term.
    Group(u64, u64),
    Several,
}

impl RangeCell {
    fn add(&mut self, value: u64, estimated: bool, conflict: bool, group: u64, term: u64) {
        let (sum, over) = self.value.overflowing_add(value);
        self.value = if over { u64::MAX } else { sum };
        self.estimated |= estimated || over;
        self.conflict |= conflict;
        if value == 0 {
            return;
        }
        self.owner = match self.owner {
            Owner::Nobody => Owner::Group(group, term),
            Owner::Group(known, was) if known == group => Owner::Group(group, was.max(term)),
            Owner::Group(..) | Owner::Several => Owner::Several,
        };
    }

    const fn owner(&self) -> (u64, u64) {
        match self.owner {
            Owner::Group(group, term) => (group, term),
            Owner::Nobody | Owner::Several => (0, 0),
        }
    }
}

struct Fill<'a> {
    axis: &'a Axis,
    columns: usize,
    /// Label by label, row by row.
    cells: Vec<RangeCell>,
    scratch: Vec<Share>,
}

impl<'a> Fill<'a> {
    fn new(axis: &'a Axis, labels: usize, columns: usize) -> Self {
        let cells = alloc::vec![RangeCell::default(); axis.rows() * labels * columns];
        Fill { axis, columns, cells, scratch: Vec::new() }
    }

    fn row(&mut self, row: &AnswerRow, lane: usize) {
        let Some(placement) = self.axis.place(&row.start, row.end.as_deref()) else { return };
        let is = |flags: &[bool], at: usize| flags.get(at) == Some(&true);
        let number = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
        let mut scratch = core::mem::take(&mut self.scratch);
        let first = lane * self.axis.rows();
        for at in 0..self.columns {
            let value = number(&row.values, at);
            if is(&row.missing, at) {
                self.mark_missing(placement, first, at);
            }
            let (estimated, conflict) = (is(&row.estimated, at), is(&row.conflicts, at));
            // Nothing, too, is an estimate where it is a share of something.
            if value == 0 && !estimated {
                continue;
            }
            let (group, term) = (number(&row.groups, at), number(&row.terms, at));
            let columns = self.columns;
            let cells = &mut self.cells;
            let mut add = |range: usize, share: u64, estimated: bool| {
                if let Some(cell) = cells.get_mut((first + range) * columns + at) {
                    cell.add(share, estimated, conflict, group, term);
                }
            };
            if placement.exact {
                add(placement.first as usize, value, estimated);
            } else {
                let bounds = (row.start.as_slice(), row.end.as_deref());
                self.axis.spread(placement, bounds, value, &mut scratch, |range, share| add(range, share, true));
            }
        }
        self.scratch = scratch;
    }

    fn mark_missing(&mut self, placement: Placement, first: usize, column: usize) {
        for range in placement.first as usize..=placement.last as usize {
            let cell = self.cells.get_mut((first + range) * self.columns + column);
            cell.into_iter().for_each(|cell| cell.missing = true);
        }
    }
}

fn rows(axis: &Axis, labels: &[String], cells: &[RangeCell], columns: usize, counts: &[u64]) -> Vec<AnswerRow> {
    let grouped = cells.iter().any(|cell| cell.owner() != (0, 0));
    let id = axis.id();
    let mut rows = Vec::with_capacity(axis.rows() * labels.len());
    for range in 0..axis.rows() {
        for (lane, label) in labels.iter().enumerate() {
            let first = (lane * axis.rows() + range) * columns;
            let cells = cells.get(first..first + columns).unwrap_or(&[]);
            let flags = |of: fn(&RangeCell) -> bool| {
                if cells.iter().any(of) { cells.iter().map(of).collect() } else { Vec::new() }
            };
            let owned = |of: fn((u64, u64)) -> u64| {
                if grouped { cells.iter().map(|cell| of(cell.owner())).collect() } else { Vec::new() }
            };
            let (start, end) = axis.bounds(range);
            let conflicts: Vec<bool> = flags(|cell| cell.conflict);
            rows.push(AnswerRow {
                bucket_id: BucketId::of_range(range, Some(label.as_str()).filter(|label| !label.is_empty()), id),
                label: label.clone(),
                start: start.to_vec(),
                end: end.map(<[u8]>::to_vec),
                route_count: counts.get(range).copied().unwrap_or(0),
                values: cells.iter().map(|cell| cell.value).collect(),
                conflict: !conflicts.is_empty(),
                conflicts,
                estimated: flags(|cell| cell.estimated),
                missing: flags(|cell| cell.missing),
                groups: owned(|owner| owner.0),
                terms: owned(|owner| owner.1),
                ..AnswerRow::default()
            });
        }
    }
    rows
}

/// How many routes lie in each range: each route once, however many rows it has, and all of a virtual bucket.
fn route_counts(axis: &Axis, rows: &[AnswerRow]) -> Vec<u64> {
    let mut routes: BTreeMap<&str, (u32, u32, u64)> = BTreeMap::new();
    for row in rows {
        let Some(placement) = axis.place(&row.start, row.end.as_deref()) else { continue };
        let id = row.bucket_id.as_str();
        let route = match id.strip_prefix("route:").and_then(|rest| rest.find(['~', ':', '#'])) {
            Some(len) => id.get(.."route:".len() + len).unwrap_or(id),
            None => id,
        };
        let known = routes.entry(route).or_insert((placement.first, placement.last, row.route_count));
        *known = (known.0.min(placement.first), known.1.max(placement.last), known.2.max(row.route_count));
    }
    let mut counts = alloc::vec![0u64; axis.rows()];
    for (first, last, routes) in routes.into_values() {
        let covered = counts.get_mut(first as usize..=last as usize).unwrap_or(&mut []);
        covered.iter_mut().for_each(|count| *count = count.saturating_add(routes));
    }
    counts
}
