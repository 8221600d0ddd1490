//! Whether there is memory for an answer, before it is made.
//!
//! What the core makes an answer with is taken in many pieces, and a piece that the system refuses ends the process. So
//! as much as all of them may take is asked for first, in one piece, and given back: where it is refused, the call is.
//! Another thread may take it meanwhile; that is what is left.

use keyviz_core::{Answer, HotKeys, MatrixQuery, Merge};

use crate::last_error::fail;
use crate::sampler::Host;
use crate::status::keyviz_status;

/// What small things take that no estimate counts.
const BESIDES: usize = 512 << 10;

/// A row's record, names and bounds, and the pieces they come in.
const ROW: usize = 2048;

/// Asks for so many bytes, and gives them back.
pub(crate) fn of(bytes: usize) -> Result<(), keyviz_status> {
    let bytes = bytes.saturating_add(BESIDES);
    let mut asked: Vec<u8> = Vec::new();
    let refused = asked.try_reserve_exact(bytes).is_err();
    // A compiler that sees that nothing is done with it may leave the asking out.
    std::hint::black_box(&mut asked);
    if refused {
        let text = format_args!("no memory for an answer of up to {} MiB; ask for less", bytes >> 20);
        return Err(fail(keyviz_status::OutOfMemory, text));
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

/// The text of JSON of hot keys, with room for all of it.
pub(crate) fn for_keys(hot: &HotKeys) -> Result<String, keyviz_status> {
    let keys = hot.keys.iter().map(|hot| hot.key.len().saturating_mul(4) / 3 + 100);
    text(keys.fold(2048, usize::saturating_add))
}

/// Text of about so many bytes, which may grow to twice that.
pub(crate) fn text(about: usize) -> Result<String, keyviz_status> {
    of(about.saturating_mul(3))?;
    let mut text = String::new();
    text.try_reserve(about).map_err(|_| {
        fail(keyviz_status::OutOfMemory, format_args!("no memory for JSON of {about} bytes; ask for less"))
    })?;
    Ok(text)
}

/// For a sampler's matrix, and the arrays that it becomes.
pub(crate) fn for_matrix(host: &Host, query: &MatrixQuery) -> Result<(), keyviz_status> {
    let (config, counters, window) = (host.reader.config(), host.reader.counters(), host.reader.window());
    let rows = if query.rows == 0 { MOST_ROWS } else { query.rows.min(MOST_ROWS) };
    // Each window of the history, and as many runs of missing ones between.
    let history_ms = window.next_column_ms.saturating_sub(window.history_from_ms.unwrap_or(window.next_column_ms));
    let windows = history_ms.checked_div(config.step_ms).unwrap_or(0).saturating_add(2);
    let columns = windows.min(2 * counters.columns_sealed.saturating_add(counters.columns_restored).saturating_add(1));
    let columns = usize::try_from(columns).unwrap_or(usize::MAX);
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

/// The text of JSON of so many rows and columns, with room for about all of it.
pub(crate) fn for_json(rows: usize, columns: usize) -> Result<String, keyviz_status> {
    let row = columns.saturating_mul(4).saturating_add(256);
    text(rows.saturating_mul(row).saturating_add(columns.saturating_mul(80)))
}
