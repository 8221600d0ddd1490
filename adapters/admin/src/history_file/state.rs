//! How keeping the history goes, for `/status`.

use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

/// How keeping the history goes, shared between a [`HistoryFile`](crate::HistoryFile) and whoever shows it
/// (`history_file` in `/status`). Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct HistoryState(Arc<Mutex<Numbers>>);

/// What is shown.
#[derive(Clone, Debug, Default, Serialize)]
struct Numbers {
    file: String,
    columns_restored: u64,
    written_unix_ms: Option<u64>,
    written_bytes: u64,
    writes: u64,
    failures: u64,
    /// What is wrong at present.
    trouble: Option<String>,
}

impl HistoryState {
    pub(crate) fn of(file: String) -> Self {
        HistoryState(Arc::new(Mutex::new(Numbers { file, ..Numbers::default() })))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Numbers) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Times that the file was written.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.change(|numbers| numbers.writes)
    }

    /// Times that it could not be written.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.change(|numbers| numbers.failures)
    }

    /// What is wrong at present, if anything.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.change(|numbers| numbers.trouble.clone())
    }

    pub(crate) fn restored(&self, columns: u64) {
        self.change(|numbers| numbers.columns_restored = columns);
    }

    /// Says whether there was trouble before.
    pub(crate) fn written(&self, now_ms: u64, bytes: u64) -> bool {
        self.change(|numbers| {
            numbers.writes += 1;
            (numbers.written_unix_ms, numbers.written_bytes) = (Some(now_ms), bytes);
            numbers.trouble.take().is_some()
        })
    }

    pub(crate) fn failed(&self) {
        self.change(|numbers| numbers.failures += 1);
    }

    /// Says whether this is new.
    pub(crate) fn troubled(&self, trouble: String) -> bool {
        self.change(|numbers| numbers.trouble.replace(trouble.clone()) != Some(trouble))
    }
}

impl Serialize for HistoryState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = self.change(|numbers| numbers.clone());
        numbers.serialize(serializer)
    }
}
