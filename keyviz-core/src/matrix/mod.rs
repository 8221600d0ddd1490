//! Rows x columns of one series: what a reader gets, on the route axis or on the range axis.

mod answer;
pub(crate) mod axis;
pub(crate) mod bucket;
pub(crate) mod budget;
pub(crate) mod history_columns;
pub(crate) mod one_row;
pub(crate) mod range_axis;
pub(crate) mod route_axis;

use alloc::sync::Arc;
use alloc::vec::Vec;

pub use self::answer::{Answer, AnswerRow};
pub use self::bucket::BucketId;
use crate::counters::Published;
use crate::key_names::KeyNames;
use crate::label::{Label, Labels};
use crate::op::Series;
use crate::reading::Known;
use crate::route::RouteId;
use crate::shared::Shared;
pub use crate::window::Column;

/// What the rows of a matrix are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AxisKind {
    /// A row per route, label and division, and per virtual bucket.
    #[default]
    Route,
    /// The key space cut into rows by heat: every boundary of the window while there are not too many,
    /// then cold neighbours together. Rows tile, and stand for the same keys in every column.
    Range,
}

impl AxisKind {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            AxisKind::Route => "route",
            AxisKind::Range => "range",
        }
    }

    /// The axis of a wire name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [AxisKind::Route, AxisKind::Range].into_iter().find(|axis| axis.name() == name)
    }
}

/// What to show.
///
/// The default asks for the writes of everything that is sealed. A query cannot be refused: an empty range, of
/// keys or of time, has an empty answer.
///
/// # Examples
/// ```
/// use keyviz_core::{MatrixQuery, Series};
/// let query = MatrixQuery { series: Series::Reads, rows: 96, open: true, ..MatrixQuery::default() };
/// assert_eq!((query.from_ms, query.to_ms), (0, 0)); // of all time
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixQuery {
    /// The series.
    pub series: Series,
    /// What the rows are.
    pub axis: AxisKind,
    /// Least end of a window, in Unix milliseconds; 0 is unbounded.
    pub from_ms: u64,
    /// Ends of windows are below this, in Unix milliseconds; 0 is unbounded.
    pub to_ms: u64,
    /// The most rows; 0, and everything above 1024, is 1024.
    pub rows: usize,
    /// Rows that end at or below this key are left out; on the range axis, what lies below it is.
    pub start: Vec<u8>,
    /// Rows that begin at or above this key are left out; on the range axis, what lies there is. `None`
    /// is unbounded.
    pub end: Option<Vec<u8>>,
    /// Only rows of this label; [`Label::NONE`] is the unlabelled ones.
    pub label: Option<Label>,
    /// Only what this route counted, under whichever bounds; what it counted as one of a virtual bucket's is left out.
    pub route: Option<RouteId>,
    /// Only this division of each route, from 0 on; a route without divisions is its own first.
    pub sub_bucket: Option<u32>,
    /// A row per label (else a route's labels are summed, unless one is asked for). On the range axis they
    /// are summed, too, where `rows` is less than the labels there are.
    pub split_labels: bool,
    /// The open column too.
    pub open: bool,
    /// Names of key prefixes: the range axis keeps their borders as long as it can.
    pub key_names: Option<Arc<KeyNames>>,
}

impl Default for MatrixQuery {
    fn default() -> Self {
        MatrixQuery {
            series: Series::Writes,
            axis: AxisKind::Route,
            from_ms: 0,
            to_ms: 0,
            rows: 0,
            start: Vec::new(),
            end: None,
            label: None,
            route: None,
            sub_bucket: None,
            split_labels: true,
            open: false,
            key_names: None,
        }
    }
}

impl MatrixQuery {
    /// Whether a row has one label: each its own, or the only one asked for.
    fn splits(&self) -> bool {
        self.split_labels || self.label.is_some()
    }

    /// Whether all labels, routes and divisions are asked for.
    const fn names_all(&self) -> bool {
        self.label.is_none() && self.route.is_none() && self.sub_bucket.is_none()
    }

    /// Whether the cell at place `at` of a route is asked for by label, route and division, wherever it lies.
    fn names(&self, k: usize, known: Option<&Known>, at: usize) -> bool {
        let is = |route: RouteId, known: &Known| known.descriptor.route == route.0 && !known.descriptor.is_virtual();
        self.label.is_none_or(|label| usize::from(label.0) == at / k)
            && self.sub_bucket.is_none_or(|sub| sub as usize == at % k)
            && self.route.is_none_or(|route| known.is_some_and(|known| is(route, known)))
    }

    /// Whether the cell at place `at` of a route is asked for.
    fn asks(&self, k: usize, known: Option<&Known>, at: usize) -> bool {
        let Some(known) = known else { return false };
        if !self.names(k, Some(known), at) {
            return false;
        }
        if self.start.is_empty() && self.end.is_none() {
            return true;
        }
        let (start, end) = known.sub.bounds(&known.start, known.end.as_deref(), (at % k) as u32);
        end.is_none_or(|end| end > self.start) && self.end.as_ref().is_none_or(|to| start < *to)
    }
}

/// What was counted in one cell under one term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TermPart {
    /// The column's index.
    pub column: usize,
    /// The group.
    pub group: u64,
    /// Its term.
    pub term: u64,
    /// The series' value under it.
    pub value: u64,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// Its name: on the range axis `range:`, its place, its label if it has one, `@` and the axis' number
    /// in hex; else `route:7`, `route:7:redis`, with `#3` for a division, or `virtual:9`; with `~` and eight
    /// hex digits for bounds that the route or virtual bucket no longer has.
    pub bucket_id: BucketId,
    /// The route; of an aggregate the virtual bucket's id. That is one no route had when the bucket was made; a
    /// route that takes it later is told apart by `aggregate`.
    pub route: RouteId,
    /// It is a virtual bucket: routes side by side that share their counters.
    pub aggregate: bool,
    /// Of an aggregate, the routes it has now, in the order of their ids, at most `max_members`; none
    /// for bounds that it no longer has.
    pub route_ids: Vec<RouteId>,
    /// There are more routes than `route_ids` lists.
    pub route_ids_truncated: bool,
    /// How many routes the row stands for, as last known under its bounds.
    pub route_count: u64,
    /// The label.
    pub label: Label,
    /// Lower bound; empty is the lowest key.
    pub start: Vec<u8>,
    /// Upper bound; `None` is unbounded.
    pub end: Option<Vec<u8>>,
    /// A value per column.
    pub values: Vec<u64>,
    /// Columns whose value was spread over several rows, because it was counted under bounds wider than
    /// the row's; empty when none was. Always so on the route axis.
    pub estimated: Vec<bool>,
    /// The route was removed when the row's newest column was flushed.
    pub draining: bool,
    /// The owning group per column, 0 where the row has nothing; empty when no row has a group.
    pub groups: Vec<u64>,
    /// The group's term at the flush per column; empty when no row has a group.
    pub terms: Vec<u64>,
    /// Columns whose value came under several terms, or under another than the one at the flush;
    /// ordered by column, group, term.
    pub term_parts: Vec<TermPart>,
}

/// What the row budget left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// Rows left out.
    pub rows: u64,
    /// Their sum per column.
    pub values: Vec<u64>,
}

/// How the writes of several nodes are put together.
///
/// Both ways count right when hosts keep this: a write is observed once, by the leader; a read by the node that
/// serves it; a request that is forwarded by one of the two nodes. The leader rule also holds where replicas observe
/// what they apply, since of one group and term it takes one node's count; see [`Merge`](crate::Merge).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteMerge {
    /// Nodes own disjoint traffic: writes add like reads.
    Sum,
    /// Replicas of a group each count the same writes: the leader's count.
    Leader,
}

impl WriteMerge {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            WriteMerge::Sum => "sum",
            WriteMerge::Leader => "leader",
        }
    }

    /// Whether what nodes counted of a series adds up: all but writes and bytes written do under either rule.
    #[must_use]
    pub const fn adds(self, series: Series) -> bool {
        !matches!((self, series), (WriteMerge::Leader, Series::Writes | Series::WriteBytes))
    }
}

/// Rows x columns of one series, ordered by start, then by bucket id; on the range axis by start, then by label,
/// unlabelled first.
///
/// On the range axis the rows tile what was counted, there are as many as boundaries allow up to the
/// budget, and no row is cut; `cut` has what the open column got while the rows were being made and none of
/// them could take. Group and term stand in a cell whose counts are of one group.
///
/// For each column, the sum of all rows plus `cut` is what the history has of the series in the
/// ranges asked for; `unattributed` is what no row could take. A row's rate in a column is its value
/// over `covers_to_ms - covers_from_ms`.
///
/// - Units: operations, or bytes where [`Series::is_bytes`] says so. Rows have as many values as there are
///   columns.
/// - Memory: 8 bytes a value, and the rows' bounds and names.
/// - Source: ours; `ARCHITECTURE.md` in the repository has the rules of reading.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// for route in 0..3 {
///     sampler.register(RouteId(route), &[route as u8], Some(&[route as u8 + 1]), 0)?;
///     sampler.observe(RouteId(route), Op::Write, b"", 0);
/// }
/// sampler.observe(RouteId(9), Op::Write, b"", 0); // nobody registered 9
/// sampler.flush(60_000);
/// let query = MatrixQuery { rows: 2, ..MatrixQuery::default() };
/// let matrix = sampler.reader().matrix(&query);
/// assert_eq!((matrix.rows.len(), matrix.cut.rows, matrix.cut.values[0]), (2, 1, 1));
/// assert_eq!(matrix.unattributed, [1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matrix {
    /// The series.
    pub series: Series,
    /// The sampling interval.
    pub step_ms: u64,
    /// What the rows are.
    pub axis: AxisKind,
    /// On the range axis, a number for where the key space is cut: equal cuts, equal numbers.
    pub axis_id: u64,
    /// The columns, oldest first; a run of windows without a column is one `Missing` column.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What the row budget left out.
    pub cut: Cut,
    /// What no row could take, per column.
    pub unattributed: Vec<u64>,
    /// How this node's writes merge with others'.
    pub write_merge: WriteMerge,
    /// The names of the labels.
    pub labels: Labels,
    /// The names of key prefixes that were asked with; on the wire a row has the name that all its keys share.
    pub key_names: Option<Arc<KeyNames>>,
}

/// Nodes whose routes never had a group own disjoint traffic.
pub(crate) fn write_merge(shared: &Shared) -> WriteMerge {
    match shared.board.get(Published::EverGrouped) {
        0 => WriteMerge::Sum,
        _ => WriteMerge::Leader,
    }
}
