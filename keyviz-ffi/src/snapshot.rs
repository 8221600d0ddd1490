//! The history as bytes, and going on with it.

use std::ffi::{c_char, c_void};
use std::path::Path;

use keyviz_admin::{HistoryFile, HistoryNews, SystemClock, read_snapshot, write_snapshot};
use keyviz_core::RestoreError;

use crate::buffer::{give, keyviz_buffer};
use crate::callback::not_in_callback;
use crate::fence::fenced;
use crate::flush::no_thread;
use crate::fork::{making, note};
use crate::guest;
use crate::input::{bytes, instant, text};
use crate::last_error::fail;
use crate::log::{self, keyviz_log_level};
use crate::room;
use crate::sampler::{keyviz_sampler, lock, pinned};
use crate::status::keyviz_status;

/// Writes everything that the history holds, the open column included, into a buffer: the form of
/// `docs/snapshot-format.md`, packed with zstd. It holds the bounds of routes.
///
/// Ownership: the buffer is the host's to close.
/// Threads: any; nothing waits for it.
/// Units: `now_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock.
/// Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_snapshot(
    sampler: keyviz_sampler,
    now_ms: u64,
    buffer: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        room::for_snapshot(&host)?;
        let mut packed = Vec::new();
        let written = write_snapshot(&host.reader, instant(now_ms), |frame| {
            packed.try_reserve(frame.len()).map_err(std::io::Error::other)?;
            packed.extend_from_slice(&frame);
            Ok(())
        });
        match written {
            // SAFETY: the caller's word.
            Ok(_) => unsafe { give(&host, packed, buffer) },
            Err(error) => Err(fail(keyviz_status::OutOfMemory, format_args!("the snapshot: {error}"))),
        }
    })
}

/// Goes on with the history of a snapshot, packed or not, before anything is registered or flushed. The bytes may be
/// anything: what is no snapshot is refused, within `max_bytes` of memory.
///
/// Ownership: `data` is the host's, and read during the call.
/// Threads: any.
/// Units: bytes.
/// Errors: those of the handle; `null_pointer`; `bad_snapshot`, `in_use`, `other_step`, `other_division`,
/// `out_of_memory`, with nothing changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_restore(
    sampler: keyviz_sampler,
    data: *const c_void,
    len: usize,
    max_bytes: usize,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let data = unsafe { bytes(data, len, "data") }?;
        room::for_unpacking(len, max_bytes)?;
        let snapshot = read_snapshot(data, max_bytes)
            .map_err(|error| fail(keyviz_status::BadSnapshot, format_args!("the snapshot: {error}")))?;
        host.sampler.restore(&snapshot).map_err(|error| {
            let status = match error {
                RestoreError::InUse => keyviz_status::InUse,
                RestoreError::OtherStep { .. } => keyviz_status::OtherStep,
                RestoreError::OtherDivision { .. } => keyviz_status::OtherDivision,
                _ => keyviz_status::Internal,
            };
            fail(status, format_args!("{error}"))
        })?;
        Ok(())
    })
}

/// Keeps the history over restarts: goes on with what is in the file, and writes it from a thread, `keyviz-history`,
/// that blocks all signals and has niceness 10; and a last time at the end. Before anything is registered or flushed.
///
/// What is wrong with the file is told to the log, and the sampler works without it.
///
/// Ownership: it is the sampler's, and ends with it. `path` is the host's, and copied.
/// Threads: any.
/// Units: `every_ms` is milliseconds; 0 is 5 minutes.
/// Errors: those of the handle; `null_pointer`, `bad_text`, `already_running`, `no_thread`, `out_of_memory`,
/// `in_callback`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_history_start(
    sampler: keyviz_sampler,
    path: *const c_char,
    every_ms: u64,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        not_in_callback()?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let path = Path::new(unsafe { text(path, "path") }?);
        let len = std::fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
        room::for_history(&host, len)?;
        let every_ms = if every_ms == 0 { 300_000 } else { every_ms };
        let mut history = lock(&host.history);
        if history.is_some() {
            return Err(fail(keyviz_status::AlreadyRunning, format_args!("the history is kept in a file already")));
        }
        let tell = |news: HistoryNews| {
            let level = match news {
                HistoryNews::Restored { .. } | HistoryNews::WrittenAgain { .. } => keyviz_log_level::Info,
                _ => keyviz_log_level::Warn,
            };
            log::tell(level, &news.to_string());
        };
        let making = making();
        let sampler = &host.sampler;
        let started = guest::starting(|| HistoryFile::open(path, every_ms, sampler, SystemClock, tell));
        let started = started.and_then(|started| started).map_err(|error| no_thread(&error))?;
        let noted = note(started.lock_descriptor());
        drop(making);
        *history = Some((started, noted));
        Ok(())
    })
}

/// Writes the history a last time, and keeps it no more.
///
/// Ownership: none.
/// Threads: any; takes as long as writing the file.
/// Units: none.
/// Errors: those of the handle; `not_running`, `in_callback`.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_history_stop(sampler: keyviz_sampler) -> keyviz_status {
    fenced(|| {
        not_in_callback()?;
        let host = pinned(sampler)?;
        let history = lock(&host.history).take();
        match history {
            Some((history, _noted)) => history.stop(),
            None => return Err(fail(keyviz_status::NotRunning, format_args!("the history is not kept in a file"))),
        }
        Ok(())
    })
}
