//! Which format a file has, judged by its content.

use crate::by_line;
use crate::error::OpenError;
use crate::{csv, monitor, oracle, rocksdb};

/// How much of the input's beginning is looked at.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;

/// How much of an unknown first line is shown.
const SEEN_BYTES: usize = 60;

macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $variant:ident = $id:literal, $name:literal;)+) => {
        /// A trace format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Format { $($(#[doc = $doc])+ $variant,)+ }

        impl Format {
            /// Every format.
            pub const ALL: &'static [Format] = &[$(Format::$variant,)+];

            /// The name for machines and flags: lower case with dashes, stable.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Format::$variant => $id,)+ }
            }

            /// The name for people.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Format::$variant => $name,)+ }
            }
        }
    };
}

formats! {
    /// The output of Redis' `MONITOR`, as `redis-cli monitor` prints it.
    Monitor = "monitor", "Redis MONITOR";
    /// keyviz's own CSV: a header with `ts_us,op,key[,end_key],bytes,count,tag`, in any order; only the first three
    /// are needed. The key columns are raw bytes, or what the header says: `key:hex`, `key:base64`, `key:u64be`
    /// (a decimal number, kept as 8 big-endian bytes).
    Csv = "csv", "keyviz CSV";
    /// keyviz's own lines of JSON, with the fields of its CSV: `{"ts_us":1,"op":"read","key":"a"}`.
    Ndjson = "ndjson", "keyviz NDJSON";
    /// Twitter's cache traces, `timestamp,key,key_size,value_size,client,op,ttl`
    /// (<https://github.com/twitter/cache-trace>).
    Twitter = "twitter", "Twitter cache trace";
    /// CacheLib's kvcache traces, 202401 and its kin, with their header
    /// (<https://cachelib.org/docs/Cache_Library_User_Guides/Cachebench_FB_HW_eval>).
    CacheLib = "cachelib", "CacheLib CSV";
    /// Access logs of nginx and Apache, common or combined; the path is the key.
    AccessLog = "access-log", "access log";
    /// The block traces of MSR Cambridge (<https://iotta.snia.org/traces/block-io/388>); the offset is the key.
    Msr = "msr", "MSR Cambridge block trace";
    /// Alibaba's block traces (<https://github.com/alibaba/block-traces>); disk and offset are the key.
    Alibaba = "alibaba", "Alibaba block trace";
    /// RocksDB's query trace 0.2
    /// (<https://github.com/facebook/rocksdb/wiki/Query-Trace,-Replay,-and-Analyzer>).
    RocksDb = "rocksdb", "RocksDB query trace";
    /// The text that RocksDB's `trace_analyzer -convert_to_human_readable_trace` makes of it.
    RocksDbText = "rocksdb-text", "RocksDB trace_analyzer text";
    /// libCacheSim's oracleGeneral, 24 bytes a record (<https://github.com/1a1a11a/libCacheSim>).
    OracleGeneral = "oracle-general", "libCacheSim oracleGeneral";
    /// Any CSV, by a [`ColumnMap`](crate::ColumnMap); never found by content.
    Columns = "columns", "CSV by columns";
}

impl Format {
    /// Finds the format from the input's first bytes, unpacked (64 KiB are enough).
    ///
    /// # Errors
    /// [`OpenError`]: empty, compressed, a CSV header that lacks a column, or nothing known.
    pub fn detect(head: &[u8]) -> Result<Format, OpenError> {
        if head.is_empty() {
            return Err(OpenError::Empty);
        }
        if let Some(program) = compressed_by(head) {
            return Err(OpenError::Compressed(program));
        }
        match rocksdb::look(head) {
            rocksdb::Seen::Trace => return Ok(Format::RocksDb),
            rocksdb::Seen::Version(version) => return Err(unsupported(&version)),
            rocksdb::Seen::Foreign => {}
        }
        if monitor::is_idle(head) {
            return Ok(Format::Monitor);
        }
        let first = first_line(head);
        if by_line::cachelib_columns(first).is_some() {
            return Ok(Format::CacheLib);
        }
        let header = csv::Header::parse(first);
        if header.is_ok() {
            return Ok(Format::Csv);
        }
        // A capture often begins in the middle: any line of the right shape in the head will do.
        if let Some(format) = lines(head).find_map(of_line) {
            return Ok(format);
        }
        if oracle::looks_like(head) && (head.len() >= 2 * oracle::RECORD_BYTES || head.len() == oracle::RECORD_BYTES) {
            return Ok(Format::OracleGeneral);
        }
        Err(match header {
            Err(csv::HeaderError::Missing(column)) => {
                OpenError::MissingColumn { column, header: escaped(first_line(head)) }
            }
            Err(csv::HeaderError::Encoding(column)) => OpenError::UnknownEncoding { column: escaped(&column) },
            _ => OpenError::UnknownFormat { seen: escaped(first_line(head)) },
        })
    }

    /// The format with this [`id`](Format::id).
    #[must_use]
    pub fn by_id(id: &str) -> Option<Format> {
        Format::ALL.iter().copied().find(|format| format.id() == id)
    }

    /// Whether its records are lines of text, so that a reader finds the next one again wherever it was interrupted.
    #[must_use]
    pub fn has_lines(self) -> bool {
        !matches!(self, Format::RocksDb | Format::OracleGeneral)
    }

    /// Refuses a head in which nothing is of this format.
    pub(crate) fn check(self, head: &[u8]) -> Result<(), OpenError> {
        if head.is_empty() {
            return Err(OpenError::Empty);
        }
        let fits = match self {
            Format::Csv => match csv::Header::parse(first_line(head)) {
                Ok(_) => true,
                Err(csv::HeaderError::Encoding(column)) => {
                    return Err(OpenError::UnknownEncoding { column: escaped(&column) });
                }
                Err(csv::HeaderError::Missing(column)) => {
                    return Err(OpenError::MissingColumn { column, header: escaped(first_line(head)) });
                }
                Err(csv::HeaderError::Foreign) => false,
            },
            Format::CacheLib => by_line::cachelib_columns(first_line(head)).is_some(),
            Format::RocksDb => match rocksdb::look(head) {
                rocksdb::Seen::Trace => true,
                rocksdb::Seen::Version(version) => return Err(unsupported(&version)),
                rocksdb::Seen::Foreign => false,
            },
            Format::OracleGeneral => oracle::looks_like(head),
            Format::Columns => true,
            Format::Monitor if monitor::is_idle(head) => true,
            by_line => lines(head).any(|line| by_line.is_line(line)),
        };
        if fits { Ok(()) } else { Err(OpenError::WrongFormat { format: self, seen: escaped(first_line(head)) }) }
    }

    /// Whether a line is of this format, for formats of one record a line.
    fn is_line(self, line: &[u8]) -> bool {
        match self {
            Format::Monitor => monitor::looks_like(line),
            Format::Ndjson => by_line::is_ndjson(line),
            Format::AccessLog => by_line::is_access_log(line),
            Format::Msr => by_line::is_msr(line),
            Format::Alibaba => by_line::is_alibaba(line),
            Format::Twitter => by_line::is_twitter(line),
            Format::RocksDbText => by_line::is_analyzer(line),
            _ => false,
        }
    }
}

/// The format a line is of. No line is of two.
fn of_line(line: &[u8]) -> Option<Format> {
    let formats = [
        Format::Monitor,
        Format::Ndjson,
        Format::AccessLog,
        Format::Msr,
        Format::Alibaba,
        Format::Twitter,
        Format::RocksDbText,
    ];
    formats.into_iter().find(|format| format.is_line(line))
}

/// The lines of the head, without their ends.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n').map(csv::trimmed)
}

/// The first line that is not blank, without its end.
fn first_line(head: &[u8]) -> &[u8] {
    head.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

fn compressed_by(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 4] =
        [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2")];
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, program)| *program)
}

fn unsupported(version: &[u8]) -> OpenError {
    OpenError::UnsupportedVersion { version: version.escape_ascii().to_string() }
}

fn escaped(line: &[u8]) -> String {
    let shown = line.get(..SEEN_BYTES).unwrap_or(line);
    let dots = if line.len() > shown.len() { "..." } else { "" };
    format!("`{}`{dots}", shown.escape_ascii())
}
