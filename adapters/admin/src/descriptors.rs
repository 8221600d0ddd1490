//! The descriptors of an endpoint, told to a host whose children must not keep them open.

use std::any::Any;
use std::sync::Arc;

/// Hears of each descriptor that [`Background`](crate::Background) listens or answers with.
///
/// A child of a fork has them all, and as long as it lives a client of the parent's never sees the end of its connection,
/// and nobody else gets the port. A host that forks closes them in the child.
///
/// - Threads: called by those of the endpoint's, and by the one that starts it.
/// - Panics in it end the thread of the endpoint; see [`Background::faults`](crate::Background::faults).
pub trait Descriptors: Send + Sync + 'static {
    /// Called before a descriptor comes into being. What it gives is dropped when that was noted, or when there is none:
    /// a host that lets no fork happen in between misses none.
    fn making(&self) -> Box<dyn Any>;

    /// Notes a descriptor. What it gives is dropped once the descriptor is closed.
    fn note(&self, descriptor: i32) -> Box<dyn Any + Send>;
}

/// Nobody, or who hears of descriptors.
pub(crate) type Told = Option<Arc<dyn Descriptors>>;

/// What a descriptor's owner keeps as long as it has that.
pub(crate) type Noted = Option<Box<dyn Any + Send>>;

/// Notes the descriptor of what was made.
pub(crate) fn note(told: &Told, made: &impl HasDescriptor) -> Noted {
    told.as_ref().zip(made.descriptor()).map(|(told, descriptor)| told.note(descriptor))
}

/// Makes something that has a descriptor, and notes it.
pub(crate) fn made<T: HasDescriptor, E>(told: &Told, make: impl FnOnce() -> Result<T, E>) -> Result<(T, Noted), E> {
    let making = told.as_ref().map(|told| told.making());
    let made = make()?;
    let noted = note(told, &made);
    drop(making);
    Ok((made, noted))
}

/// What listens or answers.
pub(crate) trait HasDescriptor {
    /// Its number, where descriptors are numbers.
    fn descriptor(&self) -> Option<i32>;
}

#[cfg(unix)]
impl<T: std::os::fd::AsRawFd> HasDescriptor for T {
    fn descriptor(&self) -> Option<i32> {
        Some(self.as_raw_fd())
    }
}

#[cfg(not(unix))]
impl<T> HasDescriptor for T {
    fn descriptor(&self) -> Option<i32> {
        None
    }
}
