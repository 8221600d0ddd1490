//! The shared half: atomics only. Recorders write cells, readers read columns, and the writer, the
//! other half, changes everything else.

use crate::boundaries::Boundaries;
use crate::bounds::Slab;
use crate::config::Config;
#[cfg(feature = "alloc")]
use crate::config_error::ConfigError;
use crate::counters::{Board, Published};
use crate::descriptor::Descriptors;
use crate::events::EventRings;
use crate::history::History;
use crate::id_samples::IdSamples;
use crate::key_history::KeyHistory;
use crate::key_samples::KeySamples;
use crate::layout::Layout;
use crate::line::Line;
use crate::lineage::LineageRing;
use crate::members::MemberWords;
use crate::pages::Pages;
use crate::pool::Pool;
#[cfg(feature = "alloc")]
use crate::pool::Source;
use crate::recorder::FixedRecorder;
use crate::slot::Seats;
#[cfg(feature = "std")]
use crate::sync::AtomicBool;
use crate::sync::{AtomicU32, Count, Ordering, wide};
use crate::table::{Found, Table};

/// Words of a recorder's own line.
pub(crate) mod own {
    pub(crate) const UNATTRIBUTED: usize = 0;
    pub(crate) const UNKNOWN_LABELS: usize = 4;
    pub(crate) const STALE_HANDLES: usize = 5;
    pub(crate) const LOOKUP_GAVE_UP: usize = 6;
    pub(crate) const SHARED_OPS: usize = 7;
    pub(crate) const PAGES_REFUSED: usize = 8;
    /// State of the draws that sample route ids.
    pub(crate) const SAMPLE_DRAWS: usize = 9;
    /// Operations that might have been sampled, ever, and when the reservoir was begun.
    pub(crate) const SAMPLE_TOTAL: usize = 10;
    pub(crate) const SAMPLE_BASE: usize = 11;
    /// The flush epoch in which it was begun.
    pub(crate) const SAMPLE_EPOCH: usize = 12;
    /// Samples in it.
    pub(crate) const SAMPLES: usize = 13;
    pub(crate) const UNATTRIBUTED_SCANS: usize = 14;
    /// 1 while a recorder owns the line and the directory of the same number.
    pub(crate) const OWNER: usize = 15;
}

/// The half that recorders, readers and the writer have in common: atomics only, so it may be a static;
/// see [`fixed!`](crate::fixed!).
pub struct Shared {
    pub(crate) config: Kept,
    pub(crate) layout: Layout,
    pub(crate) pages: Pages,
    pub(crate) table: Table,
    pub(crate) boundaries: Boundaries,
    pub(crate) seats: Seats,
    pub(crate) members: MemberWords,
    pub(crate) id_samples: IdSamples,
    pub(crate) key_samples: KeySamples,
    pub(crate) key_history: KeyHistory,
    pub(crate) slab: Slab,
    /// A line for each recorder, then one for each shared shard.
    pub(crate) own: Pool<Line>,
    pub(crate) descriptors: Descriptors,
    pub(crate) history: History,
    pub(crate) lineage: LineageRing,
    pub(crate) events: EventRings,
    pub(crate) board: Board,
    /// Recorders refused, the next shard to give out, retries of readers, ranges beyond a scan's bound: what
    /// any thread may count, seldom.
    pub(crate) busy: Line,
    /// 1 once there is a writer; only a static half is asked.
    pub(crate) claimed: AtomicU32,
    /// The sampler is gone; what threads keep for it may go.
    #[cfg(feature = "std")]
    pub(crate) closed: AtomicBool,
}

/// How a shared half has its configuration: without an allocator it is a constant's, in the program.
#[cfg(feature = "alloc")]
pub(crate) type Kept = Config;
/// How a shared half has its configuration: without an allocator it is a constant's, in the program.
#[cfg(not(feature = "alloc"))]
pub(crate) type Kept = &'static Config;

/// The configuration as a shared half has it.
#[cfg(feature = "alloc")]
pub(crate) const fn kept(config: &'static Config) -> Kept {
    config.copy()
}

/// The configuration as a shared half has it.
#[cfg(not(feature = "alloc"))]
pub(crate) const fn kept(config: &'static Config) -> Kept {
    config
}

impl Shared {
    /// The shared half of a configuration whose layout this is, in memory from the allocator.
    #[cfg(feature = "alloc")]
    pub(crate) fn take<M: Source>(config: Config, layout: Layout) -> Result<Shared, ConfigError> {
        Ok(Shared {
            pages: Pages::new(&layout, M::shared(layout.pool_lines())?, M::shared(layout.directories_len())?),
            table: Table::new(&layout, M::shared(layout.table_len)?, M::shared(layout.member_table_len)?),
            boundaries: Boundaries::new(
                &layout,
                M::shared(layout.boundary_words())?,
                M::shared(layout.boundary_marks())?,
            ),
            seats: Seats::new(M::shared(layout.seats)?, M::shared(layout.seats)?, M::shared(layout.divisions())?),
            members: MemberWords::new(M::shared(layout.members)?, M::shared(layout.members)?),
            id_samples: IdSamples::new(M::shared(layout.id_samples_len())?),
            key_samples: KeySamples::new(
                &layout,
                config.sample_every,
                config.seed,
                M::shared(2 * layout.sample_queues())?,
                M::shared(layout.sample_words())?,
            ),
            key_history: KeyHistory::new(M::shared(layout.record_entries())?, M::shared(layout.record_words())?),
            slab: Slab::new(M::shared(layout.chunks)?),
            own: M::shared(layout.directory_rows())?,
            descriptors: Descriptors::new(M::shared(layout.descriptor_words())?),
            history: History::new(
                M::shared(layout.column_entries())?,
                M::shared(layout.block_words())?,
                M::shared(layout.blocks)?,
            ),
            lineage: LineageRing::new(M::shared(layout.lineage)?),
            events: EventRings::new(M::shared(layout.events())?, layout.host_events, layout.own_events),
            board: Board::new(),
            busy: Line::new(),
            claimed: AtomicU32::new(1),
            #[cfg(feature = "std")]
            closed: AtomicBool::new(false),
            config,
            layout,
        })
    }

    /// Writes what is not zero to begin with; once, before anything is registered.
    pub(crate) fn begin(&self) {
        self.pages.begin(&self.layout);
        self.seats.begin();
        if self.config.prefault {
            self.pages.prefault();
            self.slab.prefault();
            self.history.prefault();
            self.key_samples.prefault();
            self.key_history.prefault();
        }
    }

    /// Makes the caller the one that has the writer; `false` when there was one before.
    pub(crate) fn claim(&self) -> bool {
        self.claimed.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// A recorder of a static sampler, for one thread or one interrupt priority at a time; in between it
    /// may be moved. `None` when all of `max_recorders` are taken and there is no shared shard to count
    /// in; `recorders_refused` counts it.
    #[must_use]
    pub fn recorder(&'static self) -> Option<FixedRecorder> {
        FixedRecorder::of(self)
    }

    /// Finds a route.
    #[inline(always)]
    pub(crate) fn find(&self, route: u64) -> Found {
        self.table.find(route, &self.seats, &self.members)
    }

    /// Claims the first free recorder row.
    pub(crate) fn claim_row(&self) -> Option<usize> {
        self.own.iter().take(self.layout.recorders).position(|line| {
            let owner = line.word(own::OWNER);
            owner.load(Ordering::Relaxed) == 0
                && owner.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
        })
    }

    /// Hands a row on, counts and pages included.
    pub(crate) fn release_row(&self, row: usize) {
        if let Some(line) = self.own.get(row) {
            line.word(own::OWNER).store(0, Ordering::Release);
        }
    }

    /// Sum of one word over all recorders' lines.
    pub(crate) fn own_sum(&self, word: usize) -> Count {
        self.own.iter().fold(0, |sum: Count, line| sum.wrapping_add(line.word(word).load(Ordering::Relaxed)))
    }

    /// Operations of recorders that sample no keys though others do: those without a queue of their own.
    pub(crate) fn ops_unsampled(&self) -> u64 {
        let refused = self.own_sum(own::PAGES_REFUSED);
        if self.layout.samples { wide(self.own_sum(own::SHARED_OPS).wrapping_sub(refused)) } else { 0 }
    }

    /// Everything counted, for readers.
    pub(crate) fn counters(&self) -> crate::counters::Counters {
        let board = &self.board;
        let owners = self.own.iter().take(self.layout.recorders);
        crate::counters::Counters {
            observed: board.tally(Published::Observed),
            recorded: board.tally(Published::Recorded),
            unattributed: board.tally(Published::Unattributed),
            evicted: board.tally(Published::Evicted),
            routes: board.get(Published::Routes),
            members: board.get(Published::Members),
            virtual_buckets: board.get(Published::VirtualBuckets),
            folded: board.get(Published::Folded),
            promoted: board.get(Published::Promoted),
            promotions_refused: board.get(Published::PromotionsRefused),
            bounds_unsplit: board.get(Published::BoundsUnsplit),
            ranges_split: board.get(Published::RangesSplit),
            ranges_joined: board.get(Published::RangesJoined),
            range_changes_refused: board.get(Published::RangeChangesRefused),
            lineage_dropped: board.get(Published::LineageDropped),
            events_told: board.get(Published::EventsTold),
            events_dropped: board.get(Published::EventsDropped),
            events_cut: board.get(Published::EventsCut),
            draining: board.get(Published::Draining),
            overlapping_routes: board.get(Published::OverlappingRoutes),
            register_refused: board.get(Published::RegisterRefused),
            flushes: board.get(Published::Flushes),
            clock_stepped_back: board.get(Published::ClockSteppedBack),
            columns_sealed: board.get(Published::ColumnsSealed),
            columns_evicted: board.get(Published::ColumnsEvicted),
            columns_folded: board.get(Published::ColumnsFolded),
            columns_late: board.get(Published::ColumnsLate),
            columns_restored: board.get(Published::ColumnsRestored),
            windows_missing: board.get(Published::WindowsMissing),
            late_after_grace: board.get(Published::LateAfterGrace),
            terms_unsplit: board.get(Published::TermsUnsplit),
            unknown_labels: wide(self.own_sum(own::UNKNOWN_LABELS)),
            stale_handles: wide(self.own_sum(own::STALE_HANDLES)),
            lookup_gave_up: wide(self.own_sum(own::LOOKUP_GAVE_UP)),
            scan_ranges_cut: wide(self.busy.word(3).load(Ordering::Relaxed)),
            shared_ops: wide(self.own_sum(own::SHARED_OPS)),
            recorders: owners.map(|l| wide(l.word(own::OWNER).load(Ordering::Relaxed))).sum(),
            recorders_refused: wide(self.busy.word(0).load(Ordering::Relaxed)),
            pages_used: u64::from(self.pages.used()),
            pages_total: self.layout.pool_pages as u64,
            pages_refused: wide(self.own_sum(own::PAGES_REFUSED)),
            key_samples: board.get(Published::KeySamples),
            key_samples_dropped: self.key_samples.dropped(),
            keys_too_long: self.key_samples.skipped(),
            ops_unsampled: self.ops_unsampled(),
            history_bytes_used: board.get(Published::HistoryBytesUsed),
            bound_bytes_used: board.get(Published::BoundBytesUsed),
            memory_bytes: board.get(Published::MemoryBytes),
            reader_retries: wide(self.busy.word(2).load(Ordering::Relaxed)),
        }
    }
}
