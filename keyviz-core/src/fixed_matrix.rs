//! Rows x columns of one series without an allocator: as many of each as the caller's type has room for.

use core::fmt;
use core::ops::Deref;

use heapless::Vec;

use crate::bound::Bound;
use crate::halves::WriterOn;
use crate::in_place::CellInPlace;
use crate::label::{Label, Labels};
use crate::op::Series;
use crate::route::RouteId;
use crate::shared::Shared;
use crate::window::Column;

/// One row: a route, or one division of it, under one label, with the bounds it had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FixedRow<'w, const COLUMNS: usize> {
    /// Lower bound.
    pub start: Bound<'w>,
    /// The route; of an aggregate, the virtual bucket's id.
    pub route: RouteId,
    /// A virtual bucket: routes without slots of their own.
    pub aggregate: bool,
    /// The label.
    pub label: Label,
    /// Which division of the route.
    pub sub_bucket: u32,
    /// How many divisions the route has.
    pub sub_buckets: u32,
    /// Upper bound; `None` is unbounded.
    pub end: Option<Bound<'w>>,
    /// A value per column; those behind the last column are 0.
    pub values: [u64; COLUMNS],
    /// The route was removed when the row's newest column was flushed.
    pub draining: bool,
}

/// Rows x columns of one series, in memory of the caller's: a row per route, label, division and bounds,
/// ordered by start, then by route, label and division.
///
/// It shows the newest `COLUMNS` columns; [`older`](Self::older) of them were left out. A row that
/// finds `ROWS` others has no place; what it counts is in [`cut`](Self::cut). So per column the rows, `cut`
/// and `unattributed` sum to everything observed, exactly.
///
/// Its [`Display`](fmt::Display) is a table of lines for a serial console.
///
/// # Examples
/// ```
/// use keyviz_core::{Op, RouteId, Series};
/// keyviz_core::fixed! { mod load {} }
/// let mut memory = load::Memory::new();
/// let mut writer = memory.claim(&load::SHARED, 0)?;
/// writer.register(RouteId(1), b"a", Some(b"m"), 0)?;
/// let recorder = writer.recorder().ok_or("none free")?;
/// recorder.observe(RouteId(1), Op::Write, b"apple", 100);
/// writer.flush(1000);
/// writer.flush(1400);
/// let matrix = writer.matrix::<8, 16>(Series::Writes, true);
/// assert_eq!(matrix.rows[0].values[0], 1);
/// assert_eq!(
///     matrix.to_string(),
///     "writes, a column per 1000 ms\n\
///      0..1000 complete\n\
///      1000..2000 open\n\
///      route:1 a..m: 1 0\n\
///      unattributed: 0 0\n\
///      cut: 0 0\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FixedMatrix<'w, const ROWS: usize, const COLUMNS: usize> {
    /// The series.
    pub series: Series,
    /// The sampling interval.
    pub step_ms: u64,
    /// The columns, oldest first; a run of windows without a column is one `Missing` column.
    pub columns: Vec<Column, COLUMNS>,
    /// Columns there are before the first one shown.
    pub older: usize,
    /// The rows.
    pub rows: Vec<FixedRow<'w, COLUMNS>, ROWS>,
    /// What rows without a place counted, per column.
    pub cut: [u64; COLUMNS],
    /// What no row could take, per column.
    pub unattributed: [u64; COLUMNS],
    labels: &'w Labels,
}

impl<S: Deref<Target = Shared>> WriterOn<'_, S> {
    /// The picture of one series, with `open` the open column too; see [`FixedMatrix`].
    ///
    /// Cost: linear in the cells there are, times the logarithm of the rows.
    #[must_use]
    pub fn matrix<const ROWS: usize, const COLUMNS: usize>(
        &self,
        series: Series,
        open: bool,
    ) -> FixedMatrix<'_, ROWS, COLUMNS> {
        let mut count = 0;
        self.each_column(open, |_, _| count += 1);
        let mut matrix = FixedMatrix {
            series,
            step_ms: self.shared.config.step_ms,
            columns: Vec::new(),
            older: usize::saturating_sub(count, COLUMNS),
            rows: Vec::new(),
            cut: [0; COLUMNS],
            unattributed: [0; COLUMNS],
            labels: &self.shared.config.labels,
        };
        let mut left_out = matrix.older;
        self.each_column(open, |column, head| {
            if left_out > 0 {
                left_out -= 1;
                return;
            }
            let at = matrix.columns.len();
            // There are no more than `COLUMNS` to come.
            let _ = matrix.columns.push(column);
            let Some(head) = head else { return };
            add(&mut matrix.unattributed, at, head.unattributed.get(series));
            self.each_cell_of(head, |cell| matrix.add(at, cell));
        });
        matrix
    }

    /// Every column, oldest first; runs of windows without one have no head.
    fn each_column(&self, open: bool, mut each: impl FnMut(Column, Option<&crate::history::Head>)) {
        let mut next_ms = None;
        self.each_head(open, |head| {
            if let Some(start_ms) = next_ms.filter(|next| *next < head.start_ms) {
                each(Column::gap(start_ms, head.start_ms), None);
            }
            next_ms = Some(head.end_ms);
            each(Column::of(head, true), Some(head));
        });
    }
}

fn add<const N: usize>(values: &mut [u64; N], at: usize, value: u64) {
    if let Some(sum) = values.get_mut(at) {
        *sum = sum.saturating_add(value);
    }
}

impl<'w, const ROWS: usize, const COLUMNS: usize> FixedMatrix<'w, ROWS, COLUMNS> {
    fn add(&mut self, column: usize, cell: &CellInPlace<'w>) {
        let value = cell.counts.get(self.series);
        let name = (cell.start, cell.aggregate, cell.route, cell.label, cell.sub_bucket, cell.end);
        let place = self.rows.binary_search_by(|row| row.name().cmp(&name));
        let at = match place {
            Ok(at) => at,
            Err(at) => {
                let row = FixedRow {
                    start: cell.start,
                    route: cell.route,
                    aggregate: cell.aggregate,
                    label: cell.label,
                    sub_bucket: cell.sub_bucket,
                    sub_buckets: cell.sub_buckets,
                    end: cell.end,
                    values: [0; COLUMNS],
                    draining: false,
                };
                if self.rows.insert(at, row).is_err() {
                    return add(&mut self.cut, column, value);
                }
                at
            }
        };
        if let Some(row) = self.rows.get_mut(at) {
            add(&mut row.values, column, value);
            row.draining = cell.draining;
        }
    }
}

impl<'w, const COLUMNS: usize> FixedRow<'w, COLUMNS> {
    /// What rows are told apart and ordered by. An unbounded end is the least: no two rows that differ in
    /// it alone are neighbours for any other reason.
    fn name(&self) -> (Bound<'w>, bool, RouteId, Label, u32, Option<Bound<'w>>) {
        (self.start, self.aggregate, self.route, self.label, self.sub_bucket, self.end)
    }
}

impl<const ROWS: usize, const COLUMNS: usize> fmt::Display for FixedMatrix<'_, ROWS, COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, a column per {} ms", self.series.name(), self.step_ms)?;
        if self.older > 0 {
            writeln!(f, "{} older columns", self.older)?;
        }
        for column in &self.columns {
            writeln!(f, "{}..{} {}", column.start_ms, column.end_ms, column.state.name())?;
        }
        for row in &self.rows {
            write!(f, "{}:{}", if row.aggregate { "virtual" } else { "route" }, row.route)?;
            if let Some(label) = self.labels.name(row.label) {
                write!(f, ":{label}")?;
            }
            if row.sub_buckets > 1 {
                write!(f, "#{}", row.sub_bucket)?;
            }
            write!(f, " {}..", row.start)?;
            if let Some(end) = &row.end {
                write!(f, "{end}")?;
            }
            f.write_str(if row.draining { " draining:" } else { ":" })?;
            self.line(f, &row.values)?;
        }
        f.write_str("unattributed:")?;
        self.line(f, &self.unattributed)?;
        f.write_str("cut:")?;
        self.line(f, &self.cut)
    }
}

impl<const ROWS: usize, const COLUMNS: usize> FixedMatrix<'_, ROWS, COLUMNS> {
    fn line(&self, f: &mut fmt::Formatter<'_>, values: &[u64; COLUMNS]) -> fmt::Result {
        values.iter().take(self.columns.len()).try_for_each(|value| write!(f, " {value}"))?;
        f.write_str("\n")
    }
}
