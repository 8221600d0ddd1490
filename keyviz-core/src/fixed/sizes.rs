//! How long every array is, at compile time; what cannot work ends the compilation with a message.

use crate::config::Config;
use crate::config_error::ConfigError;
use crate::layout::Layout;

/// How long every array of a configuration is.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub pages: usize,
    pub directories: usize,
    pub own: usize,
    pub table: usize,
    pub member_table: usize,
    pub seats: usize,
    pub members: usize,
    pub samples: usize,
    pub key_queues: usize,
    pub key_words: usize,
    pub key_scratch: usize,
    pub record_entries: usize,
    pub record_words: usize,
    pub sketches: usize,
    pub sketch_counters: usize,
    pub sketch_index: usize,
    pub sketch_bytes: usize,
    pub sketch_table: usize,
    pub lineage: usize,
    pub events: usize,
    pub virtuals: usize,
    pub reservoirs: usize,
    pub candidates: usize,
    pub sketch: usize,
    pub divisions: usize,
    pub chunks: usize,
    pub descriptors: usize,
    pub descriptor_words: usize,
    pub entries: usize,
    pub words: usize,
    pub blocks: usize,
    pub draining: usize,
    pub nodes: usize,
    pub groups: usize,
    pub cells: usize,
    pub page_set: usize,
    pub scans: usize,
    pub scan_scratch: usize,
    pub ranges: usize,
    pub ranked: usize,
    pub range_keys: usize,
    pub boundary_words: usize,
    pub boundary_marks: usize,
    pub scratch: usize,
    pub fold: usize,
}

impl Sizes {
    /// Those of `config`; where it cannot work, compilation ends.
    #[must_use]
    pub const fn of(config: &Config) -> Sizes {
        let layout = layout(config);
        Sizes {
            pages: layout.pool_lines(),
            directories: layout.directories_len(),
            own: layout.directory_rows(),
            table: layout.table_len,
            member_table: layout.member_table_len,
            seats: layout.seats,
            members: layout.members,
            samples: layout.id_samples_len(),
            key_queues: 2 * layout.sample_queues(),
            key_words: layout.sample_words(),
            key_scratch: layout.key_scratch_len(),
            record_entries: layout.record_entries(),
            record_words: layout.record_words(),
            sketches: layout.sketches,
            sketch_counters: layout.sketch_counters(),
            sketch_index: layout.sketch_index(),
            sketch_bytes: layout.sketch_bytes(),
            sketch_table: layout.sketch_table(),
            lineage: layout.lineage,
            events: layout.events(),
            virtuals: layout.virtuals,
            reservoirs: layout.reservoirs(),
            candidates: layout.candidates(),
            sketch: layout.sketch_index_len(),
            divisions: layout.divisions(),
            chunks: layout.chunks,
            descriptors: layout.descriptors,
            descriptor_words: layout.descriptor_words(),
            entries: layout.column_entries(),
            words: layout.block_words(),
            blocks: layout.blocks,
            draining: layout.drain_len,
            nodes: layout.nodes(),
            groups: layout.group_len,
            cells: layout.cells(),
            page_set: layout.page_set_words,
            scans: layout.scan_cells(),
            scan_scratch: layout.scan_scratch_len(),
            ranges: layout.ranges,
            ranked: 2 * layout.ranges,
            range_keys: layout.range_keys(),
            boundary_words: layout.boundary_words(),
            boundary_marks: layout.boundary_marks(),
            scratch: layout.scratch_len(),
            fold: layout.fold_sources(),
        }
    }
}

/// The configuration with what it left to [`Config::roomy`]; where it cannot work, compilation ends.
#[doc(hidden)]
#[must_use]
pub const fn roomy(config: &Config) -> Config {
    match config.roomy() {
        Ok(config) => config,
        Err(error) => refuse(&error),
    }
}

pub(super) const fn layout(config: &Config) -> Layout {
    match Layout::new(config) {
        Ok(layout) => layout,
        Err(error) => refuse(&error),
    }
}

/// Ends compilation with the text of the error.
#[expect(clippy::panic, reason = "evaluated at compile time, where it is an error message")]
pub(super) const fn refuse(error: &ConfigError) -> ! {
    let mut text = Text { bytes: [0; 160], len: 0 };
    match *error {
        ConfigError::OutOfRange { field, value, min, max } => {
            text = text.push(field).push(": ").number(value).push(" is out of range; use ");
            text = text.number(min).push(" to ").number(max);
        }
        ConfigError::PoolTooSmall { field, bytes, least_bytes, holds } => {
            text = text.push(field).push(": ").number(bytes as u64).push(" bytes cannot hold ").push(holds);
            text = text.push("; give at least ").number(least_bytes as u64).push(" bytes");
        }
        ConfigError::OutOfMemory { .. } | ConfigError::OverBudget { .. } => text = text.push("out of memory"),
    }
    panic!("{}", text.as_str())
}

/// Text put together in a constant.
struct Text {
    bytes: [u8; 160],
    len: usize,
}

impl Text {
    #[expect(clippy::indexing_slicing, reason = "below both lengths")]
    const fn push(mut self, text: &str) -> Self {
        let (bytes, mut at) = (text.as_bytes(), 0);
        while at < bytes.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    const fn number(self, value: u64) -> Self {
        let text = if value >= 10 { self.number(value / 10) } else { self };
        let digits = "0123456789";
        let digit = digits.split_at((value % 10) as usize).1.split_at(1).0;
        text.push(digit)
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "refused",
        }
    }
}
