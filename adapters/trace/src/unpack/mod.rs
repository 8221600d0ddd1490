//! The input without its compression, found by its first bytes.
//!
//! Memory is bounded whatever the input holds: gzip needs 32 KiB of past, zstd at most 128 MiB (a file that wants
//! more is refused), and what comes out is read through a window that never grows beyond the limit on lines. A
//! small file that unpacks to terabytes costs time, line by line, and no memory; so there is no cap on the ratio,
//! which real logs (thousands to one) would meet.

mod raw;
mod zstd;

use std::io::{self, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use raw::Raw;
use zstd::Zstd;

/// How an input is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one member or many (<https://datatracker.ietf.org/doc/html/rfc1952>).
    Gzip,
    /// zstd, one frame or many (<https://datatracker.ietf.org/doc/html/rfc8878>).
    Zstd,
}

impl Compression {
    /// How an input that begins with these bytes is compressed; four are enough.
    ///
    /// ```
    /// use keyviz_trace::Compression;
    ///
    /// assert_eq!(Compression::of(b"\x1f\x8b\x08\x00"), Compression::Gzip);
    /// assert_eq!(Compression::of(b"ts_us,op,key"), Compression::None);
    /// ```
    #[must_use]
    pub fn of(head: &[u8]) -> Compression {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // A frame, or one of the 16 kinds of frames that are to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The program that packs so; `none` for no compression.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }
}

/// A reader of what was packed.
#[derive(Debug)]
pub(crate) struct Unpacked<R> {
    kind: Kind<R>,
    cut: bool,
}

#[derive(Debug)]
enum Kind<R> {
    Plain(Raw<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Raw<R>>>>),
    Zstd(Box<Zstd<Raw<R>>>),
}

impl<R: Read> Unpacked<R> {
    pub(crate) fn new(input: R) -> io::Result<Unpacked<R>> {
        let raw = Raw::new(input)?;
        let kind = match Compression::of(raw.head()) {
            Compression::Gzip => Kind::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 * 1024, raw)))),
            Compression::Zstd => Kind::Zstd(Box::new(Zstd::new(raw)?)),
            Compression::None => Kind::Plain(raw),
        };
        Ok(Unpacked { kind, cut: false })
    }

    pub(crate) fn compression(&self) -> Compression {
        match self.kind {
            Kind::Plain(_) => Compression::None,
            Kind::Gzip(_) => Compression::Gzip,
            Kind::Zstd(_) => Compression::Zstd,
        }
    }

    /// Bytes taken from the compressed input; `None` where it is not compressed.
    pub(crate) fn packed_bytes(&self) -> Option<u64> {
        match &self.kind {
            Kind::Plain(_) => None,
            Kind::Gzip(gzip) => Some(gzip.get_ref().get_ref().bytes()),
            Kind::Zstd(zstd) => Some(zstd.source().bytes()),
        }
    }

    /// Whether the compressed input ended in the middle.
    pub(crate) fn cut(&self) -> bool {
        self.cut
    }
}

impl<R: Read> Read for Unpacked<R> {
    /// A compressed input that ends in the middle ends here, with [`Unpacked::cut`] set: all before it is good.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.cut {
            return Ok(0);
        }
        let read = match &mut self.kind {
            Kind::Plain(raw) => return raw.read(buf),
            Kind::Gzip(gzip) => gzip.read(buf),
            Kind::Zstd(zstd) => zstd.read(buf),
        };
        match read {
            Err(error) if self.is_cut(&error) => {
                self.cut = true;
                Ok(0)
            }
            other => other,
        }
    }
}

impl<R: Read> Unpacked<R> {
    fn is_cut(&self, error: &io::Error) -> bool {
        match &self.kind {
            Kind::Plain(_) => false,
            Kind::Gzip(_) | Kind::Zstd(_) => error.kind() == ErrorKind::UnexpectedEof,
        }
    }
}
