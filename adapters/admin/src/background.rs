//! The endpoint on threads of its own, for hosts without a runtime.

use crate::Admin;
use crate::descriptors::{Descriptors, Noted, Told, made};
use crate::faults::contained;
use crate::listen::{ListenError, check_listen};
use crate::serve::serve_telling;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// How often the endpoint begins anew after a fault of its thread.
const RESTARTS: u64 = 8;

/// How long it waits before that.
const PAUSE: Duration = Duration::from_millis(100);

/// The endpoint, served by two threads: `keyviz-page` for requests, `keyviz-blocking` for what takes milliseconds; and by
/// `keyviz-snapshot` while one is sent.
///
/// They have the signal mask and the niceness of the thread that starts them. Dropping it lets answers under way
/// finish for [`Limits::shutdown_ms`](crate::Limits::shutdown_ms), and joins them all.
///
/// A fault that no request's fence caught ends all connections. It is counted ([`faults`](Self::faults)), and the
/// endpoint begins anew, at the same address, eight times at the most; then it has failed
/// ([`has_failed`](Self::has_failed)). A beginning that the system has no descriptors or memory for is one of the eight.
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
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    ended: Arc<AtomicBool>,
    faults: Arc<AtomicU64>,
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

/// What the endpoint's thread works with.
struct Work {
    listener: TcpListener,
    admin: Admin,
    told: Told,
    stopped: watch::Receiver<bool>,
    faults: Arc<AtomicU64>,
    _ends: Ends,
    /// Last: until the listener is closed.
    _noted: Noted,
}

fn runtime() -> io::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.enable_io().enable_time().max_blocking_threads(1).thread_name("keyviz-blocking");
    builder.build()
}

impl Work {
    /// Serves until it is told to stop, with another runtime after each fault.
    fn run(self, first: Runtime) {
        let mut first = Some(first);
        for _ in 0..=RESTARTS {
            let runtime = first.take().map_or_else(|| self.another_runtime(), Ok);
            if runtime.is_ok_and(|runtime| self.served(runtime)) || self.stops_within(PAUSE) {
                return;
            }
        }
    }

    fn another_runtime(&self) -> io::Result<Runtime> {
        #[cfg(test)]
        tests::refusal(&self.admin.state().refusals.runtimes)?;
        runtime()
    }

    /// Serves with a runtime. Says whether it did until it was told to stop: not where it met a fault, or had nothing to
    /// begin with.
    fn served(&self, runtime: Runtime) -> bool {
        let mut served = Ok(());
        let whole = contained(|| served = runtime.block_on(self.serve()));
        // Not within the fault: it waits for the blocking thread, and ends whatever still takes a snapshot's frames.
        drop(runtime);
        self.admin.end_snapshot();
        if !whole {
            self.faults.fetch_add(1, Ordering::Release);
        }
        whole && served.is_ok()
    }

    async fn serve(&self) -> io::Result<()> {
        #[cfg(test)]
        tests::refusal(&self.admin.state().refusals.listeners)?;
        let (listener, _noted) = made(&self.told, || self.listener.try_clone())?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut stopped = self.stopped.clone();
        let stopped = async move {
            // The other end gone means the same.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        serve_telling(listener, self.admin.clone(), stopped, self.told.clone()).await
    }

    fn stops_within(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if *self.stopped.borrow() {
                return true;
            }
            thread::sleep(PAUSE / 20);
        }
        false
    }
}

impl Background {
    /// Listens, and starts to serve.
    ///
    /// # Errors
    /// [`BackgroundError`]: the address is not loopback and there is no token, the system refuses to listen there, or
    /// it gives no thread. Nothing is left behind then.
    pub fn start(address: SocketAddr, admin: Admin) -> Result<Background, BackgroundError> {
        Background::start_as(address, admin, None)
    }

    /// As [`start`](Self::start), for a host that forks: `told` hears of each descriptor that it listens or answers with.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_telling(
        address: SocketAddr,
        admin: Admin,
        told: Arc<dyn Descriptors>,
    ) -> Result<Background, BackgroundError> {
        Background::start_as(address, admin, Some(told))
    }

    fn start_as(address: SocketAddr, admin: Admin, told: Told) -> Result<Background, BackgroundError> {
        // Whoever calls has been told what an open endpoint means when it was built so.
        let _ = check_listen(address, admin.access().has_token(), admin.open_to_network())
            .map_err(BackgroundError::Refused)?;
        let refused = |error| BackgroundError::Listen { address, error };
        let (listener, noted) = made(&told, || TcpListener::bind(address)).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let runtime = runtime().map_err(BackgroundError::Thread)?;
        let (stop, stopped) = watch::channel(false);
        let (ended, faults) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let work = Work {
            listener,
            admin,
            told,
            stopped,
            faults: Arc::clone(&faults),
            _ends: Ends(Arc::clone(&ended)),
            _noted: noted,
        };
        let thread = thread::Builder::new().name("keyviz-page".to_owned()).spawn(move || work.run(runtime));
        let thread = thread.map_err(BackgroundError::Thread)?;
        Ok(Background { address, stop, thread: Some(thread), ended, faults })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often its thread met a fault that no request's fence caught.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Acquire)
    }

    /// Whether it serves no more though nobody stopped it: its thread has begun anew as often as it does, each time to
    /// meet a fault or to be refused what it begins with.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It ended already where nobody listens.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test speaks by panicking")]
pub(crate) mod tests {
    use super::*;
    use std::any::Any;
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::sync::Mutex;

    /// How often the system still refuses the thread what it begins with.
    #[derive(Debug, Default)]
    pub(crate) struct Refusals {
        pub(super) runtimes: AtomicU64,
        pub(super) listeners: AtomicU64,
    }

    /// What a process without a descriptor left is told, where that was planted.
    pub(super) fn refusal(left: &AtomicU64) -> io::Result<()> {
        match left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)) {
            Ok(_) => Err(io::Error::other("too many open files, for the test")),
            Err(_) => Ok(()),
        }
    }

    fn status(address: SocketAddr) -> io::Result<String> {
        let mut client = TcpStream::connect(address)?;
        client.set_read_timeout(Some(Duration::from_secs(20)))?;
        client
            .write_all(b"GET /admin/api/v1/keyviz/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        client.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Waits for what another thread does, at most half a minute.
    fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Meets the fault that was planted: the thread strikes when it has accepted a connection.
    fn strike(page: &Background, admin: &Admin, faults: u64) {
        admin.plant_fault();
        eventually("the fault strikes", || {
            let _ = status(page.address());
            page.faults() == faults
        });
    }

    #[test]
    fn it_begins_anew_after_a_fault_and_then_says_that_it_is_gone() {
        let admin = Admin::builder(None).build();
        let page = Background::start("127.0.0.1:0".parse().unwrap(), admin.clone()).unwrap();
        assert!(status(page.address()).unwrap().starts_with("HTTP/1.1 200"));
        for faults in 1..=RESTARTS {
            strike(&page, &admin, faults);
            assert!(!page.has_failed());
            // Who connects meanwhile waits.
            assert!(status(page.address()).unwrap().starts_with("HTTP/1.1 200"));
        }
        strike(&page, &admin, RESTARTS + 1);
        eventually("it says that it is gone", || page.has_failed());
        assert!(status(page.address()).is_err(), "nobody listens any more");
    }

    #[test]
    fn a_beginning_that_is_refused_is_tried_again_and_is_one_of_those_there_are() {
        let admin = Admin::builder(None).build();
        let refusals = &admin.state().refusals;
        let page = Background::start("127.0.0.1:0".parse().unwrap(), admin.clone()).unwrap();
        assert!(status(page.address()).unwrap().starts_with("HTTP/1.1 200"));
        refusals.runtimes.store(2, Ordering::Release);
        refusals.listeners.store(2, Ordering::Release);
        strike(&page, &admin, 1);
        // Who connects meanwhile waits.
        assert!(status(page.address()).unwrap().starts_with("HTTP/1.1 200"));
        let left = [&refusals.runtimes, &refusals.listeners].map(|left| left.load(Ordering::Acquire));
        assert_eq!((left, page.faults(), page.has_failed()), ([0, 0], 1, false));
        for faults in 2..=RESTARTS - 4 {
            strike(&page, &admin, faults);
            assert!(status(page.address()).unwrap().starts_with("HTTP/1.1 200"));
        }
        strike(&page, &admin, RESTARTS - 4 + 1);
        eventually("it says that it is gone", || page.has_failed());
    }

    #[test]
    fn it_says_that_it_is_gone_when_each_beginning_was_refused() {
        for runtimes in [true, false] {
            let admin = Admin::builder(None).build();
            let refusals = &admin.state().refusals;
            let page = Background::start("127.0.0.1:0".parse().unwrap(), admin.clone()).unwrap();
            assert!(status(page.address()).unwrap().starts_with("HTTP/1.1 200"));
            let left = if runtimes { &refusals.runtimes } else { &refusals.listeners };
            left.store(RESTARTS + 1, Ordering::Release);
            strike(&page, &admin, 1);
            eventually("it says that it is gone", || page.has_failed());
            assert_eq!((left.load(Ordering::Acquire), page.faults()), (1, 1));
            assert!(status(page.address()).is_err(), "nobody listens any more");
        }
    }

    #[test]
    fn it_is_stopped_in_the_pause_after_a_fault() {
        let admin = Admin::builder(None).build();
        let page = Background::start("127.0.0.1:0".parse().unwrap(), admin.clone()).unwrap();
        let address = page.address();
        strike(&page, &admin, 1);
        drop(page);
        assert!(TcpListener::bind(address).is_ok());
    }

    /// The descriptors that are open, and how many are being made.
    #[derive(Default)]
    struct Notes(Arc<Mutex<(Vec<i32>, usize)>>);

    struct Note(Arc<Mutex<(Vec<i32>, usize)>>, Option<i32>);

    impl Drop for Note {
        fn drop(&mut self) {
            let mut known = self.0.lock().unwrap();
            match self.1 {
                Some(number) => known.0.retain(|other| *other != number),
                None => known.1 -= 1,
            }
        }
    }

    impl Descriptors for Notes {
        fn making(&self) -> Box<dyn Any> {
            self.0.lock().unwrap().1 += 1;
            Box::new(Note(Arc::clone(&self.0), None))
        }

        fn note(&self, descriptor: i32) -> Box<dyn Any + Send> {
            let mut known = self.0.lock().unwrap();
            assert!(known.1 > 0, "it is noted before its making is over");
            known.0.push(descriptor);
            Box::new(Note(Arc::clone(&self.0), Some(descriptor)))
        }
    }

    #[cfg(unix)]
    #[test]
    fn its_descriptors_are_told_as_long_as_they_are_open() {
        let notes = Notes::default();
        let known = Arc::clone(&notes.0);
        let admin = Admin::builder(None).build();
        let page = Background::start_telling("127.0.0.1:0".parse().unwrap(), admin, Arc::new(notes)).unwrap();
        let open = |count: usize| eventually("so many are open", || known.lock().unwrap().0.len() == count);
        open(2);
        let client = TcpStream::connect(page.address()).unwrap();
        open(3);
        drop(client);
        open(2);
        let _client = TcpStream::connect(page.address()).unwrap();
        open(3);
        drop(page);
        assert_eq!(*known.lock().unwrap(), (Vec::new(), 0));
    }
}
