//! Byte-exact samples of the published formats, found by content and asked for by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use keyviz_trace::{Clock, ColumnMap, Format, Limits, Op, OpenError, Reason, Record, Tally, Trace};

/// Time, operation, key, end, bytes, count, tag.
type Owned = (u64, Op, Vec<u8>, Option<Vec<u8>>, u64, u64, String);

fn owned(record: Record<'_>) -> Owned {
    let Record { time_us, op, key, end_key, value_len, count, tag } = record;
    let tag = String::from_utf8(tag.to_vec()).unwrap();
    (time_us, op, key.to_vec(), end_key.map(<[u8]>::to_vec), value_len, count, tag)
}

fn drain(mut trace: Trace<&[u8]>) -> (Vec<Owned>, Tally) {
    let mut records = Vec::new();
    while let Some(record) = trace.next_record().unwrap() {
        records.push(owned(record));
    }
    (records, trace.tally().clone())
}

/// Reads twice, found and asked for; both are the same.
fn read(text: &[u8], format: Format) -> (Vec<Owned>, Tally) {
    let found = Trace::open(text, Limits::default()).unwrap();
    assert_eq!(found.format(), format);
    let found = drain(found);
    assert_eq!(found, drain(Trace::open_as(text, format, Limits::default()).unwrap()));
    found
}

fn skipped(tally: &Tally) -> Vec<(Reason, u64)> {
    tally.skipped.reasons().iter().map(|skip| (skip.reason, skip.first_lines().next().unwrap())).collect()
}

#[test]
fn twitter() {
    let text = b"0,nz:u:eeW511W3dcH3de3d15ec,22,304,1204,get,0\n\
        1,a,b,,c,6,7,3,set,3600\r\n\
        2,k,1,0,3,peek,0\n\
        3,k,1,0,3\n\
        x,k,1,0,3,get,0\n\
        4,k,1,big,3,get,0\n\
        5,k,1,0,3,incr,0\n\
        6,k,1,0,3,de";
    let (records, tally) = read(text, Format::Twitter);
    assert_eq!(
        records,
        [
            (0, Op::Read, b"nz:u:eeW511W3dcH3de3d15ec".to_vec(), None, 304, 1, "1204".to_owned()),
            (1_000_000, Op::Write, b"a,b,,c".to_vec(), None, 7, 1, "3".to_owned()),
            (5_000_000, Op::Write, b"k".to_vec(), None, 0, 1, "3".to_owned()),
        ]
    );
    assert_eq!(tally.lines, 8);
    let mut reasons = skipped(&tally);
    reasons.sort_by_key(|(_, line)| *line);
    assert_eq!(
        reasons,
        [
            (Reason::BadOp, 3),
            (Reason::WrongColumns, 4),
            (Reason::BadTime, 5),
            (Reason::BadNumber, 6),
            (Reason::CutShort, 8)
        ]
    );
}

#[test]
fn access_logs() {
    let text = br#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?x=1 HTTP/1.0" 200 2326
2001:db8::1 - we[ird [10/Oct/2000:13:55:37 -0700] "POST /a\x22b\"c HTTP/2.0" 201 - "http://ref/" "Mozilla/4.08 \"x\" [en]"
example.org:443 10.0.0.1 - - [10/Oct/2000:13:55:38 -0700] "HEAD / HTTP/1.1" 304 0 "-" "-"
10.0.0.1 - - [10/Oct/2000:13:55:39 -0700] "-" 400 0 "-" "-"
10.0.0.1 - - [10/Oct/2000:13:55:39 -0700] "\x16\x03\x01" 400 150 "-" "-"
10.0.0.1 - - [99/Oct/2000:13:55:39 -0700] "GET / HTTP/1.1" 200 1
10.0.0.1 - - [10/Oct/2000:13:55:40 -0700] "DELETE /a/b HTTP/1.1" 204 x
10.0.0.1 - - [10/Oct/2000:13:55:40 -0700] "DELETE /a/b HTTP/1.1" 2"#;
    let (records, tally) = read(text, Format::AccessLog);
    let t = 971_211_336_000_000;
    assert_eq!(
        records,
        [
            (t, Op::Read, b"/apache_pb.gif".to_vec(), None, 2326, 1, String::new()),
            (t + 1_000_000, Op::Write, b"/a\"b\"c".to_vec(), None, 0, 1, String::new()),
            (t + 2_000_000, Op::Read, b"/".to_vec(), None, 0, 1, String::new()),
        ]
    );
    assert_eq!(
        skipped(&tally),
        [(Reason::NoKey, 4), (Reason::BadTime, 6), (Reason::CutShort, 8), (Reason::BadNumber, 7)].map(|pair| pair)
    );
}

#[test]
fn ndjson() {
    let text = br#"{"ts_us":5,"op":"write","key":"user:\u00e9\n","bytes":3,"count":2,"tag":"s3","other":[1,{"x":null}]}
{"op":"scan","key:hex":"00ff","end_key:hex":"01","ts_us":6}

{"ts_us":7,"op":"r","key:u64be":258,"bytes":null}
{"ts_us":8,"op":"get","key:base64":"Zm9v"}
{"ts_us":9,"op":"get"}
{"ts_us":9,"op":"get","key":"a","key:hex":"00"}
{"ts_us":-9,"op":"get","key":"a"}
{"ts_us":9,"op":"peek","key":"a"}
{"ts_us":9,"op":"get","key":"a","count":0}
nonsense
{"ts_us":10,"op":"get","ke"#;
    let (records, tally) = read(text, Format::Ndjson);
    assert_eq!(
        records,
        [
            (5, Op::Write, "user:\u{e9}\n".into(), None, 3, 2, "s3".to_owned()),
            (6, Op::Scan, vec![0, 255], Some(vec![1]), 0, 1, String::new()),
            (7, Op::Read, vec![0, 0, 0, 0, 0, 0, 1, 2], None, 0, 1, String::new()),
            (8, Op::Read, b"foo".to_vec(), None, 0, 1, String::new()),
        ]
    );
    assert_eq!(tally.skipped.total(), 8);
    for (reason, lines) in [
        (Reason::Blank, 1),
        (Reason::BadKey, 2),
        (Reason::BadTime, 1),
        (Reason::BadOp, 1),
        (Reason::BadNumber, 1),
        (Reason::NotARecord, 1),
        (Reason::CutShort, 1),
    ] {
        assert_eq!(tally.skipped.count(reason), lines, "{reason:?}");
    }
}

#[test]
fn block_traces() {
    let msr = b"128166372003061629,hm,1,Read,383496192,32768,413\n128166372016382155,hm,1,Write,7,1,0\n";
    let (records, _) = read(msr, Format::Msr);
    let t = 1_172_163_600_306_162;
    assert_eq!(
        records,
        [
            (t, Op::Read, 383_496_192_u64.to_be_bytes().to_vec(), None, 32_768, 1, "hm".to_owned()),
            (t + 1_332_053, Op::Write, 7_u64.to_be_bytes().to_vec(), None, 1, 1, "hm".to_owned()),
        ]
    );
    let alibaba = b"0,R,126703644672,4096,1577808000000626\n1,W,1,512,1577808000000627\n1,X,1,512,1577808000000627\n";
    let (records, tally) = read(alibaba, Format::Alibaba);
    let key = |device: u32, offset: u64| [&device.to_be_bytes()[..], &offset.to_be_bytes()].concat();
    assert_eq!(
        records,
        [
            (1_577_808_000_000_626, Op::Read, key(0, 126_703_644_672), None, 4096, 1, String::new()),
            (1_577_808_000_000_627, Op::Write, key(1, 1), None, 512, 1, String::new()),
        ]
    );
    assert_eq!(skipped(&tally), [(Reason::BadOp, 3)]);
}

#[test]
fn cachelib() {
    let text = b"op_time,key,key_size,op,op_count,size,cache_hits,ttl,usecase,sub_usecase\n\
        604038471,82131353f9ddc8c6,48,GET,1,87,1,0,366387042,3003229276\n\
        604038473,828769c1e1ce3a29,67,SET_LEASE,7,65,0,7200,2777918327,655456894\n\
        604038473,828769c1e1ce3a29,67,NONE,7,65,0,7200,2777918327,655456894\n\
        604038473,828769c1e1ce3a29,67,DELETE,0,65,0,7200,2777918327,655456894\n";
    let (records, tally) = read(text, Format::CacheLib);
    let t = 604_038_471_000_000;
    assert_eq!(
        records,
        [
            (t, Op::Read, b"82131353f9ddc8c6".to_vec(), None, 87, 1, "366387042".to_owned()),
            (t + 2_000_000, Op::Write, b"828769c1e1ce3a29".to_vec(), None, 65, 7, "2777918327".to_owned()),
        ]
    );
    assert_eq!((tally.lines, skipped(&tally)), (5, vec![(Reason::BadOp, 4), (Reason::BadNumber, 5)]));
    let without_time = &b"key,op,size,op_count,key_size\n1668757755,SET,82,1,40\n1668757755,GET,82,3,40\n"[..];
    let trace = Trace::open(without_time, Limits::default()).unwrap();
    assert_eq!((trace.format(), trace.clock()), (Format::CacheLib, Clock::None));
    let times: Vec<u64> = drain(trace).0.iter().map(|record| record.0).collect();
    assert_eq!(times, [0, 1], "the number of the record is its time");
}

fn columns<'a>(text: &'a [u8], map: &str) -> Trace<&'a [u8]> {
    Trace::open_columns(text, map.parse::<ColumnMap>().unwrap(), Limits::default()).unwrap()
}

#[test]
fn any_csv_by_columns() {
    let text = b"when,what,which,size,who\n1.5,get,\"a,\"\"b\",7,x\n2,PUT,c,,y,more\n3,get\n4,get,\"open,1,x\n";
    let trace = columns(text, "ts=1,op=2,key=3,bytes=4,tag=5");
    assert_eq!((trace.format(), trace.clock()), (Format::Columns, Clock::File));
    let (records, tally) = drain(trace);
    assert_eq!(
        records,
        [
            (1_500_000, Op::Read, b"a,\"b".to_vec(), None, 7, 1, "x".to_owned()),
            (2_000_000, Op::Write, b"c".to_vec(), None, 0, 1, "y".to_owned()),
        ]
    );
    let mut reasons = skipped(&tally);
    reasons.sort_by_key(|(_, line)| *line);
    assert_eq!(reasons, [(Reason::Header, 1), (Reason::WrongColumns, 4), (Reason::BadQuote, 5)]);

    let (records, _) = drain(columns(b"1,00ff,01\n", "ts_ms=1,key:hex=2,end_key:hex=3"));
    assert_eq!(records, [(1000, Op::Read, vec![0, 255], Some(vec![1]), 0, 1, String::new())]);

    let timeless = columns(b"a\nb\n", "key=1");
    assert_eq!(timeless.clock(), Clock::None);
    assert_eq!(drain(timeless).0.iter().map(|record| record.0).collect::<Vec<_>>(), [0, 1]);
}

fn oracle(records: &[(u32, u64, u32, i64)]) -> Vec<u8> {
    let each = records.iter().map(|(seconds, object, bytes, next)| {
        [&seconds.to_le_bytes()[..], &object.to_le_bytes(), &bytes.to_le_bytes(), &next.to_le_bytes()].concat()
    });
    each.collect::<Vec<_>>().concat()
}

#[test]
fn oracle_general() {
    let mut bytes = oracle(&[(1, 0x0102, 300, 3), (1, 9, 5, -1), (4, 0x0102, 300, i64::MAX)]);
    bytes.extend([1, 2, 3]);
    let (records, tally) = read(&bytes, Format::OracleGeneral);
    let record = |s: u64, object: u64, len| {
        (s * 1_000_000, Op::Read, object.to_be_bytes().to_vec(), None, len, 1, String::new())
    };
    assert_eq!(records, [record(1, 0x0102, 300), record(1, 9, 5), record(4, 0x0102, 300)]);
    assert_eq!((tally.lines, skipped(&tally)), (4, vec![(Reason::CutShort, 4)]));
}

#[test]
fn trace_analyzer_text() {
    let text = b"0x00FF 0 0 0 1533000630000000\n0x61 1 2 100 1533000630000001\n0x61 6 0 0 1533000630000002\n\
        0 0 0 1533000630000003 0x62\n0x6 0 0 0 1533000630000004\n0x61 9 0 0 1533000630000004\n";
    let (records, tally) = read(text, Format::RocksDbText);
    let t = 1_533_000_630_000_000;
    assert_eq!(
        records,
        [
            (t, Op::Read, vec![0, 255], None, 0, 1, String::new()),
            (t + 1, Op::Write, b"a".to_vec(), None, 100, 1, "cf2".to_owned()),
            (t + 2, Op::Scan, b"a".to_vec(), None, 0, 1, String::new()),
            (t + 3, Op::Read, b"b".to_vec(), None, 0, 1, String::new()),
        ]
    );
    assert_eq!(skipped(&tally), [(Reason::BadOp, 6), (Reason::BadKey, 5)]);
}

#[test]
fn a_format_forced_on_something_else_is_refused() {
    let samples: [&[u8]; 3] = [b"hello\nworld\n", b"a,b,c,d,e\n", &[0xff; 100]];
    for format in Format::ALL {
        assert_eq!(Format::by_id(format.id()), Some(*format));
        for sample in samples {
            let refused = Trace::open_as(sample, *format, Limits::default()).unwrap_err();
            match (format, &refused) {
                (Format::Columns, OpenError::ColumnsNeeded) => {}
                (_, OpenError::WrongFormat { format: asked, .. }) => assert_eq!(asked, format),
                other => panic!("{other:?}"),
            }
            assert!(refused.to_string().len() > 40);
        }
    }
}
