//! A recorder's life: threads that live for one request make one each.

use std::time::{Duration, Instant};

use keyviz_core::{Op, RouteId};

use super::Bench;
use crate::counters::{fixture, total};
use crate::load::{ROUTES, Route, VALUE_LEN};
use crate::measure::lowest;
use crate::report::{Row, Target};

pub const BENCH: Bench =
    Bench { name: "recorder/create-drop", about: "create a recorder, observe once, drop it", on_request: false, run };

const LIVES: u64 = 10_000;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let sampler = fixture(|_| {})?;
    let route = RouteId(Route::at(ROUTES / 2).id);
    let measured = lowest(runs, LIVES, || -> Result<Duration, String> {
        let begun = Instant::now();
        for _ in 0..LIVES {
            sampler.recorder().observe(route, Op::Write, b"key", VALUE_LEN);
        }
        Ok(begun.elapsed())
    })?;
    let (counted, given) = (total(&sampler).operations, LIVES * (runs as u64 + 1));
    if counted != given {
        return Err(format!("counted {counted} of {given} operations"));
    }
    Ok(vec![Row::new(BENCH.name, measured.in_units_of(1e3), "us").target(Target::ValueAtMost(1.0))])
}
