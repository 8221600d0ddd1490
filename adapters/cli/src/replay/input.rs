//! The trace: a file that is read twice, or standard input, whose beginning is held; at rest, or growing.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use keyviz_trace::{ColumnMap, Format, Limits, Trace};

use super::pass::{Bytes, Pass};
use super::pipe::Pipe;
use super::progress::Progress;
use super::selection::{Selection, Sieve};
use super::tail::{Change, Tail};
use crate::escape;
use crate::failure::Failure;

/// How much of standard input is held to find the routes in.
pub(crate) const HELD_BYTES: u64 = 64 << 20;

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
    /// What it has now is not all.
    grows: bool,
}

#[derive(Debug)]
enum Source {
    /// A regular file, up to the length it had when it was looked at.
    File { path: PathBuf, bytes: u64 },
    /// Standard input: its first bytes, whether they are all there was, and where it is read by a thread, the rest.
    Stdin { held: Vec<u8>, whole: bool, rest: Option<Pipe> },
}

/// How much of the input the first pass sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Everything.
    All,
    /// The first 64 MiB.
    Head,
    /// What there was when it was opened.
    Start,
}

impl Input {
    /// Checks that there is something to read; of standard input (`-`) reads the first 64 MiB.
    pub(crate) fn open(path: &Path, reading: Reading) -> Result<Input, Failure> {
        let source = if path.as_os_str() == "-" { hold(io::stdin().lock())? } else { file(path)? };
        Ok(Input { source, reading, grows: false })
    }

    /// A file that grows, of which so many bytes are there.
    pub(crate) fn growing_file(path: &Path, bytes: u64, reading: Reading) -> Input {
        Input { source: Source::File { path: path.to_path_buf(), bytes }, reading, grows: true }
    }

    /// Standard input that stays open, of which this has come.
    pub(crate) fn growing_pipe(held: Vec<u8>, rest: Pipe, reading: Reading) -> Input {
        let whole = rest.ended();
        Input { source: Source::Stdin { held, whole, rest: Some(rest) }, reading, grows: true }
    }

    /// Takes back what [`growing_pipe`](Input::growing_pipe) was given.
    pub(crate) fn into_pipe(self) -> Option<(Vec<u8>, Pipe)> {
        match self.source {
            Source::Stdin { held, rest: Some(rest), .. } => Some((held, rest)),
            _ => None,
        }
    }

    /// The input's name for people, escaped.
    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::File { path, .. } => name(path),
            Source::Stdin { .. } => "standard input".to_owned(),
        }
    }

    /// How much of it the first pass sees.
    pub(crate) fn seen(&self) -> Seen {
        match self.source {
            _ if self.grows => Seen::Start,
            Source::Stdin { whole: false, .. } => Seen::Head,
            _ => Seen::All,
        }
    }

    /// A reading from the beginning: of a file all, of standard input what is held.
    pub(crate) fn survey(&self) -> Result<Pass<'_>, Failure> {
        let strict = self.reading.strict && !self.grows;
        let (bytes, expected, strict): (Bytes<'_>, u64, bool) = match &self.source {
            Source::File { path, bytes } => (Box::new(open(path)?.take(*bytes)), *bytes, strict),
            Source::Stdin { held, whole, .. } => {
                // What is held ends anywhere; a line that is cut there is whole in the second pass, which is the
                // one that judges.
                let lines = held.iter().rposition(|byte| *byte == b'\n').map_or(held.len(), |last| last + 1);
                let length = if *whole { held.len() } else { lines };
                let bytes = held.get(..length).unwrap_or(held);
                (Box::new(bytes), length as u64, strict && *whole)
            }
        };
        let progress = if self.grows { Progress::hidden() } else { Progress::new("surveying", expected) };
        self.pass(bytes, strict, progress)
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

    /// As [`feed`](Input::feed), for whoever must not be kept waiting: where there is no more for now, the bytes say so.
    /// `changed` is told what happens to a growing file beside growing.
    pub(crate) fn feed_live(
        &mut self,
        format: Format,
        changed: Box<dyn FnMut(Change) + Send>,
    ) -> Result<Pass<'static>, Failure> {
        let no_thread = |error| Failure::new(format!("no thread to read standard input: {error}"));
        let bytes: Bytes<'static> = match &mut self.source {
            Source::File { path, .. } if self.grows => {
                Box::new(Tail::new(path, format.has_lines(), changed).map_err(|error| failed(path, &error))?)
            }
            Source::File { path, bytes } => Box::new(open(path)?.take(*bytes)),
            Source::Stdin { held, rest, .. } => {
                let rest = match rest.take() {
                    Some(rest) => rest,
                    None => Pipe::start(io::stdin()).map_err(no_thread)?,
                };
                Box::new(Cursor::new(std::mem::take(held)).chain(rest))
            }
        };
        self.pass(bytes, self.reading.strict, Progress::hidden())
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
    Ok(Source::Stdin { held, whole, rest: None })
}

fn file(path: &Path) -> Result<Source, Failure> {
    Ok(Source::File { path: path.to_path_buf(), bytes: length(path)? })
}

/// How long a regular file is now.
pub(crate) fn length(path: &Path) -> Result<u64, Failure> {
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
    Ok(metadata.len())
}

pub(crate) fn open(path: &Path) -> Result<File, Failure> {
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
