//! Noticing that this process is the child of a fork.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::table;

/// This process was forked from one that had opened a sampler.
static FORKED: AtomicBool = AtomicBool::new(false);

/// From now on, handles of this process are no longer good in its children.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler stores to atomics and does nothing else, which is allowed in a child of any process; it
        // stays in memory because the library is never unloaded (`-z nodelete`).
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
    table::strand();
}

/// Whether this process was forked from one that had opened a sampler.
pub(crate) fn is_forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}
