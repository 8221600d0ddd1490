//! What JSON is made of: strings, numbers, lists, instants.

use alloc::string::String;

/// A member, whose name brings what stands before it, with a number.
pub(super) fn member_number(out: &mut String, member: &str, value: u64) {
    out.push_str(member);
    number(out, value);
}

/// A number, where it is known.
pub(super) fn known(out: &mut String, member: &str, value: Option<u64>) {
    if let Some(value) = value {
        out.push_str(member);
        number(out, value);
    }
}

/// Any text as a JSON string; what could end a script or turn the writing direction is escaped, too.
pub(super) fn text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\u{1f}'
            | '<'
            | '\u{7f}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(char::from_digit((letter as u32 >> shift) & 15, 16).unwrap_or('0'));
                }
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

pub(super) fn list<T>(out: &mut String, items: &[T], each: impl FnMut(&mut String, &T)) {
    list_of(out, items.iter(), each);
}

pub(super) fn list_of<T>(out: &mut String, items: impl Iterator<Item = T>, mut each: impl FnMut(&mut String, T)) {
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

pub(super) fn numbers(out: &mut String, values: &[u64]) {
    list(out, values, |out, value| number(out, *value));
}

/// Decimal digits. Most numbers of a matrix are 0 or short, so this stands before `core::fmt`.
pub(super) fn number(out: &mut String, mut value: u64) {
    let mut digits = [b'0'; 20];
    let mut from = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        from -= 1;
        if value == 0 {
            break;
        }
    }
    let digits = digits.get(from..).unwrap_or(&[]);
    out.push_str(core::str::from_utf8(digits).unwrap_or("0"));
}

/// Sixteen hex digits.
pub(super) fn hex(out: &mut String, value: u64) {
    for shift in (0..16).rev() {
        let digit = (value >> (shift * 4)) as u32 & 15;
        out.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

pub(super) fn bound(out: &mut String, bytes: &[u8]) {
    if bytes.is_empty() {
        out.push_str("null");
        return;
    }
    out.push('"');
    base64(out, bytes);
    out.push('"');
}

/// Standard base64 with padding (RFC 4648, section 4).
pub(crate) fn base64(out: &mut String, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let six = (word >> (18 - 6 * i)) as usize & 63;
            let letter = ALPHABET.get(six).copied().unwrap_or(b'A');
            out.push(if i > chunk.len() { '=' } else { char::from(letter) });
        }
    }
}

/// `2026-11-21T03:00:00.000Z` from Unix milliseconds (days from the civil calendar after Howard
/// Hinnant's `civil_from_days`).
pub(crate) fn rfc3339(out: &mut String, unix_ms: u64) {
    let (days, ms) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let padded = |out: &mut String, value: u64, width: u32| {
        for place in (0..width).rev() {
            number(out, value / 10u64.pow(place) % 10);
        }
    };
    if year > 9999 {
        number(out, year)
    } else {
        padded(out, year, 4)
    }
    for (mark, value, width) in [
        ('-', month, 2),
        ('-', day, 2),
        ('T', ms / 3_600_000, 2),
        (':', ms / 60_000 % 60, 2),
        (':', ms / 1000 % 60, 2),
        ('.', ms % 1000, 3),
    ] {
        out.push(mark);
        padded(out, value, width);
    }
    out.push('Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn numbers_of_every_length() {
        for value in [0, 7, 10, 99, 100, u64::MAX, u64::MAX - 1, 1 << 53] {
            assert_eq!(written(|out| number(out, value)), alloc::format!("{value}"));
        }
    }

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in
            [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(written(|out| base64(out, plain.as_bytes())), coded);
        }
    }

    #[test]
    fn instants_as_text() {
        assert_eq!(written(|out| rfc3339(out, 0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(|out| rfc3339(out, 951_827_696_789)), "2000-02-29T12:34:56.789Z");
        assert_eq!(written(|out| rfc3339(out, 1_795_219_200_001)), "2026-11-21T00:00:00.001Z");
    }
}
