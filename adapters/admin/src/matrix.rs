//! `/matrix`: the heatmap.

use crate::admin::Asked;
use crate::answer::{Answer, Packed, Packing};
use crate::asking::Asking;
use crate::error::ApiError;
use crate::fanout::columns_of;
use crate::nodes::{Nodes, Source};
use crate::query;
use crate::redactor::Redactor;
use keyviz_core::limits::MAX_ROWS;
use keyviz_core::wire::encode::Pieces;
use keyviz_core::{Config, MatrixQuery, WindowInfo};

/// Bytes that a cell is expected to take: its count, group and term, and their digits.
const CELL_BYTES: usize = 3 * 8 + TEXT_BYTES;
/// Bytes that its digits are expected to take.
const TEXT_BYTES: usize = 12;
/// Bytes that the marks of a cell of several nodes take.
const FLAG_BYTES: usize = 4;
/// Bytes that a row is expected to take beside its cells: its record, its text, two usual bounds.
const ROW_BYTES: usize = 768;
/// Bytes that a column is expected to take beside its cells: its record, its instants and state.
const COLUMN_BYTES: usize = 256;

/// Reads the parameters, and builds within the memory for answers.
pub(crate) async fn matrix(asking: Asking) -> Result<Answer, ApiError> {
    let config = asking.config()?;
    let query = query::matrix(asking.query(), &config.labels)?;
    let (start, end) = query::as_shown((query.start, query.end), asking.redactor())?;
    let mut query = MatrixQuery { start, end, ..query };
    query.key_names = asking.admin.key_names();
    let now_ms = asking.admin.now_ms();
    let expected = match asking.source() {
        Source::None => 0,
        Source::One(reader) => expected_bytes(config, &reader.window(), &query, CELL_BYTES),
        Source::Several(nodes) => of_nodes(nodes, &query),
    };
    asking.answer(expected, move |asking| build(asking, &query, now_ms)).await
}

fn build(asking: &Asking, query: &MatrixQuery, now_ms: u64) -> Result<Packed, ApiError> {
    let (redactor, packing) = (asking.redactor(), asking.packing);
    let (packed, keys) = match asking.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => {
            let mut matrix = reader.matrix(query);
            let keys = redactor.matrix(&mut matrix, reader.config().partition);
            let bytes = text_bytes(matrix.rows.len(), matrix.columns.len());
            (pack(Pieces::of_matrix(&matrix, now_ms), bytes, redactor, packing)?, keys)
        }
        Source::Several(nodes) => {
            let mut answer = nodes.matrix(query)?;
            answer.generated_at_ms = Some(now_ms);
            let keys = redactor.answer(&mut answer, nodes.config().partition);
            let bytes = text_bytes(answer.rows.len(), answer.columns.len());
            (pack(Pieces::of_answer(&answer), bytes, redactor, packing)?, keys)
        }
    };
    let MatrixQuery { start, end, from_ms, to_ms, .. } = query;
    let asked = Asked { start, end: end.as_deref(), from_ms: *from_ms, to_ms: *to_ms };
    asking.audit("matrix", &asked, keys);
    Ok(packed)
}

/// What the text is expected to take.
const fn text_bytes(rows: usize, columns: usize) -> usize {
    let row_bytes = columns.saturating_mul(4).saturating_add(ROW_BYTES);
    rows.saturating_mul(row_bytes).saturating_add(columns.saturating_mul(COLUMN_BYTES))
}

fn pack(mut pieces: Pieces<'_>, bytes: usize, redactor: &Redactor, packing: Packing) -> Result<Packed, ApiError> {
    packing.pack_pieces(bytes, |text| {
        let appended = pieces.append_next(text);
        if appended && pieces.left() == 0 {
            redactor.mark(text);
        }
        appended
    })
}

/// The same of several nodes. The text is made when what merging takes is free again.
fn of_nodes(nodes: &Nodes, query: &MatrixQuery) -> usize {
    let (config, window) = (nodes.config(), nodes.window());
    // Ranges of the core's own have no groups.
    let counts = if config.partition.ranges() > 0 { 8 + FLAG_BYTES } else { CELL_BYTES - TEXT_BYTES + FLAG_BYTES };
    let answer = expected_bytes(config, &window, query, counts);
    let text = expected_bytes(config, &window, query, TEXT_BYTES);
    answer.saturating_add(text.max(nodes.expected_bytes(query)))
}

/// What the largest answer to this query is expected to take, counts and text together. The columns
/// are those of the history that the query's time meets; how many rows they have is not known, so it
/// is the budget.
fn expected_bytes(config: &Config, window: &WindowInfo, query: &MatrixQuery, cell_bytes: usize) -> usize {
    let columns = columns_of(config, window, query);
    let rows = if query.rows == 0 { MAX_ROWS } else { query.rows.min(MAX_ROWS) };
    let cells = columns.saturating_mul(cell_bytes).saturating_add(ROW_BYTES).saturating_mul(rows);
    cells.saturating_add(columns.saturating_mul(COLUMN_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use keyviz_core::Tiers;

    #[test]
    fn expected_bytes_follow_the_time_asked_for() {
        let mut config = Config::default();
        (config.history_columns, config.tiers) = (1440, Tiers::NONE);
        let now_ms = 1_700_000_400_000;
        let day = WindowInfo {
            started_ms: now_ms - 86_400_000,
            last_flush_ms: now_ms,
            open_from_ms: Some(now_ms),
            history_from_ms: Some(now_ms - 86_400_000),
            sealed_to_ms: Some(now_ms),
            next_column_ms: now_ms + 60_000,
        };
        let expect = |query: MatrixQuery| expected_bytes(&config, &day, &query, CELL_BYTES);
        let all = expect(MatrixQuery::default());
        assert!(all > 1024 * 1440 * 24, "{all}");
        // Two of the largest fit at once.
        assert!(2 * all < Limits::default().memory_bytes, "{all}");
        let hour = MatrixQuery { from_ms: now_ms - 3_600_000, ..MatrixQuery::default() };
        assert!(expect(hour.clone()) < all / 10);
        assert!(expect(MatrixQuery { rows: 1, ..hour }) < 32 << 10);
        assert!(expect(MatrixQuery { to_ms: 5, rows: 1, ..MatrixQuery::default() }) < 4 << 10);
        assert!(expect(MatrixQuery { from_ms: u64::MAX, rows: 1, ..MatrixQuery::default() }) < 4 << 10);
        let fresh = WindowInfo { history_from_ms: None, sealed_to_ms: None, ..day };
        assert!(expected_bytes(&config, &fresh, &MatrixQuery::default(), CELL_BYTES) < 1 << 20);
    }
}
