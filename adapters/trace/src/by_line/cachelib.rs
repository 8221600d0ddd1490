//! CacheLib's kvcache traces
//! (<https://cachelib.org/docs/Cache_Library_User_Guides/Cachebench_FB_HW_eval>): a header, then
//! `op_time,key,key_size,op,op_count,size,cache_hits,ttl,usecase,sub_usecase` (202401; 202210 ends with `ttl`).
//!
//! Columns are found by the header's names. A row stands for `op_count` operations; the tag is the `usecase`. The
//! releases 202206 and 202312 (`key,op,size,op_count,key_size`) have no time.

use std::io::{self, Read};

use super::ColumnMap;
use crate::csv::trimmed;
use crate::line::line;
use crate::lines::Lines;
use crate::number::TimeUnit;
use crate::skipped::Reason;
use crate::tally::Tally;

/// The columns of a header of this family; `None` for any other line.
pub(crate) fn column_map(header: &[u8]) -> Option<ColumnMap> {
    let header = trimmed(header);
    let at = |name: &[u8]| header.split(|byte| *byte == b',').position(|column| column.trim_ascii() == name);
    let column = |name: &[u8]| at(name).map(|at| at + 1);
    column(b"key_size")?;
    let map = ColumnMap::new(column(b"key")?).op(column(b"op")?).count(column(b"op_count")?).bytes(column(b"size")?);
    let map = match column(b"usecase") {
        Some(usecase) => map.tag(usecase),
        None => map,
    };
    Some(match column(b"op_time") {
        Some(time) => map.time(time, TimeUnit::Seconds),
        None => map,
    })
}

/// Takes the header, and the blank lines before it, off the input.
pub(crate) fn header<R: Read>(lines: &mut Lines<R>, tally: &mut Tally) -> io::Result<Option<ColumnMap>> {
    loop {
        let read = line(lines, tally, |text, _| match trimmed(text) {
            b"" => Err(Reason::Blank),
            text => column_map(text).ok_or(Reason::NotARecord),
        })?;
        match read {
            Some(Err(Reason::Blank)) => tally.skipped.note(Reason::Blank, tally.lines),
            Some(Ok(map)) => return Ok(Some(map)),
            Some(Err(_)) | None => return Ok(None),
        }
    }
}
