//! What the endpoint counts about itself, shown in `/status`.

use crate::error::Code;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of the endpoint. Each stands alone, so every access is relaxed.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) unauthorized: AtomicU64,
    pub(crate) forbidden_hosts: AtomicU64,
    pub(crate) forbidden_roles: AtomicU64,
    pub(crate) audited: AtomicU64,
    pub(crate) too_large: AtomicU64,
    pub(crate) body_timeouts: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) accept_errors: AtomicU64,
}

/// Adds one.
pub(crate) fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counts {
    /// Counts an error answer by its code.
    pub(crate) fn error(&self, code: Code) {
        match code {
            Code::Internal => bump(&self.panics),
            Code::Busy => bump(&self.busy),
            Code::Unauthorized => bump(&self.unauthorized),
            Code::ForbiddenHost => bump(&self.forbidden_hosts),
            Code::ForbiddenRole | Code::Redacted => bump(&self.forbidden_roles),
            Code::PayloadTooLarge => bump(&self.too_large),
            Code::RequestTimeout => bump(&self.body_timeouts),
            Code::InvalidQuery
            | Code::BadRequest
            | Code::NotFound
            | Code::MethodNotAllowed
            | Code::KeyvizDisabled
            | Code::NoHotKeys(_) => {}
        }
    }

    fn named(&self) -> [(&'static str, &AtomicU64); 12] {
        [
            ("requests", &self.requests),
            ("panics", &self.panics),
            ("busy", &self.busy),
            ("unauthorized", &self.unauthorized),
            ("forbidden_hosts", &self.forbidden_hosts),
            ("forbidden_roles", &self.forbidden_roles),
            ("audited", &self.audited),
            ("too_large", &self.too_large),
            ("body_timeouts", &self.body_timeouts),
            ("connections", &self.connections),
            ("connections_refused", &self.connections_refused),
            ("accept_errors", &self.accept_errors),
        ]
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = self.named();
        let mut map = serializer.serialize_map(Some(named.len()))?;
        for (name, counter) in named {
            map.serialize_entry(name, &counter.load(Ordering::Relaxed))?;
        }
        map.end()
    }
}
