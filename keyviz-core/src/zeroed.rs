//! Memory that is zero to begin with, straight from the allocator.
//!
//! The system hands out zero pages without touching them; `prefault` then touches them at once, or
//! the first use does.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::config_error::ConfigError;

/// What may begin as zeros, to be derived where memory is made of it. A model checker's atomics have
/// to be made one by one, so for it these are the types that begin as their default, which is zero too.
#[cfg(keyviz_loom)]
pub(crate) use Default as Zero;
#[cfg(not(keyviz_loom))]
pub(crate) use zerocopy::FromZeros as Zero;

/// `len` values of all-zero bytes.
#[cfg(not(keyviz_loom))]
pub(crate) fn zeroed<T: Zero>(len: usize) -> Result<Box<[T]>, ConfigError> {
    <[T]>::new_box_zeroed_with_elems(len)
        .map_err(|_| ConfigError::OutOfMemory { bytes: len.saturating_mul(size_of::<T>()) })
}

/// `len` values that begin as zero.
#[cfg(keyviz_loom)]
pub(crate) fn zeroed<T: Zero>(len: usize) -> Result<Box<[T]>, ConfigError> {
    filled(len, |_| T::default())
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
