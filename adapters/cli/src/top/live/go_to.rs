//! Going to a key, a route or a name: what is typed, and where it lies.

use keyviz_core::AnswerRow;
use keyviz_core::wire::decode::{self, Limits};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;

use super::asking::Server;
use super::picture::Which;
use crate::top::base64;
use crate::top::client::Refusal;
use crate::top::key_format::KeyFormat;
use crate::top::table::at;

/// The most letters that are taken.
const MOST_LETTERS: usize = 1024;
/// Rows among which a route is looked for that is not on the map.
const ROUTES: usize = 1024;
/// Bytes that the answer with these routes may take in memory.
const ANSWER_BYTES: usize = 64 << 20;

/// A line that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typing {
    pub(super) text: String,
}

/// What a key press does to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    On,
    Cancelled,
    Done,
}

impl Typing {
    pub(super) fn take(&mut self, key: KeyEvent, names: &[Name]) -> Typed {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Typed::Cancelled,
            KeyCode::Enter => return Typed::Done,
            KeyCode::Backspace => {
                self.text.pop();
            }
            KeyCode::Tab => {
                if let Some(named) = offered(names, &self.text) {
                    self.text.clone_from(&named.name);
                }
            }
            KeyCode::Char('u') if control => self.text.clear(),
            KeyCode::Char(letter) if !control && self.text.chars().count() < MOST_LETTERS => self.text.push(letter),
            _ => {}
        }
        Typed::On
    }
}

/// A display name, and the prefix of the keys that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) name: String,
    prefix: Vec<u8>,
}

/// What has to be asked for going to a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Search {
    #[default]
    None,
    Names,
    Route {
        id: String,
        otherwise: Option<Vec<u8>>,
        asked: bool,
    },
}

/// Where what was typed leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    To(Which),
    /// To the row of a key, as there is no name or route of this text.
    Key(Vec<u8>),
    /// To a route that is not on the map: the server may know it. Where it does not, a number may be a key.
    Route {
        id: String,
        otherwise: Option<Vec<u8>>,
    },
    /// Nowhere; why.
    Nowhere(&'static str),
}

/// The name that is meant: one that begins with the text, else one that holds it.
pub(super) fn offered<'a>(names: &'a [Name], text: &str) -> Option<&'a Name> {
    let wanted = text.trim().to_lowercase();
    let rank = |name: &str| match name.to_lowercase().find(&wanted) {
        Some(0) => Some(0),
        Some(_) => Some(1),
        None => None,
    };
    let ranked = names.iter().filter_map(|one| Some((rank(&one.name)?, one)));
    (!wanted.is_empty()).then(|| ranked.min_by_key(|(rank, _)| *rank))?.map(|(_, one)| one)
}

/// A name as it is written, a route by its number, else a key in the format that is shown, as on the page.
///
/// `names_places` is whether bounds are told apart by their place in an answer alone, so that they name nothing in another.
pub(super) fn leads(text: &str, names: &[Name], rows: &[AnswerRow], format: KeyFormat, names_places: bool) -> Leads {
    let text = text.trim();
    if let Some(named) = names.iter().find(|one| one.name == text) {
        return Leads::To(Which::Begins(named.prefix.clone()));
    }
    let said = text.strip_prefix("key:");
    let key = format.key(said.unwrap_or(text));
    let prefixed = text.strip_prefix("route:");
    let id = prefixed.unwrap_or(text);
    if (1..=20).contains(&id.len()) && id.bytes().all(|digit| digit.is_ascii_digit()) {
        return match (route_among(rows, id), prefixed, key) {
            (Some(start), _, _) => Leads::To(Which::Holds(start)),
            // Of redacted bounds another answer has others, so that what is found there is another row here.
            (None, None, Some(key)) if names_places => Leads::Key(key),
            _ if names_places => Leads::Nowhere("keys are redacted: a route is found where the rows are routes (a)"),
            (None, prefixed, key) => Leads::Route { id: id.to_owned(), otherwise: key.filter(|_| prefixed.is_none()) },
        };
    }
    match key {
        Some(key) if said.is_some() => Leads::To(Which::Holds(key)),
        Some(key) => Leads::Key(key),
        None => Leads::Nowhere("that is no name, no route:7, and no key in the format that is shown"),
    }
}

/// The first key of a route, where it is among the rows.
fn route_among(rows: &[AnswerRow], id: &str) -> Option<Vec<u8>> {
    let is = |row: &&AnswerRow| {
        let rest = row.bucket_id.as_str().strip_prefix("route:").and_then(|rest| rest.strip_prefix(id));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '#']))
    };
    rows.iter().find(is).map(|row| row.start.clone())
}

impl Server {
    /// The first key of a route, asked for; `None` where it is not among the most active.
    pub(super) fn route(&self, id: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let json = self.get(&format!("matrix?axis=route&series=ops&rows={ROUTES}&open=1"))?;
        let limits = Limits { bytes: ANSWER_BYTES, ..Limits::default() };
        let answer = decode::answer(json.as_bytes(), &limits);
        let answer = answer.map_err(|error| Refusal::Garbled(format!("/matrix: {error}")))?;
        Ok(route_among(&answer.rows, id))
    }

    /// All names; none where they cannot be had.
    pub(super) fn names(&self) -> Vec<Name> {
        let answer = self.get("names").ok().and_then(|json| serde_json::from_str(&json).ok());
        answer.as_ref().map_or_else(Vec::new, names_of)
    }
}

fn names_of(answer: &Value) -> Vec<Name> {
    let named = |one: &Value| {
        let name = at(one, "/name").as_str()?.to_owned();
        Some(Name { name, prefix: base64::decode(at(one, "/prefix").as_str()?)? })
    };
    at(answer, "/names").as_array().into_iter().flatten().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<Name> {
        names_of(
            &serde_json::json!({"names": [{"prefix": "YQ==", "name": "old orders"}, {"prefix": "Yg==", "name": "orders/eu"},
            {"prefix": "Yw==", "name": "7"}, {"prefix": "?", "name": "no prefix"}, {"name": "none"}, 1]}),
        )
    }

    #[test]
    fn a_name_then_a_route_then_a_key() {
        let json = br#"{"series":"ops","column_unix_ms":[2000],"rows":[{"bucket_id":"route:71","start":"YQ==","values":[1]},
            {"bucket_id":"route:72:s3#2","start":"Yg==","values":[1]},{"bucket_id":"route:8~0011aabb","start":"Yw==","values":[1]}]}"#;
        let rows = decode::answer(json, &Limits::default()).unwrap().rows;
        let of = |text| leads(text, &names(), &rows, KeyFormat::Utf8, false);
        let name = |key: &[u8]| Leads::To(Which::Begins(key.to_vec()));
        let to = |key: &[u8]| Leads::To(Which::Holds(key.to_vec()));
        let key = |key: &[u8]| Leads::Key(key.to_vec());
        let ask = |id: &str, otherwise: Option<&[u8]>| Leads::Route {
            id: id.to_owned(),
            otherwise: otherwise.map(<[u8]>::to_vec),
        };
        assert_eq!([of("orders/eu"), of("7"), of(" old orders ")], [name(b"b"), name(b"c"), name(b"a")], "names");
        assert_eq!([of("route:71"), of("71"), of("72")], [to(b"a"), to(b"a"), to(b"b")], "routes of the map");
        assert_eq!([of("route:7"), of("8")], [ask("7", None), ask("8", Some(b"8"))], "others");
        assert_eq!(
            [of("orders"), of("key:7"), of("0x00ff"), of("a\\x00")],
            [key(b"orders"), to(b"7"), key(b"\x00\xff"), key(b"a\0")]
        );
        assert!(matches!(of("a\\n"), Leads::Nowhere(_)));
        assert_eq!(leads("9", &[], &rows, KeyFormat::U64be, true), key(b"\0\0\0\0\0\0\0\x09"));
        assert!(
            matches!(leads("route:9", &[], &rows, KeyFormat::Utf8, true), Leads::Nowhere(why) if why.contains("redacted"))
        );
        assert_eq!(leads("route:71", &[], &rows, KeyFormat::Utf8, true), to(b"a"));
    }

    #[test]
    fn names_that_begin_with_the_text_are_offered_first() {
        let names = names();
        let of = |text| offered(&names, text).map(|one| one.name.as_str());
        assert_eq!(
            [of("ord"), of("ORDERS/"), of("d o"), of("users"), of(" ")],
            [Some("orders/eu"), Some("orders/eu"), Some("old orders"), None, None]
        );
        assert_eq!(names.len(), 3);
        assert!(names_of(&Value::Null).is_empty());
    }

    #[test]
    fn a_line_is_typed_mended_and_bounded() {
        let names = names();
        let mut typing = Typing { text: "eu".to_owned() };
        typing.take(KeyEvent::from(KeyCode::Tab), &names);
        assert_eq!(typing.text, "orders/eu");
        let mut typing = Typing::default();
        let mut press = |code, modifiers| typing.take(KeyEvent::new(code, modifiers), &names);
        let none = KeyModifiers::NONE;
        for letter in ['q', 'é', '/'] {
            assert_eq!(press(KeyCode::Char(letter), none), Typed::On);
        }
        press(KeyCode::Backspace, none);
        press(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!((press(KeyCode::Enter, none), press(KeyCode::Esc, none)), (Typed::Done, Typed::Cancelled));
        assert_eq!(typing.text, "qé");
        for _ in 0..2000 {
            typing.take(KeyEvent::new(KeyCode::Char('x'), none), &[]);
        }
        assert_eq!(typing.text.chars().count(), MOST_LETTERS);
        typing.take(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), &[]);
        assert_eq!(typing.text, "");
    }
}
