//! What the tests of the binary share.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod redis;
pub mod tmux;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long anything is waited for that has to come: so long that a busy machine does not matter.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A command line of the built binary, without the environment's settings.
pub fn keyviz() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyviz"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYVIZ_")) {
        command.env_remove(name);
    }
    command
}

/// A directory of one test, removed on drop.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new() -> Dir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("keyviz-test-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Dir(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A word that has to be nowhere.
pub const CANARY: &str = "CaNaRySeCrEt";

/// The canary as it is, in hex, and in base64 at each of three offsets.
pub fn has_canary(bytes: &[u8]) -> bool {
    let text = text(bytes).to_lowercase();
    let hex = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    // "CaNaRySeCrEt" from its first, second and third byte on, whole groups of three only.
    let forms = [CANARY, &hex, "Q2FOYVJ5U2VDckV0", "YU5hUnlTZUNy", "TmFSeVNlQ3JF"];
    forms.iter().any(|form| text.contains(&form.to_lowercase()))
}

/// What a run said, and that it ended well.
#[track_caller]
pub fn good(output: Output) -> String {
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// What a run complained about, and that it ended badly, but not by a signal or a panic.
#[track_caller]
pub fn bad(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let complaint = text(&output.stderr);
    assert!(complaint.starts_with("keyviz: ") && !complaint.contains("panicked"), "{complaint}");
    complaint
}

/// The numbers in the line of an answer that begins with this word, in order.
#[track_caller]
pub fn numbers(answer: &str, word: &str) -> Vec<u64> {
    let line =
        answer.lines().find(|line| line.trim_start().starts_with(word)).unwrap_or_else(|| panic!("{word}: {answer}"));
    line.replace(',', "").split(|char: char| !char.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
}

/// A matrix file or answer: its rows' values, summed.
#[track_caller]
pub fn total(matrix: &serde_json::Value) -> u64 {
    let rows = matrix["rows"].as_array().unwrap();
    rows.iter().flat_map(|row| row["values"].as_array().unwrap()).map(|value| value.as_u64().unwrap()).sum()
}

/// A running keyviz, killed on drop.
pub struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Everything it said so far.
    pub said: String,
}

impl Running {
    pub fn start(command: &mut Command) -> Running {
        Running::of(command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap())
    }

    /// One whose standard output is a pipe.
    pub fn of(mut child: Child) -> Running {
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Running { child, stdout, said: String::new() }
    }

    /// Reads lines until one has these words.
    #[track_caller]
    pub fn until(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended without saying {words:?}:\n{}", self.said);
            self.said.push_str(&line);
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Where it serves, from its own words.
    pub fn host(&mut self) -> String {
        let line = self.until("http://");
        let (_, url) = line.split_once("http://").unwrap();
        url.trim().strip_suffix("/admin/").unwrap().to_owned()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it now, without asking it.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end, which has to come soon.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.stdout.read_to_string(&mut self.said).unwrap();
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A GET; status and body.
#[track_caller]
pub fn get(host: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    (status, if chunked { unchunked(body) } else { body.to_owned() })
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        body = rest[size..].strip_prefix("\r\n").unwrap_or_default();
        if size == 0 {
            break;
        }
    }
    whole
}

/// Asks until an answer is as it should be; the answer.
#[track_caller]
pub fn until<T: std::fmt::Debug>(what: &str, mut ask: impl FnMut() -> T, is: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = ask();
        if is(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: {answer:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The matrix of the running service, which is asked again while it says that it is busy.
#[track_caller]
pub fn matrix(host: &str, query: &str) -> serde_json::Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (status, body) = get(host, &format!("/admin/api/v1/keyviz/matrix?{query}"));
        if status == 200 {
            return serde_json::from_str(&body).unwrap();
        }
        assert!(status == 503 && body.contains("\"busy\"") && Instant::now() < deadline, "{status}: {body}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
