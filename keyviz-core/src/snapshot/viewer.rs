//! Asking a snapshot: it is restored into a writing half of its own size, so that there is one way to answer.

use super::Snapshot;
use crate::bounds::BoundCounts;
use crate::config::Config;
use crate::config_error::ConfigError;
use crate::halves::Writer;
use crate::history::ColumnState;
use crate::layout::Layout;
use crate::limits::{BLOCK_BYTES, CHUNK_SIZE};
use crate::reader::Reader;

impl Snapshot {
    /// A reader of everything that the snapshot has: it answers as the reader of its sampler did.
    ///
    /// What it has no more: which routes share a virtual bucket, and counters of what was dropped or refused.
    ///
    /// Memory: about the snapshot's once more. Cost: linear in the cells.
    ///
    /// # Errors
    /// [`ConfigError`] where there are more rows or columns than a sampler can have, or no memory for them.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler, Snapshot};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"a", None, 0)?;
    /// sampler.observe(RouteId(1), Op::Write, b"b", 9);
    /// sampler.flush(60_000);
    /// let mut bytes = Vec::new();
    /// sampler.reader().snapshot(60_000, |piece| Ok::<(), ()>(bytes.extend_from_slice(piece))).unwrap();
    /// let query = MatrixQuery::default();
    /// let reader = Snapshot::decode(&bytes, 1 << 20)?.reader()?;
    /// assert_eq!(reader.matrix(&query), sampler.reader().matrix(&query));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reader(&self) -> Result<Reader, ConfigError> {
        let now_ms = match self.columns.last() {
            Some(column) if column.state == ColumnState::Open => column.start_ms,
            Some(column) => column.end_ms,
            None => self.meta.started_ms,
        };
        let mut writer = Writer::new(self.config()?, now_ms)?;
        // The configuration is the snapshot's and nothing is in use, so that there is nothing to refuse.
        let _ = writer.restore(self);
        Ok(writer.reader())
    }

    /// A configuration that holds all of it.
    fn config(&self) -> Result<Config, ConfigError> {
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let mut config = Config::SMALL;
        config.step_ms = self.meta.step_ms;
        config.sub_buckets = self.meta.k as u16;
        config.labels = self.labels.clone();
        config.max_routes = rows.max(8);
        config.history_columns = u32::try_from(self.columns.len()).unwrap_or(u32::MAX).saturating_add(1);
        let lens = self.rows.iter().flat_map(|row| [row.start.len(), row.end.as_ref().map_or(0, alloc::vec::Vec::len)]);
        let (mut longest, mut chunks) = (1, 0usize);
        for len in lens {
            longest = longest.max(len);
            chunks = chunks.saturating_add(BoundCounts::chunks_for(len));
        }
        config.max_bound_len = longest as u32;
        let least = Layout::new(&config.roomy()?)?.least_pools();
        // Half of the bounds are for routes that are registered, of which there are none.
        config.bound_bytes = chunks.saturating_mul(2 * CHUNK_SIZE).saturating_add(least.bound_bytes);
        // Rows have other numbers there, which may take some more bytes.
        let blocks = self.columns.iter().map(|column| (column.cells.len() + column.cells.len() / 2) / BLOCK_BYTES + 2);
        let bytes = blocks.sum::<usize>().saturating_mul(BLOCK_BYTES + size_of::<u32>());
        config.history_bytes = least.history_bytes.saturating_add(bytes);
        config.cell_bytes = least.cell_bytes;
        Ok(config)
    }
}
