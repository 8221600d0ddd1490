//! The same stream counted by two threads at once.

use std::sync::Barrier;
use std::thread;

use keyviz_core::{Op, Recorder, RouteId, Sampler};

use super::{Counter, SharedCounter, Total, total};
use crate::load::{Stream, VALUE_LEN};

/// Two threads that share one contender.
pub struct TwoThreads<'a>(pub &'a dyn SharedCounter);

impl Counter for TwoThreads<'_> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn copies(&self) -> u64 {
        2
    }

    fn count(&mut self, stream: &Stream) {
        let shared = self.0;
        both(|| shared.count(stream), || shared.count(stream));
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(self.0.total())
    }
}

/// Two threads with a recorder each of one sampler.
pub struct TwoRecorders {
    sampler: Sampler,
    recorders: [Recorder; 2],
}

impl TwoRecorders {
    /// Recorders of a sampler that nothing else counts into.
    pub fn new(sampler: Sampler) -> TwoRecorders {
        TwoRecorders { recorders: [sampler.recorder(), sampler.recorder()], sampler }
    }
}

impl Counter for TwoRecorders {
    fn name(&self) -> &'static str {
        "two keyviz recorders"
    }

    fn copies(&self) -> u64 {
        2
    }

    fn count(&mut self, stream: &Stream) {
        let [one, other] = &mut self.recorders;
        both(|| observe(one, stream), || observe(other, stream));
    }

    fn total(&mut self) -> Result<Total, String> {
        Ok(total(&self.sampler))
    }
}

/// Runs both at the same time, each in a thread of its own.
fn both(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            one();
        });
        scope.spawn(|| {
            barrier.wait();
            other();
        });
    });
}

/// Counts all operations of the stream through one recorder.
pub fn observe(recorder: &mut Recorder, stream: &Stream) {
    stream.for_each(|route, key| recorder.observe(RouteId(route), Op::Write, key, VALUE_LEN));
}
