//! What a count is of.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};

use crate::load::{ROUTES, routes};

/// A route and an operation.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Labels {
    pub route: u64,
    pub op: Op,
}

/// All operations of the benchmarks are writes; counters for reads stand beside them.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
pub enum Op {
    Read,
    Write,
}

/// The labels of all entries.
pub fn all() -> impl Iterator<Item = Labels> {
    routes(ROUTES).into_iter().flat_map(|route| [Op::Read, Op::Write].map(|op| Labels { route: route.id, op }))
}
