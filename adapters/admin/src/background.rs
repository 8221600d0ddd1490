//! The endpoint on threads of its own, for hosts without a runtime.

use crate::faults::contained;
use crate::listen::{ListenError, check_listen};
use crate::{Admin, serve};
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// The endpoint, served by two threads: `keyviz-page` for requests, `keyviz-blocking` for what takes milliseconds; and by
/// `keyviz-snapshot` while one is sent.
///
/// They have the signal mask and the niceness of the thread that starts them. Dropping it lets answers under way
/// finish for [`Limits::shutdown_ms`](crate::Limits::shutdown_ms), and joins them all.
///
/// # Examples
/// ```
/// use keyviz_admin::{Admin, Background};
/// let page = Background::start("127.0.0.1:0".parse()?, Admin::builder(None).build())?;
/// assert!(page.address().port() > 0);
/// // Beyond loopback it asks for a token.
/// assert!(Background::start("0.0.0.0:0".parse()?, Admin::builder(None).build()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Background {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    ended: Arc<AtomicBool>,
    #[cfg(unix)]
    listener: std::os::fd::RawFd,
}

/// Why the endpoint was not started.
#[derive(Debug)]
#[non_exhaustive]
pub enum BackgroundError {
    /// The address is not loopback and there is no token.
    Refused(ListenError),
    /// The system refused to listen there.
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The system gave no thread.
    Thread(io::Error),
}

impl fmt::Display for BackgroundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Listen { address, error } => write!(f, "cannot listen on {address}: {error}"),
            Self::Thread(error) => write!(f, "no thread: {error}"),
        }
    }
}

impl std::error::Error for BackgroundError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Listen { error, .. } | Self::Thread(error) => Some(error),
        }
    }
}

/// Says that the thread ended, however it did.
struct Ends(Arc<AtomicBool>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Background {
    /// Listens, and starts to serve.
    ///
    /// # Errors
    /// [`BackgroundError`]: the address is not loopback and there is no token, the system refuses to listen there, or
    /// it gives no thread. Nothing is left behind then.
    pub fn start(address: SocketAddr, admin: Admin) -> Result<Background, BackgroundError> {
        // Whoever calls has been told what an open endpoint means when it was built so.
        let _ = check_listen(address, admin.access().has_token(), admin.open_to_network())
            .map_err(BackgroundError::Refused)?;
        let refused = |error| BackgroundError::Listen { address, error };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        #[cfg(unix)]
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&listener);
        let mut builder = Builder::new_current_thread();
        builder.enable_io().enable_time().max_blocking_threads(1).thread_name("keyviz-blocking");
        let runtime = builder.build().map_err(BackgroundError::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let ends = Ends(Arc::clone(&ended));
        let ended_with = admin.clone();
        let served = async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            let stopped = async move {
                // The other end gone means the same.
                let _ = stopped.await;
            };
            // It refuses what was looked at above, and nothing else.
            let _ = serve(listener, admin, stopped).await;
        };
        let serve = move || {
            let _ends = ends;
            // The runtime goes with it, and with that whatever still takes a snapshot's frames.
            contained(move || runtime.block_on(served));
            ended_with.end_snapshot();
        };
        let thread = thread::Builder::new().name("keyviz-page".to_owned()).spawn(serve);
        let thread = thread.map_err(BackgroundError::Thread)?;
        Ok(Background {
            address,
            stop: Some(stop),
            thread: Some(thread),
            ended,
            #[cfg(unix)]
            listener: descriptor,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The descriptor that it listens with; a child of this process closes it, or keeps the port from others.
    #[cfg(unix)]
    #[must_use]
    pub fn listener_descriptor(&self) -> std::os::fd::RawFd {
        self.listener
    }

    /// Whether its thread ended by itself: a fault that no request's fence caught.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.stop.is_some() && self.ended.load(Ordering::Acquire)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It ended already where nobody listens.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // An error would be the thread's panic, which `has_failed` told.
            let _ = thread.join();
        }
    }
}
