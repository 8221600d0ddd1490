//! What a host decides before the first operation, and what it costs.

use crate::config_error::ConfigError;
use crate::label::Labels;
use crate::limits::{
    MAX_BOUND_LEN, MAX_COLUMNS, MAX_KNOWN_ROUTES, MAX_MEMBERS, MAX_POOL_BYTES, MAX_RECORDERS, MAX_ROUTES, MAX_SHARDS,
    MAX_STEP_MS, MAX_SUB_BUCKETS, MIN_STEP_MS,
};

/// The sizes of a sampler. All memory follows from these and is taken at construction.
///
/// # Examples
/// ```
/// use keyviz_core::Config;
/// let mut config = Config::default();
/// config.max_routes = 500;
/// assert!(config.memory_bytes()? < 100 << 20);
///
/// config.shared_shards = 256;
/// config.cell_bytes = 1 << 20;
/// let refused = config.memory_bytes().unwrap_err();
/// assert!(refused.to_string().starts_with("cell_bytes"));
/// # Ok::<(), keyviz_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The sampling interval in milliseconds, 100 to 86 400 000. Windows are its epoch multiples.
    pub step_ms: u64,
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
    /// Recorders with cells of their own, 1 to 4096; further ones count in the shared shards.
    pub max_recorders: u32,
    /// Shards for recorders without cells of their own, 1 to 256. They come out of `cell_bytes`.
    pub shared_shards: u32,
    /// Bytes of all pages of cells.
    pub cell_bytes: usize,
    /// Bytes of all columns, their index and the descriptors of their rows.
    pub history_bytes: usize,
    /// The most columns kept, 1 to 1 048 576.
    pub history_columns: u32,
    /// Bytes of the bounds of routes, those of the history included.
    pub bound_bytes: usize,
    /// The longest bound in bytes, 1 to 65 536.
    pub max_bound_len: u32,
    /// Touch the pools and the cells' state at construction, so that observing and flushing meet page
    /// faults at most in the directories and ids, some pages in all.
    pub prefault: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            step_ms: 60_000,
            max_routes: 10_000,
            max_known_routes: 100_000,
            max_draining: 0,
            max_virtual: 0,
            max_members: 256,
            promote: true,
            sub_buckets: 1,
            labels: Labels::NONE,
            max_recorders: 64,
            shared_shards: 4,
            cell_bytes: 32 << 20,
            history_bytes: 40 << 20,
            history_columns: 1440,
            bound_bytes: 8 << 20,
            max_bound_len: 1024,
            prefault: true,
        }
    }
}

impl Config {
    pub(crate) fn check_ranges(&self) -> Result<(), ConfigError> {
        let range = |field, value: u64, min: u64, max: u64| {
            if value < min || value > max {
                return Err(ConfigError::OutOfRange { field, value, min, max });
            }
            Ok(())
        };
        range("step_ms", self.step_ms, MIN_STEP_MS, MAX_STEP_MS)?;
        range("max_routes", self.max_routes.into(), 1, MAX_ROUTES.into())?;
        range("max_known_routes", self.max_known_routes.into(), 0, MAX_KNOWN_ROUTES.into())?;
        range("max_draining", self.max_draining.into(), 0, MAX_ROUTES.into())?;
        range("max_virtual", self.max_virtual.into(), 0, MAX_ROUTES.into())?;
        range("max_members", self.max_members.into(), 1, MAX_MEMBERS.into())?;
        range("sub_buckets", self.sub_buckets.into(), 1, MAX_SUB_BUCKETS.into())?;
        let cells = (self.labels.len() as u64 + 1) * u64::from(self.sub_buckets);
        range("(labels + 1) x sub_buckets", cells, 1, MAX_SUB_BUCKETS.into())?;
        range("max_recorders", self.max_recorders.into(), 1, MAX_RECORDERS.into())?;
        range("shared_shards", self.shared_shards.into(), 1, MAX_SHARDS.into())?;
        range("history_columns", self.history_columns.into(), 1, MAX_COLUMNS.into())?;
        range("max_bound_len", self.max_bound_len.into(), 1, MAX_BOUND_LEN.into())?;
        for (field, bytes) in
            [("cell_bytes", self.cell_bytes), ("history_bytes", self.history_bytes), ("bound_bytes", self.bound_bytes)]
        {
            range(field, bytes as u64, 1, MAX_POOL_BYTES)?;
        }
        Ok(())
    }
}
