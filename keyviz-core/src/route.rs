//! A host's name for a key range.

use core::fmt;

/// The host's id of a route: any 64 bits, 0 and all ones included.
///
/// An id names one route at a time. Removed, it may be registered with other bounds at once; its earlier
/// counts stay under the earlier ones.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(pub u64);

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a route is counted, so that [`Recorder::observe_handle`](crate::Recorder::observe_handle)
/// need not look it up.
///
/// A handle names the route, its seat and the seat's generation. When the route has been removed or
/// registered anew the generation differs, as it does for a handle of another sampler; the observation then falls back to a lookup by id and
/// the handle is refreshed. A handle is 24 bytes and lives as long as the caller likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteHandle {
    pub(crate) route: RouteId,
    pub(crate) seat: u32,
    pub(crate) generation: u64,
}

impl RouteHandle {
    /// A seat number no route has; a handle with it always falls back to a lookup.
    pub(crate) const NO_SEAT: u32 = u32::MAX;

    /// The handle of a route that shares a virtual bucket: looked up each time, and not for being out of
    /// date.
    pub(crate) const fn shared(route: RouteId) -> Self {
        RouteHandle { route, seat: Self::NO_SEAT, generation: u64::MAX }
    }

    /// The route it was taken for.
    #[must_use]
    pub const fn route(&self) -> RouteId {
        self.route
    }
}

/// What [`Sampler::register`](crate::Sampler::register) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The route has slots of its own now; else it shares those of a virtual bucket. A later fold or promotion
    /// changes that; [`Sampler::bucket_of`](crate::Sampler::bucket_of) tells how it is.
    pub own_slot: bool,
}

/// Why [`Sampler::register`](crate::Sampler::register) changed nothing.
///
/// Each is counted in `register_refused`; the text says what to do. See
/// [`Writer::register`](crate::Writer::register) for an example of each that a call can run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// `end` is not above `start`: the range holds no key.
    EmptyRange,
    /// A bound is longer than `max_bound_len`.
    BoundTooLong {
        /// The bound's length in bytes.
        len: usize,
        /// `Config::max_bound_len`.
        max: usize,
    },
    /// `max_known_routes` routes are registered; or the route can neither have a slot of its own (all
    /// `max_routes` are taken, or all slots of removed routes are still in their grace) nor join a virtual bucket.
    Full {
        /// Routes registered now.
        routes: u32,
        /// Slots of removed routes, and of emptied virtual buckets, that are still draining.
        draining: u32,
    },
    /// `bound_bytes` is used up.
    BoundsFull,
    /// The core makes the ranges: [`Partition::Auto`](crate::Partition::Auto).
    AutoRanges,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyRange => f.write_str("the route's end is not above its start; give start < end, or no end"),
            Self::BoundTooLong { len, max } => {
                write!(f, "a bound has {len} bytes and max_bound_len is {max}; shorten it or raise max_bound_len")
            }
            Self::Full { routes, draining } => write!(
                f,
                "all slots are taken ({routes} routes registered, {draining} removed ones draining); raise max_routes, max_known_routes or max_draining"
            ),
            Self::AutoRanges => f.write_str(
                "the core makes the ranges; observe by key, or configure Partition::Routes to register routes",
            ),
            Self::BoundsFull => f.write_str("the bytes for bounds are used up; raise bound_bytes"),
        }
    }
}

impl core::error::Error for RegisterError {}
