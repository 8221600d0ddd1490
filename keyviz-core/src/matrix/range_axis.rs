//! The matrix on the range axis, from the history: rows are ranges of keys, whatever was counted under which
//! bounds at which time.
//!
//! The history is read twice, as for the route axis: first for the boundaries and what was counted between
//! them, so that the axis can be cut; then for the values. Nothing is held per cell but the result.

use alloc::vec::Vec;

use super::axis::{Axis, Placement, Share, Span};
use super::bucket::BucketId;
use super::history_columns::{columns, unattributed};
use super::{AxisKind, Column, Cut, Matrix, MatrixQuery, Row};
use crate::descriptor::NONE;
use crate::label::Label;
use crate::limits::MAX_ROWS;
use crate::reading::{Place, ValueReading};
use crate::route::RouteId;
use crate::shared::Shared;

/// The descriptor of the one group that a cell's counts are of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner(u32);

impl Default for Owner {
    fn default() -> Self {
        Owner(NONE)
    }
}

impl Owner {
    /// Cells of several groups.
    const MIXED: Owner = Owner(NONE - 1);

    /// With counts of a descriptor besides: of one group the newest.
    #[inline]
    pub(super) fn join(&mut self, reading: &ValueReading<'_>, known: usize) {
        let of = |owner: usize| reading.known.get(owner).map(|known| &known.descriptor);
        *self = match (of(self.0 as usize), of(known)) {
            (None, _) if self.0 == NONE => Owner(known as u32),
            (Some(was), Some(is)) if was.group == is.group && was.age() < is.age() => Owner(known as u32),
            (Some(was), Some(is)) if was.group == is.group => *self,
            _ => Owner::MIXED,
        };
    }

    /// Its group and term; 0 for none, and for several.
    pub(super) fn of(self, reading: &ValueReading<'_>) -> (u64, u64) {
        let known = reading.known.get(self.0 as usize).map(|known| &known.descriptor);
        known.map_or((0, 0), |descriptor| (descriptor.group, descriptor.term))
    }
}

/// Builds the matrix.
pub(crate) fn build(shared: &Shared, query: &MatrixQuery) -> Matrix {
    let mut reading = ValueReading::of_series(shared, query.series);
    let mut places = reading.places(query.from_ms, query.to_ms, query.open);
    let found = Found::of(&mut reading, &mut places, query);
    let bounds = found.bounds(&reading);
    let mut lanes = found.lanes();
    let budget = if query.rows == 0 { MAX_ROWS } else { query.rows.min(MAX_ROWS) };
    // Fewer rows than labels: one row has all of them.
    let summed = (lanes.len() > budget).then(|| MatrixQuery { split_labels: false, ..query.clone() });
    if summed.is_some() {
        lanes = alloc::vec![0];
    }
    let query = summed.as_ref().unwrap_or(query);
    let spans: Vec<Span<'_>> =
        bounds.iter().map(|(start, end, total)| Span { start, end: end.as_deref(), total: *total }).collect();
    let names = query.key_names.as_deref();
    let axis = Axis::cut(&spans, &query.start, query.end.as_deref(), budget / lanes.len().max(1), |edge| {
        u8::from(names.is_some_and(|names| names.is_border(edge)))
    });

    let (mut columns, index) = columns(&places, &found.taken);
    // The second reading meets nothing that the first did not, but in an open column published meanwhile;
    // the axis was cut without such cells, so they have no row and count as cut.
    let mut fill = Fill::new(&axis, &reading, lanes, columns.len(), query, found.totals);
    let mut taken = found.taken;
    for ((place, taken), at) in places.iter_mut().zip(&mut taken).zip(&index) {
        *taken = *taken && reading.take(place);
        if *taken {
            fill.column(&reading, *at);
        }
        if let Some(column) = columns.get_mut(*at) {
            *column = Column::of(&place.head, *taken);
        }
    }
    let unattributed = unattributed(&places, &taken, &index, columns.len(), query);
    let cut = Cut { rows: 0, values: core::mem::take(&mut fill.cut) };
    Matrix {
        series: query.series,
        step_ms: shared.config.step_ms,
        axis: AxisKind::Range,
        axis_id: axis.id(),
        rows: fill.finish(shared, &reading),
        columns,
        cut,
        unattributed,
        write_merge: super::write_merge(shared),
        labels: shared.config.labels.clone(),
        key_names: query.key_names.clone(),
    }
}

/// What the first reading found: the totals by descriptor, label and division.
struct Found {
    totals: Vec<Option<u64>>,
    taken: Vec<bool>,
    lanes: usize,
    k: usize,
    split: bool,
}

impl Found {
    fn of(reading: &mut ValueReading<'_>, places: &mut [Place], query: &MatrixQuery) -> Self {
        let per_route = reading.per_route();
        let (k, all) = (reading.k(), query.names_all());
        let mut totals: Vec<Option<u64>> = Vec::new();
        let taken = places
            .iter_mut()
            .map(|place| {
                let taken = reading.take(place);
                if taken {
                    totals.resize(reading.known.len() * per_route, None);
                    reading.cells(|known, at, cell| {
                        if (all || query.names(k, reading.known.get(known), at))
                            && cell.counted
                            && let Some(total) = totals.get_mut(known * per_route + at)
                        {
                            *total = Some(total.unwrap_or(0).saturating_add(cell.counts.0));
                        }
                    });
                }
                taken
            })
            .collect();
        Found { totals, taken, lanes: per_route / k, k, split: query.splits() }
    }

    /// The labels that have rows of their own; one for all where they are summed.
    fn lanes(&self) -> Vec<usize> {
        if !self.split {
            return alloc::vec![0];
        }
        let present = |lane: usize| {
            let cells = self.totals.iter().enumerate();
            cells.filter(|(at, _)| at / self.k % self.lanes == lane).any(|(_, total)| total.is_some())
        };
        (0..self.lanes).filter(|lane| present(*lane)).collect()
    }

    /// The bounds of every division that was counted in, with its total over all labels.
    fn bounds(&self, reading: &ValueReading<'_>) -> Vec<(Vec<u8>, Option<Vec<u8>>, u64)> {
        let mut bounds = Vec::new();
        for (known, totals) in reading.known.iter().zip(self.totals.chunks(self.lanes * self.k)) {
            for sub in 0..self.k {
                let of_sub = totals.iter().skip(sub).step_by(self.k);
                let total =
                    of_sub.flatten().fold(None, |sum: Option<u64>, add| Some(sum.unwrap_or(0).saturating_add(*add)));
                if let Some(total) = total {
                    let (start, end) = known.sub.bounds(&known.start, known.end.as_deref(), sub as u32);
                    bounds.push((start, end, total));
                }
            }
        }
        bounds
    }
}

/// The values of the rows while the second reading fills them: label by label, row by row.
struct Fill<'a> {
    axis: &'a Axis,
    query: &'a MatrixQuery,
    lanes: Vec<usize>,
    columns: usize,
    k: usize,
    values: Vec<u64>,
    estimated: Vec<bool>,
    /// The descriptor of the one group that a cell's counts are of; empty when no route has a group.
    owner: Vec<Owner>,
    /// Of each descriptor and division, where it lies; what is not known yet is absent.
    placed: Vec<Option<Placement>>,
    known: Vec<bool>,
    /// By descriptor, label and division, what the first reading found.
    met: Vec<Option<u64>>,
    /// By the same, the one row that has all of it, among those of all labels; [`NONE`] where there is none.
    row_of: Vec<u32>,
    /// What it did not find, per column.
    cut: Vec<u64>,
    scratch: Vec<Share>,
    /// Sums of the column that is read, by label and row: side by side, where its cells in `values` are far apart.
    sums: Vec<u64>,
}

impl<'a> Fill<'a> {
    fn new(
        axis: &'a Axis,
        reading: &ValueReading<'_>,
        lanes: Vec<usize>,
        columns: usize,
        query: &'a MatrixQuery,
        met: Vec<Option<u64>>,
    ) -> Self {
        let height = axis.rows() * lanes.len();
        let cells = height * columns;
        let grouped = reading.known.iter().any(|known| known.descriptor.group != 0);
        let row_of = alloc::vec![NONE; met.len()];
        let mut fill = Fill {
            axis,
            query,
            lanes,
            columns,
            k: reading.k(),
            values: alloc::vec![0; cells],
            estimated: alloc::vec![false; cells],
            owner: if grouped { alloc::vec![Owner::default(); cells] } else { Vec::new() },
            placed: Vec::new(),
            known: Vec::new(),
            met,
            row_of,
            cut: alloc::vec![0; columns],
            scratch: Vec::new(),
            sums: alloc::vec![0; height],
        };
        for place in 0..fill.met.len() {
            let row = fill.whole_row(reading, place);
            fill.row_of.get_mut(place).into_iter().for_each(|to| *to = row);
        }
        fill
    }

    /// The row that has all of a division of a descriptor and label, where it was met and there is one.
    fn whole_row(&mut self, reading: &ValueReading<'_>, place: usize) -> u32 {
        let (known, at) = (place / reading.per_route(), place % reading.per_route());
        if self.met.get(place).copied().flatten().is_none() {
            return NONE;
        }
        let placement = self.place(reading, known, at % self.k).filter(|placement| placement.exact);
        let (Some(lane), Some(placement)) = (self.lane(at), placement) else { return NONE };
        (lane * self.axis.rows()) as u32 + placement.first
    }

    /// Which of the labels that have rows a cell's is.
    fn lane(&self, at: usize) -> Option<usize> {
        if self.query.splits() { self.lanes.iter().position(|lane| *lane == at / self.k) } else { Some(0) }
    }

    /// Where a division of a descriptor lies.
    fn place(&mut self, reading: &ValueReading<'_>, known: usize, sub: usize) -> Option<Placement> {
        let at = known * self.k + sub;
        if self.known.len() <= at {
            self.known.resize(reading.known.len() * self.k, false);
            self.placed.resize(reading.known.len() * self.k, None);
        }
        if !self.known.get(at).copied().unwrap_or(true) {
            let known = reading.known.get(known)?;
            let (start, end) = known.sub.bounds(&known.start, known.end.as_deref(), sub as u32);
            let placement = self.axis.place(&start, end.as_deref());
            self.placed.get_mut(at).into_iter().for_each(|to| *to = placement);
            self.known.get_mut(at).into_iter().for_each(|to| *to = true);
        }
        self.placed.get(at).copied().flatten()
    }

    fn column(&mut self, reading: &ValueReading<'_>, column: usize) {
        let (k, query, rows, per_route) = (self.k, self.query, self.axis.rows(), reading.per_route());
        let mut scratch = core::mem::take(&mut self.scratch);
        reading.cells(|known, at, cell| {
            let value = cell.counts.0;
            if value == 0 {
                return;
            }
            let place = known * per_route + at;
            if let Some(row) = self.row_of.get(place)
                && *row != NONE
            {
                return self.add(reading, *row as usize, column, value, known);
            }
            if !query.names(k, reading.known.get(known), at) {
                return;
            }
            if self.met.get(place).copied().flatten().is_none() {
                if query.asks(k, reading.known.get(known), at) {
                    self.cut.get_mut(column).into_iter().for_each(|cut| *cut = cut.saturating_add(value));
                }
                return;
            }
            let (Some(lane), Some(placement)) = (self.lane(at), self.place(reading, known, at % k)) else { return };
            let axis = self.axis;
            let Some(of) = reading.known.get(known) else { return };
            let (start, end) = of.sub.bounds(&of.start, of.end.as_deref(), (at % k) as u32);
            axis.spread(placement, (&start, end.as_deref()), value, &mut scratch, |row, share| {
                let row = lane * rows + row;
                // Nothing, too, is an estimate where it is a share of something.
                self.estimated.get_mut(row * self.columns + column).into_iter().for_each(|flag| *flag = true);
                self.add(reading, row, column, share, known);
            });
        });
        self.scratch = scratch;
        for (row, sum) in self.sums.iter_mut().enumerate().filter(|(_, sum)| **sum > 0) {
            self.values.get_mut(row * self.columns + column).into_iter().for_each(|value| *value = *sum);
            *sum = 0;
        }
    }

    #[inline]
    fn add(&mut self, reading: &ValueReading<'_>, row: usize, column: usize, value: u64, known: usize) {
        if value == 0 {
            return;
        }
        if let Some(sum) = self.sums.get_mut(row) {
            *sum = sum.saturating_add(value);
        }
        let owner = self.owner.get_mut(row * self.columns + column);
        owner.into_iter().for_each(|owner| owner.join(reading, known));
    }

    fn finish(self, shared: &Shared, reading: &ValueReading<'_>) -> Vec<Row> {
        let rows = self.axis.rows();
        let id = self.axis.id();
        let counts = self.route_counts(reading);
        let mut out = Vec::with_capacity(rows * self.lanes.len());
        for row in 0..rows {
            for (at, lane) in self.lanes.iter().enumerate() {
                let cells = (at * rows + row) * self.columns..(at * rows + row + 1) * self.columns;
                let label = if self.query.splits() { Label(*lane as u8) } else { Label::NONE };
                let owners = self.owner.get(cells.clone()).unwrap_or(&[]);
                let (groups, terms) = owners.iter().map(|owner| owner.of(reading)).unzip();
                let estimated = self.estimated.get(cells.clone()).unwrap_or(&[]);
                let (start, end) = self.axis.bounds(row);
                out.push(Row {
                    bucket_id: BucketId::of_range(row, shared.config.labels.name(label), id),
                    route: RouteId(0),
                    aggregate: false,
                    route_ids: Vec::new(),
                    route_ids_truncated: false,
                    route_count: counts.get(row).copied().unwrap_or(0),
                    label,
                    start: start.to_vec(),
                    end: end.map(<[u8]>::to_vec),
                    values: self.values.get(cells.clone()).unwrap_or(&[]).to_vec(),
                    estimated: if estimated.contains(&true) { estimated.to_vec() } else { Vec::new() },
                    draining: false,
                    groups,
                    terms,
                    term_parts: Vec::new(),
                });
            }
        }
        out
    }

    /// How many routes each row lies in: of each route, and of each virtual bucket's routes, by the bounds it had last.
    fn route_counts(&self, reading: &ValueReading<'_>) -> Vec<u64> {
        let mut newest: Vec<&crate::reading::Known> = reading.known.iter().collect();
        newest.sort_unstable_by_key(|known| (known.descriptor.owner(), core::cmp::Reverse(known.descriptor.age())));
        newest.dedup_by_key(|known| known.descriptor.owner());
        let mut counts = alloc::vec![0i64; self.axis.rows() + 1];
        for known in newest {
            let Some(placement) = self.axis.place(&known.start, known.end.as_deref()) else { continue };
            let routes = known.descriptor.members.max(1) as i64;
            counts.get_mut(placement.first as usize).into_iter().for_each(|count| *count += routes);
            counts.get_mut(placement.last as usize + 1).into_iter().for_each(|count| *count -= routes);
        }
        let mut sum = 0;
        counts
            .iter()
            .map(|step| {
                sum += step;
                sum as u64
            })
            .collect()
    }
}
