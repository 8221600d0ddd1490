//! One picture of many nodes.
//!
//! Each node's answer comes with its *place* in the configured order. What comes out depends on places and answers
//! alone: not on the order of arrival, and not on which coordinators took in which answers before
//! ([`Merge::join`]).
//!
//! # Columns
//! - Instants are rounded to the nearest boundary of the answer's step, of two equally near to the later. Columns of
//!   one width meet where their ends are equal then.
//! - An answer that does not say its step has the width of its narrowest column; one that says no starts either has
//!   the least distance between two columns of any such answer; failing that the least step of the others; failing that
//!   none, and nothing is rounded. Such answers wait until all are there.
//! - The step is the greatest of all. Columns that lie in a wider one of another node are folded into it; narrower ones
//!   than the step are folded into its windows. What one node counted in the same column, by folding, in columns of one
//!   instant, or in rows of one name, is added before it meets what others counted.
//! - A column covers what any of its parts covers. It is open when any is, or when windows of it are still to come; else
//!   late when any is; else complete.
//! - `column_nodes` counts the nodes that cover all of a column; who does not is in `absences`. Where no node has a
//!   column between two others, or where nodes say that windows are missing, there is one missing column. Between columns that do not say where they
//!   begin, nothing is known to be missing.
//! - `missing` marks a cell when a node that has the row does not cover the column, has no value for it, or marks it
//!   itself: what it would have told is not in the value.
//!
//! # Rows
//! - Rows of routes meet by bucket id, those of virtual buckets by range and label, whatever their ids.
//! - Bounds, members, label and id are those of the first node that has the row. A node whose bounds differ from these
//!   is warned about (`catalog_divergence`). The name is that of the first node that has one. A row is draining when all
//!   nodes that have it say so.
//! - Virtual buckets of one id and different ranges get `~` and eight hex digits for their bounds, each of them.
//! - Rows come by start, then bucket id, then end. Different divisions of one route are rows of their own; they
//!   add up on the range axis.
//!
//! # Cells
//! - Reads add, as do bytes read and operations. Writes and bytes written add when all nodes say `sum`. Else they go by
//!   the leader rule, and nodes that say `sum` are warned about (`mixed_write_merge`). Silence means `leader`.
//! - Of values that add, the cell's group and term are those of the last node with a non-zero value.
//! - The leader rule: zeros say nothing. Of each group and term the greatest value counts, and these are added. Two
//!   different non-zero values of one group and term are a conflict. Where the group or term of any non-zero value is 0,
//!   the cell is the greatest of the nodes' values, and a conflict when two non-zero ones differ. Group and term are
//!   those of the greatest value, of equal ones of the later node's.
//! - A node's cell with `term_parts` that add up to its value has these parts; else its one part has its group and term.
//! - A cell keeps eight parts, the greatest by (group, term). Under the leader rule a ninth is left out; the cell is
//!   estimated then, and counted in `parts_dropped`.
//! - What nodes counted beyond a cell's value is in `writes_superseded`.
//! - A sum beyond 64 bits is 2^64 - 1, estimated.
//! - Marks of conflict, estimate and missing stay. A cell in which nobody counted has group and term 0.
//! - `term_parts` stand where a cell has several parts, or one of another group or term than the cell's, if they add up
//!   to its value.
//!
//! # The rest
//! - What is known of each node beside its answer is the coordinator's to say ([`Merged::with_nodes`]).
//! - `unattributed` and `cut` add, per column. A node that cut rows is warned about (`peer_rows_capped`).
//! - A merge has room for so many cells. An answer beyond that is refused; one that waited for its step and then has no
//!   room is left out, and its node is warned about (`left_out`).
//! - The axis is cut, or the row budget applied, when all has met: what is cold on one node may be hot on another.
//!
//! # Why it is associative
//! A cell is a set of numbers, each of which is joined by an operation that is associative and commutative by itself:
//! the sum, the least and the greatest value, the greatest by (value, place), the latest place, marks by or, parts by
//! (group, term), each the greatest, the sum and whether two values differed. To keep the eight greatest of a union is to
//! keep the eight greatest of the eight greatest of its parts, so what survives has met everything it could meet. The
//! rule is applied once, at the end. Most cells are one node's, and are a value and a place; the rest is there only in
//! rows where values have met.
//!
//! Source: ours.

mod align;
mod cells;
mod cuts;
mod fanout;
mod finish;
mod identities;
mod layer;
pub(crate) mod part;
mod range;
mod rows;
mod rule;
pub(crate) mod shares;
mod warning;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

pub use self::cuts::{Cuts, Heat};
pub use self::fanout::{Fanout, FanoutNode, NodeState};
use self::identities::Identities;
use self::layer::Layer;
pub(crate) use self::range::one_row;
use self::rule::Rule;
pub use self::warning::{MergeError, Warning, WarningKind};
use crate::matrix::{Answer, AxisKind, MatrixQuery, WriteMerge};
use crate::op::Series;

/// What is known of a node besides its cells.
#[derive(Clone, Copy, Debug)]
struct Node {
    write_merge: WriteMerge,
    /// 0 when it does not say it.
    step_ms: u64,
    capped: bool,
}

/// The answers of several nodes on their way to one.
///
/// Memory: 16 bytes for each row and column that any node has, 41 in rows where several nodes have counted the same
/// cell, about 40 for each part of a cell with several groups or terms. An answer needs not be kept once it is taken in,
/// so 500 nodes of the same rows take no more than two; those that do not say their step are kept until the end.
#[derive(Clone, Debug)]
pub struct Merge {
    series: Option<Series>,
    ids: Option<Identities>,
    /// By the width of their columns.
    layers: BTreeMap<u64, Layer>,
    /// Answers that do not say their step: it shows when all are there.
    waiting: BTreeMap<u32, Answer>,
    nodes: BTreeMap<u32, Node>,
    /// From where to where nodes say that windows are missing.
    missing: Option<(u64, u64)>,
    cut_rows: u64,
    max_cells: usize,
    /// Nodes whose answers waited and then had no room.
    left_out: Vec<u32>,
    /// Columns that end later are open.
    sealed_to_ms: u64,
}

/// The most cells of a merge that is not told another number: rows x columns, a row's record counting as 16.
const MAX_CELLS: usize = 1 << 23;

impl Default for Merge {
    fn default() -> Self {
        Merge::with_max_cells(MAX_CELLS)
    }
}

/// One answer of several nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merged {
    /// The answer.
    pub answer: Answer,
    /// What is to be said of single nodes, by place; each once.
    pub warnings: Vec<Warning>,
    /// What the leader rule left out of all cells: what nodes counted besides the leader. Saturates.
    pub writes_superseded: u64,
    /// Cells of which parts were dropped, because they had more than eight groups and terms.
    pub parts_dropped: u64,
    /// Which nodes do not cover which of the sealed columns, by place and time.
    pub absences: Vec<Absence>,
}

/// A stretch of time that a node does not cover wholly, of that which others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Absence {
    /// The node's place in the configured order.
    pub place: u32,
    /// Start of the first column, in Unix milliseconds.
    pub start_ms: u64,
    /// End of the last column.
    pub end_ms: u64,
}

/// Merges the answers of several nodes, each with its place in the configured order, whatever order they come in.
///
/// # Errors
/// See [`Merge::add`].
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler, merge};
/// let node = || {
///     let sampler = Sampler::new(Config::default(), 0)?;
///     sampler.register(RouteId(1), b"", None, 0)?;
///     (0..100).for_each(|_| sampler.observe(RouteId(1), Op::Write, b"k", 0));
///     sampler.flush(60_000);
///     Ok::<_, Box<dyn std::error::Error>>(sampler.reader().matrix(&MatrixQuery::default()).into())
/// };
/// let merged = merge([(0, node()?), (1, node()?), (2, node()?)], &MatrixQuery::default())?;
/// assert_eq!(merged.answer.rows[0].values, [300]);
/// assert!(merge([(0, node()?), (0, node()?)], &MatrixQuery::default()).is_err()); // one place twice
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn merge(inputs: impl IntoIterator<Item = (u32, Answer)>, query: &MatrixQuery) -> Result<Merged, MergeError> {
    let mut merge = Merge::new();
    inputs.into_iter().try_for_each(|(place, answer)| merge.add(place, &answer))?;
    Ok(merge.finish(query))
}

/// Reads and what is read only add; writes may be counted by several nodes. Operations, being both, add: by the host's
/// contract a write is observed once.
const fn adds(series: Series) -> bool {
    WriteMerge::Leader.adds(series)
}

/// The width of each column in whole steps, and all widths of those that are not missing; a step's where there is
/// none.
fn widths(answer: &Answer, step_ms: u64) -> (Vec<u64>, BTreeSet<u64>) {
    let widths: Vec<u64> = answer
        .columns
        .iter()
        .map(|column| align::round(column.end_ms - column.start_ms.min(column.end_ms), step_ms).max(step_ms))
        .collect();
    let told = |at: &usize| answer.columns.get(*at).is_some_and(|column| !finish::is_missing(column));
    let mut distinct: BTreeSet<u64> = (0..widths.len()).filter(told).filter_map(|at| widths.get(at).copied()).collect();
    if distinct.is_empty() {
        distinct.insert(step_ms);
    }
    (widths, distinct)
}

impl Merge {
    /// Nothing yet; with room for 2^23 cells.
    #[must_use]
    pub fn new() -> Self {
        Merge::default()
    }

    /// Nothing yet; with room for so many cells: rows x columns that any node has, a row's record counting as 16.
    #[must_use]
    pub const fn with_max_cells(max_cells: usize) -> Self {
        Merge {
            series: None,
            ids: None,
            layers: BTreeMap::new(),
            waiting: BTreeMap::new(),
            nodes: BTreeMap::new(),
            missing: None,
            cut_rows: 0,
            max_cells,
            left_out: Vec::new(),
            sealed_to_ms: u64::MAX,
        }
    }

    /// How many cells it has, of the most it may have; answers that wait for their step are not among them.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.layers.values().map(Layer::cost).fold(0, usize::saturating_add)
    }

    /// Takes in a node's answer. `place` is its place in the configured order, which decides ties; answers may come in
    /// any order.
    ///
    /// # Errors
    /// [`MergeError`] when the answer is of another series than the others, on the range axis, of a place that has
    /// given one, or has no room; nothing has changed then.
    ///
    /// Cost: linear in the cells of the answer, and O(n log n) in rows and columns that are new.
    pub fn add(&mut self, place: u32, answer: &Answer) -> Result<(), MergeError> {
        if answer.axis != AxisKind::Route {
            return Err(MergeError::NotRouteAxis);
        }
        if place == u32::MAX {
            return Err(MergeError::PlaceTooGreat);
        }
        self.check(answer.series, core::iter::once(&place))?;
        let step_ms = align::stated_step(answer);
        if !step_ms.is_none_or(|step_ms| self.has_room(answer, step_ms)) {
            return Err(MergeError::TooLarge { max_cells: self.max_cells });
        }
        self.series = Some(answer.series);
        let write_merge = answer.write_merge.unwrap_or(WriteMerge::Leader);
        let node = Node { write_merge, step_ms: step_ms.unwrap_or(0), capped: answer.cut.rows > 0 };
        self.nodes.insert(place, node);
        self.cut_rows = self.cut_rows.saturating_add(answer.cut.rows);
        match step_ms {
            Some(step_ms) => self.take_in(place, answer, step_ms),
            None => self.waiting.extend([(place, answer.clone())]),
        }
        Ok(())
    }

    /// Takes in what another coordinator has taken in. Whichever coordinators took in which answers before, the outcome
    /// is that of one who took in all.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn join(&mut self, mut other: Merge) -> Result<(), MergeError> {
        let Some(series) = other.series else { return Ok(()) };
        self.check(series, other.nodes.keys())?;
        let with = |(width, layer): (&u64, &Layer)| {
            other.layers.get(width).map_or(layer.cost(), |other| layer.cost_joined(other))
        };
        let mine: usize = self.layers.iter().map(with).fold(0, usize::saturating_add);
        let new = other.layers.iter().filter(|(width, _)| !self.layers.contains_key(width));
        if new.fold(mine, |cells, (_, layer)| cells.saturating_add(layer.cost())) > self.max_cells {
            return Err(MergeError::TooLarge { max_cells: self.max_cells });
        }
        self.series = Some(series);
        let mut ids = self.ids.take().unwrap_or_else(Identities::new);
        if let Some(theirs) = other.ids {
            other.layers.values_mut().for_each(|layer| layer.renumber(|number| ids.number(theirs.pair(number))));
        }
        for (width_ms, layer) in other.layers {
            self.layers.entry(width_ms).or_default().join(layer, &ids, adds(series));
        }
        self.ids = Some(ids);
        self.nodes.extend(other.nodes);
        self.waiting.extend(other.waiting);
        if let Some((from, to)) = other.missing {
            self.note_missing(from, to);
        }
        self.cut_rows = self.cut_rows.saturating_add(other.cut_rows);
        self.renumber_when_crowded();
        Ok(())
    }

    fn check<'a>(&self, series: Series, mut places: impl Iterator<Item = &'a u32>) -> Result<(), MergeError> {
        if let Some(merge) = self.series.filter(|known| *known != series) {
            return Err(MergeError::OtherSeries { merge, answer: series });
        }
        match places.find(|place| self.nodes.contains_key(place)) {
            Some(place) => Err(MergeError::PlaceTwice { place: *place }),
            None => Ok(()),
        }
    }

    fn note_missing(&mut self, from_ms: u64, to_ms: u64) {
        let (from, to) = self.missing.unwrap_or((from_ms, to_ms));
        self.missing = Some((from.min(from_ms), to.max(to_ms)));
    }

    /// Whether the cells of an answer can be taken in.
    fn has_room(&self, answer: &Answer, step_ms: u64) -> bool {
        let (widths, distinct) = widths(answer, step_ms);
        let empty = Layer::default();
        let cost = |width_ms: &u64| {
            let columns = answer
                .columns
                .iter()
                .zip(&widths)
                .filter(|(column, width)| *width == width_ms && !finish::is_missing(column));
            let ends = columns.map(|(column, _)| align::round(column.end_ms, step_ms));
            self.layers.get(width_ms).unwrap_or(&empty).cost_with(answer, ends)
        };
        let others = self.layers.iter().filter(|(width, _)| !distinct.contains(width));
        let others = others.fold(0usize, |cells, (_, layer)| cells.saturating_add(layer.cost()));
        // Not one after the other: of many widths each counts every row.
        distinct
            .iter()
            .try_fold(others, |cells, width| {
                Some(cells.saturating_add(cost(width))).filter(|cells| *cells <= self.max_cells)
            })
            .is_some()
    }

    fn take_in(&mut self, place: u32, answer: &Answer, step_ms: u64) {
        let adds = adds(answer.series);
        for column in
            answer.columns.iter().filter(|column| finish::is_missing(column) && column.start_ms < column.end_ms)
        {
            self.note_missing(align::round(column.start_ms, step_ms), align::round(column.end_ms, step_ms));
        }
        let (widths, distinct) = widths(answer, step_ms);
        let mut ids = self.ids.take().unwrap_or_else(Identities::new);
        for width_ms in &distinct {
            let belongs = |at: usize| widths.get(at) == Some(width_ms);
            let layer = self.layers.entry(*width_ms).or_default();
            layer.add((place, answer), step_ms, belongs, &mut ids, adds);
        }
        self.ids = Some(ids);
        self.renumber_when_crowded();
    }

    /// Forgets pairs of group and term that no cell has any more.
    fn renumber_when_crowded(&mut self) {
        if let Some(crowded) = self.ids.take_if(|ids| ids.is_crowded()) {
            let mut ids = Identities::new();
            self.layers.values_mut().for_each(|layer| layer.renumber(|number| ids.number(crowded.pair(number))));
            self.ids = Some(ids.settled());
        }
    }

    /// How the writes merge: as all nodes say, and where they do not agree by the leader rule.
    fn mode(&self) -> WriteMerge {
        let sum = !self.nodes.is_empty() && self.nodes.values().all(|node| node.write_merge == WriteMerge::Sum);
        if sum { WriteMerge::Sum } else { WriteMerge::Leader }
    }

    /// Answers that do not say their step have the least distance between two columns of any of them, or else the
    /// least step of the others.
    fn take_in_waiting(&mut self) {
        let least = self.waiting.values().filter_map(align::least_distance).min();
        let others = || self.nodes.values().map(|node| node.step_ms).filter(|step| *step > 0).min();
        let step_ms = least.or_else(others);
        for (place, answer) in core::mem::take(&mut self.waiting) {
            if let Some(node) = self.nodes.get_mut(&place) {
                node.step_ms = step_ms.unwrap_or(0);
            }
            if self.has_room(&answer, step_ms.unwrap_or(1)) {
                self.take_in(place, &answer, step_ms.unwrap_or(1));
            } else {
                self.left_out.push(place);
            }
        }
    }

    /// The answer of all that were taken in: on the axis that the query names, within its row budget, for its keys and
    /// labels. Its series and times are those of the answers.
    ///
    /// Cost: linear in the cells; on the range axis besides O(n log n) in the boundaries.
    #[must_use]
    pub fn finish(self, query: &MatrixQuery) -> Merged {
        self.finish_whole().shown(query)
    }

    /// Says up to when all nodes that are there have sealed their columns, in Unix milliseconds: what ends later is open,
    /// whoever has sealed his. Of nodes that seal one after the other, one may only not have come to it yet.
    ///
    /// Where that is the end of the last column and no node covers all of it, they all ended in its midst, and it counts
    /// as covered by those that cover the one before: as that a node began, that all ended is no gap.
    pub const fn sealed_to(&mut self, sealed_to_ms: u64) {
        self.sealed_to_ms = sealed_to_ms;
    }

    /// All rows of all that were taken in, by route and without a budget: what [`Merged::on`] puts into the rows of the
    /// range axis.
    ///
    /// Cost: linear in the cells.
    #[must_use]
    pub fn finish_whole(mut self) -> Merged {
        self.take_in_waiting();
        let mode = self.mode();
        let series = self.series.unwrap_or_default();
        let ids = self.ids.take().unwrap_or_else(Identities::new);
        let step_ms = self.nodes.values().map(|node| node.step_ms).max().unwrap_or(0);
        let rule_mode = if adds(series) { WriteMerge::Sum } else { mode };
        let mut rule = Rule { mode: rule_mode, ids: &ids, superseded: 0, dropped: 0 };
        let mut layer = finish::one_layer(core::mem::take(&mut self.layers), step_ms, adds(series), &mut rule);
        let (writes_superseded, parts_dropped) = (rule.superseded, rule.dropped);
        let warnings = self.warnings(&layer, mode);
        for column in layer.columns.iter_mut().filter(|column| column.end_ms > self.sealed_to_ms) {
            column.open = true;
        }
        finish::end(&mut layer, self.sealed_to_ms);
        let absences = finish::absences(&layer);
        let mut answer = Answer { series, step_ms, write_merge: Some(mode), ..Answer::default() };
        answer.cut.rows = self.cut_rows;
        finish::Shown::of(&layer.columns, self.missing).fill(&mut answer, layer, &ids);
        Merged { answer, warnings, writes_superseded, parts_dropped, absences }
    }

    fn warnings(&self, layer: &Layer, mode: WriteMerge) -> Vec<Warning> {
        let mut warnings: BTreeSet<Warning> = BTreeSet::new();
        let mut warn = |place: u32, kind: WarningKind| warnings.extend([Warning { place, kind }]);
        for (place, node) in &self.nodes {
            if node.write_merge != mode {
                warn(*place, WarningKind::MixedWriteMerge);
            }
            if node.capped {
                warn(*place, WarningKind::PeerRowsCapped);
            }
        }
        self.left_out.iter().for_each(|place| warn(*place, WarningKind::LeftOut));
        let diverging = layer.rows.iter().flat_map(|row| row.about.diverging());
        diverging.for_each(|place| warn(place, WarningKind::CatalogDivergence));
        warnings.into_iter().collect()
    }
}
