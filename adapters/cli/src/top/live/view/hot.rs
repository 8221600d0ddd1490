//! The hot keys of the inspected cell, with what is not sure of them; or why there are none.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use serde_json::Value;

use super::{faint, put, strong, urgent};
use crate::escape;
use crate::quantity::{count, share};
use crate::top::client::Refusal;
use crate::top::live::app::{App, Hot};
use crate::top::live::asking::hot_series;
use crate::top::table::{at, key};

pub(super) fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let series = app.picture.as_ref().map_or(app.series, |picture| picture.answer.series);
    let title = format!(" Hot keys of the cell, {} (k closes)", hot_series(series));
    match &app.hot {
        Hot::Closed => {}
        Hot::Asked(_) => {
            put(buffer, area, 0, &title, strong());
            let text = if app.inspected().is_some() { " Asking." } else { " Arrows or the mouse point at a cell." };
            put(buffer, area, 1, text, faint());
        }
        Hot::Answered(_, Err(refusal)) => {
            put(buffer, area, 0, &title, strong());
            put(buffer, area, 1, &format!(" {}", absence(refusal)), Style::new());
        }
        Hot::Answered(_, Ok(answer)) => list(app, answer, buffer, area),
    }
}

fn list(app: &App, answer: &Value, buffer: &mut Buffer, area: Rect) {
    let number = |value: &Value, path: &str| at(value, path).as_u64().unwrap_or(0);
    let series = escape::key(at(answer, "/series").as_str().unwrap_or_default().as_bytes());
    let every = number(answer, "/sample_rate");
    let looked = if every > 1 {
        format!("one in about {} operations looked at", count(every))
    } else {
        "every operation looked at".to_owned()
    };
    put(buffer, area, 0, &format!(" Hot keys of the cell, {series}: {looked}"), strong());
    let mut line = 1;
    if at(answer, "/degraded").as_bool() == Some(true) {
        let lost = [
            ("/dropped_samples", "samples dropped"),
            ("/skipped_long_keys", "on keys too long"),
            ("/unsampled_ops", "not looked at"),
        ];
        let lost = lost.into_iter().filter(|(path, _)| number(answer, path) > 0);
        let lost: Vec<String> = lost.map(|(path, what)| format!("{} {what}", count(number(answer, path)))).collect();
        put(buffer, area, line, &format!(" Degraded, a key may be missing: {}", lost.join(", ")), urgent(app));
        line += 1;
    }
    let operations = number(answer, "/operations");
    let keys = at(answer, "/keys").as_array().map_or(&[][..], Vec::as_slice);
    if keys.is_empty() {
        put(buffer, area, line, " No key was sampled here.", Style::new());
    }
    for (at_key, one) in keys.iter().enumerate().take(usize::from(area.height.saturating_sub(line))) {
        let most = number(one, "/count");
        let least = most.saturating_sub(at(one, "/error").as_u64().unwrap_or_else(|| number(answer, "/error_bound")));
        let told = if least == most { count(most) } else { format!("{} to {}", count(least), count(most)) };
        let part = if operations > 0 { share(most.min(operations), operations) } else { String::new() };
        let name = match at(one, "/key_b64").as_str() {
            Some("") => "(empty key)".to_owned(),
            _ => key(at(one, "/key_b64"), "(no key)", app.format),
        };
        put(buffer, area, line + at_key as u16, &format!("{told:>22} {part:>8}  {name}"), Style::new());
    }
}

/// What each code of absence means, and what to do.
fn absence(refusal: &Refusal) -> String {
    let text = match refusal.code() {
        "hotkeys_disabled" => "Keys are not sampled there: the process was started without hot keys.",
        "no_sketch" => "This range was not hot enough to have its keys followed.",
        "expired" => "The keys of this time are no longer kept.",
        "below_threshold" => "No key stands out: each took less than can be told from chance.",
        "no_snapshot" => "The keys are not gathered yet; they come with the next column.",
        "out_of_snapshot_window" => "No keys were kept for this time.",
        "forbidden_role" => "This token is of role read, which shows load, not keys: use one of role full.",
        "redacted" => "Keys are redacted there for everybody (--admin-redaction): none is shown whole.",
        "not_found" => "This server does not follow hot keys.",
        _ => match refusal {
            Refusal::Gone(_) => "The server does not answer.",
            Refusal::Garbled(_) => "The answer is not understood.",
            Refusal::Told { message, .. } => return format!("The keys could not be had: {message}."),
        },
    };
    text.to_owned()
}
