//! What a history file needs of a file system, step by step, so that a test can stop it between any two.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    File,
    /// A folder, a device, a pipe.
    Other,
}

/// The steps.
pub(crate) trait Disk {
    /// A file that is being written.
    type File;

    /// What stands under a name.
    fn find(&self, path: &Path) -> io::Result<Found>;

    /// A file's bytes.
    fn read(&self, path: &Path) -> io::Result<Box<dyn Read>>;

    /// A new, empty file in the place of whatever file stands there.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// Adds bytes.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;

    /// Waits until the disk has all bytes.
    fn sync(&self, file: &mut Self::File) -> io::Result<()>;

    /// Gives a file another name, in the place of whatever file has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until the disk has the names in a folder.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Takes a file away.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The system's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OsDisk;

impl Disk for OsDisk {
    type File = File;

    fn find(&self, path: &Path) -> io::Result<Found> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Found::File),
            Ok(_) => Ok(Found::Other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(File::open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        // A new one each time: whoever may write into the folder cannot lead the bytes elsewhere by a link.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It holds bounds of routes, which are key bytes.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere a folder cannot be opened.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}
