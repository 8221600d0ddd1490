//! The ways to write a key, those of the page. Within one way two different keys never show the same.

use crate::{escape, unescape};

/// Bytes that are written of a longer key, where it is no text: twice as many letters.
const SHOWN_BYTES: usize = 48;

/// How the bytes of a key are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeyFormat {
    /// Text, with escapes for what is none.
    #[default]
    Utf8,
    Hex,
    /// Whole numbers of eight bytes, joined by `/`; what is left in hex.
    U64be,
    /// The first sixteen bytes as a UUID; what is left in hex.
    Uuid,
}

impl KeyFormat {
    /// In the order of the choice.
    pub(crate) const ALL: [KeyFormat; 4] = [KeyFormat::Utf8, KeyFormat::Hex, KeyFormat::U64be, KeyFormat::Uuid];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            KeyFormat::Utf8 => "utf8",
            KeyFormat::Hex => "hex",
            KeyFormat::U64be => "u64be",
            KeyFormat::Uuid => "uuid",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<KeyFormat, String> {
        let named = KeyFormat::ALL.into_iter().find(|format| format.name() == name);
        named.ok_or_else(|| "use utf8, hex, u64be or uuid".to_owned())
    }

    /// The key, in letters that no terminal takes for anything else. Of a long one the beginning, and how long it is.
    pub(crate) fn text(self, key: &[u8]) -> String {
        if self == KeyFormat::Utf8 || key.is_empty() {
            return escape::key(key);
        }
        let shown = key.get(..SHOWN_BYTES).unwrap_or(key);
        let text = match self {
            KeyFormat::Utf8 | KeyFormat::Hex => hex(shown),
            KeyFormat::U64be => numbers(shown),
            KeyFormat::Uuid => uuid(shown),
        };
        if shown.len() < key.len() { format!("{text}... ({} bytes)", key.len()) } else { text }
    }

    /// A key as somebody typed it; `None` where it is none in this format. Hex behind `0x` is one in every format.
    pub(crate) fn key(self, text: &str) -> Option<Vec<u8>> {
        if let Some(digits) = text.strip_prefix("0x") {
            return bytes(digits);
        }
        match self {
            KeyFormat::Utf8 => unescape::key(text).ok(),
            KeyFormat::Hex => bytes(text),
            KeyFormat::U64be => {
                let parts = text.split('/').map(|part| match part.strip_prefix("0x") {
                    Some(digits) => bytes(digits),
                    None if part.bytes().all(|digit| digit.is_ascii_digit()) => {
                        part.parse::<u64>().ok().map(|number| number.to_be_bytes().to_vec())
                    }
                    None => None,
                });
                parts.collect::<Option<Vec<_>>>().map(|parts| parts.concat())
            }
            KeyFormat::Uuid => {
                let (head, rest) = text.split_once("/0x").unwrap_or((text, ""));
                let parts: Vec<&str> = head.split('-').collect();
                let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
                if lengths != [8, 4, 4, 4, 12] {
                    return None;
                }
                bytes(&(parts.concat() + rest))
            }
        }
    }
}

fn hex(key: &[u8]) -> String {
    format!("0x{}", digits(key))
}

fn digits(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks_exact(2).map(pair).collect()
}

fn numbers(key: &[u8]) -> String {
    let (numbers, rest) = key.as_chunks::<8>();
    let mut parts: Vec<String> = numbers.iter().map(|bytes| u64::from_be_bytes(*bytes).to_string()).collect();
    if !rest.is_empty() {
        parts.push(hex(rest));
    }
    parts.join("/")
}

fn uuid(key: &[u8]) -> String {
    let Some((head, rest)) = key.split_at_checked(16) else { return hex(key) };
    let mut text = String::new();
    for (at, byte) in head.iter().enumerate() {
        text.push_str(if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" });
        text.push_str(&digits(&[*byte]));
    }
    if !rest.is_empty() {
        text.push('/');
        text.push_str(&hex(rest));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn as_the_page_writes_them() {
        let key = b"\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x2a\xff";
        let of = |format: KeyFormat, length: usize| format.text(&key[..length]);
        assert_eq!([8, 16, 17].map(|length| of(KeyFormat::U64be, length)), ["7", "7/42", "7/42/0xff"]);
        assert_eq!([0, 2].map(|length| of(KeyFormat::Hex, length)), ["", "0x0000"]);
        assert_eq!(of(KeyFormat::Uuid, 16), "00000000-0000-0007-0000-00000000002a");
        assert_eq!(of(KeyFormat::Uuid, 17), "00000000-0000-0007-0000-00000000002a/0xff");
        assert_eq!(of(KeyFormat::Uuid, 3), "0x000000");
        assert_eq!(KeyFormat::Hex.text(&[7; 70_000]), format!("0x{}... (70000 bytes)", "07".repeat(48)));
        assert_eq!(KeyFormat::ALL.map(|format| KeyFormat::parse(format.name())), KeyFormat::ALL.map(Ok));
        assert!(KeyFormat::parse("base64").is_err());
    }

    #[test]
    fn what_is_no_key_in_a_format_is_none() {
        for (format, text) in [
            (KeyFormat::Utf8, "a\\n"),
            (KeyFormat::Hex, "abc"),
            (KeyFormat::Hex, "0xzz"),
            (KeyFormat::U64be, "18446744073709551616"),
            (KeyFormat::U64be, "+7"),
            (KeyFormat::U64be, "7/"),
            (KeyFormat::Uuid, "0000"),
            (KeyFormat::Uuid, "00000000-0000-0007-0000-00000000002a/ff"),
            (KeyFormat::Uuid, "0000000é-000-0007-0000-00000000002a"),
        ] {
            assert_eq!(format.key(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_is_plain(key in prop::collection::vec(any::<u8>(), 1..48)) {
            for format in KeyFormat::ALL {
                let text = format.text(&key);
                prop_assert_eq!(format.key(&text), Some(key.clone()), "{}", text);
                prop_assert!(format == KeyFormat::Utf8 || text.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
