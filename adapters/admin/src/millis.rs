//! Durations on the command line: `60s`, `100ms`, `1m30s`, `1.5h`.
//!
//! Read here and not by a library: humantime, the best kept one, takes months and nanoseconds,
//! which a step cannot have, and refuses `1.5h`, which configurations written for Go's
//! `time.Duration` carry. The whole of it is one loop over integers.

use std::fmt;
use std::str::FromStr;

/// Whole milliseconds, written with units: `ms`, `s`, `m`, `h`, `d`, in any number of parts that
/// add up.
///
/// # Examples
/// ```
/// use keyviz_admin::Millis;
/// assert_eq!("1m30s".parse(), Ok(Millis(90_000)));
/// assert_eq!(Millis(90_000).to_string(), "90s");
/// assert!("60".parse::<Millis>().is_err()); // seconds or milliseconds?
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl FromStr for Millis {
    type Err = MillisError;

    fn from_str(text: &str) -> Result<Self, MillisError> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(MillisError::Form);
        }
        let mut total = 0u64;
        while !rest.is_empty() {
            let (number, after) = take(rest, |b| b.is_ascii_digit() || b == b'.');
            let (unit, after) = take(after, |b| b.is_ascii_alphabetic());
            rest = after;
            if unit.is_empty() && !number.is_empty() {
                return Err(MillisError::NoUnit);
            }
            let &(_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(MillisError::Form)?;
            total = total.checked_add(scaled(number, unit_ms)?).ok_or(MillisError::TooLong)?;
        }
        Ok(Millis(total))
    }
}

/// `number`, which may have a fraction, times `unit`; exact or refused.
fn scaled(number: &str, unit_ms: u64) -> Result<u64, MillisError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || (number.contains('.') && !digits(fraction)) || fraction.len() > 9 {
        return Err(MillisError::Form);
    }
    let whole: u64 = whole.parse().map_err(|_| MillisError::TooLong)?;
    let mut total = whole.checked_mul(unit_ms).ok_or(MillisError::TooLong)?;
    if !fraction.is_empty() {
        let parts: u64 = fraction.parse().map_err(|_| MillisError::Form)?;
        // At most 9 digits by at most a day in milliseconds: within 64 bits.
        let scale = 10u64.pow(fraction.len() as u32);
        let product = parts * unit_ms;
        if !product.is_multiple_of(scale) {
            return Err(MillisError::Fraction);
        }
        total = total.checked_add(product / scale).ok_or(MillisError::TooLong)?;
    }
    Ok(total)
}

fn take(text: &str, is: impl Fn(u8) -> bool) -> (&str, &str) {
    let at = text.bytes().position(|b| !is(b)).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Seconds up to two minutes, as people write a sampling interval; then the largest whole unit.
        if self.0 != 0 && self.0 <= 120_000 && self.0.is_multiple_of(1_000) {
            return write!(f, "{}s", self.0 / 1_000);
        }
        let whole = UNITS.iter().find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit));
        match whole {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => f.write_str("0ms"),
        }
    }
}

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MillisError {
    /// Not numbers with units.
    Form,
    /// A number without a unit.
    NoUnit,
    /// A fraction of a millisecond.
    Fraction,
    /// More milliseconds than 64 bits hold.
    TooLong,
}

impl fmt::Display for MillisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "write a duration such as 100ms, 60s, 1m30s or 1h (units ms, s, m, h, d)",
            Self::NoUnit => "say the unit: 60s, 60ms or 60m",
            Self::Fraction => "the smallest unit is a whole millisecond",
            Self::TooLong => "the duration is too long",
        })
    }
}

impl std::error::Error for MillisError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms() {
        let ms = |s: &str| s.parse::<Millis>().map(|m| m.0);
        assert_eq!(ms("100ms"), Ok(100));
        assert_eq!(ms(" 60s "), Ok(60_000));
        assert_eq!(ms("1m"), Ok(60_000));
        assert_eq!(ms("1h"), Ok(3_600_000));
        assert_eq!(ms("1m0s"), Ok(60_000));
        assert_eq!(ms("1.5h"), Ok(5_400_000));
        assert_eq!(ms("1h1m1s1ms"), Ok(3_661_001));
        assert_eq!(ms("1d"), Ok(86_400_000));
        assert_eq!(ms("0.25s"), Ok(250));
        assert_eq!(ms("60"), Err(MillisError::NoUnit));
        assert_eq!(ms("1m30"), Err(MillisError::NoUnit));
        assert_eq!(ms("1 s"), Err(MillisError::NoUnit));
        for bad in
            ["", "s", "-1s", "1us", "1ns", "1w", "1.s", ".5s", "1..5s", "1.2.3s", "1e3s", "\u{661}s", "1.0000000001s"]
        {
            assert_eq!(ms(bad), Err(MillisError::Form), "{bad}");
        }
        assert_eq!(ms("0.0001s"), Err(MillisError::Fraction));
        assert_eq!(ms("99999999999999999999s"), Err(MillisError::TooLong));
        assert_eq!(ms("18446744073709551615s"), Err(MillisError::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(n in any::<u64>()) {
            prop_assert_eq!(Millis(n).to_string().parse(), Ok(Millis(n)));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            let _ = text.parse::<Millis>();
        }
    }
}
