//! Taking a snapshot apart into sections, as its bytes come.

use alloc::vec::Vec;

use crc32fast::Hasher;

use super::contents::Contents;
use super::cursor::Cursor;
use super::format::{CHECKSUM_LEN, HEAD_LEN, MAGIC, MAX_PAYLOAD, SECTION_HEAD_LEN, VERSION, id};
use super::{Snapshot, SnapshotError};

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Head,
    SectionHead,
    Payload { id: u16 },
    Skipped { left: u64 },
    Checksum { id: Option<u16> },
    Nothing,
}

/// Reads a snapshot out of bytes that come in pieces of any size.
///
/// - Errors: [`SnapshotError`], from the piece on in which it shows; the decoder is of no use then.
/// - Panics: never, whatever the bytes.
/// - Memory: at most `max_bytes` for what is kept, and besides one section (16 MiB at most, 64 KiB in what keyviz
///   writes), one block of cells (4 MiB at most) and the column that is being read once more. Nothing is taken
///   because a length says so: only for bytes that have come.
/// - Cost: linear in the bytes.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Op, RouteId, Sampler, SnapshotDecoder, SnapshotError};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(1), b"a", None, 0)?;
/// sampler.observe(RouteId(1), Op::Write, b"b", 9);
/// sampler.flush(60_000);
/// let mut decoder = SnapshotDecoder::new(1 << 20);
/// sampler.reader().snapshot(60_000, |bytes| decoder.push(bytes))?;
/// assert_eq!(decoder.finish()?.recorded().writes, 1);
///
/// let mut decoder = SnapshotDecoder::new(1 << 20);
/// assert_eq!(decoder.push(b"PK\x03\x04 and so on"), Err(SnapshotError::NotASnapshot));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SnapshotDecoder {
    next: Next,
    /// What came of it.
    piece: Vec<u8>,
    /// How many bytes it has.
    len: usize,
    /// Bytes of the snapshot before the piece.
    at: u64,
    checksum: Hasher,
    sections: u64,
    contents: Contents,
}

impl SnapshotDecoder {
    /// One that keeps at most `max_bytes` bytes.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        SnapshotDecoder {
            next: Next::Head,
            piece: Vec::new(),
            len: HEAD_LEN,
            at: 0,
            checksum: Hasher::new(),
            sections: 0,
            contents: Contents::new(max_bytes),
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`SnapshotError`]: what is wrong, and at which byte.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), SnapshotError> {
        loop {
            if let Next::Skipped { left } = self.next {
                let skipped = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let (skip, rest) = bytes.split_at_checked(skipped).unwrap_or((bytes, &[]));
                self.checksum.update(skip);
                self.at = self.at.saturating_add(skip.len() as u64);
                bytes = rest;
                match left.saturating_sub(skip.len() as u64) {
                    0 => self.expect(Next::Checksum { id: None }, CHECKSUM_LEN),
                    left => self.next = Next::Skipped { left },
                }
            }
            let wanted = self.len.saturating_sub(self.piece.len());
            let (piece, rest) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
            if self.piece.try_reserve(piece.len()).is_err() {
                return Err(SnapshotError::TooLarge { at: self.at, max_bytes: self.contents.max_bytes() });
            }
            self.piece.extend_from_slice(piece);
            bytes = rest;
            let is_whole = self.piece.len() == self.len && !matches!(self.next, Next::Skipped { .. } | Next::Nothing);
            if !is_whole {
                // What is no beginning of a snapshot is told at once.
                if self.next == Next::Head && !MAGIC.starts_with(self.piece.get(..MAGIC.len()).unwrap_or(&self.piece)) {
                    return Err(SnapshotError::NotASnapshot);
                }
                let is_behind = self.next == Next::Nothing && !bytes.is_empty();
                return if is_behind { Err(self.expected("nothing behind the last section")) } else { Ok(()) };
            }
            self.step()?;
        }
    }

    /// What was read, when all bytes were given.
    ///
    /// # Errors
    /// [`SnapshotError::Truncated`] where more had to come.
    pub fn finish(self) -> Result<Snapshot, SnapshotError> {
        if self.next != Next::Nothing {
            return Err(SnapshotError::Truncated { at: self.at.saturating_add(self.piece.len() as u64) });
        }
        self.contents.finish(self.at)
    }

    fn expected(&self, expected: &'static str) -> SnapshotError {
        SnapshotError::Malformed { at: self.at, expected }
    }

    fn expect(&mut self, next: Next, len: usize) {
        self.at = self.at.saturating_add(self.piece.len() as u64);
        self.piece.clear();
        (self.next, self.len) = (next, len);
    }

    /// The piece is whole.
    fn step(&mut self) -> Result<(), SnapshotError> {
        if let Next::Checksum { id } = self.next {
            return self.check(id);
        }
        self.checksum.update(&self.piece);
        match self.next {
            Next::Head => {
                let version = number(self.piece.get(MAGIC.len()..MAGIC.len() + 2)) as u16;
                if !self.piece.starts_with(&MAGIC) {
                    return Err(SnapshotError::NotASnapshot);
                }
                if version == 0 || version > VERSION {
                    return Err(SnapshotError::Newer { version });
                }
                self.expect(Next::SectionHead, SECTION_HEAD_LEN);
            }
            Next::SectionHead => {
                let (id, len) = (number(self.piece.get(..2)) as u16, number(self.piece.get(2..)));
                if !Contents::knows(id) {
                    self.expect(Next::Skipped { left: len }, 0);
                } else if len > MAX_PAYLOAD as u64 {
                    return Err(self.expected("a section of at most 16 MiB"));
                } else {
                    self.expect(Next::Payload { id }, len as usize);
                }
            }
            // The contents are looked at when the checksum holds.
            Next::Payload { id } => {
                (self.next, self.len) = (Next::Checksum { id: Some(id) }, self.piece.len() + CHECKSUM_LEN);
            }
            Next::Skipped { .. } | Next::Checksum { .. } | Next::Nothing => {}
        }
        Ok(())
    }

    /// Looks at the checksum, then at the payload in front of it.
    fn check(&mut self, id: Option<u16>) -> Result<(), SnapshotError> {
        let payload_len = self.piece.len().saturating_sub(CHECKSUM_LEN);
        let (payload, checksum) = self.piece.split_at_checked(payload_len).unwrap_or((&[], &[]));
        if number(Some(checksum)) != u64::from(self.checksum.clone().finalize()) {
            return Err(SnapshotError::Checksum { at: self.at.saturating_add(payload_len as u64) });
        }
        if let Some(id) = id {
            self.contents.section(id, Cursor::new(payload, self.at), self.sections)?;
        }
        self.sections = self.sections.saturating_add(1);
        let next = if id == Some(id::END) { Next::Nothing } else { Next::SectionHead };
        self.expect(next, if next == Next::Nothing { 0 } else { SECTION_HEAD_LEN });
        Ok(())
    }
}

impl core::fmt::Debug for SnapshotDecoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SnapshotDecoder").field("at", &self.at).finish_non_exhaustive()
    }
}

/// A number whose lowest byte stands first.
fn number(bytes: Option<&[u8]>) -> u64 {
    bytes.unwrap_or(&[]).iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
