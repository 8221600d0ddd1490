//! Zipf's law over ranks: rank r is drawn in proportion to 1 / r^0.99, as in YCSB.

use super::Random;

const EXPONENT: f64 = 0.99;

/// Draws ranks from 0; the whole distribution is tabled, so it is exact.
pub struct Zipf {
    cumulated: Vec<f64>,
}

impl Zipf {
    /// Over `ranks` ranks.
    pub fn new(ranks: usize) -> Zipf {
        let mut sum = 0.0;
        let cumulated = (1..=ranks)
            .map(|rank| {
                sum += (rank as f64).powf(-EXPONENT);
                sum
            })
            .collect();
        Zipf { cumulated }
    }

    /// The next rank.
    pub fn next(&self, random: &mut Random) -> usize {
        let total = self.cumulated.last().copied().unwrap_or_default();
        let drawn = random.unit() * total;
        self.cumulated.partition_point(|sum| *sum <= drawn).min(self.cumulated.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rank_has_its_share() {
        let zipf = Zipf::new(10_000);
        let mut random = Random::new(1);
        let draws = 100_000;
        let first = (0..draws).filter(|_| zipf.next(&mut random) == 0).count() as f64;
        let share = zipf.cumulated[0] / zipf.cumulated[9_999];
        assert!((first / f64::from(draws) - share).abs() < 0.01, "{first} of {draws}, expected {share}");
    }
}
