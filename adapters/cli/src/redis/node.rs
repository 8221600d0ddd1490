//! One server, session after session.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use keyviz_admin::{Clock, SystemClock};
use keyviz_core::NodeState;

use super::board::Board;
use super::counting::{Counter, Counting, Watching};
use super::explain;
use super::frames::{self, Beat, Frame, Report, Seen, Why};
use super::plan::{Backoff, Phase, Plan};
use super::process::Held;
use super::secret::Secret;
use super::session::Settings;
use super::tls::TlsFiles;
use super::url::Address;
use crate::web::Stop;

/// A process is started so long before its phase begins.
const AHEAD_MS: u64 = 400;

/// Of a process that says so much, reports come late; so many records are a sign of life, too.
const HEARD_EVERY: u64 = 4096;

/// How often a pause is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What all nodes have in common.
pub(crate) struct Common {
    pub(crate) secret: Secret,
    pub(crate) tls: TlsFiles,
    pub(crate) most_buffer_bytes: u64,
    /// 0: until it is stopped.
    pub(crate) duration_ms: u64,
    pub(crate) plan: Plan,
    pub(crate) board: Board,
    /// When all is over, in Unix milliseconds: set when the first session begins; 0 until then.
    pub(crate) end_ms: AtomicU64,
    pub(crate) stop: Stop,
    /// A trouble of the start ends all.
    pub(crate) given_up: AtomicBool,
}

impl Common {
    pub(crate) fn is_over(&self) -> bool {
        self.stop.is_set() || self.given_up.load(Ordering::Relaxed)
    }

    /// Whether the time to watch is past. What was seen in it may still be on its way.
    pub(crate) fn is_past(&self) -> bool {
        let end_ms = self.end_ms.load(Ordering::Relaxed);
        end_ms > 0 && SystemClock.now_ms() >= end_ms
    }
}

/// What became of a node, told once each; and every change after that.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// It is watched; `guarded` by a fuse in the server.
    Began { guarded: bool, first: bool, recovered: bool },
    /// It is not; what the terminal alone is told, where that is more; when it is tried again, unless never.
    Ended { why: Why, text: String, in_full: Option<String>, again_ms: Option<u64> },
}

/// One server.
pub(crate) struct Node {
    /// Its place on the command line.
    pub(crate) place: usize,
    pub(crate) address: Address,
    /// What is counted of it.
    pub(crate) counting: Counting,
    pub(crate) held: Held,
    pub(crate) changes: Sender<(usize, Change)>,
}

impl Node {
    /// Watches until all is over.
    pub(crate) fn run(&self, common: &Common) {
        let (counter, mut backoff) = (self.counting.counter(), Backoff::default());
        while !common.is_over() {
            let Some(phase) = common.plan.next(SystemClock.now_ms(), common.end_ms.load(Ordering::Relaxed)) else {
                return;
            };
            if !pause(common, phase.begin_ms.saturating_sub(AHEAD_MS)) {
                return;
            }
            let (End { why, text, in_full }, watched_ms) = self.session(common, &counter, phase);
            let wait_ms = backoff.after(why, watched_ms);
            let again_ms = (!common.is_over() && why != Why::Done).then_some(wait_ms);
            if why != Why::Done {
                // Nobody listens any more when all is over.
                let _ = self.changes.send((self.place, Change::Ended { why, text, in_full, again_ms }));
            }
            if !pause(common, SystemClock.now_ms() + wait_ms) {
                return;
            }
        }
    }

    /// One session, from the start of its process to its end; why it ended, and for how long it had watched.
    fn session(&self, common: &Common, counter: &Counter, phase: Phase) -> (End, u64) {
        let unlimited = common.end_ms.load(Ordering::Relaxed) == 0 && common.plan.duty.is_none();
        let settings = Settings {
            address: self.address.clone(),
            secret: common.secret.clone(),
            tls: common.tls.clone(),
            begin_unix_ms: common.plan.duty.map_or(0, |_| phase.begin_ms),
            watch_for_ms: if unlimited { common.duration_ms } else { phase.for_ms },
            most_buffer_bytes: common.most_buffer_bytes,
            taken: common.board.taken(self.place),
        };
        let mut from = match self.held.start(&settings) {
            Ok(from) => from,
            Err(error) => {
                let text = format!("no process to watch with: {error}");
                self.counting.away(NodeState::Failed, &text);
                return (End::new(Why::Lost, text), 0);
            }
        };
        drop(settings);
        let until_ms = if common.plan.duty.is_some() { phase.begin_ms + phase.for_ms } else { u64::MAX };
        let mut heard = Listening { node: self, common, phase, until_ms, watching: None, last: Beat::default() };
        let (mut seen, mut records) = (Seen::default(), 0_u64);
        let ended = loop {
            match frames::read(&mut from, &mut seen) {
                Ok(Some(Frame::Record)) => {
                    counter.count(&seen);
                    records += 1;
                    if records.is_multiple_of(HEARD_EVERY) {
                        self.held.note_heard();
                    }
                }
                Ok(Some(Frame::Report(report))) => {
                    self.held.note_heard();
                    if let Some(ended) = heard.report(report) {
                        break ended;
                    }
                }
                Ok(None) if common.is_over() || heard.watching.is_none() && common.is_past() => {
                    break End::new(Why::Done, "");
                }
                Ok(None) => break End::new(Why::Lost, "the process that watches it stood still or was ended"),
                Err(error) => break End::new(Why::Lost, format!("the process that watches it fails: {error}")),
            }
        };
        self.held.finish();
        heard.close(&ended);
        (ended, heard.last.watched_ms)
    }
}

/// Why a session ended.
struct End {
    why: Why,
    text: String,
    /// What the terminal alone is told, where that is more.
    in_full: Option<String>,
}

impl End {
    fn new(why: Why, text: impl Into<String>) -> End {
        End { why, text: text.into(), in_full: None }
    }
}

/// What a session has said so far.
struct Listening<'a> {
    node: &'a Node,
    common: &'a Common,
    phase: Phase,
    /// When its phase is over; without a duty never.
    until_ms: u64,
    watching: Option<Watching>,
    last: Beat,
}

impl Listening<'_> {
    /// Takes a report; why the session ended, if it says so.
    fn report(&mut self, report: Report) -> Option<End> {
        match report {
            Report::Began { facts, guarded } => {
                let (first, recovered) = match self.common.board.began(self.node.place, facts) {
                    Ok(began) => began,
                    Err(other) => return Some(End::new(Why::Refused, explain::same_server(&other))),
                };
                self.watching = Some(self.node.counting.watching(self.until_ms));
                if self.common.duration_ms > 0 {
                    let end_ms = self.began_ms() + self.common.duration_ms;
                    // The first to begin says when all ends.
                    let _ = self.common.end_ms.compare_exchange(0, end_ms, Ordering::Relaxed, Ordering::Relaxed);
                }
                let _ = self.node.changes.send((self.node.place, Change::Began { guarded, first, recovered }));
                None
            }
            Report::Beat(beat) => {
                self.common.board.beat(self.node.place, &beat);
                self.node.counting.known(beat.known_unix_ms);
                self.last = beat;
                None
            }
            Report::Ended { why, text, in_full, beat } => {
                if self.watching.is_some() {
                    self.node.counting.known(beat.known_unix_ms);
                    self.last = beat;
                }
                Some(End { why, text, in_full })
            }
        }
    }

    /// A phase begins when it should, whatever telling so takes.
    fn began_ms(&self) -> u64 {
        self.common.plan.duty.map_or_else(|| SystemClock.now_ms(), |_| self.phase.begin_ms)
    }

    /// All that it saw is counted: now its time ends, or did when it was last known to see anything.
    fn close(&mut self, End { why, text, .. }: &End) {
        let watching = self.watching.take();
        let until_ms = watching.as_ref().map_or_else(|| SystemClock.now_ms(), Watching::known_ms);
        match why {
            Why::Done => watching.into_iter().for_each(Watching::end),
            _ => drop(watching),
        }
        let state = match why {
            Why::Done => None,
            Why::Lost => Some(NodeState::Unreachable),
            Why::Refused => Some(NodeState::Refused),
            Why::Overload | Why::Buffer | Why::Memory => Some(NodeState::Busy),
        };
        if let Some(state) = state {
            self.node.counting.away(state, text);
        }
        self.common.board.ended(self.node.place, (*why, text), &self.last, until_ms);
    }
}

/// Sleeps until that time; false when all is over before, or there is no time left to watch in.
fn pause(common: &Common, until_ms: u64) -> bool {
    loop {
        if common.is_over() || common.is_past() {
            return false;
        }
        let left_ms = until_ms.saturating_sub(SystemClock.now_ms());
        if left_ms == 0 {
            return true;
        }
        std::thread::sleep(LOOK.min(Duration::from_millis(left_ms)));
    }
}
