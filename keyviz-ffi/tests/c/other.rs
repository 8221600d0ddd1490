//! Another Rust library in the same program, with a panic hook of its own.

use std::panic::{catch_unwind, set_hook};
use std::sync::atomic::{AtomicU32, Ordering};

static TOLD: AtomicU32 = AtomicU32::new(0);

/// Panics, catches it, and says how often its own hook was told.
#[unsafe(no_mangle)]
pub extern "C" fn other_fault() -> u32 {
    let _ = catch_unwind(|| {
        let text = String::from("its own");
        if !text.is_empty() {
            std::panic::panic_any(text);
        }
    });
    TOLD.load(Ordering::Relaxed)
}

/// Sets its hook.
#[unsafe(no_mangle)]
pub extern "C" fn other_begin() {
    set_hook(Box::new(|_| {
        TOLD.fetch_add(1, Ordering::Relaxed);
    }));
}
