//! What a user would pick instead, each in two ways: looked up by route at every operation, as most code does, and
//! with the handles of all routes kept, as careful code does.
//!
//! | alternative | by route | with handles kept |
//! |---|---|---|
//! | `metrics` | `counter!` twice (operations, bytes) with labels route and op, over a `metrics-util` registry | two `Counter`s |
//! | `prometheus-client` | two `Family::get_or_create` (operations, bytes), labels route and op | two `Counter`s |
//! | DashMap | `get` by route and op, two `fetch_add`s | an `Arc` of two atomics |
//! | `Mutex<HashMap>` | one lock, `get_mut` by route and op, two additions | an `Arc<Mutex>` of two numbers |
//!
//! All count by the same labels: a route's reads and writes are apart, as they are in keyviz. All entries exist before
//! anything is measured; hashers are each one's default; the route's name, where a string is asked for, is a
//! `&'static str` made beforehand.

mod dashmap;
mod labels;
mod metrics;
mod mutex_map;
mod prometheus;

pub use dashmap::{DashMapByRoute, DashMapHandles};
pub use metrics::{MetricsByLabel, MetricsHandles};
pub use mutex_map::{MutexHandles, MutexMapByRoute};
pub use prometheus::{PrometheusByLabel, PrometheusHandles};
