//! `DashMap` of atomics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use dashmap::DashMap;

use super::labels::{self, Labels, Op};
use crate::counters::{PLACES, SharedCounter, Total, for_each_place, place};
use crate::load::{Stream, VALUE_LEN};

/// A route's count and bytes.
#[derive(Default)]
struct Cell {
    count: AtomicU64,
    bytes: AtomicU64,
}

impl Cell {
    #[inline(always)]
    fn add(&self, bytes: u64) {
        self.count.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    fn pair(&self) -> (u64, u64) {
        (self.count.load(Relaxed), self.bytes.load(Relaxed))
    }
}

/// Looked up by route and op.
pub struct DashMapByRoute {
    cells: DashMap<Labels, Cell>,
}

impl DashMapByRoute {
    /// With all routes.
    pub fn new() -> DashMapByRoute {
        DashMapByRoute { cells: labels::all().map(|labels| (labels, Cell::default())).collect() }
    }
}

impl SharedCounter for DashMapByRoute {
    fn name(&self) -> &'static str {
        "DashMap of atomics"
    }

    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| {
            if let Some(cell) = self.cells.get(&Labels { route, op: Op::Write }) {
                cell.add(key.len() as u64 + VALUE_LEN);
            }
        });
    }

    fn total(&self) -> Total {
        Total::of(self.cells.iter().map(|entry| entry.value().pair()))
    }
}

/// Handles kept.
pub struct DashMapHandles {
    cells: Box<[Arc<Cell>; PLACES]>,
}

impl DashMapHandles {
    /// With all routes.
    pub fn new() -> DashMapHandles {
        DashMapHandles { cells: for_each_place(|_| Arc::default()) }
    }
}

impl SharedCounter for DashMapHandles {
    fn name(&self) -> &'static str {
        "Arc of atomics"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| self.cells[place(route)].add(key.len() as u64 + VALUE_LEN));
    }

    fn total(&self) -> Total {
        Total::of(self.cells.iter().map(|cell| cell.pair()))
    }
}
