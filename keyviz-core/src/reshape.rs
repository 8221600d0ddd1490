//! Splits and merges: routes go and others come in their place, as one change that is remembered.

use core::fmt;

use crate::bounds::BoundCounts;
use crate::counters::Published;
use crate::lineage::Lineage;
use crate::route::{RegisterError, RouteId};
use crate::shared::Shared;
use crate::table::Found;
use crate::writer::{Fresh, State};

/// A route that comes of a split or a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRoute<'a> {
    /// Its id. A split may keep the parent's for one of its parts, a merge that of one of its parents.
    pub route: RouteId,
    /// Its lower bound.
    pub start: &'a [u8],
    /// Its upper bound; `None`, and an empty one, is unbounded.
    pub end: Option<&'a [u8]>,
    /// The owning group, 0 for none.
    pub group: u64,
}

/// Why [`Sampler::split_route`](crate::Sampler::split_route) or
/// [`Sampler::merge_routes`](crate::Sampler::merge_routes) changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReshapeError {
    /// Nobody registered this parent, or it is named twice.
    UnknownParent {
        /// The parent.
        route: RouteId,
    },
    /// No parent or no child was named.
    Nothing,
    /// This child is registered already and is none of the parents, or it is named twice.
    AlreadyRegistered {
        /// The child.
        route: RouteId,
    },
    /// This child cannot be registered.
    Child {
        /// The child.
        route: RouteId,
        /// Why not.
        error: RegisterError,
    },
}

impl fmt::Display for ReshapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownParent { route } => {
                write!(f, "route {route} is not registered, or named twice; name registered routes, each once")
            }
            Self::Nothing => f.write_str("no route was named; name at least one that goes and one that comes"),
            Self::AlreadyRegistered { route } => {
                write!(f, "route {route} is registered and not one of those that go, or named twice; remove it first")
            }
            Self::Child { route, error } => write!(f, "route {route}: {error}"),
        }
    }
}

impl core::error::Error for ReshapeError {}

impl State<'_> {
    /// Takes the parents out and registers the children; see
    /// [`Sampler::split_route`](crate::Sampler::split_route).
    pub(crate) fn reshape(
        &mut self,
        shared: &Shared,
        parents: &[RouteId],
        children: &[NewRoute<'_>],
    ) -> Result<(), ReshapeError> {
        let reshaped = self.check_reshape(shared, parents, children);
        if let Err(error) = reshaped {
            if matches!(error, ReshapeError::Child { .. }) {
                shared.board.add(Published::RegisterRefused, 1);
            }
            self.publish_counts(shared);
            return Err(error);
        }
        for parent in parents {
            self.remove(shared, *parent);
        }
        for child in children {
            self.register(shared, child.route, child.start, child.end, child.group)
                .map_err(|error| ReshapeError::Child { route: child.route, error })?;
        }
        for parent in parents {
            for child in children {
                let lineage = Lineage { at_ms: self.last_ms, parent: *parent, child: child.route };
                shared.board.add(Published::LineageDropped, u64::from(shared.lineage.push(lineage)));
            }
        }
        match (parents, children) {
            ([parent], _) => self.changes.split(parent.0, children.iter().map(|child| child.route.0)),
            (_, [child]) => self.changes.merge(child.route.0, parents.iter().map(|parent| parent.0)),
            _ => {}
        }
        Ok(())
    }

    /// Whether every child can be registered once the parents are gone.
    fn check_reshape(
        &mut self,
        shared: &Shared,
        parents: &[RouteId],
        children: &[NewRoute<'_>],
    ) -> Result<(), ReshapeError> {
        if parents.is_empty() || children.is_empty() {
            return Err(ReshapeError::Nothing);
        }
        let mut own_seats_left = 0;
        for (at, parent) in parents.iter().enumerate() {
            let found = shared.find(parent.0);
            let twice = parents.iter().take(at).any(|other| other == parent);
            if twice || !matches!(found, Found::Seat(_) | Found::Member(_)) {
                return Err(ReshapeError::UnknownParent { route: *parent });
            }
            own_seats_left += u32::from(matches!(found, Found::Seat(_)));
        }
        let mut chunks = 0;
        for (at, child) in children.iter().enumerate() {
            let route = child.route;
            let twice = children.iter().take(at).any(|other| other.route == route);
            if twice || (shared.find(route.0) != Found::Unknown && !parents.contains(&route)) {
                return Err(ReshapeError::AlreadyRegistered { route });
            }
            let end = child.end.filter(|end| !end.is_empty());
            self.check_bounds(&Fresh { route, start: child.start, end, group: child.group })
                .map_err(|error| ReshapeError::Child { route, error })?;
            chunks += BoundCounts::chunks_for(child.start.len()) + BoundCounts::chunks_for(end.map_or(0, <[u8]>::len));
        }
        let route = children.first().map_or(RouteId(0), |child| child.route);
        let refuse = |error| Err(ReshapeError::Child { route, error });
        let known = (self.live + self.members.len) as usize - parents.len() + children.len();
        let own = (self.live - own_seats_left) as usize + children.len();
        let seated = own <= self.layout.max_routes && self.free_seats(children.len()) == children.len();
        // Where there is one virtual bucket, or room for one, every route has a place.
        let members_left = self.members.len - (parents.len() as u32 - own_seats_left);
        let bucketed = self.layout.virtuals > 0 && (members_left > 0 || self.free_virtual != crate::descriptor::NONE);
        if known > self.layout.known || !(seated || bucketed) {
            return refuse(self.full());
        }
        if !self.make_bounds(shared, chunks) {
            return refuse(RegisterError::BoundsFull);
        }
        // A member that leaves may narrow its bucket, a route that comes gets a descriptor or widens a bucket.
        let descriptors = parents.len() - own_seats_left as usize + children.len();
        if !self.make_descriptors(shared, descriptors) {
            return refuse(self.full());
        }
        Ok(())
    }

    /// Free seats of routes, counted up to `most`.
    fn free_seats(&self, most: usize) -> usize {
        let (mut seat, mut free) = (self.free_seat, 0);
        while free < most {
            let Some(meta) = self.seats.get(seat as usize) else { break };
            (seat, free) = (meta.next, free + 1);
        }
        free
    }
}
