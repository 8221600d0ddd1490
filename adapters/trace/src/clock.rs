//! Time that never goes back.

/// The last microsecond of the year 9999: later times are taken for damage, so that arithmetic on them is safe
/// everywhere.
pub(crate) const MAX_TIME_US: u64 = 253_402_300_799_999_999;

/// Where the times of a trace come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clock {
    /// From the file.
    File,
    /// From nowhere: the file has none, and the time of a record is its number, from 0, one microsecond each. Whoever
    /// draws it spreads the records evenly, and says so.
    None,
}

/// Raises every time to the greatest so far, and counts how often.
#[derive(Debug, Default)]
pub(crate) struct Ticker {
    last_us: u64,
    raised: u64,
}

impl Ticker {
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
