//! Where a sampler stands in time.

use crate::fence::fenced;
use crate::sampler::{keyviz_sampler, pinned};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;

/// Where a sampler stands in time. All instants are Unix milliseconds.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_window {
    /// `sizeof(keyviz_window)`.
    pub size: usize,
    /// When the sampler was opened.
    pub started_ms: u64,
    /// When it was last flushed; `started_ms` before the first flush.
    pub last_flush_ms: u64,
    /// End of the window that the next flush counts in: flush then, and the next column is sealed.
    pub next_column_ms: u64,
    /// Start of the open window, where `has_open` is 1.
    pub open_from_ms: u64,
    /// Start of the oldest sealed column, where `has_history` is 1.
    pub history_from_ms: u64,
    /// 1: a flush has begun a window.
    pub has_open: u32,
    /// 1: a column is sealed.
    pub has_history: u32,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields and two of four, so without padding; numbers alone.
unsafe impl Sized_ for keyviz_window {
    const LEAST: usize = 56;
}

const _: () = assert!(size_of::<keyviz_window>() == 56);

/// Tells where the sampler stands in time, for hosts that flush themselves.
///
/// Ownership: `window` is the host's; its `size` has to be set.
/// Threads: any; nothing waits for it.
/// Units: Unix time in milliseconds.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_window_read(sampler: keyviz_sampler, window: *mut keyviz_window) -> keyviz_status {
    fenced(|| {
        let now = pinned(sampler)?.reader.window();
        let told = keyviz_window {
            size: size_of::<keyviz_window>(),
            started_ms: now.started_ms,
            last_flush_ms: now.last_flush_ms,
            next_column_ms: now.next_column_ms,
            open_from_ms: now.open_from_ms.unwrap_or(0),
            history_from_ms: now.history_from_ms.unwrap_or(0),
            has_open: now.open_from_ms.is_some().into(),
            has_history: now.history_from_ms.is_some().into(),
        };
        // SAFETY: the caller's word.
        unsafe { sized::write(window, &told, "window") }
    })
}
