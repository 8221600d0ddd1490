//! `keyviz redis` and its history files: whose they are, and when they are written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells a skip loudly"
)]

mod common;

use std::path::Path;
use std::time::Duration;

use common::redis::{Load, Redis, Watcher, command, send, signal, wait_for_total};
use common::{Dir, get, matrix, numbers, total, until};
use serde_json::Value;

const API: &str = "/admin/api/v1/keyviz";

fn status(host: &str) -> Value {
    serde_json::from_str(&get(host, &format!("{API}/status")).1).unwrap()
}

/// Waits until all that was counted is in columns that are kept.
#[track_caller]
fn until_sealed(host: &str, expected: u64) {
    until("sealed columns", || total(&matrix(host, "series=writes")), |sealed| *sealed == expected);
}

/// Writes of so many keys of a prefix.
fn write(redis: &Redis, prefix: &str, keys: u64) {
    let keys: Vec<String> = (0..keys).map(|number| format!("{prefix}:{number:05}")).collect();
    let words: Vec<[&str; 3]> = keys.iter().map(|key| ["SET", key, "v"]).collect();
    send(redis.port, &words.iter().map(|words| &words[..]).collect::<Vec<_>>());
}

/// A snapshot's bytes, unpacked.
fn plain(file: &Path) -> String {
    common::text(&zstd::decode_all(std::fs::read(file).unwrap().as_slice()).unwrap())
}

fn own_file(dir: &Dir, redis: &Redis) -> std::path::PathBuf {
    dir.path().join(format!("history.127.0.0.1_{}", redis.port))
}

/// A history file keeps what one run saw for the next, which tells in its answer what it saw itself.
#[test]
fn the_next_run_goes_on_with_the_history() {
    let Some(redis) = Redis::start() else { return };
    let dir = Dir::new();
    let file = dir.path().join("history");
    let kept = ["--duration", "0", "--keyviz-history-file", file.to_str().unwrap()];
    let mut expected = 0;
    for (round, keys) in [["a", "b", "c"], ["x", "y", "z"]].into_iter().enumerate() {
        let mut watcher = Watcher::start(&[&[redis.url().as_str()][..], &kept].concat());
        let host = watcher.host();
        send(redis.port, &keys.map(|key| ["SET", key, "1"]).each_ref().map(|words| &words[..]));
        expected += 3;
        wait_for_total(&host, expected);
        let told = status(&host);
        assert_eq!(told["history_file"]["file"], file.to_str().unwrap(), "{told}");
        until_sealed(&host, expected);
        let said = watcher.interrupt();
        assert_eq!(numbers(&said, "total")[..3], [3, 0, 3], "round {round}: {said}");
        let other = if round == 0 { "key x" } else { "key a" };
        assert!(said.contains(&format!("key {}", keys[0])) && !said.contains(other), "{said}");
    }
}

/// Each server's history is a file of its own, which is gone on with in whatever order they are named.
#[test]
fn each_server_goes_on_with_its_own_history() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let dir = Dir::new();
    let file = dir.path().join("history");
    let kept = ["--duration", "0", "--keyviz-history-file", file.to_str().unwrap()];
    let mut expected = 0;
    for urls in [[one.url(), two.url()], [two.url(), one.url()]] {
        let mut watcher = Watcher::start(&[&urls.each_ref().map(String::as_str)[..], &kept].concat());
        let host = watcher.host();
        until("both", || status(&host), |status| status["notice"]["title"].to_string().contains("Watching"));
        assert_eq!(total(&matrix(&host, "series=writes&open=1")), expected, "what the run before kept");
        write(&one, "one", 30);
        write(&two, "two", 20);
        expected += 50;
        wait_for_total(&host, expected);
        // Each node has what was counted of it: prefix `two` is only in the second server's file.
        let told = status(&host);
        assert_eq!(told["history_files"].as_array().unwrap().len(), 2, "{told}");
        until_sealed(&host, expected);
        watcher.interrupt();
    }
    let mut files: Vec<String> =
        std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|file| !file.ends_with(".lock"));
    files.sort();
    let mut named = [&one, &two].map(|redis| format!("history.127.0.0.1_{}", redis.port));
    named.sort();
    assert_eq!(files, named);
    for (redis, own, other) in [(&one, "one:", "two:"), (&two, "two:", "one:")] {
        assert!(!plain(&own_file(&dir, redis)).contains(other), "{own} has keys of the other");
    }
}

/// A server that was alone goes on with its history when others come to it, at whatever place, and when they go again.
#[test]
fn a_server_keeps_its_history_whichever_others_there_are() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let dir = Dir::new();
    let file = dir.path().join("history");
    let kept = ["--duration", "0", "--keyviz-history-file", file.to_str().unwrap()];
    let run = |urls: &[String], before: u64, writes: &[(&Redis, &str)]| {
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        let mut watcher = Watcher::start(&[&urls[..], &kept].concat());
        let host = watcher.host();
        until("all", || status(&host), |status| status["notice"]["title"].to_string().contains("Watching"));
        assert_eq!(total(&matrix(&host, "series=writes&open=1")), before, "{}", watcher.said());
        writes.iter().for_each(|(redis, prefix)| write(redis, prefix, 10));
        until_sealed(&host, before + 10 * writes.len() as u64);
        watcher.interrupt()
    };
    run(&[one.url()], 0, &[(&one, "one")]);
    assert!(file.exists() && !own_file(&dir, &one).exists());
    let said = run(&[two.url(), one.url()], 10, &[(&one, "one"), (&two, "two")]);
    assert!(said.contains(&format!("of {} go on", file.display())), "{said}");
    assert!(own_file(&dir, &two).exists() && !own_file(&dir, &one).exists());
    run(&[one.url()], 20, &[]);
    run(&[two.url()], 10, &[]);
    // Another server does not go on with it, and is told where its own is kept.
    let Some(three) = Redis::start() else { return };
    let said = run(&[three.url()], 0, &[(&three, "three")]);
    let own = own_file(&dir, &three);
    let of_one = format!("{} is that of 127.0.0.1:{}; ", file.display(), one.port);
    assert!(said.contains(&of_one) && said.contains(&format!("is kept in {}", own.display())), "{said}");
    run(&[three.url()], 10, &[]);
    // Where nothing says whose it is, that is said, once.
    std::fs::remove_file(dir.path().join("history.lock")).unwrap();
    let said = run(&[one.url(), two.url()], 10, &[]);
    let nobody = format!("{} does not say which node's it is", file.display());
    assert_eq!(said.matches(&nobody).count(), 1, "{said}");
    assert!(said.contains(&format!("as {} for the first", own_file(&dir, &one).display())), "{said}");
}

/// Ends it as a power cut would, and sees that another run goes on with all of it.
#[track_caller]
fn kill_and_go_on(watcher: &mut Watcher, args: &[&str], expected: u64) {
    signal(&[watcher.id()], "KILL");
    until("its end", || watcher.child.0.try_wait().unwrap(), Option::is_some);
    let mut again = Watcher::start(args);
    let host = again.host();
    assert_eq!(total(&matrix(&host, "series=writes&open=1")), expected, "{}", again.said());
    again.interrupt();
}

/// When the watch is over the history is kept, whatever becomes of the page.
#[test]
fn it_is_written_when_the_watch_is_over() {
    let Some(redis) = Redis::start() else { return };
    let dir = Dir::new();
    let file = dir.path().join("history");
    let (url, path) = (redis.url(), file.to_str().unwrap());
    let args = [url.as_str(), "--duration", "2s", "--keyviz-history-file", path];
    // Whatever part of it the two seconds are.
    let load = Load::start(redis.port, Duration::from_millis(5), |_| command(&["SET", "vault", "v"]));
    let mut watcher = Watcher::start(&args);
    let host = watcher.host();
    watcher.until("hottest ranges");
    drop(load);
    until("a write", || status(&host)["history_file"]["writes"].clone(), |writes| *writes == 1);
    let counted = numbers(&watcher.said(), "total")[2];
    assert!(counted > 0, "{}", watcher.said());
    kill_and_go_on(&mut watcher, &args, counted);
}

/// While a watch goes on it is written now and then, so that a kill costs little.
#[test]
fn it_is_written_now_and_then() {
    let Some(redis) = Redis::start() else { return };
    let dir = Dir::new();
    let file = dir.path().join("history");
    let (url, path) = (redis.url(), file.to_str().unwrap());
    let args = [url.as_str(), "--duration", "0", "--keyviz-history-file", path, "--keyviz-history-every", "1s"];
    let mut watcher = Watcher::start(&args);
    let host = watcher.host();
    write(&redis, "vault", 100);
    until_sealed(&host, 100);
    let writes = || status(&host)["history_file"]["writes"].as_u64().unwrap();
    let before = writes();
    // One may have begun before.
    until("two more", writes, |writes| *writes >= before + 2);
    kill_and_go_on(&mut watcher, &args, 100);
}

/// A place where nothing can be written is told before anything is watched; watching goes on without.
#[test]
fn a_place_that_cannot_be_written_is_told_at_once() {
    let Some(redis) = Redis::start() else { return };
    let dir = Dir::new();
    let nowhere = dir.path().join("nosuch/history");
    let mut watcher =
        Watcher::start(&[&redis.url(), "--duration", "0", "--keyviz-history-file", nowhere.to_str().unwrap()]);
    let host = watcher.host();
    let said = watcher.said();
    let told = said.find(&format!("{} could not be written (making a file beside it: No such", nowhere.display()));
    assert!(told.is_some_and(|at| at < said.find("watching  ").unwrap()), "{said}");
    let trouble = status(&host)["history_file"]["trouble"].to_string();
    assert!(trouble.contains("could not be written"), "{trouble}");
    write(&redis, "vault", 10);
    wait_for_total(&host, 10);
    // A folder that somebody makes meanwhile will do.
    std::fs::create_dir(dir.path().join("nosuch")).unwrap();
    let said = watcher.interrupt();
    assert!(said.contains(&format!("{} is written again", nowhere.display())) && nowhere.exists(), "{said}");
}
