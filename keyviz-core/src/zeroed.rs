//! Memory that is zero to begin with, straight from the allocator.
//!
//! The system hands out zero pages without touching them; `prefault` then touches them at once, or
//! the first use does.

use alloc::boxed::Box;

use zerocopy::FromZeros;

use crate::config::ConfigError;

/// Bytes between two touches: no machine this runs on has smaller pages.
pub(crate) const PAGE_BYTES: usize = 4096;

/// `len` values of all-zero bytes.
pub(crate) fn zeroed<T: FromZeros>(len: usize) -> Result<Box<[T]>, ConfigError> {
    <[T]>::new_box_zeroed_with_elems(len)
        .map_err(|_| ConfigError::OutOfMemory { bytes: len.saturating_mul(size_of::<T>()) })
}
