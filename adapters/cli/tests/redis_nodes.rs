//! Several servers of `keyviz redis` are nodes of one picture: nothing of any is lost, and what one did not see is said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells a skip loudly"
)]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::redis::{Load, Redis, Watcher, command, send};
use common::{Dir, PATIENCE, get, matrix, numbers, total, until};
use serde_json::Value;

const API: &str = "/admin/api/v1/keyviz";

fn json(host: &str, path: &str) -> Value {
    let (status, body) = get(host, &format!("{API}/{path}"));
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn name(redis: &Redis) -> String {
    format!("127.0.0.1:{}", redis.port)
}

fn list(answer: &Value) -> Vec<u64> {
    answer.as_array().unwrap_or(&Vec::new()).iter().map(|number| number.as_u64().unwrap()).collect()
}

/// Writes of so many keys of a prefix, all of them counted when it returns.
fn write(redis: &Redis, prefix: &str, keys: u64) {
    let keys: Vec<String> = (0..keys).map(|number| format!("{prefix}:{number:05}")).collect();
    let words: Vec<[&str; 3]> = keys.iter().map(|key| ["SET", key, "v"]).collect();
    send(redis.port, &words.iter().map(|words| &words[..]).collect::<Vec<_>>());
}

/// The columns of the newest picture that are sealed: start, end, how many nodes cover it.
fn sealed(answer: &Value) -> Vec<(u64, u64, u64)> {
    let (starts, ends) = (list(&answer["column_start_unix_ms"]), list(&answer["column_unix_ms"]));
    let nodes = list(&answer["column_nodes"]);
    let states: Vec<&str> =
        answer["column_state"].as_array().unwrap().iter().map(|state| state.as_str().unwrap()).collect();
    let columns = (0..ends.len()).filter(|at| states[*at] == "complete" || states[*at] == "late");
    columns.map(|at| (starts[at], ends[at], nodes[at])).collect()
}

#[test]
fn three_servers_are_one_picture_that_says_which_of_them_it_lacks() {
    let (Some(one), Some(mut two), Some(three)) = (Redis::start(), Redis::start(), Redis::start()) else { return };
    let names = [name(&one), name(&two), name(&three)];
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), &three.url(), "--duration", "0"]);
    let host = watcher.host();
    let fanout = |answer: &Value| (answer["fanout"]["responded"].as_u64(), answer["fanout"]["expected"].as_u64());
    until(
        "all are watched",
        || json(&host, "status"),
        |status| status["notice"]["title"].to_string().contains("Watching"),
    );
    for (redis, keys) in [(&one, 300), (&two, 200), (&three, 100)] {
        write(redis, "user", keys);
    }
    let ops = || matrix(&host, "series=ops&open=1&axis=range");
    let whole = until("all of all three", ops, |answer| total(answer) == 600);
    assert_eq!(fanout(&whole), (Some(3), Some(3)), "{}", whole["fanout"]);
    let told: Vec<&str> =
        whole["fanout"]["nodes"].as_array().unwrap().iter().map(|node| node["node"].as_str().unwrap()).collect();
    assert_eq!(told, names, "in the order of the command line");
    let newest_has = |nodes: u64| move |answer: &Value| sealed(answer).last().is_some_and(|last| last.2 == nodes);
    until("a column of all three", || matrix(&host, "axis=range"), newest_has(3));

    // One dies: columns from then on are of two nodes, and say so; the others go on.
    two.kill();
    watcher.until(&format!("{}: the server closed the connection", names[1]));
    write(&one, "user", 50);
    let lacking = until("a column of two", || matrix(&host, "series=ops&axis=range"), newest_has(2));
    assert_eq!(fanout(&lacking), (Some(3), Some(3)), "what it counted before is in the picture");
    let away = until(
        "its absence",
        || json(&host, "matrix?axis=range")["fanout"]["nodes"][1].clone(),
        |node| !list(&node["absent_unix_ms"]).is_empty(),
    );
    assert_eq!(away["warnings"][0], "away", "{away}");
    let why = away["error"].as_str().unwrap();
    assert!(why.contains("closed the connection") || why.contains("nothing listens there"), "{away}");
    // Every key of these columns may lack its part.
    let rows = lacking["rows"].as_array().unwrap();
    let newest = list(&lacking["column_unix_ms"]).len() - 1;
    assert!(!rows.is_empty() && rows.iter().all(|row| row["missing"][newest] == true), "{lacking}");
    for path in ["top", "status"] {
        let node =
            until(path, || json(&host, path)["fanout"]["nodes"][1].clone(), |node| node["warnings"][0] == "away");
        assert_eq!(node["node"], names[1], "{path}");
    }
    let status = json(&host, "status");
    assert_eq!(fanout(&status), (Some(2), Some(3)), "{status}");
    let node = &status["fanout"]["nodes"][1];
    assert_eq!((&node["ok"], &node["state"]), (&Value::from(false), &Value::from("unreachable")), "{node}");
    let top = common::text(&common::keyviz().args(["top", &host, "--once"]).output().unwrap().stdout);
    assert!(top.contains(&format!("{}: away (", names[1])), "{top}");

    // It comes back: newer columns are of all three again, and what was lacking still is.
    two.restart();
    watcher.until(&format!("{}: watched again", names[1]));
    two.wait_for_monitors(1);
    let again = until("a column of all three again", || matrix(&host, "axis=range"), newest_has(3));
    write(&two, "user", 70);
    let whole = until("all that was counted", ops, |answer| total(answer) == 720);
    for query in ["series=writes&open=1&axis=route", "series=writes&open=1&axis=range&rows=3", "series=writes&open=1"] {
        assert_eq!(total(&matrix(&host, query)), 720, "{query}");
    }
    for node in [0, 2] {
        // The first columns may lack who was watched a little later.
        let absent = list(&whole["fanout"]["nodes"][node]["absent_unix_ms"]);
        assert!(absent.len() <= 2, "{}", whole["fanout"]);
    }
    let absent = list(&again["fanout"]["nodes"][1]["absent_unix_ms"]);
    let (from_ms, to_ms) = (absent[absent.len() - 2], absent[absent.len() - 1]);
    for (start_ms, end_ms, nodes) in sealed(&again) {
        if (from_ms..to_ms).contains(&start_ms) {
            assert_eq!(nodes, 2, "{start_ms} to {end_ms} of {absent:?}");
        }
    }
    assert!(again["fanout"]["nodes"][1]["warnings"].is_null(), "{}", again["fanout"]);
    let events = json(&host, "events");
    let of_two = |event: &&Value| event["node"] == names[1].as_str();
    assert!(events["events"].as_array().unwrap().iter().any(|event| of_two(&event) && event["kind"] == "not-watched"));
    let said = watcher.interrupt();
    assert!(said.contains(&format!("in which {} was not watched lack its part", names[1])), "{said}");
    assert_eq!(numbers(&said, "total")[..3], [720, 0, 720], "{said}");
}

#[test]
fn a_hot_key_of_two_servers_has_what_both_counted() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "0"]);
    let host = watcher.host();
    until(
        "both are watched",
        || json(&host, "status"),
        |status| status["notice"]["title"].to_string().contains("Watching"),
    );
    let batch = |redis: &Redis, times: u32| {
        for _ in 0..times {
            send(redis.port, &vec![&["SET", "config:the-one", "v"][..]; 1000]);
        }
    };
    batch(&one, 8);
    batch(&two, 4);
    until("all of it", || matrix(&host, "series=ops&open=1"), |answer| total(answer) == 12_000);
    // From `c` to `d`, of all time.
    let asked = "hotkeys?start=Yw&end=ZA&series=writes&from_unix_ms=1&top=3";
    let hot = until("a hot key of both", || json(&host, asked), |hot| hot["operations"].as_u64() > Some(10_000));
    assert_eq!(hot["keys"][0]["key_b64"], "Y29uZmlnOnRoZS1vbmU=", "{hot}");
    let count = hot["keys"][0]["count"].as_u64().unwrap();
    // One of 16 is sampled: four deviations of each side's count.
    assert!((10_300..=13_700).contains(&count), "{hot}");
    assert_eq!(hot["fanout"]["expected"], 2, "{hot}");
    let top = until("the hottest range", || json(&host, "top?series=writes"), |top| !top["rows"][0].is_null());
    assert_eq!(top["fanout"]["responded"], 2, "{top}");
    let said = watcher.interrupt();
    assert!(said.contains("key config:the-one"), "{said}");
}

/// One server alone is shown as ever: there are no nodes to speak of.
#[test]
fn one_server_is_no_fan_out() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0"]);
    let host = watcher.host();
    for path in ["matrix?axis=range&open=1", "status", "top", "events"] {
        let answer = json(&host, path);
        assert!(answer["fanout"].is_null() && answer["history_files"].is_null(), "{path}: {answer}");
    }
    watcher.interrupt();
}

/// A snapshot is one node's: it is asked for by name.
#[test]
fn a_snapshot_is_of_the_node_that_is_named() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "0"]);
    let host = watcher.host();
    let refused = get(&host, &format!("{API}/snapshot"));
    assert!(refused.0 == 400 && refused.1.contains("invalid_query"), "{refused:?}");
    assert_eq!(get(&host, &format!("{API}/snapshot?node=nobody")).0, 400);
    let body = common::redis::body(&host, &format!("{API}/snapshot?node={}", name(&two)));
    assert!(zstd::decode_all(body.as_slice()).unwrap().starts_with(b"\x89keyviz\n"));
    watcher.interrupt();
}

/// An hour of two servers in one answer is merged stretch by stretch; here a load on both, cut into as many rows as fit.
#[test]
fn under_load_no_operation_of_either_is_lost() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "0"]);
    let host = watcher.host();
    until(
        "both are watched",
        || json(&host, "status"),
        |status| status["notice"]["title"].to_string().contains("Watching"),
    );
    let batch = |prefix: &'static str| {
        move |number: u64| {
            let keys = (0..50).map(|n| (number * 50 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44);
            keys.map(|random| command(&["SET", &format!("{prefix}:{random:07}"), "v"])).collect()
        }
    };
    {
        let _loads = [
            Load::start(one.port, Duration::from_millis(4), batch("left")),
            Load::start(two.port, Duration::from_millis(4), batch("right")),
        ];
        std::thread::sleep(Duration::from_secs(6));
    }
    // Clients are gone; what they had sent is run.
    let counted = || one.calls("set") + two.calls("set");
    let mut expected = counted();
    let deadline = Instant::now() + PATIENCE;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = counted();
        if std::mem::replace(&mut expected, now) == now {
            break;
        }
        assert!(Instant::now() < deadline, "the servers still run what was sent");
    }
    let whole = until(
        "all of both",
        || matrix(&host, "series=ops&open=1&axis=range&rows=64"),
        |answer| total(answer) == expected,
    );
    assert!(whole["rows"].as_array().unwrap().len() <= 64);
    let states: Vec<&Value> = whole["column_state"].as_array().unwrap().iter().collect();
    assert!(states.iter().all(|state| **state != "late" && **state != "missing"), "{states:?}");
    watcher.interrupt();
}

/// What a server is reached through, which may lead to another one later. New connections go to the port that it holds;
/// a change ends the old ones.
struct Forward {
    own: u16,
    to: Arc<AtomicU16>,
}

impl Forward {
    fn to(port: u16) -> Forward {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (own, to) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU16::new(port)));
        let its_to = Arc::clone(&to);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let port = its_to.load(Ordering::Relaxed);
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let ways = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
                for (mut from, mut to) in ways {
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        Forward { own, to }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.own)
    }
}

/// One server under two addresses would be counted twice.
#[test]
fn a_server_that_is_named_in_two_ways_is_refused() {
    let dir = Dir::new();
    let socket = dir.path().join("s");
    let socket = socket.to_str().unwrap();
    let Some(redis) = Redis::start_with(&["--unixsocket", socket]) else { return };
    redis.cli(&["ACL", "SETUSER", "ann", "on", "nopass", "~*", "+@all"]);
    let names = [name(&redis), format!("localhost:{}", redis.port), socket.to_owned()];
    let urls = [redis.url(), format!("redis://ann@localhost:{}", redis.port), format!("unix://{socket}")];
    for (one, two) in [(0, 1), (1, 2), (2, 0)] {
        let said = Watcher::start(&[&urls[one], &urls[two]]).ended(1);
        assert!(said.contains("the same server as ") && said.contains("leave one of the two"), "{said}");
        let line = said.lines().find(|line| line.contains("the same server")).unwrap();
        assert!(line.contains(&names[one]) && line.contains(&names[two]) && !line.contains("ann"), "{said}");
    }
    redis.wait_for_monitors(0);
}

/// An address may lead to another server later; as long as that is one that is watched already, it counts once.
#[test]
fn a_server_that_two_addresses_lead_to_later_counts_once() {
    let (Some(mut one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let forward = Forward::to(one.port);
    let mut watcher = Watcher::start(&[&forward.url(), &two.url(), "--duration", "0"]);
    let host = watcher.host();
    let ops = || matrix(&host, "series=ops&open=1");
    let watching = || json(&host, "status")["notice"]["title"].clone();
    until("both are watched", watching, |title| title.to_string().contains("Watching"));
    write(&two, "two", 10);
    until("ten", ops, |answer| total(answer) == 10);
    forward.to.store(two.port, Ordering::Relaxed);
    one.kill();
    watcher.until(&format!("127.0.0.1:{}: this is the same server as {}", forward.own, name(&two)));
    write(&two, "two", 30);
    until("thirty more", ops, |answer| total(answer) == 40);
    let node = &json(&host, "status")["fanout"]["nodes"][0];
    assert!(node["error"].to_string().contains("the same server as"), "{node}");
    // It is asked who it is again and again, but not told MONITOR again.
    watcher.until_times(&format!("127.0.0.1:{}: this is the same server as ", forward.own), 3);
    let again = watcher.said().matches(&format!("{}: watched again", name(&two))).count() as u64;
    assert_eq!(two.calls("monitor"), 1 + again);
    // It leads to its own again.
    let again = format!("127.0.0.1:{}: watched again", forward.own);
    let before = watcher.said().matches(&again).count();
    one.restart();
    forward.to.store(one.port, Ordering::Relaxed);
    watcher.until_times(&again, before + 1);
    write(&one, "one", 5);
    write(&two, "two", 5);
    until("ten of both", ops, |answer| total(answer) == 50);
    watcher.interrupt();
}

/// What nodes are reached through, until it stands still: connections stay, and nothing passes.
fn stalling(port: u16, stuck: &Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let stuck = Arc::clone(stuck);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let ways = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
            for (mut from, mut to) in ways {
                let stuck = Arc::clone(&stuck);
                std::thread::spawn(move || {
                    let mut chunk = [0; 65536];
                    while let Ok(len @ 1..) = from.read(&mut chunk) {
                        while stuck.load(Ordering::Relaxed) {
                            std::thread::sleep(Duration::from_millis(5));
                        }
                        if to.write_all(&chunk[..len]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    own
}

fn unix_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A server that is behind a network that stands still is away from then on, not from when that is noticed.
#[test]
fn what_a_network_that_stood_still_kept_is_never_said_to_be_whole() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let stuck = Arc::new(AtomicBool::new(false));
    let behind = stalling(two.port, &stuck);
    let url = format!("redis://127.0.0.1:{behind}");
    let mut both = Watcher::start(&[&one.url(), &url, "--duration", "0"]);
    let mut alone = Watcher::start(&[&url, "--duration", "0"]);
    let (host, host_alone) = (both.host(), alone.host());
    let of_both = || sealed(&matrix(&host, "axis=range"));
    let of_one = || {
        let answer = matrix(&host_alone, "axis=range");
        let (starts, states) = (list(&answer["column_start_unix_ms"]), answer["column_state"].clone());
        let seen = (0..starts.len()).filter(|at| states[*at] != "missing");
        seen.map(|at| starts[at]).collect::<Vec<u64>>()
    };
    until(
        "columns of both",
        || matrix(&host, "axis=range"),
        |answer| sealed(answer).iter().filter(|column| column.2 == 2).count() >= 2,
    );
    until("a column", || Value::from(of_one()), |seen| list(seen).len() >= 2);

    stuck.store(true, Ordering::Relaxed);
    let from_ms = unix_ms();
    let is_wrong = |to_ms: u64| {
        let whole = of_both().into_iter().find(|column| (from_ms..to_ms).contains(&column.0) && column.2 == 2);
        let seen = of_one().into_iter().find(|start_ms| (from_ms..to_ms).contains(start_ms));
        (whole.is_some() || seen.is_some()).then(|| format!("since {from_ms}: {whole:?} is whole, {seen:?} is seen"))
    };
    // Looked at while nobody has noticed, and then.
    while unix_ms() < from_ms + 5_000 {
        assert_eq!(is_wrong(u64::MAX), None);
        std::thread::sleep(Duration::from_millis(50));
    }
    let to_ms = unix_ms();
    stuck.store(false, Ordering::Relaxed);
    for watcher in [&mut both, &mut alone] {
        watcher.until("watched again");
    }
    let again = |answer: &Value| sealed(answer).iter().any(|column| column.0 > to_ms && column.2 == 2);
    until("columns of both again", || matrix(&host, "axis=range"), again);
    until("a column again", || Value::from(of_one()), |seen| list(seen).last() > Some(&to_ms));
    // One that begins before the network does is seen in part.
    assert_eq!(is_wrong(to_ms - 1_000), None);
    let whole = of_both();
    let before = whole.iter().filter(|column| column.1 + 1_000 < from_ms && column.2 == 2).count();
    assert!(before > 0, "what was seen before stays whole: {whole:?}");
    for watcher in [&mut both, &mut alone] {
        let said = watcher.interrupt();
        assert!(said.contains("          lost once\n"), "{said}");
        assert!(said.contains("          not watched for "), "{said}");
    }
}

/// The time of a watch is over for all at once, whatever pause one of them is in; and what was never there is not lost.
#[test]
fn a_server_that_is_down_does_not_hold_up_the_end() {
    let (Some(one), Some(mut two)) = (Redis::start(), Redis::start()) else { return };
    two.kill();
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "8s", "--no-serve"]);
    watcher.until("watched (redis");
    let began = Instant::now();
    let said = watcher.ended(0);
    // The pause that it is in by then lasts eight seconds.
    assert!(began.elapsed() < Duration::from_millis(12_500), "{:?}\n{said}", began.elapsed());
    assert!(
        said.contains("          not watched for ") && said.contains("at the end: nothing listens there"),
        "{said}"
    );
    assert!(!said.contains("          lost "), "{said}");
}

/// The end of the watching, wherever in a window it lies, is no absence of anybody.
#[test]
fn nobody_was_away_who_was_watched_to_the_end() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "3400ms"]);
    let host = watcher.host();
    write(&one, "a", 50);
    write(&two, "b", 50);
    watcher.until("hottest ranges");
    for query in ["axis=range&series=ops&open=1", "axis=route&series=ops"] {
        let shown = json(&host, &format!("matrix?{query}"));
        assert_eq!(total(&shown), 100, "{query}: {shown}");
        for node in shown["fanout"]["nodes"].as_array().unwrap() {
            assert_eq!(node["absent_unix_ms"], Value::Null, "{query}: {} {}", shown["fanout"], shown["column_nodes"]);
        }
        assert!(sealed(&shown).iter().all(|(_, _, nodes)| *nodes == 2), "{query}: {:?}", sealed(&shown));
    }
    watcher.interrupt();
}
