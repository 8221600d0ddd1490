//! One frame off the input, counted.

use std::io::{self, Read};

use super::{FRAME_BYTES, RocksDb, payload_bytes};
use crate::lines::Lines;
use crate::skipped::Reason;
use crate::tally::Tally;

/// One frame of a RocksDB trace; `None` at the end.
pub(crate) fn frame<R: Read>(
    rocksdb: &mut RocksDb,
    lines: &mut Lines<R>,
    tally: &mut Tally,
) -> io::Result<Option<Result<(u64, usize), Reason>>> {
    let head = lines.peek(FRAME_BYTES)?;
    if head.is_empty() {
        return Ok(None);
    }
    tally.lines += 1;
    let payload_bytes = payload_bytes(head).map(|bytes| bytes as usize);
    let limit_bytes = lines.limit_bytes();
    let Some(payload_bytes) = payload_bytes else {
        lines.consume(FRAME_BYTES);
        return Ok(Some(Err(Reason::CutShort)));
    };
    let frame_bytes = FRAME_BYTES + payload_bytes;
    if payload_bytes > limit_bytes {
        let there = lines.skip_bytes(frame_bytes as u64)?;
        let cut = there < frame_bytes as u64;
        return Ok(Some(Err(if cut { Reason::CutShort } else { Reason::TooLong })));
    }
    let frame = lines.peek(frame_bytes)?;
    let len = frame.len();
    let read = if len < frame_bytes { Err(Reason::CutShort) } else { rocksdb.read(frame) };
    lines.consume(len);
    Ok(Some(read))
}
