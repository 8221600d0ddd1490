//! A recorder on one hot route: beside the least that could count, and beside counters that threads share.

use super::{Bench, OPERATIONS, results};
use crate::counters::{BareLoop, ById, Counter, FetchAdds, FetchAddsByRoute, Sampled, fixture};
use crate::load::{Shape, Stream};
use crate::measure::race;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "observe/one-route",
    about: "recorder, one hot route of 10 000, K = 1, 24-byte keys",
    on_request: false,
    run,
};

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let stream = Stream::new(Shape::OneRoute, OPERATIONS);
    let mut bare = BareLoop::new();
    let same_table = FetchAddsByRoute::new();
    let array = FetchAdds::new();
    let mut keyviz = ById::new(fixture(|_| {})?);
    let mut thread_local = Sampled::new(fixture(|_| {})?);
    let contenders: &mut [&mut dyn Counter] =
        &mut [&mut bare, &mut &same_table, &mut &array, &mut keyviz, &mut thread_local];
    let [bare, same_table, array, keyviz, thread_local] = results(race(contenders, &stream, runs)?)?;
    let name = BENCH.name;
    Ok(vec![
        Row::versus(name, keyviz, "bare loop", bare).target(Target::RatioAtMost(2.0)),
        Row::versus(name, keyviz, "two fetch_adds", same_table).target(Target::RatioAtMost(1.0 / 3.0)),
        Row::versus(name, keyviz, "two fetch_adds without lookup", array),
        Row::versus("observe/one-route/thread-local", thread_local, "recorder", keyviz),
    ])
}
