//! `keyviz top` as its users run it.
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

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use common::{Dir, Running, bad, good, keyviz};

#[test]
fn a_running_node_tells_its_hottest_ranges() {
    let dir = Dir::new();
    let names = dir.write("names.tsv", "users/\tusers\norders/\torders\n");
    let names = format!("--keyviz-key-names={}", names.display());
    let mut demo = Running::start(keyviz().env("TMPDIR", dir.path()).args(["demo", "--listen", "127.0.0.1:0", &names]));
    let url = format!("http://{}/admin/", demo.host());
    let top = |args: &[&str]| keyviz().arg("top").args(args).arg(&url).output().unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    let answer: serde_json::Value = loop {
        let line = good(top(&["--once", "--json", "--limit", "5"]));
        assert_eq!(line.trim_end().lines().count(), 1, "{line}");
        let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
        if answer["before"].is_object() && answer["rows"].as_array().unwrap().len() == 5 {
            break answer;
        }
        assert!(Instant::now() < deadline, "{answer}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let rows = answer["rows"].as_array().unwrap();
    let values: Vec<u64> = rows.iter().map(|row| row["value"].as_u64().unwrap()).collect();
    assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
    assert!(values.iter().sum::<u64>() <= answer["now"]["total"].as_u64().unwrap());
    let table = good(top(&["--once", "--series", "writes", "--limit", "3"]));
    assert!(table.starts_with("until ") && table.contains(" writes/s on ") && table.contains("route:"), "{table}");
    let (ranges, events) = table.split_once("\n\n").expect("the demo tells which load begins");
    assert!(ranges.lines().count() <= 5, "{table}");
    assert!(events.contains(" UTC  load: ") && events.lines().count() <= 9, "{table}");
    let ranked = good(top(&["--once", "--limit", "1024"]));
    assert!(ranked.contains("[orders]") && ranked.contains("[users]"), "{ranked}");
}

#[test]
fn what_cannot_be_had_is_said_with_what_to_do() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = bad(keyviz().args(["top", "--once", &format!("http://{free}")]).output().unwrap());
    assert!(told.contains(&free.to_string()) && told.contains("start it with `keyviz`"), "{told}");
    let refused = keyviz().args(["top", "--once", "https://localhost:1"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(common::text(&refused.stderr).contains("tunnel"));
    let told = bad(keyviz().args(["top", "--once", "--token-file", "/nonexistent"]).output().unwrap());
    assert!(told.contains("/nonexistent"), "{told}");
}

/// Something else listens there: it is told, and is no list without ranges.
#[test]
fn what_is_no_keyviz_is_told() {
    for (body, why) in [("{\"a\":1}", "the answer is no list of ranges"), ("<p>", "the answer is not JSON")] {
        for args in [&["top", "--once"][..], &["top", "--json"]] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                write!(stream, "HTTP/1.0 200 OK\r\n\r\n{body}").unwrap();
            });
            let told = bad(keyviz().args(args).arg(format!("http://{address}")).output().unwrap());
            assert!(told.contains(why) && told.contains("is keyviz listening there?"), "{told}");
            server.join().unwrap();
        }
    }
}

#[test]
fn a_token_is_asked_for_and_taken_from_a_file() {
    let dir = Dir::new();
    let token = dir.write("token", "a-token-of-thirty-letters-or-so\n");
    let flag = format!("--admin-token-file={}", token.display());
    let mut demo = Running::start(keyviz().env("TMPDIR", dir.path()).args(["demo", "--listen", "127.0.0.1:0", &flag]));
    let url = format!("http://{}", demo.host());
    let told = bad(keyviz().args(["top", "--once", &url]).output().unwrap());
    assert!(told.contains("--token-file"), "{told}");
    let file = token.display().to_string();
    let line = good(keyviz().args(["top", "--once", "--json", "--token-file", &file, &url]).output().unwrap());
    assert!(line.starts_with('{') && !line.contains("thirty-letters"), "{line}");
}
