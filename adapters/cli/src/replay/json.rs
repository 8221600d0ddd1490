//! The matrix as a file.

use std::path::Path;
use std::time::SystemTime;

use keyviz_admin::Redactor;
use keyviz_core::{HotKeysOf, Labels, Series, wire};
use keyviz_trace::Clock;
use serde_json::{Value, json};

use super::answer;
use super::feed::Fed;
use super::notes::Note;
use crate::escape;
use crate::failure::Failure;

/// Writes the whole picture of one series, in the form the page's own API gives, with one member more: `replay` says
/// where it comes from and what to know of it.
pub(crate) fn write(
    file: &Path,
    name: &str,
    fed: &Fed,
    notes: &[Note],
    (series, redactor): (Series, &Redactor),
) -> Result<(), Failure> {
    let now_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let mut text = String::new();
    wire::encode::matrix(&answer::shown(&fed.reader, series, redactor), u64::try_from(now_ms).unwrap_or(0), &mut text);
    redactor.mark(&mut text);
    // The matrix is an object with members: the last brace makes room for one more.
    if text.pop() == Some('}') {
        text.push_str(&format!(",\"replay\":{}}}", replay(name, fed, notes, redactor)));
    }
    text.push('\n');
    let name = escape::key(file.as_os_str().as_encoded_bytes());
    std::fs::write(file, text).map_err(|error| Failure::new(format!("writing {name} failed: {error}")))
}

/// Most keys that are listed.
const TOP_KEYS: usize = 20;

/// `keys[]` with `key_b64`, `key` (escaped), `count` and `error`, the hottest first; `error_bound`, `degraded`.
fn top_keys(fed: &Fed, redactor: &Redactor) -> Value {
    // From the first column on.
    let mut hot = answer::hot_keys(std::slice::from_ref(&fed.reader), 1, TOP_KEYS);
    redactor.hot_keys(&mut hot);
    let mut text = String::new();
    let all = HotKeysOf::Range { start: Vec::new(), end: None };
    wire::encode::hot_keys(&hot, &all, &Labels::NONE, &mut text);
    // Our own encoder's: it can be read.
    let mut told: Value = serde_json::from_str(&text).unwrap_or_default();
    let keys = told.get_mut("keys").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let named = keys.into_iter().zip(&hot.keys).map(|(mut told, key)| {
        if let Some(members) = told.as_object_mut() {
            members.insert("key".to_owned(), escape::whole_key(&key.key).into());
        }
        told
    });
    json!({ "keys": named.collect::<Vec<_>>(), "error_bound": hot.error_bound, "degraded": hot.degraded })
}

/// `source` (escaped), `format` (as `--format` takes it), `clock` (`file`, or `none` where records were spread evenly),
/// `relative_time`, `lines`, `records`, `top_keys`, `skipped[]` with `reason`, `lines` and the numbers of the first three, and
/// `notes[]` with `id` and `text`.
fn replay(name: &str, fed: &Fed, notes: &[Note], redactor: &Redactor) -> Value {
    let skipped: Vec<Value> = (fed.tally.skipped.reasons().into_iter())
        .map(|skip| {
            let first: Vec<u64> = skip.first_lines().collect();
            json!({ "reason": skip.reason.name(), "lines": skip.lines, "first_lines": first })
        })
        .collect();
    let notes: Vec<Value> = notes.iter().map(|note| json!({ "id": note.id, "text": note.text })).collect();
    json!({
        "source": name,
        "format": fed.format.id(),
        "clock": if fed.clock == Clock::None { "none" } else { "file" },
        "relative_time": fed.relative(),
        "lines": fed.tally.lines,
        "records": fed.tally.records,
        "skipped": skipped,
        "top_keys": top_keys(fed, redactor),
        "notes": notes,
    })
}
