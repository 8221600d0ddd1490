//! Cells of 64 bits: where the machine has atomics of that width.

use crate::sync::AtomicU64;

/// What a cell counts in.
pub(crate) type Count = u64;
/// A cell's counter, a directory's or the table's word.
pub(crate) type AtomicCount = AtomicU64;
/// 64 bits that one thread writes and others read under a sequence, or while they stand still.
pub(crate) type Word = AtomicU64;
/// 64 bits that one thread writes and others read whole.
pub(crate) type Number = AtomicU64;

/// Bits of a directory's word that say where the page is, and of a table's that say which seat.
pub(crate) const PLACE_BITS: u32 = 32;

/// What keeps a line apart from its neighbours: two cache lines, since some machines fetch pairs.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "alloc", derive(crate::zeroed::Zero))]
#[repr(C, align(128))]
pub(crate) struct Apart;

/// A count as a number of its whole width.
#[inline(always)]
pub(crate) const fn wide(count: Count) -> u64 {
    count
}

/// What of a number a cell counts in: its sums wrap, and a flush takes differences.
#[inline(always)]
pub(crate) const fn narrow(number: u64) -> Count {
    number
}
