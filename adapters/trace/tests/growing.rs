//! Inputs that have no more for now: what was not there is read later, and nothing twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{self, ErrorKind, Read};

use keyviz_trace::{Format, Limits, Reason, Tally, Trace};

/// Gives a few bytes, then says that there are no more for now, in turn; then the end.
struct Growing<'a> {
    bytes: &'a [u8],
    at_once: usize,
    dry: bool,
}

impl Read for Growing<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.dry = !self.dry;
        if self.dry && !self.bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = self.at_once.min(buf.len()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(count);
        buf[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}

type Seen = (Vec<(u64, Vec<u8>)>, Tally);

fn read(mut trace: Trace<impl Read>) -> Seen {
    let mut records = Vec::new();
    loop {
        match trace.next_record() {
            Ok(Some(record)) => records.push((record.time_us, record.key.to_vec())),
            Ok(None) => return (records, trace.tally().clone()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
    }
}

/// All of it at once, and `whole` bytes at once and the rest in small pieces.
fn both(text: &[u8], whole: usize, at_once: usize, limits: Limits) -> (Seen, Seen) {
    let (head, rest) = text.split_at(whole);
    let growing = Growing { bytes: rest, at_once, dry: false };
    let grown = read(Trace::open(head.chain(growing), limits).unwrap());
    (read(Trace::open(text, limits).unwrap()), grown)
}

#[test]
fn csv_with_quoted_newlines() {
    let mut text = b"ts_us,op,key\n1,r,first\n".to_vec();
    let whole = text.len();
    for n in 2..200 {
        text.extend_from_slice(format!("{n},w,\"key\n{n}\"\n").as_bytes());
    }
    text.extend_from_slice(b"nonsense\n200,r,last");
    for at_once in [1, 3, 1000] {
        let (at_rest, grown) = both(&text, whole, at_once, Limits::default());
        assert_eq!(at_rest, grown);
        assert_eq!(grown.0.len(), 200);
    }
}

#[test]
fn monitor_and_a_line_beyond_the_limit() {
    let mut text = b"OK\n1700000000.000001 [0 127.0.0.1:5] \"GET\" \"a\"\n".to_vec();
    let whole = text.len();
    text.extend_from_slice(&[b'x'; 5000]);
    text.extend_from_slice(b"\n1700000000.000002 [3 127.0.0.1:5] \"MGET\" \"b\" \"c\"\n");
    let mut limits = Limits::default();
    limits.line_bytes = 1000;
    for at_once in [1, 7, 700] {
        let (at_rest, grown) = both(&text, whole, at_once, limits);
        assert_eq!(at_rest, grown);
        assert_eq!((grown.0.len(), grown.1.lines, grown.1.databases), (3, 4, 2));
        assert_eq!(grown.1.skipped.count(Reason::TooLong), 1);
    }
}

#[test]
fn frames_of_rocksdb() {
    let text = include_bytes!("data/db_bench_fillrandom.trace");
    let (at_rest, grown) = both(text, text.len() / 2, 5, Limits::default());
    assert_eq!(at_rest, grown);
    assert_eq!(grown.0.len(), at_rest.0.len());
    assert!(grown.0.len() > 1, "{}", grown.0.len());
    // Every frame is beyond this limit.
    let mut limits = Limits::default();
    limits.line_bytes = 4;
    let (at_rest, grown) = both(text, text.len() / 2, 5, limits);
    assert_eq!(at_rest, grown);
    assert!(grown.1.skipped.count(Reason::TooLong) > 1, "{:?}", grown.1);
}

#[test]
fn the_servers_reply_alone_is_a_capture() {
    for reply in ["OK\n", "OK", "+OK\r\n", "OK\n\n"] {
        let mut trace = Trace::open(reply.as_bytes(), Limits::default()).unwrap();
        assert_eq!(trace.format(), Format::Monitor);
        assert!(trace.next_record().unwrap().is_none());
        assert_eq!(trace.tally().skipped.count(Reason::Reply), 1);
    }
    assert!(Trace::open(&b"OKAY\n"[..], Limits::default()).is_err());
    assert!(Trace::open(&b"OK\nother\n"[..], Limits::default()).is_err());
}
