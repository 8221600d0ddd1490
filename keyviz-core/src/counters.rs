//! One struct for everything that is counted about counting: dropped, refused, late, evicted.

use crate::limits::TALLY_WORDS;
use crate::op::Tally;
use crate::sync::{Number, Ordering, const_fn, zero_numbers};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What a sampler knows of itself. Each number is exact on its own; two of them belong to the
        /// same instant only when no call is in flight.
        ///
        /// `observed = recorded + unattributed` holds after each flush for everything observed before
        /// it; `recorded` includes what the open column has and what `evicted` columns had.
        ///
        /// - Units: operations, bytes where the name says so. Nothing is ever reset.
        /// - Panics: never. Memory: some 450 bytes, by value.
        ///
        /// # Examples
        /// ```
        /// use keyviz_core::{Config, Op, RouteId, Sampler};
        /// let sampler = Sampler::new(Config::default(), 0)?;
        /// sampler.register(RouteId(1), b"a", None, 0)?;
        /// assert!(sampler.register(RouteId(2), b"b", Some(b"b"), 0).is_err());
        /// sampler.observe(RouteId(1), Op::Write, b"a", 0);
        /// assert_eq!(sampler.reader().counters().observed.writes, 0); // not flushed yet
        /// sampler.flush(60_000);
        /// let counters = sampler.reader().counters();
        /// assert_eq!((counters.observed.writes, counters.routes, counters.register_refused), (1, 1, 1));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            /// All operations drained so far: `recorded` plus `unattributed`.
            pub observed: Tally,
            /// Operations in columns: sealed, open, evicted.
            pub recorded: Tally,
            /// Operations of routes that nobody registered, and those that came after a grace.
            pub unattributed: Tally,
            /// Operations of columns that made room for newer ones.
            pub evicted: Tally,
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counters {
            /// Adds another sampler's: what several count, have and hold together. Saturates.
            pub fn add(&mut self, other: &Counters) {
                for (sum, other) in [
                    (&mut self.observed, &other.observed),
                    (&mut self.recorded, &other.recorded),
                    (&mut self.unattributed, &other.unattributed),
                    (&mut self.evicted, &other.evicted),
                ] {
                    sum.add(*other);
                }
                $(self.$name = self.$name.saturating_add(other.$name);)+
            }

            /// Calls `each` with every number under its flat wire name, in a fixed order.
            pub fn for_each(&self, mut each: impl FnMut(&str, u64)) {
                for (tally, names) in [
                    (&self.observed, ["observed_reads", "observed_writes", "observed_read_bytes", "observed_write_bytes", "observed_scans"]),
                    (&self.recorded, ["recorded_reads", "recorded_writes", "recorded_read_bytes", "recorded_write_bytes", "recorded_scans"]),
                    (&self.unattributed, ["unattributed_reads", "unattributed_writes", "unattributed_read_bytes", "unattributed_write_bytes", "unattributed_scans"]),
                    (&self.evicted, ["evicted_reads", "evicted_writes", "evicted_read_bytes", "evicted_write_bytes", "evicted_scans"]),
                ] {
                    for (name, value) in names.into_iter().zip(tally.words()) {
                        each(name, value);
                    }
                }
                $(each(stringify!($name), self.$name);)+
            }
        }
    };
}

counters! {
    /// Routes registered now, those without a slot of their own included.
    routes,
    /// Registered routes that share a virtual bucket.
    members,
    /// Virtual buckets with members.
    virtual_buckets,
    /// Routes that had a slot of their own and were folded into a virtual bucket.
    folded,
    /// Members that were given a slot of their own because they were hot.
    promoted,
    /// Hot members that kept sharing, because no colder route could fold or no bucket could be divided.
    promotions_refused,
    /// Virtual buckets whose bounds changed and whose counts could not be set apart, for want of history
    /// bytes or descriptors: what they counted shortly before stands under the later bounds.
    bounds_unsplit,
    /// Ranges of the core's own making that were split because they were hot.
    ranges_split,
    /// Pairs of them that were joined because they were cold.
    ranges_joined,
    /// Splits and joins of them that had no room: slots in their grace, bytes of bounds, descriptors.
    range_changes_refused,
    /// Entries of lineage that made room for newer ones.
    lineage_dropped,
    /// Events told, the core's own included.
    events_told,
    /// Events that made room for newer ones of their ring, or had no place at all.
    events_dropped,
    /// Events whose text was longer than 192 bytes and lost its end.
    events_cut,
    /// Removed routes whose slots are not free yet.
    draining,
    /// Registrations that overlapped a registered neighbour.
    overlapping_routes,
    /// Registrations refused.
    register_refused,
    /// Calls of flush.
    flushes,
    /// Flushes that were given a time before the last one's, or past the year 9999.
    clock_stepped_back,
    /// Columns sealed.
    columns_sealed,
    /// Columns that made room for newer ones.
    columns_evicted,
    /// Columns that were folded into coarser ones.
    columns_folded,
    /// Sealed columns that cover an interval of more than 1.5 steps.
    columns_late,
    /// Columns taken over from a snapshot; what they count is also in `observed`, `recorded` and `unattributed`.
    columns_restored,
    /// Windows without a column.
    windows_missing,
    /// Operations that arrived in a slot after its grace; they are also in `unattributed`.
    late_after_grace,
    /// Routes whose group changed its term and whose counts could not be set apart, for want of history
    /// bytes or descriptors: what they counted shortly before stands under the later term, or what they
    /// count until the next flush under the earlier one.
    terms_unsplit,
    /// Observations with a label that is not configured; counted unlabelled.
    unknown_labels,
    /// Observations whose handle was out of date.
    stale_handles,
    /// Observations whose lookup met a changing table too often; they are also in `unattributed`.
    lookup_gave_up,
    /// Ranges that range reads touched beyond the first 1024 of each, and did not count in.
    scan_ranges_cut,
    /// Operations counted in the shared shards.
    shared_ops,
    /// Recorders at work that have cells of their own.
    recorders,
    /// Recorders made when all of `max_recorders` were taken; they count in the shared shards.
    recorders_refused,
    /// Pages of cells given out.
    pages_used,
    /// Pages of cells in the pool.
    pages_total,
    /// Operations that found the pool empty and counted in the shared shards.
    pages_refused,
    /// Samples of keys taken.
    key_samples,
    /// Samples of keys dropped, because a recorder's queue was full.
    key_samples_dropped,
    /// Operations on keys longer than `max_key_len`, which are not sampled.
    keys_too_long,
    /// Operations of recorders beyond `max_recorders`, which sample no keys, though keys are sampled.
    ops_unsampled,
    /// Bytes of history in use by columns.
    history_bytes_used,
    /// Bytes of bounds in use.
    bound_bytes_used,
    /// Bytes taken at construction.
    memory_bytes,
    /// Reads of the history that met a change and took a column again.
    reader_retries,
}

/// Numbers that the writer publishes for readers.
#[derive(Clone, Copy)]
pub(crate) enum Published {
    Observed,
    Recorded = TALLY_WORDS as isize,
    Unattributed = 2 * TALLY_WORDS as isize,
    Evicted = 3 * TALLY_WORDS as isize,
    Routes = 4 * TALLY_WORDS as isize,
    Draining,
    OverlappingRoutes,
    RegisterRefused,
    Flushes,
    ClockSteppedBack,
    ColumnsSealed,
    ColumnsEvicted,
    ColumnsFolded,
    ColumnsLate,
    ColumnsRestored,
    WindowsMissing,
    LateAfterGrace,
    TermsUnsplit,
    Members,
    VirtualBuckets,
    Folded,
    Promoted,
    PromotionsRefused,
    BoundsUnsplit,
    RangesSplit,
    RangesJoined,
    RangeChangesRefused,
    LineageDropped,
    EventsTold,
    EventsDropped,
    EventsCut,
    KeySamples,
    HistoryBytesUsed,
    BoundBytesUsed,
    /// Whether a route ever had a group: decides the default `write_merge`.
    EverGrouped,
    MemoryBytes,
    StartedMs,
    LastFlushMs,
    /// Start of the open window plus one; 0 while there is none.
    OpenFrom,
}

const PUBLISHED: usize = Published::OpenFrom as usize + 1;

/// The published numbers. The writer is their only writer.
pub(crate) struct Board([Number; PUBLISHED]);

impl Board {
    const_fn! {
        /// Nothing counted yet.
        pub(crate) fn new() -> Self {
            Board(zero_numbers())
        }
    }

    fn word(&self, index: usize) -> Option<&Number> {
        self.0.get(index)
    }

    pub(crate) fn get(&self, which: Published) -> u64 {
        self.word(which as usize).map_or(0, |w| w.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, which: Published, value: u64) {
        if let Some(word) = self.word(which as usize) {
            word.store(value, Ordering::Relaxed);
        }
    }

    pub(crate) fn add(&self, which: Published, by: u64) {
        self.set(which, self.get(which).saturating_add(by));
    }

    pub(crate) fn tally(&self, which: Published) -> Tally {
        let mut words = [0; TALLY_WORDS];
        for (i, word) in words.iter_mut().enumerate() {
            *word = self.word(which as usize + i).map_or(0, |w| w.load(Ordering::Relaxed));
        }
        Tally::from_words(words)
    }

    pub(crate) fn add_tally(&self, which: Published, by: Tally) {
        let mut sum = self.tally(which);
        sum.add(by);
        for (i, value) in sum.words().into_iter().enumerate() {
            if let Some(word) = self.word(which as usize + i) {
                word.store(value, Ordering::Relaxed);
            }
        }
    }
}
