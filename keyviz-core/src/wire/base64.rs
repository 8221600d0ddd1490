//! Bytes from standard base64 with padding (RFC 4648, section 4), as bounds come.

use alloc::vec::Vec;

/// The bytes; `None` when the text is no base64, or not the one text of its bytes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    let padding = text.iter().rev().take_while(|b| **b == b'=').count();
    if padding > 2 || !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.len() - padding;
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
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_none() {
        for text in ["Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zm8", "Z m8", "Zm8=Zm8=", "-_8="] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode(""), Some(Vec::new()));
        assert_eq!(decode("Zm8="), Some(b"fo".to_vec()));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut text = alloc::string::String::new();
            crate::wire::encode::text::base64(&mut text, &bytes);
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }
}
