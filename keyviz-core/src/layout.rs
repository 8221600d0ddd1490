//! Counts that follow from a [`Config`]: how many of everything there are.

use core::ops::Range;

use crate::config::Config;
use crate::config_error::ConfigError;
use crate::events::OWN_RINGS;
use crate::limits::{
    BLOCK_BYTES, BLOCK_WORDS, CANDIDATES, CELL_WORDS, CHUNK_BYTES, CHUNK_SIZE, DESCRIPTOR_META_BYTES, DESCRIPTOR_WORDS,
    ENTRY_BYTES, FULL_RECORDS, LEAST_RECORDS, LEAST_SAMPLES, LINE_BYTES, LINE_CELLS, LINE_WORDS, MAX_HEAD_BYTES,
    MAX_LINEAGE, MAX_SEPARATOR_LEN, MAX_VALUE_BYTES, PAGE_SLOTS, RANGE_SAMPLES, RESERVOIR_WORDS, SAMPLE_HEAD_WORDS,
    SCAN_PAGE_PAGES, SKETCH_HEAD_BYTES, SKETCH_KEY_BYTES, TALLY_WORDS,
};
use crate::sync::HAS_CAS;
use crate::tier::Tiers;

/// What the pool of cells must hold.
const CELLS_HOLD: &str =
    if HAS_CAS { "the shared shards and one page for a recorder" } else { "the pages of every recorder" };

/// Shares of a budget, see [`Config::fit`].
pub(crate) struct Pools {
    pub(crate) cell_bytes: usize,
    pub(crate) history_bytes: usize,
    pub(crate) bound_bytes: usize,
}

/// How many of everything there are. Copied into each half and each recorder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Sub-buckets of a route.
    pub(crate) k: usize,
    /// Slots of a route: one per label and one unlabelled.
    pub(crate) lanes: usize,
    /// Routes that may have a seat of their own.
    pub(crate) max_routes: usize,
    /// Ranges of the core's own making; 0 where the host registers routes.
    pub(crate) ranges: usize,
    /// Routes that may be registered.
    pub(crate) known: usize,
    /// Seats of routes, live or draining.
    pub(crate) own_seats: usize,
    /// Seats of virtual buckets; they stand behind the routes'.
    pub(crate) virtuals: usize,
    /// All seats.
    pub(crate) seats: usize,
    /// Routes that may share a virtual bucket.
    pub(crate) members: usize,
    /// The slot of the first virtual bucket, where a page begins.
    pub(crate) first_virtual_slot: usize,
    /// Slots of all seats.
    pub(crate) slots: usize,
    /// Pages of cells that cover all slots once.
    pub(crate) pages: usize,
    /// Pages of scans that do; their words stand behind the others' in a directory. 0 when scans are not counted.
    pub(crate) scan_pages: usize,
    /// Lines of a page.
    pub(crate) page_lines: usize,
    /// Words of a directory, with the gap to the next.
    pub(crate) directory_words: usize,
    pub(crate) recorders: usize,
    pub(crate) shards: usize,
    /// Pages in the pool.
    pub(crate) pool_pages: usize,
    /// Entries of the table of routes with seats of their own, a power of two.
    pub(crate) table_len: usize,
    /// Entries of the table of members, a power of two; 0 without virtual buckets.
    pub(crate) member_table_len: usize,
    /// Entries of the group table, a power of two.
    pub(crate) group_len: usize,
    pub(crate) chunks: usize,
    pub(crate) max_bound_len: usize,
    pub(crate) descriptors: usize,
    /// Sealed columns of one step that are kept.
    pub(crate) history_columns: usize,
    /// The coarser tiers.
    pub(crate) tiers: Tiers,
    /// Columns that the last tier keeps.
    pub(crate) last_tier_columns: usize,
    /// Sealed columns that may stand in all tiers.
    pub(crate) columns: usize,
    pub(crate) blocks: usize,
    /// Words that say which pages have open counts.
    pub(crate) page_set_words: usize,
    /// Splits and merges remembered, each pair of parent and child for itself.
    pub(crate) lineage: usize,
    /// Events of the host's that are kept.
    pub(crate) host_events: usize,
    /// Events of the core's own that are kept, of each sort.
    pub(crate) own_events: usize,
    /// Whether keys are sampled.
    pub(crate) samples: bool,
    /// Words of a recorder's queue of sampled keys.
    pub(crate) queue_words: usize,
    /// Bytes of the longest key that is sampled.
    pub(crate) max_key_len: usize,
    /// Cells whose hot keys are followed; 0 where none are.
    pub(crate) sketches: usize,
    /// Keys that are followed of each.
    pub(crate) sketch_keys: usize,
    /// Sealed columns whose hot keys may be kept.
    pub(crate) records: usize,
    /// Words of the records of sealed columns, and of each of the two places for the open one's.
    pub(crate) record_ring: usize,
    pub(crate) record_open: usize,
    /// The most words of a sealed column's record.
    pub(crate) record_sealed: usize,
    /// Buckets of the index of draining seats, a power of two.
    pub(crate) drain_len: usize,
}

/// Columns that the coarsest tier keeps.
const fn last_tier_columns(config: &Config) -> usize {
    match config.tiers.as_slice().last() {
        Some(last) => last.columns as usize,
        None => config.history_columns as usize,
    }
}

/// Columns of all tiers: those each keeps, and those that wait to be folded.
#[expect(clippy::indexing_slicing, reason = "below the slice's length")]
pub(crate) const fn columns(config: &Config) -> usize {
    let (tiers, mut finer, mut at) = (config.tiers.as_slice(), 1, 0);
    let mut columns = config.history_columns as usize;
    while at < tiers.len() {
        // A window's worth that is due, as much again where columns are narrow, and one a tier whose turn is next.
        columns += tiers[at].columns as usize + 2 * (tiers[at].steps / finer) as usize + tiers.len();
        finer = tiers[at].steps;
        at += 1;
    }
    columns
}

impl Layout {
    pub(crate) const fn new(config: &Config) -> Result<Layout, ConfigError> {
        if let Err(error) = config.check_ranges() {
            return Err(error);
        }
        let k = config.sub_buckets as usize;
        let lanes = config.labels.len() + 1;
        let ranges = config.partition.ranges() as usize;
        let max_routes = if ranges > 0 { ranges } else { config.max_routes as usize };
        let quarter = if max_routes / 4 < 8 { 8 } else { max_routes / 4 };
        let max_draining = match config.max_draining {
            // All ranges may be others within a grace.
            0 if ranges > 0 => ranges,
            0 => quarter,
            given => given as usize,
        };
        let own_seats = max_routes + max_draining;
        let told = if ranges > 0 { 0 } else { config.max_known_routes as usize };
        let known = if told > max_routes { told } else { max_routes };
        let virtuals = match config.max_virtual {
            _ if known == max_routes => 0,
            0 => quarter,
            given => given as usize,
        };
        let members = if virtuals > 0 { known } else { 0 };
        let seats = own_seats + virtuals;
        let own_slots = own_seats * lanes;
        let first_virtual_slot = if virtuals > 0 { own_slots.next_multiple_of(PAGE_SLOTS) } else { own_slots };
        let slots = first_virtual_slot + virtuals.div_ceil(k);
        let pages = slots.div_ceil(PAGE_SLOTS);
        let scan_pages = if config.scans { pages.div_ceil(SCAN_PAGE_PAGES) } else { 0 };
        let page_lines = PAGE_SLOTS / LINE_CELLS * k;
        let mut layout = Layout {
            k,
            lanes,
            max_routes,
            ranges,
            known,
            own_seats,
            virtuals,
            seats,
            members,
            first_virtual_slot,
            slots,
            pages,
            scan_pages,
            page_lines,
            directory_words: pages + scan_pages + LINE_WORDS,
            recorders: config.max_recorders as usize,
            shards: config.shared_shards as usize,
            pool_pages: config.cell_bytes / (page_lines * LINE_BYTES),
            table_len: (2 * own_seats).next_power_of_two(),
            member_table_len: if members > 0 { (2 * members).next_power_of_two() } else { 0 },
            // Twice the groups that may have routes, and those that are remembered without any.
            group_len: (2 * (known + own_seats)).next_power_of_two(),
            chunks: config.bound_bytes / CHUNK_SIZE,
            max_bound_len: config.max_bound_len as usize,
            // Ranges change more often than routes, and history remembers each as it was.
            descriptors: if ranges > 0 { 8 * seats } else { 4 * seats },
            history_columns: config.history_columns as usize,
            tiers: config.tiers,
            last_tier_columns: last_tier_columns(config),
            columns: columns(config),
            blocks: 0,
            page_set_words: pages.div_ceil(64),
            lineage: if 2 * known > MAX_LINEAGE { MAX_LINEAGE } else { 2 * known },
            host_events: config.max_events as usize,
            own_events: match config.max_events {
                0 => 0,
                1..32 => 1,
                more => more as usize / 16,
            },
            samples: config.hot_keys || ranges > 0,
            queue_words: config.sample_bytes / 8 / config.max_recorders as usize,
            max_key_len: config.max_key_len as usize,
            sketches: if config.hot_keys { config.hot_key_sketches as usize } else { 0 },
            sketch_keys: config.hot_key_entries as usize,
            records: 0,
            record_ring: 0,
            record_open: 0,
            record_sealed: 0,
            drain_len: seats.next_power_of_two(),
        };
        let per_block = BLOCK_BYTES + size_of::<u32>();
        layout.blocks = config.history_bytes.saturating_sub(layout.history_fixed_bytes()) / per_block;

        layout.divide_records(config.hot_key_bytes / 8);
        let least = layout.least_pools();
        let hot_key_bytes = if layout.sketches > 0 { config.hot_key_bytes } else { usize::MAX };
        let sample_bytes = if layout.samples { config.sample_bytes } else { usize::MAX };
        let pools = [
            ("cell_bytes", config.cell_bytes, least.cell_bytes, CELLS_HOLD),
            (
                "history_bytes",
                config.history_bytes,
                least.history_bytes,
                "the open column at its largest, twice, and the parts of term changes",
            ),
            ("bound_bytes", config.bound_bytes, least.bound_bytes, "the two bounds of one route at their longest"),
            ("sample_bytes", sample_bytes, layout.least_sample_bytes(), "the samples of every recorder"),
            (
                "hot_key_bytes",
                hot_key_bytes,
                layout.least_record_bytes() * LEAST_RECORDS,
                "the hot keys of some columns",
            ),
        ];
        let mut at = 0;
        while at < pools.len() {
            #[expect(clippy::indexing_slicing, reason = "below the array's length")]
            let (field, bytes, least_bytes, holds) = pools[at];
            if bytes < least_bytes {
                return Err(ConfigError::PoolTooSmall { field, bytes, least_bytes, holds });
            }
            at += 1;
        }
        Ok(layout)
    }

    /// The cells of a seat, numbered through all slots: of a route one for each label and division, of a virtual
    /// bucket one alone, so that buckets take no more of the pool than they use.
    pub(crate) const fn cells_of(&self, seat: usize) -> Range<usize> {
        let per_route = self.lanes * self.k;
        match seat.checked_sub(self.own_seats) {
            Some(bucket) => self.first_virtual_slot * self.k + bucket..self.first_virtual_slot * self.k + bucket + 1,
            None => seat * per_route..(seat + 1) * per_route,
        }
    }

    /// Whether a seat is a virtual bucket's.
    pub(crate) const fn is_virtual(&self, seat: u32) -> bool {
        seat as usize >= self.own_seats
    }

    /// Reservoirs of sampled route ids: one for each row of the directory.
    pub(crate) const fn reservoirs(&self) -> usize {
        if self.virtuals > 0 { self.directory_rows() } else { 0 }
    }

    /// Words of all reservoirs.
    pub(crate) const fn id_samples_len(&self) -> usize {
        self.reservoirs().saturating_mul(RESERVOIR_WORDS)
    }

    /// Members that are kept in sight as candidates for seats of their own.
    pub(crate) const fn candidates(&self) -> usize {
        if self.virtuals > 0 { CANDIDATES } else { 0 }
    }

    /// Entries of the index of the sketch of candidates, a power of two.
    pub(crate) const fn sketch_index_len(&self) -> usize {
        (2 * self.candidates()).next_power_of_two()
    }

    /// All pages that a recorder or a shared shard can have: the words of a directory.
    pub(crate) const fn all_pages(&self) -> usize {
        self.pages + self.scan_pages
    }

    /// Cells whose scans are counted.
    pub(crate) const fn scan_cells(&self) -> usize {
        if self.scan_pages > 0 { self.cells() } else { 0 }
    }

    /// Words of the sums of a page of scans.
    pub(crate) const fn scan_scratch_len(&self) -> usize {
        if self.scan_pages > 0 { self.scratch_len() } else { 0 }
    }

    /// The most bytes that one encoded cell takes.
    pub(crate) const fn max_cell_bytes(&self) -> usize {
        let values = if self.scan_pages > 0 { TALLY_WORDS } else { CELL_WORDS };
        MAX_HEAD_BYTES + values * MAX_VALUE_BYTES
    }

    /// Queues of sampled keys: one for each recorder.
    pub(crate) const fn sample_queues(&self) -> usize {
        if self.samples { self.recorders } else { 0 }
    }

    /// Words of all queues, with the gaps between them.
    pub(crate) const fn sample_words(&self) -> usize {
        self.sample_queues().saturating_mul(self.queue_words + LINE_WORDS)
    }

    /// Bytes of a key while it is taken out of a queue.
    pub(crate) const fn key_scratch_len(&self) -> usize {
        if self.samples { self.max_key_len.next_multiple_of(8) } else { 0 }
    }

    /// Divides the words of the hot keys kept: an eighth for each of two versions of the open column's.
    const fn divide_records(&mut self, words: usize) {
        if self.sketches == 0 {
            return;
        }
        self.record_open = words / 8;
        self.record_ring = words - 2 * self.record_open;
        let (share, least) = (self.record_ring / FULL_RECORDS, self.least_record_bytes() / 8);
        self.record_sealed = if share > least { share } else { least };
        self.records = match self.record_ring / 512 {
            few @ 0..8 => few + LEAST_RECORDS / 8,
            many @ 8..4096 => many,
            _ => 4096,
        };
    }

    /// Bytes of a record of one cell with one key, both at their longest.
    const fn least_record_bytes(&self) -> usize {
        (SKETCH_HEAD_BYTES + SKETCH_KEY_BYTES + 2 * self.max_bound_len + self.max_key_len).next_multiple_of(8)
    }

    /// Words of the hot keys kept.
    pub(crate) const fn record_words(&self) -> usize {
        self.record_ring + 2 * self.record_open
    }

    /// Entries of the index of the hot keys kept: those of sealed columns, and two of the open one.
    pub(crate) const fn record_entries(&self) -> usize {
        if self.sketches > 0 { self.records + 2 } else { 0 }
    }

    /// Counters of all sketches.
    pub(crate) const fn sketch_counters(&self) -> usize {
        self.sketches * self.sketch_keys
    }

    /// Entries of a sketch's index, a power of two. At most an eighth full: a quarter takes a
    /// sixth longer a sample, a half two fifths longer again.
    pub(crate) const fn sketch_keys_index(&self) -> usize {
        (8 * self.sketch_keys).next_power_of_two()
    }

    /// Entries of the indexes of all sketches.
    pub(crate) const fn sketch_index(&self) -> usize {
        self.sketches * self.sketch_keys_index()
    }

    /// Entries of the table of cells that have sketches, a power of two.
    pub(crate) const fn sketch_table(&self) -> usize {
        if self.sketches > 0 { (2 * self.sketches).next_power_of_two() } else { 0 }
    }

    /// Bytes that a sketch has for a key.
    pub(crate) const fn key_width(&self) -> usize {
        self.max_key_len.next_multiple_of(8)
    }

    /// Bytes of the keys of all sketches.
    pub(crate) const fn sketch_bytes(&self) -> usize {
        self.sketch_counters() * self.key_width()
    }

    /// The seat, label and division that a cell counts for.
    pub(crate) const fn place_of(&self, cell: usize) -> (usize, usize, usize) {
        match cell.checked_sub(self.first_virtual_slot * self.k) {
            Some(bucket) => (self.own_seats + bucket, 0, 0),
            None => (cell / self.k / self.lanes, cell / self.k % self.lanes, cell % self.k),
        }
    }

    /// The least that the queues of all recorders may take.
    const fn least_sample_bytes(&self) -> usize {
        let longest = SAMPLE_HEAD_WORDS + self.max_key_len.div_ceil(8);
        self.recorders.saturating_mul(LEAST_SAMPLES * longest + 1).saturating_mul(8)
    }

    /// Bytes of the longest boundary of the core's own making.
    pub(crate) const fn max_separator(&self) -> usize {
        if self.max_bound_len < MAX_SEPARATOR_LEN { self.max_bound_len } else { MAX_SEPARATOR_LEN }
    }

    /// Columns of eight bytes of such boundaries.
    pub(crate) const fn boundary_columns(&self) -> usize {
        self.max_separator().div_ceil(8)
    }

    /// Words of both sets of boundaries.
    pub(crate) const fn boundary_words(&self) -> usize {
        if self.ranges > 0 { 2 * (crate::boundaries::HEAD_WORDS + self.boundary_columns() * self.ranges) } else { 0 }
    }

    /// Seats, steps and lengths of both sets of boundaries.
    pub(crate) const fn boundary_marks(&self) -> usize {
        2 * crate::boundaries::marks(self.ranges)
    }

    /// Sampled keys of all ranges.
    pub(crate) const fn range_keys(&self) -> usize {
        self.ranges * RANGE_SAMPLES
    }

    /// Cells of the whole key space.
    pub(crate) const fn cells(&self) -> usize {
        self.slots * self.k
    }

    /// Lines of all pages.
    pub(crate) const fn pool_lines(&self) -> usize {
        self.pool_pages * self.page_lines
    }

    /// Entries of all rings of events.
    pub(crate) const fn events(&self) -> usize {
        self.host_events + OWN_RINGS * self.own_events
    }

    /// Words of all directories.
    pub(crate) const fn directories_len(&self) -> usize {
        self.directory_rows().saturating_mul(self.directory_words)
    }

    /// Seats that say how their route divides.
    pub(crate) const fn divisions(&self) -> usize {
        if self.k > 1 { self.own_seats } else { 0 }
    }

    /// Words of all descriptors.
    pub(crate) const fn descriptor_words(&self) -> usize {
        self.descriptors.saturating_mul(DESCRIPTOR_WORDS)
    }

    /// Words of all blocks.
    pub(crate) const fn block_words(&self) -> usize {
        self.blocks * BLOCK_WORDS
    }

    /// Nodes of the routes' order.
    pub(crate) const fn nodes(&self) -> usize {
        crate::routes::nodes_for(self.known)
    }

    /// Words of a page's sums.
    pub(crate) const fn scratch_len(&self) -> usize {
        self.page_lines * LINE_WORDS
    }

    /// Rows of the directory: recorders, then shards.
    pub(crate) const fn directory_rows(&self) -> usize {
        self.recorders + self.shards
    }

    /// Columns that can be folded into one.
    pub(crate) const fn fold_sources(&self) -> usize {
        // Twice the whole ones: those on both sides of a gap may be narrower.
        2 * self.tiers.largest_ratio() as usize
    }

    /// Entries of the column index: the sealed ones, the open one, one to write the next into, and what a folding
    /// replaces.
    pub(crate) const fn column_entries(&self) -> usize {
        let folding = if self.tiers.is_empty() { 0 } else { self.fold_sources() + 1 };
        self.columns + 2 + folding
    }

    /// Blocks of one column in which every cell is at its largest.
    pub(crate) const fn largest_column_blocks(&self) -> usize {
        self.cells().saturating_mul(self.max_cell_bytes()).div_ceil(BLOCK_BYTES) + 1
    }

    /// Blocks that the parts of one route take at the most, both those of the open column and those
    /// that wait for the next flush.
    pub(crate) const fn part_blocks(&self) -> usize {
        (2 * self.lanes * self.k * self.max_cell_bytes()).div_ceil(BLOCK_BYTES) + 2
    }

    /// Blocks that all parts may take.
    pub(crate) const fn parts_limit(&self) -> usize {
        self.largest_column_blocks() + self.part_blocks()
    }

    /// What of `history_bytes` goes to the index and the descriptors.
    pub(crate) const fn history_fixed_bytes(&self) -> usize {
        let entries = self.column_entries().saturating_mul(ENTRY_BYTES + 2 * size_of::<u32>());
        let descriptors = self.descriptors.saturating_mul(DESCRIPTOR_WORDS * 8 + DESCRIPTOR_META_BYTES);
        entries.saturating_add(descriptors)
    }

    /// What each pool can ever need.
    pub(crate) const fn room(&self) -> Pools {
        let least = self.least_pools();
        let columns = self.columns.saturating_mul(self.largest_column_blocks());
        let longest = 2 * self.max_bound_len.div_ceil(CHUNK_BYTES) * CHUNK_SIZE;
        Pools {
            cell_bytes: self
                .directory_rows()
                .saturating_mul(self.all_pages())
                .saturating_mul(self.page_lines * LINE_BYTES),
            history_bytes: least.history_bytes.saturating_add(columns.saturating_mul(BLOCK_BYTES + size_of::<u32>())),
            bound_bytes: self.descriptors.saturating_mul(longest),
        }
    }

    /// The least that each pool must have.
    pub(crate) const fn least_pools(&self) -> Pools {
        // Where there is no compare-and-swap each recorder gets all its pages when it is made.
        let rows = if HAS_CAS { self.shards } else { self.recorders };
        let pages = rows.saturating_mul(self.all_pages()).saturating_add(if HAS_CAS { 1 } else { 0 });
        let blocks = 2 * self.largest_column_blocks() + self.parts_limit();
        Pools {
            cell_bytes: pages.saturating_mul(self.page_lines * LINE_BYTES),
            history_bytes: self
                .history_fixed_bytes()
                .saturating_add(blocks.saturating_mul(BLOCK_BYTES + size_of::<u32>())),
            bound_bytes: 2 * self.max_bound_len.div_ceil(CHUNK_BYTES) * CHUNK_SIZE,
        }
    }
}
