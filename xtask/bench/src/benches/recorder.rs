//! A recorder's life: threads that live for one request make one each.

use std::time::Instant;

use keyviz_core::{Op, Recorder, RouteId, Sampler};

use super::Bench;
use crate::counters::{fixture, total};
use crate::load::{ROUTES, Route, VALUE_LEN};
use crate::machine;
use crate::measure::{lowest, together};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "recorder/create-drop",
    about: "create a recorder, observe once, drop it: alone, where 63 of 64 are taken, on 8 threads at once",
    on_request: false,
    run,
};

const LIVES: u64 = 10_000;
/// The default number of recorders, but one.
const TAKEN: usize = 63;
const THREADS: usize = 8;
const TARGET: Target = Target::ValueAtMost(1.0);

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (name, taken) in [("recorder/create-drop", 0), ("recorder/create-drop/63-taken", TAKEN)] {
        let sampler = fixture(|_| {})?;
        let kept: Vec<Recorder> = (0..taken).map(|_| sampler.recorder()).collect();
        let measured = lowest(runs, LIVES, || {
            let begun = Instant::now();
            lives(&sampler);
            Ok(begun.elapsed())
        })?;
        check(&sampler, LIVES * (runs as u64 + 1))?;
        drop(kept);
        rows.push(Row::new(name, measured.in_units_of(1e3), "us").target(TARGET));
    }
    let sampler = fixture(|_| {})?;
    let operations = LIVES * THREADS as u64;
    let measured = lowest(runs, operations, || {
        together((0..THREADS).map(|_| Box::new(|| lives(&sampler)) as Box<dyn FnOnce() + Send>).collect())
    })?;
    check(&sampler, operations * (runs as u64 + 1))?;
    // Eight threads share the cores: the cores' time is what a life costs its host.
    let cores = machine::cores().min(THREADS) as f64;
    rows.push(Row::new("recorder/create-drop/8-threads", measured.in_units_of(1e3 / cores), "us").target(TARGET));
    Ok(rows)
}

fn lives(sampler: &Sampler) {
    let route = RouteId(Route::at(ROUTES / 2).id);
    for _ in 0..LIVES {
        sampler.recorder().observe(route, Op::Write, b"key", VALUE_LEN);
    }
}

fn check(sampler: &Sampler, given: u64) -> Result<(), String> {
    let counted = total(sampler).operations;
    let shared = sampler.reader().counters().shared_ops;
    if counted == given && shared == 0 {
        Ok(())
    } else {
        Err(format!("counted {counted} of {given} operations, {shared} through shards"))
    }
}
