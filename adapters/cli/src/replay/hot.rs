//! The hottest ranges and prefixes of a replayed trace, from exact totals of its routes.

use std::cmp::Reverse;

use super::density::Scale;
use super::prefixes::Prefix;
use super::sample::Sample;
use crate::catalog::{Catalog, Range};

/// A run of routes counts as hot when its keys get at least this many times the average of their part.
const HOT_TIMES: f64 = 2.0;

/// And when it has at least one part in this many of all operations.
const HOT_PARTS: u64 = 20;

/// Parts with fewer routes are not looked into.
const MIN_ROUTES: usize = 8;

/// Neighbouring routes that are told as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HotRange {
    pub(crate) start: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
    /// The most specific of the hot prefixes that all its keys have.
    pub(crate) prefix: Option<Prefix>,
    /// The routes' places in the catalog.
    pub(crate) routes: std::ops::Range<usize>,
    pub(crate) ops: u64,
    /// It is what is left: of the whole key space beside the hot prefixes, or of a prefix beside what stands out in it.
    pub(crate) rest: bool,
}

impl HotRange {
    /// Whether its keys are just those that begin so.
    pub(crate) fn is_all_of(&self, prefix: &Prefix) -> bool {
        self.start == prefix.bytes && self.end == prefix.end()
    }
}

/// A prefix with what all its keys got together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HotPrefix {
    pub(crate) prefix: Prefix,
    pub(crate) ops: u64,
    /// Without the operations of hot prefixes below it.
    pub(crate) own_ops: u64,
}

/// Cuts the key space into the parts of each hot prefix, and those into what stands out and the rest; hottest first. What
/// is left over comes after all others, however much it is: it has its share because it is wide, and nobody can act on
/// it.
pub(crate) fn ranges(catalog: &Catalog, sample: &Sample, prefixes: &[Prefix], ops: &[u64]) -> Vec<HotRange> {
    let routes: Vec<(Range<'_>, u64)> = catalog.routes().map(|(_, range)| range).zip(ops.iter().copied()).collect();
    let owners: Vec<Option<&Prefix>> = routes.iter().map(|(range, _)| owner(prefixes, *range)).collect();
    let total: u64 = ops.iter().sum();
    let mut found = Vec::new();
    let mut from = 0;
    for part in owners.chunk_by(|a, b| a == b) {
        let to = from + part.len();
        let inside = routes.get(from..to).unwrap_or_default();
        let mut at = from;
        let prefix = part.first().copied().flatten();
        for (length, stands_out) in runs(inside, sample, total) {
            let rest = !stands_out || (prefix.is_none() && length == part.len());
            found.extend(range(&routes, at..at + length, prefix).map(|range| HotRange { rest, ..range }));
            at += length;
        }
        from = to;
    }
    found.retain(|range| range.ops > 0);
    found.sort_by(|a, b| (a.rest, Reverse(a.ops), &a.start).cmp(&(b.rest, Reverse(b.ops), &b.start)));
    found
}

/// Each route by itself, hottest first; those without operations are left out.
pub(crate) fn routes(catalog: &Catalog, prefixes: &[Prefix], ops: &[u64]) -> Vec<HotRange> {
    let routes: Vec<(Range<'_>, u64)> = catalog.routes().map(|(_, range)| range).zip(ops.iter().copied()).collect();
    let alone = |(place, (of, _)): (usize, &(Range<'_>, u64))| range(&routes, place..place + 1, owner(prefixes, *of));
    let mut found: Vec<HotRange> = routes.iter().enumerate().filter_map(alone).collect();
    found.retain(|range| range.ops > 0);
    found.sort_by(|a, b| (Reverse(a.ops), &a.start).cmp(&(Reverse(b.ops), &b.start)));
    found
}

/// All hot prefixes with their totals, by what they have of their own.
pub(crate) fn prefixes(catalog: &Catalog, prefixes: &[Prefix], ops: &[u64]) -> Vec<HotPrefix> {
    let mut found: Vec<HotPrefix> =
        prefixes.iter().map(|prefix| HotPrefix { prefix: prefix.clone(), ops: 0, own_ops: 0 }).collect();
    for ((_, range), ops) in catalog.routes().zip(ops) {
        let own = owner(prefixes, range);
        for hot in found.iter_mut().filter(|hot| holds(&hot.prefix, range)) {
            hot.ops += ops;
            hot.own_ops += if own == Some(&hot.prefix) { *ops } else { 0 };
        }
    }
    sorted(found)
}

/// Those that have any operations, by what they have of their own.
pub(crate) fn sorted(mut found: Vec<HotPrefix>) -> Vec<HotPrefix> {
    found.retain(|hot| hot.ops > 0);
    found.sort_by(|a, b| (Reverse(a.own_ops), &a.prefix.bytes).cmp(&(Reverse(b.own_ops), &b.prefix.bytes)));
    found
}

/// The most specific prefix that holds the route.
fn owner<'a>(prefixes: &'a [Prefix], range: Range<'_>) -> Option<&'a Prefix> {
    prefixes.iter().filter(|prefix| holds(prefix, range)).max_by_key(|prefix| (prefix.bytes.len(), prefix.whole))
}

fn holds(prefix: &Prefix, range: Range<'_>) -> bool {
    let below_end = match (range.end, prefix.end()) {
        (Some(end), Some(prefix_end)) => end <= prefix_end.as_slice(),
        (None, Some(_)) => false,
        (_, None) => true,
    };
    prefix.bytes.as_slice() <= range.start && below_end
}

fn range(routes: &[(Range<'_>, u64)], places: std::ops::Range<usize>, prefix: Option<&Prefix>) -> Option<HotRange> {
    let run = routes.get(places.clone())?;
    let ((first, _), (last, _)) = (run.first()?, run.last()?);
    Some(HotRange {
        start: first.start.to_vec(),
        end: last.end.map(<[u8]>::to_vec),
        prefix: prefix.cloned(),
        routes: places,
        ops: run.iter().map(|(_, ops)| ops).sum(),
        rest: false,
    })
}

/// Lengths of the runs that one part falls into, and whether each stands out; a part of one run does.
fn runs(part: &[(Range<'_>, u64)], sample: &Sample, total: u64) -> Vec<(usize, bool)> {
    let whole = vec![(part.len(), true)];
    let (Some((first, _)), Some((last, _))) = (part.first(), part.last()) else {
        return Vec::new();
    };
    if part.len() < MIN_ROUTES {
        return whole;
    }
    let scale = Scale::of(sample, first.start, last.end);
    let width = |range: &Range<'_>| (range.end.map_or(1.0, |end| scale.place(end)) - scale.place(range.start)).max(0.0);
    let widths: f64 = part.iter().map(|(range, _)| width(range)).sum();
    let ops: u64 = part.iter().map(|(_, ops)| ops).sum();
    if widths <= 0.0 || ops == 0 {
        return whole;
    }
    let average = ops as f64 / widths;
    let hot = |(range, ops): &(Range<'_>, u64)| *ops as f64 >= HOT_TIMES * average * width(range) && *ops > 0;
    let mut lengths = Vec::new();
    let mut rest = 0;
    for run in part.chunk_by(|a, b| hot(a) == hot(b)) {
        let run_ops: u64 = run.iter().map(|(_, ops)| ops).sum();
        if run.first().is_some_and(hot) && run_ops >= total.div_ceil(HOT_PARTS) {
            if rest > 0 {
                lengths.push((rest, false));
            }
            lengths.push((run.len(), true));
            rest = 0;
        } else {
            rest += run.len();
        }
    }
    if rest > 0 {
        // Where nothing stands out, the part is what it is.
        let alone = lengths.is_empty();
        lengths.push((rest, alone));
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::super::{cuts, prefixes as nominate};
    use super::*;

    /// Everything from keys with their operations, as a replay does it.
    fn hottest(keys: Vec<(String, u64)>) -> (Vec<HotRange>, Vec<HotPrefix>) {
        let mut keys: Vec<_> = keys.into_iter().map(|(key, ops)| (key.into_bytes(), ops)).collect();
        keys.sort();
        let sample = Sample { total: keys.iter().map(|(_, ops)| ops).sum(), keys };
        let nominated = nominate::find(&sample);
        let catalog = Catalog::new(cuts::choose(&sample, &nominated, 512));
        let mut ops = vec![0; catalog.len()];
        for (key, weight) in &sample.keys {
            ops[catalog.index_of(key)] += weight;
        }
        (ranges(&catalog, &sample, &nominated, &ops), prefixes(&catalog, &nominated, &ops))
    }

    #[test]
    fn the_hot_prefix_is_the_hottest_range() {
        let mut keys: Vec<_> = (0..1000).map(|n| (format!("user:hot:{n:04}"), 8)).collect();
        keys.extend((0..1000).map(|n| (format!("user:{n:04}"), 1)));
        keys.extend((0..1000).map(|n| (format!("cart:{n:04}"), 1)));
        let (ranges, prefixes) = hottest(keys);
        assert_eq!(
            (ranges[0].start.as_slice(), ranges[0].end.as_deref()),
            (&b"user:hot:"[..], Some(&b"user:hot;"[..]))
        );
        assert_eq!(ranges[0].ops, 8000);
        assert_eq!((prefixes[0].prefix.bytes.as_slice(), prefixes[0].ops), (&b"user:hot:"[..], 8000));
        let user = prefixes.iter().find(|hot| hot.prefix.bytes == b"user:").unwrap();
        assert_eq!((user.ops, user.own_ops), (9000, 1000));
        assert_eq!(ranges.iter().map(|range| range.ops).sum::<u64>(), 10_000);
    }

    #[test]
    fn a_hot_range_inside_one_prefix_stands_out() {
        let heat = |n: u64| if (4000..5000).contains(&n) { 40 } else { 1 };
        let (ranges, _) = hottest((0..10_000).map(|n| (format!("key:{n:06}"), heat(n))).collect());
        let inside = |n: u64| format!("key:{n:06}").into_bytes();
        let hot = &ranges[0];
        assert!(hot.start <= inside(4030) && hot.start > inside(3800), "{hot:?}");
        assert!(hot.end.clone().unwrap() > inside(4970) && hot.end.clone().unwrap() < inside(5200), "{hot:?}");
        assert!((39_000..40_300).contains(&hot.ops));
    }

    #[test]
    fn an_even_load_has_no_hot_spot() {
        let (ranges, prefixes) = hottest((0..50_000).map(|n| (format!("key:{n:06}"), 1)).collect());
        assert_eq!(prefixes[0].prefix.bytes, b"key:");
        assert_eq!(ranges[0].ops, 50_000);
    }
}
