//! `/top`: the hottest ranges now.

use crate::admin::Asked;
use crate::answer::{Answer, Packed};
use crate::asking::Asking;
use crate::error::ApiError;
use crate::nodes::Source;
use crate::query;
use crate::redaction::Redaction;
use keyviz_core::{TopQuery, wire};

/// Bytes that a range of the two windows is expected to take while it is ranked, bounds included.
const RANGE_BYTES: usize = 384;
/// Bytes that a row of the answer is expected to take, two usual bounds and a command included.
const ROW_BYTES: usize = 2048;

/// Ranks in turn with the pictures: it reads every cell of two columns.
pub(crate) async fn top(asking: Asking) -> Result<Answer, ApiError> {
    let config = asking.config()?;
    let query = query::top(asking.query(), &config.labels)?;
    let (start, end) = query::as_shown((query.start, query.end), asking.redactor())?;
    let query = TopQuery { start, end, ..query };
    let ranking = match asking.source() {
        Source::Several(nodes) => nodes.expected_top_bytes(),
        _ => (config.max_routes as usize).saturating_mul(usize::from(config.sub_buckets)).saturating_mul(RANGE_BYTES),
    };
    let expected = ranking.saturating_add(query.limit.saturating_mul(ROW_BYTES));
    asking.answer(expected, move |asking| build(asking, &query)).await
}

fn build(asking: &Asking, query: &TopQuery) -> Result<Packed, ApiError> {
    let (admin, redactor) = (&asking.admin, asking.redactor());
    let partition = asking.config()?.partition;
    let mut top = match asking.source() {
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
    asking.audit("top", &asked, keys);
    Ok(asking.packing.pack(json))
}
