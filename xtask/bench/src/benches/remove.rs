//! Removing routes from a sampler of 10 000.

use std::time::Instant;

use keyviz_core::RouteId;

use super::Bench;
use crate::counters::fixture;
use crate::load::{ROUTES, Random, routes};
use crate::measure::lowest;
use crate::report::{Row, Target};

pub const BENCH: Bench =
    Bench { name: "remove", about: "one of 10 000 routes, the mean of 100 random ones", on_request: false, run };

const REMOVED: usize = 100;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let mut routes = routes(ROUTES);
    Random::new(5).shuffle(&mut routes);
    routes.truncate(REMOVED);
    let measured = lowest(runs, REMOVED as u64, || {
        let sampler = fixture(|_| {})?;
        let begun = Instant::now();
        let removed = routes.iter().filter(|route| sampler.remove(RouteId(route.id))).count();
        let time = begun.elapsed();
        if removed == REMOVED { Ok(time) } else { Err(format!("{removed} of {REMOVED} routes were removed")) }
    })?;
    Ok(vec![Row::new(BENCH.name, measured.in_units_of(1e3), "us").target(Target::ValueAtMost(5.0))])
}
