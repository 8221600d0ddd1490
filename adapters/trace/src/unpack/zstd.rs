//! zstd: frame after frame, as `zstd`, `pzstd` and `cat a.zst b.zst` write them
//! (<https://datatracker.ietf.org/doc/html/rfc8878>).

use std::fmt;
use std::io::{self, BufReader, Read};

use zstd::stream::read::Decoder;

/// The widest window taken, as a power of two, the same as the `zstd` program's own limit (`--long=27`).
const WINDOW_LOG: u32 = 27;

/// Unpacks one frame after the other, past those that are to be skipped.
pub(crate) struct Zstd<R> {
    decoder: Decoder<'static, BufReader<R>>,
}

impl<R> fmt::Debug for Zstd<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd").finish_non_exhaustive()
    }
}

impl<R: Read> Zstd<R> {
    pub(crate) fn new(source: R) -> io::Result<Zstd<R>> {
        let mut decoder = Decoder::with_buffer(BufReader::with_capacity(64 * 1024, source))?;
        decoder.window_log_max(WINDOW_LOG)?;
        Ok(Zstd { decoder })
    }

    pub(crate) fn source(&self) -> &R {
        self.decoder.get_ref().get_ref()
    }
}

impl<R: Read> Read for Zstd<R> {
    /// Where the input ends in the middle of a frame, [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buf)
    }
}
