//! `Mutex<HashMap>` of plain numbers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::labels::{self, Labels, Op};
use crate::counters::{PLACES, SharedCounter, Total, for_each_place, place};
use crate::load::{Stream, VALUE_LEN};

/// A route's count and bytes.
type Cell = (u64, u64);

/// Looked up by route and op under the lock.
pub struct MutexMapByRoute {
    cells: Mutex<HashMap<Labels, Cell>>,
}

impl MutexMapByRoute {
    /// With all routes.
    pub fn new() -> MutexMapByRoute {
        let cells = labels::all().map(|labels| (labels, Cell::default())).collect();
        MutexMapByRoute { cells: Mutex::new(cells) }
    }
}

impl SharedCounter for MutexMapByRoute {
    fn name(&self) -> &'static str {
        "Mutex<HashMap>"
    }

    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| {
            if let Some(cell) = lock(&self.cells).get_mut(&Labels { route, op: Op::Write }) {
                add(cell, key);
            }
        });
    }

    fn total(&self) -> Total {
        Total::of(lock(&self.cells).values().copied())
    }
}

/// A lock a route, handles kept.
pub struct MutexHandles {
    cells: Box<[Arc<Mutex<Cell>>; PLACES]>,
}

impl MutexHandles {
    /// With all routes.
    pub fn new() -> MutexHandles {
        MutexHandles { cells: for_each_place(|_| Arc::default()) }
    }
}

impl SharedCounter for MutexHandles {
    fn name(&self) -> &'static str {
        "Arc<Mutex>"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| add(&mut lock(&self.cells[place(route)]), key));
    }

    fn total(&self) -> Total {
        Total::of(self.cells.iter().map(|cell| *lock(cell)))
    }
}

#[inline(always)]
fn add(cell: &mut Cell, key: &[u8]) {
    cell.0 += 1;
    cell.1 += key.len() as u64 + VALUE_LEN;
}

#[inline(always)]
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
