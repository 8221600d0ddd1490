//! Time that never goes back.

/// The last microsecond of the year 9999: later times are taken for damage, so that arithmetic on them is safe
/// everywhere.
pub(crate) const MAX_TIME_US: u64 = 253_402_300_799_999_999;

/// Raises every time to the greatest so far, and counts how often.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last_us: u64,
    raised: u64,
}

impl Clock {
    /// The time to use for `time_us`, counting `records` records when it had to be raised.
    pub(crate) fn tick(&mut self, time_us: u64, records: u64) -> u64 {
        if time_us < self.last_us {
            self.raised += records;
        } else {
            self.last_us = time_us;
        }
        self.last_us
    }

    /// Records whose time was raised.
    pub(crate) fn raised(&self) -> u64 {
        self.raised
    }
}
