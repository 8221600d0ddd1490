//! Sizes on the command line: `32MiB`, `1g`, `4096`.

use std::fmt;
use std::str::FromStr;

/// Bytes, written as a whole number with an optional unit: `B`, `KiB`, `MiB`, `GiB`, `TiB`, or
/// `KB` to `TB` in thousands; `K` to `T` alone mean `KiB` to `TiB`. Case has no meaning.
///
/// # Examples
/// ```
/// use keyviz_admin::ByteSize;
/// assert_eq!("32MiB".parse(), Ok(ByteSize(32 << 20)));
/// assert_eq!(ByteSize(32 << 20).to_string(), "32MiB");
/// assert!("32 apples".parse::<ByteSize>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub usize);

const BINARY: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

fn factor(unit: &str) -> Option<u64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return None,
    })
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let text = text.trim();
        let at = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(at).ok_or(ByteSizeError::Form)?;
        if number.is_empty() {
            return Err(ByteSizeError::Form);
        }
        let factor = factor(unit.trim()).ok_or(ByteSizeError::Form)?;
        let number: u64 = number.parse().map_err(|_| ByteSizeError::TooLarge)?;
        let bytes = number.checked_mul(factor).ok_or(ByteSizeError::TooLarge)?;
        usize::try_from(bytes).map(ByteSize).map_err(|_| ByteSizeError::TooLarge)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as u64;
        match BINARY.iter().find(|(_, unit)| bytes != 0 && bytes.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", bytes / unit),
            None => write!(f, "{bytes}"),
        }
    }
}

/// Why a text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ByteSizeError {
    /// Not a whole number with a known unit.
    Form,
    /// More than this machine can address.
    TooLarge,
}

impl fmt::Display for ByteSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "write a size such as 32MiB, 512KiB or 1048576",
            Self::TooLarge => "the size is larger than this machine can address",
        })
    }
}

impl std::error::Error for ByteSizeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms() {
        let size = |s: &str| s.parse::<ByteSize>().map(|b| b.0);
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("1k"), Ok(1024));
        assert_eq!(size("1KB"), Ok(1000));
        assert_eq!(size("8 MiB"), Ok(8 << 20));
        assert_eq!(size("2g"), Ok(2 << 30));
        for bad in ["", "MiB", "-1", "1.5MiB", "1PiB", "1 2", "0x10"] {
            assert_eq!(size(bad), Err(ByteSizeError::Form), "{bad}");
        }
        assert_eq!(size("99999999999999999999"), Err(ByteSizeError::TooLarge));
        assert_eq!(size("18446744073709551615TiB"), Err(ByteSizeError::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(n in any::<usize>(), shift in 0u32..64) {
            let size = ByteSize(n >> shift << shift);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            let _ = text.parse::<ByteSize>();
        }
    }
}
