//! How a trace's key space is divided, and what that was found from.

use super::prefix_counts::PrefixCounts;
use super::prefixes::{self, Prefix};
use super::sample::Sample;
use super::survey::Survey;
use super::{MAX_ROUTES, cuts};
use crate::catalog::Catalog;

/// Routes, with the sample and the prefixes that name them.
#[derive(Debug)]
pub(crate) struct Division {
    pub(crate) sample: Sample,
    pub(crate) prefixes: Vec<Prefix>,
    pub(crate) catalog: Catalog,
    /// Whether the routes were found in the trace.
    pub(crate) found: bool,
}

impl Division {
    /// At these boundaries, else at those that the survey suggests.
    pub(crate) fn new(boundaries: Option<Vec<Vec<u8>>>, survey: &Survey) -> Division {
        let sample = survey.sample.sorted();
        let prefixes = prefixes::find(&sample);
        let found = boundaries.is_none();
        let catalog = Catalog::new(boundaries.unwrap_or_else(|| cuts::choose(&sample, &prefixes, MAX_ROUTES)));
        Division { sample, prefixes, catalog, found }
    }

    /// What counts the prefixes by their keys: routes that were not found here have other bounds than they.
    pub(crate) fn prefix_counts(&self) -> Option<PrefixCounts> {
        (!self.found).then(|| PrefixCounts::new(&self.prefixes))
    }
}
