//! The columns kept, as readers see them: an index of entries, and blocks of words they point into.
//!
//! The writer alone changes them. A column's entry carries a sequence number that is 0 while the
//! entry or its blocks change and that is never used twice; a reader copies the words and then looks
//! at the sequence again. Nothing the writer does waits for a reader.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use crate::column::Segment;
#[cfg(feature = "alloc")]
use crate::descriptor::NONE;
#[cfg(feature = "alloc")]
use crate::limits::BLOCK_WORDS;
#[cfg(not(keyviz_loom))]
use crate::limits::ENTRY_BYTES;
use crate::limits::{ENTRY_FIELDS, PAGE_BYTES, TALLY_WORDS};
use crate::op::Tally;
use crate::pool::Pool;
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
    /// The how-manieth column it is; greater is later. Of a folded one, the first's that it was made of.
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
pub(crate) const ORDINAL: usize = RECORDED + TALLY_WORDS;

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
    pub(crate) words: Pool<Word>,
    pub(crate) links: Pool<AtomicU32>,
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

    pub(crate) fn load(&self, entry: usize, field: usize) -> u64 {
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

    /// Copies a segment's words, their bytes in the stream's order, behind `out`; the caller checks [`still`](Self::still) afterwards.
    #[cfg(feature = "alloc")]
    pub(crate) fn copy(&self, segment: &Segment, out: &mut Vec<u64>) {
        let mut block = segment.first;
        let mut left = (segment.len.div_ceil(8) as usize).min(self.words.len());
        while left > 0 {
            let from = block as usize * BLOCK_WORDS;
            let Some(words) = self.words.get(from..from + left.min(BLOCK_WORDS)) else { return };
            out.extend(words.iter().map(|w| w.load(Ordering::Relaxed).to_le()));
            left -= words.len();
            block = self.links.get(block as usize).map_or(NONE, |l| l.load(Ordering::Relaxed));
        }
    }

    pub(crate) fn withdraw(&self, entry: usize) {
        self.set_sequence(entry, 0, Ordering::Relaxed);
        // What the writer stores from here on is not seen by a reader that still sees the sequence.
        fence(Ordering::Release);
    }

    pub(crate) fn publish(&self, entry: usize, head: &Head) {
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
