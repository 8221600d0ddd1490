//! Hot keys: as an array, and as JSON.

use std::ffi::c_void;

use keyviz_core::{HotKeys, HotKeysOf, HotKeysQuery, NoHotKeys, RouteId, wire};

use crate::buffer::{give, keyviz_buffer};
use crate::fence::fenced;
use crate::handle::Kind;
use crate::input::out;
use crate::last_error::fail;
use crate::object::Object;
use crate::query::{self, keyviz_query};
use crate::sampler::{Host, keyviz_sampler, pinned};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;
use crate::table;

/// A list of hot keys that was read. All zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_hot_keys {
    /// keyviz's own.
    pub bits: u64,
}

/// A key and what is known of it: `count - error <= truth <= count + error_bound` for what its samples stand for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_hot_key {
    /// Its bytes.
    pub key: *const c_void,
    /// How many they are.
    pub key_len: usize,
    /// How many operations it had.
    pub count: u64,
    /// By how much `count` may be too high.
    pub error: u64,
}

/// The hottest keys of a route or of a range, in some columns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_hot_key_list {
    /// `sizeof(keyviz_hot_key_list)`.
    pub size: usize,
    /// The keys, the hottest first.
    pub keys: *const keyviz_hot_key,
    /// How many there are.
    pub count: usize,
    /// Operations that the samples stand for.
    pub operations: u64,
    /// How many samples there were.
    pub samples: u64,
    /// One operation in so many was sampled at the most.
    pub least_every: u64,
    /// One operation in so many was sampled at the least.
    pub most_every: u64,
    /// What a key that is not listed had at the most.
    pub error_bound: u64,
    /// Start of the first column, in Unix milliseconds.
    pub from_ms: u64,
    /// End of the last one.
    pub to_ms: u64,
    /// When that was flushed.
    pub as_of_ms: u64,
    /// 1: something is lacking: samples were dropped, keys too long, operations not sampled.
    pub degraded: u32,
    /// 1: they are those of a virtual bucket.
    pub aggregate: u32,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields and two of four, so without padding; numbers and a pointer.
unsafe impl Sized_ for keyviz_hot_key_list {
    const LEAST: usize = 96;
}

const _: () = assert!(size_of::<keyviz_hot_key_list>() == 96);

/// What the list points into.
pub(crate) struct HotKeysTable {
    list: keyviz_hot_key_list,
    _hot: HotKeys,
    _keys: Vec<keyviz_hot_key>,
}

// SAFETY: the pointers go into the table's own memory, which nobody changes.
unsafe impl Send for HotKeysTable {}
// SAFETY: as above.
unsafe impl Sync for HotKeysTable {}

impl HotKeysTable {
    fn of(hot: HotKeys) -> Self {
        let keys: Vec<keyviz_hot_key> = (hot.keys.iter())
            .map(|hot| keyviz_hot_key {
                key: hot.key.as_ptr().cast::<c_void>(),
                key_len: hot.key.len(),
                count: hot.count,
                error: hot.error,
            })
            .collect();
        let list = keyviz_hot_key_list {
            size: size_of::<keyviz_hot_key_list>(),
            keys: keys.as_ptr(),
            count: keys.len(),
            operations: hot.operations,
            samples: hot.samples,
            least_every: hot.least_every,
            most_every: hot.most_every,
            error_bound: hot.error_bound,
            from_ms: hot.from_ms,
            to_ms: hot.to_ms,
            as_of_ms: hot.as_of_ms,
            degraded: hot.degraded.into(),
            aggregate: hot.aggregate.into(),
        };
        HotKeysTable { list, _hot: hot, _keys: keys }
    }
}

fn none(why: NoHotKeys) -> keyviz_status {
    let status = match why {
        NoHotKeys::Disabled => keyviz_status::HotKeysDisabled,
        NoHotKeys::NoSnapshot => keyviz_status::NoSnapshot,
        NoHotKeys::Expired => keyviz_status::Expired,
        NoHotKeys::OutOfSnapshotWindow => keyviz_status::OutOfSnapshotWindow,
        NoHotKeys::NoSketch => keyviz_status::NoSketch,
        NoHotKeys::BelowThreshold => keyviz_status::BelowThreshold,
        _ => keyviz_status::Internal,
    };
    fail(status, format_args!("{why}"))
}

/// # Safety
/// `query` is NULL or of as many bytes as it says, with its bounds.
unsafe fn asked(host: &Host, query: *const keyviz_query) -> Result<HotKeysQuery, keyviz_status> {
    // SAFETY: the caller's word, twice.
    let (given, (start, end)) = unsafe {
        let given = query::given(query)?;
        (given, given.bounds()?)
    };
    let of = if given.by_route == 0 {
        HotKeysOf::Range { start: start.to_vec(), end: end.map(<[u8]>::to_vec) }
    } else {
        HotKeysOf::Route {
            route: RouteId(given.route),
            label: given.label(host)?,
            sub_bucket: (given.by_sub_bucket != 0).then_some(given.sub_bucket),
        }
    };
    let (top, from_ms, to_ms) = (given.rows as usize, given.from_ms, given.to_ms);
    Ok(HotKeysQuery { of, series: given.series()?, top, from_ms, to_ms })
}

/// Reads the hottest keys of a route or of a range, now (the open column and the last sealed one) or in a time.
///
/// Counts come of samples, each with its error.
///
/// Ownership: `query` and its bounds are the host's, read during the call; NULL asks for the writes of all keys. The
/// list is the host's to close.
/// Threads: any; nothing waits for it.
/// Units: operations, as the fields say.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `foreign_handle`, `too_many_handles`;
/// and why there are none: `hot_keys_disabled`, `no_snapshot`, `expired`, `out_of_snapshot_window`, `no_sketch`,
/// `below_threshold`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_hot_keys_read(
    sampler: keyviz_sampler,
    query: *const keyviz_query,
    hot_keys: *mut keyviz_hot_keys,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (asked, handle) = unsafe { (asked(&host, query)?, out(hot_keys, "hot_keys")?) };
        let table = HotKeysTable::of(host.reader.hot_keys(&asked).map_err(none)?);
        let bits = table::put(Kind::HotKeys, host.tag, Object::HotKeys(Box::new(table)))?;
        handle.write(keyviz_hot_keys { bits });
        Ok(())
    })
}

/// Shows a list of hot keys.
///
/// Ownership: `list` is the host's, its `size` has to be set; what it points at is keyviz's, and good until the list is
/// closed.
/// Threads: any.
/// Units: operations, milliseconds, as the fields say.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_hot_keys_view(
    hot_keys: keyviz_hot_keys,
    list: *mut keyviz_hot_key_list,
) -> keyviz_status {
    fenced(|| {
        let pin = table::pin(hot_keys.bits, Kind::HotKeys)?;
        let Some(Object::HotKeys(table)) = pin.object() else {
            return Err(table::refuse(hot_keys.bits, Kind::HotKeys));
        };
        // SAFETY: the caller's word.
        unsafe { sized::write(list, &table.list, "list") }
    })
}

/// Closes a list of hot keys.
///
/// Ownership: the handle goes, and its keys with it.
/// Threads: any.
/// Units: none.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_hot_keys_close(hot_keys: keyviz_hot_keys) -> keyviz_status {
    fenced(|| table::close(table::pin(hot_keys.bits, Kind::HotKeys)?, hot_keys.bits, Kind::HotKeys))
}

/// Reads hot keys as JSON: the body of `/hotkeys`.
///
/// Ownership: as `keyviz_hot_keys_read`; the buffer is the host's to close.
/// Threads: any; nothing waits for it.
/// Units: operations; keys are base64.
/// Errors: as `keyviz_hot_keys_read`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_hot_keys_json(
    sampler: keyviz_sampler,
    query: *const keyviz_query,
    buffer: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let asked = unsafe { asked(&host, query) }?;
        let hot = host.reader.hot_keys(&asked).map_err(none)?;
        let mut json = String::new();
        wire::encode::hot_keys(&hot, &asked.of, &host.reader.config().labels, &mut json);
        // SAFETY: the caller's word.
        unsafe { give(&host, json.into_bytes(), buffer) }
    })
}
