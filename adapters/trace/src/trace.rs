//! The door: an input opened as a trace.

use std::io::{self, Read};

use crate::by_line::{ByLine, ColumnMap, Columns, cachelib_header, msr_columns};
use crate::clock::{Clock, Ticker};
use crate::csv::Csv;
use crate::error::OpenError;
use crate::format::{Format, HEAD_BYTES};
use crate::held::Held;
use crate::limits::Limits;
use crate::line::line;
use crate::lines::Lines;
use crate::monitor::Monitor;
use crate::oracle;
use crate::record::Record;
use crate::rocksdb::{RocksDb, frame};
use crate::skipped::Reason;
use crate::tally::Tally;
use crate::unpack::{Compression, Unpacked};

/// A trace being read.
#[derive(Debug)]
pub struct Trace<R> {
    lines: Lines<Unpacked<R>>,
    format: Format,
    clock: Clock,
    parser: Parser,
    held: Held,
    ticker: Ticker,
    time_us: u64,
    tally: Tally,
}

#[derive(Debug)]
enum Parser {
    Monitor(Monitor),
    Csv(Box<Csv>),
    ByLine(ByLine),
    RocksDb(Box<RocksDb>),
    Oracle,
}

impl<R: Read> Trace<R> {
    /// Finds compression and format from the first 64 KiB and gets ready for the first record. Of an input that grows
    /// (its [`ErrorKind::WouldBlock`](io::ErrorKind::WouldBlock) says that it has no more for now) what there is decides;
    /// its first line has to be whole.
    ///
    /// # Errors
    /// [`OpenError`] when nothing can be read; its text says what was seen and what to do.
    pub fn open(input: R, limits: Limits) -> Result<Trace<R>, OpenError> {
        let mut lines = Lines::new(Unpacked::new(input)?, limits.line_bytes);
        let format = Format::detect(head(&mut lines)?)?;
        Trace::start(lines, format, None)
    }

    /// Reads the input, compressed or not, as the format says.
    ///
    /// ```
    /// use keyviz_trace::{Format, Limits, OpenError, Trace};
    ///
    /// let line = &b"0,nz:u:key,10,300,4,get,0\n"[..];
    /// let mut trace = Trace::open_as(line, Format::Twitter, Limits::default())?;
    /// assert_eq!(trace.next_record()?.map(|record| record.value_len), Some(300));
    ///
    /// let refused = Trace::open_as(line, Format::Monitor, Limits::default());
    /// assert!(matches!(refused, Err(OpenError::WrongFormat { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError`], [`OpenError::WrongFormat`] when nothing in the first 64 KiB is of the format, and
    /// [`OpenError::ColumnsNeeded`] for [`Format::Columns`], which [`Trace::open_columns`] opens.
    pub fn open_as(input: R, format: Format, limits: Limits) -> Result<Trace<R>, OpenError> {
        let mut lines = Lines::new(Unpacked::new(input)?, limits.line_bytes);
        format.check(head(&mut lines)?)?;
        Trace::start(lines, format, None)
    }

    /// Reads the input, compressed or not, as a CSV with these columns. A first line that is no record is taken for
    /// a header.
    ///
    /// # Errors
    /// [`OpenError::Empty`], or [`OpenError::Io`].
    pub fn open_columns(input: R, columns: ColumnMap, limits: Limits) -> Result<Trace<R>, OpenError> {
        let mut lines = Lines::new(Unpacked::new(input)?, limits.line_bytes);
        Format::Columns.check(head(&mut lines)?)?;
        Trace::start(lines, Format::Columns, Some(columns))
    }

    fn start(mut lines: Lines<Unpacked<R>>, format: Format, columns: Option<ColumnMap>) -> Result<Trace<R>, OpenError> {
        let mut tally = Tally::default();
        let mut clock = Clock::File;
        let mut by_columns = |map: ColumnMap| {
            clock = if map.has_time() { Clock::File } else { Clock::None };
            Parser::ByLine(ByLine::Columns(Box::new(Columns::new(map))))
        };
        let header_too_long = || OpenError::UnknownFormat { seen: "a header beyond the limit on lines".to_owned() };
        let parser = match format {
            Format::Monitor => Parser::Monitor(Monitor::default()),
            Format::Csv => match Csv::open(&mut lines, &mut tally.lines, &mut tally.skipped)? {
                Some(csv) => Parser::Csv(Box::new(csv)),
                None => return Err(header_too_long()),
            },
            Format::Ndjson => Parser::ByLine(ByLine::Ndjson),
            Format::Twitter => Parser::ByLine(ByLine::Twitter),
            Format::AccessLog => Parser::ByLine(ByLine::AccessLog),
            Format::Alibaba => Parser::ByLine(ByLine::Alibaba),
            Format::RocksDbText => Parser::ByLine(ByLine::Analyzer),
            Format::Msr => by_columns(msr_columns()),
            Format::CacheLib => by_columns(cachelib_header(&mut lines, &mut tally)?.ok_or_else(header_too_long)?),
            Format::Columns => by_columns(columns.ok_or(OpenError::ColumnsNeeded)?),
            Format::RocksDb => Parser::RocksDb(Box::default()),
            Format::OracleGeneral => Parser::Oracle,
        };
        let (held, ticker) = Default::default();
        Ok(Trace { lines, format, clock, parser, held, ticker, time_us: 0, tally })
    }

    /// The format found.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Where the times come from.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// How the input is compressed.
    pub fn compression(&self) -> Compression {
        self.lines.input().compression()
    }

    /// The next record; `None` at the end of the input. Bad lines on the way are skipped and counted.
    ///
    /// # Errors
    /// Only what the input gives; calling again goes on where it stopped. So an input that grows is read by calling
    /// again some time after [`ErrorKind::WouldBlock`](io::ErrorKind::WouldBlock): no line is taken before its end is
    /// there.
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
                end_key: key.end_key,
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
            Parser::ByLine(_) | Parser::RocksDb(_) | Parser::Oracle => Some(self.held.record(time_us)),
        })
    }

    /// What was read so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Bytes of the input, as it stands, that are done with, for a progress bar.
    pub fn bytes_read(&self) -> u64 {
        self.lines.input().packed_bytes().unwrap_or(self.lines.taken_bytes())
    }

    /// Moves to the next record; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        let more = self.advance()?;
        self.tally.times_raised = self.ticker.raised();
        if let Parser::Monitor(monitor) = &self.parser {
            self.tally.databases = monitor.databases();
        }
        self.tally.unpacked_short |= self.lines.input().cut();
        Ok(more)
    }

    fn advance(&mut self) -> io::Result<bool> {
        let Trace { lines, parser, clock, held, ticker, time_us, tally, .. } = self;
        match parser {
            Parser::Csv(csv) => {
                let Some(read_us) = csv.read(lines, &mut tally.lines, &mut tally.skipped)? else {
                    return Ok(false);
                };
                *time_us = ticker.tick(read_us, 1);
            }
            Parser::Monitor(monitor) => {
                while !monitor.advance() {
                    let Some(read) = line(lines, tally, |text, cut| monitor.read(text, cut))? else {
                        return Ok(false);
                    };
                    match read {
                        Ok((read_us, keys)) => *time_us = ticker.tick(read_us, keys as u64),
                        Err(reason) => tally.skipped.note(reason, tally.lines),
                    }
                }
            }
            Parser::ByLine(by_line) => loop {
                match line(lines, tally, |text, cut| by_line.read(text, cut, held))? {
                    None => return Ok(false),
                    Some(Err(reason)) => tally.skipped.note(reason, tally.lines),
                    Some(Ok(read_us)) => {
                        let read_us = match clock {
                            Clock::File => read_us.unwrap_or_default(),
                            Clock::None => tally.records,
                        };
                        *time_us = ticker.tick(read_us, 1);
                        break;
                    }
                }
            },
            Parser::RocksDb(rocksdb) => {
                while !rocksdb.advance(held) {
                    match frame(rocksdb, lines, tally)? {
                        None => return Ok(false),
                        Some(Err(reason)) => tally.skipped.note(reason, tally.lines),
                        Some(Ok((_, 0))) => {}
                        Some(Ok((read_us, keys))) => *time_us = ticker.tick(read_us, keys as u64),
                    }
                }
            }
            Parser::Oracle => {
                let record = lines.peek(oracle::RECORD_BYTES)?;
                let (len, read_us) = (record.len(), oracle::parse(record, held));
                if len == 0 {
                    return Ok(false);
                }
                lines.consume(len);
                tally.lines += 1;
                match read_us {
                    Some(read_us) => *time_us = ticker.tick(read_us, 1),
                    None => {
                        tally.skipped.note(Reason::CutShort, tally.lines);
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}

/// The beginning by which the format is judged.
fn head<R: Read>(lines: &mut Lines<Unpacked<R>>) -> Result<&[u8], OpenError> {
    if lines.peek_there(HEAD_BYTES)?.is_empty() && lines.input().cut() {
        return Err(OpenError::CutShort(lines.input().compression()));
    }
    Ok(lines.peek_there(HEAD_BYTES)?)
}
