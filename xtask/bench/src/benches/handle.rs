//! The same with a handle kept, which skips the lookup.

use super::{Bench, OPERATIONS, results};
use crate::counters::{ByHandle, ById, fixture};
use crate::load::{Shape, Stream};
use crate::measure::race;
use crate::report::Row;

pub const BENCH: Bench = Bench {
    name: "observe/handle",
    about: "recorder, handles of all 10 000 routes kept, beside the lookup by id",
    on_request: false,
    run,
};

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (shape, name) in [(Shape::OneRoute, "observe/handle/one-route"), (Shape::Zipf, "observe/handle/zipf")] {
        let stream = Stream::new(shape, OPERATIONS);
        let mut by_id = ById::new(fixture(|_| {})?);
        let mut by_handle = ByHandle::new(fixture(|_| {})?);
        let measured = race(&mut [&mut by_id, &mut by_handle], &stream, runs)?;
        let [by_id, by_handle] = results(measured)?;
        rows.push(Row::versus(name, by_handle, "by id", by_id));
    }
    Ok(rows)
}
