//! One line of `MONITOR` into time and arguments.

use super::Args;
use crate::clock::MAX_TIME_US;
use crate::skipped::Reason;

/// Whether a line (or the beginning of one) has a command's shape: `digits.digits [db client] "` or, as old servers
/// print it, without the brackets.
pub(crate) fn looks_like(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    match time(text) {
        Ok((_, rest)) => client(rest).is_some(),
        Err(_) => false,
    }
}

/// Decodes a line (without its newline) into `args`; gives the time in microseconds.
pub(crate) fn parse(text: &[u8], args: &mut Args) -> Result<u64, Reason> {
    args.clear();
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    // The raw protocol starts every line with a plus, `redis-cli` takes it off.
    let text = text.strip_prefix(b"+").unwrap_or(text);
    match text {
        b"" => return Err(Reason::Blank),
        b"OK" => return Err(Reason::Reply),
        _ => {}
    }
    let (time_us, rest) = time(text)?;
    let mut rest = client(rest).ok_or(Reason::NotARecord)?;
    loop {
        rest = quoted(rest, args)?;
        match rest.split_first() {
            None => return Ok(time_us),
            Some((b' ', after)) => match after.split_first() {
                Some((b'"', inside)) => rest = inside,
                _ => return Err(Reason::NotARecord),
            },
            Some(_) => return Err(Reason::BadQuote),
        }
    }
}

/// `1700000000.123456 ` into microseconds; what follows the space.
fn time(text: &[u8]) -> Result<(u64, &[u8]), Reason> {
    let (seconds, digits, rest) = number(text).ok_or(Reason::NotARecord)?;
    if digits == 0 {
        return Err(Reason::NotARecord);
    }
    let rest = rest.strip_prefix(b".").ok_or(Reason::NotARecord)?;
    let (fraction, digits, rest) = number(rest).ok_or(Reason::NotARecord)?;
    let rest = rest.strip_prefix(b" ").ok_or(Reason::NotARecord)?;
    let fraction_us = match digits {
        1..=6 => fraction * 10_u64.pow(6 - digits),
        7..=9 => fraction / 10_u64.pow(digits - 6),
        _ => return Err(Reason::BadTime),
    };
    let time_us = seconds.checked_mul(1_000_000).and_then(|us| us.checked_add(fraction_us));
    match time_us {
        Some(time_us) if time_us <= MAX_TIME_US => Ok((time_us, rest)),
        _ => Err(Reason::BadTime),
    }
}

/// The decimal number at the start, how many digits it has, and the rest; `None` beyond 18 digits.
fn number(text: &[u8]) -> Option<(u64, u32, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 18 {
        return None;
    }
    let (number, rest) = text.split_at_checked(digits)?;
    let value = number.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    Some((value, u32::try_from(digits).ok()?, rest))
}

/// The database in `[db client]` of a line with a command's shape; `None` where there are no brackets.
pub(crate) fn database(text: &[u8]) -> Option<u32> {
    let (_, after) = text.split_at_checked(memchr::memchr(b' ', text)?)?;
    let (database, _, _) = number(after.strip_prefix(b" [")?)?;
    u32::try_from(database).ok()
}

/// Whether this is all that a capture without any command holds: the server's `OK`.
pub(crate) fn is_idle(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().map(|line| line.strip_prefix(b"+").unwrap_or(line));
    first == Some(b"OK") && lines.all(<[u8]>::is_empty)
}

/// Past `[db client] "`; `None` where the shape is another. The client is an address, `lua`, or a socket's path,
/// so its end is the first bracket followed by a space and a quote.
fn client(text: &[u8]) -> Option<&[u8]> {
    if let Some(inside) = text.strip_prefix(b"\"") {
        return Some(inside);
    }
    let (_, digits, _) = number(text.strip_prefix(b"[")?)?;
    if digits == 0 {
        return None;
    }
    memchr::memchr_iter(b']', text).find_map(|at| text.get(at..)?.strip_prefix(b"] \""))
}

/// Decodes up to the closing quote; what follows it.
fn quoted<'a>(mut text: &'a [u8], args: &mut Args) -> Result<&'a [u8], Reason> {
    loop {
        let at = memchr::memchr2(b'"', b'\\', text).ok_or(Reason::BadQuote)?;
        let (plain, rest) = text.split_at_checked(at).ok_or(Reason::BadQuote)?;
        args.extend(plain);
        match rest {
            [b'"', rest @ ..] => {
                args.end();
                return Ok(rest);
            }
            [b'\\', rest @ ..] => {
                let (byte, rest) = escape(rest)?;
                args.push(byte);
                text = rest;
            }
            _ => return Err(Reason::BadQuote),
        }
    }
}

/// The byte an escape stands for; the rest.
fn escape(text: &[u8]) -> Result<(u8, &[u8]), Reason> {
    match text {
        [byte @ (b'\\' | b'"'), rest @ ..] => Ok((*byte, rest)),
        [b'n', rest @ ..] => Ok((b'\n', rest)),
        [b'r', rest @ ..] => Ok((b'\r', rest)),
        [b't', rest @ ..] => Ok((b'\t', rest)),
        [b'a', rest @ ..] => Ok((0x07, rest)),
        [b'b', rest @ ..] => Ok((0x08, rest)),
        [b'x', high, low, rest @ ..] => match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => Ok((high * 16 + low, rest)),
            _ => Err(Reason::BadEscape),
        },
        // A line that ends inside an escape has lost its closing quote.
        [] | [b'x'] | [b'x', _] => Err(Reason::BadQuote),
        _ => Err(Reason::BadEscape),
    }
}

pub(crate) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u64, Vec<Vec<u8>>), Reason> {
        let mut args = Args::default();
        let time_us = parse(text.as_bytes(), &mut args)?;
        Ok((time_us, (0..args.len()).map(|at| args.get(at).unwrap().to_vec()).collect()))
    }

    #[test]
    fn clients_of_every_form() {
        for client in ["0 127.0.0.1:5", "15 [::1]:50432", "0 lua", "3 unix:/tmp/a ] b.sock", "0 "] {
            let (time_us, args) = read(&format!("1700000000.000042 [{client}] \"GET\" \"k\"")).unwrap();
            assert_eq!(time_us, 1_700_000_000_000_042);
            assert_eq!(args, [b"GET".to_vec(), b"k".to_vec()]);
        }
        assert_eq!(read("1.000001 \"PING\"").unwrap().1, [b"PING".to_vec()]);
        assert_eq!(read("+1.000001 [0 x] \"PING\"\r").unwrap().1, [b"PING".to_vec()]);
    }

    #[test]
    fn escapes_of_every_form() {
        let (_, args) = read(r#"1.5 [0 x] "\\\"\n\r\t\a\b\x00\xfF" "" "] \"""#).unwrap();
        assert_eq!(args[0], b"\\\"\n\r\t\x07\x08\x00\xff");
        assert_eq!(args[1], b"");
        assert_eq!(args[2], b"] \"");
    }

    #[test]
    fn what_is_refused() {
        for (text, reason) in [
            ("", Reason::Blank),
            ("+OK", Reason::Reply),
            ("Error: Server closed the connection", Reason::NotARecord),
            ("1.5 [0 x]", Reason::NotARecord),
            ("1.5 [x] \"GET\"", Reason::NotARecord),
            ("1.5 [0 x] \"GET\" ", Reason::NotARecord),
            ("1.5 [0 x] \"GET\" k", Reason::NotARecord),
            ("1.5 [0 x] \"GET\"\"k\"", Reason::BadQuote),
            ("1.5 [0 x] \"GET\" \"k", Reason::BadQuote),
            ("1.5 [0 x] \"GET\" \"k\\", Reason::BadQuote),
            ("1.5 [0 x] \"GET\" \"k\\x4", Reason::BadQuote),
            ("1.5 [0 x] \"GET\" \"\\q\"", Reason::BadEscape),
            ("1.5 [0 x] \"GET\" \"\\xg0\"", Reason::BadEscape),
            ("999999999999.5 [0 x] \"GET\"", Reason::BadTime),
            ("1.1234567890 [0 x] \"GET\"", Reason::BadTime),
        ] {
            assert_eq!(read(text), Err(reason), "{text}");
        }
    }
}
