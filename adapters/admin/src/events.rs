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
use crate::redactor::Redactor;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::limits::MAX_EVENT_TEXT_LEN;
use keyviz_core::{Counters, Event, Reader, fold_events, wire};

/// Bytes that an event is expected to take: its record and its text, as it was read, as a line, and in the answer.
const EVENT_BYTES: usize = 3 * (128 + MAX_EVENT_TEXT_LEN);

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
    // Of several nodes hardly any has all that it may keep: the most there could be must not close this for ever.
    let expected = expected.saturating_mul(nodes.min(4)).min(admin.gate().memory_bytes() / 2);
    let pass = admin.gate().enter(expected).await?;
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
    let (nodes, counters): (Vec<(&str, &Reader)>, Counters) = match admin.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => (vec![("", reader)], reader.counters()),
        Source::Several(nodes) => {
            (nodes.iter().map(|node| (node.name.as_str(), &node.reader)).collect(), nodes.counters())
        }
    };
    let (told, texts) = told(&nodes, &query, redactor)?;
    let lines = fold_events(told.iter().map(|(node, event)| (*node, event)), query.fold_ms);
    json.try_reserve(lines.len().saturating_mul(EVENT_BYTES) / 3)
        .map_err(|_| ApiError::busy("no memory for the events; try again in a second"))?;
    let names: Vec<&str> = match admin.source() {
        Source::Several(_) => nodes.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    };
    wire::encode::event_lines(&lines, &names, &counters, now_ms, &mut json);
    redactor.mark(&mut json);
    let asked = Asked { from_ms: query.from_ms, to_ms: query.to_ms, ..Asked::default() };
    admin.audit(caller, "events", &asked, texts);
    json.shrink_to_fit();
    pass.finish(json, packing)
}

/// The events of all nodes that are asked for, each with the place of who told it, as this caller may read them; and how
/// many texts of hosts these are.
fn told(
    nodes: &[(&str, &Reader)],
    query: &EventsQuery,
    redactor: &Redactor,
) -> Result<(Vec<(u32, Event)>, usize), ApiError> {
    let (mut told, mut texts) = (Vec::new(), 0);
    // Of all time: what is of no kind that there is, is refused wherever it is looked for.
    let all: Vec<Vec<Event>> = nodes.iter().map(|(_, reader)| reader.events(0, 0)).collect();
    query.kinds.known(all.iter().flatten().map(|event| event.kind))?;
    for (node, mut events) in (0..).zip(all) {
        events.retain(|event| {
            let is_within = event.at_ms >= query.from_ms && (query.to_ms == 0 || event.at_ms < query.to_ms);
            is_within && query.kinds.has(event.kind)
        });
        texts += redactor.events(&mut events);
        told.extend(events.into_iter().map(|event| (node, event)));
    }
    // Of one instant in the order of the nodes, each in its own.
    told.sort_by_key(|(_, event)| event.at_ms);
    Ok((told, texts))
}
