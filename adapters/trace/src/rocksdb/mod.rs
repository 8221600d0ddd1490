//! RocksDB's query trace, version 0.2, as `DB::StartTrace` and `db_bench --trace_file` write it
//! (<https://github.com/facebook/rocksdb/blob/v7.8.3/trace_replay/trace_replay.cc>).
//!
//! A frame is a time (8 bytes, microseconds of Unix time), a type (1 byte), a length (4 bytes) and a payload, all
//! little-endian. The first frame's payload is text: `feedcafedeadbeef`, tab, `Trace Version: 0.2`, tab, ...
//! Column families other than the default are the tag, `cf1`.

mod batch;
mod bytes;
mod frame;
mod payload;
mod uses;

use crate::clock::MAX_TIME_US;
use crate::held::Held;
use crate::skipped::Reason;
use bytes::Bytes;
pub(crate) use frame::frame;
use uses::Uses;

/// Bytes of a frame before its payload.
const FRAME_BYTES: usize = 13;

/// The beginning of the first frame's payload.
const MAGIC: &[u8] = b"feedcafedeadbeef\tTrace Version: ";

/// What the head says about this being such a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is one.
    Trace,
    /// It is one of another version.
    Version(Vec<u8>),
    /// It is none.
    Foreign,
}

/// Judges the first bytes of a file.
pub(crate) fn look(head: &[u8]) -> Seen {
    match head.get(FRAME_BYTES..).and_then(|payload| payload.strip_prefix(MAGIC)) {
        None => Seen::Foreign,
        Some(rest) => match rest.split(|byte| *byte == b'\t').next().unwrap_or_default() {
            b"0.2" => Seen::Trace,
            version => Seen::Version(version.get(..8).unwrap_or(version).to_vec()),
        },
    }
}

/// How many bytes the payload has after a frame's beginning.
fn payload_bytes(frame: &[u8]) -> Option<u32> {
    Bytes(frame.get(9..FRAME_BYTES)?).fixed32()
}

/// Reads frames; keeps one call's keys at a time.
#[derive(Debug, Default)]
pub(crate) struct RocksDb {
    uses: Uses,
    header_seen: bool,
}

impl RocksDb {
    /// Reads a whole frame; its time in microseconds and how many keys it has. A header and a footer have none.
    pub(crate) fn read(&mut self, frame: &[u8]) -> Result<(u64, usize), Reason> {
        self.uses.clear();
        let mut bytes = Bytes(frame);
        let time_us = bytes.fixed64().ok_or(Reason::NotARecord)?;
        let kind = bytes.byte().ok_or(Reason::NotARecord)?;
        bytes.fixed32().ok_or(Reason::NotARecord)?;
        let payload = bytes.0;
        let uses = &mut self.uses;
        let read = match kind {
            1 if payload.starts_with(MAGIC) => {
                let again = std::mem::replace(&mut self.header_seen, true);
                return if again { Err(Reason::RepeatedHeader) } else { Ok((time_us, 0)) };
            }
            2 => return Ok((time_us, 0)),
            3 => payload::write(payload, uses),
            4 => payload::get(payload, uses),
            5 => payload::seek(payload, uses),
            6 => payload::seek_for_prev(payload, uses),
            13 => payload::multi_get(payload, uses),
            _ => None,
        };
        let reason = match read {
            None => Reason::NotARecord,
            Some(()) if time_us > MAX_TIME_US => Reason::BadTime,
            Some(()) if self.uses.len() == 0 => Reason::NoKey,
            Some(()) => return Ok((time_us, self.uses.len())),
        };
        self.uses.clear();
        Err(reason)
    }

    /// Puts the call's next key into `held`; false when there is none left.
    pub(crate) fn advance(&mut self, held: &mut Held) -> bool {
        self.uses.advance(held)
    }
}
