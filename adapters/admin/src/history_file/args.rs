//! The history file's flags.

use super::place::beside;
use super::{HistoryFile, HistoryNews};
use crate::clock::SystemClock;
use crate::millis::Millis;
use clap::Args;
use keyviz_core::Sampler;
use std::fmt::Write;
use std::io;
use std::path::PathBuf;

/// Where the history is kept over restarts, as flags and environment variables.
#[derive(Args, Clone, Debug)]
// A host describes itself: the text above is not its description.
#[command(about = None::<&str>, long_about = None::<&str>)]
pub struct HistoryArgs {
    /// File that keeps the history over restarts: read at the start, written now and then and at the end
    #[arg(long, env = "KEYVIZ_HISTORY_FILE", value_name = "FILE")]
    pub keyviz_history_file: Option<PathBuf>,

    /// How often the history file is written, 1s to 24h: a process that is killed loses at most so much
    #[arg(long, env = "KEYVIZ_HISTORY_EVERY", default_value = "5m", value_parser = every, value_name = "DURATION")]
    pub keyviz_history_every: Millis,
}

fn every(text: &str) -> Result<Millis, String> {
    let millis: Millis = text.parse().map_err(|error| format!("{error}"))?;
    if (1_000..=86_400_000).contains(&millis.0) { Ok(millis) } else { Err("use 1s to 24h".to_owned()) }
}

impl HistoryArgs {
    /// Goes on with the history in the file, if one is named; see [`HistoryFile::open`], which says when to call this.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn open(
        &self,
        sampler: &Sampler,
        tell: impl Fn(HistoryNews) + Send + Sync + 'static,
    ) -> io::Result<Option<HistoryFile>> {
        let open = |file| HistoryFile::open(file, self.keyviz_history_every.0, sampler, SystemClock, tell);
        self.keyviz_history_file.as_deref().map(open).transpose()
    }

    /// The same for one of several nodes: each has a file of its own, whose name has the node's behind it (a letter or
    /// digit, `.` and `-` as they are, `:` as `_`, everything else as `%` and two hex digits). So a node goes on with its
    /// own history, whichever others there are.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn open_for(
        &self,
        node: &str,
        sampler: &Sampler,
        tell: impl Fn(HistoryNews) + Send + Sync + 'static,
    ) -> io::Result<Option<HistoryFile>> {
        let Some(file) = &self.keyviz_history_file else { return Ok(None) };
        HistoryFile::open(&beside(file, &suffix(node)), self.keyviz_history_every.0, sampler, SystemClock, tell)
            .map(Some)
    }
}

/// What stands behind the file's name for a node.
fn suffix(node: &str) -> String {
    let mut suffix = ".".to_owned();
    for byte in node.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => suffix.push(char::from(byte)),
            b':' => suffix.push('_'),
            // Writing to a String cannot fail.
            other => _ = write!(suffix, "%{other:02x}"),
        }
    }
    suffix
}

#[cfg(test)]
mod tests {
    use super::suffix;

    #[test]
    fn no_two_nodes_have_one_file() {
        for (node, file) in [
            ("127.0.0.1:6379", ".127.0.0.1_6379"),
            ("[::1]:1", ".%5b__1%5d_1"),
            ("/run/a_b.sock", ".%2frun%2fa%5fb.sock"),
            ("a_1", ".a%5f1"),
        ] {
            assert_eq!(suffix(node), file);
        }
    }
}
