//! `/events`: what happened and when, as the host and the sampler told it.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::gate::Pass;
use crate::query::{self, EventsQuery};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::limits::MAX_EVENT_TEXT_LEN;
use keyviz_core::{Reader, wire};

/// Bytes that an event is expected to take: its record and its text, twice.
const EVENT_BYTES: usize = 2 * (128 + MAX_EVENT_TEXT_LEN);

/// Reads the parameters and copies the events that are kept, within the memory for answers.
pub(crate) async fn events(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    packing: Packing,
    uri: Uri,
) -> Result<Answer, ApiError> {
    let reader = admin.reader().cloned().ok_or_else(ApiError::disabled)?;
    let query = query::events(uri.query().unwrap_or(""))?;
    let now_ms = admin.now_ms();
    let kept = reader.config().max_events as usize;
    let pass = admin.gate().enter((kept + kept / 4 + 4).saturating_mul(EVENT_BYTES)).await?;
    on_blocking_thread(move || build(&admin, &caller, &reader, query, now_ms, pass, packing)).await
}

fn build(
    admin: &Admin,
    caller: &Caller,
    reader: &Reader,
    query: EventsQuery,
    now_ms: u64,
    pass: Pass,
    packing: Packing,
) -> Result<Answer, ApiError> {
    let redactor = admin.redactor(caller.role);
    let mut events = reader.events(query.from_ms, query.to_ms);
    let texts = redactor.events(&mut events, reader.config().partition);
    let mut json = String::new();
    json.try_reserve(events.len().saturating_mul(EVENT_BYTES) / 2)
        .map_err(|_| ApiError::busy("no memory for the events; try again in a second"))?;
    wire::encode::events(&events, &reader.counters(), now_ms, &mut json);
    drop(events);
    redactor.mark(&mut json);
    let asked = Asked { from_ms: query.from_ms, to_ms: query.to_ms, ..Asked::default() };
    admin.audit(caller, "events", &asked, texts);
    json.shrink_to_fit();
    pass.finish(json, packing)
}
