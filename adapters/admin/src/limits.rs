//! Every bound of the endpoint, in one place.

use std::time::Duration;

/// The bounds of the endpoint. Start from [`Limits::default`] and set fields; values below the floor
/// named at a field count as the floor, so a limit of 0 never disables anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at once under [`serve`](crate::serve); the next one gets a quick 503 `busy`.
    /// Default 64, floor 1.
    pub max_connections: usize,
    /// Bytes of a request's head; beyond it 431. Default 16 KiB, floor 1 KiB.
    pub max_header_bytes: usize,
    /// Header lines of a request; beyond them 431. Default 64, floor 8.
    pub max_headers: usize,
    /// Bytes of a request's body; beyond them 413. No endpoint needs a body. Default 16 KiB, no floor.
    pub max_body_bytes: usize,
    /// How long a connection has to send a whole head, also while it is idle between requests;
    /// then it is closed. Default 15 s, floor 10 ms.
    pub header_read_ms: u64,
    /// How long a request's body has to arrive; then 408. Default 5 s, floor 10 ms.
    pub body_read_ms: u64,
    /// How long an answer has to be made; then 503 `busy`. Default 15 s, floor 10 ms.
    pub request_ms: u64,
    /// How long a client may take nothing of an answer; then its connection is closed.
    /// Default 15 s, floor 10 ms.
    pub write_stall_ms: u64,
    /// How long a client may take for a whole answer once it is slower than the server; then its
    /// connection is closed. Default 120 s, floor 10 ms.
    pub write_total_ms: u64,
    /// How long a graceful shutdown waits for answers under way. Default 5 s, no floor.
    pub shutdown_ms: u64,
    /// Matrices built at once. Default 2, floor 1.
    pub max_builds: usize,
    /// Requests that wait for their turn to build; the next one gets 503 `busy`. Default 16, no floor.
    pub max_waiting_builds: usize,
    /// Bytes of matrices and their JSON for all requests together, from the build until the last
    /// byte is sent; beyond them 503 `busy`. Default 128 MiB, floor 1 MiB.
    pub memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_connections: 64,
            max_header_bytes: 16 << 10,
            max_headers: 64,
            max_body_bytes: 16 << 10,
            header_read_ms: 15_000,
            body_read_ms: 5_000,
            request_ms: 15_000,
            write_stall_ms: 15_000,
            write_total_ms: 120_000,
            shutdown_ms: 5_000,
            max_builds: 2,
            max_waiting_builds: 16,
            memory_bytes: 128 << 20,
        }
    }
}

impl Limits {
    /// The most permits a semaphore holds is about 2^61; a bound far above any real count.
    const MANY: usize = 1 << 20;

    /// The same with every value within its floor and what the parts underneath accept.
    pub(crate) fn bounded(self) -> Limits {
        const SHORTEST_MS: u64 = 10;
        Limits {
            max_connections: self.max_connections.clamp(1, Self::MANY),
            max_header_bytes: self.max_header_bytes.clamp(1 << 10, 1 << 20),
            max_headers: self.max_headers.clamp(8, 1024),
            max_body_bytes: self.max_body_bytes,
            header_read_ms: self.header_read_ms.max(SHORTEST_MS),
            body_read_ms: self.body_read_ms.max(SHORTEST_MS),
            request_ms: self.request_ms.max(SHORTEST_MS),
            write_stall_ms: self.write_stall_ms.max(SHORTEST_MS),
            write_total_ms: self.write_total_ms.max(SHORTEST_MS),
            shutdown_ms: self.shutdown_ms,
            max_builds: self.max_builds.clamp(1, Self::MANY),
            max_waiting_builds: self.max_waiting_builds.min(Self::MANY),
            memory_bytes: self.memory_bytes.max(1 << 20),
        }
    }
}

/// Milliseconds as a [`Duration`], at most a year: timers refuse instants past their range.
pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms.min(365 * 24 * 3_600_000))
}
