//! `/top`: the hottest ranges now.

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
use keyviz_core::{Config, Reader, TopQuery, wire};

/// Bytes that a range of the two windows is expected to take while it is ranked, bounds included.
const RANGE_BYTES: usize = 384;
/// Bytes that a row of the answer is expected to take, two usual bounds and a command included.
const ROW_BYTES: usize = 2048;

/// Ranks on a blocking thread, in turn with the pictures: it reads every cell of two columns.
pub(crate) async fn top(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    packing: Packing,
    uri: Uri,
) -> Result<Answer, ApiError> {
    let reader = admin.reader().cloned().ok_or_else(ApiError::disabled)?;
    let query = query::top(uri.query().unwrap_or(""), &reader.config().labels)?;
    let pass = admin.gate().enter(expected_bytes(reader.config(), &query)).await?;
    on_blocking_thread(move || build(&admin, &caller, &reader, &query, pass, packing)).await
}

fn build(
    admin: &Admin,
    caller: &Caller,
    reader: &Reader,
    query: &TopQuery,
    pass: Pass,
    packing: Packing,
) -> Result<Answer, ApiError> {
    let top = reader.top(query);
    let mut json = String::new();
    json.try_reserve(top.rows.len().saturating_mul(512))
        .map_err(|_| ApiError::busy("no memory for the ranges; try again in a second"))?;
    let names = admin.key_names();
    let split = |row: &keyviz_core::TopRow| admin.split_template().and_then(|template| template.command(row));
    wire::encode::top(&top, admin.now_ms(), names.as_deref(), &split, &mut json);
    // Two bounds a row; a split command's key lies between them.
    admin.audit(caller, "top", &Asked::default(), top.rows.len().saturating_mul(2));
    pass.finish(json, packing)
}

fn expected_bytes(config: &Config, query: &TopQuery) -> usize {
    let routes = (config.max_routes as usize).saturating_mul(usize::from(config.sub_buckets));
    routes.saturating_mul(RANGE_BYTES).saturating_add(query.limit.saturating_mul(ROW_BYTES))
}
