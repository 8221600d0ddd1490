//! What holds of every input, however it was made: what the targets check after each.
//!
//! Beside not panicking (with overflow checks on) and ending: records come in order of time, are countable, and are as
//! many as the tally says; no key is longer than the limit on lines; errors are text that a terminal can take.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read};

use keyviz_trace::{Limits, OpenError, Tally, Trace};

/// Longest line: short, so that what is beyond it is met often.
pub const LINE_BYTES: usize = 2048;

/// Most bytes, unpacked, and most records that are looked at: a small input may unpack to gigabytes.
const MOST_BYTES: u64 = 1 << 20;
const MOST_RECORDS: u64 = 1 << 16;

/// The last microsecond of the year 9999.
const LAST_US: u64 = 253_402_300_799_999_999;

/// Short lines.
pub fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.line_bytes = LINE_BYTES;
    limits
}

/// A record as the comparison of two readings needs it: time, key, end key, value length, count.
pub type Seen = (u64, Vec<u8>, Option<Vec<u8>>, u64, u64);

/// Reads a trace to its end, and checks what it gives.
pub fn read<R: Read>(opened: Result<Trace<R>, OpenError>) -> Option<(Vec<Seen>, Tally)> {
    let mut trace = match opened {
        Ok(trace) => trace,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
            return None;
        }
    };
    let (mut seen, mut last_us) = (Vec::new(), 0);
    while trace.bytes_read() < MOST_BYTES && trace.tally().records < MOST_RECORDS {
        match trace.next_record() {
            Ok(None) => break,
            Ok(Some(record)) => {
                assert!((last_us..=LAST_US).contains(&record.time_us));
                assert!(record.count > 0 && record.key.len() <= LINE_BYTES.max(2 * 1024));
                let each = record.value_len.checked_add(record.key.len() as u64);
                assert!(each.and_then(|bytes| bytes.checked_mul(record.count)).is_some());
                last_us = record.time_us;
                let end = record.end_key.map(<[u8]>::to_vec);
                seen.push((record.time_us, record.key.to_vec(), end, record.value_len, record.count));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // Damage of compressed input.
            Err(_) => break,
        }
    }
    let tally = trace.tally().clone();
    assert_eq!(tally.records, seen.len() as u64);
    assert!(tally.times_raised <= tally.records);
    for skip in tally.skipped.reasons() {
        assert!(skip.lines > 0 && skip.first_lines().count() as u64 == skip.lines.min(3));
        assert!(skip.first_lines().all(|line| line > 0 && line <= tally.lines));
    }
    Some((seen, tally))
}

/// Gives a few bytes, then says that there are no more for now, in turn; at last the end.
#[derive(Debug)]
pub struct Growing<'a> {
    bytes: &'a [u8],
    at_once: usize,
    dry: bool,
}

impl<'a> Growing<'a> {
    /// So many bytes at once, at least one.
    pub fn new(bytes: &'a [u8], at_once: u8) -> Growing<'a> {
        Growing { bytes, at_once: usize::from(at_once).max(1), dry: false }
    }
}

impl Read for Growing<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.dry = !self.dry;
        if self.dry && !self.bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let (now, later) = self.bytes.split_at(self.at_once.min(buf.len()).min(self.bytes.len()));
        buf[..now.len()].copy_from_slice(now);
        self.bytes = later;
        Ok(now.len())
    }
}
