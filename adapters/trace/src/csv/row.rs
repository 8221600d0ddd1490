//! The numbers and the operation of one row.

use crate::clock::MAX_TIME_US;
use crate::held::countable;
use crate::number::{whole, whole_or};
use crate::op_word::operation;
use crate::record::Op;
use crate::skipped::Reason;

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
        let time_us = whole(ts_us.trim_ascii()).filter(|us| *us <= MAX_TIME_US).ok_or(Reason::BadTime)?;
        let op = operation(op).ok_or(Reason::BadOp)?;
        let value_len = whole_or(bytes.trim_ascii(), 0).ok_or(Reason::BadNumber)?;
        let count = whole_or(count.trim_ascii(), 1).filter(|count| *count > 0).ok_or(Reason::BadNumber)?;
        Ok(Row { op, time_us, value_len, count })
    }

    /// Refuses a row whose bytes are beyond counting.
    pub(crate) fn check(&self, key_len: usize) -> Result<(), Reason> {
        countable(key_len, self.value_len, self.count)
    }
}
