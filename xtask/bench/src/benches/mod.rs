//! One file a promise about speed or size.

mod alternatives;
mod auto_ranges;
mod beside_reader;
mod build;
mod flush;
mod handle;
mod history;
mod hot_keys;
mod labels;
mod many_threads;
mod matrix;
mod merge;
mod one_route;
mod page;
mod recorder;
mod register;
mod remove;
mod replay;
mod shared_shards;
mod sub_buckets;
mod two_threads;
mod virtual_buckets;
mod zipf;

use crate::measure::Measured;
use crate::report::Row;

/// One benchmark.
pub struct Bench {
    /// What `--only` names, or the start of it.
    pub name: &'static str,
    /// What it measures, in a line.
    pub about: &'static str,
    /// Runs only when it is named, because it takes minutes.
    pub on_request: bool,
    /// Measures, with this many runs of each contender.
    pub run: fn(runs: usize) -> Result<Vec<Row>, String>,
}

/// All of them, in the order in which they run.
pub const ALL: &[Bench] = &[
    one_route::BENCH,
    handle::BENCH,
    zipf::BENCH,
    auto_ranges::BENCH,
    sub_buckets::BENCH,
    hot_keys::BENCH,
    hot_keys::SKETCHES,
    labels::BENCH,
    two_threads::BENCH,
    many_threads::BENCH,
    shared_shards::BENCH,
    alternatives::BY_ROUTE,
    alternatives::BY_ROUTE_TWO_THREADS,
    alternatives::HANDLES,
    register::BENCH,
    remove::BENCH,
    flush::BENCH,
    beside_reader::BENCH,
    virtual_buckets::BENCH,
    history::BENCH,
    recorder::BENCH,
    matrix::BENCH,
    merge::BENCH,
    page::BENCH,
    replay::BENCH,
    build::BENCH,
];

/// Operations of one run: some milliseconds, long beside a timer's error, short beside a scheduler's.
const OPERATIONS: u64 = 1 << 20;

/// The measurements of a race, by the order of its contenders.
fn results<const N: usize>(measured: Vec<Measured>) -> Result<[Measured; N], String> {
    measured.try_into().map_err(|_| "a contender has no measurement".to_owned())
}
