//! Keys in parameters: base64url (RFC 4648, section 5), with or without padding. The other alphabet's
//! `+` and `/` are taken too, so that a bound copied out of an answer can be sent back.
//!
//! In forty lines; a crate would bring engines, alphabets and streams for it.

/// Standard base64 with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (word >> (18 - 6 * digit)) & 63;
            let letter = ALPHABET.get(index as usize).copied().unwrap_or(b'=');
            text.push(if digit as usize <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// The bytes, or `None` when the text is no base64 or not the one text of its bytes.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    let digits = text.len() - text.iter().rev().take_while(|&&b| b == b'=').count();
    let padding = text.len() - digits;
    // Padding, where there is some, completes a group of four.
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) || digits % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(digits * 3 / 4);
    let (mut bits, mut held) = (0u32, 0u32);
    for &b in text.iter().take(digits) {
        bits = (bits << 6) | digit(b)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    // Bits left over carry nothing.
    (bits == 0).then_some(out)
}

fn digit(b: u8) -> Option<u32> {
    Some(u32::from(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for (bytes, text) in
            [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"\xff\xfe\0", "//4A")]
        {
            assert_eq!(super::encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    /// RFC 4648, section 10, and what is none.
    #[test]
    fn vectors() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
            ("Zg", "f"),
            ("Zm8", "fo"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode("-_-_"), decode("+/+/"));
        for bad in ["Z", "Zm9vY", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Z g=", "Zm9v=", "\u{e4}AAA", "Zg==Zg=="]
        {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    fn encode(bytes: &[u8]) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digits = (bytes.len() * 8).div_ceil(6);
        (0..digits)
            .map(|i| {
                let bit = |n: usize| bytes.get(n / 8).map_or(0, |b| usize::from(b >> (7 - n % 8) & 1));
                char::from(ALPHABET[(0..6).fold(0, |d, j| d << 1 | bit(i * 6 + j))])
            })
            .collect()
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            let _ = decode(&text);
        }
    }
}
