//! A real Redis server under a real load, captured with `redis-cli monitor` and replayed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells a skip loudly"
)]

mod common;

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Dir, good, keyviz, numbers, text, total};

/// A program that this test started.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Redis {
    port: String,
    dir: Dir,
    _server: Started,
}

impl Redis {
    /// `None` where Redis is not installed; that is a failure under `CI=true`.
    fn start() -> Option<Redis> {
        let installed = |program: &str| Command::new(program).arg("--version").output().is_ok();
        if !["redis-server", "redis-cli", "redis-benchmark"].into_iter().all(installed) {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "redis-server is not installed");
            eprintln!("SKIPPED: redis-server is not installed (apt-get install redis-server)");
            return None;
        }
        let dir = Dir::new();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string(), "--dir"])
            .arg(dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Started(server);
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Redis { port: port.to_string(), dir, _server: server })
    }

    fn cli(&self, args: &[&str]) -> String {
        text(&Command::new("redis-cli").args(["-p", &self.port]).args(args).output().unwrap().stdout)
    }

    /// Runs a command many times over random keys; `__rand_int__` stands for one of `keys` numbers.
    fn load(&self, requests: u32, keys: u32, command: &[&str]) {
        let done = Command::new("redis-benchmark")
            .args(["-p", &self.port, "-q", "-c", "4", "-n", &requests.to_string(), "-r", &keys.to_string()])
            .args(command)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success(), "{command:?}");
    }

    /// How often the server itself says it ran a command.
    fn calls(&self, command: &str) -> u64 {
        let stats = self.cli(&["INFO", "commandstats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    }

    /// Starts a capture; it has begun when it has written its first line.
    fn monitor(&self, name: &str) -> (Started, std::path::PathBuf) {
        let path = self.dir.path().join(name);
        let out = File::create(&path).unwrap();
        let monitor = Command::new("redis-cli").args(["-p", &self.port, "MONITOR"]).stdout(out).spawn().unwrap();
        self.wait_for(&path, "OK");
        (Started(monitor), path)
    }

    fn wait_for(&self, path: &std::path::Path, words: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !text(&std::fs::read(path).unwrap()).contains(words) {
            assert!(Instant::now() < deadline, "the capture does not get {words:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_capture_names_its_hot_prefix_and_matches_the_servers_counters() {
    let Some(redis) = Redis::start() else { return };
    redis.cli(&["CONFIG", "RESETSTAT"]);
    let (monitor, capture) = redis.monitor("monitor.txt");
    redis.load(12_000, 300, &["GET", "user:hot:__rand_int__"]);
    redis.load(4_000, 300, &["SET", "user:hot:__rand_int__", "0123456789"]);
    redis.load(1_500, 100_000, &["GET", "user:__rand_int__"]);
    redis.load(1_000, 50_000, &["SET", "cart:__rand_int__", "abc"]);
    redis.load(500, 50_000, &["MSET", "item:__rand_int__", "1", "item:__rand_int__", "22"]);
    redis.load(200, 1_000, &["EVAL", "return redis.call('INCR', KEYS[1])", "1", "hits:__rand_int__"]);
    redis.cli(&["SET", "bin\r\n\x07\"\\key", "v\x08\t"]);
    redis.cli(&["SET", "the:last", "1"]);
    redis.wait_for(&capture, "the:last");
    drop(monitor);

    let json = redis.dir.path().join("matrix.json");
    let answer = good(keyviz().arg("replay").arg(&capture).arg("--json").arg(&json).output().unwrap());
    println!("{answer}");
    // One operation a key: MSET has two. A script is one, and each command it runs is one.
    let reads = redis.calls("get");
    let writes = redis.calls("set") + 2 * redis.calls("mset") + redis.calls("eval") + redis.calls("incr");
    assert_eq!((redis.calls("mset"), redis.calls("eval"), redis.calls("incr")), (500, 200, 200));
    assert_eq!(numbers(&answer, "total")[..3], [reads + writes, reads, writes]);
    let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(total(&matrix), reads + writes);

    let hottest = answer.lines().skip_while(|line| *line != "hottest ranges").nth(2).unwrap();
    assert!(hottest.contains("16,000") && hottest.ends_with("prefix user:hot:"), "{answer}");
    for reason in ["unknown_command", "bad_arguments", "bad_escape", "not_a_record", "bad_quote"] {
        assert!(!answer.contains(reason), "{reason}: {answer}");
    }
}
