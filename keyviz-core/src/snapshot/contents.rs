//! What the sections say, put together and checked: nothing is kept that the parts of a sampler could not have made.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::cursor::Cursor;
use super::format::{MAX_BLOCK_CELLS, flag, id, unzigzag};
use super::kept::{Bytes, KeptColumn, Meta};
use super::{Snapshot, SnapshotError};
use crate::bounds::BoundRef;
use crate::column::{self, BEFORE_FIRST, Cell};
use crate::descriptor::Descriptor;
use crate::event::{Event, EventKind};
use crate::history::ColumnState;
use crate::label::{Labels, MAX_LABEL_LEN, MAX_LABELS};
use crate::limits::{
    MAX_BOUND_LEN, MAX_COLUMNS, MAX_EVENT_KIND_LEN, MAX_EVENT_TEXT_LEN, MAX_LINEAGE, MAX_STEP_MS, MAX_SUB_BUCKETS,
    MAX_TIME_MS, MIN_STEP_MS,
};
use crate::lineage::Lineage;
use crate::matrix::WriteMerge;
use crate::op::Tally;
use crate::reading::Known;
use crate::route::RouteId;
use crate::sub_bucket::SubLayout;

/// The longest name of who wrote it.
const MAX_WRITER_LEN: u64 = 256;

/// How many series a cell has.
const SERIES: usize = Tally::ZERO.words().len();

/// A snapshot while it is read.
pub(crate) struct Contents {
    max_bytes: usize,
    bytes: usize,
    meta: Option<Meta>,
    labels: Labels,
    rows: Vec<Known>,
    /// The bound that the next row's start is compared with.
    before: Vec<u8>,
    columns: Vec<KeptColumn>,
    open: Option<OpenColumn>,
    block: Block,
    lineage: Vec<Lineage>,
    events: Vec<Event>,
    /// What events stand for has come.
    has_changes: bool,
}

/// The column that is being read.
struct OpenColumn {
    column: KeptColumn,
    cells: Bytes,
    last: u64,
    /// Cells that are still to come.
    left: u64,
    sum: Tally,
}

/// The block that is being read: which cells, and what they have in each series.
#[derive(Default)]
struct Block {
    at: u64,
    cells: Vec<Cell>,
    words: Vec<[u64; SERIES]>,
    seen: [bool; SERIES],
}

impl Contents {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Contents {
            max_bytes,
            bytes: 0,
            meta: None,
            labels: Labels::NONE,
            rows: Vec::new(),
            before: Vec::new(),
            columns: Vec::new(),
            open: None,
            block: Block::default(),
            lineage: Vec::new(),
            events: Vec::new(),
            has_changes: false,
        }
    }

    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Whether sections of this kind are looked at.
    pub(crate) fn knows(id: u16) -> bool {
        let of_series = id.checked_sub(id::SERIES).is_some_and(|series| usize::from(series) < SERIES);
        let others = [
            id::META,
            id::LABELS,
            id::ROWS,
            id::COLUMN,
            id::CELLS,
            id::COUNTERS,
            id::LINEAGE,
            id::EVENTS,
            id::CHANGES,
            id::END,
        ];
        of_series || others.contains(&id)
    }

    /// Takes a section, of which `sections` came before.
    pub(crate) fn section(&mut self, id: u16, payload: Cursor<'_>, sections: u64) -> Result<(), SnapshotError> {
        if (sections == 0) != (id == id::META) {
            return Err(payload.expected("what the snapshot is of, once, in the first section"));
        }
        match id {
            id::META => self.take_meta(payload),
            id::LABELS => self.take_labels(payload),
            id::ROWS => self.take_rows(payload),
            id::COLUMN => self.take_column(payload),
            id::CELLS => self.take_cells(payload),
            id::COUNTERS => Ok(()),
            id::LINEAGE => self.take_lineage(payload),
            id::EVENTS => self.take_events(payload),
            id::CHANGES => self.take_changes(payload),
            id::END => self.take_end(payload, sections),
            _ => self.take_series(usize::from(id.saturating_sub(id::SERIES)), payload),
        }
    }

    /// Counts memory before it is taken.
    fn charge(&mut self, at: u64, bytes: usize) -> Result<(), SnapshotError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.max_bytes {
            return Err(SnapshotError::TooLarge { at, max_bytes: self.max_bytes });
        }
        Ok(())
    }

    fn take_meta(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        let here = payload.expected("a step of 100 ms to a day");
        let step_ms = payload.at_most(MAX_STEP_MS, "a step of 100 ms to a day")?;
        if step_ms < MIN_STEP_MS {
            return Err(here);
        }
        let here = payload.expected("1 to 256 divisions");
        let k = payload.at_most(u64::from(MAX_SUB_BUCKETS), "1 to 256 divisions")?;
        if k == 0 {
            return Err(here);
        }
        let written_ms = payload.number("the instant of writing")?;
        let started_ms = payload.number("the instant of the beginning")?;
        let write_merge = match payload.at_most(1, "a way to merge writes")? {
            0 => WriteMerge::Sum,
            _ => WriteMerge::Leader,
        };
        let len = payload.at_most(MAX_WRITER_LEN, "a name of at most 256 bytes")?;
        let writer = String::from_utf8_lossy(payload.take(len, "a name of this length")?).into_owned();
        self.meta = Some(Meta { step_ms, k: k as usize, written_ms, started_ms, write_merge, writer });
        Ok(())
    }

    fn take_labels(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        if !self.rows.is_empty() || !self.columns.is_empty() || self.open.is_some() {
            return Err(payload.expected("labels before rows and columns"));
        }
        let here = payload.expected("at most 15 labels of a-z, 0-9, _ and -, each once");
        let count = payload.at_most(MAX_LABELS as u64, "at most 15 labels")?;
        let mut names = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let len = payload.at_most(MAX_LABEL_LEN as u64, "a label of at most 32 bytes")?;
            let name = payload.take(len, "a label of this length")?;
            names.push(core::str::from_utf8(name).map_err(|_| here)?);
        }
        self.labels = Labels::new(&names).map_err(|_| here)?;
        let k = self.meta.as_ref().map_or(1, |meta| meta.k);
        if (self.labels.len() + 1) * k > MAX_SUB_BUCKETS as usize { Err(here) } else { Ok(()) }
    }

    fn take_rows(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        let k = self.meta.as_ref().map_or(1, |meta| meta.k) as u32;
        while !payload.is_empty() {
            let at = payload.at();
            let flags = payload.number("a row's flags")?;
            let mut numbers = [0; 5];
            for number in &mut numbers {
                *number = payload.number("a row's route, group, term and age")?;
            }
            let [route, group, term, since, serial] = numbers;
            let here = payload.expected("a virtual bucket of at least one route");
            let members = if flags & flag::VIRTUAL != 0 { payload.number("how many routes it has")? } else { 0 };
            if flags & flag::VIRTUAL != 0 && members == 0 {
                return Err(here);
            }
            let here = payload.expected("an end above the start");
            let before = core::mem::take(&mut self.before);
            let start = bound(&mut payload, &before)?;
            let end = if flags & flag::UNBOUNDED == 0 { Some(bound(&mut payload, &start)?) } else { None };
            if end.as_ref().is_some_and(|end| *end <= start) {
                return Err(here);
            }
            let kept = start.len() + end.as_ref().map_or(0, Vec::len);
            // Twice, because the list of rows doubles when it is full.
            self.charge(at, 2 * size_of::<Known>() + kept)?;
            let (none, divisions) = (BoundRef::NONE, if members > 0 { 1 } else { k });
            let descriptor = Descriptor { route, group, term, start: none, end: none, serial, since, members };
            self.before = end.as_ref().unwrap_or(&start).clone();
            let sub = SubLayout::new(&start, end.as_deref(), divisions);
            self.rows.push(Known { descriptor, start, end, sub });
        }
        Ok(())
    }

    fn take_column(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        self.end_column(payload.at())?;
        let at = payload.at();
        let here = payload.expected("a window behind the one before");
        let start_ms = payload.at_most(MAX_TIME_MS, "a window before the year 10000")?;
        let width_ms = payload.at_most(MAX_TIME_MS, "a window's width")?;
        let after_ms = self.columns.last().map_or(0, |column| column.end_ms);
        let end_ms = start_ms.saturating_add(width_ms);
        let last_is_open = self.columns.last().is_some_and(|column| column.state == ColumnState::Open);
        if width_ms == 0 || start_ms < after_ms || last_is_open || self.columns.len() as u64 >= u64::from(MAX_COLUMNS) {
            return Err(here);
        }
        let here = payload.expected("a time that the column counts, from its beginning to its end");
        let covers_from_ms = unzigzag(start_ms, payload.number("since when the column counts")?);
        let covers_to_ms = unzigzag(end_ms, payload.number("until when the column counts")?);
        if covers_from_ms > covers_to_ms || covers_to_ms > MAX_TIME_MS {
            return Err(here);
        }
        let state = match payload.at_most(2, "a column that is complete, open or late")? {
            0 => ColumnState::Complete,
            1 => ColumnState::Open,
            _ => ColumnState::Late,
        };
        let left = payload.number("how many cells the column has")?;
        let (recorded, unattributed) = (tally(&mut payload)?, tally(&mut payload)?);
        self.charge(at, 2 * size_of::<KeptColumn>())?;
        let cells = Box::default();
        let column =
            KeptColumn { start_ms, end_ms, covers_from_ms, covers_to_ms, state, recorded, unattributed, cells };
        self.open = Some(OpenColumn { column, cells: Bytes::default(), last: BEFORE_FIRST, left, sum: Tally::ZERO });
        Ok(())
    }

    fn take_cells(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        self.end_block()?;
        let here = payload.expected("cells that the column still has");
        let count = payload.at_most(MAX_BLOCK_CELLS as u64, "a block of at most 65536 cells")?;
        let Some(open) = &mut self.open else { return Err(here) };
        open.left = open.left.checked_sub(count).ok_or(here)?;
        let (k, lanes) = (self.meta.as_ref().map_or(1, |meta| meta.k), self.labels.len() + 1);
        let mut last = BEFORE_FIRST;
        self.block.at = payload.at();
        for _ in 0..count {
            let here = payload.expected("a row, label and division that there are");
            let head = payload.number("a cell")?;
            let row = unzigzag(last.wrapping_add(1), head >> 1);
            last = row;
            let per_route = (k * lanes) as u64;
            let known = usize::try_from(row / per_route).ok().and_then(|at| self.rows.get(at)).ok_or(here)?;
            // A virtual bucket has one cell.
            let is_there = row % (k as u64) < u64::from(known.sub.count)
                && (!known.descriptor.is_virtual() || row.is_multiple_of(per_route));
            if !is_there {
                return Err(here);
            }
            self.block.cells.push(Cell { row, draining: head & 1 != 0, counts: Tally::ZERO });
        }
        self.block.words.resize(self.block.cells.len(), [0; SERIES]);
        if payload.is_empty() { Ok(()) } else { Err(payload.expected("the end of the cells")) }
    }

    fn take_series(&mut self, series: usize, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        let here = payload.expected("a series of a block, once");
        let seen = self.block.seen.get_mut(series).ok_or(here)?;
        if core::mem::replace(seen, true) || self.block.cells.is_empty() {
            return Err(here);
        }
        let mut words = self.block.words.iter_mut().filter_map(|words| words.get_mut(series));
        while !payload.is_empty() {
            let here = payload.expected("as many values as the block has cells");
            match payload.number("a value")? {
                0 => {
                    // One, and so many more.
                    let zeros = payload.at_most(MAX_BLOCK_CELLS as u64, "how many zeros follow")?;
                    words.nth(zeros as usize).ok_or(here)?;
                }
                value => *words.next().ok_or(here)? = value,
            }
        }
        if words.next().is_none() { Ok(()) } else { Err(payload.expected("a value for each cell of the block")) }
    }

    /// Adds the block to its column.
    fn end_block(&mut self) -> Result<(), SnapshotError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let before = open.cells.0.len();
        for (cell, words) in self.block.cells.drain(..).zip(self.block.words.drain(..)) {
            let counts = Tally::from_words(words);
            open.sum.add(counts);
            column::encode(&mut open.cells, &mut open.last, &Cell { counts, ..cell });
        }
        self.block.seen = [false; SERIES];
        let (added, at) = (open.cells.0.len() - before, self.block.at);
        self.charge(at, added)
    }

    fn end_column(&mut self, at: u64) -> Result<(), SnapshotError> {
        self.end_block()?;
        let Some(OpenColumn { mut column, cells, left, sum, .. }) = self.open.take() else { return Ok(()) };
        if left > 0 {
            return Err(SnapshotError::Malformed { at, expected: "more cells of the column" });
        }
        if sum != column.recorded {
            return Err(SnapshotError::Malformed { at, expected: "cells that add up to the column's sum" });
        }
        column.cells = cells.0.into_boxed_slice();
        self.columns.push(column);
        Ok(())
    }

    fn take_lineage(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        let at = payload.at();
        let count = payload.at_most(MAX_LINEAGE as u64, "at most 1024 splits and merges")?;
        self.charge(at, count as usize * size_of::<Lineage>())?;
        self.lineage.clear();
        for _ in 0..count {
            let mut numbers = [0; 3];
            for number in &mut numbers {
                *number = payload.number("an instant, a parent and a child")?;
            }
            let [at_ms, parent, child] = numbers;
            self.lineage.push(Lineage { at_ms, parent: RouteId(parent), child: RouteId(child) });
        }
        Ok(())
    }

    fn take_events(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        while !payload.is_empty() {
            let at = payload.at();
            let at_ms = payload.at_most(MAX_TIME_MS, "an instant before the year 10000")?;
            let told = payload.at_most(3, "whether the text was cut, and whose it was")?;
            let (cut, own) = (told & 1 == 1, told & 2 == 2);
            let here = payload.expected("a kind of a-z, 0-9, _ and -");
            let len = payload.at_most(MAX_EVENT_KIND_LEN as u64, "a kind of at most 32 bytes")?;
            let kind = core::str::from_utf8(payload.take(len, "a kind of this length")?).map_err(|_| here)?;
            let kind = EventKind::new(kind).map_err(|_| here)?;
            let here = payload.expected("a text in UTF-8");
            let len = payload.at_most(MAX_EVENT_TEXT_LEN as u64, "a text of at most 192 bytes")?;
            let text = core::str::from_utf8(payload.take(len, "a text of this length")?).map_err(|_| here)?;
            // Twice, because the list of events doubles when it is full.
            self.charge(at, 2 * size_of::<Event>() + text.len())?;
            let number = self.events.len() as u64;
            let text = String::from(text);
            self.events.push(Event { at_ms, kind, text, cut, number, own, changes: 1, ids: None });
        }
        Ok(())
    }

    /// What the events told before stand for, where keyviz told them itself.
    fn take_changes(&mut self, mut payload: Cursor<'_>) -> Result<(), SnapshotError> {
        // Each would look through all events again.
        if core::mem::replace(&mut self.has_changes, true) {
            return Err(payload.expected("what events stand for, once"));
        }
        let mut own = self.events.iter_mut().filter(|event| event.own);
        while !payload.is_empty() {
            let none = payload.expected("as many events of keyviz itself");
            let event = own.next().ok_or(none)?;
            let changes = payload.number("how many changes an event stands for")?;
            event.changes = (changes >> 1).max(1);
            if changes & 1 == 1 {
                let here = payload.expected("ids that fit into 64 bits");
                let least = payload.number("the least id")?;
                let greatest = least.checked_add(payload.number("how far the greatest id is")?).ok_or(here)?;
                event.ids = Some((least, greatest));
            }
        }
        Ok(())
    }

    fn take_end(&mut self, mut payload: Cursor<'_>, sections: u64) -> Result<(), SnapshotError> {
        self.end_column(payload.at())?;
        for count in [sections, self.columns.len() as u64, self.rows.len() as u64] {
            let here = payload.expected("the numbers of sections, columns and rows that came");
            if payload.number("how many sections, columns and rows came")? != count {
                return Err(here);
            }
        }
        Ok(())
    }

    /// All sections came.
    pub(crate) fn finish(self, at: u64) -> Result<Snapshot, SnapshotError> {
        let Contents { meta, labels, rows, columns, lineage, events, .. } = self;
        let meta = meta.ok_or(SnapshotError::Malformed { at, expected: "what the snapshot is of" })?;
        Ok(Snapshot { meta, labels, rows, columns, lineage, events })
    }
}

/// Reads a bound: how much of the one before, then the others.
fn bound(payload: &mut Cursor<'_>, before: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    const EXPECTED: &str = "a bound of at most 64 KiB, beginning as the one before";
    let here = payload.expected(EXPECTED);
    let common = payload.at_most(before.len() as u64, EXPECTED)?;
    let len = payload.at_most(u64::from(MAX_BOUND_LEN).saturating_sub(common), EXPECTED)?;
    let others = payload.take(len, EXPECTED)?;
    let mut bound = Vec::with_capacity(others.len().saturating_add(common as usize));
    bound.extend_from_slice(before.get(..common as usize).ok_or(here)?);
    bound.extend_from_slice(others);
    Ok(bound)
}

/// Reads a number for each series; those of series that are not known are left out.
fn tally(payload: &mut Cursor<'_>) -> Result<Tally, SnapshotError> {
    let count = payload.at_most(u64::from(id::SERIES_IDS), "at most 16 series")?;
    let mut words = [0; SERIES];
    for series in 0..count {
        let value = payload.number("a sum")?;
        if let Some(word) = words.get_mut(series as usize) {
            *word = value;
        }
    }
    Ok(Tally::from_words(words))
}
