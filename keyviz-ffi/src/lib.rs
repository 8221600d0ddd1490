//! keyviz-ffi: the C ABI of keyviz.
//!
//! Counting, reading and the page for storage engines in C, C++ and whatever speaks C, inside their own process. The
//! header `include/keyviz.h` is made from the comments here; `include/keyviz.hpp` is a wrapper for C++.
//!
//! Every algorithm is in `keyviz-core`, the page in `keyviz-admin`; here is translation, and what a guest in somebody
//! else's process owes:
//!
//! - Handles are numbers that can be checked: what is closed, foreign, or garbage is a status (`handle`, `table`, `tag`).
//! - Nothing unwinds into the host and nothing is printed (`fence`, `log`).
//! - Threads block all signals and are nice (`guest`).
//! - In the child of a fork nothing works, and nothing does harm (`fork`).
//!
//! The rest is a file for each noun of the header. Pointers become slices in `input` and `sized`; each use of `unsafe`
//! has its reason beside it, which comes down to the contract of the header: *Ownership* and *Threads* of the function.

#![allow(unsafe_code, reason = "what comes over the boundary is pointers; each block says why it holds")]
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]
#![allow(non_camel_case_types, reason = "the names are C's")]
#![allow(clippy::missing_safety_doc, reason = "the header's Ownership and Threads are each function's contract")]
#![allow(clippy::too_many_arguments, reason = "a key and its length are two in C")]

mod admin;
mod audit;
mod buffer;
mod callback;
mod config;
mod coordinator;
mod counters;
mod event;
mod fence;
mod flush;
mod fork;
mod guest;
mod handle;
mod held;
mod hot_keys;
mod input;
mod label;
mod last_error;
mod lineage;
mod log;
mod matrix;
mod matrix_table;
mod names;
mod object;
mod observe;
mod operation;
mod query;
mod recorder;
mod room;
mod route;
mod sampler;
mod scan;
mod sized;
mod snapshot;
mod status;
mod table;
mod tag;
mod top;
mod version;
mod window;

pub use admin::*;
pub use audit::*;
pub use buffer::*;
pub use config::*;
pub use coordinator::*;
pub use counters::*;
pub use event::*;
pub use flush::*;
pub use hot_keys::*;
pub use input::KEYVIZ_NOW;
pub use label::*;
pub use last_error::*;
pub use lineage::*;
pub use log::*;
pub use matrix::*;
pub use names::*;
pub use observe::*;
pub use operation::*;
pub use query::*;
pub use recorder::*;
pub use route::*;
pub use sampler::*;
pub use scan::*;
pub use snapshot::*;
pub use status::*;
pub use top::*;
pub use version::*;
pub use window::*;
