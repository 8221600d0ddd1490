//! The trace: a file that is read twice, or standard input, whose beginning is held.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use keyviz_trace::{ColumnMap, Format, Limits, Trace};

use super::pass::{Bytes, Pass};
use super::progress::Progress;
use super::selection::{Selection, Sieve};
use crate::escape;
use crate::failure::Failure;

/// How much of standard input is held to find the routes in.
const HELD_BYTES: u64 = 64 << 20;

/// How the trace is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) form: Form,
    pub(crate) selection: Selection,
    /// Stop at the first bad line.
    pub(crate) strict: bool,
}

/// What the trace's records look like.
#[derive(Clone, Debug, Default)]
pub(crate) enum Form {
    /// Found by content.
    #[default]
    Found,
    /// Said by the caller.
    Named(Format),
    /// A CSV whose columns the caller has named.
    Columns(ColumnMap),
}

/// Where the trace comes from.
#[derive(Debug)]
pub(crate) struct Input {
    source: Source,
    reading: Reading,
}

#[derive(Debug)]
enum Source {
    /// A regular file, up to the length it had when it was opened.
    File { path: PathBuf, bytes: u64 },
    /// Standard input: its first bytes, and whether they are all there was.
    Stdin { held: Vec<u8>, whole: bool },
}

impl Input {
    /// Checks that there is something to read; of standard input (`-`) reads the first 64 MiB.
    pub(crate) fn open(path: &Path, reading: Reading) -> Result<Input, Failure> {
        let source = if path.as_os_str() == "-" { hold(io::stdin().lock())? } else { file(path)? };
        Ok(Input { source, reading })
    }

    /// The input's name for people, escaped.
    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::File { path, .. } => name(path),
            Source::Stdin { .. } => "standard input".to_owned(),
        }
    }

    /// Whether the first pass sees only the beginning.
    pub(crate) fn is_partly_held(&self) -> bool {
        matches!(self.source, Source::Stdin { whole: false, .. })
    }

    /// A reading from the beginning: of a file all, of standard input what is held.
    pub(crate) fn survey(&self) -> Result<Pass<'_>, Failure> {
        let (bytes, expected, strict): (Bytes<'_>, u64, bool) = match &self.source {
            Source::File { path, bytes } => (Box::new(open(path)?.take(*bytes)), *bytes, self.reading.strict),
            Source::Stdin { held, whole } => {
                // What is held ends anywhere; a line that is cut there is whole in the second pass, which is the
                // one that judges.
                let lines = held.iter().rposition(|byte| *byte == b'\n').map_or(held.len(), |last| last + 1);
                let length = if *whole { held.len() } else { lines };
                let bytes = held.get(..length).unwrap_or(held);
                (Box::new(bytes), length as u64, self.reading.strict && *whole)
            }
        };
        self.pass(bytes, strict, Progress::new("surveying", expected))
    }

    /// A reading from the beginning to the end. Of standard input there is one, and it lets go of what was held.
    pub(crate) fn feed(&mut self) -> Result<Pass<'static>, Failure> {
        let (bytes, expected): (Bytes<'static>, u64) = match &mut self.source {
            Source::File { path, bytes } => (Box::new(open(path)?.take(*bytes)), *bytes),
            Source::Stdin { held, .. } => {
                let held = std::mem::take(held);
                let expected = held.len() as u64;
                (Box::new(Cursor::new(held).chain(io::stdin())), expected)
            }
        };
        self.pass(bytes, self.reading.strict, Progress::new("observing", expected))
    }

    fn pass<'a>(&self, bytes: Bytes<'a>, strict: bool, progress: Progress) -> Result<Pass<'a>, Failure> {
        let name = self.name();
        let limits = Limits::default();
        let opened = match &self.reading.form {
            Form::Found => Trace::open(bytes, limits),
            Form::Named(format) => Trace::open_as(bytes, *format, limits),
            Form::Columns(columns) => Trace::open_columns(bytes, columns.clone(), limits),
        };
        let trace = opened.map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))?;
        Ok(Pass::new(trace, name, Sieve::new(self.reading.selection.clone()), strict, progress))
    }
}

fn hold(mut stdin: impl Read) -> Result<Source, Failure> {
    let mut held = Vec::new();
    let read = stdin.by_ref().take(HELD_BYTES).read_to_end(&mut held);
    read.map_err(|error| Failure::new(format!("reading standard input failed: {error}")))?;
    let whole = (held.len() as u64) < HELD_BYTES;
    Ok(Source::Stdin { held, whole })
}

fn file(path: &Path) -> Result<Source, Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| failed(path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::new(format!("{} is a directory; name a trace file in it", name(path))));
    }
    if !metadata.is_file() {
        return Err(Failure::new(format!(
            "{} is no regular file, and replay reads its input twice; save it to a file first, or pipe it into \
             `keyviz replay -`",
            name(path)
        )));
    }
    Ok(Source::File { path: path.to_path_buf(), bytes: metadata.len() })
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| failed(path, &error))
}

/// A path for people, escaped.
pub(crate) fn name(path: &Path) -> String {
    escape::key(path.as_os_str().as_encoded_bytes())
}

/// What went wrong with a file, and what to do.
pub(crate) fn failed(path: &Path, error: &io::Error) -> Failure {
    let name = name(path);
    Failure::new(match error.kind() {
        ErrorKind::NotFound => format!("{name} does not exist; check the path"),
        ErrorKind::PermissionDenied => format!("{name} may not be read by this user; change its permissions"),
        _ => format!("reading {name} failed: {error}"),
    })
}
