//! What sampling keys adds to an observation.

use super::{Bench, OPERATIONS, results};
use crate::counters::{ById, Sampling, fixture};
use crate::load::{Shape, Stream};
use crate::measure::race;
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
