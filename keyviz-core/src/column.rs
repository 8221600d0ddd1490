//! How a column is written: non-zero cells only, as variable-length integers.
//!
//! A cell is a head, then its non-zero counters in the order reads, writes, read bytes, write bytes, scans.
//! The head is `(gap << 6) | flags`, where `gap` is the zigzag distance to the row after the one
//! before, and a row is `(descriptor * lanes + lane) * K + sub-bucket`. The flags say which counters
//! follow (bits 0 to 4) and whether the route was removed (bit 5). A
//! cell without counters says that the row's route had this descriptor when the column was flushed.

#[cfg(feature = "alloc")]
use zerocopy::IntoBytes;

use crate::limits::{BLOCK_BYTES, TALLY_WORDS};
#[cfg(feature = "alloc")]
use crate::op::Series;
use crate::op::Tally;

const FLAG_BITS: u32 = 6;
const DRAINING: u64 = 1 << 5;
#[cfg(feature = "alloc")]
/// The flags that say which counters follow.
const COUNTS: u64 = (1 << TALLY_WORDS) - 1;

#[cfg(feature = "alloc")]
/// The flags of the counters that a series is the sum of.
pub(crate) const fn flags_of(series: Series) -> u64 {
    match series {
        Series::Reads => 1,
        Series::Writes => 1 << 1,
        Series::ReadBytes => 1 << 2,
        Series::WriteBytes => 1 << 3,
        Series::Scans => 1 << 4,
        Series::Ops => 1 | 1 << 1,
    }
}

/// One cell of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) row: u64,
    pub(crate) draining: bool,
    pub(crate) counts: Tally,
}

/// Where bytes go.
pub(crate) trait Sink {
    /// `false` when there is no room; the column is then incomplete.
    fn byte(&mut self, byte: u8) -> bool;
}

/// Writes a variable-length integer.
pub(crate) fn varint(sink: &mut impl Sink, mut value: u64) -> bool {
    while value >= 0x80 {
        if !sink.byte(value as u8 | 0x80) {
            return false;
        }
        value >>= 7;
    }
    sink.byte(value as u8)
}

/// Writes a cell behind one of row `last`.
pub(crate) fn encode(sink: &mut impl Sink, last: &mut u64, cell: &Cell) -> bool {
    let gap = cell.row.wrapping_sub(last.wrapping_add(1)) as i64;
    *last = cell.row;
    let zigzag = ((gap << 1) ^ (gap >> 63)) as u64;
    let mut flags = if cell.draining { DRAINING } else { 0 };
    for (bit, count) in cell.counts.words().into_iter().enumerate() {
        flags |= u64::from(count != 0) << bit;
    }
    let mut written = varint(sink, zigzag << FLAG_BITS | flags);
    for count in cell.counts.words() {
        if count != 0 {
            written = written && varint(sink, count);
        }
    }
    written
}

/// Where bytes come from.
pub(crate) trait Source {
    /// The next byte; 0 past the end.
    fn byte(&mut self) -> u8;
    /// Whether all bytes were read.
    fn is_done(&self) -> bool;
    /// The next variable-length integer.
    fn varint(&mut self) -> u64 {
        read_varint(self)
    }
}

/// Reads a variable-length integer, byte by byte.
fn read_varint(source: &mut (impl Source + ?Sized)) -> u64 {
    let mut value = 0;
    let mut shift = 0;
    loop {
        let byte = source.byte();
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte < 0x80 || shift > 63 {
            return value;
        }
    }
}

/// What stands before a cell's counts.
#[derive(Clone, Copy)]
pub(crate) struct CellHead {
    pub(crate) row: u64,
    flags: u64,
}

impl CellHead {
    /// Reads the head behind the cell of row `last`; `None` at the end.
    #[inline]
    pub(crate) fn decode(source: &mut impl Source, last: &mut u64) -> Option<CellHead> {
        if source.is_done() {
            return None;
        }
        let head = source.varint();
        Some(Self::behind(last, head))
    }

    #[inline]
    fn behind(last: &mut u64, head: u64) -> CellHead {
        let zigzag = head >> FLAG_BITS;
        let gap = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        *last = last.wrapping_add(1).wrapping_add(gap as u64);
        CellHead { row: *last, flags: head }
    }

    pub(crate) const fn draining(self) -> bool {
        self.flags & DRAINING != 0
    }

    /// Whether any count follows.
    #[cfg(feature = "alloc")]
    pub(crate) const fn counts(self) -> bool {
        self.flags & COUNTS != 0
    }

    /// Reads the counts that follow.
    #[inline]
    pub(crate) fn all(self, source: &mut impl Source) -> Tally {
        let mut words = [0; TALLY_WORDS];
        for (bit, word) in words.iter_mut().enumerate() {
            if self.flags & (1 << bit) != 0 {
                *word = source.varint();
            }
        }
        Tally::from_words(words)
    }

    /// Reads the counts that follow: the sum of those with the `asked` flags, nothing else.
    #[cfg(feature = "alloc")]
    #[inline]
    fn value(self, source: &mut impl Source, asked: u64) -> u64 {
        let (mut flags, mut value) = (self.flags & COUNTS, 0u64);
        while flags != 0 {
            let bit = flags & flags.wrapping_neg();
            let count = source.varint();
            if bit & asked != 0 {
                value = value.saturating_add(count);
            }
            flags ^= bit;
        }
        value
    }
}

/// Reads the cell behind one of row `last`; `None` at the end. Any bytes give some cells: a reader
/// that raced with the writer finds out by the column's sequence.
#[inline]
pub(crate) fn decode(source: &mut impl Source, last: &mut u64) -> Option<Cell> {
    let head = CellHead::decode(source, last)?;
    Some(Cell { row: head.row, draining: head.draining(), counts: head.all(source) })
}

/// The row before the first: the first cell's gap is its row.
pub(crate) const BEFORE_FIRST: u64 = u64::MAX;

/// Cells out of words copied from the history.
#[cfg(feature = "alloc")]
pub(crate) struct WordSource<'a> {
    bytes: &'a [u8],
    at: usize,
    len: usize,
}

#[cfg(feature = "alloc")]
impl<'a> WordSource<'a> {
    /// The first `len` bytes of `words`, whose first byte is the lowest: each went through [`u64::to_le`].
    pub(crate) fn new(words: &'a [u64], len: usize) -> Self {
        let bytes = words.as_bytes();
        WordSource { bytes, at: 0, len: len.min(bytes.len()) }
    }

    /// The next eight bytes, the first one lowest; 0 past the end.
    #[inline]
    fn next_word(&self) -> u64 {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        rest.first_chunk().map_or_else(|| last_word(rest), |bytes| u64::from_le_bytes(*bytes))
    }
}

/// As many bytes as there are, and zeros.
#[cfg(feature = "alloc")]
#[cold]
fn last_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(feature = "alloc")]
impl Source for WordSource<'_> {
    #[inline]
    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    fn is_done(&self) -> bool {
        self.at >= self.len
    }

    #[inline]
    fn varint(&mut self) -> u64 {
        let next = self.next_word();
        // The first byte without a mark ends it; nine and ten bytes do not fit a word. No branch on the
        // length: that of counts is anyone's guess, also the processor's.
        let ends = !next & MARKS;
        if ends == 0 {
            return read_varint(self);
        }
        let bits = ends.trailing_zeros() + 1;
        self.at += bits as usize / 8;
        close_up(next & (u64::MAX >> (64 - bits)))
    }
}

/// The mark of each byte that is not an integer's last one.
#[cfg(feature = "alloc")]
const MARKS: u64 = 0x8080_8080_8080_8080;

/// The number in up to eight bytes of seven bits each, closed up in three steps.
#[cfg(feature = "alloc")]
#[inline]
const fn close_up(bytes: u64) -> u64 {
    let groups = bytes & !MARKS;
    let pairs = (groups & 0x007f_007f_007f_007f) | (groups & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = (pairs & 0x0000_3fff_0000_3fff) | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    (fours & 0x0fff_ffff) | (fours & 0x0fff_ffff_0000_0000) >> 4
}

/// The number in the lowest `bits`, a multiple of eight and at most 64: most are of one or two bytes.
#[cfg(feature = "alloc")]
#[inline(always)]
const fn short(bytes: u64, bits: u32) -> u64 {
    match bits {
        8 => bytes & 0x7f,
        16 => bytes & 0x7f | bytes >> 1 & 0x3f80,
        _ => close_up(bytes & (u64::MAX >> (64 - bits))),
    }
}

#[cfg(feature = "alloc")]
impl WordSource<'_> {
    /// The next cell's head and the sum of its counts with the `asked` flags; `None` at the end. As [`decode`], but where all of the cell
    /// is eight bytes at most, as of most, it is read at once: the processor then waits once a cell for where the
    /// next one begins, not once an integer.
    #[inline(always)]
    pub(crate) fn value_cell(&mut self, last: &mut u64, asked: u64) -> Option<(CellHead, u64)> {
        if self.is_done() {
            return None;
        }
        let bytes = self.next_word();
        let ends = !bytes & MARKS;
        // A loop, not a count of ones, which is a chain of multiplications where the processor's own is not asked for;
        // cells side by side mostly have the same counters.
        let (mut last_end, mut flags) = (ends, bytes & COUNTS);
        while flags != 0 {
            (last_end, flags) = (last_end & last_end.wrapping_sub(1), flags & (flags - 1));
        }
        if last_end == 0 {
            let head = CellHead::decode(self, last)?;
            return Some((head, head.value(self, asked)));
        }
        self.at += (last_end.trailing_zeros() as usize + 1) / 8;
        // Each integer lies between two ends; none begins at bit 64, since another end is behind it.
        let between = |from: u32, to: u32| short(bytes >> from, to - from);
        let mut from = ends.trailing_zeros() + 1;
        let head = CellHead::behind(last, between(0, from));
        let (mut left, mut ends, mut value) = (head.flags & COUNTS, ends & ends.wrapping_sub(1), 0u64);
        while left & asked != 0 {
            let (bit, to) = (left & left.wrapping_neg(), ends.trailing_zeros() + 1);
            if bit & asked != 0 {
                value = value.saturating_add(between(from, to));
            }
            (from, left, ends) = (to, left ^ bit, ends & ends.wrapping_sub(1));
        }
        Some((head, value))
    }
}

#[cfg(feature = "alloc")]
impl WordSource<'_> {
    /// Reads on while cells are like the one that was read last, `like`: of the next row, with the same flags, and
    /// eight bytes at most. What begins otherwise is left to [`value_cell`](Self::value_cell).
    ///
    /// A column is mostly made of such runs. How many counters follow is then known before the cell is, so nothing
    /// but its length stands between it and the next one.
    #[inline(always)]
    pub(crate) fn alike(&mut self, like: CellHead, last: &mut u64, asked: u64, each: &mut impl FnMut(CellHead, u64)) {
        match (like.flags & COUNTS).count_ones() {
            1 => self.run::<1>(like, last, asked, each),
            2 => self.run::<2>(like, last, asked, each),
            4 => self.run::<4>(like, last, asked, each),
            _ => {}
        }
    }

    #[inline(always)]
    fn run<const COUNTERS: usize>(
        &mut self,
        like: CellHead,
        last: &mut u64,
        asked: u64,
        each: &mut impl FnMut(CellHead, u64),
    ) {
        // A gap of none leaves nothing in the head but the flags.
        let flags = like.flags & ((1 << FLAG_BITS) - 1);
        let mut kept = [false; COUNTERS];
        let mut left = flags & COUNTS;
        for kept in &mut kept {
            *kept = left & left.wrapping_neg() & asked != 0;
            left &= left.wrapping_sub(1);
        }
        let (mut at, mut row) = (self.at, *last);
        while at < self.len {
            let Some(bytes) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) else { break };
            let bytes = u64::from_le_bytes(*bytes);
            if bytes & 0xff != flags {
                break;
            }
            // Where the next cell begins comes first: all of it waits for that.
            let mut ends = !bytes & MARKS & !0xff;
            let last_end = (1..COUNTERS).fold(ends, |ends, _| ends & ends.wrapping_sub(1));
            if last_end == 0 {
                break;
            }
            at += last_end.trailing_zeros() as usize / 8 + 1;
            let (mut from, mut value) = (8, 0u64);
            for kept in kept {
                if kept {
                    // Up to the next end.
                    let integer = (bytes & (ends ^ ends.wrapping_sub(1))) >> from;
                    value = value.saturating_add(close_up(integer));
                }
                // Behind the last one it is 64, which is nowhere shifted by.
                from = (ends.trailing_zeros() + 1) & 63;
                ends &= ends.wrapping_sub(1);
            }
            row = row.wrapping_add(1);
            each(CellHead { row, flags }, value);
        }
        (self.at, *last) = (at, row);
    }
}

/// A run of bytes in the history: a chain of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) len: u64,
}

impl Segment {
    pub(crate) const EMPTY: Segment = Segment { first: crate::descriptor::NONE, last: crate::descriptor::NONE, len: 0 };

    /// Blocks in the chain.
    pub(crate) const fn blocks(&self) -> u64 {
        self.len.div_ceil(BLOCK_BYTES as u64)
    }
}

/// The column that flushes add to.
pub(crate) struct OpenColumn {
    /// Where it is published, and the main segment there; `None` before the first time.
    pub(crate) published: Option<(u32, Segment)>,
    pub(crate) window: u64,
    pub(crate) covers_from_ms: u64,
    /// How much of its window was skipped since.
    pub(crate) skipped_ms: u64,
    pub(crate) late: bool,
    pub(crate) parts: Segment,
    pub(crate) parts_recorded: Tally,
    pub(crate) unattributed: Tally,
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    impl Sink for Vec<u8> {
        fn byte(&mut self, byte: u8) -> bool {
            self.push(byte);
            true
        }
    }

    fn words(bytes: &[u8]) -> Vec<u64> {
        bytes.chunks(8).map(|c| c.iter().rev().fold(0, |w, b| w << 8 | u64::from(*b))).collect()
    }

    proptest! {
        #[test]
        fn round_trip(cells in prop::collection::vec((0u64..1 << 50, any::<bool>(), any::<[u64; 5]>(), any::<[bool; 5]>(), 0u32..64), 0..50)) {
            let cells: Vec<Cell> = cells.into_iter().map(|(row, draining, mut counts, keep, small)| {
                for (count, keep) in counts.iter_mut().zip(keep) { *count = if keep { *count >> small } else { 0 } }
                Cell { row, draining, counts: Tally::from_words(counts) }
            }).collect();
            let (mut bytes, mut last) = (Vec::new(), BEFORE_FIRST);
            for cell in &cells {
                let before = bytes.len();
                prop_assert!(encode(&mut bytes, &mut last, cell));
                prop_assert!(bytes.len() - before <= crate::limits::MAX_HEAD_BYTES + 5 * crate::limits::MAX_VALUE_BYTES + 2);
            }
            let words = words(&bytes);
            let (mut source, mut last) = (WordSource::new(&words, bytes.len()), BEFORE_FIRST);
            let mut back = Vec::new();
            while let Some(cell) = decode(&mut source, &mut last) { back.push(cell) }
            prop_assert_eq!(&back, &cells);
            for series in Series::ALL {
                let (mut source, mut last) = (WordSource::new(&words, bytes.len()), BEFORE_FIRST);
                for cell in &cells {
                    let (head, value) = source.value_cell(&mut last, flags_of(series)).unwrap();
                    prop_assert_eq!((head.row, head.draining()), (cell.row, cell.draining));
                    prop_assert_eq!((head.counts(), value), (!cell.counts.is_zero(), cell.counts.get(series)));
                }
                prop_assert!(source.value_cell(&mut last, flags_of(series)).is_none());
            }
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let words = words(&bytes);
            let (mut source, mut last) = (WordSource::new(&words, bytes.len()), BEFORE_FIRST);
            let mut cells = 0;
            while decode(&mut source, &mut last).is_some() { cells += 1 }
            prop_assert!(cells <= bytes.len());
            let (mut source, mut last) = (WordSource::new(&words, bytes.len()), BEFORE_FIRST);
            for _ in 0..cells {
                prop_assert!(source.value_cell(&mut last, flags_of(Series::Ops)).is_some());
            }
            prop_assert!(source.value_cell(&mut last, flags_of(Series::Ops)).is_none());
        }
    }

    /// Stretches of cells side by side with the same counters, as columns mostly are.
    fn stretches() -> impl Strategy<Value = Vec<Cell>> {
        let counts = prop::collection::vec((any::<[u64; 5]>(), 0u32..64), 1..12);
        prop::collection::vec((0u64..3, any::<bool>(), any::<[bool; 5]>(), counts), 1..12).prop_map(|stretches| {
            let mut row = 0;
            let mut cells = Vec::new();
            for (gap, draining, keep, stretch) in stretches {
                row += gap;
                for (mut counts, small) in stretch {
                    for (count, keep) in counts.iter_mut().zip(keep) {
                        *count = if keep { (*count >> small).max(1) } else { 0 }
                    }
                    cells.push(Cell { row, draining, counts: Tally::from_words(counts) });
                    row += 1;
                }
            }
            cells
        })
    }

    proptest! {
        /// What is read in runs is what is read cell by cell, also of bytes cut anywhere.
        #[test]
        fn runs_are_their_cells(cells in stretches(), cut in 0usize..2000) {
            let (mut bytes, mut last) = (Vec::new(), BEFORE_FIRST);
            cells.iter().for_each(|cell| _ = encode(&mut bytes, &mut last, cell));
            for len in [bytes.len(), cut.min(bytes.len())] {
                let words = words(&bytes[..len]);
                for series in Series::ALL {
                    let asked = flags_of(series);
                    let (mut source, mut last, mut alone) = (WordSource::new(&words, len), BEFORE_FIRST, Vec::new());
                    while let Some(cell) = source.value_cell(&mut last, asked) { alone.push(cell) }
                    let (mut source, mut last, mut found) = (WordSource::new(&words, len), BEFORE_FIRST, Vec::new());
                    while let Some(cell) = source.value_cell(&mut last, asked) {
                        found.push(cell);
                        source.alike(cell.0, &mut last, asked, &mut |head, value| found.push((head, value)));
                    }
                    let shown = |cells: &[(CellHead, u64)]| -> Vec<_> {
                        cells.iter().map(|(head, value)| (head.row, head.draining(), head.counts(), *value)).collect()
                    };
                    prop_assert_eq!(shown(&found), shown(&alone));
                    if len == bytes.len() {
                        let given = cells.iter().map(|cell| (cell.row, cell.draining, !cell.counts.is_zero(), cell.counts.get(series)));
                        prop_assert_eq!(shown(&found), given.collect::<Vec<_>>());
                    }
                }
            }
        }
    }

    #[test]
    fn a_steady_write_takes_one_byte_of_head() {
        let (mut bytes, mut last) = (Vec::new(), 6);
        encode(
            &mut bytes,
            &mut last,
            &Cell { row: 7, draining: false, counts: Tally { writes: 100, write_bytes: 12_800, ..Tally::ZERO } },
        );
        assert_eq!(bytes.len(), 1 + 1 + 2);
    }
}
