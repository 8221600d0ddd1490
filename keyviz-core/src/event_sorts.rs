//! The kinds that the host's events are of, so that a flood of one kind takes no other's places.
//!
//! When all places are taken, an event of the kind goes that has the most of them, its oldest; of kinds that have as
//! many, the one that is told of, else the one whose oldest is the oldest. So a kind that comes seldom keeps what it
//! has: of `s` kinds each keeps its latest, up to a share of `1 / s` of all places. This is longest-queue-drop (Suter,
//! Lakshman, Stiliadis, Choudhury: Design Considerations for Supporting TCP with Per-flow Queueing, 1998).
//!
//! Sixteen sorts are told apart: fifteen kinds that have places, and all others together. The events of a sort are a
//! list, oldest first, whose links stand in the events' own entries, so it costs no place.

/// Sorts of the host's events: the last is of all kinds for which there is no other.
pub(crate) const SORTS: usize = 16;

/// The events of one sort: how many, and the places of the first and the last.
#[derive(Clone, Copy)]
pub(crate) struct Sort {
    pub(crate) count: u32,
    pub(crate) oldest: u32,
    pub(crate) newest: u32,
}

/// What the writer knows of the host's events. 192 bytes.
#[derive(Clone, Copy)]
pub(crate) struct EventSorts([Sort; SORTS]);

impl EventSorts {
    pub(crate) const NONE: EventSorts = EventSorts([Sort { count: 0, oldest: 0, newest: 0 }; SORTS]);

    pub(crate) fn get(&self, sort: usize) -> Option<Sort> {
        self.0.get(sort).copied()
    }

    /// Those with events.
    pub(crate) fn taken(&self) -> impl Iterator<Item = (usize, Sort)> + '_ {
        self.0.iter().copied().enumerate().filter(|(_, sort)| sort.count > 0)
    }

    /// The sort of an event; `is_of` says whether what stands at a place is of its kind.
    pub(crate) fn of(&self, is_of: impl Fn(u32) -> bool) -> usize {
        let kinds = || self.0.iter().take(SORTS - 1);
        let known = kinds().position(|sort| sort.count > 0 && is_of(sort.newest));
        known.or_else(|| kinds().position(|sort| sort.count == 0)).unwrap_or(SORTS - 1)
    }

    /// The sort that gives up its oldest for one of sort `of`; `age` is less the older what stands at a place is.
    pub(crate) fn fullest(&self, of: usize, age: impl Fn(u32) -> u64) -> Option<usize> {
        let by = |&(at, sort): &(usize, Sort)| (sort.count, at == of, core::cmp::Reverse(age(sort.oldest)));
        self.taken().max_by_key(by).map(|(at, _)| at)
    }

    /// Puts an event behind the others of its sort. Returns the place of the one before it, whose link is to lead to it.
    pub(crate) fn add(&mut self, sort: usize, place: u32) -> Option<u32> {
        let sort = self.0.get_mut(sort)?;
        let before = (sort.count > 0).then_some(sort.newest);
        (sort.count, sort.newest) = (sort.count.saturating_add(1), place);
        if before.is_none() {
            sort.oldest = place;
        }
        before
    }

    /// Takes the oldest of a sort out; `next` is where its link leads.
    pub(crate) fn drop_oldest(&mut self, sort: usize, next: u32) {
        if let Some(sort) = self.0.get_mut(sort) {
            (sort.count, sort.oldest) = (sort.count.saturating_sub(1), next);
        }
    }
}
