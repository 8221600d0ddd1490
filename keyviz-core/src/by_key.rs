//! Observing by key alone, where the core makes the ranges.

use core::ops::Deref;

use crate::label::Label;
use crate::op::Op;
use crate::recorder::RecorderOn;
use crate::shared::Shared;

impl<S: Deref<Target = Shared>> RecorderOn<S> {
    /// Counts one operation in the range that `key` lies in: 1 to the operation's count, `key.len() + value_len` to its
    /// bytes (modulo 2^64). For hosts without routes: with [`Partition::Auto`](crate::Partition::Auto) the core makes
    /// the ranges; with [`Partition::Routes`](crate::Partition::Routes) there are none, and the operation is
    /// unattributed.
    ///
    /// An operation that meets a split or a join of its range counts in the range as it was before: its key lies in that
    /// one too, and rows of that time say `draining`.
    ///
    /// Some keys are sampled, for finding out where ranges should be split: their first 64 bytes stay in the
    /// sampler, and boundaries are made of them.
    ///
    /// - Panics: never; blocks and allocates never, makes no system call.
    /// - Threads: what happened before a flush is in it; what happens beside it is in it or in a later one.
    /// - Cost: a look at where the key's first bytes stand among the boundaries', and a search among those that are
    ///   near; with 1024 ranges and zipf 27 ns for keys of random bytes, 34 ns for numbers in decimal.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, Partition, Sampler};
    /// let mut config = Config::default();
    /// config.partition = Partition::AUTO;
    /// let sampler = Sampler::new(config, 0)?;
    /// sampler.recorder().observe_key(Op::Read, b"apple", 95);
    /// sampler.flush(60_000);
    /// assert_eq!(sampler.reader().counters().recorded.read_bytes, 100);
    ///
    /// let by_route = Sampler::new(Config::default(), 0)?; // has no ranges of its own
    /// by_route.recorder().observe_key(Op::Read, b"apple", 95);
    /// by_route.flush(60_000);
    /// assert_eq!(by_route.reader().counters().unattributed.reads, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe_key(&self, op: Op, key: &[u8], value_len: u64) {
        let bytes = (key.len() as u64).wrapping_add(value_len);
        if self.straight
            && let Ok(seat) = self.shared.boundaries.find(key)
            && let Some((word, entry)) = self.count_known(seat, 0, 1, op, bytes)
        {
            return self.mark_and_sample(word, entry, seat, op, key);
        }
        self.observe_key_any(Label::NONE, op, key, bytes, 1);
    }

    /// As [`observe_key`](Self::observe_key), for traffic of a labelled origin. A label that is not configured counts
    /// unlabelled, and in `unknown_labels`.
    pub fn observe_key_labelled(&self, label: Label, op: Op, key: &[u8], value_len: u64) {
        let bytes = (key.len() as u64).wrapping_add(value_len);
        self.observe_key_any(label, op, key, bytes, 1);
    }

    /// As [`observe_key`](Self::observe_key), for `times` operations alike; 0 counts nothing. Their bytes saturate at
    /// 2^64 - 1. Cost: that of one operation.
    pub fn observe_key_many(&self, op: Op, key: &[u8], value_len: u64, times: u64) {
        let bytes = (key.len() as u64).saturating_add(value_len).saturating_mul(times);
        self.observe_key_any(Label::NONE, op, key, bytes, times);
    }

    #[inline(never)]
    fn observe_key_any(&self, label: Label, op: Op, key: &[u8], bytes: u64, times: u64) {
        match self.shared.boundaries.find(key) {
            Ok(seat) => self.count(seat, label, op, key, bytes, times),
            Err(found) => self.unattributed(found, op, bytes, times),
        }
    }
}
