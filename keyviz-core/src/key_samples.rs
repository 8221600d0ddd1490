//! Which keys are hot: recorders sample the keys they count, each into a queue of its own.
//!
//! One operation in R is sampled, with gaps drawn so that each operation is as likely as any other. A
//! recorder's R doubles when its queue is half full, and again at each further thirty-second, and halves
//! when a drain found the queue less than an eighth full; each sample carries its weight. So in a steady
//! load nothing is dropped, and what is dropped in a sudden one is counted.
//!
//! A queue is a ring of words with one writer, the recorder, and one reader, the writing half:
//!
//! ```text
//! [tail, head): entries    entry: cell | op | R's shift | key's length, weight, the key's bytes
//! ```
//!
//! The recorder fills words behind `head` and then stores `head` with Release; the reader loads it with
//! Acquire, reads, and stores `tail` with Release, which the recorder loads with Acquire before it uses the
//! words again. A queue goes to the next owner of its row as it is. Recorders without a row sample nothing,
//! which shows in `ops_unsampled`.

use crate::layout::Layout;
use crate::limits::{LINE_WORDS, PAGE_BYTES, SAMPLE_HEAD_WORDS};
use crate::line::Line;
use crate::op::Op;
use crate::pool::Pool;
use crate::random::{MAX_EVERY, draw, gap, mix};
use crate::sync::{AtomicCount, Count, Ordering, Word, const_fn, narrow, wide};

/// Words of the line that a queue's recorder writes.
mod fills {
    /// Where the next entry goes.
    pub(super) const HEAD: usize = 0;
    /// State of the draws.
    pub(super) const DRAWS: usize = 1;
    /// R is the least one shifted so far.
    pub(super) const SHIFT: usize = 2;
    /// Words in the queue at which R doubles next.
    pub(super) const LEVEL: usize = 3;
    /// Drains that R was adapted to.
    pub(super) const SEEN: usize = 4;
    /// Samples dropped, ever.
    pub(super) const DROPPED: usize = 5;
    /// Operations on keys too long to be sampled, ever.
    pub(super) const SKIPPED: usize = 6;
    /// How many operations on the next one is sampled.
    pub(super) const LEFT: usize = 7;
}

/// Words of the line that the writing half writes.
mod drains {
    pub(super) const TAIL: usize = 0;
    /// How often it was drained.
    pub(super) const DRAINS: usize = 1;
    /// Words in it at the last drain.
    pub(super) const FOUND: usize = 2;
}

const OP_BIT: u32 = 32;
const SHIFT_BIT: u32 = 33;
const LEN_BIT: u32 = 48;

/// One sample, as the writing half finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeySample<'a> {
    /// The cell that counted the operation, numbered through all slots.
    pub(crate) cell: u32,
    pub(crate) op: Op,
    /// How many operations it stands for.
    pub(crate) weight: u64,
    /// One operation in so many was sampled.
    pub(crate) every: u64,
    pub(crate) key: &'a [u8],
}

/// An operation that a recorder counted.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) cell: usize,
    pub(crate) op: Op,
    pub(crate) key: &'a [u8],
}

/// The queues of all recorders.
pub(crate) struct KeySamples {
    /// Two of each queue: the recorder's, then the writing half's.
    lines: Pool<Line>,
    /// Queue by queue, with a gap of a line between two, so that no two share one.
    words: Pool<Word>,
    queue_words: usize,
    /// The least R.
    every: u64,
    seed: u64,
}

impl KeySamples {
    const_fn! {
        pub(crate) fn new(layout: &Layout, every: u32, seed: u64, lines: Pool<Line>, words: Pool<Word>) -> Self {
            KeySamples { lines, words, queue_words: layout.queue_words, every: every as u64, seed }
        }
    }

    /// Touches every page of memory.
    pub(crate) fn prefault(&self) {
        for word in self.words.iter().step_by(PAGE_BYTES / 8) {
            word.store(0, Ordering::Relaxed);
        }
    }

    fn queue(&self, row: usize) -> Option<Queue<'_>> {
        let first = row * (self.queue_words + LINE_WORDS);
        Some(Queue {
            fills: self.lines.get(2 * row)?,
            drains: self.lines.get(2 * row + 1)?,
            words: self.words.get(first..first + self.queue_words)?,
        })
    }

    fn draw(&self, row: usize, fills: &Line) -> u64 {
        draw(fills.word(fills::DRAWS), mix(self.seed.wrapping_add(row as u64)))
    }

    fn every(&self, shift: u64) -> u64 {
        self.every << shift
    }

    /// A recorder begins in `row`.
    pub(crate) fn begin(&self, row: usize) {
        let Some(queue) = self.queue(row) else { return };
        let shift = wide(queue.fills.word(fills::SHIFT).load(Ordering::Relaxed));
        self.leave(row, queue.fills, shift);
    }

    /// Draws how many operations on the next one is sampled.
    fn leave(&self, row: usize, fills: &Line, shift: u64) {
        let gap = gap(self.draw(row, fills), self.every(shift)).min(wide(Count::MAX));
        fills.word(fills::LEFT).store(narrow(gap), Ordering::Relaxed);
    }

    /// How many operations on the recorder of `row` samples next; at least 1. It stands here and not in the recorder:
    /// one whose fields never change is one that a compiler keeps in registers.
    #[inline(always)]
    pub(crate) fn left(&self, row: usize) -> Option<&AtomicCount> {
        Some(self.lines.get(2 * row)?.word(fills::LEFT))
    }

    /// Counts so many operations alike of the recorder of `row`, and samples one if its turn has come.
    pub(crate) fn count(&self, row: usize, operation: Operation<'_>, times: u64) {
        let Some(until) = self.left(row) else { return };
        let left = wide(until.load(Ordering::Relaxed));
        match times.checked_sub(left) {
            Some(beyond) => self.take(row, operation, beyond),
            None => until.store(narrow(left - times), Ordering::Relaxed),
        }
    }

    /// Operations on a key that is too long.
    pub(crate) fn skip(&self, row: usize, times: u64) {
        self.lines.get(2 * row).into_iter().for_each(|line| line.bump(fills::SKIPPED, times));
    }

    /// Operations on keys too long to be sampled, ever.
    pub(crate) fn skipped(&self) -> u64 {
        let words = self.lines.iter().step_by(2).map(|line| line.word(fills::SKIPPED).load(Ordering::Relaxed));
        wide(words.fold(0, |sum: Count, word| sum.wrapping_add(word)))
    }

    /// Notes a sample in the queue of `row`, of a batch that has `beyond` operations after the sampled one.
    #[inline(never)]
    fn take(&self, row: usize, operation: Operation<'_>, beyond: u64) {
        let Some(queue) = self.queue(row) else { return };
        let line = queue.fills;
        let shift = wide(line.word(fills::SHIFT).load(Ordering::Relaxed));
        let every = self.every(shift);
        // Of the rest of a batch as many are sampled as are to be expected, the odd one by chance.
        let more = match beyond {
            0 => 0,
            _ => beyond / every + u64::from(self.draw(row, line) % every < beyond % every),
        };
        let weight = (1 + more).saturating_mul(every);
        let fill = queue.push(operation, shift, weight);
        let shift = self.adapt(&queue, fill, shift);
        self.leave(row, line, shift);
    }

    /// Doubles or halves R as the queue's fill asks for; returns its shift.
    fn adapt(&self, queue: &Queue<'_>, fill: usize, shift: u64) -> u64 {
        let (line, words) = (queue.fills, queue.words.len());
        let drains = queue.drains.word(drains::DRAINS).load(Ordering::Relaxed);
        let passed = wide(drains.wrapping_sub(line.word(fills::SEEN).load(Ordering::Relaxed)));
        let mut level = wide(line.word(fills::LEVEL).load(Ordering::Relaxed)) as usize;
        let mut next = shift;
        if passed > 0 || level == 0 {
            line.word(fills::SEEN).store(drains, Ordering::Relaxed);
            level = words / 2;
            if (wide(queue.drains.word(drains::FOUND).load(Ordering::Relaxed)) as usize) < words / 8 {
                next = next.saturating_sub(passed);
            }
        }
        if fill >= level && self.every(next) <= MAX_EVERY / 2 {
            next += 1;
            level = fill + words / 32;
        }
        line.word(fills::LEVEL).store(narrow(level as u64), Ordering::Relaxed);
        line.word(fills::SHIFT).store(narrow(next), Ordering::Relaxed);
        next
    }

    /// Samples dropped for want of room, ever.
    pub(crate) fn dropped(&self) -> u64 {
        self.lines.iter().step_by(2).map(|line| wide(line.word(fills::DROPPED).load(Ordering::Relaxed))).sum()
    }

    /// Gives every sample in the queue of `row` to `each`, oldest first, and frees its words; those that come
    /// meanwhile wait for the next time. `key` has room for the longest key, in whole words.
    pub(crate) fn drain(&self, row: usize, key: &mut [u8], mut each: impl FnMut(KeySample<'_>)) {
        let Some(queue) = self.queue(row) else { return };
        let head = wide(queue.fills.word(fills::HEAD).load(Ordering::Acquire)) as usize;
        let mut at = wide(queue.drains.word(drains::TAIL).load(Ordering::Relaxed)) as usize;
        let (found, mut read) = (queue.between(at, head), 0);
        while read < found {
            let next = queue.read(at, key, self.every, &mut each);
            read += queue.between(at, next);
            at = next;
        }
        queue.drains.word(drains::TAIL).store(narrow(head as u64), Ordering::Release);
        queue.drains.word(drains::FOUND).store(narrow(found as u64), Ordering::Relaxed);
        queue.drains.bump(drains::DRAINS, 1);
    }
}

/// One queue.
struct Queue<'a> {
    fills: &'a Line,
    drains: &'a Line,
    words: &'a [Word],
}

impl Queue<'_> {
    /// Words from one place on to another.
    fn between(&self, from: usize, to: usize) -> usize {
        if to >= from { to - from } else { to + self.words.len() - from }
    }

    /// The place after one; past the last word it is the first.
    fn after(&self, at: usize) -> usize {
        let next = at + 1;
        if next >= self.words.len() { 0 } else { next }
    }

    fn store(&self, at: usize, value: u64) -> usize {
        if let Some(word) = self.words.get(at) {
            word.store(value, Ordering::Relaxed);
        }
        self.after(at)
    }

    fn load(&self, at: usize) -> u64 {
        self.words.get(at).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// Adds an entry, or counts it as dropped; returns the words in the queue then.
    fn push(&self, operation: Operation<'_>, shift: u64, weight: u64) -> usize {
        let Operation { cell, op, key } = operation;
        let tail = wide(self.drains.word(drains::TAIL).load(Ordering::Acquire)) as usize;
        let mut at = wide(self.fills.word(fills::HEAD).load(Ordering::Relaxed)) as usize;
        let fill = self.between(tail, at);
        let fills = fill + SAMPLE_HEAD_WORDS + key.len().div_ceil(8);
        // One word stays free, or a full queue would look like an empty one.
        if fills >= self.words.len() {
            self.fills.bump(fills::DROPPED, 1);
            return fill;
        }
        let head = cell as u64 | (op as u64) << OP_BIT | shift << SHIFT_BIT | (key.len() as u64) << LEN_BIT;
        at = self.store(at, head);
        at = self.store(at, weight);
        let (whole, rest) = key.as_chunks::<8>();
        for bytes in whole {
            at = self.store(at, u64::from_le_bytes(*bytes));
        }
        if !rest.is_empty() {
            at = self.store(at, rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
        self.fills.word(fills::HEAD).store(narrow(at as u64), Ordering::Release);
        fills
    }

    /// Reads the entry at a place; returns where the next one begins.
    fn read(&self, at: usize, key: &mut [u8], least: u64, each: &mut impl FnMut(KeySample<'_>)) -> usize {
        let (head, mut at) = (self.load(at), self.after(at));
        let weight = self.load(at);
        at = self.after(at);
        let len = (head >> LEN_BIT) as usize;
        for bytes in key.as_chunks_mut::<8>().0.iter_mut().take(len.div_ceil(8)) {
            *bytes = self.load(at).to_le_bytes();
            at = self.after(at);
        }
        let op = if head >> OP_BIT & 1 == 0 { Op::Read } else { Op::Write };
        let every = least << (head >> SHIFT_BIT & 0x3f);
        each(KeySample { cell: head as u32, op, weight, every, key: key.get(..len).unwrap_or(&[]) });
        at
    }
}

#[cfg(all(test, feature = "alloc", not(keyviz_loom)))]
#[allow(clippy::unwrap_used, reason = "a test speaks by panicking")]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::pool::{Heap, Source};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// One queue of `words` words, with `every` as the least R.
    fn queues(words: usize, every: u32) -> KeySamples {
        let config = Config { hot_keys: true, ..Config::default() };
        let mut layout = Layout::new(&config).unwrap();
        layout.queue_words = words;
        KeySamples::new(&layout, every, 5, Heap::shared(2).unwrap(), Heap::shared(words + LINE_WORDS).unwrap())
    }

    fn drain(queues: &KeySamples) -> Vec<(u32, Op, u64, Vec<u8>)> {
        let (mut key, mut found) = ([0; 64], Vec::new());
        queues.drain(0, &mut key, |s| found.push((s.cell, s.op, s.weight, s.key.to_vec())));
        found
    }

    proptest! {
        /// Whatever is pushed and drained, in whatever order: samples come out whole and in order, and those
        /// that do not were counted as dropped.
        #[test]
        fn what_goes_in_comes_out(
            words in 12usize..60,
            steps in prop::collection::vec((any::<bool>(), 0usize..40, any::<u8>(), any::<u32>()), 1..200),
        ) {
            let queues = queues(words, 1);
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            for (drains, len, byte, cell) in steps {
                if drains {
                    found.extend(drain(&queues));
                    prop_assert_eq!(&found, &expected);
                    continue;
                }
                let key: Vec<u8> = (0..len).map(|i| byte.wrapping_add(i as u8)).collect();
                let op = if byte % 2 == 0 { Op::Read } else { Op::Write };
                let before = queues.dropped();
                let shift = wide(queues.queue(0).unwrap().fills.word(fills::SHIFT).load(Ordering::Relaxed));
                queues.take(0, Operation { cell: cell as usize, op, key: &key }, 0);
                if queues.dropped() == before {
                    expected.push((cell, op, 1 << shift, key));
                }
            }
            found.extend(drain(&queues));
            prop_assert_eq!(found, expected);
        }
    }

    /// Weights sum to what was observed, single or in batches, at any R.
    #[test]
    fn weights_stand_for_what_was_observed() {
        for every in [1u32, 2, 16, 100] {
            for times in [1u64, 7, 16, 1000] {
                let queues = queues(4096, every);
                queues.begin(0);
                let (mut sum, operations) = (0, 2_000_000 / times * times);
                for i in 0..operations / times {
                    queues.count(0, Operation { cell: 1, op: Op::Read, key: b"key" }, times);
                    if i % 100 == 0 {
                        sum += drain(&queues).iter().map(|sample| sample.2).sum::<u64>();
                    }
                }
                sum += drain(&queues).iter().map(|sample| sample.2).sum::<u64>();
                let by = if every == 1 && times == 1 { 0.0 } else { 0.02 };
                let off = (sum as f64 - operations as f64).abs() / operations as f64;
                assert!(off <= by, "{sum} of {operations}, one in {every}, in batches of {times}");
                assert_eq!(queues.dropped(), 0);
            }
        }
    }

    /// A load a thousand times what the queue has room for between two drains: R follows it, nothing is
    /// dropped, and R comes back.
    #[test]
    fn nothing_is_dropped_in_a_steady_load() {
        const WORDS: usize = 2048;
        let queues = queues(WORDS, 1);
        queues.begin(0);
        let mut key = [0u8; 24];
        for (interval, operations) in [(0, 100_000), (1, 100_000), (2, 3_000_000), (3, 3_000_000)] {
            let mut sum = 0;
            for round in 0..20 {
                for i in 0..operations as u64 / 20 {
                    key[..8].copy_from_slice(&(i * 7919).to_le_bytes());
                    queues.count(0, Operation { cell: 3, op: Op::Write, key: &key }, 1);
                }
                let drained = drain(&queues);
                assert!(round < 6 || drained.len() >= WORDS / 5 / 10, "{} samples", drained.len());
                sum += drained.iter().map(|sample| sample.2).sum::<u64>();
            }
            assert_eq!(queues.dropped(), 0, "interval {interval}");
            assert!((sum as f64 / f64::from(operations) - 1.0).abs() < 0.2, "{sum} of {operations}");
        }
        for _ in 0..30 {
            drain(&queues);
        }
        queues.take(0, Operation { cell: 3, op: Op::Write, key: &key }, 0);
        drain(&queues);
        queues.take(0, Operation { cell: 3, op: Op::Write, key: &key }, 0);
        assert_eq!(drain(&queues)[0].2, 1, "R is the least one again");
    }

    #[test]
    fn a_queue_that_nobody_drains_drops_and_counts() {
        let queues = queues(64, 1);
        for _ in 0..1_000_000 {
            queues.take(0, Operation { cell: 3, op: Op::Write, key: b"key" }, 0);
        }
        let kept = drain(&queues).len() as u64;
        assert_eq!((kept, queues.dropped()), (21, 1_000_000 - 21));
    }
}
