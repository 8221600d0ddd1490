//! The key space: routes of equal width, one after the other.

use super::Random;

/// How many routes most benchmarks have.
pub const ROUTES: usize = 10_000;

/// Room for the place of a route in the low bits of its id.
const PLACE_BITS: u32 = 17;

/// A range of keys, and its name in the host.
#[derive(Clone, Debug)]
pub struct Route {
    /// Looks random, as ids of a host may, except that the low 17 bits are the route's place: the bare loop needs
    /// no lookup.
    pub id: u64,
    /// The lowest key.
    pub start: [u8; 8],
    /// The lowest key of the next one.
    pub end: [u8; 8],
}

impl Route {
    /// The route at a place.
    pub fn at(place: usize) -> Route {
        let place = place as u64;
        let high = Random::new(place).next() << PLACE_BITS;
        Route { id: high | place, start: (place << 32).to_be_bytes(), end: ((place + 1) << 32).to_be_bytes() }
    }

    /// A key of it: 8 bytes that order it, evenly over the range, and 16 that do not matter.
    pub fn key(&self, random: &mut Random) -> [u8; 24] {
        let start = u64::from_be_bytes(self.start);
        let mut key = [0; 24];
        let parts = [start | random.next() >> 32, random.next(), random.next()];
        for (chunk, part) in key.chunks_exact_mut(8).zip(parts) {
            chunk.copy_from_slice(&part.to_be_bytes());
        }
        key
    }
}

/// The first `count` routes.
pub fn routes(count: usize) -> Vec<Route> {
    (0..count).map(Route::at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_in_their_route() {
        let mut random = Random::new(7);
        for place in [0, 1, 9_999, 99_999] {
            let route = Route::at(place);
            assert_eq!(route.id as usize & ((1 << PLACE_BITS) - 1), place);
            let key = route.key(&mut random);
            assert!(route.start.as_slice() <= key.as_slice() && key.as_slice() < route.end.as_slice());
        }
    }
}
