//! What a host decides before the first operation, and what it costs.

use core::fmt;

use crate::label::Labels;
use crate::layout::Layout;
use crate::limits::{
    MAX_BOUND_LEN, MAX_COLUMNS, MAX_POOL_BYTES, MAX_RECORDERS, MAX_ROUTES, MAX_SHARDS, MAX_STEP_MS, MAX_SUB_BUCKETS,
    MIN_STEP_MS,
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
    /// Removed routes whose slots may drain at the same time; 0 means a quarter of `max_routes`,
    /// at least 8.
    pub max_draining: u32,
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
            max_draining: 0,
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
    /// Bytes that a sampler of this configuration takes at construction, to the byte; it takes no
    /// more later.
    ///
    /// # Errors
    /// As [`validate`](Config::validate).
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

    /// The default configuration cut to a budget: first the pools shrink, then `max_routes`.
    ///
    /// # Errors
    /// [`ConfigError::OverBudget`] when not even 8 routes fit.
    pub fn within(budget_bytes: usize) -> Result<Config, ConfigError> {
        let (mut fits, mut over) = (8, Config::default().max_routes);
        let with = |max_routes| Config { max_routes, ..Config::default() }.fit(budget_bytes);
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

    pub(crate) fn check_ranges(&self) -> Result<(), ConfigError> {
        let range = |field, value: u64, min: u64, max: u64| {
            if value < min || value > max {
                return Err(ConfigError::OutOfRange { field, value, min, max });
            }
            Ok(())
        };
        range("step_ms", self.step_ms, MIN_STEP_MS, MAX_STEP_MS)?;
        range("max_routes", self.max_routes.into(), 1, MAX_ROUTES.into())?;
        range("max_draining", self.max_draining.into(), 0, MAX_ROUTES.into())?;
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

/// Why a configuration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A field is outside its range.
    OutOfRange {
        /// The field's name.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A pool cannot hold what it must.
    PoolTooSmall {
        /// The field's name.
        field: &'static str,
        /// What was given, in bytes.
        bytes: usize,
        /// The least that works, in bytes.
        least_bytes: usize,
        /// What needs it.
        holds: &'static str,
    },
    /// The allocator has no such block.
    OutOfMemory {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The budget is below what the fields need at the least.
    OverBudget {
        /// The budget given.
        budget_bytes: usize,
        /// The least that this configuration takes.
        least_bytes: usize,
        /// The field that takes the most of it.
        field: &'static str,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field, value, min, max } => {
                write!(f, "{field}: {value} is out of range; use {min} to {max}")
            }
            Self::PoolTooSmall { field, bytes, least_bytes, holds } => {
                write!(f, "{field}: {bytes} bytes cannot hold {holds}; give at least {least_bytes} bytes")
            }
            Self::OutOfMemory { bytes } => {
                write!(f, "the allocator refused a block of {bytes} bytes; lower the budget or free memory")
            }
            Self::OverBudget { budget_bytes, least_bytes, field } => write!(
                f,
                "{field}: the budget of {budget_bytes} bytes is below the {least_bytes} bytes needed; lower {field} or raise the budget"
            ),
        }
    }
}

impl core::error::Error for ConfigError {}
