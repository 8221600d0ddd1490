//! The keys of one traced call, in buffers that are used again.

use std::io::Write;

use crate::held::Held;
use crate::record::Op;

/// One key.
#[derive(Clone, Copy, Debug)]
struct Use {
    op: Op,
    family: u32,
    /// Where the key ends, and after it the end of its range; it starts where the one before ended.
    key_end: usize,
    range_end: usize,
    value_len: u64,
}

/// All keys of a call.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    bytes: Vec<u8>,
    uses: Vec<Use>,
    next: usize,
}

impl Uses {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.uses.clear();
        self.next = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.uses.len()
    }

    pub(crate) fn push(&mut self, op: Op, family: u32, key: &[u8], value_len: usize) {
        self.push_range(op, family, key, &[], value_len);
    }

    /// Adds a range; an end that is empty, or not beyond the key, is none.
    pub(crate) fn push_range(&mut self, op: Op, family: u32, key: &[u8], end: &[u8], value_len: usize) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        if end > key {
            self.bytes.extend_from_slice(end);
        }
        self.uses.push(Use { op, family, key_end, range_end: self.bytes.len(), value_len: value_len as u64 });
    }

    /// Puts the next key into `held`; false when there is none left.
    pub(crate) fn advance(&mut self, held: &mut Held) -> bool {
        let Some(next) = self.uses.get(self.next) else { return false };
        let start = self.next.checked_sub(1).and_then(|at| self.uses.get(at)).map_or(0, |before| before.range_end);
        held.clear();
        held.op = next.op;
        held.key.extend_from_slice(self.bytes.get(start..next.key_end).unwrap_or_default());
        held.end_key.extend_from_slice(self.bytes.get(next.key_end..next.range_end).unwrap_or_default());
        held.value_len = next.value_len;
        if next.family != 0 {
            // Writing to a vector cannot fail.
            let _ = write!(held.tag, "cf{}", next.family);
        }
        self.next += 1;
        true
    }
}
