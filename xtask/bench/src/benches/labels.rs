//! What a label adds.

use super::{Bench, OPERATIONS, results};
use crate::counters::{ById, Labelled, fixture};
use crate::load::{Shape, Stream};
use crate::measure::race;
use crate::report::Row;

pub const BENCH: Bench =
    Bench { name: "observe/labels", about: "recorder, one of two labels, beside no labels", on_request: false, run };

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (shape, name) in [(Shape::OneRoute, "observe/labels/one-route"), (Shape::Zipf, "observe/labels/zipf")] {
        let stream = Stream::new(shape, OPERATIONS);
        let labels = Labelled::names()?;
        let mut without = ById::new(fixture(|_| {})?);
        let mut with = Labelled::new(fixture(|config| config.labels = labels)?)?;
        let measured = race(&mut [&mut without, &mut with], &stream, runs)?;
        let [without, with] = results(measured)?;
        rows.push(Row::versus(name, with, "no labels", without));
    }
    Ok(rows)
}
