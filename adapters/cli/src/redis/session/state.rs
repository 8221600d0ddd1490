//! What the threads of a session know together.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::redis::frames::Why;

/// Set by whoever ends the session first; looked at by all.
#[derive(Debug)]
pub(crate) struct State {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner {
    ended: Option<(Why, String)>,
    most_waiting_bytes: u64,
    commands: u64,
    /// When the server was last told that we live.
    seen_alive: Instant,
    /// When it last had our `MONITOR` client, in Unix milliseconds.
    known_unix_ms: u64,
}

impl Default for State {
    fn default() -> State {
        let inner =
            Inner { ended: None, most_waiting_bytes: 0, commands: 0, seen_alive: Instant::now(), known_unix_ms: 0 };
        State { inner: Mutex::new(inner), changed: Condvar::new() }
    }
}

impl State {
    fn with<T>(&self, what: impl FnOnce(&mut Inner) -> T) -> T {
        what(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the session, unless it has been already.
    pub(crate) fn end(&self, why: Why, text: impl Into<String>) {
        self.with(|inner| inner.ended.get_or_insert_with(|| (why, text.into())).clone());
        self.changed.notify_all();
    }

    pub(crate) fn ended(&self) -> Option<(Why, String)> {
        self.with(|inner| inner.ended.clone())
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.with(|inner| inner.ended.is_some())
    }

    /// Sleeps until the session ends, at most so long; says whether it has ended.
    pub(crate) fn sleep(&self, nap: Duration) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = |inner: &mut Inner| inner.ended.is_none();
        let (inner, _) = self.changed.wait_timeout_while(inner, nap, lasts).unwrap_or_else(PoisonError::into_inner);
        inner.ended.is_some()
    }

    pub(crate) fn note_waiting(&self, bytes: u64) {
        self.with(|inner| inner.most_waiting_bytes = inner.most_waiting_bytes.max(bytes));
    }

    pub(crate) fn note_commands(&self, commands: u64) {
        self.with(|inner| inner.commands = commands);
    }

    /// The server had our `MONITOR` client then, or later.
    pub(crate) fn note_known(&self, unix_ms: u64) {
        self.with(|inner| inner.known_unix_ms = unix_ms);
    }

    pub(crate) fn known_unix_ms(&self) -> u64 {
        self.with(|inner| inner.known_unix_ms)
    }

    pub(crate) fn note_alive(&self) {
        self.with(|inner| inner.seen_alive = Instant::now());
    }

    /// For how long the server has not heard of us.
    pub(crate) fn silent_for(&self) -> Duration {
        self.with(|inner| inner.seen_alive.elapsed())
    }

    /// The most that waited in the server for us, and the commands it ran.
    pub(crate) fn figures(&self) -> (u64, u64) {
        self.with(|inner| (inner.most_waiting_bytes, inner.commands))
    }
}
