//! Memory that is zero to begin with, straight from the allocator.
//!
//! The system hands out zero pages without touching them; `prefault` then touches them at once, or
//! the first use does.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zerocopy::FromZeros;

use crate::config_error::ConfigError;

/// Bytes between two touches: no machine this runs on has smaller pages.
pub(crate) const PAGE_BYTES: usize = 4096;

/// `len` values of all-zero bytes.
pub(crate) fn zeroed<T: FromZeros>(len: usize) -> Result<Box<[T]>, ConfigError> {
    <[T]>::new_box_zeroed_with_elems(len)
        .map_err(|_| ConfigError::OutOfMemory { bytes: len.saturating_mul(size_of::<T>()) })
}

/// `len` values made one by one.
pub(crate) fn filled<T>(len: usize, make: impl FnMut(usize) -> T) -> Result<Box<[T]>, ConfigError> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(len)
        .map_err(|_| ConfigError::OutOfMemory { bytes: len.saturating_mul(size_of::<T>()) })?;
    values.extend((0..len).map(make));
    Ok(values.into_boxed_slice())
}
