//! `keyviz redis` does not hurt the server, whatever becomes of keyviz.
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
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::PATIENCE;
use common::redis::{Load, Redis, Watcher, signal};

/// What is asked of a server under load while everything that watches it stands still.
const MOST_GROWTH_BYTES: u64 = 64 << 20;

/// One load at a time: these tests measure.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops these processes of keyviz under the heaviest load a client can make, for ten seconds; gives the most that the
/// server's memory grew, and what keyviz said after it went on.
#[track_caller]
fn stopped(which: impl Fn(&Watcher) -> Vec<u32>, dies: bool) -> (u64, String) {
    let Some(redis) = Redis::start() else { return (0, String::new()) };
    let _load = Load::heavy(redis.port);
    std::thread::sleep(Duration::from_secs(2));
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0", "--no-serve"]);
    watcher.until("watched (redis");
    std::thread::sleep(Duration::from_secs(1));
    let before = redis.info("used_memory");
    let ids = which(&watcher);
    assert!(!ids.is_empty());
    signal(&ids, "STOP");
    let (mut most, mut gone) = (before, false);
    for _ in 0..50 {
        most = most.max(redis.info("used_memory"));
        gone |= redis.monitors().is_empty();
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(gone, "the server still has the client: {:?}", redis.monitors());
    // Those that were killed meanwhile are not there to go on.
    let _ = std::process::Command::new("kill").arg("-CONT").args(ids.iter().map(u32::to_string)).status();
    if !dies {
        watcher.until("again in");
    }
    let said = watcher.interrupt();
    let growth = most - before;
    println!("grew by {} KiB", growth / 1024);
    assert!(growth < MOST_GROWTH_BYTES, "{growth}");
    (growth, said)
}

#[test]
fn a_stopped_page_lets_no_buffer_grow() {
    let _alone = alone();
    let (growth, said) = stopped(|watcher| vec![watcher.id()], false);
    // The session goes on reading until its own room is full, and leaves: nothing ever waits in the server.
    assert!(growth < 8 << 20, "{growth}");
    assert!(said.is_empty() || said.contains("keyviz does not keep up with the server's commands, and left"), "{said}");
}

#[test]
fn a_stopped_session_is_ended_by_the_page() {
    let _alone = alone();
    let (_, said) = stopped(Watcher::sessions, false);
    assert!(said.is_empty() || said.contains("stood still or was ended"), "{said}");
}

#[test]
fn when_everything_stands_still_the_server_lets_go_by_itself() {
    let _alone = alone();
    stopped(|watcher| [watcher.sessions(), vec![watcher.id()]].concat(), false);
}

#[test]
fn a_killed_page_takes_its_session_along() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0", "--no-serve"]);
    watcher.until("watched (redis");
    let sessions = watcher.sessions();
    assert_eq!(sessions.len(), 1);
    signal(&[watcher.id()], "KILL");
    redis.wait_for_monitors(0);
    let deadline = Instant::now() + PATIENCE;
    let alive = |id: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    while sessions.iter().any(alive) {
        assert!(Instant::now() < deadline, "{sessions:?} still run");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_terminals_stop_key_does_not_stop_the_session() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0", "--no-serve"]);
    watcher.until("watched (redis");
    let group = |id: u32| -> String {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().to_owned()
    };
    assert_ne!(group(watcher.sessions()[0]), group(watcher.id()));
    watcher.interrupt();
}

/// A connection between keyviz and the server that stops passing on what a `MONITOR` client gets: a network that became
/// slow, so that it piles up in the server while the other connections work.
fn slow_network(port: u16, stuck: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let monitors = Arc::new(AtomicBool::new(false));
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let its_monitors = Arc::clone(&monitors);
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(len @ 1..) = from.read(&mut chunk) {
                    if chunk[..len].windows(11).any(|words| words == b"\r\nMONITOR\r\n") {
                        its_monitors.store(true, Ordering::Relaxed);
                    }
                    if to.write_all(&chunk[..len]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
            let (mut from, mut to, stuck) = (server, client, Arc::clone(&stuck));
            std::thread::spawn(move || {
                let mut chunk = [0; 65536];
                while let Ok(len @ 1..) = from.read(&mut chunk) {
                    while stuck.load(Ordering::Relaxed) && monitors.load(Ordering::Relaxed) {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                    if to.write_all(&chunk[..len]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    own
}

/// Watches through a network that becomes slow; what the server's buffer came to, and what keyviz said.
fn through_a_slow_network(redis: &Redis, most: &str) -> (u64, String) {
    let stuck = Arc::new(AtomicBool::new(false));
    let port = slow_network(redis.port, Arc::clone(&stuck));
    let _load = Load::heavy(redis.port);
    let url = format!("redis://127.0.0.1:{port}");
    let mut watcher = Watcher::start(&[&url, "--duration", "0", "--no-serve", "--max-server-buffer", most]);
    watcher.until("watched (redis");
    let id = redis.monitors()[0].0;
    stuck.store(true, Ordering::Relaxed);
    let (deadline, mut waited) = (Instant::now() + PATIENCE, 0);
    while let Some((_, waiting)) = redis.monitors().into_iter().find(|(monitor, _)| *monitor == id) {
        waited = waiting.max(waited);
        assert!(Instant::now() < deadline, "the server still has the client, and {waiting} bytes for it");
        std::thread::sleep(Duration::from_millis(20));
    }
    watcher.until("again in");
    stuck.store(false, Ordering::Relaxed);
    (waited, watcher.interrupt())
}

#[test]
fn what_piles_up_in_the_server_is_cut_at_the_limit() {
    let _alone = alone();
    let Some(redis) = Redis::start() else { return };
    let (waited, said) = through_a_slow_network(&redis, "4MiB");
    println!("{waited} bytes waited at most");
    assert!(said.contains("waited in the server, more than the 4.0 MiB that may"), "{said}");
    assert!((1..24 << 20).contains(&waited), "{waited}");
    assert!(said.contains("left alone once to protect it"), "{said}");
}

#[test]
fn near_maxmemory_less_may_wait() {
    let _alone = alone();
    let Some(redis) = Redis::start_with(&["--maxmemory", "40mb", "--maxmemory-policy", "allkeys-random"]) else {
        return;
    };
    let (waited, said) = through_a_slow_network(&redis, "32MiB");
    println!("{waited} bytes waited at most");
    assert!(said.contains("waited in the server, which is near its maxmemory, more than the"), "{said}");
    assert!(waited < 24 << 20, "{waited}");
}

#[test]
fn a_server_that_is_full_is_left_alone() {
    let Some(redis) = Redis::start_with(&["--maxmemory-policy", "noeviction"]) else { return };
    redis.cli(&["CONFIG", "SET", "maxmemory", &(redis.info("used_memory") + 1000).to_string()]);
    let mut watcher = Watcher::start(&[&redis.url()]);
    let said = watcher.ended(1);
    assert!(said.contains("the server's memory is full"), "{said}");
    assert!(redis.monitors().is_empty());
}

/// Batches that are answered in two seconds.
fn answered(redis: &Redis) -> u64 {
    let before = redis.info("total_commands_processed");
    std::thread::sleep(Duration::from_secs(2));
    redis.info("total_commands_processed") - before
}

#[test]
fn what_it_costs_is_said_before_it_begins_and_measured() {
    let _alone = alone();
    let Some(redis) = Redis::start() else { return };
    let _load = Load::heavy(redis.port);
    std::thread::sleep(Duration::from_secs(1));
    let without = answered(&redis);
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0", "--no-serve"]);
    watcher.until("watched (redis");
    let with = answered(&redis);
    let said = watcher.interrupt();
    println!(
        "a client that sends as fast as it can, on the same two cores: {} commands a second without, {} with keyviz ({} %)",
        without / 2,
        with / 2,
        with * 100 / without
    );
    let (cost, watched) = (said.find("cost      the server writes").unwrap(), said.find("watched (redis").unwrap());
    assert!(cost < watched, "{said}");
    assert!(said.contains("/s before; at most "), "{said}");
}
