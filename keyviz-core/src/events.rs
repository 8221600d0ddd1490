//! Events: rings of the latest, one for what the host tells and one for each sort of thing that the core tells
//! itself, so that no storm of one washes out another.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
use crate::event::Event;
use crate::event::{EventInPlace, EventKind, kept};
use crate::limits::{MAX_EVENT_KIND_LEN, MAX_EVENT_TEXT_LEN, MAX_TIME_MS};
use crate::pool::Pool;
use crate::sync::{AtomicCount, Number, Ordering, Word, const_fn, fence, narrow, zero_numbers};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// Who tells an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Teller {
    Host,
    Split,
    Merge,
    LeaderChange,
    Folding,
}

/// Rings: the host's and the core's own.
const RINGS: usize = Teller::Folding as usize + 1;
/// Rings of the core's own.
pub(crate) const OWN_RINGS: usize = RINGS - 1;

const KIND_WORDS: usize = MAX_EVENT_KIND_LEN / 8;
const TEXT_WORDS: usize = MAX_EVENT_TEXT_LEN / 8;
/// When, number, lengths.
const HEAD_WORDS: usize = 3;
const FIELDS: usize = HEAD_WORDS + KIND_WORDS + TEXT_WORDS;

const _: () = assert!(MAX_EVENT_KIND_LEN.is_multiple_of(8) && MAX_EVENT_TEXT_LEN.is_multiple_of(8));

/// An entry: its sequence, 0 while it changes; instant, number, lengths, kind, text.
#[cfg_attr(feature = "alloc", derive(Zero))]
#[repr(C)]
pub(crate) struct EventEntry {
    sequence: AtomicCount,
    fields: [Word; FIELDS],
}

#[cfg(not(keyviz_loom))]
impl EventEntry {
    pub(crate) const fn new() -> Self {
        EventEntry { sequence: AtomicCount::new(0), fields: [const { Word::new(0) }; FIELDS] }
    }
}

/// The rings as readers see them. The writer alone changes them.
pub(crate) struct EventRings {
    entries: Pool<EventEntry>,
    /// Places of the host's ring, and of each of the core's own.
    host: usize,
    own: usize,
    /// Events ever told, by ring.
    told: [Number; RINGS],
}

impl EventRings {
    const_fn! {
        /// `entries` has `host` places and `own` for each of the core's rings.
        pub(crate) fn new(entries: Pool<EventEntry>, host: usize, own: usize) -> Self {
            EventRings { entries, host, own, told: zero_numbers() }
        }
    }

    fn places(&self, ring: usize) -> usize {
        if ring == 0 { self.host } else { self.own }
    }

    fn entry(&self, ring: usize, number: u64) -> Option<&EventEntry> {
        let place = number.checked_rem(self.places(ring) as u64)? as usize;
        let first = if ring == 0 { 0 } else { self.host + (ring - 1) * self.own };
        self.entries.get(first + place)
    }

    fn told(&self, ring: usize, order: Ordering) -> u64 {
        self.told.get(ring).map_or(0, |told| told.load(order))
    }

    /// Adds one; the oldest of its ring goes when that is full. Says whether an event went, or had no place.
    pub(crate) fn push(&self, teller: Teller, at_ms: u64, kind: EventKind, text: &str) -> bool {
        let ring = teller as usize;
        let number = self.told(ring, Ordering::Relaxed);
        let order = (0..RINGS).map(|ring| self.told(ring, Ordering::Relaxed)).fold(0, u64::wrapping_add);
        if let Some(EventEntry { sequence, fields }) = self.entry(ring, number) {
            let (name, kept) = (kind.as_str(), kept(text));
            let cut = u64::from(kept.len() < text.len());
            let head = [at_ms.min(MAX_TIME_MS), order, name.len() as u64 | (kept.len() as u64) << 8 | cut << 32];
            sequence.store(0, Ordering::Relaxed);
            fence(Ordering::Release);
            let (heads, bytes) = fields.split_at(HEAD_WORDS);
            let (names, texts) = bytes.split_at(KIND_WORDS);
            heads.iter().zip(head).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
            store(names, name.as_bytes());
            store(texts, kept.as_bytes());
            sequence.store(narrow(number + 1), Ordering::Release);
        }
        if let Some(told) = self.told.get(ring) {
            told.store(number + 1, Ordering::Release);
        }
        number >= self.places(ring) as u64
    }

    /// Calls `each` with all that are kept, the host's before the core's own, each oldest first; one that is
    /// overwritten meanwhile is left out.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&EventInPlace<'_>)) {
        for ring in 0..RINGS {
            let told = self.told(ring, Ordering::Acquire);
            for number in told.saturating_sub(self.places(ring) as u64)..told {
                self.take(ring, number, &mut each);
            }
        }
    }

    fn take(&self, ring: usize, number: u64, each: &mut impl FnMut(&EventInPlace<'_>)) {
        let Some(EventEntry { sequence, fields }) = self.entry(ring, number) else { return };
        let before = sequence.load(Ordering::Acquire);
        let (heads, bytes) = fields.split_at(HEAD_WORDS);
        let (names, texts) = bytes.split_at(KIND_WORDS);
        let mut head = [0; HEAD_WORDS];
        heads.iter().zip(&mut head).for_each(|(word, value)| *value = word.load(Ordering::Relaxed));
        let [at_ms, number_told, lengths] = head;
        let (mut name, mut text) = ([0; MAX_EVENT_KIND_LEN], [0; MAX_EVENT_TEXT_LEN]);
        let name = load(names, &mut name, lengths as u8 as usize);
        let text = load(texts, &mut text, (lengths >> 8) as u16 as usize);
        fence(Ordering::Acquire);
        if before != narrow(number + 1) || sequence.load(Ordering::Relaxed) != before {
            return;
        }
        // Whole, so these are as they were stored.
        let Ok(kind) = EventKind::new(core::str::from_utf8(name).unwrap_or("")) else { return };
        let text = core::str::from_utf8(text).unwrap_or("");
        each(&EventInPlace { at_ms, kind, text, cut: lengths >> 32 != 0, number: number_told, own: ring > 0 });
    }

    /// Those at `from_ms <= at_ms < to_ms` (0: unbounded), by instant and then as they were told.
    #[cfg(feature = "alloc")]
    pub(crate) fn read(&self, from_ms: u64, to_ms: u64) -> Vec<Event> {
        let mut events = Vec::new();
        self.for_each(|event| {
            if event.at_ms >= from_ms && (to_ms == 0 || event.at_ms < to_ms) {
                events.push(Event::from(*event));
            }
        });
        events.sort_by_key(|event| (event.at_ms, event.number));
        events
    }
}

fn store(words: &[Word], bytes: &[u8]) {
    for (word, bytes) in words.iter().zip(bytes.chunks(8)) {
        let mut whole = [0; 8];
        whole.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
        word.store(u64::from_le_bytes(whole), Ordering::Relaxed);
    }
}

/// The first `len` bytes of the words, or as many as there are.
fn load<'b>(words: &[Word], bytes: &'b mut [u8], len: usize) -> &'b [u8] {
    let len = len.min(bytes.len());
    for (word, bytes) in words.iter().zip(bytes.chunks_mut(8)).take(len.div_ceil(8)) {
        let whole = word.load(Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(whole).for_each(|(to, byte)| *to = byte);
    }
    bytes.get(..len).unwrap_or(&[])
}
