//! The matrix as a table for spreadsheets: rows x columns of one series.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use keyviz_admin::Redactor;
use keyviz_core::{Matrix, Reader, Series};

use super::answer;
use super::input;
use crate::escape;
use crate::failure::Failure;
use crate::quantity::{clock, instant, since};

/// Writes a line a row (`start`, `end`, a value per column), below a header with the columns' start times.
///
/// Bounds are written as the terminal shows them, but whole: `\xHH` for what is no letter, digit or sign; an empty
/// start is the lowest key, an empty end is none. A bound that a spreadsheet would take for a formula has its first
/// byte written so. Times are UTC, or hh:mm:ss where the trace's clock started with it.
pub(crate) fn write(
    file: &Path,
    reader: &Reader,
    (series, redactor): (Series, &Redactor),
    relative: bool,
) -> Result<(), Failure> {
    let matrix = answer::shown(reader, series, redactor);
    let written = File::create(file).and_then(|file| {
        let mut to = BufWriter::new(file);
        table(&mut to, &matrix, relative)?;
        to.flush()
    });
    written.map_err(|error| Failure::new(format!("writing {} failed: {error}", input::name(file))))
}

fn table(to: &mut impl Write, matrix: &Matrix, relative: bool) -> io::Result<()> {
    write!(to, "start,end")?;
    for column in &matrix.columns {
        write!(to, ",{}", time(column.start_ms, relative))?;
    }
    writeln!(to)?;
    for row in &matrix.rows {
        write!(to, "{},{}", bound(&row.start), row.end.as_deref().map_or(String::new(), bound))?;
        for value in &row.values {
            write!(to, ",{value}")?;
        }
        writeln!(to)?;
    }
    Ok(())
}

/// Without the plus of a relative time: a spreadsheet takes that for a formula.
fn time(start_ms: u64, relative: bool) -> String {
    let millis = start_ms % 1000;
    if relative {
        format!("{}.{millis:03}", since(start_ms).trim_start_matches('+'))
    } else {
        let day = instant(start_ms);
        format!("{}T{}.{millis:03}Z", day.get(..10).unwrap_or_default(), clock(start_ms))
    }
}

/// A bound as a field: quoted, so that no separator of any locale ends it.
fn bound(key: &[u8]) -> String {
    if key.is_empty() {
        return String::new();
    }
    let text = match key.split_first() {
        // OWASP, "CSV injection": what begins like this is computed. A space before it does not stop all programs.
        Some((first, rest)) if matches!(first, b'=' | b'+' | b'-' | b'@' | b'|' | b'%' | b' ' | b'\'') => {
            format!("\\x{first:02x}{}", escape::whole_key(rest))
        }
        _ => escape::whole_key(key),
    };
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_text_whatever_they_are() {
        assert_eq!(bound(b""), "");
        assert_eq!(bound(b"user:1"), "\"user:1\"");
        assert_eq!(bound(b"=cmd|' /C calc'!A0"), "\"\\x3dcmd|' /C calc'!A0\"");
        for first in ["+1", "-1", "@x", " =1", "|x", "%x", "'x"] {
            assert!(bound(first.as_bytes()).starts_with("\"\\x"), "{first}");
        }
        assert_eq!(bound(b"\t=1"), "\"\\x09=1\"");
        assert_eq!(bound(b"a,\"b\"\n\xff"), "\"a,\"\"b\"\"\\x0a\\xff\"");
        assert_eq!(bound(&[b'k'; 200]).len(), 202);
    }

    #[test]
    fn times_are_no_formulas() {
        assert_eq!(time(1_700_000_000_100, false), "2023-11-14T22:13:20.100Z");
        assert_eq!(time(90_100, true), "00:01:30.100");
    }
}
