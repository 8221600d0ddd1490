//! The page and the API on a socket, until a signal ends it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use keyviz_admin::{Access, Admin, AdminArgs, AdminBuilder, SplitTemplate};
use keyviz_core::KeyNames;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::audit_log::AuditLog;
use crate::failure::Failure;
use crate::out;

/// How long open connections have after the signal.
const GRACE: Duration = Duration::from_secs(3);

/// An address that is listened on, before there is anything to show: so that a wrong or taken one is known at once.
/// From then on the signals that end a program only set [`Stop`], so that whoever leaves something to clean up after
/// this can rely on coming to it.
pub(crate) struct Web {
    listener: TcpListener,
    addr: SocketAddr,
    runtime: Runtime,
    stop: Stop,
    open: Open,
}

/// Who may ask.
struct Open {
    access: Access,
    audit: Option<AuditLog>,
    open_to_network: bool,
    allowed_hosts: Vec<String>,
    key_names: KeyNames,
    split_template: Option<SplitTemplate>,
}

/// Whether a signal asked the program to end: SIGINT, SIGTERM, or SIGHUP (the terminal went away).
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// For a program without a page.
    ///
    /// # Errors
    /// Where the system gives no thread to wait for signals with.
    pub(crate) fn on_signals() -> Result<Stop, Failure> {
        let (runtime, stop) =
            runtime().map_err(|error| Failure::new(format!("signals cannot be waited for: {error}")))?;
        // It waits as long as the program runs.
        std::mem::forget(runtime);
        Ok(stop)
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    async fn wait(mut self) {
        // The sender lives as long as the runtime does; without it nobody waits any more.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

impl Web {
    /// Checks the flags and binds the address.
    pub(crate) fn bind(args: &AdminArgs) -> Result<Web, Failure> {
        let access = args.access().map_err(|error| Failure::new(error.to_string()))?;
        args.exposed_files().iter().for_each(|exposed| out::complain(&exposed.to_string()));
        let audit = AuditLog::open(args.admin_audit_file.as_deref(), access.has_token())?;
        match args.check(access.has_token()) {
            Ok(Some(warning)) => out::complain(&warning.to_string()),
            Ok(None) => {}
            Err(error) => return Err(Failure::new(error.to_string())),
        }
        let key_names = args.key_names().map_err(|error| Failure::new(error.to_string()))?;
        let (listener, addr) = listen(args.listen)?;
        let (runtime, stop) = runtime().map_err(|error| Failure::new(format!("no runtime for the page: {error}")))?;
        let open = Open {
            access,
            audit,
            open_to_network: args.admin_insecure_no_auth,
            allowed_hosts: args.admin_allowed_hosts.clone(),
            key_names,
            split_template: args.split_template.clone(),
        };
        Ok(Web { listener, addr, runtime, stop, open })
    }

    /// The endpoint, open to whom the flags say.
    pub(crate) fn admin(&mut self, builder: AdminBuilder) -> Admin {
        let builder = match self.open.audit.take() {
            Some(log) => builder.audit(move |audited| log.write(audited)),
            None => builder,
        };
        builder
            .access(std::mem::take(&mut self.open.access))
            .open_to_network(self.open.open_to_network)
            .allowed_hosts(std::mem::take(&mut self.open.allowed_hosts))
            .key_names(std::mem::take(&mut self.open.key_names))
            .split_template(self.open.split_template.take())
            .build()
    }

    /// For whoever works beside the page.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Where a browser on this machine finds the page.
    pub(crate) fn url(&self) -> String {
        let ip = match self.addr {
            SocketAddr::V4(v4) if v4.ip().is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            other => other.ip(),
        };
        format!("http://{}/admin/", SocketAddr::new(ip, self.addr.port()))
    }

    /// The command that brings the page to another machine.
    pub(crate) fn ssh(&self) -> String {
        let port = self.addr.port();
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        let host =
            Some(host.trim()).filter(|host| !host.is_empty() && host.bytes().all(name)).unwrap_or("this-machine");
        format!("ssh -L {port}:127.0.0.1:{port} {host}")
    }

    /// Serves until [`Stop`] is set, or until `ended` says so.
    pub(crate) fn serve(self, admin: Admin, ended: impl Future<Output = ()> + Send + 'static) -> Result<(), Failure> {
        let Web { listener, runtime, stop: signalled, .. } = self;
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let end = async move {
                tokio::select! {
                    () = signalled.wait() => {}
                    () = ended => {}
                }
                let _ = stop.send(true);
            };
            let mut late = stopped.clone();
            tokio::select! {
                served = keyviz_admin::serve(listener, admin, end) => served,
                () = async {
                    let _ = late.wait_for(|stop| *stop).await;
                    tokio::time::sleep(GRACE).await;
                } => Ok(()),
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        served.map_err(|error| Failure::new(format!("serving the page failed: {error}")))
    }
}

fn listen(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = TcpListener::bind(addr).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        Ok((listener, addr))
    });
    bound.map_err(|error| {
        Failure::new(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "{addr} is taken by another program, perhaps another keyviz; stop that one, or take any free \
                 port with --listen {}",
                SocketAddr::new(addr.ip(), 0)
            ),
            ErrorKind::PermissionDenied => {
                format!("{addr} is not allowed for this user; take a port from 1024 up with --listen")
            }
            ErrorKind::AddrNotAvailable => format!("{addr} is no address of this machine; see --listen"),
            _ => format!("listening on {addr} failed: {error}"),
        })
    })
}

/// A runtime that waits for the signals.
fn runtime() -> std::io::Result<(Runtime, Stop)> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("keyviz-web").enable_all().build()?;
    let entered = runtime.enter();
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals = kinds.map(signal).into_iter().collect::<Result<Vec<_>, _>>()?;
    drop(entered);
    let (set, stop) = watch::channel(false);
    runtime.spawn(async move {
        first(&mut signals).await;
        let _ = set.send(true);
        // A sender that goes would look like a signal that cannot come any more.
        set.closed().await;
    });
    Ok((runtime, Stop(stop)))
}

/// Waits for the first of the signals.
async fn first(signals: &mut [Signal]) {
    std::future::poll_fn(|context| {
        let arrived = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if arrived { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
