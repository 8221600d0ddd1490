//! The second pass: every record observed at its own time.

use std::ops::ControlFlow;

use keyviz_core::Reader;
use keyviz_trace::{Format, Tally};

use super::input::Input;
use super::moment;
use super::recording::{Extent, Growth, Recording};
use super::selection::Filtered;
use super::step;
use super::survey::Survey;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// The trace in columns.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) reader: Reader,
    pub(crate) format: Format,
    pub(crate) tally: Tally,
    pub(crate) filtered: Filtered,
    pub(crate) bytes: u64,
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
        moment::is_relative(self.last_us)
    }
}

/// Reads the input again, to its end, and observes every record.
pub(crate) fn run(input: &mut Input, catalog: &Catalog, survey: &Survey, plan: Plan) -> Result<Fed, Failure> {
    let growth = match (survey.partial, plan.fixed) {
        (false, _) => Growth::Known,
        (true, false) => Growth::Coarsens,
        (true, true) => Growth::Rolls,
    };
    let extent = Extent { first_us: survey.first_us, last_us: survey.last_us, records: survey.records };
    let mut recording = Recording::new(catalog, extent, growth, plan.step_ms)?;
    let mut pass = input.feed()?;
    let mut last_us = survey.first_us;
    pass.run(|record| {
        last_us = record.time_us;
        recording.observe(record)?;
        Ok(ControlFlow::Continue(()))
    })?;
    recording.finish();
    Ok(Fed {
        reader: recording.reader(),
        format: pass.format(),
        tally: pass.tally().clone(),
        filtered: pass.filtered(),
        bytes: pass.bytes(),
        first_us: survey.first_us,
        last_us,
        step_ms: recording.step_ms(),
    })
}

/// The step to begin with, and whether it was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) step_ms: u64,
    pub(crate) fixed: bool,
}
