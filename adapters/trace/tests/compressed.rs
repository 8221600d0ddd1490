//! gzip and zstd: found, joined, cut, damaged, and larger than memory should be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{Read, Write};

use flate2::write::GzEncoder;
use keyviz_trace::{Compression, Format, Limits, Reason, Tally, Trace};
use zstd::bulk::compress;

fn text(from: usize, to: usize) -> Vec<u8> {
    let rows: Vec<String> = (from..to).map(|n| format!("{n},read,user:{n},{},\n", n % 9)).collect();
    [b"ts_us,op,key,bytes,count\n".to_vec(), rows.concat().into_bytes()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress(bytes, 1).unwrap()
}

fn count(packed: &[u8]) -> (Compression, Tally) {
    let mut trace = Trace::open(packed, Limits::default()).unwrap();
    assert_eq!(trace.format(), Format::Csv);
    while trace.next_record().unwrap().is_some() {}
    if !trace.tally().unpacked_short {
        assert_eq!(trace.bytes_read(), packed.len() as u64);
    }
    (trace.compression(), trace.tally().clone())
}

#[test]
fn found_by_content_and_joined_files_read_on() {
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(&text(0, 10_000))].concat();
    for (kind, packed) in [
        (Compression::None, text(0, 10_000)),
        (Compression::Gzip, gzip(&text(0, 10_000))),
        (Compression::Zstd, zstd(&text(0, 10_000))),
        (Compression::Zstd, skippable),
    ] {
        let (found, tally) = count(&packed);
        assert_eq!((found, tally.records, tally.unpacked_short), (kind, 10_000, false));
        let (_, joined) = count(&[packed.clone(), packed].concat());
        assert_eq!((joined.records, joined.skipped.count(Reason::RepeatedHeader)), (20_000, 1), "{kind:?}");
    }
}

#[test]
fn a_cut_file_gives_what_is_whole() {
    // Several blocks, so that some of it can be unpacked.
    let plain = text(0, 40_000);
    for packed in [gzip(&plain), zstd(&plain)] {
        let (_, tally) = count(&packed[..packed.len() * 3 / 4]);
        assert!(tally.unpacked_short);
        assert!(tally.records > 1000 && tally.records < 40_000, "{}", tally.records);
    }
}

#[test]
fn every_cut_and_every_flipped_byte_ends() {
    let plain = text(0, 300);
    for packed in [gzip(&plain), zstd(&plain)] {
        for at in 0..packed.len() {
            let mut flipped = packed.clone();
            flipped[at] ^= 0x55;
            for bytes in [&packed[..at], &flipped] {
                let Ok(mut trace) = Trace::open(bytes, Limits::default()) else { continue };
                while let Ok(Some(_)) = trace.next_record() {}
                assert!(trace.tally().records <= 10_000);
            }
        }
    }
}

#[test]
fn a_wrong_checksum_is_told_at_the_end() {
    for (packed, from_end) in [(zstd(&text(0, 300)), 1), (gzip(&text(0, 300)), 8)] {
        let mut damaged = packed;
        let at = damaged.len() - from_end;
        damaged[at] ^= 1;
        let mut trace = Trace::open(&damaged[..], Limits::default()).map_err(|error| error.to_string());
        let failed = match &mut trace {
            Err(_) => true,
            Ok(trace) => loop {
                match trace.next_record() {
                    Ok(Some(_)) => {}
                    Ok(None) => break false,
                    Err(_) => break true,
                }
            },
        };
        assert!(failed);
    }
}

/// Zeros, in pieces.
struct Zeros(u64);

impl Read for Zeros {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let count = buf.len().min(usize::try_from(self.0).unwrap());
        buf[..count].fill(0);
        self.0 -= count as u64;
        Ok(count)
    }
}

#[test]
fn a_bomb_is_one_line_too_long() {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"ts_us,op,key\n").unwrap();
    std::io::copy(&mut Zeros(64 << 20), &mut encoder).unwrap();
    encoder.write_all(b"\n7,read,a\n").unwrap();
    let packed = encoder.finish().unwrap();
    assert!(packed.len() < 1 << 18);
    let mut limits = Limits::default();
    limits.line_bytes = 1 << 20;
    let before = peak_kib();
    let mut trace = Trace::open(&packed[..], limits).unwrap();
    assert_eq!(trace.next_record().unwrap().unwrap().key, b"a");
    assert_eq!(trace.tally().skipped.count(Reason::TooLong), 1);
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < 24 * 1024, "{before} to {after} KiB for 64 MiB unpacked");
    }
}

/// The most memory this process ever held, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
