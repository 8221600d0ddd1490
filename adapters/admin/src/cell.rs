//! `/cell`: what single nodes counted in a cell of the picture.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::gate::Pass;
use crate::nodes::Source;
use crate::query;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::{AxisKind, Cell, MatrixQuery, wire};

/// Bytes that a column of a node by itself is expected to take, of which it has one row.
const COLUMN_BYTES: usize = 512;

/// Reads the parameters, waits for a turn, and asks on a blocking thread: a long time has many columns.
pub(crate) async fn cell(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    packing: Packing,
    uri: Uri,
) -> Result<Answer, ApiError> {
    let config = admin.source().config().ok_or_else(ApiError::disabled)?;
    let query = query::cell(uri.query().unwrap_or(""), &config.labels)?;
    let (start, end) = query::as_shown((query.start, query.end), admin.redactor(caller.role))?;
    let query = MatrixQuery { start, end, ..query };
    let expected = match admin.source() {
        Source::Several(nodes) => nodes.expected_bytes(&query).saturating_mul(2),
        _ => config.most_columns().saturating_mul(COLUMN_BYTES),
    };
    let pass = admin.gate().enter(expected).await?;
    on_blocking_thread(move || build(&admin, &caller, &query, pass, packing)).await
}

fn build(
    admin: &Admin,
    caller: &Caller,
    query: &MatrixQuery,
    pass: Pass,
    packing: Packing,
) -> Result<Answer, ApiError> {
    let cell = match admin.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => {
            let row = MatrixQuery { axis: AxisKind::Range, rows: 1, ..query.clone() };
            Cell::of_rows(&reader.matrix(&row).into())
        }
        Source::Several(nodes) => nodes.cell(query)?,
    };
    let mut json = String::new();
    wire::encode::cell(&cell, query.series, &mut json);
    let MatrixQuery { start, end, from_ms, to_ms, .. } = query;
    let asked = Asked { start, end: end.as_deref(), from_ms: *from_ms, to_ms: *to_ms };
    // The answer has no keys; counts between keys tell something of keys all the same.
    admin.audit(caller, "cell", &asked, 0);
    pass.finish(json, packing)
}
