//! Columns of one width, with the rows of all nodes that have such columns.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::align::{Meeting, union};
use super::cells::{Cell, Cells, Part, decider, keep_greatest, mark};
use super::identities::Identities;
use super::rows::{About, MergedRow, order};
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

/// So many cells a row's record counts as.
const ROW_CELLS: usize = 16;

const fn cost(rows: usize, columns: usize) -> usize {
    rows.saturating_mul(columns.saturating_add(ROW_CELLS))
}

/// Which columns of an answer go where.
struct Target {
    place: u32,
    /// Of each column that belongs here, its number in the answer and in the layer.
    map: Vec<(usize, usize)>,
    /// The answer's columns are the layer's, one for one.
    whole: bool,
    columns: usize,
}

impl Layer {
    /// Takes in the columns of an answer that `belongs` names; `step_ms` is the answer's.
    pub(super) fn add(
        &mut self,
        (place, answer): (u32, &Answer),
        step_ms: u64,
        belongs: impl Fn(usize) -> bool,
        ids: &mut Identities,
        adds: bool,
    ) {
        let target = self.align(place, answer, step_ms, belongs);
        let numbered = self.number(&answer.rows);
        let mut scratch: Vec<u64> = Vec::with_capacity(target.columns);
        let of = |at: usize| answer.rows.get(at);
        for same in numbered.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, row)) = same.first().and_then(|(number, row)| Some((*number, of(*row)?))) else {
                continue;
            };
            if self.rows.len() <= number {
                self.rows.push(MergedRow { about: About::of(row, place), cells: Cells::default() });
            }
            let Some(merged) = self.rows.get_mut(number) else { continue };
            let fresh = merged.cells.len() != target.columns;
            if same.len() == 1 && target.is_plain(row) {
                // What a follower says of most rows: nothing.
                let silent = row.values.iter().fold(0, |any, value| any | value) == 0;
                if fresh || !silent {
                    target.deciders(row, &mut scratch, ids);
                }
                if fresh {
                    merged.cells = Cells::of_node(&row.values, &scratch);
                } else if !silent {
                    merged.cells.meet_node(&row.values, &scratch, ids, adds);
                }
            } else {
                // Rows of one name in one answer are one row of one node.
                let mut cells = Cells::zeros(target.columns);
                same.iter().filter_map(|(_, row)| of(*row)).for_each(|row| target.gather(row, &mut cells, ids));
                if fresh {
                    merged.cells = cells;
                } else {
                    merged.cells.meet(&cells, ids, adds);
                }
            }
            // The first of them says what the row is.
            if !fresh {
                merged.about.meet(row, place);
            }
        }
        self.index();
    }

    /// What the layer takes, in cells; a row's record counts as some.
    pub(super) const fn cost(&self) -> usize {
        cost(self.rows.len(), self.columns.len())
    }

    /// What the layer would take with an answer's rows, and its columns of these ends.
    pub(super) fn cost_with(&self, answer: &Answer, ends_ms: impl Iterator<Item = u64>) -> usize {
        let ends: BTreeSet<u64> = ends_ms.chain(self.columns.iter().map(|column| column.end_ms)).collect();
        // Mostly a node has the rows that others have.
        let mut next = 0;
        let mut fresh = 0;
        for row in &answer.rows {
            match self.find(|about| about.order_of(row), next) {
                Some(number) => next = number + 1,
                None => fresh += 1,
            }
        }
        cost(self.rows.len() + fresh, ends.len())
    }

    /// What the layer would take with another.
    pub(super) fn cost_joined(&self, other: &Layer) -> usize {
        let ends: BTreeSet<u64> = self.columns.iter().chain(&other.columns).map(|column| column.end_ms).collect();
        let fresh = other.rows.iter().filter(|row| self.find(|about| about.order(&row.about), 0).is_none()).count();
        cost(self.rows.len() + fresh, ends.len())
    }

    /// Makes room for an answer's columns.
    fn align(&mut self, place: u32, answer: &Answer, step_ms: u64, belongs: impl Fn(usize) -> bool) -> Target {
        let numbers = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
        let mut chosen: Vec<(usize, u64)> = Vec::new();
        let mut meetings: BTreeMap<u64, Meeting> = BTreeMap::new();
        for (at, column) in answer.columns.iter().enumerate() {
            if column.state != ColumnState::Missing && belongs(at) {
                let (rest, cut) = (numbers(&answer.unattributed, at), numbers(&answer.cut.values, at));
                let meeting = Meeting::of(column, step_ms, rest, cut);
                chosen.push((at, meeting.end_ms));
                meetings.entry(meeting.end_ms).and_modify(|known| known.join(&meeting)).or_insert(meeting);
            }
        }
        let theirs: Vec<Meeting> = meetings.into_values().collect();
        let _ = self.meet_columns(&theirs);
        let of = |end_ms: u64| self.columns.partition_point(|known| known.end_ms < end_ms);
        let map: Vec<(usize, usize)> = chosen.iter().map(|(at, end_ms)| (*at, of(*end_ms))).collect();
        let columns = self.columns.len();
        let mut nodes = alloc::vec![0u32; columns];
        for (from, to) in &map {
            nodes.get_mut(*to).into_iter().for_each(|nodes| *nodes = answer.nodes(*from).max(*nodes));
        }
        self.coverage.insert(place, nodes);
        let whole = columns == answer.columns.len()
            && map.len() == columns
            && map.iter().enumerate().all(|(i, pair)| *pair == (i, i));
        Target { place, map, whole, columns }
    }

    /// Joins columns; where each of `theirs` stands now.
    fn meet_columns(&mut self, theirs: &[Meeting]) -> Vec<usize> {
        if self.columns.iter().map(|c| c.end_ms).eq(theirs.iter().map(|c| c.end_ms)) {
            self.columns.iter_mut().zip(theirs).for_each(|(column, other)| column.join(other));
            return (0..theirs.len()).collect();
        }
        let (columns, mine, map) = union(&self.columns, theirs);
        self.spread(&mine, columns.len());
        self.columns = columns;
        map
    }

    /// The row's number of each row of an answer, in order of these; new rows are numbered as they come.
    fn number(&self, rows: &[AnswerRow]) -> Vec<(usize, usize)> {
        let mut numbered = Vec::with_capacity(rows.len());
        let mut fresh: Vec<usize> = Vec::new();
        // Nodes mostly have the same rows in the same order.
        let mut next = 0;
        for (at, row) in rows.iter().enumerate() {
            match self.find(|about| about.order_of(row), next) {
                Some(number) => {
                    numbered.push((number, at));
                    next = number + 1;
                }
                None => fresh.push(at),
            }
        }
        let order = |a: &usize, b: &usize| match (rows.get(*a), rows.get(*b)) {
            (Some(a), Some(b)) => order(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        fresh.sort_by(order);
        let mut alike: Vec<&[usize]> = fresh.chunk_by(|a, b| order(a, b).is_eq()).collect();
        alike.sort_unstable_by_key(|rows| rows.first().copied());
        for (new, rows) in alike.into_iter().enumerate() {
            numbered.extend(rows.iter().map(|at| (self.rows.len() + new, *at)));
        }
        if !numbered.is_sorted() {
            numbered.sort_unstable();
        }
        numbered
    }

    /// Puts new rows into the order by which they are found.
    fn index(&mut self) {
        let rows = &self.rows;
        if self.found.len() == rows.len() {
            return;
        }
        let row = |at: &u32| rows.get(*at as usize).map(|row| &row.about);
        let order = |a: &u32, b: &u32| match (row(a), row(b)) {
            (Some(a), Some(b)) => a.order(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        self.found.extend(self.found.len() as u32..rows.len() as u32);
        self.found.sort_by(order);
    }

    /// Takes in another layer of the same width, of other nodes.
    pub(super) fn join(&mut self, mut other: Layer, ids: &Identities, adds: bool) {
        let map = self.meet_columns(&other.columns);
        other.spread(&map, self.columns.len());
        for (place, nodes) in core::mem::take(&mut other.coverage) {
            let known = self.coverage.entry(place).or_insert_with(|| alloc::vec![0; nodes.len()]);
            known.iter_mut().zip(nodes).for_each(|(known, nodes)| *known = nodes.max(*known));
        }
        // Nodes mostly have the same rows in the same order.
        let mut next = 0;
        for row in other.rows {
            match self.find(|about| about.order(&row.about), next) {
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
        self.index();
    }

    /// The number of a row, which is perhaps `guess`. `order` says where a row stands beside the one looked for.
    fn find(&self, order: impl Fn(&About) -> Ordering, guess: usize) -> Option<usize> {
        let row = |at: usize| self.rows.get(at).map(|row| &row.about);
        if row(guess).is_some_and(|about| order(about).is_eq()) {
            return Some(guess);
        }
        let before = |at: &u32| row(*at as usize).is_some_and(|about| order(about).is_lt());
        let at = *self.found.get(self.found.partition_point(before))? as usize;
        row(at).filter(|about| order(about).is_eq()).map(|_| at)
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
    /// Whether a row has nothing but values, groups and terms, and these over the layer's columns.
    fn is_plain(&self, row: &AnswerRow) -> bool {
        let marked = row.conflicts.contains(&true) || row.estimated.contains(&true) || row.missing.contains(&true);
        self.whole && !marked && row.term_parts.is_empty() && row.values.len() == self.columns
    }

    /// The deciders of a plain row.
    fn deciders(&self, row: &AnswerRow, deciders: &mut Vec<u64>, ids: &mut Identities) {
        deciders.clear();
        let (mut pair, mut named) = ((0, 0), decider(self.place, 0));
        let mut name = |value: u64, group: u64, term: u64| {
            if value == 0 {
                return 0;
            }
            if pair != (group, term) {
                pair = (group, term);
                named = decider(self.place, ids.number(pair));
            }
            named
        };
        if row.groups.len() == self.columns && row.terms.len() == self.columns {
            let cells = row.values.iter().zip(row.groups.iter().zip(&row.terms));
            deciders.extend(cells.map(|(value, (group, term))| name(*value, *group, *term)));
        } else {
            let number = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
            let cells = row.values.iter().enumerate();
            deciders.extend(cells.map(|(at, value)| name(*value, number(&row.groups, at), number(&row.terms, at))));
        }
    }

    /// Adds a row of any kind to cells over the layer's columns.
    fn gather(&self, row: &AnswerRow, cells: &mut Cells, ids: &mut Identities) {
        let number = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
        for (from, to) in &self.map {
            let named = decider(self.place, ids.number((number(&row.groups, *from), number(&row.terms, *from))));
            let mut cell = Cell::of(number(&row.values, *from), named, marks(row, *from, row.values.len()));
            let parts = parts(row, *from, &mut cell, ids);
            cells.gather(*to, cell, &parts, ids);
        }
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
