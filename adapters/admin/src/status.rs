//! `/status`: what runs here, since when, and every counter.

use crate::Admin;
use crate::caller::Caller;
use crate::counts::Counts;
use crate::error::{ApiError, Code};
use crate::history_file::HistoryState;
use crate::mode::{Mode, TimeLabel};
use crate::nodes::Source;
use crate::notice::Notice;
use crate::role::Role;
use crate::timings::FlushTimings;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use keyviz_core::{Counters, MatrixQuery, Reader, Series, WriteMerge, wire};
use serde::ser::{Serialize, SerializeMap, Serializer};

#[derive(serde::Serialize)]
struct Status<'a> {
    version: &'static str,
    enabled: bool,
    mode: Mode,
    title: &'a str,
    now_unix_ms: u64,
    started_unix_ms: u64,
    step_ms: u64,
    history_from_unix_ms: Option<u64>,
    last_flush_unix_ms: u64,
    next_column_unix_ms: u64,
    routes: u64,
    labels: Vec<&'a str>,
    sub_buckets: u16,
    write_merge: &'static str,
    /// Whether the core makes the ranges: there is nothing for a host to register.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    own_ranges: bool,
    memory_bytes: u64,
    /// Of whoever asks.
    role: &'static str,
    redaction: String,
    counters: Flat,
    /// `null` when no flusher told how long it takes.
    flush: Option<&'a FlushTimings>,
    /// How keeping the history over restarts goes; null when it is not kept.
    history_file: Option<&'a HistoryState>,
    /// Of several nodes, how it goes with each one's; `history_file` is then the first that is in trouble, or the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    history_files: Option<&'a [HistoryState]>,
    /// Counters of the endpoint itself.
    admin: &'a Counts,
    notice: Option<Notice>,
    time_label: TimeLabel,
}

/// Answers 200 also when there is no sampler: the members that would describe it are then 0, empty
/// or null, and `enabled` is false.
pub(crate) async fn status(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
) -> Result<([(HeaderName, &'static str); 1], String), ApiError> {
    let text =
        text(&admin, caller.role).map_err(|_| ApiError::new(Code::Internal, "the status could not be written"))?;
    Ok(([(CONTENT_TYPE, "application/json")], text))
}

/// The body of the answer.
pub(crate) fn text(admin: &Admin, role: Role) -> serde_json::Result<String> {
    let state = admin.state();
    let files = state.history_states.as_slice();
    let mut status = Status {
        version: env!("CARGO_PKG_VERSION"),
        enabled: false,
        mode: admin.mode(),
        title: &state.title,
        now_unix_ms: admin.now_ms(),
        started_unix_ms: state.built_ms,
        step_ms: 0,
        history_from_unix_ms: None,
        last_flush_unix_ms: 0,
        next_column_unix_ms: 0,
        routes: 0,
        labels: Vec::new(),
        sub_buckets: 0,
        write_merge: WriteMerge::Sum.name(),
        own_ranges: false,
        memory_bytes: 0,
        role: role.name(),
        redaction: admin.redactor(role).policy().to_string(),
        counters: Flat(None),
        flush: state.flush_timings.as_ref(),
        history_file: files.iter().find(|file| file.trouble().is_some()).or(files.first()),
        history_files: Some(files).filter(|files| files.len() > 1),
        admin: &state.counts,
        notice: admin.notice(),
        time_label: state.time_label,
    };
    let known = match admin.source() {
        Source::None => None,
        Source::One(reader) => Some((reader.config(), reader.window(), reader.counters(), write_merge(reader))),
        Source::Several(nodes) => {
            let leader = nodes.iter().any(|node| write_merge(&node.reader) == WriteMerge::Leader);
            let mode = if leader { WriteMerge::Leader } else { WriteMerge::Sum };
            Some((nodes.config(), nodes.window(), nodes.counters(), mode))
        }
    };
    if let Some((config, window, counters, mode)) = known {
        status.enabled = true;
        status.started_unix_ms = window.started_ms;
        status.step_ms = config.step_ms;
        status.history_from_unix_ms = window.history_from_ms;
        status.last_flush_unix_ms = window.last_flush_ms;
        status.next_column_unix_ms = window.next_column_ms;
        status.routes = counters.routes;
        status.labels = config.labels.iter().map(|(_, name)| name).collect();
        status.sub_buckets = config.sub_buckets;
        status.write_merge = mode.name();
        status.own_ranges = config.partition.ranges() > 0;
        status.memory_bytes = counters.memory_bytes;
        status.counters = Flat(Some(counters));
    }
    let mut json = serde_json::to_string(&status)?;
    if let Source::Several(nodes) = admin.source() {
        wire::encode::with_fanout(&nodes.status(Series::Ops), &mut json);
    }
    Ok(json)
}

/// How writes of several nodes are to be put together, as the core decides it: it stands on every
/// matrix, and the one of no column and no row costs next to nothing.
fn write_merge(reader: &Reader) -> WriteMerge {
    reader.matrix(&MatrixQuery { from_ms: u64::MAX, rows: 1, ..MatrixQuery::default() }).write_merge
}

/// The sampler's counters under their flat names.
struct Flat(Option<Counters>);

impl Serialize for Flat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut result = Ok(());
        if let Some(counters) = &self.0 {
            counters.for_each(|name, value| {
                if result.is_ok() {
                    result = map.serialize_entry(name, &value);
                }
            });
        }
        result?;
        map.end()
    }
}
