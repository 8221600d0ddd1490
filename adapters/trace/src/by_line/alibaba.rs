//! Alibaba's block traces (<https://github.com/alibaba/block-traces>): `device_id,opcode,offset,length,timestamp`,
//! without a header, microseconds of Unix time.
//!
//! One file holds many disks, so the key is the disk (4 bytes) and the offset (8 bytes), both big-endian: keys sort
//! by disk, then by place.

use super::part;
use crate::held::Held;
use crate::number::{TimeUnit, micros, whole};
use crate::record::Op;
use crate::skipped::Reason;

pub(crate) fn looks_like(text: &[u8]) -> bool {
    parse(text, &mut Held::default()).is_ok()
}

pub(crate) fn parse(text: &[u8], held: &mut Held) -> Result<u64, Reason> {
    if memchr::memchr_iter(b',', text).count() != 4 {
        return Err(Reason::WrongColumns);
    }
    let mut rest = text;
    let device = whole(part(&mut rest, b',')).and_then(|device| u32::try_from(device).ok());
    held.op = match part(&mut rest, b',') {
        b"R" => Op::Read,
        b"W" => Op::Write,
        _ => return Err(Reason::BadOp),
    };
    let offset = whole(part(&mut rest, b','));
    held.key.extend_from_slice(&device.ok_or(Reason::BadKey)?.to_be_bytes());
    held.key.extend_from_slice(&offset.ok_or(Reason::BadKey)?.to_be_bytes());
    held.value_len = whole(part(&mut rest, b',')).ok_or(Reason::BadNumber)?;
    micros(rest, TimeUnit::Micros)
}
