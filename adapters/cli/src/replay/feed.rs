//! The second pass: every record observed at its own time.

use keyviz_core::{Config, Op as Observed, Reader, Sampler};
use keyviz_trace::{Format, Op, Tally};

use super::input::Input;
use super::progress::Progress;
use super::step;
use super::survey::Survey;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Most bytes that one cell of a column takes in the history, and what a column takes beside its cells.
const CELL_BYTES: u64 = 48;
const COLUMN_BYTES: u64 = 4096;

/// Times before the year 2000 are those of a clock that started with the trace.
const YEAR_2000_US: u64 = 946_684_800_000_000;

/// The trace in columns.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) reader: Reader,
    pub(crate) format: Format,
    pub(crate) tally: Tally,
    pub(crate) first_us: u64,
    pub(crate) last_us: u64,
    pub(crate) step_ms: u64,
}

impl Fed {
    /// From the first record to the last; a trace of one instant lasts one step.
    pub(crate) fn duration_ms(&self) -> u64 {
        match (self.last_us - self.first_us).div_ceil(1000) {
            0 => self.step_ms,
            ms => ms,
        }
    }

    /// How many columns it fills.
    pub(crate) fn columns(&self) -> u64 {
        step::columns(self.first_us, self.last_us, self.step_ms)
    }

    /// Whether its clock started with the trace.
    pub(crate) fn relative(&self) -> bool {
        self.last_us < YEAR_2000_US
    }
}

/// Reads the file again and observes every record; flushes at every window boundary of virtual time, so that each
/// record is in its own window and a window without records is zero, not missing.
pub(crate) fn run(input: &Input, catalog: &Catalog, survey: &Survey, step_ms: u64) -> Result<Fed, Failure> {
    let columns = step::columns(survey.first_us, survey.last_us, step_ms);
    let began_ms = survey.first_us / 1000 / step_ms * step_ms;
    let refused = |error: &dyn std::fmt::Display| Failure::new(format!("the picture cannot be set up: {error}"));
    let config = config(catalog, columns, survey.records, step_ms);
    let sampler = Sampler::new(config, began_ms).map_err(|error| refused(&error))?;
    for (route, range) in catalog.routes() {
        sampler.register(route, range.start, range.end, 0).map_err(|error| refused(&error))?;
    }
    let recorder = sampler.recorder();
    let mut trace = input.read()?;
    let mut progress = Progress::new("observing", input.bytes());
    let mut boundary_ms = began_ms + step_ms;
    loop {
        let bytes = trace.bytes_read();
        let Some(record) = trace.next_record().map_err(|error| input.failed(&error))? else {
            break;
        };
        while record.time_us / 1000 >= boundary_ms {
            sampler.flush(boundary_ms);
            boundary_ms += step_ms;
        }
        let op = match record.op {
            // Until ranges are counted as such, a scan is one read at its lower bound.
            Op::Read | Op::Scan => Observed::Read,
            Op::Write => Observed::Write,
        };
        recorder.observe_many(catalog.route_of(record.key), op, record.key, record.value_len, record.count);
        progress.tick(bytes);
    }
    sampler.flush(boundary_ms);
    let (first_us, last_us) = (survey.first_us, survey.last_us);
    Ok(Fed {
        reader: sampler.reader(),
        format: trace.format(),
        tally: trace.tally().clone(),
        first_us,
        last_us,
        step_ms,
    })
}

/// A history that holds the whole trace, by the most that its cells can take: no more cells are used than there are
/// records, and no more than routes by columns.
fn config(catalog: &Catalog, columns: u64, records: u64, step_ms: u64) -> Config {
    let routes = catalog.len() as u64;
    let cells = (routes * columns).min(records);
    let mut config = Config::default();
    config.step_ms = step_ms;
    config.max_routes = u32::try_from(routes).unwrap_or(u32::MAX);
    config.max_draining = 8;
    config.max_recorders = 1;
    config.shared_shards = 1;
    config.cell_bytes = 4 << 20;
    config.bound_bytes = 1 << 20;
    config.history_columns = u32::try_from(columns + 2).unwrap_or(u32::MAX);
    config.history_bytes =
        usize::try_from((cells * CELL_BYTES) + (columns + 2) * COLUMN_BYTES + (2 << 20)).unwrap_or(usize::MAX);
    config.prefault = false;
    config
}
