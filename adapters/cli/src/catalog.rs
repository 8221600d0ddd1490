//! Which route a key belongs to: what a storage engine's own catalog of ranges does.

use keyviz_core::RouteId;

/// Routes that tile the whole key space, in order. Route ids count from 1.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    /// Where each route but the first starts; the first starts at the lowest key. Sorted, no two equal.
    cuts: Vec<Vec<u8>>,
}

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range<'a> {
    pub(crate) start: &'a [u8],
    /// `None`: no end.
    pub(crate) end: Option<&'a [u8]>,
}

impl Catalog {
    /// Routes cut at these keys, in any order.
    pub(crate) fn new(mut cuts: Vec<Vec<u8>>) -> Catalog {
        cuts.retain(|cut| !cut.is_empty());
        cuts.sort();
        cuts.dedup();
        Catalog { cuts }
    }

    /// How many routes there are.
    pub(crate) fn len(&self) -> usize {
        self.cuts.len() + 1
    }

    /// The place of the key's route in order, from 0.
    pub(crate) fn index_of(&self, key: &[u8]) -> usize {
        self.cuts.partition_point(|cut| cut.as_slice() <= key)
    }

    /// The id of the key's route.
    pub(crate) fn route_of(&self, key: &[u8]) -> RouteId {
        RouteId(self.index_of(key) as u64 + 1)
    }

    /// The ids of the routes with keys of `[start, end)`, in order: of the start's at least; without an end, of that
    /// alone.
    pub(crate) fn routes_of(&self, start: &[u8], end: Option<&[u8]>) -> impl Iterator<Item = RouteId> {
        let first = self.index_of(start);
        let last = end.map_or(first, |end| self.cuts.partition_point(|cut| cut.as_slice() < end)).max(first);
        (first..=last).map(|index| RouteId(index as u64 + 1))
    }

    /// All routes with their ids, in order.
    pub(crate) fn routes(&self) -> impl Iterator<Item = (RouteId, Range<'_>)> {
        let starts = std::iter::once(&[][..]).chain(self.cuts.iter().map(Vec::as_slice));
        let ends = self.cuts.iter().map(|cut| Some(cut.as_slice())).chain([None]);
        (1..).map(RouteId).zip(starts.zip(ends).map(|(start, end)| Range { start, end }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_the_route_whose_bounds_hold_it() {
        let catalog = Catalog::new(vec![b"m".to_vec(), b"".to_vec(), b"f".to_vec(), b"m".to_vec()]);
        assert_eq!(catalog.len(), 3);
        for key in [&b""[..], b"a", b"f", b"f\0", b"l\xff", b"m", b"\xff\xff"] {
            let id = catalog.route_of(key);
            let (_, range) = catalog.routes().find(|(route, _)| *route == id).unwrap();
            assert!(range.start <= key && range.end.is_none_or(|end| key < end), "{key:?}");
        }
        assert_eq!(Catalog::new(Vec::new()).route_of(b"x"), RouteId(1));
    }

    #[test]
    fn a_range_touches_the_routes_that_hold_its_keys() {
        let catalog = Catalog::new(vec![b"f".to_vec(), b"m".to_vec()]);
        let of = |start: &[u8], end: Option<&[u8]>| catalog.routes_of(start, end).map(|id| id.0).collect::<Vec<u64>>();
        assert_eq!(of(b"", Some(b"z")), [1, 2, 3]);
        assert_eq!(of(b"a", Some(b"f")), [1], "the end is no part of it");
        assert_eq!(of(b"a", Some(b"f\0")), [1, 2]);
        assert_eq!(of(b"f", Some(b"m")), [2]);
        assert_eq!(of(b"g", None), [2]);
        assert_eq!(of(b"z", Some(b"a")), [3], "an empty range is where it starts");
    }
}
