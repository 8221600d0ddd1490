//! Known routes by place: the number of a seat, or, behind the seats, that of a member. Places hang
//! together in the order of the routes' starts, then ids.

use core::cmp::Ordering as Order_;

use crate::bounds::BoundRef;
use crate::descriptor::NONE;
use crate::key::window;
use crate::members::{MemberMeta, Members};
use crate::seat::SeatMeta;
use crate::shared::Shared;
use crate::writer::State;

/// A known route, however it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) route: u64,
    pub(crate) group: u64,
    pub(crate) start: BoundRef,
    pub(crate) end: BoundRef,
    pub(crate) previous: u32,
    pub(crate) next: u32,
}

/// What is on both sides of a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) before: u32,
    pub(crate) after: u32,
}

/// Seats and members, to be looked at while the order is changed.
pub(crate) struct Places<'a, 'm> {
    pub(crate) seats: &'a [SeatMeta],
    pub(crate) members: &'a Members<'m>,
}

impl Places<'_, '_> {
    pub(crate) fn get(&self, place: u32) -> Option<Known> {
        if let Some(&SeatMeta { route, group, start, end, previous, next, .. }) = self.seats.get(place as usize) {
            return Some(Known { route, group, start, end, previous, next });
        }
        let &MemberMeta { route, group, start, end, previous, next, .. } = self.members.get(self.member(place)?)?;
        Some(Known { route, group, start, end, previous, next })
    }

    fn member(&self, place: u32) -> Option<u32> {
        place.checked_sub(self.seats.len() as u32)
    }

    /// Compares a route with the one at a place.
    pub(crate) fn compare(&self, shared: &Shared, known: &Known, place: u32) -> Order_ {
        match self.get(place) {
            Some(other) => shared.slab.compare_bounds(known.start, other.start).then(known.route.cmp(&other.route)),
            None => Order_::Equal,
        }
    }
}

impl State<'_> {
    pub(crate) fn places(&self) -> Places<'_, '_> {
        Places { seats: &self.seats, members: &self.members }
    }

    pub(crate) fn known(&self, place: u32) -> Option<Known> {
        self.places().get(place)
    }

    /// The member at a place, if it is one.
    pub(crate) fn member_at(&self, place: u32) -> Option<u32> {
        self.places().member(place).filter(|member| self.members.get(*member).is_some())
    }

    /// The place of a member.
    pub(crate) fn place_of(&self, member: u32) -> u32 {
        self.seats.len() as u32 + member
    }

    /// The bucket that counts the route at a place; `None` for one with a seat of its own.
    pub(crate) fn bucket_at(&self, place: u32) -> Option<u32> {
        Some(self.members.get(self.member_at(place)?)?.bucket)
    }

    /// Where a route that begins at `start` would stand.
    pub(crate) fn spot(&self, shared: &Shared, route: u64, start: &[u8]) -> Spot {
        let places = self.places();
        let (before, after) = self.order.neighbours(window(start, 0), |place| match places.get(place) {
            Some(other) => shared.slab.compare(start, other.start).then(route.cmp(&other.route)),
            None => Order_::Equal,
        });
        Spot { before: before.unwrap_or(NONE), after: after.unwrap_or(NONE) }
    }

    /// Puts a route into the order.
    pub(crate) fn enter(&mut self, shared: &Shared, place: u32, spot: Spot) {
        let Some(known) = self.known(place) else { return };
        let Self { order, seats, members, .. } = self;
        let places = Places { seats, members };
        order.insert(shared.slab.window(known.start, 0), place, |other| places.compare(shared, &known, other));
        self.link(place, spot);
    }

    /// Takes a route out of the order.
    pub(crate) fn leave(&mut self, shared: &Shared, place: u32) {
        let Some(known) = self.known(place) else { return };
        let Self { order, seats, members, .. } = self;
        let places = Places { seats, members };
        order.remove(shared.slab.window(known.start, 0), place, |other| places.compare(shared, &known, other));
        self.set_next(known.previous, known.next);
        self.set_previous(known.next, known.previous);
    }

    /// Another place stands for the same route from now on.
    pub(crate) fn change_place(&mut self, shared: &Shared, old: u32, new: u32) {
        let Some(known) = self.known(old) else { return };
        let Self { order, seats, members, .. } = self;
        let places = Places { seats, members };
        order.replace(shared.slab.window(known.start, 0), old, new, |other| places.compare(shared, &known, other));
        self.link(new, Spot { before: known.previous, after: known.next });
    }

    fn link(&mut self, place: u32, spot: Spot) {
        self.set_next(spot.before, place);
        self.set_previous(spot.after, place);
        self.set_previous(place, spot.before);
        self.set_next(place, spot.after);
    }

    fn set_next(&mut self, place: u32, next: u32) {
        match self.member_at(place) {
            Some(member) => self.members.get_mut(member).into_iter().for_each(|meta| meta.next = next),
            None => self.meta(place).into_iter().for_each(|meta| meta.next = next),
        }
    }

    fn set_previous(&mut self, place: u32, previous: u32) {
        match self.member_at(place) {
            Some(member) => self.members.get_mut(member).into_iter().for_each(|meta| meta.previous = previous),
            None => self.meta(place).into_iter().for_each(|meta| meta.previous = previous),
        }
    }
}
