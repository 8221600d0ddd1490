//! What happened, as `/events` answers it: many of one kind as one line, and what somebody told before the rest.

use serde_json::Value;

use super::table::at;
use crate::escape;
use crate::quantity::{clock, count, instant};

/// The lines that are read of one answer.
const MOST: usize = 4096;
/// The lines under a list of ranges.
const LISTED: usize = 8;
/// The first list tells of so much time.
const FIRST_MS: u64 = 3_600_000;
/// The most spans of a time within which many of one kind are one line.
const SPANS: u64 = 24;
const MINUTE: u64 = 60_000;
/// Spans that people count in, so that the lines stay the same while time goes on.
const SPANS_MS: [u64; 15] = [
    1000,
    5000,
    10_000,
    30_000,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
    120 * MINUTE,
    240 * MINUTE,
    720 * MINUTE,
    1440 * MINUTE,
];

/// One event, or many of one kind. Texts are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) at_ms: u64,
    pub(super) last_ms: u64,
    /// How many it stands for.
    pub(super) events: u64,
    /// keyviz told it itself.
    pub(super) own: bool,
    /// Kind, text, and who told it where that is one of several.
    pub(super) words: String,
}

/// What to ask for: what happened at `from_ms <= at < to_ms`.
pub(super) fn path(from_ms: u64, to_ms: u64) -> String {
    let least = to_ms.saturating_sub(from_ms) / SPANS;
    let days = least.div_ceil(1440 * MINUTE).max(1) * 1440 * MINUTE;
    let fold_ms = SPANS_MS.into_iter().find(|span_ms| *span_ms >= least).unwrap_or(days);
    // 0 would be all time.
    format!("events?from_unix_ms={}&to_unix_ms={}&fold_ms={fold_ms}", from_ms.max(1), to_ms.max(1))
}

/// In order of time; none where it is not understood, as an older server's answer may be.
pub(super) fn read(json: &str) -> Vec<Event> {
    let answer: Value = serde_json::from_str(json).unwrap_or_default();
    let lines = at(&answer, "/events").as_array().map_or(&[][..], Vec::as_slice);
    lines.iter().rev().take(MOST).rev().filter_map(event).collect()
}

fn event(line: &Value) -> Option<Event> {
    let at_ms = at(line, "/at_unix_ms").as_u64()?;
    let word = |path: &str| escape::whole_key(at(line, path).as_str().unwrap_or_default().as_bytes());
    let mut words = word("/kind").replace('_', " ");
    // The two signs of lines that stand for many, as a list on a terminal writes them.
    let text = at(line, "/text").as_str().unwrap_or_default().replace('×', "x").replace('…', "..");
    if !text.is_empty() {
        words = format!("{words}: {}", escape::whole_key(text.as_bytes()));
    }
    if at(line, "/cut").as_bool() == Some(true) {
        words.push_str("..");
    }
    let node = word("/node");
    match at(line, "/fold/other_nodes").as_u64() {
        _ if node.is_empty() => {}
        Some(others) => words = format!("{words} ({node} and {} more)", count(others)),
        None => words = format!("{words} ({node})"),
    }
    let last_ms = at(line, "/fold/last_unix_ms").as_u64().unwrap_or(at_ms).max(at_ms);
    let events = at(line, "/fold/events").as_u64().unwrap_or(1);
    Some(Event { at_ms, last_ms, events, own: at(line, "/own").as_bool() == Some(true), words })
}

/// The latest, newest first: of what somebody told as many as there is room for, since none of it stands behind what
/// keyviz tells of itself.
pub(super) fn listed(events: &[Event], most: usize) -> Vec<&Event> {
    let latest = |own: bool, most: usize| events.iter().rev().filter(move |event| event.own == own).take(most);
    let mut shown: Vec<&Event> = latest(false, most).collect();
    shown.extend(latest(true, most - shown.len()));
    shown.sort_by_key(|event| std::cmp::Reverse(event.at_ms));
    shown
}

/// When it was, in UTC: an instant, or the first and the last.
pub(super) fn when(event: &Event, with_date: bool) -> String {
    let of = |ms: u64| if with_date { instant(ms) } else { clock(ms) };
    if event.last_ms > event.at_ms {
        format!("{} to {}", of(event.at_ms), clock(event.last_ms))
    } else {
        of(event.at_ms)
    }
}

/// The time that the events under a list are of: at first an hour, then what came since the last list. What keyviz tells
/// itself is told with the end of a window, and of its middle: where another list follows, this one is of the windows that
/// have ended.
///
/// - `told_ms`: until when lists before told of them; `follows`: whether another list does.
pub(super) fn since(answer: &Value, told_ms: Option<u64>, follows: bool) -> Option<(u64, u64)> {
    let is_open = at(answer, "/now/state").as_str() == Some("open");
    let until = if follows && is_open { "/now/start_unix_ms" } else { "/now/end_unix_ms" };
    let to_ms = at(answer, until).as_u64()?;
    Some((told_ms.unwrap_or(to_ms.saturating_sub(FIRST_MS)).min(to_ms), to_ms))
}

/// The lines under a list of ranges, an empty one before them; none where nothing happened.
pub(super) fn tell(events: &[Event]) -> String {
    let shown = listed(events, LISTED);
    if shown.is_empty() {
        return String::new();
    }
    let mut text = "\n".to_owned();
    text.extend(shown.iter().map(|event| format!("\n{} UTC  {}", when(event, true), event.words)));
    let sum = |events: &mut dyn Iterator<Item = &Event>| events.map(|event| event.events).fold(0, u64::saturating_add);
    if events.len() > shown.len() {
        let more = sum(&mut events.iter()).saturating_sub(sum(&mut shown.into_iter()));
        text.push_str(&format!("\nand {} more events", count(more)));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: u64 = 1_763_694_000_000;

    #[test]
    fn a_note_is_told_among_floods_and_nothing_reaches_the_terminal() {
        let split = |at: u64| {
            json!({"at_unix_ms": AT + at * 1000, "kind": "split", "own": true, "text": format!("×20, routes {at} … 99"),
            "fold": {"events": 20, "last_unix_ms": AT + at * 1000 + 500, "other_nodes": 2}, "node": "a:1"})
        };
        let mut lines: Vec<Value> = (0..50).map(split).collect();
        let hostile =
            json!({"at_unix_ms": AT, "kind": "disk_full", "text": "rack 7 \u{1b}]0;owned\u{7}\u{202e}", "cut": true});
        lines.insert(0, hostile);
        let events = read(&json!({"events": lines}).to_string());
        assert_eq!(events.len(), 51);
        let text = tell(&events);
        assert_eq!(text.lines().skip(2).count(), 9, "{text}");
        assert!(text.ends_with("disk full: rack 7 \\x1b]0;owned\\x07\\xe2\\x80\\xae..\nand 860 more events"), "{text}");
        assert!(
            text.contains("2025-11-21 03:00:49 to 03:00:49 UTC  split: x20, routes 49 .. 99 (a:1 and 2 more)"),
            "{text}"
        );
        assert!(
            !text.chars().any(|letter| letter != '\n' && (letter.is_control() || letter == '\u{202e}')),
            "{text:?}"
        );
        for strange in ["", "[]", r#"{"events":7}"#, r#"{"events":[null,{},{"at_unix_ms":-1}]}"#] {
            assert!(read(strange).is_empty() && tell(&read(strange)).is_empty(), "{strange}");
        }
    }

    #[test]
    fn what_is_asked_for() {
        assert_eq!(path(0, 24_000), "events?from_unix_ms=1&to_unix_ms=24000&fold_ms=1000");
        assert!(path(AT, AT + 3_600_000).ends_with("&fold_ms=300000"));
        assert!(path(AT, AT + 7 * 86_400_000).ends_with("&fold_ms=43200000"));
        assert!(path(AT, AT + 100 * 86_400_000).ends_with(&format!("&fold_ms={}", 5 * 86_400_000)));
        let now = |state| json!({"now": {"start_unix_ms": AT, "end_unix_ms": AT + 1000, "state": state}});
        assert_eq!(since(&now("open"), None, false), Some((AT + 1000 - FIRST_MS, AT + 1000)));
        assert_eq!(since(&now("open"), None, true), Some((AT - FIRST_MS, AT)), "the rest comes with the next list");
        assert_eq!(since(&now("complete"), Some(AT), true), Some((AT, AT + 1000)));
        assert_eq!(since(&now("complete"), Some(AT - 5000), true), Some((AT - 5000, AT + 1000)), "missed windows");
        assert_eq!(since(&now("open"), Some(AT + 1000), true), Some((AT, AT)), "told already");
        assert_eq!(since(&json!({}), None, true), None);
    }

    /// Whatever windows lists are of, open and ended, each instant is in one of them.
    #[test]
    fn lists_one_after_another_tell_of_all_time_once() {
        let mut told_ms = None;
        let mut seen = Vec::new();
        for (start, state) in [(0, "open"), (0, "complete"), (1, "open"), (3, "open"), (3, "late"), (9, "open")] {
            let answer = json!({"now": {"start_unix_ms": AT + start * 1000, "end_unix_ms": AT + start * 1000 + 1000, "state": state}});
            let (from_ms, to_ms) = since(&answer, told_ms, true).unwrap();
            told_ms = Some(to_ms.max(told_ms.unwrap_or(0)));
            seen.push((from_ms, to_ms));
        }
        let told: Vec<_> = seen.iter().filter(|(from_ms, to_ms)| from_ms < to_ms).collect();
        assert!(told.windows(2).all(|pair| pair[0].1 == pair[1].0), "{seen:?}");
        assert_eq!((told[0].0, told[told.len() - 1].1), (AT - FIRST_MS, AT + 9000));
    }
}
