//! The first pass: what the input holds, without keeping it.

use std::ops::ControlFlow;

use crate::failure::Failure;

use super::input::Input;
use super::pass::Pass;
use super::sample::Reservoir;
use super::text;

/// What the first pass found.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Times of the first and the last record.
    pub(crate) first_us: u64,
    pub(crate) last_us: u64,
    pub(crate) records: u64,
    pub(crate) sample: Reservoir,
    /// It saw the beginning of the input only.
    pub(crate) partial: bool,
}

impl Survey {
    /// Reads the whole file, or what is held of standard input.
    ///
    /// # Errors
    /// Where the input cannot be read, or has not one good record to look at; then it says what was skipped and why.
    pub(crate) fn of(input: &Input) -> Result<Survey, Failure> {
        let partial = input.is_partly_held();
        let mut pass = input.survey()?;
        let mut survey = Survey { first_us: u64::MAX, last_us: 0, records: 0, sample: Reservoir::default(), partial };
        let read = pass.run(|record| {
            survey.first_us = survey.first_us.min(record.time_us);
            survey.last_us = record.time_us;
            survey.records += 1;
            survey.sample.offer(record.key, record.count);
            Ok(ControlFlow::Continue(()))
        });
        // Compressed input that is cut where holding ended fails there; the second pass reads on.
        if !(partial && survey.records > 0) {
            read?;
        }
        if survey.records == 0 {
            return Err(nothing(input, &pass));
        }
        Ok(survey)
    }
}

fn nothing(input: &Input, pass: &Pass<'_>) -> Failure {
    let (name, format) = (input.name(), pass.format().name());
    let beginning = if input.is_partly_held() { " in its first 64 MiB" } else { "" };
    if pass.filtered().total() > 0 {
        let filtered = text::filtered(pass.filtered());
        return Failure::new(format!(
            "{name} ({format}) has no record{beginning} that --from, --to and --prefix let through: {filtered}"
        ));
    }
    let skipped = text::skipped(&pass.tally().skipped);
    let why = if skipped.is_empty() { "it has a header and nothing else".to_owned() } else { skipped };
    Failure::new(format!("{name} ({format}) has no record{beginning} that could be read; of its lines:\n{why}"))
}
