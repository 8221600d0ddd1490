//! What happened and when, beside the counts.

use std::ffi::c_char;

use keyviz_core::{EventKind, wire};

use crate::buffer::{give, keyviz_buffer};
use crate::fence::fenced;
use crate::input::{KEYVIZ_NOW, instant, text};
use crate::last_error::fail;
use crate::room;
use crate::sampler::{keyviz_sampler, pinned};
use crate::status::keyviz_status;

/// Remembers that something happened, to be shown beside the counts: a deployment, a backup, a failover.
///
/// Ownership: the texts are the host's, and copied. `kind` is 1 to 32 bytes of a-z, 0-9, '_' and '-'; of `text` the first
/// 192 bytes are kept. Whoever may read events reads it: mind key bytes.
/// Threads: any; waits for a flush under way.
/// Units: `at_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock.
/// Errors: those of the handle; `null_pointer`, `bad_text`, `bad_event_kind`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_annotate(
    sampler: keyviz_sampler,
    at_ms: u64,
    kind: *const c_char,
    text: *const c_char,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (kind, text) = unsafe { (self::text(kind, "kind")?, self::text(text, "text")?) };
        let kind = EventKind::new(kind).map_err(|error| fail(keyviz_status::BadEventKind, format_args!("{error}")))?;
        host.sampler.annotate(instant(at_ms), kind, text);
        Ok(())
    })
}

/// Gives what happened at `from_ms <= at < to_ms`, as JSON: the body of `/events`.
///
/// Ownership: the buffer is the host's to close.
/// Threads: any; nothing waits for it.
/// Units: Unix time in milliseconds; 0 is unbounded.
/// Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_events_json(
    sampler: keyviz_sampler,
    from_ms: u64,
    to_ms: u64,
    buffer: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        // An event's text may double when it is escaped.
        room::of(host.reader.config().max_events as usize * 1024)?;
        let events = host.reader.events(from_ms, to_ms);
        let mut json = room::text(1024 + events.len() * 1536)?;
        wire::encode::events(&events, &host.reader.counters(), instant(KEYVIZ_NOW), &mut json);
        // SAFETY: the caller's word.
        unsafe { give(&host, json.into_bytes(), buffer) }
    })
}
