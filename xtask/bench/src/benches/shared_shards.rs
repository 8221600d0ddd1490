//! Threads without cells of their own: all recorders are taken, so they count into the striped shards.

use keyviz_core::{Op, RouteId};

use super::{Bench, OPERATIONS};
use crate::counters::{fixture, total};
use crate::load::{Shape, Stream, VALUE_LEN};
use crate::machine;
use crate::measure::{lowest, together};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "threads/shared-shards",
    about: "8 threads without recorders of their own, zipf; processor time an operation",
    on_request: false,
    run,
};

const THREADS: usize = 8;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let sampler = fixture(|config| config.max_recorders = 1)?;
    let _taken = sampler.recorder();
    let stream = Stream::new(Shape::Zipf, OPERATIONS);
    let operations = stream.operations() * THREADS as u64;
    let measured = lowest(runs, operations, || {
        let work = (0..THREADS).map(|_| {
            let recorder = sampler.recorder();
            let stream = &stream;
            let observe = move || {
                stream.for_each(|route, key| recorder.observe(RouteId(route), Op::Write, key, VALUE_LEN));
            };
            Box::new(observe) as Box<dyn FnOnce() + Send>
        });
        together(work.collect())
    })?;
    let given = operations * (runs as u64 + 1);
    let counted = total(&sampler).operations;
    let shared = sampler.reader().counters().shared_ops;
    if counted != given || shared != given {
        return Err(format!("counted {counted}, through shards {shared}, of {given} operations"));
    }
    // Eight threads share the cores: the cores' time is what an operation costs its host.
    let cores = machine::cores().min(THREADS) as f64;
    let row = Row::new(BENCH.name, measured.in_units_of(1.0 / cores), "ns/op");
    Ok(vec![row.target(Target::ValueAtMost(35.0))])
}
