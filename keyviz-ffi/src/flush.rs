//! Flushing: by the host, or by a thread of keyviz's.

use keyviz_admin::Flusher;

use crate::callback::not_in_callback;
use crate::fence::fenced;
use crate::guest;
use crate::input::instant;
use crate::last_error::fail;
use crate::room;
use crate::sampler::{keyviz_sampler, lock, pinned};
use crate::status::keyviz_status;

pub(crate) fn no_thread(error: &std::io::Error) -> keyviz_status {
    fail(keyviz_status::NoThread, format_args!("the system gave no thread: {error}"))
}

/// No sampler: with it the call fails on purpose.
#[cfg(feature = "fault")]
const FAULTY: u64 = u64::MAX;

/// An instant that is none: with it the sampler's page meets a fault in its own thread.
#[cfg(feature = "fault")]
const FAULT_OF_PAGE: u64 = u64::MAX - 1;

/// A clock that ends the thread that flushes, for the test.
#[cfg(feature = "fault")]
#[derive(Default)]
struct FaultyClock(std::sync::atomic::AtomicU64);

#[cfg(feature = "fault")]
impl keyviz_admin::Clock for FaultyClock {
    #[expect(clippy::panic, reason = "the fault that a test asks for")]
    fn now_ms(&self) -> u64 {
        let looks = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if looks > 0 { panic!("a fault of the flusher, for the test") } else { keyviz_admin::SystemClock.now_ms() }
    }
}

/// Gathers what was observed since the last flush; seals the open column when `now_ms` has reached its end.
///
/// For hosts that have a thread for it: at each multiple of the step, and in between as often as the open column is to
/// be fresh. Others call `keyviz_flusher_start`.
///
/// Ownership: none.
/// Threads: any; one at a time, others wait. Recorders and readers wait for nothing.
/// Units: `now_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock. A time before the last one's
/// counts as that.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_flush(sampler: keyviz_sampler, now_ms: u64) -> keyviz_status {
    fenced(|| {
        pinned(sampler)?.sampler.flush(instant(now_ms));
        Ok(())
    })
}

/// Lets time pass in which nobody observed: its windows are missing, and not zero.
///
/// Ownership: none.
/// Threads: as `keyviz_flush`.
/// Units: as `keyviz_flush`.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_skip(sampler: keyviz_sampler, now_ms: u64) -> keyviz_status {
    fenced(|| {
        #[cfg(feature = "fault")]
        if now_ms == FAULT_OF_PAGE {
            lock(&pinned(sampler)?.page).iter().for_each(crate::admin::Page::plant_fault);
            return Ok(());
        }
        pinned(sampler)?.sampler.skip(instant(now_ms));
        Ok(())
    })
}

/// Takes the keys that recorders sampled since the last time, as each flush does. A host that flushes itself and samples
/// keys calls it some ten times a second.
///
/// Ownership: none.
/// Threads: as `keyviz_flush`.
/// Units: none.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_drain_samples(sampler: keyviz_sampler) -> keyviz_status {
    fenced(|| {
        #[cfg(feature = "fault")]
        #[expect(clippy::panic, reason = "the fault that a test asks for")]
        if FAULTY == sampler.bits {
            panic!("a fault in a call, for the test");
        }
        let _ = pinned(sampler)?.sampler.drain_samples();
        Ok(())
    })
}

/// Starts a thread, `keyviz-flush`, that flushes by the system's clock at every window's end and in between. It blocks
/// all signals and has niceness 10.
///
/// Ownership: it is the sampler's, and ends with it.
/// Threads: any.
/// Units: none.
/// Errors: those of the handle; `already_running`, `no_thread`, `out_of_memory`, `in_callback`.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_flusher_start(sampler: keyviz_sampler) -> keyviz_status {
    fenced(|| {
        room::for_threads(2)?;
        not_in_callback()?;
        let host = pinned(sampler)?;
        let mut flusher = lock(&host.flusher);
        if flusher.is_some() {
            return Err(fail(keyviz_status::AlreadyRunning, format_args!("the flusher runs already")));
        }
        let sampler = host.sampler.clone();
        #[cfg(not(feature = "fault"))]
        let clock = keyviz_admin::SystemClock;
        #[cfg(feature = "fault")]
        let clock = FaultyClock::default();
        let started = guest::starting(|| Flusher::spawn_with(sampler, clock)).and_then(|started| started);
        *flusher = Some(started.map_err(|error| no_thread(&error))?);
        Ok(())
    })
}

/// Ends the flusher, with a last flush: what was observed before this call is in a column when it returns, often in the
/// open one.
///
/// Ownership: none.
/// Threads: any; takes as long as the flush under way and the last one.
/// Units: none.
/// Errors: those of the handle; `not_running`, `in_callback`.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_flusher_stop(sampler: keyviz_sampler) -> keyviz_status {
    fenced(|| {
        not_in_callback()?;
        let host = pinned(sampler)?;
        match host.take_flusher() {
            Some(flusher) => flusher.stop(),
            None => return Err(fail(keyviz_status::NotRunning, format_args!("the flusher does not run"))),
        }
        Ok(())
    })
}
