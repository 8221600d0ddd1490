//! A server on a loopback socket, and a client that says exactly what it is told to.
#![allow(dead_code, reason = "each test file uses its part")]

use keyviz_admin::{Admin, serve};
use keyviz_core::{Config, Op, Reader, RouteId, Sampler};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// An instant on a boundary of every step in use here.
pub const T0: u64 = 1_700_000_400_000;

/// Keys as parameters have them, without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.as_ref().chunks(3) {
        let word = group.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        (0..=group.len()).for_each(|at| text.push(DIGITS[(word >> (18 - 6 * at) & 63) as usize] as char));
    }
    text
}

/// A sampler with one sealed column: route 1 has 3 writes and 1 read, route 2 nothing.
pub fn sampled() -> Reader {
    sampler().reader()
}

/// The sampler behind it.
pub fn sampler() -> Sampler {
    let mut config = Config::default();
    config.step_ms = 1_000;
    let sampler = Sampler::new(config, T0).unwrap();
    sampler.register(RouteId(1), b"a", Some(b"m"), 0).unwrap();
    sampler.register(RouteId(2), b"m", None, 0).unwrap();
    for _ in 0..3 {
        sampler.observe(RouteId(1), Op::Write, b"canary-key", 10);
    }
    sampler.observe(RouteId(1), Op::Read, b"canary-key", 10);
    sampler.flush(T0 + 1_000);
    sampler
}

pub struct Server {
    pub addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Duration>>,
}

impl Server {
    /// Serves as a program would.
    pub fn start(admin: Admin) -> Server {
        Server::run(move |listener, shutdown| async move { serve(listener, admin, shutdown).await.unwrap() })
    }

    /// Serves a host's router with axum's own server.
    pub fn start_router(router: axum::Router) -> Server {
        use hyper_util::rt::TokioIo;
        use hyper_util::service::TowerToHyperService;
        Server::run(move |listener, shutdown| async move {
            let accept = async {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let service = TowerToHyperService::new(router.clone());
                    tokio::spawn(
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                    );
                }
            };
            tokio::select! {
                () = accept => {}
                () = shutdown => {}
            }
        })
    }

    fn run<F>(
        main: impl FnOnce(tokio::net::TcpListener, std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) -> F + Send + 'static,
    ) -> Server
    where
        F: Future<Output = ()>,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let asked = std::sync::Arc::new(std::sync::Mutex::new(None));
                let noted = asked.clone();
                let shutdown = Box::pin(async move {
                    let _ = stopped.await;
                    *noted.lock().unwrap() = Some(Instant::now());
                });
                main(listener, shutdown).await;
                let asked = asked.lock().unwrap().unwrap();
                asked.elapsed()
            })
        });
        Server { addr, stop: Some(stop), thread: Some(thread) }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends these bytes on a connection of their own and reads until the server closes.
    pub fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server that refuses early closes while this still writes.
        let _ = stream.write_all(request);
        Answer::read(&mut stream)
    }

    /// A request with headers of its own besides a good host.
    pub fn request(&self, method: &str, target: &str, headers: &str) -> Answer {
        self.raw(
            format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").as_bytes(),
        )
    }

    pub fn get(&self, target: &str) -> Answer {
        self.request("GET", target, "")
    }

    /// Asks the server to stop; says how long that took it.
    pub fn stop(mut self) -> Duration {
        let _ = self.stop.take().unwrap().send(());
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    /// 0 when the server closed without an answer.
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads until the server closes or resets.
    pub fn read(stream: &mut TcpStream) -> Answer {
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        loop {
            match stream.read(&mut part) {
                Ok(0) => break,
                Ok(n) => bytes.extend_from_slice(&part[..n]),
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                    panic!("the server neither answered nor closed")
                }
                Err(_) => break,
            }
        }
        Answer::parse(&bytes)
    }

    pub fn parse(bytes: &[u8]) -> Answer {
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            return Answer { status: 0, headers: Vec::new(), body: bytes.to_vec() };
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Answer { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The error's code, after a check of its form.
    #[track_caller]
    pub fn error(&self) -> String {
        let json = self.json();
        let members: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["error", "message"]);
        assert!(!json["message"].as_str().unwrap().is_empty());
        json["error"].as_str().unwrap().to_owned()
    }
}

pub const CELL: &str = "/admin/api/v1/keyviz/cell";
pub const EVENTS: &str = "/admin/api/v1/keyviz/events";
pub const HOTKEYS: &str = "/admin/api/v1/keyviz/hotkeys";
pub const MATRIX: &str = "/admin/api/v1/keyviz/matrix";
pub const NAMES: &str = "/admin/api/v1/keyviz/names";
pub const SNAPSHOT: &str = "/admin/api/v1/keyviz/snapshot";
pub const TOP: &str = "/admin/api/v1/keyviz/top";
pub const STATUS: &str = "/admin/api/v1/keyviz/status";
pub const HEALTHZ: &str = "/admin/api/v1/keyviz/healthz";

/// The body of a chunked answer.
pub fn unchunked(body: &[u8]) -> Vec<u8> {
    let (mut left, mut whole) = (body, Vec::new());
    loop {
        let end = left.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&left[..end]).unwrap(), 16).unwrap();
        whole.extend_from_slice(&left[end + 2..end + 2 + size]);
        left = &left[end + 2 + size + 2..];
        if size == 0 {
            return whole;
        }
    }
}
