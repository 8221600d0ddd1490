//! The fence: nothing unwinds into the host, and nothing is printed there.
//!
//! Rust tells of a panic through the process's hook, whose default writes to stderr. A hook that belonged to the host
//! may not be replaced, so ours stands before it and keeps to itself only what happens inside keyviz.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::last_error::fail;
use crate::log::{self, keyviz_log_level};
use crate::status::keyviz_status;

/// What the threads of keyviz are called.
const THREADS: &str = "keyviz-";

/// Faults that were caught, in calls and in keyviz's own threads.
pub(crate) static FAULTS: AtomicU64 = AtomicU64::new(0);

std::thread_local! {
    static INSIDE: Cell<u32> = const { Cell::new(0) };
}

/// Runs a call that tells what is wrong when it fails.
pub(crate) fn fenced(work: impl FnOnce() -> Result<(), keyviz_status>) -> keyviz_status {
    INSIDE.set(INSIDE.get().wrapping_add(1));
    // What a fault leaves behind is the core's: its data satisfy every bound it relies on, and its locks forgive.
    let ended = catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(INSIDE.get().wrapping_sub(1));
    match ended {
        Ok(Ok(())) => keyviz_status::Ok,
        Ok(Err(status)) => status,
        Err(_) => {
            fail(keyviz_status::Internal, format_args!("a fault inside keyviz; it is counted, and was told to the log"))
        }
    }
}

/// As [`fenced`], for observations: without the note of being inside, which would cost them a nanosecond or two. The core
/// promises that they do not panic; should one, the host is unharmed, but its panic hook hears of it.
#[inline(always)]
pub(crate) fn fenced_hot(work: impl FnOnce() -> keyviz_status) -> keyviz_status {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(status) => status,
        Err(_) => faulted(),
    }
}

#[cold]
fn faulted() -> keyviz_status {
    // The hook took it for the host's, and left it uncounted.
    FAULTS.fetch_add(1, Ordering::Relaxed);
    log::tell(keyviz_log_level::Error, "a fault inside keyviz, in an observation");
    fail(keyviz_status::Internal, format_args!("a fault inside keyviz; it is counted, and was told to the log"))
}

/// Keeps to itself what happens inside keyviz from now on; everything else goes to whoever was asked before.
pub(crate) fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |fault| {
            let ours = INSIDE.get() > 0 || thread::current().name().is_some_and(|name| name.starts_with(THREADS));
            if !ours {
                return before(fault);
            }
            FAULTS.fetch_add(1, Ordering::Relaxed);
            log::tell(keyviz_log_level::Error, &format!("a fault inside keyviz: {fault}"));
        }));
    });
}
