//! A run's operations.

use std::hint::black_box;

use super::zipf::Zipf;
use super::{ROUTES, Random, Route, routes};

/// The value's length, for every operation: an observation adds the key's length to it.
pub const VALUE_LEN: u64 = 100;

/// Operations that one pass holds: few enough that the stream leaves room in the caches, many enough that no
/// predictor learns a zipf stream by heart.
const ONE_ROUTE_PASS: usize = 512;
const ZIPF_PASS: usize = 1 << 15;

/// What a host knows at the moment of an operation.
#[derive(Clone, Debug)]
#[repr(C)]
struct Operation {
    /// The route's id.
    pub route: u64,
    /// The key, 24 bytes.
    pub key: [u8; 24],
}

/// How operations fall on the routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All on the route in the middle.
    OneRoute,
    /// All on the route beside that.
    AdjacentRoute,
    /// Zipf over all routes, hot ones strewn over the key space.
    Zipf,
}

/// A number of operations, in passes over memory.
pub struct Stream {
    pass: Vec<Operation>,
    passes: u64,
}

impl Stream {
    /// About `operations` operations (whole passes) of a shape.
    pub fn new(shape: Shape, operations: u64) -> Stream {
        let pass = match shape {
            Shape::OneRoute => one_route(ROUTES / 2),
            Shape::AdjacentRoute => one_route(ROUTES / 2 + 1),
            Shape::Zipf => zipf(),
        };
        let passes = (operations / pass.len() as u64).max(1);
        // What stands in memory is not known to the optimiser.
        Stream { pass: black_box(pass), passes }
    }

    /// How many operations a run has.
    pub fn operations(&self) -> u64 {
        self.passes * self.pass.len() as u64
    }

    /// How many bytes a run has, keys and values.
    pub fn bytes(&self) -> u64 {
        self.pass.iter().map(|operation| operation.key.len() as u64 + VALUE_LEN).sum::<u64>() * self.passes
    }

    /// Calls for each operation with the route's id and the key, both through `black_box`, so that every contender
    /// loads both, the bare loop too.
    #[inline(always)]
    pub fn for_each(&self, mut count: impl FnMut(u64, &[u8])) {
        for _ in 0..self.passes {
            for operation in &self.pass {
                count(black_box(operation.route), black_box(operation.key.as_slice()));
            }
        }
    }
}

fn one_route(place: usize) -> Vec<Operation> {
    let route = Route::at(place);
    let mut random = Random::new(2);
    (0..ONE_ROUTE_PASS).map(|_| Operation { route: route.id, key: route.key(&mut random) }).collect()
}

fn zipf() -> Vec<Operation> {
    let mut random = Random::new(3);
    let mut by_rank = routes(ROUTES);
    random.shuffle(&mut by_rank);
    let zipf = Zipf::new(ROUTES);
    let mut pass = Vec::with_capacity(ZIPF_PASS);
    while pass.len() < ZIPF_PASS {
        if let Some(route) = by_rank.get(zipf.next(&mut random)) {
            pass.push(Operation { route: route.id, key: route.key(&mut random) });
        }
    }
    pass
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_gives_what_it_says() {
        for shape in [Shape::OneRoute, Shape::AdjacentRoute, Shape::Zipf] {
            let stream = Stream::new(shape, 200_000);
            let (mut operations, mut bytes) = (0, 0);
            stream.for_each(|_, key| {
                operations += 1;
                bytes += key.len() as u64 + VALUE_LEN;
            });
            assert_eq!((operations, bytes), (stream.operations(), stream.bytes()));
        }
    }
}
