//! keyviz's own CSV (RFC 4180), with a header that names its columns.
//!
//! ```text
//! ts_us,op,key,bytes,count
//! 1700000000123456,write,user:1,3,1
//! 1700000000123470,read,"with, comma and ""quotes""",0,12
//! ```
//!
//! | column | meaning |
//! |---|---|
//! | `ts_us` | microseconds, of Unix time or since the trace began |
//! | `op` | `read`, `write`, `scan`, or their first letters; `get`, `set`, `put`, `delete` and the other words of key-value stores |
//! | `key`, `end_key` | the key; for a scan also its exclusive end, empty for none. `key:hex`, `key:base64` (standard or URL alphabet, padded or not) and `key:u64be` (a decimal number, kept as 8 big-endian bytes) name another encoding than raw bytes |
//! | `bytes` | value bytes of one operation, without the key; empty or absent is 0 |
//! | `count` | identical operations this row stands for; empty or absent is 1 |
//! | `tag` | the traffic's origin |
//!
//! `ts_us`, `op` and a key column are needed; columns with other names are passed over.

mod encoding;
mod fields;
mod header;
mod row;

use std::io::{self, Read};

use crate::lines::{Lines, Span};
use crate::record::Op;
use crate::skipped::{Reason, Skipped};
pub(crate) use encoding::{Decoded, Encoding};
pub(crate) use fields::{Fields, Split};
pub(crate) use header::{Header, HeaderError};
use row::Row;

/// Reads rows; keeps one at a time.
#[derive(Debug)]
pub(crate) struct Csv {
    header: Header,
    header_line: Vec<u8>,
    fields: Fields,
    row: Row,
    key: Decoded,
    end_key: Decoded,
}

/// The row read last.
pub(crate) struct CsvRow<'a> {
    pub(crate) op: Op,
    pub(crate) key: &'a [u8],
    pub(crate) end_key: Option<&'a [u8]>,
    pub(crate) value_len: u64,
    pub(crate) count: u64,
    pub(crate) tag: &'a [u8],
}

impl Csv {
    /// Takes the header, and the blank lines before it, off the input. `line` counts them.
    pub(crate) fn open<R: Read>(
        lines: &mut Lines<R>,
        line: &mut u64,
        skipped: &mut Skipped,
    ) -> io::Result<Option<Csv>> {
        loop {
            let (end, step) = match lines.span(0)? {
                Span::Line(end) => (end, end + 1),
                Span::Last(end) => (end, end),
                Span::TooLong | Span::End => return Ok(None),
            };
            let text = trimmed(lines.text(0, end)).to_vec();
            lines.consume(step);
            *line += 1;
            if text.is_empty() {
                skipped.note(Reason::Blank, *line);
                continue;
            }
            let (fields, row, key, end_key) = Default::default();
            return Ok(Header::parse(&text).ok().map(|header| Csv {
                header,
                header_line: text,
                fields,
                row,
                key,
                end_key,
            }));
        }
    }

    /// Reads up to the next good row; its time in microseconds, `None` at the end of the input.
    pub(crate) fn read<R: Read>(
        &mut self,
        lines: &mut Lines<R>,
        line: &mut u64,
        skipped: &mut Skipped,
    ) -> io::Result<Option<u64>> {
        loop {
            let (end, step) = match lines.span(0)? {
                Span::End => return Ok(None),
                Span::TooLong => {
                    lines.skip_line()?;
                    *line += 1;
                    skipped.note(Reason::TooLong, *line);
                    continue;
                }
                Span::Line(end) => (end, end + 1),
                Span::Last(end) => (end, end),
            };
            match self.row(lines, end)? {
                Ok((time_us, taken, newlines)) => {
                    lines.consume(taken);
                    *line += newlines;
                    return Ok(Some(time_us));
                }
                // Only the first line is given up: what an open quote ran into stands on its own again.
                Err(reason) => {
                    lines.consume(step);
                    *line += 1;
                    skipped.note(reason, *line);
                }
            }
        }
    }

    /// One row, over as many lines as its quotes need: time, bytes and lines taken.
    fn row<R: Read>(
        &mut self,
        lines: &mut Lines<R>,
        first_end: usize,
    ) -> io::Result<Result<(u64, usize, u64), Reason>> {
        let (mut end, mut newlines) = (first_end, 1);
        self.fields.clear();
        let mut last = false;
        loop {
            match self.fields.split(lines.text(0, end), self.header.columns) {
                Split::Done => break,
                Split::Bad => return Ok(Err(Reason::BadQuote)),
                Split::Open if last => return Ok(Err(Reason::CutShort)),
                Split::Open => {}
            }
            match lines.span(end + 1)? {
                Span::Line(at) => end = at,
                Span::Last(at) => (end, last) = (at, true),
                Span::End => return Ok(Err(Reason::CutShort)),
                Span::TooLong => return Ok(Err(Reason::BadQuote)),
            }
            newlines += 1;
        }
        let text = lines.text(0, end + 1);
        let ends_file = text.len() == end;
        let text = trimmed(text.get(..end).unwrap_or(text));
        if text.is_empty() {
            return Ok(Err(Reason::Blank));
        }
        if text == self.header_line.as_slice() {
            return Ok(Err(Reason::RepeatedHeader));
        }
        if self.fields.len() != self.header.columns {
            let cut = ends_file && self.fields.len() < self.header.columns;
            return Ok(Err(if cut { Reason::CutShort } else { Reason::WrongColumns }));
        }
        let taken = if ends_file { end } else { end + 1 };
        Ok(self.decode().map(|time_us| (time_us, taken, newlines)))
    }

    fn decode(&mut self) -> Result<u64, Reason> {
        let header = &self.header;
        let field = |column: Option<usize>| column.and_then(|at| self.fields.get(at)).unwrap_or_default();
        self.key.decode(field(Some(header.key.at)), header.key.encoding).ok_or(Reason::BadKey)?;
        let end_key = header.end_key.map(|column| (field(Some(column.at)), column.encoding));
        match end_key {
            Some((text, encoding)) => self.end_key.decode(text, encoding).ok_or(Reason::BadKey)?,
            None => self.end_key.clear(),
        }
        self.row = Row::parse(field(header.op), field(header.ts_us), field(header.bytes), field(header.count))?;
        self.row.check(self.key.bytes().len())?;
        Ok(self.row.time_us)
    }

    /// The row read last.
    pub(crate) fn current(&self) -> CsvRow<'_> {
        let end_key = self.end_key.bytes();
        CsvRow {
            op: self.row.op,
            key: self.key.bytes(),
            end_key: (!end_key.is_empty()).then_some(end_key),
            value_len: self.row.value_len,
            count: self.row.count,
            tag: self.header.tag.and_then(|at| self.fields.get(at)).unwrap_or_default(),
        }
    }
}

/// Without the carriage return at its end and the byte order mark at its start.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
