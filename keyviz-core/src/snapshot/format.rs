//! Numbers of the form that both sides agree on, and how they are written.

use alloc::vec::Vec;

/// What a file begins with: not text, and damaged by whoever takes it for text.
pub(crate) const MAGIC: [u8; 8] = *b"\x89keyviz\n";

/// See [`SNAPSHOT_VERSION`](super::SNAPSHOT_VERSION).
pub(crate) const VERSION: u16 = 1;

/// Bytes of the head: magic, version, and two that are 0.
pub(crate) const HEAD_LEN: usize = 12;

/// Bytes of a section before its payload: id and length.
pub(crate) const SECTION_HEAD_LEN: usize = 6;

/// Bytes of a section behind its payload.
pub(crate) const CHECKSUM_LEN: usize = 4;

/// The longest payload of a section that is read; one that is skipped may be longer.
pub(crate) const MAX_PAYLOAD: usize = 16 << 20;

/// The most cells of a block.
pub(crate) const MAX_BLOCK_CELLS: usize = 1 << 16;

/// Rows are written in sections of about so many bytes.
pub(crate) const ROWS_BYTES: usize = 64 << 10;

/// The kinds of sections.
pub(crate) mod id {
    /// What the file is of: comes first.
    pub(crate) const META: u16 = 1;
    /// Names of the labels.
    pub(crate) const LABELS: u16 = 2;
    /// Rows that the columns behind refer to.
    pub(crate) const ROWS: u16 = 3;
    /// A column begins.
    pub(crate) const COLUMN: u16 = 4;
    /// A block of the column's cells begins: which cells.
    pub(crate) const CELLS: u16 = 5;
    /// What the sampler counted about its counting.
    pub(crate) const COUNTERS: u16 = 6;
    /// Splits and merges of routes.
    pub(crate) const LINEAGE: u16 = 7;
    /// What happened, as the host and the core told it.
    pub(crate) const EVENTS: u16 = 8;
    /// What of the events keyviz told itself: how many changes each stands for.
    pub(crate) const CHANGES: u16 = 9;
    /// The values of the block's cells in one series; the next ids are those of the next series.
    pub(crate) const SERIES: u16 = 16;
    /// So many ids are kept for series.
    pub(crate) const SERIES_IDS: u16 = 16;
    /// Nothing comes behind.
    pub(crate) const END: u16 = 0xffff;
}

/// Bits of a row's flags.
pub(crate) mod flag {
    /// The end is unbounded.
    pub(crate) const UNBOUNDED: u64 = 1;
    /// It is a virtual bucket's, and how many routes it has follows.
    pub(crate) const VIRTUAL: u64 = 2;
}

/// Writes seven bits a byte, the lowest first; a byte with the highest bit set is not the last.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes the length, then the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The distance from `from` to `to` as a number whose size is that of the distance.
pub(crate) fn zigzag(from: u64, to: u64) -> u64 {
    let distance = to.wrapping_sub(from) as i64;
    ((distance << 1) ^ (distance >> 63)) as u64
}

/// What `zigzag` was made of, given `from`.
pub(crate) fn unzigzag(from: u64, zigzag: u64) -> u64 {
    from.wrapping_add(((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)) as u64)
}
