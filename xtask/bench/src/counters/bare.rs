//! The least that could count: `array[i] += 1`, with the same loads of route id and key. No lookup, no bytes, no
//! other thread.

use std::hint::black_box;

use super::{Counter, PLACES, Total, place};
use crate::load::Stream;

/// An array of counts.
pub struct BareLoop {
    counts: Box<[u64; PLACES]>,
}

impl BareLoop {
    /// All zero.
    pub fn new() -> BareLoop {
        BareLoop { counts: Box::new([0; PLACES]) }
    }
}

impl Counter for BareLoop {
    fn name(&self) -> &'static str {
        "bare loop"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&mut self, stream: &Stream) {
        let counts = black_box(&mut *self.counts);
        stream.for_each(|route, _key| counts[place(route)] += 1);
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(Total { operations: self.counts.iter().sum(), bytes: None })
    }
}
