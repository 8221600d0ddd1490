//! keyviz beside what a user would pick instead, doing the same job: a route's count and bytes.

use super::{Bench, OPERATIONS};
use crate::counters::alternatives::{
    DashMapByRoute, DashMapHandles, MetricsByLabel, MetricsHandles, MutexHandles, MutexMapByRoute, PrometheusByLabel,
    PrometheusHandles,
};
use crate::counters::{ByHandle, ById, Counter, TwoRecorders, TwoThreads, fixture};
use crate::load::{Shape, Stream};
use crate::measure::race;
use crate::report::{Row, Target};

pub const BY_ROUTE: Bench = Bench {
    name: "alternatives/by-route",
    about: "each operation names its route, one thread",
    on_request: false,
    run: by_route,
};

pub const BY_ROUTE_TWO_THREADS: Bench = Bench {
    name: "alternatives/two-threads/by-route",
    about: "each operation names its route, two threads; one thread's operation, middle run of all",
    on_request: false,
    run: by_route_two_threads,
};

pub const HANDLES: Bench = Bench {
    name: "alternatives/handles",
    about: "the handles of all routes are kept, one thread",
    on_request: false,
    run: handles,
};

const SHAPES: [(Shape, &str); 2] = [(Shape::OneRoute, "one-route"), (Shape::Zipf, "zipf")];
/// By route: at least five times faster than the best.
const FIVE_TIMES: Target = Target::RatioAtMost(1.0 / 5.0);
/// With handles: not slower than the best.
const NOT_SLOWER: Target = Target::RatioAtMost(1.0);

fn by_route(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (shape, shape_name) in SHAPES {
        let (metrics, prometheus) = (MetricsByLabel::new(), PrometheusByLabel::new());
        let (dashmap, mutex) = (DashMapByRoute::new(), MutexMapByRoute::new());
        let mut keyviz = ById::new(fixture(|_| {})?);
        let mut contenders: [&mut dyn Counter; 5] =
            [&mut keyviz, &mut &metrics, &mut &prometheus, &mut &dashmap, &mut &mutex];
        let name = format!("{}/{shape_name}", BY_ROUTE.name);
        rows.extend(beside_first(&name, &mut contenders, shape, runs, FIVE_TIMES)?);
    }
    Ok(rows)
}

fn by_route_two_threads(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (shape, shape_name) in SHAPES {
        let (metrics, prometheus) = (MetricsByLabel::new(), PrometheusByLabel::new());
        let (dashmap, mutex) = (DashMapByRoute::new(), MutexMapByRoute::new());
        let mut keyviz = TwoRecorders::new(fixture(|_| {})?);
        let mut contenders: [&mut dyn Counter; 5] = [
            &mut keyviz,
            &mut TwoThreads(&metrics),
            &mut TwoThreads(&prometheus),
            &mut TwoThreads(&dashmap),
            &mut TwoThreads(&mutex),
        ];
        let name = format!("{}/{shape_name}", BY_ROUTE_TWO_THREADS.name);
        rows.extend(beside_first(&name, &mut contenders, shape, runs, FIVE_TIMES)?);
    }
    Ok(rows)
}

fn handles(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (shape, shape_name) in SHAPES {
        let (metrics, prometheus) = (MetricsHandles::new(), PrometheusHandles::new());
        let (dashmap, mutex) = (DashMapHandles::new(), MutexHandles::new());
        let mut keyviz = ByHandle::new(fixture(|_| {})?);
        let mut contenders: [&mut dyn Counter; 5] =
            [&mut keyviz, &mut &metrics, &mut &prometheus, &mut &dashmap, &mut &mutex];
        let name = format!("{}/{shape_name}", HANDLES.name);
        rows.extend(beside_first(&name, &mut contenders, shape, runs, NOT_SLOWER)?);
    }
    Ok(rows)
}

/// The target holds beside the best alternative when it holds beside each.
fn beside_first(
    name: &str,
    contenders: &mut [&mut dyn Counter],
    shape: Shape,
    runs: usize,
    target: Target,
) -> Result<Vec<Row>, String> {
    let threads = contenders.first().map_or(1, |contender| contender.copies());
    // Threads have to start: twice as many operations, so that it does not show.
    let measured = race(contenders, &Stream::new(shape, OPERATIONS * threads), runs)?;
    let fair = measured.into_iter().map(|one| if threads > 1 { one.middle() } else { one });
    let mut all = contenders.iter().map(|contender| contender.name()).zip(fair);
    let (_, keyviz) = all.next().ok_or("no contender")?;
    Ok(all.map(|(other, measured)| Row::versus(name, keyviz, other, measured).target(target)).collect())
}
