//! The admin endpoint and the page of keyviz: to start on a socket, or to mount into a router that
//! a host has already.
//!
//! # Routes
//!
//! | path | answer | token |
//! |---|---|---|
//! | `/admin/` (and `/admin`, redirected) | the page | no |
//! | `/admin/ui/{file}` | the page's files, embedded in the binary | no |
//! | `/admin/api/v1/keyviz/matrix` | the heatmap as JSON | yes |
//! | `/admin/api/v1/keyviz/hotkeys` | the hottest keys of a route or range; see below | yes |
//! | `/admin/api/v1/keyviz/events` | what happened and when, as told; see below | yes |
//! | `/admin/api/v1/keyviz/snapshot` | everything that the history holds, as a file (zstd; `docs/snapshot-format.md`); of several nodes that of `node=`. Redacted where keys are | yes |
//! | `/admin/api/v1/keyviz/top` | the hottest ranges of the newest window: rate, share, the window before, owner, bounds, and a split command where the host has a template for one | yes |
//! | `/admin/api/v1/keyviz/cell` | what each of several nodes counted in a cell of the picture | yes |
//! | `/admin/api/v1/keyviz/names` | the names of key prefixes | yes |
//! | `/admin/api/v1/keyviz/status` | what runs, since when, with which counters; 200 also when disabled | yes |
//! | `/admin/api/v1/keyviz/healthz` | `ok` | no |
//! | `/healthz`, `/` (redirected to the page) | only under [`serve`], never in a mounted [`Admin::router`] | no |
//!
//! All take GET and HEAD; other methods are 405. Unknown parameters are ignored, empty ones are absent, and of a repeated
//! one the first counts; what cannot be read, and a range whose end is below its beginning, is 400 `invalid_query` with a
//! message that begins with the parameter's name. An error is `{"error": code, "message": text}`
//! with one of the codes `invalid_query`, `bad_request` (400), `unauthorized` (401),
//! `forbidden_host`, `forbidden_role`, `redacted` (403), `not_found` (404), `method_not_allowed` (405), `request_timeout` (408),
//! `payload_too_large` (413), `internal` (500), `busy`, `keyviz_disabled` (503). No error carries
//! key bytes. A head over its limit is 431 without a body, before any route is chosen.
//!
//! `/matrix` answers the heatmap. What it may be asked (parameters that it does not know are passed over, and what it cannot
//! read is 400):
//!
//! | parameter | what | without it |
//! |---|---|---|
//! | `series` | `reads`, `writes`, `read_bytes`, `write_bytes`, `scans`, or `ops` for reads and writes together | `writes` |
//! | `axis` | `route`: a row for each route, label and division; `range`: the key space cut by heat | `route` |
//! | `rows` | the most rows, 1 to 1024 (any other number is 1024); what they leave out is in `cut` | 1024 |
//! | `from_unix_ms`, `to_unix_ms` | columns that end at `from` or later and before `to`; 0 is unbounded | all |
//! | `start`, `end` | the keys from `start` on and below `end`, in base64url | all |
//! | `label` | the traffic of one configured label | all |
//! | `split_labels` | `1`: labels are rows of their own, `0`: they are summed | `1` by route, `0` by range |
//! | `open` | `1`: the open column, too | `0` |
//!
//! Of each column: `column_unix_ms` (its end), `column_start_unix_ms`, since and until when it counts
//! (`column_covers_from_unix_ms`, `column_covers_to_unix_ms`), `column_state` (`complete`, `late`, `open`), `column_nodes`,
//! `unattributed`. `rows[] {bucket_id, label?, start, end, aggregate, route_ids[]?, route_ids_truncated?, route_count, values[],
//! conflict, conflicts[]?, estimated[]?, missing[]?, draining?, raft_group_ids[]?, leader_terms[]?, term_parts[]?, name?}`, by
//! key: lists but those of routes and `term_parts` have an entry a column, keys are base64 (`null`: the lowest, or
//! unbounded), and what would be empty or false is left out. `cut {rows, values[]}` has what the budget left out.
//!
//! `/hotkeys?route_id=&label=&sub_bucket=` or `?start=&end=` (base64url), with `series=reads|writes`, `top=` (20, at most
//! 1024 and what a sketch holds), `from_unix_ms=`, `to_unix_ms=` (window ends; without them the open column and the last
//! sealed one) answers `keys[] {key_b64, count, error}`, the hottest first, with `error_bound`, `sample_rate`,
//! `sample_rate_least`, `sampled_n`, `operations`, what is lacking (`dropped_samples`, `skipped_long_keys`,
//! `unsampled_ops`, together `degraded`), and `snapshot_at`. Where there is nothing to tell it is 404 with one of
//! `hotkeys_disabled`, `no_snapshot`, `out_of_snapshot_window`, `expired`, `no_sketch`, `below_threshold`.
//!
//! `/events?from_unix_ms=&to_unix_ms=&kind=&fold_ms=` answers
//! `{"events": [{"at_unix_ms", "kind", "text", "cut"?, "number", "own"?, "changes"?, "fold"?}], "told", "dropped",
//! "generated_at"}`: the events with `from <= at_unix_ms < to` (their own instants; elsewhere time bounds are ends of
//! windows), by instant, of one instant as they were told. `kind` is 1 to 32 of `a-z0-9_-`; `text` has at most 192 bytes
//! before escaping, `cut` says that it was longer; `number` counts all events ever told and never comes again. The core's
//! own kinds are `split`, `merge`, `leader-change` and `folding`: such an event is `own: true`, and `changes`, where it is
//! there, says how many it stands for. Hosts tell theirs with `Sampler::annotate`, and what they write there is redacted
//! as keys are.
//!
//! - `kind=split,merge`: only these; `kind=!split,merge`: all but these. A kind that is neither one of the well-known
//!   nor of an event that is kept is 400 `invalid_query`, whose text names those there are.
//! - `fold_ms=60000`: within spans of so many milliseconds, aligned to the epoch, many of one kind are one line, with
//!   `fold {events, last_unix_ms, other_nodes?}`: of the core's own from 3 on, of a host's from 16 on, and of these only
//!   kinds that the core tells of, too. All else that a host told always stands alone. The single ones are had
//!   with the line's `kind`, its `at_unix_ms` and `last_unix_ms + 1`, where `own` is the line's. 0, or nothing: all
//!   stand alone.
//!
//! `/top?series=&limit=&label=&start=&end=` (20 rows, at most 1024; keys in base64url) answers the hottest ranges of the
//! newest window beside the window before: `now`, `before` (`null` where there is none), `ranges`, and
//! `rows[] {bucket_id, route_id, start, end, middle, aggregate, sub_bucket, sub_buckets, raft_group_id, leader_term, value,
//! rate, share, before, before_rate, name?, split?}`; `own_ranges: true` where the core made the ranges, whose ids name
//! nothing of the host's then; `/status` has it, too. Where keys are redacted, nothing is said of where to split: `middle`
//! is `null`, and there is no `split`. Of several nodes each row has `nodes[] {node, value, share}`, who counted most of it
//! first and at most 16, `node_count`, and where its value is an estimate `estimated: true`.
//!
//! `/cell?series=&from_unix_ms=&to_unix_ms=&label=` with `start=&end=` (keys in base64url) or `route_id=&sub_bucket=`
//! (times and series as in `/matrix`) answers what was counted between two keys, or by a route, in a time, the open column
//! included: `series`, `columns`, `value`, `estimated`, `conflict`, `missing`, and of several nodes
//! `nodes[] {node, value, share, estimated, raft_group_id, leader_term}`, all that counted in it. Without keys and route it
//! is of all keys. A route's is what was counted under its id, whatever its bounds were; one that counted nothing, and an
//! id that nobody has, have the value 0. It has no keys; those asked with are cut as shown where keys are redacted, and
//! then ids of ranges of the core's own making, which are made of their bounds, are refused.
//!
//! `/names` answers `{"names": [{"prefix", "name"}]}`, what the host calls the parts of its key space, with a sampler or
//! without. Names are key bytes, so they are redacted where keys are, as texts are.
//!
//! # Several nodes
//!
//! [`Admin::of_nodes`] shows several samplers as one picture. `/matrix`, `/top`, `/cell`, `/hotkeys` and `/status` then have a member
//! `fanout`: `nodes[] {node, ok, state, error?, warnings[]?, history_from_unix_ms, started_unix_ms, step_ms, unattributed,
//! evicted, absent_unix_ms[]?}` in the configured order, `responded`, `expected`, `writes_superseded`. `absent_unix_ms` has
//! pairs of instants: from where to where the node does not cover what others do, at most 32. A node that is away at
//! present has the warning `away`, and `error` says why; one that never was there is not `ok`. `column_nodes` of `/matrix`
//! counts the nodes that cover a column wholly; cells that lack one are `missing`. Without `open=1` the picture ends with
//! the last window that all nodes which are there have sealed. `/hotkeys` without a time is of the last two windows of the
//! picture. `/events` says with each event whose it is (`node`); `number` counts a node's own. `/status` sums up counters,
//! and lists the nodes' `history_files`. A snapshot is one node's, so that it can be gone on with.
//!
//! Answers of 1400 bytes and more are packed where `Accept-Encoding` has `zstd`.
//!
//! # Roles
//!
//! A token opens role *read* or role *full* ([`Access`]); what each sees of keys is a [`Redaction`]. Answers in which keys
//! are redacted say so in a member `redaction`, and `/status` says `role` and `redaction` of whoever asks. Hot keys are for
//! role full alone, redacted as it is. Endpoints that do not redact are 403 `forbidden_role` for role read, and 403 `redacted` where role full is redacted, too. Each
//! answer with keys in it is recorded ([`AdminBuilder::audit`]).
//!
//! # Three ways to embed
//!
//! 1. **Start it**: [`serve`] on a `TcpListener`, with limits on connections, heads, bodies and time; or
//!    [`Background`], where there is no runtime to run it on.
//! 2. **Mount it**: [`Admin::router`] merged into a host's own axum router. Token, host check, headers,
//!    body and time limits come along; limits on connections and heads are the host's server's.
//! 3. **Use only the flags and the flusher**: [`SamplerArgs`] flattened into a host's own flags,
//!    [`Flusher`] to tick, and no endpoint at all.
//!
//! ```no_run
//! use keyviz_admin::{Admin, Flusher, serve, shutdown_signal};
//! use keyviz_core::{Config, Op, RouteId, Sampler};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let now_ms = keyviz_admin::Clock::now_ms(&keyviz_admin::SystemClock);
//! let sampler = Sampler::new(Config::default(), now_ms)?;
//! sampler.register(RouteId(1), b"", None, 0)?;
//! let flusher = Flusher::spawn(sampler.clone())?;
//! sampler.observe(RouteId(1), Op::Write, b"key", 100);
//!
//! let admin = Admin::builder(Some(sampler.reader())).title("my engine").flush_timings(flusher.timings()).build();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8765").await?;
//! serve(listener, admin, shutdown_signal()).await?;
//! flusher.stop();
//! # Ok(())
//! # }
//! ```
//!
//! # A good guest
//!
//! Nothing is printed, no panic hook, subscriber or allocator is installed, no handler of a signal
//! unless the host calls [`shutdown_signal`]. A panic inside a request is a 500 and a number in
//! `/status`.

mod access;
mod admin;
mod admin_flags;
mod answer;
mod asking;
mod assets;
mod audit;
mod auth;
mod background;
mod base64;
mod blocking;
mod body;
mod builder;
mod byte_size;
mod caller;
mod cell;
mod cell_of_nodes;
mod clock;
mod counts;
mod descriptors;
mod error;
mod events;
mod exposed;
mod fanout;
mod faults;
mod fence;
mod flags;
mod flusher;
mod gate;
mod headers;
mod health;
mod history_file;
mod host;
mod hot_keys;
mod key_names_file;
mod label_list;
mod limits;
mod listen;
mod matrix;
mod millis;
mod mode;
mod names;
mod nodes;
mod notice;
mod packed;
mod page;
mod query;
mod recorded;
mod redaction;
mod redactor;
mod role;
mod room;
mod router;
mod running;
mod serve;
#[cfg(feature = "signal")]
mod shutdown;
mod snapshot;
mod socket;
mod split_template;
mod status;
mod stop;
mod ticker;
mod time_limit;
mod timings;
mod token;
mod top;
mod turned_away;

pub use access::{Access, AccessError};
pub use admin::Admin;
pub use admin_flags::AdminArgs;
pub use audit::Audited;
pub use background::{Background, BackgroundError};
pub use builder::AdminBuilder;
pub use byte_size::{ByteSize, ByteSizeError};
pub use clock::{Clock, SystemClock};
pub use descriptors::Descriptors;
pub use exposed::ExposedFile;
pub use faults::on_fault;
pub use flags::SamplerArgs;
pub use flusher::Flusher;
pub use history_file::{HistoryArgs, HistoryFile, HistoryNews, HistoryState};
pub use key_names_file::{KeyNamesFileError, key_names_from_file};
pub use label_list::LabelList;
pub use limits::Limits;
pub use listen::{ListenError, ListenWarning, check_listen};
pub use millis::{Millis, MillisError};
pub use mode::{Mode, TimeLabel};
pub use nodes::{Node, NodesError, Presence};
pub use notice::Notice;
pub use packed::{ReadSnapshotError, read_snapshot, write_snapshot};
pub use recorded::RecordError;
pub use redaction::{Redaction, RedactionError};
pub use redactor::Redactor;
pub use role::Role;
pub use running::{Running, StartError};
pub use serve::serve;
#[cfg(feature = "signal")]
pub use shutdown::shutdown_signal;
pub use split_template::{SplitTemplate, SplitTemplateError};
pub use ticker::Ticker;
pub use timings::FlushTimings;
pub use token::{Token, TokenError};

/// Where the API's paths begin.
pub const BASE_PATH: &str = "/admin/api/v1/keyviz";

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
