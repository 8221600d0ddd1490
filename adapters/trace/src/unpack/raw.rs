//! The input as it stands, counted.

use std::io::{self, Read};

/// As many bytes as the longest magic number that is looked for.
const HEAD_BYTES: usize = 4;

/// Bytes given back in front of the rest, and a count of all that were taken.
#[derive(Debug)]
pub(crate) struct Raw<R> {
    head: [u8; HEAD_BYTES],
    given: usize,
    held: usize,
    input: R,
    bytes: u64,
}

impl<R: Read> Raw<R> {
    /// Reads the first bytes.
    pub(crate) fn new(input: R) -> io::Result<Raw<R>> {
        let mut raw = Raw { head: [0; HEAD_BYTES], given: 0, held: 0, input, bytes: 0 };
        while let Some(room @ [_, ..]) = raw.head.get_mut(raw.held..) {
            match raw.input.read(room) {
                Ok(0) => break,
                Ok(count) => raw.held += count.min(room.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(raw)
    }

    /// The first bytes, at most four.
    pub(crate) fn head(&self) -> &[u8] {
        self.head.get(..self.held).unwrap_or_default()
    }

    /// Bytes taken from the input.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut left = self.head.get(self.given..self.held).unwrap_or_default();
        let count = if left.is_empty() { self.input.read(buf)? } else { left.read(buf)? };
        self.given = (self.given + count).min(self.held);
        self.bytes += count as u64;
        Ok(count)
    }
}
