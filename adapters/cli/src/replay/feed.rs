//! The second pass: every record observed at its own time.

use std::ops::ControlFlow;

use keyviz_core::Reader;
use keyviz_trace::{Clock, Format, Tally};

use super::division::Division;
use super::input::{Input, Seen};
use super::moment;
use super::pass::Pass;
use super::prefix_counts::PrefixCounts;
use super::recording::{Extent, Growth, Recording};
use super::selection::Filtered;
use super::step;
use super::survey::Survey;
use crate::failure::Failure;

/// The trace in columns.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) reader: Reader,
    pub(crate) format: Format,
    pub(crate) clock: Clock,
    pub(crate) tally: Tally,
    pub(crate) filtered: Filtered,
    pub(crate) bytes: u64,
    pub(crate) first_us: u64,
    pub(crate) last_us: u64,
    pub(crate) step_ms: u64,
    /// Of the hot prefixes, where the routes do not tell it.
    pub(crate) prefix_counts: Option<PrefixCounts>,
}

impl Fed {
    /// What was read of a pass into a recording that is finished; without counts of prefixes.
    pub(crate) fn of(pass: &Pass<'_>, recording: &Recording<'_>, first_us: u64, last_us: u64) -> Fed {
        Fed {
            reader: recording.reader(),
            format: pass.format(),
            clock: pass.clock(),
            tally: pass.tally().clone(),
            filtered: pass.filtered(),
            bytes: pass.bytes(),
            first_us,
            last_us,
            step_ms: recording.step_ms(),
            prefix_counts: None,
        }
    }

    /// From the first record to the last.
    pub(crate) fn duration_ms(&self) -> u64 {
        (self.last_us - self.first_us).div_ceil(1000)
    }

    /// What rates are divided by: the duration; of one or two columns their whole time, since peaks are rates of whole
    /// columns, and would else be below the average.
    pub(crate) fn rated_ms(&self) -> u64 {
        match self.columns() {
            columns @ ..=2 => columns * self.step_ms,
            _ => self.duration_ms(),
        }
    }

    /// How many columns it fills.
    pub(crate) fn columns(&self) -> u64 {
        step::columns(self.first_us, self.last_us, self.step_ms)
    }

    /// Whether its clock started with the trace.
    pub(crate) fn relative(&self) -> bool {
        moment::is_relative(self.last_us)
    }
}

/// Reads the input again, to its end, and observes every record.
pub(crate) fn run(input: &mut Input, division: &Division, survey: &Survey, plan: Plan) -> Result<Fed, Failure> {
    let growth = match (survey.seen, plan.fixed) {
        (Seen::All, _) => Growth::Known,
        (_, false) => Growth::Coarsens,
        (_, true) => Growth::Rolls(step::MAX_COLUMNS),
    };
    let extent = Extent { first_us: survey.first_us, last_us: survey.last_us, records: survey.records };
    let mut recording = Recording::new(&division.catalog, extent, growth, plan.step_ms)?;
    let mut pass = input.feed()?;
    let mut last_us = survey.first_us;
    let mut prefix_counts = division.prefix_counts();
    pass.run(|record| {
        last_us = record.time_us;
        recording.observe(record)?;
        if let Some(counts) = &mut prefix_counts {
            counts.observe(record);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    recording.finish();
    Ok(Fed { prefix_counts, ..Fed::of(&pass, &recording, survey.first_us, last_us) })
}

/// The step to begin with, and whether it was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) step_ms: u64,
    pub(crate) fixed: bool,
}
