//! Which keys are hot: what the writing half makes of the keys that recorders sampled.

use crate::counters::Published;
use crate::key_samples::KeySample;
use crate::shared::Shared;
use crate::writer::State;

impl State<'_> {
    /// Takes the keys that recorders sampled since the last time; see
    /// [`Sampler::drain_samples`](crate::Sampler::drain_samples).
    pub(crate) fn drain_samples(&mut self, shared: &Shared) -> u64 {
        self.take_samples(shared, |_| {})
    }

    /// Gives every sample to `each`, recorder by recorder, oldest first.
    pub(crate) fn take_samples(&mut self, shared: &Shared, mut each: impl FnMut(&KeySample<'_>)) -> u64 {
        let mut taken = 0;
        for row in 0..self.layout.sample_queues() {
            shared.key_samples.drain(row, &mut self.key_scratch, |sample| {
                taken += 1;
                each(&sample);
            });
        }
        shared.board.add(Published::KeySamples, taken);
        taken
    }
}
