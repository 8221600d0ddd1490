//! The list as a table.

use std::fmt::Write;

use ratatui::text::Line;
use serde_json::Value;

use super::base64;
use super::key_format::KeyFormat;
use crate::escape;
use crate::quantity::{count, instant};

/// The warning of a node that is in the list, and not there at present.
const AWAY: &str = "away";

/// One heading and one line a range, and one for each node that is lacking; keys are escaped, so that none reaches the terminal as anything but text.
pub(crate) fn tell(answer: &Value, limit: u16, keys: KeyFormat) -> String {
    let Some(end_ms) = at(answer, "/now/end_unix_ms").as_u64() else {
        return "no window is recorded yet".to_owned();
    };
    let mut text = String::new();
    let rate = at(answer, "/now/rate").as_f64().unwrap_or(0.0);
    let ranges = at(answer, "/ranges").as_u64().unwrap_or(0);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "until {} UTC: {} {}/s on {} ranges{}",
        instant(end_ms),
        number(rate),
        word(at(answer, "/series")),
        count(ranges),
        redacted(answer)
    );
    let rows: Vec<&Value> = at(answer, "/rows").as_array().into_iter().flatten().take(usize::from(limit)).collect();
    let nodes = nodes(&rows);
    let node = |at: usize| nodes.get(at).map_or("", String::as_str);
    // What says nothing is no column: groups where none is known, ids that name nothing the host knows.
    let owned = rows.iter().any(|row| at(row, "/raft_group_id").as_u64().unwrap_or(0) > 0);
    let named = at(answer, "/own_ranges").as_bool() != Some(true);
    let owner = |text: String| if owned { format!("{text:<12} ") } else { String::new() };
    let id = |text: String| if named { format!("{text:<22} ") } else { String::new() };
    let (group_head, id_head) = (owner("group".to_owned()), id("range".to_owned()));
    let _ = write!(text, "{:>12} {:>7} {:>9}  {group_head}{}{id_head}from .. to", "rate/s", "share", "change", node(0));
    for (line, row) in rows.iter().enumerate() {
        let _ = write!(
            text,
            "\n{:>12} {:>6.1}% {:>9}  {}{}{}{} .. {}",
            estimated(row, number(at(row, "/rate").as_f64().unwrap_or(0.0))),
            at(row, "/share").as_f64().unwrap_or(0.0) * 100.0,
            change(row),
            owner(group(row)),
            node(line + 1),
            id(word(at(row, "/bucket_id"))),
            key(at(row, "/start"), "(lowest key)", keys),
            key(at(row, "/end"), "(no upper bound)", keys)
        );
        if let Some(name) = at(row, "/name").as_str() {
            let _ = write!(text, "  [{}]", escape::key(name.as_bytes()));
        }
    }
    for node in at(answer, "/fanout/nodes").as_array().into_iter().flatten() {
        if let Some(lacks) = lacks(node) {
            let _ = write!(text, "\n{}: {lacks}", word(at(node, "/node")));
        }
    }
    text
}

/// Of one of several nodes, why the list may lack its part; `None` where it does not.
fn lacks(node: &Value) -> Option<String> {
    let why = match at(node, "/error") {
        Value::Null => String::new(),
        why => format!(" ({})", word(why)),
    };
    if at(node, "/ok").as_bool() != Some(true) {
        return Some(format!("not in this list, {}{why}", word(at(node, "/state"))));
    }
    let warnings = at(node, "/warnings").as_array()?;
    let others: Vec<String> = warnings.iter().filter(|warning| **warning != AWAY).map(word).collect();
    let away = (others.len() < warnings.len()).then(|| format!("away{why}: what it gets now is not in this list"));
    let told: Vec<String> = away.into_iter().chain(others).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// A member, or null where there is none.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

pub(super) fn number(rate: f64) -> String {
    if rate >= 100.0 { count(rate.round() as u64) } else { format!("{rate:.1}") }
}

/// Against the window before.
pub(super) fn change(row: &Value) -> String {
    match (at(row, "/rate").as_f64(), at(row, "/before_rate").as_f64()) {
        (Some(_), Some(0.0)) => "from 0".to_owned(),
        (Some(now), Some(before)) if now >= 3.0 * before => format!("x{:.1}", now / before),
        // A zero without a sign of its own: what rounds to it from below is not less.
        (Some(now), Some(before)) => format!("{:+.0}%", ((now / before - 1.0) * 100.0).round() + 0.0),
        _ => "-".to_owned(),
    }
}

pub(super) fn group(row: &Value) -> String {
    match (at(row, "/raft_group_id").as_u64(), at(row, "/leader_term").as_u64()) {
        (None | Some(0), _) => "-".to_owned(),
        (Some(group), None | Some(0)) => group.to_string(),
        (Some(group), Some(term)) => format!("{group} @{term}"),
    }
}

/// A rate as it is told of what is an estimate.
pub(super) fn estimated(row: &Value, rate: String) -> String {
    if at(row, "/estimated").as_bool() == Some(true) { format!("~{rate}") } else { rate }
}

/// The column of nodes, its heading first, each line as wide as the widest and a space: of each row the node that counted
/// most of it, and how many more did. Nothing where one node answers for itself.
fn nodes(rows: &[&Value]) -> Vec<String> {
    if !rows.iter().any(|row| at(row, "/nodes").is_array()) {
        return Vec::new();
    }
    let lines: Vec<String> = std::iter::once("node".to_owned()).chain(rows.iter().map(|row| node(row, true))).collect();
    let width = |text: &str| Line::raw(text).width();
    let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    lines.into_iter().map(|line| format!("{line}{}", " ".repeat(widest + 1 - width(&line)))).collect()
}

/// Of several nodes, the one that counted most of a range, with its share where others did, too, and how many did.
pub(super) fn node(row: &Value, with_share: bool) -> String {
    let Some(hottest) = at(row, "/nodes").as_array().and_then(|nodes| nodes.first()) else { return "-".to_owned() };
    let name = word(at(hottest, "/node"));
    match at(row, "/node_count").as_u64().unwrap_or(1).saturating_sub(1) {
        0 => name,
        others if with_share => {
            let share = at(hottest, "/share").as_f64().unwrap_or(0.0) * 100.0;
            format!("{name} {share:.0}% +{others}")
        }
        others => format!("{name} +{others}"),
    }
}

/// What is said of keys that the server does not show whole; empty where it does.
pub(super) fn redacted(answer: &Value) -> &'static str {
    let policy = at(answer, "/redaction").as_str().unwrap_or("none");
    if policy == "none" { "" } else { ", keys redacted" }
}

/// A word of the wire; what a node made up instead is escaped.
fn word(value: &Value) -> String {
    escape::key(value.as_str().unwrap_or_default().as_bytes())
}

pub(super) fn key(value: &Value, none: &str, keys: KeyFormat) -> String {
    let Some(text) = value.as_str() else { return none.to_owned() };
    base64::decode(text).map_or_else(|| "(not base64)".to_owned(), |bytes| keys.text(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_reaches_the_terminal() {
        let hostile = "\u{1b}]0;owned\u{7}\u{202e}";
        let row = serde_json::json!({"bucket_id": hostile, "rate": 1234.5, "share": 0.25, "before_rate": 1000.0,
            "raft_group_id": 7, "leader_term": 3, "start": "Gxtd", "end": null, "name": hostile});
        let answer = serde_json::json!({"series": hostile, "ranges": 1, "now": {"end_unix_ms": 60_000, "rate": 2.0}, "rows": [row]});
        let text = tell(&answer, 9, KeyFormat::Utf8);
        assert!(
            !text.chars().any(|letter| letter != '\n' && (letter.is_control() || letter == '\u{202e}')),
            "{text:?}"
        );
        for words in ["1,235", "25.0%", "+23%", "7 @3", "\\x1b\\x1b] .. (no upper bound)", "1970-01-01 00:01:00"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert_eq!(tell(&answer, 0, KeyFormat::Utf8).lines().count(), 2);
        assert!(!text.contains("redacted"), "{text}");
        assert!(tell(&answer, 9, KeyFormat::Hex).contains(" 0x1b1b5d .. (no upper bound)"));
        assert_eq!(
            tell(&serde_json::json!({"now": null, "rows": []}), 9, KeyFormat::Utf8),
            "no window is recorded yet"
        );
    }

    #[test]
    fn redacted_keys_are_told_from_whole_ones() {
        let of = |policy: &str| {
            let now = serde_json::json!({"end_unix_ms": 60_000, "rate": 2.0});
            tell(
                &serde_json::json!({"series": "ops", "ranges": 3, "now": now, "rows": [], "redaction": policy}),
                9,
                KeyFormat::Utf8,
            )
        };
        assert!(of("prefix:8").contains("2.0 ops/s on 3 ranges, keys redacted\n"), "{}", of("prefix:8"));
        assert!(of("hmac").contains("redacted") && !of("none").contains("redacted"));
    }

    #[test]
    fn a_node_that_lacks_is_named() {
        let of = |node: serde_json::Value| {
            let now = serde_json::json!({"end_unix_ms": 60_000, "rate": 2.0});
            let there = serde_json::json!({"node": "a:1", "ok": true, "state": "answered"});
            let fanout = serde_json::json!({"nodes": [there, node], "responded": 1, "expected": 2});
            let answer = serde_json::json!({"series": "ops", "ranges": 0, "now": now, "rows": [], "fanout": fanout});
            tell(&answer, 9, KeyFormat::Utf8).lines().skip(2).map(str::to_owned).collect::<Vec<_>>()
        };
        let away = serde_json::json!({"node": "b:2", "ok": true, "warnings": ["away", "x"], "error": "gone\u{1b}[2J"});
        assert_eq!(of(away), ["b:2: away (gone\\x1b[2J): what it gets now is not in this list, x"]);
        let failed =
            serde_json::json!({"node": "b:2", "ok": false, "state": "unreachable", "error": "nothing listens"});
        assert_eq!(of(failed), ["b:2: not in this list, unreachable (nothing listens)"]);
        assert!(of(serde_json::json!({"node": "b:2", "ok": true, "state": "answered"})).is_empty());
    }

    #[test]
    fn a_range_of_several_nodes_names_who_counted_most() {
        let node = |name: &str, share: f64| serde_json::json!({"node": name, "value": 1, "share": share});
        let row = |nodes: Vec<Value>, count: u64| serde_json::json!({"bucket_id": "route:1", "rate": 5.0, "share": 0.5, "nodes": nodes, "node_count": count});
        let mut rows = vec![
            row(vec![node("db2:6379", 0.61), node("db1:6379", 0.39)], 2),
            row(vec![node("\u{1b}[2J", 1.0)], 1),
            row(Vec::new(), 0),
        ];
        rows[0]["estimated"] = true.into();
        let now = serde_json::json!({"end_unix_ms": 60_000, "rate": 2.0});
        let mut answer = serde_json::json!({"series": "ops", "ranges": 3, "now": now, "rows": rows});
        let lines: Vec<String> = tell(&answer, 9, KeyFormat::Utf8).lines().map(str::to_owned).collect();
        assert!(lines[1].ends_with("change  node            range                  from .. to"), "{}", lines[1]);
        for (line, words) in [
            (2, "        ~5.0   50.0%         -  db2:6379 61% +1 route:1 "),
            (3, "         5.0   50.0%         -  \\x1b[2J         route:1 "),
            (4, "         5.0   50.0%         -  -               route:1 "),
        ] {
            assert!(lines[line].starts_with(words), "{}", lines[line]);
        }
        for row in answer["rows"].as_array_mut().unwrap() {
            row.as_object_mut().unwrap().remove("nodes");
        }
        assert!(!tell(&answer, 9, KeyFormat::Utf8).contains("node"), "one node by itself");
    }

    #[test]
    fn columns_that_say_nothing_are_not_there() {
        let told = |own: bool, group: u64| {
            let row = serde_json::json!({"bucket_id": "route:1", "rate": 5.0, "share": 0.5, "raft_group_id": group, "start": "YQ=="});
            let now = serde_json::json!({"end_unix_ms": 60_000, "rate": 2.0});
            let answer =
                serde_json::json!({"series": "ops", "ranges": 1, "now": now, "rows": [row], "own_ranges": own});
            let text = tell(&answer, 9, KeyFormat::Utf8);
            text.lines()
                .skip(1)
                .map(|line| line.split_whitespace().skip(3).collect::<Vec<_>>().join(" "))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(false, 7), ["group range from .. to", "7 route:1 a .. (no upper bound)"]);
        assert_eq!(told(false, 0), ["range from .. to", "route:1 a .. (no upper bound)"]);
        assert_eq!(told(true, 0), ["from .. to", "a .. (no upper bound)"]);
    }

    #[test]
    fn changes() {
        let of = |rate: f64, before: Option<f64>| change(&serde_json::json!({"rate": rate, "before_rate": before}));
        assert_eq!(
            [of(5.0, None), of(5.0, Some(0.0)), of(30.0, Some(10.0)), of(5.0, Some(10.0)), of(999.0, Some(1000.0))],
            ["-", "from 0", "x3.0", "-50%", "+0%"]
        );
    }
}
