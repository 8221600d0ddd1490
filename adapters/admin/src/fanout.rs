//! The answers of several nodes as one: the place where they meet.
//!
//! Each node gives its part, by route and with more rows than are shown; what they have together is merged, cut into
//! rows, and then within the budget. A long time is merged a stretch at a time, so that memory follows the stretch and
//! not the time. The rules of merging are the core's.

use keyviz_core::limits::{MAX_PART_ROWS, MAX_ROWS};
use keyviz_core::{
    Answer, AxisKind, Config, Fanout, FanoutNode, Heat, HotKeys, HotKeysQuery, MatrixQuery, Merge, MergeError, Merged,
    NoHotKeys, Series, Top, TopQuery, WindowInfo,
};

use crate::error::{ApiError, Code};
use crate::nodes::{Node, Nodes};

/// Cells of one stretch of time, as a rule.
const STRETCH_CELLS: usize = 1 << 20;
/// Cells that there are never more of in one merge.
const MOST_CELLS: usize = 1 << 21;
/// Bytes that such a cell takes on its way: among the nodes' rows, and again in the picture's.
const CELL_BYTES: usize = 40;
/// Cells that a row's record counts as in a merge.
pub(crate) const ROW_CELLS: usize = 16;
/// Bytes that a node's row takes while the hottest are ranked: in its part, which is kept until it is known who counted what,
/// in the merge and in the ranking, each time with bounds.
const RANKED_BYTES: usize = 1024;
/// Columns that they are ranked by: two sealed ones and the open one.
const RANKED_COLUMNS: usize = 3;

type Parts = Vec<(u32, Answer)>;

impl Nodes {
    /// The picture of all nodes, which says of each what is known of it.
    ///
    /// Without the open column it ends where all who are there have sealed theirs.
    pub(crate) fn matrix(&self, query: &MatrixQuery) -> Result<Answer, ApiError> {
        let mut query = query.clone();
        if !query.open {
            let to_ms = self.sealed_to_ms().saturating_add(1);
            query.to_ms = if query.to_ms == 0 { to_ms } else { query.to_ms.min(to_ms) };
        }
        let stretches = self.stretches(&query);
        let merged = match (query.axis, stretches.as_slice()) {
            (AxisKind::Range, [_, _, ..]) => {
                let mut heat = Heat::new();
                for (from_ms, to_ms) in &stretches {
                    heat.add(&self.merged(&within(&query, *from_ms, *to_ms))?.answer);
                }
                let cuts = heat.cuts(&query);
                let mut whole = Merged::default();
                for (from_ms, to_ms) in &stretches {
                    whole = whole.then(self.merged(&within(&query, *from_ms, *to_ms))?.on(&cuts));
                }
                whole
            }
            _ => self.merged(&query)?.shown(&query),
        };
        let mut answer = merged.with_nodes(self.told(query.series));
        if let Some(names) = &query.key_names {
            for row in &mut answer.rows {
                row.name = names.range_name(&row.start, row.end.as_deref()).map(str::to_owned);
            }
        }
        Ok(answer)
    }

    /// All rows of all nodes, by route.
    pub(crate) fn merged(&self, query: &MatrixQuery) -> Result<Merged, ApiError> {
        let (mut merge, rows) = self.merge(query);
        for (place, node) in self.known() {
            merge.add(place, &node.reader.part(query, rows)).map_err(refused)?;
        }
        Ok(merge.finish_whole())
    }

    /// A merge that has nothing yet, and how many rows each node may give it.
    fn merge(&self, query: &MatrixQuery) -> (Merge, usize) {
        let rows = self.most_rows(columns_of(self.config(), &self.window(), query));
        (self.empty_merge(MOST_CELLS), rows)
    }

    /// A merge that has nothing yet, and room for so many cells.
    pub(crate) fn empty_merge(&self, max_cells: usize) -> Merge {
        let mut merge = Merge::with_max_cells(max_cells);
        // Before the parts are read: what is sealed meanwhile is sealed by all the next time.
        merge.sealed_to(self.sealed_to_ms());
        merge
    }

    /// How many rows of so many columns each node may give.
    fn most_rows(&self, columns: usize) -> usize {
        (MOST_CELLS / (columns + ROW_CELLS) / self.len().max(1)).clamp(1, MAX_PART_ROWS)
    }

    /// Those that are, or were, in the picture, by place.
    pub(crate) fn known(&self) -> impl Iterator<Item = (u32, &Node)> {
        (0..).zip(self.iter()).filter(|(_, node)| node.is_known())
    }

    /// The hottest ranges of all nodes, each with the nodes that counted it.
    ///
    /// Of the last columns that all have sealed, the one after them with what there is of it.
    pub(crate) fn top(&self, query: &TopQuery) -> Result<Top, ApiError> {
        let asked = MatrixQuery {
            series: query.series,
            from_ms: self.sealed_to_ms().saturating_sub(self.config().step_ms.saturating_mul(2)),
            open: true,
            start: query.start.clone(),
            end: query.end.clone(),
            label: query.label,
            split_labels: false,
            ..MatrixQuery::default()
        };
        let (merged, parts) = self.parts(&asked)?;
        let mut top = Top::of_nodes(&merged.answer, &parts, query);
        top.own_ranges = self.config().partition.ranges() > 0;
        top.fanout = merged.with_nodes(self.told(query.series)).fanout;
        Ok(top)
    }

    /// The nodes' answers, by place, and their merge.
    fn parts(&self, query: &MatrixQuery) -> Result<(Merged, Parts), ApiError> {
        let (mut merge, rows) = self.merge(query);
        let mut parts = Vec::with_capacity(self.len());
        for (place, node) in self.known() {
            let part = node.reader.part(query, rows);
            merge.add(place, &part).map_err(refused)?;
            parts.push((place, part));
        }
        Ok((merge.finish_whole(), parts))
    }

    /// The hottest keys of all nodes: those of each add up. A node that should have had some to tell and has none is warned
    /// about, and the answer is degraded.
    ///
    /// Without a time the last two windows of the whole picture answer, so that nothing old of a node that is away is
    /// taken for what is hot now.
    pub(crate) fn hot_keys(&self, query: &HotKeysQuery) -> Result<(HotKeys, Fanout), NoHotKeys> {
        let mut query = query.clone();
        let top = std::mem::take(&mut query.top);
        if query.from_ms == 0 && query.to_ms == 0 {
            query.from_ms = self.sealed_to_ms().max(1);
        }
        let (mut told, mut answers, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for node in self.iter() {
            let mut known = node.told(query.series);
            match node.reader.hot_keys(&query) {
                Ok(answer) => answers.push(answer),
                // It has no sketch there because nothing was counted there.
                Err(NoHotKeys::NoSketch) => refused.push(NoHotKeys::NoSketch),
                // What it had, or would have had were it there, may have been hot elsewhere, too.
                Err(why) => {
                    known.warnings.push(why.code().to_owned());
                    refused.push(why);
                }
            }
            told.push(known);
        }
        if answers.is_empty() {
            // Whichever says most: that there is something, rather than that there is nothing.
            let telling = [NoHotKeys::Expired, NoHotKeys::BelowThreshold, NoHotKeys::NoSketch];
            let why = telling.into_iter().find(|why| refused.contains(why));
            return Err(why.or_else(|| refused.first().copied()).unwrap_or(NoHotKeys::NoSnapshot));
        }
        let mut hot = HotKeys::merge(&answers, top);
        hot.degraded |= refused.iter().any(|why| *why != NoHotKeys::NoSketch);
        Ok((hot, Merged::default().with_nodes(told).fanout.unwrap_or_default()))
    }

    /// Which nodes there are, and are not: there is no picture here that one which is away could still be in.
    pub(crate) fn status(&self, series: Series) -> Fanout {
        let nodes = self.iter().map(|node| node.status(series)).collect();
        Merged::default().with_nodes(nodes).fanout.unwrap_or_default()
    }

    /// What is known of each node, in the configured order.
    pub(crate) fn told(&self, series: Series) -> Vec<FanoutNode> {
        self.iter().map(|node| node.told(series)).collect()
    }

    /// What the answer to a query is expected to take on its way, beside itself.
    pub(crate) fn expected_bytes(&self, query: &MatrixQuery) -> usize {
        let columns = columns_of(self.config(), &self.window(), query);
        let rows = if query.axis == AxisKind::Range { MAX_ROWS } else { 0 };
        let cells = self.rows_expected().saturating_add(rows).saturating_mul(columns + ROW_CELLS);
        let most = if query.axis == AxisKind::Range { STRETCH_CELLS } else { MOST_CELLS };
        cells.min(most).saturating_mul(CELL_BYTES)
    }

    /// What ranking the hottest ranges is expected to take, beside the answer.
    pub(crate) fn expected_top_bytes(&self) -> usize {
        let divisions = u64::from(self.config().sub_buckets).max(1);
        let most = self.most_rows(RANKED_COLUMNS) as u64;
        let of = |node: &Node| node.reader.counters().routes.saturating_add(64).saturating_mul(divisions).min(most);
        let rows = usize::try_from(self.iter().map(of).sum::<u64>()).unwrap_or(usize::MAX);
        rows.saturating_mul(RANKED_BYTES)
    }

    /// The query's time in stretches that are merged one after the other; columns of every width lie in one of them.
    fn stretches(&self, query: &MatrixQuery) -> Vec<(u64, u64)> {
        let (config, window) = (self.config(), self.window());
        let widest = config.tiers.as_slice().iter().map(|tier| u64::from(tier.steps)).max().unwrap_or(1);
        let widest_ms = config.step_ms.saturating_mul(widest);
        let columns = (STRETCH_CELLS / self.rows_expected().saturating_add(MAX_ROWS)) as u64;
        let long_ms = columns.saturating_mul(config.step_ms).div_ceil(widest_ms).max(1).saturating_mul(widest_ms);
        let oldest_ms = window.history_from_ms.or(window.open_from_ms).unwrap_or(window.last_flush_ms);
        let from_ms = query.from_ms.max(oldest_ms);
        let until_ms = if query.to_ms == 0 { u64::MAX } else { query.to_ms };
        let newest_ms = window.next_column_ms.saturating_add(1);
        if columns_of(config, &window, query) as u64 <= columns || from_ms >= newest_ms.min(until_ms) {
            return vec![(query.from_ms, query.to_ms)];
        }
        let mut stretches = Vec::new();
        // Columns count by their ends, and one that ends with a stretch is the stretch's.
        let (mut begin_ms, mut from_ms) = (query.from_ms, from_ms);
        loop {
            let end_ms = (from_ms / long_ms).saturating_add(1).saturating_mul(long_ms).saturating_add(1);
            if end_ms >= newest_ms.min(until_ms) {
                stretches.push((begin_ms, query.to_ms));
                return stretches;
            }
            stretches.push((begin_ms, end_ms));
            (begin_ms, from_ms) = (end_ms, end_ms);
        }
    }

    fn rows_expected(&self) -> usize {
        let labels = self.config().labels.len() + 1;
        let routes = self.iter().map(|node| node.reader.counters().routes.saturating_add(64)).sum::<u64>();
        // Hardly ever have all routes all labels.
        usize::try_from(routes).unwrap_or(usize::MAX).saturating_mul(labels.min(4))
    }
}

pub(crate) fn within(query: &MatrixQuery, from_ms: u64, to_ms: u64) -> MatrixQuery {
    MatrixQuery { from_ms, to_ms, ..query.clone() }
}

/// How many columns a query meets at the most.
pub(crate) fn columns_of(config: &Config, window: &WindowInfo, query: &MatrixQuery) -> usize {
    let oldest_ms = window.history_from_ms.or(window.open_from_ms).unwrap_or(window.last_flush_ms);
    let from_ms = query.from_ms.max(oldest_ms);
    let until_ms = if query.to_ms == 0 { window.next_column_ms } else { query.to_ms.min(window.next_column_ms) };
    let span = until_ms.saturating_sub(from_ms) / config.step_ms.max(1) + 2;
    usize::try_from(span).unwrap_or(usize::MAX).min(config.most_columns())
}

pub(crate) fn refused(error: MergeError) -> ApiError {
    match error {
        MergeError::TooLarge { .. } => ApiError::busy(
            "the picture of all nodes would take more memory than the endpoint has; ask for a shorter time",
        ),
        other => ApiError::new(Code::Internal, other.to_string()),
    }
}
