//! What follows from the history, in numbers: where the load is now.

pub(crate) mod top;

pub use top::{Top, TopQuery, TopRow, TopWindow};
