//! Any CSV, by the places of its columns.

use std::fmt;

use crate::csv::{Decoded, Encoding, Fields, Split};
use crate::held::Held;
use crate::number::{TimeUnit, micros, whole_or};
use crate::op_word::operation;
use crate::record::Op;
use crate::skipped::Reason;

/// Highest column that can be named.
const MAX_COLUMN: usize = 1024;

/// Which column holds what. Columns count from 1.
///
/// ```
/// use keyviz_trace::{ColumnMap, Limits, Trace};
///
/// let columns: ColumnMap = "ts=1,op=2,key=3,bytes=4".parse()?;
/// let mut trace = Trace::open_columns(&b"12.5,get,user:1,300\n"[..], columns, Limits::default())?;
/// let record = trace.next_record()?.ok_or("no record")?;
/// assert_eq!((record.time_us, record.key, record.value_len), (12_500_000, &b"user:1"[..], 300));
///
/// assert!("ts=1,op=2".parse::<ColumnMap>().is_err(), "a key column is needed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMap {
    key: (usize, Encoding),
    end_key: Option<(usize, Encoding)>,
    time: Option<(usize, TimeUnit)>,
    op: Option<usize>,
    bytes: Option<usize>,
    count: Option<usize>,
    tag: Option<usize>,
}

impl ColumnMap {
    /// A map of one column, the key's raw bytes: every row is one read without a time.
    #[must_use]
    pub fn new(key: usize) -> ColumnMap {
        let key = (key, Encoding::Raw);
        ColumnMap { key, end_key: None, time: None, op: None, bytes: None, count: None, tag: None }
    }

    /// The key is a decimal number, kept as 8 big-endian bytes, so that keys sort as numbers.
    #[must_use]
    pub fn key_u64be(mut self) -> ColumnMap {
        self.key.1 = Encoding::U64Be;
        self
    }

    /// The column of the time.
    #[must_use]
    pub fn time(mut self, column: usize, unit: TimeUnit) -> ColumnMap {
        self.time = Some((column, unit));
        self
    }

    /// The column of the operation: `read`, `write`, `scan`, `r`, `w`, `s`, `get`, `set`, and the other words of
    /// key-value stores.
    #[must_use]
    pub fn op(mut self, column: usize) -> ColumnMap {
        self.op = Some(column);
        self
    }

    /// The column of the value's bytes.
    #[must_use]
    pub fn bytes(mut self, column: usize) -> ColumnMap {
        self.bytes = Some(column);
        self
    }

    /// The column of the number of operations a row stands for.
    #[must_use]
    pub fn count(mut self, column: usize) -> ColumnMap {
        self.count = Some(column);
        self
    }

    /// The column of the traffic's origin.
    #[must_use]
    pub fn tag(mut self, column: usize) -> ColumnMap {
        self.tag = Some(column);
        self
    }

    /// Whether the rows have a time.
    pub(crate) fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// The last column needed.
    fn last(&self) -> usize {
        let keys = self.key.0.max(self.end_key.map_or(0, |(at, _)| at));
        let time = self.time.map_or(0, |(at, _)| at);
        [self.op, self.bytes, self.count, self.tag].into_iter().flatten().fold(keys.max(time), usize::max)
    }
}

/// Reads `name=column`, comma-separated: `ts` (seconds, with or without a fraction), `ts_ms`, `ts_us`, `ts_ns`, `op`,
/// `key` and `end_key` (also `key:hex`, `key:base64`, `key:u64be`), `bytes`, `count`, `tag`. Only a key is needed.
impl std::str::FromStr for ColumnMap {
    type Err = ColumnError;

    fn from_str(text: &str) -> Result<ColumnMap, ColumnError> {
        let mut map = ColumnMap::new(0);
        for item in text.split(',') {
            let bad = || ColumnError::Item(item.escape_default().to_string());
            let (name, at) = item.split_once('=').ok_or_else(bad)?;
            let at: usize = at.trim().parse().map_err(|_| bad())?;
            if !(1..=MAX_COLUMN).contains(&at) {
                return Err(bad());
            }
            let name = name.trim();
            let taken = match name {
                "ts" => map.time.replace((at, TimeUnit::Seconds)).is_some(),
                "ts_ms" => map.time.replace((at, TimeUnit::Millis)).is_some(),
                "ts_us" => map.time.replace((at, TimeUnit::Micros)).is_some(),
                "ts_ns" => map.time.replace((at, TimeUnit::Nanos)).is_some(),
                "op" => map.op.replace(at).is_some(),
                "bytes" => map.bytes.replace(at).is_some(),
                "count" => map.count.replace(at).is_some(),
                "tag" => map.tag.replace(at).is_some(),
                _ => match (name.strip_prefix("end_key"), name.strip_prefix("key")) {
                    (Some(suffix), _) => {
                        map.end_key.replace((at, Encoding::of_suffix(suffix).ok_or_else(bad)?)).is_some()
                    }
                    (None, Some(suffix)) => {
                        std::mem::replace(&mut map.key, (at, Encoding::of_suffix(suffix).ok_or_else(bad)?)).0 > 0
                    }
                    (None, None) => return Err(bad()),
                },
            };
            if taken {
                return Err(ColumnError::Twice(name.to_owned()));
            }
        }
        if map.key.0 == 0 { Err(ColumnError::NoKey) } else { Ok(map) }
    }
}

/// Why a text is no map of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnError {
    /// An item that is not `name=column` with a known name and a column from 1 to 1024.
    Item(String),
    /// A name that stands twice.
    Twice(String),
    /// No column is the key.
    NoKey,
}

impl fmt::Display for ColumnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnError::Item(item) => write!(
                f,
                "`{item}` is no column; write name=number, from 1, with the names ts, ts_ms, ts_us, ts_ns, op, key, \
                 key:hex, key:base64, key:u64be, end_key, bytes, count, tag"
            ),
            ColumnError::Twice(name) => write!(f, "`{name}` stands twice; name each column once, and one time"),
            ColumnError::NoKey => write!(f, "no column is the key; add key=number"),
        }
    }
}

impl std::error::Error for ColumnError {}

/// Reads rows by a map of columns. Quotes are those of RFC 4180, but a quoted newline ends the row.
#[derive(Debug)]
pub(crate) struct Columns {
    map: ColumnMap,
    last: usize,
    fields: Fields,
    key: Decoded,
    end_key: Decoded,
    /// Whether a line that is no record can still be a header.
    first: bool,
}

impl Columns {
    pub(crate) fn new(map: ColumnMap) -> Columns {
        let last = map.last();
        let (fields, key, end_key) = Default::default();
        Columns { map, last, fields, key, end_key, first: true }
    }

    /// A first line that is no record is taken for a header.
    pub(crate) fn parse(&mut self, text: &[u8], held: &mut Held) -> Result<Option<u64>, Reason> {
        let first = std::mem::replace(&mut self.first, false);
        self.row(text, held).map_err(|reason| if first { Reason::Header } else { reason })
    }

    fn row(&mut self, text: &[u8], held: &mut Held) -> Result<Option<u64>, Reason> {
        self.fields.clear();
        if self.fields.split(text, self.last) != Split::Done {
            return Err(Reason::BadQuote);
        }
        if self.fields.len() < self.last {
            return Err(Reason::WrongColumns);
        }
        let (map, fields) = (&self.map, &self.fields);
        let field = |at: usize| fields.get(at.wrapping_sub(1)).unwrap_or_default();
        let optional = |at: Option<usize>| at.map(field).unwrap_or_default();
        let time_us = map.time.map(|(at, unit)| micros(field(at).trim_ascii(), unit)).transpose()?;
        held.op = match map.op {
            Some(at) => operation(field(at)).ok_or(Reason::BadOp)?,
            None => Op::Read,
        };
        held.value_len = whole_or(optional(map.bytes).trim_ascii(), 0).ok_or(Reason::BadNumber)?;
        held.count = whole_or(optional(map.count).trim_ascii(), 1).ok_or(Reason::BadNumber)?;
        self.key.decode(field(map.key.0), map.key.1).ok_or(Reason::BadKey)?;
        held.key.extend_from_slice(self.key.bytes());
        if let Some((at, encoding)) = map.end_key.filter(|(at, _)| !field(*at).is_empty()) {
            self.end_key.decode(field(at), encoding).ok_or(Reason::BadKey)?;
            held.end_key.extend_from_slice(self.end_key.bytes());
        }
        held.tag.extend_from_slice(optional(map.tag));
        Ok(time_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_map() {
        let parse = |text: &str| text.parse::<ColumnMap>().unwrap_err();
        assert_eq!(parse("ts=1"), ColumnError::NoKey);
        assert_eq!(parse("key=1,key:hex=2"), ColumnError::Twice("key:hex".to_owned()));
        assert_eq!(parse("key=1,ts=2,ts_us=3"), ColumnError::Twice("ts_us".to_owned()));
        for item in ["", "key", "key=0", "key=1025", "key=x", "key:b32=1", "keys=1", "when=1"] {
            assert_eq!(parse(item), ColumnError::Item(item.to_owned()));
            assert!(parse(item).to_string().contains("name=number"));
        }
    }
}
