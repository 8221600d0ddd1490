//! The history over restarts: a file that is read at the start, and written every few minutes and at the end.
//!
//! It is a snapshot, packed, as `/snapshot` gives it. Each time it is written whole, beside the old one, brought to the
//! disk, and takes the old one's name then; so a process that is killed, or a machine that loses its power, leaves the
//! old file or the new one, and loses at most what came since it was last written.
//!
//! A file that cannot be gone on with is never written over: it gets the name `FILE.bad` (`.bad.1` and on where there is
//! one). Whatever is wrong with the file or the disk is told, and costs nothing else.
//!
//! `FILE.lock` is kept locked while a process uses the file, so that a second one neither shows the first one's past nor
//! takes its file. The system lets go of the lock with the process, however that ends.

mod args;
mod disk;
mod news;
mod owner;
mod place;
mod state;

use self::disk::{Disk, Found, OsDisk};
use self::place::{beside, followed, replace, set_aside, try_out};
use crate::clock::Clock;
use crate::faults::contained;
use crate::packed::{ReadSnapshotError, read_snapshot, write_snapshot};
use crate::stop::Stop;
use keyviz_core::{EventKind, Reader, RestoreError, Restored, Sampler, Snapshot, SnapshotError};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::{fmt, io};

pub use self::args::HistoryArgs;
pub use self::news::HistoryNews;
pub use self::state::HistoryState;

/// What is taken for reading a file beyond twice what the sampler has.
const READ_BYTES: usize = 64 << 20;

/// Who is told.
type Tell = Box<dyn Fn(HistoryNews) + Send + Sync>;

/// A history file in use, with the thread that writes it.
///
/// Open it before routes are registered and before anything is flushed. Stop it after the
/// [`Flusher`](crate::Flusher), whose last flush it keeps.
///
/// The thread is named `keyviz-history`. It reads as every reader does: neither the flusher nor other readers wait for
/// it.
pub struct HistoryFile {
    stop: Arc<Stop>,
    writer: Option<Arc<Writer>>,
    thread: Option<JoinHandle<()>>,
    state: HistoryState,
    lock: Option<File>,
}

/// Writes the file, whoever asks for it, one after the other.
struct Writer {
    keeper: Keeper<OsDisk>,
    clock: Box<dyn Clock>,
    every_ms: u64,
    writing: Mutex<()>,
}

impl Writer {
    /// `last`: nobody will try again.
    fn write(&self, last: bool) {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.keeper.write(self.clock.now_ms(), (!last).then_some(self.every_ms));
    }
}

impl HistoryFile {
    /// Goes on with the history in `file`, if there is any, and keeps it there: every `every_ms` milliseconds, and when
    /// this is stopped.
    ///
    /// `tell` is called, here and later from the thread, with what whoever runs the program should know: that something
    /// was restored, that nothing can be written there (which is tried at once), and everything that goes wrong later,
    /// once until it changes.
    ///
    /// # Errors
    /// Where the system gives no thread. Whatever is wrong with the file is told, and the sampler works without it.
    ///
    /// # Examples
    /// ```
    /// use keyviz_admin::{HistoryFile, SystemClock};
    /// use keyviz_core::{Config, Op, RouteId, Sampler};
    /// let folder = std::env::temp_dir().join(format!("keyviz-example-{}", std::process::id()));
    /// std::fs::create_dir_all(&folder)?;
    /// for run in 0..2 {
    ///     let sampler = Sampler::new(Config::default(), 1_700_000_400_000 + run * 60_000)?;
    ///     let history = HistoryFile::open(&folder.join("history"), 300_000, &sampler, SystemClock, |news| println!("{news}"))?;
    ///     sampler.register(RouteId(1), b"a", None, 0)?;
    ///     sampler.observe(RouteId(1), Op::Write, b"b", 9);
    ///     sampler.flush(1_700_000_460_000 + run * 60_000);
    ///     history.stop();
    ///     assert_eq!(sampler.reader().counters().recorded.writes, run + 1);
    /// }
    /// std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(
        file: &Path,
        every_ms: u64,
        sampler: &Sampler,
        clock: impl Clock,
        tell: impl Fn(HistoryNews) + Send + Sync + 'static,
    ) -> io::Result<HistoryFile> {
        HistoryFile::open_as(file, None, every_ms, sampler, clock, Box::new(tell))
    }

    /// The same for a node, if one is named: the lock says whose file it is.
    fn open_as(
        file: &Path,
        node: Option<&str>,
        every_ms: u64,
        sampler: &Sampler,
        clock: impl Clock,
        tell: Tell,
    ) -> io::Result<HistoryFile> {
        let file = followed(file);
        let (stop, state) = (Arc::new(Stop::default()), HistoryState::of(file.display().to_string()));
        let keeper = Keeper { file, reader: sampler.reader(), state: state.clone(), tell, disk: OsDisk };
        let lock = match lock(&keeper.file) {
            Ok(lock) => lock,
            Err(InUse) => {
                keeper.trouble(HistoryNews::InUse { file: keeper.file.clone() });
                return Ok(HistoryFile { stop, writer: None, thread: None, state, lock: None });
            }
        };
        if let Some((lock, node)) = lock.as_ref().zip(node) {
            owner::note(lock, node);
        }
        if !keeper.load(sampler, clock.now_ms()) {
            return Ok(HistoryFile { stop, writer: None, thread: None, state, lock });
        }
        keeper.try_out(every_ms);
        let writer = Arc::new(Writer { keeper, clock: Box::new(clock), every_ms, writing: Mutex::default() });
        let (its_stop, its_writer) = (Arc::clone(&stop), Arc::clone(&writer));
        let work = move || {
            while !its_stop.sleep(every_ms) {
                its_writer.write(false);
            }
            its_writer.write(true);
        };
        let thread = thread::Builder::new().name("keyviz-history".to_owned()).spawn(|| _ = contained(work))?;
        Ok(HistoryFile { stop, writer: Some(writer), thread: Some(thread), state, lock })
    }

    /// Writes the file now, beside the times at which it is written anyway: for a host in which something came to its
    /// end. What goes wrong is told as ever. Waits for the disk.
    ///
    /// # Examples
    /// ```
    /// use keyviz_admin::{HistoryFile, SystemClock};
    /// use keyviz_core::{Config, Sampler};
    /// let folder = std::env::temp_dir().join(format!("keyviz-example-now-{}", std::process::id()));
    /// std::fs::create_dir_all(&folder)?;
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// let history = HistoryFile::open(&folder.join("history"), 300_000, &sampler, SystemClock, |news| println!("{news}"))?;
    /// history.write();
    /// assert!(folder.join("history").exists());
    /// # drop(history);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self) {
        if let Some(writer) = &self.writer {
            writer.write(false);
        }
    }

    /// How it goes; for [`AdminBuilder::history_state`](crate::AdminBuilder::history_state).
    #[must_use]
    pub fn state(&self) -> HistoryState {
        self.state.clone()
    }

    /// The descriptor that keeps the lock; a child of this process closes it, or keeps the file from others.
    #[cfg(unix)]
    #[must_use]
    pub fn lock_descriptor(&self) -> Option<std::os::fd::RawFd> {
        self.lock.as_ref().map(std::os::fd::AsRawFd::as_raw_fd)
    }

    /// Writes the file a last time and ends the thread; so does dropping it.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for HistoryFile {
    fn drop(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            // An error would be the thread's panic, which nobody can do anything about here.
            let _ = thread.join();
        }
        if let Some(lock) = self.lock.take() {
            // Closing it is not enough: a child of this process may have it open, too.
            let _ = lock.unlock();
        }
    }
}

impl fmt::Debug for HistoryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryFile").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Another process has the lock.
struct InUse;

/// Takes the lock; none where there can be none, as on a disk that is read-only: then nothing is written anyway.
fn lock(file: &Path) -> Result<Option<File>, InUse> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let Ok(lock) = options.open(beside(file, ".lock")) else { return Ok(None) };
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(InUse),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Why a file cannot be gone on with.
struct Unusable {
    why: String,
    /// It is the file's fault, and nobody else's: it goes aside.
    is_bad: bool,
}

/// What loads and writes.
struct Keeper<D> {
    file: PathBuf,
    reader: Reader,
    state: HistoryState,
    tell: Tell,
    disk: D,
}

impl<D: Disk> Keeper<D> {
    /// Tells what is wrong, unless that was told last.
    fn trouble(&self, news: HistoryNews) {
        if self.state.troubled(news.to_string()) {
            (self.tell)(news);
        }
    }

    /// Goes on with what is in the file. Says whether the file may be written.
    fn load(&self, sampler: &Sampler, now_ms: u64) -> bool {
        let Unusable { why, is_bad } = match self.restore(sampler) {
            Ok(None) => return true,
            Ok(Some((snapshot, restored))) => {
                self.tell_restored(sampler, &snapshot, &restored, now_ms);
                if restored.ahead == 0 {
                    return true;
                }
                let ahead = restored.ahead;
                let why = format!(
                    "{ahead} of its columns lie ahead of this machine's clock, which is at {now_ms} ms; the others go on. \
                     Set the clock right"
                );
                Unusable { why, is_bad: true }
            }
            Err(unusable) => unusable,
        };
        let file = self.file.clone();
        if !is_bad {
            self.trouble(HistoryNews::LeftAlone { file, why, error: None });
            return false;
        }
        match set_aside(&self.disk, &self.file) {
            Ok(aside) => {
                (self.tell)(HistoryNews::SetAside { file, aside, why });
                true
            }
            Err(failed) => {
                self.trouble(HistoryNews::LeftAlone { file, why, error: Some(failed.to_string()) });
                false
            }
        }
    }

    fn tell_restored(&self, sampler: &Sampler, snapshot: &Snapshot, restored: &Restored, now_ms: u64) {
        let Restored { columns, left_out, .. } = *restored;
        self.state.restored(columns);
        let age_ms = now_ms.saturating_sub(snapshot.written_ms());
        if columns > 0 {
            sampler.annotate(now_ms, EventKind::RESTART, &format!("{columns} columns go on"));
        }
        let left_out = if restored.ahead > 0 { 0 } else { left_out.reads.saturating_add(left_out.writes) };
        (self.tell)(HistoryNews::Restored { file: self.file.clone(), columns, age_ms, left_out });
    }

    /// Restores the file, if there is one.
    fn restore(&self, sampler: &Sampler) -> Result<Option<(Snapshot, Restored)>, Unusable> {
        let unusable = |why: String| Unusable { why, is_bad: true };
        match self.disk.find(&self.file) {
            Ok(Found::Nothing) => return Ok(None),
            Ok(Found::File) => {}
            Ok(Found::Other) => return Err(Unusable { why: "it is no file".to_owned(), is_bad: false }),
            Err(error) => return Err(Unusable { why: format!("it cannot be read: {error}"), is_bad: false }),
        }
        let max_bytes = sampler.reader().counters().memory_bytes.saturating_mul(2);
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX).saturating_add(READ_BYTES);
        let source = self.disk.read(&self.file).map_err(ReadSnapshotError::Source);
        let snapshot = source.and_then(|source| read_snapshot(source, max_bytes)).map_err(|error| match error {
            ReadSnapshotError::Snapshot(SnapshotError::Newer { .. }) => unusable(format!("{error}; start that one")),
            // The disk, or who may read: not what is in it.
            ReadSnapshotError::Source(_) => Unusable { why: error.to_string(), is_bad: false },
            _ => unusable(error.to_string()),
        })?;
        match sampler.restore(&snapshot) {
            Ok(restored) => Ok(Some((snapshot, restored))),
            Err(error @ RestoreError::InUse) => Err(Unusable { why: error.to_string(), is_bad: false }),
            Err(error @ RestoreError::OtherStep { snapshot_ms, .. }) => {
                Err(unusable(format!("{error}; under this name and with --keyviz-step={snapshot_ms}ms it would go on")))
            }
            Err(error @ RestoreError::OtherDivision { snapshot, .. }) => Err(unusable(format!(
                "{error}; under this name and with --keyviz-sub-buckets={snapshot} it would go on"
            ))),
            Err(error) => Err(unusable(error.to_string())),
        }
    }

    /// Tries whether there is a way to write, so that somebody hears of it who can still do something about it.
    fn try_out(&self, every_ms: u64) {
        if let Err(failed) = try_out(&self.disk, &self.file) {
            let (file, why) = (self.file.clone(), failed.to_string());
            self.trouble(HistoryNews::NotWritten { file, why, again_ms: Some(every_ms) });
        }
    }

    /// Writes the history; what goes wrong is told.
    fn write(&self, now_ms: u64, again_ms: Option<u64>) {
        let mut bytes = 0;
        let written = replace(&self.disk, &self.file, |sink| {
            bytes = write_snapshot(&self.reader, now_ms, |frame| sink(&frame))?;
            Ok(())
        });
        let file = self.file.clone();
        match written {
            Ok(()) if self.state.written(now_ms, bytes) => (self.tell)(HistoryNews::WrittenAgain { file }),
            Ok(()) => {}
            Err(failed) => {
                self.state.failed();
                self.trouble(HistoryNews::NotWritten { file, why: failed.to_string(), again_ms });
            }
        }
    }
}
