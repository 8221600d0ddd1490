//! Key bytes for a terminal: nothing that moves the cursor, hides, turns the text around or takes another width than it
//! seems to gets through.

use std::fmt::Write;

/// Most characters of one key that are shown.
const SHOWN_CHARS: usize = 80;

/// Scripts that run from left to right and whose letters stand alone, each one or two columns wide: Latin, Greek,
/// Cyrillic; kana, Han, Hangul syllables. Marks that join what stands before them, letters that join or fill, and
/// scripts that run from right to left lie outside.
const SCRIPTS: [(char, char); 8] = [
    ('\u{aa}', '\u{2af}'),
    ('\u{370}', '\u{52f}'),
    ('\u{1e00}', '\u{1fff}'),
    ('\u{3041}', '\u{3096}'),
    ('\u{30a1}', '\u{30fa}'),
    ('\u{3400}', '\u{4dbf}'),
    ('\u{4e00}', '\u{9fff}'),
    ('\u{ac00}', '\u{d7a3}'),
];

/// The key with everything but letters, digits and ASCII signs written as `\xHH`, and a backslash doubled.
///
/// Letters and digits of Latin, Greek, Cyrillic, kana, Han and Hangul stay; marks, spaces, controls, direction signs and
/// other scripts do not. A key longer than 80 characters keeps its beginning, and says how long it is.
pub(crate) fn key(bytes: &[u8]) -> String {
    shown(bytes, SHOWN_CHARS)
}

/// As [`key`], whole however long.
pub(crate) fn whole_key(bytes: &[u8]) -> String {
    shown(bytes, usize::MAX)
}

fn stays(char: char) -> bool {
    let known = |&(from, to): &(char, char)| (from..=to).contains(&char);
    char.is_ascii_graphic() || char == ' ' || (char.is_alphanumeric() && SCRIPTS.iter().any(known))
}

fn shown(bytes: &[u8], most: usize) -> String {
    let mut text = String::new();
    let mut shown = 0;
    let mut left = 0;
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            if shown == most {
                left += char.len_utf8();
                continue;
            }
            shown += 1;
            if char == '\\' {
                text.push_str("\\\\");
            } else if stays(char) {
                text.push(char);
            } else {
                hex(&mut text, char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        if shown == most {
            left += chunk.invalid().len();
        } else {
            shown += usize::from(!chunk.invalid().is_empty());
            hex(&mut text, chunk.invalid());
        }
    }
    if left > 0 {
        let _ = write!(text, "... ({} bytes)", bytes.len());
    }
    text
}

fn hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::CellWidth;

    use super::*;

    #[test]
    fn what_stays_and_what_does_not() {
        assert_eq!(key(b"user:1 {a}"), "user:1 {a}");
        assert_eq!(key("użytkownik/用户".as_bytes()), "użytkownik/用户");
        assert_eq!(key(b"a\\b"), "a\\\\b");
        assert_eq!(key(b"\x1b[31m\r\n\x7f\0"), "\\x1b[31m\\x0d\\x0a\\x7f\\x00");
        assert_eq!(key(b"\xff\xfea"), "\\xff\\xfea");
        assert_eq!(key("a\u{202e}b\u{200b}".as_bytes()), "a\\xe2\\x80\\xaeb\\xe2\\x80\\x8b");
        assert_eq!(key("e\u{301}\u{5d0}\u{3164}".as_bytes()), "e\\xcc\\x81\\xd7\\x90\\xe3\\x85\\xa4");
        assert_eq!(key(b""), "");
    }

    #[test]
    fn long_keys_say_how_long() {
        let text = key(&[b'k'; 70_000]);
        assert_eq!(text, format!("{}... (70000 bytes)", "k".repeat(80)));
        assert_eq!(key(&[b'k'; 80]), "k".repeat(80));
    }

    /// What the escaped text may be made of, told another way than the code does.
    fn harmless(text: &str) -> bool {
        text.chars().all(|char| {
            if char.is_control() {
                return false;
            }
            let mut place = [0; 4];
            let width = char.encode_utf8(&mut place).cell_width();
            let right_to_left = matches!(u32::from(char), 0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x10800..=0x10fff | 0x1e800..=0x1efff);
            (1..=2).contains(&width) && !right_to_left && (char.is_ascii() || char.is_alphanumeric())
        })
    }

    #[test]
    fn no_character_there_is_moves_hides_or_turns_anything() {
        for char in '\0'..=char::MAX {
            let text = key(char.encode_utf8(&mut [0; 4]).as_bytes());
            assert!(harmless(&text), "{:x}: {text:?}", u32::from(char));
            // Beside letters too: nothing joins what stands before or behind it.
            let among = key(format!("a{char}가").as_bytes());
            let widths: u16 = among.chars().map(|one| one.encode_utf8(&mut [0; 4]).cell_width()).sum();
            assert_eq!(among.as_str().cell_width(), widths, "{:x}", u32::from(char));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_do(bytes: Vec<u8>) {
            prop_assert!(harmless(&key(&bytes)) && harmless(&whole_key(&bytes)));
        }

        #[test]
        fn two_keys_are_never_shown_as_one(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(a == b, whole_key(&a) == whole_key(&b));
        }
    }
}
