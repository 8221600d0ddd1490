//! How long a removed route's seat drains.
//!
//! Calls begun before the removal may still store into it. Time comes from flushes alone: the first flush
//! after the removal starts the grace, each later one adds at most 1.5 steps to it, and it ends after
//! max(2 steps, 5 s) and at least two further flushes. So neither a clock that jumps nor a suspended
//! machine ends it early.

/// The least grace in milliseconds.
const MIN_GRACE_MS: u64 = 5000;
/// Flushes after the first that a grace lasts at the least.
const MIN_FLUSHES: u32 = 2;

/// How far a seat's grace has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grace {
    begun: bool,
    elapsed_ms: u64,
    flushes: u32,
}

impl Grace {
    /// Before the first flush after the removal.
    pub(crate) const NEW: Grace = Grace { begun: false, elapsed_ms: 0, flushes: 0 };

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_does_not_end_the_grace() {
        let mut grace = Grace::NEW;
        assert!(!grace.advance(u64::MAX, 60_000));
        assert!(!grace.advance(u64::MAX, 60_000), "counts as 90 s of the 120");
        assert!(grace.advance(u64::MAX, 60_000));
    }

    #[test]
    fn short_steps_drain_for_five_seconds() {
        let mut grace = Grace::NEW;
        let flushes = (1..).find(|_| grace.advance(1000, 1000)).unwrap_or(0);
        assert_eq!(flushes, 6, "the first flush begins it");
    }

    #[test]
    fn flushes_without_elapsed_time_do_not_end_it() {
        let mut grace = Grace::NEW;
        assert!((0..1000).all(|_| !grace.advance(0, 100)));
    }
}
