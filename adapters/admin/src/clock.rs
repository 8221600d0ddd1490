//! Where the time comes from: the core has no clock, the admin crate has one, and tests have theirs.

use std::time::{SystemTime, UNIX_EPOCH};

/// A wall clock. It may step in both directions, as wall clocks do; nothing here waits by it for
/// longer than one tick.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
}

/// The operating system's wall clock. A clock set before 1970 reads as 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
