//! `keyviz redis URL...`: what live Redis or Valkey servers are asked, as it happens.
//!
//! ```text
//! server ─MONITOR─► session (a process of its own) ─pipe─► node ─► counting ─► columns ─► page, answer
//! ```
//!
//! Each server is a node (`node`): session after session (`process`, `session`) at the times of the `plan`, counted by
//! `counting`; what happens to it stands on the `board` and is told by `tell`, in ranges that `spread` makes out of the
//! columns'. A session makes records (`frames`) of what
//! the server sends over a `connection` (`url`, `secret`, `tls`, `resp`), looks after the server meanwhile (`server`), and
//! says in plain words what went wrong (`explain`).
//!
//! It must not hurt the server; how it does not is told in `session`.

mod args;
mod board;
mod connection;
mod counting;
mod explain;
mod frames;
mod node;
mod plan;
mod process;
mod resp;
mod secret;
mod server;
mod session;
mod spread;
mod tell;
mod tls;
mod url;

pub(crate) use args::RedisArgs;
pub(crate) use process::COMMAND as SESSION_COMMAND;
pub(crate) use session::run as run_session;
pub(crate) use url::{AddressError, password};

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use keyviz_admin::{Admin, Clock, HistoryFile, HistoryNews, Mode, Node as Shown, Redactor, SystemClock};
use keyviz_core::Sampler;

use crate::failure::Failure;
use crate::out;
use crate::quantity;
use crate::web::{Stop, Web};
use board::Board;
use counting::Servers;
use frames::Why;
use node::{Change, Common, Node};
use plan::Plan;
use secret::Secret;

/// How often sessions are looked at, and changes told.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the command.
pub(crate) fn run(args: &RedisArgs) -> Result<(), Failure> {
    let (addresses, step_ms) = match args.addresses().and_then(|addresses| Ok((addresses, args.step_ms()?))) {
        Ok(checked) => checked,
        // What clap would have said, had it been asked.
        Err(wrong) => clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{wrong}\n")).exit(),
    };
    let redactor = args.admin.exports().map_err(|error| Failure::new(error.to_string()))?.redactor();
    args.exposed_files().iter().for_each(|exposed| out::complain(&exposed.to_string()));
    let secret = Secret::find(args.password_file.as_deref())?;
    let names: Vec<String> = addresses.iter().map(url::Address::name).collect();
    let samplers = names.iter().map(|_| counting::sampler(step_ms, names.len())).collect::<Result<Vec<_>, _>>()?;
    let histories = histories(args, &names, &samplers)?;
    let servers = Servers::new(samplers);
    let shown: Vec<Shown> = names
        .iter()
        .zip(servers.each())
        .map(|(name, counting)| Shown::new(name, counting.reader()).with_presence(counting.presence()))
        .collect();
    let (web, stop) = if args.no_serve {
        (None, Stop::on_signals()?)
    } else {
        let web = Web::bind(&args.admin)?;
        let stop = web.stop();
        (Some(web), stop)
    };
    out::say(&tell::cost(&names, args))?;
    // Whole steps, some time ahead, so that a first phase is not half over when it begins.
    let anchor_ms = (SystemClock.now_ms() + 500).div_ceil(step_ms) * step_ms;
    let common = Common {
        secret,
        tls: args.tls(),
        most_buffer_bytes: args.most_buffer_bytes(),
        duration_ms: args.duration_ms(),
        plan: Plan { anchor_ms, duty: args.duty() },
        board: Board::new(names.iter().cloned()),
        end_ms: AtomicU64::new(0),
        stop,
        given_up: AtomicBool::new(false),
    };
    let (changes, changed) = mpsc::channel();
    let nodes: Vec<Node> = (0..)
        .zip(addresses)
        .zip(servers.each())
        .map(|((place, address), counting)| Node {
            place,
            address,
            counting: counting.clone(),
            held: process::Held::default(),
            changes: changes.clone(),
        })
        .collect();
    drop(changes);
    let run = Run {
        args,
        redactor: &redactor,
        names: &names,
        common: &common,
        servers: &servers,
        nodes: &nodes,
        shown: &shown,
        histories: &histories,
    };
    // The history is kept to its end.
    std::thread::scope(|threads| run.watch(threads, changed, web))
}

/// All of one run.
#[derive(Clone, Copy)]
struct Run<'a> {
    args: &'a RedisArgs,
    /// What may be told of keys.
    redactor: &'a Redactor,
    names: &'a [String],
    common: &'a Common,
    servers: &'a Servers,
    nodes: &'a [Node],
    shown: &'a [Shown],
    histories: &'a [HistoryFile],
}

/// Goes on with the history of each server, in the order of the command line.
fn histories(args: &RedisArgs, names: &[String], samplers: &[Sampler]) -> Result<Vec<HistoryFile>, Failure> {
    let nodes: Vec<(&str, &Sampler)> = names.iter().map(String::as_str).zip(samplers).collect();
    let opened = args.history.open_each(&nodes, |news: HistoryNews| out::complain(&news.to_string()));
    opened.map_err(|error| Failure::new(format!("no thread to keep the history: {error}")))
}

impl<'env> Run<'env> {
    /// Starts the nodes, and serves the page once one of them is watched.
    fn watch<'scope>(
        self,
        threads: &'scope std::thread::Scope<'scope, 'env>,
        mut changed: Receiver<(usize, Change)>,
        web: Option<Web>,
    ) -> Result<(), Failure> {
        let Run { common, nodes, .. } = self;
        threads.spawn(|| self.servers.run());
        let watchers: Vec<_> = nodes.iter().map(|node| threads.spawn(move || node.run(common))).collect();
        let started = self.start(&mut changed);
        if !matches!(started, Ok(true)) {
            common.given_up.store(true, Ordering::Relaxed);
            nodes.iter().for_each(|node| node.held.stop());
            self.servers.finish();
            return started.map(|_| ());
        }
        let end = move |admin: Option<&Admin>| {
            self.follow(&changed, admin, || watchers.iter().all(std::thread::ScopedJoinHandle::is_finished));
            self.servers.finish();
            let nodes = common.board.nodes();
            if let Some(admin) = admin {
                admin.set_mode(Mode::Static);
                admin.set_notice(Some(tell::notice(&nodes, self.args, true)));
            }
            let said = out::say(&tell::answer(&nodes, self.servers, (self.args, self.redactor)));
            if admin.is_some() {
                // The page may be looked at for long, and be ended in no good order.
                self.histories.iter().for_each(HistoryFile::write);
            }
            said
        };
        let Some(mut web) = web else { return end(None) };
        let title = format!("redis {}", self.names.join(", "));
        let builder = Admin::of_nodes(self.shown.to_vec()).map_err(|error| Failure::new(error.to_string()))?;
        let builder =
            self.histories.iter().fold(builder.title(title), |builder, history| builder.history_state(history.state()));
        let admin = web.admin(builder);
        admin.set_notice(Some(tell::notice(&common.board.nodes(), self.args, false)));
        out::say(&format!("page      {}\n          end with Ctrl-C", web.url()))?;
        let page = admin.clone();
        let ending = threads.spawn(move || end(Some(&page)));
        let served = web.serve(admin, std::future::pending());
        common.given_up.store(true, Ordering::Relaxed);
        let ended = ending.join().unwrap_or_else(|_| Err(Failure::new("watching ended by a fault of its own")));
        served.and(ended)
    }

    /// Waits until every node is watched or has failed; whether one is watched.
    ///
    /// # Errors
    /// Where one fails in a way that lasts, or all fail.
    fn start(self, changed: &mut Receiver<(usize, Change)>) -> Result<bool, Failure> {
        let mut begun = vec![false; self.nodes.len()];
        let mut failed: Vec<(usize, Change)> = Vec::new();
        let open = |begun: &[bool], failed: &[(usize, Change)]| {
            (0..).zip(begun).any(|(place, begun)| !begun && !failed.iter().any(|(other, _)| *other == place))
        };
        while open(&begun, &failed) && !self.common.is_over() {
            let Ok((place, change)) = changed.recv_timeout(LOOK) else { continue };
            match &change {
                Change::Ended { why: Why::Refused | Why::Memory, text, in_full, .. } => {
                    let text = in_full.as_ref().unwrap_or(text);
                    return Err(Failure::new(format!("{}: {text}", self.name(place))));
                }
                Change::Ended { .. } => failed.push((place, change)),
                Change::Began { .. } => {
                    self.tell(place, &change);
                    begun.iter_mut().skip(place).take(1).for_each(|begun| *begun = true);
                }
            }
        }
        let watched = begun.contains(&true);
        if watched || self.common.is_over() {
            failed.iter().for_each(|(place, change)| self.tell(*place, change));
            return Ok(watched);
        }
        let texts = failed.iter().filter_map(|(place, change)| match change {
            Change::Ended { text, in_full, .. } => {
                let text = in_full.as_ref().unwrap_or(text);
                Some(format!("{}: {text}", self.name(*place)))
            }
            Change::Began { .. } => None,
        });
        Err(Failure::new(texts.collect::<Vec<_>>().join("\n")))
    }

    /// Tells what happens until all nodes have ended.
    fn follow(self, changed: &Receiver<(usize, Change)>, admin: Option<&Admin>, ended: impl Fn() -> bool) {
        loop {
            let over = ended();
            if let Ok((place, change)) = changed.recv_timeout(if over { Duration::ZERO } else { LOOK }) {
                self.tell(place, &change);
            } else if over {
                return;
            }
            let past = self.common.is_past();
            let states = if past { self.common.board.nodes() } else { Vec::new() };
            for node in self.nodes {
                node.held.end_if_silent();
                // One that still tries to connect would come too late.
                let in_vain = states.get(node.place).is_some_and(|state| !state.watching);
                if self.common.is_over() || in_vain {
                    node.held.stop();
                }
            }
            if let Some(admin) = admin {
                admin.set_notice(Some(tell::notice(&self.common.board.nodes(), self.args, false)));
            }
        }
    }

    fn tell(self, place: usize, change: &Change) {
        let state = self.common.board.nodes().into_iter().nth(place).unwrap_or_default();
        match change {
            Change::Began { guarded, first, recovered } => {
                if *recovered {
                    self.annotate(place, "watched", &state.name);
                }
                match (first, recovered) {
                    // Where nothing can be said any more, the page's address cannot either, and that is an error.
                    (true, _) => _ = out::say(&tell::first(&state, *guarded, self.names)),
                    (false, true) => out::complain(&format!("{}: watched again", state.name)),
                    (false, false) => {}
                }
            }
            Change::Ended { text, in_full, again_ms, .. } => {
                let again = again_ms.map_or(String::new(), |ms| format!("; again in {}", quantity::duration(ms)));
                self.annotate(place, "not-watched", &format!("{}: {text}", self.name(place)));
                let in_full = in_full.as_ref().unwrap_or(text);
                out::complain(&format!("{}: {in_full}{again}", self.name(place)));
            }
        }
    }

    fn annotate(self, place: usize, kind: &str, text: &str) {
        self.servers.each().get(place).into_iter().for_each(|counting| counting.annotate(kind, text));
    }

    fn name(self, place: usize) -> &'env str {
        self.names.get(place).map_or("a server", String::as_str)
    }
}
