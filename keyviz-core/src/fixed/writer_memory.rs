//! The memory of a writing half, which the host places and lends.

use super::{ClaimError, FixedWriter};
use crate::column_log::LogPools;
use crate::descriptor::DescriptorMeta;
use crate::fold_columns::FoldSource;
use crate::groups::GroupEntry;
use crate::hot_keys::{SketchHead, SketchPools};
use crate::layout::Layout;
use crate::members::MemberMeta;
use crate::memory::WriterPools;
use crate::pool::PoolMut;
use crate::promote::{CandidatePools, Seen};
use crate::range_samples::{Sampled, ShortKey};
use crate::ranges::RangePools;
use crate::routes::Node;
use crate::runs::Run;
use crate::scans::ScanPools;
use crate::seat::SeatMeta;
use crate::shared::Shared;
use crate::space_saving::{Count as Weight, Counter};
use crate::sync::Count;

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
