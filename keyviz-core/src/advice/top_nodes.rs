//! The hottest ranges of several nodes: the rows of their merge, each with the nodes that counted it.

use alloc::collections::BTreeMap;

use super::top::{Name, Taken, Top, TopQuery, TopWindow, asks, now_of, ranked};
use crate::history::ColumnState;
use crate::matrix::{Answer, AnswerRow, Column};
use crate::merge::shares::{Counted, of_rows};

impl Top {
    /// The hottest ranges of several nodes.
    ///
    /// - `merged` is all that their merge gives by route ([`Merge::finish_whole`](crate::Merge::finish_whole)) of the last
    ///   columns, the open one included, in the query's series and of its label; `parts` are the answers that it is the
    ///   merge of, in any order, each with its node's place.
    /// - A range is a row of the merge: a route, or a division of one, with what the merge's rule makes of what all nodes
    ///   counted in it. So it is there once, whoever counts it. Nodes that divide their keys differently have ranges of
    ///   their own, which may overlap: each is counted as it stands there.
    /// - A node is named by its place, with what it counted itself. Without `parts` none is.
    /// - The number of a route's divisions is that of those with a row.
    ///
    /// The other rules are those of [`ReaderOn::top`](crate::ReaderOn::top). `fanout` and
    /// `own_ranges` are the caller's to say.
    ///
    /// Never panics. Memory: about 200 bytes and the bounds twice for each row of `merged`, 200 for each in which a node
    /// counted. Cost: O(n log n) in the rows of all nodes; for rows whose bounds are new, times those.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, MatrixQuery, Merge, Op, RouteId, Sampler, Series, Top, TopQuery};
    /// let all = MatrixQuery { series: Series::Ops, open: true, ..MatrixQuery::default() };
    /// let (mut merge, mut parts) = (Merge::new(), Vec::new());
    /// for place in 0..2 {
    ///     let sampler = Sampler::new(Config::default(), 0)?;
    ///     sampler.register(RouteId(7), b"a", None, 0)?;
    ///     (0..=place).for_each(|_| sampler.observe(RouteId(7), Op::Read, b"b", 0));
    ///     sampler.flush(60_000);
    ///     let part = sampler.reader().part(&all, 16384);
    ///     merge.add(place, &part)?;
    ///     parts.push((place, part));
    /// }
    /// let top = Top::of_nodes(&merge.finish_whole().answer, &parts, &TopQuery::default());
    /// assert_eq!((top.rows.len(), top.rows[0].route, top.rows[0].value), (1, RouteId(7), 3));
    /// let nodes: Vec<(u32, u64)> = top.rows[0].nodes.iter().map(|node| (node.place, node.value)).collect();
    /// assert_eq!(nodes, [(1, 2), (0, 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_nodes(merged: &Answer, parts: &[(u32, Answer)], query: &TopQuery) -> Top {
        let Some(times) = Times::of(merged) else { return Top::empty(query.series) };
        let of = |column: &Column| of_rows(&merged.rows, parts, column);
        let counted = of(&times.now.1);
        let before = times.before.map(|(_, before)| of(&before)).unwrap_or_default();
        let mut before = before.into_iter().chain(core::iter::repeat_with(Counted::new));
        let mut ranges = BTreeMap::new();
        let mut total = (0u64, 0u64);
        for (row, counted) in merged.rows.iter().zip(counted) {
            let before = before.next().unwrap_or_default();
            if asks(query, &row.start, row.end.as_deref()) {
                let (now, past) = times.values(row);
                total = (total.0.saturating_add(now), total.1.saturating_add(past));
                times.add(&mut ranges, row, counted, before);
            }
        }
        count_divisions(&mut ranges);
        let before = times.before.map(|(_, before)| TopWindow::of(&before, total.1));
        ranked(&ranges, query, TopWindow::of(&times.now.1, total.0), before)
    }
}

/// The window and the one before, each with its place in the answer.
struct Times {
    now: (usize, Column),
    before: Option<(usize, Column)>,
}

impl Times {
    fn of(answer: &Answer) -> Option<Times> {
        let now = now_of(&answer.columns, answer.step_ms)?;
        let find = |end_ms: u64| {
            let mut columns = answer.columns.iter().enumerate();
            columns.find(|(_, column)| column.end_ms == end_ms && column.state != ColumnState::Missing)
        };
        let place = |(at, column): (usize, &Column)| (at, *column);
        Some(Times { now: find(now.end_ms).map(place)?, before: find(now.start_ms).map(place) })
    }

    /// What a row has in the window, and in the one before.
    fn values(&self, row: &AnswerRow) -> (u64, u64) {
        let at = |at: usize| row.values.get(at).copied().unwrap_or(0);
        (at(self.now.0), self.before.map_or(0, |(before, _)| at(before)))
    }

    fn add(&self, ranges: &mut BTreeMap<Name, Taken>, row: &AnswerRow, counted: Counted, before: Counted) {
        let (now, past) = self.values(row);
        let (aggregate, route, sub) = row.bucket_id.of_route().unwrap_or_default();
        let name = (row.start.clone(), row.end.clone(), route, aggregate, sub.unwrap_or(0));
        let taken = ranges.entry(name).or_insert_with(|| Taken::new(row.start.clone(), row.end.clone()));
        taken.now = taken.now.saturating_add(now);
        taken.before = taken.before.saturating_add(past);
        taken.seen_before |= past > 0;
        if now >= taken.owner.0 {
            let number = |list: &[u64]| list.get(self.now.0).copied().unwrap_or(0);
            taken.owner = (now, number(&row.groups), number(&row.terms));
        }
        taken.sub_buckets = taken.sub_buckets.max(sub.map_or(1, |sub| sub.saturating_add(1).max(2)));
        taken.estimated |= row.estimated.get(self.now.0) == Some(&true);
        for (to, from) in [(&mut taken.nodes, counted), (&mut taken.nodes_before, before)] {
            for (place, value) in from {
                let sum = to.entry(place).or_default();
                *sum = sum.saturating_add(value);
            }
        }
    }
}

/// Every division of a route knows how many there are.
fn count_divisions(ranges: &mut BTreeMap<Name, Taken>) {
    let mut most: BTreeMap<(u64, bool), u32> = BTreeMap::new();
    for ((_, _, route, aggregate, _), taken) in ranges.iter() {
        let most = most.entry((*route, *aggregate)).or_default();
        *most = (*most).max(taken.sub_buckets);
    }
    for ((_, _, route, aggregate, _), taken) in ranges.iter_mut() {
        taken.sub_buckets = most.get(&(*route, *aggregate)).copied().unwrap_or(1);
    }
}
