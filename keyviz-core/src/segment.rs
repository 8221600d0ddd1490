//! Runs of bytes in the history: cells appended block by block, and read again in their place.

use crate::column::{BEFORE_FIRST, Cell, Segment, Sink, Source, decode, encode};
use crate::column_log::ColumnLog;
use crate::descriptor::NONE;
use crate::history::{Head, History};
use crate::limits::{BLOCK_BYTES, BLOCK_WORDS};
use crate::sync::Ordering;

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
    /// Whether columns make room.
    evicts: bool,
}

impl<'a, 'm> SegmentWriter<'a, 'm> {
    /// A new segment, each cell written relative to the one before.
    pub(crate) fn new(history: &'a History, log: &'a mut ColumnLog<'m>) -> Self {
        let (segment, last_row) = (Segment::EMPTY, BEFORE_FIRST);
        SegmentWriter { history, log, segment, word: 0, last_row, absolute: false, evicts: true }
    }

    /// A new segment in free blocks alone: no column goes for it.
    pub(crate) fn spare(history: &'a History, log: &'a mut ColumnLog<'m>) -> Self {
        SegmentWriter { evicts: false, ..Self::new(history, log) }
    }

    /// Goes on with a segment whose cells stand each on its own.
    pub(crate) fn resume(history: &'a History, log: &'a mut ColumnLog<'m>, segment: Segment) -> Self {
        let in_block = segment.len as usize % BLOCK_BYTES;
        let at = segment.last as usize * BLOCK_WORDS + in_block / 8;
        let word =
            if in_block.is_multiple_of(8) { 0 } else { history.words.get(at).map_or(0, |w| w.load(Ordering::Relaxed)) };
        SegmentWriter { history, log, segment, word, last_row: BEFORE_FIRST, absolute: true, evicts: true }
    }

    /// As [`resume`](Self::resume), in free blocks alone.
    pub(crate) fn resume_spare(history: &'a History, log: &'a mut ColumnLog<'m>, segment: Segment) -> Self {
        SegmentWriter { evicts: false, ..Self::resume(history, log, segment) }
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
        let Some(block) = self.log.take_block(self.history, self.evicts) else { return false };
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

/// How far a segment was read.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    block: u32,
    at: u64,
    len: u64,
}

impl Cursor {
    /// Behind the end.
    pub(crate) const DONE: Cursor = Cursor { block: NONE, at: 0, len: 0 };

    /// At the beginning.
    pub(crate) const fn new(segment: &Segment) -> Self {
        Cursor { block: segment.first, at: 0, len: segment.len }
    }
}

/// Reads a segment in place; for the writer, which nobody races with.
pub(crate) struct SegmentSource<'a> {
    pub(crate) history: &'a History,
    pub(crate) cursor: Cursor,
}

impl Source for SegmentSource<'_> {
    fn byte(&mut self) -> u8 {
        let Cursor { block, at, .. } = &mut self.cursor;
        let in_block = *at as usize % BLOCK_BYTES;
        if in_block == 0 && *at > 0 {
            *block = self.history.links.get(*block as usize).map_or(NONE, |l| l.load(Ordering::Relaxed));
        }
        let index = *block as usize * BLOCK_WORDS + in_block / 8;
        let word = self.history.words.get(index).map_or(0, |w| w.load(Ordering::Relaxed));
        *at += 1;
        (word >> (in_block % 8 * 8)) as u8
    }

    fn is_done(&self) -> bool {
        self.cursor.at >= self.cursor.len
    }
}

impl History {
    /// Calls `each` with every cell of a column in its place; for whoever has the writer.
    pub(crate) fn each_cell(&self, head: &Head, mut each: impl FnMut(&Cell)) {
        let (mut main, mut last) = (SegmentSource { history: self, cursor: Cursor::new(&head.main) }, BEFORE_FIRST);
        while let Some(cell) = decode(&mut main, &mut last) {
            each(&cell);
        }
        self.each_part(&head.parts, each);
    }

    /// As [`each_cell`](Self::each_cell), of a segment whose cells stand each on its own.
    pub(crate) fn each_part(&self, parts: &Segment, mut each: impl FnMut(&Cell)) {
        let mut source = SegmentSource { history: self, cursor: Cursor::new(parts) };
        while let Some(cell) = {
            let mut alone = BEFORE_FIRST;
            decode(&mut source, &mut alone)
        } {
            each(&cell);
        }
    }
}

impl ColumnLog<'_> {
    /// Moves cells that stand each on its own from one segment behind those of another; returns the
    /// joined segment.
    pub(crate) fn join(&mut self, history: &History, to: Segment, from: Segment) -> Segment {
        if to.len == 0 {
            return from;
        }
        if from.len == 0 {
            return to;
        }
        let mut writer = SegmentWriter::resume(history, self, to);
        history.each_part(&from, |cell| {
            writer.cell(cell);
        });
        let joined = writer.finish();
        self.free_segment(history, &from);
        joined
    }
}
