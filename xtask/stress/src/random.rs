//! Choices.

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Random(u64);

impl Random {
    /// Starts at a seed; `who` makes two threads' sequences differ.
    pub fn new(seed: u64, who: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ who.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    /// The next 64 bits.
    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below a number, which is not 0.
    #[inline]
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A table of ranks: an even draw from it falls on rank r in proportion to 1 / (r + 1).
pub fn zipf_table(ranks: u64, len: usize) -> Vec<u16> {
    let total: f64 = (1..=ranks).map(|rank| 1.0 / rank as f64).sum();
    let (mut table, mut cumulated) = (Vec::with_capacity(len), 0.0);
    for rank in 0..ranks {
        cumulated += 1.0 / (rank + 1) as f64 / total;
        let until = ((cumulated * len as f64) as usize).min(len);
        table.resize(until.max(table.len()), rank as u16);
    }
    // What rounding leaves over.
    table.resize(len, 0);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ranks_have_their_shares() {
        let table = zipf_table(4000, 1 << 16);
        assert_eq!(table.len(), 1 << 16);
        let of = |rank| table.iter().filter(|r| **r == rank).count() as f64;
        assert!((of(0) / of(1) - 2.0).abs() < 0.05 && (of(0) / of(9) - 10.0).abs() < 0.5);
        assert!(table.iter().all(|rank| *rank < 4000));
    }
}
