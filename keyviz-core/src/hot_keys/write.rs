//! A column's hot keys, written down: sketch by sketch, the heaviest first.
//!
//! Of each: route, which of its cells (division, label, virtual or not, operation), the route's bounds, what its
//! samples stand for and how many there are, what a key that is not listed had at the most, then the keys with
//! count and error, the heaviest first. Numbers are variable-length integers, bytes follow their length.

use crate::bound::Bound;
use crate::column::varint;
use crate::hot_keys::sketches::{Head, SketchView, Sketches};
use crate::key_history::RecordWriter;
use crate::layout::Layout;
use crate::seat::SeatMeta;
use crate::shared::Shared;

/// Where there is no room for all, so many keys of each cell stay at the least.
const LEAST_KEYS: usize = 20;

/// What was written.
pub(crate) struct Written {
    pub(crate) len: usize,
    /// What the samples of sketches stand for that there was no room for.
    pub(crate) unlisted: u64,
}

/// Writes a record of at most `limit` bytes. Where not all keys of all cells have room, it has fewer of each, then
/// fewer cells.
pub(crate) fn record(
    writer: RecordWriter<'_>,
    limit: Option<usize>,
    shared: &Shared,
    layout: &Layout,
    seats: &[SeatMeta],
    sketches: &mut Sketches<'_>,
) -> Written {
    let mut most = layout.sketch_keys;
    loop {
        let mut writer = writer.clone();
        writer.limit = limit.map_or(writer.limit, |limit| limit.min(writer.limit));
        let mut unlisted = 0u64;
        for (head, view) in sketches.heaviest() {
            let before = writer.clone();
            if !sketch(&mut writer, shared, layout, seats, (&head, &view), most) {
                writer = before;
                unlisted = unlisted.saturating_add(head.weight);
            }
        }
        if unlisted == 0 || most <= LEAST_KEYS {
            return Written { len: writer.finish(), unlisted };
        }
        most = (most / 2).max(LEAST_KEYS);
    }
}

/// Writes a sketch; `false` where there is no room for it.
fn sketch(
    writer: &mut RecordWriter<'_>,
    shared: &Shared,
    layout: &Layout,
    seats: &[SeatMeta],
    (head, view): (&Head, &SketchView<'_>),
    most: usize,
) -> bool {
    let (seat, lane, sub) = layout.place_of((head.slot >> 1) as usize);
    let Some(meta) = seats.get(seat) else { return true };
    let is_virtual = u64::from(layout.is_virtual(seat as u32));
    let which = (sub as u64) << 6 | (lane as u64) << 2 | is_virtual << 1 | (head.slot & 1);
    let start = Bound::whole(&shared.slab, meta.start);
    let end = Bound::whole(&shared.slab, meta.end);
    let cut = view.entries().nth(most).map_or(0, |entry| entry.count);
    let keys = view.entries().take(most);
    let written = varint(writer, meta.route)
        && varint(writer, which)
        && varint(writer, start.len() as u64)
        && writer.bytes(start.bytes())
        && varint(writer, if meta.end.is_none() { 0 } else { end.len() as u64 + 1 })
        && (meta.end.is_none() || writer.bytes(end.bytes()))
        && varint(writer, head.weight)
        && varint(writer, head.samples)
        && varint(writer, view.least().max(cut))
        && varint(writer, view.entries().count().min(most) as u64);
    written
        && keys.into_iter().all(|entry| {
            let key = view.key(&entry);
            varint(writer, entry.count)
                && varint(writer, entry.error)
                && varint(writer, key.len() as u64)
                && writer.bytes(key.iter().copied())
        })
}
