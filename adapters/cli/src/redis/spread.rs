//! What columns counted in ranges that follow the load, as counts of one catalog's routes.
//!
//! A range of a column that lies within a route is the route's. One that several routes share, as the wide ranges of the
//! first columns do, is divided among them as the sampled keys in it are: the parts sum to the whole.

use std::collections::BTreeMap;

use keyviz_core::{CellView, Column, ColumnState, Reader, Series};

use crate::catalog::Catalog;
use crate::replay::answer::ByRoute;
use crate::replay::sample::Sample;

/// Counts by route of all nodes; how many of them were divided by sampled keys; and for how long the columns were watched.
pub(crate) fn by_route(readers: &[Reader], from_ms: u64, catalog: &Catalog, sample: &Sample) -> (ByRoute, u64, u64) {
    let routes: Vec<(&[u8], Option<&[u8]>)> = catalog.routes().map(|(_, range)| (range.start, range.end)).collect();
    let weights = Weights::of(sample);
    let mut cells: Vec<(u64, usize, u64)> = Vec::new();
    let (mut divided, mut shares) = (0, Vec::new());
    let mut count = |column: &Column, cell: &CellView<'_>| {
        let ops = cell.counts.get(Series::Ops);
        if ops == 0 {
            return;
        }
        let first = catalog.index_of(cell.start);
        let last = cell.end.map_or(routes.len(), |end| routes.partition_point(|(start, _)| *start < end));
        let within = routes.get(first..last.max(first + 1)).unwrap_or_default();
        shares.clear();
        shares.extend(within.iter().map(|(start, end)| {
            let end = [*end, cell.end].into_iter().flatten().min();
            weights.between((*start).max(cell.start), end)
        }));
        if shares.iter().filter(|weight| **weight > 0).count() > 1 {
            divided += ops;
        }
        divide(ops, &mut shares);
        let parts = (first..).zip(&shares).filter(|(_, part)| **part > 0);
        cells.extend(parts.map(|(route, part)| (column.start_ms, route, *part)));
    };
    let mut columns: BTreeMap<u64, Column> = BTreeMap::new();
    let mut watched = Vec::new();
    for reader in readers {
        for column in reader.for_each_cell(from_ms, 0, true, &mut count) {
            let of_all = columns.entry(column.start_ms).or_insert(column);
            if column.state == ColumnState::Missing {
                continue;
            }
            watched.push((column.covers_from_ms, column.covers_to_ms));
            // Of nodes that were not there all the time each column is somebody's.
            if of_all.state == ColumnState::Missing {
                *of_all = column;
            }
            of_all.covers_from_ms = of_all.covers_from_ms.min(column.covers_from_ms);
            of_all.covers_to_ms = of_all.covers_to_ms.max(column.covers_to_ms);
        }
    }
    let mut by_route = ByRoute::zero(columns.into_values().collect(), catalog.len());
    for (start_ms, route, ops) in cells {
        let column = by_route.columns.partition_point(|column| column.start_ms < start_ms);
        if let Some(sum) = by_route.ops.get_mut(route).and_then(|values| values.get_mut(column)) {
            *sum += ops;
        }
    }
    by_route.columns.iter_mut().for_each(|column| *column = covered(*column));
    (by_route, divided, length_ms(watched))
}

/// How much time intervals take together. The columns of nodes overlap, and not only where they begin alike.
fn length_ms(mut intervals: Vec<(u64, u64)>) -> u64 {
    intervals.sort_unstable();
    let (mut length_ms, mut until_ms) = (0, 0);
    for (from_ms, to_ms) in intervals {
        length_ms += to_ms.saturating_sub(from_ms.max(until_ms));
        until_ms = until_ms.max(to_ms);
    }
    length_ms
}

/// A column that is as long as it was watched, so that its rate is of that time; but a quarter of a window at least, as a
/// moment's rate is noise.
fn covered(mut column: Column) -> Column {
    let least_ms = (column.end_ms - column.start_ms) / 4;
    let watched_ms = column.covers_to_ms.saturating_sub(column.covers_from_ms);
    column.start_ms = column.covers_from_ms;
    column.end_ms = column.start_ms + watched_ms.max(least_ms).max(1);
    column
}

/// Sampled keys, with what all before each weigh.
struct Weights<'a> {
    keys: Vec<(&'a [u8], u64)>,
    total: u64,
}

impl<'a> Weights<'a> {
    fn of(sample: &'a Sample) -> Weights<'a> {
        let mut sum = 0;
        let keys = sample.keys.iter().map(|(key, weight)| {
            let before = sum;
            sum += weight;
            (key.as_slice(), before)
        });
        let keys = keys.collect();
        Weights { keys, total: sum }
    }

    fn below(&self, key: &[u8]) -> u64 {
        let at = self.keys.partition_point(|(other, _)| *other < key);
        self.keys.get(at).map_or(self.total, |(_, before)| *before)
    }

    /// What sampled keys of `[start, end)` weigh.
    fn between(&self, start: &[u8], end: Option<&[u8]>) -> u64 {
        end.map_or(self.total, |end| self.below(end)).saturating_sub(self.below(start))
    }
}

/// Turns weights into parts of `whole`, by the largest remainder; without any weight the first has it all.
fn divide(whole: u64, shares: &mut [u64]) {
    let total: u128 = shares.iter().map(|weight| u128::from(*weight)).sum();
    if total == 0 {
        shares.iter_mut().take(1).for_each(|share| *share = whole);
        return;
    }
    let mut left = whole;
    let mut remainders: Vec<(u128, usize)> = Vec::new();
    for (at, share) in shares.iter_mut().enumerate() {
        let exact = u128::from(whole) * u128::from(*share);
        *share = (exact / total) as u64;
        left -= *share;
        remainders.push((exact % total, at));
    }
    remainders.sort_unstable_by_key(|(remainder, at)| (std::cmp::Reverse(*remainder), *at));
    for (_, at) in remainders.into_iter().take(left as usize) {
        if let Some(share) = shares.get_mut(at) {
            *share += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyviz_core::{Config, Op, Partition, Sampler};

    #[test]
    fn parts_sum_to_the_whole() {
        for (whole, weights, parts) in [
            (10, &[1, 1, 1][..], &[4, 3, 3][..]),
            (1, &[0, 5, 0], &[0, 1, 0]),
            (7, &[0, 0], &[7, 0]),
            (u64::MAX, &[u64::MAX, u64::MAX], &[1 << 63, (1 << 63) - 1]),
        ] {
            let mut shares = weights.to_vec();
            divide(whole, &mut shares);
            assert_eq!(shares, parts);
        }
    }

    /// A short watch has two parts of windows: no column's rate is below that of all.
    #[test]
    fn a_peak_is_a_rate_of_the_time_that_was_watched() {
        let mut config = Config::default();
        config.partition = Partition::Auto { ranges: 8 };
        (config.step_ms, config.prefault) = (1000, false);
        let samplers = [Sampler::new(config.clone(), 0).unwrap(), Sampler::new(config, 0).unwrap()];
        let observe = |sampler: &Sampler, times: u32| {
            (0..times).for_each(|_| sampler.observe_key(Op::Write, b"a", 1));
        };
        let [one, two] = &samplers;
        one.skip(1_300);
        observe(one, 70);
        one.flush(2_000);
        observe(one, 30);
        one.flush(2_300);
        two.skip(1_500);
        two.flush(2_000);
        two.flush(2_310);
        samplers.iter().for_each(|sampler| sampler.skip(3_000));
        let readers = samplers.each_ref().map(Sampler::reader);
        let (by_route, _, watched_ms) = by_route(&readers, 1, &Catalog::new(Vec::new()), &Sample::default());
        let columns: Vec<(u64, u64)> = by_route
            .columns
            .iter()
            .filter(|column| column.state != ColumnState::Missing)
            .map(|column| (column.start_ms, column.end_ms))
            .collect();
        assert_eq!((columns.as_slice(), watched_ms), (&[(1_300, 2_000), (2_000, 2_310)][..], 1_010));
        let mut moment = by_route.columns[0];
        (moment.start_ms, moment.end_ms, moment.covers_from_ms, moment.covers_to_ms) = (0, 1_000, 999, 1_000);
        assert_eq!((covered(moment).start_ms, covered(moment).end_ms), (999, 1_249));
    }

    #[test]
    fn time_that_several_watched_counts_once() {
        assert_eq!(length_ms(Vec::new()), 0);
        assert_eq!(length_ms(vec![(7, 9), (0, 4), (1, 2), (3, 6), (9, 10), (8, 8)]), 9);
        // One's columns are as long as folded ones, another's are not, and begin behind a gap.
        let sampler = |step_ms: u64| {
            let mut config = Config::default();
            config.partition = Partition::Auto { ranges: 8 };
            (config.step_ms, config.prefault) = (step_ms, false);
            Sampler::new(config, 0).unwrap()
        };
        let (long, short) = (sampler(4_000), sampler(1_000));
        for end_ms in [4_000, 8_000] {
            long.observe_key(Op::Write, b"a", 1);
            long.flush(end_ms);
        }
        short.skip(4_000);
        for end_ms in [5_000, 6_000, 7_000] {
            short.observe_key(Op::Write, b"a", 1);
            short.flush(end_ms);
        }
        for samplers in [[&long, &short], [&short, &long]] {
            let (by_route, _, watched_ms) =
                by_route(&samplers.map(Sampler::reader), 0, &Catalog::new(Vec::new()), &Sample::default());
            assert_eq!((by_route.ops[0].iter().sum::<u64>(), watched_ms), (5, 8_000));
            // The gap hides no column that begins with it.
            let seen: Vec<u64> = by_route
                .columns
                .iter()
                .filter(|column| column.state != ColumnState::Missing)
                .map(|column| column.start_ms)
                .collect();
            assert_eq!(seen, [0, 4_000, 5_000, 6_000]);
        }
    }

    /// Whatever the ranges were, all that was counted is there, and a route that they never cut has its share.
    #[test]
    fn wide_ranges_are_divided_as_their_keys_are() {
        let mut config = Config::default();
        config.partition = Partition::Auto { ranges: 64 };
        (config.step_ms, config.prefault) = (1000, false);
        let sampler = Sampler::new(config, 0).unwrap();
        let mut reservoir = crate::replay::sample::Reservoir::default();
        for step in 1..=5 {
            for number in 0..10_000_u64 {
                let key = match number % 10 {
                    0..=5 => format!("user:hot:{:03}", number * 7 % 300),
                    _ => format!("cart:{:05}", number * 7919 % 100_000),
                };
                sampler.observe_key(Op::Write, key.as_bytes(), 1);
                reservoir.offer(key.as_bytes(), 1);
            }
            sampler.flush(step * 1000);
        }
        let catalog = Catalog::new(vec![b"user:hot:".to_vec(), b"user:hot;".to_vec()]);
        let (by_route, divided, _) = by_route(&[sampler.reader()], 0, &catalog, &reservoir.sorted());
        let sums: Vec<u64> = by_route.ops.iter().map(|values| values.iter().sum()).collect();
        assert_eq!((by_route.columns.len(), sums.iter().sum::<u64>()), (5, 50_000));
        assert!((29_900..=30_100).contains(&sums[1]), "{sums:?}");
        // The first column is one range; of the others hardly any is.
        assert!((10_000..15_000).contains(&divided), "{divided}");
        assert_eq!(by_route.ops[1][4], 6000);
    }
}
