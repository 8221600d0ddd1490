//! How a key is written in a text column.

use crate::monitor::hex;

/// The encodings a header can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The bytes themselves, quoted where they hold commas, quotes or newlines.
    Raw,
    /// Two digits a byte, any case.
    Hex,
    /// RFC 4648, standard or URL alphabet, padded or not.
    Base64,
    /// A decimal number, kept as 8 big-endian bytes, so that keys sort as their numbers.
    U64Be,
}

impl Encoding {
    /// What stands after a key column's name: nothing, `:raw`, `:hex`, `:base64`, `:u64be`.
    pub(crate) fn of_suffix(suffix: &str) -> Option<Encoding> {
        Some(match suffix {
            "" | ":raw" => Encoding::Raw,
            ":hex" => Encoding::Hex,
            ":base64" => Encoding::Base64,
            ":u64be" => Encoding::U64Be,
            _ => return None,
        })
    }
}

/// A key, decoded into a buffer that is used again.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    bytes: Vec<u8>,
}

impl Decoded {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `None` when the text is not of the encoding. Empty text is the empty key, but no number.
    pub(crate) fn decode(&mut self, text: &[u8], encoding: Encoding) -> Option<()> {
        self.bytes.clear();
        match encoding {
            Encoding::Raw => self.bytes.extend_from_slice(text),
            Encoding::Hex => self.hex(text)?,
            Encoding::Base64 => self.base64(text)?,
            Encoding::U64Be => {
                let number: u64 = std::str::from_utf8(text).ok()?.parse().ok()?;
                self.bytes.extend_from_slice(&number.to_be_bytes());
            }
        }
        Some(())
    }

    fn hex(&mut self, text: &[u8]) -> Option<()> {
        let (pairs, rest) = text.as_chunks::<2>();
        for [high, low] in pairs {
            self.bytes.push(hex(*high)? * 16 + hex(*low)?);
        }
        rest.is_empty().then_some(())
    }

    fn base64(&mut self, text: &[u8]) -> Option<()> {
        let padded = text.len().is_multiple_of(4);
        let text = match text {
            [text @ .., b'=', b'='] | [text @ .., b'='] if padded => text,
            text => text,
        };
        let (mut bits, mut held) = (0_u32, 0);
        for digit in text {
            bits = (bits << 6) | u32::from(sextet(*digit)?);
            held += 6;
            if held >= 8 {
                held -= 8;
                self.bytes.push((bits >> held).to_le_bytes()[0]);
            }
        }
        // A lone digit is no byte, and the bits that fill up the last one are zero.
        (text.len() % 4 != 1 && bits & ((1 << held) - 1) == 0).then_some(())
    }
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
        let mut decoded = Decoded::default();
        decoded.decode(text.as_bytes(), encoding)?;
        Some(decoded.bytes().to_vec())
    }

    #[test]
    fn every_encoding() {
        assert_eq!(decode("a,b", Encoding::Raw).unwrap(), b"a,b");
        assert_eq!(decode("00fF", Encoding::Hex).unwrap(), [0, 255]);
        assert_eq!(decode("f", Encoding::Hex), None);
        assert_eq!(decode("zz", Encoding::Hex), None);
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zg", "f"),
            ("Zm8=", "fo"),
            ("Zm8", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYmE=", "fooba"),
        ] {
            assert_eq!(decode(text, Encoding::Base64).unwrap(), bytes.as_bytes(), "{text}");
        }
        assert_eq!(decode("-_-_", Encoding::Base64), decode("+/+/", Encoding::Base64));
        for text in ["Z", "Zh==", "Z===", "Zg=", "====", "Zm9 "] {
            assert_eq!(decode(text, Encoding::Base64), None, "{text}");
        }
        assert_eq!(decode("258", Encoding::U64Be).unwrap(), [0, 0, 0, 0, 0, 0, 1, 2]);
        for text in ["", "-1", "18446744073709551616", "1.0"] {
            assert_eq!(decode(text, Encoding::U64Be), None, "{text}");
        }
    }
}
