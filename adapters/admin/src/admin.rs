//! The endpoint's state, shared by every request.

use crate::access::Access;
use crate::audit::{Audited, Sink};
use crate::builder::AdminBuilder;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::counts::{Counts, bump};
use crate::gate::Gate;
use crate::history_file::HistoryState;
use crate::host::AllowedHosts;
use crate::limits::Limits;
use crate::mode::{Mode, TimeLabel};
use crate::nodes::{Node, NodesError, Source};
use crate::notice::Notice;
use crate::redactor::Redactor;
use crate::role::Role;
use crate::router;
use crate::split_template::SplitTemplate;
use crate::timings::FlushTimings;
use axum::Router;
use keyviz_core::{KeyNames, Reader};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The admin endpoint: what it reads, who may ask, within which limits. Cheap to clone; all clones
/// are one endpoint.
#[derive(Clone)]
pub struct Admin(Arc<State>);

pub(crate) struct State {
    pub(crate) source: Source,
    pub(crate) access: Access,
    /// What role full and what role read sees of keys.
    pub(crate) redactors: (Redactor, Redactor),
    pub(crate) audit: Option<Sink>,
    pub(crate) open_to_network: bool,
    pub(crate) hosts: AllowedHosts,
    pub(crate) limits: Limits,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) title: String,
    pub(crate) mode: Mutex<Mode>,
    pub(crate) time_label: TimeLabel,
    pub(crate) flush_timings: Option<FlushTimings>,
    pub(crate) history_states: Vec<HistoryState>,
    pub(crate) notice: Mutex<Option<Notice>>,
    pub(crate) gate: Gate,
    pub(crate) counts: Counts,
    pub(crate) built_ms: u64,
    pub(crate) key_names: Mutex<Option<Arc<KeyNames>>>,
    pub(crate) split_template: Option<SplitTemplate>,
    /// The thread of the latest snapshot.
    pub(crate) snapshot: Mutex<Option<JoinHandle<()>>>,
    /// A test planted a fault of the thread that serves.
    #[cfg(any(test, feature = "fault"))]
    pub(crate) fault: std::sync::atomic::AtomicBool,
    /// A test planted refusals of what that thread begins with.
    #[cfg(test)]
    pub(crate) refusals: crate::background::tests::Refusals,
}

/// The part of keys and time that a request asked for, for the audit.
#[derive(Default)]
pub(crate) struct Asked<'a> {
    pub(crate) start: &'a [u8],
    pub(crate) end: Option<&'a [u8]>,
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
}

impl Admin {
    /// Begins an endpoint on a sampler's reader; `None` makes one that says it is disabled.
    pub fn builder(reader: Option<Reader>) -> AdminBuilder {
        AdminBuilder::new(reader.map_or(Source::None, Source::One))
    }

    /// Begins an endpoint on several nodes, which it shows as one picture, in this order: answers are merged by the rules
    /// of [`Merge`](keyviz_core::Merge), and say in a member `fanout` which nodes they are made of. One node is shown as
    /// [`builder`](Self::builder) shows it, none as disabled.
    ///
    /// # Errors
    /// [`NodesError`]: nodes of different steps or labels, or of one name.
    ///
    /// # Examples
    /// ```
    /// use keyviz_admin::{Admin, Node};
    /// use keyviz_core::{Config, NodeState, Sampler};
    /// let (one, two) = (Sampler::new(Config::default(), 0)?, Sampler::new(Config::default(), 0)?);
    /// let nodes = vec![Node::new("one:6379", one.reader()), Node::new("two:6379", two.reader())];
    /// nodes[1].presence().away(NodeState::Unreachable, "nobody listens there"); // until it is said to be here
    /// let admin = Admin::of_nodes(nodes)?.title("two nodes").build();
    ///
    /// let twice = vec![Node::new("one", one.reader()), Node::new("one", two.reader())];
    /// assert!(Admin::of_nodes(twice).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_nodes(nodes: Vec<Node>) -> Result<AdminBuilder, NodesError> {
        Source::of(nodes).map(AdminBuilder::new)
    }

    pub(crate) fn from_state(state: State) -> Admin {
        Admin(Arc::new(state))
    }

    /// Shows a text on the page from now on, or none.
    pub fn set_notice(&self, notice: Option<Notice>) {
        *self.0.notice.lock().unwrap_or_else(PoisonError::into_inner) = notice;
    }

    /// Names parts of the key space from now on, in place of the names before; an empty table names none.
    ///
    /// Rows of the range axis keep the borders of names where they can, and each row has the name that all its keys share.
    pub fn set_key_names(&self, names: KeyNames) {
        let some = names.iter().next().is_some();
        let names = some.then(|| Arc::new(names));
        *self.0.key_names.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Says whether the picture moves from now on: a recording that was watched while it was made is
    /// [`Mode::Static`] once it is complete, and the page stops asking.
    pub fn set_mode(&self, mode: Mode) {
        *self.0.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    /// The routes with all their layers, for a host's own router. It has no fallback and no route
    /// outside `/admin`, so that it merges with whatever the host has; under a prefix of the host's
    /// (`nest`) the page works as well, because its references are relative.
    ///
    /// What the host's server has to bring are limits on connections and on the bytes and time of
    /// a request's head; [`serve`](crate::serve) has them. Requests must carry a host name that is
    /// loopback or allowed with [`AdminBuilder::allowed_hosts`].
    ///
    /// # Examples
    /// ```
    /// use axum::{Router, routing::get};
    /// use keyviz_admin::Admin;
    /// let admin = Admin::builder(None).build();
    /// let app: Router = Router::new().route("/", get(|| async { "my engine" })).merge(admin.router());
    /// ```
    pub fn router(&self) -> Router {
        router::mounted(self)
    }

    /// From now on the thread that serves meets a fault when it has accepted a connection, once. For tests.
    #[cfg(any(test, feature = "fault"))]
    pub fn plant_fault(&self) {
        self.0.fault.store(true, std::sync::atomic::Ordering::Release);
    }

    /// Meets the fault that was planted.
    #[cfg(any(test, feature = "fault"))]
    #[expect(clippy::panic, reason = "the fault that a test asks for")]
    pub(crate) fn strike(&self) {
        if self.0.fault.swap(false, std::sync::atomic::Ordering::AcqRel) {
            panic!("a fault of the page's thread, for the test");
        }
    }

    pub(crate) fn state(&self) -> &State {
        &self.0
    }

    pub(crate) fn source(&self) -> &Source {
        &self.0.source
    }

    /// Keeps the thread of a snapshot in place of the one before, which has given up its turn and is at its end.
    pub(crate) fn keep_snapshot(&self, thread: JoinHandle<()>) {
        let before = self.0.snapshot.lock().unwrap_or_else(PoisonError::into_inner).replace(thread);
        if let Some(before) = before {
            // A panic there was told there.
            let _ = before.join();
        }
    }

    /// Waits for the thread of the latest snapshot, whose client is gone.
    pub(crate) fn end_snapshot(&self) {
        let last = self.0.snapshot.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(last) = last {
            let _ = last.join();
        }
    }

    pub(crate) fn open_to_network(&self) -> bool {
        self.0.open_to_network
    }

    pub(crate) fn access(&self) -> &Access {
        &self.0.access
    }

    /// What a role sees of keys.
    pub(crate) fn redactor(&self, role: Role) -> &Redactor {
        let (full, read) = &self.0.redactors;
        if role == Role::Full { full } else { read }
    }

    /// Records that an answer shows so many keys. Called on a thread that may block, since the host's sink may write.
    pub(crate) fn audit(&self, caller: &Caller, endpoint: &'static str, asked: &Asked<'_>, keys: usize) {
        bump(&self.counts().audited);
        let Some(sink) = &self.0.audit else { return };
        let redactor = self.redactor(caller.role);
        let digest = |key: &[u8]| Some(key).filter(|key| !key.is_empty()).map(|key| redactor.digest("key", key));
        sink(&Audited {
            at_unix_ms: self.now_ms(),
            role: caller.role,
            token: caller.token.clone(),
            address: caller.address,
            endpoint,
            keys_from: digest(asked.start),
            keys_to: asked.end.and_then(digest),
            from_unix_ms: asked.from_ms,
            to_unix_ms: asked.to_ms,
            keys,
            redaction: redactor.policy(),
        });
    }

    pub(crate) fn hosts(&self) -> &AllowedHosts {
        &self.0.hosts
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.0.clock.now_ms()
    }

    pub(crate) fn mode(&self) -> Mode {
        *self.0.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names of key prefixes; `None` where there are none.
    pub(crate) fn key_names(&self) -> Option<Arc<KeyNames>> {
        self.0.key_names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn split_template(&self) -> Option<&SplitTemplate> {
        self.0.split_template.as_ref()
    }

    pub(crate) fn notice(&self) -> Option<Notice> {
        self.0.notice.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
