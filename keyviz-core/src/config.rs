//! What a host decides before the first operation, and what it costs.

use crate::config_error::ConfigError;
use crate::label::Labels;
use crate::layout::Layout;
use crate::limits::{
    LEAST_SHARDS, MAX_BOUND_LEN, MAX_COLUMNS, MAX_EVENTS, MAX_KEY_LEN, MAX_KNOWN_ROUTES, MAX_MEMBERS, MAX_POOL_BYTES,
    MAX_RANGES, MAX_RECORDERS, MAX_ROUTES, MAX_SAMPLE_EVERY, MAX_SHARDS, MAX_SKETCH_KEYS, MAX_SKETCHES, MAX_STEP_MS,
    MAX_SUB_BUCKETS, MIN_RANGES, MIN_STEP_MS,
};
use crate::partition::Partition;
use crate::tier::Tiers;

/// The sizes of a sampler. All memory follows from these and is taken at construction.
///
/// # Examples
/// ```
/// use keyviz_core::Config;
/// let mut config = Config::default();
/// (config.max_routes, config.max_known_routes) = (500, 5000);
/// assert!(config.memory_bytes()? < 100 << 20);
///
/// config.shared_shards = 256;
/// config.cell_bytes = 1 << 20;
/// let refused = config.memory_bytes().unwrap_err();
/// assert!(refused.to_string().starts_with("cell_bytes"));
/// # Ok::<(), keyviz_core::ConfigError>(())
/// ```
///
/// - Units: bytes, milliseconds, counts, as each field says. `docs/configuration.md` has a table of all of them
///   with bounds, bytes and flags.
/// - Errors: a value beyond its bounds is refused by the field's name when a sampler is made, and by
///   [`validate`](Self::validate), [`memory_bytes`](Self::memory_bytes) and [`fit`](Self::fit); setting one does
///   nothing else.
///
/// See also [`within`](Self::within), which begins with a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The sampling interval in milliseconds, 100 to 86 400 000. Windows are its epoch multiples.
    pub step_ms: u64,
    /// Who cuts the key space: the host, which registers routes, or the core, into 2 to 65 536 ranges by the keys it
    /// samples.
    pub partition: Partition,
    /// Routes with slots of their own, 1 to 1 048 576.
    pub max_routes: u32,
    /// Routes known, up to 16 777 216. Those beyond `max_routes` share virtual buckets. At or below
    /// `max_routes` there are no virtual buckets: a registration beyond `max_routes` is refused.
    pub max_known_routes: u32,
    /// Removed routes whose slots may drain at the same time; 0 means a quarter of `max_routes`,
    /// at least 8.
    pub max_draining: u32,
    /// Virtual buckets; 0 means a quarter of `max_routes`, at least 8.
    pub max_virtual: u32,
    /// Routes that a row of a virtual bucket lists, 1 to 65 536; it counts all of them.
    pub max_members: u32,
    /// Give hot members of virtual buckets slots of their own, in exchange for cold routes.
    pub promote: bool,
    /// K: order-preserving divisions of each route, 1 to 256; (labels + 1) x K is at most 256.
    pub sub_buckets: u16,
    /// Names for the traffic's origin.
    pub labels: Labels,
    /// Count range reads in every range that they touch, in cells of their own beside the others: a quarter more
    /// of them. Without, a range read counts as a read, and its scans as unattributed.
    pub scans: bool,
    /// Recorders with cells of their own, 1 to 4096; further ones count in the shared shards.
    pub max_recorders: u32,
    /// Shards for recorders without cells of their own, 1 to 256. They come out of `cell_bytes`.
    pub shared_shards: u32,
    /// Bytes of all pages of cells.
    pub cell_bytes: usize,
    /// Bytes of all columns, their index and the descriptors of their rows.
    pub history_bytes: usize,
    /// Columns of one step that are kept, 1 to 1 048 576. Older ones fold into `tiers`, or go.
    pub history_columns: u32,
    /// Coarser tiers: the step, in steps, and the columns of each.
    pub tiers: Tiers,
    /// Bytes of the bounds of routes, those of the history included.
    pub bound_bytes: usize,
    /// The longest bound in bytes, 1 to 65 536.
    pub max_bound_len: u32,
    /// Events kept of what the host tells, 0 to 65 536, shared by their kinds: no kind takes another's share. The core's
    /// own, of four sorts, have a sixteenth as many places each besides, at least one; with 0 no event is kept.
    pub max_events: u32,
    /// Sample keys, to tell which are hot. Off, no byte of a key is kept.
    pub hot_keys: bool,
    /// Bytes of the recorders' queues of sampled keys, an equal part for each; taken only where keys are sampled.
    pub sample_bytes: usize,
    /// One operation in so many is sampled at the most, 1 to 65 536; a busy recorder samples fewer.
    pub sample_every: u32,
    /// The longest key that is sampled in bytes, 1 to 4096; operations on longer ones are counted as skipped.
    pub max_key_len: u32,
    /// Cells whose hot keys are followed at a time, reads and writes apart, 1 to 65 536: the hottest.
    pub hot_key_sketches: u32,
    /// Keys that are followed of each of them, 1 to 1024.
    pub hot_key_entries: u32,
    /// Bytes of the hot keys kept of the open column and of past ones; taken only with `hot_keys`.
    pub hot_key_bytes: usize,
    /// The seed of what is drawn by lot: which operations are sampled. Any number; one that nobody can guess
    /// keeps clients from choosing keys that are never sampled.
    pub seed: u64,
    /// Touch the pools and the cells' state at construction, so that observing and flushing meet page
    /// faults at most in the directories and ids, some pages in all.
    pub prefault: bool,
}

impl Config {
    /// What [`Config::default`] gives, for constants.
    pub const DEFAULT: Config = Config {
        step_ms: 60_000,
        partition: Partition::Routes,
        max_routes: 10_000,
        max_known_routes: 100_000,
        max_draining: 0,
        max_virtual: 0,
        max_members: 256,
        promote: true,
        sub_buckets: 1,
        labels: Labels::NONE,
        scans: true,
        max_recorders: 64,
        shared_shards: 4,
        cell_bytes: 32 << 20,
        history_bytes: 40 << 20,
        history_columns: 60,
        tiers: Tiers::DEFAULT,
        bound_bytes: 8 << 20,
        max_bound_len: 1024,
        max_events: 1024,
        hot_keys: false,
        sample_bytes: 4 << 20,
        sample_every: 16,
        max_key_len: 256,
        hot_key_sketches: 256,
        hot_key_entries: 64,
        hot_key_bytes: 8 << 20,
        seed: 0,
        prefault: true,
    };

    /// What [`fixed!`](crate::fixed!) begins with: 8 routes and no virtual buckets, no scans, one recorder, 8 columns of a second, no events, and pools
    /// for [`roomy`](Self::roomy) to fill in.
    pub const SMALL: Config = Config {
        step_ms: 1000,
        partition: Partition::Routes,
        max_routes: 8,
        max_known_routes: 0,
        max_draining: 4,
        max_virtual: 0,
        max_members: 8,
        promote: true,
        sub_buckets: 1,
        labels: Labels::NONE,
        scans: false,
        max_recorders: 1,
        shared_shards: LEAST_SHARDS,
        cell_bytes: 0,
        history_bytes: 0,
        history_columns: 8,
        tiers: Tiers::NONE,
        bound_bytes: 0,
        max_bound_len: 16,
        max_events: 0,
        hot_keys: false,
        sample_bytes: 4096,
        sample_every: 16,
        max_key_len: 32,
        hot_key_sketches: 4,
        hot_key_entries: 8,
        hot_key_bytes: 16 << 10,
        seed: 0,
        prefault: false,
    };

    pub(crate) const fn copy(&self) -> Config {
        Config { labels: self.labels.copy(), ..*self }
    }

    /// This configuration with pools in place of those that are 0: cells for every recorder, history for
    /// `history_columns` columns at their largest, bounds for every row that the history can hold. Nothing
    /// is then refused or let go for want of bytes.
    ///
    /// # Errors
    /// [`ConfigError`] names the field that is out of its range.
    pub const fn roomy(&self) -> Result<Config, ConfigError> {
        const MOST: usize = if MAX_POOL_BYTES > usize::MAX as u64 { usize::MAX } else { MAX_POOL_BYTES as usize };
        let mut config = self.copy();
        (config.cell_bytes, config.history_bytes, config.bound_bytes) = (MOST, MOST, MOST);
        let room = match Layout::new(&config) {
            Ok(layout) => layout.room(),
            Err(error) => return Err(error),
        };
        config.cell_bytes = if self.cell_bytes == 0 { room.cell_bytes } else { self.cell_bytes };
        config.history_bytes = if self.history_bytes == 0 { room.history_bytes } else { self.history_bytes };
        config.bound_bytes = if self.bound_bytes == 0 { room.bound_bytes } else { self.bound_bytes };
        Ok(config)
    }

    /// The most columns that a reader can meet, the open one included.
    #[must_use]
    pub const fn most_columns(&self) -> usize {
        crate::layout::columns(self) + 1
    }

    pub(crate) const fn check_ranges(&self) -> Result<(), ConfigError> {
        let ranges = match self.partition {
            Partition::Routes => MIN_RANGES,
            Partition::Auto { ranges } => ranges,
        };
        let cells = (self.labels.len() as u64 + 1) * self.sub_buckets as u64;
        let ranges = [
            ("step_ms", self.step_ms, MIN_STEP_MS, MAX_STEP_MS),
            ("partition", ranges as u64, MIN_RANGES as u64, MAX_RANGES as u64),
            ("max_routes", self.max_routes as u64, 1, MAX_ROUTES as u64),
            ("max_known_routes", self.max_known_routes as u64, 0, MAX_KNOWN_ROUTES as u64),
            ("max_draining", self.max_draining as u64, 0, MAX_ROUTES as u64),
            ("max_virtual", self.max_virtual as u64, 0, MAX_ROUTES as u64),
            ("max_members", self.max_members as u64, 1, MAX_MEMBERS as u64),
            ("sub_buckets", self.sub_buckets as u64, 1, MAX_SUB_BUCKETS as u64),
            ("(labels + 1) x sub_buckets", cells, 1, MAX_SUB_BUCKETS as u64),
            ("max_recorders", self.max_recorders as u64, 1, MAX_RECORDERS as u64),
            ("shared_shards", self.shared_shards as u64, LEAST_SHARDS as u64, MAX_SHARDS as u64),
            ("history_columns", self.history_columns as u64, 1, MAX_COLUMNS as u64),
            ("max_bound_len", self.max_bound_len as u64, 1, MAX_BOUND_LEN as u64),
            ("max_events", self.max_events as u64, 0, MAX_EVENTS as u64),
            ("sample_every", self.sample_every as u64, 1, MAX_SAMPLE_EVERY as u64),
            ("max_key_len", self.max_key_len as u64, 1, MAX_KEY_LEN as u64),
            ("hot_key_sketches", self.hot_key_sketches as u64, 1, MAX_SKETCHES as u64),
            ("hot_key_entries", self.hot_key_entries as u64, 1, MAX_SKETCH_KEYS as u64),
            ("sample_bytes", self.sample_bytes as u64, 1, MAX_POOL_BYTES),
            ("hot_key_bytes", self.hot_key_bytes as u64, 1, MAX_POOL_BYTES),
            ("cell_bytes", self.cell_bytes as u64, 1, MAX_POOL_BYTES),
            ("history_bytes", self.history_bytes as u64, 1, MAX_POOL_BYTES),
            ("bound_bytes", self.bound_bytes as u64, 1, MAX_POOL_BYTES),
        ];
        // By hand, as in all of this file and `layout`: constants have no iterators.
        let mut at = 0;
        while at < ranges.len() {
            #[expect(clippy::indexing_slicing, reason = "below the array's length")]
            let (field, value, min, max) = ranges[at];
            if value < min || value > max {
                return Err(ConfigError::OutOfRange { field, value, min, max });
            }
            at += 1;
        }
        Ok(())
    }
}

impl Default for Config {
    fn default() -> Self {
        Config::DEFAULT
    }
}
