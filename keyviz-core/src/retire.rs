//! Seats of removed routes, draining: in the order of their removal, and by route id.

use crate::descriptor::NONE;
use crate::grace::Grace;
use crate::pool::PoolMut;
use crate::seat::SeatMeta;

/// Draining seats in the order of their removal, and by route id.
pub(crate) struct Draining<'m> {
    first: u32,
    last: u32,
    pub(crate) len: u32,
    /// Heads of chains of seats whose route ids hash alike.
    buckets: PoolMut<'m, u32>,
}

impl<'m> Draining<'m> {
    /// The buckets are a power of two.
    pub(crate) fn new(mut buckets: PoolMut<'m, u32>) -> Self {
        buckets.fill(NONE);
        Draining { first: NONE, last: NONE, len: 0, buckets }
    }

    /// The longest-draining seat.
    pub(crate) fn first(&self) -> u32 {
        self.first
    }

    fn bucket(&mut self, route: u64) -> Option<&mut u32> {
        let hash = (route ^ (route >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let at = hash as usize & (self.buckets.len() - 1);
        self.buckets.get_mut(at)
    }

    /// The seats whose route ids hash like this one's: the first, the others by `next_alike`.
    pub(crate) fn alike(&mut self, route: u64) -> u32 {
        self.bucket(route).map_or(NONE, |b| *b)
    }

    pub(crate) fn push(&mut self, seats: &mut [SeatMeta], seat: u32) {
        let last = self.last;
        let Some(meta) = seats.get_mut(seat as usize) else { return };
        meta.grace = Grace::NEW;
        (meta.previous, meta.next) = (last, NONE);
        if let Some(bucket) = self.bucket(meta.route) {
            meta.next_alike = core::mem::replace(bucket, seat);
        }
        match seats.get_mut(last as usize) {
            Some(before) => before.next = seat,
            None => self.first = seat,
        }
        self.last = seat;
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, seats: &mut [SeatMeta], seat: u32) {
        let Some(&SeatMeta { previous, next, next_alike, route, .. }) = seats.get(seat as usize) else { return };
        match seats.get_mut(previous as usize) {
            Some(before) => before.next = next,
            None => self.first = next,
        }
        match seats.get_mut(next as usize) {
            Some(after) => after.previous = previous,
            None => self.last = previous,
        }
        self.len -= 1;
        let mut at = self.alike(route);
        if at == seat {
            if let Some(bucket) = self.bucket(route) {
                *bucket = next_alike;
            }
            return;
        }
        while let Some(meta) = seats.get_mut(at as usize) {
            if meta.next_alike == seat {
                meta.next_alike = next_alike;
                return;
            }
            at = meta.next_alike;
        }
    }
}
