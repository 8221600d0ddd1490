//! Where the ranges of the core's own making begin, as recorders look it up: by key, without a lock.
//!
//! A set of boundaries stands in one of two buffers. The version says which, and whether the other one is being
//! written:
//!
//! ```text
//! version  2 v      buffer v % 2 is the present one
//!          2 v + 1  so it is, and the other one is being written
//! ```
//!
//! The writer makes the version odd, issues a release fence, writes the other buffer, and stores the next even
//! version with Release. A recorder loads the version with Acquire, looks into the buffer it names, issues an
//! acquire fence and looks at the version again: the buffer was written meanwhile only if a second change has begun
//! since, and then it begins anew, at most four times. So a recorder that sleeps through any number of changes never
//! acts on a torn set, and a set may be changed at every step without waiting for anybody.
//!
//! What a recorder found may be a range that was split or merged just now. Its key lies in that range, its seat
//! drains for a grace, and so the operation counts where it was found: in the range as it was.
//!
//! Within a set the boundaries' common prefix is left out, and the bytes behind it stand eight by eight in columns:
//! the first eight of all boundaries, then the next eight. The span of the first column is divided into twice as many
//! equal steps as there may be ranges, and each step says where its boundaries begin. A search looks at the key's step,
//! then among the few boundaries in it, and on into the next column only within boundaries that are alike so far.

use core::cmp::Ordering as Order;

use crate::bounds::{BoundRef, Slab};
use crate::key::window;
use crate::layout::Layout;
use crate::limits::MAX_SEPARATOR_LEN;
use crate::pool::Pool;
use crate::sync::{AtomicCount, AtomicU32, Ordering, Word, const_fn, fence, narrow, wide};
use crate::table::Found;

/// How often a search that met two changes is repeated.
const MAX_RETRIES: usize = 4;

/// Words of a buffer's head: how many ranges and columns, the length of the prefix, and the prefix.
pub(crate) const HEAD_WORDS: usize = PREFIX + MAX_SEPARATOR_LEN / 8;
const COUNT: usize = 0;
const COLUMNS: usize = 1;
const PREFIX_LEN: usize = 2;
/// The least of the first column, and by how many bits what is beyond it is shifted to give its step.
const LOWEST: usize = 3;
const SHIFT: usize = 4;
const PREFIX: usize = 5;

/// Steps of the first column, for each range that there may be.
const STEPS: usize = 2;

/// Numbers of a buffer: the seat of each range, where each step begins and the last one ends, the length of each
/// boundary.
pub(crate) const fn marks(ranges: usize) -> usize {
    if ranges > 0 { (2 + STEPS) * ranges + 1 } else { 0 }
}

/// Both buffers.
pub(crate) struct Boundaries {
    version: AtomicCount,
    /// Of each buffer: the head, then the columns.
    words: Pool<Word>,
    /// Of each buffer: see [`marks`].
    marks: Pool<AtomicU32>,
    ranges: usize,
    columns: usize,
}

/// Seats of some ranges side by side.
pub(crate) struct Seats<'a> {
    boundaries: &'a Boundaries,
    version: u64,
    buffer: usize,
    next: usize,
    last: usize,
}

impl Boundaries {
    const_fn! {
        pub(crate) fn new(layout: &Layout, words: Pool<Word>, marks: Pool<AtomicU32>) -> Self {
            Boundaries { version: AtomicCount::new(0), words, marks, ranges: layout.ranges, columns: layout.boundary_columns() }
        }
    }

    /// The seat of the range that a key lies in.
    #[inline(always)]
    pub(crate) fn find(&self, key: &[u8]) -> Result<usize, Found> {
        let version = self.version();
        let buffer = self.buffer(version);
        let seat = self.set(buffer).and_then(|set| self.seat(buffer, set.rank(key, false)));
        if self.holds(version) { seat.ok_or(Found::Unknown) } else { self.find_again(key) }
    }

    #[cold]
    fn find_again(&self, key: &[u8]) -> Result<usize, Found> {
        for _ in 0..MAX_RETRIES {
            let version = self.version();
            let buffer = self.buffer(version);
            let seat = self.set(buffer).and_then(|set| self.seat(buffer, set.rank(key, false)));
            if self.holds(version) {
                return seat.ok_or(Found::Unknown);
            }
        }
        Err(Found::GaveUp)
    }

    /// The seats of the ranges with keys of `[start, end)`, in order: that of the start's at least.
    pub(crate) fn seats(&self, start: &[u8], end: Option<&[u8]>) -> Result<Seats<'_>, Found> {
        for _ in 0..=MAX_RETRIES {
            let version = self.version();
            let buffer = self.buffer(version);
            let Some(set) = self.set(buffer) else { return Err(Found::Unknown) };
            let next = set.rank(start, false);
            let last = end.map_or(set.boundaries, |end| set.rank(end, true)).max(next);
            if self.holds(version) {
                return Ok(Seats { boundaries: self, version, buffer, next, last });
            }
        }
        Err(Found::GaveUp)
    }

    /// How many boundaries of the present set are at or below a key; for whoever has the writer.
    pub(crate) fn rank(&self, key: &[u8]) -> usize {
        self.set(self.buffer(self.version())).map_or(0, |set| set.rank(key, false))
    }

    /// Makes a set of `count` ranges the present one: `bound` gives where the range of a place begins, but for the
    /// first, and `seat` its seat.
    pub(crate) fn publish(
        &self,
        slab: &Slab,
        count: usize,
        bound: impl Fn(usize) -> BoundRef,
        seat: impl Fn(usize) -> u32,
    ) {
        let version = self.version();
        // Release, since a recorder that loads it goes on in the present buffer.
        self.version.store(narrow(version + 1), Ordering::Release);
        // A recorder that sees any of what follows sees that its buffer is being written.
        fence(Ordering::Release);
        let buffer = 1 - self.buffer(version);
        self.write(slab, buffer, count, bound, seat);
        self.version.store(narrow(version + 2), Ordering::Release);
    }

    fn write(
        &self,
        slab: &Slab,
        buffer: usize,
        count: usize,
        bound: impl Fn(usize) -> BoundRef,
        seat: impl Fn(usize) -> u32,
    ) {
        let prefix_len = if count > 1 { slab.common_prefix(bound(1), bound(count - 1)) } else { 0 };
        let longest = (1..count).map(|at| slab.len(bound(at))).max().unwrap_or(0);
        // The first column is always looked into.
        let columns = longest.saturating_sub(prefix_len).div_ceil(8).clamp(1, self.columns.max(1));
        let words = self.words(buffer);
        let store = |at: usize, value: u64| {
            if let Some(word) = words.get(at) {
                word.store(value, Ordering::Relaxed);
            }
        };
        store(COUNT, count as u64);
        store(COLUMNS, columns as u64);
        store(PREFIX_LEN, prefix_len as u64);
        for index in 0..prefix_len.div_ceil(8) {
            let mask = prefix_mask(prefix_len - index * 8);
            store(PREFIX + index, slab.window(bound(1), index) & mask);
        }
        for at in 1..count {
            for column in 0..columns {
                let window = slab.window_from(bound(at), prefix_len + column * 8);
                store(HEAD_WORDS + column * self.ranges + at - 1, window);
            }
            self.mark(buffer, self.lens_from() + at - 1, slab.len(bound(at)) as u32);
        }
        for at in 0..count {
            self.mark(buffer, at, seat(at));
        }
        let first = |at: usize| slab.window_from(bound(at), prefix_len);
        let (lowest, highest) = if count > 1 { (first(1), first(count - 1)) } else { (0, 0) };
        let steps = self.steps();
        let shift = u64::BITS - (highest - lowest).checked_div(steps as u64).unwrap_or(0).leading_zeros();
        store(LOWEST, lowest);
        store(SHIFT, shift.into());
        let mut at = 1;
        for step in 0..=steps {
            while at < count && step_of(first(at), lowest, shift) < step {
                at += 1;
            }
            self.mark(buffer, self.ranges + step, at as u32 - 1);
        }
    }

    /// How many steps the first column is divided in.
    #[inline(always)]
    fn steps(&self) -> usize {
        STEPS * self.ranges
    }

    /// Where the lengths of the boundaries begin among a buffer's marks.
    #[inline(always)]
    fn lens_from(&self) -> usize {
        self.ranges + self.steps() + 1
    }

    fn mark(&self, buffer: usize, at: usize, value: u32) {
        if let Some(mark) = self.marks_of(buffer).get(at) {
            mark.store(value, Ordering::Relaxed);
        }
    }

    #[inline(always)]
    fn marks_of(&self, buffer: usize) -> &[AtomicU32] {
        let len = marks(self.ranges);
        self.marks.get(buffer * len..(buffer + 1) * len).unwrap_or(&[])
    }

    #[inline(always)]
    fn version(&self) -> u64 {
        wide(self.version.load(Ordering::Acquire))
    }

    /// The present buffer of a version.
    #[inline(always)]
    fn buffer(&self, version: u64) -> usize {
        (version >> 1 & 1) as usize
    }

    /// Whether the buffer that was the present one of a version has stood still since.
    #[inline(always)]
    fn holds(&self, version: u64) -> bool {
        fence(Ordering::Acquire);
        let now = self.version.load(Ordering::Relaxed);
        // It is written anew when the version after the next even one is.
        now.wrapping_sub(narrow(version & !1)) <= 2
    }

    #[inline(always)]
    fn words(&self, buffer: usize) -> &[Word] {
        let len = HEAD_WORDS + self.columns * self.ranges;
        self.words.get(buffer * len..(buffer + 1) * len).unwrap_or(&[])
    }

    #[inline(always)]
    fn seat(&self, buffer: usize, at: usize) -> Option<usize> {
        let seat = self.marks_of(buffer).get(at).filter(|_| at < self.ranges)?;
        Some(seat.load(Ordering::Relaxed) as usize)
    }

    /// The set in a buffer; `None` where the core makes no ranges.
    #[inline(always)]
    fn set(&self, buffer: usize) -> Option<Set<'_>> {
        let (head, windows) = self.words(buffer).split_at_checked(HEAD_WORDS)?;
        let marks = self.marks_of(buffer);
        let word = |at: usize| head.get(at).map_or(0, |word| word.load(Ordering::Relaxed));
        Some(Set {
            // A buffer that is being written may say anything.
            boundaries: (word(COUNT) as usize).min(self.ranges).saturating_sub(1),
            prefix_len: (word(PREFIX_LEN) as usize).min(MAX_SEPARATOR_LEN),
            head,
            windows,
            steps: marks.get(self.ranges..self.lens_from())?,
            lens: marks.get(self.lens_from()..)?,
            columns: self.columns,
            stride: self.ranges,
        })
    }
}

impl Seats<'_> {
    /// How many are left.
    pub(crate) fn len(&self) -> usize {
        (self.last + 1).saturating_sub(self.next)
    }

    /// The next seat; `None` at the end, and where the set was changed twice since it was found.
    pub(crate) fn advance(&mut self) -> Option<usize> {
        if self.next > self.last {
            return None;
        }
        let seat = self.boundaries.seat(self.buffer, self.next)?;
        if !self.boundaries.holds(self.version) {
            return None;
        }
        self.next += 1;
        Some(seat)
    }
}

/// One set, as it is looked into.
struct Set<'a> {
    boundaries: usize,
    prefix_len: usize,
    head: &'a [Word],
    windows: &'a [Word],
    steps: &'a [AtomicU32],
    lens: &'a [AtomicU32],
    /// There are at most so many.
    columns: usize,
    stride: usize,
}

impl Set<'_> {
    /// How many boundaries are at or below `key`; with `below`, below it.
    #[inline(always)]
    fn rank(&self, key: &[u8], below: bool) -> usize {
        let boundaries = self.boundaries;
        if self.prefix_len > 0 {
            match self.compare_prefix(key) {
                Order::Less => return 0,
                Order::Greater => return boundaries,
                Order::Equal => {}
            }
        }
        let sought = window(key, self.prefix_len);
        let lowest = self.word(LOWEST);
        if sought < lowest {
            return 0;
        }
        let step = step_of(sought, lowest, self.word(SHIFT) as u32);
        let Some([from, to]) = self.steps.get(step..).and_then(<[AtomicU32]>::first_chunk) else { return boundaries };
        let [from, to] = [from, to].map(|place| place.load(Ordering::Relaxed) as usize);
        let Some(column) = self.windows.get(..boundaries) else { return 0 };
        let at = first_at_least(column, from, to, sought);
        match column.get(at) {
            Some(word) if word.load(Ordering::Relaxed) == sought => self.rank_among(at, key, below),
            _ => at,
        }
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u64 {
        self.head.get(at).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// As [`rank`](Self::rank), where the first of several boundaries that begin as the key does is at `first`.
    #[inline(never)]
    fn rank_among(&self, first: usize, key: &[u8], below: bool) -> usize {
        let (mut low, mut high) = (first, self.boundaries);
        for column in 0..self.columns.min(self.word(COLUMNS) as usize) {
            let sought = window(key, self.prefix_len + column * 8);
            let from = column * self.stride;
            let Some(words) = self.windows.get(from + low..from + high) else { return low };
            let at = if column == 0 { 0 } else { first_at_least(words, 0, words.len(), sought) };
            let alike = words.get(at..).unwrap_or(&[]);
            let end = match sought.checked_add(1) {
                Some(next) => first_at_least(alike, 0, alike.len(), next),
                None => alike.len(),
            };
            (low, high) = (low + at, low + at + end);
            if low == high {
                return low;
            }
        }
        // All of these are the key but for zero bytes at its end or theirs, and in the order of their lengths.
        let lens = self.lens.get(low..high).unwrap_or(&[]);
        low + lens.partition_point(|len| {
            let len = len.load(Ordering::Relaxed) as usize;
            if below { len < key.len() } else { len <= key.len() }
        })
    }

    #[inline(always)]
    fn compare_prefix(&self, key: &[u8]) -> Order {
        let first = window(key, 0) & prefix_mask(self.prefix_len);
        let order = first.cmp(&self.head.get(PREFIX).map_or(0, |word| word.load(Ordering::Relaxed)));
        if self.prefix_len <= 8 && key.len() >= self.prefix_len || order.is_ne() {
            return order;
        }
        self.compare_long_prefix(key)
    }

    /// Of a prefix whose first eight bytes the key has, as far as it goes.
    #[inline(never)]
    fn compare_long_prefix(&self, key: &[u8]) -> Order {
        for index in 1..self.prefix_len.div_ceil(8) {
            let sought = window(key, index * 8) & prefix_mask(self.prefix_len - index * 8);
            let word = self.head.get(PREFIX + index).map_or(0, |word| word.load(Ordering::Relaxed));
            let order = sought.cmp(&word);
            if order.is_ne() {
                return order;
            }
        }
        if key.len() < self.prefix_len { Order::Less } else { Order::Equal }
    }
}

/// The step that a window of the first column falls in.
#[inline(always)]
fn step_of(window: u64, lowest: u64, shift: u32) -> usize {
    // A buffer that is being written may say anything.
    let step = window.wrapping_sub(lowest).checked_shr(shift).unwrap_or(0);
    usize::try_from(step).unwrap_or(usize::MAX)
}

/// The bits of a window that lie within the first `len` bytes.
#[inline(always)]
const fn prefix_mask(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { !(u64::MAX >> (len * 8)) }
}

/// Words that are compared at once: with 8 a lookup among 1024 ranges took 46 ns where with 4 it took 27.
const AT_ONCE: usize = 4;

/// The place of the first of ascending words that is not below `sought`; it is known to be from `from` to `to`.
///
/// Loads that wait for nothing but one another's line, and no branch on what is found, since where a key is, is
/// anyone's guess, also the processor's. Behind `to` nothing is below it, so that the last words are compared without a
/// look at how many they are.
#[inline(always)]
fn first_at_least(words: &[Word], from: usize, to: usize, sought: u64) -> usize {
    let (mut from, mut to) = (from, to);
    while to.saturating_sub(from) > AT_ONCE {
        let part = (to - from) / AT_ONCE;
        let below = (1..AT_ONCE).filter(|at| is_below(words, from + at * part - 1, sought)).count();
        from += below * part;
        // The last part has what does not divide.
        to = if below == AT_ONCE - 1 { to } else { from + part };
    }
    match words.get(from..).and_then(<[Word]>::first_chunk::<AT_ONCE>) {
        Some(last) => from + last.iter().filter(|word| word.load(Ordering::Relaxed) < sought).count(),
        None => from + (from..words.len()).filter(|at| is_below(words, *at, sought)).count(),
    }
}

#[inline(always)]
fn is_below(words: &[Word], at: usize, sought: u64) -> bool {
    words.get(at).is_some_and(|word| word.load(Ordering::Relaxed) < sought)
}

#[cfg(all(feature = "std", not(keyviz_loom)))]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::BoundCounts;
    use crate::config::Config;
    use crate::partition::Partition;
    use crate::pool::{Heap, Source};
    use proptest::prelude::*;
    use std::cell::RefCell;
    use std::vec::Vec;

    struct World {
        boundaries: Boundaries,
        slab: Slab,
        counts: RefCell<BoundCounts<'static>>,
    }

    fn world(ranges: u32) -> World {
        let mut config = Config::DEFAULT;
        config.partition = Partition::Auto { ranges };
        let layout = Layout::new(&config).unwrap();
        let words = Heap::shared(layout.boundary_words()).unwrap();
        World {
            boundaries: Boundaries::new(&layout, words, Heap::shared(layout.boundary_marks()).unwrap()),
            slab: Slab::new(Heap::shared(layout.chunks).unwrap()),
            counts: RefCell::new(BoundCounts::new(Heap::zeroed(layout.chunks).unwrap())),
        }
    }

    impl World {
        /// Publishes a set of sorted boundaries; seats count from 100.
        fn publish(&self, sorted: &[Vec<u8>]) {
            let mut counts = self.counts.borrow_mut();
            let bounds: Vec<BoundRef> = sorted.iter().map(|b| counts.insert(&self.slab, b).unwrap()).collect();
            let bound = |at: usize| if at == 0 { BoundRef::NONE } else { bounds[at - 1] };
            self.boundaries.publish(&self.slab, sorted.len() + 1, bound, |at| at as u32 + 100);
        }
    }

    /// Keys alike for a long way, with zeros at their ends, or anything.
    fn keys(most: usize) -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(0u8..2, 0..most),
            (0usize..most, prop::collection::vec(0u8..3, 0..10)).prop_map(move |(len, rest)| [std::vec![7; len], rest]
                .concat()
                .into_iter()
                .take(most)
                .collect()),
            prop::collection::vec(any::<u8>(), 0..most),
            prop::collection::vec(any::<u8>(), 0..3).prop_map(|rest| [&b"a prefix of all"[..], &rest].concat()),
        ]
    }

    proptest! {
        #[test]
        fn a_key_is_found_where_it_lies(
            sets in prop::collection::vec(prop::collection::btree_set(keys(64).prop_filter("not lowest", |k| !k.is_empty()), 0..40), 1..4),
            sought in prop::collection::vec(keys(100), 1..40),
        ) {
            let world = world(40);
            for set in sets {
                let sorted: Vec<Vec<u8>> = set.into_iter().take(39).collect();
                world.publish(&sorted);
                let near = sorted.iter().flat_map(|b| [b.clone(), [&b[..], &[0]].concat(), b[..b.len() - 1].to_vec()]);
                for key in sought.iter().cloned().chain(near) {
                    let rank = sorted.iter().filter(|boundary| **boundary <= key).count();
                    prop_assert_eq!(world.boundaries.rank(&key), rank, "{:?} in {:?}", key, sorted);
                    prop_assert_eq!(world.boundaries.find(&key), Ok(100 + rank));
                    for end in sought.iter().take(3).map(Some).chain([None]) {
                        let last = sorted.iter().filter(|b| end.is_none_or(|end| *b < end)).count().max(rank);
                        let mut seats = world.boundaries.seats(&key, end.map(|end| &end[..])).unwrap();
                        let found: Vec<usize> = std::iter::from_fn(|| seats.advance()).collect();
                        prop_assert_eq!(found, (100 + rank..=100 + last).collect::<Vec<usize>>(), "{:?} {:?}", key, end);
                    }
                }
            }
        }
    }

    #[test]
    fn without_ranges_nothing_is_found() {
        let layout = Layout::new(&Config::DEFAULT).unwrap();
        let boundaries = Boundaries::new(&layout, Heap::shared(0).unwrap(), Heap::shared(0).unwrap());
        assert_eq!(boundaries.find(b"a"), Err(Found::Unknown));
        assert!(boundaries.seats(b"a", None).is_err());
    }

    #[test]
    fn a_set_that_changed_twice_is_not_gone_on_with() {
        let world = world(4);
        world.publish(&[b"m".to_vec()]);
        let mut seats = world.boundaries.seats(b"", None).unwrap();
        world.publish(&[b"n".to_vec()]);
        assert_eq!(seats.advance(), Some(100), "the set stands as it was");
        world.publish(&[b"o".to_vec()]);
        assert_eq!((seats.advance(), seats.len()), (None, 1));
    }
}
