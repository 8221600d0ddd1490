//! The table of handles: what stands behind them, found without a lock.
//!
//! A place is free, reserved, live, closing or stranded; its state word says which, and is the live handle itself.
//!
//! ```text
//! free ──put──► reserved ──► live ──close──► closing ──last pin gone──► free, the generation raised
//!                              └──fork, in the child──► stranded, for good
//! ```
//!
//! - Whoever uses what is behind a handle *pins* it: raises the place's pins from above 0, then sees that the state is
//!   still the handle. Being live is a pin itself, which closing takes back. Whoever takes back the last pin drops what
//!   is there: so closing waits for nobody, and nobody uses what was dropped.
//! - An observation pins nothing: a recorder is used by one thread at a time, which includes closing it.
//! - A child of a fork may find any place in any state, held by threads that it has not. It strands all live ones
//!   by stores alone, and never touches what they hold. It takes fresh places for handles of its own.
//! - Places stand in chunks that are never freed.

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::handle::{GENERATION_MASK, Kind, MAX_HANDLES, Parts, TAG_MASK, index};
use crate::last_error::fail;
use crate::object::Object;
use crate::status::keyviz_status;

/// Places of a chunk.
const CHUNK: usize = 256;
const CHUNKS: usize = MAX_HANDLES / CHUNK;

const FREE: u64 = 0;
const RESERVED: u64 = 1;
const CLOSING: u64 = 2;
const STRANDED: u64 = 3;
/// Live states are handles, whose kind stands above this.
const LEAST_LIVE: u64 = 1 << 60;

/// One place.
pub(crate) struct Place {
    state: AtomicU64,
    generation: AtomicU32,
    pins: AtomicU32,
    object: UnsafeCell<Option<Object>>,
}

// SAFETY: `object` is written by the one thread that holds the place reserved, and taken by the one that took back its
// last pin; between the two it is only shared, which `Object` allows but for a recorder, and that is used by one
// thread at a time, as its functions' contract says.
unsafe impl Sync for Place {}

static TABLE: [AtomicPtr<[Place; CHUNK]>; CHUNKS] = [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS];

/// Where to look for a free place first: a place is used again as late as can be.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// How often a handle was none, was closed, was foreign.
pub(crate) static MISUSED: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

impl Place {
    const fn new() -> Place {
        Place {
            state: AtomicU64::new(FREE),
            generation: AtomicU32::new(1),
            pins: AtomicU32::new(0),
            object: UnsafeCell::new(None),
        }
    }

    /// Whether the handle is live: the only look that an observation takes.
    #[inline]
    pub(crate) fn is_live(&self, bits: u64) -> bool {
        self.state.load(Ordering::Acquire) == bits
    }

    fn pin(&'static self, bits: u64) -> Option<Pin> {
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
        let object = unsafe { (*self.object.get()).take() };
        drop(object);
        let generation = self.generation.load(Ordering::Relaxed).wrapping_add(1) & GENERATION_MASK;
        self.generation.store(generation, Ordering::Relaxed);
        self.state.store(FREE, Ordering::Release);
    }
}

/// A pinned place.
pub(crate) struct Pin {
    place: &'static Place,
}

impl Pin {
    /// What is there.
    pub(crate) fn object(&self) -> Option<&Object> {
        // SAFETY: while the place is pinned nobody writes the object; see the module.
        unsafe { (*self.place.object.get()).as_ref() }
    }

    /// The place, for whoever looks at its state later.
    pub(crate) fn place(&self) -> &'static Place {
        self.place
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.place.unpin();
    }
}

fn place(index: usize) -> Option<&'static Place> {
    let chunk = TABLE.get(index / CHUNK)?.load(Ordering::Acquire);
    // SAFETY: a chunk is made once, published whole, and never freed.
    let chunk = unsafe { chunk.as_ref() }?;
    chunk.get(index % CHUNK)
}

/// The chunk of a place, made if it is not there.
fn make(index: usize) -> Option<&'static Place> {
    let slot = TABLE.get(index / CHUNK)?;
    if slot.load(Ordering::Acquire).is_null() {
        let fresh = Box::into_raw(Box::new([const { Place::new() }; CHUNK]));
        if slot.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: it came from a box just now, and nobody else has seen it.
            drop(unsafe { Box::from_raw(fresh) });
        }
    }
    place(index)
}

/// Puts an object into a free place, and gives its handle.
pub(crate) fn put(kind: Kind, tag: u32, object: Object) -> Result<u64, keyviz_status> {
    // First round the places that are there, then whichever there can be.
    for make_more in [false, true] {
        let known = (0..CHUNKS).rev().find(|at| place(at * CHUNK).is_some()).map_or(0, |at| (at + 1) * CHUNK);
        let (from, count) = if make_more { (known, MAX_HANDLES - known) } else { (0, known) };
        let first = if count == 0 { 0 } else { NEXT.load(Ordering::Relaxed) % count };
        for step in 0..count {
            let index = from + if make_more { step } else { (first + step) % count };
            let Some(place) = (if make_more { make(index) } else { place(index) }) else { break };
            if place.state.compare_exchange(FREE, RESERVED, Ordering::Acquire, Ordering::Relaxed).is_err() {
                continue;
            }
            NEXT.store(index + 1, Ordering::Relaxed);
            let generation = place.generation.load(Ordering::Relaxed);
            let bits = Parts { kind: kind as u8, tag: tag & TAG_MASK, generation, index }.bits();
            // SAFETY: the place is reserved for this thread and has no pins, so nobody else looks at the object.
            unsafe { *place.object.get() = Some(object) };
            place.pins.store(1, Ordering::Release);
            place.state.store(bits, Ordering::Release);
            return Ok(bits);
        }
    }
    Err(fail(keyviz_status::TooManyHandles, format_args!("{MAX_HANDLES} handles are open; close some")))
}

/// What is behind a handle, held so that closing it elsewhere takes nothing away.
pub(crate) fn pin(bits: u64, kind: Kind) -> Result<Pin, keyviz_status> {
    let found =
        if Parts::of(bits).kind == kind as u8 { place(index(bits)).and_then(|place| place.pin(bits)) } else { None };
    found.ok_or_else(|| refuse(bits, kind))
}

/// The place of a live handle, for observations.
#[inline]
pub(crate) fn live(bits: u64) -> Option<&'static Place> {
    place(index(bits)).filter(|place| place.is_live(bits))
}

/// What is behind a live recorder's handle, which the calling thread alone uses. A handle of anything else, which other
/// threads may close meanwhile, is not looked behind.
///
/// # Safety
/// No other thread closes the recorder during `'a`.
#[inline]
pub(crate) unsafe fn own<'a>(bits: u64) -> Option<&'a Object> {
    if !Kind::Recorder.is_of(bits) {
        return None;
    }
    let place = live(bits)?;
    // SAFETY: the handle is live and by the caller's word stays so; a live object is not written.
    unsafe { (*place.object.get()).as_ref() }
}

/// Ends a handle: from now on it is a closed one. What was behind it goes with the last pin, often at once.
pub(crate) fn close(pin: Pin, bits: u64, kind: Kind) -> Result<(), keyviz_status> {
    let place = pin.place;
    if place.state.compare_exchange(bits, CLOSING, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        return Err(refuse(bits, kind));
    }
    drop(pin);
    place.unpin();
    Ok(())
}

/// Makes all handles useless, in the child of a fork. Stores to atomics alone.
pub(crate) fn strand() {
    for chunk in &TABLE {
        // SAFETY: a chunk is made once, published whole, and never freed.
        let places = unsafe { chunk.load(Ordering::Acquire).as_ref() };
        for place in places.into_iter().flatten() {
            if place.state.load(Ordering::Relaxed) != FREE {
                place.state.store(STRANDED, Ordering::Relaxed);
            }
        }
    }
}

/// Says what is wrong with a handle, and counts it.
#[cold]
pub(crate) fn refuse(bits: u64, kind: Kind) -> keyviz_status {
    let parts = Parts::of(bits);
    let count = |which: usize| {
        if let Some(count) = MISUSED.get(which) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    let name = kind.name();
    let Some(place) = place(parts.index).filter(|_| bits >= LEAST_LIVE && parts.kind == kind as u8) else {
        if parts.kind == kind as u8 && !crate::tag::is_ours(parts.tag) {
            count(2);
            return fail(
                keyviz_status::ForeignHandle,
                format_args!("this {name} is of another process or copy of keyviz"),
            );
        }
        count(0);
        return fail(
            keyviz_status::InvalidHandle,
            format_args!("this is no handle of a {name}; give one that keyviz gave"),
        );
    };
    if !crate::tag::is_ours(parts.tag) {
        count(2);
        return fail(keyviz_status::ForeignHandle, format_args!("this {name} is of another process or copy of keyviz"));
    }
    let (state, generation) = (place.state.load(Ordering::Acquire), place.generation.load(Ordering::Relaxed));
    if state == STRANDED && generation == parts.generation {
        return fail(
            keyviz_status::Forked,
            format_args!("this process was forked from the one that opened the {name}; open one of its own"),
        );
    }
    if generation == parts.generation && state >= LEAST_LIVE {
        let live = Parts::of(state);
        if live.kind == parts.kind && live.tag != parts.tag {
            count(2);
            return fail(keyviz_status::ForeignHandle, format_args!("this {name} is of another sampler"));
        }
        count(0);
        return fail(
            keyviz_status::InvalidHandle,
            format_args!("this is no handle of a {name}; give one that keyviz gave"),
        );
    }
    // Generations only grow; half of their range back is the past.
    let age = generation.wrapping_sub(parts.generation) & GENERATION_MASK;
    if age > GENERATION_MASK / 2 || (age == 0 && state == FREE) {
        count(0);
        return fail(
            keyviz_status::InvalidHandle,
            format_args!("this is no handle of a {name}; give one that keyviz gave"),
        );
    }
    count(1);
    fail(keyviz_status::ClosedHandle, format_args!("this {name} was closed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::Buffer;

    #[test]
    fn nothing_but_a_recorder_is_looked_behind_without_a_pin() {
        let bits = put(Kind::Buffer, crate::tag::next(), Object::Buffer(Buffer::of(Vec::new()))).unwrap();
        assert!(live(bits).is_some());
        // SAFETY: nobody closes it.
        assert!(unsafe { own(bits) }.is_none());
        let pin = pin(bits, Kind::Buffer).ok().unwrap();
        close(pin, bits, Kind::Buffer).unwrap();
    }
}
