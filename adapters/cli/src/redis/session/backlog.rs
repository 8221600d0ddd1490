//! Bytes between the thread that reads the server and the one that makes records of them.
//!
//! The reader never waits for the other: what does not fit is an overload, and the session ends. The lock is held for
//! as long as a chunk takes to copy or two vectors take to change places.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Most bytes that wait: about a second of a server at its limit, so that a short pause of ours is none of the server's
/// business.
const MOST_BYTES: usize = 16 << 20;

/// The bytes that wait.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    bytes: Vec<u8>,
    closed: bool,
    nudged: bool,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overload;

impl Backlog {
    /// Adds a chunk at the end.
    ///
    /// # Errors
    /// Where it does not fit; nothing is added then.
    pub(crate) fn push(&self, chunk: &[u8]) -> Result<(), Overload> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.bytes.len() + chunk.len() > MOST_BYTES {
            return Err(Overload);
        }
        inner.bytes.extend_from_slice(chunk);
        drop(inner);
        self.changed.notify_one();
        Ok(())
    }

    /// There is something else to tell: who waits for bytes goes on without.
    pub(crate) fn nudge(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).nudged = true;
        self.changed.notify_one();
    }

    /// No more will come.
    pub(crate) fn close(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_one();
    }

    /// Takes all that waits, in exchange for an empty vector whose room is used again. Waits for a while where nothing
    /// does, or until a [`nudge`](Backlog::nudge); false when nothing will come any more.
    pub(crate) fn take(&self, bytes: &mut Vec<u8>, patience: Duration) -> bool {
        bytes.clear();
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |inner: &mut Inner| inner.bytes.is_empty() && !inner.closed && !inner.nudged;
        let (mut inner, _) =
            self.changed.wait_timeout_while(inner, patience, waits).unwrap_or_else(PoisonError::into_inner);
        inner.nudged = false;
        std::mem::swap(bytes, &mut inner.bytes);
        !(bytes.is_empty() && inner.closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_comes_out_in_order_and_what_does_not_is_an_overload() {
        let backlog = Backlog::default();
        let mut taken = Vec::new();
        assert!(backlog.take(&mut taken, Duration::ZERO) && taken.is_empty());
        backlog.nudge();
        assert!(backlog.take(&mut taken, Duration::from_secs(3600)) && taken.is_empty(), "a nudge wakes");
        backlog.push(b"ab").unwrap();
        backlog.push(b"c").unwrap();
        assert!(backlog.take(&mut taken, Duration::ZERO));
        assert_eq!(taken, b"abc");
        let chunk = vec![0; MOST_BYTES / 4];
        for _ in 0..4 {
            backlog.push(&chunk).unwrap();
        }
        assert_eq!(backlog.push(b"x"), Err(Overload));
        backlog.close();
        assert!(backlog.take(&mut taken, Duration::ZERO) && taken.len() == MOST_BYTES);
        assert!(!backlog.take(&mut taken, Duration::ZERO));
    }
}
