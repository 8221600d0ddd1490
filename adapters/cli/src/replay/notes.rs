//! What whoever sees the answer or the picture has to know to read it right.

use keyviz_admin::Notice;
use keyviz_trace::{Clock, Tally};

use super::input::Seen;
use super::survey::Survey;
use crate::quantity::{count, instant};

/// How many records without a time of their own stand for a second.
pub(crate) const SPREAD_A_SECOND: u64 = 100;

/// One thing to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// For machines: lower case with underscores, stable.
    pub(crate) id: &'static str,
    /// What its line of the answer begins with.
    pub(crate) label: &'static str,
    /// A few words.
    pub(crate) title: &'static str,
    /// A sentence, without its full stop.
    pub(crate) text: String,
}

/// Everything to know of what was surveyed and, where it was read since, its tally. `found` when the routes were found in
/// the trace.
pub(crate) fn of(survey: &Survey, found: bool, tally: Option<&Tally>) -> Vec<Note> {
    let mut notes = Vec::new();
    if survey.clock == Clock::None {
        notes.push(Note {
            id: "spread_evenly",
            label: "time",
            title: "Spread evenly",
            text: format!(
                "the trace has no times: its records are spread evenly, {SPREAD_A_SECOND} a second, and rates and \
                 periods follow from that"
            ),
        });
    }
    let seen = match survey.seen {
        Seen::All => None,
        Seen::Head => Some("in the first 64 MiB of the input"),
        Seen::Start => Some("in what was there at the start"),
    };
    if let Some(seen) = seen.filter(|_| found) {
        notes.push(Note {
            id: "routes_from_head",
            label: "routes",
            title: "Routes from the beginning of the input",
            text: format!("found {seen}; what only comes later shares their rows"),
        });
    }
    if tally.is_some_and(|tally| tally.unpacked_short) {
        notes.push(Note {
            id: "compressed_short",
            label: "input",
            title: "The compressed input is not whole",
            text: "the compressed input ends in the middle; everything before that is counted".to_owned(),
        });
    }
    if let Some(databases) = tally.map(|tally| tally.databases).filter(|databases| *databases > 1) {
        notes.push(Note {
            id: "databases_merged",
            label: "databases",
            title: "Databases are shown as one",
            text: format!("{} Redis databases are shown as one: equal keys count together", count(databases.into())),
        });
    }
    notes
}

/// Of a replay that a signal ended.
pub(crate) fn stopped() -> Note {
    Note {
        id: "stopped_early",
        label: "stopped",
        title: "Stopped early",
        text: "a signal ended the replay before the trace did; this is what was replayed until then".to_owned(),
    }
}

/// The notes as the page shows them; `None` for none.
pub(crate) fn notice(notes: &[Note]) -> Option<Notice> {
    let text = notes.iter().map(|note| sentence(&note.text)).collect::<Vec<_>>().join(" ");
    notes.first().map(|first| Notice {
        id: notes.iter().map(|note| note.id).collect::<Vec<_>>().join(","),
        title: first.title.to_owned(),
        text,
        since_unix_ms: 0,
        until_unix_ms: 0,
    })
}

/// What a picture in a file says of itself, before the notes.
pub(crate) fn recorded(name: &str, now_ms: u64, notes: &[Note]) -> Notice {
    let mut text = format!(
        "A recorded picture of {name}, made {} UTC by keyviz {}: it does not change, and asks no server.",
        instant(now_ms),
        env!("CARGO_PKG_VERSION")
    );
    for note in notes {
        text.push(' ');
        text.push_str(&sentence(&note.text));
    }
    Notice { id: "recorded".to_owned(), title: "Recorded".to_owned(), text, since_unix_ms: 0, until_unix_ms: 0 }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_notes_are_one_notice() {
        let note = |id, text: &str| Note { id, label: "time", title: "A title", text: text.to_owned() };
        let notice = notice(&[note("one", "first thing"), note("two", "second")]).unwrap();
        assert_eq!((notice.id.as_str(), notice.title.as_str()), ("one,two", "A title"));
        assert_eq!(notice.text, "First thing. Second.");
        assert_eq!(super::notice(&[]), None);
    }
}
