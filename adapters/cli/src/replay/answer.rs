//! What was found, as data. Everything is counted in the columns that the picture shows.

use std::cmp::Ordering;

use keyviz_admin::Redactor;
use keyviz_core::{Column, HotKeys, HotKeysQuery, Matrix, MatrixQuery, Reader, Series, Tally};

use super::division::Division;
use super::feed::Fed;
use super::hot::{self, HotPrefix, HotRange};
use super::prefix_counts::PrefixCounts;
use super::prefixes::Prefix;
use super::sample::Sample;
use crate::catalog::Catalog;

/// How many ranges and prefixes are told.
pub(crate) const TOLD: usize = 5;

/// The greatest rate of a range, in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peak {
    pub(crate) ops: u64,
    pub(crate) duration_ms: u64,
    pub(crate) start_ms: u64,
}

impl Peak {
    /// Compares its rate with that of so many operations in this time.
    pub(crate) fn cmp_rate(&self, ops: u64, duration_ms: u64) -> Ordering {
        let (own, other) =
            (u128::from(self.ops) * u128::from(duration_ms), u128::from(ops) * u128::from(self.duration_ms));
        own.cmp(&other)
    }
}

/// The answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// All that is in the columns.
    pub(crate) total: Tally,
    /// The hottest ranges, each with its busiest column.
    pub(crate) ranges: Vec<(HotRange, Option<Peak>)>,
    pub(crate) prefixes: Vec<HotPrefix>,
    /// The hottest keys, reads and writes together.
    pub(crate) keys: HotKeys,
    /// Operations in columns that gave way to newer ones.
    pub(crate) let_go: u64,
    /// Operations that are in no row or no column of the picture: none, unless something is broken.
    pub(crate) not_shown: u64,
}

/// What the routes of a catalog had in each column.
#[derive(Debug)]
pub(crate) struct ByRoute {
    pub(crate) columns: Vec<Column>,
    /// Of each route, in the catalog's order.
    pub(crate) ops: Vec<Vec<u64>>,
}

impl ByRoute {
    /// Nothing, in these columns.
    pub(crate) fn zero(columns: Vec<Column>, routes: usize) -> ByRoute {
        ByRoute { ops: vec![vec![0; columns.len()]; routes], columns }
    }

    /// As a recording counted them, route by route.
    fn of(reader: &Reader, routes: usize) -> ByRoute {
        let matrix = matrix(reader, Series::Ops);
        let mut by_route = ByRoute::zero(matrix.columns, routes);
        for row in &matrix.rows {
            let place = row.route.0.checked_sub(1).and_then(|place| usize::try_from(place).ok());
            let values = place.and_then(|place| by_route.ops.get_mut(place));
            for (sum, value) in values.into_iter().flatten().zip(&row.values) {
                *sum += value;
            }
        }
        by_route
    }
}

impl Answer {
    pub(crate) fn new(fed: &Fed, division: &Division) -> Answer {
        let (reader, Division { catalog, sample, prefixes, .. }) = (&fed.reader, division);
        let counters = reader.counters();
        let by_route = ByRoute::of(reader, catalog.len());
        let counted = fed.prefix_counts.as_ref().map(PrefixCounts::found);
        let Hottest { ranges, prefixes, shown } = hottest(&by_route, catalog, sample, prefixes, counted);
        let let_go = counters.evicted.get(Series::Ops);
        Answer {
            total: counters.observed,
            ranges,
            prefixes,
            keys: hot_keys(std::slice::from_ref(reader), 1, TOLD),
            let_go,
            not_shown: counters.observed.get(Series::Ops).saturating_sub(shown + let_go),
        }
    }
}

/// What is hot in the columns.
#[derive(Debug)]
pub(crate) struct Hottest {
    /// The hottest ranges, each with its busiest column.
    pub(crate) ranges: Vec<(HotRange, Option<Peak>)>,
    pub(crate) prefixes: Vec<HotPrefix>,
    /// All operations in the columns.
    pub(crate) shown: u64,
}

/// The hottest ranges and prefixes. Where the routes were cut at other bounds than the prefixes', `counted` is what these
/// have: a route that a prefix shares with other keys does not tell it.
pub(crate) fn hottest(
    by_route: &ByRoute,
    catalog: &Catalog,
    sample: &Sample,
    prefixes: &[Prefix],
    counted: Option<Vec<HotPrefix>>,
) -> Hottest {
    let ops: Vec<u64> = by_route.ops.iter().map(|values| values.iter().sum()).collect();
    let mut ranges = match counted {
        // Whoever named the routes asks for each of them.
        Some(_) => hot::routes(catalog, prefixes, &ops),
        None => hot::ranges(catalog, sample, prefixes, &ops),
    };
    ranges.truncate(TOLD);
    let mut prefixes = match counted {
        Some(counted) => hot::sorted(counted),
        None => hot::prefixes(catalog, prefixes, &ops),
    };
    // What is a range of its own is told there.
    prefixes.retain(|hot| !ranges.iter().any(|range| range.is_all_of(&hot.prefix)));
    prefixes.truncate(TOLD);
    let ranges = ranges.into_iter().map(|range| with_peak(range, by_route)).collect();
    Hottest { ranges, prefixes, shown: ops.iter().sum() }
}

/// The hottest keys of the columns that end at `from_ms` or later, of all nodes, reads and writes together.
pub(crate) fn hot_keys(readers: &[Reader], from_ms: u64, top: usize) -> HotKeys {
    // Every key that a sketch has counts before the list is cut.
    let query = HotKeysQuery { from_ms, top: 0, ..HotKeysQuery::of_range(b"", None) };
    let sides = [Series::Reads, Series::Writes];
    let asked = readers.iter().flat_map(|reader| sides.map(|series| (reader, series)));
    let found: Vec<HotKeys> =
        asked.filter_map(|(reader, series)| reader.hot_keys(&HotKeysQuery { series, ..query.clone() }).ok()).collect();
    HotKeys::merge(&found, top)
}

/// The whole picture of one series.
pub(crate) fn matrix(reader: &Reader, series: Series) -> Matrix {
    reader.matrix(&MatrixQuery { series, rows: 1024, open: true, ..MatrixQuery::default() })
}

/// The whole picture of one series, as much of its keys as may leave this program.
pub(crate) fn shown(reader: &Reader, series: Series, redactor: &Redactor) -> Matrix {
    let mut matrix = matrix(reader, series);
    redactor.matrix(&mut matrix, reader.config().partition);
    matrix
}

fn with_peak(range: HotRange, by_route: &ByRoute) -> (HotRange, Option<Peak>) {
    let rows = by_route.ops.get(range.routes.clone()).unwrap_or_default();
    let peak = by_route.columns.iter().enumerate().map(|(at, column)| Peak {
        ops: rows.iter().filter_map(|values| values.get(at)).sum(),
        duration_ms: column.end_ms - column.start_ms,
        start_ms: column.start_ms,
    });
    // Of equal columns the first. Columns that were watched in part are shorter than others.
    let peak = peak.rev().max_by(|a, b| a.cmp_rate(b.ops, b.duration_ms));
    (range, peak)
}
