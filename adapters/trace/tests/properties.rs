//! What holds for every input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Write;

use keyviz_trace::{ColumnMap, Format, Limits, Op, Trace};
use proptest::prelude::*;

/// Reads everything; every line is either read or skipped, and time never goes back.
fn drain(text: &[u8], limits: Limits) -> Vec<(u64, Op, Vec<u8>, u64, u64)> {
    match Trace::open(text, limits) {
        Ok(trace) => exhaust(trace, text.len()),
        Err(_) => Vec::new(),
    }
}

fn exhaust(mut trace: Trace<&[u8]>, bytes: usize) -> Vec<(u64, Op, Vec<u8>, u64, u64)> {
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
    assert_eq!(trace.bytes_read(), bytes as u64);
    assert!(tally.lines <= bytes as u64);
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

/// A good file of every format that is found by content, two records or more each.
fn samples() -> Vec<(Format, Vec<u8>)> {
    let oracle: Vec<u8> = [(1_u32, 3_i64), (2, -1), (2, i64::MAX)]
        .iter()
        .flat_map(|(s, next)| {
            [&s.to_le_bytes()[..], &7_u64.to_le_bytes(), &9_u32.to_le_bytes(), &next.to_le_bytes()].concat()
        })
        .collect();
    let frame = |kind: u8, payload: &[u8]| {
        let len = u32::try_from(payload.len()).unwrap();
        [&5_u64.to_le_bytes()[..], &[kind], &len.to_le_bytes(), payload].concat()
    };
    let rocksdb = [
        frame(1, b"feedcafedeadbeef\tTrace Version: 0.2\tRocksDB Version: 7.8\t\n"),
        frame(4, b"\x0c\0\0\0\0\0\0\0\x01\0\0\0\x03key"),
        frame(3, b"\x02\0\0\0\0\0\0\0\x15\0\0\0\0\0\0\0\0\x02\0\0\0\x01\x01a\x02bc\x00\x01d"),
        frame(5, b"\xf0\0\0\0\0\0\0\0\0\0\0\0\x01b\x01a\x01c"),
        frame(13, b"\0\x07\0\0\0\0\0\0\x01\0\0\0\x04\0\0\0\0\x02\x01k"),
    ];
    let text: [(Format, &[u8]); 9] = [
        (Format::Monitor, b"1.5 [0 x] \"GET\" \"k\"\n1.6 [0 x] \"SET\" \"k\" \"v\"\n"),
        (Format::Csv, b"ts_us,op,key\n1,r,a\n2,w,\"b,\"\"c\"\n"),
        (
            Format::Ndjson,
            b"{\"ts_us\":1,\"op\":\"r\",\"key\":\"a\\n\"}\n{\"ts_us\":2,\"op\":\"s\",\"key:hex\":\"00\"}\n",
        ),
        (Format::Twitter, b"1,a,b,1,2,3,get,0\n2,c,1,2,3,set,60\n"),
        (
            Format::CacheLib,
            b"op_time,key,key_size,op,op_count,size,cache_hits,ttl\n1,a,1,GET,2,3,1,0\n2,a,1,SET,2,3,1,0\n",
        ),
        (
            Format::AccessLog,
            b"::1 - - [10/Oct/2000:13:55:36 -0700] \"GET /\\x22?a HTTP/1.0\" 200 23 \"-\" \"-\"\n\
              ::1 - - [10/Oct/2000:13:55:37 -0700] \"PUT /b HTTP/1.0\" 200 -\n",
        ),
        (Format::Msr, b"128166372003061629,hm,1,Read,3,32768,413\n128166372003061630,hm,1,Write,3,32768,413\n"),
        (Format::Alibaba, b"0,R,126703644672,4096,1577808000000626\n0,W,1,4096,1577808000000626\n"),
        (Format::RocksDbText, b"0x00ff 0 0 0 1533000630000000\n0x61 1 2 100 1533000630000001\n"),
    ];
    let text = text.into_iter().map(|(format, text)| (format, text.to_vec()));
    text.chain([(Format::OracleGeneral, oracle), (Format::RocksDb, rocksdb.concat())]).collect()
}

#[test]
fn the_samples_are_good() {
    for (format, sample) in samples() {
        let trace = Trace::open(&sample[..], Limits::default()).unwrap();
        assert_eq!(trace.format(), format);
        assert!(exhaust(trace, sample.len()).len() >= 2, "{format:?}");
        assert_eq!(drain(&sample, Limits::default()).len() as u64, {
            let mut trace = Trace::open_as(&sample[..], format, Limits::default()).unwrap();
            while trace.next_record().unwrap().is_some() {}
            assert_eq!(trace.tally().skipped.total(), 0, "{format:?}");
            trace.tally().records
        });
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_in_every_format(text in proptest::collection::vec(any::<u8>(), 0..600), limit in 1_usize..700) {
        let mut limits = Limits::default();
        limits.line_bytes = limit;
        for (format, mut sample) in samples() {
            // A good beginning, so that the format is taken.
            sample.extend(&text);
            if let Ok(trace) = Trace::open_as(&sample[..], format, limits) {
                exhaust(trace, sample.len());
            }
        }
        let columns: ColumnMap = "ts_ms=2,key:hex=1,op=3,bytes=4".parse().unwrap();
        if let Ok(trace) = Trace::open_columns(&text[..], columns, limits) {
            exhaust(trace, text.len());
        }
    }

    #[test]
    fn mutated_samples_never_panic(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0_u8..3), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        for (format, sample) in samples() {
            let mut bytes = sample.repeat(2);
            for (at, byte, kind) in &edits {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, *byte),
                    _ => drop(bytes.remove(at)),
                }
            }
            drain(&bytes, Limits::default());
            bytes.truncate(cut.index(bytes.len()));
            drain(&bytes, Limits::default());
            if let Ok(trace) = Trace::open_as(&bytes[..], format, Limits::default()) {
                exhaust(trace, bytes.len());
            }
        }
    }

    #[test]
    fn column_maps_never_panic(text in "[a-z_:=,0-9 ]{0,40}") {
        let _ = text.parse::<ColumnMap>();
    }

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
