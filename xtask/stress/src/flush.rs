//! The thread that flushes, by a clock of its own, and notes what each column holds when it is sealed.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use keyviz_core::{CellView, ColumnState, Sampler, Tally};

use crate::random::Random;
use crate::routes::{LANES, start, steady, steady_end};
use crate::truth::{Truth, cell};
use crate::world::{STEP_MS, World, lock};

/// Flushes until the observing threads have ended.
pub fn run(world: &World) {
    let mut random = Random::new(world.seed, 1 << 33);
    // Even the shortest run has a leap and a step back.
    let mut draws = [0, 255, 1, 255].into_iter();
    while !world.is_stopping() {
        let draw = draws.next().unwrap_or_else(|| random.next());
        let mut changes = lock(&world.changes);
        let mut ledger = lock(&world.ledger);
        match draw & 0xff {
            // A suspended machine; a clock that was set back.
            0 => ledger.flush(&world.sampler, 3000 + random.below(20_000)),
            1 => ledger.step_back(1 + random.below(2000)),
            // Graces end within as little real time as can be: whoever lost its core amid an observation is late.
            2..=9 => (0..6).for_each(|_| ledger.flush(&world.sampler, STEP_MS + STEP_MS / 2)),
            _ => ledger.flush(&world.sampler, 1 + random.below(400)),
        }
        drop(ledger);
        *changes = 0;
        drop(changes);
        if draw >> 63 != 0 {
            thread::sleep(Duration::from_micros(random.below(1500)));
        }
    }
}

/// What columns held when they were sealed. They never change again.
pub struct Ledger {
    now_ms: u64,
    /// End of the last column seen.
    last_end_ms: u64,
    /// Columns by the ends of their windows.
    pub columns: BTreeMap<u64, Tally>,
    /// Sum of all columns, and of the steady routes' cells in them.
    pub sealed: Truth,
    /// What should not be.
    pub problems: Vec<String>,
}

impl Ledger {
    /// Before the first flush.
    pub fn new() -> Ledger {
        Ledger { now_ms: 0, last_end_ms: 0, columns: BTreeMap::new(), sealed: Truth::new(), problems: Vec::new() }
    }

    /// Flushes so much later, and looks at what was sealed.
    pub fn flush(&mut self, sampler: &Sampler, later_ms: u64) {
        self.now_ms += later_ms;
        sampler.flush(self.now_ms);
        let mut sealed = std::mem::replace(&mut self.sealed, Truth::new());
        let columns = &mut self.columns;
        let columns_seen = sampler.reader().for_each_cell(self.last_end_ms + 1, 0, false, |column, cell| {
            columns.entry(column.end_ms).or_insert(Tally::ZERO).add(cell.counts);
            if let Some(problem) = add(&mut sealed, sampler, cell) {
                self.problems.push(problem);
            }
        });
        self.sealed = sealed;
        for column in columns_seen {
            match column.state {
                // A run of windows without a column; or one that nobody will see again.
                ColumnState::Missing if self.columns.contains_key(&column.end_ms) => {
                    self.problems.push(format!("the column of {} was lost while it was looked at", column.end_ms));
                }
                ColumnState::Missing => {}
                _ => {
                    self.columns.entry(column.end_ms).or_insert(Tally::ZERO);
                    self.last_end_ms = self.last_end_ms.max(column.end_ms);
                }
            }
        }
    }

    /// The next flush comes before the last.
    fn step_back(&mut self, by_ms: u64) {
        self.now_ms = self.now_ms.saturating_sub(by_ms);
    }

    /// What the open column holds.
    pub fn open(&self, sampler: &Sampler) -> Truth {
        let mut open = Truth::new();
        sampler.reader().for_each_cell(self.last_end_ms + 1, 0, true, |_, cell| {
            add(&mut open, sampler, cell);
        });
        open
    }
}

/// Adds a cell; gives what is wrong with it.
fn add(to: &mut Truth, sampler: &Sampler, view: &CellView<'_>) -> Option<String> {
    to.total.add(view.counts);
    let route = steady(view.route).filter(|_| !view.aggregate);
    let Some(route) = route else {
        let reaches = view.aggregate && view.end.is_none_or(|end| end > start(0).as_slice());
        return reaches
            .then(|| format!("a virtual bucket reaches to the steady routes: {:?} {:?}", view.start, view.end));
    };
    let lane =
        (0..LANES).find(|lane| view.label == sampler.label(["", "redis", "s3"].get(*lane).copied().unwrap_or("")));
    let place = cell(route, lane.unwrap_or(0), view.sub_bucket as usize);
    if let Some(cell) = to.steady.get_mut(place) {
        cell.add(view.counts);
    }
    let bounds = (view.start, view.end) == (start(route).as_slice(), Some(steady_end(route).as_slice()));
    (!bounds || view.draining || lane.is_none()).then(|| format!("route {route} is shown as {view:?}"))
}
