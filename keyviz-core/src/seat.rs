//! What the writer knows of each seat: a route's, or a virtual bucket's.
//!
//! A seat goes free → live → draining → ended → free: *live* while its route is registered, *draining*
//! for the grace after the removal, *ended* until the open column that may hold counts of it is sealed.

use crate::bounds::BoundRef;
use crate::descriptor::NONE;
use crate::grace::Grace;

/// What a seat is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatState {
    Free,
    Live,
    Draining,
    Ended,
}

/// What the writer knows of a seat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeatMeta {
    pub(crate) state: SeatState,
    /// A term change set counts of it apart since the last flush.
    pub(crate) parted: bool,
    /// The descriptor that its rows in the open column are marked with, because a term change set
    /// counts of it apart; [`NONE`] for no mark.
    pub(crate) mark: u32,
    pub(crate) descriptor: u32,
    /// A column refers to the descriptor, or will.
    pub(crate) described: bool,
    /// The descriptor is out of date, for want of a free one: in its group's term, or in the bucket's bounds.
    pub(crate) pending: bool,
    pub(crate) route: u64,
    pub(crate) group: u64,
    pub(crate) start: BoundRef,
    pub(crate) end: BoundRef,
    pub(crate) grace: Grace,
    /// A decaying average of the operations of a window, as of `warm_at`.
    pub(crate) warmth: u64,
    /// The column that `warmth` was last brought up to.
    pub(crate) warm_at: u64,
    /// The column that was open when the route got the seat.
    pub(crate) seated: u64,
    /// Free, draining or ended seats: the list it is in. A live route's: the known routes after and before
    /// it, in the order of their starts.
    pub(crate) next: u32,
    pub(crate) previous: u32,
    /// Draining seats: the next whose route id hashes alike.
    pub(crate) next_alike: u32,
    pub(crate) next_in_group: u32,
    pub(crate) previous_in_group: u32,
}

impl SeatMeta {
    /// All zeros: what memory for seats begins as.
    pub(crate) const BLANK: SeatMeta = SeatMeta {
        mark: 0,
        descriptor: 0,
        next: 0,
        previous: 0,
        next_alike: 0,
        next_in_group: 0,
        previous_in_group: 0,
        ..SeatMeta::free(0)
    };

    /// A free seat; `next` is the next free one.
    pub(crate) const fn free(next: u32) -> Self {
        SeatMeta {
            state: SeatState::Free,
            parted: false,
            mark: NONE,
            descriptor: NONE,
            described: false,
            pending: false,
            route: 0,
            group: 0,
            start: BoundRef::NONE,
            end: BoundRef::NONE,
            grace: Grace::NEW,
            warmth: 0,
            warm_at: 0,
            seated: 0,
            next,
            previous: NONE,
            next_alike: NONE,
            next_in_group: NONE,
            previous_in_group: NONE,
        }
    }

    /// Adds what a window had; a window ago counts half.
    pub(crate) fn warm(&mut self, ops: u64, column: u64) {
        self.warmth = self.warmth_at(column).saturating_add(ops / 2);
        self.warm_at = column;
    }

    /// The average as of a column.
    pub(crate) fn warmth_at(&self, column: u64) -> u64 {
        let windows = column.saturating_sub(self.warm_at).min(63);
        self.warmth >> windows
    }
}
