//! What the core tells of itself: splits, merges, leader changes, routes that share virtual buckets.
//!
//! Of each sort one event a column, told when the column is sealed: the first of it by its ids, and how many more
//! there were before the seal. Its instant is the middle of the time between two flushes in which the first happened, so it lies in
//! the window that the counts of that time lie in. Folding is told at most once an hour, and so is what happens to ranges
//! of the core's own, by numbers alone: nobody caused any one of these, and their ids are made of key bytes.

use core::fmt::{self, Write};

use crate::counters::Published;
use crate::event::EventKind;
use crate::events::{Own, Told};
use crate::limits::{FOLDING_EVERY_MS, MAX_EVENT_TEXT_LEN, RANGES_EVERY_MS};
use crate::shared::Shared;
use crate::writer::State;

/// Ids that a text names beside the one it is about.
const NAMED: usize = 3;

/// What came since the last seal.
#[derive(Clone, Copy, Default)]
pub(crate) struct Changes {
    splits: Change,
    merges: Change,
    terms: Change,
    folds: Change,
    /// When folding was told last.
    folding_told_ms: Option<u64>,
}

impl Change {
    /// The least and the greatest id of what changed.
    fn ids(&self) -> Option<(u64, u64)> {
        (self.count > 0).then_some((self.least, self.greatest))
    }
}

/// Changes of one sort: the first, and how many there were.
#[derive(Clone, Copy, Default)]
struct Change {
    count: u64,
    /// When the first was, once a flush has said it.
    at_ms: Option<u64>,
    subject: u64,
    others: [u64; NAMED],
    /// Of all that changed, not of the first alone.
    least: u64,
    greatest: u64,
    /// How many others there were, those not named included.
    of: usize,
}

impl Change {
    fn note(&mut self, subject: u64, others: impl ExactSizeIterator<Item = u64>) {
        self.count = self.count.saturating_add(1);
        (self.least, self.greatest) = (self.least.min(subject), self.greatest.max(subject));
        if self.count == 1 {
            (self.subject, self.of, self.least, self.greatest) = (subject, others.len(), subject, subject);
            self.others.iter_mut().zip(others).for_each(|(to, id)| *to = id);
        }
    }

    fn at(&mut self, at_ms: u64) {
        if self.count > 0 {
            self.at_ms.get_or_insert(at_ms);
        }
    }
}

impl Changes {
    pub(crate) fn split(&mut self, parent: u64, children: impl ExactSizeIterator<Item = u64>) {
        self.splits.note(parent, children);
    }

    pub(crate) fn merge(&mut self, child: u64, parents: impl ExactSizeIterator<Item = u64>) {
        self.merges.note(child, parents);
    }

    /// A group's term changed from a known one.
    pub(crate) fn term(&mut self, group: u64, from: u64, to: u64) {
        self.terms.note(group, [from, to].into_iter());
    }

    /// A route began to share a virtual bucket.
    pub(crate) fn fold(&mut self) {
        self.folds.note(0, core::iter::empty());
    }
}

impl State<'_> {
    /// What changed since the last flush was at `at_ms`.
    pub(crate) fn date_changes(&mut self, at_ms: u64) {
        let Changes { splits, merges, terms, folds, .. } = &mut self.changes;
        [splits, merges, terms].into_iter().for_each(|change| change.at(at_ms));
        // It waits for its hour, and is of the time when it is told.
        folds.at_ms = (folds.count > 0).then_some(at_ms);
    }

    /// Tells what changed in the column that was sealed.
    #[inline(never)]
    pub(crate) fn tell_changes(&mut self, shared: &Shared) {
        if self.layout.ranges > 0 {
            return self.tell_ranges(shared);
        }
        let take = |change: &mut Change| change.at_ms.map(|at_ms| (at_ms, core::mem::take(change)));
        if let Some((at_ms, change)) = take(&mut self.changes.splits) {
            tell(shared, Own::Split, at_ms, (change.count, change.ids()), format_args!("{}", Split(&change)));
        }
        if let Some((at_ms, change)) = take(&mut self.changes.merges) {
            tell(shared, Own::Merge, at_ms, (change.count, change.ids()), format_args!("{}", Merge(&change)));
        }
        if let Some((at_ms, change)) = take(&mut self.changes.terms) {
            tell(shared, Own::LeaderChange, at_ms, (change.count, change.ids()), format_args!("{}", Term(&change)));
        }
        self.tell_folding(shared);
    }

    /// Of ranges of the core's own: how many followed the load since the first that was not told.
    fn tell_ranges(&mut self, shared: &Shared) {
        let Changes { splits, merges, .. } = &mut self.changes;
        let now_ms = self.last_ms;
        let Some(first_ms) = splits.at_ms.into_iter().chain(merges.at_ms).min() else { return };
        let passed_ms = now_ms.saturating_sub(first_ms);
        if passed_ms < RANGES_EVERY_MS {
            return;
        }
        let (splits, joins) = (core::mem::take(splits).count, core::mem::take(merges).count);
        let minutes = passed_ms / 60_000;
        let text =
            format_args!("followed the load in {minutes} minutes by {splits} splits and {joins} merges of ranges");
        tell(shared, Own::Split, now_ms, (splits.saturating_add(joins), None), text);
    }

    fn tell_folding(&mut self, shared: &Shared) {
        let Some(at_ms) = self.changes.folds.at_ms else { return };
        if self.changes.folding_told_ms.is_some_and(|told| at_ms.saturating_sub(told) < FOLDING_EVERY_MS) {
            return;
        }
        self.changes.folds = Change::default();
        self.changes.folding_told_ms = Some(at_ms);
        let (members, routes) = (shared.board.get(Published::Members), shared.board.get(Published::Routes));
        let (buckets, own) = (shared.board.get(Published::VirtualBuckets), self.layout.max_routes);
        let text = format_args!("{members} of {routes} routes share {buckets} virtual buckets; max_routes is {own}");
        tell(shared, Own::Folding, at_ms, (1, None), text);
    }

    /// Remembers an event of the host's; see [`Sampler::annotate`](crate::Sampler::annotate).
    pub(crate) fn annotate(&mut self, shared: &Shared, at_ms: u64, kind: EventKind, text: &str) {
        let told = Told { at_ms, kind, text, changes: 1, ids: None };
        count(shared, shared.events.push_host(&mut self.event_sorts, &told), text);
    }
}

impl Own {
    #[cfg(feature = "alloc")]
    const ALL: [Own; 4] = [Own::Split, Own::Merge, Own::LeaderChange, Own::Folding];

    const fn kind(self) -> EventKind {
        match self {
            Own::Split => EventKind::SPLIT,
            Own::Merge => EventKind::MERGE,
            Own::LeaderChange => EventKind::LEADER_CHANGE,
            Own::Folding => EventKind::FOLDING,
        }
    }
}

fn tell(shared: &Shared, own: Own, at_ms: u64, (changes, ids): (u64, Option<(u64, u64)>), text: fmt::Arguments<'_>) {
    let mut line = Line { bytes: [0; MAX_EVENT_TEXT_LEN], len: 0 };
    // A text that is cut says so by its length; the texts of this file are not.
    let _ = line.write_fmt(text);
    let text = line.bytes.get(..line.len).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("");
    let told = Told { at_ms, kind: own.kind(), text, changes, ids };
    count(shared, shared.events.push_own(own, &told), text);
}

/// Remembers an event of an earlier run. A host may tell of kinds that the core tells of, too: its texts stay its own,
/// since they may hold keys.
#[cfg(feature = "alloc")]
pub(crate) fn restore(shared: &Shared, sorts: &mut crate::event_sorts::EventSorts, event: &crate::event::Event) {
    let crate::event::Event { at_ms, kind, ref text, changes, ids, .. } = *event;
    let told = Told { at_ms, kind, text, changes, ids };
    let own = Own::ALL.into_iter().find(|own| event.own && own.kind() == kind);
    let dropped = match own {
        Some(own) => shared.events.push_own(own, &told),
        None => shared.events.push_host(sorts, &Told { ids: None, ..told }),
    };
    count(shared, dropped, text);
}

fn count(shared: &Shared, dropped: bool, text: &str) {
    shared.board.add(Published::EventsTold, 1);
    shared.board.add(Published::EventsDropped, u64::from(dropped));
    shared.board.add(Published::EventsCut, u64::from(text.len() > MAX_EVENT_TEXT_LEN));
}

/// A text put together without an allocator.
struct Line {
    bytes: [u8; MAX_EVENT_TEXT_LEN],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let to = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        to.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

struct Split<'a>(&'a Change);

impl fmt::Display for Split<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "route {} into {}", self.0.subject, Ids(self.0))?;
        more(f, self.0, "split")
    }
}

struct Merge<'a>(&'a Change);

impl fmt::Display for Merge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "routes {} into {}", Ids(self.0), self.0.subject)?;
        more(f, self.0, "merge")
    }
}

struct Term<'a>(&'a Change);

impl fmt::Display for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to, _] = self.0.others;
        write!(f, "group {} from term {from} to ", self.0.subject)?;
        if to == 0 {
            f.write_str("an unknown one")?
        } else {
            write!(f, "{to}")?
        }
        more(f, self.0, "change")
    }
}

/// The others by their ids, as many as are named.
struct Ids<'a>(&'a Change);

impl fmt::Display for Ids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, id) in self.0.others.iter().take(self.0.of).enumerate() {
            let before = if at > 0 { ", " } else { "" };
            write!(f, "{before}{id}")?;
        }
        match self.0.of.saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn more(f: &mut fmt::Formatter<'_>, change: &Change, what: &str) -> fmt::Result {
    match change.count.saturating_sub(1) {
        0 => Ok(()),
        1 => write!(f, "; one more {what} by the end of the column"),
        more => write!(f, "; {more} more {what}s by the end of the column"),
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// The longest of each sort fits, so nothing of these is ever cut.
    #[test]
    fn the_longest_texts_fit() {
        let others = [u64::MAX; 3];
        let longest = Change { count: u64::MAX, subject: u64::MAX, others, of: usize::MAX, ..Change::default() };
        for text in [Split(&longest).to_string(), Merge(&longest).to_string(), Term(&longest).to_string()] {
            assert!(text.len() <= MAX_EVENT_TEXT_LEN, "{} bytes: {text}", text.len());
        }
        let folding = "18446744073709551615 of 18446744073709551615 routes share 18446744073709551615 virtual buckets; max_routes is 18446744073709551615";
        assert!(folding.len() <= MAX_EVENT_TEXT_LEN);
    }
}
