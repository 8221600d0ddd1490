//! From what has met to an answer: layers become one, cells get their values, columns their gaps, rows their names.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Absence;
use super::align::Meeting;
use super::cells::{Cell, Cells, identity, mark};
use super::identities::Identities;
use super::layer::Layer;
use super::rows::{About, MergedRow};
use super::rule::Rule;
use crate::history::ColumnState;
use crate::matrix::{Answer, AnswerRow, BucketId, Column, TermPart};

/// All layers as one, decided. First columns that lie in a wider one of other nodes are folded into it, and met there
/// with what these counted. What then follows one another in time is added up to windows of the step.
pub(super) fn one_layer(layers: BTreeMap<u64, Layer>, step_ms: u64, adds: bool, rule: &mut Rule<'_>) -> Layer {
    let several = layers.len() > 1;
    let mut whole = Layer::default();
    for layer in layers.into_values().rev() {
        let decided = decide(layer, rule);
        let folded = fold(decided, |column, _| around(column, &whole.columns), rule.ids);
        whole.join(folded, rule.ids, adds);
    }
    if several {
        whole = decide(whole, rule);
    }
    fold(whole, |column, newest_ms| window(column, step_ms, newest_ms), rule.ids)
}

fn decide(mut layer: Layer, rule: &mut Rule<'_>) -> Layer {
    layer.rows.iter_mut().for_each(|row| row.cells = rule.decide(core::mem::take(&mut row.cells)));
    layer
}

/// The column as the first wide one that it lies in, or as it is.
fn around(column: &Meeting, wide: &[Meeting]) -> Meeting {
    let at = wide.partition_point(|wide| wide.end_ms <= column.start_ms);
    let meets = |wide: &&Meeting| wide.start_ms < column.end_ms && column.start_ms < column.end_ms;
    match wide.get(at).filter(meets) {
        Some(wide) => Meeting { start_ms: wide.start_ms, end_ms: wide.end_ms, ..*column },
        None => *column,
    }
}

/// The column as the window of the step that it lies in, or as it is when it is as wide. A window that is not over
/// with the newest column is open.
fn window(column: &Meeting, step_ms: u64, newest_ms: u64) -> Meeting {
    let last_ms = column.end_ms.saturating_sub(1);
    match last_ms.checked_rem(step_ms) {
        Some(rest_ms) if column.end_ms - column.start_ms < step_ms => {
            let start_ms = last_ms - rest_ms;
            let end_ms = start_ms.saturating_add(step_ms);
            Meeting { start_ms, end_ms, open: column.open || end_ms > newest_ms, ..*column }
        }
        _ => *column,
    }
}

/// Folds each column into what `target` makes of it, given also the newest column's end.
fn fold(layer: Layer, target: impl Fn(&Meeting, u64) -> Meeting, ids: &Identities) -> Layer {
    let newest_ms = layer.columns.last().map_or(0, |column| column.end_ms);
    let targets: Vec<Meeting> = layer.columns.iter().map(|column| target(column, newest_ms)).collect();
    if targets == layer.columns {
        return layer;
    }
    let mut windows: BTreeMap<u64, Meeting> = BTreeMap::new();
    for target in &targets {
        windows.entry(target.end_ms).and_modify(|known| known.join(target)).or_insert(*target);
    }
    let windows: Vec<Meeting> = windows.into_values().collect();
    let place = |target: &Meeting| windows.partition_point(|window| window.end_ms < target.end_ms);
    let map: Vec<usize> = targets.iter().map(place).collect();
    layer.fold(windows, &map, ids)
}

/// Where all nodes ended within the last column, it is covered as far as can be.
pub(super) fn end(layer: &mut Layer, sealed_to_ms: u64) {
    let Some(at) = layer.columns.len().checked_sub(1) else { return };
    let is_end = layer.columns.last().is_some_and(|last| !last.open && last.end_ms == sealed_to_ms);
    if !is_end || layer.coverage.values().any(|nodes| nodes.get(at).is_some_and(|nodes| *nodes > 0)) {
        return;
    }
    for nodes in layer.coverage.values_mut() {
        let before = at.checked_sub(1).map_or(1, |before| nodes.get(before).copied().unwrap_or(0));
        nodes.get_mut(at).into_iter().for_each(|nodes| *nodes = before);
    }
}

/// Which nodes do not cover which sealed columns; columns side by side are one stretch.
pub(super) fn absences(layer: &Layer) -> Vec<Absence> {
    let mut absences: Vec<Absence> = Vec::new();
    for (place, nodes) in &layer.coverage {
        let mut before = None;
        for (at, column) in layer.columns.iter().enumerate().filter(|(_, column)| !column.open) {
            if nodes.get(at).is_some_and(|nodes| *nodes > 0) {
                continue;
            }
            let goes_on = before.is_some_and(|before| before + 1 == at);
            before = Some(at);
            match absences.last_mut().filter(|_| goes_on) {
                Some(last) => last.end_ms = column.end_ms,
                None => absences.push(Absence { place: *place, start_ms: column.start_ms, end_ms: column.end_ms }),
            }
        }
    }
    absences
}

/// The columns as they are shown, with the gaps between them.
pub(super) struct Shown {
    columns: Vec<Column>,
    /// Where the merged columns stand among them.
    at: Vec<usize>,
}

impl Shown {
    /// `missing` is from where to where nodes say that windows are missing.
    pub(super) fn of(merged: &[Meeting], missing: Option<(u64, u64)>) -> Self {
        let mut columns: Vec<Column> = Vec::with_capacity(merged.len());
        let mut at = Vec::with_capacity(merged.len());
        let mut before = missing.map(|(from, _)| from);
        for meeting in merged {
            let column = meeting.shown();
            if let Some(before) = before.filter(|before| meeting.said && *before < column.start_ms) {
                columns.push(Column::gap(before, column.start_ms));
            }
            at.push(columns.len());
            before = Some(column.end_ms);
            columns.push(column);
        }
        if let (Some(before), Some((_, to))) = (before, missing)
            && before < to
        {
            columns.push(Column::gap(before, to));
        }
        Shown { columns, at }
    }

    /// A list over the merged columns as one over those that are shown.
    fn place<T: Copy + Default>(&self, list: impl Iterator<Item = T>) -> Vec<T> {
        let mut placed = alloc::vec![T::default(); self.columns.len()];
        for (at, value) in self.at.iter().zip(list) {
            placed.get_mut(*at).into_iter().for_each(|to| *to = value);
        }
        placed
    }

    /// Puts columns and rows into an answer.
    pub(super) fn fill(self, answer: &mut Answer, layer: Layer, ids: &Identities) {
        let merged = &layer.columns;
        let nodes = (0..merged.len()).map(|at| {
            let nodes = layer.coverage.values().filter_map(|nodes| nodes.get(at));
            nodes.fold(0u32, |sum, nodes| sum.saturating_add(*nodes))
        });
        answer.column_nodes = self.place(nodes);
        answer.unattributed = self.place(merged.iter().map(|column| column.unattributed));
        answer.cut.values = self.place(merged.iter().map(|column| column.cut));
        let mut lacking =
            Lacking { coverage: &layer.coverage, columns: merged.len(), nodes: (0, Vec::new()), lacks: Vec::new() };
        let mut rows = layer.rows;
        tell_apart(&mut rows);
        rows.sort_by(|a, b| a.about.shown_order(&b.about));
        answer.rows = rows.into_iter().map(|row| self.row(row, &mut lacking, ids)).collect();
        if answer.rows.iter().all(|row| row.groups.iter().chain(&row.terms).all(|number| *number == 0)) {
            answer.rows.iter_mut().for_each(|row| (row.groups, row.terms) = (Vec::new(), Vec::new()));
        }
        answer.columns = self.columns;
    }

    fn row(&self, row: MergedRow, lacking: &mut Lacking<'_>, ids: &Identities) -> AnswerRow {
        let MergedRow { about, cells } = row;
        let width = cells.len();
        let marked = |mark: u8| {
            if cells.is_plain() {
                return Vec::new();
            }
            let flags = self.place((0..width).map(|at| cells.get(at).marks & mark != 0));
            if flags.contains(&true) { flags } else { Vec::new() }
        };
        let lacks = lacking.of(&about);
        let missing = (0..width).map(|at| lacks.get(at) == Some(&true) || cells.get(at).marks & mark::MISSING != 0);
        let missing = self.place(missing);
        let pair = |at: usize| ids.pair(identity(cells.get(at).decider));
        let conflicts = marked(mark::CONFLICT);
        AnswerRow {
            name: about.name(),
            values: self.place((0..width).map(|at| cells.get(at).value)),
            conflict: !conflicts.is_empty(),
            conflicts,
            estimated: marked(mark::ESTIMATED),
            missing: if missing.contains(&true) { missing } else { Vec::new() },
            groups: self.place((0..width).map(|at| pair(at).0)),
            terms: self.place((0..width).map(|at| pair(at).1)),
            term_parts: self.parts(&cells, ids),
            bucket_id: about.bucket_id,
            label: about.label,
            start: about.start,
            end: about.end,
            aggregate: about.aggregate,
            route_ids: about.route_ids,
            route_ids_truncated: about.route_ids_truncated,
            route_count: about.route_count,
            draining: about.draining,
        }
    }

    /// The parts of cells that have several, or one that the cell's own group and term do not name; where they add up
    /// to the value.
    fn parts(&self, cells: &Cells, ids: &Identities) -> Vec<TermPart> {
        let mut shown = Vec::new();
        for (at, column) in self.at.iter().enumerate() {
            let (parts, cell): (_, Cell) = (cells.parts(at), cells.get(at));
            let sum = parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.sum));
            let named = parts.first().is_some_and(|part| part.identity == identity(cell.decider));
            if parts.is_empty() || sum != cell.value || (parts.len() == 1 && named) {
                continue;
            }
            shown.extend(parts.iter().map(|part| {
                let (group, term) = ids.pair(part.identity);
                TermPart { column: *column, group, term, value: part.sum }
            }));
        }
        shown
    }
}

/// Which columns some node with the row has nothing to tell of.
struct Lacking<'a> {
    coverage: &'a BTreeMap<u32, Vec<u32>>,
    columns: usize,
    /// The nodes asked for last: neighbouring rows mostly have the same.
    nodes: (u32, Vec<u32>),
    lacks: Vec<bool>,
}

impl Lacking<'_> {
    fn of(&mut self, about: &About) -> &[bool] {
        if self.nodes != about.nodes || self.lacks.len() != self.columns {
            self.nodes.clone_from(&about.nodes);
            let nodes = core::iter::once(&about.nodes.0).chain(&about.nodes.1);
            self.lacks.clear();
            self.lacks.resize(self.columns, false);
            for covered in nodes.filter_map(|place| self.coverage.get(place)) {
                self.lacks.iter_mut().zip(covered).for_each(|(lacks, nodes)| *lacks |= *nodes == 0);
            }
        }
        &self.lacks
    }
}

/// Virtual buckets of different nodes that have one id, but not one range, get their bounds into their names.
fn tell_apart(rows: &mut [MergedRow]) {
    let mut ids: Vec<BucketId> =
        rows.iter().filter(|row| row.about.aggregate).map(|row| row.about.bucket_id.clone()).collect();
    ids.sort_unstable();
    let twice = |id: &BucketId| ids.partition_point(|known| known <= id) - ids.partition_point(|known| known < id) > 1;
    for row in rows.iter_mut().filter(|row| row.about.aggregate) {
        if twice(&row.about.bucket_id) {
            row.about.bucket_id = row.about.bucket_id.with_bounds(&row.about.start, row.about.end.as_deref());
        }
    }
}

/// Whether a column tells nothing.
pub(super) fn is_missing(column: &Column) -> bool {
    column.state == ColumnState::Missing
}
