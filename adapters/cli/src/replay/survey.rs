//! The first pass: what the input holds, without keeping it.

use std::ops::ControlFlow;

use keyviz_trace::{Clock, Format, Reason};

use crate::failure::Failure;

use super::input::{Input, Seen};
use super::pass::Pass;
use super::sample::Reservoir;
use super::text;

/// Records between two looks at whether to stop.
const LOOK_EVERY: u64 = 8192;

/// What the first pass found.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Times of the first and the last record.
    pub(crate) first_us: u64,
    pub(crate) last_us: u64,
    pub(crate) records: u64,
    pub(crate) sample: Reservoir,
    pub(crate) format: Format,
    pub(crate) clock: Clock,
    /// How much of the input it saw.
    pub(crate) seen: Seen,
}

impl Survey {
    /// Reads the whole file, or what is held of standard input.
    ///
    /// # Errors
    /// Where the input cannot be read, or has not one good record to look at; then it says what was skipped and why.
    pub(crate) fn of(input: &Input) -> Result<Survey, Failure> {
        Survey::look(input, || false)?
    }

    /// As [`of`](Survey::of), but where there is not one good record that is no error of this function: an input that
    /// grows may get one. Ends early when `stopped` says so, which it is asked now and then.
    pub(crate) fn look(input: &Input, stopped: impl Fn() -> bool) -> Result<Result<Survey, Failure>, Failure> {
        let seen = input.seen();
        let mut pass = input.survey()?;
        let mut survey = Survey {
            first_us: u64::MAX,
            last_us: 0,
            records: 0,
            sample: Reservoir::default(),
            format: pass.format(),
            clock: pass.clock(),
            seen,
        };
        let read = pass.run(|record| {
            survey.first_us = survey.first_us.min(record.time_us);
            survey.last_us = record.time_us;
            survey.records += 1;
            survey.sample.offer(record.key, record.count);
            let ends = survey.records.is_multiple_of(LOOK_EVERY) && stopped();
            Ok(if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        // Compressed input that is cut where holding ended fails there; the second pass reads on.
        if !(seen == Seen::Head && survey.records > 0) {
            read?;
        }
        if survey.records == 0 {
            return Ok(Err(nothing(input, &pass)));
        }
        Ok(Ok(survey))
    }
}

fn nothing(input: &Input, pass: &Pass<'_>) -> Failure {
    let (name, format) = (input.name(), pass.format().name());
    let head = input.seen() == Seen::Head;
    let beginning = if head { " in its first 64 MiB" } else { "" };
    if pass.filtered().total() > 0 {
        let filtered = text::filtered(pass.filtered());
        let further = if head { "\nsave the input to a file: a file is searched to its end" } else { "" };
        return Failure::new(format!(
            "{name} ({format}) has no record{beginning} that --from, --to and --prefix let through: {filtered}{further}"
        ));
    }
    let tally = pass.tally();
    let no_record = format!("{name} ({format}) has no record{beginning}");
    Failure::new(match tally.skipped.total() {
        0 => format!("{no_record}: it has a header and nothing else"),
        skipped if skipped == tally.skipped.count(Reason::Reply) + tally.skipped.count(Reason::Blank) => format!(
            "{no_record}: the server answered MONITOR, and no command came while it was captured; capture for longer, \
             or while the server is used"
        ),
        _ => format!("{no_record} that could be read; of its lines:\n{}", text::skipped(&tally.skipped)),
    })
}
