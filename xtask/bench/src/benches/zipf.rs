//! Zipf over 10 000 routes: lookups and cells that miss the nearest cache.

use super::{Bench, OPERATIONS, results};
use crate::counters::{BareLoop, ById, fixture};
use crate::load::{Shape, Stream};
use crate::measure::race;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "observe/zipf",
    about: "recorder, zipf 0.99 over 10 000 routes, keys even within each",
    on_request: false,
    run,
};

/// A recorder's own pages and the shards': 12 500 slots of 16 cells of 32 bytes each, and what scans take.
const CELL_BYTES: usize = 64 << 20;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let stream = Stream::new(Shape::Zipf, OPERATIONS);
    let mut bare = BareLoop::new();
    let mut one = ById::new(fixture(|_| {})?);
    let mut sixteen = ById::new(fixture(|config| (config.sub_buckets, config.cell_bytes) = (16, CELL_BYTES))?);
    let measured = race(&mut [&mut bare, &mut one, &mut sixteen], &stream, runs)?;
    let [bare, one, sixteen] = results(measured)?;
    Ok(vec![
        Row::versus("observe/zipf/k1", one, "bare loop", bare).target(Target::ValueAtMost(9.0)),
        Row::versus("observe/zipf/k16", sixteen, "bare loop", bare).target(Target::ValueAtMost(20.0)),
    ])
}
