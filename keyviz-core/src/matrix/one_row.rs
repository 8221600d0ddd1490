//! One row of the range axis: what was counted between two keys, column by column.
//!
//! The history is read once, because there is nothing to cut. What is held is one column, what its rows are, and a byte
//! for each division of a route; not rows x columns.

use alloc::string::String;
use alloc::vec::Vec;

use super::axis::{Axis, Share};
use super::history_columns::{columns, unattributed};
use super::range_axis::Owner;
use super::{Answer, AnswerRow, AxisKind, BucketId, Cut, MatrixQuery, write_merge};
use crate::reading::ValueReading;
use crate::shared::Shared;

/// Builds the answer: a row, where anything was counted between the query's keys, else none. Its bounds are the query's,
/// so that it is one row on every node.
pub(crate) fn build(shared: &Shared, query: &MatrixQuery) -> Answer {
    let axis = Axis::one_row(&query.start, query.end.as_deref());
    let mut reading = ValueReading::of_series(shared, query.series);
    let mut places = reading.places(query.from_ms, query.to_ms, query.open);
    let mut sum = Sum { axis: &axis, query, lies: Vec::new(), met: false, scratch: Vec::new() };
    let (mut taken, mut sums) = (Vec::with_capacity(places.len()), Vec::with_capacity(places.len()));
    for place in &mut places {
        let is_there = reading.take(place);
        sums.push(if is_there { sum.column(&reading) } else { ColumnSum::default() });
        taken.push(is_there);
    }
    let met = sum.met;
    let (columns, index) = columns(&places, &taken);
    let unattributed = unattributed(&places, &taken, &index, columns.len(), query);
    let rows = if met { alloc::vec![row(&reading, query, &sums, &index, columns.len())] } else { Vec::new() };
    Answer {
        series: query.series,
        step_ms: shared.config.step_ms,
        axis: AxisKind::Route,
        write_merge: Some(write_merge(shared)),
        rows,
        cut: Cut { rows: 0, values: alloc::vec![0; columns.len()] },
        unattributed,
        columns,
        ..Answer::default()
    }
}

/// What a column has.
#[derive(Clone, Copy, Default)]
struct ColumnSum {
    value: u64,
    estimated: bool,
    owner: Owner,
}

/// Where a division of a route lies.
#[derive(Clone, Copy, Default)]
enum Lies {
    #[default]
    Unknown,
    Outside,
    Within,
    Across,
}

struct Sum<'a> {
    axis: &'a Axis,
    query: &'a MatrixQuery,
    /// By descriptor and division.
    lies: Vec<Lies>,
    /// Anything was counted there, of whatever series.
    met: bool,
    scratch: Vec<Share>,
}

impl Sum<'_> {
    fn column(&mut self, reading: &ValueReading<'_>) -> ColumnSum {
        let (k, query) = (reading.k(), self.query);
        let all = query.names_all();
        self.lies.resize(reading.known.len() * k, Lies::Unknown);
        let mut sum = ColumnSum::default();
        reading.cells(|known, at, cell| {
            if !(all || query.names(k, reading.known.get(known), at)) {
                return;
            }
            let value = cell.counts.0;
            let share = match self.lies(reading, known, at % k) {
                Lies::Unknown | Lies::Outside => return,
                Lies::Within => value,
                Lies::Across if value == 0 => 0,
                Lies::Across => {
                    // Nothing, too, is an estimate where it is a share of something.
                    sum.estimated = true;
                    self.share(reading, known, at % k, value)
                }
            };
            self.met |= cell.counted;
            if share > 0 {
                sum.value = sum.value.saturating_add(share);
                sum.owner.join(reading, known);
            }
        });
        sum
    }

    fn lies(&mut self, reading: &ValueReading<'_>, known: usize, sub: usize) -> Lies {
        let Some(lies) = self.lies.get_mut(known * reading.k() + sub) else { return Lies::Unknown };
        if let Lies::Unknown = lies
            && let Some(known) = reading.known.get(known)
        {
            let (start, end) = known.sub.bounds(&known.start, known.end.as_deref(), sub as u32);
            *lies = match self.axis.place(&start, end.as_deref()) {
                None => Lies::Outside,
                Some(placement) if placement.exact => Lies::Within,
                Some(_) => Lies::Across,
            };
        }
        *lies
    }

    /// The share of a value that was counted under bounds which reach beyond the keys.
    fn share(&mut self, reading: &ValueReading<'_>, known: usize, sub: usize, value: u64) -> u64 {
        let Some(known) = reading.known.get(known) else { return 0 };
        let (start, end) = known.sub.bounds(&known.start, known.end.as_deref(), sub as u32);
        let Some(placement) = self.axis.place(&start, end.as_deref()) else { return 0 };
        let mut of_row = 0;
        self.axis.spread(placement, (&start, end.as_deref()), value, &mut self.scratch, |_, share| of_row = share);
        of_row
    }
}

fn row(
    reading: &ValueReading<'_>,
    query: &MatrixQuery,
    sums: &[ColumnSum],
    index: &[usize],
    columns: usize,
) -> AnswerRow {
    let mut row = AnswerRow {
        bucket_id: BucketId::of_range(0, None, 0),
        label: String::new(),
        start: query.start.clone(),
        end: query.end.clone(),
        values: alloc::vec![0; columns],
        groups: alloc::vec![0; columns],
        terms: alloc::vec![0; columns],
        ..AnswerRow::default()
    };
    if sums.iter().any(|sum| sum.estimated) {
        row.estimated = alloc::vec![false; columns];
    }
    for (sum, at) in sums.iter().zip(index) {
        let (group, term) = sum.owner.of(reading);
        for (list, number) in [(&mut row.values, sum.value), (&mut row.groups, group), (&mut row.terms, term)] {
            list.get_mut(*at).into_iter().for_each(|to| *to = number);
        }
        row.estimated.get_mut(*at).into_iter().for_each(|to| *to = sum.estimated);
    }
    row
}
