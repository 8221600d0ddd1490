//! The fields of `Config`: what the code cannot tell of itself is their unit and how to set one.

use keyviz_core::{Config, Labels, Partition};

/// A field.
pub struct Field {
    /// Its name in `Config`.
    pub name: &'static str,
    /// What a number of it counts.
    pub unit: &'static str,
    /// What sort of value it is.
    pub kind: Kind,
}

/// How a value is given.
pub enum Kind {
    /// A number of the unit; the least is what the memory is compared with.
    Number {
        /// Sets it.
        set: fn(&mut Config, u64),
        /// The least that says something: 0 where that stands for another number is not it.
        least: u64,
    },
    /// Bytes that are taken as they are given.
    Pool {
        /// Sets it.
        set: fn(&mut Config, u64),
    },
    /// Yes or no.
    Switch,
    /// Names.
    Labels,
    /// Who cuts the key space.
    Partition,
    /// Any number.
    Any,
    /// Coarser tiers of history.
    Tiers,
}

const fn number(name: &'static str, unit: &'static str, least: u64, set: fn(&mut Config, u64)) -> Field {
    Field { name, unit, kind: Kind::Number { set, least } }
}

const fn pool(name: &'static str, set: fn(&mut Config, u64)) -> Field {
    Field { name, unit: "bytes", kind: Kind::Pool { set } }
}

/// All of them, as they stand in `Config`.
pub const FIELDS: &[Field] = &[
    number("step_ms", "milliseconds", 100, |config, value| config.step_ms = value),
    Field { name: "partition", unit: "ranges", kind: Kind::Partition },
    number("max_routes", "routes", 1, |config, value| config.max_routes = value as u32),
    number("max_known_routes", "routes", 0, |config, value| config.max_known_routes = value as u32),
    number("max_draining", "routes", 1, |config, value| config.max_draining = value as u32),
    number("max_virtual", "buckets", 1, |config, value| config.max_virtual = value as u32),
    number("max_members", "routes", 1, |config, value| config.max_members = value as u32),
    Field { name: "promote", unit: "", kind: Kind::Switch },
    number("sub_buckets", "divisions", 1, |config, value| config.sub_buckets = value as u16),
    Field { name: "labels", unit: "names", kind: Kind::Labels },
    Field { name: "scans", unit: "", kind: Kind::Switch },
    number("max_recorders", "recorders", 1, |config, value| config.max_recorders = value as u32),
    number("shared_shards", "shards", 1, |config, value| config.shared_shards = value as u32),
    pool("cell_bytes", |config, value| config.cell_bytes = value as usize),
    pool("history_bytes", |config, value| config.history_bytes = value as usize),
    number("history_columns", "columns", 1, |config, value| config.history_columns = value as u32),
    Field { name: "tiers", unit: "steps x columns", kind: Kind::Tiers },
    pool("bound_bytes", |config, value| config.bound_bytes = value as usize),
    number("max_bound_len", "bytes", 1, |config, value| config.max_bound_len = value as u32),
    number("max_events", "events", 0, |config, value| config.max_events = value as u32),
    Field { name: "hot_keys", unit: "", kind: Kind::Switch },
    pool("sample_bytes", |config, value| config.sample_bytes = value as usize),
    number("sample_every", "operations", 1, |config, value| config.sample_every = value as u32),
    number("max_key_len", "bytes", 1, |config, value| config.max_key_len = value as u32),
    number("hot_key_sketches", "cells", 1, |config, value| config.hot_key_sketches = value as u32),
    number("hot_key_entries", "keys", 1, |config, value| config.hot_key_entries = value as u32),
    pool("hot_key_bytes", |config, value| config.hot_key_bytes = value as usize),
    Field { name: "seed", unit: "", kind: Kind::Any },
    Field { name: "prefault", unit: "", kind: Kind::Switch },
];

/// The configuration in which a field is looked at: the default one, with keys sampled where the field says how.
pub fn base(name: &str) -> Config {
    let mut config = Config::default();
    config.hot_keys = name.starts_with("sample") || name.starts_with("hot_key_") || name == "max_key_len";
    config
}

/// A configuration with at most so many ranges of the core's own making.
pub fn with_ranges(config: &mut Config, ranges: u64) {
    config.partition = Partition::Auto { ranges: ranges.min(u64::from(u32::MAX)) as u32 };
}

/// A configuration with one label more than none.
pub fn with_a_label(config: &mut Config) {
    config.labels = Labels::new(&["a"]).unwrap_or(Labels::NONE);
}

/// The names and default values of all fields that `Config` has, from what it says of itself when it is debugged.
pub fn defaults(debugged: &str) -> Vec<(&str, &str)> {
    debugged
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.trim_end_matches(',').split_once(": "))
        .collect()
}

/// An error for each field without a row and each row without a field.
pub fn differences(defaults: &[(&str, &str)]) -> Result<(), String> {
    let rows: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    let fields: Vec<&str> = defaults.iter().map(|(name, _)| *name).collect();
    if rows == fields {
        return Ok(());
    }
    let missing: Vec<&str> = fields.iter().copied().filter(|name| !rows.contains(name)).collect();
    let gone: Vec<&str> = rows.iter().copied().filter(|name| !fields.contains(name)).collect();
    Err(format!(
        "xtask/docs/src/fields.rs has to list the fields of `Config` in its order: it lacks {missing:?} and has {gone:?} too many"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_a_row_and_a_row_without_a_field_are_told() {
        let debugged = format!("{:#?}", Config::default());
        assert_eq!(differences(&defaults(&debugged)), Ok(()));
        let more = debugged.replace("    prefault", "    afterthought: 7,\n    prefault");
        assert!(differences(&defaults(&more)).unwrap_err().contains("lacks [\"afterthought\"]"));
        let fewer = debugged.replace("    promote: true,\n", "");
        assert!(differences(&defaults(&fewer)).unwrap_err().contains("[\"promote\"] too many"));
    }

    #[test]
    fn every_field_is_set_by_its_own_row() {
        let default = format!("{:#?}", Config::default());
        for field in FIELDS {
            let (Kind::Number { set, .. } | Kind::Pool { set }) = field.kind else { continue };
            let mut config = Config::default();
            set(&mut config, 77);
            let changed = format!("{config:#?}");
            let differing: Vec<(&str, &str)> = defaults(&changed)
                .into_iter()
                .zip(defaults(&default))
                .filter_map(|(now, before)| (now != before).then_some(now))
                .collect();
            assert_eq!(differing, [(field.name, "77")]);
        }
    }
}
