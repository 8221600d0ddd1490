//! What observing costs an operation of the engine, measured in the background while the demo runs.
//!
//! Blocks of 100 ms with and without the `observe` call take turns, with rests between them, so that measuring is
//! quick without keeping a core busy. Each block gives nanoseconds an operation. What is told are medians, and for the
//! difference of neighbouring blocks also the 95 % interval of the median, from order statistics: no shape of the
//! noise is assumed. The operations are those of the demo's first load, on its store, observed into a sampler of
//! their own: in the picture they would look like load that nobody asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::engine::Engine;
use super::generator::{Act, Generator};
use super::store::StoreError;
use super::workload::Workload;
use crate::out;

/// Pairs of blocks measured.
const PAIRS: usize = 12;

/// Pairs thrown away at the start, while caches fill.
const WARM_UP_PAIRS: usize = 1;

/// How long a block is.
const BLOCK: Duration = Duration::from_millis(100);

/// How long to rest after a block: a sixth of a core is used, and the answer is there within 16 s.
const REST: Duration = Duration::from_millis(500);

/// Operations of one transaction: short, because the load waits for its turn.
const BATCH_ACTS: usize = 500;

/// What was found, in nanoseconds an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) without_ns: f64,
    pub(crate) with_ns: f64,
    pub(crate) added_ns: f64,
    pub(crate) low_ns: f64,
    pub(crate) high_ns: f64,
    pub(crate) pairs: usize,
}

/// Measures in a thread of its own, prints what it found, and ends. `None` where the system gives no thread: the demo
/// shows its picture all the same.
pub(crate) fn spawn(engine: Engine, stop: Arc<AtomicBool>) -> Option<JoinHandle<()>> {
    let measure = move || {
        // A store that fails is told by the load, which then ends the demo.
        if let Ok(Some(cost)) = measure(engine, &stop) {
            // Nobody reads it any more: no reason to stop.
            let _ = out::say(&cost.text());
        }
    };
    std::thread::Builder::new().name("keyviz-cost".to_owned()).spawn(measure).ok()
}

/// The cost, or `None` when told to stop before it was known.
fn measure(mut engine: Engine, stop: &AtomicBool) -> Result<Option<Cost>, StoreError> {
    let mut generator = Generator::new(1);
    let mut pairs = Vec::new();
    for number in 0..WARM_UP_PAIRS + PAIRS {
        let mut pair = [0.0; 2];
        // Each goes first every other time, so that what comes second has no advantage.
        for turn in 0..2 {
            let observe = (number + turn) % 2 == 1;
            let ns = block(&mut engine, &mut generator, observe)?;
            if let Some(place) = pair.get_mut(usize::from(observe)) {
                *place = ns;
            }
            let rested = Instant::now();
            while rested.elapsed() < REST {
                if stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        pairs.push(pair);
    }
    Ok(pairs.get(WARM_UP_PAIRS..).and_then(cost))
}

/// One block: nanoseconds an operation, without drawing them and without the commits.
fn block(engine: &mut Engine, generator: &mut Generator, observe: bool) -> Result<f64, StoreError> {
    let (began, mut busy, mut done) = (Instant::now(), Duration::ZERO, 0_u32);
    let mut acts: Vec<Act> = Vec::with_capacity(BATCH_ACTS);
    while began.elapsed() < BLOCK {
        acts.clear();
        acts.extend((0..BATCH_ACTS).map(|_| generator.next(Workload::Uniform, 0.0)));
        busy += if observe { engine.run::<true>(&acts, false)? } else { engine.run::<false>(&acts, false)? };
        done += acts.len() as u32;
    }
    Ok(busy.as_nanos() as f64 / f64::from(done.max(1)))
}

/// From pairs of (without, with).
fn cost(pairs: &[[f64; 2]]) -> Option<Cost> {
    let sorted = |of: fn(&[f64; 2]) -> f64| {
        let mut values: Vec<f64> = pairs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let added = sorted(|[without, with]| with - without);
    // Ranks of the 95 % interval of a median: n/2 -+ 1.96 * sqrt(n)/2.
    let reach = 0.98 * (pairs.len() as f64).sqrt();
    let middle = pairs.len() as f64 / 2.0;
    let low = (middle - reach).floor().max(0.0) as usize;
    let high = ((middle + reach).ceil() as usize).min(pairs.len().checked_sub(1)?);
    Some(Cost {
        without_ns: median(&sorted(|[without, _]| *without))?,
        with_ns: median(&sorted(|[_, with]| *with))?,
        added_ns: median(&added)?,
        low_ns: *added.get(low)?,
        high_ns: *added.get(high)?,
        pairs: pairs.len(),
    })
}

fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some((lower + upper) / 2.0)
}

impl Cost {
    /// One line for the terminal.
    pub(crate) fn text(&self) -> String {
        let measured = format!(
            "cost      {:.0} ns an operation without keyviz, {:.0} ns with; median of {} pairs of 100 ms blocks:",
            self.without_ns, self.with_ns, self.pairs
        );
        // An interval around zero says what the difference cannot exceed, not what it is.
        if self.low_ns <= 0.0 && self.high_ns >= 0.0 {
            format!(
                "{measured} what keyviz adds is lost in the store's own noise (95 % interval {:+.0} to {:+.0} ns); \
                 `cargo xtask bench` measures it alone",
                self.low_ns, self.high_ns
            )
        } else {
            let added = format!("{:+.0} ns", self.added_ns);
            format!("{measured} {added} (95 % interval {:+.0} to {:+.0} ns)", self.low_ns, self.high_ns)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_interval() {
        let pairs: Vec<[f64; 2]> = (0..41).map(|n| [1000.0, 1000.0 + f64::from(n)]).collect();
        let cost = cost(&pairs).unwrap();
        assert_eq!((cost.without_ns, cost.with_ns, cost.added_ns), (1000.0, 1020.0, 20.0));
        assert_eq!((cost.low_ns, cost.high_ns), (14.0, 27.0));
        assert!(super::cost(&[]).is_none());
    }
}
