//! Asking a thread to end, while it sleeps.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A flag that a sleeper notices at once.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(crate) fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Sleeps until the time is over or it is asked to stop; says which.
    pub(crate) fn sleep(&self, wait_ms: u64) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = Duration::from_millis(wait_ms);
        let (asked, _) =
            self.changed.wait_timeout_while(asked, wait, |asked| !*asked).unwrap_or_else(PoisonError::into_inner);
        *asked
    }
}
