//! What a host decides before the first operation.

use std::ffi::c_char;
use std::ptr;

use keyviz_core::{Config, ConfigError, Labels, Partition, Tier, Tiers};

use crate::fence::fenced;
use crate::input::{items, out, text};
use crate::last_error::fail;
use crate::room;
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;

/// Columns of so many steps each.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_tier {
    /// Steps of a column; 0 is the end of the list.
    pub steps: u32,
    /// Columns kept.
    pub columns: u32,
}

/// The sizes of a sampler: all of its memory follows from these, and is taken when it is opened.
///
/// Set `size` to `sizeof(keyviz_config)`, call `keyviz_config_defaults`, and change what you like. Bounds, bytes and
/// defaults stand in `docs/configuration.md`, by the same names.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_config {
    /// `sizeof(keyviz_config)`.
    pub size: usize,
    /// The sampling interval in milliseconds.
    pub step_ms: u64,
    /// Bytes of all pages of cells.
    pub cell_bytes: u64,
    /// Bytes of all columns.
    pub history_bytes: u64,
    /// Bytes of the bounds of routes.
    pub bound_bytes: u64,
    /// Bytes of the queues of sampled keys.
    pub sample_bytes: u64,
    /// Bytes of the hot keys kept of columns.
    pub hot_key_bytes: u64,
    /// The seed of what is drawn by lot.
    pub seed: u64,
    /// Names for the traffic's origin: `label_count` texts. Read when a sampler is opened; the host's.
    pub labels: *const *const c_char,
    /// How many labels there are, at most 15.
    pub label_count: u32,
    /// Ranges that keyviz makes itself, 2 to 65 536; 0: the host registers routes.
    pub auto_ranges: u32,
    /// Routes with slots of their own.
    pub max_routes: u32,
    /// Routes known; those beyond `max_routes` share virtual buckets.
    pub max_known_routes: u32,
    /// Removed routes whose slots may drain at the same time; 0: a quarter of `max_routes`.
    pub max_draining: u32,
    /// Virtual buckets; 0: a quarter of `max_routes`.
    pub max_virtual: u32,
    /// Routes that a row of a virtual bucket lists.
    pub max_members: u32,
    /// Not 0: hot members of virtual buckets get slots of their own.
    pub promote: u32,
    /// Order-preserving divisions of each route.
    pub sub_buckets: u32,
    /// Not 0: range reads are counted in every range that they touch.
    pub scans: u32,
    /// Recorders with cells of their own.
    pub max_recorders: u32,
    /// Shards for recorders without.
    pub shared_shards: u32,
    /// Columns of one step that are kept.
    pub history_columns: u32,
    /// The longest bound in bytes.
    pub max_bound_len: u32,
    /// Events kept of what the host tells.
    pub max_events: u32,
    /// Not 0: keys are sampled, to tell which are hot. It keeps bytes of keys.
    pub hot_keys: u32,
    /// One operation in so many is sampled at the most.
    pub sample_every: u32,
    /// The longest key that is sampled, in bytes.
    pub max_key_len: u32,
    /// Cells whose hot keys are followed at a time.
    pub hot_key_sketches: u32,
    /// Keys that are followed of each of them.
    pub hot_key_entries: u32,
    /// Not 0: memory is touched when it is taken.
    pub prefault: u32,
    /// 0; anything else is refused.
    pub reserved: u32,
    /// Coarser tiers, finest first, that old columns fold into.
    pub tiers: [keyviz_tier; 3],
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields, then an even number of four-byte ones and pairs of them, so
// without padding; numbers and a pointer, which any bytes are a value of.
unsafe impl Sized_ for keyviz_config {
    const LEAST: usize = 184;
}

const _: () = assert!(size_of::<keyviz_config>() == 184);

impl keyviz_config {
    /// The configuration in C's words. Labels are texts of the host's, and left out.
    pub(crate) fn of(config: &Config) -> Self {
        let mut tiers = [keyviz_tier { steps: 0, columns: 0 }; 3];
        for (place, tier) in tiers.iter_mut().zip(config.tiers.as_slice()) {
            *place = keyviz_tier { steps: tier.steps, columns: tier.columns };
        }
        keyviz_config {
            size: size_of::<Self>(),
            step_ms: config.step_ms,
            cell_bytes: config.cell_bytes as u64,
            history_bytes: config.history_bytes as u64,
            bound_bytes: config.bound_bytes as u64,
            sample_bytes: config.sample_bytes as u64,
            hot_key_bytes: config.hot_key_bytes as u64,
            seed: config.seed,
            labels: ptr::null(),
            label_count: 0,
            auto_ranges: config.partition.ranges(),
            max_routes: config.max_routes,
            max_known_routes: config.max_known_routes,
            max_draining: config.max_draining,
            max_virtual: config.max_virtual,
            max_members: config.max_members,
            promote: config.promote.into(),
            sub_buckets: config.sub_buckets.into(),
            scans: config.scans.into(),
            max_recorders: config.max_recorders,
            shared_shards: config.shared_shards,
            history_columns: config.history_columns,
            max_bound_len: config.max_bound_len,
            max_events: config.max_events,
            hot_keys: config.hot_keys.into(),
            sample_every: config.sample_every,
            max_key_len: config.max_key_len,
            hot_key_sketches: config.hot_key_sketches,
            hot_key_entries: config.hot_key_entries,
            prefault: config.prefault.into(),
            reserved: 0,
            tiers,
        }
    }

    /// The configuration in the core's words.
    ///
    /// # Safety
    /// `labels` points at `label_count` texts.
    unsafe fn core(&self) -> Result<Config, keyviz_status> {
        let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        if self.reserved != 0 {
            return Err(fail(keyviz_status::BadConfig, format_args!("reserved: it is {}; leave it 0", self.reserved)));
        }
        let mut config = Config::default();
        config.step_ms = self.step_ms;
        config.cell_bytes = bytes(self.cell_bytes);
        config.history_bytes = bytes(self.history_bytes);
        config.bound_bytes = bytes(self.bound_bytes);
        config.sample_bytes = bytes(self.sample_bytes);
        config.hot_key_bytes = bytes(self.hot_key_bytes);
        config.seed = self.seed;
        config.partition = match self.auto_ranges {
            0 => Partition::Routes,
            ranges => Partition::Auto { ranges },
        };
        config.max_routes = self.max_routes;
        config.max_known_routes = self.max_known_routes;
        config.max_draining = self.max_draining;
        config.max_virtual = self.max_virtual;
        config.max_members = self.max_members;
        config.promote = self.promote != 0;
        config.sub_buckets = u16::try_from(self.sub_buckets).unwrap_or(u16::MAX);
        config.scans = self.scans != 0;
        config.max_recorders = self.max_recorders;
        config.shared_shards = self.shared_shards;
        config.history_columns = self.history_columns;
        config.max_bound_len = self.max_bound_len;
        config.max_events = self.max_events;
        config.hot_keys = self.hot_keys != 0;
        config.sample_every = self.sample_every;
        config.max_key_len = self.max_key_len;
        config.hot_key_sketches = self.hot_key_sketches;
        config.hot_key_entries = self.hot_key_entries;
        config.prefault = self.prefault != 0;
        let tiers: Vec<Tier> = self.tiers.iter().take_while(|tier| tier.steps > 0).copied().map(Tier::from).collect();
        config.tiers =
            Tiers::new(&tiers).map_err(|error| fail(keyviz_status::BadConfig, format_args!("tiers: {error}")))?;
        // SAFETY: the caller's word.
        config.labels = unsafe { self.labels() }?;
        Ok(config)
    }

    /// # Safety
    /// As [`core`](Self::core).
    unsafe fn labels(&self) -> Result<Labels, keyviz_status> {
        // SAFETY: the caller's word.
        let given = unsafe { items(self.labels, self.label_count as usize, "labels") }?;
        let mut names = Vec::new();
        for name in given {
            // SAFETY: the caller's word.
            names.push(unsafe { text(*name, "a label") }?);
        }
        Labels::new(&names).map_err(|error| fail(keyviz_status::BadLabel, format_args!("{error}")))
    }
}

impl From<keyviz_tier> for Tier {
    fn from(tier: keyviz_tier) -> Self {
        Tier { steps: tier.steps, columns: tier.columns }
    }
}

/// A configuration that was given; the defaults for NULL.
///
/// # Safety
/// `config` is NULL or a configuration of as many bytes as it says, with as many labels.
pub(crate) unsafe fn given(config: *const keyviz_config) -> Result<Config, keyviz_status> {
    if config.is_null() {
        return Ok(Config::default());
    }
    room::of(0)?;
    // SAFETY: the caller's word, twice.
    unsafe { sized::read(config, keyviz_config::of(&Config::default()), "config")?.core() }
}

pub(crate) fn refused(error: ConfigError) -> keyviz_status {
    let status = if matches!(error, ConfigError::OutOfMemory { .. }) {
        keyviz_status::OutOfMemory
    } else {
        keyviz_status::BadConfig
    };
    fail(status, format_args!("{error}"))
}

/// Fills in the defaults: 10 000 routes, columns of a minute, 104 MiB.
///
/// Ownership: `config` is the host's; its `size` has to be set.
/// Threads: any.
/// Units: milliseconds, bytes, counts, as each field says.
/// Errors: `null_pointer`, `bad_struct_size`; nothing is written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_config_defaults(config: *mut keyviz_config) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word.
        unsafe { sized::write(config, &keyviz_config::of(&Config::default()), "config") }
    })
}

/// Fills in the defaults, cut to a budget: first the pools shrink, then the number of routes. What is set afterwards (labels,
/// hot keys, more routes) comes on top; `keyviz_config_memory_bytes` tells.
///
/// Ownership: `config` is the host's; its `size` has to be set.
/// Threads: any.
/// Units: `budget_bytes` is the most that `keyviz_config_memory_bytes` will say.
/// Errors: `null_pointer`, `bad_struct_size`; `bad_config` when not even 8 routes fit. Nothing is written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_config_within(budget_bytes: u64, config: *mut keyviz_config) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word.
        unsafe { sized::check_out(config, "config") }?;
        let within = Config::within(usize::try_from(budget_bytes).unwrap_or(usize::MAX)).map_err(refused)?;
        // SAFETY: the caller's word.
        unsafe { sized::write(config, &keyviz_config::of(&within), "config") }
    })
}

/// Tells all memory that a sampler of this configuration takes, to the byte, without taking it.
///
/// Ownership: both are the host's; `config` may be NULL, for the defaults.
/// Threads: any.
/// Units: bytes.
/// Errors: `null_pointer`, `bad_struct_size`; `bad_config`, `bad_label` with the field's name in the last error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_config_memory_bytes(config: *const keyviz_config, bytes: *mut u64) -> keyviz_status {
    fenced(|| {
        // SAFETY: the caller's word.
        let (config, bytes) = unsafe { (given(config)?, out(bytes, "bytes")?) };
        bytes.write(config.memory_bytes().map_err(refused)? as u64);
        Ok(())
    })
}
