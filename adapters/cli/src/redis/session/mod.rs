//! One `MONITOR` connection, in a process of its own: so that whatever happens to the page's process, somebody goes on
//! reading what the server sends, or leaves.
//!
//! ```text
//! server ─► flow ─► backlog ─► records ─► standard output (a pipe to the parent)
//!          (reads,  (16 MiB)   (waits for
//!           never               the parent)
//!           waits)
//! server ◄─ watch (second connection: our buffer, its memory; lights fuses)
//! ```
//!
//! A parent that is stopped leaves the pipe full, then the backlog: an overload, and the connection is closed. A parent that
//! is gone closes standard input: the process ends. A session that is stopped itself is ended by its parent, which misses
//! its reports. When all of them stand still, the server's own fuse burns down ([`fuse`]).

pub(crate) mod backlog;
pub(crate) mod fuse;
pub(crate) mod records;
pub(crate) mod state;
pub(crate) mod watch;

use std::io::{self, BufRead, BufWriter, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::connection::{Dialer, Flow};
use super::explain::{self, Trouble};
use super::frames::{self, Beat, Report, Why};
use super::resp::Reply;
use super::secret::Secret;
use super::server::{self, Facts};
use super::tls::TlsFiles;
use super::url::Address;
use backlog::Backlog;
use fuse::Fuse;
use records::Records;
use state::State;
use watch::Watch;

/// How long a read of the server may take, before other things are looked at.
const NAP: Duration = Duration::from_millis(50);

/// How often the parent hears that we live.
pub(crate) const BEAT: Duration = Duration::from_millis(200);

/// How long a session that is to end has for its last words.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What to do; a line of JSON on standard input, so that no password stands among the arguments or in the environment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) address: Address,
    pub(crate) secret: Secret,
    pub(crate) tls: TlsFiles,
    /// When `MONITOR` is to begin, in Unix milliseconds; 0 at once.
    pub(crate) begin_unix_ms: u64,
    /// For how long, from then or where that is 0 from the beginning on; 0 until it is stopped.
    pub(crate) watch_for_ms: u64,
    pub(crate) most_buffer_bytes: u64,
    /// Servers that are watched already: their run ids, and their names. None of them is told `MONITOR` once more.
    pub(crate) taken: Vec<(String, String)>,
}

/// A session that is ready to begin.
struct Ready {
    flow: Flow,
    watch: Watch,
    facts: Facts,
}

/// Runs in the session's process.
pub(crate) fn run() -> ExitCode {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    let Some(settings) = read.ok().and_then(|_| serde_json::from_str::<Settings>(&line).ok()) else {
        return ExitCode::FAILURE;
    };
    drop(line);
    let state = Arc::new(State::default());
    let parent = Arc::clone(&state);
    let _ = std::thread::Builder::new().name("keyviz-parent".to_owned()).spawn(move || end_with_parent(&parent));
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let ended = match begin(&settings, &state) {
        Ok(Ok(ready)) => watch(ready, &settings, &state, &mut out),
        Ok(Err(full)) => end(&mut out, (Why::Memory, full), None, Beat::default()),
        Err(Trouble { lasting, text, in_full }) => {
            end(&mut out, (if lasting { Why::Refused } else { Why::Lost }, text), in_full, Beat::default())
        }
    };
    // An error is a parent that is gone: nobody is left to tell.
    if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Waits for the end of standard input, and ends the session; soon after that the process, with its connections, whatever
/// keeps it.
fn end_with_parent(state: &State) {
    let mut rest = [0; 64];
    while !matches!(io::stdin().lock().read(&mut rest), Ok(0) | Err(_)) {}
    state.end(Why::Done, "");
    std::thread::sleep(LAST_WORDS);
    std::process::exit(0);
}

/// Connects, looks at the server, and says `MONITOR`. The inner error is a server that is full.
fn begin(settings: &Settings, state: &State) -> Result<Result<Ready, String>, Trouble> {
    let dialer = Dialer::new(settings.address.clone(), settings.secret.clone(), &settings.tls)?;
    let mut control = dialer.dial()?;
    // Names are for whoever looks at CLIENT LIST; a user who may not give one goes without.
    control.try_ask(&["CLIENT", "SETNAME", "keyviz-watch"])?;
    let facts = Facts::ask(&mut control)?;
    if let Some((_, other)) = settings.taken.iter().find(|(run_id, _)| *run_id == facts.run_id) {
        return Err(Trouble::lasting(explain::same_server(other)));
    }
    let memory = server::memory(&mut control)?;
    if memory.is_full() {
        return Ok(Err(watch::full(&memory)));
    }
    let mut monitor = dialer.dial()?;
    monitor.try_ask(&["CLIENT", "SETNAME", "keyviz-monitor"])?;
    let id = match monitor.ask(&["CLIENT", "ID"])? {
        Reply::Number(id) => id,
        _ => return Err(Trouble::lasting("the server gives its clients no ids; keyviz needs Redis 5 or newer")),
    };
    // Before it is needed, so that a user who may not is told at once.
    let listed = server::waiting(&mut control, id)?.is_some();
    server::may_kill(&mut control)?;
    let mut fuse = Fuse::new(&dialer, id, facts.cluster)?;
    state.sleep(Duration::from_millis(settings.begin_unix_ms).saturating_sub(since_epoch()));
    if let Some(fuse) = &mut fuse {
        fuse.light()?;
    }
    let commands_before = server::commands(&mut control)?;
    monitor.ask(&["MONITOR"])?;
    let flow = monitor.into_flow(NAP)?;
    let most_buffer_bytes = settings.most_buffer_bytes;
    Ok(Ok(Ready {
        flow,
        watch: Watch { control, fuse, id, listed, most_buffer_bytes, memory, commands_before },
        facts,
    }))
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn unix_ms() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}

/// Reads, watches and tells until the session ends; then says why it did.
fn watch(ready: Ready, settings: &Settings, state: &State, out: &mut impl Write) -> io::Result<()> {
    let Ready { flow, watch, facts } = ready;
    let backlog = Backlog::default();
    state.note_alive();
    let began = Instant::now();
    let late = match settings.begin_unix_ms {
        0 => Duration::ZERO,
        begin_unix_ms => since_epoch().saturating_sub(Duration::from_millis(begin_unix_ms)),
    };
    let watch_for = Duration::from_millis(settings.watch_for_ms).saturating_sub(late);
    let deadline = (settings.watch_for_ms > 0).then(|| began + watch_for);
    let guarded = watch.fuse.is_some();
    let mut records = Records::default();
    let told = std::thread::scope(|threads| {
        threads.spawn(|| {
            read(flow, &backlog, state, deadline, guarded);
            backlog.close();
        });
        threads.spawn(|| watch.run(state, &backlog));
        let told = tell(&mut records, (state, &backlog), &facts, guarded, began, out);
        // A parent that takes no more ends the session.
        state.end(Why::Done, "");
        told
    });
    told?;
    let why = state.ended().unwrap_or((Why::Done, String::new()));
    end(out, why, None, beat(&records, state, began))
}

/// Reads what the server sends, and leaves as soon as the session ends: the connection closes with this.
fn read(mut flow: Flow, backlog: &Backlog, state: &State, deadline: Option<Instant>, guarded: bool) {
    while !state.is_ended() {
        match flow.read() {
            Ok(chunk) if backlog.push(chunk).is_err() => state.end(
                Why::Overload,
                "keyviz does not keep up with the server's commands, and left before they wait in the server",
            ),
            Ok(_) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => state.end(Why::Done, ""),
            Ok(_) => {}
            Err(_) if guarded && state.silent_for() >= fuse::BURNS => state.end(
                Why::Lost,
                "keyviz stood still for more than a second, and the server let it go, as it was told to",
            ),
            Err(trouble) => state.end(Why::Lost, trouble.text),
        }
    }
}

/// Makes records of what was read, for the parent.
fn tell(
    records: &mut Records,
    (state, backlog): (&State, &Backlog),
    facts: &Facts,
    guarded: bool,
    began: Instant,
    out: &mut impl Write,
) -> io::Result<()> {
    frames::report(out, &Report::Began { facts: facts.clone(), guarded })?;
    out.flush()?;
    let (mut bytes, mut told, mut known_ms) = (Vec::new(), Instant::now(), 0);
    while backlog.take(&mut bytes, BEAT) {
        records.take(&bytes, out)?;
        let known_now_ms = state.known_unix_ms();
        if told.elapsed() >= BEAT || known_now_ms != known_ms {
            (told, known_ms) = (Instant::now(), known_now_ms);
            frames::report(out, &Report::Beat(beat(records, state, began)))?;
        }
        out.flush()?;
    }
    Ok(())
}

fn beat(records: &Records, state: &State, began: Instant) -> Beat {
    let (most_waiting_bytes, commands) = state.figures();
    Beat {
        lines: records.lines,
        skipped: records.skipped.iter().map(|(name, lines)| ((*name).to_owned(), *lines)).collect(),
        most_waiting_bytes,
        // Where the server was gone before it was asked again, as many as it showed.
        commands: commands.max(records.lines),
        watched_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        known_unix_ms: state.known_unix_ms(),
    }
}

fn end(out: &mut impl Write, (why, text): (Why, String), in_full: Option<String>, beat: Beat) -> io::Result<()> {
    frames::report(out, &Report::Ended { why, text, in_full, beat })?;
    out.flush()
}
