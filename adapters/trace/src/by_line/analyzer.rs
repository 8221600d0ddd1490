//! The text that RocksDB's `trace_analyzer -convert_to_human_readable_trace` writes
//! (<https://github.com/facebook/rocksdb/blob/v7.8.3/tools/trace_analyzer_tool.cc>): `key type cf value_size time`,
//! the key as `0x` and hexadecimal digits, microseconds. Before RocksDB 6 the key stood at the end.
//!
//! Types: 0 get, 1 put, 2 delete, 3 single delete, 4 range delete, 5 merge, 6 seek, 7 seek for prev, 8 multi get.
//! Seeks are scans; their end is not in the text. Column families other than the default are the tag, `cf1`.

use std::io::Write;

use super::part;
use crate::held::Held;
use crate::monitor::hex;
use crate::number::{TimeUnit, micros, whole};
use crate::record::Op;
use crate::skipped::Reason;

pub(crate) fn looks_like(text: &[u8]) -> bool {
    (text.starts_with(b"0x") || memchr::memmem::find(text, b" 0x").is_some())
        && parse(text, &mut Held::default()).is_ok()
}

pub(crate) fn parse(text: &[u8], held: &mut Held) -> Result<u64, Reason> {
    let mut rest = text.trim_ascii_end();
    if memchr::memchr_iter(b' ', rest).count() != 4 {
        return Err(Reason::NotARecord);
    }
    let first = text.starts_with(b"0x").then(|| part(&mut rest, b' '));
    let (kind, family, size) = (part(&mut rest, b' '), part(&mut rest, b' '), part(&mut rest, b' '));
    let time = part(&mut rest, b' ');
    let digits = first.unwrap_or(rest).strip_prefix(b"0x").ok_or(Reason::BadKey)?;
    held.op = match whole(kind) {
        Some(0 | 8) => Op::Read,
        Some(1..=5) => Op::Write,
        Some(6 | 7) => Op::Scan,
        _ => return Err(Reason::BadOp),
    };
    let (pairs, odd) = digits.as_chunks::<2>();
    for [high, low] in pairs {
        let (high, low) = (hex(*high).ok_or(Reason::BadKey)?, hex(*low).ok_or(Reason::BadKey)?);
        held.key.push(high * 16 + low);
    }
    if !odd.is_empty() {
        return Err(Reason::BadKey);
    }
    held.value_len = whole(size).ok_or(Reason::BadNumber)?;
    match whole(family).ok_or(Reason::BadNumber)? {
        0 => {}
        // Writing to a vector cannot fail.
        family => write!(held.tag, "cf{family}").map_err(|_| Reason::BadNumber)?,
    }
    micros(time, TimeUnit::Micros)
}
