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
use std::process::Command;

use common::redis::{Redis, Started, wait_for};
use common::{good, keyviz, numbers, total};

/// Starts a capture; it has begun when it has written its first line.
fn monitor(redis: &Redis, name: &str) -> (Started, std::path::PathBuf) {
    let path = redis.dir.path().join(name);
    let out = File::create(&path).unwrap();
    let port = redis.port.to_string();
    let monitor = Command::new("redis-cli").args(["-p", &port, "MONITOR"]).stdout(out).spawn().unwrap();
    wait_for(&path, "OK");
    (Started(monitor), path)
}

#[test]
fn a_capture_names_its_hot_prefix_and_matches_the_servers_counters() {
    let Some(redis) = Redis::start() else { return };
    redis.cli(&["CONFIG", "RESETSTAT"]);
    let (monitor, capture) = monitor(&redis, "monitor.txt");
    redis.load(12_000, 300, &["GET", "user:hot:__rand_int__"]);
    redis.load(4_000, 300, &["SET", "user:hot:__rand_int__", "0123456789"]);
    redis.load(1_500, 100_000, &["GET", "user:__rand_int__"]);
    redis.load(1_000, 50_000, &["SET", "cart:__rand_int__", "abc"]);
    redis.load(500, 50_000, &["MSET", "item:__rand_int__", "1", "item:__rand_int__", "22"]);
    redis.load(200, 1_000, &["EVAL", "return redis.call('INCR', KEYS[1])", "1", "hits:__rand_int__"]);
    redis.cli(&["SET", "bin\r\n\x07\"\\key", "v\x08\t"]);
    redis.cli(&["SET", "the:last", "1"]);
    wait_for(&capture, "the:last");
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
