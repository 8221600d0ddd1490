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
    if lines.is_skipping_bytes() {
        let whole = lines.skip_on()?;
        return Ok(Some(Err(passed_over(whole, tally))));
    }
    let head = lines.peek(FRAME_BYTES)?;
    if head.is_empty() {
        return Ok(None);
    }
    let payload_bytes = payload_bytes(head).map(|bytes| bytes as usize);
    let limit_bytes = lines.limit_bytes();
    let Some(payload_bytes) = payload_bytes else {
        tally.lines += 1;
        lines.consume(FRAME_BYTES);
        return Ok(Some(Err(Reason::CutShort)));
    };
    let frame_bytes = FRAME_BYTES + payload_bytes;
    if payload_bytes > limit_bytes {
        let whole = lines.skip_bytes(frame_bytes as u64)?;
        return Ok(Some(Err(passed_over(whole, tally))));
    }
    let frame = lines.peek(frame_bytes)?;
    let len = frame.len();
    let read = if len < frame_bytes { Err(Reason::CutShort) } else { rocksdb.read(frame) };
    tally.lines += 1;
    lines.consume(len);
    Ok(Some(read))
}

/// Why a frame beyond the limit gives nothing, counted.
fn passed_over(whole: bool, tally: &mut Tally) -> Reason {
    tally.lines += 1;
    if whole { Reason::TooLong } else { Reason::CutShort }
}
