//! What single nodes counted in a cell of their picture.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::matrix::{Answer, AxisKind, MatrixQuery};
use crate::merge::{Fanout, Heat, Merged};

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
    /// A node that has keys of it does not cover all of its columns.
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
    /// The cell of the keys that a query asks for, all columns of the answers together.
    ///
    /// `merged` is all that the merge of the nodes' answers gives by route
    /// ([`Merge::finish_whole`](crate::Merge::finish_whole)), and `parts` are these answers, each with its node's place, in
    /// any order. Counts of ranges that reach beyond the keys are divided as on the range axis, and are estimates. What
    /// nodes counted adds up to the value where values add, but for the rounding of estimates.
    ///
    /// Never panics. Memory: that of one part once more. Cost: O(n log n) in the rows of all nodes.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Cell, Config, MatrixQuery, Merge, Op, RouteId, Sampler, Series};
    /// let query = MatrixQuery { series: Series::Reads, open: true, start: b"a".to_vec(), ..MatrixQuery::default() };
    /// let (mut merge, mut parts) = (Merge::new(), Vec::new());
    /// for place in 0..2 {
    ///     let sampler = Sampler::new(Config::default(), 0)?;
    ///     sampler.register(RouteId(7), b"a", None, 0)?;
    ///     (0..=place).for_each(|_| sampler.observe(RouteId(7), Op::Read, b"b", 0));
    ///     sampler.flush(60_000);
    ///     let part = sampler.reader().part(&query, 16384);
    ///     merge.add(place, &part)?;
    ///     parts.push((place, part));
    /// }
    /// let cell = Cell::of_nodes(merge.finish_whole().answer, &parts, &query);
    /// let nodes: Vec<(u32, u64)> = cell.nodes.iter().map(|node| (node.place, node.value)).collect();
    /// assert_eq!((cell.value, nodes), (3, vec![(1, 2), (0, 1)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_nodes(merged: Answer, parts: &[(u32, Answer)], query: &MatrixQuery) -> Cell {
        let mut heat = Heat::new();
        heat.add(&merged);
        let (start, end) = (query.start.clone(), query.end.clone());
        let one =
            MatrixQuery { axis: AxisKind::Range, rows: 1, start, end, split_labels: false, ..MatrixQuery::default() };
        let cuts = heat.cuts(&one);
        let on_cuts = |answer: Answer| Told::of(&Merged { answer, ..Merged::default() }.on(&cuts).answer);
        let mut cell = on_cuts(merged).cell;
        let told = parts.iter().map(|(place, part)| (*place, on_cuts(part.clone())));
        cell.nodes = told.filter(|(_, told)| told.cell.value > 0).map(|(place, told)| told.of_node(place)).collect();
        cell.nodes.sort_by_key(|node| (Reverse(node.value), node.place));
        cell
    }

    /// The cell that all rows and columns of one node's answer are together, as of the range axis with one row.
    ///
    /// Never panics. Cost: linear in the cells.
    #[must_use]
    pub fn of_rows(answer: &Answer) -> Cell {
        Told::of(answer).cell
    }
}

/// What one answer says of a cell.
struct Told {
    cell: Cell,
    owner: (u64, u64),
}

impl Told {
    fn of(answer: &Answer) -> Told {
        let columns = (0..answer.columns.len()).filter(|at| answer.nodes(*at) > 0).count();
        let mut told = Told { cell: Cell { columns, ..Cell::default() }, owner: (0, 0) };
        for row in &answer.rows {
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

    const fn of_node(&self, place: u32) -> CellNode {
        let (group, term) = self.owner;
        CellNode { place, value: self.cell.value, estimated: self.cell.estimated, group, term }
    }
}
