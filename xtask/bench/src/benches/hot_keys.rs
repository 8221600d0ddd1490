//! What sampling keys adds to an observation.

use std::time::Instant;

use keyviz_core::{Config, Op, RouteId, Sampler};

use super::{Bench, OPERATIONS, results};
use crate::counters::{BEGIN_MS, ById, Sampling, fixture};
use crate::load::{Random, Shape, Stream, VALUE_LEN, Zipf};
use crate::measure::{lowest, race};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "observe/hot-keys",
    about: "recorder, keys sampled, beside none sampled: one hot route, zipf over 10 000",
    on_request: false,
    run,
};

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (name, shape) in [("observe/hot-keys/one-route", Shape::OneRoute), ("observe/hot-keys/zipf", Shape::Zipf)] {
        let stream = Stream::new(shape, OPERATIONS);
        let mut off = ById::new(fixture(|_| {})?);
        let mut on = Sampling::new(fixture(|config| config.hot_keys = true)?);
        let [on, off] = results(race(&mut [&mut on, &mut off], &stream, runs)?)?;
        rows.push(Row::versus(name, on, "off", off).target(Target::OverBaselineAtMost(2.0)));
    }
    Ok(rows)
}

pub const SKETCHES: Bench = Bench {
    name: "sketch/sample",
    about: "a sampled key, out of its queue and into a sketch: 64 keys kept of zipf, 256 of uniform",
    on_request: false,
    run: run_sketches,
};

/// Samples of one run, and different keys among them.
const SAMPLES: usize = 200_000;
const KEYS: usize = 100_000;
const TARGET_NS: f64 = 60.0;

fn run_sketches(runs: usize) -> Result<Vec<Row>, String> {
    let mut random = Random::new(11);
    let zipf = Zipf::new(KEYS);
    let by_rank: Vec<usize> = (0..SAMPLES).map(|_| zipf.next(&mut random)).collect();
    let even: Vec<usize> = (0..SAMPLES).map(|_| (random.unit() * KEYS as f64) as usize).collect();
    [("sketch/sample/m64-zipf", 64, by_rank), ("sketch/sample/m256-uniform", 256, even)]
        .into_iter()
        .map(|(name, entries, keys)| sketch(name, entries, &keys, runs))
        .collect()
}

fn sketch(name: &str, entries: u32, keys: &[usize], runs: usize) -> Result<Row, String> {
    let mut config = Config::default();
    (config.max_routes, config.max_known_routes, config.max_recorders) = (1, 0, 1);
    (config.hot_keys, config.sample_every, config.sample_bytes) = (true, 1, 64 << 20);
    (config.hot_key_entries, config.hot_key_sketches) = (entries, 1);
    let sampler = Sampler::new(config, BEGIN_MS).map_err(|error| error.to_string())?;
    sampler.register(RouteId(1), b"", None, 0).map_err(|error| error.to_string())?;
    let recorder = sampler.recorder();
    let keys: Vec<String> = keys.iter().map(|key| format!("user:{key:019}")).collect();
    let measured = lowest(runs, SAMPLES as u64, || {
        for key in &keys {
            recorder.observe(RouteId(1), Op::Write, key.as_bytes(), VALUE_LEN);
        }
        let begun = Instant::now();
        let taken = sampler.drain_samples();
        let time = begun.elapsed();
        if taken == SAMPLES as u64 { Ok(time) } else { Err(format!("{taken} samples of {SAMPLES}")) }
    })?;
    Ok(Row::new(name, measured.in_units_of(1.0), "ns/sample").target(Target::ValueAtMost(TARGET_NS)))
}
