//! What the fuzzer begins with: a few lines of every format, and the frozen files beside the tests.

use std::fs;
use std::io;
use std::path::Path;

/// A few lines of every text format, good and bad.
const TEXTS: &[&str] = &[
    "OK\n1700000000.000001 [0 127.0.0.1:5] \"SET\" \"user:1\" \"a\\x00\\n\"\n1700000000.000002 [9 lua] \"MGET\" \"a\" \"b\"\n1700000000.5 [0 unix:/r.sock] \"EVAL\" \"x\" \"1\" \"k\"\n1700000000.6 [0 [::1]:7] \"XREAD\" \"COUNT\" \"2\" \"STREAMS\" \"s\" \"0\"\nPING\n",
    "ts_us,op,key,end_key,bytes,count,tag\r\n5,read,a,,10,2,redis\r\n4,w,\"with, \"\"q\"\"\nline\",,,,\r\n6,scan,a,b,,,\n7,jump,a,,,,\n8,r,\"open,,,,\n",
    "ts_us,op,key:hex\n1,r,00ff\n2,w,zz\n",
    "ts_us,op,key:base64,end_key:u64be\n1,s,AP8=,18446744073709551615\n2,w,!,x\n",
    "{\"ts_us\":1700000000123456,\"op\":\"write\",\"key\":\"user:1\",\"bytes\":3}\n{\"ts_us\":2,\"op\":\"scan\",\"key:hex\":\"00ff\",\"end_key:hex\":\"01\",\"count\":12,\"tag\":\"s3\"}\n{\"key:u64be\":1}\n",
    "0,nz:u:eeW511W3dcH3de3d15ec,22,304,4,get,0\n1,a,b,1,2,3,set,5\n",
    "127.0.0.1 - - [10/Oct/2023:13:55:36 -0700] \"GET /a%20b?x=1 HTTP/1.1\" 200 2326 \"-\" \"agent \\\"q\\\"\"\n::1 - u [31/Dec/2023:23:59:60 +0000] \"-\" 408 -\n",
    "128166372003061629,hm,1,Read,2096128,4096,1388\n128166372016382155,hm,1,Write,8192,512,33\n",
    "419,W,8792731648,16384,1577808144360767\n725,R,59110326272,360448,1577808144360813\n",
    "key,op,size,op_count,key_size\n1668,GET,512,3,20\n,SET,1,1,1\n",
    "key,op,size,op_count,key_size,op_time,usecase\nabc,GET_LEASE,82,2,3,1629,x\n",
    "0x1234 1 0 5 1700000000000000\n6B6579 0 1 0 1700000000000001 8\n",
];

/// Maps of columns for `--columns`.
const MAPS: &[&str] = &[
    "ts=1,op=2,key=3,bytes=4",
    "key=1",
    "ts_ns=2,key:hex=1,end_key:hex=3,count=4,tag=5",
    "ts_ms=1,key:u64be=2,op=3",
    "key:base64=1,ts_us=1024",
    "key=0,key=1",
];

fn samples(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut samples: Vec<Vec<u8>> = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    for entry in fs::read_dir(tests.join("data"))? {
        samples.push(fs::read(entry?.path())?);
    }
    // Three records of libCacheSim: time, id, size, next.
    samples.push(
        (0..3_u8).flat_map(|n| [[n, 0, 0, 0, 7, n, 0, 0], [0, 0, 0, 0, 64, 0, 0, 0], [0xff; 8]].concat()).collect(),
    );
    Ok(samples)
}

/// All samples, each behind each of these beginnings.
fn behind(tests: &Path, beginnings: &[&[u8]]) -> io::Result<Vec<Vec<u8>>> {
    let samples = samples(tests)?;
    let seeds =
        beginnings.iter().flat_map(|beginning| samples.iter().map(|sample| [beginning, sample.as_slice()].concat()));
    Ok(seeds.collect())
}

pub(crate) fn detected(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    samples(tests)
}

/// Every format is forced onto every sample.
pub(crate) fn forced(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    let picks: Vec<[u8; 1]> = (0..12).map(|pick| [pick]).collect();
    behind(tests, &picks.iter().map(<[u8; 1]>::as_slice).collect::<Vec<_>>())
}

pub(crate) fn columns(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    let maps: Vec<Vec<u8>> = MAPS.iter().map(|map| [map.as_bytes(), b"\n"].concat()).collect();
    behind(tests, &maps.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// gzip and zstd: whole, cut, with a byte that is another.
pub(crate) fn packed(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    behind(
        tests,
        &[&[2, 0, 0], &[3, 0, 0], &[0x82, 128, 1], &[0x83, 128, 1], &[2, 200, 1], &[3, 20, 4], &[0, 0, 0], &[1, 0, 0]],
    )
}

/// Cut in the middle, byte by byte and in larger pieces.
pub(crate) fn growing(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    behind(tests, &[&[128, 1], &[200, 50], &[90, 255]])
}

/// Frozen answers.
pub(crate) fn answer(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    let names = ["v1_route.json", "v1_range.json", "v1_fanout.json", "existing_server.json"];
    names.iter().map(|name| fs::read(tests.join("frozen").join(name))).collect()
}

/// Frozen snapshots as they are, and their sections in the short form to which the target adds checksums.
pub(crate) fn snapshot(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for name in
        ["v1.snapshot", "v1_scans.snapshot", "v1_changes.snapshot", "v1_unknown_section.snapshot", "v2.snapshot"]
    {
        let file = fs::read(tests.join("frozen").join(name))?;
        seeds.push([&[254][..], &file].concat());
        seeds.push([&[255][..], &short_sections(&file)].concat());
    }
    Ok(seeds)
}

/// Id, a bit of it, length in one byte, payload; longer payloads are cut.
fn short_sections(file: &[u8]) -> Vec<u8> {
    let (mut short, mut left) = (Vec::new(), file.get(12..).unwrap_or(&[]));
    while let Some((&[id, most, a, b, c, d], rest)) = left.split_first_chunk::<6>() {
        let len = (u32::from_le_bytes([a, b, c, d]) as usize).min(rest.len());
        let (payload, rest) = rest.split_at(len);
        let payload = payload.get(..255).unwrap_or(payload);
        short.extend_from_slice(&[id, most & 1, payload.len() as u8]);
        short.extend_from_slice(payload);
        left = rest.get(4..).unwrap_or(&[]);
    }
    short
}
