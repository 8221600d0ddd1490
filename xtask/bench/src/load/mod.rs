//! The operations that are counted: made before anything is measured, the same for every contender.

mod random;
mod routes;
mod stream;
mod zipf;

pub use random::Random;
pub use routes::{ROUTES, Route, routes};
pub use stream::{Shape, Stream, VALUE_LEN};
pub use zipf::Zipf;
