//! RocksDB's query trace: frames built from the published layout, and files that `db_bench` wrote.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stderr, reason = "a skip is told loudly")]

use std::process::{Command, Stdio};

use keyviz_trace::{Format, Limits, Op, OpenError, Reason, Record, Tally, Trace};

/// Time, operation, key, end, bytes, tag.
type Owned = (u64, Op, Vec<u8>, Option<Vec<u8>>, u64, String);

fn owned(record: Record<'_>) -> Owned {
    let tag = String::from_utf8(record.tag.to_vec()).unwrap();
    (record.time_us, record.op, record.key.to_vec(), record.end_key.map(<[u8]>::to_vec), record.value_len, tag)
}

fn read(bytes: &[u8], limits: Limits) -> (Vec<Owned>, Tally) {
    let mut trace = Trace::open(bytes, limits).unwrap();
    assert_eq!(trace.format(), Format::RocksDb);
    let mut records = Vec::new();
    while let Some(record) = trace.next_record().unwrap() {
        records.push(owned(record));
    }
    assert_eq!(trace.bytes_read(), bytes.len() as u64);
    (records, trace.tally().clone())
}

fn frame(time_us: u64, kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap();
    [&time_us.to_le_bytes()[..], &[kind], &len.to_le_bytes(), payload].concat()
}

fn header(version: &str) -> Vec<u8> {
    let text =
        format!("feedcafedeadbeef\tTrace Version: {version}\tRocksDB Version: 7.8\tFormat: Timestamp OpType Payload\n");
    frame(1, 1, text.as_bytes())
}

/// Length-prefixed; the samples are short.
fn slice(bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 128);
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn payload(bits: &[u32], fields: &[Vec<u8>]) -> Vec<u8> {
    let map: u64 = bits.iter().map(|bit| 1 << bit).sum();
    [map.to_le_bytes().to_vec(), fields.concat()].concat()
}

fn batch(records: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(records.len()).unwrap();
    let batch = [vec![0; 8], count.to_le_bytes().to_vec(), records.concat()].concat();
    payload(&[1], &[slice(&batch)])
}

fn family(id: u32) -> Vec<u8> {
    id.to_le_bytes().to_vec()
}

#[test]
fn every_kind_of_frame() {
    let records = [
        [&[0x01][..], &slice(b"put"), &slice(b"12345")].concat(),
        [&[0x05, 7][..], &slice(b"put7"), &slice(b"1")].concat(),
        [&[0x02][..], &slice(b"merge"), &slice(b"12")].concat(),
        [&[0x00][..], &slice(b"del")].concat(),
        [&[0x08, 9][..], &slice(b"single")].concat(),
        [&[0x0f][..], &slice(b"from"), &slice(b"to")].concat(),
        [&[0x03][..], &slice(b"a note")].concat(),
        vec![0x0d],
    ];
    let seek = |kind, fields: &[(u32, &[u8])]| {
        let bits: Vec<u32> = [4].into_iter().chain(fields.iter().map(|field| field.0)).collect();
        let slices: Vec<_> = [family(0)].into_iter().chain(fields.iter().map(|field| slice(field.1))).collect();
        frame(20, kind, &payload(&bits, &slices))
    };
    let many = [
        3_u32.to_le_bytes().to_vec(),
        slice(&[family(0), family(1), family(0)].concat()),
        slice(&[slice(b"m1"), slice(b""), slice(b"m3")].concat()),
    ];
    let bytes = [
        header("0.2"),
        frame(10, 3, &batch(&records)),
        frame(11, 4, &payload(&[2, 3], &[family(2), slice(b"got")])),
        frame(12, 13, &payload(&[8, 9, 10], &many)),
        seek(5, &[(5, b"b")]),
        seek(5, &[(5, b""), (6, b"low"), (7, b"up")]),
        seek(5, &[(5, b"z"), (6, b"low"), (7, b"up")]),
        seek(6, &[(5, b"m"), (6, b"low"), (7, b"up")]),
        seek(6, &[(5, b"m")]),
        frame(30, 2, b""),
    ]
    .concat();
    let (records, tally) = read(&bytes, Limits::default());
    let write = |key: &[u8], end: Option<&[u8]>, len, tag: &str| {
        (10, Op::Write, key.to_vec(), end.map(<[u8]>::to_vec), len, tag.to_owned())
    };
    let other = |time, op, key: &[u8], end: Option<&[u8]>, tag: &str| {
        (time, op, key.to_vec(), end.map(<[u8]>::to_vec), 0, tag.to_owned())
    };
    assert_eq!(
        records,
        [
            write(b"put", None, 5, ""),
            write(b"put7", None, 1, "cf7"),
            write(b"merge", None, 2, ""),
            write(b"del", None, 0, ""),
            write(b"single", None, 0, "cf9"),
            write(b"from", Some(b"to"), 0, ""),
            other(11, Op::Read, b"got", None, "cf2"),
            other(12, Op::Read, b"m1", None, ""),
            other(12, Op::Read, b"", None, "cf1"),
            other(12, Op::Read, b"m3", None, ""),
            other(20, Op::Scan, b"b", None, ""),
            other(20, Op::Scan, b"low", Some(b"up"), ""),
            other(20, Op::Scan, b"z", None, ""),
            other(20, Op::Scan, b"low", Some(b"m\0"), ""),
            other(20, Op::Scan, b"m", None, ""),
        ]
    );
    assert_eq!((tally.lines, tally.skipped.total()), (10, 0));
}

#[test]
fn damage_costs_its_own_frame() {
    let get = |key: &[u8]| frame(5, 4, &payload(&[2, 3], &[family(0), slice(key)]));
    let whole = [
        header("0.2"),
        get(b"a"),
        frame(5, 3, &batch(&[vec![0x7e]])),
        frame(5, 3, &batch(&[])),
        frame(5, 9, b"block cache"),
        frame(u64::MAX, 4, &payload(&[2, 3], &[family(0), slice(b"late")])),
        frame(5, 4, &payload(&[2, 3, 40], &[family(0), slice(b"unknown bit")])),
        header("0.2"),
        frame(5, 3, &vec![0; 4000]),
        get(b"b"),
    ]
    .concat();
    let mut limits = Limits::default();
    limits.line_bytes = 2000;
    let (records, tally) = read(&whole, limits);
    assert_eq!(records.iter().map(|record| record.2.clone()).collect::<Vec<_>>(), [b"a", b"b"]);
    for (reason, frames) in [
        (Reason::NotARecord, 3),
        (Reason::NoKey, 1),
        (Reason::BadTime, 1),
        (Reason::RepeatedHeader, 1),
        (Reason::TooLong, 1),
    ] {
        assert_eq!(tally.skipped.count(reason), frames, "{reason:?}");
    }
    let start = header("0.2").len();
    for cut in start..whole.len() {
        let (records, tally) = read(&whole[..cut], limits);
        assert!(records.len() <= 2 && tally.skipped.count(Reason::CutShort) <= 1);
    }
    let (_, tally) = read(&whole[..whole.len() - 1], limits);
    assert_eq!(tally.skipped.count(Reason::CutShort), 1);
}

#[test]
fn other_versions_are_refused() {
    let refused = Trace::open(&header("0.1")[..], Limits::default()).unwrap_err();
    assert!(matches!(&refused, OpenError::UnsupportedVersion { version } if version == "0.1"), "{refused}");
}

/// Runs one benchmark with a trace; `None` where `db_bench` is not installed, which is a failure under `CI=true`.
fn db_bench(benchmark: &str) -> Option<Vec<u8>> {
    let folder = std::env::temp_dir().join(format!("keyviz-trace-{}-{benchmark}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (db, file) = (folder.join("db"), folder.join("trace"));
    let started = Command::new("db_bench")
        .args([&format!("--db={}", db.display()), &format!("--trace_file={}", file.display())])
        .args([&format!("--benchmarks={benchmark}"), "--num=500", "--key_size=16", "--value_size=100"])
        .args(["--compression_type=none", "--threads=1", "--batch_size=5"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let bytes = match started {
        Ok(status) => {
            assert!(status.success(), "db_bench failed");
            Some(std::fs::read(&file).unwrap())
        }
        Err(_) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "db_bench is not installed");
            eprintln!("SKIPPED: db_bench is not installed (apt-get install rocksdb-tools)");
            None
        }
    };
    let _ = std::fs::remove_dir_all(&folder);
    bytes
}

fn of_db_bench(benchmark: &str, op: Op, count: usize, value_len: u64) {
    let Some(bytes) = db_bench(benchmark) else { return };
    let (records, tally) = read(&bytes, Limits::default());
    assert_eq!((records.len(), tally.skipped.total()), (count, 0), "{benchmark}");
    for (time_us, found, key, _, len, tag) in &records {
        assert!(*time_us > 1_500_000_000_000_000, "Unix time");
        assert_eq!((*found, key.len(), *len, tag.as_str()), (op, 16, value_len, ""), "{benchmark}");
    }
    let cut = &bytes[..bytes.len() - 5];
    assert_eq!(read(cut, Limits::default()).1.skipped.count(Reason::CutShort), 1);
}

#[test]
fn db_bench_writes_in_batches() {
    of_db_bench("fillseq", Op::Write, 500, 100);
}

#[test]
fn db_bench_reads() {
    of_db_bench("readrandom", Op::Read, 500, 0);
}

#[test]
fn db_bench_reads_many_at_once() {
    of_db_bench("multireadrandom", Op::Read, 500, 0);
}

#[test]
fn db_bench_seeks() {
    of_db_bench("seekrandom", Op::Scan, 500, 0);
}

#[test]
fn db_bench_deletes() {
    of_db_bench("deleteseq", Op::Write, 500, 0);
}

/// `db_bench` 7.8.3 with `--num=8 --key_size=16 --value_size=20`, and for the first `--batch_size=4`.
#[test]
fn frozen_files_of_db_bench() {
    let (writes, tally) = read(include_bytes!("data/db_bench_fillrandom.trace"), Limits::default());
    assert_eq!((writes.len(), tally.skipped.total()), (8, 0));
    assert!(writes.iter().all(|(_, op, key, _, len, _)| (*op, key.len(), *len) == (Op::Write, 16, 20)));
    assert_eq!(writes[0].0, writes[3].0, "one batch, one time");
    let (seeks, tally) = read(include_bytes!("data/db_bench_seekrandom.trace"), Limits::default());
    assert_eq!((seeks.len(), tally.skipped.total()), (8, 0));
    assert!(seeks.iter().all(|(_, op, key, end, _, _)| (*op, key.len(), end) == (Op::Scan, 16, &None)));
}
