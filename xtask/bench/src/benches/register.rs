//! Registering many routes, in an order that no tree likes best: a random one.

use std::time::{Duration, Instant};

use keyviz_core::{Config, RouteId, Sampler};

use super::Bench;
use crate::counters::BEGIN_MS;
use crate::load::{Random, Route, routes};
use crate::measure::lowest;
use crate::report::{Row, Target};

pub const BENCH: Bench =
    Bench { name: "register", about: "all routes of a new sampler, in random order", on_request: false, run };

/// Three columns of 100 000 routes and those that drain, all cells at their largest, and room.
const HISTORY_BYTES: usize = 64 << 20;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (count, name, most_ms) in [(10_000, "register/10000", 10.0), (100_000, "register/100000", 150.0)] {
        let mut routes = routes(count);
        Random::new(4).shuffle(&mut routes);
        let measured = lowest(runs, 1, || register(&routes))?;
        rows.push(Row::new(name, measured.in_units_of(1e6), "ms").target(Target::ValueAtMost(most_ms)));
    }
    Ok(rows)
}

fn register(routes: &[Route]) -> Result<Duration, String> {
    let mut config = Config::default();
    config.max_routes = u32::try_from(routes.len()).map_err(|error| error.to_string())?;
    config.history_bytes = HISTORY_BYTES;
    let sampler = Sampler::new(config, BEGIN_MS).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    for route in routes {
        sampler.register(RouteId(route.id), &route.start, Some(&route.end), 0).map_err(|error| error.to_string())?;
    }
    let time = begun.elapsed();
    let registered = sampler.reader().counters().routes;
    if registered == routes.len() as u64 {
        Ok(time)
    } else {
        Err(format!("{registered} of {} routes are registered", routes.len()))
    }
}
