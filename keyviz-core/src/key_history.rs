//! The hot keys kept: a record for each column, of the keys that its sketches held.
//!
//! Records of sealed columns stand in a ring of words, the oldest making room; that of the open column in one
//! of two places of its own, by turns, so that one version stands whole at any instant. An entry of the index
//! says where a record is. It carries a sequence that is 0 while the entry or its words change and that is
//! never used twice; a reader copies the words and looks at the sequence again. The writer waits for nobody.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use crate::column::Sink;
use crate::layout::Layout;
use crate::limits::PAGE_BYTES;
use crate::pool::Pool;
use crate::sync::{AtomicCount, Count, Ordering, Word, const_fn, fence};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// What is known of a record beside its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordHead {
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    /// When it was last flushed.
    pub(crate) as_of_ms: u64,
    /// 1 while its column is open.
    pub(crate) open: u64,
    /// Samples taken in it; of these the least and the greatest R, 0 without any.
    pub(crate) samples: u64,
    pub(crate) least_every: u64,
    pub(crate) most_every: u64,
    /// What is lacking: samples dropped, operations on long keys, operations that nobody sampled.
    pub(crate) dropped: u64,
    pub(crate) too_long: u64,
    pub(crate) unsampled: u64,
    /// Operations that samples stand for whose cells had no sketch, or one that the record has no room for.
    pub(crate) unlisted: u64,
    /// Where its words begin, and how many bytes there are.
    pub(crate) at: u64,
    pub(crate) len: u64,
}

const FIELDS: usize = 13;

impl RecordHead {
    fn words(&self) -> [u64; FIELDS] {
        let RecordHead { start_ms, end_ms, as_of_ms, open, samples, least_every, most_every, .. } = *self;
        let RecordHead { dropped, too_long, unsampled, unlisted, at, len, .. } = *self;
        [
            start_ms,
            end_ms,
            as_of_ms,
            open,
            samples,
            least_every,
            most_every,
            dropped,
            too_long,
            unsampled,
            unlisted,
            at,
            len,
        ]
    }

    fn of(words: [u64; FIELDS]) -> Self {
        let [
            start_ms,
            end_ms,
            as_of_ms,
            open,
            samples,
            least_every,
            most_every,
            dropped,
            too_long,
            unsampled,
            unlisted,
            at,
            len,
        ] = words;
        RecordHead {
            start_ms,
            end_ms,
            as_of_ms,
            open,
            samples,
            least_every,
            most_every,
            dropped,
            too_long,
            unsampled,
            unlisted,
            at,
            len,
        }
    }
}

/// One entry of the index.
#[cfg_attr(feature = "alloc", derive(Zero))]
#[repr(C)]
pub(crate) struct RecordEntry {
    sequence: AtomicCount,
    fields: [Word; FIELDS],
}

#[cfg(not(keyviz_loom))]
impl RecordEntry {
    pub(crate) const fn new() -> Self {
        RecordEntry { sequence: AtomicCount::new(0), fields: [const { Word::new(0) }; FIELDS] }
    }
}

/// The records as readers see them.
pub(crate) struct KeyHistory {
    /// Of sealed columns, then two of the open one.
    entries: Pool<RecordEntry>,
    words: Pool<Word>,
    /// The sequence published last.
    latest: AtomicCount,
    /// Records that made room for newer ones.
    evicted: AtomicCount,
}

/// How often a look that met a change is repeated.
#[cfg(feature = "alloc")]
const MAX_LOOKS: usize = if cfg!(keyviz_loom) { 3 } else { 16 };

impl KeyHistory {
    const_fn! {
        pub(crate) fn new(entries: Pool<RecordEntry>, words: Pool<Word>) -> Self {
            KeyHistory { entries, words, latest: AtomicCount::new(0), evicted: AtomicCount::new(0) }
        }
    }

    /// Touches every page of memory.
    pub(crate) fn prefault(&self) {
        for word in self.words.iter().step_by(PAGE_BYTES / 8) {
            word.store(0, Ordering::Relaxed);
        }
    }

    fn withdraw(&self, entry: usize) {
        if let Some(entry) = self.entries.get(entry) {
            // Release: who sees it withdrawn sees what was published before that in its stead.
            entry.sequence.store(0, Ordering::Release);
            // What the writer stores from here on is not seen by a reader that still sees the sequence.
            fence(Ordering::Release);
        }
    }

    fn publish(&self, entry: usize, head: &RecordHead, sequence: Count) {
        let Some(entry) = self.entries.get(entry) else { return };
        for (field, value) in entry.fields.iter().zip(head.words()) {
            field.store(value, Ordering::Relaxed);
        }
        entry.sequence.store(sequence, Ordering::Release);
        self.latest.store(sequence, Ordering::Release);
    }

    fn head(&self, entry: &RecordEntry) -> RecordHead {
        let mut words = [0; FIELDS];
        for (word, field) in words.iter_mut().zip(&entry.fields) {
            *word = field.load(Ordering::Relaxed);
        }
        RecordHead::of(words)
    }

    /// Whether there ever was a record.
    #[cfg(feature = "alloc")]
    pub(crate) fn begun(&self) -> bool {
        self.latest.load(Ordering::Acquire) != 0
    }

    /// Whether records made room for newer ones.
    #[cfg(feature = "alloc")]
    pub(crate) fn evicted(&self) -> bool {
        self.evicted.load(Ordering::Relaxed) != 0
    }

    /// Every record that `wanted` asks for, whole, oldest first; and all heads there are.
    #[cfg(feature = "alloc")]
    pub(crate) fn read(&self, wanted: impl Fn(&RecordHead) -> bool) -> (Vec<RecordHead>, Vec<(RecordHead, Vec<u64>)>) {
        let (mut heads, mut records) = (Vec::new(), Vec::new());
        for _ in 0..MAX_LOOKS {
            (heads, records) = (Vec::new(), Vec::new());
            let before = self.latest.load(Ordering::Acquire);
            for entry in self.entries.iter() {
                let sequence = entry.sequence.load(Ordering::Acquire);
                let head = self.head(entry);
                fence(Ordering::Acquire);
                if sequence == 0 || entry.sequence.load(Ordering::Relaxed) != sequence {
                    continue;
                }
                heads.push(head);
                if !wanted(&head) {
                    continue;
                }
                let (at, len) = (head.at as usize, (head.len as usize).div_ceil(8));
                let words = self.words.get(at..at.saturating_add(len)).unwrap_or(&[]);
                let words: Vec<u64> = words.iter().map(|word| word.load(Ordering::Relaxed).to_le()).collect();
                fence(Ordering::Acquire);
                if entry.sequence.load(Ordering::Relaxed) == sequence {
                    records.push((head, words));
                }
            }
            fence(Ordering::Acquire);
            // Where nothing was published meanwhile nothing was missed.
            if self.latest.load(Ordering::Relaxed) == before {
                break;
            }
        }
        // The open column's two versions: the later one counts.
        let newest = heads.iter().map(|head| (head.end_ms, head.as_of_ms)).max();
        let stale = |head: &RecordHead| head.open == 1 && Some((head.end_ms, head.as_of_ms)) != newest;
        heads.retain(|head| !stale(head));
        records.retain(|(head, _)| !stale(head));
        heads.sort_unstable_by_key(|head| head.end_ms);
        records.sort_unstable_by_key(|(head, _)| head.end_ms);
        (heads, records)
    }
}

impl RecordHead {
    /// Bytes of the record.
    #[cfg(feature = "alloc")]
    pub(crate) fn bytes(&self) -> usize {
        self.len as usize
    }
}

/// The writer's side: what is free.
pub(crate) struct KeyLog {
    /// Words of the ring, and of each of the two places behind it.
    ring: usize,
    open_words: usize,
    /// The most words of a sealed record.
    sealed_words: usize,
    /// Entries of sealed records.
    entries: usize,
    first: usize,
    count: usize,
    /// Where the next record goes.
    next: usize,
    sequence: Count,
    /// Which of the two places the open column's record is in, if there is one.
    open: Option<usize>,
}

impl KeyLog {
    pub(crate) fn new(layout: &Layout) -> Self {
        KeyLog {
            ring: layout.record_ring,
            open_words: layout.record_open,
            sealed_words: layout.record_sealed,
            entries: layout.records,
            first: 0,
            count: 0,
            next: 0,
            sequence: 0,
            open: None,
        }
    }

    /// The most bytes of a sealed column's record.
    pub(crate) fn sealed_bytes(&self) -> usize {
        self.sealed_words * 8
    }

    /// Where a record is put together: the place that the open column's is not in.
    pub(crate) fn begin<'a>(&self, history: &'a KeyHistory) -> RecordWriter<'a> {
        let place = 1 - self.open.unwrap_or(1);
        let at = self.ring + place * self.open_words;
        let words = history.words.get(at..at + self.open_words).unwrap_or(&[]);
        RecordWriter { words, len: 0, word: 0, limit: self.open_words * 8 }
    }

    fn raise(&mut self) -> Count {
        // 0 says that an entry changes.
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.sequence
    }

    /// Publishes what was put together as the open column's record.
    pub(crate) fn publish(&mut self, history: &KeyHistory, mut head: RecordHead, len: usize) {
        let place = 1 - self.open.unwrap_or(1);
        (head.open, head.at, head.len) = (1, (self.ring + place * self.open_words) as u64, len as u64);
        let sequence = self.raise();
        history.publish(self.entries + place, &head, sequence);
        if let Some(before) = self.open.replace(place) {
            history.withdraw(self.entries + before);
        }
    }

    /// Moves what was put together into the ring, as the record of a sealed column, and withdraws the open
    /// column's.
    pub(crate) fn seal(&mut self, history: &KeyHistory, mut head: RecordHead, len: usize) {
        let from = self.ring + (1 - self.open.unwrap_or(1)) * self.open_words;
        let words = len.div_ceil(8);
        let at = self.make_room(history, words);
        for (to, from) in history.words.iter().skip(at).zip(history.words.iter().skip(from)).take(words) {
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        let entry = (self.first + self.count) % self.entries.max(1);
        (head.open, head.at, head.len) = (0, at as u64, len as u64);
        let sequence = self.raise();
        history.publish(entry, &head, sequence);
        self.count += 1;
        self.next = at + words;
        if let Some(before) = self.open.take() {
            history.withdraw(self.entries + before);
        }
    }

    /// Where so many words are free, once the oldest records have made room.
    fn make_room(&mut self, history: &KeyHistory, words: usize) -> usize {
        if self.count >= self.entries {
            self.evict(history);
        }
        if self.next + words > self.ring {
            // What stands behind goes first: it is the oldest.
            while self.oldest(history).is_some_and(|(at, _)| at >= self.next) {
                self.evict(history);
            }
            self.next = 0;
        }
        let (from, to) = (self.next, self.next + words);
        while self.oldest(history).is_some_and(|(at, end)| at < to && end > from) {
            self.evict(history);
        }
        from
    }

    /// The words of the oldest record.
    fn oldest(&self, history: &KeyHistory) -> Option<(usize, usize)> {
        let entry = history.entries.get(self.first).filter(|_| self.count > 0)?;
        let head = history.head(entry);
        Some((head.at as usize, (head.at + head.len.div_ceil(8)) as usize))
    }

    fn evict(&mut self, history: &KeyHistory) {
        if self.count > 0 {
            history.withdraw(self.first);
            history.evicted.store(history.evicted.load(Ordering::Relaxed) | 1, Ordering::Relaxed);
            self.first = (self.first + 1) % self.entries.max(1);
            self.count -= 1;
        }
    }
}

/// A record being put together.
#[derive(Clone)]
pub(crate) struct RecordWriter<'a> {
    words: &'a [Word],
    len: usize,
    word: u64,
    /// Bytes that it may take.
    pub(crate) limit: usize,
}

impl RecordWriter<'_> {
    /// The length, with all bytes stored.
    pub(crate) fn finish(self) -> usize {
        if let Some(word) = self.words.get(self.len / 8).filter(|_| !self.len.is_multiple_of(8)) {
            word.store(self.word, Ordering::Relaxed);
        }
        self.len
    }

    pub(crate) fn bytes(&mut self, bytes: impl Iterator<Item = u8>) -> bool {
        let mut room = true;
        bytes.for_each(|byte| room = room && self.byte(byte));
        room
    }
}

impl Sink for RecordWriter<'_> {
    fn byte(&mut self, byte: u8) -> bool {
        if self.len >= self.limit {
            return false;
        }
        let shift = self.len % 8 * 8;
        self.word = if shift == 0 { u64::from(byte) } else { self.word | u64::from(byte) << shift };
        if shift == 56
            && let Some(word) = self.words.get(self.len / 8)
        {
            word.store(self.word, Ordering::Relaxed);
        }
        self.len += 1;
        true
    }
}
