//! A file that grows, is cut, or is replaced, as log files are.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What happened to the file beside growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is shorter than what was read of it, and is read from its beginning.
    Cut,
    /// Another file has its name, and is read from its beginning.
    Replaced,
}

/// Reads what there is; at the end of that says so with [`ErrorKind::WouldBlock`], since more may come.
pub(crate) struct Tail {
    path: PathBuf,
    file: File,
    read_bytes: u64,
    ends_line: bool,
    lines: bool,
    changed: Box<dyn FnMut(Change) + Send>,
}

impl Tail {
    /// `lines` where the file has lines: one that was cut off is ended before what follows it. `changed` is told what
    /// happened.
    pub(crate) fn new(path: &Path, lines: bool, changed: Box<dyn FnMut(Change) + Send>) -> io::Result<Tail> {
        let file = File::open(path)?;
        Ok(Tail { path: path.to_path_buf(), file, read_bytes: 0, ends_line: true, lines, changed })
    }

    /// Looks whether the file was cut or replaced, and starts anew then.
    fn look(&mut self) -> io::Result<bool> {
        let is = |a: &Metadata, b: &Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        let here = self.file.metadata()?;
        let named = match std::fs::metadata(&self.path) {
            Ok(named) => named,
            // Between being moved away and being made anew.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let change = if !is(&here, &named) {
            Change::Replaced
        } else if here.len() < self.read_bytes {
            Change::Cut
        } else {
            return Ok(false);
        };
        if !self.lines {
            return Err(io::Error::other("it was cut or replaced, and its format has no lines to go on with"));
        }
        match change {
            Change::Replaced => self.file = File::open(&self.path)?,
            Change::Cut => self.file.rewind()?,
        }
        self.read_bytes = 0;
        (self.changed)(change);
        Ok(true)
    }
}

impl Read for Tail {
    /// # Errors
    /// [`ErrorKind::WouldBlock`] at the end of what there is; else what the file gives.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut count = self.file.read(buf)?;
        // What was still written to a file that is replaced now was read before.
        if count == 0 && !buf.is_empty() && self.look()? {
            if let Some(first) = buf.first_mut().filter(|_| !self.ends_line) {
                *first = b'\n';
                self.ends_line = true;
                return Ok(1);
            }
            count = self.file.read(buf)?;
        }
        if count == 0 && !buf.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.read_bytes += count as u64;
        self.ends_line =
            count.checked_sub(1).and_then(|last| buf.get(last)).map_or(self.ends_line, |last| *last == b'\n');
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    /// Everything until there is no more for now.
    fn there(tail: &mut Tail) -> String {
        let mut text = Vec::new();
        let mut buf = [0; 5];
        loop {
            match tail.read(&mut buf) {
                Ok(count) => text.extend_from_slice(&buf[..count]),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                    return String::from_utf8(text).unwrap();
                }
            }
        }
    }

    #[test]
    fn grows_is_cut_and_is_replaced() {
        let dir = std::env::temp_dir().join(format!("keyviz-tail-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("log");
        std::fs::write(&path, "one\n").unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let mut tail = Tail::new(&path, true, Box::new(move |change| told.lock().unwrap().push(change))).unwrap();
        assert_eq!(there(&mut tail), "one\n");
        let mut to = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        to.write_all(b"two\nthr").unwrap();
        assert_eq!(there(&mut tail), "two\nthr");
        to.set_len(0).unwrap();
        to.write_all(b"new\n").unwrap();
        assert_eq!(there(&mut tail), "\nnew\n", "what was cut off is a line by itself");
        std::fs::rename(&path, dir.join("log.1")).unwrap();
        to.write_all(b"late\n").unwrap();
        assert_eq!(there(&mut tail), "late\n", "the old file is read to its end");
        std::fs::write(&path, "anew\n").unwrap();
        assert_eq!(there(&mut tail), "anew\n");
        assert_eq!(*seen.lock().unwrap(), [Change::Cut, Change::Replaced]);
        let mut binary = Tail::new(&path, false, Box::new(|_| ())).unwrap();
        assert_eq!(there(&mut binary), "anew\n");
        std::fs::write(&path, "x").unwrap();
        assert!(binary.read(&mut [0; 5]).unwrap_err().to_string().contains("no lines"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
