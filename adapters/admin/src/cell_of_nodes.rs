//! What each of several nodes counted in a cell, within the memory for answers, whatever the cell.
//!
//! Where values add, each node gives one row. Else writes that several nodes counted are one write, which shows only
//! route by route and column by column: then the time is merged a stretch after the other, and of each stretch only what
//! the cell has is kept.

use keyviz_core::limits::MAX_PART_ROWS;
use keyviz_core::{Answer, Cell, CellNode, CellOfNodes, MatrixQuery, MergeError, Series};

use crate::error::ApiError;
use crate::fanout::{ROW_CELLS, columns_of, refused, within};
use crate::nodes::{Node, Nodes};

/// Cells that there are never more of in the merge of a stretch, a row's record counting as [`ROW_CELLS`].
const MOST_CELLS: usize = 1 << 20;
/// Bytes that such a cell takes: in the merge, in what comes of it, and in the part of one node.
const CELL_BYTES: usize = 64;
/// Bytes that a column takes, of which a node has one row, and those that the coordinator keeps for each node.
const COLUMN_BYTES: (usize, usize) = (512, 32);
/// Bytes that a route of one node is expected to take while its history is read, bounds included.
const ROUTE_BYTES: usize = 256;
/// How often the time is divided anew, because columns were folded across the stretches meanwhile.
const TRIES: usize = 3;

/// A stretch of a query's time, by the ends of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from_ms: u64,
    to_ms: u64,
    columns: usize,
    /// Where the one before ends: no column begins before that.
    begins_ms: u64,
}

impl Nodes {
    /// What each node counted in a cell.
    pub(crate) fn cell(&self, query: &MatrixQuery) -> Result<Cell, ApiError> {
        if self.adds(query.series) {
            let mut whole = CellOfNodes::new();
            self.add_stretch(&mut whole, query, |node| node.reader.cell_part(query)).map_err(refused)?;
            return Ok(whole.finish(self.told(query.series)));
        }
        // Replicas have the same rows, so one's are all there are, until it shows that they are not.
        let rows = |of: fn(usize, usize) -> usize| self.iter().map(|node| rows_of(node, query)).fold(1, of);
        let (mut expected, most) = (rows(usize::max), rows(usize::saturating_add));
        for _ in 0..TRIES {
            match self.cell_by_stretches(query, expected) {
                Ok(Some(cell)) => return Ok(cell),
                Ok(None) => {}
                Err(MergeError::TooLarge { .. }) if expected < most => expected = most,
                Err(error) => return Err(refused(error)),
            }
        }
        Err(ApiError::busy("the history grew coarser while it was read; try again in a second"))
    }

    /// With so many rows expected in all. `None` where columns were folded meanwhile.
    fn cell_by_stretches(&self, query: &MatrixQuery, rows: usize) -> Result<Option<Cell>, MergeError> {
        let mut whole = CellOfNodes::new();
        for Stretch { from_ms, to_ms, columns, begins_ms } in self.cell_stretches(query, rows) {
            let query = within(query, from_ms, to_ms);
            // A node's share of the rows that there is room for.
            let room = MOST_CELLS as u128 / columns.saturating_add(ROW_CELLS) as u128;
            let share = |node: &Node| usize::try_from(room * rows_of(node, &query) as u128 / rows.max(1) as u128);
            let mut lies_across = false;
            self.add_stretch(&mut whole, &query, |node| {
                let part = node.reader.part(&query, share(node).unwrap_or(MAX_PART_ROWS));
                // What it was folded from may have been counted in the stretch before.
                lies_across |= part.columns.first().is_some_and(|first| first.start_ms < begins_ms);
                part
            })?;
            if lies_across {
                return Ok(None);
            }
        }
        Ok(Some(whole.finish(self.told(query.series))))
    }

    /// Adds what the parts of all nodes have in a stretch of time; one part is held at a time.
    fn add_stretch(
        &self,
        whole: &mut CellOfNodes,
        query: &MatrixQuery,
        mut part: impl FnMut(&Node) -> Answer,
    ) -> Result<(), MergeError> {
        let mut merge = self.empty_merge(MOST_CELLS);
        let mut nodes = Vec::new();
        for (place, node) in self.known() {
            let part = part(node);
            merge.add(place, &part)?;
            nodes.extend(CellNode::of_part(place, &part, query));
        }
        whole.add(merge.finish_whole(), nodes, query);
        Ok(())
    }

    /// Whether values of a series add up over these nodes.
    fn adds(&self, series: Series) -> bool {
        self.iter().all(|node| node.reader.write_merge().adds(series))
    }

    /// A query's time in stretches of at most so many columns that a merge has room for all rows; no column of any node
    /// lies in two.
    fn cell_stretches(&self, query: &MatrixQuery, rows: usize) -> Vec<Stretch> {
        let of = |(_, node): (u32, &Node)| node.reader.columns(query.from_ms, query.to_ms, query.open);
        let columns = self.known().flat_map(of).map(|column| (column.start_ms, column.end_ms)).collect();
        // An eighth is left for rows that routes had which are gone.
        let most = (MOST_CELLS - MOST_CELLS / 8) / rows.max(1);
        stretches(columns, (query.from_ms, query.to_ms), most.saturating_sub(ROW_CELLS))
    }

    /// What the answer to a query for a cell is expected to take on its way.
    pub(crate) fn expected_cell_bytes(&self, query: &MatrixQuery) -> usize {
        let columns = columns_of(self.config(), &self.window(), query);
        let (column, node) = COLUMN_BYTES;
        let told = columns.saturating_mul(self.len().saturating_mul(node).saturating_add(column));
        let routes = self.iter().map(|node| node.reader.counters().routes).max().unwrap_or(0);
        let read = usize::try_from(routes).unwrap_or(usize::MAX).saturating_mul(ROUTE_BYTES);
        let rows = || self.iter().map(|node| rows_of(node, query)).fold(0, usize::saturating_add);
        let cells = || rows().saturating_mul(columns.saturating_add(ROW_CELLS)).min(MOST_CELLS);
        let merged = if self.adds(query.series) { 0 } else { cells().saturating_mul(CELL_BYTES) };
        told.saturating_add(read).saturating_add(merged)
    }
}

/// What a cell of one node is expected to take: no more than its columns and routes, whatever it has.
pub(crate) fn expected_bytes(columns: usize, routes: u64) -> usize {
    let read = usize::try_from(routes).unwrap_or(usize::MAX).saturating_mul(ROUTE_BYTES);
    columns.saturating_mul(COLUMN_BYTES.0).saturating_add(read)
}

/// How many rows a node is expected to have, all labels together.
fn rows_of(node: &Node, query: &MatrixQuery) -> usize {
    let routes = if query.route.is_some() { 1 } else { node.reader.counters().routes };
    let divisions = if query.sub_bucket.is_some() { 1 } else { node.reader.config().sub_buckets.max(1) };
    usize::try_from(routes).unwrap_or(usize::MAX).saturating_add(64).saturating_mul(divisions.into())
}

/// The time of a query in stretches of `most` columns; `columns` are from when to when any node has one.
fn stretches(mut columns: Vec<(u64, u64)>, (from_ms, to_ms): (u64, u64), most: usize) -> Vec<Stretch> {
    columns.sort_unstable_by_key(|(start_ms, end_ms)| (*end_ms, *start_ms));
    columns.dedup();
    // From behind: where all that ends later begins.
    let mut later_ms = None;
    let mut edges = vec![false; columns.len()];
    for ((start_ms, end_ms), edge) in columns.iter().zip(&mut edges).rev() {
        *edge = later_ms.is_some_and(|later_ms| later_ms >= *end_ms);
        later_ms = Some(later_ms.map_or(*start_ms, |later_ms: u64| later_ms.min(*start_ms)));
    }
    let mut stretches = Vec::new();
    let mut next = Stretch { from_ms, to_ms, columns: 0, begins_ms: 0 };
    for ((_, end_ms), edge) in columns.iter().zip(edges) {
        next.columns = next.columns.saturating_add(1);
        if edge && next.columns >= most {
            let from_ms = end_ms.saturating_add(1);
            stretches.push(Stretch { to_ms: from_ms, ..next });
            next = Stretch { from_ms, to_ms, columns: 0, begins_ms: *end_ms };
        }
    }
    // What is sealed, or begun, meanwhile is in the last.
    next.columns = next.columns.saturating_add(2);
    stretches.push(next);
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_column_lies_in_two_stretches() {
        let fine = (0..20).map(|at| (at * 10, at * 10 + 10));
        let of = |columns: Vec<(u64, u64)>, times, most| {
            let stretches = stretches(columns, times, most);
            stretches.iter().map(|s| (s.from_ms, s.to_ms, s.columns, s.begins_ms)).collect::<Vec<_>>()
        };
        assert_eq!(of(Vec::new(), (5, 7), 3), [(5, 7, 2, 0)]);
        assert_eq!(of(fine.clone().collect(), (0, 0), 20), [(0, 0, 22, 0)]);
        // A stretch has what ends below its end, so one more than the column's end.
        let expected = [(0, 81, 8, 0), (81, 161, 8, 80), (161, 0, 6, 160)];
        assert_eq!(of(fine.clone().collect(), (0, 0), 8), expected);
        assert_eq!(of(fine.clone().rev().chain(fine.clone()).collect(), (0, 0), 8), expected, "each counts once");
        assert_eq!(of(fine.clone().take(2).collect(), (3, 90), 0), [(3, 11, 1, 0), (11, 90, 3, 10)]);
        // Another node has wide columns, whose ends alone are edges where they are.
        let wide = (0..3).map(|at| (at * 60, at * 60 + 60));
        let mixed: Vec<(u64, u64)> = fine.chain(wide).collect();
        assert_eq!(
            of(mixed, (0, 0), 1),
            [(0, 61, 7, 0), (61, 121, 7, 60), (121, 181, 7, 120), (181, 191, 1, 180), (191, 0, 3, 190)]
        );
    }
}
