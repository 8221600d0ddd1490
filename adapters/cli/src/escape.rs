//! Key bytes for a terminal: nothing that moves the cursor, hides, or turns the text around gets through.

use std::fmt::Write;

/// Most characters of one key that are shown.
const SHOWN_CHARS: usize = 80;

/// The key with everything but letters, digits and ASCII signs written as `\xHH`, and a backslash doubled.
///
/// Unicode letters and digits stay; its marks, spaces, controls and direction signs do not. A key longer than 80
/// characters keeps its beginning, and says how long it is.
pub(crate) fn key(bytes: &[u8]) -> String {
    shown(bytes, SHOWN_CHARS)
}

/// As [`key`], whole however long.
pub(crate) fn whole_key(bytes: &[u8]) -> String {
    shown(bytes, usize::MAX)
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
            } else if char.is_ascii_graphic() || char == ' ' || (!char.is_ascii() && char.is_alphanumeric()) {
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
    use super::*;

    #[test]
    fn what_stays_and_what_does_not() {
        assert_eq!(key(b"user:1 {a}"), "user:1 {a}");
        assert_eq!(key("użytkownik/用户".as_bytes()), "użytkownik/用户");
        assert_eq!(key(b"a\\b"), "a\\\\b");
        assert_eq!(key(b"\x1b[31m\r\n\x7f\0"), "\\x1b[31m\\x0d\\x0a\\x7f\\x00");
        assert_eq!(key(b"\xff\xfea"), "\\xff\\xfea");
        assert_eq!(key("a\u{202e}b\u{200b}".as_bytes()), "a\\xe2\\x80\\xaeb\\xe2\\x80\\x8b");
        assert_eq!(key(b""), "");
    }

    #[test]
    fn long_keys_say_how_long() {
        let text = key(&[b'k'; 70_000]);
        assert_eq!(text, format!("{}... (70000 bytes)", "k".repeat(80)));
        assert_eq!(key(&[b'k'; 80]), "k".repeat(80));
    }
}
