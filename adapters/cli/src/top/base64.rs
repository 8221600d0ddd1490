//! Keys as they stand in answers and in queries.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A key for a query: base64url without padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            let at = (word >> (18 - 6 * digit) & 63) as usize;
            text.extend(DIGITS.get(at).map(|digit| char::from(*digit)));
        }
    }
    text
}

/// Standard base64 with padding, as answers have it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::new();
    let (mut word, mut bits) = (0u32, 0u32);
    for byte in digits.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        word = (word << 6 | u32::from(digit)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!([encode(b""), encode(b"a"), encode(b"ab"), encode(b"abc")], ["", "YQ", "YWI", "YWJj"]);
        assert_eq!(encode(b"\xff\xfe\xfd"), "__79");
        assert_eq!(decode("//79").as_deref(), Some(&b"\xff\xfe\xfd"[..]));
        assert_eq!((decode("YQ=="), decode("Y\u{1b}")), (Some(b"a".to_vec()), None));
    }
}
