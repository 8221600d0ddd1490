//! One reading of the trace, record by record.

use std::io::Read;
use std::ops::ControlFlow;

use keyviz_trace::{Format, Reason, Record, Skipped, Tally, Trace};

use super::progress::Progress;
use super::selection::{Filtered, Sieve};
use crate::failure::Failure;

/// Where a trace comes from, whichever way.
pub(crate) type Bytes<'a> = Box<dyn Read + Send + 'a>;

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
        mut each: impl FnMut(&Record<'_>) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        loop {
            // The reader's place and its tally are asked for before the record borrows the reader.
            self.check()?;
            let bytes = self.trace.bytes_read();
            let name = &self.name;
            let failed = |error| Failure::new(format!("reading {name} failed: {error}"));
            let Some(record) = self.trace.next_record().map_err(failed)? else {
                break;
            };
            self.progress.tick(bytes);
            if self.sieve.passes(&record) && each(&record)?.is_break() {
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
