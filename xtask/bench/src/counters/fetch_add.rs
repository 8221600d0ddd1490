//! What counting takes when threads share the counters: two `fetch_add`s, of one and of the bytes.
//!
//! Once found by route id in a table such as keyviz has (open addressing, at most half full, one multiplication),
//! once without any lookup.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{PLACES, SharedCounter, Total, for_each_place, place};
use crate::load::{ROUTES, Stream, VALUE_LEN, routes};

/// A route's counters, a power of two in size.
#[derive(Default)]
#[repr(align(32))]
struct Cell {
    count: AtomicU64,
    bytes: AtomicU64,
}

impl Cell {
    #[inline(always)]
    fn add(&self, key: &[u8]) {
        self.count.fetch_add(1, Relaxed);
        self.bytes.fetch_add(key.len() as u64 + VALUE_LEN, Relaxed);
    }

    fn pair(&self) -> (u64, u64) {
        (self.count.load(Relaxed), self.bytes.load(Relaxed))
    }
}

/// Twice the routes at least, so that probes are short.
const ENTRIES: usize = 2 * PLACES;

/// Shared counters behind a table of route ids.
pub struct FetchAddsByRoute {
    /// A route's id and its place; a place beyond the cells means empty.
    entries: Box<[(u64, usize); ENTRIES]>,
    cells: Box<[Cell; PLACES]>,
}

impl FetchAddsByRoute {
    /// With all routes.
    #[expect(clippy::indexing_slicing, reason = "entries are masked to the array's length")]
    pub fn new() -> FetchAddsByRoute {
        let mut entries = Box::new([(0, PLACES); ENTRIES]);
        for route in routes(ROUTES) {
            let mut entry = first_entry(route.id);
            while entries[entry].1 < PLACES {
                entry = (entry + 1) % ENTRIES;
            }
            entries[entry] = (route.id, place(route.id));
        }
        FetchAddsByRoute { entries, cells: for_each_place(|_| Cell::default()) }
    }

    #[expect(clippy::indexing_slicing, reason = "entries are masked to the array's length")]
    #[inline(always)]
    fn find(&self, route: u64) -> Option<&Cell> {
        let mut entry = first_entry(route);
        loop {
            let (id, place) = self.entries[entry];
            if id == route {
                return self.cells.get(place);
            }
            if place >= PLACES {
                return None;
            }
            entry = (entry + 1) % ENTRIES;
        }
    }
}

/// Fibonacci hashing (Knuth, volume 3, 6.4).
#[inline(always)]
fn first_entry(route: u64) -> usize {
    (route.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - ENTRIES.ilog2())) as usize % ENTRIES
}

impl SharedCounter for FetchAddsByRoute {
    fn name(&self) -> &'static str {
        "two fetch_adds"
    }

    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| {
            if let Some(cell) = self.find(route) {
                cell.add(key);
            }
        });
    }

    fn total(&self) -> Total {
        Total::of(self.cells.iter().map(Cell::pair))
    }
}

/// Shared counters in an array.
pub struct FetchAdds {
    cells: Box<[Cell; PLACES]>,
}

impl FetchAdds {
    /// All zero.
    pub fn new() -> FetchAdds {
        FetchAdds { cells: for_each_place(|_| Cell::default()) }
    }
}

impl SharedCounter for FetchAdds {
    fn name(&self) -> &'static str {
        "two fetch_adds, no lookup"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| self.cells[place(route)].add(key));
    }

    fn total(&self) -> Total {
        Total::of(self.cells.iter().map(Cell::pair))
    }
}
