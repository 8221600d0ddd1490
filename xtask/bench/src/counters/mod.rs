//! What counts operations: keyviz, the least that could count, and what a user would pick instead. All do the same
//! job: for each operation one is added to a route's count and the key's and value's length to its bytes (the bare
//! loop adds only the one).

pub mod alternatives;
mod bare;
mod fetch_add;
mod keyviz;
mod threads;

pub use bare::BareLoop;
pub use fetch_add::{FetchAdds, FetchAddsByRoute};
pub use keyviz::{BEGIN_MS, ByHandle, ById, ByKey, Labelled, Sampled, Sampling, fixture, fixture_of, total};
pub use threads::{TwoRecorders, TwoThreads, observe};

use crate::load::{ROUTES, Route, Stream};

/// A contender with a state of its own.
pub trait Counter {
    /// What the tables call it.
    fn name(&self) -> &'static str;
    /// How often [`count`](Self::count) counts the stream: once for each of its threads.
    fn copies(&self) -> u64 {
        1
    }
    /// Counts all operations of the stream.
    fn count(&mut self, stream: &Stream);
    /// All that was ever counted.
    fn total(&mut self) -> Result<Total, String>;
}

/// A contender that any number of threads count into.
pub trait SharedCounter: Sync {
    /// What the tables call it.
    fn name(&self) -> &'static str;
    /// Counts all operations of the stream.
    fn count(&self, stream: &Stream);
    /// All that was ever counted.
    fn total(&self) -> Total;
}

impl<S: SharedCounter> Counter for &S {
    fn name(&self) -> &'static str {
        SharedCounter::name(*self)
    }

    fn count(&mut self, stream: &Stream) {
        SharedCounter::count(*self, stream);
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(SharedCounter::total(*self))
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Operations.
    pub operations: u64,
    /// Bytes, where the contender counts them.
    pub bytes: Option<u64>,
}

impl Total {
    /// Sums pairs of operations and bytes.
    pub fn of(pairs: impl Iterator<Item = (u64, u64)>) -> Total {
        let (operations, bytes) = pairs.fold((0, 0), |(operations, bytes), pair| (operations + pair.0, bytes + pair.1));
        Total { operations, bytes: Some(bytes) }
    }
}

/// A power of two at or above [`ROUTES`]: with it a place needs no check.
pub const PLACES: usize = ROUTES.next_power_of_two();

/// A route's place, from its id.
#[inline(always)]
pub fn place(route: u64) -> usize {
    route as usize & (PLACES - 1)
}

/// One of something for each place of a table: the routes' own first, then enough others to fill it.
pub fn for_each_place<T>(make: impl FnMut(Route) -> T) -> Box<[T; PLACES]> {
    let all: Vec<T> = (0..PLACES).map(Route::at).map(make).collect();
    match all.into_boxed_slice().try_into() {
        Ok(table) => table,
        Err(_) => std::process::abort(),
    }
}
