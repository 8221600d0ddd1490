//! `/events`.

use alloc::string::String;

use super::text::{list_of, number, rfc3339, text};
use crate::counters::Counters;
use crate::event::Event;

/// Appends events as a JSON object: `events[] {at_unix_ms, kind, text, cut?, number}`, `told`, `dropped`,
/// `generated_at`.
///
/// Instants are Unix milliseconds; `cut` is there when the text was longer; `told` and `dropped` are the sampler's
/// counters of all its time. Texts are escaped so that none ends a script or turns the writing direction.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, EventKind, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.annotate(5, EventKind::DEPLOY, "</script>");
/// let (reader, mut json) = (sampler.reader(), String::new());
/// wire::encode::events(&reader.events(0, 0), &reader.counters(), 60_000, &mut json);
/// assert!(json.starts_with(r#"{"events":[{"at_unix_ms":5,"kind":"deploy","text":"\u003c/script>","number":0}]"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn events(events: &[Event], counters: &Counters, generated_at_ms: u64, out: &mut String) {
    told(events.iter().map(|event| (None, event)), counters, generated_at_ms, out);
}

/// Appends the events of several nodes, as [`events`] does, with the name of who told each as member `node`; `number`
/// counts each node's own. `counters` are all nodes' together.
pub fn events_of_nodes(events: &[(&str, Event)], counters: &Counters, generated_at_ms: u64, out: &mut String) {
    told(events.iter().map(|(node, event)| (Some(*node), event)), counters, generated_at_ms, out);
}

fn told<'a>(
    events: impl Iterator<Item = (Option<&'a str>, &'a Event)>,
    counters: &Counters,
    generated_at_ms: u64,
    out: &mut String,
) {
    out.push_str("{\"events\":");
    list_of(out, events, |out, (node, event)| {
        out.push_str("{\"at_unix_ms\":");
        number(out, event.at_ms);
        out.push_str(",\"kind\":\"");
        out.push_str(event.kind.as_str());
        out.push_str("\",\"text\":");
        text(out, &event.text);
        if event.cut {
            out.push_str(",\"cut\":true");
        }
        out.push_str(",\"number\":");
        number(out, event.number);
        if let Some(node) = node {
            out.push_str(",\"node\":");
            text(out, node);
        }
        out.push('}');
    });
    out.push_str(",\"told\":");
    number(out, counters.events_told);
    out.push_str(",\"dropped\":");
    number(out, counters.events_dropped);
    out.push_str(",\"generated_at\":\"");
    rfc3339(out, generated_at_ms);
    out.push_str("\"}");
}
