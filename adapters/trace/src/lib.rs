//! Readers of trace formats: a file goes in, [`Record`]s come out, one at a time, in bounded memory.
//!
//! ```
//! use keyviz_trace::{Limits, Op, Trace};
//!
//! let text = "OK\n1700000000.123456 [0 127.0.0.1:5] \"SET\" \"user:1\" \"abc\"\n";
//! let mut trace = Trace::open(text.as_bytes(), Limits::default())?;
//! while let Some(record) = trace.next_record()? {
//!     assert_eq!((record.op, record.key, record.value_len), (Op::Write, &b"user:1"[..], 3));
//!     assert_eq!(record.time_us, 1_700_000_000_123_456);
//! }
//! assert_eq!(trace.tally().records, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What cannot be read is skipped, counted by [`Reason`], and the first three line numbers of each reason are
//! kept; one bad line never costs a good one. The format is found by content ([`Format`]).
//!
//! An input that grows is read as it grows: where it says [`WouldBlock`](std::io::ErrorKind::WouldBlock), the reader does
//! too, takes nothing of the line that is not whole, and goes on there when it is called again.
//!
//! gzip and zstd are unpacked on the way, in bounded memory ([`Compression`]).
//!
//! What this crate leaves out: drawing, serving, files and paths (it reads from any [`std::io::Read`]).
//!
//! The modules in the data's order: `unpack` (compressed bytes into bytes), `lines` (bytes into lines), `format`
//! (which reader), `monitor` with `redis`, `csv`, `by_line`, `rocksdb` and `oracle` (lines and frames into records),
//! `clock` (time that never goes back), `trace` (the door).

mod by_line;
mod clock;
mod csv;
mod error;
mod format;
mod held;
mod limits;
mod line;
mod lines;
mod monitor;
mod number;
mod op_word;
mod oracle;
mod record;
mod redis;
mod rocksdb;
mod skipped;
mod tally;
mod trace;
mod unpack;

pub use by_line::{ColumnError, ColumnMap};
pub use clock::Clock;
pub use error::OpenError;
pub use format::Format;
pub use limits::Limits;
pub use monitor::{MonitorKey, MonitorLine};
pub use number::TimeUnit;
pub use record::{Op, Record};
pub use skipped::{Reason, Skip, Skipped};
pub use tally::Tally;
pub use trace::Trace;
pub use unpack::Compression;
