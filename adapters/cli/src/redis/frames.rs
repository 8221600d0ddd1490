//! What a session's process tells its parent: records of commands, and reports. Both are of one build of one program, so
//! the form has no version.
//!
//! ```text
//! record  kind:u8 (0 read, 1 write, 2 scan)  database:u16  value_len:u64  key_len:u32  key  [scan: end_len:u32  end]
//! report  255:u8  len:u32  JSON
//! ```

use std::io::{self, ErrorKind, Read, Write};

use keyviz_trace::{MonitorKey, Op};
use serde::{Deserialize, Serialize};

use super::server::Facts;

const REPORT: u8 = 255;

/// Longest key and report: a key is one argument of a line, and lines have this limit, too.
const MAX_BYTES: usize = 64 << 20;

/// One key of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) op: Option<Op>,
    pub(crate) database: u32,
    pub(crate) value_len: u64,
    pub(crate) key: Vec<u8>,
    /// Of a scan, where it ends.
    pub(crate) end: Vec<u8>,
}

/// What happens to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Report {
    /// `MONITOR` runs.
    Began { facts: Facts, guarded: bool },
    /// It still does.
    Beat(Beat),
    /// It does not any more; nothing follows. `in_full` is the text for the terminal, where that is another.
    Ended { why: Why, text: String, in_full: Option<String>, beat: Beat },
}

/// How a session fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beat {
    /// Lines of `MONITOR`.
    pub(crate) lines: u64,
    /// Lines that gave no key, by the reason's name.
    pub(crate) skipped: Vec<(String, u64)>,
    /// The most that waited in the server for us.
    pub(crate) most_waiting_bytes: u64,
    /// Commands that the server ran meanwhile, of all clients.
    pub(crate) commands: u64,
    /// For how long.
    pub(crate) watched_ms: u64,
    /// When the server last had our `MONITOR` client, in Unix milliseconds; 0: it was not asked yet.
    pub(crate) known_unix_ms: u64,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Why {
    /// Its time was over.
    Done,
    /// We did not keep up, and left.
    Overload,
    /// Too much waited in the server, and it was told to let us go.
    Buffer,
    /// The server's memory is full.
    Memory,
    /// The connection was not made, or broke; it may be tried again.
    Lost,
    /// It will be so until somebody changes something.
    Refused,
}

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Record,
    Report(Report),
}

/// Writes a record.
pub(crate) fn record(to: &mut impl Write, key: &MonitorKey<'_>, database: u32) -> io::Result<()> {
    let kind = match key.op {
        Op::Read => 0,
        Op::Write => 1,
        Op::Scan => 2,
    };
    to.write_all(&[kind])?;
    to.write_all(&u16::try_from(database).unwrap_or(u16::MAX).to_le_bytes())?;
    to.write_all(&key.value_len.to_le_bytes())?;
    write_body(to, key.key)?;
    key.end_key.filter(|_| key.op == Op::Scan).map_or(Ok(()), |end| write_body(to, end))
}

fn write_body(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&u32::try_from(bytes.len()).map_err(|_| strange())?.to_le_bytes())?;
    to.write_all(bytes)
}

/// Writes a report.
pub(crate) fn report(to: &mut impl Write, report: &Report) -> io::Result<()> {
    let text = serde_json::to_vec(report)?;
    to.write_all(&[REPORT])?;
    write_body(to, &text)
}

/// Reads a frame, a record into `seen`; `None` at the end, also one in the middle of a frame: the process was ended.
pub(crate) fn read(from: &mut impl Read, seen: &mut Seen) -> io::Result<Option<Frame>> {
    match whole(from, seen) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        other => other.map(Some),
    }
}

fn whole(from: &mut impl Read, seen: &mut Seen) -> io::Result<Frame> {
    let [kind] = bytes(from)?;
    if kind == REPORT {
        let mut text = Vec::new();
        body(from, &mut text)?;
        return Ok(Frame::Report(serde_json::from_slice(&text)?));
    }
    seen.op = Some(match kind {
        0 => Op::Read,
        1 => Op::Write,
        2 => Op::Scan,
        _ => return Err(strange()),
    });
    seen.database = u16::from_le_bytes(bytes(from)?).into();
    seen.value_len = u64::from_le_bytes(bytes(from)?);
    body(from, &mut seen.key)?;
    seen.end.clear();
    if seen.op == Some(Op::Scan) {
        body(from, &mut seen.end)?;
    }
    Ok(Frame::Record)
}

fn bytes<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn body(from: &mut impl Read, into: &mut Vec<u8>) -> io::Result<()> {
    let len = u32::from_le_bytes(bytes(from)?) as usize;
    if len > MAX_BYTES {
        return Err(strange());
    }
    into.resize(len, 0);
    from.read_exact(into)
}

fn strange() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "a frame of another form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_an_end_anywhere_is_an_end() {
        let key = MonitorKey { op: Op::Write, key: b"a\0\xff", end_key: None, value_len: 1 << 40 };
        let scan = MonitorKey { op: Op::Scan, key: b"", end_key: Some(b"z"), value_len: 0 };
        let ended = Report::Ended {
            why: Why::Overload,
            text: "x".to_owned(),
            in_full: Some("x of y".to_owned()),
            beat: Beat { lines: 7, skipped: vec![("no_key".to_owned(), 2)], ..Beat::default() },
        };
        let mut text = Vec::new();
        record(&mut text, &key, 70_000).unwrap();
        record(&mut text, &scan, 3).unwrap();
        report(&mut text, &ended).unwrap();
        let mut seen = Seen::default();
        let mut from = &text[..];
        assert_eq!(read(&mut from, &mut seen).unwrap(), Some(Frame::Record));
        let expected = Seen {
            op: Some(Op::Write),
            database: 65_535,
            value_len: 1 << 40,
            key: b"a\0\xff".to_vec(),
            end: Vec::new(),
        };
        assert_eq!(seen, expected);
        assert_eq!(read(&mut from, &mut seen).unwrap(), Some(Frame::Record));
        let expected = Seen { op: Some(Op::Scan), database: 3, end: b"z".to_vec(), ..Seen::default() };
        assert_eq!(seen, expected);
        assert_eq!(read(&mut from, &mut seen).unwrap(), Some(Frame::Report(ended)));
        assert_eq!(read(&mut from, &mut seen).unwrap(), None);
        for end in 0..text.len() {
            let mut from = &text[..end];
            while read(&mut from, &mut seen).unwrap().is_some() {}
        }
        assert!(read(&mut &[9_u8; 40][..], &mut seen).is_err());
        assert!(read(&mut &[255_u8; 40][..], &mut seen).is_err());
    }
}
