//! K order-preserving divisions of a route: which one a key falls into, and where each begins.
//!
//! The common prefix of start and end is skipped, the next eight bytes are a number `w`, and
//! `index = floor(K * (w - w_start) / span)` in exact arithmetic. A key is judged on the whole of
//! its bytes: one with a smaller prefix goes to 0, with a greater one to K - 1.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use crate::bounds::{BoundRef, Slab};
use crate::key::{common_prefix, window};

/// The division of one route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubLayout {
    /// Divisions in use: at most K, at most the span, at least 1.
    pub(crate) count: u32,
    /// Bytes that start and end have in common.
    pub(crate) prefix_len: u32,
    /// The eight bytes of the start behind the prefix.
    pub(crate) start_window: u64,
    /// Distance of the end's window from the start's.
    pub(crate) span: u64,
    /// `floor(count * 2^64 / span)`, for dividing by multiplying.
    pub(crate) reciprocal: u64,
}

impl SubLayout {
    /// Divides `[start, end)` into at most `k`; a range whose windows coincide is one bucket.
    pub(crate) fn new(start: &[u8], end: Option<&[u8]>, k: u32) -> Self {
        let prefix_len = end.map_or(0, |end| common_prefix(start, end));
        let end_window = end.map_or(u64::MAX, |end| window(end, prefix_len));
        Self::divide(prefix_len, window(start, prefix_len), end_window, k)
    }

    /// As [`new`](Self::new), for bounds in the slab.
    pub(crate) fn between(slab: &Slab, start: BoundRef, end: BoundRef, k: u32) -> Self {
        let prefix_len = if end.is_none() { 0 } else { slab.common_prefix(start, end) };
        let end_window = if end.is_none() { u64::MAX } else { slab.window_from(end, prefix_len) };
        Self::divide(prefix_len, slab.window_from(start, prefix_len), end_window, k)
    }

    fn divide(prefix_len: usize, start_window: u64, end_window: u64, k: u32) -> Self {
        let span = end_window.saturating_sub(start_window);
        if k <= 1 || span == 0 {
            return SubLayout { count: 1, ..SubLayout::default() };
        }
        let count = u64::from(k).min(span);
        let reciprocal = ((u128::from(count) << 64) / u128::from(span)).min(u128::from(u64::MAX)) as u64;
        SubLayout { count: count as u32, prefix_len: prefix_len as u32, start_window, span, reciprocal }
    }

    /// The division of a key with the right prefix, from the eight bytes behind it.
    ///
    /// The reciprocal is less than one too small, so its product with the distance is less than the
    /// distance too small, in units of 2^-64: only where adding the distance carries over is the
    /// quotient in doubt, and one more multiplication settles it. No 128-bit division stands on the
    /// hot path, and seldom a second multiplication.
    pub(crate) fn index(&self, window: u64) -> u32 {
        let Some(distance) = window.checked_sub(self.start_window) else { return 0 };
        if distance >= self.span {
            return self.count - 1;
        }
        let product = u128::from(distance) * u128::from(self.reciprocal);
        let index = (product >> 64) as u64;
        if (product as u64).checked_add(distance).is_some() { index as u32 } else { self.settle(distance, index) }
    }

    #[cold]
    fn settle(&self, distance: u64, index: u64) -> u32 {
        let scaled = u128::from(distance) * u128::from(self.count);
        let above = u128::from(index + 1) * u128::from(self.span) <= scaled;
        index as u32 + u32::from(above)
    }

    /// The window at which division `index` begins.
    pub(crate) fn edge(&self, index: u32) -> u64 {
        let scaled = u128::from(index) * u128::from(self.span);
        self.start_window.saturating_add(scaled.div_ceil(u128::from(self.count)) as u64)
    }

    /// The bounds of division `index` of `[start, end)`; the divisions tile the route.
    #[cfg(feature = "alloc")]
    pub(crate) fn bounds(&self, start: &[u8], end: Option<&[u8]>, index: u32) -> (Vec<u8>, Option<Vec<u8>>) {
        let edge = |i: u32| {
            let mut key = Vec::with_capacity(self.prefix_len as usize + 8);
            key.extend(start.iter().take(self.prefix_len as usize));
            key.extend_from_slice(&self.edge(i).to_be_bytes());
            while key.len() > self.prefix_len as usize && key.last() == Some(&0) {
                key.pop();
            }
            key
        };
        let lower = if index == 0 { start.to_vec() } else { edge(index) };
        let upper = if index + 1 >= self.count { end.map(<[u8]>::to_vec) } else { Some(edge(index + 1)) };
        (lower, upper)
    }
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reciprocal_is_exact(start: u64, end: u64, k in 1u32..=256, w: u64) {
            let layout = SubLayout::new(&start.to_be_bytes(), Some(&end.to_be_bytes()), k);
            prop_assume!(layout.count > 1);
            let window_of = window(&w.to_be_bytes(), layout.prefix_len as usize);
            let exact = if window_of < layout.start_window { 0 } else {
                let distance = u128::from(window_of - layout.start_window);
                (u128::from(layout.count) * distance / u128::from(layout.span)).min(u128::from(layout.count) - 1)
            };
            prop_assert_eq!(u128::from(layout.index(window_of)), exact);
        }

        #[test]
        fn keys_are_shown_where_they_were_counted(start in prop::collection::vec(0u8..4, 0..12), end in prop::option::of(prop::collection::vec(0u8..4, 1..12)), k in 2u32..20, key in prop::collection::vec(0u8..4, 0..14)) {
            prop_assume!(end.as_ref().is_none_or(|end| start < *end));
            let layout = SubLayout::new(&start, end.as_deref(), k);
            prop_assume!(layout.count > 1 && key >= start && end.as_ref().is_none_or(|end| key < *end));
            let index = layout.index(window(&key, layout.prefix_len as usize));
            let (lower, upper) = layout.bounds(&start, end.as_deref(), index);
            prop_assert!(lower <= key, "{lower:?} <= {key:?}");
            prop_assert!(upper.is_none_or(|upper| key < upper));
        }
    }

    #[test]
    fn span_below_k_caps_the_count() {
        let start = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd];
        let layout = SubLayout::new(&start, Some(&[2]), 16);
        assert_eq!(layout.count, 3);
        for i in 0..3 {
            assert_eq!(layout.index(u64::from_be_bytes(start) + u64::from(i)), i);
        }
    }

    #[test]
    fn equal_windows_are_one_bucket() {
        assert_eq!(SubLayout::new(b"a", Some(b"a\x00"), 16).count, 1);
        assert_eq!(SubLayout::new(&[0xff; 8], None, 16).count, 1);
    }
}
