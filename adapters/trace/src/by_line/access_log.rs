//! Access logs of nginx and Apache, in the common and the combined format
//! (<https://nginx.org/en/docs/http/ngx_http_log_module.html>,
//! <https://httpd.apache.org/docs/2.4/mod/mod_log_config.html>):
//!
//! ```text
//! 203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a/b?c=d HTTP/1.1" 200 2326 "-" "curl/8"
//! ```
//!
//! The key is the path, without the query, unescaped as both servers escape it (`\x22`, `\"`, `\\`). `GET`, `HEAD`,
//! `OPTIONS`, `TRACE`, `CONNECT`, `PROPFIND` and `REPORT` read, other methods write; the bytes are those of the
//! response's body, `-` is 0. Whatever stands before the time is passed over, so a virtual host may stand there.

use super::part;
use crate::clock::MAX_TIME_US;
use crate::held::Held;
use crate::monitor::hex;
use crate::number::whole;
use crate::record::Op;
use crate::skipped::Reason;

pub(crate) fn looks_like(text: &[u8]) -> bool {
    parse(text, &mut Held::default()).is_ok()
}

pub(crate) fn parse(text: &[u8], held: &mut Held) -> Result<u64, Reason> {
    // A user's name can hold a bracket: the first one with a time behind it counts.
    let mut found = Err(Reason::NotARecord);
    for at in memchr::memchr_iter(b'[', text) {
        let mut rest = text.get(at + 1..).unwrap_or_default();
        let stamp = part(&mut rest, b']');
        let Some(request) = rest.strip_prefix(b" \"") else { continue };
        match time(stamp) {
            Some(time_us) => {
                found = Ok((time_us, request));
                break;
            }
            None => found = Err(Reason::BadTime),
        }
    }
    let (time_us, rest) = found?;
    let end = closing_quote(rest).ok_or(Reason::BadQuote)?;
    let (mut request, after) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default());
    let mut after = after.strip_prefix(b" ").ok_or(Reason::NotARecord)?;
    let (status, bytes) = (part(&mut after, b' '), part(&mut after, b' '));
    if status.len() != 3 || whole(status).is_none() {
        return Err(Reason::NotARecord);
    }
    held.value_len = if bytes == b"-" { 0 } else { whole(bytes).ok_or(Reason::BadNumber)? };
    let method = part(&mut request, b' ');
    let target = request.rsplitn(2, |byte| *byte == b' ').last().unwrap_or_default();
    if target.is_empty() {
        // `-`, or what was no HTTP at all.
        return Err(Reason::NoKey);
    }
    held.op = match method {
        b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"CONNECT" | b"PROPFIND" | b"REPORT" => Op::Read,
        method if method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-') => Op::Write,
        _ => return Err(Reason::BadOp),
    };
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    unescape(path, &mut held.key);
    Ok(time_us)
}

/// Where the quote closes that is open at the start.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match text.get(at)? {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', text) {
        out.extend_from_slice(text.get(..at).unwrap_or_default());
        let escape = text.get(at..).unwrap_or_default();
        let (byte, taken) = match escape {
            [_, b'x', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, 4),
                _ => (b'\\', 1),
            },
            [_, quoted @ (b'"' | b'\\'), ..] => (*quoted, 2),
            _ => (b'\\', 1),
        };
        out.push(byte);
        text = text.get(at + taken..).unwrap_or_default();
    }
    out.extend_from_slice(text);
}

/// `10/Oct/2000:13:55:36 -0700` into microseconds of Unix time.
fn time(stamp: &[u8]) -> Option<u64> {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let mut rest = stamp;
    let small = |text: &[u8], least: i64, most: i64| {
        let number = i64::try_from(whole(text)?).ok()?;
        (least..=most).contains(&number).then_some(number)
    };
    let day = small(part(&mut rest, b'/'), 1, 31)?;
    let name = part(&mut rest, b'/');
    let month = 1 + i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()?;
    let year = small(part(&mut rest, b':'), 1970, 9999)?;
    let hour = small(part(&mut rest, b':'), 0, 23)?;
    let minute = small(part(&mut rest, b':'), 0, 59)?;
    let second = small(part(&mut rest, b' '), 0, 60)?;
    let (sign, zone) = match rest {
        [b'+', zone @ ..] => (1, zone),
        [b'-', zone @ ..] => (-1, zone),
        _ => return None,
    };
    let (zone_hour, zone_minute) = zone.split_at_checked(2).filter(|_| zone.len() == 4)?;
    let zone_s = sign * (small(zone_hour, 0, 23)? * 3600 + small(zone_minute, 0, 59)? * 60);
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone_s;
    u64::try_from(seconds).ok()?.checked_mul(1_000_000).filter(|us| *us <= MAX_TIME_US)
}

/// Days from 1970 to a date of the Gregorian calendar, as in
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_zones() {
        assert_eq!(time(b"10/Oct/2000:13:55:36 -0700"), Some(971_211_336_000_000));
        assert_eq!(time(b"29/Feb/2024:00:00:00 +0530"), Some(1_709_145_000_000_000));
        assert_eq!(time(b"01/Jan/1970:00:00:00 +0000"), Some(0));
        for text in ["", "01/Jan/1970:00:00:00", "01/Jan/1970:00:00:00 +0001", "32/Jan/2000:00:00:00 +0000"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
    }
}
