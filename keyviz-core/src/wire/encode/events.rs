//! `/events`.

use alloc::string::String;

use super::text::{known, list_of, member_number, rfc3339, text};
use crate::counters::Counters;
use crate::event::Event;
use crate::fold_events::{EventLine, fold_events};

/// Appends events as a JSON object: `events[] {at_unix_ms, kind, text, cut?, number, own?, changes?}`, `told`, `dropped`,
/// `generated_at`.
///
/// Instants are Unix milliseconds; `cut` is there when the text was longer; `own` when the core told it, and `changes`
/// when it stands for more than one; `told` and `dropped` are the sampler's counters of all its time. Texts are escaped
/// so that none ends a script or turns the writing direction.
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
    event_lines(&fold_events(events.iter().map(|event| (0, event)), 0), &[], counters, generated_at_ms, out);
}

/// Appends lines as [`events`] does its events. One that stands for many has a member `fold {events, last_unix_ms,
/// other_nodes?}`: how many events it stands for, the latest's instant, and how many nodes told of it beside the one
/// that is named; `number` is the first's.
///
/// `nodes`: the names of those who told, by the lines' numbers; each line then has a member `node`, and `number` counts
/// each node's own. Empty for a single one. `counters` are all nodes' together.
pub fn event_lines(
    lines: &[EventLine<'_>],
    nodes: &[&str],
    counters: &Counters,
    generated_at_ms: u64,
    out: &mut String,
) {
    out.push_str("{\"events\":");
    list_of(out, lines.iter(), |out, line| {
        let Event { at_ms, kind, cut, number, own, .. } = *line.first;
        member_number(out, "{\"at_unix_ms\":", at_ms);
        out.push_str(",\"kind\":\"");
        out.push_str(kind.as_str());
        out.push_str("\",\"text\":");
        text(out, &line.text());
        if cut && line.events == 1 {
            out.push_str(",\"cut\":true");
        }
        member_number(out, ",\"number\":", number);
        if own {
            out.push_str(",\"own\":true");
        }
        known(out, ",\"changes\":", Some(line.changes).filter(|changes| *changes > 1));
        if line.events > 1 {
            member_number(out, ",\"fold\":{\"events\":", line.events);
            member_number(out, ",\"last_unix_ms\":", line.last_ms);
            known(out, ",\"other_nodes\":", Some(line.other_nodes.into()).filter(|others| *others > 0));
            out.push('}');
        }
        if let Some(node) = nodes.get(line.node as usize) {
            out.push_str(",\"node\":");
            text(out, node);
        }
        out.push('}');
    });
    member_number(out, ",\"told\":", counters.events_told);
    member_number(out, ",\"dropped\":", counters.events_dropped);
    out.push_str(",\"generated_at\":\"");
    rfc3339(out, generated_at_ms);
    out.push_str("\"}");
}
