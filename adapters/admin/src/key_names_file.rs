//! The file of key names: a prefix and its name a line.

use keyviz_core::limits::{MAX_KEY_NAMES, MAX_NAME_LEN};
use keyviz_core::{KeyNames, KeyNamesError};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most bytes of a file: as many names as there may be, with prefixes of a usual length.
const MOST_BYTES: u64 = (MAX_KEY_NAMES * (MAX_NAME_LEN + 256)) as u64;

/// Reads key names from a file.
///
/// A line is a prefix, a tab, and its name. In a prefix `\xHH` is a byte and `\\` a backslash; a prefix that begins with
/// `0x` is hexadecimal as a whole. Empty lines and those that begin with `#` are left out; of a name, white space around
/// it is. The text is UTF-8.
///
/// # Errors
/// [`KeyNamesFileError`] names the file, the line and what to do; never the line's text, which may be a key.
///
/// # Examples
/// ```
/// let path = std::env::temp_dir().join("keyviz-doc-names.tsv");
/// std::fs::write(&path, "# tables\norders/\torders\n0x00ff\tsystem\n")?;
/// let names = keyviz_admin::key_names_from_file(&path)?;
/// assert_eq!(names.name(b"orders/7"), Some("orders"));
/// assert_eq!(names.name(b"\x00\xff1"), Some("system"));
///
/// std::fs::write(&path, "orders/ orders\n")?;
/// let error = keyviz_admin::key_names_from_file(&path).unwrap_err().to_string();
/// assert!(error.contains("line 1") && error.contains("a tab"), "{error}");
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn key_names_from_file(path: &Path) -> Result<KeyNames, KeyNamesFileError> {
    let fail = |kind| KeyNamesFileError { path: path.to_path_buf(), kind };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| fail(Kind::Unreadable(error)))?;
    file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| fail(Kind::Unreadable(error)))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(fail(Kind::TooLong));
    }
    parse(&text).map_err(fail)
}

/// Why a file of key names was refused.
#[derive(Debug)]
pub struct KeyNamesFileError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Unreadable(io::Error),
    TooLong,
    NoTab { line: usize },
    BadPrefix { line: usize },
    Refused { line: usize, why: KeyNamesError },
}

impl fmt::Display for KeyNamesFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key names in {}: ", self.path.display())?;
        match &self.kind {
            Kind::Unreadable(error) => write!(f, "{error}"),
            Kind::TooLong => write!(f, "more than {MOST_BYTES} bytes; name shorter prefixes"),
            Kind::NoTab { line } => write!(f, "line {line}: write a prefix, a tab, and its name"),
            Kind::BadPrefix { line } => write!(
                f,
                "line {line}: in a prefix, after a backslash comes a backslash, or x and two hexadecimal digits; after 0x \
                 come pairs of hexadecimal digits"
            ),
            Kind::Refused { line, why } => write!(f, "line {line}: {why}"),
        }
    }
}

impl std::error::Error for KeyNamesFileError {}

fn parse(text: &str) -> Result<KeyNames, Kind> {
    let mut lines = Vec::new();
    let mut names: Vec<(Vec<u8>, &str)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (prefix, name) = line.split_once('\t').ok_or(Kind::NoTab { line: number })?;
        names.push((prefix_bytes(prefix).ok_or(Kind::BadPrefix { line: number })?, name.trim()));
        lines.push(number);
    }
    KeyNames::new(names.iter().map(|(prefix, name)| (prefix.as_slice(), *name))).map_err(|why| {
        let at = match why {
            KeyNamesError::NameLength { at, .. } | KeyNamesError::Twice { at } => at,
            _ => MAX_KEY_NAMES,
        };
        Kind::Refused { line: lines.get(at).copied().unwrap_or(0), why }
    })
}

fn prefix_bytes(text: &str) -> Option<Vec<u8>> {
    if let Some(hex) = text.strip_prefix("0x") {
        let pairs: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(hex_byte).collect();
        return pairs;
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        match after {
            [b'\\', after @ ..] => {
                bytes.push(b'\\');
                rest = after;
            }
            [b'x', high, low, after @ ..] => {
                bytes.push(hex_byte(&[*high, *low])?);
                rest = after;
            }
            _ => return None,
        }
    }
    Some(bytes)
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_read() {
        let names = parse("\n# c\na\\x00\\\\b\tone\n0x41ff\t two words \r\n\t all\n").unwrap();
        assert_eq!(names.name(b"a\0\\b!"), Some("one"));
        assert_eq!(names.name(b"A\xff"), Some("two words"));
        assert_eq!(names.name(b"zzz"), Some("all"), "the empty prefix is every key's");
        assert_eq!(names.iter().count(), 3);
    }

    #[test]
    fn refusals_name_the_line_and_not_its_text() {
        for (text, line) in [
            ("a\tx\ncanary", "line 2"),
            ("canary\\q\tx", "line 1"),
            ("0xabc\tcanary", "line 1"),
            ("0x+1\tcanary", "line 1"),
            ("\\x1\tcanary", "line 1"),
            ("# c\na\tx\n\ncanary\t ", "line 4"),
            ("canary\tx\nb\ty\n# c\ncanary\tz", "line 4"),
        ] {
            let error = KeyNamesFileError { path: "f".into(), kind: parse(text).unwrap_err() }.to_string();
            assert!(error.contains(line) && !error.contains("canary"), "{text:?}: {error}");
        }
        assert!(key_names_from_file(Path::new("/nonexistent/names")).is_err());
    }
}
