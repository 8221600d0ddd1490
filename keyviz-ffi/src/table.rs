//! The handles of this process, and what is wrong with those that are none; `keyviz_handles` has the table.

use std::sync::atomic::{AtomicU64, Ordering};

use keyviz_handles::{MAX_HANDLES, Parts, Pin as PinOf, Place as PlaceOf, Refused, Table};

use crate::handle::Kind;
use crate::last_error::fail;
use crate::object::Object;
use crate::status::keyviz_status;

pub(crate) type Place = PlaceOf<Object>;
pub(crate) type Pin = PinOf<'static, Object>;

/// `Object` may be shared but for a recorder, which is used and closed by one thread at a time, as its functions'
/// contract says.
static TABLE: Table<Object> = Table::new();

/// How often a handle was none, was closed, was foreign.
pub(crate) static MISUSED: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Puts an object into a free place, and gives its handle.
pub(crate) fn put(kind: Kind, tag: u32, object: Object) -> Result<u64, keyviz_status> {
    TABLE
        .put(kind as u8, tag, object)
        .ok_or_else(|| fail(keyviz_status::TooManyHandles, format_args!("{MAX_HANDLES} handles are open; close some")))
}

/// What is behind a handle, held so that closing it elsewhere takes nothing away.
pub(crate) fn pin(bits: u64, kind: Kind) -> Result<Pin, keyviz_status> {
    let found = if kind.is_of(bits) { TABLE.pin(bits) } else { None };
    found.ok_or_else(|| refuse(bits, kind))
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
    // SAFETY: the caller's word.
    unsafe { TABLE.own(bits) }
}

/// Ends a handle: from now on it is a closed one. What was behind it goes with the last pin, often at once.
pub(crate) fn close(pin: Pin, bits: u64, kind: Kind) -> Result<(), keyviz_status> {
    if TABLE.close(pin, bits) { Ok(()) } else { Err(refuse(bits, kind)) }
}

/// Makes all handles useless, in the child of a fork. Stores to atomics alone.
pub(crate) fn strand() {
    TABLE.strand();
}

/// Says what is wrong with a handle, and counts it.
#[cold]
pub(crate) fn refuse(bits: u64, kind: Kind) -> keyviz_status {
    let name = kind.name();
    let count = |which: usize| {
        if let Some(count) = MISUSED.get(which) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    if kind.is_of(bits) && !crate::tag::is_ours(Parts::of(bits).tag) {
        count(2);
        return fail(keyviz_status::ForeignHandle, format_args!("this {name} is of another process or copy of keyviz"));
    }
    match TABLE.refused(bits, kind as u8) {
        Refused::Stranded => fail(
            keyviz_status::Forked,
            format_args!("this process was forked from the one that opened the {name}; open one of its own"),
        ),
        Refused::OtherTag => {
            count(2);
            fail(keyviz_status::ForeignHandle, format_args!("this {name} is of another sampler"))
        }
        Refused::NotOne => {
            count(0);
            fail(keyviz_status::InvalidHandle, format_args!("this is no handle of a {name}; give one that keyviz gave"))
        }
        Refused::Closed => {
            count(1);
            fail(keyviz_status::ClosedHandle, format_args!("this {name} was closed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::Buffer;

    #[test]
    fn nothing_but_a_recorder_is_looked_behind_without_a_pin() {
        let bits = put(Kind::Buffer, crate::tag::next(), Object::Buffer(Buffer::of(Vec::new()))).unwrap();
        assert!(TABLE.live(bits).is_some());
        // SAFETY: nobody closes it.
        assert!(unsafe { own(bits) }.is_none());
        let pin = pin(bits, Kind::Buffer).ok().unwrap();
        close(pin, bits, Kind::Buffer).unwrap();
    }
}
