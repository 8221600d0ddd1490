//! What a cell of history takes: 10 000 routes active throughout, counts and bytes as a zipf load has them.

use keyviz_core::{Op, RouteId};

use super::Bench;
use crate::counters::{BEGIN_MS, fixture};
use crate::load::{ROUTES, Random, VALUE_LEN, Zipf, routes};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "history",
    about: "bytes a cell of 10 000 routes active in each of 60 columns, a million operations a column",
    on_request: false,
    run,
};

const COLUMNS: u64 = 60;
const OPERATIONS_A_COLUMN: u64 = 1_000_000;
/// Operations noted at once: what stands in a column matters, not how it came there.
const BATCH: u64 = 50;

/// Once: nothing is timed.
fn run(_runs: usize) -> Result<Vec<Row>, String> {
    [("history/write-only", false, 8.0), ("history/reads-and-writes", true, 14.0)]
        .into_iter()
        .map(|(name, reads, most)| {
            let value = bytes_a_cell(reads)?;
            let target = Some(Target::ValueAtMost(most));
            Ok(Row { name: name.into(), value, median: None, unit: "B/cell", baseline: None, target })
        })
        .collect()
}

fn bytes_a_cell(reads: bool) -> Result<f64, String> {
    let sampler = fixture(|_| {})?;
    let recorder = sampler.recorder();
    let (mut random, zipf) = (Random::new(9), Zipf::new(ROUTES));
    let mut routes = routes(ROUTES);
    random.shuffle(&mut routes);
    let ops: &[Op] = if reads { &[Op::Read, Op::Write] } else { &[Op::Write] };
    let observe =
        |route: u64, op, value_len, times| recorder.observe_many(RouteId(route), op, &[0; 24], value_len, times);
    let mut now_ms = BEGIN_MS;
    for _ in 0..COLUMNS {
        for op in ops {
            routes.iter().for_each(|route| observe(route.id, *op, VALUE_LEN, 1));
            for _ in 0..OPERATIONS_A_COLUMN / BATCH {
                if let Some(route) = routes.get(zipf.next(&mut random)) {
                    observe(route.id, *op, random.next() % (2 * VALUE_LEN), 1 + random.next() % (2 * BATCH - 1));
                }
            }
        }
        now_ms += sampler.reader().config().step_ms;
        sampler.flush(now_ms);
    }
    let counters = sampler.reader().counters();
    if (counters.columns_sealed, counters.columns_evicted) != (COLUMNS, 0) {
        return Err(format!("{} columns, {} evicted", counters.columns_sealed, counters.columns_evicted));
    }
    Ok(counters.history_bytes_used as f64 / (COLUMNS * ROUTES as u64) as f64)
}
