//! A write batch into the keys it writes
//! (<https://github.com/facebook/rocksdb/blob/v7.8.3/db/write_batch.cc>, `db/dbformat.h`): a sequence number (8
//! bytes), a count (4 bytes), then records, each with a type, for some a column family, and length-prefixed slices.

use super::bytes::Bytes;
use super::uses::Uses;
use crate::record::Op;

/// Appends every key written; `None` where the batch is damaged or has a record of an unknown type.
pub(crate) fn read(batch: &[u8], uses: &mut Uses) -> Option<()> {
    let mut bytes = Bytes(batch);
    bytes.fixed64()?;
    bytes.fixed32()?;
    while let Some(kind) = bytes.byte() {
        record(kind, &mut bytes, uses)?;
    }
    Some(())
}

fn record(kind: u8, bytes: &mut Bytes<'_>, uses: &mut Uses) -> Option<()> {
    match kind {
        // Put, merge, blob index, wide columns, put with a preferred sequence number.
        0x01 | 0x02 | 0x11 | 0x16 | 0x18 => put(0, bytes, uses),
        0x05 | 0x06 | 0x10 | 0x17 | 0x19 => put(bytes.varint32()?, bytes, uses),
        // Delete, single delete.
        0x00 | 0x07 => delete(0, bytes, uses),
        0x04 | 0x08 => delete(bytes.varint32()?, bytes, uses),
        // Delete a range.
        0x0f => delete_range(0, bytes, uses),
        0x0e => delete_range(bytes.varint32()?, bytes, uses),
        // Log data; the end of a preparation, commit, roll back, with the name of the transaction.
        0x03 | 0x0a | 0x0b | 0x0c => bytes.slice().map(drop),
        // Commit with a time stamp.
        0x15 => bytes.slice().and(bytes.slice()).map(drop),
        // The begin of a preparation, three kinds of it, and nothing at all.
        0x09 | 0x0d | 0x12 | 0x13 => Some(()),
        _ => None,
    }
}

fn put(family: u32, bytes: &mut Bytes<'_>, uses: &mut Uses) -> Option<()> {
    let (key, value) = (bytes.slice()?, bytes.slice()?);
    uses.push(Op::Write, family, key, value.len());
    Some(())
}

fn delete(family: u32, bytes: &mut Bytes<'_>, uses: &mut Uses) -> Option<()> {
    uses.push(Op::Write, family, bytes.slice()?, 0);
    Some(())
}

fn delete_range(family: u32, bytes: &mut Bytes<'_>, uses: &mut Uses) -> Option<()> {
    let (start, end) = (bytes.slice()?, bytes.slice()?);
    uses.push_range(Op::Write, family, start, end, 0);
    Some(())
}
