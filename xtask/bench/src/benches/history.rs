//! What history takes: 10 000 routes active throughout, counts and bytes as a zipf load has them.

use keyviz_core::{Op, Recorder, RouteId, Sampler};

use super::Bench;
use crate::counters::{BEGIN_MS, fixture};
use crate::load::{ROUTES, Random, Route, VALUE_LEN, Zipf, routes};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "history",
    about: "bytes a cell of 10 000 routes active in each of 60 columns, a million operations a column; a day of it, and a week",
    on_request: false,
    run,
};

const COLUMNS: u64 = 60;
const DAY: u64 = 24 * 60;
/// The finest columns, five hours and a week of the coarser ones: all that is kept by default.
const WHOLE: u64 = 60 + 5 * 60 + 7 * DAY;
const OPERATIONS_A_COLUMN: u64 = 1_000_000;
/// Operations noted at once: what stands in a column matters, not how it came there.
const BATCH: u64 = 50;

/// Once: nothing is timed.
fn run(_runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (name, ops, [cell, day, whole]) in [
        ("history/write-only", &[Op::Write][..], [8.0, 16.0, 32.0]),
        ("history/reads-and-writes", &[Op::Read, Op::Write], [14.0, 20.0, 40.0]),
    ] {
        let mut load = Load::new(ops)?;
        let row = |name: String, value, unit, most| {
            let target = Some(Target::ValueAtMost(most));
            Row { name, value, median: None, unit, baseline: None, target }
        };
        load.until(COLUMNS)?;
        let cells = (COLUMNS * ROUTES as u64) as f64;
        rows.push(row(name.into(), load.history_bytes() / cells, "B/cell", cell));
        load.until(DAY)?;
        rows.push(row(format!("{name}/day"), load.history_bytes() / MIB, "MiB", day));
        load.until(WHOLE)?;
        rows.push(row(format!("{name}/whole"), load.history_bytes() / MIB, "MiB", whole));
    }
    Ok(rows)
}

const MIB: f64 = (1 << 20) as f64;

/// A sampler, and what is observed in it column by column.
struct Load<'a> {
    sampler: Sampler,
    recorder: Recorder,
    ops: &'a [Op],
    routes: Vec<Route>,
    random: Random,
    zipf: Zipf,
    columns: u64,
}

impl<'a> Load<'a> {
    fn new(ops: &'a [Op]) -> Result<Self, String> {
        let sampler = fixture(|_| {})?;
        let mut random = Random::new(9);
        let mut routes = routes(ROUTES);
        random.shuffle(&mut routes);
        Ok(Load { recorder: sampler.recorder(), sampler, ops, routes, random, zipf: Zipf::new(ROUTES), columns: 0 })
    }

    /// Goes on until so many columns were sealed; none may have made room for another.
    fn until(&mut self, columns: u64) -> Result<(), String> {
        let step_ms = self.sampler.reader().config().step_ms;
        while self.columns < columns {
            self.observe();
            self.columns += 1;
            self.sampler.flush(BEGIN_MS + self.columns * step_ms);
        }
        let counters = self.sampler.reader().counters();
        match (counters.columns_sealed, counters.columns_evicted) {
            (sealed, 0) if sealed == columns => Ok(()),
            (sealed, evicted) => Err(format!("{sealed} columns of {columns}, {evicted} evicted")),
        }
    }

    fn observe(&mut self) {
        let Load { recorder, ops, routes, random, zipf, .. } = self;
        let observe = |route: &Route, op, value_len, times| {
            recorder.observe_many(RouteId(route.id), op, &[0; 24], value_len, times)
        };
        for op in *ops {
            routes.iter().for_each(|route| observe(route, *op, VALUE_LEN, 1));
            for _ in 0..OPERATIONS_A_COLUMN / BATCH {
                if let Some(route) = routes.get(zipf.next(random)) {
                    observe(route, *op, random.next() % (2 * VALUE_LEN), 1 + random.next() % (2 * BATCH - 1));
                }
            }
        }
    }

    fn history_bytes(&self) -> f64 {
        self.sampler.reader().counters().history_bytes_used as f64
    }
}
