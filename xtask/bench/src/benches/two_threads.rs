//! What a second thread adds, beside what it adds to a loop that shares nothing: the machine's own limit.
//!
//! Gain = operations a second of two threads / operations a second of one. Recorders of two threads that count one
//! route, or two that stand side by side, must not slow each other down.

use std::time::Duration;

use keyviz_core::{Recorder, Sampler};

use super::{Bench, OPERATIONS};
use crate::counters::{BareLoop, Counter, Total, fixture, observe, total};
use crate::load::{Shape, Stream};
use crate::machine;
use crate::measure::{Measured, together};
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "threads/two",
    about: "what a second thread adds, beside what it adds to a pure loop",
    on_request: false,
    run,
};

/// Longer runs than alone: two threads do not start in the same microsecond.
const OPERATIONS_EACH: u64 = 4 * OPERATIONS;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    if machine::cores() < 2 {
        return Err("needs two cores".into());
    }
    let here = Stream::new(Shape::OneRoute, OPERATIONS_EACH);
    let beside = Stream::new(Shape::AdjacentRoute, OPERATIONS_EACH);
    let mut bare = [Loop::new(), Loop::new()];
    let mut same = Observers::new()?;
    let mut adjacent = Observers::new()?;
    let mut times: [Vec<Duration>; 6] = Default::default();
    for run in 0..=runs {
        let took = [
            bare_alone(&mut bare, &here)?,
            bare_both(&mut bare, &here, &beside)?,
            same.alone(&here)?,
            same.both(&here, &here)?,
            adjacent.alone(&here)?,
            adjacent.both(&here, &beside)?,
        ];
        if run > 0 {
            times.iter_mut().zip(took).for_each(|(times, time)| times.push(time));
        }
    }
    let given = (runs as u64 + 1) * 3;
    check("pure loop", bare.iter_mut().map(|one| one.0.operations()).sum::<Result<u64, String>>()?, given, &here)?;
    check("keyviz, one route", same.total().operations, given, &here)?;
    check("keyviz, adjacent routes", adjacent.total().operations, given, &here)?;
    let [bare_1, bare_2, same_1, same_2, adjacent_1, adjacent_2] = times;
    let bare = gain(bare_1, bare_2)?;
    Ok(vec![
        row("threads/two/one-route", gain(same_1, same_2)?, bare),
        row("threads/two/adjacent-routes", gain(adjacent_1, adjacent_2)?, bare),
    ])
}

/// A loop on memory of its own, far from the other thread's.
#[repr(align(128))]
struct Loop(BareLoop);

impl Loop {
    fn new() -> Loop {
        Loop(BareLoop::new())
    }
}

impl BareLoop {
    fn operations(&mut self) -> Result<u64, String> {
        self.total().map(|total| total.operations)
    }
}

fn bare_alone(loops: &mut [Loop; 2], stream: &Stream) -> Result<Duration, String> {
    let [first, _] = loops;
    together(vec![Box::new(|| first.0.count(stream))])
}

fn bare_both(loops: &mut [Loop; 2], one: &Stream, other: &Stream) -> Result<Duration, String> {
    let [first, second] = loops;
    together(vec![Box::new(|| first.0.count(one)), Box::new(|| second.0.count(other))])
}

/// A sampler with a recorder for each of two threads.
struct Observers {
    sampler: Sampler,
    recorders: [Recorder; 2],
}

impl Observers {
    fn new() -> Result<Observers, String> {
        let sampler = fixture(|_| {})?;
        let recorders = [sampler.recorder(), sampler.recorder()];
        Ok(Observers { sampler, recorders })
    }

    fn alone(&mut self, stream: &Stream) -> Result<Duration, String> {
        let [first, _] = &mut self.recorders;
        together(vec![Box::new(|| observe(first, stream))])
    }

    fn both(&mut self, one: &Stream, other: &Stream) -> Result<Duration, String> {
        let [first, second] = &mut self.recorders;
        together(vec![Box::new(|| observe(first, one)), Box::new(|| observe(second, other))])
    }

    fn total(&self) -> Total {
        total(&self.sampler)
    }
}

fn check(who: &str, counted: u64, streams: u64, stream: &Stream) -> Result<(), String> {
    let given = streams * stream.operations();
    if counted == given { Ok(()) } else { Err(format!("{who} counted {counted} operations of {given}")) }
}

/// By the best runs of each, and by the middle ones.
fn gain(one: Vec<Duration>, two: Vec<Duration>) -> Result<Measured, String> {
    Ok(Measured::of(one, 1)?.over(Measured::of(two, 2)?))
}

fn row(name: &str, gain: Measured, bare: Measured) -> Row {
    Row { unit: "x of 1", ..Row::versus(name, gain, "pure loop", bare).target(Target::RatioAtLeast(0.9)) }
}
