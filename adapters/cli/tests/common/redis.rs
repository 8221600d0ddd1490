//! Real servers on loopback, and loads on them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Dir, PATIENCE, matrix, text, total};

/// A program that this test started.
pub struct Started(pub Child);

impl Drop for Started {
    fn drop(&mut self) {
        // Also one that is stopped.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server without persistence, killed on drop.
pub struct Redis {
    pub port: u16,
    pub dir: Dir,
    args: Vec<String>,
    server: Started,
}

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Redis {
    /// `None` where Redis is not installed; that is a failure under `CI=true`.
    pub fn start() -> Option<Redis> {
        Redis::start_with(&[])
    }

    /// With further arguments of the server's.
    pub fn start_with(more: &[&str]) -> Option<Redis> {
        let installed = |program: &str| Command::new(program).arg("--version").output().is_ok();
        if !["redis-server", "redis-cli", "redis-benchmark"].into_iter().all(installed) {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "redis-server is not installed");
            eprintln!("SKIPPED: redis-server is not installed (apt-get install redis-server)");
            return None;
        }
        let (dir, port) = (Dir::new(), free_port());
        let mut args = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"].map(str::to_owned).to_vec();
        args.push(dir.path().to_str().unwrap().to_owned());
        if !more.contains(&"--port") {
            args.extend(["--port".to_owned(), port.to_string()]);
        }
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        let server = serve(&args);
        let redis = Redis { port, dir, args, server };
        redis.wait();
        Some(redis)
    }

    fn wait(&self) {
        let deadline = Instant::now() + PATIENCE;
        let socket = self.args.iter().skip_while(|arg| *arg != "--unixsocket").nth(1);
        let there = |path: &String| Path::new(path).exists();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() && !socket.is_some_and(there) {
            assert!(Instant::now() < deadline, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the server, as a crash does.
    pub fn kill(&mut self) {
        let _ = self.server.0.kill();
        let _ = self.server.0.wait();
    }

    /// Starts it again, on the same port.
    pub fn restart(&mut self) {
        self.server = serve(&self.args);
        self.wait();
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn cli(&self, args: &[&str]) -> String {
        let port = self.port.to_string();
        text(&Command::new("redis-cli").args(["-p", &port]).args(args).output().unwrap().stdout)
    }

    /// A number of `INFO`.
    pub fn info(&self, name: &str) -> u64 {
        let info = self.cli(&["INFO"]);
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("{name}: {info}")).trim().parse().unwrap()
    }

    /// Runs a command many times over random keys; `__rand_int__` stands for one of `keys` numbers.
    pub fn load(&self, requests: u32, keys: u32, command: &[&str]) {
        let done = Command::new("redis-benchmark")
            .args(["-p", &self.port.to_string(), "-q", "-c", "4"])
            .args(["-n", &requests.to_string(), "-r", &keys.to_string()])
            .args(command)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success(), "{command:?}");
    }

    /// How often the server itself says it ran a command.
    pub fn calls(&self, command: &str) -> u64 {
        let stats = self.cli(&["INFO", "commandstats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    }

    /// The clients that run MONITOR: id and bytes that wait for them.
    pub fn monitors(&self) -> Vec<(u64, u64)> {
        let list = self.cli(&["CLIENT", "LIST"]);
        let value = |line: &str, name: &str| -> u64 {
            line.split(' ').find_map(|word| word.strip_prefix(name)).map_or(0, |text| text.parse().unwrap())
        };
        let lines = list.lines().filter(|line| line.contains("cmd=monitor"));
        lines.map(|line| (value(line, "id="), value(line, "omem="))).collect()
    }

    /// Waits until so many clients run MONITOR.
    #[track_caller]
    pub fn wait_for_monitors(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.monitors().len() != count {
            assert!(Instant::now() < deadline, "not {count} MONITOR clients: {:?}", self.monitors());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn serve(args: &[String]) -> Started {
    Started(Command::new("redis-server").args(args).stdout(Stdio::null()).spawn().unwrap())
}

/// A command as the protocol has it.
pub fn command(words: &[&str]) -> String {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        let _ = write!(text, "${}\r\n{word}\r\n", word.len());
    }
    text
}

/// Sends commands and waits for their answers, each of which is a single line.
pub fn send(port: u16, commands: &[&[&str]]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let text: String = commands.iter().map(|words| command(words)).collect();
    stream.write_all(text.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream);
    for words in commands {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert!(!line.starts_with('-'), "{words:?}: {line}");
    }
}

/// Batches of commands, sent as long as it lives.
pub struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    /// Sends what `batch` gives for 0, 1, 2 ..., with a pause after each; answers are read and dropped. An error of the
    /// connection is followed by another connection.
    pub fn start(port: u16, pause: Duration, batch: impl Fn(u64) -> String + Send + 'static) -> Load {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (its_stop, its_sent) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = std::thread::spawn(move || {
            let mut number = 0;
            let deadline = Instant::now() + Duration::from_secs(120);
            while !its_stop.load(Ordering::Relaxed) && Instant::now() < deadline {
                let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
                    std::thread::sleep(Duration::from_millis(50));
                    continue;
                };
                let mut answers = stream.try_clone().unwrap();
                std::thread::spawn(move || {
                    let mut chunk = [0; 65536];
                    while !matches!(answers.read(&mut chunk), Ok(0) | Err(_)) {}
                });
                while !its_stop.load(Ordering::Relaxed) && Instant::now() < deadline {
                    let text = batch(number);
                    if stream.write_all(text.as_bytes()).is_err() {
                        break;
                    }
                    number += 1;
                    its_sent.store(number, Ordering::Relaxed);
                    std::thread::sleep(pause);
                }
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }
        });
        Load { stop, sent, thread: Some(thread) }
    }

    /// As many writes of 100 bytes as a client can send.
    pub fn heavy(port: u16) -> Load {
        let value = "v".repeat(100);
        Load::start(port, Duration::ZERO, move |number| {
            let keys = (0..100).map(|n| format!("cart:{:05}", (number * 100 + n) % 50_000));
            keys.map(|key| command(&["SET", &key, &value])).collect()
        })
    }

    /// Batches sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits until a file has these words.
pub fn wait_for(path: &Path, words: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !text(&std::fs::read(path).unwrap()).contains(words) {
        assert!(Instant::now() < deadline, "the capture does not get {words:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A running `keyviz redis`, whose words of both kinds are in one file.
pub struct Watcher {
    pub child: Started,
    dir: Dir,
}

impl Watcher {
    /// With a page on a free port.
    pub fn start(args: &[&str]) -> Watcher {
        Watcher::of(super::keyviz().env_remove("REDISCLI_AUTH").args(["redis", "--listen", "127.0.0.1:0"]).args(args))
    }

    pub fn of(command: &mut Command) -> Watcher {
        let dir = Dir::new();
        let out = std::fs::File::create(dir.path().join("said")).unwrap();
        let err = out.try_clone().unwrap();
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
        Watcher { child: Started(child), dir }
    }

    pub fn said(&self) -> String {
        text(&std::fs::read(self.dir.path().join("said")).unwrap())
    }

    /// Waits until it has said this, so many times.
    #[track_caller]
    pub fn until_times(&mut self, words: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.said().matches(words).count() < times {
            let ended = self.child.0.try_wait().unwrap().is_some() && self.said().matches(words).count() < times;
            assert!(!ended && Instant::now() < deadline, "it does not say {words:?}:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    pub fn until(&mut self, words: &str) {
        self.until_times(words, 1);
    }

    /// Waits until all servers are watched and the page is there; its host.
    #[track_caller]
    pub fn host(&mut self) -> String {
        self.until("/admin/\n");
        let said = self.said();
        let (_, url) = said.split_once("http://").unwrap();
        url.split('/').next().unwrap().to_owned()
    }

    pub fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// The processes that watch for it.
    pub fn sessions(&self) -> Vec<u32> {
        let id = self.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        // Threads start processes, too.
        let tasks =
            std::fs::read_dir(format!("/proc/{id}/task")).map(|tasks| tasks.flatten().collect()).unwrap_or(Vec::new());
        let of_tasks =
            tasks.iter().map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
        let all: String = of_tasks.chain([children]).collect::<Vec<_>>().join(" ");
        let mut found: Vec<u32> = all.split_whitespace().map(|id| id.parse().unwrap()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Waits for its end, which has to come soon; what it said.
    #[track_caller]
    pub fn ended(&mut self, code: i32) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.0.try_wait().unwrap() {
                let said = self.said();
                assert_eq!(status.code(), Some(code), "{said}");
                assert!(!said.contains("panicked"), "{said}");
                return said;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as Ctrl-C does; what it said.
    #[track_caller]
    pub fn interrupt(&mut self) -> String {
        signal(&[self.id()], "INT");
        self.ended(0)
    }
}

/// Sends a signal by its name to processes that this test started.
pub fn signal(ids: &[u32], name: &str) {
    let ids = ids.iter().map(u32::to_string);
    assert!(Command::new("kill").arg(format!("-{name}")).args(ids).status().unwrap().success());
}

/// The sum of one series over all columns.
pub fn sum(host: &str, query: &str) -> u64 {
    total(&matrix(host, &format!("{query}&open=1")))
}

/// Waits until so many operations are shown, and sees that there are never more.
#[track_caller]
pub fn wait_for_total(host: &str, expected: u64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = sum(host, "series=ops");
        assert!(found <= expected, "{found} operations of {expected}");
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found} operations of {expected}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What one GET answers, as it came.
pub fn body(host: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.0 200") || answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", text(&answer));
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    answer.split_off(head + 4)
}
