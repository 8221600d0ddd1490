//! Decimal numbers as traces write them.

use crate::clock::MAX_TIME_US;
use crate::skipped::Reason;

/// A whole number; `None` for anything else, and beyond 64 bits.
pub(crate) fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A whole number, or `empty` where nothing stands.
pub(crate) fn whole_or(text: &[u8], empty: u64) -> Option<u64> {
    if text.is_empty() { Some(empty) } else { whole(text) }
}

/// The unit of a time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeUnit {
    /// Seconds, with or without a fraction.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
    /// 100 nanoseconds since 1601, as Windows counts.
    FileTime,
}

/// From 1601 to 1970.
const FILE_TIME_OFFSET_US: u64 = 11_644_473_600_000_000;

/// A time in microseconds; a fraction of the unit is kept as far as microseconds go.
pub(crate) fn micros(text: &[u8], unit: TimeUnit) -> Result<u64, Reason> {
    let (whole_part, fraction) = match memchr::memchr(b'.', text) {
        Some(dot) => (text.get(..dot).unwrap_or_default(), text.get(dot + 1..).unwrap_or_default()),
        None => (text, &b""[..]),
    };
    let (number, digits) = (whole(whole_part), fraction.iter().all(u8::is_ascii_digit));
    let number = number.filter(|_| digits).ok_or(Reason::BadTime)?;
    let scale = match unit {
        TimeUnit::Seconds => 1_000_000,
        TimeUnit::Millis => 1000,
        TimeUnit::Micros => 1,
        TimeUnit::Nanos => return checked(Some(number / 1000)),
        TimeUnit::FileTime => return checked((number / 10).checked_sub(FILE_TIME_OFFSET_US)),
    };
    let (mut part_us, mut weight_us) = (0, scale / 10);
    for digit in fraction {
        part_us += weight_us * u64::from(digit - b'0');
        weight_us /= 10;
    }
    checked(number.checked_mul(scale).and_then(|us| us.checked_add(part_us)))
}

fn checked(time_us: Option<u64>) -> Result<u64, Reason> {
    time_us.filter(|us| *us <= MAX_TIME_US).ok_or(Reason::BadTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        assert_eq!(whole(b"18446744073709551615"), Some(u64::MAX));
        for text in ["", "18446744073709551616", "-1", "+1", "1 ", "1.0"] {
            assert_eq!(whole(text.as_bytes()), None, "{text}");
        }
        assert_eq!(whole_or(b"", 7), Some(7));
    }

    #[test]
    fn times_in_every_unit() {
        assert_eq!(micros(b"1.0000029", TimeUnit::Seconds), Ok(1_000_002));
        assert_eq!(micros(b"7", TimeUnit::Seconds), Ok(7_000_000));
        assert_eq!(micros(b"7.5", TimeUnit::Millis), Ok(7_500));
        assert_eq!(micros(b"7.9", TimeUnit::Micros), Ok(7));
        assert_eq!(micros(b"7999", TimeUnit::Nanos), Ok(7));
        assert_eq!(micros(b"128166372003061629", TimeUnit::FileTime), Ok(1_172_163_600_306_162));
        for text in ["", ".5", "1.x", "-1", "253402300800", "99999999999999999999"] {
            assert_eq!(micros(text.as_bytes(), TimeUnit::Seconds), Err(Reason::BadTime), "{text}");
        }
        assert_eq!(micros(b"1", TimeUnit::FileTime), Err(Reason::BadTime));
    }
}
