//! What was observed, as the threads that did it know.

use keyviz_core::{Op, Tally};

use crate::routes::{K, LANES, STEADY};

const CELLS: usize = STEADY as usize * LANES * K;

/// Place of a steady route's cell.
#[inline]
pub fn cell(route: u64, lane: usize, division: usize) -> usize {
    (route as usize * LANES + lane) * K + division
}

/// Route, lane and division of a place.
pub fn cell_at(place: usize) -> (u64, usize, usize) {
    ((place / K / LANES) as u64, place / K % LANES, place % K)
}

/// Totals: of everything, and of each cell of the steady routes.
pub struct Truth {
    /// Of all operations.
    pub total: Tally,
    /// Of each steady route's cells.
    pub steady: Vec<Tally>,
    /// Calls of observing.
    pub calls: u64,
}

impl Truth {
    /// Nothing yet.
    pub fn new() -> Truth {
        Truth { total: Tally::ZERO, steady: vec![Tally::ZERO; CELLS], calls: 0 }
    }

    /// Notes `times` operations with so many bytes in all, in a steady cell or elsewhere.
    #[inline]
    pub fn note(&mut self, place: Option<usize>, op: Op, times: u64, bytes: u64) {
        self.calls += 1;
        note(&mut self.total, op, times, bytes);
        if let Some(cell) = place.and_then(|place| self.steady.get_mut(place)) {
            note(cell, op, times, bytes);
        }
    }

    /// Notes what every read of a range is beside a read.
    #[inline]
    pub fn note_scan(&mut self, place: Option<usize>) {
        self.total.scans += 1;
        if let Some(cell) = place.and_then(|place| self.steady.get_mut(place)) {
            cell.scans += 1;
        }
    }

    /// Adds another thread's.
    pub fn add(&mut self, other: &Truth) {
        self.calls += other.calls;
        self.total.add(other.total);
        self.steady.iter_mut().zip(&other.steady).for_each(|(sum, by)| sum.add(*by));
    }
}

#[inline]
fn note(tally: &mut Tally, op: Op, times: u64, bytes: u64) {
    let (count, sum) = match op {
        Op::Read => (&mut tally.reads, &mut tally.read_bytes),
        _ => (&mut tally.writes, &mut tally.write_bytes),
    };
    *count += times;
    *sum += bytes;
}
