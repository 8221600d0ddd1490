//! `keyviz top` on a terminal: the map, the hottest ranges, a crosshair, live.
//!
//! | module | does |
//! |---|---|
//! | `asking` `status` | a round of questions, and what is read of the answers |
//! | `picture` `scale` `palette` | the answered matrix, point by point; rates to levels; levels to colours |
//! | `place` | which part of time and keys is looked at, and how it moves |
//! | `keys` `pointer` `go_to` | what keys and the mouse mean; going to a key, a route, a name |
//! | `app` `words` | what is known and chosen; what is said about it |
//! | `view` `terminal` | the screen, and whose it is |

mod app;
mod asking;
mod go_to;
mod keys;
mod palette;
mod picture;
mod place;
mod pointer;
mod scale;
mod status;
mod terminal;
mod view;
mod words;

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;
use serde_json::Value;

use self::app::{App, Then};
use self::asking::{Question, Round, Server};
use self::go_to::{Name, Search};
use self::keys::Action;
use self::terminal::Taken;
use super::args::TopArgs;
use super::client::Refusal;
use crate::failure::Failure;
use crate::web::Stop;

pub(crate) use self::palette::{Depth, Theme};

/// How soon a signal is noticed, and how often ages are told anew.
const TICK: Duration = Duration::from_millis(100);
/// Questions of a sort under way at once, those given up included.
const MOST_ASKING: u32 = 4;

/// What reaches the loop.
enum Arrived {
    Terminal(io::Result<Event>),
    Round(u64, Question, Box<Result<Round, Refusal>>),
    Hot(String, Result<Value, Refusal>),
    Names(Vec<Name>),
    Route(String, Result<Option<Vec<u8>>, Refusal>),
}

/// Shows it until a key or a signal ends it.
///
/// # Errors
/// Where the terminal cannot be had, or goes away.
pub(super) fn run(args: &TopArgs, depth: Depth, theme: Theme) -> Result<(), Failure> {
    let token = args.token().map_err(Failure::new)?;
    // From here on a signal ends the loop and not the process, so that the terminal is given back.
    let stop = Stop::on_signals()?;
    let server = Server { address: args.url.clone(), token };
    let mut app = App::new(args.url.to_string(), server.token.is_some(), args.shown(), (theme, depth));
    (app.format, app.has_mouse) = (args.keys, !args.no_mouse);
    // What NO_COLOR says was looked at where the depth was chosen.
    ratatui::crossterm::style::force_color_output(depth != Depth::None);
    let failed = |error: io::Error| Failure::new(format!("the terminal: {error}"));
    let mut terminal = Taken::take().map_err(failed)?;
    let (send, receive) = mpsc::channel();
    let events = send.clone();
    // It ends with the program: reading a terminal cannot be given up.
    let read = move || while events.send(Arrived::Terminal(event::read())).is_ok() {};
    thread::Builder::new().spawn(read).map_err(failed)?;
    Live {
        app,
        server,
        send,
        receive,
        stop,
        number: 0,
        asking: 0,
        asking_hot: 0,
        asked: None,
        due: Some(Instant::now()),
        area: Rect::ZERO,
    }
    .run(&mut terminal)
    .map_err(failed)
}

/// The loop's own state.
struct Live {
    app: App,
    server: Server,
    send: Sender<Arrived>,
    receive: Receiver<Arrived>,
    stop: Stop,
    /// Of the newest question: the answers of older ones come too late.
    number: u64,
    asking: u32,
    asking_hot: u32,
    asked: Option<Instant>,
    due: Option<Instant>,
    /// The screen as it was drawn last.
    area: Rect,
}

impl Live {
    fn run(mut self, terminal: &mut Taken) -> io::Result<()> {
        let mut drawn = Instant::now();
        let mut stale = true;
        loop {
            let size = terminal.screen.size()?;
            self.area = Rect::new(0, 0, size.width, size.height);
            terminal.set_mouse(self.app.has_mouse)?;
            if self.app.resized(view::points(&self.app, self.area)) {
                stale = true;
                // A server that struggles is not asked sooner because it is said above the map that it does.
                self.due = if self.app.failure.is_some() { self.due } else { Some(Instant::now()) };
            }
            // Ages change by themselves once a second; what did not change is not sent.
            if stale || drawn.elapsed() >= Duration::from_secs(1) {
                terminal.screen.draw(|frame| view::draw(&self.app, frame.buffer_mut()))?;
                (drawn, stale) = (Instant::now(), false);
            }
            self.ask();
            self.search();
            if self.stop.is_set() {
                return Ok(());
            }
            let wait = self.due.map_or(TICK, |due| due.saturating_duration_since(Instant::now()).min(TICK));
            let first = match self.receive.recv_timeout(wait) {
                Ok(arrived) => arrived,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            // Keys that were held down are one picture.
            let mut next = Some(first);
            while let Some(arrived) = next {
                if !self.take(arrived)? {
                    return Ok(());
                }
                next = self.receive.try_recv().ok();
            }
            stale = true;
        }
    }

    /// Whether to go on.
    fn take(&mut self, arrived: Arrived) -> io::Result<bool> {
        match arrived {
            Arrived::Terminal(event) => match event? {
                Event::Key(key) if key.kind != KeyEventKind::Release => return Ok(self.pressed(key)),
                Event::Mouse(mouse) => {
                    let at = view::point_at(&self.app, self.area, mouse.column, mouse.row);
                    let then = self.app.point(mouse, at);
                    self.follow(then);
                }
                _ => {}
            },
            Arrived::Round(number, question, round) => {
                self.asking = self.asking.saturating_sub(1);
                if number == self.number {
                    let took = self.asked.take().map_or(Duration::ZERO, |at| at.elapsed());
                    self.app.answered(&question, *round, took);
                    self.due = self.app.pause().map(|pause| Instant::now() + pause);
                }
            }
            Arrived::Hot(path, answer) => {
                self.asking_hot = self.asking_hot.saturating_sub(1);
                self.app.answered_hot(path, answer);
            }
            Arrived::Names(names) => self.app.names = names,
            Arrived::Route(id, found) => {
                let then = self.app.found_route(&id, found);
                self.follow(then);
            }
        }
        Ok(true)
    }

    fn pressed(&mut self, key: event::KeyEvent) -> bool {
        let action = keys::action(key);
        // Ctrl-C quits whatever is typed.
        let quits = action == Some(Action::Quit) && key.modifiers.contains(KeyModifiers::CONTROL);
        if self.app.typing.is_some() && !quits {
            let then = self.app.typed(key);
            self.follow(then);
            return true;
        }
        let Some(action) = action else { return true };
        let then = self.app.act(action);
        self.follow(then);
        then != Then::Quit
    }

    fn follow(&mut self, then: Then) {
        match then {
            Then::Ask => self.due = Some(Instant::now()),
            Then::Draw if self.app.paused => self.due = None,
            Then::Draw | Then::Quit => {}
        }
    }

    /// Asks what is due, each in a thread of its own: a server that hangs holds nothing up.
    fn ask(&mut self) {
        if self.due.is_some_and(|due| due <= Instant::now()) && self.asking < MOST_ASKING {
            self.due = None;
            self.number += 1;
            self.asking += 1;
            self.asked = Some(Instant::now());
            let (number, question) = (self.number, self.app.question());
            let (server, of) = (self.server.clone(), question.clone());
            let answer = move || Box::new(server.round(&question));
            self.beside(move |answered| Arrived::Round(number, of, answered), answer, |no| Box::new(Err(no)));
        }
        // Under an arrow that is held down the cells are many: the last one is asked for when there is room again.
        let room = self.asking_hot < MOST_ASKING;
        if let Some(path) = room.then(|| self.app.hot_question()).flatten() {
            self.asking_hot += 1;
            let (server, of) = (self.server.clone(), path.clone());
            let answer = move || server.hot_keys(&path);
            self.beside(move |answered| Arrived::Hot(of, answered), answer, Err);
        }
    }

    /// Asks what going to a place takes, each in a thread of its own.
    fn search(&mut self) {
        match self.app.search() {
            Some(Search::Names) => {
                let server = self.server.clone();
                self.beside(Arrived::Names, move || server.names(), |_| Vec::new());
            }
            Some(Search::Route { id, .. }) => {
                let (server, of) = (self.server.clone(), id.clone());
                self.beside(move |found| Arrived::Route(of, found), move || server.route(&id), Err);
            }
            _ => {}
        }
    }

    /// Asks in a thread of its own; where the system gives none, that is the answer.
    fn beside<T: Send + 'static>(
        &self,
        arrived: impl FnOnce(T) -> Arrived + Clone + Send + 'static,
        answer: impl FnOnce() -> T + Send + 'static,
        none: impl FnOnce(Refusal) -> T,
    ) {
        let (send, told) = (self.send.clone(), arrived.clone());
        // Nobody listens any more where the program ends.
        let asked = thread::Builder::new().spawn(move || send.send(told(answer())).is_ok());
        if let Err(error) = asked {
            let _ = self.send.send(arrived(none(Refusal::Gone(format!("no thread to ask with: {error}")))));
        }
    }
}
