//! A bound as it stands in the slab, shown without being copied.

use core::cmp::Ordering as Order;
use core::fmt;

use crate::bounds::{BoundRef, Slab};

/// The bytes of a bound, in their place: nothing is copied until asked for.
#[derive(Clone, Copy)]
pub struct Bound<'a> {
    pub(crate) slab: &'a Slab,
    pub(crate) bound: BoundRef,
    /// How many of the bound's bytes there are; of a division's edge its prefix.
    pub(crate) len: usize,
    /// What follows: eight bytes of a division's edge, and how many of them count.
    pub(crate) edge: u64,
    pub(crate) edge_len: usize,
}

impl<'a> Bound<'a> {
    pub(crate) fn whole(slab: &'a Slab, bound: BoundRef) -> Self {
        Bound { slab, bound, len: slab.len(bound), edge: 0, edge_len: 0 }
    }

    /// The edge of a division: `prefix` bytes of the route's start, then the edge without trailing zeros.
    pub(crate) fn edge(slab: &'a Slab, start: BoundRef, prefix: usize, edge: u64) -> Self {
        Bound { slab, bound: start, len: prefix, edge, edge_len: 8 - edge.trailing_zeros() as usize / 8 }
    }

    /// The bytes in order.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + 'a {
        let (slab, bound) = (self.slab, self.bound);
        let stored = (0..self.len).map(move |i| slab.window(bound, i / 8).to_be_bytes().into_iter().nth(i % 8));
        stored.map(|byte| byte.unwrap_or(0)).chain(self.edge.to_be_bytes().into_iter().take(self.edge_len))
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len + self.edge_len
    }

    /// Whether it is the lowest key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes at the front of `to`; `None` when there are more than it holds.
    pub fn copy_to<'b>(&self, to: &'b mut [u8]) -> Option<&'b [u8]> {
        let to = to.get_mut(..self.len())?;
        for (to, byte) in to.iter_mut().zip(self.bytes()) {
            *to = byte;
        }
        Some(to)
    }
}

impl PartialEq for Bound<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Bound<'_> {}

impl PartialOrd for Bound<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound<'_> {
    fn cmp(&self, other: &Self) -> Order {
        self.bytes().cmp(other.bytes())
    }
}

/// As in a byte string literal: what is not printable ASCII is escaped.
impl fmt::Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().try_for_each(|byte| byte.escape_ascii().fmt(f))
    }
}

impl fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{self}\"")
    }
}
