//! Recorders that a host keeps itself.

use std::ffi::c_void;

use keyviz_core::{Recorder, RouteHandle, RouteId};

use crate::fence::{fenced, fenced_hot};
use crate::handle::Kind;
use crate::input::{bytes, out};
use crate::label::{LabelSet, keyviz_label};
use crate::object::Object;
use crate::operation::{keyviz_operation, observe_batch, op};
use crate::room;
use crate::sampler::{keyviz_sampler, pinned};
use crate::scan::{self, keyviz_scan};
use crate::status::keyviz_status;
use crate::table::{self, Place};

/// A recorder: one thread's own way to observe. All zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_recorder {
    /// keyviz's own.
    pub bits: u64,
}

/// Where a route is counted, so that it need not be looked up each time. All zero is a good beginning, and any bytes do
/// no harm.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_route {
    /// keyviz's own.
    pub bits: [u64; 3],
}

const _: () = assert!(size_of::<keyviz_route>() == size_of::<RouteHandle>());
const _: () = assert!(align_of::<keyviz_route>() == align_of::<RouteHandle>());

/// What is behind a recorder's handle.
pub(crate) struct OwnRecorder {
    pub(crate) recorder: Recorder,
    pub(crate) labels: LabelSet,
    /// Its sampler, to see whether that is open.
    pub(crate) sampler: u64,
    pub(crate) place: &'static Place,
    /// Whether keyviz makes the ranges.
    pub(crate) by_key: bool,
}

/// The recorder of a handle, whose sampler is open.
///
/// # Safety
/// No other thread uses or closes the recorder during `'a`.
#[inline]
unsafe fn own<'a>(handle: keyviz_recorder) -> Result<&'a OwnRecorder, keyviz_status> {
    // SAFETY: the caller's word.
    match unsafe { table::own(handle.bits) } {
        Some(Object::Recorder(own)) if own.place.is_live(own.sampler) => Ok(own),
        Some(Object::Recorder(own)) => Err(table::refuse(own.sampler, Kind::Sampler)),
        _ => Err(table::refuse(handle.bits, Kind::Recorder)),
    }
}

/// Opens a recorder. The first `max_recorders` at a time have counters of their own; further ones share, as exactly.
///
/// Ownership: the recorder is the host's to close, before or after its sampler.
/// Threads: any may open one. A recorder is used, and closed, by one thread at a time; a signal handler needs its own.
/// Units: none.
/// Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_open(
    sampler: keyviz_sampler,
    recorder: *mut keyviz_recorder,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let handle = unsafe { out(recorder, "recorder") }?;
        let own = OwnRecorder {
            recorder: host.sampler.recorder(),
            labels: host.labels,
            sampler: sampler.bits,
            place: host.place(),
            by_key: host.reader.config().partition.ranges() > 0,
        };
        let bits = table::put(Kind::Recorder, host.tag, Object::Recorder(Box::new(own)))?;
        handle.write(keyviz_recorder { bits });
        Ok(())
    })
}

/// Closes a recorder. What it has counted stays.
///
/// Ownership: the handle goes.
/// Threads: the one that uses it.
/// Units: none.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_recorder_close(recorder: keyviz_recorder) -> keyviz_status {
    fenced(|| table::close(table::pin(recorder.bits, Kind::Recorder)?, recorder.bits, Kind::Recorder))
}

/// Counts one operation on a route: 1 to the operation's count, `key_len + value_len` to its bytes. Some nanoseconds;
/// no lock, no allocation, no system call. The key's bytes are not kept, unless keys are sampled.
///
/// Where several nodes are seen as one, each operation is observed on one of them: a write by its leader, a read by the
/// node that serves it, a forwarded request by one of the two.
///
/// Ownership: `key` is the host's, and read during the call; NULL is good for a key of no bytes.
/// Threads: the one that uses the recorder.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: those of the handle and of its sampler; `null_pointer`, `bad_argument`. A route that nobody registered is
/// no error: it counts as unattributed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_observe(
    recorder: keyviz_recorder,
    route: u64,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced_hot(|| {
        // SAFETY: the caller's word, twice.
        let observed = unsafe { (own(recorder), bytes(key, key_len, "key")) };
        match (observed, self::op(op)) {
            ((Ok(own), Ok(key)), Ok(op)) => own.recorder.observe(RouteId(route), op, key, value_len),
            ((Err(status), _), _) | ((_, Err(status)), _) | (_, Err(status)) => return status,
        }
        keyviz_status::Ok
    })
}

/// Counts one operation on a key, where keyviz makes the ranges (`auto_ranges`). Else it is unattributed.
///
/// Ownership: as `keyviz_recorder_observe`. Boundaries are made of the first 64 bytes of some keys, which are kept.
/// Threads: the one that uses the recorder.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: as `keyviz_recorder_observe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_observe_key(
    recorder: keyviz_recorder,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced_hot(|| {
        // SAFETY: the caller's word, twice.
        let observed = unsafe { (own(recorder), bytes(key, key_len, "key")) };
        match (observed, self::op(op)) {
            ((Ok(own), Ok(key)), Ok(op)) => own.recorder.observe_key(op, key, value_len),
            ((Err(status), _), _) | ((_, Err(status)), _) | (_, Err(status)) => return status,
        }
        keyviz_status::Ok
    })
}

/// As `keyviz_recorder_observe`, for traffic of a labelled origin.
///
/// Ownership: as `keyviz_recorder_observe`.
/// Threads: the one that uses the recorder.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: as `keyviz_recorder_observe`; `foreign_handle` for a label of another sampler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_observe_labelled(
    recorder: keyviz_recorder,
    route: u64,
    label: keyviz_label,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word, twice.
        let (own, key) = unsafe { (own(recorder)?, bytes(key, key_len, "key")?) };
        let (op, label) = (self::op(op)?, own.labels.get(label)?);
        own.recorder.observe_labelled(RouteId(route), label, op, key, value_len);
        Ok(())
    })
}

/// As `keyviz_recorder_observe_key`, for traffic of a labelled origin.
///
/// Ownership: as `keyviz_recorder_observe_key`.
/// Threads: the one that uses the recorder.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: as `keyviz_recorder_observe`; `foreign_handle` for a label of another sampler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_observe_key_labelled(
    recorder: keyviz_recorder,
    label: keyviz_label,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word, twice.
        let (own, key) = unsafe { (own(recorder)?, bytes(key, key_len, "key")?) };
        let (op, label) = (self::op(op)?, own.labels.get(label)?);
        own.recorder.observe_key_labelled(label, op, key, value_len);
        Ok(())
    })
}

/// As `keyviz_recorder_observe`, without the lookup while `where` is up to date. Begin with `where` all zero.
///
/// A `where` that is out of date (its route was removed, folded, registered anew, or it is another route's) is looked up
/// by `route` and refreshed; the counter `stale_handles` has how often.
///
/// Ownership: `key` and `where` are the host's; `where` is changed.
/// Threads: the one that uses the recorder; no other thread uses `where` meanwhile.
/// Units: bytes; `op` is a number of `keyviz_op`.
/// Errors: as `keyviz_recorder_observe`; `null_pointer` for `where`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_observe_at(
    recorder: keyviz_recorder,
    route: u64,
    r#where: *mut keyviz_route,
    op: u32,
    key: *const c_void,
    key_len: usize,
    value_len: u64,
) -> keyviz_status {
    fenced_hot(|| {
        let observe = || {
            // SAFETY: the caller's word, twice.
            let (own, key) = unsafe { (own(recorder)?, bytes(key, key_len, "key")?) };
            let op = self::op(op)?;
            // SAFETY: the caller's word; aligned or refused.
            unsafe { out(r#where, "where") }?;
            // SAFETY: as many bytes, as aligned; its fields are numbers, so any bytes are a handle, and the core
            // checks what it is told by one.
            let handle = unsafe { &mut *r#where.cast::<RouteHandle>() };
            if handle.route() != RouteId(route) {
                *handle = own.recorder.handle(RouteId(route));
            }
            own.recorder.observe_handle(handle, op, key, value_len);
            Ok(())
        };
        match observe() {
            Ok(()) => keyviz_status::Ok,
            Err(status) => status,
        }
    })
}

/// Counts many operations with one call: by route, or by key where keyviz makes the ranges.
///
/// Ownership: `operations` and their keys are the host's, and read during the call.
/// Threads: the one that uses the recorder.
/// Units: `count` is how many operations there are.
/// Errors: as `keyviz_recorder_observe`, `foreign_handle` for a label of another sampler; none of the operations is
/// counted then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_observe_batch(
    recorder: keyviz_recorder,
    operations: *const keyviz_operation,
    count: usize,
) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word, twice.
        unsafe {
            let own = own(recorder)?;
            observe_batch(&own.recorder, &own.labels, own.by_key, operations, count)
        }
    })
}

/// Counts a range read: a read in the first range that it touches, and a scan in each.
///
/// Where the host registers routes it names those touched, in key order; where keyviz makes the ranges, `route_count` is
/// 0. At most 1024 ranges are counted of one call; `scan_ranges_cut` has the others.
///
/// Ownership: `scan`, its bounds and `routes` are the host's, and read during the call.
/// Threads: the one that uses the recorder.
/// Units: `route_count` is how many routes there are.
/// Errors: those of the handle and of its sampler; `null_pointer`, `bad_struct_size`, `bad_argument`; `foreign_handle`
/// for a label of another sampler. Nothing is counted then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_recorder_observe_scan(
    recorder: keyviz_recorder,
    scan: *const keyviz_scan,
    routes: *const u64,
    route_count: usize,
) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word, twice.
        unsafe {
            let own = own(recorder)?;
            scan::observe(&own.recorder, &own.labels, own.by_key, scan, routes, route_count)
        }
    })
}
