//! What holds for every input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Write;

use keyviz_trace::{Limits, Op, Trace};
use proptest::prelude::*;

/// Reads everything; every line is either read or skipped, and time never goes back.
fn drain(text: &[u8], limits: Limits) -> Vec<(u64, Op, Vec<u8>, u64, u64)> {
    let Ok(mut trace) = Trace::open(text, limits) else { return Vec::new() };
    let mut records = Vec::new();
    let mut last = 0;
    while let Some(record) = trace.next_record().unwrap() {
        assert!(record.time_us >= last && record.count > 0);
        last = record.time_us;
        records.push((record.time_us, record.op, record.key.to_vec(), record.value_len, record.count));
    }
    let tally = trace.tally();
    assert_eq!(tally.records, records.len() as u64);
    assert!(tally.skipped.total() <= tally.lines);
    assert_eq!(trace.bytes_read(), text.len() as u64);
    assert!(tally.lines <= text.len() as u64);
    records
}

/// As `sdscatrepr` of Redis quotes an argument.
fn repr(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\"".to_vec();
    for byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            7 => out.extend(b"\\a"),
            8 => out.extend(b"\\b"),
            b' '..=b'~' => out.push(*byte),
            other => write!(out, "\\x{other:02x}").unwrap(),
        }
    }
    out.push(b'"');
    out
}

/// Text that comes near the formats, so that more than the first check is met.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"1700000000.000001 [0 127.0.0.1:5] ".to_vec()),
        Just(b"\"SET\" ".to_vec()),
        Just(b"\"EVAL\" \"s\" \"2\" ".to_vec()),
        Just(b"\"XREAD\" \"STREAMS\" ".to_vec()),
        Just(b"\"k\" \"v\"".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"\\x".to_vec()),
        Just(b",".to_vec()),
        Just(b"1,r,k\n".to_vec()),
        Just(b"2,w,\"q".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..2000), limit in 1_usize..3000) {
        let mut limits = Limits::default();
        limits.line_bytes = limit;
        drain(&text, limits);
    }

    #[test]
    fn nearly_right_text_never_panics(body in nearly(), csv in any::<bool>(), limit in 1_usize..300) {
        let head: &[u8] = if csv { b"ts_us,op,key\n" } else { b"1.5 [0 x] \"GET\" \"k\"\n" };
        let text = [head, &body].concat();
        drain(&text, Limits::default());
        let mut limits = Limits::default();
        limits.line_bytes = limit;
        drain(&text, limits);
    }

    #[test]
    fn monitor_gives_back_what_redis_quotes(
        keys in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..6),
        value in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut text = b"OK\n".to_vec();
        for key in &keys {
            text.extend(b"7.000001 [0 [::1]:5] \"SET\" ");
            text.extend([repr(key), b" ".to_vec(), repr(&value), b"\n".to_vec()].concat());
        }
        let expected: Vec<_> =
            keys.iter().map(|key| (7_000_001, Op::Write, key.clone(), value.len() as u64, 1)).collect();
        prop_assert_eq!(drain(&text, Limits::default()), expected);
    }

    #[test]
    fn csv_gives_back_what_rfc_4180_quotes(
        rows in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..30), 0_u64..1000, 1_u64..50), 0..8),
    ) {
        let mut text = b"ts_us,op,key,bytes,count\n".to_vec();
        for (key, bytes, count) in &rows {
            text.extend(b"3,write,\"");
            text.extend(key.iter().flat_map(|byte| if *byte == b'"' { vec![b'"', b'"'] } else { vec![*byte] }));
            writeln!(text, "\",{bytes},{count}").unwrap();
        }
        let expected: Vec<_> =
            rows.iter().map(|(key, bytes, count)| (3, Op::Write, key.clone(), *bytes, *count)).collect();
        prop_assert_eq!(drain(&text, Limits::default()), expected);
    }

    #[test]
    fn one_bad_line_costs_only_itself(bad in "[ -~]{0,30}", at in 0_usize..5) {
        let line = |n: usize| format!("{}.000000 [0 x] \"GET\" \"k{n}\"\n", n + 1);
        let mut text: Vec<String> = (0..5).map(line).collect();
        text.insert(at, format!("x{bad}\n"));
        prop_assert_eq!(drain(text.concat().as_bytes(), Limits::default()).len(), 5);
    }
}
