//! zstd around a snapshot: frames of half a megabyte one after the other, so that neither side holds more than one.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use crate::room::has_room;
use keyviz_core::{Reader, Snapshot, SnapshotDecoder, SnapshotError, SnapshotShown};
use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

use crate::redactor::Redactor;

/// Bytes of a frame before they are packed.
const FRAME_BYTES: usize = 512 << 10;

/// zstd's fastest level but those that it calls ultra-fast.
const LEVEL: i32 = 1;

/// The widest window taken, as a power of two; ours are as wide as a frame, and those of `zstd` at its usual levels are
/// of at most 8 MiB.
const WINDOW_LOG: u32 = 23;

/// Buffers of the writer and of the frames.
const BUFFER_BYTES: usize = 6 << 20;

/// What one route, and one of its cells in a column, takes while it is written.
const ROUTE_BYTES: usize = 400;
const CELL_BYTES: usize = 64;

/// Gives `sink` the packed snapshot of what a reader sees, a frame at a time; returns how many bytes that was.
///
/// `written_ms` is the present instant, in Unix milliseconds. Memory: a column, its rows, and some megabytes.
///
/// # Errors
/// What `sink` returns, at once; and where there is no memory to pack.
pub fn write_snapshot(
    reader: &Reader,
    written_ms: u64,
    sink: impl FnMut(Vec<u8>) -> io::Result<()>,
) -> io::Result<u64> {
    pack(reader, |give| reader.snapshot(written_ms, give).map(|_| ()), sink)
}

/// As [`write_snapshot`], with as much of keys as a redactor shows.
///
/// # Errors
/// As [`write_snapshot`].
pub(crate) fn write_redacted_snapshot(
    reader: &Reader,
    redactor: &Redactor,
    written_ms: u64,
    sink: impl FnMut(Vec<u8>) -> io::Result<()>,
) -> io::Result<u64> {
    if !has_room(expected_bytes(reader)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let (partition, bounds) = (reader.config().partition, redactor.ordered(&reader.snapshot_bounds()));
    let shown = SnapshotShown {
        bound: &|bound| bounds.get(bound).cloned(),
        route: &|route| if redactor.policy().hides() { redactor.route_id(route, partition) } else { route },
        text: &|event| redactor.event_text(event),
    };
    pack(reader, |give| reader.snapshot_shown(written_ms, &shown, give).map(|_| ()), sink)
}

/// Where the stream goes before it is packed.
type Give<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

/// Gives `sink` what `stream` gives, packed, a frame at a time; returns how many bytes that was.
fn pack(
    reader: &Reader,
    stream: impl FnOnce(Give<'_>) -> io::Result<()>,
    mut sink: impl FnMut(Vec<u8>) -> io::Result<()>,
) -> io::Result<u64> {
    if !has_room(expected_bytes(reader).saturating_mul(2)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let mut packer = Compressor::new(LEVEL)?;
    packer.include_checksum(true)?;
    let (mut frame, mut packed_bytes) = (Vec::with_capacity(FRAME_BYTES), 0u64);
    let mut pack = |frame: &mut Vec<u8>| -> io::Result<()> {
        let packed = packer.compress(frame)?;
        frame.clear();
        packed_bytes += packed.len() as u64;
        sink(packed)
    };
    stream(&mut |mut bytes: &[u8]| {
        while let Some((fits, rest)) = bytes.split_at_checked(FRAME_BYTES.saturating_sub(frame.len())) {
            frame.extend_from_slice(fits);
            bytes = rest;
            pack(&mut frame)?;
        }
        frame.extend_from_slice(bytes);
        Ok(())
    })?;
    if !frame.is_empty() {
        pack(&mut frame)?;
    }
    Ok(packed_bytes)
}

/// About what writing takes: the rows with their bounds, as they are and as they may be shown, a column, buffers.
pub(crate) fn expected_bytes(reader: &Reader) -> usize {
    let (config, counters) = (reader.config(), reader.counters());
    let routes = usize::try_from(counters.routes).unwrap_or(usize::MAX);
    let bounds = usize::try_from(counters.bound_bytes_used).unwrap_or(usize::MAX);
    let cells = (config.labels.len() + 1).saturating_mul(config.sub_buckets.into());
    let per_route = cells.saturating_mul(CELL_BYTES).saturating_add(ROUTE_BYTES);
    routes.saturating_mul(per_route).saturating_add(bounds.saturating_mul(6)).saturating_add(BUFFER_BYTES)
}

/// Reads a snapshot, packed or not, which may take at most `max_bytes` of memory.
///
/// # Errors
/// [`ReadSnapshotError`]: the source failed, it is packed in a way that cannot be unpacked, or what is in it is no
/// snapshot.
pub fn read_snapshot(source: impl Read, max_bytes: usize) -> Result<Snapshot, ReadSnapshotError> {
    let mut source = BufReader::with_capacity(64 << 10, source);
    let decoder = SnapshotDecoder::new(max_bytes);
    // Four bytes tell; a source that gives fewer at once is not packed, or not to be read.
    let begins = source.fill_buf().map_err(ReadSnapshotError::Source)?;
    let is_packed = matches!(begins, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
    if !is_packed {
        return feed(decoder, |buffer| source.read(buffer).map_err(ReadSnapshotError::Source));
    }
    let unpackable = |error: io::Error| ReadSnapshotError::Packed(error.to_string());
    let mut frames = Decoder::with_buffer(BufReader::with_capacity(64 << 10, Watched { source, failed: false }))
        .map_err(unpackable)?;
    frames.window_log_max(WINDOW_LOG).map_err(unpackable)?;
    feed(decoder, |buffer| {
        let read = frames.read(buffer);
        let failed = frames.get_ref().get_ref().failed;
        read.map_err(|error| if failed { ReadSnapshotError::Source(error) } else { unpackable(error) })
    })
}

fn feed(
    mut decoder: SnapshotDecoder,
    mut read: impl FnMut(&mut [u8]) -> Result<usize, ReadSnapshotError>,
) -> Result<Snapshot, ReadSnapshotError> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match read(&mut buffer)? {
            0 => return Ok(decoder.finish()?),
            count => decoder.push(buffer.get(..count).unwrap_or(&[]))?,
        }
    }
}

/// Why a snapshot could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadSnapshotError {
    /// Reading the bytes failed.
    Source(io::Error),
    /// What is packed cannot be unpacked: it is damaged or cut off.
    Packed(String),
    /// What was in it cannot be read.
    Snapshot(SnapshotError),
}

impl fmt::Display for ReadSnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => write!(f, "it cannot be read: {error}"),
            Self::Packed(what) => write!(f, "damaged or cut off: {what}"),
            Self::Snapshot(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadSnapshotError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Source(error) => Some(error),
            Self::Packed(_) => None,
            Self::Snapshot(error) => Some(error),
        }
    }
}

impl From<SnapshotError> for ReadSnapshotError {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}

/// A source that remembers that it failed, since what unpacks it tells its errors as its own.
struct Watched<R> {
    source: R,
    failed: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer);
        self.failed = matches!(&read, Err(error) if error.kind() != io::ErrorKind::Interrupted);
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyviz_core::{Config, Op, RouteId, Sampler, Tally};
    use zstd::bulk::compress;

    fn sampler(columns: u64) -> Sampler {
        let mut config = Config::default();
        (config.step_ms, config.max_routes, config.max_known_routes) = (100, 2000, 0);
        config.history_columns = 200;
        let sampler = Sampler::new(config, 0).unwrap();
        let mut noise = 7u64;
        for route in 0..2000u64 {
            sampler.register(RouteId(route), &route.to_be_bytes(), Some(&(route + 1).to_be_bytes()), 0).unwrap();
        }
        let recorder = sampler.recorder();
        for column in 1..=columns {
            for route in 0..2000 {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                recorder.observe_many(RouteId(route), Op::Write, b"key", noise >> 50, 1 + (noise >> 55));
            }
            sampler.flush(column * 100);
        }
        sampler
    }

    fn packed(sampler: &Sampler) -> Vec<u8> {
        let mut packed = Vec::new();
        let told = write_snapshot(&sampler.reader(), 6000, |frame| {
            packed.extend_from_slice(&frame);
            Ok(())
        });
        assert_eq!(told.unwrap(), packed.len() as u64);
        packed
    }

    #[test]
    fn several_frames_come_back_packed_or_not() {
        let sampler = sampler(120);
        let packed = packed(&sampler);
        let recorded = sampler.reader().counters().recorded;
        let snapshot = read_snapshot(&packed[..], 64 << 20).unwrap();
        assert_eq!((snapshot.recorded(), snapshot.columns().count()), (recorded, 120));
        let mut plain = Vec::new();
        sampler
            .reader()
            .snapshot(6000, |bytes| {
                plain.extend_from_slice(bytes);
                Ok::<(), ()>(())
            })
            .unwrap();
        assert!(plain.len() > 2 * FRAME_BYTES && packed.len() < plain.len(), "{} {}", plain.len(), packed.len());
        assert_eq!(read_snapshot(&plain[..], 64 << 20).unwrap().recorded(), recorded);
        // A frame that is to be skipped, as other programs put in front.
        let skipped = [&[0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &packed].concat();
        assert_eq!(read_snapshot(&skipped[..], 64 << 20).unwrap().recorded(), recorded);
    }

    #[test]
    fn damage_and_cuts_are_errors_and_never_other_totals() {
        let sampler = sampler(6);
        let was = packed(&sampler);
        let recorded = sampler.reader().counters().recorded;
        let mut bytes = was.clone();
        let mut refused = 0;
        for at in (0..was.len()).step_by(was.len() / 150) {
            bytes[at] ^= 1 << (at % 8);
            match read_snapshot(&bytes[..], 64 << 20) {
                Ok(snapshot) => assert_eq!(snapshot.recorded(), recorded, "byte {at}"),
                Err(_) => refused += 1,
            }
            bytes[at] ^= 1 << (at % 8);
            assert!(read_snapshot(&was[..at], 64 << 20).is_err(), "cut at {at}");
        }
        assert!(refused > 120, "{refused}");
    }

    #[test]
    fn what_is_no_snapshot_says_so() {
        let refused = |bytes: &[u8], max| read_snapshot(bytes, max).unwrap_err().to_string();
        assert_eq!(refused(b"", 1000), "cut off at byte 0");
        assert_eq!(refused(b"hello", 1000), "not a snapshot of keyviz: the first bytes are others");
        let other = compress(b"a file of something else", LEVEL).unwrap();
        assert_eq!(refused(&other, 1000), "not a snapshot of keyviz: the first bytes are others");
        assert!(refused(&[0x28, 0xb5, 0x2f, 0xfd, 9], 1000).starts_with("damaged or cut off: "));
        let packed = packed(&sampler(1));
        assert!(refused(&packed, 1000).starts_with("too large: from byte "), "{}", refused(&packed, 1000));
        // It packs well, and takes no more than it may.
        let zeros = compress(&[0; 8 << 20], LEVEL).unwrap();
        assert_eq!(refused(&zeros, 1000), "not a snapshot of keyviz: the first bytes are others");
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        assert_eq!(read_snapshot(Failing, 1000).unwrap_err().to_string(), "it cannot be read: the disk is gone");
        let empty = Sampler::new(Config::default(), 0).unwrap();
        assert_eq!(read_snapshot(&self::packed(&empty)[..], 1000).unwrap().recorded(), Tally::ZERO);
    }
}
