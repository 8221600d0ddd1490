//! Random numbers for samples, and the gaps between them. The seed comes in from outside.

use crate::sync::{AtomicCount, Ordering, narrow, wide};

/// The next of a sequence of random numbers (SplitMix64: Steele, Lea, Flood 2014). Its state is a word of the
/// caller's, so recorders that live for a few operations draw as one that lives long.
pub(crate) fn draw(state: &AtomicCount, seed: u64) -> u64 {
    // Where counts have 32 bits the state has them too: the sequence is shorter, and as even.
    let next = wide(state.load(Ordering::Relaxed)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    state.store(narrow(next), Ordering::Relaxed);
    mix(next ^ seed)
}

/// SplitMix64's finalizer: every bit of the result depends on every bit of `from`.
pub(crate) const fn mix(from: u64) -> u64 {
    let mixed = (from ^ (from >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The most that one gap is drawn for: the scale has 32 bits before the point.
pub(crate) const MAX_EVERY: u64 = 1 << 31;

/// How many operations on the next sample is, one operation in `every` being sampled: geometric with that mean,
/// at least 1. For `every` = 1 always 1.
///
/// An exponential variable, scaled by `-1 / ln(1 - 1/every)` and rounded down, is a geometric one.
pub(crate) fn gap(draw: u64, every: u64) -> u64 {
    let scale = SCALES.get(every as usize).copied().unwrap_or((every.min(MAX_EVERY) << 32) - (1 << 31));
    1 + ((u128::from(exponential(draw)) * u128::from(scale)) >> 64) as u64
}

/// Intervals of the table of logarithms; between two entries the error is below 3 in 100 000.
const PARTS: usize = 64;
const LN_2: u64 = 2_977_044_472;

/// An exponential variable of mean 1 out of uniform bits: `-ln(bits / 2^64)`, with 32 bits behind the point.
fn exponential(bits: u64) -> u64 {
    let bits = bits | 1;
    let zeros = bits.leading_zeros();
    // bits / 2^64 = (1 + fraction / 2^64) / 2^(zeros + 1)
    let fraction = (bits << zeros) << 1;
    let at = (fraction >> 58) as usize;
    let within = (fraction << 6) >> 32;
    let [low, high] = [at, at + 1].map(|at| LOGARITHMS.get(at).copied().unwrap_or(LN_2));
    let logarithm = low + (((high - low) * within) >> 32);
    (u64::from(zeros + 1) * LN_2).saturating_sub(logarithm)
}

/// `ln(1 + i / PARTS)`, with 32 bits behind the point: `2 artanh(z)` with `z = i / (2 PARTS + i)`, as a series.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below the array's length")]
const LOGARITHMS: [u64; PARTS + 1] = {
    let mut table = [0; PARTS + 1];
    let mut i = 0;
    while i <= PARTS {
        let z = ((i as u128) << 60) / (2 * PARTS + i) as u128;
        let (mut power, mut sum, mut n) = (z, 0u128, 1u128);
        while n < 60 {
            sum += power / n;
            power = (((power * z) >> 60) * z) >> 60;
            n += 2;
        }
        table[i] = ((2 * sum) >> 28) as u64;
        i += 1;
    }
    table
};

/// `-1 / ln(1 - 1/R)` with 32 bits behind the point: `R - 1/2 - 1/(12 R) - 1/(24 R^2) - ...`; beyond the table
/// the first two terms are right to 2 in 100 000. For 1 it is 0, and for 2 and 3 the series is too slow.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below the array's length")]
const SCALES: [u64; 64] = {
    let mut table = [0; 64];
    table[2] = 6_196_328_019;
    table[3] = 10_592_692_713;
    let (one, mut r) = (1u64 << 32, 4);
    while r < 64 {
        let n = r as u64;
        table[r] = n * one - one / 2 - one / (12 * n) - one / (24 * n * n) - one * 19 / (720 * n * n * n);
        r += 1;
    }
    table
};

#[cfg(all(test, feature = "std", not(keyviz_loom)))]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right() {
        for bits in [1u64, 2, 77, 1 << 20, 3 << 40, u64::MAX / 3, u64::MAX / 2, u64::MAX - 5, u64::MAX] {
            let truth = -((bits | 1) as f64 / 2f64.powi(64)).ln();
            let found = exponential(bits) as f64 / 2f64.powi(32);
            assert!((found - truth).abs() < 4e-5, "{bits}: {found} for {truth}");
        }
    }

    #[test]
    fn scales_are_right() {
        for every in 2..5000u64 {
            let truth = -1.0 / (1.0 - 1.0 / every as f64).ln();
            let scale = SCALES.get(every as usize).copied().unwrap_or((every << 32) - (1 << 31));
            let found = scale as f64 / 2f64.powi(32);
            assert!((found / truth - 1.0).abs() < 2e-4, "{every}: {found} for {truth}");
        }
    }

    /// The mean, and the share of each of the first gaps.
    #[test]
    fn gaps_are_geometric() {
        const DRAWS: usize = 400_000;
        let state = AtomicCount::new(0);
        for every in [1u64, 2, 3, 4, 16, 63, 64, 1000, 1 << 20] {
            let (mut sum, mut first) = (0u128, [0usize; 4]);
            for _ in 0..DRAWS {
                let gap = gap(draw(&state, 7), every);
                assert!(gap >= 1);
                sum += u128::from(gap);
                if let Some(count) = first.get_mut(gap as usize - 1) {
                    *count += 1;
                }
            }
            let mean = sum as f64 / DRAWS as f64;
            assert!((mean / every as f64 - 1.0).abs() < 0.01, "mean {mean} for {every}");
            let p = 1.0 / every as f64;
            for (gap, count) in first.into_iter().enumerate() {
                let expected = DRAWS as f64 * p * (1.0 - p).powi(gap as i32);
                let by = 5.0 * expected.sqrt() + 2.0;
                assert!((count as f64 - expected).abs() < by, "gap {}: {count} for {expected} of {every}", gap + 1);
            }
        }
    }
}
