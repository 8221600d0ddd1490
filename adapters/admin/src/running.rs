//! A sampler and its flusher, started from flags.

use crate::clock::{Clock, SystemClock};
use crate::flags::SamplerArgs;
use crate::flusher::Flusher;
use crate::history_file::{HistoryFile, HistoryNews};
use keyviz_core::{ConfigError, Sampler};
use std::{fmt, io};

/// A sampler at work, with the thread that flushes it.
pub struct Running {
    /// What the host observes with.
    pub sampler: Sampler,
    /// What ticks; stop it when nothing observes any more.
    pub flusher: Flusher,
    /// What keeps the history over restarts, where the flags name a file; stop it last.
    pub history: Option<HistoryFile>,
}

impl Running {
    /// Starts what the flags say: nothing at all when they do not enable it, so that a disabled
    /// sampler has no memory, no thread, and nothing on the hot path but the host's own `Option`.
    ///
    /// # Errors
    /// [`StartError`] when the settings cannot work or the system gives no thread.
    ///
    /// # Examples
    /// ```
    /// use clap::Parser;
    /// use keyviz_admin::{Admin, Running, SamplerArgs};
    /// # #[derive(Parser)] struct HostFlags { #[command(flatten)] sampler: SamplerArgs }
    /// let flags = HostFlags::parse_from(["host"]);
    /// let running = Running::start(&flags.sampler)?;
    /// assert!(running.is_none());
    /// let admin = Admin::builder(running.map(|r| r.sampler.reader())).build(); // answers 503 `keyviz_disabled`
    /// # Ok::<(), keyviz_admin::StartError>(())
    /// ```
    pub fn start(args: &SamplerArgs) -> Result<Option<Running>, StartError> {
        Self::start_telling(args, |_| {})
    }

    /// As [`start`](Self::start); `tell` hears of the history file, now and later, from whichever thread notices.
    /// Without it `/status` says the same, when asked.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_telling(
        args: &SamplerArgs,
        tell: impl Fn(HistoryNews) + Send + Sync + 'static,
    ) -> Result<Option<Running>, StartError> {
        let Some(config) = args.config().map_err(StartError::Config)? else {
            return Ok(None);
        };
        let sampler = Sampler::new(config, SystemClock.now_ms()).map_err(StartError::Config)?;
        let history = args.history.open(&sampler, tell).map_err(StartError::Thread)?;
        let flusher = Flusher::spawn(sampler.clone()).map_err(StartError::Thread)?;
        Ok(Some(Running { sampler, flusher, history }))
    }
}

/// Why nothing was started.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// A setting cannot work.
    Config(ConfigError),
    /// The system gave no thread for the flusher or the history file.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(e) => e.fmt(f),
            Self::Thread(e) => write!(f, "no thread: {e}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(e) => Some(e),
            Self::Thread(e) => Some(e),
        }
    }
}
