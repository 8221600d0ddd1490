//! The table of handles: what stands behind them, found without a lock.
//!
//! A place is free, reserved, live, closing or stranded; its state word says which, and is the live handle itself.
//!
//! ```text
//! free ──put──► reserved ──► live ──close──► closing ──last pin gone──► free, the generation raised
//!                              └──strand──► stranded, for good
//! ```
//!
//! - Whoever uses what is behind a handle *pins* it: raises the place's pins from above 0, then sees that the state is
//!   still the handle. Being live is a pin itself, which closing takes back. Whoever takes back the last pin drops what
//!   is there: so closing waits for nobody, and nobody uses what was dropped.
//! - What one thread alone uses and closes, it may use without a pin ([`Table::own`]).
//! - A child of a fork may find any place in any state, held by threads that it has not. It strands all live ones
//!   by stores alone, and never touches what they hold. It takes fresh places for handles of its own.
//! - Places stand in chunks that live as long as the table.

use std::marker::PhantomData;
use std::ptr;

use crate::parts::{GENERATION_MASK, INDEX_BITS, Parts, TAG_MASK, index};
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Cell, Ordering, array, const_fn};

/// Places of a chunk; in a model two.
const CHUNK: usize = if cfg!(keyviz_loom) { 2 } else { 256 };
const CHUNKS: usize = if cfg!(keyviz_loom) { 1 } else { (1 << INDEX_BITS) / CHUNK };

/// Handles at once.
pub const MAX_HANDLES: usize = CHUNK * CHUNKS;

const FREE: u64 = 0;
const RESERVED: u64 = 1;
const CLOSING: u64 = 2;
const STRANDED: u64 = 3;
/// Live states are handles, whose kind stands above this.
const LEAST_LIVE: u64 = 1 << 60;

/// One place.
pub struct Place<T> {
    state: AtomicU64,
    generation: AtomicU32,
    pins: AtomicU32,
    object: Cell<Option<T>>,
}

// SAFETY: `object` is written by the one thread that holds the place reserved, and taken by the one that took back its
// last pin; between the two it is only shared, or used by the one thread that `own` is promised.
unsafe impl<T: Send + Sync> Sync for Place<T> {}
// SAFETY: a place is atomics, and an object that may be sent.
unsafe impl<T: Send> Send for Place<T> {}

/// Why a number stands for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was never given out, or for another kind of object.
    NotOne,
    /// It was closed.
    Closed,
    /// Its place is live under another tag.
    OtherTag,
    /// It was stranded.
    Stranded,
}

/// Objects by handle.
pub struct Table<T> {
    chunks: [AtomicPtr<[Place<T>; CHUNK]>; CHUNKS],
    /// Where to look for a free place first: a place is used again as late as can be.
    next: AtomicUsize,
    /// It may be shared as its places may.
    places: PhantomData<Place<T>>,
}

impl<T> Place<T> {
    const_fn! {
        fn new() -> Place<T> {
            Place {
                state: AtomicU64::new(FREE),
                generation: AtomicU32::new(1),
                pins: AtomicU32::new(0),
                object: Cell::new(None),
            }
        }
    }

    /// Takes a free place for this thread alone.
    fn reserve(&self) -> bool {
        self.state.compare_exchange(FREE, RESERVED, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Whether the handle is live: the only look that an observation takes.
    #[inline]
    pub fn is_live(&self, bits: u64) -> bool {
        self.state.load(Ordering::Acquire) == bits
    }

    fn pin(&self, bits: u64) -> Option<Pin<'_, T>> {
        let raised = self.pins.fetch_update(Ordering::Acquire, Ordering::Relaxed, |pins| {
            if pins == 0 { None } else { pins.checked_add(1) }
        });
        let pin = raised.ok().map(|_| Pin { place: self })?;
        self.is_live(bits).then_some(pin)
    }

    fn unpin(&self) {
        if self.pins.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        // SAFETY: the pins were 0 at the end, so nobody else has the object, and nobody gets it: a pin is only ever
        // raised from above 0.
        let object = self.object.with_mut(|object| unsafe { (*object).take() });
        drop(object);
        let generation = self.generation.load(Ordering::Relaxed).wrapping_add(1) & GENERATION_MASK;
        self.generation.store(generation, Ordering::Relaxed);
        self.state.store(FREE, Ordering::Release);
    }
}

/// A pinned place.
pub struct Pin<'t, T> {
    place: &'t Place<T>,
}

impl<'t, T> Pin<'t, T> {
    /// What is there.
    #[must_use]
    pub fn object(&self) -> Option<&T> {
        // SAFETY: while the place is pinned nobody writes the object; see the module.
        self.place.object.with(|object| unsafe { (*object).as_ref() })
    }

    /// The place, for whoever looks at its state later.
    #[must_use]
    pub fn place(&self) -> &'t Place<T> {
        self.place
    }
}

impl<T> Drop for Pin<'_, T> {
    fn drop(&mut self) {
        self.place.unpin();
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table::new()
    }
}

impl<T> Table<T> {
    const_fn! {
        /// An empty one. It takes memory with its first handle, and never gives it back before its end.
        #[must_use]
        pub fn new() -> Table<T> {
            Table { chunks: array!(AtomicPtr::new(ptr::null_mut())), next: AtomicUsize::new(0), places: PhantomData }
        }
    }

    fn place(&self, index: usize) -> Option<&Place<T>> {
        let chunk = self.chunks.get(index / CHUNK)?.load(Ordering::Acquire);
        // SAFETY: a chunk is made once, published whole, and lives as long as the table.
        let chunk = unsafe { chunk.as_ref() }?;
        chunk.get(index % CHUNK)
    }

    /// The chunk of a place, made if it is not there.
    fn make(&self, index: usize) -> Option<&Place<T>> {
        let slot = self.chunks.get(index / CHUNK)?;
        if slot.load(Ordering::Acquire).is_null() {
            let fresh = Box::into_raw(Box::new(array!(Place::new())));
            if slot.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire).is_err() {
                // SAFETY: it came from a box just now, and nobody else has seen it.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
        self.place(index)
    }

    /// Puts an object into a free place, and gives its handle; `None` where [`MAX_HANDLES`] are taken. `kind` is 1 to 15.
    pub fn put(&self, kind: u8, tag: u32, object: T) -> Option<u64> {
        // Round the places that are there, then whichever there can be; of these, another thread may have made some by now.
        let known = (0..CHUNKS).rev().find(|at| self.place(at * CHUNK).is_some()).map_or(0, |at| (at + 1) * CHUNK);
        let first = self.next.load(Ordering::Relaxed).checked_rem(known).unwrap_or(0);
        let there = (first..known).chain(0..first).map_while(|index| self.place(index).map(|place| (index, place)));
        let further = (known..MAX_HANDLES).map_while(|index| self.make(index).map(|place| (index, place)));
        let (index, place) = there.chain(further).find(|(_, place)| place.reserve())?;
        self.next.store(index + 1, Ordering::Relaxed);
        let generation = place.generation.load(Ordering::Relaxed);
        let bits = Parts { kind, tag: tag & TAG_MASK, generation, index }.bits();
        // SAFETY: the place is reserved for this thread and has no pins, so nobody else looks at the object.
        place.object.with_mut(|place| unsafe { *place = Some(object) });
        place.pins.store(1, Ordering::Release);
        place.state.store(bits, Ordering::Release);
        Some(bits)
    }

    /// What is behind a live handle, held so that closing it elsewhere takes nothing away.
    pub fn pin(&self, bits: u64) -> Option<Pin<'_, T>> {
        self.place(index(bits)).and_then(|place| place.pin(bits))
    }

    /// The place of a live handle, for who looks at nothing but that.
    #[inline]
    pub fn live(&self, bits: u64) -> Option<&Place<T>> {
        self.place(index(bits)).filter(|place| place.is_live(bits))
    }

    /// What is behind a live handle, without a pin.
    ///
    /// # Safety
    /// No other thread closes the handle while the object is used.
    #[inline]
    pub unsafe fn own(&self, bits: u64) -> Option<&T> {
        let place = self.live(bits)?;
        // SAFETY: the handle is live and by the caller's word stays so; a live object is not written.
        place.object.with(|object| unsafe { (*object).as_ref() })
    }

    /// Ends a handle: from now on it is a closed one. What was behind it goes with the last pin, often at once. Says
    /// whether this call ended it.
    pub fn close(&self, pin: Pin<'_, T>, bits: u64) -> bool {
        let place = pin.place;
        if place.state.compare_exchange(bits, CLOSING, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return false;
        }
        drop(pin);
        place.unpin();
        true
    }

    /// Makes all handles useless, in the child of a fork. Stores to atomics alone.
    pub fn strand(&self) {
        for chunk in &self.chunks {
            // SAFETY: a chunk is made once, published whole, and lives as long as the table.
            let places = unsafe { chunk.load(Ordering::Acquire).as_ref() };
            for place in places.into_iter().flatten() {
                if place.state.load(Ordering::Relaxed) != FREE {
                    place.state.store(STRANDED, Ordering::Relaxed);
                }
            }
        }
    }

    /// What is wrong with a number that stands for no object of this kind.
    #[cold]
    pub fn refused(&self, bits: u64, kind: u8) -> Refused {
        let parts = Parts::of(bits);
        let Some(place) = self.place(parts.index).filter(|_| bits >= LEAST_LIVE && parts.kind == kind) else {
            return Refused::NotOne;
        };
        let (state, generation) = (place.state.load(Ordering::Acquire), place.generation.load(Ordering::Relaxed));
        if generation == parts.generation && state == STRANDED {
            return Refused::Stranded;
        }
        if generation == parts.generation && state >= LEAST_LIVE {
            let live = Parts::of(state);
            return if live.kind == parts.kind && live.tag != parts.tag { Refused::OtherTag } else { Refused::NotOne };
        }
        // Generations only grow; half of their range back is the past.
        let age = generation.wrapping_sub(parts.generation) & GENERATION_MASK;
        if age > GENERATION_MASK / 2 || (age == 0 && state == FREE) { Refused::NotOne } else { Refused::Closed }
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            let chunk = chunk.load(Ordering::Acquire);
            if !chunk.is_null() {
                // SAFETY: it came from a box, and nobody has the table any more.
                drop(unsafe { Box::from_raw(chunk) });
            }
        }
    }
}

#[cfg(all(test, not(keyviz_loom)))]
#[allow(clippy::unwrap_used, reason = "a test speaks by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_what_is_wrong_with_it() {
        let table = Table::new();
        assert_eq!(table.refused(u64::MAX, 15), Refused::NotOne);
        let bits = table.put(1, 7, "object").unwrap();
        assert_eq!(table.pin(bits).unwrap().object(), Some(&"object"));
        assert_eq!(table.refused(bits, 2), Refused::NotOne);
        assert_eq!(table.refused(Parts { tag: 8, ..Parts::of(bits) }.bits(), 1), Refused::OtherTag);
        assert_eq!(table.refused(Parts { generation: 2, ..Parts::of(bits) }.bits(), 1), Refused::NotOne);
        assert!(table.close(table.pin(bits).unwrap(), bits));
        assert!(table.pin(bits).is_none() && table.live(bits).is_none());
        assert_eq!(table.refused(bits, 1), Refused::Closed);
        assert_eq!(table.refused(Parts { generation: 2, ..Parts::of(bits) }.bits(), 1), Refused::NotOne);
        let other = table.put(1, 7, "other").unwrap();
        table.strand();
        assert!(table.pin(other).is_none());
        assert_eq!(table.refused(other, 1), Refused::Stranded);
    }

    #[test]
    fn there_are_so_many_and_each_comes_back() {
        let table = Table::new();
        let all: Vec<u64> = (0..MAX_HANDLES).map(|at| table.put(1, 7, at).unwrap()).collect();
        assert_eq!(table.put(1, 7, 0), None);
        for (at, bits) in all.iter().enumerate() {
            assert_eq!(table.pin(*bits).unwrap().object(), Some(&at));
            assert!(table.close(table.pin(*bits).unwrap(), *bits));
        }
        let again = table.put(1, 7, 0).unwrap();
        assert!(!all.contains(&again));
    }
}
