//! The columns kept: an index of entries, and blocks of words they point into.
//!
//! The writer alone changes them. A column's entry carries a sequence number that is 0 while the
//! entry or its blocks change and that is never used twice; a reader copies the words and then looks
//! at the sequence again. Nothing the writer does waits for a reader. When blocks, entries or
//! descriptors run out, the oldest sealed column makes room, and what it held is counted.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use crate::column::{BEFORE_FIRST, Cell, Segment, Sink, Source, decode, encode};
use crate::descriptor::NONE;
use crate::layout::Layout;
#[cfg(not(keyviz_loom))]
use crate::limits::ENTRY_BYTES;
use crate::limits::{BLOCK_BYTES, BLOCK_WORDS, ENTRY_FIELDS, PAGE_BYTES, TALLY_WORDS};
use crate::op::Tally;
use crate::pool::{Pool, PoolMut};
use crate::sync::{AtomicCount, AtomicU32, Count, Ordering, Word, const_fn, fence};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnState {
    /// Sealed: it will not change.
    Complete,
    /// The window is not over; later flushes add to it.
    Open,
    /// Sealed, and it covers an interval of more than 1.5 steps.
    Late,
    /// A run of windows without a column: nothing is known of them.
    Missing,
}

impl ColumnState {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ColumnState::Complete => "complete",
            ColumnState::Open => "open",
            ColumnState::Late => "late",
            ColumnState::Missing => "missing",
        }
    }
}

/// The head of a column: everything but its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) sequence: Count,
    /// The how-manieth column it is; greater is later.
    pub(crate) ordinal: u64,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) covers_from_ms: u64,
    pub(crate) covers_to_ms: u64,
    pub(crate) state: ColumnState,
    pub(crate) main: Segment,
    pub(crate) parts: Segment,
    pub(crate) unattributed: Tally,
    /// Sum of the cells.
    pub(crate) recorded: Tally,
}

/// How often a look at the index that met the end of a publication is repeated. A publication takes at least as
/// long as the look, so that more than one repetition is rare.
#[cfg(feature = "alloc")]
const MAX_LOOKS: usize = 16;

/// Where an entry has the unattributed counts, and the sum of the cells.
const UNATTRIBUTED: usize = 9;
const RECORDED: usize = UNATTRIBUTED + TALLY_WORDS;
/// Where an entry has the column's ordinal.
const ORDINAL: usize = RECORDED + TALLY_WORDS;

/// One entry of the index: the sequence, and a head's fields.
#[cfg_attr(feature = "alloc", derive(Zero))]
#[repr(C)]
pub(crate) struct Entry {
    /// 0 while anything of the column changes.
    sequence: AtomicCount,
    fields: [Word; ENTRY_FIELDS],
}

#[cfg(not(keyviz_loom))]
const _: () = assert!(size_of::<Entry>() == ENTRY_BYTES);

#[cfg(not(keyviz_loom))]
impl Entry {
    pub(crate) const fn new() -> Self {
        Entry { sequence: AtomicCount::new(0), fields: [const { Word::new(0) }; ENTRY_FIELDS] }
    }
}

/// The history as readers see it.
pub(crate) struct History {
    entries: Pool<Entry>,
    words: Pool<Word>,
    links: Pool<AtomicU32>,
    /// The sequence published last.
    latest: AtomicCount,
}

impl History {
    const_fn! {
        pub(crate) fn new(entries: Pool<Entry>, words: Pool<Word>, links: Pool<AtomicU32>) -> Self {
            History { entries, words, links, latest: AtomicCount::new(0) }
        }
    }

    /// Touches every page of memory.
    pub(crate) fn prefault(&self) {
        for word in self.words.iter().step_by(PAGE_BYTES / 8) {
            word.store(0, Ordering::Relaxed);
        }
    }

    /// Entries of the index.
    #[cfg(feature = "alloc")]
    pub(crate) fn entries(&self) -> usize {
        self.entries.len()
    }

    fn load(&self, entry: usize, field: usize) -> u64 {
        let field = self.entries.get(entry).and_then(|e| e.fields.get(field));
        field.map_or(0, |f| f.load(Ordering::Relaxed))
    }

    fn store(&self, entry: usize, field: usize, value: u64) {
        if let Some(word) = self.entries.get(entry).and_then(|e| e.fields.get(field)) {
            word.store(value, Ordering::Relaxed);
        }
    }

    fn sequence(&self, entry: usize, order: Ordering) -> Count {
        self.entries.get(entry).map_or(0, |e| e.sequence.load(order))
    }

    fn set_sequence(&self, entry: usize, sequence: Count, order: Ordering) {
        if let Some(entry) = self.entries.get(entry) {
            entry.sequence.store(sequence, order);
        }
    }

    /// All heads there are, of each column one version or more.
    ///
    /// An entry is `None` only while it changes, and a column stands whole in another one then; only
    /// where one publication ended and another began within the look can it have been missed, and the look
    /// is repeated. What any look found is given; the later version of a column has the greater sequence.
    #[cfg(feature = "alloc")]
    pub(crate) fn heads(&self) -> Vec<(usize, Head)> {
        let mut heads = Vec::with_capacity(self.entries());
        for _ in 0..MAX_LOOKS {
            let before = self.latest.load(Ordering::Acquire);
            heads.extend((0..self.entries()).filter_map(|entry| Some((entry, self.head(entry)?))));
            fence(Ordering::Acquire);
            // Who saw an entry withdrawn by the next publication sees here that the one before has ended.
            if self.latest.load(Ordering::Relaxed) == before {
                break;
            }
        }
        heads
    }

    /// The head in an entry; `None` when it holds no column or is just being changed.
    pub(crate) fn head(&self, entry: usize) -> Option<Head> {
        let sequence = self.sequence(entry, Ordering::Acquire);
        if sequence == 0 {
            return None;
        }
        let word = |field| self.load(entry, field);
        let tally = |from| Tally::from_words(core::array::from_fn(|i| word(from + i)));
        let segment = |from| {
            let ends = word(from);
            Segment { first: ends as u32, last: (ends >> 32) as u32, len: word(from + 1) }
        };
        let head = Head {
            sequence,
            ordinal: word(ORDINAL),
            start_ms: word(0),
            end_ms: word(1),
            covers_from_ms: word(2),
            covers_to_ms: word(3),
            state: match word(4) {
                0 => ColumnState::Complete,
                1 => ColumnState::Open,
                _ => ColumnState::Late,
            },
            main: segment(5),
            parts: segment(7),
            unattributed: tally(UNATTRIBUTED),
            recorded: tally(RECORDED),
        };
        self.still(entry, sequence).then_some(head)
    }

    /// Whether everything read from the entry since its sequence was `sequence` belongs together.
    pub(crate) fn still(&self, entry: usize, sequence: Count) -> bool {
        fence(Ordering::Acquire);
        self.sequence(entry, Ordering::Relaxed) == sequence
    }

    /// Copies a segment's words behind `out`; the caller checks [`still`](Self::still) afterwards.
    #[cfg(feature = "alloc")]
    pub(crate) fn copy(&self, segment: &Segment, out: &mut Vec<u64>) {
        let mut block = segment.first;
        let mut left = (segment.len.div_ceil(8) as usize).min(self.words.len());
        while left > 0 {
            let from = block as usize * BLOCK_WORDS;
            let Some(words) = self.words.get(from..from + left.min(BLOCK_WORDS)) else { return };
            out.extend(words.iter().map(|w| w.load(Ordering::Relaxed)));
            left -= words.len();
            block = self.links.get(block as usize).map_or(NONE, |l| l.load(Ordering::Relaxed));
        }
    }

    fn withdraw(&self, entry: usize) {
        self.set_sequence(entry, 0, Ordering::Relaxed);
        // What the writer stores from here on is not seen by a reader that still sees the sequence.
        fence(Ordering::Release);
    }

    fn publish(&self, entry: usize, head: &Head) {
        let state = match head.state {
            ColumnState::Complete => 0,
            ColumnState::Open => 1,
            ColumnState::Late | ColumnState::Missing => 2,
        };
        let ends = |s: &Segment| u64::from(s.first) | u64::from(s.last) << 32;
        let fields = [
            head.start_ms,
            head.end_ms,
            head.covers_from_ms,
            head.covers_to_ms,
            state,
            ends(&head.main),
            head.main.len,
            ends(&head.parts),
            head.parts.len,
        ];
        for (i, value) in fields.into_iter().enumerate() {
            self.store(entry, i, value);
        }
        for (i, value) in head.unattributed.words().into_iter().chain(head.recorded.words()).enumerate() {
            self.store(entry, UNATTRIBUTED + i, value);
        }
        self.store(entry, ORDINAL, head.ordinal);
        self.set_sequence(entry, head.sequence, Ordering::Release);
        self.latest.store(head.sequence, Ordering::Release);
    }
}

/// What an evicted column held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Evicted {
    pub(crate) columns: u64,
    pub(crate) recorded: Tally,
}

/// A version of the open column that a newer one has replaced.
#[derive(Clone, Copy)]
struct Stale {
    entry: u32,
    ordinal: u64,
    main: Segment,
}

/// The writer's side: free blocks, free entries, the order of the sealed columns.
pub(crate) struct ColumnLog<'m> {
    free_block: u32,
    free_blocks: usize,
    free_entries: PoolMut<'m, u32>,
    free_entry_count: usize,
    /// Entries of the sealed columns, oldest first, as a ring.
    ring: PoolMut<'m, u32>,
    ring_first: usize,
    ring_len: usize,
    max_columns: usize,
    sequence: Count,
    /// The open column as it was published before the last time. It stays until the next, so that
    /// a reader finds one version whole at any instant.
    stale: Option<Stale>,
    pub(crate) evicted: Evicted,
}

impl<'m> ColumnLog<'m> {
    /// The writer's side of an empty history.
    pub(crate) fn new(
        layout: &Layout,
        history: &History,
        mut free_entries: PoolMut<'m, u32>,
        mut ring: PoolMut<'m, u32>,
    ) -> ColumnLog<'m> {
        for (i, entry) in free_entries.iter_mut().enumerate() {
            *entry = i as u32;
        }
        ring.fill(NONE);
        let mut log = ColumnLog {
            free_block: NONE,
            free_blocks: 0,
            free_entry_count: free_entries.len(),
            free_entries,
            ring,
            ring_first: 0,
            ring_len: 0,
            max_columns: layout.columns,
            sequence: 0,
            stale: None,
            evicted: Evicted::default(),
        };
        for block in (0..layout.blocks as u32).rev() {
            log.free_chain(history, block, 1);
        }
        log
    }

    /// The ordinal of the oldest published column; `next`, when there is none. Descriptors last used
    /// before it are free.
    pub(crate) fn oldest(&self, history: &History, next: u64) -> u64 {
        let sealed = self.ring_at(0).map(|entry| history.load(entry as usize, ORDINAL));
        let stale = self.stale.map(|stale| stale.ordinal);
        sealed.into_iter().chain(stale).fold(next, u64::min)
    }

    /// Blocks in use.
    pub(crate) fn blocks_used(&self, history: &History) -> usize {
        history.links.len() - self.free_blocks
    }

    fn ring_at(&self, offset: usize) -> Option<u32> {
        if offset >= self.ring_len {
            return None;
        }
        self.ring.get((self.ring_first + offset) % self.ring.len()).copied()
    }

    fn free_chain(&mut self, history: &History, first: u32, blocks: u64) {
        let mut block = first;
        for _ in 0..blocks {
            let Some(link) = history.links.get(block as usize) else { return };
            let next = link.load(Ordering::Relaxed);
            link.store(self.free_block, Ordering::Relaxed);
            self.free_block = block;
            self.free_blocks += 1;
            block = next;
        }
    }

    fn free_segment(&mut self, history: &History, segment: &Segment) {
        self.free_chain(history, segment.first, segment.blocks());
    }

    /// A free block, if need be from the oldest sealed column.
    fn take_block(&mut self, history: &History) -> Option<u32> {
        while self.free_block == NONE {
            if !self.drop_stale(history) && !self.evict_oldest(history) {
                return None;
            }
        }
        let block = self.free_block;
        let link = history.links.get(block as usize)?;
        self.free_block = link.load(Ordering::Relaxed);
        link.store(NONE, Ordering::Relaxed);
        self.free_blocks -= 1;
        Some(block)
    }

    /// Lets the oldest sealed column go; `false` when there is none.
    pub(crate) fn evict_oldest(&mut self, history: &History) -> bool {
        let Some(entry) = self.ring_at(0) else { return false };
        if let Some(head) = history.head(entry as usize) {
            history.withdraw(entry as usize);
            self.free_segment(history, &head.main);
            self.free_segment(history, &head.parts);
            self.evicted.columns += 1;
            self.evicted.recorded.add(head.recorded);
        }
        self.ring_first = (self.ring_first + 1) % self.ring.len();
        self.ring_len -= 1;
        self.give_entry(entry);
        true
    }

    fn give_entry(&mut self, entry: u32) {
        if let Some(to) = self.free_entries.get_mut(self.free_entry_count) {
            *to = entry;
            self.free_entry_count += 1;
        }
    }

    /// Withdraws the replaced version of the open column; `false` when there is none.
    fn drop_stale(&mut self, history: &History) -> bool {
        let Some(stale) = self.stale.take() else { return false };
        history.withdraw(stale.entry as usize);
        self.free_segment(history, &stale.main);
        self.give_entry(stale.entry);
        true
    }

    fn take_entry(&mut self) -> u32 {
        // There are two entries more than sealed columns: one for the open column, one for the
        // version of it that is being written.
        self.free_entry_count = self.free_entry_count.saturating_sub(1);
        self.free_entries.get(self.free_entry_count).copied().unwrap_or(0)
    }

    /// Publishes a version of the open column; `before` is the entry and main segment of the one it
    /// replaces. Returns the entry it stands in.
    pub(crate) fn publish(&mut self, history: &History, mut head: Head, before: Option<(u32, Segment)>) -> u32 {
        // 0 says that an entry changes.
        self.sequence = self.sequence.wrapping_add(1).max(1);
        head.sequence = self.sequence;
        self.drop_stale(history);
        let entry = self.take_entry();
        history.publish(entry as usize, &head);
        self.stale = before.map(|(entry, main)| Stale { entry, ordinal: head.ordinal, main });
        entry
    }

    /// The published column is sealed: it joins the order, and the oldest goes when there are too
    /// many.
    pub(crate) fn seal(&mut self, history: &History, entry: u32) {
        let at = (self.ring_first + self.ring_len) % self.ring.len();
        if let Some(to) = self.ring.get_mut(at) {
            *to = entry;
            self.ring_len += 1;
        }
        while self.ring_len > self.max_columns {
            self.evict_oldest(history);
        }
    }
}

/// Appends cells to a segment, taking blocks as it goes.
pub(crate) struct SegmentWriter<'a, 'm> {
    history: &'a History,
    log: &'a mut ColumnLog<'m>,
    segment: Segment,
    /// The word being filled.
    word: u64,
    last_row: u64,
    /// Whether each cell stands on its own, so that cells can be appended in later calls.
    absolute: bool,
}

impl<'a, 'm> SegmentWriter<'a, 'm> {
    /// A new segment, each cell written relative to the one before.
    pub(crate) fn new(history: &'a History, log: &'a mut ColumnLog<'m>) -> Self {
        SegmentWriter { history, log, segment: Segment::EMPTY, word: 0, last_row: BEFORE_FIRST, absolute: false }
    }

    /// Goes on with a segment whose cells stand each on its own.
    pub(crate) fn resume(history: &'a History, log: &'a mut ColumnLog<'m>, segment: Segment) -> Self {
        let in_block = segment.len as usize % BLOCK_BYTES;
        let at = segment.last as usize * BLOCK_WORDS + in_block / 8;
        let word =
            if in_block.is_multiple_of(8) { 0 } else { history.words.get(at).map_or(0, |w| w.load(Ordering::Relaxed)) };
        SegmentWriter { history, log, segment, word, last_row: BEFORE_FIRST, absolute: true }
    }

    /// Writes one cell; `false` when no block could be had.
    #[inline]
    pub(crate) fn cell(&mut self, cell: &Cell) -> bool {
        let mut last = if self.absolute { BEFORE_FIRST } else { self.last_row };
        let written = encode(self, &mut last, cell);
        self.last_row = last;
        written
    }

    fn flush_word(&mut self, at: u64) {
        let in_block = at as usize % BLOCK_BYTES;
        let index = self.segment.last as usize * BLOCK_WORDS + in_block / 8;
        if let Some(word) = self.history.words.get(index) {
            word.store(self.word, Ordering::Relaxed);
        }
    }

    /// The segment with all bytes stored.
    pub(crate) fn finish(mut self) -> Segment {
        if !self.segment.len.is_multiple_of(8) {
            self.flush_word(self.segment.len);
        }
        self.segment
    }

    fn grow(&mut self) -> bool {
        let Some(block) = self.log.take_block(self.history) else { return false };
        if self.segment.first == NONE {
            self.segment.first = block;
        } else if let Some(link) = self.history.links.get(self.segment.last as usize) {
            link.store(block, Ordering::Relaxed);
        }
        self.segment.last = block;
        true
    }
}

impl Sink for SegmentWriter<'_, '_> {
    #[inline]
    fn byte(&mut self, byte: u8) -> bool {
        let at = self.segment.len;
        if at.is_multiple_of(BLOCK_BYTES as u64) && !self.grow() {
            return false;
        }
        let shift = at % 8 * 8;
        self.word |= u64::from(byte) << shift;
        self.segment.len = at + 1;
        if shift == 56 {
            self.flush_word(at);
            self.word = 0;
        }
        true
    }
}

/// Reads a segment in place; for the writer, which nobody races with.
struct SegmentSource<'a> {
    history: &'a History,
    block: u32,
    at: u64,
    len: u64,
}

impl Source for SegmentSource<'_> {
    fn byte(&mut self) -> u8 {
        let in_block = self.at as usize % BLOCK_BYTES;
        if in_block == 0 && self.at > 0 {
            self.block = self.history.links.get(self.block as usize).map_or(NONE, |l| l.load(Ordering::Relaxed));
        }
        let index = self.block as usize * BLOCK_WORDS + in_block / 8;
        let word = self.history.words.get(index).map_or(0, |w| w.load(Ordering::Relaxed));
        self.at += 1;
        (word >> (in_block % 8 * 8)) as u8
    }

    fn is_done(&self) -> bool {
        self.at >= self.len
    }
}

impl History {
    /// Calls `each` with every cell of a column in its place; for whoever has the writer.
    pub(crate) fn each_cell(&self, head: &Head, mut each: impl FnMut(&Cell)) {
        let source = |segment: &Segment| SegmentSource { history: self, block: segment.first, at: 0, len: segment.len };
        let (mut main, mut parts, mut last) = (source(&head.main), source(&head.parts), BEFORE_FIRST);
        while let Some(cell) = decode(&mut main, &mut last) {
            each(&cell);
        }
        while let Some(cell) = {
            let mut alone = BEFORE_FIRST;
            decode(&mut parts, &mut alone)
        } {
            each(&cell);
        }
    }
}

impl ColumnLog<'_> {
    /// Entries of the sealed columns, oldest first.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = u32> {
        (0..self.ring_len).filter_map(|offset| self.ring_at(offset))
    }

    /// Moves cells that stand each on its own from one segment behind those of another; returns the
    /// joined segment.
    pub(crate) fn join(&mut self, history: &History, to: Segment, from: Segment) -> Segment {
        if to.len == 0 {
            return from;
        }
        if from.len == 0 {
            return to;
        }
        let mut source = SegmentSource { history, block: from.first, at: 0, len: from.len };
        let mut writer = SegmentWriter::resume(history, self, to);
        while let Some(cell) = {
            let mut last = BEFORE_FIRST;
            decode(&mut source, &mut last)
        } {
            writer.cell(&cell);
        }
        let joined = writer.finish();
        self.free_segment(history, &from);
        joined
    }
}
