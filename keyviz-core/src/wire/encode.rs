//! Encoding into JSON.

use alloc::string::String;

use crate::counters::Counters;
use crate::history::ColumnState;
use crate::matrix::{AxisKind, Column, Matrix, Row};

/// Appends the matrix as a JSON object: DESIGN's response body of `/matrix`.
///
/// Instants are Unix milliseconds, bounds base64 with padding, `null` for the lowest key and for
/// unbounded. Members that would be empty or false are left out, `conflict` excepted.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(7), b"a", None, 0)?;
/// sampler.observe(RouteId(7), Op::Write, b"apple", 0);
/// sampler.flush(60_000);
/// let mut json = String::new();
/// wire::encode::matrix(&sampler.reader().matrix(&MatrixQuery::default()), 60_000, &mut json);
/// assert!(json.contains(r#""bucket_id":"route:7","start":"YQ==","end":null"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn matrix(matrix: &Matrix, generated_at_ms: u64, out: &mut String) {
    out.reserve(512 + matrix.rows.len() * (160 + matrix.columns.len() * 3));
    let columns = &matrix.columns;
    instants(out, "{\"column_unix_ms\":", columns, |c| c.end_ms);
    instants(out, ",\"column_start_unix_ms\":", columns, |c| c.start_ms);
    instants(out, ",\"column_covers_from_unix_ms\":", columns, |c| c.covers_from_ms);
    instants(out, ",\"column_covers_to_unix_ms\":", columns, |c| c.covers_to_ms);
    out.push_str(",\"column_state\":");
    list(out, columns, |out, c| {
        out.push('"');
        out.push_str(c.state.name());
        out.push('"');
    });
    instants(out, ",\"column_nodes\":", columns, |c| u64::from(c.state != ColumnState::Missing));
    out.push_str(",\"series\":\"");
    out.push_str(matrix.series.name());
    out.push_str("\",\"generated_at\":\"");
    rfc3339(out, generated_at_ms);
    out.push_str("\",\"step_ms\":");
    number(out, matrix.step_ms);
    out.push_str(",\"axis\":\"");
    out.push_str(matrix.axis.name());
    out.push_str("\",\"axis_id\":\"");
    match matrix.axis {
        AxisKind::Route => out.push_str("route"),
        AxisKind::Range => hex(out, matrix.axis_id),
    }
    out.push_str("\",\"write_merge\":\"");
    out.push_str(matrix.write_merge.name());
    out.push_str("\",\"rows\":");
    list(out, &matrix.rows, |out, r| row(out, matrix, r));
    out.push_str(",\"cut\":{\"rows\":");
    number(out, matrix.cut.rows);
    out.push_str(",\"values\":");
    numbers(out, &matrix.cut.values);
    out.push_str("},\"unattributed\":");
    numbers(out, &matrix.unattributed);
    out.push('}');
}

/// Appends the counters as a JSON object of flat names.
///
/// A flat object of whole numbers, in the order of [`Counters::for_each`]. Never panics. Memory: `out` grows by
/// about 1.3 KB.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// let mut json = String::new();
/// wire::encode::counters(&sampler.reader().counters(), &mut json);
/// assert!(json.starts_with(r#"{"observed_reads":0,"#) && json.ends_with('}'));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn counters(counters: &Counters, out: &mut String) {
    let mut before = '{';
    counters.for_each(|name, value| {
        out.push(before);
        before = ',';
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        number(out, value);
    });
    out.push('}');
}

fn row(out: &mut String, matrix: &Matrix, row: &Row) {
    out.push_str("{\"bucket_id\":\"");
    out.push_str(row.bucket_id.as_str());
    if let Some(label) = matrix.labels.name(row.label) {
        out.push_str("\",\"label\":\"");
        out.push_str(label);
    }
    out.push_str("\",\"start\":");
    bound(out, &row.start);
    out.push_str(",\"end\":");
    bound(out, row.end.as_deref().unwrap_or(&[]));
    out.push_str(if row.aggregate { ",\"aggregate\":true" } else { ",\"aggregate\":false" });
    if !row.route_ids.is_empty() {
        out.push_str(",\"route_ids\":");
        list(out, &row.route_ids, |out, route| number(out, route.0));
    }
    if row.route_ids_truncated {
        out.push_str(",\"route_ids_truncated\":true");
    }
    out.push_str(",\"route_count\":");
    number(out, row.route_count);
    out.push_str(",\"values\":");
    numbers(out, &row.values);
    out.push_str(",\"conflict\":false");
    if !row.estimated.is_empty() {
        out.push_str(",\"estimated\":");
        list(out, &row.estimated, |out, flag| out.push_str(if *flag { "true" } else { "false" }));
    }
    if row.draining {
        out.push_str(",\"draining\":true");
    }
    if !row.groups.is_empty() {
        out.push_str(",\"raft_group_ids\":");
        numbers(out, &row.groups);
        out.push_str(",\"leader_terms\":");
        numbers(out, &row.terms);
    }
    if !row.term_parts.is_empty() {
        out.push_str(",\"term_parts\":");
        term_parts(out, row, matrix.columns.len());
    }
    out.push('}');
}

fn term_parts(out: &mut String, row: &Row, columns: usize) {
    let mut left = row.term_parts.as_slice();
    let columns = 0..columns;
    list_of(out, columns, |out, column| {
        let here = left.iter().take_while(|p| p.column == column).count();
        let (parts, rest) = left.split_at(here);
        left = rest;
        if parts.is_empty() {
            out.push_str("null");
            return;
        }
        list(out, parts, |out, part| {
            out.push_str("{\"group\":");
            number(out, part.group);
            out.push_str(",\"term\":");
            number(out, part.term);
            out.push_str(",\"value\":");
            number(out, part.value);
            out.push('}');
        });
    });
}

fn list<T>(out: &mut String, items: &[T], each: impl FnMut(&mut String, &T)) {
    list_of(out, items.iter(), each);
}

fn list_of<T>(out: &mut String, items: impl Iterator<Item = T>, mut each: impl FnMut(&mut String, T)) {
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

fn instants(out: &mut String, member: &str, columns: &[Column], of: impl Fn(&Column) -> u64) {
    out.push_str(member);
    list(out, columns, |out, column| number(out, of(column)));
}

fn numbers(out: &mut String, values: &[u64]) {
    list(out, values, |out, value| number(out, *value));
}

/// Decimal digits. Most numbers of a matrix are 0 or short, so this stands before `core::fmt`.
fn number(out: &mut String, mut value: u64) {
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
fn hex(out: &mut String, value: u64) {
    for shift in (0..16).rev() {
        let digit = (value >> (shift * 4)) as u32 & 15;
        out.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

fn bound(out: &mut String, bytes: &[u8]) {
    if bytes.is_empty() {
        out.push_str("null");
        return;
    }
    out.push('"');
    base64(out, bytes);
    out.push('"');
}

/// Standard base64 with padding (RFC 4648, section 4).
fn base64(out: &mut String, bytes: &[u8]) {
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
fn rfc3339(out: &mut String, unix_ms: u64) {
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

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn numbers_of_every_length() {
        for value in [0, 7, 10, 99, 100, u64::MAX, u64::MAX - 1, 1 << 53] {
            assert_eq!(text(|out| number(out, value)), alloc::format!("{value}"));
        }
    }

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in
            [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(text(|out| base64(out, plain.as_bytes())), coded);
        }
    }

    #[test]
    fn instants_as_text() {
        assert_eq!(text(|out| rfc3339(out, 0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(|out| rfc3339(out, 951_827_696_789)), "2000-02-29T12:34:56.789Z");
        assert_eq!(text(|out| rfc3339(out, 1_795_219_200_001)), "2026-11-21T00:00:00.001Z");
    }
}
