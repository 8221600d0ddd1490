//! Whose a history file is, where that is not in its name: a line in the lock beside it.

use super::place::beside;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// Longest name that is read.
const NAME_BYTES: u64 = 4096;

/// Writes down whose the file is whose lock this is. Where that fails, nobody knows.
pub(super) fn note(mut lock: &File, node: &str) {
    let _ = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(format!("{node}\n").as_bytes()));
}

/// Whose the file is, if there is one and it is written down.
pub(super) fn of(file: &Path) -> Option<String> {
    let mut text = String::new();
    let lock = File::open(beside(file, ".lock")).ok().filter(|_| file.exists())?;
    lock.take(NAME_BYTES).read_to_string(&mut text).ok()?;
    text.lines().next().filter(|node| !node.is_empty()).map(str::to_owned)
}
