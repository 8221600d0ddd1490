//! What columns counted in ranges that follow the load, as counts of one catalog's routes.
//!
//! A range of a column that lies within a route is the route's. One that several routes share, as the wide ranges of the
//! first columns do, is divided among them as the sampled keys in it are. The sample is of the whole time, so that what narrow
//! ranges counted is no part of what wide ones did: weights are fitted until routes sum to what the sample says of them.
//! The parts of a cell sum to the whole.

use std::collections::BTreeMap;

use keyviz_core::{CellView, Column, ColumnState, Reader, Series};

use crate::catalog::Catalog;
use crate::replay::answer::ByRoute;
use crate::replay::sample::Sample;

/// Counts by route of all nodes; how many of them were divided by sampled keys; and for how long the columns were watched.
pub(crate) fn by_route(readers: &[Reader], from_ms: u64, catalog: &Catalog, sample: &Sample) -> (ByRoute, u64, u64) {
    let places = Places::of(catalog, sample);
    let factors = places.factors(readers, from_ms);
    let mut cells: Vec<(u64, usize, u64)> = Vec::new();
    let (mut divided, mut shares) = (0, Vec::new());
    let mut count = |column: &Column, cell: &CellView<'_>| {
        let ops = cell.counts.get(Series::Ops);
        if ops == 0 {
            return;
        }
        let first = places.weigh(cell, &mut shares);
        if shares.iter().filter(|weight| **weight > 0).count() > 1 {
            divided += ops;
            fit(first, &mut shares, &factors);
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

/// Where cells stand among the routes.
struct Places<'a> {
    catalog: &'a Catalog,
    routes: Vec<(&'a [u8], Option<&'a [u8]>)>,
    weights: Weights<'a>,
    /// What the sampled keys of each route weigh.
    of_route: Vec<u64>,
}

impl<'a> Places<'a> {
    fn of(catalog: &'a Catalog, sample: &'a Sample) -> Places<'a> {
        let routes: Vec<(&[u8], Option<&[u8]>)> = catalog.routes().map(|(_, range)| (range.start, range.end)).collect();
        let weights = Weights::of(sample);
        let of_route = routes.iter().map(|(start, end)| weights.between(start, *end)).collect();
        Places { catalog, routes, weights, of_route }
    }

    /// The first route that a cell has keys of; and of it and the others, what the sampled keys weigh that are in the cell.
    fn weigh(&self, cell: &CellView<'_>, shares: &mut Vec<u64>) -> usize {
        let first = self.catalog.index_of(cell.start);
        let last = cell.end.map_or(self.routes.len(), |end| self.routes.partition_point(|(start, _)| *start < end));
        shares.clear();
        shares.extend(self.routes.get(first..last.max(first + 1)).unwrap_or_default().iter().map(|(start, end)| {
            let end = [*end, cell.end].into_iter().flatten().min();
            self.weights.between((*start).max(cell.start), end)
        }));
        first
    }

    /// By how much the weights of each route's keys in cells that several routes share are to be taken, so that the routes
    /// sum to what the sample says of the whole time, as far as what cells of a single route counted allows that: iterative
    /// proportional fitting (Deming and Stephan, 1940).
    fn factors(&self, readers: &[Reader], from_ms: u64) -> Vec<f64> {
        let Shared { counted, cells, all } = self.shared(readers, from_ms);
        let total = (self.weights.total as f64).max(1.0);
        let wanted = |(weight, counted): (&u64, &u64)| (all as f64 * *weight as f64 / total - *counted as f64).max(0.0);
        let wanted: Vec<f64> = self.of_route.iter().zip(&counted).map(wanted).collect();
        let mut factors = vec![1.0; self.routes.len()];
        for _ in 0..ROUNDS {
            let mut given = vec![0.0; self.routes.len()];
            for ((first, weights), ops) in &cells {
                let within = factors.get(*first..).unwrap_or_default();
                let sum: f64 = weights.iter().zip(within).map(|(weight, factor)| *weight as f64 * factor).sum();
                if sum <= 0.0 {
                    continue;
                }
                for ((weight, factor), given) in weights.iter().zip(within).zip(given.iter_mut().skip(*first)) {
                    *given += *ops as f64 * *weight as f64 * factor / sum;
                }
            }
            for (factor, (wanted, given)) in factors.iter_mut().zip(wanted.iter().zip(&given)) {
                if *given > 0.0 {
                    *factor *= wanted / given;
                }
            }
        }
        factors
    }

    /// What cells of a single route counted, and the cells that several share.
    fn shared(&self, readers: &[Reader], from_ms: u64) -> Shared {
        let mut shared = Shared { counted: vec![0; self.routes.len()], cells: BTreeMap::new(), all: 0 };
        let mut shares = Vec::new();
        let mut count = |_: &Column, cell: &CellView<'_>| {
            let ops = cell.counts.get(Series::Ops);
            if ops == 0 {
                return;
            }
            let first = self.weigh(cell, &mut shares);
            shared.all += ops;
            let mut weighty = (first..).zip(&shares).filter(|(_, weight)| **weight > 0).map(|(route, _)| route);
            let route = weighty.next().unwrap_or(first);
            if weighty.next().is_some() {
                // Ranges stay for many columns.
                *shared.cells.entry((first, shares.clone())).or_default() += ops;
            } else if let Some(sum) = shared.counted.get_mut(route) {
                *sum += ops;
            }
        };
        for reader in readers {
            reader.for_each_cell(from_ms, 0, true, &mut count);
        }
        shared
    }
}

/// Turns weights of a cell's routes, of which this is the first, into what they are with their factors. Where nothing is left
/// of any, by the chance of sampling, they stay.
fn fit(first: usize, shares: &mut [u64], factors: &[f64]) {
    let within = factors.get(first..).unwrap_or_default();
    let fitted = || shares.iter().zip(within).map(|(share, factor)| *share as f64 * factor);
    let sum: f64 = fitted().sum();
    if sum <= 0.0 || !sum.is_finite() {
        return;
    }
    let parts: Vec<u64> = fitted().map(|part| (part / sum * PARTS) as u64).collect();
    shares.copy_from_slice(&parts);
}

/// What cells counted.
struct Shared {
    /// Of each route, in cells that are no other's.
    counted: Vec<u64>,
    /// Cells that several routes share, alike ones once: the first route, and what the sampled keys of it and the others weigh.
    cells: BTreeMap<(usize, Vec<u64>), u64>,
    all: u64,
}

/// Rounds of fitting; each brings the sums closer.
const ROUNDS: u32 = 32;

/// Parts in which a cell is divided: more than operations are in most, so that rounding moves hardly any.
const PARTS: f64 = (1_u64 << 48) as f64;

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

    /// A load that changes while ranges are still wide: what narrow ranges counted later is no part of the wide ones.
    #[test]
    fn what_came_to_narrow_ranges_is_not_counted_to_wide_ones_too() {
        let mut config = Config::default();
        config.partition = Partition::Auto { ranges: 64 };
        (config.step_ms, config.prefault) = (1000, false);
        let sampler = Sampler::new(config, 0).unwrap();
        let mut reservoir = crate::replay::sample::Reservoir::default();
        let mut observe = |key: &str| {
            sampler.observe_key(Op::Write, key.as_bytes(), 1);
            reservoir.offer(key.as_bytes(), 1);
        };
        for step in 1..=8_u64 {
            for number in 0..4_000_u64 {
                match step {
                    1..=4 => observe(&format!("key:{:04}", number * 7919 % 1_000)),
                    _ => observe("mylist"),
                }
            }
            sampler.flush(step * 1000);
        }
        let catalog = Catalog::new(vec![b"key:".to_vec(), b"key;".to_vec()]);
        let (by_route, _, _) = by_route(&[sampler.reader()], 0, &catalog, &reservoir.sorted());
        let sums: Vec<u64> = by_route.ops.iter().map(|values| values.iter().sum()).collect();
        assert_eq!(sums.iter().sum::<u64>(), 32_000);
        // All keys are in the sample, so that only what the last round left over and rounding are lacking.
        assert!(sums[1].abs_diff(16_000) <= 160 && sums[2].abs_diff(16_000) <= 160, "{sums:?}");
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
