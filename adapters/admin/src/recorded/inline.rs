//! Things that stand inside of HTML.

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};

/// JSON as the content of a `script` element: with nothing in it that ends the element, begins a comment, or ends a line
/// in older JavaScript. Outside of its strings JSON has none of these, so the value stays the same.
pub(crate) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{:04x}", u32::from(letter));
            }
            other => safe.push(other),
        }
    }
    safe
}

/// A small file as an address.
pub(crate) fn data_url(content_type: &str, bytes: &[u8]) -> String {
    let mut url = format!("data:{content_type},");
    for byte in bytes {
        if byte.is_ascii_alphanumeric() {
            url.push(char::from(*byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

/// A word that nobody who made the trace could know, so that only our own script runs, even were something else to get
/// in as markup.
pub(crate) fn nonce() -> String {
    let half = || RandomState::new().hash_one(0_u8);
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_leaves_its_script() {
        let hostile = "</script><!--<script>&amp;\u{2028}\u{2029}\u{202e}\"\\";
        let text = serde_json::to_string(hostile).unwrap();
        let safe = json(&text);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }

    #[test]
    fn addresses_and_words() {
        assert_eq!(data_url("image/svg+xml", b"<a b=\"c\">"), "data:image/svg+xml,%3Ca%20b%3D%22c%22%3E");
        assert_ne!(nonce(), nonce());
        assert_eq!(nonce().len(), 32);
    }
}
