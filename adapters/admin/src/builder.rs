//! How an endpoint is put together.

use crate::access::Access;
use crate::admin::{Admin, State};
use crate::audit::{Audited, Sink};
use crate::clock::{Clock, SystemClock};
use crate::counts::Counts;
use crate::gate::Gate;
use crate::history_file::HistoryState;
use crate::host::AllowedHosts;
use crate::limits::Limits;
use crate::mode::{Mode, TimeLabel};
use crate::nodes::Source;
use crate::split_template::SplitTemplate;
use crate::timings::FlushTimings;
use crate::token::Token;
use keyviz_core::KeyNames;
use std::sync::Mutex;

/// Settings of an [`Admin`]; begin with [`Admin::builder`].
#[must_use]
pub struct AdminBuilder {
    source: Source,
    access: Access,
    audit: Option<Sink>,
    open_to_network: bool,
    allowed_hosts: Vec<String>,
    limits: Limits,
    clock: Box<dyn Clock>,
    title: String,
    mode: Mode,
    time_label: TimeLabel,
    flush_timings: Option<FlushTimings>,
    history_states: Vec<HistoryState>,
    key_names: KeyNames,
    split_template: Option<SplitTemplate>,
}

impl AdminBuilder {
    pub(crate) fn new(source: Source) -> Self {
        AdminBuilder {
            source,
            access: Access::default(),
            audit: None,
            open_to_network: false,
            allowed_hosts: Vec::new(),
            limits: Limits::default(),
            clock: Box::new(SystemClock),
            title: "keyviz".to_owned(),
            mode: Mode::default(),
            time_label: TimeLabel::default(),
            flush_timings: None,
            history_states: Vec::new(),
            key_names: KeyNames::default(),
            split_template: None,
        }
    }

    /// The bearer token of role full; `None` (the default) asks for none, and
    /// [`serve`](crate::serve) then takes a listener on loopback only.
    pub fn token(mut self, token: Option<Token>) -> Self {
        self.access.full = token;
        self
    }

    /// Tokens of both roles and what each sees of keys, in place of everything set so before.
    ///
    /// # Examples
    /// ```
    /// use keyviz_admin::{Access, Admin, Redaction, Token};
    /// let read = Some(Token::from_text("0123456789abcdef0123")?);
    /// let access = Access { read, read_redaction: Redaction::Hmac, ..Access::default() };
    /// let admin = Admin::builder(None).access(access).build(); // role read for one token, full for nobody
    /// # Ok::<(), keyviz_admin::TokenError>(())
    /// ```
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Gets a record of each answer that holds key bytes: who asked, which part, how many, never the keys. It is called
    /// on a thread that may block, one call at a time for one request, several at once for several. Without it, answers
    /// are counted (`audited` in `/status`).
    ///
    /// A panic in it fails the request with a 500: what cannot be recorded is not answered.
    pub fn audit(mut self, sink: impl Fn(&Audited) + Send + Sync + 'static) -> Self {
        self.audit = Some(Box::new(sink));
        self
    }

    /// Lets [`serve`](crate::serve) take a listener beyond loopback without a token: everyone who reaches it
    /// can read keys and load. Default `false`. Whoever sets it prints the warning of
    /// [`check_listen`](crate::check_listen) on each start.
    pub fn open_to_network(mut self, open: bool) -> Self {
        self.open_to_network = open;
        self
    }

    /// What the page calls the engine it shows. Default `keyviz`.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Whether the picture moves. Default [`Mode::Live`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How instants are shown. Default [`TimeLabel::Unix`].
    pub fn time_label(mut self, time_label: TimeLabel) -> Self {
        self.time_label = time_label;
        self
    }

    /// Host names that requests may carry, besides the loopback names: `name` (any port),
    /// `name:port`, addresses. An entry that is none of these matches nothing.
    pub fn allowed_hosts(mut self, names: Vec<String>) -> Self {
        self.allowed_hosts = names;
        self
    }

    /// The bounds. Default [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How keeping the history goes, for `/status`; of [`HistoryFile::state`](crate::HistoryFile::state). Of several nodes,
    /// each has one.
    pub fn history_state(mut self, state: HistoryState) -> Self {
        self.history_states.push(state);
        self
    }

    /// Shows how long the flushes of a [`Flusher`](crate::Flusher) take, as `flush` in `/status`.
    pub fn flush_timings(mut self, timings: FlushTimings) -> Self {
        self.flush_timings = Some(timings);
        self
    }

    /// What the host calls the parts of its key space; see [`Admin::set_key_names`]. Default: nothing has a name.
    pub fn key_names(mut self, names: KeyNames) -> Self {
        self.key_names = names;
        self
    }

    /// The command that splits a range, shown beside the hottest. Default: none is shown.
    pub fn split_template(mut self, template: Option<SplitTemplate>) -> Self {
        self.split_template = template;
        self
    }

    /// Another clock than the system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The endpoint.
    #[must_use]
    pub fn build(self) -> Admin {
        let limits = self.limits.bounded();
        let built_ms = self.clock.now_ms();
        let full = self.access.redactor();
        let read = full.with_policy(self.access.read_redaction);
        let admin = Admin::from_state(State {
            source: self.source,
            redactors: (full, read),
            access: self.access,
            audit: self.audit,
            open_to_network: self.open_to_network,
            hosts: AllowedHosts::new(&self.allowed_hosts),
            gate: Gate::new(&limits),
            limits,
            clock: self.clock,
            title: self.title,
            mode: Mutex::new(self.mode),
            time_label: self.time_label,
            flush_timings: self.flush_timings,
            history_states: self.history_states,
            notice: Mutex::new(None),
            counts: Counts::default(),
            built_ms,
            key_names: Mutex::new(None),
            split_template: self.split_template,
            snapshot: Mutex::new(None),
            #[cfg(any(test, feature = "fault"))]
            fault: std::sync::atomic::AtomicBool::new(false),
            #[cfg(test)]
            refusals: Default::default(),
        });
        admin.set_key_names(self.key_names);
        admin
    }
}
