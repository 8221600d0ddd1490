//! The ranges of the core's own making, as the writer knows them: their order, their seats, their sampled keys.

use crate::key_samples::KeySample;
use crate::layout::Layout;
use crate::limits::RANGE_SAMPLES;
use crate::pool::PoolMut;
use crate::range_samples::{RangeSamples, Sampled, ShortKey};
use crate::rebalance::plan;
use crate::shared::Shared;

/// The memory of [`Ranges`].
pub(crate) struct RangePools<'m> {
    pub(crate) order: PoolMut<'m, u32>,
    pub(crate) next_order: PoolMut<'m, u32>,
    pub(crate) seats: PoolMut<'m, u32>,
    pub(crate) free: PoolMut<'m, u32>,
    pub(crate) loads: PoolMut<'m, u64>,
    pub(crate) parts: PoolMut<'m, u8>,
    pub(crate) ranked: PoolMut<'m, u32>,
    pub(crate) sampled: PoolMut<'m, Sampled>,
    pub(crate) keys: PoolMut<'m, ShortKey>,
}

/// All ranges. A range has a number, which it keeps while its place among the others changes.
pub(crate) struct Ranges<'m> {
    /// The numbers of the ranges, in the order of their keys.
    order: PoolMut<'m, u32>,
    /// The order to come, while it is made.
    next_order: PoolMut<'m, u32>,
    next_len: usize,
    pub(crate) len: usize,
    /// By number.
    seats: PoolMut<'m, u32>,
    /// Numbers that no range has.
    free: PoolMut<'m, u32>,
    free_len: usize,
    /// By place: the load, and what is to happen.
    pub(crate) loads: PoolMut<'m, u64>,
    parts: PoolMut<'m, u8>,
    ranked: PoolMut<'m, u32>,
    pub(crate) samples: RangeSamples<'m>,
}

impl<'m> Ranges<'m> {
    pub(crate) fn new(pools: RangePools<'m>, layout: &Layout, seed: u64) -> Self {
        let RangePools { order, next_order, seats, mut free, loads, parts, ranked, sampled, keys } = pools;
        for (at, number) in free.iter_mut().rev().enumerate() {
            *number = at as u32;
        }
        Ranges {
            free_len: free.len(),
            samples: RangeSamples::new(sampled, keys, layout.max_separator(), seed),
            order,
            next_order,
            next_len: 0,
            len: 0,
            seats,
            free,
            loads,
            parts,
            ranked,
        }
    }

    /// The number of the range at a place.
    pub(crate) fn at(&self, place: usize) -> Option<u32> {
        self.order.get(place).filter(|_| place < self.len).copied()
    }

    /// The seat of the range at a place.
    pub(crate) fn seat_at(&self, place: usize) -> Option<u32> {
        self.seats.get(self.at(place)? as usize).copied()
    }

    pub(crate) fn set_seat(&mut self, number: u32, seat: u32) {
        if let Some(to) = self.seats.get_mut(number as usize) {
            *to = seat;
        }
    }

    /// A recorder sampled a key.
    pub(crate) fn sampled(&mut self, shared: &Shared, sample: &KeySample<'_>) {
        if self.len > 0
            && let Some(number) = self.at(shared.boundaries.rank(sample.key))
        {
            self.samples.offer(number, sample.key, sample.weight);
        }
    }

    /// Decides by `loads` what happens to each range, with so many free slots; whether anything does.
    pub(crate) fn plan(&mut self, slots: usize) -> bool {
        let Ranges { order, len, loads, parts, ranked, samples, .. } = self;
        let (order, most) = (order.get(..*len).unwrap_or(&[]), parts.len());
        let divisible = |at: usize| order.get(at).map_or(1, |number| samples.different(*number).min(RANGE_SAMPLES));
        let parts = parts.get_mut(..*len).unwrap_or(&mut []);
        plan(loads.get(..*len).unwrap_or(&[]), most, slots, divisible, parts, ranked)
    }

    /// What was decided for the range at a place.
    pub(crate) fn parts(&self, place: usize) -> usize {
        self.parts.get(place).filter(|_| place < self.len).map_or(1, |parts| usize::from(*parts))
    }

    /// How many more ranges there may be, those of the order to come counted.
    pub(crate) fn take_number(&mut self) -> Option<u32> {
        self.free_len = self.free_len.checked_sub(1)?;
        self.free.get(self.free_len).copied()
    }

    pub(crate) fn give_number(&mut self, number: u32) {
        if let Some(to) = self.free.get_mut(self.free_len) {
            *to = number;
            self.free_len += 1;
        }
    }

    pub(crate) fn free_numbers(&self) -> usize {
        self.free_len
    }

    /// Puts a range behind those of the order to come, with what is decided for it.
    pub(crate) fn push(&mut self, number: u32, parts: usize) {
        // Where ranges joined there are fewer than before, and where they split nothing more is decided.
        if let Some(to) = self.parts.get_mut(self.next_len).filter(|_| parts > 0) {
            *to = parts as u8;
        }
        if let Some(to) = self.next_order.get_mut(self.next_len) {
            *to = number;
            self.next_len += 1;
        }
    }

    /// The order to come is the order.
    pub(crate) fn turn(&mut self) {
        core::mem::swap(&mut self.order, &mut self.next_order);
        self.len = core::mem::take(&mut self.next_len);
    }
}
