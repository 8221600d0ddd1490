//! The configuration: each refusal names the field and what would do, and a budget is kept.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::limits::MAX_POOL_BYTES;
use keyviz_core::{Config, ConfigError, Labels, Writer};
use proptest::prelude::*;

type Set = fn(&mut Config, u64);

/// Each field with its range, and how to set it.
const RANGES: [(&str, u64, u64, Set); 12] = [
    ("step_ms", 100, 86_400_000, |c, v| c.step_ms = v),
    ("max_routes", 1, 1 << 20, |c, v| c.max_routes = v as u32),
    ("max_draining", 0, 1 << 20, |c, v| c.max_draining = v as u32),
    ("sub_buckets", 1, 256, |c, v| c.sub_buckets = v as u16),
    ("(labels + 1) x sub_buckets", 1, 256, |c, v| {
        c.labels = Labels::new(&["a"]).unwrap();
        c.sub_buckets = v.div_ceil(2) as u16;
    }),
    ("max_recorders", 1, 4096, |c, v| c.max_recorders = v as u32),
    ("shared_shards", 1, 256, |c, v| c.shared_shards = v as u32),
    ("history_columns", 1, 1 << 20, |c, v| c.history_columns = v as u32),
    ("max_bound_len", 1, 1 << 16, |c, v| c.max_bound_len = v as u32),
    ("cell_bytes", 1, MAX_POOL_BYTES, |c, v| c.cell_bytes = v as usize),
    ("history_bytes", 1, MAX_POOL_BYTES, |c, v| c.history_bytes = v as usize),
    ("bound_bytes", 1, MAX_POOL_BYTES, |c, v| c.bound_bytes = v as usize),
];

#[test]
fn every_field_has_its_range() {
    for (name, least, most, set) in RANGES {
        let given = |value| {
            let mut config = Config::default();
            // Room for the greatest there may be.
            let most = MAX_POOL_BYTES as usize;
            (config.cell_bytes, config.history_bytes, config.bound_bytes) = (most, most, most);
            set(&mut config, value);
            config.validate()
        };
        let out = |result| matches!(result, Err(ConfigError::OutOfRange { field, .. }) if field == name);
        assert!(!out(given(least)) && !out(given(most)), "{name}");
        assert!(out(given(most + 1)), "{name} above {most}: {:?}", given(most + 1));
        if least > 0 && !name.starts_with('(') {
            let error = given(least - 1).unwrap_err();
            let ConfigError::OutOfRange { field, value, min, max, .. } = error else { panic!("{name}: {error:?}") };
            assert_eq!((field, value, min, max), (name, least - 1, least, most));
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }
}

#[test]
fn a_pool_that_is_too_small_says_how_much_would_do() {
    let pools: [(&str, Set); 3] = [RANGES[9], RANGES[10], RANGES[11]].map(|(name, _, _, set)| (name, set));
    for (name, set) in pools {
        let mut config = Config::default();
        set(&mut config, 1);
        let error = config.validate().unwrap_err();
        let ConfigError::PoolTooSmall { field, bytes, least_bytes, .. } = error else { panic!("{error:?}") };
        assert_eq!((field, bytes), (name, 1));
        assert!(error.to_string().starts_with(name), "{error}");
        set(&mut config, least_bytes as u64 - 1);
        assert!(matches!(config.validate(), Err(ConfigError::PoolTooSmall { field, .. }) if field == name));
        set(&mut config, least_bytes as u64);
        assert_eq!(config.validate(), Ok(()));
        config.prefault = false;
        assert!(Writer::new(config, 0).is_ok(), "{name}: what validates can be made");
    }
}

#[test]
fn a_refused_configuration_makes_no_writer() {
    let mut config = Config::default();
    config.step_ms = 1;
    let refused = Writer::new(config.clone(), 0).map(|_| ()).unwrap_err();
    assert_eq!(Err(refused), config.validate());
    assert_eq!(config.memory_bytes(), Err(refused));
    assert_eq!(config.fit(1 << 40), Err(refused));
}

#[test]
fn a_budget_below_the_least_is_refused() {
    let error = Config::within(10_000).unwrap_err();
    let ConfigError::OverBudget { budget_bytes, least_bytes, .. } = error else { panic!("{error:?}") };
    assert!(budget_bytes == 10_000 && least_bytes > 10_000, "{error:?}");
    let error = Config::default().fit(1 << 20).unwrap_err();
    let ConfigError::OverBudget { field, .. } = error else { panic!("{error:?}") };
    assert!(error.to_string().starts_with(field), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_budget_is_kept(budget in 0usize..200 << 20, max_routes in 1u32..50_000, sub_buckets in 1u16..20) {
        for config in [Config::within(budget), routes(max_routes, sub_buckets).fit(budget)] {
            match config {
                Ok(config) => prop_assert!(config.memory_bytes().unwrap() <= budget),
                Err(ConfigError::OverBudget { least_bytes, .. }) => prop_assert!(least_bytes > budget),
                // The pools of this configuration are too small before any budget is.
                Err(error) => prop_assert!(matches!(error, ConfigError::PoolTooSmall { .. }), "{error:?}"),
            }
        }
    }
}

fn routes(max_routes: u32, sub_buckets: u16) -> Config {
    let mut config = Config::default();
    (config.max_routes, config.sub_buckets) = (max_routes, sub_buckets);
    config
}
