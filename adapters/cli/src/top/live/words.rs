//! What is said of the state of things, by one rule over all that is known; each message says what to do next. The page
//! says the same.

use keyviz_core::{ColumnState, Fanout, FanoutNode, Series};

use super::picture::Picture;
use super::place::Time;
use super::status::Status;
use crate::escape;
use crate::quantity::{count, duration, instant, share, since};
use crate::top::client::Refusal;

/// Below this share of unknown routes nothing is said above the picture.
const WORTH_A_LINE: f64 = 0.005;
/// Nodes named in a line; the others are counted.
const NAMED: usize = 3;

/// What is known.
pub(super) struct Known<'a> {
    pub(super) address: String,
    pub(super) status: Option<&'a Status>,
    pub(super) picture: Option<&'a Picture>,
    pub(super) failure: Option<&'a Refusal>,
    pub(super) series: Series,
    /// A token was sent.
    pub(super) has_token: bool,
    /// Since the last answer.
    pub(super) age_ms: Option<u64>,
    pub(super) elsewhere: Option<Series>,
}

/// A message: what is the case, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) next: String,
}

/// What to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// In place of the picture.
    pub(super) block: Option<Message>,
    /// Above it, the most urgent first.
    pub(super) notes: Vec<Message>,
    /// What the host says, below them.
    pub(super) notice: Option<String>,
}

fn message(title: impl Into<String>, text: impl Into<String>, next: impl Into<String>) -> Message {
    Message { title: title.into(), text: text.into(), next: next.into() }
}

fn block(message: Message) -> Words {
    Words { block: Some(message), ..Words::default() }
}

/// The unit of a series.
pub(super) const fn unit(series: Series) -> &'static str {
    match series {
        Series::Reads => "reads",
        Series::Writes => "writes",
        Series::ReadBytes => "read bytes",
        Series::WriteBytes => "write bytes",
        Series::Scans => "scans",
        _ => "ops",
    }
}

impl Known<'_> {
    pub(super) fn words(&self) -> Words {
        let mut words = Words::default();
        if let Some(failure) = self.failure {
            let (told, blocks) = self.failed(failure);
            if blocks {
                return block(told);
            }
            words.notes.push(told);
        }
        let Some(status) = self.status else { return block(self.connecting()) };
        if !status.enabled {
            return block(disabled());
        }
        let Some(picture) = self.picture else { return block(self.connecting()) };
        words.block = self.nothing_to_see(status, picture);
        if words.block.is_none() {
            notes(status, picture, self.failure.is_some(), &mut words.notes);
        }
        words.notice = status.notice.clone().filter(|_| self.failure.is_none());
        words
    }

    fn connecting(&self) -> Message {
        message(
            "Connecting",
            format!("Asking {} for its picture.", self.address),
            "If this lasts, see that the process runs and that this is its address.",
        )
    }

    /// The message, and whether it stands in place of the picture.
    fn failed(&self, failure: &Refusal) -> (Message, bool) {
        let pictured = self.picture.is_some();
        let age = self.age_ms.map_or(String::new(), |ms| {
            let old = if ms < 1000 { "less than a second".to_owned() } else { duration(ms / 1000 * 1000) };
            format!("Its last answer is {old} old. ")
        });
        let asking = "keyviz top asks again by itself; g asks now.";
        match failure {
            Refusal::Gone(why) => {
                let text = if pictured {
                    format!("{age}What you see no longer changes.")
                } else {
                    format!("{}: {}.", self.address, escape::whole_key(why.as_bytes()))
                };
                (message("The server is gone", text, asking), !pictured)
            }
            Refusal::Garbled(why) => (
                message(
                    "The answer is not understood",
                    format!("{age}{}.", escape::whole_key(why.as_bytes())),
                    "Server and keyviz top may be of different versions.",
                ),
                !pictured,
            ),
            Refusal::Told { status: 401, .. } if self.has_token => (
                message(
                    "The server refused this token",
                    "It may have been replaced since.",
                    "Put the server's own into the file of --token-file, and start again.",
                ),
                true,
            ),
            Refusal::Told { status: 401, .. } => (
                message(
                    "This server asks for a token",
                    "It shows load only to those who hold it.",
                    "Name the token's file with --token-file, or KEYVIZ_TOKEN_FILE.",
                ),
                true,
            ),
            Refusal::Told { code, .. } if code == "keyviz_disabled" => (disabled(), true),
            Refusal::Told { code, message: said, .. } if code == "forbidden_host" => (
                message(
                    "The server does not answer to this name",
                    format!("{said}."),
                    "Use a loopback name, or add this one to --admin-allowed-hosts there.",
                ),
                !pictured,
            ),
            Refusal::Told { status: 403, message: said, .. } => (
                message(
                    "This token does not open this",
                    format!("{said}."),
                    "Use a token of role full, or ask whoever runs the process for one.",
                ),
                true,
            ),
            Refusal::Told { status: 429 | 503, message: said, .. } => (
                message(
                    "The server is busy",
                    format!("{age}It said: {said}."),
                    "keyviz top asks again by itself, less often.",
                ),
                !pictured,
            ),
            Refusal::Told { status, message: said, .. } => (
                message("The server refused the request", format!("{age}It said: {said} ({status})."), asking),
                !pictured,
            ),
        }
    }

    fn nothing_to_see(&self, status: &Status, picture: &Picture) -> Option<Message> {
        let totals = picture.totals;
        if totals.rows > 0 || totals.cut > 0 {
            return None;
        }
        let recorded = picture.any(&[ColumnState::Complete, ColumnState::Late, ColumnState::Open]);
        let sealed = picture.any(&[ColumnState::Complete, ColumnState::Late]);
        if let (Time::Between(from_ms, to_ms), false) = (picture.place.time, recorded) {
            let text = format!("Asked: {}. ", span(status, from_ms, to_ms));
            let kept = status.history_from_ms.map_or("No column is kept yet.".to_owned(), |from_ms| {
                format!("Kept: {}.", span(status, from_ms, status.last_flush_ms))
            });
            return Some(message("Nothing is kept for this time", text + &kept, "Backspace goes back, R shows all."));
        }
        if status.routes == 0 {
            let seen = if status.observed == 0 {
                "Nothing was observed so far.".to_owned()
            } else {
                format!("{} operations were observed; they are kept as unattributed.", count(status.observed))
            };
            return Some(message(
                "No routes registered",
                format!("The sampler has no key ranges to count into. {seen}"),
                "Register the store's key ranges: sampler.register(...).",
            ));
        }
        if status.observed == 0 && !status.at_rest && status.own_ranges {
            return Some(message(
                "Nothing observed yet",
                "No operation was counted since the start.".to_owned(),
                "Send the store some requests. If it has load already, none of it reaches keyviz.",
            ));
        }
        if status.observed == 0 && !status.at_rest {
            return Some(message(
                "Routes, but no observations",
                format!("{} registered, and no operation since the start.", routes(status.routes)),
                "Send the store some requests, or call recorder.observe where one is served.",
            ));
        }
        if let (false, None, Some(at_ms)) = (sealed, status.history_from_ms, status.next_column_ms) {
            let left = at_ms.saturating_sub(status.now_ms);
            return Some(message(
                "Waiting for the first column",
                format!(
                    "A column covers {}; the first closes in {}.",
                    duration(status.step_ms),
                    duration(left.div_ceil(1000) * 1000)
                ),
                "Nothing to do: the picture appears by itself.",
            ));
        }
        if totals.unattributed > 0 || (status.observed > 0 && status.unattributed >= status.observed) {
            return Some(unknown_routes(status, 1, 1));
        }
        let what = if self.series == Series::Ops { "operations" } else { unit(self.series) };
        Some(match self.elsewhere {
            Some(other) => message(
                format!("No {what} in this time"),
                format!("But there are {}.", unit(other)),
                "s shows the next series.",
            ),
            None => message(format!("No {what} in this time"), "The store was idle.", "t shows a longer time; R all."),
        })
    }
}

fn disabled() -> Message {
    message(
        "keyviz is switched off there",
        "The process runs without a sampler: nothing is counted.",
        "Restart it with --keyviz-enabled or KEYVIZ_ENABLED=true.",
    )
}

fn routes(number: u64) -> String {
    format!("{} {}", count(number), if number == 1 { "route is" } else { "routes are" })
}

/// An instant in the words of the picture.
pub(super) fn span(status: &Status, from_ms: u64, to_ms: u64) -> String {
    if status.relative {
        return format!("{} to {}", since(from_ms), since(to_ms));
    }
    let (from, to) = (instant(from_ms), instant(to_ms));
    let same_day = from.get(..11) == to.get(..11);
    format!("{from} to {}", if same_day { to.get(11..).unwrap_or_default() } else { &to })
}

fn unknown_routes(status: &Status, part: u64, whole: u64) -> Message {
    message(
        format!("{} of observations hit unknown routes", share(part, whole)),
        "They are counted, but belong to no row.",
        format!("Register each route before its first observation ({} now).", routes(status.routes) + " registered"),
    )
}

fn notes(status: &Status, picture: &Picture, failed: bool, notes: &mut Vec<Message>) {
    let totals = picture.totals;
    if let Some(fanout) = &picture.answer.fanout {
        of_nodes(status, fanout, notes);
    }
    if totals.conflicts > 0 {
        notes.push(message(
            format!("Nodes contradict one another in {} cells", count(totals.conflicts)),
            "The greatest value is shown.",
            "A write is to be observed once, by the leader.",
        ));
    }
    let whole = totals.rows.saturating_add(totals.cut).saturating_add(totals.unattributed);
    if totals.unattributed as f64 > whole as f64 * WORTH_A_LINE {
        notes.push(unknown_routes(status, totals.unattributed, whole));
    }
    let sealed = picture.any(&[ColumnState::Complete, ColumnState::Late]);
    if let (false, None, Some(at_ms), false) = (sealed, status.history_from_ms, status.next_column_ms, failed) {
        let left = duration(at_ms.saturating_sub(status.now_ms).div_ceil(1000) * 1000);
        notes.push(message("The first column is being filled", format!("It closes in {left}."), ""));
    }
    if status.routes == 0 && !failed {
        notes.push(message("No routes are registered any more", "This is what was counted before.", ""));
    }
    if !status.redaction.is_empty() {
        let next = if status.role == "read" { "A token of role full shows more." } else { "" };
        notes.push(message("Keys are redacted", redaction(&status.redaction), next));
    }
}

fn redaction(policy: &str) -> String {
    match (policy.strip_prefix("prefix:"), policy) {
        (Some(bytes), _) => format!("Their first {bytes} bytes are shown; behind a ~ stands a bound's place."),
        (None, "hmac") => "Instead of each bound stand its place and a hash.".to_owned(),
        (None, "hex") => "They are written as hex digits.".to_owned(),
        _ => format!("Policy {policy}."),
    }
}

/// The warning of a node that is in the picture, but not there at present.
const AWAY: &str = "away";

/// When a node that is in the picture last was not there.
fn was_away(status: &Status, node: &FanoutNode) -> Option<String> {
    let (from_ms, to_ms) = *node.absent_ms.last().filter(|_| node.ok)?;
    let name = escape::key(node.node.as_bytes());
    let still = match (node.warnings.iter().any(|warning| warning == AWAY), &node.error) {
        (true, Some(why)) => format!(", and still is ({})", escape::key(why.as_bytes())),
        (true, None) => ", and still is".to_owned(),
        (false, _) => String::new(),
    };
    Some(format!("{name} was away {}{still}", span(status, from_ms, to_ms)))
}

fn of_nodes(status: &Status, fanout: &Fanout, notes: &mut Vec<Message>) {
    if fanout.responded < fanout.expected {
        let absent = fanout.nodes.iter().filter(|node| !node.ok);
        let named: Vec<String> = absent
            .take(NAMED)
            .map(|node| {
                let why = node.error.as_deref().unwrap_or(node.state.name());
                format!("{} ({})", escape::key(node.node.as_bytes()), escape::key(why.as_bytes()))
            })
            .collect();
        let missing = fanout.expected - fanout.responded;
        notes.push(message(
            format!("{} of {} nodes are not in this picture", count(missing), count(fanout.expected)),
            format!("{}.", named.join(", ")),
            "What they counted is lacking in every number.",
        ));
    }
    let away: Vec<String> = fanout.nodes.iter().filter_map(|node| was_away(status, node)).take(NAMED).collect();
    if !away.is_empty() {
        notes.push(message("Columns lack a node", format!("{}.", away.join("; ")), "n marks them."));
    }
    let warned = fanout.nodes.iter().filter(|node| node.ok).flat_map(|node| {
        node.warnings
            .iter()
            .filter(|warning| *warning != AWAY)
            .map(|warning| format!("{}: {}", escape::key(node.node.as_bytes()), escape::key(warning.as_bytes())))
    });
    let warned: Vec<String> = warned.take(NAMED).collect();
    if !warned.is_empty() {
        notes.push(message("Merged with reservations", warned.join("; "), ""));
    }
}
