//! The history file's flags.

use super::place::{beside, followed};
use super::{HistoryFile, HistoryNews, owner};
use crate::clock::SystemClock;
use crate::millis::Millis;
use clap::Args;
use keyviz_core::Sampler;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

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

    /// The same for nodes, each of which goes on with its own history, whichever others there are; none where no file is
    /// named. One alone has the file itself, several have one each, whose name has the node's behind it (a letter or
    /// digit, `.` and `-` as they are, `:` as `_`, everything else as `%` and two hex digits). In full:
    ///
    /// - A node that has such a file of its own goes on with it, also when it is alone.
    /// - Else the file itself is the node's whose it was: `FILE.lock` says so. Where nothing is there yet, or does not say
    ///   whose it is, it is that of a node alone.
    /// - Else the node begins a file of its own.
    ///
    /// A link is followed: what a node has lies beside the file that the link leads to.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn open_each(
        &self,
        nodes: &[(&str, &Sampler)],
        tell: impl Fn(HistoryNews) + Clone + Send + Sync + 'static,
    ) -> io::Result<Vec<HistoryFile>> {
        let Some(file) = self.keyviz_history_file.as_deref().map(followed) else { return Ok(Vec::new()) };
        let mut unclaimed = false;
        let open = |(node, sampler): &(&str, &Sampler)| {
            let own = beside(&file, &suffix(node));
            let (path, named) = match place(&file, &own, node, nodes.len() == 1) {
                Place::Own => (own, None),
                Place::Itself => (file.clone(), Some(*node)),
                Place::OfAnother(owner) => {
                    let (file, node) = (file.clone(), (*node).to_owned());
                    tell(HistoryNews::OfAnother { file, owner, node, own: own.clone() });
                    (own, None)
                }
                Place::OfNobody => {
                    if !std::mem::replace(&mut unclaimed, true) {
                        tell(HistoryNews::OfNobody { file: file.clone(), own: own.clone() });
                    }
                    (own, None)
                }
            };
            HistoryFile::open_as(
                &path,
                named,
                self.keyviz_history_every.0,
                sampler,
                SystemClock,
                Box::new(tell.clone()),
            )
        };
        nodes.iter().map(open).collect()
    }
}

/// Which file is a node's.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// The one with its name.
    Own,
    /// The one that is named.
    Itself,
    /// One with its name, since the one that is named is of a node of this name.
    OfAnother(String),
    /// One with its name, since nobody knows of whom the one that is named is.
    OfNobody,
}

fn place(file: &Path, own: &Path, node: &str, alone: bool) -> Place {
    match owner::of(file) {
        _ if own.exists() => Place::Own,
        Some(owner) if owner == node => Place::Itself,
        Some(owner) if alone => Place::OfAnother(owner),
        None if alone => Place::Itself,
        None if file.exists() => Place::OfNobody,
        _ => Place::Own,
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
    use super::{Place, beside, place, suffix};
    use crate::history_file::owner;
    use std::fs;

    #[test]
    fn a_node_goes_on_with_its_own_whichever_others_there_are() {
        let folder = std::env::temp_dir().join(format!("keyviz-owner-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("h");
        let of = |node: &str, alone| place(&file, &beside(&file, &suffix(node)), node, alone);
        // Nothing is there: one alone has the file, several have theirs.
        assert_eq!((of("a:1", true), of("a:1", false)), (Place::Itself, Place::Own));
        fs::write(&file, "").unwrap();
        assert_eq!((of("a:1", true), of("a:1", false)), (Place::Itself, Place::OfNobody));
        let lock = beside(&file, ".lock");
        owner::note(&fs::File::create(&lock).unwrap(), "a_long_name_of_before:1");
        owner::note(&fs::OpenOptions::new().read(true).write(true).open(&lock).unwrap(), "a:1");
        assert_eq!((of("a:1", true), of("a:1", false)), (Place::Itself, Place::Itself));
        assert_eq!((of("b:1", true), of("b:1", false)), (Place::OfAnother("a:1".to_owned()), Place::Own));
        // One that was among several goes on alone, and the other way round.
        fs::write(beside(&file, ".b_1"), "").unwrap();
        assert_eq!((of("b:1", true), of("b:1", false)), (Place::Own, Place::Own));
        // A lock without its file says nothing.
        fs::remove_file(&file).unwrap();
        assert_eq!((of("c:1", true), of("c:1", false)), (Place::Itself, Place::Own));
        fs::remove_dir_all(&folder).unwrap();
    }

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
