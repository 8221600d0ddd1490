//! Counts that follow from a [`Config`]: how many of everything there are.

use crate::config::Config;
use crate::config_error::ConfigError;
use crate::limits::{
    BLOCK_BYTES, BLOCK_WORDS, CHUNK_BYTES, CHUNK_SIZE, DESCRIPTOR_META_BYTES, DESCRIPTOR_WORDS, ENTRY_BYTES,
    LINE_BYTES, LINE_CELLS, LINE_WORDS, MAX_CELL_BYTES, PAGE_SLOTS,
};
use crate::sync::HAS_CAS;

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
    /// Routes that may be registered.
    pub(crate) max_routes: usize,
    /// Places for a route's slots, live or draining.
    pub(crate) seats: usize,
    /// Slots of all seats.
    pub(crate) slots: usize,
    /// Pages that cover all slots once: the length of a directory.
    pub(crate) pages: usize,
    /// Lines of a page.
    pub(crate) page_lines: usize,
    /// Words of a directory, with the gap to the next.
    pub(crate) directory_words: usize,
    pub(crate) recorders: usize,
    pub(crate) shards: usize,
    /// Pages in the pool.
    pub(crate) pool_pages: usize,
    /// Entries of the route table, a power of two.
    pub(crate) table_len: usize,
    /// Entries of the group table, a power of two.
    pub(crate) group_len: usize,
    pub(crate) chunks: usize,
    pub(crate) max_bound_len: usize,
    pub(crate) descriptors: usize,
    /// Sealed columns that may be kept.
    pub(crate) columns: usize,
    pub(crate) blocks: usize,
    /// Words that say which pages have open counts.
    pub(crate) page_set_words: usize,
    /// Buckets of the index of draining seats, a power of two.
    pub(crate) drain_len: usize,
}

impl Layout {
    pub(crate) const fn new(config: &Config) -> Result<Layout, ConfigError> {
        if let Err(error) = config.check_ranges() {
            return Err(error);
        }
        let k = config.sub_buckets as usize;
        let lanes = config.labels.len() + 1;
        let max_routes = config.max_routes as usize;
        let max_draining = match config.max_draining {
            0 if max_routes / 4 < 8 => 8,
            0 => max_routes / 4,
            given => given as usize,
        };
        let seats = max_routes + max_draining;
        let slots = seats * lanes;
        let pages = slots.div_ceil(PAGE_SLOTS);
        let page_lines = PAGE_SLOTS / LINE_CELLS * k;
        let mut layout = Layout {
            k,
            lanes,
            max_routes,
            seats,
            slots,
            pages,
            page_lines,
            directory_words: pages + LINE_WORDS,
            recorders: config.max_recorders as usize,
            shards: config.shared_shards as usize,
            pool_pages: config.cell_bytes / (page_lines * LINE_BYTES),
            table_len: (2 * seats).next_power_of_two(),
            group_len: (4 * seats).next_power_of_two(),
            chunks: config.bound_bytes / CHUNK_SIZE,
            max_bound_len: config.max_bound_len as usize,
            descriptors: 4 * seats,
            columns: config.history_columns as usize,
            blocks: 0,
            page_set_words: pages.div_ceil(64),
            drain_len: seats.next_power_of_two(),
        };
        let per_block = BLOCK_BYTES + size_of::<u32>();
        layout.blocks = config.history_bytes.saturating_sub(layout.history_fixed_bytes()) / per_block;

        let least = layout.least_pools();
        let pools = [
            ("cell_bytes", config.cell_bytes, least.cell_bytes, CELLS_HOLD),
            (
                "history_bytes",
                config.history_bytes,
                least.history_bytes,
                "the open column at its largest, twice, and the parts of term changes",
            ),
            ("bound_bytes", config.bound_bytes, least.bound_bytes, "the two bounds of one route at their longest"),
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

    /// Cells of the whole key space.
    pub(crate) const fn cells(&self) -> usize {
        self.slots * self.k
    }

    /// Lines of all pages.
    pub(crate) const fn pool_lines(&self) -> usize {
        self.pool_pages * self.page_lines
    }

    /// Words of all directories.
    pub(crate) const fn directories_len(&self) -> usize {
        self.directory_rows() * self.directory_words
    }

    /// Seats that say how their route divides.
    pub(crate) const fn divisions(&self) -> usize {
        if self.k > 1 { self.seats } else { 0 }
    }

    /// Words of all descriptors.
    pub(crate) const fn descriptor_words(&self) -> usize {
        self.descriptors * DESCRIPTOR_WORDS
    }

    /// Words of all blocks.
    pub(crate) const fn block_words(&self) -> usize {
        self.blocks * BLOCK_WORDS
    }

    /// Nodes of the routes' order.
    pub(crate) const fn nodes(&self) -> usize {
        crate::routes::nodes_for(self.seats)
    }

    /// Words of a page's sums.
    pub(crate) const fn scratch_len(&self) -> usize {
        self.page_lines * LINE_WORDS
    }

    /// Rows of the directory: recorders, then shards.
    pub(crate) const fn directory_rows(&self) -> usize {
        self.recorders + self.shards
    }

    /// Entries of the column index: the sealed ones, the open one, and one to write the next into.
    pub(crate) const fn column_entries(&self) -> usize {
        self.columns + 2
    }

    /// Blocks of one column in which every cell is at its largest.
    pub(crate) const fn largest_column_blocks(&self) -> usize {
        (self.cells() * MAX_CELL_BYTES).div_ceil(BLOCK_BYTES) + 1
    }

    /// Blocks that the parts of one route take at the most, both those of the open column and those
    /// that wait for the next flush.
    pub(crate) const fn part_blocks(&self) -> usize {
        (2 * self.lanes * self.k * MAX_CELL_BYTES).div_ceil(BLOCK_BYTES) + 2
    }

    /// Blocks that all parts may take.
    pub(crate) const fn parts_limit(&self) -> usize {
        self.largest_column_blocks() + self.part_blocks()
    }

    /// What of `history_bytes` goes to the index and the descriptors.
    pub(crate) const fn history_fixed_bytes(&self) -> usize {
        self.column_entries() * (ENTRY_BYTES + 2 * size_of::<u32>())
            + self.descriptors * (DESCRIPTOR_WORDS * 8 + DESCRIPTOR_META_BYTES)
    }

    /// What each pool can ever need.
    pub(crate) const fn room(&self) -> Pools {
        let least = self.least_pools();
        let columns = self.columns * self.largest_column_blocks() * (BLOCK_BYTES + size_of::<u32>());
        Pools {
            cell_bytes: self.directory_rows() * self.pages * self.page_lines * LINE_BYTES,
            history_bytes: least.history_bytes + columns,
            bound_bytes: 2 * self.descriptors * self.max_bound_len.div_ceil(CHUNK_BYTES) * CHUNK_SIZE,
        }
    }

    /// The least that each pool must have.
    pub(crate) const fn least_pools(&self) -> Pools {
        // Where there is no compare-and-swap each recorder gets all its pages when it is made.
        let pages = if HAS_CAS { self.shards * self.pages + 1 } else { self.recorders * self.pages };
        Pools {
            cell_bytes: pages * self.page_lines * LINE_BYTES,
            history_bytes: self.history_fixed_bytes()
                + (2 * self.largest_column_blocks() + self.parts_limit()) * (BLOCK_BYTES + size_of::<u32>()),
            bound_bytes: 2 * self.max_bound_len.div_ceil(CHUNK_BYTES) * CHUNK_SIZE,
        }
    }
}
