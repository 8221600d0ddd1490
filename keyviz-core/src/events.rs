//! Events: places for what the host tells, shared fairly by its kinds, and a ring of the latest for each sort of thing
//! that the core tells itself; so no storm of one washes out another.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
use crate::event::Event;
use crate::event::{EventInPlace, EventKind, kept};
use crate::event_sorts::{EventSorts, SORTS};
use crate::limits::{MAX_EVENT_KIND_LEN, MAX_EVENT_TEXT_LEN, MAX_EVENTS, MAX_TIME_MS};
use crate::pool::Pool;
use crate::sync::{AtomicCount, Count, Number, Ordering, Word, const_fn, fence, narrow, zero_numbers};
#[cfg(feature = "alloc")]
use crate::zeroed::Zero;

/// What of itself the core tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Split,
    Merge,
    LeaderChange,
    Folding,
}

/// Rings of the core's own.
pub(crate) const OWN_RINGS: usize = Own::Folding as usize + 1;

const KIND_WORDS: usize = MAX_EVENT_KIND_LEN / 8;
const TEXT_WORDS: usize = MAX_EVENT_TEXT_LEN / 8;
/// When, number, lengths.
const HEAD_WORDS: usize = 3;
const FIELDS: usize = HEAD_WORDS + KIND_WORDS + TEXT_WORDS;
/// Words of the kind of one of the core's own; behind them stand the ids that it is about.
const OWN_KIND_WORDS: usize = KIND_WORDS - 2;

const _: () = assert!(MAX_EVENT_KIND_LEN.is_multiple_of(8) && MAX_EVENT_TEXT_LEN.is_multiple_of(8));
const _: () = assert!(EventKind::LEADER_CHANGE.len() <= 8 * OWN_KIND_WORDS && EventKind::FOLDING.len() <= 8);

/// Of the word of lengths: the kind's in the lowest byte, the text's in the next two; whether ids follow the kind;
/// whether the text was cut.
const TEXT_SHIFT: u32 = 8;
const HAS_IDS: u64 = 1 << 24;
const CUT: u64 = 1 << 32;
/// What stands above: of the host's the place of the next of its sort and one, of the core's own how many changes it
/// stands for.
const ABOVE_SHIFT: u32 = 33;
const MOST_ABOVE: u64 = u64::MAX >> ABOVE_SHIFT;

const _: () = assert!((MAX_EVENTS as u64) < MOST_ABOVE);

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

impl EventEntry {
    fn head(&self, at: usize) -> u64 {
        self.fields.get(at).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// How many were told before it.
    fn number(&self) -> u64 {
        self.head(1)
    }

    fn is_of(&self, kind: EventKind) -> bool {
        let mut name = [0; MAX_EVENT_KIND_LEN];
        let names = self.fields.get(HEAD_WORDS..HEAD_WORDS + KIND_WORDS).unwrap_or(&[]);
        load(names, &mut name, self.head(2) as u8 as usize) == kind.as_str().as_bytes()
    }

    /// The place of the next of its sort.
    fn next(&self) -> u32 {
        (self.head(2) >> ABOVE_SHIFT).saturating_sub(1) as u32
    }

    /// A reader beside this gets the same event before and after: the link is none of its parts.
    fn link(&self, next: u32) {
        let lengths = self.head(2) & !(MOST_ABOVE << ABOVE_SHIFT);
        if let Some(word) = self.fields.get(2) {
            word.store(lengths | (u64::from(next) + 1) << ABOVE_SHIFT, Ordering::Relaxed);
        }
    }
}

/// What is told.
#[derive(Clone, Copy)]
pub(crate) struct Told<'t> {
    pub(crate) at_ms: u64,
    pub(crate) kind: EventKind,
    pub(crate) text: &'t str,
    /// Of the core's own: how many changes it stands for.
    pub(crate) changes: u64,
    /// Of the core's own: the least and the greatest id of what changed.
    pub(crate) ids: Option<(u64, u64)>,
}

/// The places as readers see them. The writer alone changes them.
pub(crate) struct EventRings {
    entries: Pool<EventEntry>,
    /// The host's places, and those of each of the core's rings.
    host: usize,
    own: usize,
    /// Events ever told: by the host, and of each of the core's sorts.
    host_told: Number,
    told: [Number; OWN_RINGS],
}

impl EventRings {
    const_fn! {
        /// `entries` has `host` places and `own` for each of the core's rings.
        pub(crate) fn new(entries: Pool<EventEntry>, host: usize, own: usize) -> Self {
            EventRings { entries, host, own, host_told: Number::new(0), told: zero_numbers() }
        }
    }

    fn ring_entry(&self, ring: usize, number: u64) -> Option<&EventEntry> {
        let place = number.checked_rem(self.own as u64)? as usize;
        self.entries.get(self.host + ring * self.own + place)
    }

    fn ring_told(&self, ring: usize, order: Ordering) -> u64 {
        self.told.get(ring).map_or(0, |told| told.load(order))
    }

    /// Events told by all.
    fn all_told(&self) -> u64 {
        let rings = (0..OWN_RINGS).map(|ring| self.ring_told(ring, Ordering::Relaxed));
        rings.fold(self.host_told.load(Ordering::Relaxed), u64::wrapping_add)
    }

    /// Adds one of the core's own; the oldest of its ring goes when that is full. Says whether an event went, or had no
    /// place.
    pub(crate) fn push_own(&self, own: Own, told: &Told<'_>) -> bool {
        let ring = own as usize;
        let number = self.ring_told(ring, Ordering::Relaxed);
        if let Some(entry) = self.ring_entry(ring, number) {
            write(entry, number, self.all_told(), told, told.changes);
        }
        if let Some(told) = self.told.get(ring) {
            told.store(number + 1, Ordering::Release);
        }
        number >= self.own as u64
    }

    /// Adds one of the host's; when all places are taken, the sort with the most of them gives one up. Says whether an
    /// event went, or had no place.
    pub(crate) fn push_host(&self, sorts: &mut EventSorts, told: &Told<'_>) -> bool {
        let number = self.host_told.load(Ordering::Relaxed);
        let entry = |place: u32| self.entries.get(place as usize);
        let of = sorts.of(|place| entry(place).is_some_and(|entry| entry.is_of(told.kind)));
        let full = number >= self.host as u64;
        let place = if full {
            let age = |place| entry(place).map_or(0, EventEntry::number);
            sorts.fullest(of, age).and_then(|fullest| {
                let place = sorts.get(fullest)?.oldest;
                sorts.drop_oldest(fullest, entry(place)?.next());
                Some(place)
            })
        } else {
            Some(number as u32)
        };
        if let Some((place, to)) = place.and_then(|place| Some((place, entry(place)?))) {
            write(to, number, self.all_told(), told, 0);
            if let Some(before) = sorts.add(of, place).and_then(entry) {
                before.link(place);
            }
        }
        self.host_told.store(number + 1, Ordering::Release);
        full
    }

    /// Calls `each` with all that are kept, the host's before the core's own, each oldest first. With the writer in
    /// hand, beside which nothing is told.
    pub(crate) fn for_each(&self, sorts: &EventSorts, mut each: impl FnMut(&EventInPlace<'_>)) {
        let mut left = [(0u32, 0u32); SORTS];
        sorts.taken().for_each(|(at, sort)| {
            left.get_mut(at).into_iter().for_each(|left| *left = (sort.count, sort.oldest));
        });
        let age = |place: u32| self.entries.get(place as usize).map_or(0, EventEntry::number);
        while let Some((count, place)) =
            left.iter_mut().filter(|(count, _)| *count > 0).min_by_key(|(_, place)| age(*place))
        {
            let Some(entry) = self.entries.get(*place as usize) else { return };
            take(entry, false, |_| true, &mut each);
            (*count, *place) = (count.saturating_sub(1), entry.next());
        }
        self.for_each_own(&mut each);
    }

    /// The core's own, oldest first; one that is overwritten meanwhile is left out.
    fn for_each_own(&self, each: &mut impl FnMut(&EventInPlace<'_>)) {
        for ring in 0..OWN_RINGS {
            let told = self.ring_told(ring, Ordering::Acquire);
            for number in told.saturating_sub(self.own as u64)..told {
                let Some(entry) = self.ring_entry(ring, number) else { continue };
                take(entry, true, |sequence| sequence == narrow(number + 1), each);
            }
        }
    }

    /// Those at `from_ms <= at_ms < to_ms` (0: unbounded), by instant and then as they were told; one that is
    /// overwritten meanwhile is left out.
    #[cfg(feature = "alloc")]
    pub(crate) fn read(&self, from_ms: u64, to_ms: u64) -> Vec<Event> {
        let mut events = Vec::new();
        let mut each = |event: &EventInPlace<'_>| {
            if event.at_ms >= from_ms && (to_ms == 0 || event.at_ms < to_ms) {
                events.push(Event::from(*event));
            }
        };
        let told = narrow(self.host_told.load(Ordering::Acquire));
        // What is told from now on is left out, so that none is there without those before it.
        let is_told = |sequence: Count| sequence != 0 && told.wrapping_sub(sequence) <= Count::MAX / 2;
        (0..self.host).filter_map(|place| self.entries.get(place)).for_each(|entry| {
            take(entry, false, is_told, &mut each);
        });
        self.for_each_own(&mut each);
        events.sort_by_key(|event| (event.at_ms, event.number));
        events
    }
}

/// `number` is of its ring, `order` of all; `above` stands above the lengths.
fn write(EventEntry { sequence, fields }: &EventEntry, number: u64, order: u64, told: &Told<'_>, above: u64) {
    let (name, kept) = (told.kind.as_str(), kept(told.text));
    let (heads, bytes) = fields.split_at(HEAD_WORDS);
    let (names, texts) = bytes.split_at(KIND_WORDS);
    let mut lengths = name.len() as u64 | (kept.len() as u64) << TEXT_SHIFT | above.min(MOST_ABOVE) << ABOVE_SHIFT;
    if kept.len() < told.text.len() {
        lengths |= CUT;
    }
    if told.ids.is_some() {
        lengths |= HAS_IDS;
    }
    sequence.store(0, Ordering::Relaxed);
    fence(Ordering::Release);
    let head = [told.at_ms.min(MAX_TIME_MS), order, lengths];
    heads.iter().zip(head).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
    store(names, name.as_bytes());
    if let Some((least, greatest)) = told.ids {
        let ids = names.iter().skip(OWN_KIND_WORDS).zip([least, greatest]);
        ids.for_each(|(word, id)| word.store(id, Ordering::Relaxed));
    }
    store(texts, kept.as_bytes());
    sequence.store(narrow(number + 1), Ordering::Release);
}

/// Copies an entry, where its sequence is one that is looked for, and stays it.
fn take(
    EventEntry { sequence, fields }: &EventEntry,
    own: bool,
    is_wanted: impl Fn(Count) -> bool,
    each: &mut impl FnMut(&EventInPlace<'_>),
) {
    let before = sequence.load(Ordering::Acquire);
    if !is_wanted(before) {
        return;
    }
    let (heads, bytes) = fields.split_at(HEAD_WORDS);
    let (names, texts) = bytes.split_at(KIND_WORDS);
    let mut head = [0; HEAD_WORDS];
    heads.iter().zip(&mut head).for_each(|(word, value)| *value = word.load(Ordering::Relaxed));
    let [at_ms, number, lengths] = head;
    let mut ids = [0; KIND_WORDS - OWN_KIND_WORDS];
    names.iter().skip(OWN_KIND_WORDS).zip(&mut ids).for_each(|(word, id)| *id = word.load(Ordering::Relaxed));
    let (mut name, mut text) = ([0; MAX_EVENT_KIND_LEN], [0; MAX_EVENT_TEXT_LEN]);
    let name = load(names, &mut name, lengths as u8 as usize);
    let text = load(texts, &mut text, (lengths >> TEXT_SHIFT) as u16 as usize);
    fence(Ordering::Acquire);
    if sequence.load(Ordering::Relaxed) != before {
        return;
    }
    // Whole, so these are as they were stored.
    let Ok(kind) = EventKind::new(core::str::from_utf8(name).unwrap_or("")) else { return };
    let text = core::str::from_utf8(text).unwrap_or("");
    let [least, greatest] = ids;
    let ids = (lengths & HAS_IDS != 0).then_some((least, greatest));
    let changes = if own { (lengths >> ABOVE_SHIFT).max(1) } else { 1 };
    each(&EventInPlace { at_ms, kind, text, cut: lengths & CUT != 0, number, own, changes, ids });
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
