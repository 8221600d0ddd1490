//! Bytes that are given out: JSON, snapshots.

use std::ffi::c_char;

use crate::fence::fenced;
use crate::handle::Kind;
use crate::held::Held;
use crate::input::out;
use crate::last_error::fail;
use crate::object::Object;
use crate::sampler::Host;
use crate::status::keyviz_status;
use crate::table;

/// Bytes that keyviz made. All zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_buffer {
    /// keyviz's own.
    pub bits: u64,
}

/// The bytes, with a NUL behind them that is not counted.
pub(crate) struct Buffer(Vec<u8>);

#[cfg(test)]
impl Buffer {
    pub(crate) fn of(bytes: Vec<u8>) -> Buffer {
        Buffer(bytes)
    }
}

/// Hands bytes over.
///
/// # Safety
/// `buffer` is NULL or may be written to.
pub(crate) unsafe fn give(host: &Host, bytes: Vec<u8>, buffer: *mut keyviz_buffer) -> Result<(), keyviz_status> {
    // SAFETY: the caller's word.
    unsafe { give_tagged(host.tag, bytes, buffer) }
}

/// As [`give`], of what is no sampler's.
///
/// # Safety
/// As [`give`].
pub(crate) unsafe fn give_tagged(
    tag: u32,
    mut bytes: Vec<u8>,
    buffer: *mut keyviz_buffer,
) -> Result<(), keyviz_status> {
    // SAFETY: the caller's word.
    let handle = unsafe { out(buffer, "buffer") }?;
    bytes.try_reserve(1).map_err(|_| {
        fail(keyviz_status::OutOfMemory, format_args!("no memory for an answer of {} bytes", bytes.len()))
    })?;
    bytes.push(0);
    let bits = table::put(Kind::Buffer, tag, Object::Buffer(Buffer(bytes)))?;
    handle.write(keyviz_buffer { bits });
    Ok(())
}

/// Shows the bytes of a buffer. Behind the last stands a NUL, so that JSON is a C string.
///
/// Ownership: the bytes are keyviz's, and good until the buffer is closed; `data` and `len` are the host's, and `len`
/// may be NULL.
/// Threads: any.
/// Units: `len` is bytes, without the NUL.
/// Errors: those of the handle; `null_pointer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_buffer_view(
    buffer: keyviz_buffer,
    data: *mut *const c_char,
    len: *mut usize,
) -> keyviz_status {
    fenced(|| {
        let held = Held::<Buffer>::behind(buffer.bits)?;
        let Buffer(bytes) = &*held;
        // SAFETY: the caller's word.
        let data = unsafe { out(data, "data") }?;
        // SAFETY: the caller's word, where it is not NULL.
        if let Some(len) = unsafe { len.as_mut() } {
            *len = bytes.len() - 1;
        }
        data.write(bytes.as_ptr().cast::<c_char>());
        Ok(())
    })
}

/// Closes a buffer.
///
/// Ownership: the handle goes, and the bytes with it.
/// Threads: any.
/// Units: none.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_buffer_close(buffer: keyviz_buffer) -> keyviz_status {
    fenced(|| Held::<Buffer>::behind(buffer.bits)?.close(buffer.bits))
}
