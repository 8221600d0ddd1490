//! Observing without a recorder of one's own: each thread keeps one for the host.
//!
//! A thread keeps recorders of four samplers, each with the memory of its sampler, so that an observation needs no pin:
//! it looks whether the sampler is still open, and what it then counts is at worst not seen any more.

use std::cell::RefCell;
use std::ffi::c_void;

use keyviz_core::{Recorder, RouteId};

use crate::fence::{fenced, fenced_hot};
use crate::input::bytes;
use crate::label::{LabelSet, keyviz_label};
use crate::operation::{keyviz_operation, observe_batch, op};
use crate::sampler::{keyviz_sampler, pinned};
use crate::scan::{self, keyviz_scan};
use crate::status::keyviz_status;
use crate::table::Place;

/// Samplers that a thread keeps a recorder of; more take turns.
const KEPT: usize = 4;

/// A recorder that a thread keeps.
struct Own {
    sampler: u64,
    place: &'static Place,
    recorder: Recorder,
    labels: LabelSet,
    by_key: bool,
}

impl Own {
    #[inline]
    fn is_of(&self, sampler: u64) -> bool {
        self.sampler == sampler && self.place.is_live(sampler)
    }
}

std::thread_local! {
    static OWN: RefCell<[Option<Own>; KEPT]> = const { RefCell::new([const { None }; KEPT]) };
}

/// Makes the thread's recorder of a sampler.
#[cold]
#[inline(never)]
fn make(sampler: keyviz_sampler) -> Result<Own, keyviz_status> {
    let host = pinned(sampler)?;
    Ok(Own {
        sampler: sampler.bits,
        place: host.place(),
        recorder: host.sampler.recorder(),
        labels: host.labels,
        by_key: host.reader.config().partition.ranges() > 0,
    })
}

/// Runs `observe` with the thread's recorder of a sampler.
#[inline(always)]
fn with(sampler: keyviz_sampler, observe: impl Fn(&Own) -> Result<(), keyviz_status>) -> Result<(), keyviz_status> {
    let observed = OWN.try_with(|own| {
        let Ok(mut kept) = own.try_borrow_mut() else { return None };
        // The first one is the thread's latest: most have no other.
        if let [Some(own), ..] = &*kept
            && own.is_of(sampler.bits)
        {
            return Some(observe(own));
        }
        Some(bring_forward(&mut kept, sampler).and_then(&observe))
    });
    match observed {
        Ok(Some(observed)) => observed,
        // The thread is ending and has given its recorders up, or a signal struck while it made one.
        _ => make(sampler).and_then(|own| observe(&own)),
    }
}

/// Puts the sampler's recorder first, and makes it where there is none: the last one goes for it. Those whose samplers are
/// closed go in any case: they hold the memory of those.
#[inline(never)]
fn bring_forward(kept: &mut [Option<Own>; KEPT], sampler: keyviz_sampler) -> Result<&Own, keyviz_status> {
    for own in kept.iter_mut() {
        if own.as_ref().is_some_and(|own| !own.place.is_live(own.sampler)) {
            *own = None;
        }
    }
    let at = kept.iter().position(|own| own.as_ref().is_some_and(|own| own.is_of(sampler.bits)));
    match at {
        Some(at) => kept.swap(0, at),
        None => {
            let fresh = make(sampler)?;
            kept.rotate_right(1);
            if let Some(first) = kept.first_mut() {
                *first = Some(fresh);
            }
        }
    }
    match kept {
        [Some(own), ..] => Ok(own),
        _ => Err(keyviz_status::Internal),
    }
}

fn status(observed: Result<(), keyviz_status>) -> keyviz_status {
    match observed {
        Ok(()) => keyviz_status::Ok,
        Err(status) => status,
    }
}

/// Counts one operation on a route, with a recorder that the calling thread keeps; see `keyviz_recorder_observe`. A few
/// nanoseconds more than with a recorder of one's own. The first call of a thread makes its recorder.
///
/// Ownership: `key` is the host's, and read during the call; NULL is good for a key of no bytes.
/// Threads: any, any number at once. Not from a signal handler.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: those of the handle; `null_pointer`, `bad_argument`. A route that nobody registered is no error: it counts
/// as unattributed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_observe(
    sampler: keyviz_sampler,
    route: u64,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced_hot(|| {
        status(with(sampler, |own| {
            // SAFETY: the caller's word.
            let key = unsafe { bytes(key, key_len, "key") }?;
            #[cfg(feature = "fault")]
            #[expect(clippy::panic, reason = "the fault that a test asks for")]
            if route == u64::MAX {
                panic!("a fault in an observation, for the test");
            }
            own.recorder.observe(RouteId(route), self::op(op)?, key, value_len);
            Ok(())
        }))
    })
}

/// Counts one operation on a key, where keyviz makes the ranges (`auto_ranges`). Else it is unattributed.
///
/// Ownership: `key` is the host's, and read during the call; NULL is good for a key of no bytes. Boundaries are made
/// of the first 64 bytes of some keys, which are kept.
/// Threads: any, any number at once. Not from a signal handler.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: those of the handle; `null_pointer`, `bad_argument`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_observe_key(
    sampler: keyviz_sampler,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced_hot(|| {
        status(with(sampler, |own| {
            // SAFETY: the caller's word.
            let key = unsafe { bytes(key, key_len, "key") }?;
            own.recorder.observe_key(self::op(op)?, key, value_len);
            Ok(())
        }))
    })
}

/// As `keyviz_observe`, for traffic of a labelled origin.
///
/// Ownership: as `keyviz_observe`.
/// Threads: any, any number at once. Not from a signal handler.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: as `keyviz_observe`; `foreign_handle` for a label of another sampler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_observe_labelled(
    sampler: keyviz_sampler,
    route: u64,
    label: keyviz_label,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced_hot(|| {
        status(with(sampler, |own| {
            // SAFETY: the caller's word.
            let key = unsafe { bytes(key, key_len, "key") }?;
            let (op, label) = (self::op(op)?, own.labels.get(label)?);
            own.recorder.observe_labelled(RouteId(route), label, op, key, value_len);
            Ok(())
        }))
    })
}

/// As `keyviz_observe_key`, for traffic of a labelled origin.
///
/// Ownership: as `keyviz_observe_key`.
/// Threads: any, any number at once. Not from a signal handler.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: as `keyviz_observe`; `foreign_handle` for a label of another sampler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_observe_key_labelled(
    sampler: keyviz_sampler,
    label: keyviz_label,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced_hot(|| {
        status(with(sampler, |own| {
            // SAFETY: the caller's word.
            let key = unsafe { bytes(key, key_len, "key") }?;
            let (op, label) = (self::op(op)?, own.labels.get(label)?);
            own.recorder.observe_key_labelled(label, op, key, value_len);
            Ok(())
        }))
    })
}

/// Counts many operations with one call: by route, or by key where keyviz makes the ranges.
///
/// Ownership: `operations` and their keys are the host's, and read during the call.
/// Threads: any, any number at once. Not from a signal handler.
/// Units: `count` is how many operations there are.
/// Errors: as `keyviz_observe`, `foreign_handle` for a label of another sampler; none of the operations is counted then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_observe_batch(
    sampler: keyviz_sampler,
    operations: *const keyviz_operation,
    count: usize,
) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word.
        with(sampler, |own| unsafe { observe_batch(&own.recorder, &own.labels, own.by_key, operations, count) })
    })
}

/// Counts a range read; see `keyviz_recorder_observe_scan`.
///
/// Ownership: `scan`, its bounds and `routes` are the host's, and read during the call.
/// Threads: any, any number at once. Not from a signal handler.
/// Units: `route_count` is how many routes there are.
/// Errors: as `keyviz_recorder_observe_scan`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_observe_scan(
    sampler: keyviz_sampler,
    scan: *const keyviz_scan,
    routes: *const u64,
    route_count: usize,
) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word.
        with(sampler, |own| unsafe { scan::observe(&own.recorder, &own.labels, own.by_key, scan, routes, route_count) })
    })
}
