//! The sampler's settings as flags that a host flattens into its own.

use crate::byte_size::ByteSize;
use crate::history_file::HistoryArgs;
use crate::label_list::LabelList;
use crate::millis::Millis;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use keyviz_core::{Config, ConfigError, Labels, Partition, Tiers};
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// What the flags stand at when nobody sets them.
static DEFAULT: LazyLock<Config> = LazyLock::new(Config::default);

/// The labels that `--keyvizLabelsEnabled` stands for.
const FIVE_LABELS: [&str; 5] = ["dynamo", "redis", "s3", "sqs", "rawkv"];

/// Every setting of a sampler, as flags `--keyviz-*` and environment variables `KEYVIZ_*`. A flag
/// beats its variable, a variable beats the default. A boolean is set by `--flag`, `--flag=true`
/// or `--flag=false`. Spellings such as `--keyvizStep` are accepted and not shown in the help.
///
/// # Examples
/// ```
/// use clap::Parser;
/// use keyviz_admin::SamplerArgs;
///
/// #[derive(Parser)]
/// struct HostFlags {
///     #[command(flatten)]
///     sampler: SamplerArgs,
/// }
///
/// let flags = HostFlags::parse_from(["host", "--keyviz-enabled", "--keyviz-step=10s"]);
/// assert_eq!(flags.sampler.config()?.map(|c| c.step_ms), Some(10_000));
/// let flags = HostFlags::parse_from(["host"]);
/// assert!(flags.sampler.config()?.is_none()); // disabled unless asked for
/// # Ok::<(), keyviz_core::ConfigError>(())
/// ```
// Field names are the flags' names, `keyviz_` included: clap uses them as ids, which have to differ
// from the ids of every host that flattens this.
#[derive(Args, Clone, Debug)]
// A host describes itself: the text above is not its description.
#[command(next_help_heading = "Key visualizer", about = None::<&str>, long_about = None::<&str>)]
pub struct SamplerArgs {
    /// Sample the load. Without it there is no sampler, no flusher, and nothing on the hot path
    #[arg(long, alias = "keyvizEnabled", env = "KEYVIZ_ENABLED", default_value_t = false, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub keyviz_enabled: bool,

    /// Length of a column, 100ms to 24h
    #[arg(long, alias = "keyvizStep", env = "KEYVIZ_STEP", default_value_t = Millis(DEFAULT.step_ms), value_name = "DURATION")]
    pub keyviz_step: Millis,

    /// For hosts without routes: let the sampler cut the key space itself, into at most so many ranges, 2 to 65536, by the
    /// keys it samples; 0 = the host names its routes
    #[arg(long, env = "KEYVIZ_AUTO_RANGES", default_value_t = DEFAULT.partition.ranges(), value_name = "N")]
    pub keyviz_auto_ranges: u32,

    /// Routes with counters of their own
    #[arg(long, alias = "keyvizMaxTrackedRoutes", env = "KEYVIZ_MAX_ROUTES", default_value_t = DEFAULT.max_routes, value_name = "N")]
    pub keyviz_max_routes: u32,

    /// Routes known, up to 16777216; those beyond the above share virtual buckets; 0 = refuse them
    #[arg(long, env = "KEYVIZ_MAX_KNOWN_ROUTES", default_value_t = DEFAULT.max_known_routes, value_name = "N")]
    pub keyviz_max_known_routes: u32,

    /// Virtual buckets; 0 = a quarter of the routes, at least 8
    #[arg(long, env = "KEYVIZ_MAX_VIRTUAL", default_value_t = DEFAULT.max_virtual, value_name = "N")]
    pub keyviz_max_virtual: u32,

    /// Give hot routes out of virtual buckets counters of their own, in exchange for cold ones
    #[arg(long, env = "KEYVIZ_PROMOTE", default_value_t = DEFAULT.promote, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub keyviz_promote: bool,

    /// Removed routes whose last counts are still awaited; 0 = a quarter of the routes, at least 8
    #[arg(long, env = "KEYVIZ_MAX_DRAINING", default_value_t = DEFAULT.max_draining, value_name = "N")]
    pub keyviz_max_draining: u32,

    /// Route ids listed for a virtual bucket, 1 to 65536; all are counted
    #[arg(long, alias = "keyvizMaxMemberRoutesPerSlot", env = "KEYVIZ_MAX_MEMBERS", default_value_t = DEFAULT.max_members, value_name = "N")]
    pub keyviz_max_members: u32,

    /// Divisions of each route, 1 to 256; (labels + 1) times this is at most 256
    #[arg(long, alias = "keyvizKeyBucketsPerRoute", env = "KEYVIZ_SUB_BUCKETS", default_value_t = DEFAULT.sub_buckets, value_name = "K")]
    pub keyviz_sub_buckets: u16,

    /// Labels of the traffic's origin, at most 15, each 1 to 32 of a-z, 0-9, _ and -
    #[arg(long, env = "KEYVIZ_LABELS", default_value_t = LabelList(DEFAULT.labels.clone()), hide_default_value = true, value_name = "A,B")]
    pub keyviz_labels: LabelList,

    /// The labels dynamo, redis, s3, sqs and rawkv, unless `--keyviz-labels` names others
    #[arg(long = "keyvizLabelsEnabled", env = "KEYVIZ_LABELS_ENABLED", hide = true, default_value_t = false, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub keyviz_labels_enabled: bool,

    /// Count range reads in every range that they touch
    #[arg(long, env = "KEYVIZ_SCANS", default_value_t = DEFAULT.scans, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub keyviz_scans: bool,

    /// Threads that count in cells of their own; further threads share
    #[arg(long, env = "KEYVIZ_MAX_RECORDERS", default_value_t = DEFAULT.max_recorders, value_name = "N")]
    pub keyviz_max_recorders: u32,

    /// Shared shards for threads and routes without cells of their own
    #[arg(long, env = "KEYVIZ_SHARED_SHARDS", default_value_t = DEFAULT.shared_shards, value_name = "N")]
    pub keyviz_shared_shards: u32,

    /// Memory for counters
    #[arg(long, env = "KEYVIZ_CELL_BYTES", default_value_t = ByteSize(DEFAULT.cell_bytes), value_name = "SIZE")]
    pub keyviz_cell_bytes: ByteSize,

    /// Memory for history; when it is full the oldest columns go
    #[arg(long, env = "KEYVIZ_HISTORY_BYTES", default_value_t = ByteSize(DEFAULT.history_bytes), value_name = "SIZE")]
    pub keyviz_history_bytes: ByteSize,

    /// Columns of one step that are kept; older ones fold into the tiers
    #[arg(long, alias = "keyvizHistoryColumns", env = "KEYVIZ_HISTORY_COLUMNS", default_value_t = DEFAULT.history_columns, value_name = "N")]
    pub keyviz_history_columns: u32,

    /// Coarser tiers, finest first, each as steps of a column x columns kept; empty = none, older columns go
    #[arg(long, env = "KEYVIZ_TIERS", default_value_t = DEFAULT.tiers, value_name = "STEPSxCOLUMNS,...")]
    pub keyviz_tiers: Tiers,

    /// Memory for the bounds of routes
    #[arg(long, env = "KEYVIZ_BOUND_BYTES", default_value_t = ByteSize(DEFAULT.bound_bytes), value_name = "SIZE")]
    pub keyviz_bound_bytes: ByteSize,

    /// Longest bound of a route, in bytes
    #[arg(long, env = "KEYVIZ_MAX_BOUND_LEN", default_value_t = DEFAULT.max_bound_len, value_name = "BYTES")]
    pub keyviz_max_bound_len: u32,

    /// Events that the host tells and that are kept; the sampler's own have a sixteenth as many places a sort; 0 = none
    #[arg(long, env = "KEYVIZ_MAX_EVENTS", default_value_t = DEFAULT.max_events, value_name = "N")]
    pub keyviz_max_events: u32,
    /// Sample keys, to tell which are hot. Off, no byte of a key is kept
    #[arg(long, alias = "keyvizHotKeysEnabled", env = "KEYVIZ_HOT_KEYS", default_value_t = DEFAULT.hot_keys, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub keyviz_hot_keys: bool,

    /// Memory for sampled keys on their way, an equal part for each recorder; taken only where keys are sampled
    #[arg(long, env = "KEYVIZ_SAMPLE_BYTES", default_value_t = ByteSize(DEFAULT.sample_bytes), value_name = "SIZE")]
    pub keyviz_sample_bytes: ByteSize,

    /// One operation in so many is sampled at the most, 1 to 65536; a busy thread samples fewer
    #[arg(long, env = "KEYVIZ_SAMPLE_EVERY", default_value_t = DEFAULT.sample_every, value_name = "N")]
    pub keyviz_sample_every: u32,

    /// Longest key that is sampled, in bytes, 1 to 4096
    #[arg(long, env = "KEYVIZ_MAX_KEY_LEN", default_value_t = DEFAULT.max_key_len, value_name = "BYTES")]
    pub keyviz_max_key_len: u32,

    /// Cells whose hot keys are followed at a time, the hottest, reads and writes apart
    #[arg(long, env = "KEYVIZ_HOT_KEY_SKETCHES", default_value_t = DEFAULT.hot_key_sketches, value_name = "N")]
    pub keyviz_hot_key_sketches: u32,

    /// Keys that are followed of each of them, 1 to 1024
    #[arg(long, env = "KEYVIZ_HOT_KEY_ENTRIES", default_value_t = DEFAULT.hot_key_entries, value_name = "N")]
    pub keyviz_hot_key_entries: u32,

    /// Memory for the hot keys of past columns; taken only where keys are sampled
    #[arg(long, env = "KEYVIZ_HOT_KEY_BYTES", default_value_t = ByteSize(DEFAULT.hot_key_bytes), value_name = "SIZE")]
    pub keyviz_hot_key_bytes: ByteSize,

    /// Seed of what is drawn by lot; 0 = from the system, another one at each start
    #[arg(long, env = "KEYVIZ_SEED", default_value_t = DEFAULT.seed, value_name = "N")]
    pub keyviz_seed: u64,

    /// Touch all memory at start, so that a full machine fails there and not later
    #[arg(long, env = "KEYVIZ_PREFAULT", default_value_t = DEFAULT.prefault, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub keyviz_prefault: bool,

    /// Where the history is kept over restarts.
    #[command(flatten)]
    pub history: HistoryArgs,

    /// A budget for everything together: sizes above are fitted to it, and what cannot work is refused by name
    #[arg(long, env = "KEYVIZ_MEMORY", value_name = "SIZE")]
    pub keyviz_memory: Option<ByteSize>,
}

/// A number that differs from start to start: the system's entropy, by way of the standard library's hash maps.
fn system_seed() -> u64 {
    RandomState::new().hash_one(()).max(1)
}

impl SamplerArgs {
    /// The settings, or `None` when the sampler is not enabled.
    ///
    /// # Errors
    /// As [`settings`](SamplerArgs::settings). Not asked while disabled, so that a bad setting does not
    /// stop a host that does not use it.
    pub fn config(&self) -> Result<Option<Config>, ConfigError> {
        if self.keyviz_enabled { self.settings().map(Some) } else { Ok(None) }
    }

    /// The settings, enabled or not: for programs whose purpose is the sampler.
    ///
    /// # Errors
    /// [`ConfigError`] names the field that cannot work and what to do.
    pub fn settings(&self) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        config.step_ms = self.keyviz_step.0;
        if self.keyviz_auto_ranges > 0 {
            config.partition = Partition::Auto { ranges: self.keyviz_auto_ranges };
        }
        config.max_routes = self.keyviz_max_routes;
        config.max_known_routes = self.keyviz_max_known_routes;
        config.max_virtual = self.keyviz_max_virtual;
        config.max_members = self.keyviz_max_members;
        config.promote = self.keyviz_promote;
        config.max_draining = self.keyviz_max_draining;
        config.sub_buckets = self.keyviz_sub_buckets;
        config.labels = self.labels();
        config.scans = self.keyviz_scans;
        config.max_recorders = self.keyviz_max_recorders;
        config.shared_shards = self.keyviz_shared_shards;
        config.cell_bytes = self.keyviz_cell_bytes.0;
        config.history_bytes = self.keyviz_history_bytes.0;
        config.history_columns = self.keyviz_history_columns;
        config.tiers = self.keyviz_tiers;
        config.bound_bytes = self.keyviz_bound_bytes.0;
        config.max_bound_len = self.keyviz_max_bound_len;
        config.max_events = self.keyviz_max_events;
        config.hot_keys = self.keyviz_hot_keys;
        config.sample_bytes = self.keyviz_sample_bytes.0;
        config.sample_every = self.keyviz_sample_every;
        config.max_key_len = self.keyviz_max_key_len;
        config.hot_key_sketches = self.keyviz_hot_key_sketches;
        config.hot_key_entries = self.keyviz_hot_key_entries;
        config.hot_key_bytes = self.keyviz_hot_key_bytes.0;
        config.seed = if self.keyviz_seed == 0 { system_seed() } else { self.keyviz_seed };
        config.prefault = self.keyviz_prefault;
        if let Some(ByteSize(budget)) = self.keyviz_memory {
            config = config.fit(budget)?;
        }
        config.validate()?;
        Ok(config)
    }

    fn labels(&self) -> Labels {
        if self.keyviz_labels_enabled && self.keyviz_labels.0.is_empty() {
            // The five names are within every limit, which a test shows.
            return Labels::new(&FIVE_LABELS).unwrap_or(Labels::NONE);
        }
        self.keyviz_labels.0.clone()
    }
}
