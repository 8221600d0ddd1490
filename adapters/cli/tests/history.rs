//! The history over restarts of the program itself: ended well, and killed at any moment.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test speaks by panicking, and by what it skips"
)]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Dir, Running, get, keyviz, matrix, total};
use keyviz_core::Snapshot;

fn demo(file: &Path) -> Command {
    let mut command = keyviz();
    command.args(["demo", "--workload", "zipf", "--step", "100ms", "--listen", "127.0.0.1:0"]);
    command.args(["--keyviz-history-every", "1s", "--keyviz-history-file"]).arg(file);
    command
}

#[track_caller]
fn read(file: &Path) -> Snapshot {
    keyviz_admin::read_snapshot(std::fs::File::open(file).unwrap(), 256 << 20).unwrap()
}

fn counter(host: &str, name: &str) -> u64 {
    let (_, body) = get(host, "/admin/api/v1/keyviz/status");
    let status: serde_json::Value = serde_json::from_str(&body).unwrap();
    status["counters"][name].as_u64().unwrap()
}

/// Reads and writes that were observed by now, those of the runs before included.
fn observed(host: &str) -> u64 {
    counter(host, "observed_reads") + counter(host, "observed_writes")
}

#[track_caller]
fn wait(what: &str, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_there() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn sum(snapshot: &Snapshot) -> u64 {
    let (recorded, lost) = (snapshot.recorded(), snapshot.unattributed());
    recorded.reads + recorded.writes + lost.reads + lost.writes
}

#[test]
fn killed_while_it_writes_and_never_without_a_history() {
    let dir = Dir::new();
    let (file, fresh) = (dir.path().join("history"), dir.path().join("history.tmp"));
    let (mut least, mut met) = (0, 0);
    for round in 0..6 {
        if round >= 2 && met > 0 {
            break;
        }
        let mut running = Running::start(&mut demo(&file));
        let host = running.host();
        let restored = observed(&host);
        assert!(restored >= least, "round {round}: {restored} of {least} came through");
        wait("it counts and writes", || {
            std::thread::sleep(Duration::from_millis(20));
            file.exists() && sum(&read(&file)) > least
        });
        let was = sum(&read(&file));
        // In the midst of a write, if it can be met: the new file is there, and has not its name yet.
        let soon = Instant::now() + Duration::from_secs(3);
        wait("it writes again", || fresh.exists() || Instant::now() > soon);
        running.kill();
        running.ended();
        // What was cut off is still there.
        met += u32::from(fresh.exists());
        let found = read(&file);
        assert!(sum(&found) >= was && was > least, "round {round}: {was} and then {}", sum(&found));
        least = sum(&found);
    }
    assert!(met > 0, "no run was killed in the midst of a write");
    // The last one ends well, and then nothing is lost.
    let mut running = Running::start(&mut demo(&file));
    let host = running.host();
    wait("it counts on", || observed(&host) > least);
    let shown = total(&matrix(&host, "series=ops&open=1"));
    running.signal("TERM");
    assert!(running.ended().success());
    let kept = read(&file);
    assert!(kept.recorded().reads + kept.recorded().writes >= shown);
    assert!(!fresh.exists());
    let mut running = Running::start(&mut demo(&file));
    assert_eq!(counter(&running.host(), "columns_restored"), kept.columns().count() as u64);
}

#[test]
fn a_bad_file_is_said_on_the_terminal_and_the_demo_runs() {
    let dir = Dir::new();
    let file = dir.write("history", "something else");
    let complaints = std::fs::File::create(dir.path().join("said")).unwrap();
    let child = demo(&file).stdout(std::process::Stdio::piped()).stderr(complaints).spawn().unwrap();
    let mut running = Running::of(child);
    let host = running.host();
    assert_eq!(counter(&host, "columns_restored"), 0);
    let said = std::fs::read_to_string(dir.path().join("said")).unwrap();
    assert!(said.starts_with("keyviz: history: ") && said.contains("history.bad now"), "{said}");
    assert_eq!(std::fs::read_to_string(dir.path().join("history.bad")).unwrap(), "something else");
}
