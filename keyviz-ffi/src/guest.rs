//! Threads as a guest has them: they take no signal of the host's, and give way to its own threads.

use std::io;
use std::mem::MaybeUninit;
use std::thread;

/// How nice keyviz's threads are, at the least.
const NICE: libc::c_int = 10;

/// Runs `start` where whatever threads it starts block all signals from their first instruction on and are nice.
///
/// A thread has the mask and the niceness of the one that starts it: so one that lives for the call starts the others,
/// and the caller's mask is blocked while that one is made.
///
/// # Errors
/// Where the system gives no thread.
pub(crate) fn starting<T: Send>(start: impl FnOnce() -> T + Send) -> io::Result<T> {
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are written before they are read, by calls that take any set; the mask is the calling thread's.
    let blocked = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr())
    };
    if blocked != 0 {
        return Err(io::Error::from_raw_os_error(blocked));
    }
    let started = thread::scope(|scope| {
        let work = || {
            be_nice();
            start()
        };
        let starter = thread::Builder::new().name("keyviz-start".to_owned()).spawn_scoped(scope, work);
        // SAFETY: the set was written by the call above; this thread's mask is what it was, whatever came of the other.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
        starter.map(|starter| starter.join())
    })?;
    started.map_err(|_| io::Error::other("a fault while starting a thread"))
}

/// On Linux niceness is a thread's own. A host that is nicer still stays so.
fn be_nice() {
    if cfg!(target_os = "linux") {
        // SAFETY: 0 is the calling thread; both calls take numbers alone.
        unsafe {
            let now = libc::getpriority(libc::PRIO_PROCESS, 0);
            if now < NICE {
                libc::setpriority(libc::PRIO_PROCESS, 0, NICE);
            }
        }
    }
}
