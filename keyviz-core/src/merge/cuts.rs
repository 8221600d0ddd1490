//! Where the key space is cut for the rows of the range axis, when all answers are not there at once.
//!
//! A long picture of many nodes is merged stretch of time by stretch of time: first what is counted where is gathered
//! from all of them ([`Heat`]), then the rows are cut ([`Cuts`]), then each stretch is put into these rows, one behind
//! the other ([`Merged::then`]). What comes out is what one merge of all would give, in the memory of one stretch.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::range::{cut, most, project};
use super::{Absence, Merged};
use crate::matrix::axis::{Axis, Span};
use crate::matrix::{Answer, AnswerRow, AxisKind, Column, MatrixQuery};

type Bounds = (Vec<u8>, Option<Vec<u8>>);

/// What is counted where: each range that some answer has, with its sum.
///
/// Memory: the bounds of all ranges, and about 100 bytes for each.
#[derive(Clone, Debug, Default)]
pub struct Heat {
    spans: BTreeMap<Bounds, u64>,
    labels: BTreeSet<String>,
}

/// Where the key space is cut, and which labels have rows of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cuts {
    pub(super) axis: Axis,
    pub(super) labels: Vec<String>,
    pub(super) splits: bool,
}

impl Heat {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Heat::default()
    }

    /// Adds what the rows of an answer have, which are those of the route axis.
    pub fn add(&mut self, answer: &Answer) {
        for row in &answer.rows {
            let total = row.values.iter().fold(0u64, |sum, value| sum.saturating_add(*value));
            let sum = self.spans.entry((row.start.clone(), row.end.clone())).or_default();
            *sum = sum.saturating_add(total);
            if !self.labels.contains(&row.label) {
                self.labels.insert(row.label.clone());
            }
        }
    }

    /// The cuts for a query: its rows, its keys, its names and labels.
    #[must_use]
    pub fn cuts(self, query: &MatrixQuery) -> Cuts {
        // As many lines as labels for each range: where there are too many, each range has one.
        let splits = (query.split_labels || query.label.is_some()) && self.labels.len() <= most(query);
        let labels: Vec<String> = if splits { self.labels.into_iter().collect() } else { alloc::vec![String::new()] };
        let spans: Vec<Span<'_>> =
            self.spans.iter().map(|((start, end), total)| Span { start, end: end.as_deref(), total: *total }).collect();
        let names = query.key_names.as_deref();
        let rank = |edge: &[u8]| u8::from(names.is_some_and(|names| names.is_border(edge)));
        let axis = Axis::cut(&spans, &query.start, query.end.as_deref(), most(query) / labels.len().max(1), rank);
        Cuts { axis, labels, splits }
    }
}

impl Merged {
    /// All rows by route on the axis that a query names, within its row budget.
    #[must_use]
    pub fn shown(mut self, query: &MatrixQuery) -> Merged {
        match query.axis {
            AxisKind::Route => {
                cut(&mut self.answer, query);
                self
            }
            AxisKind::Range => {
                let mut heat = Heat::new();
                heat.add(&self.answer);
                self.on(&heat.cuts(query))
            }
        }
    }

    /// The same counts in the rows of these cuts.
    #[must_use]
    pub fn on(self, cuts: &Cuts) -> Merged {
        Merged { answer: project(self.answer, cuts), ..self }
    }

    /// This picture and a later one of the same rows as one.
    ///
    /// The rows are those of one [`Cuts`]; columns of the later one come behind all of this one, with a missing one
    /// between where nobody has any. Warnings are said once, absences that meet are one.
    #[must_use]
    pub fn then(mut self, later: Merged) -> Merged {
        append(&mut self.answer, later.answer);
        for warning in later.warnings {
            if let Err(at) = self.warnings.binary_search(&warning) {
                self.warnings.insert(at, warning);
            }
        }
        self.absences.extend(later.absences);
        self.absences = joined(self.absences);
        self.writes_superseded = self.writes_superseded.saturating_add(later.writes_superseded);
        self.parts_dropped = self.parts_dropped.saturating_add(later.parts_dropped);
        self
    }
}

/// Absences of one node that meet as one.
fn joined(mut absences: Vec<Absence>) -> Vec<Absence> {
    absences.sort_unstable();
    let mut joined: Vec<Absence> = Vec::with_capacity(absences.len());
    for absence in absences {
        match joined.last_mut().filter(|last| last.place == absence.place && last.end_ms >= absence.start_ms) {
            Some(last) => last.end_ms = last.end_ms.max(absence.end_ms),
            None => joined.push(absence),
        }
    }
    joined
}

fn append(answer: &mut Answer, mut later: Answer) {
    if answer.columns.is_empty() && answer.rows.is_empty() {
        *answer = later;
        return;
    }
    let between = answer.columns.last().zip(later.columns.first()).map(|(last, next)| (last.end_ms, next.start_ms));
    if let Some((from_ms, to_ms)) = between.filter(|(from_ms, to_ms)| from_ms < to_ms) {
        let width = answer.columns.len();
        answer.columns.push(Column::gap(from_ms, to_ms));
        answer.column_nodes.resize(width + 1, 0);
        answer.unattributed.resize(width + 1, 0);
        answer.cut.values.resize(width + 1, 0);
        answer.rows.iter_mut().for_each(|row| row.values.resize(width + 1, 0));
    }
    let (width, more) = (answer.columns.len(), later.columns.len());
    answer.columns.append(&mut later.columns);
    extend(&mut answer.column_nodes, width, later.column_nodes, more);
    extend(&mut answer.unattributed, width, later.unattributed, more);
    extend(&mut answer.cut.values, width, later.cut.values, more);
    answer.cut.rows = answer.cut.rows.max(later.cut.rows);
    answer.step_ms = answer.step_ms.max(later.step_ms);
    for (row, later) in answer.rows.iter_mut().zip(later.rows) {
        row.append(later, width, more);
    }
}

impl AnswerRow {
    fn append(&mut self, later: AnswerRow, width: usize, more: usize) {
        extend(&mut self.values, width, later.values, more);
        for (list, later) in [
            (&mut self.conflicts, later.conflicts),
            (&mut self.estimated, later.estimated),
            (&mut self.missing, later.missing),
        ] {
            if !(list.is_empty() && later.is_empty()) {
                extend(list, width, later, more);
            }
        }
        for (list, later) in [(&mut self.groups, later.groups), (&mut self.terms, later.terms)] {
            if !(list.is_empty() && later.is_empty()) {
                extend(list, width, later, more);
            }
        }
        self.conflict |= later.conflict;
        self.route_count = self.route_count.max(later.route_count);
    }
}

/// Puts a list behind another; what either lacks is nothing.
fn extend<T: Copy + Default>(list: &mut Vec<T>, width: usize, later: Vec<T>, more: usize) {
    list.resize(width, T::default());
    list.extend(later);
    list.resize(width + more, T::default());
}
