//! Descriptors: what a row of history needs to be shown. A route's (or virtual bucket's) id, its bounds, its group and the
//! group's term; a change of any of these is a new descriptor, so a column keeps the truth of its
//! own time.
//!
//! A descriptor is current (a seat counts under it), or retired: kept while a column may refer to
//! it. Retired ones stand in the order of their last column, so the first one tells whether any can
//! be reused.

use crate::bounds::{BoundCounts, BoundRef, Slab};
use crate::limits::{DESCRIPTOR_META_BYTES, DESCRIPTOR_WORDS};
use crate::pool::{Pool, PoolMut};
use crate::sync::{Ordering, Word, const_fn};

/// No descriptor, no seat, no block.
pub(crate) const NONE: u32 = u32::MAX;

/// A copy of a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub(crate) route: u64,
    pub(crate) group: u64,
    pub(crate) term: u64,
    pub(crate) start: BoundRef,
    pub(crate) end: BoundRef,
    /// Greater is newer; never reused.
    pub(crate) serial: u64,
    /// When its route was registered or revived with these bounds; greater is later.
    pub(crate) since: u64,
    /// Of a virtual bucket, how many routes it had last; 0 for a route.
    pub(crate) members: u64,
}

impl Descriptor {
    /// Whose it is: a route's or a virtual bucket's, and its id.
    #[cfg(feature = "alloc")]
    pub(crate) fn owner(&self) -> (bool, u64) {
        (self.is_virtual(), self.route)
    }

    /// Whether it is a virtual bucket's.
    pub(crate) fn is_virtual(&self) -> bool {
        self.members > 0
    }

    /// Orders descriptors of one route: later bounds first, then later terms.
    #[cfg(feature = "alloc")]
    pub(crate) fn age(&self) -> (u64, u64) {
        (self.since, self.serial)
    }
}

/// Descriptors as readers see them.
pub(crate) struct Descriptors(Pool<Word>);

impl Descriptors {
    const_fn! {
        pub(crate) fn new(words: Pool<Word>) -> Self {
            Descriptors(words)
        }
    }

    pub(crate) fn get(&self, index: u32) -> Descriptor {
        let word =
            |i: usize| self.0.get(index as usize * DESCRIPTOR_WORDS + i).map_or(0, |w| w.load(Ordering::Relaxed));
        let bounds = word(3);
        Descriptor {
            route: word(0),
            group: word(1),
            term: word(2),
            start: BoundRef(bounds as u32),
            end: BoundRef((bounds >> 32) as u32),
            serial: word(4),
            since: word(5),
            members: word(6),
        }
    }

    fn set(&self, index: u32, to: &Descriptor) {
        let bounds = u64::from(to.start.0) | u64::from(to.end.0) << 32;
        let words = [to.route, to.group, to.term, bounds, to.serial, to.since, to.members];
        for (i, value) in words.into_iter().enumerate() {
            if let Some(word) = self.0.get(index as usize * DESCRIPTOR_WORDS + i) {
                word.store(value, Ordering::Relaxed);
            }
        }
    }
}

impl Descriptors {
    fn set_word(&self, index: u32, word: usize, value: u64) {
        if let Some(word) = self.0.get(index as usize * DESCRIPTOR_WORDS + word) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// Changes the term of a descriptor that no column refers to.
    pub(crate) fn set_term(&self, index: u32, term: u64) {
        self.set_word(index, 2, term);
    }

    /// Changes the bounds of a descriptor that no column refers to.
    pub(crate) fn set_bounds(&self, index: u32, start: BoundRef, end: BoundRef) {
        self.set_word(index, 3, u64::from(start.0) | u64::from(end.0) << 32);
    }

    /// The virtual bucket has this many routes; columns that refer to the descriptor say so from now on.
    pub(crate) fn set_members(&self, index: u32, members: u64) {
        self.set_word(index, 6, members);
    }

    /// The route is back with these bounds; columns that refer to the descriptor say so from now on.
    pub(crate) fn set_since(&self, index: u32, since: u64) {
        self.set_word(index, 5, since);
    }
}

/// What the writer knows of a descriptor besides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DescriptorMeta {
    /// The next free or the next retired one.
    next: u32,
    /// The seat that counts or counted under it.
    seat: u32,
    /// The newest column that may refer to a retired one.
    last_column: u64,
}

const _: () = assert!(size_of::<DescriptorMeta>() == DESCRIPTOR_META_BYTES);

impl DescriptorMeta {
    /// What memory for them begins as.
    pub(crate) const BLANK: DescriptorMeta = DescriptorMeta { next: 0, seat: 0, last_column: 0 };
}

/// The writer's side: which are free, which wait for their columns to go.
pub(crate) struct DescriptorList<'m> {
    meta: PoolMut<'m, DescriptorMeta>,
    free: u32,
    retired_first: u32,
    retired_last: u32,
    serial: u64,
}

impl<'m> DescriptorList<'m> {
    pub(crate) fn new(mut meta: PoolMut<'m, DescriptorMeta>) -> Self {
        let count = meta.len();
        for (i, meta) in meta.iter_mut().enumerate() {
            let next = if i + 1 < count { i as u32 + 1 } else { NONE };
            *meta = DescriptorMeta { next, seat: NONE, last_column: 0 };
        }
        DescriptorList { meta, free: 0, retired_first: NONE, retired_last: NONE, serial: 0 }
    }

    /// The newest column that may refer to the first retired one.
    pub(crate) fn first_retired_until(&self) -> Option<u64> {
        self.meta.get(self.retired_first as usize).map(|meta| meta.last_column)
    }

    /// Whether so many are free.
    pub(crate) fn has(&self, count: usize) -> bool {
        let mut index = self.free;
        for _ in 0..count {
            let Some(meta) = self.meta.get(index as usize) else { return false };
            index = meta.next;
        }
        true
    }

    fn meta(&mut self, index: u32) -> Option<&mut DescriptorMeta> {
        self.meta.get_mut(index as usize)
    }

    /// The seat that counts or counted under a descriptor.
    pub(crate) fn seat(&self, index: u32) -> u32 {
        self.meta.get(index as usize).map_or(NONE, |meta| meta.seat)
    }

    /// A free descriptor for a seat, filled with `to`, whose bounds the caller has retained for it.
    pub(crate) fn insert(&mut self, shared: &Descriptors, to: Descriptor, seat: u32) -> Option<u32> {
        let serial = self.serial + 1;
        let index = self.insert_as(shared, Descriptor { serial, ..to }, seat)?;
        self.serial = serial;
        Some(index)
    }

    /// As [`insert`](Self::insert), with a serial that nobody has and that is not given out later.
    #[cfg(feature = "alloc")]
    pub(crate) fn insert_older(&mut self, shared: &Descriptors, to: Descriptor) -> Option<u32> {
        self.serial = self.serial.max(to.serial);
        // Nobody counts under it. Restored columns are written in the order of rows, which this makes that of seats.
        self.insert_as(shared, to, self.free)
    }

    fn insert_as(&mut self, shared: &Descriptors, to: Descriptor, seat: u32) -> Option<u32> {
        let index = self.free;
        let meta = self.meta(index)?;
        meta.seat = seat;
        self.free = meta.next;
        shared.set(index, &to);
        Some(index)
    }

    /// Descriptors that there are.
    #[cfg(feature = "alloc")]
    pub(crate) fn len(&self) -> usize {
        self.meta.len()
    }

    /// No seat counts under it any more; columns up to `last_column` may still refer to it.
    pub(crate) fn retire(&mut self, index: u32, last_column: u64) {
        let last = self.retired_last;
        if let Some(meta) = self.meta(index) {
            (meta.next, meta.last_column) = (NONE, last_column);
        }
        match self.meta(last) {
            Some(meta) => meta.next = index,
            None => self.retired_first = index,
        }
        self.retired_last = index;
    }

    /// Frees the first retired one if its last column is older than `oldest_column`.
    pub(crate) fn reclaim_one(
        &mut self,
        shared: &Descriptors,
        slab: &Slab,
        bounds: &mut BoundCounts,
        oldest_column: u64,
    ) -> bool {
        let index = self.retired_first;
        let free = self.free;
        let Some(meta) = self.meta(index) else { return false };
        if meta.last_column >= oldest_column {
            return false;
        }
        let next = meta.next;
        meta.next = free;
        self.free = index;
        self.retired_first = next;
        if next == NONE {
            self.retired_last = NONE;
        }
        let was = shared.get(index);
        bounds.release(slab, was.start);
        bounds.release(slab, was.end);
        true
    }
}
