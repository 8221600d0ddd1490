//! Noticing that this process is the child of a fork, and letting go of what the parent has to itself.
//!
//! A child has all of its parent's descriptors. As long as it had keyviz's, nobody else could have the port or the file,
//! and a client of the parent's would never see the end of its connection. So each is noted while it is open, and the
//! child closes them; nothing is shut down, so the parent does not notice. Between a descriptor's making and its note no
//! fork happens: it waits for that, and the next making waits for the fork.

use std::any::Any;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::last_error::fail;
use crate::log;
use crate::status::keyviz_status;
use crate::table;

/// From now on, handles of this process are no longer good in its children.
pub(crate) fn watch() -> Result<(), keyviz_status> {
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*watched {
        // SAFETY: the handlers store to atomics, pause and close descriptors, which is allowed in a child of any process;
        // they stay in memory because the library is never unloaded (`-z nodelete`).
        let refused = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
        if refused != 0 {
            return Err(fail(
                keyviz_status::OutOfMemory,
                format_args!("the system cannot tell of forks: error {refused}"),
            ));
        }
        *watched = true;
    }
    Ok(())
}

/// Forks under way, and descriptors being made.
static FORKING: AtomicU32 = AtomicU32::new(0);
static MAKING: AtomicU32 = AtomicU32::new(0);

/// How often a fork looks whether a descriptor is noted by now: some 10 ms, which is far more than that takes. A host's
/// fork waits no longer for a thread of keyviz's that gets no processor; its child may keep one connection open then.
const LOOKS: u32 = 200;

/// How long it waits between two looks.
const LOOK_NS: libc::c_long = 50_000;

extern "C" fn before() {
    FORKING.fetch_add(1, Ordering::SeqCst);
    let mut looks = 0;
    while MAKING.load(Ordering::SeqCst) > 0 && looks < LOOKS {
        let pause = libc::timespec { tv_sec: 0, tv_nsec: LOOK_NS };
        // SAFETY: it reads the time and writes nothing.
        unsafe { libc::nanosleep(&raw const pause, std::ptr::null_mut()) };
        looks += 1;
    }
}

extern "C" fn in_parent() {
    FORKING.fetch_sub(1, Ordering::SeqCst);
}

/// A descriptor is being made: no fork begins meanwhile.
pub(crate) struct Making(());

/// Waits for forks under way.
pub(crate) fn making() -> Making {
    loop {
        MAKING.fetch_add(1, Ordering::SeqCst);
        if FORKING.load(Ordering::SeqCst) == 0 {
            return Making(());
        }
        MAKING.fetch_sub(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(1));
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        MAKING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The page's descriptors.
pub(crate) struct OfPage;

impl keyviz_admin::Descriptors for OfPage {
    fn making(&self) -> Box<dyn Any> {
        Box::new(making())
    }

    fn note(&self, descriptor: i32) -> Box<dyn Any + Send> {
        Box::new(note(Some(descriptor)))
    }
}

extern "C" fn in_child() {
    // The threads that count these up are not here.
    FORKING.store(0, Ordering::Relaxed);
    MAKING.store(0, Ordering::Relaxed);
    table::strand();
    log::forget();
    for place in &EXCLUSIVE {
        place.close();
    }
}

/// Descriptors that are noted at once: those of seven pages with all the connections they may have by default. Of more, a
/// child keeps some open.
const PLACES: usize = 1024;

/// What a child must not keep open: as long as it had them, nobody else could have the port or the file.
static EXCLUSIVE: [Place; PLACES] = [const { Place::new() }; PLACES];

/// A descriptor, with what it leads to: its number alone may be another's by the time of a fork.
struct Place {
    /// The number and one; 0 where there is none, `TAKEN` while it is written.
    descriptor: AtomicUsize,
    device: AtomicU64,
    inode: AtomicU64,
}

const TAKEN: usize = usize::MAX;

impl Place {
    const fn new() -> Place {
        Place { descriptor: AtomicUsize::new(0), device: AtomicU64::new(0), inode: AtomicU64::new(0) }
    }

    /// Closes it in the child, if it is what it was.
    fn close(&self) {
        let noted = self.descriptor.swap(0, Ordering::Acquire);
        let Some(descriptor) = noted.checked_sub(1).and_then(|number| RawFd::try_from(number).ok()) else { return };
        let noted = (self.device.load(Ordering::Relaxed), self.inode.load(Ordering::Relaxed));
        if identity(descriptor) == Some(noted) {
            // SAFETY: the descriptor is keyviz's, and in this process nobody uses it.
            unsafe { libc::close(descriptor) };
        }
    }
}

/// What a descriptor leads to: device and inode.
#[allow(clippy::unnecessary_cast, reason = "their types differ between systems")]
fn identity(descriptor: RawFd) -> Option<(u64, u64)> {
    let mut about = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the call writes the whole struct where it succeeds, and takes any number.
    let about = unsafe { (libc::fstat(descriptor, about.as_mut_ptr()) == 0).then(|| about.assume_init()) }?;
    Some((about.st_dev as u64, about.st_ino as u64))
}

/// A descriptor that children close, for as long as this lives.
pub(crate) struct Noted(Option<&'static Place>);

/// Notes a descriptor.
pub(crate) fn note(descriptor: Option<RawFd>) -> Noted {
    let number = descriptor.and_then(|descriptor| usize::try_from(descriptor).ok());
    let known = number.zip(descriptor.and_then(identity));
    Noted(known.and_then(|(number, (device, inode))| {
        let free =
            |place: &&Place| place.descriptor.compare_exchange(0, TAKEN, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        let place = EXCLUSIVE.iter().find(free)?;
        place.device.store(device, Ordering::Relaxed);
        place.inode.store(inode, Ordering::Relaxed);
        place.descriptor.store(number + 1, Ordering::Release);
        Some(place)
    }))
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.descriptor.store(0, Ordering::Release);
        }
    }
}
