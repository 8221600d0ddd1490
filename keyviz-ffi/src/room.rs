//! Whether there is memory for an answer, before it is made.
//!
//! What the core makes an answer with is taken in many pieces, and a piece that the system refuses ends the process. So
//! as much as all of them may take is asked for first, in one piece, and given back: where it is refused, the call is.
//! Another thread may take it meanwhile; that is what is left.

use keyviz_core::{Answer, AnswerRow, FanoutNode, HotKeys, MatrixQuery, Merge, Top, TopRow};

use crate::last_error::fail;
use crate::sampler::Host;
use crate::status::keyviz_status;

/// The longest two bounds as base64.
const MOST_BOUND: usize = 88 << 10;

/// What small things take that no estimate counts.
const BESIDES: usize = 512 << 10;

/// A row's record, names and bounds, and the pieces they come in.
const ROW: usize = 2048;

/// Asks for so many bytes, and gives them back.
pub(crate) fn of(bytes: usize) -> Result<(), keyviz_status> {
    let bytes = bytes.saturating_add(BESIDES);
    let mut asked: Vec<u8> = Vec::new();
    let full = asked.try_reserve_exact(bytes).is_err();
    // A compiler that sees that nothing is done with it may leave the asking out.
    std::hint::black_box(&mut asked);
    if full {
        return Err(refused(bytes));
    }
    Ok(())
}

/// For what has as many rows as there may be, and a value of each: hot keys, hottest ranges, events.
pub(crate) fn for_rows() -> Result<(), keyviz_status> {
    of(MOST_ROWS * 2 * ROW)
}

/// For the hottest ranges: what is known of each route, and the words of two columns.
pub(crate) fn for_top(host: &Host) -> Result<(), keyviz_status> {
    let counters = host.reader.counters();
    let bytes = counters.routes.saturating_mul(512).saturating_add(counters.history_bytes_used);
    of(usize::try_from(bytes).unwrap_or(usize::MAX).saturating_add(MOST_ROWS * ROW))
}

/// The text of JSON of the hottest ranges, with room for all of it.
pub(crate) fn for_ranges(top: &Top) -> Result<String, keyviz_status> {
    // Both bounds, and a key between them that splits the range.
    let bound = |row: &TopRow| (row.start.len() + row.end.as_ref().map_or(0, Vec::len)).saturating_mul(4);
    let rows = top.rows.iter().map(|row| bound(row).saturating_add(RECORD + MOST_NAME * LETTER));
    text(rows.fold(4 * RECORD, usize::saturating_add))
}

/// The longest name.
const MOST_NAME: usize = 256;

/// The text of JSON of hot keys, with room for all of it.
pub(crate) fn for_keys(hot: &HotKeys) -> Result<String, keyviz_status> {
    let keys = hot.keys.iter().map(|hot| (hot.key.len().saturating_mul(4) / 3).saturating_add(100));
    // Bounds of a range that was asked for, at their longest.
    text(keys.fold(4 * RECORD + 2 * MOST_BOUND, usize::saturating_add))
}

/// Text of at most so many bytes, all of which there is room for.
pub(crate) fn text(most: usize) -> Result<String, keyviz_status> {
    let mut text = String::new();
    text.try_reserve_exact(most.saturating_add(1)).map_err(|_| refused(most))?;
    Ok(text)
}

#[cold]
fn refused(bytes: usize) -> keyviz_status {
    let text = format_args!("no memory for an answer of up to {} MiB; ask for less", (bytes >> 20) + 1);
    fail(keyviz_status::OutOfMemory, text)
}

/// As many columns as a query meets at the most.
pub(crate) fn columns(host: &Host, query: &MatrixQuery) -> usize {
    let (config, counters, window) = (host.reader.config(), host.reader.counters(), host.reader.window());
    let from_ms = window.history_from_ms.unwrap_or(window.next_column_ms).max(query.from_ms);
    let to_ms = if query.to_ms == 0 { window.next_column_ms } else { query.to_ms.min(window.next_column_ms) };
    // Each window of that time, and as many runs of missing ones between.
    let windows = to_ms.saturating_sub(from_ms).checked_div(config.step_ms).unwrap_or(0).saturating_add(2);
    let columns = windows.min(2 * counters.columns_sealed.saturating_add(counters.columns_restored).saturating_add(1));
    usize::try_from(columns).unwrap_or(usize::MAX)
}

/// For a sampler's matrix, and the arrays that it becomes.
pub(crate) fn for_matrix(host: &Host, query: &MatrixQuery) -> Result<(), keyviz_status> {
    for_part(host, query, if query.rows == 0 { MOST_ROWS } else { query.rows.min(MOST_ROWS) })
}

/// For a sampler's answer of so many rows.
pub(crate) fn for_part(host: &Host, query: &MatrixQuery, rows: usize) -> Result<(), keyviz_status> {
    let (config, counters) = (host.reader.config(), host.reader.counters());
    let columns = columns(host, query);
    let routes = counters.routes.saturating_add(counters.draining).saturating_add(counters.virtual_buckets);
    let cells = routes.saturating_mul(config.labels.len() as u64 + 1).saturating_mul(config.sub_buckets.into());
    // Of each cell shown a value, its group and term, and a mark, twice; of each that is read what is known of its row;
    // and the words and bounds of the history, which are copied.
    let shown = rows.saturating_mul(columns).saturating_mul(64);
    let read =
        cells.saturating_mul(512).saturating_add(counters.history_bytes_used).saturating_add(counters.bound_bytes_used);
    of(shown.saturating_add(rows.saturating_mul(ROW)).saturating_add(usize::try_from(read).unwrap_or(usize::MAX)))
}

/// As many rows as a matrix has at the most.
const MOST_ROWS: usize = 1024;

/// For an answer read from JSON. A number takes two letters of it at the least and eight bytes, in a list that doubles;
/// a row ten letters, a name, and what is counted for one.
pub(crate) fn for_decoding(json: &[u8], max_bytes: usize) -> Result<(), keyviz_status> {
    let rows = json.windows(ROW_NAME.len()).filter(|window| *window == ROW_NAME).count();
    let most = json.len().saturating_mul(12).saturating_add(rows.saturating_mul(ROW));
    of(most.min(max_bytes.saturating_mul(2)))
}

const ROW_NAME: &[u8] = b"bucket_id";

/// For so many threads, and what they begin with: each has a stack, and the allocator may have a part of its own for it.
pub(crate) fn for_threads(count: usize) -> Result<(), keyviz_status> {
    of(count.saturating_mul(THREAD))
}

const THREAD: usize = 4 << 20;

/// For writing a snapshot: the writer's buffers and frames, a column and its rows.
pub(crate) fn for_snapshot(host: &Host) -> Result<(), keyviz_status> {
    let (config, counters) = (host.reader.config(), host.reader.counters());
    let routes = counters.routes.saturating_add(counters.draining).saturating_add(counters.virtual_buckets);
    let cells = routes.saturating_mul(config.labels.len() as u64 + 1).saturating_mul(config.sub_buckets.into());
    let rows = cells.saturating_mul(512).saturating_add(counters.bound_bytes_used.saturating_mul(4));
    of(usize::try_from(rows).unwrap_or(usize::MAX).saturating_add(SNAPSHOT_BUFFERS))
}

const SNAPSHOT_BUFFERS: usize = 16 << 20;

/// For reading one of so many bytes, which may be packed.
pub(crate) fn for_unpacking(len: usize, max_bytes: usize) -> Result<(), keyviz_status> {
    of(len.saturating_mul(64).min(max_bytes).saturating_add(SNAPSHOT_BUFFERS))
}

/// For going on with a history file of so many bytes, and the thread that writes it.
pub(crate) fn for_history(host: &Host, len: usize) -> Result<(), keyviz_status> {
    let most = usize::try_from(host.reader.counters().memory_bytes.saturating_mul(2)).unwrap_or(usize::MAX);
    of(len.saturating_mul(64).min(most).saturating_add(SNAPSHOT_BUFFERS + 2 * THREAD))
}

/// For an answer's cells within a merge.
pub(crate) fn for_merging(answer: &Answer) -> Result<(), keyviz_status> {
    let (rows, columns) = (answer.rows.len(), answer.columns.len());
    of(rows.saturating_mul(columns).saturating_mul(96).saturating_add(rows.saturating_mul(ROW)))
}

/// For a second of a merge.
pub(crate) fn for_copying(merge: &Merge) -> Result<(), keyviz_status> {
    of(merge.cells().saturating_mul(64))
}

/// For a second of a merge, and what is made of it.
pub(crate) fn for_finishing(merge: &Merge) -> Result<(), keyviz_status> {
    of(merge.cells().saturating_mul(192))
}

/// The text of JSON of an answer, with room for all of it.
pub(crate) fn for_json(answer: &Answer) -> Result<String, keyviz_status> {
    let columns = answer.columns.len().saturating_mul(COLUMN_TEXT);
    let lists = [&answer.cut.values, &answer.unattributed].map(|list| digits(list));
    let rows = answer.rows.iter().map(row_text).fold(0, usize::saturating_add);
    let node = |node: &FanoutNode| {
        let warnings = node.warnings.iter().map(String::len).fold(0, usize::saturating_add);
        let error = node.error.as_ref().map_or(0, String::len);
        let absent = node.absent_ms.len().saturating_mul(2 * NUMBER + 4);
        (node.node.len() + error + warnings).saturating_mul(LETTER).saturating_add(RECORD + absent)
    };
    let nodes = answer.fanout.iter().flat_map(|fanout| fanout.nodes.iter().map(node)).fold(0, usize::saturating_add);
    let all = [columns, lists[0], lists[1], rows, nodes];
    text(all.into_iter().fold(2 * RECORD, usize::saturating_add))
}

/// The most that a number of 64 bits takes, with what stands between two.
const NUMBER: usize = 21;
/// A column's four instants, state and nodes.
const COLUMN_TEXT: usize = 4 * NUMBER + 16 + 12;
/// The names and small members of a row or a node.
const RECORD: usize = 1024;
/// The most that a byte of text takes, escaped.
const LETTER: usize = 6;

/// What the digits of numbers take, with what stands between them.
fn digits(numbers: &[u64]) -> usize {
    let of = |number: &u64| number.checked_ilog10().unwrap_or(0) as usize + 2;
    numbers.iter().map(of).fold(0, usize::saturating_add)
}

fn row_text(row: &AnswerRow) -> usize {
    let bound = (row.start.len() + row.end.as_ref().map_or(0, Vec::len)).saturating_mul(4) / 3;
    let words = row.bucket_id.as_str().len() + row.label.len() + row.name.as_ref().map_or(0, String::len);
    let marks = row.conflicts.len().saturating_add(row.estimated.len()).saturating_add(row.missing.len());
    // A part stands in a list of its column's, and a column without any is null.
    let parts = if row.term_parts.is_empty() { 0 } else { row.values.len().saturating_mul(6) };
    let numbers = [&row.values, &row.groups, &row.terms].map(|list| digits(list));
    [
        bound,
        words.saturating_mul(LETTER),
        marks.saturating_mul(6),
        parts,
        row.term_parts.len().saturating_mul(3 * NUMBER + 40),
        row.route_ids.len().saturating_mul(NUMBER),
        numbers[0],
        numbers[1],
        numbers[2],
    ]
    .into_iter()
    .fold(RECORD, usize::saturating_add)
}
