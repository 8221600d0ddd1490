//! A directory of the demo's own that goes when the demo goes, and in any case when the next one starts.
//!
//! Each directory holds a file that its demo keeps locked. The system lets go of the lock when the process is gone,
//! however it went, so a directory whose lock is free is stale; process numbers, which are used again, play no part.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::Failure;

/// How the names of the directories begin.
const NAME: &str = "keyviz-demo-";

/// The file that is kept locked.
const LOCK: &str = "lock";

/// A directory without a lock file is left alone for this long: its demo is about to make it.
const FRESH: Duration = Duration::from_secs(60);

/// The directory; removed on drop.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Removes stale directories below `parent`, then makes a new one there that only this user can read.
    pub(crate) fn create(parent: &Path) -> Result<Scratch, Failure> {
        remove_stale(parent);
        let failed = |error: std::io::Error| {
            Failure::new(format!(
                "no temporary directory could be made in {}: {error}; name another place with TMPDIR",
                parent.display()
            ))
        };
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for number in 0..1000 {
            let path = parent.join(format!("{NAME}{}-{number}", std::process::id()));
            match builder.create(&path) {
                Ok(()) => {
                    let lock = File::create_new(path.join(LOCK)).map_err(failed)?;
                    lock.lock().map_err(failed)?;
                    return Ok(Scratch { path, _lock: lock });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(std::io::ErrorKind::AlreadyExists.into()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next start removes what could not be removed now.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the directories whose demos are gone. What cannot be looked at or removed, another user's for one, stays.
fn remove_stale(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(NAME));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) && is_stale(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_stale(path: &Path) -> bool {
    match File::open(path.join(LOCK)) {
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let age = fs::metadata(path).and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
            matches!(age, Ok(Ok(age)) if age > FRESH)
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_kept_removed_and_swept() {
        let parent = std::env::temp_dir().join(format!("keyviz-scratch-test-{}", std::process::id()));
        fs::create_dir(&parent).unwrap();
        let stale = parent.join("keyviz-demo-1-0");
        fs::create_dir(&stale).unwrap();
        fs::write(stale.join(LOCK), "").unwrap();
        let starting = parent.join("keyviz-demo-2-0");
        fs::create_dir(&starting).unwrap();
        let other = parent.join("other");
        fs::create_dir(&other).unwrap();

        let first = Scratch::create(&parent).unwrap();
        let second = Scratch::create(&parent).unwrap();
        assert!(!stale.exists(), "its demo is gone");
        assert!(first.path().exists() && second.path().exists(), "a running demo's directory stays");
        assert!(starting.exists() && other.exists());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
        drop(second);
        fs::remove_dir_all(&parent).unwrap();
    }
}
