//! How fast a trace is replayed while somebody looks on.

use std::time::{Duration, Instant};

/// Longest sleep, so that an end that is asked for comes soon and the open column stays fresh.
const NAP: Duration = Duration::from_millis(100);

/// A clock of the trace's time that runs `speed` times as fast as the wall's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    began: Instant,
    first_us: u64,
    speed: f64,
}

impl Pace {
    /// Starts at the first record, now.
    pub(crate) fn start(first_us: u64, speed: f64) -> Pace {
        Pace { began: Instant::now(), first_us, speed }
    }

    /// The trace's time now, in microseconds.
    pub(crate) fn now_us(&self) -> u64 {
        self.first_us.saturating_add((self.began.elapsed().as_secs_f64() * self.speed * 1e6) as u64)
    }

    /// How long to sleep before looking again whether a record of this time is due; `None` when it is.
    pub(crate) fn nap(&self, time_us: u64) -> Option<Duration> {
        let left_us = time_us.saturating_sub(self.now_us());
        let left = Duration::from_secs_f64((left_us as f64 / self.speed / 1e6).min(NAP.as_secs_f64()));
        (left_us > 0).then_some(left.max(Duration::from_micros(100)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_a_long_sleep_and_none_for_what_is_due() {
        let pace = Pace::start(1_000_000, 2.0);
        assert_eq!(pace.nap(1_000_000), None);
        assert_eq!(pace.nap(u64::MAX), Some(NAP));
        std::thread::sleep(Duration::from_millis(20));
        assert!(pace.now_us() >= 1_040_000);
        assert_eq!(pace.nap(1_030_000), None);
    }
}
