//! What comes in: pointers with lengths, texts, instants.

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::slice;

use keyviz_admin::{Clock, SystemClock};
use keyviz_core::RouteId;

use crate::last_error::fail;
use crate::status::keyviz_status;

/// The present instant, wherever a function takes one: that of the system's clock.
pub const KEYVIZ_NOW: u64 = 0xffff_ffff_ffff_ffff;

/// An instant that was given, or the present one.
pub(crate) fn instant(now_ms: u64) -> u64 {
    if now_ms == KEYVIZ_NOW { SystemClock.now_ms() } else { now_ms }
}

/// Bytes that were given; NULL is good where there are none.
///
/// # Safety
/// `bytes` points at `len` bytes that nobody changes during `'a`, or `len` is 0.
#[inline]
pub(crate) unsafe fn bytes<'a>(bytes: *const c_void, len: usize, name: &str) -> Result<&'a [u8], keyviz_status> {
    if len == 0 {
        return Ok(&[]);
    }
    if bytes.is_null() || len > isize::MAX as usize {
        return Err(bad_bytes(bytes.is_null(), len, name));
    }
    // SAFETY: not NULL and not longer than anything can be; the rest is the caller's word.
    Ok(unsafe { slice::from_raw_parts(bytes.cast::<u8>(), len) })
}

#[cold]
fn bad_bytes(null: bool, len: usize, name: &str) -> keyviz_status {
    if null {
        fail(keyviz_status::NullPointer, format_args!("{name} is NULL, and its length is {len}"))
    } else {
        fail(keyviz_status::BadArgument, format_args!("{name}: no object has {len} bytes"))
    }
}

/// An upper bound that was given; NULL, and none, is unbounded.
///
/// # Safety
/// As [`bytes`], where `bound` is not NULL.
pub(crate) unsafe fn end<'a>(bound: *const c_void, len: usize, name: &str) -> Result<Option<&'a [u8]>, keyviz_status> {
    if bound.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    Ok(Some(unsafe { bytes(bound, len, name) }?).filter(|bound| !bound.is_empty()))
}

/// Elements that were given; NULL is good where there are none.
///
/// # Safety
/// `items` points at `count` initialised elements that nobody changes during `'a`, or `count` is 0.
pub(crate) unsafe fn items<'a, T>(items: *const T, count: usize, name: &str) -> Result<&'a [T], keyviz_status> {
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(bad_bytes(true, count, name));
    }
    if !items.is_aligned() || count.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(fail(keyviz_status::BadArgument, format_args!("{name}: {count} elements there cannot be")));
    }
    // SAFETY: not NULL, aligned, not longer than anything can be; the rest is the caller's word.
    Ok(unsafe { slice::from_raw_parts(items, count) })
}

/// Places for results; NULL is good where there are none.
///
/// # Safety
/// `items` points at `count` places that the caller alone may write to during `'a`, or `count` is 0.
pub(crate) unsafe fn items_out<'a, T>(
    items: *mut T,
    count: usize,
    name: &str,
) -> Result<&'a mut [MaybeUninit<T>], keyviz_status> {
    // SAFETY: the caller's word; `MaybeUninit` asks for no value to be there, and a shared slice of it is not read.
    unsafe { self::items(items.cast_const().cast::<MaybeUninit<T>>(), count, name) }?;
    if count == 0 {
        return Ok(&mut []);
    }
    // SAFETY: as above, and looked at there: not NULL, aligned, not longer than anything can be.
    Ok(unsafe { slice::from_raw_parts_mut(items.cast::<MaybeUninit<T>>(), count) })
}

/// Ids of routes that were given.
///
/// # Safety
/// As [`items`].
pub(crate) unsafe fn route_ids<'a>(
    routes: *const u64,
    count: usize,
    name: &str,
) -> Result<&'a [RouteId], keyviz_status> {
    // SAFETY: the caller's word; an id is a transparent number.
    unsafe { items(routes.cast::<RouteId>(), count, name) }
}

/// A text that was given.
///
/// # Safety
/// `text` is NULL, or ends with a NUL and stays unchanged during `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str, keyviz_status> {
    if text.is_null() {
        return Err(fail(keyviz_status::NullPointer, format_args!("{name} is NULL")));
    }
    // SAFETY: not NULL; the rest is the caller's word.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| fail(keyviz_status::BadText, format_args!("{name} is not UTF-8")))
}

/// A text that may be left out.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn optional_text<'a>(given: *const c_char, name: &str) -> Result<Option<&'a str>, keyviz_status> {
    if given.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    unsafe { text(given, name) }.map(Some)
}

/// Where a result goes.
///
/// # Safety
/// `out` is NULL, or may be written to by the caller alone during `'a`.
pub(crate) unsafe fn out<'a, T>(out: *mut T, name: &str) -> Result<&'a mut MaybeUninit<T>, keyviz_status> {
    // SAFETY: aligned or refused; `MaybeUninit` asks for no value to be there.
    let place = if out.is_aligned() { unsafe { out.cast::<MaybeUninit<T>>().as_mut() } } else { None };
    place.ok_or_else(|| fail(keyviz_status::NullPointer, format_args!("{name} is NULL or not aligned")))
}
