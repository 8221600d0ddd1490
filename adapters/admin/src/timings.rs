//! How long flushes take.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The durations of a [`Flusher`](crate::Flusher)'s flushes, shared between it and whoever shows them
/// (`flush` in `/status`). Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct FlushTimings(Arc<Numbers>);

// One writer, the flusher's thread; readers may see the numbers of two neighbouring flushes mixed,
// which a display forgives, so every access is relaxed.
#[derive(Debug, Default)]
struct Numbers {
    count: AtomicU64,
    last_us: AtomicU64,
    max_us: AtomicU64,
}

impl FlushTimings {
    /// Flushes so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// The last flush, in microseconds.
    #[must_use]
    pub fn last_us(&self) -> u64 {
        self.0.last_us.load(Ordering::Relaxed)
    }

    /// The longest flush so far, in microseconds.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.0.max_us.load(Ordering::Relaxed)
    }

    pub(crate) fn record(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.last_us.store(us, Ordering::Relaxed);
        self.0.max_us.fetch_max(us, Ordering::Relaxed);
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Serialize for FlushTimings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut it = serializer.serialize_struct("FlushTimings", 3)?;
        it.serialize_field("count", &self.count())?;
        it.serialize_field("last_us", &self.last_us())?;
        it.serialize_field("max_us", &self.max_us())?;
        it.end()
    }
}
