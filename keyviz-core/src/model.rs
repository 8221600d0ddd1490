//! What the models in `loom-tests` need to know of the inside. Not there without `cfg(keyviz_loom)`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::config::Config;
use crate::halves::Writer;
use crate::history::ColumnState;
use crate::key_history::{KeyHistory, KeyLog, RecordHead};
use crate::layout::Layout;
use crate::lineage::Lineage;
use crate::pages::PageEntry;
use crate::pool::{Heap, Source};
use crate::range_samples::ShortKey;
use crate::reader::Reader;
use crate::reading::Reading;
use crate::recorder::Recorder;
use crate::route::RouteId;
use crate::sync::Ordering;
use crate::table::{Found, hash};

/// See `sync`: a second machine for the models, stronger than the language's.
pub fn stores_take_effect_at_once() {
    crate::sync::stores_take_effect_at_once();
}

/// The first `count` route ids, from 1 on, whose entries belong in the table's first place.
pub fn routes_of_one_home(config: &Config, count: usize) -> Vec<u64> {
    let len = Layout::new(config).map_or(1, |layout| layout.table_len);
    let home = |route: &u64| (hash(*route) >> (64 - len.trailing_zeros())) == 0;
    (1..).filter(home).take(count).collect()
}

/// The flush epoch that a recorder's page of slots is marked with, as a relaxed load may see it.
pub fn epoch_of_page(writer: &Writer, row: usize, page: usize) -> Option<u32> {
    let entry = PageEntry(writer.shared.pages.entry(row, page)?.load(Ordering::Relaxed));
    entry.base().map(|_| entry.epoch())
}

/// Makes recorders on another thread than the writer's, as `Sampler` does.
pub fn recorder_of(reader: &Reader) -> impl Fn() -> Recorder + Send + 'static {
    let shared = Arc::clone(&reader.shared);
    move || Recorder::new(Arc::clone(&shared))
}

/// Lets a route leave its seat and share a bucket, as a registration or the seal of a column may.
pub fn fold(writer: &mut Writer, route: RouteId) -> bool {
    let Found::Seat(seat) = writer.shared.find(route.0) else { return false };
    writer.state.fold(&writer.shared, seat as u32)
}

/// Gives a member a seat of its own, as the seal of a column may.
pub fn promote(writer: &mut Writer, route: RouteId) -> bool {
    member(writer, route).is_some_and(|member| writer.state.promote(&writer.shared, member, 0))
}

/// Divides the bucket of a member before it, as a promotion may.
pub fn divide(writer: &mut Writer, before: RouteId) -> bool {
    let Some(place) = member(writer, before).map(|member| writer.state.place_of(member)) else { return false };
    let Some(bucket) = writer.state.bucket_at(place) else { return false };
    writer.state.split_run(&writer.shared, bucket, place)
}

/// Makes one bucket of those of two members, which lie side by side, as the seal of a column may.
pub fn join(writer: &mut Writer, left: RouteId, right: RouteId) -> bool {
    let [left, right] = [left, right].map(|route| {
        let member = member(writer, route)?;
        writer.state.bucket_at(writer.state.place_of(member))
    });
    let (Some(left), Some(right)) = (left, right) else { return false };
    writer.state.merge_runs(&writer.shared, left, right);
    true
}

fn member(writer: &Writer, route: RouteId) -> Option<u32> {
    let Found::Member(member) = writer.shared.find(route.0) else { return None };
    Some(member as u32)
}

/// The seat of a member's bucket, as the writer knows it.
pub fn bucket_seat(writer: &Writer, route: RouteId) -> Option<usize> {
    Some(writer.state.members.get(member(writer, route)?)?.bucket as usize)
}

/// The seat of the bucket that a recorder counts a route in when it has found a member's number for it.
pub fn seat_of_number(reader: &Reader, member: usize, route: RouteId) -> Option<usize> {
    reader.shared.members.bucket(member, route.0)
}

/// Whether a look at the index finds the open column.
pub fn has_open_column(reader: &Reader) -> bool {
    reader.shared.history.heads().iter().any(|(_, head)| head.state == ColumnState::Open)
}

/// Takes the sampled keys: of each the weight and the key.
pub fn take_keys(writer: &mut Writer) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let Writer { shared, state } = writer;
    crate::hot_keys::take_samples(shared, &state.layout, &mut state.key_scratch, |sample| {
        found.push((sample.weight, sample.key.to_vec()))
    });
    found
}

/// The hot keys kept, alone: words for two records of a word each, and entries for two sealed columns.
pub struct KeyRecords {
    history: Arc<KeyHistory>,
    log: KeyLog,
}

impl KeyRecords {
    pub fn new(config: &Config) -> Option<Self> {
        let mut layout = Layout::new(config).ok()?;
        (layout.record_ring, layout.record_open, layout.record_sealed, layout.records) = (2, 1, 1, 2);
        let history = KeyHistory::new(Heap::shared(4).ok()?, Heap::shared(4).ok()?);
        Some(KeyRecords { history: Arc::new(history), log: KeyLog::new(&layout) })
    }

    /// Publishes a record whose head and bytes say `number`, of the column that ends then.
    pub fn tell(&mut self, number: u8, seal: bool) {
        let mut writer = self.log.begin(&self.history);
        writer.bytes([number; 8].into_iter());
        let len = writer.finish();
        let number = u64::from(number);
        let head = RecordHead { end_ms: number, as_of_ms: number, samples: number, ..RecordHead::default() };
        if seal { self.log.seal(&self.history, head, len) } else { self.log.publish(&self.history, head, len) }
    }

    /// A reader: of each record what its head says, and its first word.
    pub fn reader(&self) -> impl Fn() -> Vec<(u64, u64)> + Send + 'static {
        let history = Arc::clone(&self.history);
        move || {
            let (_, records) = history.read(|_| true);
            records.iter().map(|(head, words)| (head.samples, words.first().copied().unwrap_or(0))).collect()
        }
    }
}

/// Samples of keys dropped for want of room.
pub fn keys_dropped(reader: &Reader) -> u64 {
    reader.shared.key_samples.dropped()
}

/// Folds the columns that are due once a column ends at `newest_end_ms`, as its seal does.
pub fn fold_columns(writer: &mut Writer, newest_end_ms: u64) {
    writer.state.fold_columns(&writer.shared, newest_end_ms);
}

/// Lets the columns go that the last folding replaced, as the next flush does.
pub fn drop_folded(writer: &mut Writer) {
    writer.state.log.drop_folded(&writer.shared.history);
}

/// The windows of the columns that a look at the index finds, from start to end.
pub fn windows_found(reader: &Reader) -> Vec<(u64, u64)> {
    let places = Reading::new(&reader.shared).places(0, 0, true);
    places.iter().map(|place| (place.head.start_ms, place.head.end_ms)).collect()
}

/// Remembers that a route came from another, as a split or a merge does.
pub fn tell_lineage(writer: &mut Writer, at_ms: u64, parent: RouteId, child: RouteId) {
    writer.shared.lineage.push(Lineage { at_ms, parent, child });
}

/// Splits the range that a key lies in before it, as the seal of a column may; `below` is the key before it.
pub fn split_range(writer: &mut Writer, below: &[u8], key: &[u8]) {
    let (state, shared) = (&mut writer.state, &writer.shared);
    let split = shared.boundaries.rank(key);
    for place in 0..state.ranges.len {
        let (Some(number), Some(seat)) = (state.ranges.at(place), state.ranges.seat_at(place)) else { return };
        state.ranges.push(number, 0);
        if place == split {
            state.ranges.samples.give(number, &[below, key].map(|key| ShortKey::of(key, 8)), 2);
            state.split_one(shared, number, seat, 2);
        }
    }
    state.ranges.turn();
    state.publish_ranges(shared);
}

/// Makes the ranges as they are the present set once more, in the other buffer.
pub fn publish_ranges(writer: &mut Writer) {
    writer.state.publish_ranges(&writer.shared);
}
