//! One reading of the trace, record by record.

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;

use keyviz_trace::{Clock, Format, Reason, Record, Skipped, Tally, Trace};

use super::notes::SPREAD_A_SECOND;
use super::progress::Progress;
use super::selection::{Filtered, Sieve};
use crate::failure::Failure;

/// Where a trace comes from, whichever way.
pub(crate) type Bytes<'a> = Box<dyn Read + Send + 'a>;

/// How many microseconds are between two records that have no times.
const SPREAD_US: u64 = 1_000_000 / SPREAD_A_SECOND;

/// What is done with a trace as it is read.
pub(crate) trait Each {
    /// A record that is looked at.
    fn record(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure>;

    /// The input has no more for now: to come back after a while.
    fn wait(&mut self) -> Result<ControlFlow<()>, Failure>;
}

/// For inputs that do not grow.
struct AtRest<F>(F);

impl<F: FnMut(&Record<'_>) -> Result<ControlFlow<()>, Failure>> Each for AtRest<F> {
    fn record(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        (self.0)(record)
    }

    fn wait(&mut self) -> Result<ControlFlow<()>, Failure> {
        Ok(ControlFlow::Break(()))
    }
}

/// A trace with what is asked of it.
pub(crate) struct Pass<'a> {
    trace: Trace<Bytes<'a>>,
    name: String,
    sieve: Sieve,
    strict: bool,
    progress: Progress,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(trace: Trace<Bytes<'a>>, name: String, sieve: Sieve, strict: bool, progress: Progress) -> Self {
        Pass { trace, name, sieve, strict, progress }
    }

    /// Calls `each` with every record that is looked at, until the end or until it breaks.
    ///
    /// # Errors
    /// What `each` gives; where reading fails; with `strict` at the first bad line.
    pub(crate) fn run(
        &mut self,
        each: impl FnMut(&Record<'_>) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        self.run_each(&mut AtRest(each))
    }

    /// As [`run`](Pass::run), of an input that may grow.
    pub(crate) fn run_each(&mut self, each: &mut impl Each) -> Result<(), Failure> {
        let spread = self.clock() == Clock::None;
        loop {
            // The reader's place and its tally are asked for before the record borrows the reader.
            self.check()?;
            let bytes = self.trace.bytes_read();
            let mut record = match self.trace.next_record() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => match each.wait()? {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(()) => break,
                },
                Err(error) => return Err(Failure::new(format!("reading {} failed: {error}", self.name))),
            };
            if spread {
                record.time_us = record.time_us.saturating_mul(SPREAD_US);
            }
            self.progress.tick(bytes);
            if self.sieve.passes(&record) && each.record(&record)?.is_break() {
                return Ok(());
            }
        }
        self.check()
    }

    fn check(&self) -> Result<(), Failure> {
        if !self.strict {
            return Ok(());
        }
        match first_bad(&self.trace.tally().skipped) {
            None => Ok(()),
            Some((line, reason)) => Err(Failure::new(format!(
                "{}: line {line} is bad ({}: {}); mend it, or leave --strict out to skip and count such lines",
                self.name,
                reason.name(),
                reason.text()
            ))),
        }
    }

    pub(crate) fn clock(&self) -> Clock {
        self.trace.clock()
    }

    pub(crate) fn format(&self) -> Format {
        self.trace.format()
    }

    pub(crate) fn tally(&self) -> &Tally {
        self.trace.tally()
    }

    pub(crate) fn filtered(&self) -> Filtered {
        self.sieve.filtered()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.trace.bytes_read()
    }
}

/// The first line that should have given a record. Lines that a good trace has without records are none.
fn first_bad(skipped: &Skipped) -> Option<(u64, Reason)> {
    if skipped.total() == 0 {
        return None;
    }
    let bad = skipped
        .reasons()
        .into_iter()
        .filter(|skip| !matches!(skip.reason, Reason::NoKey | Reason::Reply | Reason::Blank | Reason::RepeatedHeader));
    bad.filter_map(|skip| Some((skip.first_lines().next()?, skip.reason))).min_by_key(|(line, _)| *line)
}
