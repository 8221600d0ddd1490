//! The shared half: atomics only. Recorders write cells, readers read columns, and the writer, the
//! other half, changes everything else.

use alloc::boxed::Box;

use crate::bounds::Slab;
use crate::config::Config;
use crate::config_error::ConfigError;
use crate::counters::{Board, Published};
use crate::descriptor::Descriptors;
use crate::history::{ColumnLog, History};
use crate::id_samples::IdSamples;
use crate::layout::Layout;
use crate::line::Line;
use crate::lineage::LineageRing;
use crate::members::MemberWords;
use crate::pages::Pages;
use crate::slot::Seats;
#[cfg(feature = "std")]
use crate::sync::AtomicBool;
use crate::sync::Ordering;
use crate::table::{Found, Table};
use crate::zeroed::zeroed;

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
    /// 1 while a recorder owns the line and the directory of the same number.
    pub(crate) const OWNER: usize = 15;
}

/// What recorders, readers and the writer have in common.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) layout: Layout,
    pub(crate) pages: Pages,
    pub(crate) table: Table,
    pub(crate) seats: Seats,
    pub(crate) members: MemberWords,
    pub(crate) id_samples: IdSamples,
    pub(crate) slab: Slab,
    /// A line for each recorder, then one for each shared shard.
    pub(crate) own: Box<[Line]>,
    pub(crate) descriptors: Descriptors,
    pub(crate) history: History,
    pub(crate) lineage: LineageRing,
    pub(crate) board: Board,
    /// Recorders refused, the next shard to give out, retries of readers: what any thread may count,
    /// seldom.
    pub(crate) busy: Line,
    /// The sampler is gone; what threads keep for it may go.
    #[cfg(feature = "std")]
    pub(crate) closed: AtomicBool,
}

impl Shared {
    /// Takes all the memory of the shared half.
    pub(crate) fn new(config: &Config) -> Result<(Shared, ColumnLog), ConfigError> {
        let layout = Layout::new(config)?;
        let (history, log) = ColumnLog::new(&layout)?;
        let shared = Shared {
            config: config.clone(),
            pages: Pages::new(&layout)?,
            table: Table::new(layout.table_len, layout.member_table_len)?,
            seats: Seats::new(&layout)?,
            members: MemberWords::new(layout.members)?,
            id_samples: IdSamples::new(layout.reservoirs())?,
            slab: Slab::new(layout.chunks)?,
            own: zeroed(layout.directory_rows())?,
            descriptors: Descriptors::new(layout.descriptors)?,
            history,
            lineage: LineageRing::new(layout.lineage)?,
            board: Board::new(),
            busy: Line::new(),
            #[cfg(feature = "std")]
            closed: AtomicBool::new(false),
            layout,
        };
        if config.prefault {
            shared.pages.prefault();
            shared.slab.prefault();
            shared.history.prefault();
        }
        Ok((shared, log))
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
    pub(crate) fn own_sum(&self, word: usize) -> u64 {
        self.own.iter().fold(0, |sum, line| sum.wrapping_add(line.word(word).load(Ordering::Relaxed)))
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
            lineage_dropped: board.get(Published::LineageDropped),
            draining: board.get(Published::Draining),
            overlapping_routes: board.get(Published::OverlappingRoutes),
            register_refused: board.get(Published::RegisterRefused),
            flushes: board.get(Published::Flushes),
            clock_stepped_back: board.get(Published::ClockSteppedBack),
            columns_sealed: board.get(Published::ColumnsSealed),
            columns_evicted: board.get(Published::ColumnsEvicted),
            columns_late: board.get(Published::ColumnsLate),
            windows_missing: board.get(Published::WindowsMissing),
            late_after_grace: board.get(Published::LateAfterGrace),
            terms_unsplit: board.get(Published::TermsUnsplit),
            unknown_labels: self.own_sum(own::UNKNOWN_LABELS),
            stale_handles: self.own_sum(own::STALE_HANDLES),
            lookup_gave_up: self.own_sum(own::LOOKUP_GAVE_UP),
            shared_ops: self.own_sum(own::SHARED_OPS),
            recorders: owners.map(|l| l.word(own::OWNER).load(Ordering::Relaxed)).sum(),
            recorders_refused: self.busy.word(0).load(Ordering::Relaxed),
            pages_used: u64::from(self.pages.used()),
            pages_total: self.layout.pool_pages as u64,
            pages_refused: self.own_sum(own::PAGES_REFUSED),
            history_bytes_used: board.get(Published::HistoryBytesUsed),
            bound_bytes_used: board.get(Published::BoundBytesUsed),
            memory_bytes: board.get(Published::MemoryBytes),
            reader_retries: self.busy.word(2).load(Ordering::Relaxed),
        }
    }
}
