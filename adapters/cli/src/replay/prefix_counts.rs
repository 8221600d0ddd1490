//! What the hot prefixes got, where the routes were not cut at their bounds.

use keyviz_trace::{Op, Record};

use super::hot::HotPrefix;
use super::prefixes::Prefix;

/// Prefixes with what their keys got, counted record by record. At most as many as [`find`](super::prefixes::find) gives.
#[derive(Clone, Debug)]
pub(crate) struct PrefixCounts {
    /// Each with the first key beyond it.
    counts: Vec<(HotPrefix, Option<Vec<u8>>)>,
}

impl PrefixCounts {
    /// Of these prefixes, with nothing counted.
    pub(crate) fn new(prefixes: &[Prefix]) -> PrefixCounts {
        let zero = |prefix: &Prefix| HotPrefix { prefix: prefix.clone(), ops: 0, own_ops: 0 };
        PrefixCounts { counts: prefixes.iter().map(|prefix| (zero(prefix), prefix.end())).collect() }
    }

    /// Counts a record in the prefixes of its key; a scan once in each that has keys of it. A scan without an end counts
    /// where it starts.
    pub(crate) fn observe(&mut self, record: &Record<'_>) {
        let end = record.end_key.filter(|_| record.op == Op::Scan);
        let touched = self.counts.iter_mut().filter(|(hot, prefix_end)| {
            let begins = end.is_some_and(|end| end > hot.prefix.bytes.as_slice());
            (record.key >= hot.prefix.bytes.as_slice() || begins)
                && prefix_end.as_ref().is_none_or(|prefix_end| record.key < prefix_end.as_slice())
        });
        let mut own: Option<&mut HotPrefix> = None;
        for (hot, _) in touched {
            hot.ops = hot.ops.saturating_add(record.count);
            let rank = |hot: &HotPrefix| (hot.prefix.bytes.len(), hot.prefix.whole);
            if own.as_ref().is_none_or(|own| rank(own) < rank(hot)) {
                own = Some(hot);
            }
        }
        if let Some(own) = own {
            own.own_ops = own.own_ops.saturating_add(record.count);
        }
    }

    /// All of them, in key order.
    pub(crate) fn found(&self) -> Vec<HotPrefix> {
        self.counts.iter().map(|(hot, _)| hot.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_scans_count_in_the_prefixes_that_have_them() {
        let prefix = |bytes: &[u8], whole| Prefix { bytes: bytes.to_vec(), whole };
        let mut counts = PrefixCounts::new(&[prefix(b"a:", false), prefix(b"a:1", true), prefix(b"b:", false)]);
        let mut see = |op, key: &[u8], end_key: Option<&[u8]>, count| {
            counts.observe(&Record { time_us: 0, op, key, end_key, value_len: 0, count, tag: b"" });
        };
        see(Op::Read, b"a:1", None, 5);
        see(Op::Write, b"a:10", None, 3);
        see(Op::Read, b"a;", None, 100);
        see(Op::Read, b"a", None, 100);
        see(Op::Scan, b"a", Some(b"a:"), 100);
        see(Op::Scan, b"a", Some(b"a:0"), 20);
        see(Op::Scan, b"a:2", Some(b"c"), 1);
        see(Op::Scan, b"b:", None, 40);
        let found: Vec<_> = counts.found().into_iter().map(|hot| (hot.prefix.bytes, hot.ops, hot.own_ops)).collect();
        assert_eq!(found, [(b"a:".to_vec(), 29, 24), (b"a:1".to_vec(), 5, 5), (b"b:".to_vec(), 41, 40)]);
    }
}
