//! Hot keys: as an array, and as JSON.

use std::ffi::c_void;

use keyviz_core::wire::{self, decode};
use keyviz_core::{HotKey, HotKeys, HotKeysOf, HotKeysQuery, Labels, NoHotKeys, RouteId};

use crate::buffer::{give, give_tagged, keyviz_buffer};
use crate::fence::fenced;
use crate::fork;
use crate::handle::Kind;
use crate::held::Held;
use crate::input::{bytes, items, out};
use crate::last_error::fail;
use crate::object::Object;
use crate::query::{self, keyviz_query};
use crate::room;
use crate::sampler::{Host, keyviz_sampler, pinned};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;
use crate::table;
use crate::tag;

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
    /// Samples dropped in these columns, of any route.
    pub dropped: u64,
    /// Operations on keys too long to be sampled in these columns, of any route.
    pub too_long: u64,
    /// Operations of recorders that sample nothing, in these columns, of any route.
    pub unsampled: u64,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields, two of four between, so without padding; numbers and a pointer.
unsafe impl Sized_ for keyviz_hot_key_list {
    const LEAST: usize = 96;
}

const _: () = assert!(size_of::<keyviz_hot_key_list>() == 120);

/// What the list points into.
pub(crate) struct HotKeysTable {
    list: keyviz_hot_key_list,
    hot: HotKeys,
    /// Whose they are, and the labels that this names.
    of: HotKeysOf,
    labels: Labels,
    tag: u32,
    _keys: Vec<keyviz_hot_key>,
}

// SAFETY: the pointers go into the table's own memory, which nobody changes.
unsafe impl Send for HotKeysTable {}
// SAFETY: as above.
unsafe impl Sync for HotKeysTable {}

impl HotKeysTable {
    fn of(hot: HotKeys, of: HotKeysOf, labels: Labels, tag: u32) -> Self {
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
            dropped: hot.dropped,
            too_long: hot.too_long,
            unsampled: hot.unsampled,
        };
        HotKeysTable { list, hot, of, labels, tag, _keys: keys }
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
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `foreign_handle`, `out_of_memory`, `too_many_handles`;
/// and why there are none: `hot_keys_disabled`, `no_snapshot`, `expired`, `out_of_snapshot_window`, `no_sketch`,
/// `below_threshold`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_hot_keys_read(
    sampler: keyviz_sampler,
    query: *const keyviz_query,
    hot_keys: *mut keyviz_hot_keys,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (asked, handle) = unsafe { (asked(&host, query)?, out(hot_keys, "hot_keys")?) };
        room::for_rows()?;
        let hot = host.reader.hot_keys(&asked).map_err(none)?;
        let labels = host.reader.config().labels.clone();
        handle.write(put(HotKeysTable::of(hot, asked.of, labels, host.tag))?);
        Ok(())
    })
}

fn put(table: HotKeysTable) -> Result<keyviz_hot_keys, keyviz_status> {
    let bits = table::put(Kind::HotKeys, table.tag, Object::HotKeys(Box::new(table)))?;
    Ok(keyviz_hot_keys { bits })
}

/// Reads another node's hot keys: the body of its `/hotkeys`. The bytes may be anything: what is no such answer is
/// refused.
///
/// Ownership: `json` is the host's, and read during the call. The list is the host's to close.
/// Threads: any.
/// Units: bytes. At most 1024 keys are read, of 65 536 bytes each.
/// Errors: `null_pointer`, `bad_argument`, `bad_answer`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_hot_keys_decode(
    json: *const c_void,
    len: usize,
    hot_keys: *mut keyviz_hot_keys,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        fork::watch()?;
        // SAFETY: the caller's word, twice.
        let (json, handle) = unsafe { (bytes(json, len, "json")?, out(hot_keys, "hot_keys")?) };
        let limits = decode::Limits::default();
        room::for_decoding(json, limits.bytes)?;
        let answer = decode::hot_keys(json, &limits)
            .map_err(|error| fail(keyviz_status::BadAnswer, format_args!("the hot keys: {error}")))?;
        handle.write(put(HotKeysTable::of(answer.hot, answer.of, answer.labels, tag::next()))?);
        Ok(())
    })
}

/// Makes one list of several nodes' lists: counts, errors and bounds add up key by key. Whatever the order of the lists,
/// the result is the same, but that it is of the route or range, and of the series, that the first list is of.
///
/// Ownership: the lists stay the host's; the one that is made is the host's to close, too.
/// Threads: any.
/// Units: `count` is how many lists there are; `top` is the most keys, 0 is as many as there may be, 1024.
/// Errors: those of the lists' handles; `null_pointer`, `bad_argument`, `nothing_named` without any list,
/// `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_hot_keys_merge(
    lists: *const keyviz_hot_keys,
    count: usize,
    top: u32,
    hot_keys: *mut keyviz_hot_keys,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        // SAFETY: the caller's word, twice.
        let (lists, handle) = unsafe { (items(lists, count, "lists")?, out(hot_keys, "hot_keys")?) };
        let mut bytes = 0_usize;
        for list in lists {
            let table = Held::<HotKeysTable>::behind(list.bits)?;
            let keys = table.hot.keys.iter().map(|hot| hot.key.len().saturating_add(size_of::<HotKey>()));
            bytes = bytes.saturating_add(keys.fold(0, usize::saturating_add));
        }
        room::of(bytes.saturating_mul(4))?;
        let (mut answers, mut first) = (Vec::new(), None);
        for list in lists {
            let table = Held::<HotKeysTable>::behind(list.bits)?;
            answers.push(table.hot.clone());
            first.get_or_insert_with(|| (table.of.clone(), table.labels.clone(), table.tag));
        }
        let Some((of, labels, tag)) = first else {
            return Err(fail(keyviz_status::NothingNamed, format_args!("no list was given")));
        };
        let merged = HotKeys::merge(&answers, top as usize);
        handle.write(put(HotKeysTable::of(merged, of, labels, tag))?);
        Ok(())
    })
}

/// Gives a list of hot keys as JSON: the body of `/hotkeys`.
///
/// Ownership: the list stays the host's; the buffer is the host's to close.
/// Threads: any.
/// Units: operations; keys are base64.
/// Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_hot_keys_list_json(
    hot_keys: keyviz_hot_keys,
    buffer: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        let table = Held::<HotKeysTable>::behind(hot_keys.bits)?;
        let mut json = room::for_keys(&table.hot)?;
        wire::encode::hot_keys(&table.hot, &table.of, &table.labels, &mut json);
        // SAFETY: the caller's word.
        unsafe { give_tagged(table.tag, json.into_bytes(), buffer) }
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
        let table = Held::<HotKeysTable>::behind(hot_keys.bits)?;
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
    fenced(|| Held::<HotKeysTable>::behind(hot_keys.bits)?.close(hot_keys.bits))
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
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let asked = unsafe { asked(&host, query) }?;
        room::for_rows()?;
        let hot = host.reader.hot_keys(&asked).map_err(none)?;
        let mut json = room::for_keys(&hot)?;
        wire::encode::hot_keys(&hot, &asked.of, &host.reader.config().labels, &mut json);
        // SAFETY: the caller's word.
        unsafe { give(&host, json.into_bytes(), buffer) }
    })
}
