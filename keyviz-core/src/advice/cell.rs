//! What single nodes counted in a cell of their picture.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::matrix::{Answer, AnswerRow, MatrixQuery};
use crate::merge::{Fanout, FanoutNode, Merged, WarningKind, one_row};

/// A cell of a picture: a range of keys over some columns, with what each node counted in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cell {
    /// How many columns it has of which something is known.
    pub columns: usize,
    /// What it has in the picture, all columns and labels together.
    pub value: u64,
    /// The value is an estimate.
    pub estimated: bool,
    /// Nodes contradict one another in it.
    pub conflict: bool,
    /// A node that has keys of it does not cover all of its columns, or had to leave rows out.
    pub missing: bool,
    /// Who counted in it, who counted most first; of equals the earlier place.
    pub nodes: Vec<CellNode>,
    /// Which nodes there are, which [`CellNode::place`] counts from 0; `None` for a node by itself.
    pub fanout: Option<Fanout>,
}

/// What one of several nodes counted in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellNode {
    /// Its place in the configured order.
    pub place: u32,
    /// What it counted itself.
    pub value: u64,
    /// That is an estimate: it was counted under wider bounds.
    pub estimated: bool,
    /// The group that it knew for these keys in the last column in which it counted; 0 for none, or for several.
    pub group: u64,
    /// Its term; 0 for unknown.
    pub term: u64,
}

impl Cell {
    /// The cell that all rows and columns of an answer are together.
    pub(crate) fn of_rows(answer: &Answer) -> Cell {
        Told::of(answer, &answer.rows).cell
    }

    /// This cell with what follows it in time: of a node that counted in both, group and term are the later's.
    fn add(&mut self, later: Cell) {
        self.columns = self.columns.saturating_add(later.columns);
        self.value = self.value.saturating_add(later.value);
        self.estimated |= later.estimated;
        self.conflict |= later.conflict;
        self.missing |= later.missing;
    }
}

impl CellNode {
    /// What a node's part has in the cell of the keys that a query asks for; `None` where it counted nothing there.
    ///
    /// Counts of ranges that reach beyond the keys are divided as on the range axis, and are estimates. Never panics.
    /// Memory: 64 bytes a column. Cost: linear in the cells.
    #[must_use]
    pub fn of_part(place: u32, part: &Answer, query: &MatrixQuery) -> Option<CellNode> {
        let told = Told::between(part, query);
        let (group, term) = told.owner;
        let Cell { value, estimated, .. } = told.cell;
        (value > 0).then_some(CellNode { place, value, estimated, group, term })
    }
}

/// A cell of several nodes while it is put together, from answers of one stretch of time after the other.
///
/// - Where values add ([`WriteMerge::adds`](crate::WriteMerge::adds)) each node gives a row
///   ([`ReaderOn::cell_part`](crate::ReaderOn::cell_part)), and one stretch is all time. Where they do not, the rule is
///   applied to rows by route ([`ReaderOn::part`](crate::ReaderOn::part)), whose memory grows with rows x columns: stretches
///   bound it. Both give one cell, but for the rounding of estimates.
/// - Counts of ranges that reach beyond the keys are divided as on the range axis, and are estimates. What nodes counted
///   adds up to the value where values add.
/// - `missing` says that a node which counted in the cell does not cover all of its sealed columns, or had to leave rows
///   out.
///
/// Memory: 32 bytes a node, and 24 for each absence.
///
/// # Examples
/// ```
/// use keyviz_core::{CellNode, CellOfNodes, Config, MatrixQuery, Merge, Op, RouteId, Sampler, Series};
/// let query = MatrixQuery { series: Series::Reads, open: true, start: b"a".to_vec(), ..MatrixQuery::default() };
/// let (mut merge, mut nodes) = (Merge::new(), Vec::new());
/// for place in 0..2 {
///     let sampler = Sampler::new(Config::default(), 0)?;
///     sampler.register(RouteId(7), b"a", None, 0)?;
///     (0..=place).for_each(|_| sampler.observe(RouteId(7), Op::Read, b"b", 0));
///     sampler.flush(60_000);
///     let part = sampler.reader().cell_part(&query);
///     merge.add(place, &part)?;
///     nodes.extend(CellNode::of_part(place, &part, &query));
/// }
/// let mut whole = CellOfNodes::new();
/// whole.add(merge.finish_whole(), nodes, &query);
/// let cell = whole.finish(Vec::new());
/// let nodes: Vec<(u32, u64)> = cell.nodes.iter().map(|node| (node.place, node.value)).collect();
/// assert_eq!((cell.value, nodes), (3, vec![(1, 2), (0, 1)]));
///
/// assert_eq!(CellOfNodes::new().finish(Vec::new()).columns, 0); // nobody said anything
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CellOfNodes {
    cell: Cell,
    nodes: BTreeMap<u32, CellNode>,
    /// What the merges said beside their rows.
    told: Merged,
}

impl CellOfNodes {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        CellOfNodes::default()
    }

    /// Adds a stretch of time behind those that are there: all that the merge of the nodes' parts gives by route
    /// ([`Merge::finish_whole`](crate::Merge::finish_whole)), and what each of these has in the cell
    /// ([`CellNode::of_part`]).
    ///
    /// Never panics. Memory: 64 bytes a column, for the call. Cost: linear in the cells.
    pub fn add(&mut self, merged: Merged, nodes: impl IntoIterator<Item = CellNode>, query: &MatrixQuery) {
        self.cell.add(Told::between(&merged.answer, query).cell);
        for node in nodes {
            let known = self.nodes.entry(node.place).or_insert(CellNode { value: 0, ..node });
            known.value = known.value.saturating_add(node.value);
            known.estimated |= node.estimated;
            (known.group, known.term) = (node.group, node.term);
        }
        let merged = Merged { answer: Answer::default(), ..merged };
        self.told = core::mem::take(&mut self.told).then(merged);
    }

    /// The cell, who counted most first, and what the coordinator knows of its nodes, by place, with what the merges said
    /// of them; see [`Merged::with_nodes`].
    ///
    /// Never panics. Cost: O(n log n) in the nodes.
    #[must_use]
    pub fn finish(self, nodes: Vec<FanoutNode>) -> Cell {
        let CellOfNodes { mut cell, nodes: counted, told } = self;
        // One that is away for a whole stretch has no row there that could say so.
        let capped = told.warnings.iter().filter(|warning| warning.kind == WarningKind::PeerRowsCapped);
        let lacking = told.absences.iter().map(|absence| absence.place).chain(capped.map(|warning| warning.place));
        cell.missing |= lacking.into_iter().any(|place| counted.contains_key(&place));
        cell.nodes = counted.into_values().collect();
        cell.nodes.sort_by_key(|node| (Reverse(node.value), node.place));
        cell.fanout = told.with_nodes(nodes).fanout;
        cell
    }
}

/// What one answer says of a cell.
struct Told {
    cell: Cell,
    owner: (u64, u64),
}

impl Told {
    fn of(answer: &Answer, rows: &[AnswerRow]) -> Told {
        let columns = (0..answer.columns.len()).filter(|at| answer.nodes(*at) > 0).count();
        let mut told = Told { cell: Cell { columns, ..Cell::default() }, owner: (0, 0) };
        for row in rows {
            let cell = &mut told.cell;
            cell.value = row.values.iter().fold(cell.value, |sum, value| sum.saturating_add(*value));
            cell.estimated |= row.estimated.contains(&true);
            cell.conflict |= row.conflict;
            cell.missing |= row.missing.contains(&true);
            let number = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
            if let Some(last) = row.values.iter().rposition(|value| *value > 0) {
                told.owner = (number(&row.groups, last), number(&row.terms, last));
            }
        }
        told
    }

    /// What it says between the keys that a query asks for.
    fn between(answer: &Answer, query: &MatrixQuery) -> Told {
        Told::of(answer, one_row(answer, &query.start, query.end.as_deref()).as_slice())
    }
}
