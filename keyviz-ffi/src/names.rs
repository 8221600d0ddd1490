//! What the host calls the parts of its key space.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use keyviz_core::KeyNames;

use crate::fence::fenced;
use crate::input::{bytes, items, text};
use crate::last_error::fail;
use crate::room;
use crate::sampler::{keyviz_sampler, lock, pinned};
use crate::status::keyviz_status;

/// A display name for the keys that begin with a prefix. The struct stays as it is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_name {
    /// The prefix: the host's, read during the call.
    pub prefix: *const c_void,
    /// How many bytes it has.
    pub prefix_len: usize,
    /// Its name: 1 to 256 bytes of UTF-8.
    pub name: *const c_char,
}

/// What a name takes beside its bytes.
const A_NAME: usize = 128;

/// Names parts of the key space from now on, in place of the names before; none of them names none. On the range axis
/// their borders are kept where they can be.
///
/// Ownership: `names`, prefixes and texts are the host's, and copied.
/// Threads: any.
/// Units: `count` is how many there are, at most 100 000.
/// Errors: those of the handle; `null_pointer`, `bad_text`, `out_of_memory`; `bad_names` for one that is empty, too long
/// or named twice.
/// The names before stay then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_set_names(
    sampler: keyviz_sampler,
    names: *const keyviz_name,
    count: usize,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let names = unsafe { items(names, count, "names") }?;
        let mut wanted = 0_usize;
        for given in names {
            // SAFETY: the caller's word.
            let name = unsafe { text(given.name, "name") }?;
            wanted = wanted.saturating_add(given.prefix_len).saturating_add(name.len()).saturating_add(A_NAME);
        }
        room::of(wanted.saturating_mul(4))?;
        let mut pairs = Vec::with_capacity(names.len());
        for given in names {
            // SAFETY: the caller's word, twice.
            pairs.push(unsafe { (bytes(given.prefix, given.prefix_len, "prefix")?, text(given.name, "name")?) });
        }
        let names = KeyNames::new(pairs).map_err(|error| fail(keyviz_status::BadNames, format_args!("{error}")))?;
        // Held over both, so that a page that starts meanwhile, and other names, come before or after.
        let page = lock(&host.page);
        if let Some(page) = page.as_ref() {
            page.set_key_names(names.clone());
        }
        #[cfg(feature = "fault")]
        #[expect(clippy::panic, reason = "the fault that a test asks for")]
        if count > 0 {
            panic!("a fault in a call that holds a lock, for the test");
        }
        *lock(&host.names) = (count > 0).then(|| Arc::new(names));
        drop(page);
        Ok(())
    })
}
