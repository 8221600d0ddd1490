//! The numbers and the operation of one row.

use crate::clock::MAX_TIME_US;
use crate::record::Op;
use crate::skipped::Reason;

/// Most bytes, all operations of a row together: far beyond any real row, and sums of thousands of such rows fit.
const MAX_ROW_BYTES: u64 = 1 << 50;

/// Everything of a row but its keys and tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) op: Op,
    pub(crate) time_us: u64,
    pub(crate) value_len: u64,
    pub(crate) count: u64,
}

impl Default for Row {
    fn default() -> Row {
        Row { op: Op::Read, time_us: 0, value_len: 0, count: 1 }
    }
}

impl Row {
    pub(crate) fn parse(op: &[u8], ts_us: &[u8], bytes: &[u8], count: &[u8]) -> Result<Row, Reason> {
        let time_us = number(ts_us).filter(|us| *us <= MAX_TIME_US).ok_or(Reason::BadTime)?;
        let op = operation(op).ok_or(Reason::BadOp)?;
        let value_len = number_or(bytes, 0).ok_or(Reason::BadNumber)?;
        let count = number_or(count, 1).filter(|count| *count > 0).ok_or(Reason::BadNumber)?;
        Ok(Row { op, time_us, value_len, count })
    }

    /// Refuses a row whose bytes are beyond counting.
    pub(crate) fn check(&self, key_len: usize) -> Result<(), Reason> {
        let each = self.value_len.checked_add(key_len as u64).map(|bytes| bytes.max(1));
        match each.and_then(|bytes| bytes.checked_mul(self.count)) {
            Some(bytes) if bytes <= MAX_ROW_BYTES => Ok(()),
            _ => Err(Reason::BadNumber),
        }
    }
}

fn operation(text: &[u8]) -> Option<Op> {
    const WORDS: [(&str, Op); 10] = [
        ("read", Op::Read),
        ("write", Op::Write),
        ("r", Op::Read),
        ("w", Op::Write),
        ("get", Op::Read),
        ("set", Op::Write),
        ("put", Op::Write),
        ("delete", Op::Write),
        ("scan", Op::Scan),
        ("s", Op::Scan),
    ];
    let text = text.trim_ascii();
    WORDS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word.as_bytes())).map(|(_, op)| *op)
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

fn number_or(text: &[u8], empty: u64) -> Option<u64> {
    if text.trim_ascii().is_empty() { Some(empty) } else { number(text) }
}
