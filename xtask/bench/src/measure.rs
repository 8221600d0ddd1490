//! Taking turns, and the lowest of many runs.
//!
//! On a machine that is shared, noise only ever adds: the lowest of many runs is the best estimate of what the code
//! itself takes. Turns are taken so that a slow second hits all alike.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::counters::Counter;
use crate::load::Stream;

/// Fewer runs than this are an anecdote.
pub const MIN_RUNS: usize = 10;

/// What one contender took.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Nanoseconds of the best run, for one operation.
    pub lowest_ns: f64,
    /// The same of the middle run: how far it lies above the lowest tells how noisy the machine was.
    pub median_ns: f64,
}

impl Measured {
    /// From the times of all runs of `operations` each.
    pub fn of(mut times: Vec<Duration>, operations: u64) -> Result<Measured, String> {
        times.sort_unstable();
        let per_operation = |time: Option<&Duration>| {
            time.map(|time| time.as_secs_f64() * 1e9 / operations as f64).filter(|ns| *ns > 0.0 && ns.is_finite())
        };
        match (per_operation(times.first()), per_operation(times.get(times.len() / 2))) {
            (Some(lowest_ns), Some(median_ns)) => Ok(Measured { lowest_ns, median_ns }),
            _ => Err("a run took no time: nothing was measured".into()),
        }
    }

    /// The middle run in the place of the lowest. For contenders whose threads stand in each other's way the lowest
    /// run is the one in which they happened not to meet.
    pub fn middle(self) -> Measured {
        Measured { lowest_ns: self.median_ns, ..self }
    }

    /// How often `other` fits into this: the gain from this to it.
    pub fn over(self, other: Measured) -> Measured {
        Measured { lowest_ns: self.lowest_ns / other.lowest_ns, median_ns: self.median_ns / other.median_ns }
    }

    /// The same measurement in a unit of `ns` nanoseconds.
    pub fn in_units_of(self, ns: f64) -> Measured {
        Measured { lowest_ns: self.lowest_ns / ns, median_ns: self.median_ns / ns }
    }
}

/// Runs all contenders in turns over the same stream, then checks what each has counted. The order of the results
/// is the order of the contenders; where a contender has threads, its time is that of one thread's operation.
pub fn race(contenders: &mut [&mut dyn Counter], stream: &Stream, runs: usize) -> Result<Vec<Measured>, String> {
    let operations = stream.operations();
    let mut times = vec![Vec::with_capacity(runs); contenders.len()];
    // One run more than is counted: the first touches the memory.
    for run in 0..=runs {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let begun = Instant::now();
            contender.count(stream);
            let time = begun.elapsed();
            if run > 0 {
                times.push(time);
            }
        }
    }
    for contender in contenders.iter_mut() {
        check(*contender, stream, runs as u64 + 1)?;
    }
    times.into_iter().map(|times| Measured::of(times, operations)).collect()
}

/// Compares what was counted with what was given, `times` times.
pub fn check(contender: &mut dyn Counter, stream: &Stream, times: u64) -> Result<(), String> {
    let total = contender.total()?;
    let times = times * contender.copies();
    let operations = stream.operations() * times;
    let bytes = stream.bytes() * times;
    let wrong =
        |what: &str, counted: u64, given: u64| Err(format!("{} counted {counted} {what} of {given}", contender.name()));
    if total.operations != operations {
        return wrong("operations", total.operations, operations);
    }
    match total.bytes {
        Some(counted) if counted != bytes => wrong("bytes", counted, bytes),
        _ => Ok(()),
    }
}

/// Runs something that prepares itself and gives the time of what counts, and takes the lowest; `operations` is
/// what one run's time covers.
pub fn lowest(
    runs: usize,
    operations: u64,
    mut run: impl FnMut() -> Result<Duration, String>,
) -> Result<Measured, String> {
    run()?;
    let times: Result<Vec<Duration>, String> = (0..runs).map(|_| run()).collect();
    Measured::of(times?, operations)
}

/// Runs all pieces of work at the same time, a thread each; from the first one's start to the last one's end.
pub fn together<'a>(work: Vec<Box<dyn FnOnce() + Send + 'a>>) -> Result<Duration, String> {
    let barrier = Barrier::new(work.len());
    let spans: Option<Vec<(Instant, Instant)>> = thread::scope(|scope| {
        let threads: Vec<_> = work
            .into_iter()
            .map(|work| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let begun = Instant::now();
                    work();
                    (begun, Instant::now())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().ok()).collect()
    });
    let spans = spans.ok_or("a measured thread panicked")?;
    let begun = spans.iter().map(|(begun, _)| *begun).min();
    let ended = spans.iter().map(|(_, ended)| *ended).max();
    begun.zip(ended).map(|(begun, ended)| ended - begun).ok_or_else(|| "no thread ran".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Total;
    use crate::load::{Shape, Stream};

    struct Forgetful(u64);

    impl Counter for Forgetful {
        fn name(&self) -> &'static str {
            "forgetful"
        }
        fn count(&mut self, stream: &Stream) {
            self.0 += stream.operations() - 1;
        }
        fn total(&mut self) -> Result<Total, String> {
            Ok(Total { operations: self.0, bytes: None })
        }
    }

    #[test]
    fn a_contender_that_loses_one_operation_fails() {
        let stream = Stream::new(Shape::OneRoute, 64);
        let mut contender = Forgetful(0);
        let error = race(&mut [&mut contender], &stream, 2).unwrap_err();
        assert!(error.starts_with("forgetful counted"), "{error}");
    }

    #[test]
    fn the_lowest_and_the_middle_of_the_runs_are_told_apart() {
        let times = [30, 10, 20].map(Duration::from_nanos).to_vec();
        let measured = Measured::of(times, 10).unwrap();
        assert_eq!((measured.lowest_ns, measured.median_ns), (1.0, 2.0));
    }

    #[test]
    fn no_time_is_an_error() {
        assert!(Measured::of(vec![Duration::ZERO; 3], 1).is_err());
    }
}
