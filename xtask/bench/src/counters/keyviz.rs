//! keyviz, in each of the ways that a host counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use keyviz_core::{Config, Label, Labels, Op, Recorder, RouteHandle, RouteId, Sampler};

use super::{Counter, PLACES, Total, for_each_place, place};
use crate::load::{ROUTES, Stream, VALUE_LEN, routes};

/// How often a host drains sampled keys.
const DRAIN_EVERY: Duration = Duration::from_millis(100);

/// When every benchmark's sampler begins.
pub const BEGIN_MS: u64 = 1_800_000_000_000;

/// A sampler with [`ROUTES`] routes, `edit` applied to the default configuration.
pub fn fixture(edit: impl FnOnce(&mut Config)) -> Result<Sampler, String> {
    let sampler = fixture_of(edit)?;
    for route in routes(ROUTES) {
        sampler.register(RouteId(route.id), &route.start, Some(&route.end), 0).map_err(|error| error.to_string())?;
    }
    Ok(sampler)
}

/// A sampler without routes as yet.
pub fn fixture_of(edit: impl FnOnce(&mut Config)) -> Result<Sampler, String> {
    let mut config = Config::default();
    config.max_routes = ROUTES as u32;
    edit(&mut config);
    Sampler::new(config, BEGIN_MS).map_err(|error| error.to_string())
}

/// What the sampler's columns have received: everything goes through a flush.
pub fn total(sampler: &Sampler) -> Total {
    sampler.flush(BEGIN_MS + 1);
    let counters = sampler.reader().counters();
    Total { operations: counters.recorded.writes, bytes: Some(counters.recorded.write_bytes) }
}

/// A recorder, by route id.
pub struct ById {
    sampler: Sampler,
    recorder: Recorder,
}

impl ById {
    /// A recorder of a sampler that nothing else counts into.
    pub fn new(sampler: Sampler) -> ById {
        ById { recorder: sampler.recorder(), sampler }
    }
}

impl Counter for ById {
    fn name(&self) -> &'static str {
        "keyviz recorder"
    }

    fn count(&mut self, stream: &Stream) {
        stream.for_each(|route, key| self.recorder.observe(RouteId(route), Op::Write, key, VALUE_LEN));
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(total(&self.sampler))
    }
}

/// A recorder that samples keys, beside a thread that drains the samples as a host's does.
pub struct Sampling {
    sampler: Sampler,
    recorder: Recorder,
    stop: Arc<AtomicBool>,
    drains: Option<JoinHandle<()>>,
}

impl Sampling {
    /// A recorder of a sampler that nothing else counts into.
    pub fn new(sampler: Sampler) -> Sampling {
        let stop = Arc::new(AtomicBool::new(false));
        let (its_sampler, its_stop) = (sampler.clone(), Arc::clone(&stop));
        let drains = thread::spawn(move || {
            while !its_stop.load(Ordering::Relaxed) {
                its_sampler.drain_samples();
                thread::sleep(DRAIN_EVERY);
            }
        });
        Sampling { recorder: sampler.recorder(), sampler, stop, drains: Some(drains) }
    }
}

impl Counter for Sampling {
    fn name(&self) -> &'static str {
        "keyviz sampling keys"
    }

    fn count(&mut self, stream: &Stream) {
        stream.for_each(|route, key| self.recorder.observe(RouteId(route), Op::Write, key, VALUE_LEN));
    }

    fn total(&mut self) -> Result<Total, String> {
        let total = total(&self.sampler);
        let counters = self.sampler.reader().counters();
        if counters.key_samples_dropped > 0 || counters.key_samples == 0 {
            return Err(format!("{} samples, {} dropped", counters.key_samples, counters.key_samples_dropped));
        }
        Ok(total)
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(drains) = self.drains.take() {
            // A panic of the thread would have been reported by the check of the totals.
            let _ = drains.join();
        }
    }
}

/// A recorder, by key alone: the core makes the ranges.
pub struct ByKey {
    sampler: Sampler,
    recorder: Recorder,
    before: Total,
}

impl ByKey {
    /// Windows in which the ranges are made.
    const WINDOWS: u64 = 30;

    /// A recorder of a sampler whose ranges have been made by this load, and that nothing else counts into.
    pub fn new(sampler: Sampler, stream: &Stream) -> Result<ByKey, String> {
        let recorder = sampler.recorder();
        let mut at = 0u64;
        let mut window = 0;
        while window < Self::WINDOWS {
            stream.for_each(|_, key| {
                if window < Self::WINDOWS {
                    recorder.observe_key(Op::Write, key, VALUE_LEN);
                    at += 1;
                    if at.is_multiple_of(2000) {
                        sampler.drain_samples();
                    }
                    if at.is_multiple_of(200_000) {
                        window += 1;
                        // Before what is measured, in windows of its own.
                        sampler.flush(BEGIN_MS + window * 60_000);
                    }
                }
            });
        }
        let counters = sampler.reader().counters();
        if counters.routes < 1000 {
            return Err(format!("only {} ranges were made", counters.routes));
        }
        let before = Total { operations: counters.recorded.writes, bytes: Some(counters.recorded.write_bytes) };
        Ok(ByKey { sampler, recorder, before })
    }
}

impl Counter for ByKey {
    fn name(&self) -> &'static str {
        "keyviz by key"
    }

    fn count(&mut self, stream: &Stream) {
        stream.for_each(|_, key| self.recorder.observe_key(Op::Write, key, VALUE_LEN));
    }

    fn total(&mut self) -> Result<Total, String> {
        let Total { operations, bytes } = total(&self.sampler);
        let bytes = bytes.zip(self.before.bytes).map(|(now, before)| now - before);
        Ok(Total { operations: operations - self.before.operations, bytes })
    }
}

/// A recorder, with the handles of all routes kept.
pub struct ByHandle {
    sampler: Sampler,
    recorder: Recorder,
    handles: Box<[RouteHandle; PLACES]>,
}

impl ByHandle {
    /// A recorder of a sampler that nothing else counts into.
    pub fn new(sampler: Sampler) -> ByHandle {
        let handles = for_each_place(|route| sampler.handle(RouteId(route.id)));
        ByHandle { recorder: sampler.recorder(), sampler, handles }
    }
}

impl Counter for ByHandle {
    fn name(&self) -> &'static str {
        "keyviz handle"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&mut self, stream: &Stream) {
        stream.for_each(|route, key| {
            self.recorder.observe_handle(&mut self.handles[place(route)], Op::Write, key, VALUE_LEN);
        });
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(total(&self.sampler))
    }
}

/// A recorder, with a label.
pub struct Labelled {
    sampler: Sampler,
    recorder: Recorder,
    label: Label,
}

impl Labelled {
    /// The names that the sampler is configured with.
    pub fn names() -> Result<Labels, String> {
        Labels::new(&["redis", "s3"]).map_err(|error| error.to_string())
    }

    /// A recorder of a sampler that has these names, and that nothing else counts into; all operations come from
    /// one of them.
    pub fn new(sampler: Sampler) -> Result<Labelled, String> {
        let label = Labelled::names()?.get("s3");
        Ok(Labelled { recorder: sampler.recorder(), sampler, label })
    }
}

impl Counter for Labelled {
    fn name(&self) -> &'static str {
        "keyviz label"
    }

    fn count(&mut self, stream: &Stream) {
        stream.for_each(|route, key| {
            self.recorder.observe_labelled(RouteId(route), self.label, Op::Write, key, VALUE_LEN);
        });
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(total(&self.sampler))
    }
}

/// The sampler itself: the recorder is the thread's own.
pub struct Sampled {
    sampler: Sampler,
}

impl Sampled {
    /// A sampler that nothing else counts into.
    pub fn new(sampler: Sampler) -> Sampled {
        Sampled { sampler }
    }
}

impl Counter for Sampled {
    fn name(&self) -> &'static str {
        "keyviz thread-local"
    }

    fn count(&mut self, stream: &Stream) {
        stream.for_each(|route, key| self.sampler.observe(RouteId(route), Op::Write, key, VALUE_LEN));
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(total(&self.sampler))
    }
}
