//! Which keys are hot: what the writing half makes of the keys that recorders sampled, and what readers are told.

#[cfg(feature = "alloc")]
mod answer;
#[cfg(feature = "alloc")]
mod combine;
#[cfg(feature = "alloc")]
mod query;
#[cfg(feature = "alloc")]
mod record;
mod sketches;
mod write;

#[cfg(feature = "alloc")]
pub use self::answer::{HotKey, HotKeys};
#[cfg(feature = "alloc")]
pub(crate) use self::query::ask;
#[cfg(feature = "alloc")]
pub use self::query::{HotKeysOf, HotKeysQuery, NoHotKeys};
pub(crate) use self::sketches::{Head as SketchHead, SketchPools, Sketches};
use crate::counters::Published;
use crate::key_history::{KeyLog, RecordHead};
use crate::key_samples::KeySample;
use crate::layout::Layout;
use crate::seat::SeatState;
use crate::shared::Shared;
use crate::writer::State;

/// What the writing half knows of hot keys.
pub(crate) struct HotKeysState<'m> {
    sketches: Sketches<'m>,
    log: KeyLog,
    /// What was lacking when the open column began: samples dropped, operations on long keys, unsampled ones.
    lacked: [u64; 3],
}

impl<'m> HotKeysState<'m> {
    /// Begins in this memory, whatever stands in it.
    pub(crate) fn new(layout: &Layout, seed: u64, pools: SketchPools<'m>) -> Self {
        HotKeysState { sketches: Sketches::new(layout, seed, pools), log: KeyLog::new(layout), lacked: [0; 3] }
    }
}

impl State<'_> {
    /// Takes the keys that recorders sampled since the last time; see
    /// [`Sampler::drain_samples`](crate::Sampler::drain_samples).
    #[inline(never)]
    pub(crate) fn drain_samples(&mut self, shared: &Shared) -> u64 {
        let Self { layout, key_scratch, hot_keys, ranges, .. } = self;
        take_samples(shared, layout, key_scratch, |sample| {
            ranges.sampled(shared, sample);
            hot_keys.sketches.add(sample);
        })
    }

    /// Publishes the hot keys of the open column; when it is sealed, the next one begins without any.
    #[inline(never)]
    pub(crate) fn publish_hot_keys(&mut self, shared: &Shared, start_ms: u64, end_ms: u64, as_of_ms: u64, seal: bool) {
        let Self { layout, seats, hot_keys: HotKeysState { sketches, log, lacked }, .. } = self;
        if layout.sketches == 0 {
            return;
        }
        let lacks = [shared.key_samples.dropped(), shared.key_samples.skipped(), shared.ops_unsampled()];
        let [dropped, too_long, unsampled] = core::array::from_fn(|i| {
            let (now, before) = (lacks.get(i), lacked.get(i));
            now.zip(before).map_or(0, |(now, before)| now.wrapping_sub(*before))
        });
        let limit = if seal { Some(log.sealed_bytes()) } else { None };
        let written = write::record(log.begin(&shared.key_history), limit, shared, layout, seats, sketches);
        let head = RecordHead {
            start_ms,
            end_ms,
            as_of_ms,
            samples: sketches.samples,
            least_every: sketches.least_every,
            most_every: sketches.most_every,
            dropped,
            too_long,
            unsampled,
            unlisted: sketches.unlisted.saturating_add(written.unlisted),
            ..RecordHead::default()
        };
        if !seal {
            return log.publish(&shared.key_history, head, written.len);
        }
        log.seal(&shared.key_history, head, written.len);
        *lacked = lacks;
        sketches.turn(|cell| {
            let (seat, ..) = layout.place_of(cell as usize);
            seats.get(seat).is_some_and(|meta| matches!(meta.state, SeatState::Live | SeatState::Draining))
        });
    }
}

/// Gives every sample to `each`, recorder by recorder, oldest first; returns how many there were.
pub(crate) fn take_samples(
    shared: &Shared,
    layout: &Layout,
    key_scratch: &mut [u8],
    mut each: impl FnMut(&KeySample<'_>),
) -> u64 {
    let mut taken = 0;
    for row in 0..layout.sample_queues() {
        shared.key_samples.drain(row, key_scratch, |sample| {
            taken += 1;
            each(&sample);
        });
    }
    shared.board.add(Published::KeySamples, taken);
    taken
}
