//! Range reads as they come in.

use std::ffi::c_void;

use keyviz_core::{Recorder, Scan};

use crate::input::{bytes, end, route_ids};
use crate::label::{LabelSet, keyviz_label};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;

/// One read of a range of keys, or several alike. All zero but for `size` is one read of everything.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_scan {
    /// `sizeof(keyviz_scan)`.
    pub size: usize,
    /// The lowest key asked for: the host's, read during the call.
    pub start: *const c_void,
    /// How many bytes it has.
    pub start_len: usize,
    /// What the keys asked for are below; NULL is unbounded.
    pub end: *const c_void,
    /// How many bytes it has.
    pub end_len: usize,
    /// Bytes of the keys and values that it gave.
    pub bytes: u64,
    /// How many there were alike; 0 is 1.
    pub times: u64,
    /// The traffic's origin, or none.
    pub label: keyviz_label,
    /// Not 0: it goes on where another call counted the read; scans alone are counted.
    pub continued: u32,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields and two of four, so without padding; numbers and pointers.
unsafe impl Sized_ for keyviz_scan {
    const LEAST: usize = 64;
}

const _: () = assert!(size_of::<keyviz_scan>() == 64);

/// # Safety
/// `scan` is NULL or of as many bytes as it says, its bounds point at theirs; `routes` points at `route_count`.
pub(crate) unsafe fn observe(
    recorder: &Recorder,
    labels: &LabelSet,
    by_key: bool,
    scan: *const keyviz_scan,
    routes: *const u64,
    route_count: usize,
) -> Result<(), keyviz_status> {
    let nothing = keyviz_scan {
        size: size_of::<keyviz_scan>(),
        start: std::ptr::null(),
        start_len: 0,
        end: std::ptr::null(),
        end_len: 0,
        bytes: 0,
        times: 0,
        label: keyviz_label { bits: 0 },
        continued: 0,
    };
    // SAFETY: the caller's word, for each.
    let (given, start, end, routes) = unsafe {
        let given = sized::read(scan, nothing, "scan")?;
        let (start, end) = (bytes(given.start, given.start_len, "start")?, end(given.end, given.end_len, "end")?);
        (given, start, end, route_ids(routes, route_count, "routes")?)
    };
    let scan = Scan {
        start,
        end,
        bytes: given.bytes,
        label: labels.get(given.label)?,
        times: given.times.max(1),
        continued: given.continued != 0,
    };
    if by_key {
        recorder.observe_scan(&scan);
    } else {
        recorder.observe_scan_routes(routes, &scan);
    }
    Ok(())
}
