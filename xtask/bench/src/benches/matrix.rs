//! Matrices of a whole day, from the history to the text of the answer, and 10 000 ranges cut to the budget.

use std::fs;
use std::time::{Duration, Instant};

use zstd::bulk::compress;

use keyviz_core::{AxisKind, Config, Matrix, MatrixQuery, Op, RouteId, Sampler, Series, Tiers, wire};

use super::Bench;
use crate::counters::BEGIN_MS;
use crate::load::routes;
use crate::measure::{Measured, lowest};
use crate::memory::memory_mib;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "matrix",
    about: "1024 routes x 1440 columns to JSON, 85 % of the cells zero; 10 000 routes x 1440 cut to 1024 rows",
    on_request: false,
    run,
};

const COLUMNS: u32 = 1440;
const STEP_MS: u64 = 60_000;
const MIB: f64 = (1 << 20) as f64;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let runs = runs.min(10);
    let mut rows = Vec::new();
    let sampler = sampler(1024, 15)?;
    let mut bytes = 0;
    let peak = peak_above(|| {
        let measured = timed(&sampler, &MatrixQuery::default(), runs, |matrix| {
            let mut json = String::new();
            wire::encode::matrix(matrix, BEGIN_MS, &mut json);
            bytes = json.len();
        })?;
        rows.push(Row::new("matrix/json", measured.in_units_of(1e6), "ms").target(Target::ValueAtMost(40.0)));
        Ok(())
    })?;
    let size = |bytes: usize| Measured { lowest_ns: bytes as f64 / MIB, median_ns: bytes as f64 / MIB };
    rows.push(Row::new("matrix/json/size", size(bytes), "MiB"));
    let mut packed_bytes = 0;
    let measured = timed(&sampler, &MatrixQuery::default(), runs, |matrix| {
        let mut json = String::new();
        wire::encode::matrix(matrix, BEGIN_MS, &mut json);
        packed_bytes = compress(json.as_bytes(), 1).map_or(0, |packed| packed.len());
    })?;
    rows.push(Row::new("matrix/zstd", measured.in_units_of(1e6), "ms").target(Target::ValueAtMost(120.0)));
    rows.push(Row::new("matrix/zstd/size", size(packed_bytes), "MiB").target(Target::ValueAtMost(1.0)));
    rows.extend(peak.map(|peak| Row::new("matrix/json/memory", peak, "MiB").target(Target::ValueAtMost(64.0))));
    drop(sampler);

    let sampler = self::sampler(10_000, 100)?;
    for (axis, name) in [(AxisKind::Range, "range"), (AxisKind::Route, "route")] {
        let query = MatrixQuery { axis, ..MatrixQuery::default() };
        let mut measured = None;
        let peak = peak_above(|| {
            measured = Some(timed(&sampler, &query, runs, |_| {})?);
            Ok(())
        })?;
        let name = format!("matrix/10000 to 1024 rows/{name}");
        rows.extend(measured.map(|measured| {
            Row::new(name.clone(), measured.in_units_of(1e6), "ms").target(Target::ValueAtMost(250.0))
        }));
        let memory = format!("{name}/memory");
        rows.extend(peak.map(|peak| Row::new(memory, peak, "MiB").target(Target::ValueAtMost(64.0))));
    }
    Ok(rows)
}

/// Milliseconds times a million of a matrix and what is done with it; the matrix has to show all there is.
fn timed(
    sampler: &Sampler,
    query: &MatrixQuery,
    runs: usize,
    mut then: impl FnMut(&Matrix),
) -> Result<Measured, String> {
    let reader = sampler.reader();
    let given = reader.counters().recorded.writes;
    lowest(runs, 1, || {
        let begun = Instant::now();
        let matrix = reader.matrix(query);
        then(&matrix);
        let time: Duration = begun.elapsed();
        let shown: u64 = matrix.rows.iter().flat_map(|row| &row.values).chain(&matrix.cut.values).sum();
        if shown == given { Ok(time) } else { Err(format!("shows {shown} of {given}")) }
    })
}

/// So many routes in 1440 columns, so many percent of the cells not zero: skewed writes of 128 bytes.
fn sampler(count: usize, percent: u64) -> Result<Sampler, String> {
    let mut config = Config::default();
    (config.max_routes, config.max_known_routes) = (count as u32, 0);
    (config.history_columns, config.tiers, config.history_bytes) = (COLUMNS, Tiers::NONE, 256 << 20);
    let sampler = Sampler::new(config, BEGIN_MS).map_err(|error| error.to_string())?;
    for route in routes(count) {
        sampler.register(RouteId(route.id), &route.start, Some(&route.end), 0).map_err(|error| error.to_string())?;
    }
    let ids: Vec<RouteId> = routes(count).iter().map(|route| RouteId(route.id)).collect();
    let recorder = sampler.recorder();
    let mut random = 1u64;
    for column in 1..=u64::from(COLUMNS) {
        for (rank, route) in (1..).zip(&ids) {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if (random >> 33) % 100 < percent {
                let times = 1 + (random >> 40) % (1 + 1_000_000 / rank);
                recorder.observe_many(*route, Op::Write, &[0; 24], 104, times);
            }
        }
        sampler.flush(BEGIN_MS / STEP_MS * STEP_MS + column * STEP_MS);
    }
    let counters = sampler.reader().counters();
    if counters.columns_evicted > 0 || counters.unattributed.get(Series::Writes) > 0 {
        return Err(format!("{counters:?}"));
    }
    Ok(sampler)
}

/// What `work` takes of memory at its peak above what there was before, in MiB; nothing where the system does not say.
fn peak_above(work: impl FnOnce() -> Result<(), String>) -> Result<Option<Measured>, String> {
    let before = memory_mib("VmRSS");
    let _ = fs::write("/proc/self/clear_refs", "5");
    work()?;
    let peak = before.zip(memory_mib("VmHWM")).map(|(before, peak)| peak - before);
    Ok(peak.map(|peak| Measured { lowest_ns: peak, median_ns: peak }))
}
