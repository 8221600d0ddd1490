//! Memory of a known length that a half works in: taken from the allocator, or lent by the host.
//!
//! Both forms are a place and a length, and are read the same way, so the code above them is one.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::ops::{Deref, DerefMut};

#[cfg(feature = "alloc")]
use crate::config_error::ConfigError;
#[cfg(feature = "alloc")]
use crate::zeroed::{Zero, filled, zeroed};

/// Memory of the shared half: read through shared references alone.
pub(crate) enum Pool<T: 'static> {
    /// Taken from the allocator, and given back.
    #[cfg(feature = "alloc")]
    Owned(Box<[T]>),
    /// The host's, for good.
    Lent(&'static [T]),
}

impl<T> Deref for Pool<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        match self {
            #[cfg(feature = "alloc")]
            Pool::Owned(values) => values,
            Pool::Lent(values) => values,
        }
    }
}

/// Memory of the writing half.
pub(crate) enum PoolMut<'m, T> {
    /// Taken from the allocator, and given back.
    #[cfg(feature = "alloc")]
    Owned(Box<[T]>),
    /// The host's, as long as the writer lives.
    Lent(&'m mut [T]),
}

impl<T> Deref for PoolMut<'_, T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        match self {
            #[cfg(feature = "alloc")]
            PoolMut::Owned(values) => values,
            PoolMut::Lent(values) => values,
        }
    }
}

impl<T> DerefMut for PoolMut<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            #[cfg(feature = "alloc")]
            PoolMut::Owned(values) => values,
            PoolMut::Lent(values) => values,
        }
    }
}

/// Where memory comes from at run time.
#[cfg(feature = "alloc")]
pub(crate) trait Source {
    /// Memory of the shared half, all zeros.
    fn shared<T: Zero>(len: usize) -> Result<Pool<T>, ConfigError>;
    /// Memory of the writing half, all zeros.
    fn zeroed<T: Zero>(len: usize) -> Result<PoolMut<'static, T>, ConfigError>;
    /// Memory of the writing half.
    fn filled<T: Copy>(len: usize, with: T) -> Result<PoolMut<'static, T>, ConfigError>;
}

/// From the allocator, and given back.
#[cfg(feature = "alloc")]
pub(crate) struct Heap;

#[cfg(feature = "alloc")]
impl Source for Heap {
    fn shared<T: Zero>(len: usize) -> Result<Pool<T>, ConfigError> {
        zeroed(len).map(Pool::Owned)
    }

    fn zeroed<T: Zero>(len: usize) -> Result<PoolMut<'static, T>, ConfigError> {
        zeroed(len).map(PoolMut::Owned)
    }

    fn filled<T: Copy>(len: usize, with: T) -> Result<PoolMut<'static, T>, ConfigError> {
        filled(len, |_| with).map(PoolMut::Owned)
    }
}

/// From the allocator, for good.
#[cfg(feature = "alloc")]
pub(crate) struct Leak;

#[cfg(feature = "alloc")]
impl Source for Leak {
    fn shared<T: Zero>(len: usize) -> Result<Pool<T>, ConfigError> {
        zeroed(len).map(|values| Pool::Lent(Box::leak(values)))
    }

    fn zeroed<T: Zero>(len: usize) -> Result<PoolMut<'static, T>, ConfigError> {
        zeroed(len).map(|values| PoolMut::Lent(Box::leak(values)))
    }

    fn filled<T: Copy>(len: usize, with: T) -> Result<PoolMut<'static, T>, ConfigError> {
        filled(len, |_| with).map(|values| PoolMut::Lent(Box::leak(values)))
    }
}
