//! When to flush: pure functions of the wall clock, so that a test can run a year in a second.

/// The instants at which a sampler is flushed: every window boundary, and between two of them at
/// equal distances, so that the open column is fresh. A window has 12 ticks, fewer where they would
/// be closer than 250 ms, at least the one at its end.
///
/// # Examples
/// ```
/// use keyviz_admin::Ticker;
/// let minute = Ticker::new(60_000);
/// assert_eq!(minute.next(0), 5_000);
/// assert_eq!(minute.next(59_999), 60_000); // never past a boundary
/// assert_eq!(Ticker::new(100).next(1_234), 1_300);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    step_ms: u64,
    parts: u64,
}

impl Ticker {
    /// Ticks within one window at most.
    const MOST_PARTS: u64 = 12;
    /// The least distance of two ticks within one window, in milliseconds.
    const CLOSEST_MS: u64 = 250;

    /// For windows of `step_ms` milliseconds; 0 counts as 1.
    #[must_use]
    pub fn new(step_ms: u64) -> Ticker {
        let step_ms = step_ms.max(1);
        Ticker { step_ms, parts: (step_ms / Self::CLOSEST_MS).clamp(1, Self::MOST_PARTS) }
    }

    /// The most milliseconds between two ticks.
    #[must_use]
    pub fn interval_ms(&self) -> u64 {
        self.step_ms.div_ceil(self.parts)
    }

    /// The first tick after `now_ms`: later than it by at least 1 ms and at most
    /// [`interval_ms`](Ticker::interval_ms), and never past the end of the window `now_ms` is in.
    #[must_use]
    pub fn next(&self, now_ms: u64) -> u64 {
        let into = u128::from(now_ms % self.step_ms);
        let (step, parts) = (u128::from(self.step_ms), u128::from(self.parts));
        // Tick k of a window stands at floor(step * k / parts).
        let k = into * parts / step + 1;
        let at = match step * k / parts {
            // `into` is that tick itself, rounded down.
            at if at <= into => step * (k + 1) / parts,
            at => at,
        };
        let ahead = u64::try_from(at - into).unwrap_or(self.step_ms);
        now_ms.saturating_add(ahead)
    }
}

/// What to do at an instant of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Sleep for so many milliseconds, never more than one interval.
    Wait(u64),
    /// Flush now, then ask again.
    Flush,
}

/// A ticker at work: knows the tick it waits for.
#[derive(Debug)]
pub(crate) struct Schedule {
    ticker: Ticker,
    due_ms: u64,
}

impl Schedule {
    pub(crate) fn new(ticker: Ticker, now_ms: u64) -> Self {
        Schedule { ticker, due_ms: ticker.next(now_ms) }
    }

    /// Asked after every wake-up, with the wall clock's present value, whatever it did meanwhile:
    ///
    /// - it reached the tick or went past it (also by a suspended machine or a step ahead): flush;
    /// - it is short of the tick by at most an interval (the sleep ended early): wait for the rest;
    /// - it is short of it by more (a step back): flush, and follow the new time from here.
    pub(crate) fn at(&mut self, now_ms: u64) -> Pace {
        let left = self.due_ms.saturating_sub(now_ms);
        if left == 0 || left > self.ticker.interval_ms() {
            self.due_ms = self.ticker.next(now_ms);
            return Pace::Flush;
        }
        Pace::Wait(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_steps_in_use() {
        let ticks = |step: u64| {
            let ticker = Ticker::new(step);
            let mut at = vec![ticker.next(0)];
            while *at.last().unwrap() < step {
                at.push(ticker.next(*at.last().unwrap()));
            }
            at
        };
        assert_eq!(ticks(100), [100]);
        assert_eq!(ticks(499), [499]);
        assert_eq!(ticks(700), [350, 700]);
        assert_eq!(ticks(1_000), [250, 500, 750, 1_000]);
        assert_eq!(ticks(60_000).len(), 12);
        assert_eq!(ticks(86_400_000).len(), 12);
        assert_eq!(Ticker::new(0).next(7), 8);
        assert_eq!(Ticker::new(60_000).next(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn next_is_ahead_and_never_past_a_boundary(step in 1u64..=86_400_000, now in 0u64..1 << 50) {
            let ticker = Ticker::new(step);
            let next = ticker.next(now);
            let end = now - now % step + step;
            prop_assert!(next > now);
            prop_assert!(next - now <= ticker.interval_ms());
            prop_assert!(next <= end);
        }

        #[test]
        fn every_boundary_is_a_tick(step in 1u64..=86_400_000, start in 0u64..1 << 50) {
            let ticker = Ticker::new(step);
            let mut now = start;
            let mut boundaries = 0;
            for _ in 0..100 {
                let before = now / step;
                now = ticker.next(now);
                if now / step != before {
                    prop_assert_eq!(now % step, 0);
                    boundaries += 1;
                }
            }
            prop_assert!(boundaries >= 100 / 12);
        }

        /// The clock moves as it likes between two questions: ahead by what was asked for, a little
        /// less, far ahead (suspended), far back.
        #[test]
        fn any_clock_is_followed(
            step in 100u64..=86_400_000,
            moves in prop::collection::vec((0u8..6, 0u64..200_000_000), 1..200),
        ) {
            let ticker = Ticker::new(step);
            let mut now = 1_700_000_000_000u64;
            let mut schedule = Schedule::new(ticker, now);
            for (kind, far) in moves {
                match schedule.at(now) {
                    Pace::Flush => {
                        // After a flush it waits, at most to the end of this window.
                        match schedule.at(now) {
                            Pace::Wait(ms) => prop_assert!(now + ms <= now - now % step + step),
                            Pace::Flush => prop_assert!(false, "two flushes at one instant"),
                        }
                    }
                    Pace::Wait(ms) => {
                        prop_assert!((1..=ticker.interval_ms()).contains(&ms));
                        now = match kind {
                            0 => now + far,
                            1 => now.saturating_sub(far),
                            2 => now + ms - 1,
                            _ => now + ms,
                        };
                        if kind > 2 {
                            prop_assert_eq!(schedule.at(now), Pace::Flush);
                        }
                    }
                }
            }
        }
    }
}
