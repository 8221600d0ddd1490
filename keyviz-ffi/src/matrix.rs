//! The matrix: as arrays, one for each thing there is to know, and as JSON.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use keyviz_core::{AxisKind, Column, ColumnState, Matrix, Row, WriteMerge, wire};

use crate::buffer::{give, keyviz_buffer};
use crate::fence::fenced;
use crate::handle::Kind;
use crate::input::{KEYVIZ_NOW, instant, out};
use crate::label::LabelSet;
use crate::last_error::fail;
use crate::object::Object;
use crate::query::{self, keyviz_query, number};
use crate::sampler::{keyviz_sampler, pinned};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;
use crate::table;

/// A matrix that was read: it stays as it is. All zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_matrix {
    /// keyviz's own.
    pub bits: u64,
}

/// What a column is.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_column_state {
    /// Sealed: it will not change.
    Complete = 0,
    /// The window is not over.
    Open = 1,
    /// Sealed, and it covers an interval of more than 1.5 steps.
    Late = 2,
    /// A run of windows without a column: nothing is known of them.
    Missing = 3,
}

/// A bit of `row_flags`: the row is a virtual bucket.
pub const KEYVIZ_ROW_AGGREGATE: u8 = 1;
/// A bit of `row_flags`: the route was removed when the row's newest column was flushed.
pub const KEYVIZ_ROW_DRAINING: u8 = 2;
/// A bit of `row_flags`: the virtual bucket has more routes than are listed.
pub const KEYVIZ_ROW_MEMBERS_CUT: u8 = 4;
/// A bit of `row_flags`: the row has no upper bound.
pub const KEYVIZ_ROW_UNBOUNDED: u8 = 8;

/// A matrix as arrays. Cells stand row by row: that of row r and column c is at `r * columns + c`.
///
/// For each column, the sum of all rows and `cut_values` is what the history has of the series in the ranges asked for.
/// What points at an array of no elements points nowhere: it is not to be read, nor compared with NULL.
///
/// A row's rate in a column is its value over `column_covers_to_ms - column_covers_from_ms`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_matrix_arrays {
    /// `sizeof(keyviz_matrix_arrays)`.
    pub size: usize,
    /// How many rows there are.
    pub rows: usize,
    /// How many columns there are.
    pub columns: usize,
    /// The sampling interval in milliseconds.
    pub step_ms: u64,
    /// On the range axis, a number for where the key space is cut: equal cuts, equal numbers.
    pub axis_id: u64,
    /// Rows that the budget left out.
    pub cut_rows: u64,
    /// Per column: where its window begins, in Unix milliseconds.
    pub column_start_ms: *const u64,
    /// Per column: where it ends.
    pub column_end_ms: *const u64,
    /// Per column: what it counts came at or after this instant.
    pub column_covers_from_ms: *const u64,
    /// Per column: what it counts came before this instant.
    pub column_covers_to_ms: *const u64,
    /// Per column: a number of `keyviz_column_state`.
    pub column_state: *const u8,
    /// Per column: what no row could take.
    pub unattributed: *const u64,
    /// Per column: what the rows have that the budget left out.
    pub cut_values: *const u64,
    /// Per cell: the series' value.
    pub values: *const u64,
    /// Per cell: 1 where the value was spread over rows; NULL when none was.
    pub estimated: *const u8,
    /// Per cell: the owning group, 0 for none; NULL when no row has one.
    pub groups: *const u64,
    /// Per cell: the group's term; NULL when no row has a group.
    pub terms: *const u64,
    /// Per row: its name, as `route:7`.
    pub row_id: *const *const c_char,
    /// Per row: the name that all its keys share, or NULL.
    pub row_name: *const *const c_char,
    /// Per row: the route, or the virtual bucket's id.
    pub row_route: *const u64,
    /// Per row: how many routes it stands for.
    pub row_route_count: *const u64,
    /// Per row: bits of `KEYVIZ_ROW_`.
    pub row_flags: *const u8,
    /// Per row: the 1-based index of its label among those configured; 0 is none.
    pub row_label: *const u8,
    /// Per row: its lower bound; none of its bytes is the lowest key.
    pub row_start: *const *const c_void,
    /// Per row: how many bytes that has.
    pub row_start_len: *const usize,
    /// Per row: its upper bound; NULL is unbounded.
    pub row_end: *const *const c_void,
    /// Per row: how many bytes that has.
    pub row_end_len: *const usize,
    /// Per row, and one more: where the routes listed of it begin in `members`.
    pub row_members: *const usize,
    /// The routes listed of virtual buckets.
    pub members: *const u64,
    /// How many values came under several terms, or under another than the one at the flush.
    pub parts: usize,
    /// Per part: its row.
    pub part_row: *const usize,
    /// Per part: its column.
    pub part_column: *const usize,
    /// Per part: the group.
    pub part_group: *const u64,
    /// Per part: its term.
    pub part_term: *const u64,
    /// Per part: the value under it.
    pub part_value: *const u64,
    /// A number of `keyviz_series`.
    pub series: u32,
    /// A number of `keyviz_axis`.
    pub axis: u32,
    /// How this node's writes merge with others': 0 they add, 1 the leader's count.
    pub leader_rule: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields, then four of four, so without padding; numbers and pointers.
unsafe impl Sized_ for keyviz_matrix_arrays {
    const LEAST: usize = 296;
}

const _: () = assert!(size_of::<keyviz_matrix_arrays>() == 296);

/// What the arrays point into.
pub(crate) struct MatrixTable {
    arrays: keyviz_matrix_arrays,
    // Nothing of these moves while the table lives: their blocks stay where they are when the table is moved.
    _numbers: Vec<Vec<u64>>,
    _bytes: Vec<Vec<u8>>,
    _sizes: Vec<Vec<usize>>,
    _texts: Vec<Option<CString>>,
    _text_pointers: Vec<Vec<*const c_char>>,
    _key_pointers: Vec<Vec<*const c_void>>,
    _rows: Vec<Row>,
}

// SAFETY: the pointers go into the table's own memory, which nobody changes.
unsafe impl Send for MatrixTable {}
// SAFETY: as above.
unsafe impl Sync for MatrixTable {}

/// Takes arrays in, and gives pointers to them.
struct Keep<T>(Vec<Vec<T>>);

/// A table that the system has no memory for.
fn too_large() -> keyviz_status {
    fail(keyviz_status::OutOfMemory, format_args!("the matrix: no memory for its cells; ask for fewer rows or columns"))
}

impl<T> Keep<T> {
    /// An array of a value per cell, which may be large: its memory is asked for, once.
    fn cells(&mut self, count: usize, values: impl Iterator<Item = T>) -> Result<*const T, keyviz_status> {
        let mut cells = Vec::new();
        cells.try_reserve_exact(count).map_err(|_| too_large())?;
        cells.extend(values.take(count));
        let at = cells.as_ptr();
        self.0.push(cells);
        Ok(at)
    }

    fn all(&mut self, values: impl Iterator<Item = T>) -> *const T {
        let values: Vec<T> = values.collect();
        let at = values.as_ptr();
        self.0.push(values);
        at
    }
}

fn c_text(text: &str) -> Option<CString> {
    CString::new(text).ok()
}

impl MatrixTable {
    fn of(matrix: Matrix, labels: &LabelSet) -> Result<MatrixTable, keyviz_status> {
        let (mut numbers, mut bytes, mut sizes) = (Keep(Vec::new()), Keep(Vec::new()), Keep(Vec::new()));
        let (mut text_pointers, mut key_pointers) = (Keep(Vec::new()), Keep(Vec::new()));
        let names = matrix.key_names.as_deref();
        let name = |row: &Row| names.and_then(|names| names.range_name(&row.start, row.end.as_deref()));
        let texts: Vec<Option<CString>> = (matrix.rows.iter().map(|row| c_text(row.bucket_id.as_str())))
            .chain(matrix.rows.iter().map(|row| name(row).and_then(c_text)))
            .collect();
        let (ids, named) = texts.split_at(matrix.rows.len());
        let at = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let (rows, columns, width) = (&matrix.rows, &matrix.columns, matrix.columns.len());
        let column = |of: fn(&Column) -> u64| columns.iter().map(of);
        let grouped = rows.iter().any(|row| !row.groups.is_empty());
        let estimated = rows.iter().any(|row| !row.estimated.is_empty());
        let cells = |of: fn(&Row) -> &Vec<u64>| {
            rows.iter().flat_map(move |row| (0..width).map(move |at| of(row).get(at).copied().unwrap_or(0)))
        };
        let count = rows.len() * width;
        let mut before = 0;
        let member_starts = (rows.iter().map(|row| row.route_ids.len()).chain([0])).map(|count| {
            let start = before;
            before += count;
            start
        });
        let parts = || rows.iter().enumerate().flat_map(|(at, row)| row.term_parts.iter().map(move |part| (at, part)));
        let padded =
            |values: &[u64]| -> Vec<u64> { (0..width).map(|at| values.get(at).copied().unwrap_or(0)).collect() };
        let arrays = keyviz_matrix_arrays {
            size: size_of::<keyviz_matrix_arrays>(),
            rows: rows.len(),
            columns: width,
            step_ms: matrix.step_ms,
            axis_id: matrix.axis_id,
            cut_rows: matrix.cut.rows,
            column_start_ms: numbers.all(column(|column| column.start_ms)),
            column_end_ms: numbers.all(column(|column| column.end_ms)),
            column_covers_from_ms: numbers.all(column(|column| column.covers_from_ms)),
            column_covers_to_ms: numbers.all(column(|column| column.covers_to_ms)),
            column_state: bytes.all(columns.iter().map(|column| state(column.state))),
            unattributed: numbers.all(padded(&matrix.unattributed).into_iter()),
            cut_values: numbers.all(padded(&matrix.cut.values).into_iter()),
            values: numbers.cells(count, cells(|row| &row.values))?,
            estimated: if estimated {
                let of = |row: &Row, at| row.estimated.get(at).copied().unwrap_or(false).into();
                bytes.cells(count, rows.iter().flat_map(move |row| (0..width).map(move |at| of(row, at))))?
            } else {
                ptr::null()
            },
            groups: if grouped { numbers.cells(count, cells(|row| &row.groups))? } else { ptr::null() },
            terms: if grouped { numbers.cells(count, cells(|row| &row.terms))? } else { ptr::null() },
            row_id: text_pointers.all(ids.iter().map(at)),
            row_name: text_pointers.all(named.iter().map(at)),
            row_route: numbers.all(rows.iter().map(|row| row.route.0)),
            row_route_count: numbers.all(rows.iter().map(|row| row.route_count)),
            row_flags: bytes.all(rows.iter().map(flags)),
            row_label: bytes.all(rows.iter().map(|row| labels.number(row.label))),
            row_start: key_pointers.all(rows.iter().map(|row| row.start.as_ptr().cast::<c_void>())),
            row_start_len: sizes.all(rows.iter().map(|row| row.start.len())),
            row_end: key_pointers
                .all(rows.iter().map(|row| row.end.as_ref().map_or(ptr::null(), |end| end.as_ptr().cast::<c_void>()))),
            row_end_len: sizes.all(rows.iter().map(|row| row.end.as_ref().map_or(0, Vec::len))),
            row_members: sizes.all(member_starts),
            members: numbers.all(rows.iter().flat_map(|row| row.route_ids.iter().map(|route| route.0))),
            parts: parts().count(),
            part_row: sizes.all(parts().map(|(at, _)| at)),
            part_column: sizes.all(parts().map(|(_, part)| part.column)),
            part_group: numbers.all(parts().map(|(_, part)| part.group)),
            part_term: numbers.all(parts().map(|(_, part)| part.term)),
            part_value: numbers.all(parts().map(|(_, part)| part.value)),
            series: number(matrix.series),
            axis: u32::from(matrix.axis == AxisKind::Range),
            leader_rule: u32::from(matrix.write_merge == WriteMerge::Leader),
            reserved: 0,
        };
        Ok(MatrixTable {
            arrays,
            _numbers: numbers.0,
            _bytes: bytes.0,
            _sizes: sizes.0,
            _texts: texts,
            _text_pointers: text_pointers.0,
            _key_pointers: key_pointers.0,
            _rows: matrix.rows,
        })
    }
}

fn state(state: ColumnState) -> u8 {
    match state {
        ColumnState::Open => keyviz_column_state::Open as u8,
        ColumnState::Late => keyviz_column_state::Late as u8,
        ColumnState::Missing => keyviz_column_state::Missing as u8,
        _ => keyviz_column_state::Complete as u8,
    }
}

fn flags(row: &Row) -> u8 {
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    bit(row.aggregate, KEYVIZ_ROW_AGGREGATE)
        | bit(row.draining, KEYVIZ_ROW_DRAINING)
        | bit(row.route_ids_truncated, KEYVIZ_ROW_MEMBERS_CUT)
        | bit(row.end.is_none(), KEYVIZ_ROW_UNBOUNDED)
}

/// Reads a matrix: rows x columns of one series. What is flushed is in it; nothing waits for it.
///
/// Ownership: `query` and its bounds are the host's, read during the call; NULL asks for all sealed writes by route. The
/// matrix is the host's to close, before or after its sampler.
/// Threads: any.
/// Units: as the query's fields say.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `foreign_handle` for a label of
/// another sampler, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_matrix_read(
    sampler: keyviz_sampler,
    query: *const keyviz_query,
    matrix: *mut keyviz_matrix,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, for each.
        let (asked, handle) = unsafe { (query::given(query)?.matrix(&host)?, out(matrix, "matrix")?) };
        let table = MatrixTable::of(host.reader.matrix(&asked), &host.labels)?;
        let bits = table::put(Kind::Matrix, host.tag, Object::Matrix(Box::new(table)))?;
        handle.write(keyviz_matrix { bits });
        Ok(())
    })
}

/// Shows a matrix as arrays.
///
/// Ownership: `arrays` is the host's, its `size` has to be set; what it points at is keyviz's, and good until the matrix
/// is closed.
/// Threads: any.
/// Units: as the fields say.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_matrix_view(matrix: keyviz_matrix, arrays: *mut keyviz_matrix_arrays) -> keyviz_status {
    fenced(|| {
        let pin = table::pin(matrix.bits, Kind::Matrix)?;
        let Some(Object::Matrix(table)) = pin.object() else { return Err(table::refuse(matrix.bits, Kind::Matrix)) };
        // SAFETY: the caller's word.
        unsafe { sized::write(arrays, &table.arrays, "arrays") }
    })
}

/// Closes a matrix.
///
/// Ownership: the handle goes, and its arrays with it.
/// Threads: any.
/// Units: none.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_matrix_close(matrix: keyviz_matrix) -> keyviz_status {
    fenced(|| table::close(table::pin(matrix.bits, Kind::Matrix)?, matrix.bits, Kind::Matrix))
}

/// Reads a matrix as JSON: the body of `/matrix`.
///
/// Ownership: as `keyviz_matrix_read`; the buffer is the host's to close.
/// Threads: any.
/// Units: as the query's fields say; instants are Unix milliseconds, bounds base64.
/// Errors: as `keyviz_matrix_read`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_matrix_json(
    sampler: keyviz_sampler,
    query: *const keyviz_query,
    buffer: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let asked = unsafe { query::given(query)?.matrix(&host)? };
        let matrix = host.reader.matrix(&asked);
        let mut json = String::new();
        // About what it takes, so that what is far too large is refused before it is made.
        let about = matrix.rows.len().saturating_mul(matrix.columns.len().saturating_mul(4).saturating_add(256));
        json.try_reserve(about).map_err(|_| too_large())?;
        wire::encode::matrix(&matrix, instant(KEYVIZ_NOW), &mut json);
        // SAFETY: the caller's word.
        unsafe { give(&host, json.into_bytes(), buffer) }
    })
}
