//! Structs that begin with their size, so that hosts built against another version can be talked to.
//!
//! A struct only grows at its end. From a host that knows less, what it does not give has its default; from one that
//! knows more, what is beyond must be zero, which means the default there, too. A host that knows less gets what it knows.

use std::ptr;

use crate::last_error::fail;
use crate::status::keyviz_status;

/// More than any of these structs ever takes; what says so holds garbage.
const MOST: usize = 4096;

/// A struct that begins with its size in bytes.
///
/// # Safety
/// It is `repr(C)`, begins with a `usize`, has no padding, and any bytes are a value of it.
pub(crate) unsafe trait Sized_: Copy {
    /// The size of its first version.
    const LEAST: usize;
}

fn check<T: Sized_>(given: usize, name: &str) -> Result<(), keyviz_status> {
    if given < T::LEAST || given > MOST {
        return Err(fail(
            keyviz_status::BadStructSize,
            format_args!("{name}: its size is {given}; set it to sizeof(*{name}), {} here", size_of::<T>()),
        ));
    }
    Ok(())
}

fn size_of_given<T>(given: *const T, name: &str) -> Result<usize, keyviz_status> {
    if given.is_null() || !given.is_aligned() {
        return Err(fail(keyviz_status::NullPointer, format_args!("{name} is NULL or not aligned")));
    }
    // SAFETY: not NULL and aligned; by the caller's word of `read` and `write` at least its size is there.
    Ok(unsafe { given.cast::<usize>().read() })
}

/// What was given, with `default` in place of what was not.
///
/// # Safety
/// `given` is NULL, or points at as many readable bytes as it says itself.
pub(crate) unsafe fn read<T: Sized_>(given: *const T, default: T, name: &str) -> Result<T, keyviz_status> {
    let size = size_of_given(given, name)?;
    check::<T>(size, name)?;
    let mut value = default;
    let known = size.min(size_of::<T>());
    // SAFETY: both have `known` bytes, and any bytes are a value.
    unsafe { ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut value).cast::<u8>(), known) };
    for at in size_of::<T>()..size {
        // SAFETY: within what the caller says is there.
        if unsafe { given.cast::<u8>().add(at).read() } != 0 {
            return Err(fail(
                keyviz_status::BadStructSize,
                format_args!("{name}: it has settings that this version of keyviz does not know; link a newer one"),
            ));
        }
    }
    Ok(value)
}

/// Writes as much as the caller knows of, but for the size, which stays what it is; what it knows beyond is zero.
///
/// # Safety
/// `out` is NULL, or points at as many writable bytes as it says itself.
pub(crate) unsafe fn write<T: Sized_>(out: *mut T, value: &T, name: &str) -> Result<(), keyviz_status> {
    let size = size_of_given(out, name)?;
    check::<T>(size, name)?;
    let known = size.min(size_of::<T>());
    let head = size_of::<usize>();
    // SAFETY: both have `known` bytes behind the head, and the caller has `size`.
    unsafe {
        let (from, to) = (ptr::from_ref(value).cast::<u8>(), out.cast::<u8>());
        ptr::copy_nonoverlapping(from.add(head), to.add(head), known - head);
        ptr::write_bytes(to.add(known), 0, size - known);
    }
    Ok(())
}

/// Whether `out` can be written, before anything is done for it.
///
/// # Safety
/// As [`write`].
pub(crate) unsafe fn check_out<T: Sized_>(out: *mut T, name: &str) -> Result<(), keyviz_status> {
    check::<T>(size_of_given(out, name)?, name)
}
