//! keyviz-handles: numbers that stand for objects, for whoever cannot be given a reference.
//!
//! A [`Table`] gives a number for an object, and finds the object again without a lock. A number that was closed, is
//! another table's, or none at all is told apart ([`Refused`]), so that a program in C may hand in anything. What the
//! objects are, and the texts of errors, are the user's; `keyviz-ffi` is the one there is.
//!
//! The table's protocol stands in `table`; `loom-tests` runs it in every interleaving within a bound, with the atomics of
//! `sync` exchanged and nothing else.

#![allow(
    unsafe_code,
    reason = "objects are shared across threads behind a count of pins; each block says why it holds"
)]
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

mod parts;
mod sync;
mod table;

pub use parts::{GENERATION_MASK, Parts, TAG_MASK, index};
pub use table::{MAX_HANDLES, Pin, Place, Refused, Table};
