//! The command table, compared with what a real server answers to `COMMAND GETKEYS`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skip is told loudly")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keyviz_trace::{Limits, Trace};

/// A server on a loopback port, without files, killed on drop.
struct Server {
    child: Child,
    stream: BufReader<TcpStream>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// `None` where redis-server is not installed; that is a failure under `CI=true`.
    fn start() -> Option<Server> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()])
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::null())
            .spawn();
        let child = match started {
            Ok(child) => child,
            Err(_) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "redis-server is not installed");
                eprintln!("SKIPPED: redis-server is not installed (apt-get install redis-server)");
                return None;
            }
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => return Some(Server { child, stream: BufReader::new(stream) }),
                Err(error) => assert!(Instant::now() < deadline, "redis-server does not answer: {error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn ask(&mut self, args: &[&str]) -> Option<Vec<String>> {
        let mut text = format!("*{}\r\n", args.len());
        for arg in args {
            text += &format!("${}\r\n{arg}\r\n", arg.len());
        }
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
        self.reply()
    }

    /// An array of strings; `None` for an error.
    fn reply(&mut self) -> Option<Vec<String>> {
        let head = self.line();
        match head.split_at(1) {
            ("-", _) => None,
            ("*", count) => Some((0..count.parse().unwrap()).map(|_| self.bulk()).collect()),
            other => panic!("unexpected reply {other:?}"),
        }
    }

    fn bulk(&mut self) -> String {
        let head = self.line();
        let len: usize = head.strip_prefix('$').unwrap().parse().unwrap();
        let mut bytes = vec![0; len + 2];
        self.stream.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes[..len].to_vec()).unwrap()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// The keys we find in the command, as the server orders them: by position.
fn ours(args: &[&str]) -> Vec<String> {
    let line = args.iter().map(|arg| format!(" \"{arg}\"")).collect::<String>();
    let text = format!("1.5 [0 x]{line}\n");
    let mut trace = Trace::open(text.as_bytes(), Limits::default()).unwrap();
    let mut keys = Vec::new();
    while let Some(record) = trace.next_record().unwrap() {
        keys.push(String::from_utf8(record.key.to_vec()).unwrap());
    }
    keys.sort();
    keys
}

#[test]
fn every_command_of_a_real_server() {
    let Some(mut server) = Server::start() else { return };
    let mut names = server.ask(&["COMMAND", "LIST"]).unwrap();
    names.retain(|name| {
        // Channels are listed as keys that are none; PFDEBUG and the scripts' KEYS are for tests of the server.
        !["spublish", "ssubscribe", "sunsubscribe", "pfselftest"].contains(&name.as_str())
    });
    assert!(names.len() > 200);
    let shapes: [&[&str]; 5] = [
        &["k1", "k2", "k3", "k4", "k5", "k6"],
        &["1", "k2", "k3", "k4", "k5", "k6"],
        &["k1", "2", "k3", "k4", "k5", "k6"],
        &["encoding", "k2", "k3", "k4", "k5", "k6"],
        &["0", "2", "k3", "k4", "left", "k6"],
    ];
    let mut compared = 0;
    for name in &names {
        for shape in shapes {
            for len in 0..=shape.len() {
                let args: Vec<&str> = std::iter::once(name.as_str()).chain(shape[..len].iter().copied()).collect();
                let query: Vec<&str> = ["COMMAND", "GETKEYS"].into_iter().chain(args.iter().copied()).collect();
                if let Some(mut keys) = server.ask(&query) {
                    keys.sort();
                    assert_eq!(ours(&args), keys, "{args:?}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 2000, "{compared}");
    println!("{compared} commands compared");
}

#[test]
fn commands_with_keys_in_odd_places() {
    let Some(mut server) = Server::start() else { return };
    for line in [
        "SORT a BY STORE LIMIT 0 5 GET x STORE d",
        "SORT a LIMIT 0 5 STORE d STORE e",
        "GEORADIUS g 1 2 3 km STORE d",
        "GEORADIUS g 1 2 3 km COUNT 5 STOREDIST d",
        "GEORADIUSBYMEMBER g m 3 km STORE d",
        "MIGRATE h 1 k 0 5",
        "XREAD COUNT 2 BLOCK 0 STREAMS a b 0 0",
        "XREADGROUP GROUP streams c COUNT 1 STREAMS a >",
        "XREADGROUP GROUP g c NOACK STREAMS a b > >",
        "EVAL script 2 a b c",
        "FCALL_RO f 1 a b",
        "ZUNIONSTORE d 2 a b WEIGHTS 1 2 AGGREGATE SUM",
        "ZINTERSTORE d 1 a",
        "BZMPOP 0 2 a b MIN COUNT 1",
        "SINTERCARD 2 a b LIMIT 1",
        "MSETNX a 1 b 2",
        "BITOP NOT d a",
        "OBJECT FREQ a",
        "MEMORY USAGE a",
        "XGROUP CREATE a g 0 MKSTREAM",
        "XGROUP DELCONSUMER a g c",
        "XINFO CONSUMERS a g",
        "XADD a * f v",
        "RESTORE a 0 v",
        "LCS a b IDX",
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let query: Vec<&str> = ["COMMAND", "GETKEYS"].into_iter().chain(args.iter().copied()).collect();
        let mut keys = server.ask(&query).unwrap_or_else(|| panic!("{line}: refused"));
        keys.sort();
        assert_eq!(ours(&args), keys, "{line}");
    }
}
