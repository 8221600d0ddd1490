//! How fast the demo works: steady, and never more than its part of a core.

use std::time::Duration;

/// From one batch to the next.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// Rows touched in one batch: 8,000 a second.
pub(crate) const TICK_ROWS: u32 = 160;

/// Batches from one durable commit to the next: one a second.
pub(crate) const DURABLE_EVERY: u64 = 50;

/// The load works at most one part in this many of the time. With the flusher and the page the whole process stays
/// below a quarter of a core.
const BUSY_PARTS: u32 = 6;

/// A durable commit mostly waits for the disk; this much of it at most counts as work.
const COMMIT_WORK: Duration = Duration::from_millis(15);

/// How long to sleep after a batch that kept the thread for `busy`.
pub(crate) fn rest(busy: Duration, durable: bool) -> Duration {
    let worked = if durable { busy.min(COMMIT_WORK) } else { busy };
    TICK.max(worked * BUSY_PARTS).saturating_sub(busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_batches_keep_the_beat_and_slow_ones_lose_it() {
        let ms = Duration::from_millis;
        assert_eq!(rest(ms(1), false), ms(19));
        assert_eq!(rest(ms(10), false), ms(50));
        assert_eq!(rest(ms(15), true), ms(75));
        assert_eq!(rest(ms(300), true), ms(0));
    }
}
