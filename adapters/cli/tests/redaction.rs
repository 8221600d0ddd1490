//! What leaves the program of keys: answers, files, pages, logs, for whoever may see less than all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells a skip loudly"
)]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use common::{CANARY, Dir, Running, bad, good, has_canary, keyviz, text};

const FULL: &str = "full-0123456789abcdef";
const READ: &str = "read-0123456789abcdef";

/// A trace of keys that have the canary behind their first bytes, many of one prefix, some of them hot.
fn trace(dir: &Dir) -> PathBuf {
    let mut trace = "ts_us,op,key,count\n".to_owned();
    for record in 0..3000_u64 {
        let key = (record * record) % 61;
        let micros = 1_700_000_000_000_000 + record * 10_000;
        writeln!(trace, "{micros},write,tenant-{}/{CANARY}/{key:02},{}", key % 3, 1 + 50 / (key + 1)).unwrap();
    }
    dir.write("trace.csv", trace)
}

#[test]
fn no_export_holds_more_than_the_policy_says() {
    let dir = Dir::new();
    let file = trace(&dir);
    for (policy, hidden) in [("none", false), ("prefix:8", true), ("hmac", true), ("hex", false)] {
        let names = ["json", "csv", "png", "html"].map(|kind| dir.path().join(format!("{}.{kind}", &policy[..3])));
        let mut command = keyviz();
        command.arg("replay").arg(&file).args(["--step", "1s", "--admin-redaction", policy]);
        for (flag, name) in ["--json", "--csv", "--png", "--html"].iter().zip(&names) {
            command.arg(flag).arg(name);
        }
        let answer = good(command.output().unwrap());
        assert_eq!(has_canary(answer.as_bytes()), !hidden, "{policy}: {answer}");
        assert!(answer.contains("hottest ranges"));
        for name in &names {
            let bytes = std::fs::read(name).unwrap();
            // A picture has no letters, and hex digits in base64 are another text.
            let drawn = name.extension().is_some_and(|kind| kind == "png");
            if drawn || policy == "hex" {
                continue;
            }
            assert_eq!(has_canary(&bytes), !hidden, "{policy}: {}", name.display());
        }
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&names[0]).unwrap()).unwrap();
        let marked = if policy == "none" { serde_json::Value::Null } else { policy.into() };
        assert_eq!(json["redaction"], marked);
        assert!(json["rows"].as_array().unwrap().len() > 10 && json["replay"].is_object());
    }
    // A picture draws what the policy leaves: another one than without it.
    let drawn = |policy: &str| std::fs::read(dir.path().join(format!("{policy}.png"))).unwrap();
    assert!(drawn("non") != drawn("pre") && drawn("non") != drawn("hma") && drawn("non") != drawn("hex"));
}

/// Asks, with a token.
fn ask(host: &str, path: &str, token: &str) -> (u16, String) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let request = format!(
        "GET /admin/api/v1/keyviz/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = text(&answer);
    (answer[9..12].parse().unwrap(), answer)
}

fn serve(file: &Path, dir: &Dir, audit: &str) -> Running {
    let (full, read) = (dir.write("full", FULL), dir.write("read", READ));
    let mut command = keyviz();
    command.arg("replay").arg(file).args([
        "--step",
        "1s",
        "--listen",
        "127.0.0.1:0",
        "--admin-audit-file",
        audit,
        "--quiet",
    ]);
    command.arg("--admin-token-file").arg(full).arg("--admin-read-token-file").arg(read);
    Running::start(&mut command)
}

#[test]
fn roles_and_their_log_in_a_running_program() {
    let dir = Dir::new();
    let file = trace(&dir);
    let log = dir.path().join("audit.log");
    let mut running = serve(&file, &dir, log.to_str().unwrap());
    let host = running.host();
    for path in ["matrix", "matrix?axis=range", "events", "status", "hotkeys?route_id=1", "snapshot", "nothing"] {
        let (_, whole) = ask(&host, path, FULL);
        let (status, answer) = ask(&host, path, READ);
        assert!(!has_canary(answer.as_bytes()), "{path}");
        if path.starts_with("matrix") {
            assert!(status == 200 && has_canary(whole.as_bytes()), "{path}");
        }
        if path.starts_with("hotkeys") {
            assert!(status == 403 && answer.contains("\"forbidden_role\""), "{answer}");
        }
    }
    assert_eq!(ask(&host, "matrix", "wrong-0123456789abcdef").0, 401);
    let log = std::fs::read(&log).unwrap();
    assert!(!has_canary(&log));
    let lines = text(&log);
    assert!(lines.lines().all(|line| line.starts_with("keyviz-audit ")), "{lines}");
    for part in ["role=read", "role=full", "endpoint=matrix", "redaction=prefix:8", "address=127.0.0.1:"] {
        assert!(lines.contains(part), "{part}: {lines}");
    }
    assert!(lines.lines().count() >= 6 && !lines.contains(FULL) && !lines.contains(READ));
}

#[test]
fn what_cannot_work_is_said_at_the_start() {
    let dir = Dir::new();
    let file = trace(&dir);
    let token = dir.write("token", FULL);
    let token = token.to_str().unwrap();
    for (args, said) in [
        (vec!["--admin-read-token-file", "/nowhere/token"], "/nowhere/token"),
        (vec!["--admin-token-file", token, "--admin-read-token-file", token], "the same token"),
        (vec!["--admin-audit-file", "/nowhere/log"], "--admin-audit-file /nowhere/log"),
        (vec!["--admin-redaction-key-file", "/nowhere/key"], "/nowhere/key"),
    ] {
        let output = keyviz().arg("replay").arg(&file).args(["--listen", "127.0.0.1:0", "--quiet"]).args(args).output();
        let complaint = bad(output.unwrap());
        assert!(complaint.contains(said) && !has_canary(complaint.as_bytes()), "{complaint}");
    }
}
