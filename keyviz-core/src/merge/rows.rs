//! What a row of several nodes is called, and what is known of it besides its cells.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::cells::Cells;
use crate::matrix::{AnswerRow, BucketId};
use crate::route::RouteId;

/// What makes two nodes' rows one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    /// A route's: the bucket id.
    Named(&'a str),
    /// A virtual bucket's: its range, since every node numbers its own buckets.
    Range(&'a [u8], bool, &'a [u8], &'a str),
}

impl<'a> Key<'a> {
    fn of(aggregate: bool, id: &'a BucketId, (start, end): (&'a [u8], Option<&'a [u8]>), label: &'a str) -> Self {
        if aggregate { Key::Range(start, end.is_none(), end.unwrap_or(&[]), label) } else { Key::Named(id.as_str()) }
    }

    pub(super) fn of_row(row: &'a AnswerRow) -> Self {
        Key::of(row.aggregate, &row.bucket_id, (&row.start, row.end.as_deref()), &row.label)
    }
}

/// The order of two nodes' rows by which rows are found.
pub(super) fn order(a: &AnswerRow, b: &AnswerRow) -> Ordering {
    Key::of_row(a).cmp(&Key::of_row(b))
}

type Bounds = (Vec<u8>, Option<Vec<u8>>);

/// All about a row but its cells. The bounds, the members, the label and the bucket id are those of the first node
/// that has the row.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) bucket_id: BucketId,
    pub(super) label: String,
    /// With the place of whom it comes from: the first that has one.
    name: Option<(u32, String)>,
    pub(super) start: Vec<u8>,
    pub(super) end: Option<Vec<u8>>,
    pub(super) aggregate: bool,
    pub(super) route_ids: Vec<RouteId>,
    pub(super) route_ids_truncated: bool,
    pub(super) route_count: u64,
    /// All who have the row say so: who does not still has the route.
    pub(super) draining: bool,
    /// The places of all who have the row: the first, and the others in order.
    pub(super) nodes: (u32, Vec<u32>),
    /// Those whose bounds are not the first's.
    others: Vec<(u32, Bounds)>,
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct MergedRow {
    pub(super) about: About,
    pub(super) cells: Cells,
}

impl About {
    pub(super) fn of(row: &AnswerRow, place: u32) -> Self {
        About {
            bucket_id: row.bucket_id.clone(),
            label: row.label.clone(),
            name: row.name.clone().map(|name| (place, name)),
            start: row.start.clone(),
            end: row.end.clone(),
            aggregate: row.aggregate,
            route_ids: row.route_ids.clone(),
            route_ids_truncated: row.route_ids_truncated,
            route_count: row.route_count,
            draining: row.draining,
            nodes: (place, Vec::new()),
            others: Vec::new(),
        }
    }

    fn key(&self) -> Key<'_> {
        Key::of(self.aggregate, &self.bucket_id, (&self.start, self.end.as_deref()), &self.label)
    }

    /// Where a node's row stands beside this one in the order by which rows are found.
    pub(super) fn order_of(&self, row: &AnswerRow) -> Ordering {
        self.key().cmp(&Key::of_row(row))
    }

    /// The order by which rows are found.
    pub(super) fn order(&self, other: &About) -> Ordering {
        self.key().cmp(&other.key())
    }

    /// The order in which rows are shown: by start, then bucket id; of virtual buckets of one name, by end.
    pub(super) fn shown_order(&self, other: &About) -> Ordering {
        let end = |about: &About| (about.end.is_none(), about.end.clone());
        let names = || self.bucket_id.cmp(&other.bucket_id);
        self.start.cmp(&other.start).then_with(names).then_with(|| end(self).cmp(&end(other)))
    }

    pub(super) fn name(&self) -> Option<String> {
        self.name.as_ref().map(|(_, name)| name.clone())
    }

    /// The places of those whose bounds are not the first's.
    pub(super) fn diverging(&self) -> impl Iterator<Item = u32> {
        self.others.iter().map(|(place, _)| *place)
    }

    fn has_bounds_of(&self, other: &About) -> bool {
        self.start == other.start && self.end == other.end
    }

    /// Takes in what a node says of the row.
    pub(super) fn meet(&mut self, row: &AnswerRow, place: u32) {
        let last = self.nodes.1.last().copied().unwrap_or(self.nodes.0);
        if place <= last || self.start != row.start || self.end != row.end {
            return self.join(About::of(row, place));
        }
        self.draining &= row.draining;
        if self.name.is_none() {
            self.name = row.name.clone().map(|name| (place, name));
        }
        self.nodes.1.push(place);
    }

    /// Takes in what other nodes say of the row.
    pub(super) fn join(&mut self, mut other: About) {
        if other.nodes.0 < self.nodes.0 {
            core::mem::swap(self, &mut other);
        }
        self.draining &= other.draining;
        self.name = match (self.name.take(), other.name.take()) {
            (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
            (a, b) => a.or(b),
        };
        let others = || core::iter::once(other.nodes.0).chain(other.nodes.1.iter().copied());
        // Of one name, and usually of one range; then nobody differs from anybody.
        if !other.others.is_empty() || !self.has_bounds_of(&other) {
            let same = |place: &u32| !other.others.iter().any(|(other, _)| other == place);
            let bounds = (other.start.clone(), other.end.clone());
            let of_first: Vec<(u32, Bounds)> = others().filter(same).map(|place| (place, bounds.clone())).collect();
            let mine = |bounds: &Bounds| bounds.0 == self.start && bounds.1 == self.end;
            let differing =
                of_first.into_iter().chain(other.others.iter().cloned()).filter(|(_, bounds)| !mine(bounds));
            self.others.extend(differing);
            self.others.sort_unstable_by_key(|(place, _)| *place);
            self.others.dedup_by_key(|(place, _)| *place);
        }
        let (first, nodes) = (self.nodes.0, &mut self.nodes.1);
        let sorted = nodes.last().is_none_or(|last| *last < other.nodes.0);
        nodes.extend(others().filter(|place| *place != first));
        if !sorted {
            nodes.sort_unstable();
            nodes.dedup();
        }
    }
}
