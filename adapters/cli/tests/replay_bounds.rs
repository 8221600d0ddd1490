//! What `keyviz replay` takes of memory, and what it makes of traces that end in the middle.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells a skip loudly"
)]

mod common;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use common::{Dir, Running, bad, good, keyviz, numbers};

const MIB: u64 = 1 << 20;

/// Replays the file until its page is there: the most bytes that were resident, and what was said.
fn peak_bytes(file: &Path) -> (u64, String) {
    let mut running = Running::start(keyviz().arg("replay").arg(file).args(["--listen", "127.0.0.1:0"]));
    running.host();
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    (kib * 1024, running.said.clone())
}

/// A minute of so many megabytes, of lines of half a KiB and 5000 keys; each line stands for 50 operations.
fn minute(dir: &Dir, megabytes: u64) -> (PathBuf, u64) {
    let path = dir.path().join(format!("{megabytes}.csv"));
    let mut to = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    let tag = "t".repeat(460);
    let lines = megabytes * 1_000_000 / 505;
    to.write_all(b"ts_us,op,key,count,tag\n").unwrap();
    for n in 0..lines {
        let time = 1_700_000_000_000_000 + n * 60_000_000 / lines;
        writeln!(to, "{time},read,user:{:06},50,{tag}", n * 7919 % 5000).unwrap();
    }
    to.into_inner().unwrap();
    (path, lines * 50)
}

#[test]
fn four_times_the_trace_takes_the_same_memory() {
    let dir = Dir::new();
    // More than the sketches of hot keys take to fill, and four times that.
    let peaks = [100, 400].map(|megabytes| {
        let (file, operations) = minute(&dir, megabytes);
        assert!(std::fs::metadata(&file).unwrap().len() > megabytes * 980_000);
        let (peak, said) = peak_bytes(&file);
        assert_eq!(numbers(&said, "total")[0], operations, "{said}");
        std::fs::remove_file(&file).unwrap();
        peak
    });
    println!("{peaks:?} bytes");
    let [small, large] = peaks.map(|peak| peak as f64);
    assert!((0.9..1.1).contains(&(large / small)), "{peaks:?}");
    assert!(peaks[1] < 64 * MIB, "{peaks:?}");
}

#[test]
fn a_line_of_100_megabytes_is_passed_over_in_bounded_memory() {
    let dir = Dir::new();
    let path = dir.path().join("long.csv");
    let mut to = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    to.write_all(b"ts_us,op,key\n1,read,a\n2,read,").unwrap();
    for _ in 0..100 {
        to.write_all(&[b'k'; 1_000_000]).unwrap();
    }
    to.write_all(b"\n3,read,c\n").unwrap();
    to.into_inner().unwrap();
    let (peak, said) = peak_bytes(&path);
    println!("{peak} bytes");
    assert_eq!(numbers(&said, "total")[0], 2, "{said}");
    assert!(said.contains("too_long: longer than the limit on lines (line 3)"), "{said}");
    // 64 MiB of one line, and what any replay takes.
    assert!(peak < 96 * MIB, "{peak}");
    let stopped = bad(keyviz().arg("replay").arg(&path).arg("--strict").output().unwrap());
    assert!(stopped.contains("line 3 is bad (too_long"), "{stopped}");
}

/// Ten records in different formats.
fn ten() -> Vec<(&'static str, Vec<u8>)> {
    let (mut csv, mut monitor, mut ndjson) = ("ts_us,op,key,bytes\n".to_owned(), String::new(), String::new());
    for n in 0..10 {
        writeln!(csv, "{},write,\"key, {n}\",{n}", 1_700_000_000_000_000_u64 + n * 1_000_000).unwrap();
        writeln!(monitor, "{}.5 [0 127.0.0.1:5] \"SET\" \"key {n}\" \"value\"", 1_700_000_000 + n).unwrap();
        writeln!(ndjson, r#"{{"ts_us":{},"op":"write","key":"key {n}"}}"#, 1_700_000_000_000_000_u64 + n * 1_000_000)
            .unwrap();
    }
    vec![("csv", csv.into_bytes()), ("monitor", monitor.into_bytes()), ("ndjson", ndjson.into_bytes())]
}

#[test]
fn a_trace_that_ends_in_a_record_has_all_before_it() {
    let dir = Dir::new();
    for (name, bytes) in ten() {
        let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        // In the time, in the key, and before the last letter.
        for end in [last + 5, last + (bytes.len() - last) / 2, bytes.len() - 3] {
            let file = dir.write(name, &bytes[..end]);
            let answer = good(keyviz().arg("replay").arg(&file).arg("--no-serve").output().unwrap());
            assert_eq!(numbers(&answer, "total")[0], 9, "{name} {end}: {answer}");
            assert!(answer.contains("cut_short: cut off by the end of the file"), "{name} {end}: {answer}");
        }
    }
}

#[test]
fn a_binary_or_compressed_trace_that_ends_in_a_record_has_all_before_it() {
    let dir = Dir::new();
    let bytes = include_bytes!("../../trace/tests/data/db_bench_fillrandom.trace");
    let whole = dir.write("whole.trace", bytes);
    let cut = dir.write("cut.trace", &bytes[..bytes.len() - 5]);
    let total = |file: &Path| {
        let answer = good(keyviz().arg("replay").arg(file).arg("--no-serve").output().unwrap());
        (numbers(&answer, "total")[0], answer)
    };
    assert_eq!(total(&whole).0, 8);
    let (operations, answer) = total(&cut);
    assert!((1..=8).contains(&operations) && answer.contains("cut_short"), "{answer}");

    let (_, csv) = ten().swap_remove(0);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(&csv).unwrap();
    let packed = gzip.finish().unwrap();
    let cut = dir.write("cut.csv.gz", &packed[..packed.len() - 60]);
    let (operations, answer) = total(&cut);
    assert!((1..10).contains(&operations), "{answer}");
    assert!(answer.contains("ends in the middle"), "{answer}");
}
