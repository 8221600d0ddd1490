//! Ranges of the core's own making, looked up by key.

use keyviz_core::Partition;

use super::{Bench, OPERATIONS, results};
use crate::counters::{BareLoop, ByKey, fixture_of};
use crate::load::{Shape, Stream};
use crate::measure::race;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "observe/auto-ranges",
    about: "recorder, zipf 0.99 over 10 000 stretches of keys, looked up among 1024 ranges that the core made for it",
    on_request: false,
    run,
};

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let stream = Stream::new(Shape::Zipf, OPERATIONS);
    let mut bare = BareLoop::new();
    let mut auto = ByKey::new(fixture_of(|config| config.partition = Partition::AUTO)?, &stream)?;
    let [bare, auto] = results(race(&mut [&mut bare, &mut auto], &stream, runs)?)?;
    Ok(vec![Row::versus("observe/auto-ranges/zipf", auto, "bare loop", bare).target(Target::ValueAtMost(35.0))])
}
