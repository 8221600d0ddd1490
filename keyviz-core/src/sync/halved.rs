//! Cells of 32 bits: where the machine's atomics end there, or for a test with `cfg(keyviz_u32_cells)`.
//!
//! A cell's sum wraps, and a flush takes the difference to the one before: exact while no cell takes
//! 2^32 (operations, or bytes of them) between two flushes, which is the host's duty.

use crate::sync::{AtomicU32, Ordering, fence};

/// What a cell counts in.
pub(crate) type Count = u32;
/// A cell's counter, a directory's or the table's word.
pub(crate) type AtomicCount = AtomicU32;

/// Bits of a directory's word that say where the page is, and of a table's that say which seat.
pub(crate) const PLACE_BITS: u32 = 24;

/// What keeps a line apart from its neighbours: a cache line, as long as a line of this form.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "alloc", derive(crate::zeroed::Zero))]
#[repr(C, align(64))]
pub(crate) struct Apart;

/// A count as a number of its whole width.
#[inline(always)]
pub(crate) const fn wide(count: Count) -> u64 {
    count as u64
}

/// What of a number a cell counts in: its sums wrap, and a flush takes differences.
#[inline(always)]
pub(crate) const fn narrow(number: u64) -> Count {
    number as u32
}

/// 64 bits that one thread writes and others read under a sequence, or while they stand still: in two
/// halves, which a reader that races with the writer may see of two values. The sequence tells it.
#[cfg_attr(feature = "alloc", derive(crate::zeroed::Zero))]
#[repr(C)]
pub(crate) struct Word([AtomicU32; 2]);

impl Word {
    pub(crate) const fn new(value: u64) -> Self {
        Word([AtomicU32::new(value as u32), AtomicU32::new((value >> 32) as u32)])
    }

    #[inline]
    pub(crate) fn load(&self, order: Ordering) -> u64 {
        let [low, high] = &self.0;
        u64::from(low.load(order)) | u64::from(high.load(order)) << 32
    }

    #[inline]
    pub(crate) fn store(&self, value: u64, order: Ordering) {
        let [low, high] = &self.0;
        low.store(value as u32, order);
        high.store((value >> 32) as u32, order);
    }
}

/// 64 bits that one thread writes and others read whole, whatever their priority.
///
/// Of two places one holds the present value, and the writer fills the other before it says so. A reader
/// that interrupts the writer finds the present one untouched; one that the writer interrupts sees by the
/// turn that it has to look again.
pub(crate) struct Number {
    turn: AtomicU32,
    places: [Word; 2],
}

impl Number {
    pub(crate) const fn new(value: u64) -> Self {
        Number { turn: AtomicU32::new(0), places: [Word::new(value), Word::new(value)] }
    }

    fn place(&self, turn: u32) -> &Word {
        let [even, odd] = &self.places;
        if turn.is_multiple_of(2) { even } else { odd }
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        loop {
            let turn = self.turn.load(Ordering::Acquire);
            let value = self.place(turn).load(order);
            fence(Ordering::Acquire);
            if self.turn.load(Ordering::Relaxed) == turn {
                return value;
            }
        }
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        let next = self.turn.load(Ordering::Relaxed).wrapping_add(1);
        // A reader that sees any of what follows sees that the place it reads is not the present one.
        fence(Ordering::Release);
        self.place(next).store(value, order);
        self.turn.store(next, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_whole() {
        let number = Number::new(u64::MAX);
        assert_eq!(number.load(Ordering::Relaxed), u64::MAX);
        for value in [0, 1 << 32, u64::MAX, 7] {
            number.store(value, Ordering::Relaxed);
            assert_eq!(number.load(Ordering::Relaxed), value);
        }
    }

    #[test]
    #[cfg(feature = "std")]
    fn a_reader_beside_the_writer_never_sees_halves_of_two_values() {
        let number = Number::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| (0..=200_000u64).for_each(|i| number.store(i | i << 32, Ordering::Relaxed)));
            let mut last = 0;
            while last < 200_000 {
                let value = number.load(Ordering::Relaxed);
                assert_eq!(value as u32, (value >> 32) as u32);
                last = value >> 32;
            }
        });
    }
}
