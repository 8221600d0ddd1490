//! libCacheSim's oracleGeneral
//! (<https://github.com/1a1a11a/libCacheSim/blob/develop/libCacheSim/traceReader/customizedReader/oracle/oracleGeneralBin.h>):
//! 24 bytes a record, little-endian, without a header.
//!
//! | bytes | meaning |
//! |---|---|
//! | 0..4 | seconds, of Unix time or since the trace began |
//! | 4..12 | the object's number; the key is its 8 bytes, big-endian |
//! | 12..16 | the object's bytes |
//! | 16..24 | when the object is asked for next, counted in records; -1, -2 or the greatest number for never |
//!
//! Every record is one read.

use crate::held::Held;
use crate::record::Op;

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 24;

/// Records of the head that are looked at.
const LOOKED_AT: usize = 256;

/// No trace has more records.
const MOST_RECORDS: i64 = 1 << 48;

#[derive(Clone, Copy, Debug)]
struct Fields {
    seconds: u32,
    object: u64,
    bytes: u32,
    next: i64,
}

fn fields(record: &[u8; RECORD_BYTES]) -> Option<Fields> {
    let (seconds, rest) = record.split_first_chunk::<4>()?;
    let (object, rest) = rest.split_first_chunk::<8>()?;
    let (bytes, rest) = rest.split_first_chunk::<4>()?;
    let (next, _) = rest.split_first_chunk::<8>()?;
    Some(Fields {
        seconds: u32::from_le_bytes(*seconds),
        object: u64::from_le_bytes(*object),
        bytes: u32::from_le_bytes(*bytes),
        next: i64::from_le_bytes(*next),
    })
}

/// Whether the head is such a trace: there is no magic number, so the times must not fall, every next use must lie in
/// the future, and no object is as large as the field allows.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    let (records, _) = head.as_chunks::<RECORD_BYTES>();
    let mut last_s = 0;
    let fits = records.iter().take(LOOKED_AT).zip(1..).all(|(record, number)| {
        let Some(fields) = fields(record) else { return false };
        let rises = fields.seconds >= last_s;
        last_s = fields.seconds;
        let never = [-1, -2, i64::MAX].contains(&fields.next);
        rises && fields.bytes < u32::MAX && (never || (number..MOST_RECORDS).contains(&fields.next))
    });
    fits && !records.is_empty()
}

/// One record; its time in microseconds.
pub(crate) fn parse(record: &[u8], held: &mut Held) -> Option<u64> {
    let fields = fields(record.first_chunk::<RECORD_BYTES>()?)?;
    held.clear();
    held.op = Op::Read;
    held.key.extend_from_slice(&fields.object.to_be_bytes());
    held.value_len = u64::from(fields.bytes);
    Some(u64::from(fields.seconds) * 1_000_000)
}
