//! The fence: nothing unwinds into the host, and nothing is printed there.
//!
//! Rust tells of a panic through a hook, which runs before anything unwinds: locks are held then, and a second panic
//! would end the process. So the hook here counts, keeps the text for its thread, and does nothing else; whoever catches
//! the fault, on that thread and with nothing held any more, tells it. The libraries as they are installed have a
//! standard library of their own, so that all of its panics are keyviz's.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::last_error::{Text, fail};
use crate::log::{self, keyviz_log_level};
use crate::status::keyviz_status;

/// Faults that happened, in calls and in keyviz's own threads.
pub(crate) static FAULTS: AtomicU64 = AtomicU64::new(0);

std::thread_local! {
    // Without a destructor, so that it is there as long as its thread.
    static LATEST: RefCell<Text> = const { RefCell::new(Text::new()) };
}

/// Runs a call that tells what is wrong when it fails.
pub(crate) fn fenced(work: impl FnOnce() -> Result<(), keyviz_status>) -> keyviz_status {
    keep_quiet();
    // What a fault leaves behind is the core's: its data satisfy every bound it relies on, and its locks forgive.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => keyviz_status::Ok,
        Ok(Err(status)) => status,
        Err(_) => faulted(),
    }
}

/// As [`fenced`], for observations: the sampler they need was opened by a call that made sure of the quiet.
#[inline(always)]
pub(crate) fn fenced_hot(work: impl FnOnce() -> keyviz_status) -> keyviz_status {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(status) => status,
        Err(_) => faulted(),
    }
}

#[cold]
fn faulted() -> keyviz_status {
    tell_of_fault();
    fail(keyviz_status::Internal, format_args!("a fault inside keyviz; it is counted, and was told to the log"))
}

/// Tells of the calling thread's latest fault, which was caught just now.
fn tell_of_fault() {
    let text = LATEST.with(|latest| latest.try_borrow().map(|text| text.as_str().to_owned()).unwrap_or_default());
    log::tell(keyviz_log_level::Error, &format!("a fault inside keyviz: {text}"));
}

/// From now on faults are counted and kept, and not printed.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        keyviz_admin::on_fault(tell_of_fault);
        let before = take_hook();
        set_hook(Box::new(move |fault| {
            FAULTS.fetch_add(1, Ordering::Relaxed);
            LATEST.with(|latest| {
                if let Ok(mut latest) = latest.try_borrow_mut() {
                    latest.set(format_args!("{fault}"));
                }
            });
            // A test in Rust shares its standard library with keyviz, and has to say why it failed.
            if cfg!(debug_assertions) {
                before(fault);
            }
        }));
    });
}
