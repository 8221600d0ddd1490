//! What more threads add, each with a recorder, beside what they add to loops that share nothing.

use std::time::Duration;

use keyviz_core::Recorder;

use super::{Bench, OPERATIONS};
use crate::counters::{BareLoop, Counter, fixture, observe, total};
use crate::load::{Shape, Stream};
use crate::machine;
use crate::measure::{Measured, together};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "threads/recorders",
    about: "1, 2, 4, 8 threads with a recorder each, zipf; processor time an operation, and the gain over 1",
    on_request: false,
    run,
};

const THREADS: [usize; 4] = [1, 2, 4, 8];
/// Short runs and many of them: a run counts only if all cores were free throughout, which on a machine that is
/// shared they seldom are for long.
const SHORTER: u64 = 4;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let runs = runs * SHORTER as usize;
    let stream = Stream::new(Shape::Zipf, OPERATIONS / SHORTER);
    let most = THREADS.into_iter().max().unwrap_or(1);
    let sampler = fixture(|_| {})?;
    let mut recorders: Vec<Recorder> = (0..most).map(|_| sampler.recorder()).collect();
    let mut loops: Vec<BareLoop> = (0..most).map(|_| BareLoop::new()).collect();
    let mut times: [[Vec<Duration>; 2]; THREADS.len()] = Default::default();
    for run in 0..=runs {
        for (threads, [bare_times, keyviz_times]) in THREADS.into_iter().zip(&mut times) {
            let bare = together(loops.iter_mut().take(threads).map(|bare| boxed(|| bare.count(&stream))).collect())?;
            let keyviz =
                together(recorders.iter_mut().take(threads).map(|one| boxed(|| observe(one, &stream))).collect())?;
            if run > 0 {
                bare_times.push(bare);
                keyviz_times.push(keyviz);
            }
        }
    }
    let given = stream.operations() * (runs as u64 + 1) * THREADS.into_iter().sum::<usize>() as u64;
    let bare_counted =
        loops.iter_mut().map(|bare| bare.total().map(|total| total.operations)).sum::<Result<u64, _>>()?;
    let shared = sampler.reader().counters().shared_ops;
    for (who, counted) in [("keyviz", total(&sampler).operations), ("pure loop", bare_counted)] {
        if counted != given || shared > 0 {
            return Err(format!("{who} counted {counted} operations of {given}, {shared} through shards"));
        }
    }
    rows(times, stream.operations())
}

fn boxed<'a>(work: impl FnOnce() + Send + 'a) -> Box<dyn FnOnce() + Send + 'a> {
    Box::new(work)
}

/// A row of nanoseconds and one of the gain for each number of threads. Threads beyond the cores take turns, so
/// time is that of the cores in use.
fn rows(times: [[Vec<Duration>; 2]; THREADS.len()], operations: u64) -> Result<Vec<Row>, String> {
    let (mut rows, mut alone) = (Vec::new(), None);
    for (threads, [bare, keyviz]) in THREADS.into_iter().zip(times) {
        let wall = |times| Measured::of(times, operations * threads as u64);
        let (bare, keyviz) = (wall(bare)?, wall(keyviz)?);
        let unit = 1.0 / machine::cores().min(threads) as f64;
        let name = format!("{}/{threads}", BENCH.name);
        rows.push(Row::versus(&name, keyviz.in_units_of(unit), "pure loop", bare.in_units_of(unit)));
        let (bare_alone, keyviz_alone) = *alone.get_or_insert((bare, keyviz));
        if threads > 1 {
            let gains = (keyviz_alone.over(keyviz), bare_alone.over(bare));
            let row = Row::versus(&format!("{name}/gain"), gains.0, "pure loop", gains.1);
            rows.push(Row { unit: "x of 1", ..row.target(Target::RatioAtLeast(0.9)) });
        }
    }
    Ok(rows)
}
