//! Columns of one width, with the rows of all nodes that have such columns.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::align::{Meeting, union};
use super::cells::{Cell, Cells, Part, decider, keep_greatest, mark};
use super::identities::Identities;
use super::rows::{About, MergedRow};
use crate::history::ColumnState;
use crate::matrix::{Answer, AnswerRow};

/// Columns of one width, in order, and rows by the order in which they were met.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) columns: Vec<Meeting>,
    pub(super) rows: Vec<MergedRow>,
    /// The rows in the order by which they are found.
    found: Vec<u32>,
    /// By place, how many nodes stand behind each column.
    pub(super) coverage: BTreeMap<u32, Vec<u32>>,
}

/// Which columns of an answer go where.
struct Target {
    /// Of each column that belongs here, its number in the answer and in the layer.
    map: Vec<(usize, usize)>,
    /// All of the answer's columns, each at its own place.
    whole: bool,
    place: u32,
}

impl Layer {
    /// The columns of an answer that `belongs` names; `step_ms` is the answer's.
    pub(super) fn of(
        place: u32,
        answer: &mut Answer,
        step_ms: u64,
        belongs: impl Fn(usize) -> bool,
        last: bool,
        ids: &mut Identities,
    ) -> Layer {
        let mut layer = Layer::default();
        let numbers = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
        let mut chosen: Vec<(usize, Meeting)> = Vec::new();
        for (at, column) in answer.columns.iter().enumerate() {
            if column.state != ColumnState::Missing && belongs(at) {
                let (rest, cut) = (numbers(&answer.unattributed, at), numbers(&answer.cut.values, at));
                chosen.push((at, Meeting::of(column, step_ms, rest, cut)));
            }
        }
        let mut columns: BTreeMap<u64, Meeting> = BTreeMap::new();
        for (_, meeting) in &chosen {
            columns.entry(meeting.end_ms).and_modify(|known| known.join(meeting)).or_insert(*meeting);
        }
        layer.columns = columns.into_values().collect();
        let of = |meeting: &Meeting| layer.columns.partition_point(|known| known.end_ms < meeting.end_ms);
        let map: Vec<(usize, usize)> = chosen.iter().map(|(at, meeting)| (*at, of(meeting))).collect();
        let whole = map.len() == answer.columns.len() && map.iter().enumerate().all(|(i, pair)| *pair == (i, i));
        let mut nodes = alloc::vec![0u32; layer.columns.len()];
        for (from, to) in &map {
            nodes.get_mut(*to).into_iter().for_each(|nodes| *nodes = answer.nodes(*from).max(*nodes));
        }
        layer.coverage.insert(place, nodes);
        let target = Target { map, whole, place };
        let rows = if last { core::mem::take(&mut answer.rows) } else { answer.rows.clone() };
        layer.rows = rows.into_iter().map(|row| target.row(row, layer.columns.len(), ids)).collect();
        layer.index();
        layer.join_rows_of_one_name(ids);
        layer
    }

    /// Sorts the rows, unless they are.
    fn index(&mut self) {
        let rows = &self.rows;
        let row = |at: &u32| rows.get(*at as usize).map(|row| &row.about);
        let order = |a: &u32, b: &u32| match (row(a), row(b)) {
            (Some(a), Some(b)) => a.order(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        self.found.extend(self.found.len() as u32..rows.len() as u32);
        self.found.sort_by(order);
    }

    /// Two rows of one name in one answer are one row of one node.
    fn join_rows_of_one_name(&mut self, ids: &Identities) {
        let same = |pair: &[u32]| {
            let row = |at: Option<&u32>| at.and_then(|at| self.rows.get(*at as usize));
            match (row(pair.first()), row(pair.last())) {
                (Some(a), Some(b)) => a.about.order(&b.about).is_eq(),
                _ => false,
            }
        };
        if !self.found.windows(2).any(same) {
            return;
        }
        let mut rows: Vec<Option<MergedRow>> = core::mem::take(&mut self.rows).into_iter().map(Some).collect();
        let ordered = self.found.iter().filter_map(|at| rows.get_mut(*at as usize).and_then(Option::take));
        for row in ordered {
            match self.rows.last_mut().filter(|last| last.about.order(&row.about).is_eq()) {
                Some(last) => {
                    (0..row.cells.len())
                        .for_each(|at| last.cells.gather(at, row.cells.get(at), row.cells.parts(at), ids));
                    last.about.join(row.about);
                }
                None => self.rows.push(row),
            }
        }
        self.found.clear();
        self.index();
    }

    /// Takes in another layer of the same width, of other nodes.
    pub(super) fn join(&mut self, mut other: Layer, ids: &Identities, adds: bool) {
        if self.columns.iter().map(|c| c.end_ms).eq(other.columns.iter().map(|c| c.end_ms)) {
            self.columns.iter_mut().zip(&other.columns).for_each(|(column, other)| column.join(other));
        } else {
            let (columns, mine, theirs) = union(&self.columns, &other.columns);
            self.spread(&mine, columns.len());
            other.spread(&theirs, columns.len());
            self.columns = columns;
        }
        for (place, nodes) in core::mem::take(&mut other.coverage) {
            let known = self.coverage.entry(place).or_insert_with(|| alloc::vec![0; nodes.len()]);
            known.iter_mut().zip(nodes).for_each(|(known, nodes)| *known = nodes.max(*known));
        }
        // Nodes mostly have the same rows in the same order.
        let mut next = 0;
        for row in other.rows {
            match self.find(&row.about, next) {
                Some(at) => {
                    next = at + 1;
                    if let Some(mine) = self.rows.get_mut(at) {
                        mine.cells.meet(&row.cells, ids, adds);
                        mine.about.join(row.about);
                    }
                }
                None => self.rows.push(row),
            }
        }
        if self.found.len() < self.rows.len() {
            self.index();
        }
    }

    /// The place of a row of this name, which is perhaps `guess`.
    fn find(&self, about: &About, guess: usize) -> Option<usize> {
        if self.rows.get(guess).is_some_and(|row| guess < self.found.len() && row.about.order(about).is_eq()) {
            return Some(guess);
        }
        let row = |at: &u32| self.rows.get(*at as usize);
        let before = |at: &u32| row(at).is_some_and(|row| row.about.order(about).is_lt());
        let at = self.found.get(self.found.partition_point(before))?;
        row(at).filter(|row| row.about.order(about).is_eq()).map(|_| *at as usize)
    }

    fn spread(&mut self, map: &[usize], columns: usize) {
        if map.len() == columns {
            return;
        }
        self.rows.iter_mut().for_each(|row| row.cells = row.cells.spread(map, columns));
        for nodes in self.coverage.values_mut() {
            let mut wide = alloc::vec![0; columns];
            for (to, nodes) in map.iter().zip(nodes.iter()) {
                wide.get_mut(*to).into_iter().for_each(|to| *to = *nodes);
            }
            *nodes = wide;
        }
    }

    /// Gives every pair of group and term another number.
    pub(super) fn renumber(&mut self, mut to: impl FnMut(u32) -> u32) {
        self.rows.iter_mut().for_each(|row| row.cells.renumber(&mut to));
    }

    /// The same rows over other columns: `columns`, of which column `i` of these falls into `map[i]`. What falls into
    /// one column is added; a node covers it when it covers all windows in it, but for those that are still to come.
    pub(super) fn fold(self, columns: Vec<Meeting>, map: &[usize], ids: &Identities) -> Layer {
        let width = columns.len();
        let coverage =
            self.coverage.iter().map(|(place, nodes)| (*place, fold_coverage(nodes, map, &self.columns, &columns)));
        let mut folded = Layer { coverage: coverage.collect(), columns, ..Layer::default() };
        folded.rows = self
            .rows
            .into_iter()
            .map(|row| {
                let mut cells = Cells::zeros(width);
                for (at, to) in map.iter().enumerate() {
                    cells.gather(*to, row.cells.get(at), row.cells.parts(at), ids);
                }
                MergedRow { about: row.about, cells }
            })
            .collect();
        folded.found = self.found;
        folded
    }
}

/// How many nodes cover each wide column wholly.
fn fold_coverage(nodes: &[u32], map: &[usize], narrow: &[Meeting], wide: &[Meeting]) -> Vec<u32> {
    let newest = narrow.last().map_or(0, |column| column.end_ms);
    let mut covered_ms = alloc::vec![0u64; wide.len()];
    let mut least = alloc::vec![u32::MAX; wide.len()];
    for ((nodes, to), column) in nodes.iter().zip(map).zip(narrow).filter(|((nodes, _), _)| **nodes > 0) {
        covered_ms.get_mut(*to).into_iter().for_each(|ms| *ms += column.end_ms - column.start_ms);
        least.get_mut(*to).into_iter().for_each(|least| *least = (*least).min(*nodes));
    }
    let whole = |column: &Meeting| column.end_ms.min(newest).saturating_sub(column.start_ms);
    let covers = |((column, ms), least): ((&Meeting, &u64), &u32)| {
        if *least < u32::MAX && *ms >= whole(column) { *least } else { 0 }
    };
    wide.iter().zip(&covered_ms).zip(&least).map(covers).collect()
}

impl Target {
    /// A row of the answer over the layer's columns.
    fn row(&self, mut row: AnswerRow, columns: usize, ids: &mut Identities) -> MergedRow {
        let (values, groups, terms) =
            (core::mem::take(&mut row.values), core::mem::take(&mut row.groups), core::mem::take(&mut row.terms));
        let marked = row.conflicts.contains(&true) || row.estimated.contains(&true) || row.missing.contains(&true);
        let cells = if self.whole && !marked && row.term_parts.is_empty() && values.len() == columns {
            Cells::of_node(values, groups, &terms, columns, self.place, ids)
        } else {
            let mut cells = Cells::zeros(columns);
            let number = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
            for (from, to) in &self.map {
                let value = number(&values, *from);
                let named = decider(self.place, ids.number((number(&groups, *from), number(&terms, *from))));
                let mut cell = Cell::of(value, named, marks(&row, *from, values.len()));
                let parts = parts(&row, *from, &mut cell, ids);
                cells.gather(*to, cell, &parts, ids);
            }
            cells
        };
        row.conflicts = Vec::new();
        row.estimated = Vec::new();
        row.missing = Vec::new();
        row.term_parts = Vec::new();
        MergedRow { about: About::of(row, self.place), cells }
    }
}

/// What an answer says of a cell. Of a cell beyond its values it has nothing to tell.
fn marks(row: &AnswerRow, column: usize, values: usize) -> u8 {
    let is = |flags: &[bool], mark| if flags.get(column) == Some(&true) { mark } else { 0 };
    is(&row.conflicts, mark::CONFLICT)
        | is(&row.estimated, mark::ESTIMATED)
        | is(&row.missing, mark::MISSING)
        | if column < values { 0 } else { mark::MISSING }
}

/// The parts of an answer's cell, where it has several, or one of another group or term than the cell's; none where
/// they do not add up to its value.
fn parts(row: &AnswerRow, column: usize, cell: &mut Cell, ids: &mut Identities) -> Vec<Part> {
    let from = row.term_parts.partition_point(|part| part.column < column);
    let mut parts: Vec<Part> = Vec::new();
    let mut left = cell.value;
    for part in row.term_parts.iter().skip(from).take_while(|part| part.column == column) {
        if part.value == 0 {
            continue;
        }
        let Some(rest) = left.checked_sub(part.value) else { return Vec::new() };
        left = rest;
        let identity = ids.number((part.group, part.term));
        match parts.iter_mut().rev().take(1).find(|last| last.identity == identity) {
            Some(last) => (last.greatest, last.sum) = (last.greatest + part.value, last.sum + part.value),
            None => parts.push(Part { identity, conflict: false, greatest: part.value, sum: part.value }),
        }
    }
    if left > 0 {
        return Vec::new();
    }
    keep_greatest(&mut parts, ids, &mut cell.marks);
    parts
}
