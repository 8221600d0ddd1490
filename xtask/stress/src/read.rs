//! The thread that reads all the time, and compares what it reads with what the flushing thread found.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use keyviz_core::{AxisKind, Column, ColumnState, MatrixQuery, Reader, Series, Tally};

use crate::random::Random;
use crate::world::{World, lock};

/// Reads matrices and cells until the observing threads have ended.
pub fn run(world: &World) {
    let mut random = Random::new(world.seed, 1 << 34);
    let reader = world.sampler.reader();
    let mut before = Tally::ZERO;
    while !world.is_stopping() {
        matrix(world, &reader, random.next());
        cells(world, &reader, random.next() & 1 == 0);
        let observed = reader.counters().observed;
        if Series::ALL.into_iter().any(|series| observed.get(series) < before.get(series)) {
            world.problem(format!("the counter of all operations went back from {before:?} to {observed:?}"));
        }
        before = observed;
    }
}

/// Whatever the axis and the budget, rows and what is cut add up to the column.
fn matrix(world: &World, reader: &Reader, draw: u64) {
    let series = Series::ALL.get(draw as usize % Series::ALL.len()).copied().unwrap_or_default();
    let rows = if draw & 1 << 20 == 0 { 0 } else { 1 + (draw >> 32 & 63) as usize };
    let axis = if draw & 1 << 23 == 0 { AxisKind::Route } else { AxisKind::Range };
    let query = MatrixQuery {
        series,
        axis,
        rows,
        split_labels: draw & 1 << 21 == 0,
        open: draw & 1 << 22 == 0,
        ..MatrixQuery::default()
    };
    let matrix = reader.matrix(&query);
    let sums = matrix.columns.iter().enumerate().map(|(at, column)| {
        let rows = matrix.rows.iter().filter_map(|row| row.values.get(at)).sum::<u64>();
        (*column, rows + matrix.cut.values.get(at).copied().unwrap_or(0))
    });
    compare(world, &format!("{query:?}"), sums.collect(), |tally| tally.get(series));
}

fn cells(world: &World, reader: &Reader, open: bool) {
    let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
    let columns = reader.for_each_cell(0, 0, open, |column, cell| {
        *sums.entry(column.end_ms).or_default() += cell.counts.get(Series::WriteBytes);
    });
    let sums = columns.into_iter().map(|column| (column, sums.get(&column.end_ms).copied().unwrap_or(0)));
    compare(world, "cells", sums.collect(), |tally| tally.write_bytes);
}

/// Columns come in order; a sealed one holds what it held when it was sealed.
fn compare(world: &World, what: &str, columns: Vec<(Column, u64)>, value: impl Fn(&Tally) -> u64) {
    for (earlier, later) in columns.iter().zip(columns.iter().skip(1)) {
        if earlier.0.end_ms > later.0.start_ms {
            world.problem(format!("{what}: columns overlap: {:?} {:?}", earlier.0, later.0));
        }
    }
    let ledger = lock(&world.ledger);
    for (column, sum) in columns.iter().filter(|(c, _)| matches!(c.state, ColumnState::Complete | ColumnState::Late)) {
        let Some(held) = ledger.columns.get(&column.end_ms) else { continue };
        world.compared.fetch_add(1, Ordering::Relaxed);
        if value(held) != *sum {
            world.problem(format!("{what}: {column:?} holds {sum}, and held {} when it was sealed", value(held)));
        }
    }
}
