//! The memory of the writing half, pool by pool.

use crate::column_log::LogPools;
#[cfg(feature = "alloc")]
use crate::config_error::ConfigError;
use crate::descriptor::DescriptorMeta;
use crate::fold_columns::FoldSource;
use crate::groups::GroupEntry;
#[cfg(feature = "alloc")]
use crate::hot_keys::SketchHead;
use crate::hot_keys::SketchPools;
#[cfg(feature = "alloc")]
use crate::layout::Layout;
use crate::members::MemberMeta;
use crate::pool::PoolMut;
#[cfg(feature = "alloc")]
use crate::pool::Source;
use crate::promote::CandidatePools;
#[cfg(feature = "alloc")]
use crate::promote::Seen;
#[cfg(feature = "alloc")]
use crate::range_samples::{Sampled, ShortKey};
use crate::ranges::RangePools;
use crate::routes::Node;
use crate::runs::Run;
use crate::scans::ScanPools;
use crate::seat::SeatMeta;
#[cfg(feature = "alloc")]
use crate::space_saving::{Count as Weight, Counter};
use crate::sync::Count;

/// What the writing half is made of. What it begins as, each owner says.
pub(crate) struct WriterPools<'m> {
    pub(crate) seats: PoolMut<'m, SeatMeta>,
    pub(crate) draining: PoolMut<'m, u32>,
    pub(crate) nodes: PoolMut<'m, Node>,
    pub(crate) members: PoolMut<'m, MemberMeta>,
    pub(crate) runs: PoolMut<'m, Run>,
    pub(crate) candidates: CandidatePools<'m>,
    pub(crate) groups: PoolMut<'m, GroupEntry>,
    pub(crate) chunk_refs: PoolMut<'m, u32>,
    pub(crate) descriptors: PoolMut<'m, DescriptorMeta>,
    pub(crate) log: LogPools<'m>,
    pub(crate) fold: PoolMut<'m, FoldSource>,
    pub(crate) baselines: PoolMut<'m, [Count; 4]>,
    pub(crate) open_cells: PoolMut<'m, [u64; 4]>,
    pub(crate) open_pages: PoolMut<'m, u64>,
    pub(crate) scans: ScanPools<'m>,
    pub(crate) ranges: RangePools<'m>,
    pub(crate) scratch: PoolMut<'m, Count>,
    pub(crate) key_scratch: PoolMut<'m, u8>,
    pub(crate) sketches: SketchPools<'m>,
}

#[cfg(feature = "alloc")]
impl WriterPools<'static> {
    /// Takes it from the allocator.
    pub(crate) fn take<M: Source>(layout: &Layout) -> Result<Self, ConfigError> {
        Ok(WriterPools {
            seats: M::filled(layout.seats, SeatMeta::BLANK)?,
            draining: M::zeroed(layout.drain_len)?,
            nodes: M::filled(layout.nodes(), Node::BLANK)?,
            members: M::filled(layout.members, MemberMeta::BLANK)?,
            runs: M::filled(layout.virtuals, Run::BLANK)?,
            candidates: CandidatePools {
                heap: M::filled(layout.candidates(), Weight::BLANK)?,
                counters: M::filled(layout.candidates(), Counter::BLANK)?,
                routes: M::zeroed(layout.candidates())?,
                index: M::zeroed(layout.sketch_index_len())?,
                drained: M::zeroed(layout.reservoirs())?,
                before: M::filled(layout.candidates(), Seen::BLANK)?,
                now: M::filled(layout.candidates(), Seen::BLANK)?,
                coldest: M::filled(layout.candidates(), (0, 0))?,
            },
            groups: M::filled(layout.group_len, GroupEntry::BLANK)?,
            chunk_refs: M::zeroed(layout.chunks)?,
            descriptors: M::filled(layout.descriptors, DescriptorMeta::BLANK)?,
            log: LogPools {
                free_entries: M::zeroed(layout.column_entries())?,
                ring: M::zeroed(layout.column_entries())?,
                folded: M::zeroed(layout.fold_sources())?,
            },
            fold: M::filled(layout.fold_sources(), FoldSource::BLANK)?,
            baselines: M::zeroed(layout.cells())?,
            open_cells: M::zeroed(layout.cells())?,
            open_pages: M::zeroed(layout.page_set_words)?,
            ranges: RangePools {
                order: M::zeroed(layout.ranges)?,
                next_order: M::zeroed(layout.ranges)?,
                seats: M::zeroed(layout.ranges)?,
                free: M::zeroed(layout.ranges)?,
                loads: M::zeroed(layout.ranges)?,
                parts: M::zeroed(layout.ranges)?,
                ranked: M::zeroed(2 * layout.ranges)?,
                sampled: M::filled(layout.ranges, Sampled::NONE)?,
                keys: M::filled(layout.range_keys(), ShortKey::EMPTY)?,
            },
            scans: ScanPools {
                baselines: M::zeroed(layout.scan_cells())?,
                open: M::zeroed(layout.scan_cells())?,
                sums: M::zeroed(layout.scan_scratch_len())?,
            },
            scratch: M::zeroed(layout.scratch_len())?,
            key_scratch: M::zeroed(layout.key_scratch_len())?,
            sketches: SketchPools {
                heads: M::filled(layout.sketches, SketchHead::BLANK)?,
                heap: M::filled(layout.sketch_counters(), Weight::BLANK)?,
                counters: M::filled(layout.sketch_counters(), Counter::BLANK)?,
                index: M::zeroed(layout.sketch_index())?,
                bytes: M::zeroed(layout.sketch_bytes())?,
                table: M::zeroed(layout.sketch_table())?,
                order: M::zeroed(layout.sketches)?,
                coming_heap: M::filled(layout.sketches, Weight::BLANK)?,
                coming_counters: M::filled(layout.sketches, Counter::BLANK)?,
                coming_slots: M::zeroed(layout.sketches)?,
                coming_index: M::zeroed(layout.sketch_table())?,
            },
        })
    }
}
