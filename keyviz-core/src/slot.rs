//! Seats: where a route is counted, and how its keys divide.
//!
//! A registered route owns a **seat**: `labels + 1` adjacent slots. The seat's line says whose it is
//! and how its range divides. The writer changes these words only between the end of the seat's
//! grace and its publication in the table, when no recorder can be inside it; so a recorder that
//! found the seat by its id reads them without a check. Only the generation changes while the seat
//! is known: it is raised at each publication and each removal, so that a handle never outlives
//! what it was taken for.

use crate::bounds::{BoundRef, Slab};
use crate::key::window;
use crate::line::Line;
use crate::sub_bucket::SubLayout;
use crate::sync::Ordering;

const ID: usize = 0;
const GENERATION: usize = 1;
const COUNT_AND_PREFIX: usize = 2;
const START_WINDOW: usize = 3;
const SPAN: usize = 4;
const RECIPROCAL: usize = 5;
const PREFIX_WORD: usize = 6;
const PREFIX_BOUND: usize = 7;

/// Reads and writes of one seat's line.
#[derive(Clone, Copy)]
pub(crate) struct Seat<'a>(pub(crate) &'a Line);

impl Seat<'_> {
    /// The route that owns it; what a free seat says has no meaning.
    #[inline(always)]
    pub(crate) fn route(self) -> u64 {
        self.0.word(ID).load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn generation(self) -> u32 {
        self.0.word(GENERATION).load(Ordering::Acquire) as u32
    }

    /// Fills a seat that no recorder can reach.
    pub(crate) fn fill(self, route: u64, layout: &SubLayout, slab: &Slab, start: BoundRef) {
        self.0.word(ID).store(route, Ordering::Relaxed);
        let count = u64::from(layout.count) | u64::from(layout.prefix_len) << 32;
        self.0.word(COUNT_AND_PREFIX).store(count, Ordering::Relaxed);
        self.0.word(START_WINDOW).store(layout.start_window, Ordering::Relaxed);
        self.0.word(SPAN).store(layout.span, Ordering::Relaxed);
        self.0.word(RECIPROCAL).store(layout.reciprocal, Ordering::Relaxed);
        let prefix = slab.window(start, 0) & prefix_mask(layout.prefix_len as usize);
        self.0.word(PREFIX_WORD).store(prefix, Ordering::Relaxed);
        self.0.word(PREFIX_BOUND).store(u64::from(start.0), Ordering::Relaxed);
    }

    /// Makes every handle to it stale.
    pub(crate) fn raise_generation(self) -> u32 {
        let next = (self.0.word(GENERATION).load(Ordering::Relaxed) as u32).wrapping_add(1);
        self.0.word(GENERATION).store(u64::from(next), Ordering::Release);
        next
    }

    /// How its range divides.
    #[inline(always)]
    pub(crate) fn layout(self) -> SubLayout {
        let count = self.0.word(COUNT_AND_PREFIX).load(Ordering::Relaxed);
        SubLayout {
            count: count as u32,
            prefix_len: (count >> 32) as u32,
            start_window: self.0.word(START_WINDOW).load(Ordering::Relaxed),
            span: self.0.word(SPAN).load(Ordering::Relaxed),
            reciprocal: self.0.word(RECIPROCAL).load(Ordering::Relaxed),
        }
    }

    /// The division that `key` falls into, judged on the whole key.
    #[inline(always)]
    pub(crate) fn sub_bucket(self, slab: &Slab, key: &[u8]) -> usize {
        let layout = self.layout();
        if layout.count <= 1 {
            return 0;
        }
        let prefix_len = layout.prefix_len as usize;
        if prefix_len > 0 {
            let order = self.compare_prefix(slab, key, prefix_len);
            if order.is_lt() {
                return 0;
            }
            if order.is_gt() {
                return layout.count as usize - 1;
            }
        }
        layout.index(window(key, prefix_len)) as usize
    }

    /// Compares the key's first bytes with the common prefix of the seat's bounds. The first eight
    /// stand in the seat's own line; the others are read from the start's chunks.
    #[inline(always)]
    fn compare_prefix(self, slab: &Slab, key: &[u8], prefix_len: usize) -> core::cmp::Ordering {
        let first = window(key, 0) & prefix_mask(prefix_len);
        let order = first.cmp(&self.0.word(PREFIX_WORD).load(Ordering::Relaxed));
        if prefix_len <= 8 || order.is_ne() { order } else { self.compare_long_prefix(slab, key, prefix_len) }
    }

    #[inline(never)]
    fn compare_long_prefix(self, slab: &Slab, key: &[u8], prefix_len: usize) -> core::cmp::Ordering {
        let start = BoundRef(self.0.word(PREFIX_BOUND).load(Ordering::Relaxed) as u32);
        for index in 1..prefix_len.div_ceil(8) {
            let mask = prefix_mask(prefix_len - index * 8);
            let order = (window(key, index * 8) & mask).cmp(&(slab.window(start, index) & mask));
            if order.is_ne() {
                return order;
            }
        }
        core::cmp::Ordering::Equal
    }
}

/// The bits of a window that lie within the first `len` bytes.
#[inline(always)]
const fn prefix_mask(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { !(u64::MAX >> (len * 8)) }
}
