//! When to watch, and how long to stay away after something went wrong.

use super::args::Duty;
use super::frames::Why;

/// How long to wait before the connection is tried again: at first, and at most.
const FIRST_MS: u64 = 500;
const MOST_MS: u64 = 15_000;

/// The same after the server had to be protected from us.
const FIRST_AFTER_OVERLOAD_MS: u64 = 5_000;
const MOST_AFTER_OVERLOAD_MS: u64 = 60_000;

/// A session that lasted so long was a good one: the next trouble is the first again.
const GOOD_MS: u64 = 10_000;

/// The times of all sessions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// A window's beginning: phases count from here.
    pub(crate) anchor_ms: u64,
    pub(crate) duty: Option<Duty>,
}

/// One session's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) begin_ms: u64,
    /// 0: without an end.
    pub(crate) for_ms: u64,
}

impl Plan {
    /// The next time to watch at `now_ms` or after; `None` where all of it is over. `end_ms` is 0 where there is no end.
    pub(crate) fn next(&self, now_ms: u64, end_ms: u64) -> Option<Phase> {
        let begin_ms = match self.duty {
            None => now_ms,
            Some(duty) => {
                let past = now_ms.saturating_sub(self.anchor_ms);
                self.anchor_ms + past.div_ceil(duty.period_ms) * duty.period_ms
            }
        };
        let left_ms = if end_ms == 0 { u64::MAX } else { end_ms.checked_sub(begin_ms).filter(|left| *left > 0)? };
        let for_ms = self.duty.map_or(u64::MAX, |duty| duty.on_ms).min(left_ms);
        Some(Phase { begin_ms, for_ms: if for_ms == u64::MAX { 0 } else { for_ms } })
    }
}

/// Growing pauses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to stay away after a session that ended so, having watched for so long. Nothing after one that came to
    /// its end.
    pub(crate) fn after(&mut self, why: Why, watched_ms: u64) -> u64 {
        if why == Why::Done {
            self.failures = 0;
            return 0;
        }
        if watched_ms >= GOOD_MS {
            self.failures = 0;
        }
        let (first, most) = match why {
            Why::Overload | Why::Buffer | Why::Memory => (FIRST_AFTER_OVERLOAD_MS, MOST_AFTER_OVERLOAD_MS),
            _ => (FIRST_MS, MOST_MS),
        };
        let pause = first.saturating_mul(1 << self.failures.min(16)).min(most);
        self.failures += 1;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_lie_on_the_period_and_end_with_the_duration() {
        let plan = Plan { anchor_ms: 3_000, duty: Some(Duty { on_ms: 1_000, period_ms: 10_000 }) };
        assert_eq!(plan.next(2_500, 0), Some(Phase { begin_ms: 3_000, for_ms: 1_000 }));
        assert_eq!(plan.next(3_000, 0), Some(Phase { begin_ms: 3_000, for_ms: 1_000 }));
        assert_eq!(plan.next(3_001, 0), Some(Phase { begin_ms: 13_000, for_ms: 1_000 }));
        assert_eq!(plan.next(3_001, 13_400), Some(Phase { begin_ms: 13_000, for_ms: 400 }));
        assert_eq!(plan.next(3_001, 13_000), None);
    }

    #[test]
    fn without_a_duty_it_is_what_is_left() {
        let plan = Plan { anchor_ms: 0, duty: None };
        assert_eq!(plan.next(5, 0), Some(Phase { begin_ms: 5, for_ms: 0 }));
        assert_eq!(plan.next(5, 60), Some(Phase { begin_ms: 5, for_ms: 55 }));
        assert_eq!(plan.next(60, 60), None);
    }

    #[test]
    fn pauses_grow_to_a_bound_and_begin_again_after_a_good_session() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..8).map(|_| backoff.after(Why::Lost, 0)).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
        assert_eq!(backoff.after(Why::Lost, 60_000), 500);
        assert_eq!(backoff.after(Why::Done, 1), 0);
        assert_eq!(backoff.after(Why::Overload, 1), 5_000);
        assert_eq!(backoff.after(Why::Buffer, 1), 10_000);
    }
}
