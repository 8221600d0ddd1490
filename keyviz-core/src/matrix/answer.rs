//! An answer as it is on the wire: a matrix that stands by itself, whichever nodes it came from.

use alloc::string::String;
use alloc::vec::Vec;

use super::{AxisKind, BucketId, Column, Cut, Matrix, TermPart, WriteMerge};
use crate::history::ColumnState;
use crate::merge::Fanout;
use crate::op::Series;
use crate::route::RouteId;

/// One row of an [`Answer`].
///
/// Lists that hold a value per column are as long as the columns, or empty, which stands for zero or false in
/// all of them. Those of a peer may be shorter: what they lack is zero, false, and nothing was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerRow {
    /// Its name, see [`Row`](crate::Row).
    pub bucket_id: BucketId,
    /// The label; empty for none.
    pub label: String,
    /// A display name for its keys.
    pub name: Option<String>,
    /// Lower bound; empty is the lowest key.
    pub start: Vec<u8>,
    /// Upper bound; `None` is unbounded.
    pub end: Option<Vec<u8>>,
    /// It is a virtual bucket: routes side by side that share their counters.
    pub aggregate: bool,
    /// Of an aggregate, its routes, as many as are listed.
    pub route_ids: Vec<RouteId>,
    /// There are more routes than `route_ids` lists.
    pub route_ids_truncated: bool,
    /// How many routes the row stands for.
    pub route_count: u64,
    /// A value per column.
    pub values: Vec<u64>,
    /// A cell of the row is in conflict.
    pub conflict: bool,
    /// Columns in which nodes disagree: two different non-zero counts of what is one count.
    pub conflicts: Vec<bool>,
    /// Columns whose value is an estimate.
    pub estimated: Vec<bool>,
    /// Columns for which a node that has the row has nothing to tell: the value is at least what stands there.
    pub missing: Vec<bool>,
    /// The route was removed.
    pub draining: bool,
    /// The owning group per column, 0 for none.
    pub groups: Vec<u64>,
    /// The group's term per column, 0 for unknown.
    pub terms: Vec<u64>,
    /// What was counted under which term, for columns where there were several; ordered by column, group, term.
    pub term_parts: Vec<TermPart>,
}

/// A matrix as it is on the wire, of one node or of several: owned, with labels as text.
///
/// [`wire::decode`](crate::wire) reads one, [`Merge`](crate::Merge) makes one of many, [`wire::encode::answer`](crate::wire::encode::answer)
/// writes it. A local [`Matrix`] becomes one by [`Answer::from`], without a copy of its cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The series.
    pub series: Series,
    /// When it was made, in Unix milliseconds.
    pub generated_at_ms: Option<u64>,
    /// The sampling interval; 0 when the answer does not say it.
    pub step_ms: u64,
    /// What the rows are.
    pub axis: AxisKind,
    /// On the range axis, a number for where the key space is cut.
    pub axis_id: u64,
    /// How its writes merge with others'; `None` when the answer does not say it, which means the leader rule.
    pub write_merge: Option<WriteMerge>,
    /// The columns, oldest first. A column that does not say where its window begins has `start_ms == end_ms`.
    pub columns: Vec<Column>,
    /// How many nodes cover each column; empty for one node that covers all but the missing ones.
    pub column_nodes: Vec<u32>,
    /// The rows.
    pub rows: Vec<AnswerRow>,
    /// What a row budget left out.
    pub cut: Cut,
    /// What no row could take, per column.
    pub unattributed: Vec<u64>,
    /// Which nodes it is made of; `None` for one node's own.
    pub fanout: Option<Fanout>,
}

impl Answer {
    /// How many nodes cover a column.
    #[must_use]
    pub fn nodes(&self, column: usize) -> u32 {
        match (self.columns.get(column), self.column_nodes.get(column)) {
            (_, Some(nodes)) => *nodes,
            (Some(column), None) => u32::from(column.state != ColumnState::Missing),
            (None, None) => 0,
        }
    }
}

impl Column {
    /// A complete column of the window `[start_ms, end_ms)`, covered wholly.
    #[must_use]
    pub const fn of_window(start_ms: u64, end_ms: u64) -> Self {
        let state = ColumnState::Complete;
        Column { start_ms, end_ms, state, covers_from_ms: start_ms, covers_to_ms: end_ms }
    }
}

impl TermPart {
    /// What was counted in a column under a group's term.
    #[must_use]
    pub const fn new(column: usize, group: u64, term: u64, value: u64) -> Self {
        TermPart { column, group, term, value }
    }
}

impl From<Matrix> for Answer {
    fn from(matrix: Matrix) -> Self {
        let labels = matrix.labels;
        let rows = matrix.rows.into_iter().map(|row| AnswerRow {
            bucket_id: row.bucket_id,
            label: labels.name(row.label).map(String::from).unwrap_or_default(),
            name: None,
            start: row.start,
            end: row.end,
            aggregate: row.aggregate,
            route_ids: row.route_ids,
            route_ids_truncated: row.route_ids_truncated,
            route_count: row.route_count,
            values: row.values,
            conflict: false,
            conflicts: Vec::new(),
            estimated: row.estimated,
            missing: Vec::new(),
            draining: row.draining,
            groups: row.groups,
            terms: row.terms,
            term_parts: row.term_parts,
        });
        Answer {
            series: matrix.series,
            generated_at_ms: None,
            step_ms: matrix.step_ms,
            axis: matrix.axis,
            axis_id: matrix.axis_id,
            write_merge: Some(matrix.write_merge),
            column_nodes: Vec::new(),
            rows: rows.collect(),
            columns: matrix.columns,
            cut: matrix.cut,
            unattributed: matrix.unattributed,
            fanout: None,
        }
    }
}
