//! The record being built, in buffers that are used again.

use crate::record::{Op, Record};
use crate::skipped::Reason;

/// Most bytes, all operations of a record together: far beyond any real one, and sums of thousands of such fit.
const MAX_RECORD_BYTES: u64 = 1 << 50;

/// Refuses what is beyond counting.
pub(crate) fn countable(key_len: usize, value_len: u64, count: u64) -> Result<(), Reason> {
    let each = value_len.checked_add(key_len as u64).map(|bytes| bytes.max(1));
    match each.and_then(|bytes| bytes.checked_mul(count)) {
        Some(bytes) if bytes <= MAX_RECORD_BYTES && count > 0 => Ok(()),
        _ => Err(Reason::BadNumber),
    }
}

/// One record.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) op: Op,
    pub(crate) key: Vec<u8>,
    /// Empty for none.
    pub(crate) end_key: Vec<u8>,
    pub(crate) value_len: u64,
    pub(crate) count: u64,
    pub(crate) tag: Vec<u8>,
}

impl Default for Held {
    fn default() -> Held {
        Held { op: Op::Read, key: Vec::new(), end_key: Vec::new(), value_len: 0, count: 1, tag: Vec::new() }
    }
}

impl Held {
    pub(crate) fn clear(&mut self) {
        self.op = Op::Read;
        self.key.clear();
        self.end_key.clear();
        self.value_len = 0;
        self.count = 1;
        self.tag.clear();
    }

    /// Refuses a record whose bytes are beyond counting.
    pub(crate) fn check(&self) -> Result<(), Reason> {
        countable(self.key.len(), self.value_len, self.count)
    }

    pub(crate) fn record(&self, time_us: u64) -> Record<'_> {
        Record {
            time_us,
            op: self.op,
            key: &self.key,
            end_key: (!self.end_key.is_empty()).then_some(&self.end_key),
            value_len: self.value_len,
            count: self.count,
            tag: &self.tag,
        }
    }
}
