//! Which arguments of a Redis command are keys, what it does to each, and how many value bytes it writes.

mod command;
mod keys;
mod table;
mod values;

pub(crate) use keys::{KeyUse, resolve};
