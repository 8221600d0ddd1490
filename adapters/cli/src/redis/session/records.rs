//! Bytes of the server into records for the parent. Values are measured here and go no further.

use std::collections::BTreeMap;
use std::io::{self, Write};

use keyviz_trace::{MonitorLine, Reason};

use super::fuse;
use crate::redis::frames;

/// Longest line that is read; what is longer is passed over and counted.
const LINE_BYTES: usize = 64 << 20;

/// Cuts the flow into lines and writes a record for each key.
#[derive(Debug, Default)]
pub(crate) struct Records {
    line: MonitorLine,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// A line beyond the limit is being passed over.
    skipping: bool,
    pub(crate) lines: u64,
    pub(crate) skipped: BTreeMap<&'static str, u64>,
}

impl Records {
    /// Takes bytes as they came; what is whole in them is written.
    ///
    /// # Errors
    /// Where writing fails.
    pub(crate) fn take(&mut self, mut bytes: &[u8], to: &mut impl Write) -> io::Result<()> {
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
            bytes = rest.get(1..).unwrap_or_default();
            if self.skipping {
                self.skipping = false;
                self.skip(Reason::TooLong);
            } else if self.begun.is_empty() {
                self.write(line, to)?;
            } else {
                let mut begun = std::mem::take(&mut self.begun);
                begun.extend_from_slice(line);
                self.write(&begun, to)?;
                begun.clear();
                self.begun = begun;
            }
        }
        if self.begun.len() + bytes.len() > LINE_BYTES {
            self.skipping = true;
            self.begun = Vec::new();
        } else if !self.skipping {
            self.begun.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn write(&mut self, line: &[u8], to: &mut impl Write) -> io::Result<()> {
        if let Err(reason) = self.line.read(line) {
            self.skip(reason);
            return Ok(());
        }
        self.lines += 1;
        for key in self.line.keys().filter(|key| !key.key.starts_with(fuse::KEY_PREFIX.as_bytes())) {
            frames::record(to, &key, self.line.database())?;
        }
        Ok(())
    }

    fn skip(&mut self, reason: Reason) {
        self.lines += 1;
        *self.skipped.entry(reason.name()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::frames::{Frame, Seen};

    #[test]
    fn pieces_of_any_size_give_the_same_records() {
        let text = "+1.5 [0 1:2] \"SET\" \"a\\n\" \"xyz\"\r\n+1.6 [0 1:2] \"PING\"\r\n\
                    +1.7 [3 1:2] \"DEL\" \"b\" \"c\"\r\n+1.8 [0 1:2] \"XREAD\" \"STREAMS\" \"keyviz:fuse:1\" \"$\"\r\n";
        for size in 1..=text.len() {
            let (mut records, mut out) = (Records::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                records.take(piece, &mut out).unwrap();
            }
            let (mut seen, mut from, mut found) = (Seen::default(), &out[..], Vec::new());
            while let Some(frame) = frames::read(&mut from, &mut seen).unwrap() {
                assert_eq!(frame, Frame::Record);
                found.push((String::from_utf8(seen.key.clone()).unwrap(), seen.database, seen.value_len));
            }
            let expected = [("a\n".to_owned(), 0, 3), ("b".to_owned(), 3, 0), ("c".to_owned(), 3, 0)];
            assert_eq!(found, expected, "{size}");
            assert_eq!((records.lines, records.skipped.get("no_key")), (4, Some(&1)));
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_counted_and_not_kept() {
        let (mut records, mut out) = (Records::default(), Vec::new());
        let piece = vec![b'x'; 8 << 20];
        for _ in 0..10 {
            records.take(&piece, &mut out).unwrap();
            assert!(records.begun.len() <= LINE_BYTES);
        }
        records.take(b"\n+1.5 [0 x] \"GET\" \"k\"\r\n", &mut out).unwrap();
        assert_eq!((records.lines, records.skipped.get("too_long")), (2, Some(&1)));
        assert!(!out.is_empty());
    }
}
