//! `/top`: the hottest ranges now.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::gate::Pass;
use crate::nodes::Source;
use crate::query;
use crate::redaction::Redaction;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::{TopQuery, wire};

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
    let config = admin.source().config().ok_or_else(ApiError::disabled)?;
    let query = query::top(uri.query().unwrap_or(""), &config.labels)?;
    let (start, end) = query::as_shown((query.start, query.end), admin.redactor(caller.role))?;
    let query = TopQuery { start, end, ..query };
    let ranking = match admin.source() {
        Source::Several(nodes) => nodes.expected_top_bytes(),
        _ => (config.max_routes as usize).saturating_mul(usize::from(config.sub_buckets)).saturating_mul(RANGE_BYTES),
    };
    let pass = admin.gate().enter(ranking.saturating_add(query.limit.saturating_mul(ROW_BYTES))).await?;
    on_blocking_thread(move || build(&admin, &caller, &query, pass, packing)).await
}

fn build(admin: &Admin, caller: &Caller, query: &TopQuery, pass: Pass, packing: Packing) -> Result<Answer, ApiError> {
    let redactor = admin.redactor(caller.role);
    let partition = admin.source().config().ok_or_else(ApiError::disabled)?.partition;
    let mut top = match admin.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => reader.top(query),
        Source::Several(nodes) => nodes.top(query)?,
    };
    let keys = redactor.top(&mut top, partition);
    let mut json = String::new();
    json.try_reserve(top.rows.len().saturating_mul(512))
        .map_err(|_| ApiError::busy("no memory for the ranges; try again in a second"))?;
    // What is made of bounds or belongs to them goes where they go.
    let whole = redactor.policy() == Redaction::None;
    let names = admin.key_names().filter(|_| whole);
    let template = admin.split_template().filter(|_| whole);
    let split = |row: &keyviz_core::TopRow| template.and_then(|template| template.command(row));
    wire::encode::top(&top, admin.now_ms(), names.as_deref(), &split, &mut json);
    redactor.mark(&mut json);
    let asked = Asked { start: &query.start, end: query.end.as_deref(), ..Asked::default() };
    admin.audit(caller, "top", &asked, keys);
    pass.finish(json, packing)
}
