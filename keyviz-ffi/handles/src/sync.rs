//! Atomics, and the cell that objects stand in: named here and nowhere else, so that a model checker stands under the
//! table by one `cfg`.
//!
//! | word | written by | read by | ordering |
//! |---|---|---|---|
//! | chunk | who makes it, once | all | CAS AcqRel, load Acquire: who sees a chunk sees its places |
//! | state | who reserves, publishes, closes, frees | all | reserved by CAS Acquire: it sees what the last user left; live and free by store Release |
//! | pins | who uses or closes | who uses or closes | raised from above 0 alone, Acquire; lowered AcqRel: the last one sees all uses |
//! | generation | who frees | who reserves, and who says what is wrong with a handle | relaxed, ordered by the state |
//! | object | who has it reserved, who took back the last pin | who has a pin | not atomic: ordered by state and pins |
//!
//! Model: `handle_table`.

#[cfg(not(keyviz_loom))]
pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

#[cfg(keyviz_loom)]
pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Where an object stands. A model checker sees each access.
#[cfg(not(keyviz_loom))]
pub(crate) struct Cell<T>(std::cell::UnsafeCell<T>);

/// Where an object stands. A model checker sees each access.
#[cfg(keyviz_loom)]
pub(crate) struct Cell<T>(loom::cell::UnsafeCell<T>);

#[cfg(not(keyviz_loom))]
impl<T> Cell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Cell(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with<R>(&self, look: impl FnOnce(*const T) -> R) -> R {
        look(self.0.get())
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, change: impl FnOnce(*mut T) -> R) -> R {
        change(self.0.get())
    }
}

#[cfg(keyviz_loom)]
impl<T> Cell<T> {
    pub(crate) fn new(value: T) -> Self {
        Cell(loom::cell::UnsafeCell::new(value))
    }

    pub(crate) fn with<R>(&self, look: impl FnOnce(*const T) -> R) -> R {
        self.0.with(look)
    }

    pub(crate) fn with_mut<R>(&self, change: impl FnOnce(*mut T) -> R) -> R {
        self.0.with_mut(change)
    }
}

/// A `const fn`; a plain one where atomics cannot be made in constants, which is in a model.
macro_rules! const_fn {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => {
        #[cfg(not(keyviz_loom))]
        $(#[$meta])*
        $vis const fn $($rest)*
        #[cfg(keyviz_loom)]
        $(#[$meta])*
        $vis fn $($rest)*
    };
}
pub(crate) use const_fn;

/// So many, each made anew.
#[cfg(not(keyviz_loom))]
macro_rules! array {
    ($make:expr) => {
        [const { $make }; _]
    };
}

/// So many, each made anew.
#[cfg(keyviz_loom)]
macro_rules! array {
    ($make:expr) => {
        std::array::from_fn(|_| $make)
    };
}
pub(crate) use array;
