//! keyviz-core: where the load lands in a key space, over time.
//!
//! A storage engine names its key ranges (*routes*), observes each operation with a [`Recorder`],
//! and flushes now and then; a [`Reader`] gives the time x key-range matrix, exact to the last
//! operation. [`Sampler`] holds it together: register, remove, terms, flush.
//!
//! ```
//! use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler};
//! let sampler = Sampler::new(Config::default(), 0)?;
//! sampler.register(RouteId(1), b"", Some(b"m"), 0)?;
//! sampler.register(RouteId(2), b"m", None, 0)?;
//! let recorder = sampler.recorder(); // one per thread
//! recorder.observe(RouteId(2), Op::Read, b"zebra", 512);
//! sampler.flush(60_000); // at each multiple of the step
//! let matrix = sampler.reader().matrix(&MatrixQuery::default());
//! assert_eq!(matrix.rows[0].bucket_id.as_str(), "route:2");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//! - **Exact.** Nothing is sampled, lost or counted twice. What no route takes is *unattributed*,
//!   what a row budget leaves out is *cut*, what the history lets go is *evicted*: counted, all of it.
//! - **Bounded.** [`Config::memory_bytes`] tells all memory before it is taken. Nothing allocates
//!   after construction but the answers that readers are given.
//! - **A good guest.** Observing takes a few nanoseconds: no lock, no allocation, no system call, no
//!   panic, no cache line that two threads write (up to `max_recorders` threads; further ones share). No clock, thread or I/O: times come in.
//!
//! # What it leaves out
//! Serving, drawing, authentication: `keyviz-admin`. Reading traces: `keyviz-trace`.
//!
//! # Features
//! `std` (default) adds [`Sampler`] and the recorder that each thread keeps. `alloc` adds everything
//! that takes memory at run time, with [`Writer`] for a host that owns the writing half itself. Without both, what remains are the words of the interface.
//! `serde` adds [`wire`]`::decode`: answers of other nodes, from JSON.
//!
//! # The modules, in the order of the data's way
//! ground: `sync` `limits` `line` `op` `key` `key_names` `label` `route` `config` `config_error` `zeroed` `layout`
//! `counters` →
//! count: `bounds` `sub_bucket` `slot` `members` `pages` `table` `id_samples` `space_saving` →
//! keep: `descriptor` `column` `history` `lineage` →
//! both halves: `shared` `recorder` →
//! change: `routes` `groups` `grace` `seat` `places` `retire` `writer` `runs` `coarsen` `reshape` `promote`
//! `terms` `flush` →
//! show: `reading` `matrix` `merge` `reader` →
//! speak: `wire` → the doors: `halves` `sampler` `sizing`.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "alloc")]
mod bounds;
#[cfg(feature = "alloc")]
mod coarsen;
#[cfg(feature = "alloc")]
mod column;
#[cfg(feature = "alloc")]
mod config;
#[cfg(feature = "alloc")]
mod config_error;
#[cfg(feature = "alloc")]
mod counters;
#[cfg(feature = "alloc")]
mod descriptor;
#[cfg(feature = "alloc")]
mod flush;
#[cfg(feature = "alloc")]
mod grace;
#[cfg(feature = "alloc")]
mod groups;
#[cfg(feature = "alloc")]
mod halves;
#[cfg(feature = "alloc")]
mod history;
#[cfg(feature = "alloc")]
mod id_samples;
#[cfg(feature = "alloc")]
mod key;
#[cfg(feature = "alloc")]
mod key_names;
mod label;
#[cfg(feature = "alloc")]
mod layout;
#[cfg(feature = "alloc")]
pub mod limits;
#[cfg(feature = "alloc")]
mod line;
#[cfg(feature = "alloc")]
mod lineage;
#[cfg(feature = "alloc")]
mod matrix;
#[cfg(feature = "alloc")]
mod members;
#[cfg(feature = "alloc")]
mod merge;
#[cfg(keyviz_loom)]
#[doc(hidden)]
pub mod model;
mod op;
#[cfg(feature = "alloc")]
mod pages;
#[cfg(feature = "alloc")]
mod places;
#[cfg(feature = "alloc")]
mod promote;
#[cfg(feature = "alloc")]
mod reader;
#[cfg(feature = "alloc")]
mod reading;
#[cfg(feature = "alloc")]
mod recorder;
#[cfg(feature = "alloc")]
mod reshape;
#[cfg(feature = "alloc")]
mod retire;
mod route;
#[cfg(feature = "alloc")]
mod routes;
#[cfg(feature = "alloc")]
mod runs;
#[cfg(feature = "std")]
mod sampler;
#[cfg(feature = "alloc")]
mod seat;
#[cfg(feature = "alloc")]
mod shared;
#[cfg(feature = "alloc")]
mod sizing;
#[cfg(feature = "alloc")]
mod slot;
#[cfg(feature = "alloc")]
mod space_saving;
#[cfg(feature = "alloc")]
mod sub_bucket;
#[cfg(feature = "alloc")]
mod sync;
#[cfg(feature = "alloc")]
mod table;
#[cfg(feature = "alloc")]
mod terms;
#[cfg(feature = "alloc")]
pub mod wire;
#[cfg(feature = "alloc")]
mod writer;
#[cfg(feature = "alloc")]
mod zeroed;

#[cfg(feature = "alloc")]
pub use config::Config;
#[cfg(feature = "alloc")]
pub use config_error::ConfigError;
#[cfg(feature = "alloc")]
pub use counters::Counters;
#[cfg(feature = "alloc")]
pub use halves::Writer;
#[cfg(feature = "alloc")]
pub use history::ColumnState;
#[cfg(feature = "alloc")]
pub use key_names::{KeyNames, KeyNamesError};
pub use label::{Label, LabelError, Labels, MAX_LABEL_LEN, MAX_LABELS};
#[cfg(feature = "alloc")]
pub use lineage::Lineage;
#[cfg(feature = "alloc")]
pub use matrix::{Answer, AnswerRow, AxisKind, BucketId, Column, Cut, Matrix, MatrixQuery, Row, TermPart, WriteMerge};
#[cfg(feature = "alloc")]
pub use merge::{Merge, MergeError, Merged, Warning, WarningKind, merge};
pub use op::{Op, Series, Tally};
#[cfg(feature = "alloc")]
pub use reader::{CellView, Reader, WindowInfo};
#[cfg(feature = "alloc")]
pub use recorder::Recorder;
#[cfg(feature = "alloc")]
pub use reshape::{NewRoute, ReshapeError};
pub use route::{RegisterError, Registered, RouteHandle, RouteId};
#[cfg(feature = "std")]
pub use sampler::Sampler;
