//! A snapshot that was read.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{SnapshotDecoder, SnapshotError};
use crate::column::{BEFORE_FIRST, Cell, Sink, Source, decode};
use crate::event::Event;
use crate::history::ColumnState;
use crate::label::{Label, Labels};
use crate::lineage::Lineage;
use crate::matrix::WriteMerge;
use crate::op::Tally;
use crate::reader::CellView;
use crate::reading::Known;
use crate::window::Column;

/// What a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) step_ms: u64,
    pub(crate) k: usize,
    pub(crate) written_ms: u64,
    pub(crate) started_ms: u64,
    pub(crate) write_merge: WriteMerge,
    pub(crate) writer: String,
}

/// A column, its cells written as in the history, with rows in place of descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptColumn {
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) covers_from_ms: u64,
    pub(crate) covers_to_ms: u64,
    pub(crate) state: ColumnState,
    /// Sum of the cells.
    pub(crate) recorded: Tally,
    pub(crate) unattributed: Tally,
    pub(crate) cells: Box<[u8]>,
}

impl KeptColumn {
    /// Calls `each` with every cell.
    pub(crate) fn each_cell(&self, mut each: impl FnMut(&Cell)) {
        let (mut source, mut last) = (ByteSource { bytes: &self.cells, at: 0 }, BEFORE_FIRST);
        while let Some(cell) = decode(&mut source, &mut last) {
            each(&cell);
        }
    }

    fn shown(&self) -> Column {
        Column {
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            state: self.state,
            covers_from_ms: self.covers_from_ms,
            covers_to_ms: self.covers_to_ms,
        }
    }
}

/// The history of a sampler, as it was when it was written.
///
/// - Panics: never. Memory: at most what the decoder was given. Threads: `Send` and `Sync`; it does not change.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler, Snapshot};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(1), b"a", None, 0)?;
/// sampler.observe(RouteId(1), Op::Write, b"b", 9);
/// sampler.flush(60_000);
/// let mut bytes = Vec::new();
/// sampler.reader().snapshot(60_000, |piece| Ok::<(), ()>(bytes.extend_from_slice(piece))).unwrap();
///
/// let snapshot = Snapshot::decode(&bytes, 1 << 20)?;
/// assert_eq!((snapshot.columns().count(), snapshot.recorded().writes), (1, 1));
///
/// bytes[40] ^= 1;
/// assert!(Snapshot::decode(&bytes, 1 << 20).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) meta: Meta,
    pub(crate) labels: Labels,
    pub(crate) rows: Vec<Known>,
    pub(crate) columns: Vec<KeptColumn>,
    pub(crate) lineage: Vec<Lineage>,
    pub(crate) events: Vec<Event>,
}

impl Snapshot {
    /// Reads a snapshot of which all bytes are there; see [`SnapshotDecoder`].
    ///
    /// # Errors
    /// [`SnapshotError`]: what is wrong, and at which byte.
    pub fn decode(bytes: &[u8], max_bytes: usize) -> Result<Snapshot, SnapshotError> {
        let mut decoder = SnapshotDecoder::new(max_bytes);
        decoder.push(bytes)?;
        decoder.finish()
    }

    /// The sampling interval in milliseconds.
    #[must_use]
    pub fn step_ms(&self) -> u64 {
        self.meta.step_ms
    }

    /// K: divisions of each route.
    #[must_use]
    pub fn sub_buckets(&self) -> u16 {
        self.meta.k as u16
    }

    /// Names of the traffic's origins.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// When it was written, in Unix milliseconds.
    #[must_use]
    pub fn written_ms(&self) -> u64 {
        self.meta.written_ms
    }

    /// When its sampler was made, in Unix milliseconds.
    #[must_use]
    pub fn started_ms(&self) -> u64 {
        self.meta.started_ms
    }

    /// How its writes merge with other nodes'.
    #[must_use]
    pub fn write_merge(&self) -> WriteMerge {
        self.meta.write_merge
    }

    /// Which program wrote it: name and version, at most 256 bytes, and whatever a hostile one says.
    #[must_use]
    pub fn writer(&self) -> &str {
        &self.meta.writer
    }

    /// Which routes came of which, oldest first.
    #[must_use]
    pub fn lineage(&self) -> &[Lineage] {
        &self.lineage
    }

    /// What happened, as the host and the core told it, by instant. Numbers count from 0.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The columns, oldest first; windows between them are missing.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        self.columns.iter().map(KeptColumn::shown)
    }

    /// Everything that its cells count; sums that do not fit saturate.
    #[must_use]
    pub fn recorded(&self) -> Tally {
        self.sum(|column| column.recorded)
    }

    /// Everything that no route could take.
    #[must_use]
    pub fn unattributed(&self) -> Tally {
        self.sum(|column| column.unattributed)
    }

    fn sum(&self, of: impl Fn(&KeptColumn) -> Tally) -> Tally {
        self.columns.iter().fold(Tally::ZERO, |mut sum, column| {
            sum.add(of(column));
            sum
        })
    }

    /// Calls `each` with every cell of every column, column by column, oldest first, as
    /// [`Reader::for_each_cell`](crate::ReaderOn::for_each_cell) does. Cost: linear in the cells.
    pub fn for_each_cell(&self, mut each: impl FnMut(&Column, &CellView<'_>)) {
        let (k, per_route) = (self.meta.k as u64, (self.meta.k * (self.labels.len() + 1)) as u64);
        for column in &self.columns {
            let shown = column.shown();
            column.each_cell(|cell| {
                let at = cell.row % per_route;
                if let Some(known) = self.rows.get((cell.row / per_route) as usize) {
                    let label = Label((at / k) as u8);
                    each(&shown, &CellView::of(known, label, (at % k) as u32, cell.draining, cell.counts));
                }
            });
        }
    }
}

impl core::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Snapshot")
            .field("meta", &self.meta)
            .field("rows", &self.rows.len())
            .field("columns", &self.columns.len())
            .finish_non_exhaustive()
    }
}

/// Where a column's cells are written.
#[derive(Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Sink for Bytes {
    fn byte(&mut self, byte: u8) -> bool {
        self.0.push(byte);
        true
    }
}

/// A column's cells, byte by byte.
struct ByteSource<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Source for ByteSource<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }
}
