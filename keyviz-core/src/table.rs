//! From a route's id to its seat, or to its number among the members: open addressing, one word an entry.
//!
//! An entry holds bits of the id's hash and the seat, written and read as one word, so it is
//! never torn; a hit is verified against the seat's own id. The load stays at or below one half.
//! Removal shifts entries back, so there are no tombstones and a table never fills with them.
//!
//! Routes with seats and members have an index each, under one version: there are ten times as many
//! members, and the index that most observations need stays small. A route that moves from one to the other stands
//! in its new place before it leaves the old one, so a search that looks into both in that order, and
//! again when the version changed, finds it.
//!
//! The version is odd while the writer changes entries. A hit is final whatever the version. A miss
//! is final if the version was the same even number before and after; else the search is repeated,
//! at most [`MAX_RETRIES`] times.

use crate::layout::Layout;
use crate::line::Line;
use crate::members::MemberWords;
use crate::pool::Pool;
use crate::slot::Seats;
use crate::sync::{AtomicCount, Count, Ordering, PLACE_BITS, const_fn, fence, narrow};

/// How often a miss that met a change is repeated before the operation counts as unattributed.
const MAX_RETRIES: usize = 4;

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Seat(usize),
    /// The route has no seat; this is its number among the members.
    Member(usize),
    Unknown,
    /// The table changed during every try.
    GaveUp,
}

pub(crate) struct Table {
    seats: Index,
    members: Index,
    version: Line,
}

/// Whose ids an index is verified against.
trait Owners {
    fn owner(&self, place: usize) -> Option<u64>;
}

impl Owners for Seats {
    #[inline(always)]
    fn owner(&self, place: usize) -> Option<u64> {
        self.route(place)
    }
}

impl Owners for MemberWords {
    fn owner(&self, place: usize) -> Option<u64> {
        self.route(place)
    }
}

/// One index: entries of tag and place.
struct Index {
    entries: Pool<AtomicCount>,
    shift: u32,
}

#[inline(always)]
pub(crate) fn hash(route: u64) -> u64 {
    // Fibonacci hashing; the fold lets ids that differ only in their upper half spread too.
    (route ^ (route >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The half of an entry that is not its seat. It has the bits that chose the home, too, so that
/// taking it costs no shift; the id in the seat decides in the end.
#[inline(always)]
fn tag(hash: u64) -> Count {
    narrow(hash >> (u64::BITS - Count::BITS)) & TAG
}

const TAG: Count = Count::MAX << PLACE_BITS;

impl Table {
    const_fn! {
        /// Room for half as many seats and half as many members as there are entries.
        pub(crate) fn new(layout: &Layout, seats: Pool<AtomicCount>, members: Pool<AtomicCount>) -> Self {
            Table {
                seats: Index::new(seats, layout.table_len),
                members: Index::new(members, layout.member_table_len),
                version: Line::new(),
            }
        }
    }

    /// Finds a route.
    #[inline(always)]
    pub(crate) fn find(&self, route: u64, seats: &Seats, members: &MemberWords) -> Found {
        match self.find_at_home(route, seats) {
            Some(seat) => Found::Seat(seat),
            None => self.find_further(route, seats, members),
        }
    }

    /// Finds the seat of a route in the first place to look at, where most are.
    #[inline(always)]
    pub(crate) fn find_at_home(&self, route: u64, seats: &Seats) -> Option<usize> {
        self.seats.find_at_home(route, seats)
    }

    #[inline(never)]
    fn find_further(&self, route: u64, seats: &Seats, members: &MemberWords) -> Found {
        match self.probe(route, seats, members) {
            Some(found) => found,
            None => self.confirm_miss(route, seats, members),
        }
    }

    fn probe(&self, route: u64, seats: &Seats, members: &MemberWords) -> Option<Found> {
        match self.seats.probe(route, seats) {
            Some(seat) => Some(Found::Seat(seat)),
            None => self.members.probe(route, members).map(Found::Member),
        }
    }

    #[cold]
    fn confirm_miss(&self, route: u64, seats: &Seats, members: &MemberWords) -> Found {
        for _ in 0..=MAX_RETRIES {
            let before = self.version.word(0).load(Ordering::Acquire);
            if let Some(found) = self.probe(route, seats, members) {
                return found;
            }
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.version.word(0).load(Ordering::Relaxed) == before {
                return Found::Unknown;
            }
        }
        Found::GaveUp
    }

    fn change(&self, change: impl FnOnce()) {
        let version = self.version.word(0);
        version.store(version.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        change();
        version.store(version.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Publishes a seat under its route. The caller keeps the load at or below one half.
    pub(crate) fn insert(&self, route: u64, seat: usize) {
        self.change(|| self.seats.insert(route, seat));
    }

    /// Publishes a member under its route, as above.
    pub(crate) fn insert_member(&self, route: u64, member: usize) {
        self.change(|| self.members.insert(route, member));
    }

    /// Takes the entry of a route's seat out.
    pub(crate) fn remove(&self, route: u64, seats: &Seats) {
        self.change(|| self.seats.remove(route, seats));
    }

    /// Takes the entry of a member out.
    pub(crate) fn remove_member(&self, route: u64, members: &MemberWords) {
        self.change(|| self.members.remove(route, members));
    }
}

impl Index {
    const_fn! {
        /// `len` is a power of two, or 0.
        fn new(entries: Pool<AtomicCount>, len: usize) -> Self {
            Index { entries, shift: if len > 1 { 64 - len.trailing_zeros() } else { 63 } }
        }
    }

    #[inline(always)]
    fn find_at_home(&self, route: u64, owners: &impl Owners) -> Option<usize> {
        let hash = hash(route);
        let home = self.entries.get((hash >> self.shift) as usize)?.load(Ordering::Acquire);
        // With the tag taken off, the route's entry is its place plus one; anything else, an empty
        // entry too, is far out of the places' range.
        let place = (home ^ tag(hash)).wrapping_sub(1) as usize;
        (owners.owner(place)? == route).then_some(place)
    }

    fn probe(&self, route: u64, owners: &impl Owners) -> Option<usize> {
        let hash = hash(route);
        let mask = self.entries.len().checked_sub(1)?;
        let home = (hash >> self.shift) as usize;
        // A full round bounds the search even while the writer shifts entries about.
        for at in home..home + self.entries.len() {
            let entry = self.entries.get(at & mask)?.load(Ordering::Acquire);
            if entry == 0 {
                return None;
            }
            if entry & TAG == tag(hash) {
                let place = (entry & !TAG) as usize - 1;
                if owners.owner(place)? == route {
                    return Some(place);
                }
            }
        }
        None
    }

    fn load(&self, at: usize) -> Count {
        self.entries.get(at & (self.entries.len() - 1)).map_or(0, |e| e.load(Ordering::Relaxed))
    }

    fn store(&self, at: usize, entry: Count) {
        if let Some(word) = self.entries.get(at & (self.entries.len() - 1)) {
            word.store(entry, Ordering::Release);
        }
    }

    fn insert(&self, route: u64, place: usize) {
        let hash = hash(route);
        let mut at = (hash >> self.shift) as usize;
        while self.load(at) != 0 {
            at += 1;
        }
        self.store(at, tag(hash) | (place as Count + 1));
    }

    /// Takes a route's entry out; later entries of its run move back.
    fn remove(&self, route: u64, owners: &impl Owners) {
        let Some(mask) = self.entries.len().checked_sub(1) else { return };
        let mut at = (hash(route) >> self.shift) as usize & mask;
        loop {
            let entry = self.load(at);
            if entry == 0 {
                return;
            }
            let owner = owners.owner((entry & !TAG) as usize - 1);
            if owner == Some(route) && entry & TAG == tag(hash(route)) {
                break;
            }
            at = (at + 1) & mask;
        }
        let mut hole = at;
        let mut next = at;
        loop {
            next = (next + 1) & mask;
            let entry = self.load(next);
            if entry == 0 {
                break;
            }
            let owner = owners.owner((entry & !TAG) as usize - 1).unwrap_or(0);
            let home = (hash(owner) >> self.shift) as usize & mask;
            // The entry may move back to the hole unless its home lies behind the hole.
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.store(hole, entry);
                hole = next;
            }
        }
        self.store(hole, 0);
    }
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::{BoundRef, Slab};
    use crate::pool::{Heap, Source};
    use crate::sub_bucket::SubLayout;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((any::<bool>(), 0u64..40, any::<bool>()), 1..300)) {
            let entries = |len| Index::new(Heap::shared(len).unwrap(), len);
            let table = Table { seats: entries(64), members: entries(0), version: Line::new() };
            let slab = Slab::new(Heap::shared(1).unwrap());
            let members = MemberWords::new(Pool::Lent(&[]), Pool::Lent(&[]));
            let seats = Seats::new(Heap::shared(32).unwrap(), Heap::shared(32).unwrap(), Pool::Lent(&[]));
            let mut free: Vec<usize> = (0..32).collect();
            let mut truth = BTreeMap::new();
            for (insert, id, high) in steps {
                let route = if high { id << 32 } else { id };
                if insert && !truth.contains_key(&route) && let Some(seat) = free.pop() {
                    seats.fill(seat, route, &SubLayout::default(), &slab, BoundRef::NONE);
                    table.insert(route, seat);
                    truth.insert(route, seat);
                } else if !insert && let Some(seat) = truth.remove(&route) {
                    table.remove(route, &seats);
                    free.push(seat);
                }
                for probe in (0..40).flat_map(|i| [i, i << 32]) {
                    let expected = truth.get(&probe).map_or(Found::Unknown, |s| Found::Seat(*s));
                    prop_assert_eq!(table.find(probe, &seats, &members), expected);
                }
            }
        }
    }
}
