//! The hot keys that a reader is told.

use alloc::vec::Vec;

use crate::limits::MAX_SKETCH_KEYS;
use crate::op::Series;

/// A key and what is known of it.
///
/// `count - error <= truth <= count + error_bound` for what its samples stand for; what sampling itself adds to
/// that, [`HotKeys::deviation`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotKey {
    /// The key.
    pub key: Vec<u8>,
    /// How many operations it had.
    pub count: u64,
    /// By how much `count` may be too high.
    pub error: u64,
}

impl HotKey {
    /// A key with its count.
    #[must_use]
    pub fn new(key: Vec<u8>, count: u64, error: u64) -> Self {
        HotKey { key, count, error }
    }
}

/// The hottest keys of a route or of a range, in some columns.
///
/// Keys stand in order of their counts, those with equal counts by their base64 text. A key that is not listed
/// had at most `error_bound`, or as much as the last one listed.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, HotKeysQuery, Op, RouteId, Sampler};
/// let mut config = Config::default();
/// (config.hot_keys, config.sample_every) = (true, 1);
/// let sampler = Sampler::new(config, 0)?;
/// sampler.register(RouteId(1), b"a", None, 0)?;
/// let recorder = sampler.recorder();
/// for key in [b"apple", b"berry", b"apple"] {
///     recorder.observe(RouteId(1), Op::Write, key, 0);
/// }
/// sampler.flush(60_000);
/// let hot = sampler.reader().hot_keys(&HotKeysQuery::of_route(RouteId(1)))?;
/// assert_eq!((hot.keys[0].key.as_slice(), hot.keys[0].count), (&b"apple"[..], 2));
///
/// let nobody = sampler.reader().hot_keys(&HotKeysQuery::of_route(RouteId(2)));
/// assert_eq!(nobody.unwrap_err().code(), "no_sketch");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotKeys {
    /// Reads or writes.
    pub series: Series,
    /// The keys, the hottest first.
    pub keys: Vec<HotKey>,
    /// Operations that the samples of the cells asked for stand for.
    pub operations: u64,
    /// How many samples there were.
    pub samples: u64,
    /// One operation in so many was sampled at the most, on any recorder; 0 without any sample.
    pub least_every: u64,
    /// One operation in so many was sampled at the least.
    pub most_every: u64,
    /// What a key that is not listed had at the most, and by how much a listed one's count may be too low. Where routes
    /// overlap, as those of a split do for a moment, a key may have as much in each of them.
    pub error_bound: u64,
    /// Samples dropped in these columns, of any route.
    pub dropped: u64,
    /// Operations on keys too long to be sampled in these columns, of any route.
    pub too_long: u64,
    /// Operations of recorders that sample nothing, in these columns, of any route.
    pub unsampled: u64,
    /// Something is lacking: what the three above count, or an answer of another node that says so.
    pub degraded: bool,
    /// They are those of a virtual bucket: of all routes that share it.
    pub aggregate: bool,
    /// The columns: start of the first one, end of the last.
    pub from_ms: u64,
    /// See `from_ms`.
    pub to_ms: u64,
    /// When the last of them was flushed.
    pub as_of_ms: u64,
}

impl HotKeys {
    /// The standard deviation that sampling gives to a count: the root of count x (R - 1), with the rarest R.
    ///
    /// For the true count of a key, take two of them beside `error`. Never panics.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::HotKeys;
    /// let mut hot = HotKeys::default();
    /// hot.most_every = 16;
    /// assert_eq!(hot.deviation(10_000), 387); // of 10 000: 3.9 %
    /// ```
    #[must_use]
    pub fn deviation(&self, count: u64) -> u64 {
        count.saturating_mul(self.most_every.saturating_sub(1)).isqrt()
    }

    /// Several nodes' answers as one: counts, errors and bounds add up key by key; R is the range of all; at most
    /// `top` keys stay (0, and everything above 1024, is 1024).
    ///
    /// Whatever the order of the answers, the result is the same. Series is the first one's. Never panics. Cost:
    /// O(n log n) for n keys in all.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{HotKey, HotKeys};
    /// let mut node = HotKeys::default();
    /// node.keys = vec![HotKey::new(b"k".to_vec(), 7, 0)];
    /// assert_eq!(HotKeys::merge(&[node.clone(), node], 20).keys[0].count, 14);
    /// assert!(HotKeys::merge(&[], 20).keys.is_empty());
    /// ```
    #[must_use]
    pub fn merge(answers: &[HotKeys], top: usize) -> HotKeys {
        let mut merged = HotKeys::default();
        for (at, answer) in answers.iter().enumerate() {
            if at == 0 {
                (merged.series, merged.from_ms) = (answer.series, answer.from_ms);
                merged.least_every = answer.least_every;
            }
            merged.keys.extend_from_slice(&answer.keys);
            merged.operations = merged.operations.saturating_add(answer.operations);
            merged.samples = merged.samples.saturating_add(answer.samples);
            // Without samples there is no R.
            merged.least_every = match (merged.least_every, answer.least_every) {
                (0, every) | (every, 0) => every,
                (one, other) => one.min(other),
            };
            merged.most_every = merged.most_every.max(answer.most_every);
            merged.error_bound = merged.error_bound.saturating_add(answer.error_bound);
            merged.dropped = merged.dropped.saturating_add(answer.dropped);
            merged.too_long = merged.too_long.saturating_add(answer.too_long);
            merged.unsampled = merged.unsampled.saturating_add(answer.unsampled);
            merged.degraded |= answer.degraded || answer.dropped > 0 || answer.too_long > 0 || answer.unsampled > 0;
            merged.aggregate |= answer.aggregate;
            merged.from_ms = merged.from_ms.min(answer.from_ms);
            merged.to_ms = merged.to_ms.max(answer.to_ms);
            merged.as_of_ms = merged.as_of_ms.max(answer.as_of_ms);
        }
        merged.keys = super::combine::heaviest(merged.keys, cap(top));
        merged
    }
}

/// How many keys are told.
pub(super) fn cap(top: usize) -> usize {
    let most = MAX_SKETCH_KEYS as usize;
    if top == 0 { most } else { top.min(most) }
}
