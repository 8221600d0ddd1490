//! Routes beyond the budget: 100 000 known, 10 000 with slots of their own.

use std::time::{Duration, Instant};

use keyviz_core::{Config, Op, Recorder, RouteId, Sampler};

use super::{Bench, OPERATIONS};
use crate::counters::{BEGIN_MS, fixture};
use crate::load::{ROUTES, Random, Route, VALUE_LEN, Zipf, routes};
use crate::measure::{Measured, lowest};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "virtual",
    about: "100 000 routes over a budget of 10 000: registering them, observing and flushing where slots are shared",
    on_request: false,
    run,
};

const KNOWN: usize = 100_000;
/// What registering 100 000 routes may take, whatever the budget.
const REGISTER_MS: f64 = 150.0;
/// Virtual buckets of the default budget: a quarter of the routes.
const BUCKETS: u64 = 2500;
/// With so many an eighth is free, which is what the sampler sees to.
const ROOM: u32 = 3000;
/// Operations of one pass over the members.
const PASS: usize = 1 << 16;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let in_order = routes(KNOWN);
    let mut shuffled = in_order.clone();
    Random::new(7).shuffle(&mut shuffled);
    let mut rows = Vec::new();
    for (name, routes) in [("in-order", &in_order), ("shuffled", &shuffled)] {
        let measured = lowest(runs, 1, || register(routes).map(|(_, time)| time))?;
        let name = format!("{}/register/{name}", BENCH.name);
        rows.push(Row::new(name, measured.in_units_of(1e6), "ms").target(Target::ValueAtMost(REGISTER_MS)));
    }
    rows.push(observe(&in_order, runs)?);
    rows.push(flush(runs)?);
    Ok(rows)
}

/// A sampler with the default budget, and the time that registering took.
fn register(routes: &[Route]) -> Result<(Sampler, Duration), String> {
    register_with(routes, |_| {})
}

fn register_with(routes: &[Route], edit: impl FnOnce(&mut Config)) -> Result<(Sampler, Duration), String> {
    let mut config = Config::default();
    edit(&mut config);
    // What is measured is where operations are counted, not how they move.
    config.promote = false;
    let sampler = Sampler::new(config, BEGIN_MS).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    for route in routes {
        sampler.register(RouteId(route.id), &route.start, Some(&route.end), 0).map_err(|error| error.to_string())?;
    }
    let time = begun.elapsed();
    let counters = sampler.reader().counters();
    if counters.routes == routes.len() as u64 && counters.members >= (routes.len() - ROUTES) as u64 {
        Ok((sampler, time))
    } else {
        Err(format!("{} routes are registered, {} of them share slots", counters.routes, counters.members))
    }
}

/// Zipf over the members, beside the same over as many routes with slots of their own. Registered in order, the
/// first 10 000 have slots and all others share.
fn observe(routes: &[Route], runs: usize) -> Result<Row, String> {
    let members = routes.get(ROUTES..).unwrap_or(&[]);
    let pass = pass(members);
    let (shared, _) = register(routes)?;
    let own = {
        let mut config = Config::default();
        (config.max_routes, config.history_bytes) = (KNOWN as u32, 64 << 20);
        let sampler = Sampler::new(config, BEGIN_MS).map_err(|error| error.to_string())?;
        for route in routes {
            let (start, end) = (&route.start, Some(route.end.as_slice()));
            sampler.register(RouteId(route.id), start, end, 0).map_err(|error| error.to_string())?;
        }
        sampler
    };
    let recorders = [shared.recorder(), own.recorder()];
    let mut times: [Vec<Duration>; 2] = Default::default();
    for run in 0..=runs {
        for (recorder, times) in recorders.iter().zip(&mut times) {
            let begun = Instant::now();
            observe_all(recorder, &pass);
            if run > 0 {
                times.push(begun.elapsed());
            }
        }
    }
    let operations = PASSES * pass.len() as u64;
    for sampler in [&shared, &own] {
        sampler.flush(BEGIN_MS + 1);
        let (counted, given) = (sampler.reader().counters().recorded.writes, operations * (runs as u64 + 1));
        if counted != given {
            return Err(format!("counted {counted} of {given} operations"));
        }
    }
    let [shared, own] = times;
    let (shared, own) = (Measured::of(shared, operations)?, Measured::of(own, operations)?);
    Ok(Row::versus("virtual/observe/zipf-90000", shared, "own slots", own))
}

const PASSES: u64 = OPERATIONS / PASS as u64;

fn pass(members: &[Route]) -> Vec<(u64, [u8; 24])> {
    let mut random = Random::new(8);
    let mut by_rank: Vec<&Route> = members.iter().collect();
    random.shuffle(&mut by_rank);
    let zipf = Zipf::new(by_rank.len());
    let ranks: Vec<usize> = (0..PASS).map(|_| zipf.next(&mut random)).collect();
    ranks.into_iter().filter_map(|rank| by_rank.get(rank)).map(|route| (route.id, route.key(&mut random))).collect()
}

fn observe_all(recorder: &Recorder, pass: &[(u64, [u8; 24])]) {
    for _ in 0..PASSES {
        for (route, key) in pass {
            recorder.observe(RouteId(*route), Op::Write, key, VALUE_LEN);
        }
    }
}

/// 10 000 routes with slots of their own, and in every fourth gap between them nine that share one: all of them
/// active in two recorders, beside the 10 000 alone.
fn flush(runs: usize) -> Result<Row, String> {
    let spread: Vec<Route> = routes(KNOWN).into_iter().step_by(10).collect();
    let between = routes(KNOWN).into_iter().enumerate().filter(|(at, _)| at % 10 > 0 && at / 10 % 4 == 0);
    let all_routes: Vec<Route> = spread.into_iter().chain(between.map(|(_, route)| route)).collect();
    let (all, _) = register_with(&all_routes, |config| config.max_virtual = ROOM)?;
    let registered = all.reader();
    let few = fixture(|config| config.max_known_routes = 0)?;
    let mut contenders = [Active::new(all, &all_routes), Active::new(few, &routes(ROUTES))];
    let mut times: [Vec<Duration>; 2] = Default::default();
    for run in 0..=runs {
        for (active, times) in contenders.iter_mut().zip(&mut times) {
            let time = active.flush()?;
            if run > 0 {
                times.push(time);
            }
        }
    }
    let counters = registered.counters();
    let places = (counters.routes - counters.members, counters.virtual_buckets);
    if places != (ROUTES as u64, BUCKETS) {
        return Err(format!("{} routes with slots of their own and {} buckets", places.0, places.1));
    }
    let [all, few] = times;
    let (all, few) = (Measured::of(all, 1)?.in_units_of(1e6), Measured::of(few, 1)?.in_units_of(1e6));
    Ok(Row { unit: "ms", ..Row::versus("virtual/flush/10000-own-2500-shared", all, "10000 own", few) })
}

struct Active {
    sampler: Sampler,
    recorders: [Recorder; 2],
    ids: Vec<RouteId>,
    now_ms: u64,
    recorded: u64,
}

impl Active {
    fn new(sampler: Sampler, routes: &[Route]) -> Active {
        let ids = routes.iter().map(|route| RouteId(route.id)).collect();
        Active { recorders: [sampler.recorder(), sampler.recorder()], sampler, ids, now_ms: BEGIN_MS, recorded: 0 }
    }

    fn flush(&mut self) -> Result<Duration, String> {
        for recorder in &self.recorders {
            self.ids.iter().for_each(|id| recorder.observe(*id, Op::Write, b"key", VALUE_LEN));
        }
        self.now_ms += self.sampler.reader().config().step_ms;
        let begun = Instant::now();
        self.sampler.flush(self.now_ms);
        let time = begun.elapsed();
        let recorded = self.sampler.reader().counters().recorded.writes;
        let gathered = recorded - std::mem::replace(&mut self.recorded, recorded);
        let given = 2 * self.ids.len() as u64;
        if gathered == given { Ok(time) } else { Err(format!("gathered {gathered} of {given} operations")) }
    }
}
