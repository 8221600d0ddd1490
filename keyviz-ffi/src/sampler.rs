//! Samplers: opened, closed, and what keyviz runs beside one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyviz_admin::{Flusher, HistoryFile};
use keyviz_core::{KeyNames, Reader, Sampler};

use crate::admin::Page;
use crate::callback::not_in_callback;
use crate::config::{given, keyviz_config, refused};
use crate::fence::fenced;
use crate::fork::{self, Noted};
use crate::handle::Kind;
use crate::held::Held;
use crate::input::{instant, out};
use crate::label::LabelSet;
use crate::object::Object;
use crate::room;
use crate::status::keyviz_status;
use crate::table;
use crate::tag;

/// A sampler: what counts the load of one key space. All zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_sampler {
    /// keyviz's own.
    pub bits: u64,
}

/// What is behind a sampler's handle.
pub(crate) struct Host {
    pub(crate) sampler: Sampler,
    pub(crate) reader: Reader,
    pub(crate) tag: u32,
    pub(crate) labels: LabelSet,
    pub(crate) names: Mutex<Option<Arc<KeyNames>>>,
    /// Dropped in this order: who asks, who flushes, who writes down.
    pub(crate) page: Mutex<Option<Page>>,
    pub(crate) flusher: Mutex<Option<Flusher>>,
    pub(crate) history: Mutex<Option<(HistoryFile, Noted)>>,
    /// Faults of the threads of pages and flushers that were stopped since.
    pub(crate) faults_before: AtomicU64,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// Takes the page to stop it; what ended it before stays counted.
    pub(crate) fn take_page(&self) -> Option<Page> {
        let mut page = lock(&self.page);
        let faults = page.as_ref().map_or(0, Page::faults);
        self.faults_before.fetch_add(faults, Ordering::Relaxed);
        page.take()
    }

    /// As [`take_page`](Self::take_page).
    pub(crate) fn take_flusher(&self) -> Option<Flusher> {
        let mut flusher = lock(&self.flusher);
        let failed = flusher.as_ref().is_some_and(Flusher::has_failed);
        self.faults_before.fetch_add(failed.into(), Ordering::Relaxed);
        flusher.take()
    }

    /// Faults of the threads of its pages and flushers.
    pub(crate) fn page_faults(&self) -> u64 {
        // Under both locks, so that none is missed or counted twice that is being stopped.
        let (page, flusher) = (lock(&self.page), lock(&self.flusher));
        let flusher = u64::from(flusher.as_ref().is_some_and(Flusher::has_failed));
        self.faults_before.load(Ordering::Relaxed) + page.as_ref().map_or(0, Page::faults) + flusher
    }

    /// Ends what runs beside the sampler.
    fn stop(&self) {
        // Each is out of its lock before it is waited for.
        drop(self.take_page());
        drop(self.take_flusher());
        let history = lock(&self.history).take();
        drop(history);
    }
}

/// The sampler of a handle.
pub(crate) fn pinned(kv: keyviz_sampler) -> Result<Held<Host>, keyviz_status> {
    Held::behind(kv.bits)
}

/// Opens a sampler: takes the memory that `keyviz_config_memory_bytes` tells, and nothing more later but for answers.
///
/// Ownership: `config` is the host's, is read during the call, and may be NULL for the defaults. The sampler is the
/// host's to close.
/// Threads: any. A process may have several samplers.
/// Units: `now_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock.
/// Errors: `null_pointer`, `bad_struct_size`, `bad_config`, `bad_label`, `out_of_memory`, `too_many_handles`;
/// `sampler` is not written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_open(
    config: *const keyviz_config,
    now_ms: u64,
    sampler: *mut keyviz_sampler,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        fork::watch()?;
        // SAFETY: the caller's word.
        let (config, handle) = unsafe { (given(config)?, out(sampler, "sampler")?) };
        let labels = config.labels.clone();
        let sampler = Sampler::new(config, instant(now_ms)).map_err(refused)?;
        let tag = tag::next();
        let host = Host {
            reader: sampler.reader(),
            sampler,
            tag,
            labels: LabelSet::new(tag, &labels),
            names: Mutex::new(None),
            page: Mutex::new(None),
            flusher: Mutex::new(None),
            history: Mutex::new(None),
            faults_before: AtomicU64::new(0),
        };
        let bits = table::put(Kind::Sampler, tag, Object::Sampler(Box::new(host)))?;
        handle.write(keyviz_sampler { bits });
        Ok(())
    })
}

/// Closes a sampler: its page, flusher and history file end, in that order, the flusher with a last flush.
///
/// Its handle, and those of its recorders, are `closed_handle` from now on; calls under way on other threads end as they
/// would have. Memory is given back once they have ended, the recorders are closed, and every thread that observed with
/// `keyviz_observe` has ended or turned to another sampler than the one it observed last.
///
/// Ownership: the handle goes. Matrices, lists and buffers made of it stay, and are closed by themselves.
/// Threads: any; takes as long as answers of its page that are under way, at most 5 seconds, and then as a last flush and
/// writing the history file.
/// Units: none.
/// Errors: `invalid_handle`, `closed_handle`, `foreign_handle`, `forked`, `in_callback`.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_close(sampler: keyviz_sampler) -> keyviz_status {
    fenced(|| {
        not_in_callback()?;
        let host = pinned(sampler)?;
        pinned(sampler)?.close(sampler.bits)?;
        host.stop();
        Ok(())
    })
}
