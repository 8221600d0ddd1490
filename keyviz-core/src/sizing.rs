//! What a configuration costs, to the byte, and how one is cut to a budget. The one place that knows the
//! size of everything.

use crate::bounds::Chunk;
use crate::config::Config;
use crate::config_error::ConfigError;
use crate::events::EventEntry;
use crate::fold_columns::FoldSource;
use crate::groups::GroupEntry;
#[cfg(all(feature = "alloc", not(feature = "std")))]
use crate::halves::FIXED_BYTES;
use crate::hot_keys::Sketches;
use crate::key_history::RecordEntry;
use crate::layout::Layout;
use crate::limits::{BLOCK_BYTES, CELL_WORDS, COUNT_BYTES, LINE_BYTES};
use crate::line::Line;
use crate::lineage::LineageEntry;
use crate::members::MemberMeta;
use crate::promote::Candidates;
use crate::range_samples::{Sampled, ShortKey};
use crate::routes::Node;
use crate::runs::Run;
#[cfg(feature = "std")]
use crate::sampler::FIXED_BYTES;
use crate::seat::SeatMeta;
use crate::shared::Shared;
use crate::slot::Seats;
use crate::sync::{AtomicU32, Word};

/// Bytes of a sampler that do not depend on the configuration.
#[cfg(not(feature = "alloc"))]
const FIXED_BYTES: usize = size_of::<Shared>();

impl Config {
    /// Bytes that a sampler of this configuration takes at construction, to the byte; it takes no
    /// more later.
    ///
    /// # Errors
    /// As [`validate`](Config::validate).
    ///
    /// Never panics. Cost: some hundred additions.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::Config;
    /// let mut config = Config::default();
    /// let before = config.memory_bytes()?;
    /// config.cell_bytes += 1 << 20;
    /// assert_eq!(config.memory_bytes()?, before + (1 << 20));
    ///
    /// config.max_recorders = 0;
    /// assert!(config.memory_bytes().is_err());
    /// # Ok::<(), keyviz_core::ConfigError>(())
    /// ```
    pub fn memory_bytes(&self) -> Result<usize, ConfigError> {
        Ok(Layout::new(self)?.memory_bytes())
    }

    /// Checks every field, and that the pools can hold what they must.
    ///
    /// # Errors
    /// [`ConfigError`] names the field and what to do.
    pub fn validate(&self) -> Result<(), ConfigError> {
        Layout::new(self).map(|_| ())
    }

    /// The default configuration cut to a budget: first the pools shrink, then `max_routes`. What is set afterwards
    /// (labels, hot keys, more routes) comes on top: set it first, and take [`fit`](Config::fit).
    ///
    /// # Errors
    /// [`ConfigError::OverBudget`] when not even 8 routes fit.
    ///
    /// Never panics. Cost: some 14 times [`fit`](Config::fit).
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::Config;
    /// let config = Config::within(16 << 20)?;
    /// assert!(config.memory_bytes()? <= 16 << 20);
    /// assert!(Config::within(10_000).is_err()); // not even 8 routes
    /// # Ok::<(), keyviz_core::ConfigError>(())
    /// ```
    pub fn within(budget_bytes: usize) -> Result<Config, ConfigError> {
        let (mut fits, mut over) = (8, Config::default().max_routes);
        let with = |max_routes| {
            let default = Config::default();
            let max_known_routes = default.max_known_routes.min(10 * max_routes);
            Config { max_routes, max_known_routes, ..default }.fit(budget_bytes)
        };
        if let Ok(config) = with(over) {
            return Ok(config);
        }
        let mut best = with(fits)?;
        while over - fits > 1 {
            let middle = fits + (over - fits) / 2;
            match with(middle) {
                Ok(config) => (best, fits) = (config, middle),
                Err(_) => over = middle,
            }
        }
        Ok(best)
    }

    /// This configuration with `cell_bytes`, `history_bytes` and `bound_bytes` lowered, each in
    /// proportion to what it has above its least, until the whole fits the budget.
    ///
    /// # Errors
    /// [`ConfigError::OverBudget`] names the field that takes the most.
    ///
    /// Never panics. A configuration that fits comes back as it was.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, ConfigError};
    /// let config = Config::default().fit(80 << 20)?;
    /// assert!(config.memory_bytes()? <= 80 << 20);
    /// assert_eq!(config.max_routes, Config::default().max_routes); // only pools shrink
    /// assert!(matches!(Config::default().fit(1 << 20), Err(ConfigError::OverBudget { .. })));
    /// # Ok::<(), ConfigError>(())
    /// ```
    pub fn fit(mut self, budget_bytes: usize) -> Result<Config, ConfigError> {
        let layout = Layout::new(&self)?;
        if layout.memory_bytes() <= budget_bytes {
            return Ok(self);
        }
        let pools = self.cell_bytes + self.history_bytes + self.bound_bytes;
        let fixed = layout.memory_bytes().saturating_sub(layout.pool_bytes());
        let least = layout.least_pools();
        let least_sum = least.cell_bytes + least.history_bytes + least.bound_bytes;
        let Some(spare) = budget_bytes.checked_sub(fixed + least_sum) else {
            return Err(ConfigError::OverBudget {
                budget_bytes,
                least_bytes: fixed + least_sum,
                field: layout.largest_field(),
            });
        };
        let above = pools.saturating_sub(least_sum).max(1);
        let share = |has: usize, least: usize| {
            let scaled = (has.saturating_sub(least)) as u128 * spare as u128 / above as u128;
            least + (scaled as usize).min(has.saturating_sub(least))
        };
        self.cell_bytes = share(self.cell_bytes, least.cell_bytes);
        self.history_bytes = share(self.history_bytes, least.history_bytes);
        self.bound_bytes = share(self.bound_bytes, least.bound_bytes);
        let bytes = self.memory_bytes()?;
        if bytes > budget_bytes {
            return Err(ConfigError::OverBudget { budget_bytes, least_bytes: bytes, field: layout.largest_field() });
        }
        Ok(self)
    }
}

/// A sum that stays at the most there is: more than a small machine's allocator or linker will give.
#[expect(clippy::indexing_slicing, reason = "below the slice's length")]
const fn sum(parts: &[usize]) -> usize {
    let (mut sum, mut at) = (0usize, 0);
    while at < parts.len() {
        sum = sum.saturating_add(parts[at]);
        at += 1;
    }
    sum
}

impl Layout {
    const fn history_bytes(&self) -> usize {
        self.history_fixed_bytes() + self.blocks * (BLOCK_BYTES + size_of::<u32>())
    }

    const fn cell_bytes(&self) -> usize {
        self.pool_pages * self.page_lines * size_of::<Line>()
    }

    const fn bound_bytes(&self) -> usize {
        self.chunks * size_of::<Chunk>()
    }

    /// Bytes of the three pools as they are made: the configured ones less what does not fill a page,
    /// a block or a chunk.
    pub(crate) const fn pool_bytes(&self) -> usize {
        self.cell_bytes() + self.history_bytes() + self.bound_bytes()
    }

    /// Bytes that grow with the routes.
    const fn route_bytes(&self) -> usize {
        let seats = Seats::bytes(self) + self.seats * size_of::<SeatMeta>() + self.drain_len * size_of::<u32>();
        let entries = self.table_len + self.member_table_len;
        let tables = entries * COUNT_BYTES + self.group_len * size_of::<GroupEntry>();
        let order = self.nodes() * size_of::<Node>();
        let members = self.members * (size_of::<Word>() + size_of::<AtomicU32>() + size_of::<MemberMeta>());
        let buckets = self.virtuals * size_of::<Run>() + Candidates::bytes(self);
        let directories = self.directories_len().saturating_mul(COUNT_BYTES);
        let lineage = self.lineage * size_of::<LineageEntry>();
        let ranges = self.range_bytes();
        let fold = self.fold_sources() * (size_of::<FoldSource>() + size_of::<u32>());
        let sets = lineage + fold + self.page_set_words * 8 + self.chunks * size_of::<u32>();
        sum(&[seats, tables, order, members, buckets, directories, sets, ranges])
    }

    /// Bytes of the core's own ranges.
    const fn range_bytes(&self) -> usize {
        let sets = self.boundary_words() * size_of::<Word>() + self.boundary_marks() * size_of::<AtomicU32>();
        let each = 6 * size_of::<u32>() + size_of::<u64>() + size_of::<u8>() + size_of::<Sampled>();
        sets + self.ranges * each + self.range_keys() * size_of::<ShortKey>()
    }

    /// Bytes that grow with the cells beside `cell_bytes`: what was counted at the last flush, and
    /// what belongs to the open window.
    const fn cell_state_bytes(&self) -> usize {
        let scans = self.scan_cells() * (COUNT_BYTES + 8) + self.scan_scratch_len() * COUNT_BYTES;
        self.cells() * CELL_WORDS * (COUNT_BYTES + 8) + self.page_lines * LINE_BYTES + scans
    }

    /// Bytes of the recorders' own lines.
    const fn recorder_bytes(&self) -> usize {
        let words = self.id_samples_len() + self.sample_words();
        let lines = self.directory_rows() + 2 * self.sample_queues();
        let records = self.record_entries() * size_of::<RecordEntry>() + self.record_words() * size_of::<Word>();
        records + Sketches::bytes(self) + lines * size_of::<Line>() + words * size_of::<Word>() + self.key_scratch_len()
    }

    const fn event_bytes(&self) -> usize {
        self.events() * size_of::<EventEntry>()
    }

    /// Bytes of everything that has a length.
    const fn array_bytes(&self) -> usize {
        let beside = self.recorder_bytes() + self.event_bytes();
        sum(&[self.pool_bytes(), self.route_bytes(), self.cell_state_bytes(), beside])
    }

    pub(crate) const fn memory_bytes(&self) -> usize {
        self.array_bytes().saturating_add(FIXED_BYTES)
    }

    /// Bytes of the static form, its writer left out.
    pub(crate) const fn fixed_memory_bytes(&self) -> usize {
        self.array_bytes().saturating_add(size_of::<Shared>())
    }

    /// The field whose lowering frees the most.
    pub(crate) fn largest_field(&self) -> &'static str {
        let least = self.least_pools();
        let fields = [
            ("max_routes", self.route_bytes()),
            ("sub_buckets", self.cell_state_bytes()),
            ("shared_shards", least.cell_bytes),
            ("history_columns", least.history_bytes),
            ("max_bound_len", least.bound_bytes),
            ("max_events", self.event_bytes()),
        ];
        fields.into_iter().max_by_key(|&(_, bytes)| bytes).map_or("max_routes", |(field, _)| field)
    }
}
