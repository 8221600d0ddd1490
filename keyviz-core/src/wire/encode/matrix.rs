//! `/matrix`, in pieces: of a large picture the text need not exist as a whole.

use alloc::string::String;

use super::fanout::fanout;
use super::row::{RowView, row};
use super::text::{hex, list, list_of, number, numbers, rfc3339};
use crate::history::ColumnState;
use crate::matrix::{Answer, AxisKind, Column, Cut, Matrix, Row, WriteMerge};
use crate::merge::Fanout;
use crate::op::Series;

/// Appends the matrix as a JSON object: the response body of `/matrix`.
///
/// Instants are Unix milliseconds, bounds base64 with padding, `null` for the lowest key and for
/// unbounded. Members that would be empty or false are left out, `conflict` excepted.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(7), b"a", None, 0)?;
/// sampler.observe(RouteId(7), Op::Write, b"apple", 0);
/// sampler.flush(60_000);
/// let mut json = String::new();
/// wire::encode::matrix(&sampler.reader().matrix(&MatrixQuery::default()), 60_000, &mut json);
/// assert!(json.contains(r#""bucket_id":"route:7","start":"YQ==","end":null"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn matrix(matrix: &Matrix, generated_at_ms: u64, out: &mut String) {
    Pieces::of_matrix(matrix, generated_at_ms).append_all(out);
}

/// Appends an answer as a JSON object, as [`matrix`] does. What the answer does not say is left out: the step, the
/// instant, `write_merge`.
pub fn answer(answer: &Answer, out: &mut String) {
    Pieces::of_answer(answer).append_all(out);
}

/// The text of a matrix or of an answer, piece by piece: what stands before the rows, a piece a row, what stands
/// behind them. All of them together are what [`matrix`] and [`answer`] append.
///
/// Whoever sends, packs or writes the text takes a piece, passes it on and empties the string, so that no more of the
/// text is held than a row: at most 21 bytes a cell of counts, and as much again for groups and terms.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Sampler, wire::encode};
/// let matrix = Sampler::new(Config::default(), 0)?.reader().matrix(&MatrixQuery::default());
/// let (mut pieces, mut piece, mut sent) = (encode::Pieces::of_matrix(&matrix, 0), String::new(), 0);
/// while pieces.append_next(&mut piece) {
///     sent += piece.len();
///     piece.clear();
/// }
/// encode::matrix(&matrix, 0, &mut piece);
/// assert_eq!(sent, piece.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    of: Of<'a>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
enum Of<'a> {
    Matrix(&'a Matrix, u64),
    Answer(&'a Answer),
}

impl<'a> Pieces<'a> {
    /// Of a matrix, generated at this instant (Unix milliseconds).
    #[must_use]
    pub const fn of_matrix(matrix: &'a Matrix, generated_at_ms: u64) -> Self {
        Pieces { of: Of::Matrix(matrix, generated_at_ms), next: 0 }
    }

    /// Of an answer.
    #[must_use]
    pub const fn of_answer(answer: &'a Answer) -> Self {
        Pieces { of: Of::Answer(answer), next: 0 }
    }

    /// Appends the next piece; `false` when there is none left.
    ///
    /// The last one, and no other, ends with the brace that closes the object. Never panics. Cost: O(columns).
    pub fn append_next(&mut self, out: &mut String) -> bool {
        let (head, at) = (self.of.head(), self.next);
        match at.checked_sub(1).map(|row| (row, row.cmp(&self.of.rows()))) {
            None => before_rows(out, &head, |column| self.of.nodes(column)),
            Some((at, core::cmp::Ordering::Less)) => {
                if at > 0 {
                    out.push(',');
                }
                if let Some(view) = self.of.row(at) {
                    row(out, &view, head.columns.len());
                }
            }
            Some((_, core::cmp::Ordering::Equal)) => behind_rows(out, &head),
            Some((_, core::cmp::Ordering::Greater)) => return false,
        }
        self.next += 1;
        true
    }

    /// How many pieces are left: 2 more than there are rows, at first.
    #[must_use]
    pub const fn left(&self) -> usize {
        (self.of.rows() + 2).saturating_sub(self.next)
    }

    fn append_all(&mut self, out: &mut String) {
        let columns = self.of.head().columns.len();
        out.reserve(512 + self.of.rows() * (160 + columns * 3));
        while self.append_next(out) {}
    }
}

impl<'a> Of<'a> {
    const fn rows(&self) -> usize {
        match self {
            Of::Matrix(matrix, _) => matrix.rows.len(),
            Of::Answer(answer) => answer.rows.len(),
        }
    }

    fn row(&self, at: usize) -> Option<RowView<'a>> {
        match self {
            Of::Matrix(matrix, _) => {
                let names = matrix.key_names.as_deref();
                let name = |row: &Row| names.and_then(|names| names.range_name(&row.start, row.end.as_deref()));
                let row = matrix.rows.get(at)?;
                Some(RowView::of(row, matrix.labels.name(row.label), name(row)))
            }
            Of::Answer(answer) => answer.rows.get(at).map(RowView::of_answer),
        }
    }

    /// How many nodes have this column.
    fn nodes(&self, column: usize) -> u64 {
        match self {
            Of::Matrix(matrix, _) => {
                u64::from(matrix.columns.get(column).is_some_and(|column| column.state != ColumnState::Missing))
            }
            Of::Answer(answer) => u64::from(answer.nodes(column)),
        }
    }

    const fn head(&self) -> Head<'a> {
        match self {
            Of::Matrix(matrix, generated_at_ms) => Head {
                series: matrix.series,
                generated_at_ms: Some(*generated_at_ms),
                step_ms: matrix.step_ms,
                axis: matrix.axis,
                axis_id: matrix.axis_id,
                write_merge: Some(matrix.write_merge),
                columns: matrix.columns.as_slice(),
                cut: &matrix.cut,
                unattributed: matrix.unattributed.as_slice(),
                fanout: None,
            },
            Of::Answer(answer) => Head {
                series: answer.series,
                generated_at_ms: answer.generated_at_ms,
                step_ms: answer.step_ms,
                axis: answer.axis,
                axis_id: answer.axis_id,
                write_merge: answer.write_merge,
                columns: answer.columns.as_slice(),
                cut: &answer.cut,
                unattributed: answer.unattributed.as_slice(),
                fanout: answer.fanout.as_ref(),
            },
        }
    }
}

/// Everything but the rows.
struct Head<'a> {
    series: Series,
    generated_at_ms: Option<u64>,
    step_ms: u64,
    axis: AxisKind,
    axis_id: u64,
    write_merge: Option<WriteMerge>,
    columns: &'a [Column],
    cut: &'a Cut,
    unattributed: &'a [u64],
    fanout: Option<&'a Fanout>,
}

fn before_rows(out: &mut String, head: &Head<'_>, nodes: impl Fn(usize) -> u64) {
    let columns = head.columns;
    instants(out, "{\"column_unix_ms\":", columns, |c| c.end_ms);
    instants(out, ",\"column_start_unix_ms\":", columns, |c| c.start_ms);
    instants(out, ",\"column_covers_from_unix_ms\":", columns, |c| c.covers_from_ms);
    instants(out, ",\"column_covers_to_unix_ms\":", columns, |c| c.covers_to_ms);
    out.push_str(",\"column_state\":");
    list(out, columns, |out, c| {
        out.push('"');
        out.push_str(c.state.name());
        out.push('"');
    });
    out.push_str(",\"column_nodes\":");
    list_of(out, 0..columns.len(), |out, column| number(out, nodes(column)));
    out.push_str(",\"series\":\"");
    out.push_str(head.series.name());
    out.push('"');
    if let Some(generated_at_ms) = head.generated_at_ms {
        out.push_str(",\"generated_at\":\"");
        rfc3339(out, generated_at_ms);
        out.push('"');
    }
    if head.step_ms != 0 {
        out.push_str(",\"step_ms\":");
        number(out, head.step_ms);
    }
    out.push_str(",\"axis\":\"");
    out.push_str(head.axis.name());
    out.push_str("\",\"axis_id\":\"");
    match head.axis {
        AxisKind::Route => out.push_str("route"),
        AxisKind::Range => hex(out, head.axis_id),
    }
    out.push('"');
    if let Some(write_merge) = head.write_merge {
        out.push_str(",\"write_merge\":\"");
        out.push_str(write_merge.name());
        out.push('"');
    }
    out.push_str(",\"rows\":[");
}

fn behind_rows(out: &mut String, head: &Head<'_>) {
    out.push_str("],\"cut\":{\"rows\":");
    number(out, head.cut.rows);
    out.push_str(",\"values\":");
    numbers(out, &head.cut.values);
    out.push_str("},\"unattributed\":");
    numbers(out, head.unattributed);
    if let Some(of) = head.fanout {
        fanout(out, of);
    }
    out.push('}');
}

fn instants(out: &mut String, member: &str, columns: &[Column], of: impl Fn(&Column) -> u64) {
    out.push_str(member);
    list(out, columns, |out, column| number(out, of(column)));
}
