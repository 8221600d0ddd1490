//! `/cell`: what single nodes counted in a cell of the picture.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::cell_of_nodes::expected_bytes;
use crate::error::ApiError;
use crate::fanout::columns_of;
use crate::gate::Pass;
use crate::nodes::Source;
use crate::query;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::{MatrixQuery, wire};

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
        Source::None => 0,
        Source::One(reader) => expected_bytes(columns_of(config, &reader.window(), &query), reader.counters().routes),
        Source::Several(nodes) => nodes.expected_cell_bytes(&query),
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
        Source::One(reader) => reader.cell(query),
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
