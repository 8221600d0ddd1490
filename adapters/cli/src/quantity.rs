//! Numbers for people.

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 record`, `1,234 records`.
pub(crate) fn records(number: u64) -> String {
    format!("{} record{}", count(number), if number == 1 { "" } else { "s" })
}

/// Bytes in the largest unit that leaves at least 1: `1.5 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut scaled = number as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while scaled >= 1024.0 {
        match units.next() {
            Some(next) => (scaled, unit) = (scaled / 1024.0, Some(next)),
            None => break,
        }
    }
    format!("{scaled:.1} {}", unit.copied().unwrap_or_default())
}

/// Operations a second: whole from 100 up, one decimal from 1 up, else two.
pub(crate) fn rate(operations: u64, duration_ms: u64) -> String {
    let rate = operations as f64 * 1000.0 / duration_ms.max(1) as f64;
    if rate >= 99.95 {
        format!("{}/s", count(rate.round() as u64))
    } else if rate >= 1.0 {
        format!("{rate:.1}/s")
    } else {
        format!("{rate:.2}/s")
    }
}

/// A part of a whole in percent, with one decimal; what is not nothing is not shown as nothing.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let percent = part as f64 * 100.0 / whole.max(1) as f64;
    if part > 0 && percent < 0.1 { "<0.1 %".to_owned() } else { format!("{percent:.1} %") }
}

/// Milliseconds in the two largest units: `2m 05s`, `1d 03h`, `12.345s`, `80ms`.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms}ms"),
        1..60 if ms.is_multiple_of(1000) => format!("{seconds}s"),
        1..60 => format!("{seconds}.{:03}s", ms % 1000),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Unix milliseconds as a date and time of day in UTC: `2023-11-14 22:13:20`.
pub(crate) fn instant(unix_ms: u64) -> String {
    let (year, month, day) = date(unix_ms / 86_400_000);
    format!("{year:04}-{month:02}-{day:02} {}", clock(unix_ms))
}

/// The time of day of Unix milliseconds in UTC: `22:13:20`.
pub(crate) fn clock(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Time since a trace began: `+00:01:30`.
pub(crate) fn since(ms: u64) -> String {
    let seconds = ms / 1000;
    format!("+{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Days since 1970 as year, month, day (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_bytes_rates_shares() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([records(0), records(1), records(1000)], ["0 records", "1 record", "1,000 records"]);
        assert_eq!([bytes(1023), bytes(1536), bytes(5 << 30)], ["1023 B", "1.5 KiB", "5.0 GiB"]);
        assert!(bytes(u64::MAX).ends_with(" PiB"));
        assert_eq!([rate(5000, 1000), rate(25, 10_000), rate(1, 10_000)], ["5,000/s", "2.5/s", "0.10/s"]);
        assert_eq!([share(1, 3), share(1, 1_000_000), share(0, 0)], ["33.3 %", "<0.1 %", "0.0 %"]);
    }

    #[test]
    fn times() {
        assert_eq!(duration(80), "80ms");
        assert_eq!([duration(12_345), duration(12_000), duration(125_000)], ["12.345s", "12s", "2m 05s"]);
        assert_eq!([duration(3_660_000), duration(97_200_000)], ["1h 01m", "1d 03h"]);
        assert_eq!(instant(1_700_000_000_000), "2023-11-14 22:13:20");
        assert_eq!([instant(0), instant(951_782_400_000)], ["1970-01-01 00:00:00", "2000-02-29 00:00:00"]);
        assert_eq!(since(5_025_000), "+01:23:45");
    }
}
