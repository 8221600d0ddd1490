//! Pairs of group and term, by number: what a cell keeps is the number.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// So many pairs are kept before the ones that no cell has are looked for.
const ROOM: usize = 1 << 16;

/// All pairs of group and term that were met. Number 0 is none and unknown.
#[derive(Clone, Debug)]
pub(super) struct Identities {
    pairs: Vec<(u64, u64)>,
    numbers: BTreeMap<(u64, u64), u32>,
    /// The pair asked for last: neighbouring cells mostly share it.
    last: ((u64, u64), u32),
    /// When there are more pairs, those that no cell has can go.
    crowded_at: usize,
}

impl Identities {
    pub(super) fn new() -> Self {
        let numbers = [((0, 0), 0)].into_iter().collect();
        Identities { pairs: alloc::vec![(0, 0)], numbers, last: ((0, 0), 0), crowded_at: ROOM }
    }

    /// The number of a pair.
    #[inline]
    pub(super) fn number(&mut self, pair: (u64, u64)) -> u32 {
        if self.last.0 == pair { self.last.1 } else { self.search(pair) }
    }

    #[inline(never)]
    fn search(&mut self, pair: (u64, u64)) -> u32 {
        let next = self.pairs.len() as u32;
        let number = *self.numbers.entry(pair).or_insert(next);
        if number == next {
            self.pairs.push(pair);
        }
        self.last = (pair, number);
        number
    }

    /// The pair of a number.
    pub(super) fn pair(&self, number: u32) -> (u64, u64) {
        self.pairs.get(number as usize).copied().unwrap_or((0, 0))
    }

    /// Whether a group or term is not known.
    pub(super) fn is_unknown(&self, number: u32) -> bool {
        let (group, term) = self.pair(number);
        group == 0 || term == 0
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.pairs.len() > self.crowded_at
    }

    /// A fresh table after a crowded one: it holds what is still in use, and is crowded at twice that.
    pub(super) fn settled(mut self) -> Self {
        self.crowded_at = ROOM.max(self.pairs.len() * 2);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pairs_have_one_number() {
        let mut ids = Identities::new();
        let numbers = [(0, 0), (1, 2), (2, 1), (1, 2), (0, 0)].map(|pair| ids.number(pair));
        assert_eq!(numbers, [0, 1, 2, 1, 0]);
        assert_eq!((ids.pair(2), ids.pair(9)), ((2, 1), (0, 0)));
        assert_eq!([0, 1].map(|number| ids.is_unknown(number)), [true, false]);
    }
}
