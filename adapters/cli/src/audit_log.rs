//! Where the lines about who read keys go: a file, or standard error.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use keyviz_admin::Audited;

use crate::failure::Failure;
use crate::{escape, out};

/// A log that is added to, a line a record.
pub(crate) struct AuditLog(Option<Mutex<File>>);

impl AuditLog {
    /// The file of this name, for its owner alone where it is new; standard error for `-`, and without a name where there
    /// are tokens. Without both there is none: nobody is told apart then, and only this machine may ask.
    pub(crate) fn open(file: Option<&Path>, has_token: bool) -> Result<Option<AuditLog>, Failure> {
        let file = match file {
            None if !has_token => return Ok(None),
            None => return Ok(Some(AuditLog(None))),
            Some(file) if file.as_os_str() == "-" => return Ok(Some(AuditLog(None))),
            Some(file) => file,
        };
        let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(file);
        opened.map(|file| Some(AuditLog(Some(Mutex::new(file))))).map_err(|error| {
            let name = escape::key(file.as_os_str().as_encoded_bytes());
            Failure::new(format!("--admin-audit-file {name}: {error}; name a file that this user may write"))
        })
    }

    /// Adds a line. A file that takes no more, such as on a full disk, is not silent about it: the line goes to standard
    /// error with the reason.
    pub(crate) fn write(&self, audited: &Audited) {
        let Some(file) = &self.0 else { return out::complain(&audited.to_string()) };
        // One write a line: lines of several processes that share the file do not mix.
        let written = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(format!("{audited}\n").as_bytes());
        if let Err(error) = written {
            out::complain(&format!("writing to --admin-audit-file failed: {error}; {audited}"));
        }
    }
}
