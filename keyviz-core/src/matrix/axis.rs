//! The range axis: the key space cut into rows by heat.
//!
//! All boundaries of the window cut the key space into the finest intervals there are. While these are
//! more than the budget, the two neighbours that are least worth telling apart become one: first by the
//! rank of the border between them, then by their sum, then by their place. So hot ranges stay alone and
//! cold neighbours coalesce. From a heap, O(n log n).
//!
//! A range that lies within one row adds to it exactly. One that covers several, because it was counted
//! under wider bounds than the rows have, is spread by how much of it lies in each, in whole numbers that
//! sum to the whole (largest remainder); such cells are estimates, and say so.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::bucket::bounds_hash;
use crate::key::{common_prefix, window};

/// A range with what was counted in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    pub(crate) start: &'a [u8],
    /// `None` is unbounded.
    pub(crate) end: Option<&'a [u8]>,
    pub(crate) total: u64,
}

/// Where the key space is cut. Row `i` begins at edge `i` and ends at the next, the last at `end`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Axis {
    edges: Vec<Vec<u8>>,
    end: Option<Vec<u8>>,
}

/// The rows that a range covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// All of the range lies within `first`.
    pub(crate) exact: bool,
}

/// An end, of which an absent one is the greatest.
fn end_order(end: Option<&[u8]>) -> (bool, &[u8]) {
    (end.is_none(), end.unwrap_or(&[]))
}

impl Axis {
    /// Cuts what the spans cover, within `[start, end)`, into at most `budget` rows. `rank` says how much a
    /// boundary is worth keeping beyond what is counted beside it.
    pub(crate) fn cut(
        spans: &[Span<'_>],
        start: &[u8],
        end: Option<&[u8]>,
        budget: usize,
        rank: impl Fn(&[u8]) -> u8,
    ) -> Axis {
        let inside = |span: &&Span<'_>| span.end.is_none_or(|e| e > start) && end.is_none_or(|end| span.start < end);
        let spans: Vec<&Span<'_>> = spans.iter().filter(inside).collect();
        let mut edges: Vec<&[u8]> = spans.iter().map(|span| span.start.max(start)).collect();
        edges.extend(spans.iter().filter_map(|span| span.end).filter(|e| end.is_none_or(|end| *e < end)));
        edges.sort_unstable();
        edges.dedup();
        let last = spans.iter().map(|span| end_order(span.end)).max().map(|(none, key)| (!none).then_some(key));
        let Some(last) = last else { return Axis::default() };
        let last = if end_order(end) < end_order(last) { end } else { last };
        // The greatest end, where nothing lies beyond, is no row's beginning.
        edges.retain(|edge| end_order(Some(edge)) < end_order(last));
        let sums = interval_sums(&edges, last, &spans);
        let kept = coalesce(&edges, sums, budget.max(1), rank);
        let edges = kept.into_iter().filter_map(|at| edges.get(at)).map(|edge| edge.to_vec()).collect();
        Axis { edges, end: last.map(<[u8]>::to_vec) }
    }

    /// All keys of `[start, end)` as one row; none where there are no such keys.
    pub(crate) fn one_row(start: &[u8], end: Option<&[u8]>) -> Axis {
        if end.is_some_and(|end| end <= start) {
            return Axis::default();
        }
        Axis { edges: alloc::vec![start.to_vec()], end: end.map(<[u8]>::to_vec) }
    }

    pub(crate) fn rows(&self) -> usize {
        self.edges.len()
    }

    /// The bounds of a row.
    pub(crate) fn bounds(&self, row: usize) -> (&[u8], Option<&[u8]>) {
        let start = self.edges.get(row).map_or(&[][..], Vec::as_slice);
        let end = self.edges.get(row + 1).or(self.end.as_ref());
        (start, if row + 1 < self.edges.len() { end.map(Vec::as_slice) } else { self.end.as_deref() })
    }

    /// A number for the cuts: equal cuts, equal numbers, on every node and in every release.
    pub(crate) fn id(&self) -> u64 {
        let mut id = u64::from(bounds_hash(&[], self.end.as_deref()));
        for edge in &self.edges {
            id = (id ^ u64::from(bounds_hash(edge, None))).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
        id ^ (id >> 29)
    }

    /// The rows that a range covers; `None` when it lies outside.
    pub(crate) fn place(&self, start: &[u8], end: Option<&[u8]>) -> Option<Placement> {
        let begin = self.edges.first()?;
        if end.is_some_and(|end| end <= begin.as_slice()) || end_order(Some(start)) >= end_order(self.end.as_deref()) {
            return None;
        }
        let first = self.edges.partition_point(|edge| edge.as_slice() <= start).saturating_sub(1);
        let after = end.map_or(self.edges.len(), |end| self.edges.partition_point(|edge| edge.as_slice() < end));
        let last = after.saturating_sub(1).max(first);
        let whole = start >= begin.as_slice() && end_order(end) <= end_order(self.end.as_deref());
        Some(Placement { first: first as u32, last: last as u32, exact: whole && first == last })
    }

    /// Spreads `value`, counted in a range that `placement` says lies in several rows or reaches beyond
    /// them, over these rows: calls `each` with every row and its share, which may be nothing. What reaches
    /// beyond has its share, too, which no row gets.
    pub(crate) fn spread(
        &self,
        placement: Placement,
        (start, end): (&[u8], Option<&[u8]>),
        value: u64,
        scratch: &mut Vec<Share>,
        mut each: impl FnMut(usize, u64),
    ) {
        let prefix = end.map_or(0, |end| common_prefix(start, end));
        let position = |key: Option<&[u8]>| key.map_or(u64::MAX, |key| window(key, prefix));
        let clamped = |key: &[u8]| window(key.max(start), prefix);
        scratch.clear();
        let (first, last) = (placement.first as usize, placement.last as usize);
        let mut from = window(start, prefix);
        let (begin, row_end) = (self.bounds(first).0, self.bounds(last).1);
        // What lies before the first row, then the rows, then what lies after the last.
        if begin > start {
            scratch.push(Share::new(usize::MAX, clamped(begin).saturating_sub(from)));
            from = clamped(begin);
        }
        for row in first..=last {
            let bound = self.bounds(row).1;
            let to = if end_order(bound) < end_order(end) { position(bound) } else { position(end) };
            scratch.push(Share::new(row, to.saturating_sub(from)));
            from = to.max(from);
        }
        if end_order(row_end) < end_order(end) {
            scratch.push(Share::new(usize::MAX, position(end).saturating_sub(from)));
        }
        largest_remainder(value, scratch);
        for share in scratch.iter().filter(|share| share.row != usize::MAX) {
            each(share.row, share.value);
        }
    }
}

/// A row's part of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    row: usize,
    width: u64,
    value: u64,
    remainder: u128,
}

impl Share {
    const fn new(row: usize, width: u64) -> Share {
        Share { row, width, value: 0, remainder: 0 }
    }
}

/// Divides a value by the shares' widths in whole numbers that sum to it: rounded down, and one more for
/// those with the largest remainders, of equal ones the first. Without any width they are equally wide.
fn largest_remainder(value: u64, shares: &mut [Share]) {
    if shares.iter().all(|share| share.width == 0) {
        shares.iter_mut().for_each(|share| share.width = 1);
    }
    let whole: u128 = shares.iter().map(|share| u128::from(share.width)).sum();
    let mut left = value;
    for share in shares.iter_mut() {
        // Two numbers of 64 bits; `whole` is not zero, but for no shares at all.
        let scaled = u128::from(value) * u128::from(share.width);
        share.value = scaled.checked_div(whole).unwrap_or(0) as u64;
        share.remainder = scaled.checked_rem(whole).unwrap_or(0);
        left -= share.value;
    }
    let left = left as usize;
    if left == 0 {
        return;
    }
    let mut greatest: Vec<(Reverse<u128>, usize)> =
        shares.iter().enumerate().map(|(at, share)| (Reverse(share.remainder), at)).collect();
    if left < greatest.len() {
        greatest.select_nth_unstable(left);
    }
    for (_, at) in greatest.into_iter().take(left) {
        if let Some(share) = shares.get_mut(at) {
            share.value += 1;
        }
    }
}

/// The most that one wide range weighs where rows are cut, so that sums of 256 of them have room.
const MOST_WEIGHT: u64 = 1 << 56;

/// What was counted in each of the finest intervals: spans that are one interval give it exactly, wider
/// ones evenly by width. It decides what is cut and is shown nowhere.
fn interval_sums(edges: &[&[u8]], end: Option<&[u8]>, spans: &[&Span<'_>]) -> Vec<u64> {
    let at = |key: &[u8]| edges.partition_point(|edge| *edge < key);
    // A lowest key without bytes has nothing in common with any other; the others may.
    let named = || edges.iter().copied().chain(end).filter(|key| !key.is_empty());
    let prefix = match (named().next(), named().next_back()) {
        (Some(first), Some(last)) => common_prefix(first, last),
        _ => 0,
    };
    let position = |i: usize| match edges.get(i) {
        Some([]) => 0,
        Some(edge) => window(edge, prefix),
        None => end.map_or(u64::MAX, |end| window(end, prefix)),
    };
    let mut exact = alloc::vec![0u64; edges.len()];
    // Differences of what a unit of width has, in parts of 2^-64, and of what an interval has, in parts of
    // 2^-32. In whole numbers what is added is taken off again to the last bit: of a hot narrow range nothing
    // stays behind that a wide cold one would multiply.
    let mut by_width = alloc::vec![0u128; edges.len() + 1];
    let mut by_interval = alloc::vec![0u128; edges.len() + 1];
    for span in spans.iter().filter(|span| span.total > 0) {
        let (first, after) = (at(span.start), span.end.map_or(edges.len(), at));
        if after <= first + 1 {
            exact.get_mut(first).into_iter().for_each(|sum| *sum = sum.saturating_add(span.total));
            continue;
        }
        let width = position(after).saturating_sub(position(first));
        let total = u128::from(span.total.min(MOST_WEIGHT));
        let (steps, share) = match (total << 64).checked_div(u128::from(width)) {
            Some(share) => (&mut by_width, share),
            None => (&mut by_interval, (total << 32) / (after - first) as u128),
        };
        steps.get_mut(first).into_iter().for_each(|step| *step = step.wrapping_add(share));
        steps.get_mut(after).into_iter().for_each(|step| *step = step.wrapping_sub(share));
    }
    let (mut density, mut each) = (0u128, 0u128);
    for (i, ((sum, by_width), by_interval)) in exact.iter_mut().zip(&by_width).zip(&by_interval).enumerate() {
        density = density.wrapping_add(*by_width);
        each = each.wrapping_add(*by_interval);
        let width = u128::from(position(i + 1).saturating_sub(position(i)));
        let (whole, parts) = (density >> 64, u128::from(density as u64));
        let spread = whole * width + ((parts * width + (1 << 63)) >> 64);
        let spread = spread.saturating_add(each.wrapping_add(1 << 31) >> 32);
        *sum = sum.saturating_add(u64::try_from(spread).unwrap_or(u64::MAX));
    }
    exact
}

/// Which of the intervals still begin a row when no more than `budget` are left.
fn coalesce(edges: &[&[u8]], mut sums: Vec<u64>, budget: usize, rank: impl Fn(&[u8]) -> u8) -> Vec<usize> {
    let count = edges.len();
    let ranks: Vec<u8> = edges.iter().map(|edge| rank(edge)).collect();
    // Of a row: its first interval. `next` is the first one of the row after it, `count` for none.
    let mut next: Vec<usize> = (1..=count).collect();
    let mut previous: Vec<usize> = (0..count).map(|i| i.wrapping_sub(1)).collect();
    let mut alive = alloc::vec![true; count];
    let weight = |sums: &[u64], left: usize, right: usize| {
        let sum = |i: usize| sums.get(i).copied().unwrap_or(0);
        (ranks.get(right).copied().unwrap_or(0), sum(left).saturating_add(sum(right)), left)
    };
    let mut heap: BinaryHeap<_> = (1..count).map(|right| Reverse((weight(&sums, right - 1, right), right))).collect();
    let mut rows = count;
    while rows > budget {
        let Some(Reverse(((_, sum, left), right))) = heap.pop() else { break };
        let is = |i: usize| alive.get(i).copied().unwrap_or(false);
        // Entries of rows that changed since are out of date; the pair's present one stands behind.
        if !is(left) || !is(right) || next.get(left) != Some(&right) || weight(&sums, left, right).1 != sum {
            continue;
        }
        let after = next.get(right).copied().unwrap_or(count);
        alive.get_mut(right).into_iter().for_each(|alive| *alive = false);
        sums.get_mut(left).into_iter().for_each(|to| *to = sum);
        next.get_mut(left).into_iter().for_each(|to| *to = after);
        previous.get_mut(after).into_iter().for_each(|to| *to = left);
        rows -= 1;
        if after < count {
            heap.push(Reverse((weight(&sums, left, after), after)));
        }
        if let Some(before) = previous.get(left).copied().filter(|before| *before < count) {
            heap.push(Reverse((weight(&sums, before, left), left)));
        }
    }
    (0..count).filter(|i| alive.get(*i).copied().unwrap_or(false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;
    use proptest::prelude::*;

    fn key(at: u64) -> Vec<u8> {
        if at == 0 { Vec::new() } else { format!("prefix/{at:05}").into_bytes() }
    }

    type Range = (Vec<u8>, Option<Vec<u8>>, u64);

    fn spans(ranges: &[Range]) -> Vec<Span<'_>> {
        ranges.iter().map(|(start, end, total)| Span { start, end: end.as_deref(), total: *total }).collect()
    }

    fn tiles(count: u64, total: impl Fn(u64) -> u64) -> Vec<Range> {
        (0..count).map(|i| (key(i), (i + 1 < count).then(|| key(i + 1)), total(i))).collect()
    }

    #[test]
    fn exactly_so_many_rows() {
        for (count, budget) in
            [(1, 1024), (1023, 1024), (1024, 1024), (1025, 1024), (2048, 1024), (7, 1), (100_000, 1024)]
        {
            let ranges = tiles(count, |i| i * 7919 % 1000);
            let axis = Axis::cut(&spans(&ranges), b"", None, budget, |_| 0);
            assert_eq!(axis.rows(), budget.min(count as usize));
            assert_eq!((axis.bounds(0).0, axis.bounds(axis.rows() - 1).1), (&[][..], None));
        }
        assert_eq!(Axis::cut(&[], b"", None, 10, |_| 0).rows(), 0);
        let one = [(Vec::new(), None, 5)];
        assert_eq!(Axis::cut(&spans(&one), b"", None, 10, |_| 0).bounds(0), (&[][..], None));
    }

    #[test]
    fn hot_ranges_stay_alone_and_cold_neighbours_coalesce() {
        let ranges = tiles(100, |i| if i == 40 { 1_000_000 } else { 1 });
        let axis = Axis::cut(&spans(&ranges), b"", None, 3, |_| 0);
        assert_eq!(axis.bounds(1), (&key(40)[..], Some(&key(41)[..])));
    }

    #[test]
    fn borders_are_kept_where_they_can_be() {
        let ranges = tiles(100, |i| if i < 50 { 100 } else { 1 });
        let rank = |edge: &[u8]| u8::from(edge == key(90));
        let axis = Axis::cut(&spans(&ranges), b"", None, 2, rank);
        assert_eq!(axis.bounds(1).0, key(90));
        let axis = Axis::cut(&spans(&ranges), b"", None, 1, rank);
        assert_eq!(axis.bounds(0), (&[][..], None));
    }

    #[test]
    fn equal_cuts_have_one_number() {
        let of = |count, budget| Axis::cut(&spans(&tiles(count, |i| i)), b"", None, budget, |_| 0).id();
        assert_eq!(of(50, 10), of(50, 10));
        let ids: BTreeSet<u64> = (1..40).map(|budget| of(50, budget)).collect();
        assert_eq!(ids.len(), 39);
    }

    #[test]
    fn shares_are_those_of_the_largest_remainder() {
        let mut shares = [1u64, 1, 1].map(|width| Share::new(0, width));
        largest_remainder(10, &mut shares);
        assert_eq!(shares.map(|share| share.value), [4, 3, 3]);
        let mut shares = [5u64, 3, 2, 0].map(|width| Share::new(0, width));
        largest_remainder(7, &mut shares);
        assert_eq!(shares.map(|share| share.value), [4, 2, 1, 0], "3.5, 2.1, 1.4");
        let mut shares = [u64::MAX, u64::MAX].map(|width| Share::new(0, width));
        largest_remainder(u64::MAX, &mut shares);
        assert_eq!(shares.map(|share| share.value), [u64::MAX / 2 + 1, u64::MAX / 2]);
        let mut shares = [0u64, 0].map(|width| Share::new(0, width));
        largest_remainder(3, &mut shares);
        assert_eq!(shares.map(|share| share.value), [2, 1]);
    }

    fn ranges() -> impl Strategy<Value = Vec<Range>> {
        let range = (0u64..60, 1u64..60, any::<bool>(), prop_oneof![Just(0), 1u64..1000, any::<u64>()]);
        prop::collection::vec(range, 1..40).prop_map(|ranges| {
            let range = |(start, width, open, total): (u64, u64, bool, u64)| {
                (key(start), (!open || width > 3).then(|| key(start + width)), total)
            };
            ranges.into_iter().map(range).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// Rows tile what was counted; every value is found again, whatever the ranges overlap.
        #[test]
        fn what_is_spread_sums_to_the_whole(ranges in ranges(), budget in 1usize..70) {
            let spans = spans(&ranges);
            let axis = Axis::cut(&spans, b"", None, budget, |_| 0);
            let mut edges: BTreeSet<(bool, &[u8])> = spans.iter().map(|s| (false, s.start)).collect();
            edges.extend(spans.iter().map(|s| end_order(s.end)));
            prop_assert_eq!(axis.rows(), budget.min(edges.len() - 1));
            let mut scratch = Vec::new();
            for span in &spans {
                let placement = axis.place(span.start, span.end).unwrap();
                let mut sum = 0u64;
                if placement.exact {
                    let (start, end) = axis.bounds(placement.first as usize);
                    prop_assert!(start <= span.start && end_order(span.end) <= end_order(end));
                    sum = span.total;
                } else {
                    axis.spread(placement, (span.start, span.end), span.total, &mut scratch, |row, value| {
                        assert!((placement.first..=placement.last).contains(&(row as u32)));
                        sum += value;
                    });
                }
                prop_assert_eq!(sum, span.total);
            }
            for row in 1..axis.rows() {
                prop_assert_eq!(axis.bounds(row - 1).1, Some(axis.bounds(row).0));
            }
        }

        /// Of a part of the key space, what lies in it is shown; what lies outside is nobody's.
        #[test]
        fn a_part_of_the_key_space(ranges in ranges(), from in 0u64..50, width in 1u64..30, budget in 1usize..30) {
            let spans = spans(&ranges);
            let (start, end) = (key(from), key(from + width));
            let axis = Axis::cut(&spans, &start, Some(&end), budget, |_| 0);
            let mut scratch = Vec::new();
            for row in 0..axis.rows() {
                let (low, high) = axis.bounds(row);
                prop_assert!(low >= &start[..] && high.is_some_and(|high| high <= &end[..] && low < high));
            }
            for span in &spans {
                let inside = span.start < &end[..] && span.end.is_none_or(|e| e > &start[..]);
                let placement = axis.place(span.start, span.end);
                prop_assert_eq!(placement.is_some(), inside);
                let Some(placement) = placement else { continue };
                let whole = span.start >= &start[..] && span.end.is_some_and(|e| e <= &end[..]);
                if !placement.exact {
                    let mut sum = 0u64;
                    axis.spread(placement, (span.start, span.end), span.total, &mut scratch, |_, value| sum += value);
                    prop_assert!(sum <= span.total && (!whole || sum == span.total));
                } else {
                    prop_assert!(whole);
                }
            }
        }
    }
}
