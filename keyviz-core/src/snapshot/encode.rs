//! Writing a snapshot, a column at a time: what is held is one column, one block of it, and the rows met so far.

use alloc::vec::Vec;

use crc32fast::Hasher;

use super::SnapshotShown;
use super::format::{
    HEAD_LEN, MAGIC, MAX_BLOCK_CELLS, ROWS_BYTES, SECTION_HEAD_LEN, VERSION, flag, id, put, put_bytes, zigzag,
};
use crate::column::BEFORE_FIRST;
use crate::counters::Published;
use crate::history::{ColumnState, Head};
use crate::matrix::{WriteMerge, write_merge};
use crate::op::Tally;
use crate::reading::{Known, Reading};
use crate::route::RouteId;
use crate::shared::Shared;

/// How many series a cell has.
const SERIES: usize = Tally::ZERO.words().len();

/// Writes everything that the history has; returns the bytes given to `sink`.
pub(crate) fn encode<E>(shared: &Shared, written_ms: u64, sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<u64, E> {
    encode_shown(shared, written_ms, &SnapshotShown::ALL, sink)
}

/// The same with what may be shown of keys.
pub(crate) fn encode_shown<E>(
    shared: &Shared,
    written_ms: u64,
    shown: &SnapshotShown<'_>,
    sink: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let mut out = Out { sink, checksum: Hasher::new(), bytes: 0, sections: 0 };
    let mut payload = Vec::new();
    out.head()?;
    meta(shared, written_ms, &mut payload);
    out.section(id::META, &mut payload)?;
    labels(shared, &mut payload);
    out.section(id::LABELS, &mut payload)?;

    let mut reading = Reading::new(shared);
    let mut rows = Rows::default();
    let mut columns = 0;
    for mut place in reading.places(0, 0, true) {
        // What made room for newer ones meanwhile is gone: a reader shows it as missing.
        if reading.take(&mut place) {
            if !rows.write(&reading.known, shown, &mut out, &mut payload)? {
                break;
            }
            column(&place.head, &reading, &mut out, &mut payload)?;
            columns += 1;
        }
    }
    counters(shared, &mut payload);
    out.section(id::COUNTERS, &mut payload)?;
    lineage(shared, shown, &mut payload);
    out.section(id::LINEAGE, &mut payload)?;
    events(shared, shown, &mut out, &mut payload)?;
    for count in [out.sections, columns, rows.written as u64] {
        put(&mut payload, count);
    }
    out.section(id::END, &mut payload)?;
    Ok(out.bytes)
}

/// Where sections go.
struct Out<F> {
    sink: F,
    /// Of everything so far but the checksums themselves.
    checksum: Hasher,
    bytes: u64,
    sections: u64,
}

impl<E, F: FnMut(&[u8]) -> Result<(), E>> Out<F> {
    fn give(&mut self, bytes: &[u8]) -> Result<(), E> {
        self.checksum.update(bytes);
        self.bytes += bytes.len() as u64;
        (self.sink)(bytes)
    }

    fn head(&mut self) -> Result<(), E> {
        let mut head = [0; HEAD_LEN];
        for (to, byte) in head.iter_mut().zip(MAGIC.into_iter().chain(VERSION.to_le_bytes())) {
            *to = byte;
        }
        self.give(&head)
    }

    /// Writes a section and empties the payload.
    fn section(&mut self, id: u16, payload: &mut Vec<u8>) -> Result<(), E> {
        let mut head = [0; SECTION_HEAD_LEN];
        let fields = id.to_le_bytes().into_iter().chain((payload.len() as u32).to_le_bytes());
        for (to, byte) in head.iter_mut().zip(fields) {
            *to = byte;
        }
        self.give(&head)?;
        self.give(payload)?;
        payload.clear();
        let checksum = self.checksum.clone().finalize().to_le_bytes();
        self.bytes += checksum.len() as u64;
        self.sections += 1;
        (self.sink)(&checksum)
    }
}

fn meta(shared: &Shared, written_ms: u64, out: &mut Vec<u8>) {
    let merge = match write_merge(shared) {
        WriteMerge::Sum => 0,
        WriteMerge::Leader => 1,
    };
    let started_ms = shared.board.get(Published::StartedMs);
    for number in [shared.config.step_ms, shared.layout.k as u64, written_ms, started_ms, merge] {
        put(out, number);
    }
    put_bytes(out, concat!("keyviz ", env!("CARGO_PKG_VERSION")).as_bytes());
}

fn labels(shared: &Shared, out: &mut Vec<u8>) {
    let labels = &shared.config.labels;
    put(out, labels.len() as u64);
    for (_, name) in labels.iter() {
        put_bytes(out, name.as_bytes());
    }
}

fn tally(out: &mut Vec<u8>, tally: Tally) {
    put(out, SERIES as u64);
    tally.words().into_iter().for_each(|word| put(out, word));
}

fn counters(shared: &Shared, out: &mut Vec<u8>) {
    for which in [Published::Observed, Published::Recorded, Published::Unattributed, Published::Evicted] {
        tally(out, shared.board.tally(which));
    }
}

fn lineage(shared: &Shared, shown: &SnapshotShown<'_>, out: &mut Vec<u8>) {
    let entries = shared.lineage.read();
    put(out, entries.len() as u64);
    for entry in entries {
        for number in [entry.at_ms, (shown.route)(entry.parent).0, (shown.route)(entry.child).0] {
            put(out, number);
        }
    }
}

/// Writes the events, in sections that a reader has no trouble to hold.
fn events<E, F: FnMut(&[u8]) -> Result<(), E>>(
    shared: &Shared,
    shown: &SnapshotShown<'_>,
    out: &mut Out<F>,
    payload: &mut Vec<u8>,
) -> Result<(), E> {
    let events = shared.events.read(0, 0);
    for event in &events {
        put(payload, event.at_ms);
        put(payload, u64::from(event.cut) | u64::from(event.own) << 1);
        put_bytes(payload, event.kind.as_str().as_bytes());
        put_bytes(payload, crate::event::kept(&(shown.text)(event)).as_bytes());
        if payload.len() >= ROWS_BYTES {
            out.section(id::EVENTS, payload)?;
        }
    }
    if !payload.is_empty() {
        out.section(id::EVENTS, payload)?;
    }
    // At most 30 bytes each: one section holds those of all rings.
    for event in events.iter().filter(|event| event.own) {
        put(payload, event.changes << 1 | u64::from(event.ids.is_some()));
        if let Some((least, greatest)) = event.ids {
            put(payload, least);
            put(payload, greatest.saturating_sub(least));
        }
    }
    if payload.is_empty() { Ok(()) } else { out.section(id::CHANGES, payload) }
}

type Bounds = (Vec<u8>, Option<Vec<u8>>);

/// The rows written so far: a row's number is its place among all.
#[derive(Default)]
struct Rows {
    written: usize,
    /// The bound that the next row's start is compared with.
    before: Vec<u8>,
}

impl Rows {
    /// Writes the rows that are new; `false`, and none of them, where one may not be shown.
    fn write<E, F: FnMut(&[u8]) -> Result<(), E>>(
        &mut self,
        known: &[Known],
        shown: &SnapshotShown<'_>,
        out: &mut Out<F>,
        payload: &mut Vec<u8>,
    ) -> Result<bool, E> {
        let new = known.get(self.written..).unwrap_or(&[]);
        let bounds = new.iter().map(|row| shown.bounds(row)).collect::<Option<Vec<Bounds>>>();
        let Some(bounds) = bounds else { return Ok(false) };
        for (row, bounds) in new.iter().zip(bounds) {
            let of = &row.descriptor;
            let route = if of.is_virtual() { of.route } else { (shown.route)(RouteId(of.route)).0 };
            self.row(row, route, bounds, payload);
            self.written += 1;
            if payload.len() >= ROWS_BYTES {
                out.section(id::ROWS, payload)?;
            }
        }
        if !payload.is_empty() {
            out.section(id::ROWS, payload)?;
        }
        Ok(true)
    }

    fn row(&mut self, row: &Known, route: u64, (start, end): Bounds, out: &mut Vec<u8>) {
        let of = &row.descriptor;
        let mut flags = if end.is_none() { flag::UNBOUNDED } else { 0 };
        flags |= if of.is_virtual() { flag::VIRTUAL } else { 0 };
        for number in [flags, route, of.group, of.term, of.since, of.serial] {
            put(out, number);
        }
        if of.is_virtual() {
            put(out, of.members);
        }
        bound(out, &self.before, &start);
        if let Some(end) = &end {
            bound(out, &start, end);
        }
        self.before = end.unwrap_or(start);
    }
}

/// Writes how many bytes a bound has in common with the one before, then the others.
fn bound(out: &mut Vec<u8>, before: &[u8], bound: &[u8]) {
    let common = crate::key::common_prefix(before, bound);
    put(out, common as u64);
    put_bytes(out, bound.get(common..).unwrap_or(&[]));
}

/// Writes a column and its cells.
fn column<E, F: FnMut(&[u8]) -> Result<(), E>>(
    head: &Head,
    reading: &Reading<'_>,
    out: &mut Out<F>,
    payload: &mut Vec<u8>,
) -> Result<(), E> {
    let (mut cells, mut recorded) = (0u64, Tally::ZERO);
    reading.cells(|_, _, cell| {
        cells += 1;
        recorded.add(cell.counts);
    });
    let state = match head.state {
        ColumnState::Complete | ColumnState::Missing => 0,
        ColumnState::Open => 1,
        ColumnState::Late => 2,
    };
    let covers = [zigzag(head.start_ms, head.covers_from_ms), zigzag(head.end_ms, head.covers_to_ms)];
    for number in [head.start_ms, head.end_ms.saturating_sub(head.start_ms), covers[0], covers[1], state, cells] {
        put(payload, number);
    }
    tally(payload, recorded);
    tally(payload, head.unattributed);
    out.section(id::COLUMN, payload)?;

    let per_route = reading.per_route();
    let mut block = Block::default();
    let mut written = Ok(());
    reading.cells(|known, at, cell| {
        if written.is_ok() {
            block.cell((known * per_route + at) as u64, cell.draining, cell.counts);
            if block.cells == MAX_BLOCK_CELLS {
                written = block.finish(out, payload);
            }
        }
    });
    written?;
    block.finish(out, payload)
}

/// Cells that are written together: which they are, and a list for each series.
struct Block {
    cells: usize,
    last: u64,
    which: Vec<u8>,
    series: [Values; SERIES],
}

impl Default for Block {
    fn default() -> Self {
        Block { cells: 0, last: BEFORE_FIRST, which: Vec::new(), series: [const { Values::NONE }; SERIES] }
    }
}

impl Block {
    fn cell(&mut self, row: u64, draining: bool, counts: Tally) {
        let gap = zigzag(self.last.wrapping_add(1), row);
        put(&mut self.which, gap << 1 | u64::from(draining));
        self.last = row;
        self.cells += 1;
        for (values, value) in self.series.iter_mut().zip(counts.words()) {
            values.push(value);
        }
    }

    /// Writes the block, if it has cells, and begins the next.
    fn finish<E, F: FnMut(&[u8]) -> Result<(), E>>(
        &mut self,
        out: &mut Out<F>,
        payload: &mut Vec<u8>,
    ) -> Result<(), E> {
        if self.cells == 0 {
            return Ok(());
        }
        put(payload, self.cells as u64);
        payload.append(&mut self.which);
        (self.cells, self.last) = (0, BEFORE_FIRST);
        out.section(id::CELLS, payload)?;
        for (values, id) in self.series.iter_mut().zip(id::SERIES..) {
            if values.finish() {
                out.section(id, &mut values.bytes)?;
            }
        }
        Ok(())
    }
}

/// The values of one series: numbers, and for zeros a zero and how many more follow it.
struct Values {
    bytes: Vec<u8>,
    zeros: u64,
    any: bool,
}

impl Values {
    const NONE: Values = Values { bytes: Vec::new(), zeros: 0, any: false };

    fn push(&mut self, value: u64) {
        if value == 0 {
            self.zeros += 1;
            return;
        }
        self.end_zeros();
        self.any = true;
        put(&mut self.bytes, value);
    }

    fn end_zeros(&mut self) {
        if self.zeros > 0 {
            put(&mut self.bytes, 0);
            put(&mut self.bytes, self.zeros - 1);
            self.zeros = 0;
        }
    }

    /// Brings the list to its end; `false`, with nothing left, where all are zero.
    fn finish(&mut self) -> bool {
        self.end_zeros();
        if !self.any {
            self.bytes.clear();
        }
        core::mem::take(&mut self.any)
    }
}
