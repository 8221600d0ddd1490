//! What the arrays of a matrix point into.

use std::ffi::{c_char, c_void};
use std::ptr;

use keyviz_core::{
    Absence, Answer, AnswerRow, AxisKind, Column, ColumnState, KeyNames, Matrix, Merged, TermPart, Warning,
    WarningKind, WriteMerge,
};

use crate::label::LabelSet;
use crate::last_error::fail;
use crate::matrix::{
    KEYVIZ_ROW_AGGREGATE, KEYVIZ_ROW_CONFLICT, KEYVIZ_ROW_DRAINING, KEYVIZ_ROW_MEMBERS_CUT, KEYVIZ_ROW_UNBOUNDED,
    keyviz_column_state, keyviz_matrix_arrays, keyviz_warning,
};
use crate::query::number;
use crate::status::keyviz_status;

/// A matrix, of a sampler or of several nodes, and what an answer on the wire does not say of it.
pub(crate) struct Picture {
    answer: Answer,
    /// Per row.
    routes: Vec<u64>,
    /// Per row.
    labels: Vec<u8>,
    writes_superseded: u64,
    parts_dropped: u64,
    warnings: Vec<Warning>,
    absences: Vec<Absence>,
}

impl Picture {
    /// A sampler's.
    pub(crate) fn of(matrix: Matrix, labels: &LabelSet) -> Picture {
        Picture {
            routes: matrix.rows.iter().map(|row| row.route.0).collect(),
            labels: matrix.rows.iter().map(|row| labels.number(row.label)).collect(),
            answer: named(matrix),
            writes_superseded: 0,
            parts_dropped: 0,
            warnings: Vec::new(),
            absences: Vec::new(),
        }
    }

    /// That of several nodes.
    pub(crate) fn merged(merged: Merged) -> Picture {
        let rows = &merged.answer.rows;
        Picture {
            routes: rows.iter().map(|row| row.bucket_id.route().map_or(0, |route| route.0)).collect(),
            labels: vec![0; rows.len()],
            writes_superseded: merged.writes_superseded,
            parts_dropped: merged.parts_dropped,
            warnings: merged.warnings,
            absences: merged.absences,
            answer: merged.answer,
        }
    }
}

/// A sampler's matrix as an answer, whose rows have the names that all their keys share.
pub(crate) fn named(mut matrix: Matrix) -> Answer {
    let names = matrix.key_names.take();
    named_by(Answer::from(matrix), names.as_deref())
}

/// An answer whose rows have the names that all their keys share.
pub(crate) fn named_by(mut answer: Answer, names: Option<&KeyNames>) -> Answer {
    if let Some(names) = names {
        for row in &mut answer.rows {
            row.name = names.range_name(&row.start, row.end.as_deref()).map(str::to_owned);
        }
    }
    answer
}

/// What the arrays point into.
pub(crate) struct MatrixTable {
    pub(crate) arrays: keyviz_matrix_arrays,
    // Nothing of these moves while the table lives: their blocks stay where they are when the table is moved.
    _kept: Kept,
    _rows: Vec<AnswerRow>,
}

// SAFETY: the pointers go into the table's own memory, which nobody changes.
unsafe impl Send for MatrixTable {}
// SAFETY: as above.
unsafe impl Sync for MatrixTable {}

/// A table that the system has no memory for.
fn too_large() -> keyviz_status {
    fail(keyviz_status::OutOfMemory, format_args!("the matrix: no memory for its cells; ask for fewer rows or columns"))
}

/// Takes arrays in, and gives pointers to them.
struct Keep<T>(Vec<Vec<T>>);

impl<T> Keep<T> {
    /// An array of so many: its memory is asked for, once.
    fn all(&mut self, count: usize, values: impl Iterator<Item = T>) -> Result<*const T, keyviz_status> {
        let mut array = Vec::new();
        array.try_reserve_exact(count).map_err(|_| too_large())?;
        array.extend(values.take(count));
        let at = array.as_ptr();
        self.0.try_reserve(1).map_err(|_| too_large())?;
        self.0.push(array);
        Ok(at)
    }
}

/// Everything that is kept.
struct Kept {
    numbers: Keep<u64>,
    bytes: Keep<u8>,
    sizes: Keep<usize>,
    words: Keep<u32>,
    texts: Keep<*const c_char>,
    keys: Keep<*const c_void>,
}

impl Kept {
    /// Texts with a NUL behind each, in one block; what is none is NULL, and so is what has a NUL within.
    fn texts<'a>(
        &mut self,
        texts: impl Iterator<Item = Option<&'a str>> + Clone,
    ) -> Result<*const *const c_char, keyviz_status> {
        let good = |text: Option<&'a str>| text.filter(|text| !text.bytes().any(|byte| byte == 0));
        let count = texts.clone().count();
        let bytes = texts.clone().filter_map(good).map(|text| text.len() + 1).sum();
        let all = texts.clone().filter_map(good).flat_map(|text| text.bytes().chain([0]));
        let mut at = self.bytes.all(bytes, all)?;
        let pointers = texts.map(|text| match good(text) {
            Some(text) => {
                let this = at;
                at = at.wrapping_add(text.len() + 1);
                this.cast::<c_char>()
            }
            None => ptr::null(),
        });
        self.texts.all(count, pointers)
    }

    /// A value per cell, 0 or false where the row has none; NULL where no row has any.
    fn cells<T: Copy + Default, U>(
        keep: &mut Keep<U>,
        rows: &[AnswerRow],
        width: usize,
        of: impl Fn(&AnswerRow) -> &[T],
        to: impl Fn(T) -> U,
    ) -> Result<*const U, keyviz_status> {
        if rows.iter().all(|row| of(row).is_empty()) {
            return Ok(ptr::null());
        }
        let value = |row, at| to(of(row).get(at).copied().unwrap_or_default());
        let value = &value;
        keep.all(rows.len().saturating_mul(width), rows.iter().flat_map(|row| (0..width).map(move |at| value(row, at))))
    }
}

impl MatrixTable {
    pub(crate) fn of(picture: Picture) -> Result<MatrixTable, keyviz_status> {
        let mut kept = Kept {
            numbers: Keep(Vec::new()),
            bytes: Keep(Vec::new()),
            sizes: Keep(Vec::new()),
            words: Keep(Vec::new()),
            texts: Keep(Vec::new()),
            keys: Keep(Vec::new()),
        };
        let answer = &picture.answer;
        let mut arrays = head(answer);
        columns(&mut arrays, answer, &mut kept)?;
        cells(&mut arrays, answer, &mut kept)?;
        rows(&mut arrays, &picture, &mut kept)?;
        parts(&mut arrays, answer, &mut kept)?;
        let warnings = &picture.warnings;
        arrays.writes_superseded = picture.writes_superseded;
        arrays.parts_dropped = picture.parts_dropped;
        arrays.warnings = warnings.len();
        arrays.warning_place = kept.words.all(warnings.len(), warnings.iter().map(|warning| warning.place))?;
        arrays.warning_kind = kept.words.all(warnings.len(), warnings.iter().map(|warning| kind(warning.kind)))?;
        let absences = &picture.absences;
        arrays.absences = absences.len();
        arrays.absence_place = kept.words.all(absences.len(), absences.iter().map(|absence| absence.place))?;
        arrays.absence_start_ms = kept.numbers.all(absences.len(), absences.iter().map(|absence| absence.start_ms))?;
        arrays.absence_end_ms = kept.numbers.all(absences.len(), absences.iter().map(|absence| absence.end_ms))?;
        Ok(MatrixTable { arrays, _kept: kept, _rows: picture.answer.rows })
    }
}

fn head(answer: &Answer) -> keyviz_matrix_arrays {
    keyviz_matrix_arrays {
        size: size_of::<keyviz_matrix_arrays>(),
        rows: answer.rows.len(),
        columns: answer.columns.len(),
        step_ms: answer.step_ms,
        axis_id: answer.axis_id,
        cut_rows: answer.cut.rows,
        column_start_ms: ptr::null(),
        column_end_ms: ptr::null(),
        column_covers_from_ms: ptr::null(),
        column_covers_to_ms: ptr::null(),
        column_state: ptr::null(),
        unattributed: ptr::null(),
        cut_values: ptr::null(),
        values: ptr::null(),
        estimated: ptr::null(),
        groups: ptr::null(),
        terms: ptr::null(),
        row_id: ptr::null(),
        row_name: ptr::null(),
        row_route: ptr::null(),
        row_route_count: ptr::null(),
        row_flags: ptr::null(),
        row_label: ptr::null(),
        row_start: ptr::null(),
        row_start_len: ptr::null(),
        row_end: ptr::null(),
        row_end_len: ptr::null(),
        row_members: ptr::null(),
        members: ptr::null(),
        parts: 0,
        part_row: ptr::null(),
        part_column: ptr::null(),
        part_group: ptr::null(),
        part_term: ptr::null(),
        part_value: ptr::null(),
        series: number(answer.series),
        axis: u32::from(answer.axis == AxisKind::Range),
        leader_rule: u32::from(answer.write_merge != Some(WriteMerge::Sum)),
        reserved: 0,
        column_nodes: ptr::null(),
        conflicts: ptr::null(),
        missing: ptr::null(),
        row_label_name: ptr::null(),
        writes_superseded: 0,
        parts_dropped: 0,
        warnings: 0,
        warning_place: ptr::null(),
        warning_kind: ptr::null(),
        absences: 0,
        absence_place: ptr::null(),
        absence_start_ms: ptr::null(),
        absence_end_ms: ptr::null(),
    }
}

fn columns(arrays: &mut keyviz_matrix_arrays, answer: &Answer, kept: &mut Kept) -> Result<(), keyviz_status> {
    let (columns, width) = (&answer.columns, answer.columns.len());
    let padded = |values| (0..width).map(move |at| <[u64]>::get(values, at).copied().unwrap_or(0));
    let mut of = |of: fn(&Column) -> u64| kept.numbers.all(width, columns.iter().map(of));
    arrays.column_start_ms = of(|column| column.start_ms)?;
    arrays.column_end_ms = of(|column| column.end_ms)?;
    arrays.column_covers_from_ms = of(|column| column.covers_from_ms)?;
    arrays.column_covers_to_ms = of(|column| column.covers_to_ms)?;
    arrays.column_state = kept.bytes.all(width, columns.iter().map(|column| state(column.state)))?;
    arrays.unattributed = kept.numbers.all(width, padded(&answer.unattributed))?;
    arrays.cut_values = kept.numbers.all(width, padded(&answer.cut.values))?;
    arrays.column_nodes = kept.words.all(width, (0..width).map(|at| answer.nodes(at)))?;
    Ok(())
}

fn cells(arrays: &mut keyviz_matrix_arrays, answer: &Answer, kept: &mut Kept) -> Result<(), keyviz_status> {
    let (rows, width) = (&answer.rows, answer.columns.len());
    let values = rows.iter().flat_map(|row| (0..width).map(|at| row.values.get(at).copied().unwrap_or(0)));
    arrays.values = kept.numbers.all(rows.len().saturating_mul(width), values)?;
    arrays.estimated = Kept::cells(&mut kept.bytes, rows, width, |row| &row.estimated, u8::from)?;
    arrays.conflicts = Kept::cells(&mut kept.bytes, rows, width, |row| &row.conflicts, u8::from)?;
    arrays.missing = Kept::cells(&mut kept.bytes, rows, width, |row| &row.missing, u8::from)?;
    arrays.groups = Kept::cells(&mut kept.numbers, rows, width, |row| &row.groups, u64::from)?;
    arrays.terms = Kept::cells(&mut kept.numbers, rows, width, |row| &row.terms, u64::from)?;
    Ok(())
}

fn rows(arrays: &mut keyviz_matrix_arrays, picture: &Picture, kept: &mut Kept) -> Result<(), keyviz_status> {
    let rows = &picture.answer.rows;
    let count = rows.len();
    let mut before = 0;
    let member_starts = (rows.iter().map(|row| row.route_ids.len()).chain([0])).map(|members| {
        let start = before;
        before += members;
        start
    });
    arrays.row_members = kept.sizes.all(count + 1, member_starts)?;
    let members = rows.iter().flat_map(|row| row.route_ids.iter().map(|route| route.0));
    arrays.members = kept.numbers.all(rows.iter().map(|row| row.route_ids.len()).sum(), members)?;
    let end = |row: &AnswerRow| row.end.as_ref().map_or(ptr::null(), |end| end.as_ptr().cast::<c_void>());
    arrays.row_id = kept.texts(rows.iter().map(|row| Some(row.bucket_id.as_str())))?;
    arrays.row_name = kept.texts(rows.iter().map(|row| row.name.as_deref()))?;
    let label = |row: &'_ AnswerRow| !row.label.is_empty();
    arrays.row_label_name = kept.texts(rows.iter().map(|row| label(row).then_some(row.label.as_str())))?;
    arrays.row_route = kept.numbers.all(count, picture.routes.iter().copied())?;
    arrays.row_route_count = kept.numbers.all(count, rows.iter().map(|row| row.route_count))?;
    arrays.row_flags = kept.bytes.all(count, rows.iter().map(flags))?;
    arrays.row_label = kept.bytes.all(count, picture.labels.iter().copied())?;
    arrays.row_start = kept.keys.all(count, rows.iter().map(|row| row.start.as_ptr().cast::<c_void>()))?;
    arrays.row_start_len = kept.sizes.all(count, rows.iter().map(|row| row.start.len()))?;
    arrays.row_end = kept.keys.all(count, rows.iter().map(end))?;
    arrays.row_end_len = kept.sizes.all(count, rows.iter().map(|row| row.end.as_ref().map_or(0, Vec::len)))?;
    Ok(())
}

fn parts(arrays: &mut keyviz_matrix_arrays, answer: &Answer, kept: &mut Kept) -> Result<(), keyviz_status> {
    let rows = &answer.rows;
    let count = rows.iter().map(|row| row.term_parts.len()).sum();
    let parts = || rows.iter().enumerate().flat_map(|(at, row)| row.term_parts.iter().map(move |part| (at, part)));
    let mut of = |of: fn(&TermPart) -> u64| kept.numbers.all(count, parts().map(move |(_, part)| of(part)));
    arrays.parts = count;
    arrays.part_group = of(|part| part.group)?;
    arrays.part_term = of(|part| part.term)?;
    arrays.part_value = of(|part| part.value)?;
    arrays.part_row = kept.sizes.all(count, parts().map(|(at, _)| at))?;
    arrays.part_column = kept.sizes.all(count, parts().map(|(_, part)| part.column))?;
    Ok(())
}

fn state(state: ColumnState) -> u8 {
    match state {
        ColumnState::Open => keyviz_column_state::Open as u8,
        ColumnState::Late => keyviz_column_state::Late as u8,
        ColumnState::Missing => keyviz_column_state::Missing as u8,
        _ => keyviz_column_state::Complete as u8,
    }
}

fn kind(kind: WarningKind) -> u32 {
    match kind {
        WarningKind::MixedWriteMerge => keyviz_warning::MixedWriteMerge as u32,
        WarningKind::CatalogDivergence => keyviz_warning::CatalogDivergence as u32,
        WarningKind::LeftOut => keyviz_warning::LeftOut as u32,
        _ => keyviz_warning::PeerRowsCapped as u32,
    }
}

fn flags(row: &AnswerRow) -> u8 {
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    bit(row.aggregate, KEYVIZ_ROW_AGGREGATE)
        | bit(row.draining, KEYVIZ_ROW_DRAINING)
        | bit(row.route_ids_truncated, KEYVIZ_ROW_MEMBERS_CUT)
        | bit(row.end.is_none(), KEYVIZ_ROW_UNBOUNDED)
        | bit(row.conflict, KEYVIZ_ROW_CONFLICT)
}
