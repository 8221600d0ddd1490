//! How much of key bytes is shown.

use std::fmt;
use std::str::FromStr;

/// What is shown of a key: of row bounds, names, and texts that may hold keys.
///
/// | as text | what is shown |
/// |---|---|
/// | `none` | everything |
/// | `prefix:N` | the first N bytes, 0 to 256, and of longer bounds `~` and their place among those with the same prefix |
/// | `hmac` | 16 hex digits that only the holder of the key file can compute, behind the bound's place |
/// | `hex` | everything, as hex digits: no raw byte of a key reaches a terminal, a log or a table |
///
/// Rows that differ stay apart, and in order, under each of them.
///
/// # Examples
/// ```
/// use keyviz_admin::Redaction;
/// assert_eq!("prefix:8".parse(), Ok(Redaction::Prefix(8)));
/// assert_eq!(Redaction::Prefix(8).to_string(), "prefix:8");
/// assert!("prefix:9000".parse::<Redaction>().is_err()); // 0 to 256
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redaction {
    /// Everything is shown.
    #[default]
    None,
    /// The first bytes are shown.
    Prefix(u16),
    /// A keyed hash is shown.
    Hmac,
    /// Everything is shown, as hex digits.
    Hex,
}

/// The longest prefix that can be asked for, in bytes.
const MAX_PREFIX: u16 = 256;

impl Redaction {
    /// What role read sees unless it is told otherwise.
    pub const READ_DEFAULT: Redaction = Redaction::Prefix(8);

    /// Whether something of a key is not shown.
    #[must_use]
    pub const fn hides(self) -> bool {
        matches!(self, Redaction::Prefix(_) | Redaction::Hmac)
    }
}

impl fmt::Display for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Redaction::None => f.write_str("none"),
            Redaction::Prefix(bytes) => write!(f, "prefix:{bytes}"),
            Redaction::Hmac => f.write_str("hmac"),
            Redaction::Hex => f.write_str("hex"),
        }
    }
}

impl FromStr for Redaction {
    type Err = RedactionError;

    fn from_str(text: &str) -> Result<Self, RedactionError> {
        match text {
            "none" => Ok(Redaction::None),
            "hmac" => Ok(Redaction::Hmac),
            "hex" => Ok(Redaction::Hex),
            _ => {
                let digits = text.strip_prefix("prefix:").filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
                let bytes = digits.and_then(|digits| digits.parse().ok()).filter(|bytes| *bytes <= MAX_PREFIX);
                bytes.map(Redaction::Prefix).ok_or(RedactionError)
            }
        }
    }
}

/// The text is no redaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedactionError;

impl fmt::Display for RedactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write none, prefix:N (N from 0 to {MAX_PREFIX} bytes), hmac or hex")
    }
}

impl std::error::Error for RedactionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for text in ["none", "prefix:0", "prefix:8", "prefix:256", "hmac", "hex"] {
            assert_eq!(text.parse::<Redaction>().unwrap().to_string(), text);
        }
        for text in ["", "None", "prefix", "prefix:", "prefix:-1", "prefix:+8", "prefix:257", "prefix:8 ", "sha"] {
            assert!(text.parse::<Redaction>().unwrap_err().to_string().contains("prefix:N"), "{text}");
        }
        let hides = |text: &str| text.parse::<Redaction>().unwrap().hides();
        assert_eq!(["none", "prefix:256", "hmac", "hex"].map(hides), [false, true, true, false]);
    }
}
