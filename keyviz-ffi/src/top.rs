//! The hottest ranges now: as an array, and as JSON.

use std::ffi::c_void;
use std::ptr;

use keyviz_core::{Series, Top, TopQuery, TopRow, wire};

use crate::buffer::{give, keyviz_buffer};
use crate::fence::fenced;
use crate::handle::Kind;
use crate::held::Held;
use crate::input::{KEYVIZ_NOW, instant, out};
use crate::object::Object;
use crate::query::{self, keyviz_query};
use crate::room;
use crate::sampler::{Host, keyviz_sampler, lock, pinned};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;
use crate::table;

/// A list of the hottest ranges that was read. All zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_top {
    /// keyviz's own.
    pub bits: u64,
}

/// One range.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_top_row {
    /// The route, or the virtual bucket's id.
    pub route: u64,
    /// Lower bound.
    pub start: *const c_void,
    /// How many bytes it has; none is the lowest key.
    pub start_len: usize,
    /// Upper bound; NULL is unbounded.
    pub end: *const c_void,
    /// How many bytes it has.
    pub end_len: usize,
    /// The owning group, 0 for none.
    pub group: u64,
    /// Its term, 0 for unknown.
    pub term: u64,
    /// What it took in the window.
    pub value: u64,
    /// What it took in the window before, where `has_before` is 1.
    pub before: u64,
    /// Which division of the route.
    pub sub_bucket: u32,
    /// How many divisions the route has.
    pub sub_buckets: u32,
    /// 1: it is a virtual bucket.
    pub aggregate: u32,
    /// 0 where there is no window before, or its keys were counted under other bounds.
    pub has_before: u32,
}

/// The hottest ranges of the newest window, beside the window before.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_top_list {
    /// `sizeof(keyviz_top_list)`.
    pub size: usize,
    /// The ranges, the hottest first.
    pub rows: *const keyviz_top_row,
    /// How many there are.
    pub count: usize,
    /// How many ranges took something, those beyond the limit included.
    pub ranges: u64,
    /// Where the window begins, in Unix milliseconds; 0 with `end_ms` 0 before anything was flushed.
    pub start_ms: u64,
    /// Where it ends.
    pub end_ms: u64,
    /// How long it is covered, in milliseconds: what a rate is over.
    pub covers_ms: u64,
    /// What all ranges asked for took in it.
    pub total: u64,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields alone; numbers and a pointer.
unsafe impl Sized_ for keyviz_top_list {
    const LEAST: usize = 64;
}

const _: () = assert!(size_of::<keyviz_top_list>() == 64);

/// What the list points into.
pub(crate) struct TopTable {
    list: keyviz_top_list,
    _top: Top,
    _rows: Vec<keyviz_top_row>,
}

// SAFETY: the pointers go into the table's own memory, which nobody changes.
unsafe impl Send for TopTable {}
// SAFETY: as above.
unsafe impl Sync for TopTable {}

fn row(row: &TopRow) -> keyviz_top_row {
    keyviz_top_row {
        route: row.route.0,
        start: row.start.as_ptr().cast::<c_void>(),
        start_len: row.start.len(),
        end: row.end.as_ref().map_or(ptr::null(), |end| end.as_ptr().cast::<c_void>()),
        end_len: row.end.as_ref().map_or(0, Vec::len),
        group: row.group,
        term: row.term,
        value: row.value,
        before: row.before.unwrap_or(0),
        sub_bucket: row.sub_bucket,
        sub_buckets: row.sub_buckets,
        aggregate: row.aggregate.into(),
        has_before: row.before.is_some().into(),
    }
}

impl TopTable {
    fn of(top: Top) -> Self {
        let rows: Vec<keyviz_top_row> = top.rows.iter().map(row).collect();
        let list = keyviz_top_list {
            size: size_of::<keyviz_top_list>(),
            rows: rows.as_ptr(),
            count: rows.len(),
            ranges: top.ranges as u64,
            start_ms: top.now.map_or(0, |now| now.start_ms),
            end_ms: top.now.map_or(0, |now| now.end_ms),
            covers_ms: top.now.map_or(0, |now| now.covers_ms),
            total: top.now.map_or(0, |now| now.total),
        };
        TopTable { list, _top: top, _rows: rows }
    }
}

/// # Safety
/// `query` is NULL or of as many bytes as it says, with its bounds.
unsafe fn asked(host: &Host, query: *const keyviz_query) -> Result<TopQuery, keyviz_status> {
    // SAFETY: the caller's word, twice.
    let (given, (start, end)) = unsafe {
        let given = query::given(query)?;
        (given, given.bounds()?)
    };
    let series = if query.is_null() { Series::Ops } else { given.series()? };
    let limit = if given.rows == 0 { TopQuery::default().limit } else { given.rows as usize };
    Ok(TopQuery { series, limit, label: given.label(host)?, start: start.to_vec(), end: end.map(<[u8]>::to_vec) })
}

/// Reads the hottest ranges of the newest window, beside the window before.
///
/// Ownership: `query` and its bounds are the host's, read during the call; NULL asks for the 20 ranges with the most
/// operations, all zero but for `size` for the 20 with the most writes. The list is the host's to close.
/// Threads: any; nothing waits for it.
/// Units: operations or bytes, as the series says. `rows` 0 is 20.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `foreign_handle`, `out_of_memory`,
/// `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_top_read(
    sampler: keyviz_sampler,
    query: *const keyviz_query,
    top: *mut keyviz_top,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (asked, handle) = unsafe { (asked(&host, query)?, out(top, "top")?) };
        room::for_top(&host)?;
        let table = TopTable::of(host.reader.top(&asked));
        let bits = table::put(Kind::Top, host.tag, Object::Top(Box::new(table)))?;
        handle.write(keyviz_top { bits });
        Ok(())
    })
}

/// Shows a list of the hottest ranges.
///
/// Ownership: `list` is the host's, its `size` has to be set; what it points at is keyviz's, and good until the list is
/// closed.
/// Threads: any.
/// Units: as the fields say.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_top_view(top: keyviz_top, list: *mut keyviz_top_list) -> keyviz_status {
    fenced(|| {
        let table = Held::<TopTable>::behind(top.bits)?;
        // SAFETY: the caller's word.
        unsafe { sized::write(list, &table.list, "list") }
    })
}

/// Closes a list of the hottest ranges.
///
/// Ownership: the handle goes, and its rows with it.
/// Threads: any.
/// Units: none.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_top_close(top: keyviz_top) -> keyviz_status {
    fenced(|| Held::<TopTable>::behind(top.bits)?.close(top.bits))
}

/// Reads the hottest ranges as JSON: the body of `/top`.
///
/// Ownership: as `keyviz_top_read`; the buffer is the host's to close.
/// Threads: any; nothing waits for it.
/// Units: as `keyviz_top_read`; bounds are base64.
/// Errors: as `keyviz_top_read`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_top_json(
    sampler: keyviz_sampler,
    query: *const keyviz_query,
    buffer: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let asked = unsafe { asked(&host, query) }?;
        let names = lock(&host.names).clone();
        room::for_top(&host)?;
        let top = host.reader.top(&asked);
        let mut json = room::for_ranges(&top)?;
        wire::encode::top(&top, instant(KEYVIZ_NOW), names.as_deref(), &|_| None, &mut json);
        // SAFETY: the caller's word.
        unsafe { give(&host, json.into_bytes(), buffer) }
    })
}
