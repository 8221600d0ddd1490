//! Asking for hot keys, and why there may be none.

use alloc::vec::Vec;
use core::fmt;

use crate::hot_keys::answer::{HotKey, HotKeys, cap};
use crate::hot_keys::combine::heaviest;
use crate::hot_keys::record::{Listed, sketches};
use crate::key_history::RecordHead;
use crate::label::Label;
use crate::op::{Op, Series};
use crate::route::RouteId;
use crate::shared::Shared;
use crate::table::Found;

/// Whose hot keys are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HotKeysOf {
    /// A route's: of one label and one division where they are given, else of all. Of a route in a virtual
    /// bucket: the bucket's, and the answer says `aggregate`.
    Route {
        /// The route.
        route: RouteId,
        /// One label alone; [`Label::NONE`] is the unlabelled traffic.
        label: Option<Label>,
        /// One division alone, from 0 on.
        sub_bucket: Option<u32>,
    },
    /// Those of `[start, end)`, of every route that it touches; `None` is unbounded.
    Range {
        /// The lowest key.
        start: Vec<u8>,
        /// Keys are below it.
        end: Option<Vec<u8>>,
    },
}

/// Which hot keys are asked for. Not to be refused; what has no answer has a [`NoHotKeys`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotKeysQuery {
    /// Whose.
    pub of: HotKeysOf,
    /// `Reads` or `Writes`; any other series is taken for the one of the two that it belongs to.
    pub series: Series,
    /// The most keys; 0, and everything above 1024, is 1024. No sketch has more than `hot_key_entries`.
    pub top: usize,
    /// Least end of a window, in Unix milliseconds; 0 is unbounded.
    pub from_ms: u64,
    /// Ends of windows are below this, in Unix milliseconds; 0 is unbounded. Where neither is given, the open
    /// column and the one before it answer.
    pub to_ms: u64,
}

impl HotKeysQuery {
    /// The 20 most written keys of a route, now.
    #[must_use]
    pub fn of_route(route: RouteId) -> Self {
        Self::of(HotKeysOf::Route { route, label: None, sub_bucket: None })
    }

    /// The 20 most written keys of a range, now.
    #[must_use]
    pub fn of_range(start: &[u8], end: Option<&[u8]>) -> Self {
        Self::of(HotKeysOf::Range { start: start.to_vec(), end: end.map(<[u8]>::to_vec) })
    }

    fn of(of: HotKeysOf) -> Self {
        HotKeysQuery { of, series: Series::Writes, top: 20, from_ms: 0, to_ms: 0 }
    }

    fn op(&self) -> Op {
        match self.series {
            Series::Reads | Series::ReadBytes | Series::Scans => Op::Read,
            _ => Op::Write,
        }
    }
}

/// Why there are no hot keys to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoHotKeys {
    /// Keys are not sampled: `hot_keys` is off.
    Disabled,
    /// Nothing was flushed yet.
    NoSnapshot,
    /// The columns asked for are not kept any more, or their hot keys are not.
    Expired,
    /// There is no column in the time asked for.
    OutOfSnapshotWindow,
    /// Of what is asked for no key was sampled: nobody registered it, or it had no traffic.
    NoSketch,
    /// It may have had traffic, but not as much as the hottest, which are the ones that are followed.
    BelowThreshold,
}

impl NoHotKeys {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            NoHotKeys::Disabled => "hotkeys_disabled",
            NoHotKeys::NoSnapshot => "no_snapshot",
            NoHotKeys::Expired => "expired",
            NoHotKeys::OutOfSnapshotWindow => "out_of_snapshot_window",
            NoHotKeys::NoSketch => "no_sketch",
            NoHotKeys::BelowThreshold => "below_threshold",
        }
    }
}

impl fmt::Display for NoHotKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoHotKeys::Disabled => "keys are not sampled here; start with hot keys on",
            NoHotKeys::NoSnapshot => "nothing was flushed yet; ask again in a moment",
            NoHotKeys::Expired => {
                "the hot keys of that time made room for newer ones; raise hot_key_bytes to keep more"
            }
            NoHotKeys::OutOfSnapshotWindow => "there is no column in that time; ask for another",
            NoHotKeys::NoSketch => "no key of it was sampled in that time; it is not registered or had no such traffic",
            NoHotKeys::BelowThreshold => {
                "it was not among the hottest, whose keys are followed; raise hot_key_sketches to follow more"
            }
        })
    }
}

impl core::error::Error for NoHotKeys {}

/// Answers a query out of what is kept.
pub(crate) fn ask(shared: &Shared, query: &HotKeysQuery) -> Result<HotKeys, NoHotKeys> {
    if shared.layout.sketches == 0 {
        return Err(NoHotKeys::Disabled);
    }
    if !shared.key_history.begun() {
        return Err(NoHotKeys::NoSnapshot);
    }
    let always = query.from_ms == 0 && query.to_ms == 0;
    let within = |head: &RecordHead| head.end_ms >= query.from_ms && (query.to_ms == 0 || head.end_ms < query.to_ms);
    let (heads, mut records) = shared.key_history.read(within);
    if always {
        records.drain(..records.len().saturating_sub(2));
    }
    if records.is_empty() {
        // What was kept once lies before the oldest that still is.
        let before = heads.first().is_none_or(|first| query.to_ms != 0 && query.to_ms <= first.end_ms);
        let expired = before && shared.key_history.evicted();
        return Err(if expired { NoHotKeys::Expired } else { NoHotKeys::OutOfSnapshotWindow });
    }
    let whose = Whose::of(shared, query);
    let mut answer = HotKeys { series: query.series, ..HotKeys::default() };
    let (mut found, mut unlisted) = (false, 0);
    answer.from_ms = records.first().map_or(0, |(head, _)| head.start_ms);
    for (head, words) in &records {
        gather_head(&mut answer, head);
        unlisted += head.unlisted;
        let mut least = Vec::new();
        for listed in sketches(words, head.bytes()).filter(|listed| whose.is(listed)) {
            found = true;
            least.push((listed.aggregate, listed.route, listed.sub_bucket, listed.least));
            gather(&mut answer, listed, &whose);
        }
        answer.error_bound = answer.error_bound.saturating_add(bound(least));
    }
    if !found {
        return Err(if unlisted > 0 && whose.known { NoHotKeys::BelowThreshold } else { NoHotKeys::NoSketch });
    }
    answer.keys = heaviest(answer.keys, cap(query.top));
    Ok(answer)
}

/// Which cells, and which of their keys.
struct Whose<'a> {
    query: &'a HotKeysQuery,
    /// Of a route in a virtual bucket, that bucket's id.
    bucket: Option<u64>,
    /// There is such a route.
    known: bool,
}

impl<'a> Whose<'a> {
    fn of(shared: &Shared, query: &'a HotKeysQuery) -> Self {
        let HotKeysOf::Route { route, .. } = query.of else { return Whose { query, bucket: None, known: true } };
        let found = shared.find(route.0);
        let bucket = match found {
            Found::Member(member) => shared.members.bucket(member, route.0).and_then(|seat| shared.seats.route(seat)),
            _ => None,
        };
        Whose { query, bucket, known: matches!(found, Found::Seat(_) | Found::Member(_)) }
    }

    fn is(&self, listed: &Listed) -> bool {
        listed.op == self.query.op()
            && match &self.query.of {
                HotKeysOf::Route { route, label, sub_bucket } => {
                    if listed.aggregate {
                        self.bucket == Some(listed.route)
                    } else {
                        listed.route == route.0
                            && label.is_none_or(|label| label == listed.label)
                            && sub_bucket.is_none_or(|sub| sub == listed.sub_bucket)
                    }
                }
                HotKeysOf::Range { start, end } => {
                    end.as_ref().is_none_or(|end| listed.start < *end)
                        && listed.end.as_ref().is_none_or(|end| end > start)
                }
            }
    }

    fn wants(&self, key: &[u8]) -> bool {
        match &self.query.of {
            HotKeysOf::Route { .. } => true,
            HotKeysOf::Range { start, end } => {
                key >= start.as_slice() && end.as_ref().is_none_or(|end| key < end.as_slice())
            }
        }
    }
}

fn gather_head(answer: &mut HotKeys, head: &RecordHead) {
    answer.least_every = match (answer.least_every, head.least_every) {
        (0, every) | (every, 0) => every,
        (one, other) => one.min(other),
    };
    answer.most_every = answer.most_every.max(head.most_every);
    answer.dropped = answer.dropped.saturating_add(head.dropped);
    answer.too_long = answer.too_long.saturating_add(head.too_long);
    answer.unsampled = answer.unsampled.saturating_add(head.unsampled);
    answer.degraded |= head.dropped > 0 || head.too_long > 0 || head.unsampled > 0;
    answer.to_ms = answer.to_ms.max(head.end_ms);
    answer.as_of_ms = answer.as_of_ms.max(head.as_of_ms);
}

/// What a key that no sketch of a column lists had at the most: a key lies in one division of one route, in any label.
fn bound(mut least: Vec<(bool, u64, u32, u64)>) -> u64 {
    least.sort_unstable();
    let cells = least.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2));
    cells.map(|labels| labels.iter().fold(0u64, |sum, cell| sum.saturating_add(cell.3))).max().unwrap_or(0)
}

fn gather(answer: &mut HotKeys, listed: Listed, whose: &Whose<'_>) {
    answer.operations = answer.operations.saturating_add(listed.weight);
    answer.samples = answer.samples.saturating_add(listed.samples);
    answer.aggregate |= listed.aggregate;
    let keys = listed.keys.into_iter().filter(|(key, ..)| whose.wants(key));
    answer.keys.extend(keys.map(|(key, count, error)| HotKey { key, count, error }));
}
