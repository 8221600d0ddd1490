//! Removed routes: how long their seats drain, and how one is found again.
//!
//! A removed route's seat is drained for a grace, because calls begun before the removal may still
//! store into it. Time comes from flushes alone: the first flush after the removal starts the grace,
//! each later one adds at most 1.5 steps to it, and it ends after max(2 steps, 5 s) and at least two
//! further flushes. So neither a clock that jumps nor a suspended machine ends it early.

use alloc::boxed::Box;

use crate::config::ConfigError;
use crate::descriptor::NONE;
use crate::writer::SeatMeta;
use crate::zeroed::filled;

/// The least grace in milliseconds.
const MIN_GRACE_MS: u64 = 5000;
/// Flushes after the first that a grace lasts at the least.
const MIN_FLUSHES: u32 = 2;

/// How far a seat's grace has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grace {
    begun: bool,
    elapsed_ms: u64,
    flushes: u32,
}

impl Grace {
    /// Lets a flush that came `elapsed_ms` after the last one pass; `true` when the grace is over.
    pub(crate) fn advance(&mut self, elapsed_ms: u64, step_ms: u64) -> bool {
        if !self.begun {
            self.begun = true;
            return false;
        }
        self.elapsed_ms = self.elapsed_ms.saturating_add(elapsed_ms.min(step_ms + step_ms / 2));
        self.flushes = self.flushes.saturating_add(1);
        self.elapsed_ms >= (2 * step_ms).max(MIN_GRACE_MS) && self.flushes >= MIN_FLUSHES
    }
}

/// Draining seats in the order of their removal, and by route id.
pub(crate) struct Draining {
    first: u32,
    last: u32,
    pub(crate) len: u32,
    /// Heads of chains of seats whose route ids hash alike.
    buckets: Box<[u32]>,
}

impl Draining {
    pub(crate) fn new(buckets: usize) -> Result<Self, ConfigError> {
        Ok(Draining { first: NONE, last: NONE, len: 0, buckets: filled(buckets, |_| NONE)? })
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
        meta.grace = Grace::default();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_does_not_end_the_grace() {
        let mut grace = Grace::default();
        assert!(!grace.advance(u64::MAX, 60_000));
        assert!(!grace.advance(u64::MAX, 60_000), "counts as 90 s of the 120");
        assert!(grace.advance(u64::MAX, 60_000));
    }

    #[test]
    fn short_steps_drain_for_five_seconds() {
        let mut grace = Grace::default();
        let flushes = (1..).find(|_| grace.advance(1000, 1000)).unwrap_or(0);
        assert_eq!(flushes, 6, "the first flush begins it");
    }

    #[test]
    fn flushes_without_elapsed_time_do_not_end_it() {
        let mut grace = Grace::default();
        assert!((0..1000).all(|_| !grace.advance(0, 100)));
    }
}
