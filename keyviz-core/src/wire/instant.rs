//! Instants from text (RFC 3339).

/// Unix milliseconds of an instant of the years 1970 to 9999; `None` when the text is none. Digits beyond
/// milliseconds are left out.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, offset_min) = split_offset(time)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.split(':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let valid = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 60 || date.next().is_some() || clock.next().is_some() {
        return None;
    }
    let mut ms = 0;
    for place in 0..3 {
        let digit = fraction.as_bytes().get(place).map_or(Some(0), |b| char::from(*b).to_digit(10).map(i64::from))?;
        ms = ms * 10 + digit;
    }
    // Days from the civil calendar, after Howard Hinnant's `days_from_civil`.
    let shifted = year - i64::from(month <= 2);
    let (era, year_of_era) = (shifted / 400, shifted % 400);
    let month_shifted = (month + 9) % 12;
    let day_of_year = (153 * month_shifted + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    let minutes = days * 1440 + hour * 60 + minute - offset_min;
    u64::try_from((minutes * 60 + second) * 1000 + ms).ok()
}

/// The clock's text, and how many minutes its zone is ahead.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let at = time.rfind(['+', '-'])?;
    let (clock, offset) = (time.get(..at)?, time.get(at + 1..)?);
    let (hours, minutes) = offset.split_once(':')?;
    let minutes = number(hours)? * 60 + number(minutes)?;
    Some((clock, if time.get(at..)?.starts_with('-') { -minutes } else { minutes }))
}

/// Two to four digits.
fn number(text: &str) -> Option<i64> {
    let digits = (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zones_and_fractions() {
        assert_eq!(parse("2026-11-21T00:00:00.001Z"), Some(1_795_219_200_001));
        assert_eq!(parse("2026-11-21T01:30:00.001999999+01:30"), Some(1_795_219_200_001));
        assert_eq!(parse("2026-11-20T23:00:00-01:00"), Some(1_795_219_200_000));
        for text in ["", "2026-11-21", "2026-13-01T00:00:00Z", "2026-11-21T00:00Z", "2026-11-21T00:00:00", "T:::Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ms in 0u64..=crate::limits::MAX_TIME_MS, noise in "\\PC*") {
            let mut text = alloc::string::String::new();
            crate::wire::encode::text::rfc3339(&mut text, ms);
            prop_assert_eq!(parse(&text), Some(ms));
            let _ = parse(&noise);
        }
    }
}
