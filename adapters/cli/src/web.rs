//! The page and the API on a socket, until a signal ends it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use keyviz_admin::{Admin, AdminArgs, AdminBuilder};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;
use crate::out;

/// How long open connections have after the signal.
const GRACE: Duration = Duration::from_secs(3);

/// An address that is listened on, before there is anything to show: so that a wrong or taken one is known at once.
/// From then on the signals that end a program wait for [`serve`](Web::serve), so that whoever leaves something to
/// clean up after this can rely on coming to it.
#[derive(Debug)]
pub(crate) struct Web {
    listener: TcpListener,
    addr: SocketAddr,
    runtime: Runtime,
    signals: Vec<Signal>,
}

impl Web {
    /// Checks the flags and binds the address.
    pub(crate) fn bind(args: &AdminArgs, builder: AdminBuilder) -> Result<(Web, Admin), Failure> {
        let token = args.token().map_err(|error| Failure::new(error.to_string()))?;
        match args.check(token.is_some()) {
            Ok(Some(warning)) => out::complain(&warning.to_string()),
            Ok(None) => {}
            Err(error) => return Err(Failure::new(error.to_string())),
        }
        let (listener, addr) = listen(args.listen)?;
        let (runtime, signals) =
            runtime().map_err(|error| Failure::new(format!("no runtime for the page: {error}")))?;
        let web = Web { listener, addr, runtime, signals };
        let admin = builder
            .token(token)
            .open_to_network(args.admin_insecure_no_auth)
            .allowed_hosts(args.admin_allowed_hosts.clone())
            .build();
        Ok((web, admin))
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

    /// Serves until SIGINT, SIGTERM, SIGHUP (the terminal went away), or until `ended` says so.
    pub(crate) fn serve(self, admin: Admin, ended: impl Future<Output = ()> + Send + 'static) -> Result<(), Failure> {
        let Web { listener, runtime, mut signals, .. } = self;
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let end = async move {
                tokio::select! {
                    () = first(&mut signals) => {}
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

/// A runtime, and the signals it waits for.
fn runtime() -> std::io::Result<(Runtime, Vec<Signal>)> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("keyviz-web").enable_all().build()?;
    let entered = runtime.enter();
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let signals = kinds.map(signal).into_iter().collect::<Result<Vec<_>, _>>()?;
    drop(entered);
    Ok((runtime, signals))
}

/// Waits for the first of the signals.
async fn first(signals: &mut [Signal]) {
    std::future::poll_fn(|context| {
        let arrived = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if arrived { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
