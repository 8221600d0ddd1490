//! The thread that flushes a sampler.

use crate::clock::{Clock, SystemClock};
use crate::faults::contained;
use crate::stop::Stop;
use crate::ticker::{Pace, Schedule, Ticker};
use crate::timings::FlushTimings;
use keyviz_core::Sampler;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// How often sampled keys are taken out of the recorders' queues: the more often, the more are sampled.
const DRAIN_MS: u64 = 100;

/// Flushes a sampler from a thread of its own, named `keyviz-flush`, at the instants of a
/// [`Ticker`]: on every window boundary, and in between so that the open column is fresh.
///
/// Where keys are sampled, it drains them ten times a second.
///
/// It reads the wall clock anew at each tick and never sleeps longer than one tick, so it follows
/// a clock that steps in either direction, and a machine that was suspended. [`stop`](Flusher::stop)
/// and dropping it wake the thread at once, flush a last time and join it.
///
/// # Examples
/// ```
/// use keyviz_admin::{Clock, Flusher, SystemClock};
/// use keyviz_core::{Config, Op, RouteId, Sampler};
/// let sampler = Sampler::new(Config::default(), SystemClock.now_ms())?;
/// let flusher = Flusher::spawn(sampler.clone())?;
/// sampler.register(RouteId(1), b"", None, 0)?;
/// sampler.observe(RouteId(1), Op::Read, b"key", 0);
/// flusher.stop(); // what was observed until here is in a column
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Flusher {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
    timings: FlushTimings,
}

impl Flusher {
    /// Starts the thread, on the system's clock.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(sampler: Sampler) -> io::Result<Flusher> {
        Flusher::spawn_with(sampler, SystemClock)
    }

    /// Starts the thread on another clock. Waiting is still done in real time, a tick's distance at
    /// most; at each wake-up the clock says what is due.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn_with(sampler: Sampler, clock: impl Clock) -> io::Result<Flusher> {
        let ticker = Ticker::new(sampler.reader().config().step_ms);
        let stop = Arc::new(Stop::default());
        let timings = FlushTimings::default();
        let (its_stop, its_timings) = (Arc::clone(&stop), timings.clone());
        let work = move || {
            let flush = |now_ms| {
                let began = Instant::now();
                sampler.flush(now_ms);
                its_timings.record(began.elapsed());
            };
            let drains = sampler.reader().config().hot_keys;
            let longest_ms = if drains { DRAIN_MS } else { u64::MAX };
            let mut schedule = Schedule::new(ticker, clock.now_ms());
            loop {
                let now_ms = clock.now_ms();
                match schedule.at(now_ms) {
                    Pace::Flush => flush(now_ms),
                    Pace::Wait(ms) if its_stop.sleep(ms.min(longest_ms)) => break,
                    Pace::Wait(_) if drains => {
                        sampler.drain_samples();
                    }
                    Pace::Wait(_) => {}
                }
            }
            flush(clock.now_ms());
        };
        let thread = thread::Builder::new().name("keyviz-flush".to_owned()).spawn(|| _ = contained(work))?;
        Ok(Flusher { stop, thread: Some(thread), timings })
    }

    /// How long its flushes take.
    #[must_use]
    pub fn timings(&self) -> FlushTimings {
        self.timings.clone()
    }

    /// Whether its thread ended by itself: a fault, which ends the flushes.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Flushes a last time and joins the thread: what was observed before this call is in a column
    /// when it returns. Takes as long as the flush under way and the last one.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            // An error would be the thread's panic, which nobody can do anything about here.
            let _ = thread.join();
        }
    }
}
