//! The matrix: as arrays, one for each thing there is to know, and as JSON.

use std::ffi::{c_char, c_void};

use keyviz_core::wire;

use crate::buffer::{give, keyviz_buffer};
use crate::fence::fenced;
use crate::handle::Kind;
use crate::held::Held;
use crate::input::{KEYVIZ_NOW, instant, out};
use crate::matrix_table::{MatrixTable, Picture, named};
use crate::object::Object;
use crate::query::{self, keyviz_query};
use crate::room;
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
/// A bit of `row_flags`: nodes disagree about a cell of the row.
pub const KEYVIZ_ROW_CONFLICT: u8 = 16;

/// What a merge has to say of a node.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_warning {
    /// Its writes would add, other nodes' go by the leader rule; so all went by the leader rule.
    MixedWriteMerge = 0,
    /// It has other bounds for a row than the first node that has it; its counts stand under the first's.
    CatalogDivergence = 1,
    /// It did not say its step, and when all were there it had no room: it is left out.
    LeftOut = 2,
    /// It had more rows than it gave: what it cut is in `cut_values`, but in no row.
    PeerRowsCapped = 3,
}

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
    /// Per row: the route, or the virtual bucket's id; 0 on the range axis.
    pub row_route: *const u64,
    /// Per row: how many routes it stands for.
    pub row_route_count: *const u64,
    /// Per row: bits of `KEYVIZ_ROW_`.
    pub row_flags: *const u8,
    /// Per row: the 1-based index of its label among those configured; 0 is none, and of merged nodes all are.
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
    /// How this node's writes merge with others', or those of several nodes were merged: 0 they add, 1 the leader's
    /// count.
    pub leader_rule: u32,
    /// 0.
    pub reserved: u32,
    /// Per column: how many nodes cover it.
    pub column_nodes: *const u32,
    /// Per cell: 1 where nodes disagree about what is one count; NULL when they do nowhere.
    pub conflicts: *const u8,
    /// Per cell: 1 where a node that has the row has nothing to tell, so that the value is at least what stands there;
    /// NULL when there is no such cell.
    pub missing: *const u8,
    /// Per row: the name of its label, or NULL.
    pub row_label_name: *const *const c_char,
    /// What the leader rule left out of all cells.
    pub writes_superseded: u64,
    /// Cells of which parts were dropped, because they had more than eight groups and terms.
    pub parts_dropped: u64,
    /// What is to be said of single nodes: how many such warnings there are.
    pub warnings: usize,
    /// Per warning: the node's place.
    pub warning_place: *const u32,
    /// Per warning: a number of `keyviz_warning`.
    pub warning_kind: *const u32,
    /// Stretches of time that single nodes do not cover, of those that are shown: how many there are.
    pub absences: usize,
    /// Per absence: the node's place.
    pub absence_place: *const u32,
    /// Per absence: where it begins, in Unix milliseconds.
    pub absence_start_ms: *const u64,
    /// Per absence: where it ends.
    pub absence_end_ms: *const u64,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields, four of four, and eight-byte fields again, so without padding;
// numbers and pointers.
unsafe impl Sized_ for keyviz_matrix_arrays {
    const LEAST: usize = 296;
}

const _: () = assert!(size_of::<keyviz_matrix_arrays>() == 400);

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
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, for each.
        let (asked, handle) = unsafe { (query::given(query)?.matrix(&host)?, out(matrix, "matrix")?) };
        room::for_matrix(&host, &asked)?;
        let table = MatrixTable::of(Picture::of(host.reader.matrix(&asked), &host.labels))?;
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
        let table = Held::<MatrixTable>::behind(matrix.bits)?;
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
    fenced(|| Held::<MatrixTable>::behind(matrix.bits)?.close(matrix.bits))
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
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let asked = unsafe { query::given(query)?.matrix(&host)? };
        room::for_matrix(&host, &asked)?;
        let mut answer = named(host.reader.matrix(&asked));
        answer.generated_at_ms = Some(instant(KEYVIZ_NOW));
        let mut json = room::for_json(&answer)?;
        wire::encode::answer(&answer, &mut json);
        // SAFETY: the caller's word.
        unsafe { give(&host, json.into_bytes(), buffer) }
    })
}
