//! Whose a history file is, where that is not in its name: a line in the lock beside it.

use super::place::beside;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// Longest name that is read.
const NAME_BYTES: usize = 255;

/// Writes down whose the file is whose lock this is, unless it says so already. Where that fails, nobody knows.
pub(super) fn note(mut lock: &File, node: &str) {
    if lock.rewind().is_ok() && read(lock).is_some_and(|owner| owner == node) {
        return;
    }
    let _ = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(format!("{node}\n").as_bytes()));
}

/// Whose the file is, if there is one and it is written down.
pub(super) fn of(file: &Path) -> Option<String> {
    read(&File::open(beside(file, ".lock")).ok().filter(|_| file.exists())?)
}

/// The name in a lock. It goes to terminals, and whoever may write into the folder writes it: what no terminal obeys.
fn read(lock: &File) -> Option<String> {
    let mut bytes = Vec::new();
    // One more: the end of the line, or what makes it too long.
    lock.take(NAME_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let is_name = (1..=NAME_BYTES).contains(&line.len()) && line.iter().all(|byte| matches!(byte, b' '..=b'~'));
    is_name.then(|| String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};

    #[test]
    fn only_a_name_that_terminals_show_is_one_and_it_is_written_once() {
        let folder = std::env::temp_dir().join(format!("keyviz-owner-name-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("h");
        fs::write(&file, "").unwrap();
        let lock = beside(&file, ".lock");
        let (longest, too_long) = ("n".repeat(NAME_BYTES), "n".repeat(NAME_BYTES + 1));
        for node in ["127.0.0.1:6379", "/run/a b.sock", &longest] {
            for end in ["", "\n", "\nmore \u{1b}"] {
                fs::write(&lock, format!("{node}{end}")).unwrap();
                assert_eq!(of(&file).as_deref(), Some(node), "{end:?}");
            }
        }
        for node in ["", "a\u{1b}[2J:1", "a\u{7f}", "a\tb", "a\r", "\u{e4}:1", "a\u{202e}:1", &too_long] {
            fs::write(&lock, format!("{node}\n")).unwrap();
            assert_eq!(of(&file), None, "{node:?}");
        }
        // What says it already stays as it is, to the last byte.
        let opened = OpenOptions::new().read(true).write(true).open(&lock).unwrap();
        for (stood, stands) in [("a:1\nmore", "a:1\nmore"), ("b:1\nmore", "a:1\n"), ("", "a:1\n")] {
            fs::write(&lock, stood).unwrap();
            note(&opened, "a:1");
            assert_eq!(fs::read_to_string(&lock).unwrap(), stands);
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
