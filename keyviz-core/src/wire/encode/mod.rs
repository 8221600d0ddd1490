//! Encoding into JSON.

mod cell;
mod counters;
mod events;
mod fanout;
mod hot_keys;
mod matrix;
mod names;
mod row;
pub(crate) mod text;
mod top;

pub use cell::cell;
pub use counters::counters;
pub use events::{event_lines, events};
pub use fanout::with_fanout;
pub use hot_keys::hot_keys;
pub use matrix::{Pieces, answer, matrix};
pub use names::names;
pub use top::top;
