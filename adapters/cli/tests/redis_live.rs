//! `keyviz redis` on real servers: what it counts, names and shows.
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

use std::time::{Duration, Instant};

use common::redis::{Load, Redis, Watcher, body, command, send, sum, wait_for_total};
use common::{CANARY, Dir, PATIENCE, get, has_canary, matrix, numbers, text};

/// Six of ten on a prefix of 300 keys, two on one key of another, two over a hundred thousand.
fn skewed(number: u64) -> String {
    (0..20)
        .map(|n| {
            let random = (number * 20 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            match n % 10 {
                0..=5 => command(&["GET", &format!("user:hot:{:03}", random % 300)]),
                6 | 7 => command(&["SET", "session:the-one", "0123456789"]),
                8 => command(&["GET", &format!("user:{:06}", random % 100_000)]),
                _ => command(&["SET", &format!("cart:{:06}", random % 100_000), "abc"]),
            }
        })
        .collect()
}

/// The columns: state, length in seconds, operations.
fn columns(host: &str) -> Vec<(String, u64, u64)> {
    let shown = matrix(host, "series=ops");
    let times = |name: &str| -> Vec<u64> {
        shown[name].as_array().unwrap().iter().map(|time| time.as_u64().unwrap()).collect()
    };
    let (starts, ends) = (times("column_start_unix_ms"), times("column_unix_ms"));
    let rows = shown["rows"].as_array().unwrap();
    (0..starts.len())
        .map(|at| {
            let state = shown["column_state"][at].as_str().unwrap().to_owned();
            let sum = rows.iter().map(|row| row["values"][at].as_u64().unwrap()).sum();
            (state, (ends[at] - starts[at]) / 1000, sum)
        })
        .collect()
}

#[test]
fn the_hot_prefix_and_the_hot_key_are_named() {
    let Some(redis) = Redis::start() else { return };
    let _load = Load::start(redis.port, Duration::from_millis(5), skewed);
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "4s", "--no-serve"]);
    watcher.until("watched (redis");
    let began = Instant::now();
    let said = watcher.ended(0);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    println!("{said}");
    assert!(redis.monitors().is_empty());
    let hottest: Vec<&str> = said.lines().skip_while(|line| *line != "hottest ranges").skip(2).collect();
    assert!(hottest[0].ends_with("prefix user:hot:"), "{said}");
    assert!(hottest.iter().any(|line| line.ends_with("key session:the-one")), "{said}");
    let keys: Vec<&str> = said.lines().skip_while(|line| *line != "hottest keys").skip(2).collect();
    assert!(keys.first().is_some_and(|line| line.contains("  session:the-one")), "{said}");
    let [operations, reads, writes] = numbers(&said, "total")[..3] else { panic!("{said}") };
    assert!(operations > 1000 && reads + writes == operations, "{said}");
    // Seven of ten are reads.
    assert!(reads * 100 / operations >= 69 && reads * 100 / operations <= 71, "{said}");
}

/// The load of a real client program, on one prefix and on one key of another.
#[test]
fn what_a_benchmark_loads_is_named() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0"]);
    let host = watcher.host();
    std::thread::scope(|threads| {
        threads.spawn(|| redis.load(180_000, 1000, &["SET", "orders:hot:__rand_int__", "0123456789"]));
        threads.spawn(|| redis.load(90_000, 1, &["GET", "config:the-one"]));
        threads.spawn(|| redis.load(30_000, 1_000_000, &["GET", "user:__rand_int__"]));
    });
    wait_for_total(&host, 300_000);
    let said = watcher.interrupt();
    println!("{said}");
    let after = |title: &str| -> Vec<&str> { said.lines().skip_while(|line| *line != title).skip(2).collect() };
    assert!(after("hottest ranges")[0].ends_with("prefix orders:hot:"), "{said}");
    let [operations, reads, writes] = numbers(&said, "total")[..3] else { panic!("{said}") };
    assert_eq!((operations, reads, writes), (300_000, 120_000, 180_000), "{said}");
    // Three fifths, but for what wide ranges had in the first columns, which is said to be estimated.
    let [whole, tenths] = numbers(after("hottest ranges")[0], "")[..2] else { panic!("{said}") };
    assert!((570..=630).contains(&(whole * 10 + tenths)), "{said}");
    assert!(numbers(&said, "estimate")[0] < 200_000, "{said}");
    let hottest = after("hottest keys")[0];
    assert!(hottest.contains("  config:the-one"), "{said}");
    let bounds = numbers(hottest.split_once('(').unwrap().1, "");
    // They are two deviations of sampling to each side, and hold 19 times of 20; six hold always.
    let (middle, two) = ((bounds[0] + bounds[1]) / 2, (bounds[1] - bounds[0]) / 2);
    assert!(two < 4500 && middle.abs_diff(90_000) <= 3 * two, "{hottest}");
}

/// A load that moves on: the ranges are fine where it is, not where it was.
#[test]
fn a_hotspot_that_moves_is_followed() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0"]);
    let host = watcher.host();
    let begin_in = |prefix: &str| {
        let shown = matrix(&host, "series=writes&axis=route");
        let rows = shown["rows"].as_array().unwrap();
        // Base64 of three letters is four of its own.
        let inside = rows.iter().filter(|row| row["start"].as_str().is_some_and(|start| start.starts_with(prefix)));
        let newest = |row: &serde_json::Value| row["values"].as_array().unwrap().last().and_then(|last| last.as_u64());
        inside.filter(|row| newest(row).is_some_and(|count| count > 0)).count()
    };
    for (at, prefix) in ["aaa", "nnn", "zzz"].into_iter().enumerate() {
        let load = Load::start(redis.port, Duration::from_millis(2), move |number| {
            let keys = (0..40).map(|n| (number * 40 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40);
            keys.map(|random| command(&["SET", &format!("{prefix}:{:05}", random % 30_000), "v"])).collect()
        });
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = ["YWFh", "bm5u", "enp6"].map(begin_in);
            if found[at] >= 64 && found.iter().enumerate().all(|(other, count)| other == at || *count <= 1) {
                break;
            }
            assert!(Instant::now() < deadline, "{prefix}: {found:?} busy ranges begin there");
            std::thread::sleep(Duration::from_millis(500));
        }
        drop(load);
    }
    let said = watcher.interrupt();
    assert!(said.contains("prefix zzz:") && said.contains("prefix aaa:"), "{said}");
}

#[test]
fn every_command_is_counted_once_in_its_database() {
    let Some(redis) = Redis::start_with(&["--databases", "20"]) else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0"]);
    let host = watcher.host();
    let commands: [&[&str]; 9] = [
        &["SET", "a", "12345"],
        &["MSET", "a", "1", "b", "22"],
        &["GETSET", "n", "1"],
        &["EVAL", "return 1", "2", "a", "b"],
        &["SELECT", "3"],
        &["SET", "a", "x"],
        &["SELECT", "17"],
        &["SET", "a", "x"],
        &["DEL", "a", "b"],
    ];
    // GETSET of a new key answers nothing, in one line.
    send(redis.port, &commands);
    let operations = 1 + 2 + 1 + 2 + 1 + 1 + 2;
    wait_for_total(&host, operations);
    assert_eq!(sum(&host, "series=writes&label=db3"), 1);
    let labels = matrix(&host, "series=ops&open=1");
    assert!(labels["rows"].as_array().unwrap().iter().any(|row| row["label"] == "db3"), "{labels}");
    // Keys: 1 + 2 + 1 + 2 of a and b, 1, 1, 2. Values: 5 + 3 + 1, 1, 1.
    assert_eq!(sum(&host, "series=write_bytes"), operations + 11);
    let said = watcher.interrupt();
    assert!(said.contains("3 operations beyond database 15 have no label"), "{said}");
    assert!(said.contains("commands without a key") && !said.contains("not counted"), "{said}");
}

#[test]
fn patterns_are_scans_of_the_ranges_they_look_at() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0"]);
    let host = watcher.host();
    let keys: Vec<String> = ["a", "b", "c"].iter().flat_map(|c| (0..200).map(move |n| format!("{c}:{n}"))).collect();
    let words: Vec<[&str; 3]> = keys.iter().map(|key| ["SET", key, "v"]).collect();
    let commands: Vec<&[&str]> = words.iter().map(|words| &words[..]).collect();
    // The ranges are cut by the keys that came, a step at a time.
    let ranges = || matrix(&host, "series=writes&open=1&axis=route")["rows"].as_array().unwrap().len();
    let (deadline, mut sent) = (Instant::now() + PATIENCE, 0);
    while ranges() < 60 {
        assert!(Instant::now() < deadline, "{} ranges", ranges());
        send(redis.port, &commands);
        sent += 600;
        wait_for_total(&host, sent);
    }
    for pattern in
        [&["KEYS", "b:1*"][..], &["SCAN", "0", "MATCH", "b:*", "COUNT", "1000"], &["SCAN", "7", "MATCH", "b:*"]]
    {
        redis.cli(pattern);
    }
    // Each is a read where it begins; a scan that goes on is none.
    wait_for_total(&host, sent + 2);
    let scanned = matrix(&host, "series=scans&open=1&axis=route");
    let rows = scanned["rows"].as_array().unwrap();
    let start = |row: &serde_json::Value| row["start"].as_str().unwrap_or_default().to_owned();
    let hit: Vec<String> =
        rows.iter().filter(|row| row["values"].as_array().unwrap().iter().any(|v| v != 0)).map(start).collect();
    assert!(hit.len() > 1 && hit.len() < rows.len().max(100), "{hit:?} of {}", rows.len());
    // Base64 of what begins with `b:` begins with `Yj`; the range that holds the first of them may begin before.
    assert!(hit.iter().filter(|start| !start.starts_with("Yj")).count() <= 1, "{hit:?}");
    watcher.interrupt();
}

#[test]
fn what_comes_later_is_counted_too_and_nothing_of_our_own() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0"]);
    let host = watcher.host();
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(sum(&host, "series=ops"), 0);
    let mut expected = 0;
    for round in 0..5_u64 {
        let batch: Vec<String> = (0..1000).map(|n| format!("k{round}:{n}")).collect();
        let words: Vec<[&str; 3]> = batch.iter().map(|key| ["SET", key, "v"]).collect();
        let commands: Vec<&[&str]> = words.iter().map(|words| &words[..]).collect();
        send(redis.port, &commands);
        expected += 1000;
        std::thread::sleep(Duration::from_millis(700));
    }
    wait_for_total(&host, expected);
    let said = watcher.interrupt();
    assert_eq!(numbers(&said, "total")[..3], [expected, 0, expected]);
    // No column is late, and none that was watched is missing.
    let states = |state: &str| said.matches(state).count();
    assert_eq!((states("late"), states("missing")), (0, 0));
}

/// However a second lies in the windows: rates of all and of columns are of the time that was watched.
#[test]
fn in_a_short_watch_no_peak_is_below_the_average() {
    let Some(redis) = Redis::start() else { return };
    let _load = Load::start(redis.port, Duration::from_millis(2), skewed);
    let said = Watcher::start(&[&redis.url(), "--duration", "1s", "--no-serve"]).ended(0);
    let rate = |word: &str| word.strip_suffix("/s").unwrap().replace(',', "").parse::<f64>().unwrap();
    let ranges = said.lines().skip_while(|line| *line != "hottest ranges").skip(2).take_while(|line| !line.is_empty());
    let rates: Vec<(f64, f64)> = ranges
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().filter(|word| word.ends_with("/s")).collect();
            (rate(words[0]), rate(words[1]))
        })
        .collect();
    assert!(rates.len() >= 2, "{said}");
    assert!(rates.iter().all(|(average, peak)| peak >= average), "{rates:?}: {said}");
}

#[test]
fn an_idle_server_is_said_to_be_idle() {
    let Some(redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "2s", "--no-serve"]);
    assert!(watcher.ended(0).contains("no command with a key came"));
}

#[test]
fn the_page_stays_when_the_time_is_over() {
    let Some(redis) = Redis::start() else { return };
    let _load = Load::start(redis.port, Duration::from_millis(5), skewed);
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "2s"]);
    let host = watcher.host();
    let status = |host: &str| -> serde_json::Value {
        serde_json::from_str(&get(host, "/admin/api/v1/keyviz/status").1).unwrap()
    };
    let early = status(&host);
    assert_eq!(early["mode"], "live", "{early}");
    let name = format!("127.0.0.1:{}", redis.port);
    assert_eq!(early["title"], format!("redis {name}"));
    assert!(early["notice"]["title"].as_str().unwrap().contains(&name), "{early}");
    watcher.until("hottest ranges");
    let late = status(&host);
    assert_eq!(late["mode"], "static", "{late}");
    assert!(late["notice"]["text"].as_str().unwrap().contains("It is over"), "{late}");
    assert!(redis.monitors().is_empty());
    let shown = sum(&host, "series=ops");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(sum(&host, "series=ops"), shown);
    let (status, keys) = get(&host, "/admin/api/v1/keyviz/hotkeys?start=cw&end=dA&series=writes&top=3");
    assert_eq!(status, 200, "{keys}");
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    // From `s` to `t`; base64 of `session:the-one`.
    assert_eq!(keys["keys"][0]["key_b64"], "c2Vzc2lvbjp0aGUtb25l", "{keys}");
    let said = watcher.interrupt();
    assert_eq!(numbers(&said, "total")[0], shown);
}

#[test]
fn several_servers_are_one_picture_and_each_is_named() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "0"]);
    let host = watcher.host();
    send(one.port, &[&["SET", "a", "1"], &["SET", "b", "1"]]);
    send(two.port, &[&["SET", "a", "1"], &["SET", "c", "1"], &["SET", "d", "1"]]);
    wait_for_total(&host, 5);
    let said = watcher.interrupt();
    for redis in [&one, &two] {
        assert!(said.contains(&format!("server    127.0.0.1:{}: ", redis.port)), "{said}");
    }
    assert!(!said.contains("lack its part"), "{said}");
    assert_eq!(numbers(&said, "total")[0], 5);
}

#[test]
fn one_of_several_that_is_down_is_named_and_the_others_are_shown() {
    let (Some(one), Some(mut two)) = (Redis::start(), Redis::start()) else { return };
    two.kill();
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "0"]);
    let host = watcher.host();
    let notice = get(&host, "/admin/api/v1/keyviz/status").1;
    assert!(notice.contains("1 of 2 servers are not watched"), "{notice}");
    assert!(notice.contains(&format!("127.0.0.1:{}: nothing listens there", two.port)), "{notice}");
    two.restart();
    watcher.until(&format!("127.0.0.1:{}: watched (redis", two.port));
    send(two.port, &[&["SET", "a", "1"]]);
    wait_for_total(&host, 1);
    // Columns of that time are there, of the other one alone: it stays said.
    let lacking = format!("in which 127.0.0.1:{} was not watched lack its part", two.port);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = get(&host, "/admin/api/v1/keyviz/status").1;
        if status.contains("Watching 127.0.0.1:") && status.contains(&lacking) {
            break;
        }
        assert!(Instant::now() < deadline, "{status}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let events = get(&host, "/admin/api/v1/keyviz/events").1;
    assert!(events.contains(&format!("127.0.0.1:{}: nothing listens there", two.port)), "{events}");
    assert!(events.contains("\"not-watched\"") && events.contains("\"watched\""), "{events}");
    let said = watcher.interrupt();
    assert!(said.contains("nothing listens there (connection refused); again in "), "{said}");
    assert!(said.contains(&lacking), "{said}");
}

#[test]
fn a_server_that_dies_is_watched_again_and_what_is_between_is_missing() {
    let Some(mut redis) = Redis::start() else { return };
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0"]);
    let host = watcher.host();
    send(redis.port, &[&["SET", "a", "1"]]);
    wait_for_total(&host, 1);
    redis.kill();
    watcher.until("the server closed the connection; again in");
    let notice = get(&host, "/admin/api/v1/keyviz/status").1;
    assert!(notice.contains(&format!("127.0.0.1:{} is not watched", redis.port)), "{notice}");
    std::thread::sleep(Duration::from_secs(4));
    redis.restart();
    watcher.until("watched again");
    redis.wait_for_monitors(1);
    send(redis.port, &[&["SET", "b", "1"]]);
    wait_for_total(&host, 2);
    std::thread::sleep(Duration::from_millis(1200));
    let shown = columns(&host);
    assert!(shown.iter().any(|(state, seconds, sum)| state == "missing" && *seconds >= 3 && *sum == 0), "{shown:?}");
    assert!(shown.iter().all(|(state, ..)| state != "late"), "{shown:?}");
    let events = get(&host, "/admin/api/v1/keyviz/events").1;
    assert!(events.contains("\"not-watched\"") && events.contains("the server closed the connection"), "{events}");
    assert!(events.contains("\"watched\""), "{events}");
    assert!(watcher.interrupt().contains("lost "));
}

#[test]
fn a_part_of_the_time_shows_what_is_between_as_missing() {
    let Some(redis) = Redis::start() else { return };
    let _load = Load::start(redis.port, Duration::from_millis(5), skewed);
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "9s", "--duty", "1s/3s"]);
    let host = watcher.host();
    let notice = get(&host, "/admin/api/v1/keyviz/status").1;
    assert!(notice.contains("Sampled in time: 1s of every 3s is watched"), "{notice}");
    let (began, mut watched, mut looks) = (Instant::now(), 0, 0);
    while began.elapsed() < Duration::from_secs(5) {
        watched += redis.monitors().len();
        looks += 1;
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(watched * 6 >= looks && watched * 3 <= looks * 2, "in {watched} of {looks} looks a client ran MONITOR");
    watcher.until("hottest ranges");
    let shown = columns(&host);
    let whole: Vec<(&str, u64)> = shown.iter().map(|(state, seconds, _)| (state.as_str(), *seconds)).collect();
    let (seen, between) = (("complete", 1), ("missing", 2));
    assert_eq!(whole, [seen, between, seen, between, seen], "{shown:?}");
    for (state, _, sum) in &shown {
        assert_eq!(state == "complete", *sum > 500, "{shown:?}");
        assert_eq!(state == "missing", *sum == 0, "{shown:?}");
    }
    let said = watcher.interrupt();
    assert!(said.contains("sampled   1s of every 3s"), "{said}");
}

#[test]
fn a_unix_socket() {
    let dir = common::Dir::new();
    let socket = dir.path().join("s");
    let socket = socket.to_str().unwrap();
    let Some(redis) = Redis::start_with(&["--unixsocket", socket]) else { return };
    let mut watcher = Watcher::start(&[&format!("unix://{socket}"), "--duration", "0"]);
    let host = watcher.host();
    send(redis.port, &[&["SET", "a", "1"]]);
    wait_for_total(&host, 1);
    assert!(watcher.interrupt().contains(&format!("server    {socket}: ")));
}

/// Values of every place that a command has for them: measured, and then nowhere, not even in what is kept packed.
#[test]
fn values_are_measured_and_nowhere() {
    let Some(redis) = Redis::start() else { return };
    let dir = Dir::new();
    let file = dir.path().join("history");
    let path = file.to_str().unwrap().to_owned();
    let mut watcher = Watcher::start(&[&redis.url(), "--duration", "0", "--keyviz-history-file", &path]);
    let host = watcher.host();
    let value = CANARY.repeat(3);
    let value = value.as_str();
    let script = format!("return redis.call('APPEND', KEYS[1], '{value}' .. ARGV[1])");
    let quoted = format!("\"\\{value}\r\n\0");
    for words in [
        &["SET", "vault:1", value, "EX", "100"][..],
        &["SET", "vault:2", &quoted.replace('\0', "\u{1}")],
        &["SETEX", "vault:3", "100", value],
        &["MSET", "vault:4", value, "vault:5", value],
        &["GETSET", "vault:1", value],
        &["APPEND", "vault:6", value],
        &["HSET", "vault:7", "field", value, value, "1"],
        &["RPUSH", "vault:8", value, value],
        &["LREM", "vault:8", "1", value],
        &["SADD", "vault:9", value],
        &["ZADD", "vault:10", "1", value],
        &["XADD", "vault:11", "*", "field", value],
        &["EVAL", &script, "1", "vault:12", value],
        &["PUBLISH", "vault", value],
        &["ECHO", value],
        &["CLIENT", "SETNAME", value],
    ] {
        redis.cli(words);
    }
    for _ in 0..20 {
        redis.load(500, 200, &["SET", "vault:__rand_int__", value]);
    }
    assert!(redis.calls("set") > 10_000 && redis.calls("append") == 2);
    // All of it was measured: at least the values of the load.
    let measured = || sum(&host, "series=write_bytes");
    let least = (10_000 + 10) * value.len() as u64;
    let deadline = Instant::now() + PATIENCE;
    while measured() < least {
        assert!(Instant::now() < deadline, "{} bytes of {least}", measured());
        std::thread::sleep(Duration::from_millis(100));
    }
    for path in ["matrix?series=write_bytes&open=1", "matrix?axis=range&open=1", "top", "events", "status", "names"] {
        assert!(!has_canary(&body(&host, &format!("/admin/api/v1/keyviz/{path}"))), "{path}");
    }
    // From `v` to `w`; base64 of `vault:`.
    let keys = body(&host, "/admin/api/v1/keyviz/hotkeys?start=dg&end=dw&series=writes&top=100");
    assert!(text(&keys).contains("dmF1bHQ6") && !has_canary(&keys), "{}", text(&keys));
    let packed = body(&host, "/admin/api/v1/keyviz/snapshot");
    let said = watcher.interrupt();
    assert!(said.contains("vault:") && !has_canary(said.as_bytes()), "{said}");
    for (name, packed) in [("snapshot", packed), ("history", std::fs::read(&file).unwrap())] {
        let kept = zstd::decode_all(packed.as_slice()).unwrap();
        assert!(kept.starts_with(b"\x89keyviz\n") && text(&kept).contains("vault:"), "{name}");
        assert!(!has_canary(&kept), "{name}");
    }
}
