//! Loads into single operations.

use super::keyspace::{ROUTE_ROWS, ROWS, TABLE_ROWS, table_start};
use super::workload::Workload;
use super::zipf::Zipf;
use crate::random::Random;

/// Rows that one scan reads.
pub(crate) const SCAN_ROWS: u32 = 100;

/// Rows of the spot that moves: about one route.
const SPOT_ROWS: u32 = ROUTE_ROWS;

/// One operation on the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Get(u32),
    Put(u32),
    /// From a row on, this many.
    Scan(u32, u32),
}

impl Act {
    /// How many rows it touches.
    pub(crate) fn rows(self) -> u32 {
        match self {
            Act::Get(_) | Act::Put(_) => 1,
            Act::Scan(_, rows) => rows,
        }
    }
}

/// Draws operations.
#[derive(Debug)]
pub(crate) struct Generator {
    random: Random,
    zipf: Zipf,
    scanned: u32,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Generator {
        Generator { random: Random::new(seed), zipf: Zipf::new(ROWS), scanned: 0 }
    }

    /// The next operation of a load that is this far, from 0 up to 1, in its round.
    pub(crate) fn next(&mut self, workload: Workload, progress: f64) -> Act {
        match workload {
            Workload::Uniform => self.mixed(0, ROWS, 20),
            Workload::Zipf => {
                let rank = self.zipf.draw(&mut self.random);
                // Popular keys lie anywhere: a multiplier without a common factor spreads the ranks.
                let row = (u64::from(rank) * 48_271 % u64::from(ROWS)) as u32;
                self.get_or_put(row, 20)
            }
            Workload::HotRange if self.percent(90) => {
                self.mixed(table_start("orders") + 8 * ROUTE_ROWS, ROUTE_ROWS, 30)
            }
            Workload::MovingHotspot if self.percent(90) => {
                let start = (f64::from(ROWS - SPOT_ROWS) * progress) as u32;
                self.mixed(start, SPOT_ROWS, 30)
            }
            Workload::Sequential if self.percent(80) => {
                let tip = (f64::from(TABLE_ROWS - 1) * progress) as u32;
                Act::Put(table_start("events") + tip)
            }
            Workload::HotRange | Workload::MovingHotspot | Workload::Sequential => self.mixed(0, ROWS, 10),
            Workload::Scan => {
                let from = self.scanned;
                let rows = SCAN_ROWS.min(ROWS - from);
                self.scanned = (from + rows) % ROWS;
                Act::Scan(from, rows)
            }
        }
    }

    fn mixed(&mut self, from: u32, rows: u32, put_percent: u64) -> Act {
        let row = from + self.random.below(u64::from(rows)) as u32;
        self.get_or_put(row, put_percent)
    }

    fn get_or_put(&mut self, row: u32, put_percent: u64) -> Act {
        if self.percent(put_percent) { Act::Put(row) } else { Act::Get(row) }
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(workload: Workload, progress: f64) -> Vec<u32> {
        let mut generator = Generator::new(5);
        let mut hits = vec![0; (ROWS / ROUTE_ROWS) as usize];
        for _ in 0..20_000 {
            let act = generator.next(workload, progress);
            let (Act::Get(row) | Act::Put(row) | Act::Scan(row, _)) = act;
            assert!(row + act.rows() <= ROWS);
            hits[(row / ROUTE_ROWS) as usize] += 1;
        }
        hits
    }

    #[test]
    fn each_load_looks_as_told() {
        assert!(rows(Workload::Uniform, 0.5).iter().all(|hits| (100..350).contains(hits)));
        let mut zipf = rows(Workload::Zipf, 0.5);
        zipf.sort();
        assert!(zipf[95] > 5 * zipf[48]);
        let hot = rows(Workload::HotRange, 0.5);
        assert!(hot[3 * 16 + 8] > 17_000);
        for (progress, place) in [(0.0, 0), (0.999, 94)] {
            let moving = rows(Workload::MovingHotspot, progress);
            assert!(moving[place] + moving[place + 1] > 17_000, "{moving:?}");
        }
        let tip = rows(Workload::Sequential, 0.5);
        assert!(tip[16 + 7] + tip[16 + 8] > 15_000);
        assert!(rows(Workload::Scan, 0.0).iter().all(|hits| *hits > 0));
    }
}
