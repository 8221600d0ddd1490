//! `keyviz demo` as its users run it.
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

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{Dir, PATIENCE, Running, bad, get, keyviz, matrix, total};

/// A demo whose temporary directory is the test's own.
fn start(dir: &Dir, args: &[&str]) -> Running {
    Running::start(keyviz().env("TMPDIR", dir.path()).args(args).args(["--listen", "127.0.0.1:0"]))
}

fn scratches(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("keyviz-demo-")).collect()
}

/// Sealed columns and their operations.
fn columns(host: &str) -> (usize, u64) {
    let matrix = matrix(host, "series=ops");
    (matrix["column_unix_ms"].as_array().unwrap().len(), total(&matrix))
}

#[test]
fn it_says_where_it_is_grows_and_cleans_up() {
    let dir = Dir::new();
    let stale = dir.path().join("keyviz-demo-999999-0");
    std::fs::create_dir(&stale).unwrap();
    std::fs::write(stale.join("lock"), "").unwrap();
    // No command at all is the demo.
    let mut demo = start(&dir, &[]);
    let host = demo.host();
    let deadline = Instant::now() + PATIENCE;
    // Before anything else: after 20 s the next workload is shown.
    let status = loop {
        let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        if !status["notice"].is_null() {
            break status;
        }
        assert!(Instant::now() < deadline, "nothing is said of the workload");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!((&status["mode"], &status["title"]), (&"live".into(), &"keyviz demo".into()));
    assert_eq!(status["notice"]["id"], "uniform");
    assert!(status["notice"]["text"].as_str().unwrap().contains("equally hot"));
    let port = host.rsplit(':').next().unwrap().to_owned();
    let ssh = demo.until("ssh -L");
    assert!(ssh.contains(&format!("ssh -L {port}:127.0.0.1:{port} ")), "{ssh}");
    assert!(demo.until("memory").contains("MiB"));

    let first = loop {
        let found = columns(&host);
        if found.0 >= 2 && found.1 > 0 {
            break found;
        }
        assert!(Instant::now() < deadline, "no columns");
        std::thread::sleep(Duration::from_millis(200));
    };
    loop {
        let later = columns(&host);
        if later.0 >= first.0 + 2 && later.1 > first.1 {
            break;
        }
        assert!(Instant::now() < deadline, "{first:?} {later:?}");
        std::thread::sleep(Duration::from_millis(200));
    }

    let matrix = matrix(&host, "series=ops&open=1");
    assert_eq!(matrix["rows"].as_array().unwrap().len(), 96);
    assert!(matrix["unattributed"].as_array().unwrap().iter().all(|count| count == 0));
    assert!(!stale.exists(), "stale directories go at the start");
    assert_eq!(scratches(dir.path()).len(), 1);
    demo.signal("TERM");
    assert!(demo.ended().success());
    assert!(scratches(dir.path()).is_empty());
}

#[test]
fn every_ending_signal_cleans_up() {
    let dir = Dir::new();
    for signal in ["INT", "HUP"] {
        let mut demo = start(&dir, &["demo", "--workload", "scan", "--step", "200ms"]);
        demo.until("memory");
        assert_eq!(scratches(dir.path()).len(), 1);
        demo.signal(signal);
        assert!(demo.ended().success(), "{signal}");
        assert!(scratches(dir.path()).is_empty(), "{signal}");
    }
}

#[test]
fn what_a_killed_demo_leaves_the_next_one_removes() {
    let dir = Dir::new();
    let mut killed = start(&dir, &[]);
    killed.until("memory");
    killed.signal("KILL");
    killed.ended();
    let left = scratches(dir.path());
    assert_eq!(left.len(), 1);
    let mut next = start(&dir, &[]);
    next.until("memory");
    let now = scratches(dir.path());
    assert!(now.len() == 1 && now != left, "{left:?} {now:?}");
}

#[test]
fn it_keeps_to_its_part_of_a_core_and_tells_the_cost() {
    let dir = Dir::new();
    let began = Instant::now();
    let mut demo = start(&dir, &["demo"]);
    let cost = demo.until("cost ");
    for words in ["without keyviz", "ns with;", "median of 12 pairs of 100 ms blocks", "95 % interval"] {
        assert!(cost.contains(words), "{words}: {cost}");
    }
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", demo.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // Linux counts in hundredths of a second on every platform that it is built for here.
    let part = ticks as f64 / 100.0 / began.elapsed().as_secs_f64();
    println!("{:.1} % of a core while measuring; {cost}", part * 100.0);
    assert!(part <= 0.25, "{part}");
}

#[test]
fn a_taken_port_says_so_and_leaves_nothing() {
    let dir = Dir::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let output = keyviz().env("TMPDIR", dir.path()).args(["demo", "--listen", &addr]).output().unwrap();
    let complaint = bad(output);
    assert!(complaint.contains(&addr) && complaint.contains("taken") && complaint.contains("--listen"), "{complaint}");
    assert!(scratches(dir.path()).is_empty());
}

#[test]
fn it_refuses_the_network_without_a_token() {
    let dir = Dir::new();
    let output = keyviz().env("TMPDIR", dir.path()).args(["demo", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(bad(output).contains("--admin-token-file"));
}
