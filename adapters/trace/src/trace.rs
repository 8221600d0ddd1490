//! The door: an input opened as a trace.

use std::io::{self, Read};

use crate::clock::Clock;
use crate::csv::Csv;
use crate::error::OpenError;
use crate::format::{Format, HEAD_BYTES};
use crate::lines::{Lines, Span};
use crate::monitor::Monitor;
use crate::record::Record;
use crate::skipped::{Reason, Skipped};

/// Bounds of a reader's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest line in bytes; longer ones are skipped as [`Reason::TooLong`]. Default 64 MiB. A reader holds the
    /// longest line it met, once as it stands and once decoded, and 256 KiB.
    pub line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { line_bytes: 64 * 1024 * 1024 }
    }
}

/// What was read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines, good and bad; a quoted newline in a CSV key begins a line too.
    pub lines: u64,
    /// Records given out.
    pub records: u64,
    /// Records whose time was before the record before them, and was raised to it.
    pub times_raised: u64,
    /// Lines that gave no record.
    pub skipped: Skipped,
}

/// A trace being read.
#[derive(Debug)]
pub struct Trace<R> {
    lines: Lines<R>,
    parser: Parser,
    clock: Clock,
    time_us: u64,
    tally: Tally,
}

#[derive(Debug)]
enum Parser {
    Monitor(Monitor),
    Csv(Box<Csv>),
}

impl<R: Read> Trace<R> {
    /// Finds the format from the first 64 KiB and gets ready for the first record.
    ///
    /// # Errors
    /// [`OpenError`] when nothing can be read; its text says what was seen and what to do.
    pub fn open(input: R, limits: Limits) -> Result<Trace<R>, OpenError> {
        let mut lines = Lines::new(input, limits.line_bytes);
        let mut tally = Tally::default();
        let parser = match Format::detect(lines.peek(HEAD_BYTES)?)? {
            Format::Monitor => Parser::Monitor(Monitor::default()),
            Format::Csv => match Csv::open(&mut lines, &mut tally.lines, &mut tally.skipped)? {
                Some(csv) => Parser::Csv(Box::new(csv)),
                None => return Err(OpenError::UnknownFormat { seen: "a header beyond the limit on lines".to_owned() }),
            },
        };
        Ok(Trace { lines, parser, clock: Clock::default(), time_us: 0, tally })
    }

    /// The format found.
    pub fn format(&self) -> Format {
        match self.parser {
            Parser::Monitor(_) => Format::Monitor,
            Parser::Csv(_) => Format::Csv,
        }
    }

    /// The next record; `None` at the end of the input. Bad lines on the way are skipped and counted.
    ///
    /// # Errors
    /// Only what the input gives; calling again goes on where it stopped.
    pub fn next_record(&mut self) -> io::Result<Option<Record<'_>>> {
        if !self.step()? {
            return Ok(None);
        }
        self.tally.records += 1;
        let time_us = self.time_us;
        Ok(match &self.parser {
            Parser::Monitor(monitor) => monitor.current().map(|key| Record {
                time_us,
                op: key.op,
                key: key.key,
                end_key: None,
                value_len: key.value_len,
                count: 1,
                tag: b"",
            }),
            Parser::Csv(csv) => {
                let row = csv.current();
                Some(Record {
                    time_us,
                    op: row.op,
                    key: row.key,
                    end_key: row.end_key,
                    value_len: row.value_len,
                    count: row.count,
                    tag: row.tag,
                })
            }
        })
    }

    /// What was read so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Bytes of the input that are done with, for a progress bar.
    pub fn bytes_read(&self) -> u64 {
        self.lines.taken_bytes()
    }

    /// Moves to the next record; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        let Trace { lines, parser, clock, time_us, tally } = self;
        match parser {
            Parser::Csv(csv) => {
                let Some(read_us) = csv.read(lines, &mut tally.lines, &mut tally.skipped)? else {
                    return Ok(false);
                };
                *time_us = clock.tick(read_us, 1);
            }
            Parser::Monitor(monitor) => {
                while !monitor.advance() {
                    let Some(read) = command(monitor, lines, tally)? else {
                        return Ok(false);
                    };
                    match read {
                        Ok((read_us, keys)) => *time_us = clock.tick(read_us, keys as u64),
                        Err(reason) => tally.skipped.note(reason, tally.lines),
                    }
                }
            }
        }
        tally.times_raised = clock.raised();
        Ok(true)
    }
}

/// One line of `MONITOR`; `None` at the end.
fn command<R: Read>(
    monitor: &mut Monitor,
    lines: &mut Lines<R>,
    tally: &mut Tally,
) -> io::Result<Option<Result<(u64, usize), Reason>>> {
    let (end, step, cut) = match lines.span(0)? {
        Span::End => return Ok(None),
        Span::TooLong => {
            lines.skip_line()?;
            tally.lines += 1;
            return Ok(Some(Err(Reason::TooLong)));
        }
        Span::Line(end) => (end, end + 1, false),
        Span::Last(end) => (end, end, true),
    };
    tally.lines += 1;
    let read = monitor.read(lines.text(0, end), cut);
    lines.consume(step);
    Ok(Some(read))
}
