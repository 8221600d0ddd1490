//! What keyviz has to say, given to the host: it prints nothing itself.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::callback::{calling, is_called, not_in_callback};
use crate::fence::fenced;
use crate::room;
use crate::status::keyviz_status;

/// How much a line of the log matters.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_log_level {
    /// Something went wrong, and keyviz goes on with less.
    Error = 1,
    /// Something should be looked at.
    Warn = 2,
    /// Something happened.
    Info = 3,
}

/// Takes a line of the log: the host's pointer, a number of `keyviz_log_level`, and a text that is good during the call.
///
/// It is called from any thread of the host's that calls keyviz, and from keyviz's own, several at once. It must
/// return, and not by an exception or `longjmp`. It may observe, read and annotate; what starts, stops or closes
/// something is `in_callback`. What there is to tell of its own calls is not told.
pub type keyviz_log_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, level: u32, text: *const c_char)>;

struct Sink {
    callback: unsafe extern "C" fn(*mut c_void, u32, *const c_char),
    user_data: usize,
}

/// Made by the first who asks, and never freed: a child of a fork leaves its parent's as some thread may have locked it.
static SINK: AtomicPtr<RwLock<Option<Sink>>> = AtomicPtr::new(ptr::null_mut());

fn sink() -> &'static RwLock<Option<Sink>> {
    let there = SINK.load(Ordering::Acquire);
    // SAFETY: one that was published is never freed.
    if let Some(sink) = unsafe { there.as_ref() } {
        return sink;
    }
    let fresh = Box::into_raw(Box::new(RwLock::new(None)));
    match SINK.compare_exchange(there, fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: as above.
        Ok(_) => unsafe { &*fresh },
        Err(other) => {
            // SAFETY: it came from a box just now, and nobody else has seen it.
            drop(unsafe { Box::from_raw(fresh) });
            // SAFETY: as above; it is not NULL, which was expected.
            unsafe { &*other }
        }
    }
}

/// Nobody gets the log any more, in the child of a fork. Stores to an atomic alone.
pub(crate) fn forget() {
    SINK.store(ptr::null_mut(), Ordering::Relaxed);
}

/// Says who gets the log of this process, in place of whoever got it before; NULL is nobody, as in the beginning and in
/// the child of a fork.
///
/// When it returns, the one before is not called any more: it waits for calls under way. So whoever calls it holds no
/// lock that the callback takes, such as a logger's own mutex.
///
/// Ownership: `user_data` stays the host's and has to live until another callback is set, or else until the process
/// ends.
/// Threads: any; not from within the callback.
/// Units: none.
/// Errors: `in_callback`, `out_of_memory`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_log_set(callback: keyviz_log_callback, user_data: *mut c_void) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        not_in_callback()?;
        let new = callback.map(|callback| Sink { callback, user_data: user_data as usize });
        *sink().write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    })
}

/// Tells the host.
pub(crate) fn tell(level: keyviz_log_level, text: &str) {
    if is_called() {
        return;
    }
    let sink = sink().read().unwrap_or_else(PoisonError::into_inner);
    let Some(sink) = sink.as_ref() else { return };
    let plain: Vec<u8> = text.bytes().map(|byte| if byte == 0 { b' ' } else { byte }).collect();
    let Ok(text) = CString::new(plain) else { return };
    // SAFETY: the host gave both, said that they belong together, and keeps them good until it sets others, for which
    // it has to wait until this is over.
    calling(|| unsafe { (sink.callback)(sink.user_data as *mut c_void, level as u32, text.as_ptr()) });
}
