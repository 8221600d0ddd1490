//! `/events`: what happened and when, as the host and the sampler told it.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::gate::Pass;
use crate::nodes::Source;
use crate::query::{self, EventsQuery};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::limits::MAX_EVENT_TEXT_LEN;
use keyviz_core::wire;

/// Bytes that an event is expected to take: its record and its text, twice.
const EVENT_BYTES: usize = 2 * (128 + MAX_EVENT_TEXT_LEN);

/// Reads the parameters and copies the events that are kept, within the memory for answers.
pub(crate) async fn events(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    packing: Packing,
    uri: Uri,
) -> Result<Answer, ApiError> {
    let config = admin.source().config().ok_or_else(ApiError::disabled)?;
    let query = query::events(uri.query().unwrap_or(""))?;
    let now_ms = admin.now_ms();
    let kept = config.max_events as usize;
    let nodes = if let Source::Several(nodes) = admin.source() { nodes.len() } else { 1 };
    let expected = (kept + kept / 4 + 4).saturating_mul(EVENT_BYTES);
    // Of several nodes hardly any has all that it may keep.
    let pass = admin.gate().enter(expected.saturating_mul(nodes.min(4))).await?;
    on_blocking_thread(move || build(&admin, &caller, query, now_ms, pass, packing)).await
}

fn build(
    admin: &Admin,
    caller: &Caller,
    query: EventsQuery,
    now_ms: u64,
    pass: Pass,
    packing: Packing,
) -> Result<Answer, ApiError> {
    let redactor = admin.redactor(caller.role);
    let mut json = String::new();
    let reserve = |json: &mut String, events: usize| {
        json.try_reserve(events.saturating_mul(EVENT_BYTES) / 2)
            .map_err(|_| ApiError::busy("no memory for the events; try again in a second"))
    };
    let texts = match admin.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => {
            let mut events = reader.events(query.from_ms, query.to_ms);
            let texts = redactor.events(&mut events);
            reserve(&mut json, events.len())?;
            wire::encode::events(&events, &reader.counters(), now_ms, &mut json);
            texts
        }
        Source::Several(nodes) => {
            let (mut told, mut texts) = (Vec::new(), 0);
            for node in nodes.iter() {
                let mut events = node.reader.events(query.from_ms, query.to_ms);
                texts += redactor.events(&mut events);
                told.extend(events.into_iter().map(|event| (node.name.as_str(), event)));
            }
            // Of one instant in the order of the nodes, each in its own.
            told.sort_by_key(|(_, event)| event.at_ms);
            reserve(&mut json, told.len())?;
            wire::encode::events_of_nodes(&told, &nodes.counters(), now_ms, &mut json);
            texts
        }
    };
    redactor.mark(&mut json);
    let asked = Asked { from_ms: query.from_ms, to_ms: query.to_ms, ..Asked::default() };
    admin.audit(caller, "events", &asked, texts);
    json.shrink_to_fit();
    pass.finish(json, packing)
}
