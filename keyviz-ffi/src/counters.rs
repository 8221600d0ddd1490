//! Everything that is counted about counting.

use keyviz_core::{Counters, Tally, wire};

use crate::buffer::{give, keyviz_buffer};
use crate::fence::{FAULTS, fenced};
use crate::room;
use crate::sampler::{Host, keyviz_sampler, pinned};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;
use crate::table::MISUSED;
use std::sync::atomic::Ordering;

/// Totals of the five counted series.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct keyviz_tally {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Key and value bytes of reads.
    pub read_bytes: u64,
    /// Key and value bytes of writes.
    pub write_bytes: u64,
    /// Ranges that range reads touched.
    pub scans: u64,
}

impl From<Tally> for keyviz_tally {
    fn from(tally: Tally) -> Self {
        let Tally { reads, writes, read_bytes, write_bytes, scans } = tally;
        keyviz_tally { reads, writes, read_bytes, write_bytes, scans }
    }
}

/// What a sampler knows of itself. Nothing is ever reset. `observed` is `recorded` and `unattributed` together, of
/// everything observed before the last flush.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_counters {
    /// `sizeof(keyviz_counters)`.
    pub size: usize,
    /// All operations drained so far.
    pub observed: keyviz_tally,
    /// Operations in columns: sealed, open, evicted.
    pub recorded: keyviz_tally,
    /// Operations of routes that nobody registered, and those that came after a grace.
    pub unattributed: keyviz_tally,
    /// Operations of columns that made room for newer ones.
    pub evicted: keyviz_tally,
    /// Routes registered now, those without a slot of their own included.
    pub routes: u64,
    /// Registered routes that share a virtual bucket.
    pub members: u64,
    /// Virtual buckets with members.
    pub virtual_buckets: u64,
    /// Routes that had a slot of their own and were folded into a virtual bucket.
    pub folded: u64,
    /// Members that were given a slot of their own because they were hot.
    pub promoted: u64,
    /// Hot members that kept sharing, because no colder route could fold or no bucket could be divided.
    pub promotions_refused: u64,
    /// Virtual buckets whose bounds changed and whose counts could not be set apart, for want of history
    /// bytes or descriptors: what they counted shortly before stands under the later bounds.
    pub bounds_unsplit: u64,
    /// Ranges of the core's own making that were split because they were hot.
    pub ranges_split: u64,
    /// Pairs of them that were joined because they were cold.
    pub ranges_joined: u64,
    /// Splits and joins of them that had no room: slots in their grace, bytes of bounds, descriptors.
    pub range_changes_refused: u64,
    /// Entries of lineage that made room for newer ones.
    pub lineage_dropped: u64,
    /// Events told, the core's own included.
    pub events_told: u64,
    /// Events that made room for newer ones of their ring, or had no place at all.
    pub events_dropped: u64,
    /// Events whose text was longer than 192 bytes and lost its end.
    pub events_cut: u64,
    /// Removed routes whose slots are not free yet.
    pub draining: u64,
    /// Registrations that overlapped a registered neighbour.
    pub overlapping_routes: u64,
    /// Registrations refused.
    pub register_refused: u64,
    /// Calls of flush.
    pub flushes: u64,
    /// Flushes that were given a time before the last one's, or past the year 9999.
    pub clock_stepped_back: u64,
    /// Columns sealed.
    pub columns_sealed: u64,
    /// Columns that made room for newer ones.
    pub columns_evicted: u64,
    /// Columns that were folded into coarser ones.
    pub columns_folded: u64,
    /// Sealed columns that cover an interval of more than 1.5 steps.
    pub columns_late: u64,
    /// Columns taken over from a snapshot; what they count is also in `observed`, `recorded` and `unattributed`.
    pub columns_restored: u64,
    /// Windows without a column.
    pub windows_missing: u64,
    /// Operations that arrived in a slot after its grace; they are also in `unattributed`.
    pub late_after_grace: u64,
    /// Routes whose group changed its term and whose counts could not be set apart, for want of history
    /// bytes or descriptors: what they counted shortly before stands under the later term, or what they
    /// count until the next flush under the earlier one.
    pub terms_unsplit: u64,
    /// Observations with a label that is not configured; counted unlabelled.
    pub unknown_labels: u64,
    /// Observations whose handle was out of date.
    pub stale_handles: u64,
    /// Observations whose lookup met a changing table too often; they are also in `unattributed`.
    pub lookup_gave_up: u64,
    /// Ranges that range reads touched beyond the first 1024 of each, and did not count in.
    pub scan_ranges_cut: u64,
    /// Operations counted in the shared shards.
    pub shared_ops: u64,
    /// Recorders at work that have cells of their own.
    pub recorders: u64,
    /// Recorders made when all of `max_recorders` were taken; they count in the shared shards.
    pub recorders_refused: u64,
    /// Pages of cells given out.
    pub pages_used: u64,
    /// Pages of cells in the pool.
    pub pages_total: u64,
    /// Operations that found the pool empty and counted in the shared shards.
    pub pages_refused: u64,
    /// Samples of keys taken.
    pub key_samples: u64,
    /// Samples of keys dropped, because a recorder's queue was full.
    pub key_samples_dropped: u64,
    /// Operations on keys longer than `max_key_len`, which are not sampled.
    pub keys_too_long: u64,
    /// Operations of recorders beyond `max_recorders`, which sample no keys, though keys are sampled.
    pub ops_unsampled: u64,
    /// Bytes of history in use by columns.
    pub history_bytes_used: u64,
    /// Bytes of bounds in use.
    pub bound_bytes_used: u64,
    /// Bytes taken at construction.
    pub memory_bytes: u64,
    /// Reads of the history that met a change and took a column again.
    pub reader_retries: u64,
    /// Faults inside keyviz that were caught, in the whole process: in calls and in its own threads.
    pub faults: u64,
    /// Faults of the threads of this sampler's pages and flushers; they are in `faults`, too. A page begins anew after one, a
    /// flusher does not.
    pub page_faults: u64,
    /// Calls of the whole process with what is no handle.
    pub invalid_handles: u64,
    /// Calls of the whole process with handles that were closed.
    pub closed_handles: u64,
    /// Calls of the whole process with handles of another sampler, process or copy of keyviz.
    pub foreign_handles: u64,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte numbers alone.
unsafe impl Sized_ for keyviz_counters {
    const LEAST: usize = 568;
}

const _: () = assert!(size_of::<keyviz_counters>() == 568);

fn gather(host: &Host) -> keyviz_counters {
    let own: Counters = host.reader.counters();
    let misused = |at: usize| MISUSED.get(at).map_or(0, |count| count.load(Ordering::Relaxed));
    keyviz_counters {
        size: size_of::<keyviz_counters>(),
        observed: own.observed.into(),
        recorded: own.recorded.into(),
        unattributed: own.unattributed.into(),
        evicted: own.evicted.into(),
        routes: own.routes,
        members: own.members,
        virtual_buckets: own.virtual_buckets,
        folded: own.folded,
        promoted: own.promoted,
        promotions_refused: own.promotions_refused,
        bounds_unsplit: own.bounds_unsplit,
        ranges_split: own.ranges_split,
        ranges_joined: own.ranges_joined,
        range_changes_refused: own.range_changes_refused,
        lineage_dropped: own.lineage_dropped,
        events_told: own.events_told,
        events_dropped: own.events_dropped,
        events_cut: own.events_cut,
        draining: own.draining,
        overlapping_routes: own.overlapping_routes,
        register_refused: own.register_refused,
        flushes: own.flushes,
        clock_stepped_back: own.clock_stepped_back,
        columns_sealed: own.columns_sealed,
        columns_evicted: own.columns_evicted,
        columns_folded: own.columns_folded,
        columns_late: own.columns_late,
        columns_restored: own.columns_restored,
        windows_missing: own.windows_missing,
        late_after_grace: own.late_after_grace,
        terms_unsplit: own.terms_unsplit,
        unknown_labels: own.unknown_labels,
        stale_handles: own.stale_handles,
        lookup_gave_up: own.lookup_gave_up,
        scan_ranges_cut: own.scan_ranges_cut,
        shared_ops: own.shared_ops,
        recorders: own.recorders,
        recorders_refused: own.recorders_refused,
        pages_used: own.pages_used,
        pages_total: own.pages_total,
        pages_refused: own.pages_refused,
        key_samples: own.key_samples,
        key_samples_dropped: own.key_samples_dropped,
        keys_too_long: own.keys_too_long,
        ops_unsampled: own.ops_unsampled,
        history_bytes_used: own.history_bytes_used,
        bound_bytes_used: own.bound_bytes_used,
        memory_bytes: own.memory_bytes,
        reader_retries: own.reader_retries,
        faults: FAULTS.load(Ordering::Relaxed),
        page_faults: host.page_faults(),
        invalid_handles: misused(0),
        closed_handles: misused(1),
        foreign_handles: misused(2),
    }
}

/// Reads all counters. What was observed since the last flush is not in the tallies yet.
///
/// Ownership: `counters` is the host's; its `size` has to be set.
/// Threads: any; nothing waits for it.
/// Units: operations, bytes where the name says so.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_counters_read(
    sampler: keyviz_sampler,
    counters: *mut keyviz_counters,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        unsafe { sized::write(counters, &gather(&host), "counters") }
    })
}

/// Reads the sampler's counters as JSON: a flat object, as in `/status`.
///
/// Ownership: the buffer is the host's to close.
/// Threads: any; nothing waits for it.
/// Units: as `keyviz_counters_read`.
/// Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_counters_json(sampler: keyviz_sampler, buffer: *mut keyviz_buffer) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        let mut json = room::text(4096)?;
        wire::encode::counters(&host.reader.counters(), &mut json);
        // SAFETY: the caller's word.
        unsafe { give(&host, json.into_bytes(), buffer) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_of_the_core_is_there() {
        let mut count = 0;
        Counters::default().for_each(|_, _| count += 1);
        // The size stands before them, and five of this crate's own behind them.
        assert_eq!(size_of::<keyviz_counters>(), (count + 5 + 1) * 8);
    }
}
