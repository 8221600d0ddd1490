//! Formats of one record a line.

mod access_log;
mod alibaba;
mod analyzer;
mod cachelib;
mod columns;
mod ndjson;
mod twitter;

use crate::held::Held;
use crate::number::TimeUnit;
use crate::skipped::Reason;
pub(crate) use columns::Columns;
pub use columns::{ColumnError, ColumnMap};

pub(crate) use access_log::looks_like as is_access_log;
pub(crate) use alibaba::looks_like as is_alibaba;
pub(crate) use analyzer::looks_like as is_analyzer;
pub(crate) use cachelib::{column_map as cachelib_columns, header as cachelib_header};
pub(crate) use ndjson::looks_like as is_ndjson;
pub(crate) use twitter::looks_like as is_twitter;

/// A reader of lines.
#[derive(Debug)]
pub(crate) enum ByLine {
    Twitter,
    AccessLog,
    Ndjson,
    Alibaba,
    Analyzer,
    Columns(Box<Columns>),
}

impl ByLine {
    /// Reads one line without its newline; its time in microseconds, `None` where the format has none. `cut` when the
    /// input ended within it.
    pub(crate) fn read(&mut self, text: &[u8], cut: bool, held: &mut Held) -> Result<Option<u64>, Reason> {
        let text = crate::csv::trimmed(text);
        if text.is_empty() {
            return Err(Reason::Blank);
        }
        held.clear();
        let time_us = match self {
            ByLine::Twitter => twitter::parse(text, held).map(Some),
            ByLine::AccessLog => access_log::parse(text, held).map(Some),
            ByLine::Ndjson => ndjson::parse(text, held).map(Some),
            ByLine::Alibaba => alibaba::parse(text, held).map(Some),
            ByLine::Analyzer => analyzer::parse(text, held).map(Some),
            ByLine::Columns(columns) => columns.parse(text, held),
        };
        let time_us = time_us.and_then(|time_us| held.check().map(|()| time_us));
        // Half a line is no fault of the format.
        time_us.map_err(|reason| if cut { Reason::CutShort } else { reason })
    }
}

/// The columns of the MSR Cambridge block traces: `Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime`
/// (<https://iotta.snia.org/traces/block-io/388>), without a header, times in 100 ns since 1601. The key is the
/// offset, 8 bytes, big-endian; the tag is the host.
pub(crate) fn msr_columns() -> ColumnMap {
    ColumnMap::new(5).key_u64be().op(4).bytes(6).tag(2).time(1, TimeUnit::FileTime)
}

/// Whether a line is one of the MSR Cambridge traces.
pub(crate) fn is_msr(text: &[u8]) -> bool {
    let mut fields = text.split(|byte| *byte == b',');
    let mut next = || fields.next().unwrap_or_default();
    let number = |text: &[u8]| crate::number::whole(text.trim_ascii()).is_some();
    let (time, _host, disk, op) = (next(), next(), next(), next());
    let shape = time.len() >= 17 && number(time) && number(disk) && number(next()) && number(next()) && number(next());
    shape && fields.next().is_none() && (op.eq_ignore_ascii_case(b"read") || op.eq_ignore_ascii_case(b"write"))
}

/// The next part of `rest` up to the separator, which is taken too; all of it where there is none.
pub(crate) fn part<'a>(rest: &mut &'a [u8], separator: u8) -> &'a [u8] {
    let (part, after) = match memchr::memchr(separator, rest) {
        Some(at) => (rest.get(..at), rest.get(at + 1..)),
        None => (Some(*rest), Some(&b""[..])),
    };
    *rest = after.unwrap_or_default();
    part.unwrap_or_default()
}
