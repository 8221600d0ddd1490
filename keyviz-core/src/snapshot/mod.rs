//! The snapshot file: everything that the history holds, in one stream of bytes.
//!
//! `docs/snapshot-format.md` has the form byte by byte. In short: a head, then sections of id, length, payload and
//! checksum, the last of which says that it is the last. A reader skips sections that it does not know, and fields
//! behind those that it knows; so what is added later takes neither a new version nor the old readers away. The
//! version goes up only where an old reader would read something wrong.
//!
//! - **Writing** is [`Reader::snapshot`](crate::Reader::snapshot): a column at a time, into the caller's sink.
//! - **Reading** is [`SnapshotDecoder`], which takes bytes as they come, or [`Snapshot::decode`]. The input is treated
//!   as hostile: each length is checked against a bound and charged before memory is taken for it.
//! - **Using** what was read: [`Snapshot::reader`] answers every question that a sampler's reader answers, and
//!   [`Writer::restore`](crate::Writer::restore) goes on with it.

mod contents;
mod cursor;
mod decode;
mod encode;
mod error;
mod format;
mod kept;
mod shown;
mod viewer;

pub use self::decode::SnapshotDecoder;
pub(crate) use self::encode::{encode, encode_shown};
pub use self::error::SnapshotError;
pub(crate) use self::kept::KeptColumn;
pub use self::kept::Snapshot;
pub use self::shown::SnapshotShown;
pub(crate) use self::shown::bounds;

/// The version that is written, and the greatest that is read.
pub const SNAPSHOT_VERSION: u16 = format::VERSION;

/// The bytes that every snapshot begins with, before anything is packed around it.
pub const SNAPSHOT_MAGIC: [u8; 8] = format::MAGIC;
