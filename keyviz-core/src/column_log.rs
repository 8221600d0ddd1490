//! The writer's side of the history: free blocks and entries, the order of the columns, and who goes when
//! they run out.
//!
//! The sealed columns stand in a ring, oldest first: those of the coarsest tier, then those of the next finer
//! one, and so on. A column of a coarser tier is made of a group of finer ones, which stay readable until the
//! next flush, so that a reader that found them has as long as that to copy them; whoever finds both takes the
//! coarser. When blocks, entries or descriptors run out, first the replaced versions go, then the oldest sealed
//! column, and what it held is counted.

use crate::column::Segment;
use crate::descriptor::NONE;
use crate::history::{Head, History, ORDINAL};
use crate::layout::Layout;
use crate::op::Tally;
use crate::pool::PoolMut;
use crate::sync::{Count, Ordering, fence};
use crate::tier::MAX_TIERS;

/// What an evicted column held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Evicted {
    pub(crate) columns: u64,
    pub(crate) recorded: Tally,
}

/// A version of the open column that a newer one has replaced.
#[derive(Clone, Copy)]
struct Stale {
    entry: u32,
    ordinal: u64,
    main: Segment,
}

/// The writer's side: free blocks, free entries, the order of the sealed columns.
pub(crate) struct ColumnLog<'m> {
    free_block: u32,
    free_blocks: usize,
    free_entries: PoolMut<'m, u32>,
    free_entry_count: usize,
    /// Entries of the sealed columns, oldest first, as a ring.
    ring: PoolMut<'m, u32>,
    ring_first: usize,
    ring_len: usize,
    /// Columns of each tier in the ring, the finest first.
    tier_lens: [usize; TIERS],
    /// The last tier with room, and how many columns it may have.
    last_tier: usize,
    last_tier_columns: usize,
    max_columns: usize,
    sequence: Count,
    /// The open column as it was published before the last time. It stays until the next, so that
    /// a reader finds one version whole at any instant.
    stale: Option<Stale>,
    /// Entries of the columns that the last folding replaced.
    folded: PoolMut<'m, u32>,
    folded_len: usize,
    pub(crate) evicted: Evicted,
}

/// Tiers there may be: that of one step, and the coarser ones.
const TIERS: usize = 1 + MAX_TIERS;

/// The pools of a [`ColumnLog`].
pub(crate) struct LogPools<'m> {
    pub(crate) free_entries: PoolMut<'m, u32>,
    pub(crate) ring: PoolMut<'m, u32>,
    pub(crate) folded: PoolMut<'m, u32>,
}

/// Columns of one tier that lie side by side in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Their tier; 0 is that of one step.
    pub(crate) tier: usize,
    /// The first one's place behind the oldest column.
    pub(crate) offset: usize,
    pub(crate) count: usize,
}

impl<'m> ColumnLog<'m> {
    /// The writer's side of an empty history.
    pub(crate) fn new(layout: &Layout, history: &History, pools: LogPools<'m>) -> ColumnLog<'m> {
        let LogPools { mut free_entries, mut ring, folded } = pools;
        for (i, entry) in free_entries.iter_mut().enumerate() {
            *entry = i as u32;
        }
        ring.fill(NONE);
        let mut log = ColumnLog {
            free_block: NONE,
            free_blocks: 0,
            free_entry_count: free_entries.len(),
            free_entries,
            ring,
            ring_first: 0,
            ring_len: 0,
            tier_lens: [0; TIERS],
            last_tier: layout.tiers.len(),
            last_tier_columns: layout.last_tier_columns,
            max_columns: layout.columns,
            sequence: 0,
            stale: None,
            folded,
            folded_len: 0,
            evicted: Evicted::default(),
        };
        for block in (0..layout.blocks as u32).rev() {
            log.free_chain(history, block, 1);
        }
        log
    }

    /// The ordinal of the oldest published column; `next`, when there is none. Descriptors last used
    /// before it are free.
    pub(crate) fn oldest(&self, history: &History, next: u64) -> u64 {
        let sealed = self.ring_at(0).map(|entry| history.load(entry as usize, ORDINAL));
        let stale = self.stale.map(|stale| stale.ordinal);
        sealed.into_iter().chain(stale).fold(next, u64::min)
    }

    /// Blocks in use.
    pub(crate) fn blocks_used(&self, history: &History) -> usize {
        history.links.len() - self.free_blocks
    }

    /// The entry of the column at this place behind the oldest one.
    pub(crate) fn ring_at(&self, offset: usize) -> Option<u32> {
        if offset >= self.ring_len {
            return None;
        }
        self.ring.get((self.ring_first + offset) % self.ring.len()).copied()
    }

    fn free_chain(&mut self, history: &History, first: u32, blocks: u64) {
        let mut block = first;
        for _ in 0..blocks {
            let Some(link) = history.links.get(block as usize) else { return };
            let next = link.load(Ordering::Relaxed);
            link.store(self.free_block, Ordering::Relaxed);
            self.free_block = block;
            self.free_blocks += 1;
            block = next;
        }
    }

    pub(crate) fn free_segment(&mut self, history: &History, segment: &Segment) {
        self.free_chain(history, segment.first, segment.blocks());
    }

    /// A free block; with `evict`, if need be from the oldest sealed column.
    pub(crate) fn take_block(&mut self, history: &History, evict: bool) -> Option<u32> {
        while self.free_block == NONE {
            let freed = self.drop_stale(history) || self.drop_folded(history) || evict && self.evict_oldest(history);
            if !freed {
                return None;
            }
        }
        let block = self.free_block;
        let link = history.links.get(block as usize)?;
        self.free_block = link.load(Ordering::Relaxed);
        link.store(NONE, Ordering::Relaxed);
        self.free_blocks -= 1;
        Some(block)
    }

    /// Lets the oldest sealed column go; `false` when there is none.
    pub(crate) fn evict_oldest(&mut self, history: &History) -> bool {
        let Some(entry) = self.ring_at(0) else { return false };
        // They would stand for themselves again without the column that they are in.
        self.drop_folded(history);
        if let Some(head) = history.head(entry as usize) {
            history.withdraw(entry as usize);
            self.free_segment(history, &head.main);
            self.free_segment(history, &head.parts);
            self.evicted.columns += 1;
            self.evicted.recorded.add(head.recorded);
        }
        self.ring_first = (self.ring_first + 1) % self.ring.len();
        self.ring_len -= 1;
        if let Some(len) = self.tier_lens.iter_mut().rev().find(|len| **len > 0) {
            *len -= 1;
        }
        self.give_entry(entry);
        true
    }

    /// Withdraws the columns that the last folding replaced; `false` when there are none.
    pub(crate) fn drop_folded(&mut self, history: &History) -> bool {
        let count = core::mem::replace(&mut self.folded_len, 0);
        if count == 0 {
            return false;
        }
        // Who sees one withdrawn sees that the column which it was folded into is published, and looks again.
        fence(Ordering::Release);
        for at in 0..count {
            let Some(entry) = self.folded.get(at).copied() else { break };
            if let Some(head) = history.head(entry as usize) {
                history.withdraw(entry as usize);
                self.free_segment(history, &head.main);
                self.free_segment(history, &head.parts);
            }
            self.give_entry(entry);
        }
        true
    }

    fn give_entry(&mut self, entry: u32) {
        if let Some(to) = self.free_entries.get_mut(self.free_entry_count) {
            *to = entry;
            self.free_entry_count += 1;
        }
    }

    /// Withdraws the replaced version of the open column; `false` when there is none.
    fn drop_stale(&mut self, history: &History) -> bool {
        let Some(stale) = self.stale.take() else { return false };
        history.withdraw(stale.entry as usize);
        self.free_segment(history, &stale.main);
        self.give_entry(stale.entry);
        true
    }

    fn take_entry(&mut self) -> u32 {
        // There are more entries than sealed columns: for the open column, for the version of it that is
        // being written, and for what a folding replaces.
        self.free_entry_count = self.free_entry_count.saturating_sub(1);
        self.free_entries.get(self.free_entry_count).copied().unwrap_or(0)
    }

    /// Publishes a version of the open column; `before` is the entry and main segment of the one it
    /// replaces. Returns the entry it stands in.
    pub(crate) fn publish(&mut self, history: &History, mut head: Head, before: Option<(u32, Segment)>) -> u32 {
        head.sequence = self.next_sequence();
        self.drop_stale(history);
        let entry = self.take_entry();
        history.publish(entry as usize, &head);
        self.stale = before.map(|(entry, main)| Stale { entry, ordinal: head.ordinal, main });
        entry
    }

    /// 0 says that an entry changes.
    fn next_sequence(&mut self) -> Count {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.sequence
    }

    /// The published column is sealed: it joins the order, and the oldest go when there are too many.
    pub(crate) fn seal(&mut self, history: &History, entry: u32) {
        self.seal_in(history, entry, 0);
    }

    /// As [`seal`](Self::seal), in a tier that is no coarser than that of the column before.
    pub(crate) fn seal_in(&mut self, history: &History, entry: u32, tier: usize) {
        let at = (self.ring_first + self.ring_len) % self.ring.len();
        if let Some((to, len)) = self.ring.get_mut(at).zip(self.tier_lens.get_mut(tier)) {
            *to = entry;
            self.ring_len += 1;
            *len += 1;
        }
        self.let_go(history);
    }

    /// Whether the next column that is sealed makes the oldest go.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_full(&self) -> bool {
        self.ring_len >= self.max_columns
    }

    fn let_go(&mut self, history: &History) {
        let too_many = |log: &Self| log.tier_lens.get(log.last_tier).is_some_and(|len| *len > log.last_tier_columns);
        while too_many(self) || self.ring_len > self.max_columns {
            self.evict_oldest(history);
        }
    }

    /// Entries of the sealed columns, oldest first.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = u32> {
        (0..self.ring_len).filter_map(|offset| self.ring_at(offset))
    }

    /// Where the columns of a tier begin in the ring, and how many there are.
    pub(crate) fn tier(&self, tier: usize) -> (usize, usize) {
        let coarser = self.tier_lens.iter().skip(tier + 1).sum();
        (coarser, self.tier_lens.get(tier).copied().unwrap_or(0))
    }

    /// Publishes the column that a group was folded into, in the place of the group, which stays readable
    /// until the next flush.
    pub(crate) fn replace(&mut self, history: &History, group: &Group, mut head: Head) {
        self.drop_folded(history);
        head.sequence = self.next_sequence();
        let entry = self.take_entry();
        history.publish(entry as usize, &head);
        for at in 0..group.count {
            let Some(source) = self.ring_at(group.offset + at) else { break };
            if let Some(to) = self.folded.get_mut(self.folded_len) {
                *to = source;
                self.folded_len += 1;
            }
        }
        self.set_ring(group.offset, entry);
        for offset in group.offset + group.count..self.ring_len {
            if let Some(later) = self.ring_at(offset) {
                self.set_ring(offset + 1 - group.count, later);
            }
        }
        self.ring_len -= group.count - 1;
        if let Some([fine, coarse]) = self.tier_lens.get_mut(group.tier..group.tier + 2) {
            *fine -= group.count;
            *coarse += 1;
        }
        self.let_go(history);
    }

    fn set_ring(&mut self, offset: usize, entry: u32) {
        let at = (self.ring_first + offset) % self.ring.len();
        if let Some(to) = self.ring.get_mut(at) {
            *to = entry;
        }
    }
}
