//! What follows from the history, in numbers: where the load is now.

mod cell;
mod middle;
pub(crate) mod top;
mod top_nodes;

pub use cell::{Cell, CellNode, CellOfNodes};
pub use top::{Top, TopNode, TopQuery, TopRow, TopWindow};
