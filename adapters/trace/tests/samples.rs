//! Byte-exact samples of every format, with known totals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Read;

use keyviz_trace::{Compression, Format, Limits, Op, OpenError, Reason, Tally, Trace};

type Owned = (u64, Op, Vec<u8>, u64, u64);

fn read_with(input: impl Read, limits: Limits) -> (Format, Vec<Owned>, Tally) {
    let mut trace = Trace::open(input, limits).unwrap();
    let mut records = Vec::new();
    while let Some(record) = trace.next_record().unwrap() {
        records.push((record.time_us, record.op, record.key.to_vec(), record.value_len, record.count));
    }
    (trace.format(), records, trace.tally().clone())
}

fn read(text: &[u8]) -> (Format, Vec<Owned>, Tally) {
    read_with(text, Limits::default())
}

fn first_lines(tally: &Tally, reason: Reason) -> Vec<u64> {
    let skip = tally.skipped.reasons().into_iter().find(|skip| skip.reason == reason).unwrap();
    skip.first_lines().collect()
}

#[test]
fn monitor_sample() {
    let text = br#"OK
1700000000.000001 [0 127.0.0.1:5] "SET" "user:1" "abc"
1700000000.000002 [0 lua] "incr" "hits"
1700000000.000003 [9 unix:/run/r.sock] "MGET" "a\x00" "b\n" ""
1700000000.000004 [0 [::1]:7] "PING"

not a line
1700000000.000003 [0 127.0.0.1:5] "DEL" "user:1"
1700000000.000005 [0 127.0.0.1:5] "NEWCMD" "x"
1700000000.000006 [0 127.0.0.1:5] "GET" "cut"#;
    let (format, records, tally) = read(text);
    assert_eq!(format, Format::Monitor);
    let t = 1_700_000_000_000_000;
    assert_eq!(
        records,
        [
            (t + 1, Op::Write, b"user:1".to_vec(), 3, 1),
            (t + 2, Op::Write, b"hits".to_vec(), 0, 1),
            (t + 3, Op::Read, b"a\0".to_vec(), 0, 1),
            (t + 3, Op::Read, b"b\n".to_vec(), 0, 1),
            (t + 3, Op::Read, b"".to_vec(), 0, 1),
            (t + 3, Op::Write, b"user:1".to_vec(), 0, 1),
        ]
    );
    assert_eq!((tally.lines, tally.records, tally.skipped.total()), (10, 6, 6));
    for (reason, line) in [
        (Reason::Reply, 1),
        (Reason::NoKey, 5),
        (Reason::Blank, 6),
        (Reason::NotARecord, 7),
        (Reason::UnknownCommand, 9),
        (Reason::CutShort, 10),
    ] {
        assert_eq!(first_lines(&tally, reason), [line], "{reason:?}");
    }
    assert_eq!(tally.times_raised, 0);
}

#[test]
fn csv_sample() {
    let text = b"ts_us,op,key,end_key,bytes,count,tag\r\n\
        5,read,a,,10,2,redis\r\n\
        4,w,\"with, comma \"\"q\"\"\nand newline\",,,,\r\n\
        6,scan,a,b,,,\r\n\
        x,read,a,,,,\r\n\
        7,jump,a,,,,\r\n\
        7,read,a,,,0,\r\n\
        7,read,a\r\n\
        ts_us,op,key,end_key,bytes,count,tag\r\n\
        7,read,\"open,,,,\r\n\
        8,read,good,,,,\r\n\
        \r\n\
        9,read,,,1,1,";
    let (format, records, tally) = read(text);
    assert_eq!(format, Format::Csv);
    assert_eq!(
        records,
        [
            (5, Op::Read, b"a".to_vec(), 10, 2),
            (5, Op::Write, b"with, comma \"q\"\nand newline".to_vec(), 0, 1),
            (6, Op::Scan, b"a".to_vec(), 0, 1),
            (8, Op::Read, b"good".to_vec(), 0, 1),
            (9, Op::Read, b"".to_vec(), 1, 1),
        ]
    );
    assert_eq!((tally.lines, tally.times_raised), (14, 1));
    assert_eq!(first_lines(&tally, Reason::BadTime), [6]);
    assert_eq!(first_lines(&tally, Reason::BadOp), [7]);
    assert_eq!(first_lines(&tally, Reason::BadNumber), [8]);
    assert_eq!(first_lines(&tally, Reason::WrongColumns), [9]);
    assert_eq!(first_lines(&tally, Reason::RepeatedHeader), [10]);
    assert_eq!(first_lines(&tally, Reason::CutShort), [11], "an open quote that nothing closes costs its own line");
    assert_eq!(first_lines(&tally, Reason::Blank), [13]);
}

#[test]
fn a_stray_quote_costs_one_line_only() {
    let text = b"ts_us,op,key\n1,r,\"bad\n2,r,b\n3,r,\"c\"\n4,r,d\n";
    let (_, records, tally) = read(text);
    let keys: Vec<_> = records.iter().map(|record| record.2.clone()).collect();
    assert_eq!(keys, [b"b".to_vec(), b"c".to_vec(), b"d".to_vec()]);
    assert_eq!(first_lines(&tally, Reason::BadQuote), [2]);
}

#[test]
fn end_key_and_tag() {
    let mut trace = Trace::open(&b"tag,key:hex,end_key:hex,op,ts_us\nt1,00ff,01,s,1\n"[..], Limits::default()).unwrap();
    let record = trace.next_record().unwrap().unwrap();
    assert_eq!((record.key, record.end_key, record.tag), (&[0, 0xff][..], Some(&[1][..]), &b"t1"[..]));
}

#[test]
fn numbers_as_keys_sort_as_numbers() {
    let (_, records, tally) = read(b"ts_us,op,key:u64be\n1,r,9\n1,r,10\n1,r,ten\n");
    assert!(records[0].2 < records[1].2);
    assert_eq!(tally.skipped.count(Reason::BadKey), 1);
}

#[test]
fn long_lines_and_long_keys() {
    let key = "k".repeat(70_000);
    let long = "x".repeat(300_000);
    let text =
        format!("1.000001 [0 x] \"GET\" \"{key}\"\n1.000002 [0 x] \"GET\" \"{long}\"\n1.000003 [0 x] \"GET\" \"a\"\n");
    let mut limits = Limits::default();
    limits.line_bytes = 100_000;
    let (_, records, tally) = read_with(text.as_bytes(), limits);
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].2.len(), 70_000);
    assert_eq!(first_lines(&tally, Reason::TooLong), [2]);

    let text = format!("ts_us,op,key\n1,r,{key}\n2,r,{long}\n3,r,\"{long}\"\n4,r,a\n");
    let (_, records, tally) = read_with(text.as_bytes(), limits);
    assert_eq!(records.len(), 2);
    assert_eq!(first_lines(&tally, Reason::TooLong), [3, 4]);
}

#[test]
fn only_the_first_three_lines_are_named() {
    let text = "1.5 [0 x] \"PING\"\n".repeat(10);
    let (_, records, tally) = read(text.as_bytes());
    assert!(records.is_empty());
    assert_eq!(first_lines(&tally, Reason::NoKey), [1, 2, 3]);
    assert_eq!(tally.skipped.count(Reason::NoKey), 10);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let open = |bytes: &[u8]| Trace::open(bytes, Limits::default()).unwrap_err();
    assert!(matches!(open(b""), OpenError::Empty));
    assert!(matches!(open(b"\x1f\x8b\x08"), OpenError::CutShort(Compression::Gzip)));
    assert!(matches!(open(b"\x28\xb5\x2f\xfd"), OpenError::CutShort(Compression::Zstd)));
    assert!(matches!(open(b"\xfd7zXZ\0\0"), OpenError::Compressed("xz")));
    assert!(matches!(open(b"ts_us,op,bytes\n"), OpenError::MissingColumn { column: "key", .. }));
    assert!(matches!(open(b"ts_us,op,key:b32\n"), OpenError::UnknownEncoding { .. }));
    let unknown = open(b"\x1b[31mhello\nworld").to_string();
    assert!(unknown.contains("\\x1b[31mhello") && unknown.contains("redis-cli monitor"), "{unknown}");
}

#[test]
fn a_capture_that_begins_in_the_middle() {
    let (format, records, _) = read(b"\" \"tail of a line\"\n1.5 [0 x] \"GET\" \"a\"\n");
    assert_eq!((format, records.len()), (Format::Monitor, 1));
}
