//! The trace file, read twice from the beginning up to the length it had when it was opened.

use std::fs::File;
use std::io::{ErrorKind, Read, Take};
use std::path::{Path, PathBuf};

use keyviz_trace::{Limits, Trace};

use crate::escape;
use crate::failure::Failure;

/// A regular file. A trace that is still being written is read up to where it was.
#[derive(Debug)]
pub(crate) struct Input {
    path: PathBuf,
    bytes: u64,
}

impl Input {
    /// Checks that there is something to read.
    pub(crate) fn open(path: &Path) -> Result<Input, Failure> {
        let mut input = Input { path: path.to_path_buf(), bytes: 0 };
        let metadata = std::fs::metadata(path).map_err(|error| input.failed(&error))?;
        if metadata.is_dir() {
            return Err(Failure::new(format!("{} is a directory; name a trace file in it", input.name())));
        }
        if !metadata.is_file() {
            return Err(Failure::new(format!(
                "{} is no regular file, and replay reads its input twice; save it to a file first",
                input.name()
            )));
        }
        input.bytes = metadata.len();
        Ok(input)
    }

    /// The file's name for people, escaped.
    pub(crate) fn name(&self) -> String {
        escape::key(self.path.as_os_str().as_encoded_bytes())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A reader from the beginning.
    pub(crate) fn read(&self) -> Result<Trace<Take<File>>, Failure> {
        let file = File::open(&self.path).map_err(|error| self.failed(&error))?;
        Trace::open(file.take(self.bytes), Limits::default())
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", self.name())))
    }

    /// What went wrong with the file, and what to do.
    pub(crate) fn failed(&self, error: &std::io::Error) -> Failure {
        let name = self.name();
        Failure::new(match error.kind() {
            ErrorKind::NotFound => format!("{name} does not exist; check the path"),
            ErrorKind::PermissionDenied => format!("{name} may not be read by this user; change its permissions"),
            _ => format!("reading {name} failed: {error}"),
        })
    }
}
