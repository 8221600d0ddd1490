//! A sampler in virtual time: every record in the window of its own time.

use keyviz_core::{CellView, Column, Config, Op as Observed, Reader, Recorder, RouteId, Sampler, Scan};
use keyviz_trace::{Op, Record};

use super::step;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Most bytes that one cell of a column takes in the history, and what a column takes beside its cells.
const CELL_BYTES: u64 = 58;
const COLUMN_BYTES: u64 = 4096;

/// Bytes of the queue of keys, and how many records may have left theirs in it: half of it, which is when fewer are
/// sampled.
const SAMPLE_BYTES: usize = 4 << 20;
const DRAIN_EVERY: u32 = 4096;

/// The longest key that is listed among the hot ones.
const MAX_KEY_LEN: u32 = 256;

/// Bytes for the hot keys of all columns.
const HOT_KEY_BYTES: usize = 4 << 20;

/// Most bytes for cells where the length of the trace is not known beforehand.
const OPEN_END_BYTES: u64 = 64 << 20;

/// What a recording has to hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) first_us: u64,
    pub(crate) last_us: u64,
    pub(crate) records: u64,
}

/// How far a recording may grow beyond its extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// It does not.
    Known,
    /// Its columns become coarser.
    Coarsens,
    /// So many columns are kept at least; then the oldest go, counted by the sampler.
    Rolls(u64),
}

/// Columns being filled.
#[derive(Debug)]
pub(crate) struct Recording<'a> {
    catalog: &'a Catalog,
    sampler: Sampler,
    recorder: Recorder,
    /// The routes of one scan, in memory that is used again.
    touched: Vec<RouteId>,
    growth: Growth,
    began_ms: u64,
    boundary_ms: u64,
    step_ms: u64,
    /// Records since the queue of keys was drained.
    undrained: u32,
}

impl<'a> Recording<'a> {
    /// An empty recording that begins with the window of the first record.
    pub(crate) fn new(catalog: &'a Catalog, extent: Extent, growth: Growth, step_ms: u64) -> Result<Self, Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::new(format!("the picture cannot be set up: {error}"));
        let began_ms = extent.first_us / 1000 / step_ms * step_ms;
        let sampler =
            Sampler::new(config(catalog, extent, growth, step_ms), began_ms).map_err(|error| refused(&error))?;
        for (route, range) in catalog.routes() {
            sampler.register(route, range.start, range.end, 0).map_err(|error| refused(&error))?;
        }
        let recorder = sampler.recorder();
        let boundary_ms = began_ms + step_ms;
        Ok(Recording {
            catalog,
            sampler,
            recorder,
            touched: Vec::new(),
            growth,
            began_ms,
            boundary_ms,
            step_ms,
            undrained: 0,
        })
    }

    /// Counts a record in the window of its time, which is not before that of the record before it.
    ///
    /// # Errors
    /// Where its time is further from the first than any picture shows.
    pub(crate) fn observe(&mut self, record: &Record<'_>) -> Result<(), Failure> {
        self.reach(record.time_us / 1000)?;
        self.undrained += 1;
        if self.undrained == DRAIN_EVERY {
            self.undrained = 0;
            self.sampler.drain_samples();
        }
        let op = match record.op {
            Op::Scan => {
                self.observe_scan(record);
                return Ok(());
            }
            Op::Read => Observed::Read,
            Op::Write => Observed::Write,
        };
        let route = self.catalog.route_of(record.key);
        self.recorder.observe_many(route, op, record.key, record.value_len, record.count);
        Ok(())
    }

    /// Counts a scan in the routes from its key up to its end. Where the trace has no end nobody knows how far it went:
    /// it counts where it starts.
    fn observe_scan(&mut self, record: &Record<'_>) {
        self.touched.clear();
        self.touched.extend(self.catalog.routes_of(record.key, record.end_key));
        let bytes = record.value_len.saturating_add(record.key.len() as u64);
        let end = record.end_key.unwrap_or(record.key);
        let scan = Scan { times: record.count, ..Scan::new(record.key, Some(end), bytes) };
        self.recorder.observe_scan_routes(&self.touched, &scan);
    }

    /// Flushes at every window boundary up to this time, so that a window without records is zero, not missing.
    pub(crate) fn reach(&mut self, time_ms: u64) -> Result<(), Failure> {
        if time_ms < self.boundary_ms {
            return Ok(());
        }
        let (first_us, last_us) = (self.began_ms * 1000, time_ms * 1000);
        match self.growth {
            Growth::Known => {}
            Growth::Coarsens => {
                let step_ms = step::coarser(first_us, last_us, self.step_ms)?;
                if step_ms != self.step_ms {
                    self.coarsen(step_ms, last_us)?;
                }
            }
            Growth::Rolls(_) => self.leap(time_ms),
        }
        self.advance(time_ms);
        Ok(())
    }

    /// Goes at once where so much time passed that nothing of before stays anyway.
    fn leap(&mut self, time_ms: u64) {
        let kept_ms = step::MAX_COLUMNS.saturating_mul(self.step_ms);
        let from_ms = (time_ms / self.step_ms * self.step_ms).saturating_sub(kept_ms);
        if from_ms > self.boundary_ms {
            // Seals the open window; what is between is missing.
            self.sampler.flush(self.boundary_ms);
            self.sampler.flush(from_ms);
            self.boundary_ms = from_ms + self.step_ms;
        }
    }

    /// Brings the open column up to this time; no record before it may follow.
    pub(crate) fn show(&mut self, time_ms: u64) -> Result<(), Failure> {
        self.reach(time_ms)?;
        self.sampler.flush(time_ms);
        Ok(())
    }

    fn advance(&mut self, time_ms: u64) {
        while time_ms >= self.boundary_ms {
            self.sampler.flush(self.boundary_ms);
            self.boundary_ms += self.step_ms;
        }
    }

    /// Begins again with a multiple of the step, with everything that was counted so far.
    fn coarsen(&mut self, step_ms: u64, last_us: u64) -> Result<(), Failure> {
        self.sampler.flush(self.boundary_ms);
        let extent = Extent { first_us: self.began_ms * 1000, last_us, records: u64::MAX };
        let mut coarse = Recording::new(self.catalog, extent, self.growth, step_ms)?;
        // What is carried over has no keys, so a recorder without a queue counts it, and hot keys say what they lack.
        let unsampled = coarse.sampler.recorder();
        self.sampler.reader().for_each_cell(0, 0, true, |column, cell| coarse.carry(&unsampled, column, cell));
        *self = coarse;
        Ok(())
    }

    /// Counts a cell of a finer recording; exactly, because one operation carries all bytes.
    fn carry(&mut self, recorder: &Recorder, column: &Column, cell: &CellView<'_>) {
        self.advance(column.start_ms);
        let counts = cell.counts;
        let sides =
            [(Observed::Read, counts.reads, counts.read_bytes), (Observed::Write, counts.writes, counts.write_bytes)];
        for (op, operations, bytes) in sides {
            if let Some(others) = operations.checked_sub(1) {
                recorder.observe_many(cell.route, op, b"", bytes, 1);
                if others > 0 {
                    recorder.observe_many(cell.route, op, b"", 0, others);
                }
            }
        }
        let scans = Scan { times: counts.scans, continued: true, ..Scan::new(b"", Some(b""), 0) };
        recorder.observe_scan_routes(&[cell.route], &scans);
    }

    /// Seals the last column.
    pub(crate) fn finish(&mut self) {
        self.sampler.flush(self.boundary_ms);
    }

    pub(crate) fn reader(&self) -> Reader {
        self.sampler.reader()
    }

    pub(crate) fn step_ms(&self) -> u64 {
        self.step_ms
    }
}

/// A history that holds the whole trace, by the most that its cells can take: no more cells are used than there are
/// records, and no more than routes by columns.
fn config(catalog: &Catalog, extent: Extent, growth: Growth, step_ms: u64) -> Config {
    let routes = catalog.len() as u64;
    let known = step::columns(extent.first_us, extent.last_us, step_ms);
    let (columns, cell_bytes) = match growth {
        Growth::Known => (known, (routes * known).min(extent.records).saturating_mul(CELL_BYTES)),
        Growth::Coarsens => {
            let columns = known.max(step::AUTO_COLUMNS);
            (columns, routes * columns * CELL_BYTES)
        }
        Growth::Rolls(columns) => (known.max(columns), OPEN_END_BYTES),
    };
    let mut config = Config::default();
    config.step_ms = step_ms;
    config.max_routes = u32::try_from(routes).unwrap_or(u32::MAX);
    // The routes are cut to fit, so none shares a virtual bucket.
    config.max_known_routes = 0;
    config.max_draining = 8;
    config.max_recorders = 1;
    config.shared_shards = 1;
    config.cell_bytes = 4 << 20;
    config.bound_bytes = 1 << 20;
    config.history_columns = u32::try_from(columns + 2).unwrap_or(u32::MAX);
    config.tiers = keyviz_core::Tiers::NONE;
    config.history_bytes = usize::try_from(cell_bytes + (columns + 2) * COLUMN_BYTES + (2 << 20)).unwrap_or(usize::MAX);
    config.prefault = false;
    // Every operation is sampled: the queue is drained as fast as it fills.
    (config.hot_keys, config.sample_every, config.max_key_len) = (true, 1, MAX_KEY_LEN);
    config.sample_bytes = SAMPLE_BYTES;
    config.hot_key_bytes = HOT_KEY_BYTES;
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyviz_core::Series;
    use keyviz_trace::{Limits, Trace};

    #[test]
    fn coarser_columns_keep_every_count() {
        let catalog = Catalog::new(vec![b"k5".to_vec()]);
        let extent = Extent { first_us: 0, last_us: 0, records: 1 };
        let mut recording = Recording::new(&catalog, extent, Growth::Coarsens, 100).unwrap();
        let mut text = "ts_us,op,key,bytes,count,end_key\n".to_owned();
        for n in 0..3000_u64 {
            // Scans of both routes, of one, and without an end.
            let (op, end) = [("w", ""), ("r", ""), ("s", ["k9", "k4", ""][n as usize % 7 % 3])][n as usize % 3];
            text += &format!("{},{op},k{},{},{},{end}\n", n * n * 1000, n % 10, n % 17, 1 + n % 4);
        }
        let mut trace = Trace::open(text.as_bytes(), Limits::default()).unwrap();
        let (mut ops, mut bytes, mut scans) = (0, 0, 0);
        while let Some(record) = trace.next_record().unwrap() {
            ops += record.count;
            bytes += record.count * (record.value_len + 2);
            let both = record.key < &b"k5"[..] && record.end_key == Some(&b"k9"[..]);
            scans += record.count * if record.op != Op::Scan { 0 } else { 1 + u64::from(both) };
            recording.observe(&record).unwrap();
        }
        recording.finish();
        assert!(recording.step_ms() > 10_000, "{}", recording.step_ms());
        let counted = recording.reader().counters().observed;
        assert_eq!(counted.get(Series::Ops), ops);
        assert_eq!(counted.read_bytes + counted.write_bytes, bytes);
        assert_eq!(counted.scans, scans);
        let mut in_columns = (0, 0);
        let columns = recording.reader().for_each_cell(0, 0, true, |_, cell| {
            in_columns = (in_columns.0 + cell.counts.get(Series::Ops), in_columns.1 + cell.counts.scans);
        });
        assert_eq!(in_columns, (ops, scans));
        assert!(columns.len() <= 722, "{}", columns.len());
    }
}
