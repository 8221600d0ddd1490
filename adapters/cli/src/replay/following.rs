//! The first records of an input that grows.

use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use keyviz_trace::Compression;

use super::input::{self, HELD_BYTES, Input, Reading};
use super::pipe::Pipe;
use super::survey::Survey;
use crate::failure::Failure;
use crate::out;
use crate::web::Stop;

/// How often a file without records is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Standard input is looked at when nothing came for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Of an input that had nothing at first, the routes are found in what comes so long after its first record, or in so many
/// records: the first key alone would make a picture of one row.
const SETTLE: Duration = Duration::from_secs(2);
const ENOUGH_RECORDS: u64 = 10_000;

/// As much of the beginning as tells what the input is.
const HEAD_BYTES: u64 = 64 * 1024;

/// Waits until there is a record, and says that it does. `None` when `stop` was set first.
///
/// # Errors
/// Where the input cannot be read, is compressed, or is of no known format; where standard input ends, or has 64 MiB,
/// without a record.
pub(crate) fn first(path: &Path, reading: &Reading, stop: &Stop) -> Result<Option<(Input, Survey)>, Failure> {
    if path.as_os_str() == "-" { of_stdin(reading, stop) } else { of_file(path, reading, stop) }
}

fn of_file(path: &Path, reading: &Reading, stop: &Stop) -> Result<Option<(Input, Survey)>, Failure> {
    let (mut waiting, mut settling) = (Waiting::default(), Settling::default());
    let mut seen = 0;
    let mut found = None;
    while !stop.is_set() {
        let bytes = input::length(path)?;
        let began = Instant::now();
        if bytes != seen {
            let mut head = Vec::new();
            let read = input::open(path)?.take(HEAD_BYTES).read_to_end(&mut head);
            read.map_err(|error| input::failed(path, &error))?;
            let input = Input::growing_file(path, bytes, reading.clone());
            found = look(&input, &head, stop)?.map(|survey| (input, survey));
            seen = bytes;
        }
        match found.take() {
            // What was there at once is what the caller meant.
            Some(found) if !waiting.has_said() => return Ok(Some(found)),
            Some(first) if settling.is_over(&first.1) => return Ok(Some(first)),
            other => found = other,
        }
        if stop.is_set() {
            break;
        }
        waiting.say(&input::name(path))?;
        // A long file of which nothing passes a filter is not read all the time.
        std::thread::sleep(LOOK.max(4 * began.elapsed()));
    }
    Ok(None)
}

fn of_stdin(reading: &Reading, stop: &Stop) -> Result<Option<(Input, Survey)>, Failure> {
    let failed = |error| Failure::new(format!("reading standard input failed: {error}"));
    let most = usize::try_from(HELD_BYTES).unwrap_or(usize::MAX);
    let (mut waiting, mut settling) = (Waiting::default(), Settling::default());
    let mut pipe = Pipe::start(io::stdin()).map_err(failed)?;
    let mut held = Vec::new();
    while !stop.is_set() {
        let before = held.len();
        pipe.gather(&mut held, most, QUIET, SETTLE).map_err(failed)?;
        if held.len() == before && !pipe.ended() && !settling.has_begun() {
            waiting.say("standard input")?;
            continue;
        }
        let ended = pipe.ended() || held.len() >= most;
        let head = held.get(..HEAD_BYTES as usize).unwrap_or(&held).to_vec();
        let input = Input::growing_pipe(std::mem::take(&mut held), pipe, reading.clone());
        let found = if ended { Some(Survey::of(&input)?) } else { look(&input, &head, stop)? };
        if let Some(survey) = found
            && (ended || settling.is_over(&survey))
        {
            return Ok(Some((input, survey)));
        }
        match input.into_pipe() {
            Some(back) => (held, pipe) = back,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// What there is, where it has a record; `None` where it may still get one.
fn look(input: &Input, head: &[u8], stop: &Stop) -> Result<Option<Survey>, Failure> {
    let compression = Compression::of(head);
    if compression != Compression::None {
        let (name, program) = (input.name(), compression.name());
        return Err(Failure::new(format!(
            "{name} is compressed by {program}, and its end cannot be read before it is complete; follow the plain \
             file, or pipe it: {program} -dc FILE | keyviz replay - --follow"
        )));
    }
    // Until a line has ended nobody can tell what it is.
    let has_line = head
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|from| head.get(from..).unwrap_or_default().contains(&b'\n') || head.len() as u64 == HEAD_BYTES);
    match Survey::look(input, || stop.is_set()) {
        Ok(found) => Ok(found.ok().filter(|_| !stop.is_set())),
        Err(failure) if has_line => Err(failure),
        Err(_) => Ok(None),
    }
}

/// Says once that it waits.
#[derive(Debug, Default)]
struct Waiting(bool);

impl Waiting {
    fn has_said(&self) -> bool {
        self.0
    }

    fn say(&mut self, name: &str) -> Result<(), Failure> {
        if std::mem::replace(&mut self.0, true) {
            return Ok(());
        }
        out::say(&format!("waiting   for the first record of {name}"))
    }
}

/// When the first record was seen.
#[derive(Debug, Default)]
struct Settling(Option<Instant>);

impl Settling {
    fn has_begun(&self) -> bool {
        self.0.is_some()
    }

    /// Whether enough came, in time or in number.
    fn is_over(&mut self, survey: &Survey) -> bool {
        self.0.get_or_insert_with(Instant::now).elapsed() >= SETTLE || survey.records >= ENOUGH_RECORDS
    }
}
