//! What finding one of many sub-buckets adds.

use super::{Bench, OPERATIONS, results};
use crate::counters::{ById, fixture};
use crate::load::{Shape, Stream};
use crate::measure::race;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "observe/k256",
    about: "recorder, one hot route in 256 sub-buckets, beside K = 1",
    on_request: false,
    run,
};

/// A recorder's own pages and one shard: 12 500 slots of 256 cells of 32 bytes, twice, and room.
const CELL_BYTES: usize = 256 << 20;
/// The open column twice and the parts of term changes, with all these cells at their largest, and room.
const HISTORY_BYTES: usize = 640 << 20;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let stream = Stream::new(Shape::OneRoute, OPERATIONS);
    let mut one = ById::new(fixture(|_| {})?);
    let mut many = ById::new(fixture(|config| {
        config.sub_buckets = 256;
        config.shared_shards = 1;
        config.cell_bytes = CELL_BYTES;
        config.history_bytes = HISTORY_BYTES;
        config.max_known_routes = 0;
    })?);
    let measured = race(&mut [&mut one, &mut many], &stream, runs)?;
    let [one, many] = results(measured)?;
    Ok(vec![Row::versus(BENCH.name, many, "K = 1", one).target(Target::OverBaselineAtMost(5.0))])
}
