//! From cells to a column: what came since the last flush, summed, differenced, written down.
//!
//! A flush at `t` gathers what came in `[last, t]` and gives it to the window that holds the middle
//! of that interval. The window's column is open until a flush reaches its end; then it is sealed
//! and never reopened. Several flushes of one window add up: what a cell has in the open column is
//! kept beside its baseline, and the open column is published anew by each flush.

use crate::column::{Cell, OpenColumn, Segment};
use crate::counters::Published;
use crate::descriptor::NONE;
use crate::history::{ColumnState, Head};
use crate::limits::{FULL_DRAIN_EVERY, MAX_TIME_MS, PAGE_SLOTS};
use crate::op::{Series, Tally};
use crate::pages::PageEntry;
use crate::seat::{SeatMeta, SeatState};
use crate::segment::SegmentWriter;
use crate::shared::Shared;
use crate::sync::{Count, Ordering, wide};
use crate::writer::State;

impl State<'_> {
    /// Gathers everything observed so far; see [`Sampler::flush`](crate::Sampler::flush).
    pub(crate) fn flush(&mut self, shared: &Shared, now_ms: u64) {
        let behind = now_ms < self.last_ms || now_ms > MAX_TIME_MS;
        let t = if behind { self.last_ms } else { now_ms };
        if behind {
            shared.board.add(Published::ClockSteppedBack, 1);
        }
        let elapsed = t - self.last_ms;
        let middle_ms = self.last_ms + elapsed / 2;
        let window = middle_ms / self.step_ms;
        if self.open.as_ref().is_some_and(|open| open.window != window) {
            self.publish(shared, None, self.last_ms, true);
        }
        self.open_column(shared, window);
        self.last_ms = t;
        shared.board.add(Published::Flushes, 1);
        let flushes = shared.board.get(Published::Flushes);
        let epoch = shared.pages.advance_epoch();
        self.log.drop_folded(&shared.history);

        self.date_changes(middle_ms);
        self.advance_graces(elapsed);
        let drain = Drain { epoch, all: flushes.is_multiple_of(FULL_DRAIN_EVERY) };
        // A step back leaves no way to tell how long the column's counts took.
        let late = behind || elapsed > self.step_ms + self.step_ms / 2;
        // What this sets apart came since the last flush, so it comes before that is adopted.
        self.describe_pending(shared);
        self.adopt_pending(shared, late);
        self.gather_candidates(shared);
        self.drain_samples(shared);
        let seal = t >= (window + 1).saturating_mul(self.step_ms);
        self.publish(shared, Some(drain), t, seal);

        shared.board.set(Published::LastFlushMs, t);
        self.publish_counts(shared);
    }

    /// Lets time pass unlooked at; see [`Sampler::skip`](crate::Sampler::skip).
    pub(crate) fn skip(&mut self, shared: &Shared, now_ms: u64) {
        if now_ms <= self.last_ms || now_ms > MAX_TIME_MS {
            return;
        }
        let window = now_ms / self.step_ms;
        match &mut self.open {
            Some(open) if open.window == window => open.skipped_ms += now_ms - self.last_ms,
            Some(_) => self.publish(shared, None, self.last_ms, true),
            None => {}
        }
        self.last_ms = now_ms;
    }

    /// Makes sure that the open column is that of `window`.
    fn open_column(&mut self, shared: &Shared, window: u64) {
        if self.open.is_some() {
            return;
        }
        let skipped = self.sealed_window.map_or(0, |sealed| window.saturating_sub(sealed + 1));
        shared.board.add(Published::WindowsMissing, skipped);
        self.open = Some(OpenColumn {
            published: None,
            window,
            covers_from_ms: self.last_ms,
            skipped_ms: 0,
            late: false,
            parts: Segment::EMPTY,
            parts_recorded: Tally::ZERO,
            unattributed: Tally::ZERO,
        });
    }

    fn advance_graces(&mut self, elapsed_ms: u64) {
        let mut seat = self.draining.first();
        while let Some(meta) = self.seats.get_mut(seat as usize) {
            let (at, next) = (seat, meta.next);
            if meta.grace.advance(elapsed_ms, self.step_ms) {
                self.end_grace(at);
            }
            seat = next;
        }
    }

    /// What was set apart since the last flush belongs to the open column.
    fn adopt_pending(&mut self, shared: &Shared, late: bool) {
        let unattributed = self.drain_unattributed(shared);
        let pending = core::mem::replace(&mut self.pending_parts, Segment::EMPTY);
        let recorded = core::mem::take(&mut self.pending_recorded);
        shared.board.add_tally(Published::Recorded, recorded);
        shared.board.add_tally(Published::Observed, recorded);
        shared.board.add_tally(Published::Unattributed, unattributed);
        shared.board.add_tally(Published::Observed, unattributed);
        if let Some(open) = &mut self.open {
            open.parts = self.log.join(&shared.history, open.parts, pending);
            open.parts_recorded.add(recorded);
            open.unattributed.add(unattributed);
            open.late |= late;
        }
    }

    // What it calls is not put into it: a small machine's stack has no room for all of them at once.
    /// Publishes the open column, with what `drain` finds in the cells; seals it if `seal`.
    fn publish(&mut self, shared: &Shared, drain: Option<Drain>, covers_to_ms: u64, seal: bool) {
        let drained = self.encode(shared, drain, seal);
        let Some(open) = &mut self.open else { return };
        open.unattributed.add(drained.unattributed);
        let state = match (seal, open.late) {
            (false, _) => ColumnState::Open,
            (true, false) => ColumnState::Complete,
            (true, true) => ColumnState::Late,
        };
        let mut recorded = drained.column;
        recorded.add(open.parts_recorded);
        // As long as what it covers, wherever within it the time lies that was skipped.
        let covers_to_ms = covers_to_ms.saturating_sub(open.skipped_ms).max(open.covers_from_ms);
        let head = Head {
            sequence: 0,
            ordinal: self.ordinal,
            start_ms: open.window.saturating_mul(self.step_ms),
            end_ms: (open.window + 1).saturating_mul(self.step_ms),
            covers_from_ms: open.covers_from_ms,
            covers_to_ms,
            state,
            main: drained.main,
            parts: open.parts,
            unattributed: open.unattributed,
            recorded,
        };
        let (window, late) = (open.window, open.late);
        let entry = self.log.publish(&shared.history, head, open.published);
        open.published = Some((entry, drained.main));
        self.publish_hot_keys(shared, head.start_ms, head.end_ms, covers_to_ms, seal);
        if seal {
            self.sealed_window = Some(window);
            if late {
                shared.board.add(Published::ColumnsLate, 1);
            }
            self.open = None;
            self.log.seal(&shared.history, entry);
            self.fold_columns(shared, head.end_ms);
            shared.board.add(Published::ColumnsSealed, 1);
            self.free_ended(shared);
            self.ordinal += 1;
            self.trade_places(shared);
            self.repartition(shared);
            self.tell_changes(shared);
        } else if drain.is_some() {
            self.grow_ranges(shared);
        }
        let open_from = self.open.as_ref().map_or(0, |o| o.window.saturating_mul(self.step_ms) + 1);
        shared.board.set(Published::OpenFrom, open_from);
    }

    /// Publishes the open column as it is, for whoever put something into it.
    #[cfg(feature = "alloc")]
    pub(crate) fn show_open(&mut self, shared: &Shared) {
        self.publish(shared, None, self.last_ms, false);
    }

    /// Writes the open column's cells. With `drain`, adds what came since the last drain; with
    /// `seal`, leaves nothing open.
    #[inline(never)]
    fn encode(&mut self, shared: &Shared, drain: Option<Drain>, seal: bool) -> Encoded {
        let (k, lanes) = (self.layout.k, self.layout.lanes);
        let mut sums = Sums::default();
        let State { log, seats, runs, baselines, open_cells, open_pages, scans, scratch, layout, ordinal, .. } = self;
        let mut out = SegmentWriter::new(&shared.history, log);
        for page in 0..layout.pages {
            let (set, bit) = (page / 64, 1u64 << (page % 64));
            let open_page = open_pages.get(set).is_some_and(|w| w & bit != 0);
            let changed = drain.is_some_and(|drain| drain.sum_page(shared, page, scratch));
            let scanned =
                scans.turn_to(page, layout, |page, sums| drain.is_some_and(|d| d.sum_page(shared, page, sums)));
            if !changed && !scanned && !open_page {
                continue;
            }
            let first = page * PAGE_SLOTS;
            // A page holds slots of routes or of virtual buckets, never both.
            let (mut place, lanes, subs, seats_end) = match first.checked_sub(layout.first_virtual_slot) {
                // A bucket has one cell.
                Some(slot) => (Place { seat: layout.own_seats + slot * k, lane: 0, sub: 0 }, 1, 1, layout.seats),
                None => (Place { seat: first / lanes, lane: first % lanes, sub: 0 }, lanes, k, layout.own_seats),
            };
            let mut left_open = false;
            let (base, count) = (first * k, PAGE_SLOTS * k);
            let cells = baselines.iter_mut().zip(open_cells.iter_mut()).skip(base).take(count);
            for (number, ((baseline, open), now)) in (base..).zip(cells.zip(scratch.chunks_exact(4))) {
                let mut delta = [0u64; 4];
                if changed {
                    for ((delta, now), was) in delta.iter_mut().zip(now).zip(baseline.iter_mut()) {
                        *delta = wide(now.wrapping_sub(core::mem::replace(was, *now)));
                    }
                }
                let at = place;
                place.step(subs, lanes);
                let Some(meta) = seats.get_mut(at.seat).filter(|_| at.seat < seats_end) else { break };
                let scan = scans.of(number);
                if delta == [0; 4] && *open == [0; 4] && scan.is_none() && !meta.parted && meta.mark == NONE {
                    continue;
                }
                let scan = scan.unwrap_or_default();
                let delta = Tally::of_cell(delta, scan.new);
                if meta.state == SeatState::Free {
                    sums.late.add(delta);
                    continue;
                }
                if meta.parted && drain.is_some() {
                    meta.mark = meta.descriptor;
                }
                let mut counts = Tally::of_cell(*open, scan.open);
                counts.add(delta);
                sums.drained.add(delta);
                sums.write(&mut out, meta, at.row(meta, counts, k, layout.lanes), counts);
                if seal {
                    let ops = counts.get(Series::Ops);
                    meta.warm(ops, *ordinal);
                    if let Some(run) = at.seat.checked_sub(layout.own_seats).and_then(|bucket| runs.get_mut(bucket)) {
                        run.ops = run.ops.saturating_add(ops);
                    }
                }
                *open = if seal { [0; 4] } else { counts.cell_words() };
                scans.keep_open(number, if seal { 0 } else { counts.scans });
                if at.lane + 1 == lanes && at.sub + 1 == subs {
                    meta.parted &= drain.is_none();
                    meta.mark = if seal { NONE } else { meta.mark };
                }
                left_open |= meta.parted || !seal && (!counts.is_zero() || meta.mark != NONE);
            }
            if let Some(word) = open_pages.get_mut(set) {
                *word = if left_open { *word | bit } else { *word & !bit };
            }
        }
        let main = out.finish();
        scans.end(seal);
        shared.board.add(Published::LateAfterGrace, sums.late.get(crate::op::Series::Ops));
        shared.board.add_tally(Published::Recorded, sums.drained);
        shared.board.add_tally(Published::Unattributed, sums.late);
        shared.board.add_tally(Published::Observed, sums.drained);
        shared.board.add_tally(Published::Observed, sums.late);
        let mut unattributed = sums.late;
        unattributed.add(sums.lost);
        Encoded { main, column: sums.column, unattributed }
    }
}

/// A cell's place while a page is walked through.
#[derive(Clone, Copy)]
struct Place {
    seat: usize,
    lane: usize,
    sub: usize,
}

impl Place {
    #[inline]
    fn step(&mut self, k: usize, lanes: usize) {
        self.sub += 1;
        if self.sub == k {
            self.sub = 0;
            self.lane += 1;
            if self.lane == lanes {
                self.lane = 0;
                self.seat += 1;
            }
        }
    }
}

impl Place {
    /// The cell's row: of the seat's descriptor, or, without counts, of the one it is marked with.
    fn row(self, meta: &SeatMeta, counts: Tally, k: usize, lanes: usize) -> u64 {
        let descriptor = if counts.is_zero() { meta.mark } else { meta.descriptor };
        (u64::from(descriptor) * lanes as u64 + self.lane as u64) * k as u64 + self.sub as u64
    }
}

#[derive(Default)]
struct Sums {
    /// New since the last drain.
    drained: Tally,
    /// In the column's main segment.
    column: Tally,
    /// Of free seats.
    late: Tally,
    /// For want of a block; configurations that could come here are refused.
    lost: Tally,
}

impl Sums {
    /// Writes a cell into the column's main segment; one without counts only where the seat is marked.
    fn write(&mut self, out: &mut SegmentWriter<'_, '_>, meta: &mut SeatMeta, row: u64, counts: Tally) {
        if counts.is_zero() && meta.mark == NONE {
            return;
        }
        meta.described = true;
        let draining = meta.state != SeatState::Live;
        if out.cell(&Cell { row, draining, counts }) { self.column.add(counts) } else { self.lost.add(counts) }
    }
}

struct Encoded {
    main: Segment,
    column: Tally,
    unattributed: Tally,
}

/// Which pages a flush looks into.
#[derive(Clone, Copy)]
struct Drain {
    /// The epoch that ends with this flush.
    epoch: u32,
    all: bool,
}

impl Drain {
    /// Whether a page changed since the flush before the last one, in any row; if so, `sums` gets
    /// the sum of all its shards.
    fn sum_page(self, shared: &Shared, page: usize, sums: &mut [Count]) -> bool {
        let rows = shared.layout.directory_rows();
        let entry = |row| shared.pages.entry(row, page).map_or(PageEntry(0), |e| PageEntry(e.load(Ordering::Acquire)));
        let recent = |e: PageEntry| e.base().is_some() && e.age(self.epoch) <= 1;
        // A mark made while this flush runs is of the next epoch, and as recent.
        let newer = |e: PageEntry| e.base().is_some() && e.age(self.epoch.wrapping_add(1)) == 0;
        if !self.all && !(0..rows).map(entry).any(|e| recent(e) || newer(e)) {
            return false;
        }
        sums.fill(0);
        for base in (0..rows).filter_map(|row| entry(row).base()) {
            for (sums, line) in sums.chunks_exact_mut(crate::limits::LINE_WORDS).zip(shared.pages.page(base)) {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.wrapping_add(line.word(i).load(Ordering::Relaxed));
                }
            }
        }
        true
    }
}
