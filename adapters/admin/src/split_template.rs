//! The command that would split a range, made from a host's template.

use crate::base64;
use keyviz_core::TopRow;
use std::fmt;

/// A command line with places for a range's numbers and keys.
///
/// | place | what stands there |
/// |---|---|
/// | `{key}` | the middle of the range's keys, printable where its bounds are: where to split |
/// | `{start}`, `{end}` | the range's bounds; an unbounded one is empty |
/// | `{route}`, `{group}` | numbers |
///
/// A key is quoted so that a shell takes it as one word of exactly its bytes: in single quotes, and as `$'...'` (bash, zsh,
/// ksh, mksh, busybox) where it has anything but printable ASCII. `{key:hex}`, `{key:base64}` and `{key:base64url}` write it so, and need
/// no quotes; likewise for `start` and `end`. `{{` and `}}` are braces. No shell takes a NUL byte in a word: a range whose key has one has
/// a command only in these forms. A range that has no middle has none, either.
///
/// Use the places outside of quotes: inside, the quotes that they bring would end those.
///
/// # Examples
/// ```
/// use keyviz_admin::SplitTemplate;
/// let template: SplitTemplate = "mydb split --region {route} --at {key}".parse()?;
/// assert_eq!(template.to_string(), "mydb split --region {route} --at {key}");
/// assert!("mydb split {where}".parse::<SplitTemplate>().is_err()); // there is no such place
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitTemplate {
    text: String,
    parts: Vec<Part>,
}

/// Why a template was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SplitTemplateError {
    /// A place that does not exist.
    UnknownPlace(String),
    /// A brace that opens or closes nothing.
    StrayBrace,
    /// It has line breaks or other control characters, or is longer than 4096 bytes.
    NotALine,
}

impl fmt::Display for SplitTemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPlace(name) => write!(
                f,
                "there is no place {{{name}}}; use {{route}}, {{group}}, and {{key}}, {{start}}, {{end}}, which take :hex, \
                 :base64 and :base64url"
            ),
            Self::StrayBrace => write!(f, "a brace stands alone; write {{{{ or }}}} for a brace"),
            Self::NotALine => write!(f, "write one line of at most {MOST_BYTES} bytes without control characters"),
        }
    }
}

impl std::error::Error for SplitTemplateError {}

const MOST_BYTES: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Route,
    Group,
    Key(Which, Form),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Middle,
    Start,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Shell,
    Hex,
    Base64,
    Base64Url,
}

impl std::str::FromStr for SplitTemplate {
    type Err = SplitTemplateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MOST_BYTES || text.chars().any(char::is_control) {
            return Err(SplitTemplateError::NotALine);
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            plain.push_str(before);
            if let Some(tail) = after.strip_prefix("{{") {
                plain.push('{');
                rest = tail;
            } else if let Some(tail) = after.strip_prefix("}}") {
                plain.push('}');
                rest = tail;
            } else {
                let inside = after.strip_prefix('{').ok_or(SplitTemplateError::StrayBrace)?;
                let (name, tail) = inside.split_once('}').ok_or(SplitTemplateError::StrayBrace)?;
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(place(name).ok_or_else(|| SplitTemplateError::UnknownPlace(name.to_owned()))?);
                rest = tail;
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(SplitTemplate { text: text.to_owned(), parts })
    }
}

fn place(name: &str) -> Option<Part> {
    match name {
        "route" => return Some(Part::Route),
        "group" => return Some(Part::Group),
        _ => {}
    }
    let (which, form) = name.split_once(':').unwrap_or((name, "shell"));
    let which = match which {
        "key" => Which::Middle,
        "start" => Which::Start,
        "end" => Which::End,
        _ => return None,
    };
    let form = match form {
        "shell" => Form::Shell,
        "hex" => Form::Hex,
        "base64" => Form::Base64,
        "base64url" => Form::Base64Url,
        _ => return None,
    };
    Some(Part::Key(which, form))
}

impl fmt::Display for SplitTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl SplitTemplate {
    /// The command for a range; `None` where it has no middle, where a word would hold a NUL byte, or where the range is a virtual bucket, which is no route of the host's.
    pub(crate) fn command(&self, row: &TopRow) -> Option<String> {
        if row.aggregate {
            return None;
        }
        let mut command = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => command.push_str(text),
                Part::Route => command.push_str(&row.route.0.to_string()),
                Part::Group => command.push_str(&row.group.to_string()),
                Part::Key(which, form) => {
                    let key = match which {
                        Which::Middle => row.middle.as_deref()?,
                        Which::Start => &row.start,
                        Which::End => row.end.as_deref().unwrap_or_default(),
                    };
                    command.push_str(&write(key, *form)?);
                }
            }
        }
        Some(command)
    }
}

fn write(key: &[u8], form: Form) -> Option<String> {
    match form {
        Form::Shell => shell_word(key),
        Form::Hex => Some(key.iter().map(|byte| format!("{byte:02x}")).collect()),
        Form::Base64 => Some(base64::encode(key)),
        Form::Base64Url => {
            Some(base64::encode(key).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned())
        }
    }
}

/// One word of a POSIX shell, or of one that knows `$'...'`, that stands for exactly these bytes.
fn shell_word(key: &[u8]) -> Option<String> {
    if key.contains(&0) {
        return None;
    }
    let printable = key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if printable {
        let text = std::str::from_utf8(key).ok()?;
        return Some(format!("'{}'", text.replace('\'', "'\\''")));
    }
    let mut word = String::from("$'");
    for byte in key {
        match byte {
            b'\'' => word.push_str("\\'"),
            b'\\' => word.push_str("\\\\"),
            byte if byte.is_ascii_graphic() || *byte == b' ' => word.push(char::from(*byte)),
            // Three octal digits: a hexadecimal escape would take a following digit along in some shells.
            byte => word.push_str(&format!("\\{byte:03o}")),
        }
    }
    word.push('\'');
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn words_of_a_shell() {
        assert_eq!(shell_word(b"a b$(x)`!").unwrap(), "'a b$(x)`!'");
        assert_eq!(shell_word(b"it's").unwrap(), "'it'\\''s'");
        assert_eq!(shell_word(b"").unwrap(), "''");
        assert_eq!(shell_word(b"\x1b[31m'\\9").unwrap(), "$'\\033[31m\\'\\\\9'");
        assert_eq!(shell_word("\u{202e}".as_bytes()).unwrap(), "$'\\342\\200\\256'");
        assert_eq!(shell_word(b"a\0b"), None);
    }

    #[test]
    fn templates_that_are_refused() {
        for text in ["{", "}", "a {key", "{}", "{key:}", "{key:oct}", "{route:hex}", "a\nb", "\u{1b}", "{KEY}"] {
            assert!(text.parse::<SplitTemplate>().is_err(), "{text:?}");
        }
        assert!("x".repeat(5000).parse::<SplitTemplate>().is_err());
        for text in ["", "{{}}", "{key}{start:hex}{end:base64}{key:base64url}{route}{group}"] {
            assert_eq!(text.parse::<SplitTemplate>().unwrap().to_string(), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        /// What a real shell makes of the word is the key.
        #[test]
        fn bash_reads_the_bytes(key in prop::collection::vec(1u8..=255, 0..40)) {
            let script = format!("printf %s {}", shell_word(&key).unwrap());
            if let Ok(output) = Command::new("bash").arg("-c").arg(&script).env("LC_ALL", "C").output() {
                prop_assert_eq!(output.stdout, key, "{}", script);
            }
        }

        #[test]
        fn a_word_has_only_printable_ascii(key in prop::collection::vec(1u8..=255, 0..40)) {
            prop_assert!(shell_word(&key).unwrap().bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,60}") {
            let _ = text.parse::<SplitTemplate>();
        }
    }
}
