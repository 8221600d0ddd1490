//! Calling the host: what it may not do meanwhile.

use std::cell::Cell;

use crate::last_error::fail;
use crate::status::keyviz_status;

std::thread_local! {
    static CALLING: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread is within a callback of the host's.
pub(crate) fn is_called() -> bool {
    CALLING.get()
}

/// Calls the host.
pub(crate) fn calling(call: impl FnOnce()) {
    let before = CALLING.replace(true);
    call();
    CALLING.set(before);
}

/// Refuses what cannot be done from within a callback: the thread that calls back would wait for itself.
pub(crate) fn not_in_callback() -> Result<(), keyviz_status> {
    if is_called() {
        return Err(fail(keyviz_status::InCallback, format_args!("this cannot be called from within a callback")));
    }
    Ok(())
}
