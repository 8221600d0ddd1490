//! One picture of several nodes, for hosts that ask their nodes themselves.

use std::ffi::{c_char, c_void};
use std::sync::Mutex;

use keyviz_core::limits::{MAX_PART_ROWS, MAX_ROWS};
use keyviz_core::wire::{self, decode};
use keyviz_core::{Answer, AxisKind, FanoutNode, MatrixQuery, Merge, MergeError, NodeState};

use crate::buffer::{give_tagged, keyviz_buffer};
use crate::fence::fenced;
use crate::fork;
use crate::handle::Kind;
use crate::held::Held;
use crate::input::{KEYVIZ_NOW, bytes, instant, items, optional_text, out, text};
use crate::last_error::fail;
use crate::matrix::keyviz_matrix;
use crate::matrix_table::{MatrixTable, Picture, named_by};
use crate::object::Object;
use crate::query::{self, keyviz_query};
use crate::room;
use crate::sampler::{keyviz_sampler, lock, pinned};
use crate::status::keyviz_status;
use crate::table;
use crate::tag;

/// Answers of several nodes on their way to one. All zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_coordinator {
    /// keyviz's own.
    pub bits: u64,
}

/// How a node answered, or why it did not.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_node_state {
    /// Its answer is in the picture.
    Answered = 0,
    /// Nobody answers there.
    Unreachable = 1,
    /// It did not answer in time.
    TimedOut = 2,
    /// It did not take the coordinator for one that may ask.
    Refused = 3,
    /// It has too much to do.
    Busy = 4,
    /// Its sampler is switched off.
    Disabled = 5,
    /// What it answered could not be read, or not be merged.
    Invalid = 6,
    /// Another reason, which `error` says.
    Failed = 7,
}

/// A bit of `known`: `history_from_ms` is known.
pub const KEYVIZ_NODE_HISTORY_FROM: u32 = 1;
/// A bit of `known`: `started_ms` is known.
pub const KEYVIZ_NODE_STARTED: u32 = 2;
/// A bit of `known`: `clock_offset_ms` is known.
pub const KEYVIZ_NODE_CLOCK_OFFSET: u32 = 4;
/// A bit of `known`: `step_ms` is known.
pub const KEYVIZ_NODE_STEP: u32 = 8;
/// A bit of `known`: `unattributed` is known.
pub const KEYVIZ_NODE_UNATTRIBUTED: u32 = 16;
/// A bit of `known`: `evicted` is known.
pub const KEYVIZ_NODE_EVICTED: u32 = 32;

/// What is known of a node beside its answer. The struct stays as it is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_node {
    /// Its name, as it is configured; of more than 256 bytes the first.
    pub name: *const c_char,
    /// What went wrong, for people, or NULL; of more than 512 bytes the first. Never bytes of keys.
    pub error: *const c_char,
    /// A number of `keyviz_node_state`.
    pub state: u32,
    /// Bits of `KEYVIZ_NODE_`: which of the following are known.
    pub known: u32,
    /// The start of its oldest column, in Unix milliseconds.
    pub history_from_ms: u64,
    /// When its sampler was opened, in Unix milliseconds.
    pub started_ms: u64,
    /// How far its clock is ahead.
    pub clock_offset_ms: i64,
    /// Its sampling interval.
    pub step_ms: u64,
    /// Of the series, what it could give to no route, in all its time.
    pub unattributed: u64,
    /// Of the series, what went with its oldest columns, in all its time.
    pub evicted: u64,
}

/// What is behind a coordinator's handle.
pub(crate) struct Coordinator {
    merge: Mutex<Merge>,
    max_cells: usize,
    tag: u32,
}

/// Cells of all answers together where the host names none.
const MOST_CELLS: usize = 8 << 20;

/// So many cells a row's own record counts as.
const ROW_CELLS: usize = 16;

/// A sampler takes at most one of so many parts of the room that is left, where the host names no rows: the next node
/// may have other ones.
const SHARES: usize = 4;

/// Bytes of an answer in memory where the host names none.
const MOST_BYTES: u64 = 256 << 20;

fn coordinator(handle: keyviz_coordinator) -> Result<Held<Coordinator>, keyviz_status> {
    Held::behind(handle.bits)
}

fn not_taken(error: MergeError) -> keyviz_status {
    let status = match error {
        MergeError::OtherSeries { .. } => keyviz_status::OtherSeries,
        MergeError::PlaceTwice { .. } => keyviz_status::PlaceTaken,
        MergeError::PlaceTooGreat => keyviz_status::BadArgument,
        MergeError::TooLarge { .. } => keyviz_status::TooLarge,
        _ => keyviz_status::BadAnswer,
    };
    fail(status, format_args!("the answer: {error}"))
}

/// How many rows a sampler gives.
fn rows(coordinator: &Coordinator, asked: &MatrixQuery, columns: usize) -> usize {
    if asked.rows > 0 {
        return asked.rows.min(MAX_PART_ROWS);
    }
    let left = coordinator.max_cells.saturating_sub(lock(&coordinator.merge).cells());
    (left / SHARES / columns.saturating_add(ROW_CELLS)).clamp(MAX_ROWS, MAX_PART_ROWS)
}

/// Takes in an answer, where there is memory for it.
fn add(coordinator: &Coordinator, place: u32, answer: &Answer) -> Result<(), keyviz_status> {
    room::for_merging(answer)?;
    lock(&coordinator.merge).add(place, answer).map_err(not_taken)
}

/// Opens a coordinator: what the host's nodes answer goes in, one picture comes out.
///
/// The host asks its nodes, for JSON of the route axis (`axis=route`) and one series; keyviz merges: reads add, writes
/// add or go by the leader rule, by what the nodes say of themselves.
///
/// Ownership: the coordinator is the host's to close.
/// Threads: any.
/// Units: `max_cells` is the most cells of all answers together, rows x columns that any node has, a row's own record
/// counting as 16; a cell takes 16 bytes, and some 60 where several nodes have counted it. 0 is 8 388 608.
/// Errors: `null_pointer`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_coordinator_open(
    max_cells: u64,
    coordinator: *mut keyviz_coordinator,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        fork::watch()?;
        // SAFETY: the caller's word.
        let handle = unsafe { out(coordinator, "coordinator") }?;
        let max_cells = if max_cells == 0 { MOST_CELLS } else { usize::try_from(max_cells).unwrap_or(usize::MAX) };
        let merge = Mutex::new(Merge::with_max_cells(max_cells));
        let tag = tag::next();
        let object = Object::Coordinator(Box::new(Coordinator { merge, max_cells, tag }));
        let bits = table::put(Kind::Coordinator, tag, object)?;
        handle.write(keyviz_coordinator { bits });
        Ok(())
    })
}

/// Takes in the answer of a sampler of this process, which tells more of its rows than `keyviz_matrix_read`, and which
/// of its columns it covers: one that it came back to late, or left early, does not count in `column_nodes`.
///
/// Ownership: `query` and its bounds are the host's, read during the call; NULL asks for all sealed writes. Its axis is
/// the route axis. Its `rows` are at most 16 384; 0 is as many as a quarter of the coordinator's room takes that is
/// left, at least 1024. What goes beyond is in `cut_values`; for more of a long time give more `max_cells`.
/// Threads: any; waits for another call with this coordinator.
/// Units: `place` is the node's place in the configured order, below 2^32 - 1, which decides ties; answers may come in
/// any order.
/// Errors: those of both handles; `bad_struct_size`, `bad_argument`, `foreign_handle` for a label of another sampler,
/// `bad_answer` for the range axis, `other_series`, `place_taken`, `too_large`, `out_of_memory`. The coordinator is as it
/// was before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_coordinator_add(
    coordinator: keyviz_coordinator,
    place: u32,
    sampler: keyviz_sampler,
    query: *const keyviz_query,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let coordinator = self::coordinator(coordinator)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let asked = unsafe { query::given(query)?.matrix(&host)? };
        if asked.axis != AxisKind::Route {
            return Err(not_taken(MergeError::NotRouteAxis));
        }
        let most_rows = rows(&coordinator, &asked, room::columns(&host, &asked));
        room::for_part(&host, &asked, most_rows)?;
        let part = host.reader.part(&asked, most_rows);
        add(&coordinator, place, &named_by(part, asked.key_names.as_deref()))
    })
}

/// Takes in the answer of another node: the body of its `/matrix`. The bytes may be anything: what is no answer is
/// refused, within `max_bytes` of memory. That body has at most 1024 rows, and what it does not say of `column_nodes`
/// counts as covered; a sampler of this process tells more to `keyviz_coordinator_add`.
///
/// Ownership: `json` is the host's, and read during the call.
/// Threads: any; waits for another call with this coordinator.
/// Units: bytes; `max_bytes` 0 is 256 MiB, for the answer in memory. `place` as in `keyviz_coordinator_add`.
/// Errors: those of the handle; `null_pointer`, `bad_argument`, `bad_answer`, `other_series`, `place_taken`, `too_large`,
/// `out_of_memory`. The coordinator is as it was before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_coordinator_add_json(
    coordinator: keyviz_coordinator,
    place: u32,
    json: *const c_void,
    len: usize,
    max_bytes: u64,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let coordinator = self::coordinator(coordinator)?;
        // SAFETY: the caller's word.
        let json = unsafe { bytes(json, len, "json") }?;
        let most = if max_bytes == 0 { MOST_BYTES } else { max_bytes };
        let limits = decode::Limits { bytes: usize::try_from(most).unwrap_or(usize::MAX), ..decode::Limits::default() };
        room::for_decoding(json, limits.bytes)?;
        let answer = decode::answer(json, &limits)
            .map_err(|error| fail(keyviz_status::BadAnswer, format_args!("the answer: {error}")))?;
        add(&coordinator, place, &answer)
    })
}

/// Takes in what another coordinator has taken in, which stays as it is: any tree of coordinators gives what one gives
/// that took in all.
///
/// Ownership: both stay the host's.
/// Threads: any; waits for another call with either.
/// Units: none.
/// Errors: those of both handles; `other_series`, `place_taken`, `too_large`, `out_of_memory`, with nothing changed.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_coordinator_join(coordinator: keyviz_coordinator, other: keyviz_coordinator) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let (coordinator, other) = (self::coordinator(coordinator)?, self::coordinator(other)?);
        // One lock at a time: two threads may join two coordinators crosswise.
        let taken = {
            let other = lock(&other.merge);
            room::for_copying(&other)?;
            other.clone()
        };
        lock(&coordinator.merge).join(taken).map_err(not_taken)
    })
}

/// Reads the picture of all answers that were taken in, which stay.
///
/// Ownership: `query` and its bounds are the host's, read during the call; NULL asks for all rows by route. Of it count
/// `axis`, `rows`, `sum_labels`, and on the range axis `start` and `end`; series and times are those of the answers. The
/// matrix is the host's to close, before or after its coordinator.
/// Threads: any; waits for another call with this coordinator.
/// Units: as the fields of `keyviz_matrix_arrays` say.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_coordinator_read(
    coordinator: keyviz_coordinator,
    query: *const keyviz_query,
    matrix: *mut keyviz_matrix,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let coordinator = self::coordinator(coordinator)?;
        // SAFETY: the caller's word, for each.
        let (asked, handle) = unsafe { (query::given(query)?.of_nodes()?, out(matrix, "matrix")?) };
        let merge = copy(&coordinator)?;
        let table = MatrixTable::of(Picture::merged(merge.finish(&asked)))?;
        let bits = table::put(Kind::Matrix, coordinator.tag, Object::Matrix(Box::new(table)))?;
        handle.write(keyviz_matrix { bits });
        Ok(())
    })
}

/// All that was taken in, to be finished; the coordinator goes on with its own.
fn copy(coordinator: &Coordinator) -> Result<Merge, keyviz_status> {
    let merge = lock(&coordinator.merge);
    room::for_finishing(&merge)?;
    Ok(merge.clone())
}

/// Reads the same as JSON: the body of `/matrix` of a cluster, which says in `fanout` what is known of each node.
///
/// Ownership: as `keyviz_coordinator_read`; `nodes` and their texts are the host's, read during the call, by place, the
/// nodes without an answer among them. The buffer is the host's to close.
/// Threads: any; waits for another call with this coordinator.
/// Units: `node_count` is how many there are; with 0 the member `fanout` is left out, and with it what the merge has to
/// say of single nodes.
/// Errors: as `keyviz_coordinator_read`; `bad_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_coordinator_json(
    coordinator: keyviz_coordinator,
    query: *const keyviz_query,
    nodes: *const keyviz_node,
    node_count: usize,
    buffer: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let coordinator = self::coordinator(coordinator)?;
        // SAFETY: the caller's word, for each.
        let (asked, nodes) = unsafe { (query::given(query)?.of_nodes()?, self::nodes(nodes, node_count)?) };
        let merged = copy(&coordinator)?.finish(&asked);
        let mut answer = if nodes.is_empty() { merged.answer } else { merged.with_nodes(nodes) };
        answer.generated_at_ms = Some(instant(KEYVIZ_NOW));
        let mut json = room::for_json(&answer)?;
        wire::encode::answer(&answer, &mut json);
        // SAFETY: the caller's word.
        unsafe { give_tagged(coordinator.tag, json.into_bytes(), buffer) }
    })
}

/// # Safety
/// `nodes` points at `count` nodes with good texts.
unsafe fn nodes(nodes: *const keyviz_node, count: usize) -> Result<Vec<FanoutNode>, keyviz_status> {
    // SAFETY: the caller's word.
    let given = unsafe { items(nodes, count, "nodes") }?;
    let mut known = Vec::new();
    for node in given {
        // SAFETY: the caller's word, for each.
        known.push(unsafe { self::node(node) }?);
    }
    Ok(known)
}

/// # Safety
/// Its texts are good.
unsafe fn node(given: &keyviz_node) -> Result<FanoutNode, keyviz_status> {
    let Some(state) = NodeState::ALL.get(given.state as usize).copied() else {
        return Err(fail(keyviz_status::BadArgument, format_args!("state: {} is none of them", given.state)));
    };
    // SAFETY: the caller's word, twice.
    let (name, error) = unsafe { (text(given.name, "a node's name")?, optional_text(given.error, "a node's error")?) };
    let told = |bit: u32, value: u64| (given.known & bit != 0).then_some(value);
    Ok(FanoutNode {
        node: name.to_owned(),
        ok: state == NodeState::Answered,
        state,
        error: error.map(str::to_owned),
        history_from_unix_ms: told(KEYVIZ_NODE_HISTORY_FROM, given.history_from_ms),
        started_unix_ms: told(KEYVIZ_NODE_STARTED, given.started_ms),
        clock_offset_ms: (given.known & KEYVIZ_NODE_CLOCK_OFFSET != 0).then_some(given.clock_offset_ms),
        step_ms: told(KEYVIZ_NODE_STEP, given.step_ms),
        unattributed: told(KEYVIZ_NODE_UNATTRIBUTED, given.unattributed),
        evicted: told(KEYVIZ_NODE_EVICTED, given.evicted),
        ..FanoutNode::default()
    })
}

/// Closes a coordinator.
///
/// Ownership: the handle goes; matrices and buffers made of it stay.
/// Threads: any.
/// Units: none.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_coordinator_close(coordinator: keyviz_coordinator) -> keyviz_status {
    fenced(|| self::coordinator(coordinator)?.close(coordinator.bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_the_cores() {
        for (number, state) in NodeState::ALL.into_iter().enumerate() {
            let wanted = match state {
                NodeState::Answered => keyviz_node_state::Answered,
                NodeState::Unreachable => keyviz_node_state::Unreachable,
                NodeState::TimedOut => keyviz_node_state::TimedOut,
                NodeState::Refused => keyviz_node_state::Refused,
                NodeState::Busy => keyviz_node_state::Busy,
                NodeState::Disabled => keyviz_node_state::Disabled,
                NodeState::Invalid => keyviz_node_state::Invalid,
                _ => keyviz_node_state::Failed,
            };
            assert_eq!(wanted as usize, number, "{state:?}");
        }
    }
}
