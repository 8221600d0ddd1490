//! `/matrix`: the heatmap.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::gate::Pass;
use crate::query;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::limits::MAX_ROWS;
use keyviz_core::wire::encode::Pieces;
use keyviz_core::{Config, MatrixQuery, Reader, WindowInfo};

/// Bytes that a cell is expected to take: its count, group and term, and their digits.
const CELL_BYTES: usize = 3 * 8 + 12;
/// Bytes that a row is expected to take beside its cells: its record, its text, two usual bounds.
const ROW_BYTES: usize = 768;
/// Bytes that a column is expected to take beside its cells: its record, its instants and state.
const COLUMN_BYTES: usize = 256;

/// Reads the parameters, waits for a turn, and builds on a blocking thread: a matrix takes
/// milliseconds, which no other request should wait for.
pub(crate) async fn matrix(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    packing: Packing,
    uri: Uri,
) -> Result<Answer, ApiError> {
    let reader = admin.reader().cloned().ok_or_else(ApiError::disabled)?;
    let query = query::matrix(uri.query().unwrap_or(""), &reader.config().labels)?;
    let (start, end) = query::as_shown((query.start, query.end), admin.redactor(caller.role))?;
    let mut query = MatrixQuery { start, end, ..query };
    query.key_names = admin.key_names();
    let now_ms = admin.now_ms();
    let expected = expected_bytes(reader.config(), &reader.window(), &query);
    let pass = admin.gate().enter(expected).await?;
    on_blocking_thread(move || build(&admin, &caller, &reader, &query, now_ms, pass, packing)).await
}

fn build(
    admin: &Admin,
    caller: &Caller,
    reader: &Reader,
    query: &MatrixQuery,
    now_ms: u64,
    pass: Pass,
    packing: Packing,
) -> Result<Answer, ApiError> {
    let redactor = admin.redactor(caller.role);
    let mut matrix = reader.matrix(query);
    let keys = redactor.matrix(&mut matrix, reader.config().partition);
    let row_bytes = matrix.columns.len().saturating_mul(4).saturating_add(ROW_BYTES);
    let bytes =
        matrix.rows.len().saturating_mul(row_bytes).saturating_add(matrix.columns.len().saturating_mul(COLUMN_BYTES));
    let mut pieces = Pieces::of_matrix(&matrix, now_ms);
    let packed = packing.pack_pieces(bytes, |text| {
        let appended = pieces.append_next(text);
        if appended && pieces.left() == 0 {
            redactor.mark(text);
        }
        appended
    })?;
    drop(matrix);
    let MatrixQuery { start, end, from_ms, to_ms, .. } = query;
    let asked = Asked { start, end: end.as_deref(), from_ms: *from_ms, to_ms: *to_ms };
    admin.audit(caller, "matrix", &asked, keys);
    pass.send(packed)
}

/// What the largest answer to this query is expected to take, counts and text together. The columns
/// are those of the history that the query's time meets; how many rows they have is not known, so it
/// is the budget.
fn expected_bytes(config: &Config, window: &WindowInfo, query: &MatrixQuery) -> usize {
    let oldest_ms = window.history_from_ms.or(window.open_from_ms).unwrap_or(window.last_flush_ms);
    let from_ms = query.from_ms.max(oldest_ms);
    let until_ms = if query.to_ms == 0 { window.next_column_ms } else { query.to_ms.min(window.next_column_ms) };
    let span = until_ms.saturating_sub(from_ms) / config.step_ms.max(1) + 2;
    let columns = usize::try_from(span).unwrap_or(usize::MAX).min(config.most_columns());
    let rows = if query.rows == 0 { MAX_ROWS } else { query.rows.min(MAX_ROWS) };
    let cells = columns.saturating_mul(CELL_BYTES).saturating_add(ROW_BYTES).saturating_mul(rows);
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
            next_column_ms: now_ms + 60_000,
        };
        let expect = |query: MatrixQuery| expected_bytes(&config, &day, &query);
        let all = expect(MatrixQuery::default());
        assert!(all > 1024 * 1440 * 24, "{all}");
        // Two of the largest fit at once.
        assert!(2 * all < Limits::default().memory_bytes, "{all}");
        let hour = MatrixQuery { from_ms: now_ms - 3_600_000, ..MatrixQuery::default() };
        assert!(expect(hour.clone()) < all / 10);
        assert!(expect(MatrixQuery { rows: 1, ..hour }) < 32 << 10);
        assert!(expect(MatrixQuery { to_ms: 5, rows: 1, ..MatrixQuery::default() }) < 4 << 10);
        assert!(expect(MatrixQuery { from_ms: u64::MAX, rows: 1, ..MatrixQuery::default() }) < 4 << 10);
        let fresh = WindowInfo { history_from_ms: None, ..day };
        assert!(expected_bytes(&config, &fresh, &MatrixQuery::default()) < 1 << 20);
    }
}
