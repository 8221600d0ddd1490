//! Which members of virtual buckets are hot: recorders sample the route ids they count there.
//!
//! A recorder keeps a reservoir of [`ID_SAMPLES`] ids between two flushes (Vitter's algorithm R, with
//! weights): an operation is sampled with probability 1/8 until the reservoir is full, then with as much
//! as keeps each operation since the flush equally likely to be in it. So nothing is dropped, however
//! many there are, and each sample stands for the operations since the flush over the samples.
//!
//! The writer looks at a reservoir while its recorder may replace samples, and threads of one shared
//! shard may overwrite each other's. A sample is evidence, never a count: that costs nothing but a sample.

use crate::limits::{ID_SAMPLES, RESERVOIR_WORDS};
use crate::line::Line;
use crate::pool::Pool;
use crate::random::draw;
use crate::shared::own;
use crate::sync::{Count, Ordering, Word, const_fn, narrow, wide};

/// One operation in so many is sampled at the most.
const LEAST_EVERY: u64 = 8;

/// The reservoirs of all recorders and shared shards.
pub(crate) struct IdSamples {
    samples: Pool<Word>,
}

impl IdSamples {
    const_fn! {
        pub(crate) fn new(samples: Pool<Word>) -> Self {
            IdSamples { samples }
        }
    }

    /// Perhaps notes that `times` operations of `route` were counted, in the reservoir of `row`, whose own
    /// line is `line`; `epoch` is the flush epoch.
    pub(crate) fn offer(&self, line: &Line, row: usize, epoch: u32, route: u64, times: u64) {
        if u64::from(epoch) != wide(line.word(own::SAMPLE_EPOCH).load(Ordering::Relaxed)) {
            begin(line, epoch);
        }
        let total = line.word(own::SAMPLE_TOTAL);
        let now = total.load(Ordering::Relaxed).wrapping_add(narrow(times));
        total.store(now, Ordering::Relaxed);
        // One draw decides: `times` of the operations since the flush, the reservoir's size over these.
        let offered = wide(now.wrapping_sub(line.word(own::SAMPLE_BASE).load(Ordering::Relaxed)));
        let every = offered.div_ceil(ID_SAMPLES as u64).max(LEAST_EVERY);
        let draw = draw(line.word(own::SAMPLE_DRAWS), 0);
        let part = ((u128::from(draw) * u128::from(every)) >> 64) as u64;
        let copies = times / every + u64::from(part < times % every);
        for copy in 0..copies.min(ID_SAMPLES as u64) {
            self.keep(line, row, route, draw.wrapping_mul(copy.wrapping_mul(2).wrapping_add(1)));
        }
    }

    #[cold]
    fn keep(&self, line: &Line, row: usize, route: u64, draw: u64) {
        let filled = line.word(own::SAMPLES);
        let len = wide(filled.load(Ordering::Relaxed));
        let full = len >= ID_SAMPLES as u64;
        let at = if full { (draw >> 7) % ID_SAMPLES as u64 } else { len };
        if let Some(sample) = self.samples.get(row * RESERVOIR_WORDS + at as usize) {
            sample.store(route, Ordering::Relaxed);
        }
        if !full {
            // Release: the writer that sees the number sees the samples.
            filled.store(narrow(len + 1), Ordering::Release);
        }
    }

    /// Gives every sample since the last time to `each`, with the operations it stands for; `drained` is
    /// where the last time ended.
    pub(crate) fn drain(&self, row: usize, line: &Line, drained: &mut Count, mut each: impl FnMut(u64, u64)) {
        let samples = wide(line.word(own::SAMPLES).load(Ordering::Acquire)).min(ID_SAMPLES as u64);
        let total = line.word(own::SAMPLE_TOTAL).load(Ordering::Relaxed);
        let offered = wide(total.wrapping_sub(core::mem::replace(drained, total)));
        // Without a new operation what stands there is old.
        if offered == 0 || samples == 0 {
            return;
        }
        let first = row * RESERVOIR_WORDS;
        for sample in self.samples.get(first..first + samples as usize).unwrap_or(&[]) {
            each(sample.load(Ordering::Relaxed), offered.div_ceil(samples));
        }
    }
}

/// There was a flush: the reservoir is empty.
#[cold]
fn begin(line: &Line, epoch: u32) {
    line.word(own::SAMPLE_EPOCH).store(narrow(u64::from(epoch)), Ordering::Relaxed);
    let total = line.word(own::SAMPLE_TOTAL).load(Ordering::Relaxed);
    line.word(own::SAMPLE_BASE).store(total, Ordering::Relaxed);
    line.word(own::SAMPLES).store(0, Ordering::Relaxed);
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{Heap, Source};
    use alloc::collections::BTreeMap;

    struct Reservoir {
        samples: IdSamples,
        line: Line,
        epoch: u32,
        drained: Count,
    }

    impl Reservoir {
        fn new() -> Self {
            Reservoir {
                samples: IdSamples::new(Heap::shared(RESERVOIR_WORDS).unwrap()),
                line: Line::new(),
                epoch: 0,
                drained: 0,
            }
        }

        fn offer(&self, route: u64, times: u64) {
            self.samples.offer(&self.line, 0, self.epoch, route, times);
        }

        fn drain(&mut self) -> BTreeMap<u64, u64> {
            let mut sums = BTreeMap::new();
            self.samples
                .drain(0, &self.line, &mut self.drained, |route, weight| *sums.entry(route).or_insert(0) += weight);
            self.epoch += 1;
            sums
        }
    }

    fn near(is: u64, of: u64, by: f64) -> bool {
        (is as f64 - of as f64).abs() <= of as f64 * by
    }

    /// Whatever came first, however many, one by one or in batches: samples stand for what was offered.
    #[test]
    fn samples_stand_for_what_was_offered() {
        let mut reservoir = Reservoir::new();
        for operations in [2_000u64, 30_000, 1_000_000, 10_000_000] {
            for batch in [1, 50, 1000] {
                for order in [0, 1, 2] {
                    // A tenth is hot: at the start, at the end, or throughout.
                    let mut truth = 0;
                    for i in (0..operations).step_by(batch) {
                        let hot = match order {
                            0 => i < operations / 10,
                            1 => i >= operations - operations / 10,
                            _ => i / batch as u64 % 10 == 3,
                        };
                        let times = (batch as u64).min(operations - i);
                        reservoir.offer(u64::from(hot), times);
                        truth += times * u64::from(hot);
                    }
                    let sums = reservoir.drain();
                    let (hot, sum) = (sums.get(&1).copied().unwrap_or(0), sums.values().sum::<u64>());
                    assert!(
                        near(sum, operations, 0.05) || sum < operations + ID_SAMPLES as u64,
                        "{sum} of {operations}"
                    );
                    // 512 samples, of which a tenth: three standard deviations are 40 %.
                    let by = if operations > 2000 { 0.45 } else { 0.9 };
                    assert!(near(hot, truth, by), "{hot} for {truth} of {operations} in {batch}s, order {order}");
                }
            }
        }
    }

    #[test]
    fn what_was_drained_is_not_given_again() {
        let mut reservoir = Reservoir::new();
        reservoir.offer(7, 1000);
        assert!(near(reservoir.drain()[&7], 1000, 0.1));
        assert!(reservoir.drain().is_empty());
        reservoir.offer(8, 1000);
        assert_eq!(reservoir.drain().into_keys().collect::<alloc::vec::Vec<_>>(), [8]);
    }

    #[test]
    fn one_in_eight_at_the_most() {
        let mut reservoir = Reservoir::new();
        let sampled = (0..2000).filter(|_| {
            reservoir.offer(1, 1);
            !reservoir.drain().is_empty()
        });
        assert!((190..310).contains(&sampled.count()));
    }
}
