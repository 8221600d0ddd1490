//! The payloads of a query trace: a bitmap (8 bytes) of the fields that follow, in the order of their bits
//! (<https://github.com/facebook/rocksdb/blob/v7.8.3/trace_replay/trace_replay.h>, `TracePayloadType`).

use super::batch;
use super::bytes::Bytes;
use super::uses::Uses;
use crate::record::Op;

/// The fields, by their bit.
const BITS: usize = 11;

/// The fields of a payload, as far as the bitmap names them.
#[derive(Debug, Default)]
struct Fields<'a> {
    family: u32,
    size: u32,
    slices: [Option<&'a [u8]>; BITS],
}

impl<'a> Fields<'a> {
    fn read(payload: &'a [u8]) -> Option<Fields<'a>> {
        let mut bytes = Bytes(payload);
        let map = bytes.fixed64()?;
        if map >> BITS != 0 {
            return None;
        }
        let mut fields = Fields::default();
        for (bit, slice) in fields.slices.iter_mut().enumerate() {
            if map >> bit & 1 == 0 {
                continue;
            }
            match bit {
                0 => {}
                2 | 4 => fields.family = bytes.fixed32()?,
                8 => fields.size = bytes.fixed32()?,
                _ => *slice = Some(bytes.slice()?),
            }
        }
        Some(fields)
    }

    fn slice(&self, bit: usize) -> Option<&'a [u8]> {
        self.slices.get(bit).copied().flatten()
    }
}

/// `DB::Write`.
pub(crate) fn write(payload: &[u8], uses: &mut Uses) -> Option<()> {
    batch::read(Fields::read(payload)?.slice(1)?, uses)
}

/// `DB::Get`.
pub(crate) fn get(payload: &[u8], uses: &mut Uses) -> Option<()> {
    let fields = Fields::read(payload)?;
    uses.push(Op::Read, fields.family, fields.slice(3)?, 0);
    Some(())
}

/// `DB::MultiGet`: a read of each key.
pub(crate) fn multi_get(payload: &[u8], uses: &mut Uses) -> Option<()> {
    let fields = Fields::read(payload)?;
    let (mut families, mut keys) = (Bytes(fields.slice(9)?), Bytes(fields.slice(10)?));
    for _ in 0..fields.size {
        uses.push(Op::Read, families.fixed32()?, keys.slice()?, 0);
    }
    Some(())
}

/// `Iterator::Seek`: one scan from where it starts, the key or the lower bound, up to the upper bound.
pub(crate) fn seek(payload: &[u8], uses: &mut Uses) -> Option<()> {
    let fields = Fields::read(payload)?;
    let start = fields.slice(5)?.max(fields.slice(6).unwrap_or_default());
    uses.push_range(Op::Scan, fields.family, start, fields.slice(7).unwrap_or_default(), 0);
    Some(())
}

/// `Iterator::SeekForPrev`, which goes down from its key: one scan from the lower bound up to the key, the key
/// included. Without a lower bound nobody knows how far it went: a scan at the key, without an end.
pub(crate) fn seek_for_prev(payload: &[u8], uses: &mut Uses) -> Option<()> {
    let fields = Fields::read(payload)?;
    let key = fields.slice(5)?;
    match fields.slice(6).filter(|lower| *lower <= key) {
        Some(lower) => uses.push_range(Op::Scan, fields.family, lower, &[key, b"\0"].concat(), 0),
        None => uses.push(Op::Scan, fields.family, key, 0),
    }
    Some(())
}
