//! The server around the router: connections, heads, time, and a graceful end.

use crate::Admin;
use crate::caller::Peer;
use crate::counts::bump;
use crate::descriptors::{self, Noted, Told};
use crate::faults::caught;
use crate::limits::{Limits, ms};
use crate::listen::check_listen;
use crate::room::has_room;
use crate::router;
use crate::socket::Socket;
use crate::turned_away::{answer, turn_away};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Serves the endpoint on a listener until `shutdown` is done, then lets answers under way finish for
/// [`Limits::shutdown_ms`] and returns.
///
/// Each connection is held to the [`Limits`]; the first one past `max_connections` gets a 503 `busy`
/// at once. When the system has no more descriptors it waits and goes on.
///
/// # Errors
/// `PermissionDenied`, before anything is accepted, when the listener is not on loopback and the endpoint has
/// neither a token nor [`AdminBuilder::open_to_network`](crate::AdminBuilder::open_to_network). A listener
/// that fails later is retried and counted (`accept_errors` in `/status`).
///
/// # Panics
/// Never, but it needs a tokio runtime with its I/O and time drivers on, as tokio's own types do.
pub async fn serve(
    listener: TcpListener,
    admin: Admin,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_telling(listener, admin, shutdown, None).await
}

/// As [`serve`]; `told` hears of each connection's descriptor.
pub(crate) async fn serve_telling(
    listener: TcpListener,
    admin: Admin,
    shutdown: impl Future<Output = ()> + Send + 'static,
    told: Told,
) -> io::Result<()> {
    let addr = listener.local_addr()?;
    if let Err(refused) = check_listen(addr, admin.access().has_token(), admin.open_to_network()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, refused));
    }
    let limits = *admin.limits();
    let server = Server {
        http: http(&limits),
        service: TowerToHyperService::new(router::standalone(&admin)),
        graceful: GracefulShutdown::new(),
        limits,
    };
    let connections = Arc::new(Semaphore::new(limits.max_connections));
    // Those turned away linger for half a second; past this many they are dropped without a word.
    let lingering = Arc::new(Semaphore::new(limits.max_connections.max(16)));
    let busy: Arc<str> = answer().into();
    let mut tasks = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &told) => accepted,
        };
        while let Some(ended) = tasks.try_join_next() {
            if ended.is_err_and(|error| error.is_panic()) {
                caught();
            }
        }
        #[cfg(any(test, feature = "fault"))]
        admin.strike();
        let (stream, address, noted) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                bump(&admin.counts().accept_errors);
                if !is_of_the_connection(&error) {
                    // Out of descriptors or memory: nothing changes within microseconds.
                    select! {
                        () = &mut shutdown => break,
                        () = sleep(Duration::from_millis(100)) => {}
                    }
                }
                continue;
            }
        };
        bump(&admin.counts().connections);
        if !has_room(CONNECTION_BYTES) {
            // Not even for saying so.
            bump(&admin.counts().connections_refused);
            continue;
        }
        if let Ok(place) = Arc::clone(&connections).try_acquire_owned() {
            let connection = server.connection(stream, address);
            tasks.spawn(async move {
                connection.await;
                drop((place, noted));
            });
        } else {
            bump(&admin.counts().connections_refused);
            if let Ok(place) = Arc::clone(&lingering).try_acquire_owned() {
                let busy = Arc::clone(&busy);
                tasks.spawn(async move {
                    turn_away(stream, busy.as_bytes()).await;
                    drop((place, noted));
                });
            }
        }
    }
    drop(listener);
    // Whatever is left when the time is up ends with the set of tasks.
    let _ = timeout(ms(limits.shutdown_ms), server.graceful.shutdown()).await;
    Ok(())
}

/// What a connection takes before a request is weighed: its buffers, a head, a small answer.
const CONNECTION_BYTES: usize = 256 << 10;

/// The next connection; its descriptor is noted before anything else is done.
async fn accept(listener: &TcpListener, told: &Told) -> io::Result<(TcpStream, SocketAddr, Noted)> {
    poll_fn(|cx| {
        let making = told.as_ref().map(|told| told.making());
        let accepted = ready!(listener.poll_accept(cx));
        let noted = accepted.as_ref().ok().and_then(|(stream, _)| descriptors::note(told, stream));
        drop(making);
        Poll::Ready(accepted.map(|(stream, address)| (stream, address, noted)))
    })
    .await
}

struct Server {
    http: http1::Builder,
    service: TowerToHyperService<axum::Router>,
    graceful: GracefulShutdown,
    limits: Limits,
}

impl Server {
    fn connection(&self, stream: TcpStream, address: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        // An answer is written whole; waiting for more to fill a packet only delays it.
        let _ = stream.set_nodelay(true);
        let socket = Socket::new(stream, ms(self.limits.write_stall_ms), ms(self.limits.write_total_ms));
        let connection =
            self.http.serve_connection(TokioIo::new(socket), OfPeer { service: self.service.clone(), address });
        let watched = self.graceful.watch(connection);
        async move {
            // An error is the client's: it left, was too slow, or sent no HTTP.
            let _ = watched.await;
        }
    }
}

/// The service, told with each request who is at the other end.
struct OfPeer {
    service: TowerToHyperService<axum::Router>,
    address: SocketAddr,
}

impl Service<hyper::Request<Incoming>> for OfPeer {
    type Response = <TowerToHyperService<axum::Router> as Service<hyper::Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<axum::Router> as Service<hyper::Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<axum::Router> as Service<hyper::Request<Incoming>>>::Future;

    fn call(&self, mut request: hyper::Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(Peer(self.address));
        self.service.call(request)
    }
}

fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(ms(limits.header_read_ms))
        .max_headers(limits.max_headers)
        .max_header_size(limits.max_header_bytes)
        // What a connection buffers; hyper takes no less than 8 KiB.
        .max_buf_size(limits.max_header_bytes.saturating_mul(2).max(16 << 10));
    http
}

/// An error of one connection, after which the next can be accepted at once.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
