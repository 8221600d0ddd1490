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
//! - **Exact.** No count is sampled, lost or made twice. What no route takes is *unattributed*,
//!   what a row budget leaves out is *cut*, what the history lets go is *evicted*: counted, all of it.
//! - **Bounded.** [`Config::memory_bytes`] tells all memory before it is taken. Nothing allocates
//!   after construction but the answers that readers are given.
//! - **A good guest.** Observing takes a few nanoseconds: no lock, no allocation, no system call, no
//!   panic, no cache line that two threads write (up to `max_recorders` threads; further ones share). No clock, thread or I/O: times come in.
//!
//! # What it leaves out
//! Serving, drawing, authentication: `keyviz-admin`. Reading traces: `keyviz-trace`.
//!
//! # Words of the writing side
//! A route has slots of its own (inside, a *seat*) while there are any; beyond `max_routes` neighbouring routes
//! share the slot of a **virtual bucket**: they are its *members*, side by side in key order, a *run*. Hot
//! members and cold routes change places when a column is sealed. Counts stay exact; the row of a bucket
//! stands for all its members.
//!
//! # Features
//! Without features there are no allocations at all: [`fixed!`] declares a static [`Shared`] and the memory of
//! its [`FixedWriter`], sized at compile time, and [`FixedMatrix`] shows what was counted. `alloc` adds what
//! takes memory at run time: [`Writer`], [`Reader`], [`Matrix`], JSON. `std` (default) adds [`Sampler`] and the
//! recorder that each thread keeps. `serde` adds [`wire`]`::decode`: answers of other nodes, from JSON. A feature
//! adds; it changes nothing that is there without it.
//!
//! Where the machine has no 64-bit atomics, cells have 32 bits and flush takes differences: exact while no
//! cell takes 2^32 operations, or bytes, between two flushes. Without compare-and-swap there are no shared
//! shards: make one recorder for each interrupt priority.
//!
//! # The modules, in the order of the data's way
//! ground: `sync` `limits` `line` `op` `key` `key_names` `label` `route` `partition` `config` `config_error` `zeroed` `pool`
//! `layout` `counters` `event` `event_sorts` `events` →
//! count: `bounds` `boundaries` `sub_bucket` `slot` `members` `pages` `table` `random` `id_samples` `key_samples` `space_saving` →
//! keep: `descriptor` `column` `history` `key_history` `lineage` →
//! both halves: `shared` `recorder` `by_key` `scan` →
//! change: `routes` `groups` `grace` `seat` `places` `retire` `memory` `scans` `writer` `runs` `coarsen` `reshape` `promote`
//! `terms` `changes` `hot_keys` `flush` →
//! show: `window` `reading` `matrix` `merge` `snapshot` `restore` `reader`, and without an allocator `bound` `in_place`
//! `fixed_matrix` →
//! explain: `advice` `fold_events` → speak: `wire` → the doors: `halves` `fixed` `sampler` `sizing`.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(keyviz_loom, expect(dead_code, reason = "statics are made by constants, which a model's atomics have not"))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "alloc")]
mod advice;
mod bound;
mod boundaries;
mod bounds;
mod by_key;
mod changes;
mod coarsen;
mod column;
mod column_log;
mod config;
mod config_error;
mod counters;
mod descriptor;
mod event;
mod event_sorts;
mod events;
#[cfg(not(keyviz_loom))]
#[doc(hidden)]
pub mod fixed;
mod fixed_matrix;
mod flush;
mod fold_columns;
#[cfg(feature = "alloc")]
mod fold_events;
mod grace;
mod groups;
mod halves;
mod history;
mod hot_keys;
mod id_samples;
mod in_place;
mod key;
mod key_history;
#[cfg(feature = "alloc")]
mod key_names;
mod key_samples;
mod label;
mod layout;
pub mod limits;
mod line;
mod lineage;
#[cfg(feature = "alloc")]
mod matrix;
mod members;
mod memory;
#[cfg(feature = "alloc")]
mod merge;
#[cfg(keyviz_loom)]
#[doc(hidden)]
pub mod model;
mod op;
mod pages;
mod partition;
mod places;
mod pool;
mod promote;
mod random;
mod range_samples;
mod ranges;
#[cfg(feature = "alloc")]
mod reader;
#[cfg(feature = "alloc")]
mod reading;
mod rebalance;
mod recorder;
mod repartition;
mod reshape;
#[cfg(feature = "alloc")]
mod restore;
mod retire;
mod route;
mod routes;
mod runs;
#[cfg(feature = "std")]
mod sampler;
mod scan;
mod scans;
mod seat;
mod segment;
mod shared;
mod sizing;
mod slot;
#[cfg(feature = "alloc")]
mod snapshot;
mod space_saving;
mod sub_bucket;
mod sync;
mod table;
mod terms;
mod tier;
mod window;
#[cfg(feature = "alloc")]
pub mod wire;
mod writer;
#[cfg(feature = "alloc")]
mod zeroed;

#[cfg(feature = "alloc")]
pub use advice::{Cell, CellNode, CellOfNodes, Top, TopNode, TopQuery, TopRow, TopWindow};
pub use bound::Bound;
pub use config::Config;
pub use config_error::ConfigError;
pub use counters::Counters;
#[cfg(feature = "alloc")]
pub use event::Event;
pub use event::{EventInPlace, EventKind, EventKindError};
#[cfg(not(keyviz_loom))]
pub use fixed::{ClaimError, FixedWriter};
pub use fixed_matrix::{FixedMatrix, FixedRow};
#[cfg(feature = "alloc")]
pub use fold_events::{EventLine, fold_events};
#[cfg(feature = "alloc")]
pub use halves::Writer;
pub use halves::WriterOn;
pub use history::ColumnState;
#[cfg(feature = "alloc")]
pub use hot_keys::{HotKey, HotKeys, HotKeysOf, HotKeysQuery, NoHotKeys};
pub use in_place::CellInPlace;
#[cfg(feature = "alloc")]
pub use key_names::{KeyNames, KeyNamesError};
pub use label::{Label, LabelError, Labels, MAX_LABEL_LEN, MAX_LABELS};
pub use lineage::Lineage;
#[cfg(feature = "alloc")]
pub use matrix::{Answer, AnswerRow, AxisKind, BucketId, Cut, Matrix, MatrixQuery, Row, TermPart, WriteMerge};
#[cfg(feature = "alloc")]
pub use merge::{
    Absence, Cuts, Fanout, FanoutNode, Heat, Merge, MergeError, Merged, NodeState, Warning, WarningKind, merge,
};
pub use op::{Op, Series, Tally};
pub use partition::Partition;
#[cfg(feature = "alloc")]
pub use reader::{CellView, FixedReader, Reader, ReaderOn, WindowInfo};
#[cfg(feature = "alloc")]
pub use recorder::Recorder;
pub use recorder::{FixedRecorder, RecorderOn};
pub use reshape::{NewRoute, ReshapeError};
#[cfg(feature = "alloc")]
pub use restore::{RestoreError, Restored};
pub use route::{RegisterError, Registered, RouteHandle, RouteId};
#[cfg(feature = "std")]
pub use sampler::Sampler;
pub use scan::Scan;
pub use shared::Shared;
#[cfg(feature = "alloc")]
pub use snapshot::{SNAPSHOT_MAGIC, SNAPSHOT_VERSION, Snapshot, SnapshotDecoder, SnapshotError, SnapshotShown};
pub use tier::{MAX_TIERS, Tier, Tiers, TiersError};
pub use window::Column;
