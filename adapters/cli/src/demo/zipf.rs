//! Ranks by Zipf's law.

use crate::random::Random;

/// The exponent that YCSB uses.
const THETA: f64 = 0.99;

/// Draws ranks from 0 by Gray's method ("Quickly generating billion-record synthetic databases", 1994), as YCSB does.
#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    ranks: f64,
    zeta: f64,
    eta: f64,
}

impl Zipf {
    /// Costs one pass over the ranks.
    pub(crate) fn new(ranks: u32) -> Zipf {
        let zeta: f64 = (1..=ranks).map(|rank| f64::from(rank).powf(-THETA)).sum();
        let zeta_2 = 1.0 + 0.5_f64.powf(THETA);
        let ranks = f64::from(ranks);
        Zipf { ranks, zeta, eta: (1.0 - (2.0 / ranks).powf(1.0 - THETA)) / (1.0 - zeta_2 / zeta) }
    }

    pub(crate) fn draw(&self, random: &mut Random) -> u32 {
        let unit = random.unit();
        let scaled = unit * self.zeta;
        if scaled < 1.0 {
            return 0;
        }
        if scaled < 1.0 + 0.5_f64.powf(THETA) {
            return 1;
        }
        let rank = self.ranks * (self.eta * unit - self.eta + 1.0).powf(1.0 / (1.0 - THETA));
        rank.min(self.ranks - 1.0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_ranks_get_most() {
        let (zipf, mut random) = (Zipf::new(100_000), Random::new(3));
        let draws: Vec<u32> = (0..100_000).map(|_| zipf.draw(&mut random)).collect();
        let first = draws.iter().filter(|rank| **rank == 0).count();
        let top = draws.iter().filter(|rank| **rank < 100).count();
        assert!((6_000..10_000).contains(&first), "{first}");
        assert!((35_000..50_000).contains(&top), "{top}");
        assert!(draws.iter().all(|rank| *rank < 100_000));
    }
}
