//! What was found, as data. Everything is counted in the columns that the picture shows.

use keyviz_admin::Redactor;
use keyviz_core::{HotKeys, HotKeysQuery, Matrix, MatrixQuery, Reader, Series, Tally};

use super::hot::{self, HotPrefix, HotRange};
use super::prefixes::Prefix;
use super::sample::Sample;
use crate::catalog::Catalog;

/// How many ranges and prefixes are told.
const TOLD: usize = 5;

/// The greatest rate of a range, in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peak {
    pub(crate) ops: u64,
    pub(crate) duration_ms: u64,
    pub(crate) start_ms: u64,
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

impl Answer {
    pub(crate) fn new(reader: &Reader, catalog: &Catalog, sample: &Sample, prefixes: &[Prefix]) -> Answer {
        let matrix = matrix(reader, Series::Ops);
        let routes: Vec<Vec<u64>> = by_route(&matrix, catalog.len());
        let ops: Vec<u64> = routes.iter().map(|values| values.iter().sum()).collect();
        let mut ranges = hot::ranges(catalog, sample, prefixes, &ops);
        ranges.truncate(TOLD);
        let mut prefixes = hot::prefixes(catalog, prefixes, &ops);
        // What is a range of its own is told there.
        prefixes.retain(|hot| !ranges.iter().any(|range| range.is_all_of(&hot.prefix)));
        prefixes.truncate(TOLD);
        let counters = reader.counters();
        let shown: u64 = ops.iter().sum();
        let let_go = counters.evicted.get(Series::Ops);
        Answer {
            total: counters.observed,
            ranges: ranges.into_iter().map(|range| with_peak(range, &routes, &matrix)).collect(),
            prefixes,
            keys: hot_keys(reader, TOLD),
            let_go,
            not_shown: counters.observed.get(Series::Ops).saturating_sub(shown + let_go),
        }
    }
}

/// The hottest keys of the whole trace, reads and writes together.
pub(crate) fn hot_keys(reader: &Reader, top: usize) -> HotKeys {
    // From the first column on; every key that a sketch has counts before the list is cut.
    let query = HotKeysQuery { from_ms: 1, top: 0, ..HotKeysQuery::of_range(b"", None) };
    let sides = [Series::Reads, Series::Writes];
    let found: Vec<HotKeys> = sides
        .into_iter()
        .filter_map(|series| reader.hot_keys(&HotKeysQuery { series, ..query.clone() }).ok())
        .collect();
    HotKeys::merge(&found, top)
}

/// The whole picture of one series.
pub(crate) fn matrix(reader: &Reader, series: Series) -> Matrix {
    reader.matrix(&MatrixQuery { series, rows: 1024, open: true, ..MatrixQuery::default() })
}

/// The whole picture of one series, as much of its keys as may leave this program.
pub(crate) fn shown(reader: &Reader, series: Series, redactor: &Redactor) -> Matrix {
    let mut matrix = matrix(reader, series);
    redactor.matrix(&mut matrix);
    matrix
}

/// The values of each route, in the catalog's order.
fn by_route(matrix: &Matrix, routes: usize) -> Vec<Vec<u64>> {
    let mut values = vec![vec![0; matrix.columns.len()]; routes];
    for row in &matrix.rows {
        let place = row.route.0.checked_sub(1).and_then(|place| values.get_mut(usize::try_from(place).ok()?));
        for (sum, value) in place.into_iter().flatten().zip(&row.values) {
            *sum += value;
        }
    }
    values
}

fn with_peak(range: HotRange, routes: &[Vec<u64>], matrix: &Matrix) -> (HotRange, Option<Peak>) {
    let rows = routes.get(range.routes.clone()).unwrap_or_default();
    let peak = matrix.columns.iter().enumerate().map(|(at, column)| Peak {
        ops: rows.iter().filter_map(|values| values.get(at)).sum(),
        duration_ms: column.end_ms - column.start_ms,
        start_ms: column.start_ms,
    });
    // Of equal columns the first.
    let peak = peak.rev().max_by_key(|peak| peak.ops);
    (range, peak)
}
