//! Routes from a file instead of from the trace.

use std::io::Read;
use std::path::Path;

use super::input;
use crate::failure::Failure;
use crate::unescape;

/// Most boundaries: with the rows of a picture.
const MOST: usize = 1023;

/// Most bytes of the file.
const FILE_BYTES: u64 = 4 << 20;

/// Longest key as a boundary.
const KEY_BYTES: usize = 1024;

/// Reads the boundaries.
///
/// Either one start key a line, or a CSV whose header has the column `start`, and perhaps `end`, which is a boundary
/// too. Keys are written as they are shown, `\xHH` for a byte; in the CSV a field may be quoted (RFC 4180, without
/// line breaks). Empty lines and those that begin with `#` are passed over.
///
/// # Errors
/// Where the file cannot be read, has no boundary, or more than 1023; at a line that cannot be read, with its number.
pub(crate) fn read(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| input::failed(path, &error))?;
    file.take(FILE_BYTES + 1).read_to_string(&mut text).map_err(|error| input::failed(path, &error))?;
    let refused = |why: String| Failure::new(format!("the routes in {} cannot be used: {why}", input::name(path)));
    if text.len() as u64 > FILE_BYTES {
        return Err(refused(format!("the file is larger than {} MiB", FILE_BYTES >> 20)));
    }
    parse(&text).map_err(refused)
}

fn parse(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let mut lines = lines.peekable();
    let header = lines.peek().map(|(_, line)| fields(line)).unwrap_or_default().unwrap_or_default();
    let columns: Vec<usize> =
        (0..).zip(&header).filter(|(_, name)| matches!(name.trim(), "start" | "end")).map(|(at, _)| at).collect();
    let csv = header.iter().any(|name| name.trim() == "start");
    if csv {
        lines.next();
    }
    let mut cuts = Vec::new();
    for (number, line) in lines {
        let at = |why: String| format!("line {number}: {why}");
        let mut keep = |field: &str| {
            let key = unescape::key(field).map_err(at)?;
            if key.len() > KEY_BYTES {
                return Err(at(format!("a boundary has at most {KEY_BYTES} bytes")));
            }
            cuts.push(key);
            Ok(())
        };
        if csv {
            let row = fields(line).ok_or_else(|| at("unbalanced quote".to_owned()))?;
            if row.len() != header.len() {
                return Err(at("another number of columns than the header".to_owned()));
            }
            columns.iter().filter_map(|column| row.get(*column)).try_for_each(|field| keep(field))?;
        } else {
            keep(line)?;
        }
    }
    cuts.retain(|cut| !cut.is_empty());
    cuts.sort();
    cuts.dedup();
    match cuts.len() {
        0 => Err("there is no start key in it".to_owned()),
        1..=MOST => Ok(cuts),
        count => Err(format!("they have {count} boundaries, and a picture shows {MOST} at most")),
    }
}

/// The fields of a CSV line.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (text, after) = quoted.split_once('"')?;
                field.push_str(text);
                match after.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (text, after) = rest.split_at_checked(end)?;
            field.push_str(text);
            rest = after;
        }
        found.push(field);
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None if rest.is_empty() => return Some(found),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_csv() {
        assert_eq!(parse("b\n\n# no route\na,b\n\\x23\\x00\nb\n").unwrap(), [&b"#\0"[..], b"a,b", b"b"]);
        assert_eq!(parse("start\nm\n").unwrap(), [b"m"]);
        let csv = "id,start,end\r\n1,,\"a,\"\"1\"\n2,c,d\n3,d,\n";
        assert_eq!(parse(csv).unwrap(), [&b"a,\"1"[..], b"c", b"d"]);
    }

    #[test]
    fn what_is_refused_and_where() {
        for (text, why) in [
            ("", "no start key"),
            ("start,end\n,\n", "no start key"),
            ("a\nb\\q\n", "line 2"),
            ("start,end\na\n", "line 2: another number"),
            ("start\n\"a\n", "line 2: unbalanced"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
        let many: String = (0..2000).map(|n| format!("k{n}\n")).collect();
        assert!(parse(&many).unwrap_err().contains("1023"));
        assert!(parse(&"k".repeat(1025)).unwrap_err().contains("1024 bytes"));
    }
}
