//! A record of hot keys, read.

use alloc::vec::Vec;

use crate::column::{Source, WordSource};
use crate::label::Label;
use crate::op::Op;

/// A sketch as it was written; see `write`.
pub(crate) struct Listed {
    pub(crate) route: u64,
    pub(crate) aggregate: bool,
    pub(crate) label: Label,
    pub(crate) sub_bucket: u32,
    pub(crate) op: Op,
    pub(crate) start: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
    pub(crate) weight: u64,
    pub(crate) samples: u64,
    /// What a key that is not listed had at the most.
    pub(crate) least: u64,
    /// Each with its count and error.
    pub(crate) keys: Vec<(Vec<u8>, u64, u64)>,
}

/// The sketches of a record of so many bytes, the heaviest first.
pub(crate) fn sketches(words: &[u64], len: usize) -> impl Iterator<Item = Listed> {
    let mut source = WordSource::new(words, len);
    core::iter::from_fn(move || (!source.is_done()).then(|| listed(&mut source, len)))
}

fn listed(source: &mut WordSource<'_>, len: usize) -> Listed {
    let (route, which) = (source.varint(), source.varint());
    let start_len = source.varint();
    let start = bytes(source, start_len, len);
    let end = source.varint().checked_sub(1).map(|end_len| bytes(source, end_len, len));
    let (weight, samples, least) = (source.varint(), source.varint(), source.varint());
    let count = source.varint().min(len as u64);
    let mut keys = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let (count, error) = (source.varint(), source.varint());
        let key_len = source.varint();
        keys.push((bytes(source, key_len, len), count, error));
    }
    Listed {
        route,
        aggregate: which >> 1 & 1 == 1,
        label: Label((which >> 2 & 15) as u8),
        sub_bucket: (which >> 6) as u32,
        op: if which & 1 == 0 { Op::Read } else { Op::Write },
        start,
        end,
        weight,
        samples,
        least,
        keys,
    }
}

fn bytes(source: &mut WordSource<'_>, len: u64, most: usize) -> Vec<u8> {
    (0..len.min(most as u64)).map(|_| source.byte()).collect()
}
