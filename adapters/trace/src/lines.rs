//! Bytes into lines, through one buffer that grows to the limit and no further.

use std::fmt;
use std::io::{self, ErrorKind, Read};

/// What the buffer starts with and reads at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Where the next line ends. Offsets count from the first unread byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// A newline stands at this offset.
    Line(usize),
    /// The input ends at this offset, without a newline.
    Last(usize),
    /// No newline within the limit.
    TooLong,
    /// Nothing is left.
    End,
}

/// A window onto the input that ends where reading got to.
pub(crate) struct Lines<R> {
    input: R,
    buf: Vec<u8>,
    head: usize,
    tail: usize,
    ended: bool,
    /// A line beyond the limit is being passed over.
    skipping: bool,
    /// Bytes of a record beyond the limit that are still to be passed over.
    left_bytes: u64,
    limit_bytes: usize,
    taken_bytes: u64,
}

impl<R: fmt::Debug> fmt::Debug for Lines<R> {
    /// Without the bytes, which are keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lines { input, taken_bytes, ended, .. } = self;
        f.debug_struct("Lines")
            .field("input", input)
            .field("taken_bytes", taken_bytes)
            .field("ended", ended)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R, limit_bytes: usize) -> Lines<R> {
        Lines {
            input,
            buf: Vec::new(),
            head: 0,
            tail: 0,
            ended: false,
            skipping: false,
            left_bytes: 0,
            limit_bytes: limit_bytes.max(1),
            taken_bytes: 0,
        }
    }

    /// The first `want` unread bytes, or as many as there are.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.tail - self.head < want && !self.ended {
            self.fill()?;
        }
        Ok(self.text(0, want.min(self.tail - self.head)))
    }

    /// As [`peek`](Lines::peek), but of an input that has nothing more for now, what there is already.
    pub(crate) fn peek_there(&mut self, want: usize) -> io::Result<&[u8]> {
        let failed = self.peek(want).err();
        if let Some(error) = failed.filter(|error| error.kind() != ErrorKind::WouldBlock || self.tail == self.head) {
            return Err(error);
        }
        Ok(self.text(0, want.min(self.tail - self.head)))
    }

    /// Where the line ends that holds offset `from`. A line that [`skip_line`](Lines::skip_line) could not pass over
    /// to its end is still too long.
    pub(crate) fn span(&mut self, from: usize) -> io::Result<Span> {
        if self.skipping {
            return Ok(Span::TooLong);
        }
        let mut scanned = from;
        loop {
            let unread = self.tail - self.head;
            let rest = self.buf.get(self.head + scanned.min(unread)..self.tail).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', rest) {
                let end = scanned + at;
                return Ok(if end > self.limit_bytes { Span::TooLong } else { Span::Line(end) });
            }
            if unread > self.limit_bytes {
                return Ok(Span::TooLong);
            }
            if self.ended {
                return Ok(if unread > from { Span::Last(unread) } else { Span::End });
            }
            scanned = scanned.max(unread);
            self.fill()?;
        }
    }

    /// The unread bytes from offset `from` up to `to`; what is not there is left out.
    pub(crate) fn text(&self, from: usize, to: usize) -> &[u8] {
        let start = (self.head + from).min(self.tail);
        self.buf.get(start..(self.head + to).min(self.tail)).unwrap_or_default()
    }

    /// Moves past `count` bytes.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.tail - self.head);
        self.head += count;
        self.taken_bytes += count as u64;
    }

    /// Moves past the next newline, however far it is, without keeping what stands before it.
    pub(crate) fn skip_line(&mut self) -> io::Result<()> {
        self.skipping = true;
        loop {
            let unread = self.tail - self.head;
            match memchr::memchr(b'\n', self.text(0, unread)) {
                Some(at) => {
                    self.consume(at + 1);
                    break;
                }
                None => self.consume(unread),
            }
            if self.ended {
                break;
            }
            self.fill()?;
        }
        self.skipping = false;
        Ok(())
    }

    /// Moves past `count` bytes, however many they are, without keeping them; whether there were so many. After an error
    /// [`skip_on`](Lines::skip_on) goes on.
    pub(crate) fn skip_bytes(&mut self, count: u64) -> io::Result<bool> {
        self.left_bytes = count;
        self.skip_on()
    }

    /// Whether bytes are still to be passed over.
    pub(crate) fn is_skipping_bytes(&self) -> bool {
        self.left_bytes > 0
    }

    /// Goes on with [`skip_bytes`](Lines::skip_bytes).
    pub(crate) fn skip_on(&mut self) -> io::Result<bool> {
        loop {
            let step = usize::try_from(self.left_bytes).unwrap_or(usize::MAX).min(self.tail - self.head);
            self.consume(step);
            self.left_bytes -= step as u64;
            if self.left_bytes == 0 || self.ended {
                return Ok(std::mem::take(&mut self.left_bytes) == 0);
            }
            self.fill()?;
        }
    }

    /// Where the bytes come from.
    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// The longest line, and the longest record, that is kept.
    pub(crate) fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Bytes consumed so far.
    pub(crate) fn taken_bytes(&self) -> u64 {
        self.taken_bytes
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.head > 0 && self.tail == self.buf.len() {
            self.buf.copy_within(self.head..self.tail, 0);
            self.tail -= self.head;
            self.head = 0;
        }
        if self.tail == self.buf.len() {
            let grown = (self.buf.len() * 2).clamp(CHUNK_BYTES, self.limit_bytes.saturating_add(CHUNK_BYTES));
            self.buf.resize(grown.max(self.buf.len() + CHUNK_BYTES.min(4096)), 0);
        }
        let Some(room) = self.buf.get_mut(self.tail..) else {
            return Ok(());
        };
        loop {
            match self.input.read(room) {
                Ok(0) => self.ended = true,
                Ok(count) => self.tail = (self.tail + count).min(self.buf.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every boundary is met.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1).min(buf.len());
            buf[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn lines_and_the_last_one() {
        let mut lines = Lines::new(Drip(b"ab\n\nc"), 10);
        assert_eq!(lines.span(0).unwrap(), Span::Line(2));
        assert_eq!(lines.span(3).unwrap(), Span::Line(3));
        assert_eq!(lines.text(0, 2), b"ab");
        lines.consume(3);
        assert_eq!(lines.span(0).unwrap(), Span::Line(0));
        lines.consume(1);
        assert_eq!(lines.span(0).unwrap(), Span::Last(1));
        lines.consume(1);
        assert_eq!(lines.span(0).unwrap(), Span::End);
        assert_eq!(lines.taken_bytes(), 5);
    }

    #[test]
    fn a_long_line_is_skipped_without_being_kept() {
        let mut text = vec![b'x'; 3 * CHUNK_BYTES];
        text.extend_from_slice(b"\nok\n");
        let mut lines = Lines::new(&text[..], 1000);
        assert_eq!(lines.span(0).unwrap(), Span::TooLong);
        lines.skip_line().unwrap();
        assert_eq!(lines.span(0).unwrap(), Span::Line(2));
        assert!(lines.buf.len() <= 2 * CHUNK_BYTES);
    }
}
