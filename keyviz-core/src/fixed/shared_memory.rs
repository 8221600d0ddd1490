//! The memory of a shared half, as a static.

use super::sizes::layout;
use crate::boundaries::Boundaries;
use crate::bounds::{Chunk, Slab};
use crate::config::Config;
use crate::counters::Board;
use crate::descriptor::Descriptors;
use crate::events::{EventEntry, EventRings};
use crate::history::{Entry, History};
use crate::id_samples::IdSamples;
use crate::key_history::{KeyHistory, RecordEntry};
use crate::key_samples::KeySamples;
use crate::line::Line;
use crate::lineage::{LineageEntry, LineageRing};
use crate::members::MemberWords;
use crate::pages::Pages;
use crate::pool::Pool;
use crate::shared::Shared;
use crate::slot::{Division, Seats};
use crate::sync::{AtomicCount, AtomicU32, Word};
use crate::table::Table;

/// The memory of a shared half, all zeros.
#[doc(hidden)]
pub struct SharedMemory<
    const PAGES: usize,
    const DIRECTORIES: usize,
    const OWN: usize,
    const TABLE: usize,
    const MEMBER_TABLE: usize,
    const SEATS: usize,
    const MEMBERS: usize,
    const SAMPLES: usize,
    const KEY_QUEUES: usize,
    const KEY_WORDS: usize,
    const RECORD_ENTRIES: usize,
    const RECORD_WORDS: usize,
    const BOUNDARY_WORDS: usize,
    const BOUNDARY_MARKS: usize,
    const LINEAGE: usize,
    const EVENTS: usize,
    const DIVISIONS: usize,
    const CHUNKS: usize,
    const DESCRIPTOR_WORDS: usize,
    const ENTRIES: usize,
    const WORDS: usize,
    const BLOCKS: usize,
> {
    pages: [Line; PAGES],
    directories: [AtomicCount; DIRECTORIES],
    own: [Line; OWN],
    table: [AtomicCount; TABLE],
    member_table: [AtomicCount; MEMBER_TABLE],
    member_routes: [Word; MEMBERS],
    member_buckets: [AtomicU32; MEMBERS],
    samples: [Word; SAMPLES],
    key_queues: [Line; KEY_QUEUES],
    key_words: [Word; KEY_WORDS],
    record_entries: [RecordEntry; RECORD_ENTRIES],
    record_words: [Word; RECORD_WORDS],
    boundary_words: [Word; BOUNDARY_WORDS],
    boundary_marks: [AtomicU32; BOUNDARY_MARKS],
    lineage: [LineageEntry; LINEAGE],
    events: [EventEntry; EVENTS],
    ids: [Word; SEATS],
    generations: [AtomicCount; SEATS],
    divisions: [Division; DIVISIONS],
    chunks: [Chunk; CHUNKS],
    descriptors: [Word; DESCRIPTOR_WORDS],
    entries: [Entry; ENTRIES],
    words: [Word; WORDS],
    links: [AtomicU32; BLOCKS],
}

impl<
    const PAGES: usize,
    const DIRECTORIES: usize,
    const OWN: usize,
    const TABLE: usize,
    const MEMBER_TABLE: usize,
    const SEATS: usize,
    const MEMBERS: usize,
    const SAMPLES: usize,
    const KEY_QUEUES: usize,
    const KEY_WORDS: usize,
    const RECORD_ENTRIES: usize,
    const RECORD_WORDS: usize,
    const BOUNDARY_WORDS: usize,
    const BOUNDARY_MARKS: usize,
    const LINEAGE: usize,
    const EVENTS: usize,
    const DIVISIONS: usize,
    const CHUNKS: usize,
    const DESCRIPTOR_WORDS: usize,
    const ENTRIES: usize,
    const WORDS: usize,
    const BLOCKS: usize,
>
    SharedMemory<
        PAGES,
        DIRECTORIES,
        OWN,
        TABLE,
        MEMBER_TABLE,
        SEATS,
        MEMBERS,
        SAMPLES,
        KEY_QUEUES,
        KEY_WORDS,
        RECORD_ENTRIES,
        RECORD_WORDS,
        BOUNDARY_WORDS,
        BOUNDARY_MARKS,
        LINEAGE,
        EVENTS,
        DIVISIONS,
        CHUNKS,
        DESCRIPTOR_WORDS,
        ENTRIES,
        WORDS,
        BLOCKS,
    >
{
    /// Zeros.
    #[expect(clippy::new_without_default, reason = "for statics, which call constant functions only")]
    #[must_use]
    pub const fn new() -> Self {
        SharedMemory {
            pages: [const { Line::new() }; PAGES],
            directories: [const { AtomicCount::new(0) }; DIRECTORIES],
            own: [const { Line::new() }; OWN],
            table: [const { AtomicCount::new(0) }; TABLE],
            member_table: [const { AtomicCount::new(0) }; MEMBER_TABLE],
            member_routes: [const { Word::new(0) }; MEMBERS],
            member_buckets: [const { AtomicU32::new(0) }; MEMBERS],
            samples: [const { Word::new(0) }; SAMPLES],
            key_queues: [const { Line::new() }; KEY_QUEUES],
            key_words: [const { Word::new(0) }; KEY_WORDS],
            record_entries: [const { RecordEntry::new() }; RECORD_ENTRIES],
            record_words: [const { Word::new(0) }; RECORD_WORDS],
            boundary_words: [const { Word::new(0) }; BOUNDARY_WORDS],
            boundary_marks: [const { AtomicU32::new(0) }; BOUNDARY_MARKS],
            lineage: [const { LineageEntry::new() }; LINEAGE],
            events: [const { EventEntry::new() }; EVENTS],
            ids: [const { Word::new(0) }; SEATS],
            generations: [const { AtomicCount::new(0) }; SEATS],
            divisions: [const { Division::new() }; DIVISIONS],
            chunks: [const { Chunk::new() }; CHUNKS],
            descriptors: [const { Word::new(0) }; DESCRIPTOR_WORDS],
            entries: [const { Entry::new() }; ENTRIES],
            words: [const { Word::new(0) }; WORDS],
            links: [const { AtomicU32::new(0) }; BLOCKS],
        }
    }

    /// The shared half in it.
    #[must_use]
    pub const fn shared(&'static self, config: &'static Config) -> Shared {
        let layout = layout(config);
        Shared {
            pages: Pages::new(&layout, Pool::Lent(&self.pages), Pool::Lent(&self.directories)),
            table: Table::new(&layout, Pool::Lent(&self.table), Pool::Lent(&self.member_table)),
            members: MemberWords::new(Pool::Lent(&self.member_routes), Pool::Lent(&self.member_buckets)),
            boundaries: Boundaries::new(&layout, Pool::Lent(&self.boundary_words), Pool::Lent(&self.boundary_marks)),
            id_samples: IdSamples::new(Pool::Lent(&self.samples)),
            key_samples: KeySamples::new(
                &layout,
                config.sample_every,
                config.seed,
                Pool::Lent(&self.key_queues),
                Pool::Lent(&self.key_words),
            ),
            key_history: KeyHistory::new(Pool::Lent(&self.record_entries), Pool::Lent(&self.record_words)),
            lineage: LineageRing::new(Pool::Lent(&self.lineage)),
            events: EventRings::new(Pool::Lent(&self.events), layout.host_events, layout.own_events),
            seats: Seats::new(Pool::Lent(&self.ids), Pool::Lent(&self.generations), Pool::Lent(&self.divisions)),
            slab: Slab::new(Pool::Lent(&self.chunks)),
            own: Pool::Lent(&self.own),
            descriptors: Descriptors::new(Pool::Lent(&self.descriptors)),
            history: History::new(Pool::Lent(&self.entries), Pool::Lent(&self.words), Pool::Lent(&self.links)),
            board: Board::new(),
            busy: Line::new(),
            claimed: AtomicU32::new(0),
            #[cfg(feature = "std")]
            closed: crate::sync::AtomicBool::new(false),
            config: crate::shared::kept(config),
            layout,
        }
    }
}
