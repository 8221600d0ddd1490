//! An instant of a trace as it is asked for on the command line.

use std::str::FromStr;

/// Times before the year 2000 are those of a clock that started with the trace.
const YEAR_2000_US: u64 = 946_684_800_000_000;

/// The last microsecond of the year 9999.
const MAX_US: u64 = 253_402_300_799_999_999;

/// Whether a time belongs to a clock that started with its trace.
pub(crate) fn is_relative(time_us: u64) -> bool {
    time_us < YEAR_2000_US
}

/// `2023-11-14T22:13:20Z` (RFC 3339), `1700000000.5` (Unix seconds) or `+01:30:00` (since the trace began).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Microseconds of the trace's own clock.
    At(u64),
    /// Microseconds since the trace's first record; of a relative clock, since its zero, as it is shown.
    Since(u64),
}

impl Moment {
    /// In microseconds of the trace's clock, for a trace whose first record has this time.
    pub(crate) fn resolve(self, first_us: u64) -> u64 {
        match self {
            Moment::At(time_us) => time_us,
            Moment::Since(us) if is_relative(first_us) => us,
            Moment::Since(us) => first_us.saturating_add(us),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        let found = match text.strip_prefix('+') {
            Some(since) => time_of_day(since, u64::MAX).map(Moment::Since),
            None if text.contains('-') => rfc3339(text).map(Moment::At),
            None => seconds(text).map(Moment::At),
        };
        found.filter(|(Moment::At(us) | Moment::Since(us))| *us <= MAX_US).ok_or_else(|| {
            "use a date and time as 2023-11-14T22:13:20Z, Unix seconds as 1700000000, or +hh:mm:ss since the trace \
             began"
                .to_owned()
        })
    }
}

fn rfc3339(text: &str) -> Option<u64> {
    let (date, time) = (text.get(..10)?, text.get(11..)?);
    if !matches!(text.get(10..11)?, "T" | "t" | " ") {
        return None;
    }
    let mut parts = date.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1..=days).contains(&day) || year < 1970 {
        return None;
    }
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone)?;
    let local_us = days_since_1970(year, month, day).checked_mul(86_400_000_000)? + time_of_day(clock, 24)?;
    let offset_us = |text: &str| time_of_day(&format!("{text}:00"), 24);
    match zone.split_at_checked(1)? {
        ("Z" | "z", "") => Some(local_us),
        ("+", offset) => local_us.checked_sub(offset_us(offset)?),
        ("-", offset) => local_us.checked_add(offset_us(offset)?),
        _ => None,
    }
}

/// `hh:mm:ss[.fraction]` in microseconds; hours below `hours`.
fn time_of_day(text: &str, hours: u64) -> Option<u64> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (parts.next()?, digits(parts.next()?, 2)?, parts.next()?);
    let hour: u64 = if hour.len() >= 2 && hour.len() <= 9 { digits(hour, hour.len())? } else { return None };
    let second_us = seconds(second)?;
    let shape = second.split('.').next()?.len() == 2 && parts.next().is_none();
    if !shape || hour >= hours || minute >= 60 || second_us >= 60_000_000 {
        return None;
    }
    Some(hour * 3_600_000_000 + minute * 60_000_000 + second_us)
}

/// Seconds with up to six decimals (more are passed over) in microseconds.
fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = digits(whole, whole.len())?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    whole.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?)
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let good = text.len() == count && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

/// Howard Hinnant, "chrono-compatible low-level date algorithms"; for a valid date from 1970 on.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> u64 {
        match text.parse() {
            Ok(Moment::At(us)) => us,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn three_ways_to_say_it() {
        const T: u64 = 1_700_000_000_000_000;
        assert_eq!(at("1700000000"), T);
        assert_eq!(at("1700000000.25"), T + 250_000);
        assert_eq!(at("2023-11-14T22:13:20Z"), T);
        assert_eq!(at("2023-11-14 22:13:20.0000019z"), T + 1);
        assert_eq!(at("2023-11-15T00:13:20+02:00"), T);
        assert_eq!(at("2023-11-14T17:13:20-05:00"), T);
        assert_eq!(at("2000-02-29T00:00:00Z"), 951_782_400_000_000);
        assert_eq!(at("1970-01-01T00:00:00Z"), 0);
        assert_eq!("+01:30:00.5".parse(), Ok(Moment::Since(5_400_500_000)));
        assert_eq!("+100:00:00".parse(), Ok(Moment::Since(360_000_000_000)));
    }

    #[test]
    fn what_is_refused() {
        for bad in [
            "",
            "+",
            "now",
            "-5",
            "1.",
            ".5",
            "1e9",
            "+1:00:00",
            "+00:60:00",
            "+00:00:60",
            "+00:00",
            "2023-11-14",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20Zx",
            "2023-11-14T22:13:20+2",
            "1969-12-31T00:00:00Z",
            "99999999999999",
            "+9999999999:00:00",
            "1970-01-01T00:00:00+01:00",
            "2023-11-1é",
            "２０２３",
        ] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }

    #[test]
    fn relative_to_what_is_shown() {
        assert_eq!(Moment::Since(5).resolve(1_700_000_000_000_000), 1_700_000_000_000_005);
        assert_eq!(Moment::Since(5_000).resolve(2_000), 5_000);
        assert_eq!(Moment::At(5).resolve(1_700_000_000_000_000), 5);
    }
}
