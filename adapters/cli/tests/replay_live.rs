//! `keyviz replay` while it is looked at.
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

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use common::{Dir, PATIENCE, Running, bad, get, keyviz, matrix, numbers, total};

fn seconds(range: std::ops::Range<u64>) -> String {
    range.fold(String::new(), |mut text, second| {
        writeln!(text, "{},write,k{:02}", 1_700_000_000_000_000 + second * 1_000_000, second % 10).unwrap();
        text
    })
}

fn follow(file: &std::path::Path, args: &[&str]) -> Running {
    Running::start(keyviz().arg("replay").arg(file).args(["--follow", "--listen", "127.0.0.1:0"]).args(args))
}

/// Waits until the picture has let go of what it held, and has just so many operations.
#[track_caller]
fn wait_for_only(host: &str, operations: u64) {
    let deadline = Instant::now() + PATIENCE;
    while total(&matrix(host, "series=ops&open=1")) != operations {
        assert!(Instant::now() < deadline, "other than {operations}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Waits until the picture holds so many operations.
#[track_caller]
fn wait_for(host: &str, operations: u64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = total(&matrix(host, "series=ops&open=1"));
        if found == operations {
            return;
        }
        assert!(found < operations && Instant::now() < deadline, "{found} of {operations}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn columns_appear_at_the_pace_asked_for() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n".to_owned() + &seconds(0..40));
    let began = Instant::now();
    let mut running = Running::start(keyviz().arg("replay").arg(&file).args([
        "--speed",
        "8",
        "--step",
        "1s",
        "--listen",
        "127.0.0.1:0",
    ]));
    let host = running.host();
    let early = total(&matrix(&host, "series=ops&open=1"));
    assert!(early < 40, "all at once");
    let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
    assert!(status.contains("\"mode\":\"live\""), "{status}");
    wait_for(&host, 40);
    assert!(began.elapsed() >= Duration::from_millis(4500), "{:?}", began.elapsed());
    running.until("took");
    assert_eq!(numbers(&running.said, "total")[0], 40);
    // Each second in its own column.
    let matrix = matrix(&host, "series=ops&open=1");
    for column in 0..40 {
        let rows = matrix["rows"].as_array().unwrap().iter();
        assert_eq!(rows.map(|row| row["values"][column].as_u64().unwrap()).sum::<u64>(), 1, "{column}");
    }
    running.signal("INT");
    assert!(running.ended().success());
}

#[test]
fn a_signal_ends_a_slow_replay_with_the_answer_so_far() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n".to_owned() + &seconds(0..1000));
    let mut running =
        Running::start(keyviz().arg("replay").arg(&file).args(["--speed", "1", "--listen", "127.0.0.1:0"]));
    let host = running.host();
    wait_for(&host, 1);
    running.signal("INT");
    assert!(running.ended().success());
    assert!(numbers(&running.said, "total")[0] < 10, "{}", running.said);
    assert!(running.said.contains("stopped   a signal ended the replay before the trace did"), "{}", running.said);
}

#[test]
fn a_growing_file_is_followed() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n".to_owned() + &seconds(0..10));
    let mut running = Running::start(keyviz().arg("replay").arg(&file).args(["--follow", "--listen", "127.0.0.1:0"]));
    let host = running.host();
    wait_for(&host, 10);
    let mut more = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    let text = seconds(10..20);
    // In two parts, cut inside a line.
    let (head, tail) = text.split_at(text.len() - 7);
    more.write_all(head.as_bytes()).unwrap();
    wait_for(&host, 19);
    more.write_all(tail.as_bytes()).unwrap();
    wait_for(&host, 20);
    let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
    assert!(status.contains("\"mode\":\"live\"") && status.contains("\"now_unix_ms\":1700000019000"), "{status}");
    running.signal("INT");
    assert!(running.ended().success());
    assert_eq!(numbers(&running.said, "total")[0], 20);
    assert_eq!(numbers(&running.said, "lines")[..], [21, 0]);
    assert!(running.said.contains("routes    found in what was there at the start"), "{}", running.said);
}

#[test]
fn an_empty_file_is_waited_for() {
    let dir = Dir::new();
    let file = dir.write("monitor.txt", "");
    let mut running = follow(&file, &[]);
    running.until("waiting   for the first record");
    let mut more = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    more.write_all(b"OK\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    more.write_all(b"1700000000.000001 [0 127.0.0.1:5] \"GET\" \"a\"\n17000000").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    more.write_all(b"01.5 [1 127.0.0.1:5] \"GET\" \"b\"\n").unwrap();
    let host = running.host();
    wait_for(&host, 2);
    // The routes are not those of the very first key.
    assert!(matrix(&host, "series=ops&open=1")["rows"].as_array().unwrap().len() >= 2);
    more.write_all(b"1700000002.5 [1 127.0.0.1:5] \"GET\" \"c\"\n").unwrap();
    wait_for(&host, 3);
    running.signal("TERM");
    assert!(running.ended().success());
    assert!(running.said.contains("databases 2 Redis databases are shown as one"), "{}", running.said);
}

#[test]
fn a_signal_ends_the_waiting() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n");
    let mut running = follow(&file, &[]);
    running.until("waiting   for the first record");
    running.signal("INT");
    assert!(running.ended().success());
}

#[test]
fn a_pipe_that_stays_open_is_followed() {
    let mut child = keyviz()
        .args(["replay", "-", "--follow", "--listen", "127.0.0.1:0"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut running = Running::of(child);
    running.until("waiting   for the first record of standard input");
    input.write_all(("ts_us,op,key\n".to_owned() + &seconds(0..10)).as_bytes()).unwrap();
    let host = running.host();
    wait_for(&host, 10);
    input.write_all(seconds(10..12).as_bytes()).unwrap();
    wait_for(&host, 12);
    drop(input);
    // The end of the input is the end of the trace: the answer comes, and the page stays.
    running.until("took");
    let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
    assert!(status.contains("\"mode\":\"static\""), "{status}");
    assert_eq!(total(&matrix(&host, "series=ops")), 12);
    running.signal("INT");
    assert!(running.ended().success());
}

#[test]
fn a_file_that_is_cut_or_replaced_is_read_anew() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n".to_owned() + &seconds(0..10));
    let mut running = follow(&file, &[]);
    let host = running.host();
    wait_for(&host, 10);
    std::fs::write(&file, "ts_us,op,key\n".to_owned() + &seconds(10..15)).unwrap();
    wait_for(&host, 15);
    let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
    assert!(status.contains("The file was cut"), "{status}");
    std::fs::rename(&file, dir.path().join("trace.csv.1")).unwrap();
    std::fs::write(&file, seconds(15..18)).unwrap();
    wait_for(&host, 18);
    let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
    assert!(status.contains("The file was replaced"), "{status}");
    running.signal("INT");
    assert!(running.ended().success());
    assert_eq!(numbers(&running.said, "total")[0], 18);
    assert!(running.said.contains("repeated_header"), "{}", running.said);
}

#[test]
fn a_long_idle_time_is_leapt_over() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n".to_owned() + &seconds(0..10));
    let mut running = follow(&file, &["--step", "1s"]);
    let host = running.host();
    wait_for(&host, 10);
    let mut more = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    let later = 3 * 86_400;
    more.write_all(seconds(later..later + 3).as_bytes()).unwrap();
    wait_for_only(&host, 3);
    running.signal("INT");
    assert!(running.ended().success());
    assert_eq!(numbers(&running.said, "total")[0], 13);
    assert!(running.said.contains("older     10 operations are in columns that were let go"), "{}", running.said);
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let dir = Dir::new();
    let packed = dir.write("trace.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    let refused =
        bad(keyviz().arg("replay").arg(&packed).args(["--follow", "--listen", "127.0.0.1:0"]).output().unwrap());
    assert!(refused.contains("compressed by gzip") && refused.contains("keyviz replay - --follow"), "{refused}");
    let foreign = dir.write("foreign", "what is this\n");
    let refused =
        bad(keyviz().arg("replay").arg(&foreign).args(["--follow", "--listen", "127.0.0.1:0"]).output().unwrap());
    assert!(refused.contains("format is not known"), "{refused}");
    for flag in ["--json", "--csv", "--png", "--html"] {
        for live in [&["--follow"][..], &["--speed", "10"]] {
            let output = keyviz().arg("replay").arg(&foreign).args(live).args([flag, "out"]).output().unwrap();
            assert_eq!(output.status.code(), Some(2));
            assert!(common::text(&output.stderr).contains("cannot be used with"), "{flag}");
        }
    }
    for speed in ["0", "-1", "max", "1e9", "nan"] {
        let output = keyviz().arg("replay").arg(&foreign).arg(format!("--speed={speed}")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{speed}");
    }
}

#[test]
fn a_strict_replay_ends_with_its_page() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n".to_owned() + &seconds(0..5));
    let mut command = keyviz();
    command.arg("replay").arg(&file).args(["--follow", "--strict", "--listen", "127.0.0.1:0"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    std::fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"nonsense\n").unwrap();
    assert!(bad(child.wait_with_output().unwrap()).contains("line 7 is bad"));
}

#[test]
fn a_pipe_is_replayed_at_a_pace() {
    let mut command = keyviz();
    command.args(["replay", "-", "--speed", "12x", "--step", "1s", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(("ts_us,op,key\n".to_owned() + &seconds(0..60)).as_bytes()).unwrap();
    let mut running = Running::of(child);
    let began = Instant::now();
    let host = running.host();
    assert!(total(&matrix(&host, "series=ops&open=1")) < 60, "all at once");
    running.until("took");
    assert!(began.elapsed() >= Duration::from_millis(4500), "{:?}", began.elapsed());
    assert_eq!(total(&matrix(&host, "series=ops")), 60);
    running.signal("HUP");
    assert!(running.ended().success());
}
