//! Which records are looked at, and how many were not.

use keyviz_trace::Record;

use super::moment::Moment;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Records before this are left out.
    pub(crate) from: Option<Moment>,
    /// Records at this and later are left out.
    pub(crate) to: Option<Moment>,
    /// Where there are some, keys that begin with none of them are left out.
    pub(crate) prefixes: Vec<Vec<u8>>,
}

/// Records left out, by reason; each is counted once, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filtered {
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) other_prefix: u64,
}

impl Filtered {
    pub(crate) fn total(self) -> u64 {
        self.before + self.after + self.other_prefix
    }
}

/// A selection at work on one pass.
#[derive(Debug)]
pub(crate) struct Sieve {
    selection: Selection,
    /// From and to in microseconds of the trace, known from its first record on.
    period: Option<(u64, u64)>,
    filtered: Filtered,
}

impl Sieve {
    pub(crate) fn new(selection: Selection) -> Sieve {
        Sieve { selection, period: None, filtered: Filtered::default() }
    }

    /// Whether to look at the record; counts it otherwise.
    pub(crate) fn passes(&mut self, record: &Record<'_>) -> bool {
        let Sieve { selection, period, filtered } = self;
        let (from_us, to_us) = *period.get_or_insert_with(|| {
            let resolve = |moment: Moment| moment.resolve(record.time_us);
            (selection.from.map_or(0, resolve), selection.to.map_or(u64::MAX, resolve))
        });
        let counter = if record.time_us < from_us {
            &mut filtered.before
        } else if record.time_us >= to_us {
            &mut filtered.after
        } else if !selection.prefixes.is_empty() && !selection.prefixes.iter().any(|p| record.key.starts_with(p)) {
            &mut filtered.other_prefix
        } else {
            return true;
        };
        *counter += 1;
        false
    }

    pub(crate) fn filtered(&self) -> Filtered {
        self.filtered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyviz_trace::{Limits, Trace};

    #[test]
    fn half_open_and_counted_once() {
        let text = "ts_us,op,key\n1000,r,a\n2000,r,a1\n3000,r,b\n4000,r,c\n5000,r,a\n";
        let mut trace = Trace::open(text.as_bytes(), Limits::default()).unwrap();
        let prefixes = vec![b"a".to_vec(), b"b".to_vec()];
        let mut sieve = Sieve::new(Selection { from: Some(Moment::At(2000)), to: Some(Moment::Since(5000)), prefixes });
        let mut kept = Vec::new();
        while let Some(record) = trace.next_record().unwrap() {
            if sieve.passes(&record) {
                kept.push(record.time_us);
            }
        }
        assert_eq!(kept, [2000, 3000]);
        assert_eq!(sieve.filtered(), Filtered { before: 1, after: 1, other_prefix: 1 });
        assert_eq!(sieve.filtered().total(), 3);
    }
}
