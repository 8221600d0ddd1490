//! Who is told of a fault in a thread of this crate, once it is caught.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

static TOLD: OnceLock<fn()> = OnceLock::new();

/// Has `tell` called after each panic in a thread or a request of this crate, for the whole process: on the thread that
/// panicked, once it is unwound and nothing is held any more. A host that keeps panics quiet with a hook, as keyviz's C
/// library does, logs there what the hook kept.
///
/// The first call counts; returns whether it was this one. `tell` must not panic.
pub fn on_fault(tell: fn()) -> bool {
    TOLD.set(tell).is_ok()
}

/// A panic was caught on this thread.
pub(crate) fn caught() {
    if let Some(tell) = TOLD.get() {
        tell();
    }
}

/// The body of a thread: a panic ends it, is told, and goes no further. Says whether it came to its end without.
pub(crate) fn contained(work: impl FnOnce()) -> bool {
    let ended = catch_unwind(AssertUnwindSafe(work)).is_ok();
    if !ended {
        caught();
    }
    ended
}

#[cfg(test)]
#[allow(clippy::panic, reason = "the panic that is told of")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    static TIMES: AtomicU64 = AtomicU64::new(0);

    #[test]
    fn each_is_told_once_and_only_when_it_is_over() {
        struct Held;
        impl Drop for Held {
            fn drop(&mut self) {
                assert_eq!(TIMES.load(Ordering::Relaxed), 0);
            }
        }
        assert!(on_fault(|| {
            if std::thread::current().name() == Some("faults-test") {
                TIMES.fetch_add(1, Ordering::Relaxed);
            }
        }));
        assert!(!on_fault(|| ()), "the first one stays");
        let thread = std::thread::Builder::new().name("faults-test".to_owned());
        let thread = thread.spawn(|| {
            let ended = contained(|| {
                let _held = Held;
                panic!("a fault for the test");
            });
            assert!(!ended);
            assert!(contained(|| ()));
        });
        assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
        assert_eq!(TIMES.load(Ordering::Relaxed), 1);
    }
}
