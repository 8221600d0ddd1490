//! The first pass: what the file holds, without keeping it.

use crate::failure::Failure;
use keyviz_trace::Tally;

use super::input::Input;
use super::progress::Progress;
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
}

impl Survey {
    /// Reads the whole file.
    ///
    /// # Errors
    /// Where the file cannot be read, or has not one good record; then it says what was skipped and why.
    pub(crate) fn of(input: &Input) -> Result<Survey, Failure> {
        let mut trace = input.read()?;
        let mut progress = Progress::new("surveying", input.bytes());
        let mut survey = Survey { first_us: u64::MAX, last_us: 0, records: 0, sample: Reservoir::default() };
        loop {
            // The reader's place is asked for before the record borrows the reader.
            let bytes = trace.bytes_read();
            let Some(record) = trace.next_record().map_err(|error| input.failed(&error))? else {
                break;
            };
            survey.first_us = survey.first_us.min(record.time_us);
            survey.last_us = record.time_us;
            survey.records += 1;
            survey.sample.offer(record.key, record.count);
            progress.tick(bytes);
        }
        if survey.records == 0 {
            return Err(nothing(input, trace.format().name(), trace.tally()));
        }
        Ok(survey)
    }
}

fn nothing(input: &Input, format: &str, tally: &Tally) -> Failure {
    let skipped = text::skipped(&tally.skipped);
    let why = if skipped.is_empty() { "it has a header and nothing else".to_owned() } else { skipped };
    Failure::new(format!("{} ({format}) has no record that could be read; of its lines:\n{why}", input.name()))
}
