//! The form without an allocator: the shared half a static, the writing half in memory that the host
//! places and lends.
//!
//! [`fixed!`](crate::fixed!) declares both. All lengths follow from the configuration at compile time; a
//! configuration that cannot work does not compile, and the message names the field.

use core::fmt;

use crate::boundaries::Boundaries;
use crate::bounds::{Chunk, Slab};
use crate::column_log::LogPools;
use crate::config::Config;
use crate::config_error::ConfigError;
use crate::counters::{Board, Published};
use crate::descriptor::{DescriptorMeta, Descriptors};
use crate::events::{EventEntry, EventRings};
use crate::fold_columns::FoldSource;
use crate::groups::GroupEntry;
use crate::halves::WriterOn;
use crate::history::{Entry, History};
use crate::hot_keys::{SketchHead, SketchPools};
use crate::id_samples::IdSamples;
use crate::key_history::{KeyHistory, RecordEntry};
use crate::key_samples::KeySamples;
use crate::layout::Layout;
use crate::line::Line;
use crate::lineage::{LineageEntry, LineageRing};
use crate::members::{MemberMeta, MemberWords};
use crate::memory::WriterPools;
use crate::pages::Pages;
use crate::pool::{Pool, PoolMut};
use crate::promote::{CandidatePools, Seen};
use crate::range_samples::{Sampled, ShortKey};
use crate::ranges::RangePools;
use crate::routes::Node;
use crate::runs::Run;
use crate::scans::ScanPools;
use crate::seat::SeatMeta;
use crate::shared::Shared;
use crate::slot::{Division, Seats};
use crate::space_saving::{Count as Weight, Counter};
use crate::sync::{AtomicCount, AtomicU32, Count, Word};
use crate::table::Table;
use crate::writer::State;

/// The writing half over a [`Shared`] that is a static, in memory lent for `'m`.
pub type FixedWriter<'m> = WriterOn<'m, &'static Shared>;

/// Why [`claim`](WriterMemory::claim) gave no writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimError {
    /// There is a writer, or was: a shared half has one in its life.
    Taken,
    /// The memory was declared for another configuration.
    OtherSizes,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the writer was claimed before; claim it once and keep it"),
            Self::OtherSizes => f.write_str("the memory is another configuration's; use the `Memory` declared with it"),
        }
    }
}

impl core::error::Error for ClaimError {}

/// How long every array of a configuration is.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub pages: usize,
    pub directories: usize,
    pub own: usize,
    pub table: usize,
    pub member_table: usize,
    pub seats: usize,
    pub members: usize,
    pub samples: usize,
    pub key_queues: usize,
    pub key_words: usize,
    pub key_scratch: usize,
    pub record_entries: usize,
    pub record_words: usize,
    pub sketches: usize,
    pub sketch_counters: usize,
    pub sketch_index: usize,
    pub sketch_bytes: usize,
    pub sketch_table: usize,
    pub lineage: usize,
    pub events: usize,
    pub virtuals: usize,
    pub reservoirs: usize,
    pub candidates: usize,
    pub sketch: usize,
    pub divisions: usize,
    pub chunks: usize,
    pub descriptors: usize,
    pub descriptor_words: usize,
    pub entries: usize,
    pub words: usize,
    pub blocks: usize,
    pub draining: usize,
    pub nodes: usize,
    pub groups: usize,
    pub cells: usize,
    pub page_set: usize,
    pub scans: usize,
    pub scan_scratch: usize,
    pub ranges: usize,
    pub ranked: usize,
    pub range_keys: usize,
    pub boundary_words: usize,
    pub boundary_marks: usize,
    pub scratch: usize,
    pub fold: usize,
}

impl Sizes {
    /// Those of `config`; where it cannot work, compilation ends.
    #[must_use]
    pub const fn of(config: &Config) -> Sizes {
        let layout = layout(config);
        Sizes {
            pages: layout.pool_lines(),
            directories: layout.directories_len(),
            own: layout.directory_rows(),
            table: layout.table_len,
            member_table: layout.member_table_len,
            seats: layout.seats,
            members: layout.members,
            samples: layout.id_samples_len(),
            key_queues: 2 * layout.sample_queues(),
            key_words: layout.sample_words(),
            key_scratch: layout.key_scratch_len(),
            record_entries: layout.record_entries(),
            record_words: layout.record_words(),
            sketches: layout.sketches,
            sketch_counters: layout.sketch_counters(),
            sketch_index: layout.sketch_index(),
            sketch_bytes: layout.sketch_bytes(),
            sketch_table: layout.sketch_table(),
            lineage: layout.lineage,
            events: layout.events(),
            virtuals: layout.virtuals,
            reservoirs: layout.reservoirs(),
            candidates: layout.candidates(),
            sketch: layout.sketch_index_len(),
            divisions: layout.divisions(),
            chunks: layout.chunks,
            descriptors: layout.descriptors,
            descriptor_words: layout.descriptor_words(),
            entries: layout.column_entries(),
            words: layout.block_words(),
            blocks: layout.blocks,
            draining: layout.drain_len,
            nodes: layout.nodes(),
            groups: layout.group_len,
            cells: layout.cells(),
            page_set: layout.page_set_words,
            scans: layout.scan_cells(),
            scan_scratch: layout.scan_scratch_len(),
            ranges: layout.ranges,
            ranked: 2 * layout.ranges,
            range_keys: layout.range_keys(),
            boundary_words: layout.boundary_words(),
            boundary_marks: layout.boundary_marks(),
            scratch: layout.scratch_len(),
            fold: layout.fold_sources(),
        }
    }
}

/// The configuration with what it left to [`Config::roomy`]; where it cannot work, compilation ends.
#[doc(hidden)]
#[must_use]
pub const fn roomy(config: &Config) -> Config {
    match config.roomy() {
        Ok(config) => config,
        Err(error) => refuse(&error),
    }
}

const fn layout(config: &Config) -> Layout {
    match Layout::new(config) {
        Ok(layout) => layout,
        Err(error) => refuse(&error),
    }
}

/// Ends compilation with the text of the error.
#[expect(clippy::panic, reason = "evaluated at compile time, where it is an error message")]
const fn refuse(error: &ConfigError) -> ! {
    let mut text = Text { bytes: [0; 160], len: 0 };
    match *error {
        ConfigError::OutOfRange { field, value, min, max } => {
            text = text.push(field).push(": ").number(value).push(" is out of range; use ");
            text = text.number(min).push(" to ").number(max);
        }
        ConfigError::PoolTooSmall { field, bytes, least_bytes, holds } => {
            text = text.push(field).push(": ").number(bytes as u64).push(" bytes cannot hold ").push(holds);
            text = text.push("; give at least ").number(least_bytes as u64).push(" bytes");
        }
        ConfigError::OutOfMemory { .. } | ConfigError::OverBudget { .. } => text = text.push("out of memory"),
    }
    panic!("{}", text.as_str())
}

/// Text put together in a constant.
struct Text {
    bytes: [u8; 160],
    len: usize,
}

impl Text {
    #[expect(clippy::indexing_slicing, reason = "below both lengths")]
    const fn push(mut self, text: &str) -> Self {
        let (bytes, mut at) = (text.as_bytes(), 0);
        while at < bytes.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    const fn number(self, value: u64) -> Self {
        let text = if value >= 10 { self.number(value / 10) } else { self };
        let digits = "0123456789";
        let digit = digits.split_at((value % 10) as usize).1.split_at(1).0;
        text.push(digit)
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "refused",
        }
    }
}

/// The memory of a shared half, all zeros.
#[doc(hidden)]
pub struct SharedMemory<
    const PAGES: usize,
    const DIRECTORIES: usize,
    const OWN: usize,
    const TABLE: usize,
    const MEMBER_TABLE: usize,
    const SEATS: usize,
    const MEMBERS: usize,
    const SAMPLES: usize,
    const KEY_QUEUES: usize,
    const KEY_WORDS: usize,
    const RECORD_ENTRIES: usize,
    const RECORD_WORDS: usize,
    const BOUNDARY_WORDS: usize,
    const BOUNDARY_MARKS: usize,
    const LINEAGE: usize,
    const EVENTS: usize,
    const DIVISIONS: usize,
    const CHUNKS: usize,
    const DESCRIPTOR_WORDS: usize,
    const ENTRIES: usize,
    const WORDS: usize,
    const BLOCKS: usize,
> {
    pages: [Line; PAGES],
    directories: [AtomicCount; DIRECTORIES],
    own: [Line; OWN],
    table: [AtomicCount; TABLE],
    member_table: [AtomicCount; MEMBER_TABLE],
    member_routes: [Word; MEMBERS],
    member_buckets: [AtomicU32; MEMBERS],
    samples: [Word; SAMPLES],
    key_queues: [Line; KEY_QUEUES],
    key_words: [Word; KEY_WORDS],
    record_entries: [RecordEntry; RECORD_ENTRIES],
    record_words: [Word; RECORD_WORDS],
    boundary_words: [Word; BOUNDARY_WORDS],
    boundary_marks: [AtomicU32; BOUNDARY_MARKS],
    lineage: [LineageEntry; LINEAGE],
    events: [EventEntry; EVENTS],
    ids: [Word; SEATS],
    generations: [AtomicCount; SEATS],
    divisions: [Division; DIVISIONS],
    chunks: [Chunk; CHUNKS],
    descriptors: [Word; DESCRIPTOR_WORDS],
    entries: [Entry; ENTRIES],
    words: [Word; WORDS],
    links: [AtomicU32; BLOCKS],
}

impl<
    const PAGES: usize,
    const DIRECTORIES: usize,
    const OWN: usize,
    const TABLE: usize,
    const MEMBER_TABLE: usize,
    const SEATS: usize,
    const MEMBERS: usize,
    const SAMPLES: usize,
    const KEY_QUEUES: usize,
    const KEY_WORDS: usize,
    const RECORD_ENTRIES: usize,
    const RECORD_WORDS: usize,
    const BOUNDARY_WORDS: usize,
    const BOUNDARY_MARKS: usize,
    const LINEAGE: usize,
    const EVENTS: usize,
    const DIVISIONS: usize,
    const CHUNKS: usize,
    const DESCRIPTOR_WORDS: usize,
    const ENTRIES: usize,
    const WORDS: usize,
    const BLOCKS: usize,
>
    SharedMemory<
        PAGES,
        DIRECTORIES,
        OWN,
        TABLE,
        MEMBER_TABLE,
        SEATS,
        MEMBERS,
        SAMPLES,
        KEY_QUEUES,
        KEY_WORDS,
        RECORD_ENTRIES,
        RECORD_WORDS,
        BOUNDARY_WORDS,
        BOUNDARY_MARKS,
        LINEAGE,
        EVENTS,
        DIVISIONS,
        CHUNKS,
        DESCRIPTOR_WORDS,
        ENTRIES,
        WORDS,
        BLOCKS,
    >
{
    /// Zeros.
    #[expect(clippy::new_without_default, reason = "for statics, which call constant functions only")]
    #[must_use]
    pub const fn new() -> Self {
        SharedMemory {
            pages: [const { Line::new() }; PAGES],
            directories: [const { AtomicCount::new(0) }; DIRECTORIES],
            own: [const { Line::new() }; OWN],
            table: [const { AtomicCount::new(0) }; TABLE],
            member_table: [const { AtomicCount::new(0) }; MEMBER_TABLE],
            member_routes: [const { Word::new(0) }; MEMBERS],
            member_buckets: [const { AtomicU32::new(0) }; MEMBERS],
            samples: [const { Word::new(0) }; SAMPLES],
            key_queues: [const { Line::new() }; KEY_QUEUES],
            key_words: [const { Word::new(0) }; KEY_WORDS],
            record_entries: [const { RecordEntry::new() }; RECORD_ENTRIES],
            record_words: [const { Word::new(0) }; RECORD_WORDS],
            boundary_words: [const { Word::new(0) }; BOUNDARY_WORDS],
            boundary_marks: [const { AtomicU32::new(0) }; BOUNDARY_MARKS],
            lineage: [const { LineageEntry::new() }; LINEAGE],
            events: [const { EventEntry::new() }; EVENTS],
            ids: [const { Word::new(0) }; SEATS],
            generations: [const { AtomicCount::new(0) }; SEATS],
            divisions: [const { Division::new() }; DIVISIONS],
            chunks: [const { Chunk::new() }; CHUNKS],
            descriptors: [const { Word::new(0) }; DESCRIPTOR_WORDS],
            entries: [const { Entry::new() }; ENTRIES],
            words: [const { Word::new(0) }; WORDS],
            links: [const { AtomicU32::new(0) }; BLOCKS],
        }
    }

    /// The shared half in it.
    #[must_use]
    pub const fn shared(&'static self, config: &'static Config) -> Shared {
        let layout = layout(config);
        Shared {
            pages: Pages::new(&layout, Pool::Lent(&self.pages), Pool::Lent(&self.directories)),
            table: Table::new(&layout, Pool::Lent(&self.table), Pool::Lent(&self.member_table)),
            members: MemberWords::new(Pool::Lent(&self.member_routes), Pool::Lent(&self.member_buckets)),
            boundaries: Boundaries::new(&layout, Pool::Lent(&self.boundary_words), Pool::Lent(&self.boundary_marks)),
            id_samples: IdSamples::new(Pool::Lent(&self.samples)),
            key_samples: KeySamples::new(
                &layout,
                config.sample_every,
                config.seed,
                Pool::Lent(&self.key_queues),
                Pool::Lent(&self.key_words),
            ),
            key_history: KeyHistory::new(Pool::Lent(&self.record_entries), Pool::Lent(&self.record_words)),
            lineage: LineageRing::new(Pool::Lent(&self.lineage)),
            events: EventRings::new(Pool::Lent(&self.events), layout.host_events, layout.own_events),
            seats: Seats::new(Pool::Lent(&self.ids), Pool::Lent(&self.generations), Pool::Lent(&self.divisions)),
            slab: Slab::new(Pool::Lent(&self.chunks)),
            own: Pool::Lent(&self.own),
            descriptors: Descriptors::new(Pool::Lent(&self.descriptors)),
            history: History::new(Pool::Lent(&self.entries), Pool::Lent(&self.words), Pool::Lent(&self.links)),
            board: Board::new(),
            busy: Line::new(),
            claimed: AtomicU32::new(0),
            #[cfg(feature = "std")]
            closed: crate::sync::AtomicBool::new(false),
            config: crate::shared::kept(config),
            layout,
        }
    }
}

/// The memory of a writing half. A value of the host's: in a static, or on the stack of a function that
/// lives as long as the writer. What stands in it does not matter.
#[doc(hidden)]
pub struct WriterMemory<
    const SEATS: usize,
    const DRAINING: usize,
    const NODES: usize,
    const MEMBERS: usize,
    const VIRTUALS: usize,
    const RESERVOIRS: usize,
    const CANDIDATES: usize,
    const SKETCH: usize,
    const GROUPS: usize,
    const CHUNKS: usize,
    const DESCRIPTORS: usize,
    const ENTRIES: usize,
    const CELLS: usize,
    const PAGE_SET: usize,
    const SCANS: usize,
    const SCAN_SCRATCH: usize,
    const RANGES: usize,
    const RANKED: usize,
    const RANGE_KEYS: usize,
    const SCRATCH: usize,
    const KEY: usize,
    const FOLD: usize,
    const SKETCHES: usize,
    const SKETCH_COUNTERS: usize,
    const SKETCH_INDEX: usize,
    const SKETCH_BYTES: usize,
    const SKETCH_TABLE: usize,
> {
    seats: [SeatMeta; SEATS],
    draining: [u32; DRAINING],
    nodes: [Node; NODES],
    members: [MemberMeta; MEMBERS],
    runs: [Run; VIRTUALS],
    heap: [Weight; CANDIDATES],
    counters: [Counter; CANDIDATES],
    routes: [u64; CANDIDATES],
    index: [u32; SKETCH],
    drained: [Count; RESERVOIRS],
    before: [Seen; CANDIDATES],
    now: [Seen; CANDIDATES],
    coldest: [(u64, u32); CANDIDATES],
    groups: [GroupEntry; GROUPS],
    chunk_refs: [u32; CHUNKS],
    descriptors: [DescriptorMeta; DESCRIPTORS],
    free_entries: [u32; ENTRIES],
    ring: [u32; ENTRIES],
    baselines: [[Count; 4]; CELLS],
    open_cells: [[u64; 4]; CELLS],
    open_pages: [u64; PAGE_SET],
    scan_baselines: [Count; SCANS],
    open_scans: [u64; SCANS],
    scan_sums: [Count; SCAN_SCRATCH],
    order: [u32; RANGES],
    next_order: [u32; RANGES],
    range_seats: [u32; RANGES],
    free_ranges: [u32; RANGES],
    loads: [u64; RANGES],
    parts: [u8; RANGES],
    ranked: [u32; RANKED],
    sampled: [Sampled; RANGES],
    range_keys: [ShortKey; RANGE_KEYS],
    scratch: [Count; SCRATCH],
    key_scratch: [u8; KEY],
    folded: [u32; FOLD],
    fold: [FoldSource; FOLD],
    sketch_heads: [SketchHead; SKETCHES],
    sketch_heap: [Weight; SKETCH_COUNTERS],
    sketch_counters: [Counter; SKETCH_COUNTERS],
    sketch_index: [u32; SKETCH_INDEX],
    sketch_bytes: [u8; SKETCH_BYTES],
    sketch_table: [u32; SKETCH_TABLE],
    sketch_order: [u32; SKETCHES],
    coming_heap: [Weight; SKETCHES],
    coming_counters: [Counter; SKETCHES],
    coming_slots: [u64; SKETCHES],
    coming_index: [u32; SKETCH_TABLE],
}

impl<
    const SEATS: usize,
    const DRAINING: usize,
    const NODES: usize,
    const MEMBERS: usize,
    const VIRTUALS: usize,
    const RESERVOIRS: usize,
    const CANDIDATES: usize,
    const SKETCH: usize,
    const GROUPS: usize,
    const CHUNKS: usize,
    const DESCRIPTORS: usize,
    const ENTRIES: usize,
    const CELLS: usize,
    const PAGE_SET: usize,
    const SCANS: usize,
    const SCAN_SCRATCH: usize,
    const RANGES: usize,
    const RANKED: usize,
    const RANGE_KEYS: usize,
    const SCRATCH: usize,
    const KEY: usize,
    const FOLD: usize,
    const SKETCHES: usize,
    const SKETCH_COUNTERS: usize,
    const SKETCH_INDEX: usize,
    const SKETCH_BYTES: usize,
    const SKETCH_TABLE: usize,
>
    WriterMemory<
        SEATS,
        DRAINING,
        NODES,
        MEMBERS,
        VIRTUALS,
        RESERVOIRS,
        CANDIDATES,
        SKETCH,
        GROUPS,
        CHUNKS,
        DESCRIPTORS,
        ENTRIES,
        CELLS,
        PAGE_SET,
        SCANS,
        SCAN_SCRATCH,
        RANGES,
        RANKED,
        RANGE_KEYS,
        SCRATCH,
        KEY,
        FOLD,
        SKETCHES,
        SKETCH_COUNTERS,
        SKETCH_INDEX,
        SKETCH_BYTES,
        SKETCH_TABLE,
    >
{
    /// All zeros, so that a static of it takes no room in the program's image.
    #[expect(clippy::new_without_default, reason = "for statics, which call constant functions only")]
    #[must_use]
    pub const fn new() -> Self {
        WriterMemory {
            seats: [SeatMeta::BLANK; SEATS],
            draining: [0; DRAINING],
            nodes: [Node::BLANK; NODES],
            members: [MemberMeta::BLANK; MEMBERS],
            runs: [Run::BLANK; VIRTUALS],
            heap: [Weight::BLANK; CANDIDATES],
            counters: [Counter::BLANK; CANDIDATES],
            routes: [0; CANDIDATES],
            index: [0; SKETCH],
            drained: [0; RESERVOIRS],
            before: [Seen::BLANK; CANDIDATES],
            now: [Seen::BLANK; CANDIDATES],
            coldest: [(0, 0); CANDIDATES],
            groups: [GroupEntry::BLANK; GROUPS],
            chunk_refs: [0; CHUNKS],
            descriptors: [DescriptorMeta::BLANK; DESCRIPTORS],
            free_entries: [0; ENTRIES],
            ring: [0; ENTRIES],
            baselines: [[0; 4]; CELLS],
            open_cells: [[0; 4]; CELLS],
            open_pages: [0; PAGE_SET],
            scan_baselines: [0; SCANS],
            open_scans: [0; SCANS],
            scan_sums: [0; SCAN_SCRATCH],
            order: [0; RANGES],
            next_order: [0; RANGES],
            range_seats: [0; RANGES],
            free_ranges: [0; RANGES],
            loads: [0; RANGES],
            parts: [0; RANGES],
            ranked: [0; RANKED],
            sampled: [Sampled::NONE; RANGES],
            range_keys: [ShortKey::EMPTY; RANGE_KEYS],
            scratch: [0; SCRATCH],
            key_scratch: [0; KEY],
            folded: [0; FOLD],
            fold: [FoldSource::BLANK; FOLD],
            sketch_heads: [SketchHead::BLANK; SKETCHES],
            sketch_heap: [Weight::BLANK; SKETCH_COUNTERS],
            sketch_counters: [Counter::BLANK; SKETCH_COUNTERS],
            sketch_index: [0; SKETCH_INDEX],
            sketch_bytes: [0; SKETCH_BYTES],
            sketch_table: [0; SKETCH_TABLE],
            sketch_order: [0; SKETCHES],
            coming_heap: [Weight::BLANK; SKETCHES],
            coming_counters: [Counter::BLANK; SKETCHES],
            coming_slots: [0; SKETCHES],
            coming_index: [0; SKETCH_TABLE],
        }
    }

    /// The writer of `shared`, at work in this memory from `now_ms` (Unix milliseconds) on.
    ///
    /// # Errors
    /// [`ClaimError::Taken`] the second time; [`ClaimError::OtherSizes`] where the memory was declared
    /// for another configuration. Nothing is changed then.
    // Apart from its caller, whose frame would keep all that it takes on the way.
    #[inline(never)]
    pub fn claim(&mut self, shared: &'static Shared, now_ms: u64) -> Result<FixedWriter<'_>, ClaimError> {
        if !self.fits(&shared.layout) {
            return Err(ClaimError::OtherSizes);
        }
        if !shared.claim() {
            return Err(ClaimError::Taken);
        }
        Ok(FixedWriter::begin(shared, self.pools(), now_ms))
    }

    /// Whether this memory was declared for that layout.
    fn fits(&self, layout: &Layout) -> bool {
        let lengths = [
            SEATS,
            DRAINING,
            NODES,
            MEMBERS,
            VIRTUALS,
            RESERVOIRS,
            CANDIDATES,
            SKETCH,
            GROUPS,
            CHUNKS,
            DESCRIPTORS,
            ENTRIES,
            CELLS,
            PAGE_SET,
            SCANS,
            SCAN_SCRATCH,
            RANGES,
            RANKED,
            RANGE_KEYS,
            SCRATCH,
            KEY,
            FOLD,
            SKETCHES,
            SKETCH_COUNTERS,
            SKETCH_INDEX,
            SKETCH_BYTES,
            SKETCH_TABLE,
        ];
        let wanted = [
            layout.seats,
            layout.drain_len,
            layout.nodes(),
            layout.members,
            layout.virtuals,
            layout.reservoirs(),
            layout.candidates(),
            layout.sketch_index_len(),
            layout.group_len,
            layout.chunks,
            layout.descriptors,
            layout.column_entries(),
            layout.cells(),
            layout.page_set_words,
            layout.scan_cells(),
            layout.scan_scratch_len(),
            layout.ranges,
            2 * layout.ranges,
            layout.range_keys(),
            layout.scratch_len(),
            layout.key_scratch_len(),
            layout.fold_sources(),
            layout.sketches,
            layout.sketch_counters(),
            layout.sketch_index(),
            layout.sketch_bytes(),
            layout.sketch_table(),
        ];
        lengths == wanted
    }

    fn pools(&mut self) -> WriterPools<'_> {
        // What no owner fills itself. In place: on a small machine the stack has no room for a second one.
        self.baselines.fill([0; 4]);
        self.open_cells.fill([0; 4]);
        self.open_pages.fill(0);
        self.scan_baselines.fill(0);
        self.open_scans.fill(0);
        WriterPools {
            seats: PoolMut::Lent(&mut self.seats),
            draining: PoolMut::Lent(&mut self.draining),
            nodes: PoolMut::Lent(&mut self.nodes),
            members: PoolMut::Lent(&mut self.members),
            runs: PoolMut::Lent(&mut self.runs),
            candidates: CandidatePools {
                heap: PoolMut::Lent(&mut self.heap),
                counters: PoolMut::Lent(&mut self.counters),
                routes: PoolMut::Lent(&mut self.routes),
                index: PoolMut::Lent(&mut self.index),
                drained: PoolMut::Lent(&mut self.drained),
                before: PoolMut::Lent(&mut self.before),
                now: PoolMut::Lent(&mut self.now),
                coldest: PoolMut::Lent(&mut self.coldest),
            },
            groups: PoolMut::Lent(&mut self.groups),
            chunk_refs: PoolMut::Lent(&mut self.chunk_refs),
            descriptors: PoolMut::Lent(&mut self.descriptors),
            log: LogPools {
                free_entries: PoolMut::Lent(&mut self.free_entries),
                ring: PoolMut::Lent(&mut self.ring),
                folded: PoolMut::Lent(&mut self.folded),
            },
            fold: PoolMut::Lent(&mut self.fold),
            baselines: PoolMut::Lent(&mut self.baselines),
            open_cells: PoolMut::Lent(&mut self.open_cells),
            open_pages: PoolMut::Lent(&mut self.open_pages),
            ranges: RangePools {
                order: PoolMut::Lent(&mut self.order),
                next_order: PoolMut::Lent(&mut self.next_order),
                seats: PoolMut::Lent(&mut self.range_seats),
                free: PoolMut::Lent(&mut self.free_ranges),
                loads: PoolMut::Lent(&mut self.loads),
                parts: PoolMut::Lent(&mut self.parts),
                ranked: PoolMut::Lent(&mut self.ranked),
                sampled: PoolMut::Lent(&mut self.sampled),
                keys: PoolMut::Lent(&mut self.range_keys),
            },
            scans: ScanPools {
                baselines: PoolMut::Lent(&mut self.scan_baselines),
                open: PoolMut::Lent(&mut self.open_scans),
                sums: PoolMut::Lent(&mut self.scan_sums),
            },
            scratch: PoolMut::Lent(&mut self.scratch),
            key_scratch: PoolMut::Lent(&mut self.key_scratch),
            sketches: SketchPools {
                heads: PoolMut::Lent(&mut self.sketch_heads),
                heap: PoolMut::Lent(&mut self.sketch_heap),
                counters: PoolMut::Lent(&mut self.sketch_counters),
                index: PoolMut::Lent(&mut self.sketch_index),
                bytes: PoolMut::Lent(&mut self.sketch_bytes),
                table: PoolMut::Lent(&mut self.sketch_table),
                order: PoolMut::Lent(&mut self.sketch_order),
                coming_heap: PoolMut::Lent(&mut self.coming_heap),
                coming_counters: PoolMut::Lent(&mut self.coming_counters),
                coming_slots: PoolMut::Lent(&mut self.coming_slots),
                coming_index: PoolMut::Lent(&mut self.coming_index),
            },
        }
    }
}

impl<'m> FixedWriter<'m> {
    fn begin(shared: &'static Shared, pools: WriterPools<'m>, now_ms: u64) -> Self {
        shared.begin();
        let mut writer = WriterOn { shared, state: State::new(shared, pools, now_ms) };
        writer.state.begin(shared);
        shared.board.set(Published::MemoryBytes, shared.layout.fixed_memory_bytes() as u64);
        writer
    }

    /// A recorder; see [`Shared::recorder`].
    #[must_use]
    pub fn recorder(&self) -> Option<crate::FixedRecorder> {
        self.shared.recorder()
    }
}

#[cfg(feature = "alloc")]
impl FixedWriter<'static> {
    /// A writer and its shared half in memory that is taken from the allocator and never given back: the
    /// fixed form for sizes that are known at run time only.
    ///
    /// # Errors
    /// [`ConfigError`] names the field and what to do.
    pub fn leak(config: Config, now_ms: u64) -> Result<FixedWriter<'static>, ConfigError> {
        use crate::pool::Leak;

        let layout = Layout::new(&config)?;
        let shared = Shared::take::<Leak>(config, layout)?;
        let pools = WriterPools::take::<Leak>(&layout)?;
        let shared: &'static Shared = alloc::boxed::Box::leak(alloc::boxed::Box::new(shared));
        shared.claim();
        Ok(Self::begin(shared, pools, now_ms))
    }
}

#[cfg(feature = "alloc")]
impl FixedWriter<'_> {
    /// A reader of this sampler.
    #[must_use]
    pub fn reader(&self) -> crate::FixedReader {
        crate::FixedReader { shared: self.shared }
    }
}

/// Declares a sampler whose memory is all static: a module with
/// - `SHARED`, the static [`Shared`](crate::Shared) that recorders are made of,
/// - `Memory`, the type of the writing half's memory; `Memory::new()` is a constant,
/// - `CONFIG`, the [`Config`](crate::Config).
///
/// Fields that are not given are [`Config::SMALL`](crate::Config::SMALL)'s; pools that are not given get
/// what they can ever need ([`Config::roomy`](crate::Config::roomy)). A configuration that cannot work does
/// not compile; the message names the field.
///
/// # Examples
/// ```
/// use keyviz_core::{Op, RouteId};
///
/// keyviz_core::fixed! {
///     /// The load of the flash's regions.
///     pub mod load {
///         step_ms: 1000,
///         max_routes: 8,
///         max_recorders: 2,
///         history_columns: 16,
///     }
/// }
///
/// let mut memory = load::Memory::new(); // on the stack of a `main` that never ends, or in a static cell
/// let mut writer = memory.claim(&load::SHARED, 0)?;
/// writer.register(RouteId(1), b"a", Some(b"m"), 0)?;
/// let recorder = load::SHARED.recorder().ok_or("all recorders are taken")?; // one per interrupt priority
/// recorder.observe(RouteId(1), Op::Write, b"apple", 100);
/// writer.flush(1000);
/// assert_eq!(writer.counters().recorded.writes, 1);
///
/// // A shared half has one writer.
/// assert!(load::Memory::new().claim(&load::SHARED, 0).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Too small a pool is a message of the compiler's: `history_bytes: 100 bytes cannot hold the open column
/// at its largest, twice, and the parts of term changes; give at least ... bytes`.
/// ```compile_fail
/// keyviz_core::fixed! {
///     mod load { history_bytes: 100 }
/// }
/// ```
#[macro_export]
macro_rules! fixed {
    ($(#[$meta:meta])* $vis:vis mod $name:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $(#[$meta])*
        $vis mod $name {
            /// The sizes.
            #[allow(unused_mut, reason = "a configuration may be the small one as it is")]
            pub const CONFIG: $crate::Config = {
                let mut config = $crate::Config::SMALL;
                $(config.$field = $value;)*
                $crate::fixed::roomy(&config)
            };

            const SIZES: $crate::fixed::Sizes = $crate::fixed::Sizes::of(&CONFIG);

            static MEMORY: $crate::fixed::SharedMemory<
                { SIZES.pages },
                { SIZES.directories },
                { SIZES.own },
                { SIZES.table },
                { SIZES.member_table },
                { SIZES.seats },
                { SIZES.members },
                { SIZES.samples },
                { SIZES.key_queues },
                { SIZES.key_words },
                { SIZES.record_entries },
                { SIZES.record_words },
                { SIZES.boundary_words },
                { SIZES.boundary_marks },
                { SIZES.lineage },
                { SIZES.events },
                { SIZES.divisions },
                { SIZES.chunks },
                { SIZES.descriptor_words },
                { SIZES.entries },
                { SIZES.words },
                { SIZES.blocks },
            > = $crate::fixed::SharedMemory::new();

            /// The shared half: recorders are made of it, and the writer claims it.
            pub static SHARED: $crate::Shared = MEMORY.shared(&CONFIG);

            /// The memory of the writing half: to be placed by the host, and lent by `claim`.
            pub type Memory = $crate::fixed::WriterMemory<
                { SIZES.seats },
                { SIZES.draining },
                { SIZES.nodes },
                { SIZES.members },
                { SIZES.virtuals },
                { SIZES.reservoirs },
                { SIZES.candidates },
                { SIZES.sketch },
                { SIZES.groups },
                { SIZES.chunks },
                { SIZES.descriptors },
                { SIZES.entries },
                { SIZES.cells },
                { SIZES.page_set },
                { SIZES.scans },
                { SIZES.scan_scratch },
                { SIZES.ranges },
                { SIZES.ranked },
                { SIZES.range_keys },
                { SIZES.scratch },
                { SIZES.key_scratch },
                { SIZES.fold },
                { SIZES.sketches },
                { SIZES.sketch_counters },
                { SIZES.sketch_index },
                { SIZES.sketch_bytes },
                { SIZES.sketch_table },
            >;
        }
    };
}
