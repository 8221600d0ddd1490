//! Every cap, and the units that byte costs are made of, checked at compile time. What a configuration
//! costs is summed in `layout`.

use crate::sync::{Count, HALVED, HAS_CAS};

/// Shortest step in milliseconds.
pub const MIN_STEP_MS: u64 = 100;
/// Longest step in milliseconds: one day.
pub const MAX_STEP_MS: u64 = 86_400_000;
/// Most routes with slots of their own.
pub const MAX_ROUTES: u32 = 1 << 20;
/// Most routes known, those that share slots included.
pub const MAX_KNOWN_ROUTES: u32 = if HALVED { (1 << 24) - 1 } else { 1 << 24 };
/// Most sub-buckets of a route, and most slots x sub-buckets of one.
pub const MAX_SUB_BUCKETS: u32 = 256;
/// Fewest and most ranges of the core's own making.
pub const MIN_RANGES: u32 = 2;
/// See [`MIN_RANGES`].
pub const MAX_RANGES: u32 = 1 << 16;
/// Most bytes of a boundary of the core's own making.
pub const MAX_SEPARATOR_LEN: usize = if cfg!(keyviz_loom) { 8 } else { 64 };
/// Sampled keys that a range of the core's own keeps, and parts that it is split in at the most.
pub(crate) const RANGE_SAMPLES: usize = 8;
/// Most recorders with cells of their own.
pub const MAX_RECORDERS: u32 = 4096;
/// Most shared shards.
pub const MAX_SHARDS: u32 = if HAS_CAS { 256 } else { 0 };
/// Fewest shared shards: 0 where the machine has no compare-and-swap, and then there are none.
pub const LEAST_SHARDS: u32 = if HAS_CAS { 1 } else { 0 };
/// Most columns kept.
pub const MAX_COLUMNS: u32 = 1 << 20;
/// Most columns that are folded into one.
pub const MAX_FOLD: u32 = 1440;
/// Longest bound in bytes that can be configured.
pub const MAX_BOUND_LEN: u32 = 64 * 1024;
/// Most bytes of any one pool: 64 GiB (1 GiB where cells have 32 bits), so that lines, blocks and
/// chunks have numbers of 32 bits (24).
pub const MAX_POOL_BYTES: u64 = if HALVED { 1 << 30 } else { 1 << 36 };
/// Last instant a flush takes, in Unix milliseconds: the end of the year 9999.
pub const MAX_TIME_MS: u64 = 253_402_300_799_999;
/// Most routes that a row of a virtual bucket lists.
pub const MAX_MEMBERS: u32 = 1 << 16;
/// Most pairs of parent and child that are remembered.
pub const MAX_LINEAGE: usize = 1024;
/// Most events that are kept of what the host tells.
pub const MAX_EVENTS: u32 = 1 << 16;
/// Longest name of a kind of event in bytes.
pub const MAX_EVENT_KIND_LEN: usize = 32;
/// Longest text of an event in bytes; what is longer is cut.
pub const MAX_EVENT_TEXT_LEN: usize = if cfg!(keyviz_loom) { 8 } else { 192 };
/// Least time between two events that say that routes share virtual buckets: an hour.
pub const FOLDING_EVERY_MS: u64 = 3_600_000;
/// Least time between two events that tell of ranges of the core's own: an hour.
pub const RANGES_EVERY_MS: u64 = 3_600_000;
/// Most key names.
pub const MAX_KEY_NAMES: usize = 100_000;
/// Longest key name in bytes.
pub const MAX_NAME_LEN: usize = 256;
/// Longest text in bytes that says why a node of a fan-out did not answer.
pub const MAX_FANOUT_ERROR_LEN: usize = 512;
/// Most warnings of a node of a fan-out.
pub const MAX_FANOUT_WARNINGS: usize = 16;
/// Most rows a reader gets.
pub const MAX_ROWS: usize = 1024;
/// Most rows that a node gives to a picture of several.
pub const MAX_PART_ROWS: usize = 16384;
/// Most stretches of time that are named in which a node is not in the picture.
pub const MAX_FANOUT_ABSENCES: usize = 32;
/// Every so many flushes all pages are summed, whatever their epoch says. On the machines this runs on,
/// an epoch read by a recorder is never older than two flushes; the memory model of the language
/// promises no bound, and this is one.
pub const FULL_DRAIN_EVERY: u64 = if cfg!(keyviz_loom) { 4 } else { 16 };

/// Counts of a line, the unit that no two threads write.
pub(crate) const LINE_WORDS: usize = 16;
/// Bytes of a count.
pub(crate) const COUNT_BYTES: usize = size_of::<Count>();
/// Bytes of a line: two cache lines, since some machines fetch pairs.
pub(crate) const LINE_BYTES: usize = LINE_WORDS * COUNT_BYTES;
/// Words of an entry of the column index, behind its sequence: of the whole width, two lines less one word.
pub(crate) const ENTRY_FIELDS: usize = if HALVED { 20 } else { 31 };
/// Bytes of an entry of the column index.
pub(crate) const ENTRY_BYTES: usize = COUNT_BYTES + ENTRY_FIELDS * 8;
/// Words of a descriptor, and bytes of what the writer knows of it besides.
pub(crate) const DESCRIPTOR_WORDS: usize = 7;
/// See [`DESCRIPTOR_WORDS`].
pub(crate) const DESCRIPTOR_META_BYTES: usize = 16;
/// Bytes between two touches of memory: no machine that has pages has smaller ones.
pub(crate) const PAGE_BYTES: usize = 4096;
/// Samples of route ids that a recorder has room for between two flushes.
pub(crate) const ID_SAMPLES: usize = if cfg!(keyviz_loom) { 2 } else { 512 };
/// Words of a recorder's samples, with the gap to the next.
pub(crate) const RESERVOIR_WORDS: usize = ID_SAMPLES + LINE_WORDS;
/// Routes that the search for hot members of virtual buckets keeps in sight.
pub(crate) const CANDIDATES: usize = if cfg!(keyviz_loom) { 2 } else { 256 };
/// Most bytes of a key that is sampled.
pub const MAX_KEY_LEN: u32 = 4096;
/// Rarest sampling of keys that can be configured as the least: one operation in so many.
pub const MAX_SAMPLE_EVERY: u32 = 1 << 16;
/// Most cells whose hot keys are followed at a time.
pub const MAX_SKETCHES: u32 = 1 << 16;
/// Most keys that are followed of one cell.
pub const MAX_SKETCH_KEYS: u32 = 1024;
/// Sealed columns whose hot keys have room at least, each at its largest: four hours of minutes.
pub(crate) const FULL_RECORDS: usize = 240;
/// The longest records of hot keys that there is room for at least, the two of the open column's included.
pub(crate) const LEAST_RECORDS: usize = if cfg!(keyviz_loom) { 16 } else { 64 };
/// Bytes of what a column's hot keys take of each cell, beside bounds and keys, and of each key beside its bytes.
pub(crate) const SKETCH_HEAD_BYTES: usize = 64;
/// See [`SKETCH_HEAD_BYTES`].
pub(crate) const SKETCH_KEY_BYTES: usize = 24;
/// Words of a sample of a key before the key's bytes.
pub(crate) const SAMPLE_HEAD_WORDS: usize = 2;
/// The longest samples that a recorder's queue has room for at least.
pub(crate) const LEAST_SAMPLES: usize = if cfg!(keyviz_loom) { 1 } else { 8 };
/// Slots of one page of cells. A model checker looks at every word, so for it what can be small is.
pub(crate) const PAGE_SLOTS: usize = match (cfg!(keyviz_loom), HALVED) {
    (true, _) => 4,
    (_, true) => 16,
    _ => 64,
};
/// Counts of one cell: reads, writes, read bytes, write bytes.
pub(crate) const CELL_WORDS: usize = 4;
/// Counts of one place in the key space: those of its cell, and its scans, which are counted in pages of their own.
pub(crate) const TALLY_WORDS: usize = CELL_WORDS + 1;
/// Pages of cells whose scans one page counts.
pub(crate) const SCAN_PAGE_PAGES: usize = CELL_WORDS;
/// Ranges that one range read counts in; those beyond are counted in `scan_ranges_cut`.
pub const MAX_SCAN_RANGES: usize = 1024;
/// Bytes of one cell: 32, or 16 where the machine has no atomics of 64 bits.
pub const CELL_BYTES: usize = CELL_WORDS * COUNT_BYTES;
/// Cells of one line.
pub(crate) const LINE_CELLS: usize = LINE_WORDS / CELL_WORDS;
/// Words of one block of the history.
pub(crate) const BLOCK_WORDS: usize = match (cfg!(keyviz_loom), HALVED) {
    (true, _) => 4,
    (_, true) => 16,
    _ => 128,
};
/// Bytes of one block of the history.
pub(crate) const BLOCK_BYTES: usize = BLOCK_WORDS * 8;
/// The most bytes that the head of an encoded cell takes.
pub(crate) const MAX_HEAD_BYTES: usize = 7;
/// The most bytes that one of its values takes.
pub(crate) const MAX_VALUE_BYTES: usize = 10;
/// Bytes of one chunk of the slab of bounds.
pub(crate) const CHUNK_SIZE: usize = 32;
/// Bytes of a bound in one chunk; the others hold length and link.
pub(crate) const CHUNK_BYTES: usize = 24;

// A page of K = 1 is whole lines, so a page of any K is.
const _: () = assert!(PAGE_SLOTS.is_multiple_of(LINE_CELLS));
