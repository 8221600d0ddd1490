//! What is asked wrongly is refused with the parameter's name and what to do, and never with what was sent; what is only
//! strange is answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use common::{Answer, CELL, EVENTS, HEALTHZ, HOTKEYS, MATRIX, NAMES, SNAPSHOT, STATUS, Server, T0, TOP};
use keyviz_admin::{Admin, Node};
use keyviz_core::{Config, Label, Labels, Op, RouteId, Sampler};

const API: [&str; 9] = [MATRIX, HOTKEYS, EVENTS, SNAPSHOT, TOP, CELL, NAMES, STATUS, HEALTHZ];

fn sampler() -> Sampler {
    let mut config = Config::default();
    (config.step_ms, config.hot_keys, config.sample_every, config.prefault) = (1_000, true, 1, false);
    config.labels = Labels::new(&["redis"]).unwrap();
    let sampler = Sampler::new(config, T0).unwrap();
    sampler.register(RouteId(1), b"a", None, 0).unwrap();
    for label in [Label::NONE, sampler.label("redis")] {
        (0..9).for_each(|_| sampler.observe_labelled(RouteId(1), label, Op::Write, b"key", 10));
    }
    sampler.flush(T0 + 1_000);
    sampler
}

/// One node, and two.
fn servers() -> [Server; 2] {
    let (one, two) = (sampler(), sampler());
    let nodes = vec![Node::new("one", one.reader()), Node::new("two", two.reader())];
    [Server::start(Admin::builder(Some(one.reader())).build()), Server::start(Admin::of_nodes(nodes).unwrap().build())]
}

/// A path with what it needs to answer, and more behind it.
fn target(path: &str, query: &str) -> String {
    match path {
        HOTKEYS => format!("{path}?route_id=1&{query}"),
        SNAPSHOT => format!("{path}?node=one&{query}"),
        _ => format!("{path}?{query}"),
    }
}

/// Asks. One snapshot is made at a time, and the one before may not be at its end when its last byte is here.
fn get(server: &Server, target: &str) -> Answer {
    let began = Instant::now();
    loop {
        let answer = server.get(target);
        let may_end = target.starts_with(SNAPSHOT) && answer.status == 503;
        if !may_end || began.elapsed() > Duration::from_secs(60) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn refused(server: &Server, target: &str, parameter: &str) {
    let answer = server.get(target);
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_query"), "{target}: {}", answer.text());
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    let advice = message.strip_prefix(&format!("{parameter}: "));
    assert!(
        advice.is_some_and(|advice| advice.contains("use ") || advice.contains("give ") || advice.contains("lists"))
    );
    assert!(!message.contains("canary"), "{target}: {message}");
    assert_eq!(
        (answer.header("x-content-type-options"), answer.header("cache-control")),
        (Some("nosniff"), Some("no-store"))
    );
}

/// Numbers, times and keys that are none, wherever they are taken.
#[test]
fn what_cannot_be_read_is_refused_by_its_name() {
    const NO_NUMBERS: [&str; 11] = [
        "canary",
        "1.5",
        "1e3",
        "0x10",
        "%00",
        "1%00",
        "%2B",
        "%20",
        "--1",
        "99999999999999999999",
        "18446744073709551615",
    ];
    const NO_KEYS: [&str; 6] = ["%00", "canary%21", "A", "YQ%3D%3D%3D", "Y%00", "%FF%FE"];
    const NO_NAMES: [&str; 5] = ["canary", "%00", "Writes%00", "%FF", "writes%2Creads"];
    let numbers: &[(&str, &[&str])] = &[
        (MATRIX, &["rows", "from_unix_ms", "to_unix_ms"]),
        (CELL, &["from_unix_ms", "to_unix_ms"]),
        (HOTKEYS, &["top", "from_unix_ms", "to_unix_ms", "sub_bucket"]),
        (TOP, &["limit"]),
        (EVENTS, &["from_unix_ms", "to_unix_ms"]),
    ];
    let keys: &[(&str, &[&str])] = &[(MATRIX, &["start", "end"]), (CELL, &["start", "end"]), (TOP, &["start", "end"])];
    let names: &[(&str, &[&str])] = &[
        (MATRIX, &["series", "axis", "label", "open", "split_labels"]),
        (CELL, &["series", "label"]),
        (HOTKEYS, &["series", "label"]),
        (TOP, &["series", "label"]),
    ];
    for server in servers() {
        for (table, values) in [(numbers, &NO_NUMBERS[..]), (keys, &NO_KEYS), (names, &NO_NAMES)] {
            for (path, parameters) in table {
                for parameter in *parameters {
                    for value in values {
                        refused(&server, &target(path, &format!("{parameter}={value}")), parameter);
                    }
                }
            }
        }
        for value in ["canary", "-1", "1.0", "%00", "18446744073709551616", "99999999999999999999999"] {
            refused(&server, &format!("{CELL}?route_id={value}"), "route_id");
            refused(&server, &format!("{HOTKEYS}?route_id={value}"), "route_id");
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused_by_its_name() {
    for server in servers() {
        for (path, query, parameter) in [
            (MATRIX, "from_unix_ms=2&to_unix_ms=1", "from_unix_ms"),
            (CELL, "from_unix_ms=2&to_unix_ms=1", "from_unix_ms"),
            (HOTKEYS, "route_id=1&from_unix_ms=2&to_unix_ms=1", "from_unix_ms"),
            (EVENTS, "from_unix_ms=2&to_unix_ms=1", "from_unix_ms"),
            (MATRIX, "start=Yg&end=YQ", "end"),
            (CELL, "start=Yg&end=YQ", "end"),
            (HOTKEYS, "start=Yg&end=YQ", "end"),
            (TOP, "start=Yg&end=YQ", "end"),
            (CELL, "route_id=1&start=YQ", "route_id"),
            (CELL, "route_id=1&end=YQ", "route_id"),
            (HOTKEYS, "route_id=1&start=YQ&end=Yg", "route_id"),
            (CELL, "sub_bucket=0", "sub_bucket"),
            (HOTKEYS, "start=YQ&sub_bucket=0", "sub_bucket"),
            (CELL, "route_id=1&sub_bucket=-1", "sub_bucket"),
            (CELL, "route_id=1&sub_bucket=4294967296", "sub_bucket"),
            (HOTKEYS, "route_id=1&top=0", "top"),
            (HOTKEYS, "route_id=1&top=-9223372036854775808", "top"),
            (HOTKEYS, "", "route_id"),
            (HOTKEYS, "start=&end=", "route_id"),
            (HOTKEYS, "start=YQ&label=redis", "label"),
        ] {
            refused(&server, &format!("{path}?{query}"), parameter);
        }
    }
    let [_, several] = servers();
    for query in ["", "node=", "node=canary", "node=%00", "node=one%00", "node=%FF", "nodes=one"] {
        refused(&several, &format!("{SNAPSHOT}?{query}"), "node");
    }
}

/// Huge numbers are bounds, empty ones are absent, of a repeated one the first counts, and what nobody knows is nothing.
#[test]
fn what_is_only_strange_is_answered() {
    for server in servers() {
        let many = "a=1&".repeat(2_000);
        let long = format!("bogus={}", "x".repeat(8_000));
        for path in API {
            for query in [
                "",
                "&&&=&==",
                "bogus=canary&BOGUS&%00=%00&%FF=%FF",
                "from_unix_ms=&to_unix_ms=&series=&start=&end=&label=&rows=&top=&limit=&sub_bucket=&open=&axis=&kind=",
                "from_unix_ms=-9223372036854775808&to_unix_ms=-1",
                "from_unix_ms=0&to_unix_ms=9223372036854775807",
                "series=writes&series=canary",
                "label=redis&label=canary",
                "Series=canary&ROWS=canary",
                "rows=9223372036854775807&limit=9223372036854775807&top=9223372036854775807",
                &many,
                &long,
            ] {
                let answer = get(&server, &target(path, query));
                assert_eq!(answer.status, 200, "{path}?{query:.60}: {}", answer.text());
            }
        }
    }
    let [server, _] = servers();
    // A time to come has nothing, and that is no error.
    for (path, columns) in [(MATRIX, "column_unix_ms"), (CELL, "columns")] {
        let answer = server.get(&format!("{path}?from_unix_ms=9223372036854775807")).json();
        assert!(answer[columns] == 0 || answer[columns] == serde_json::json!([]), "{answer}");
    }
    // Neither end nor beginning, and the same key twice.
    assert_eq!(server.get(&format!("{CELL}?start=YQ&end=YQ")).json()["value"], 0);
    assert_eq!(server.get(&format!("{CELL}?from_unix_ms=7&to_unix_ms=7")).json()["value"], 0);
}

/// What a cache, or a client that lost the rest, sends with its question makes no other answer of it.
#[test]
fn conditions_and_ranges_are_not_taken() {
    let [server, _] = servers();
    for path in [MATRIX, HOTKEYS, EVENTS, TOP, CELL, NAMES, STATUS, HEALTHZ] {
        for headers in [
            "If-None-Match: *\r\n",
            "If-Match: \"canary\"\r\n",
            "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
            "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            "Range: bytes=0-1\r\nIf-Range: \"canary\"\r\n",
            "Accept: text/html;q=1, */*;q=0\r\nAccept-Charset: canary\r\n",
            "X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /admin/api/v1/keyviz/status\r\n",
        ] {
            let answer = server.request("GET", &target(path, ""), headers);
            assert_eq!((answer.status, answer.header("content-range")), (200, None), "{path} {headers}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert!(answer.body.len() > 1, "{path} {headers}");
        }
    }
}

fn headers(answer: &Answer) -> Vec<&str> {
    let names = ["content-type", "allow", "cache-control", "x-content-type-options", "x-frame-options", "vary"];
    names.iter().map(|name| answer.header(name).unwrap_or_default()).collect()
}

#[test]
fn every_path_takes_get_and_head_alone() {
    let [server, _] = servers();
    for path in API {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "QUERY"] {
            let answer = server.request(method, &target(path, ""), "");
            // A proxy's method has another form of target, which the server does not take at all.
            if method == "CONNECT" && answer.status != 405 {
                assert!(answer.status == 0 || (400..500).contains(&answer.status), "{answer:?}");
                continue;
            }
            assert_eq!((answer.status, answer.error().as_str()), (405, "method_not_allowed"), "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method} {path}");
        }
        let head = server.request("HEAD", &target(path, ""), "");
        let get = get(&server, &target(path, ""));
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(headers(&head), headers(&get), "{path}");
        let wrong = server.request("HEAD", &format!("{CELL}?series=canary"), "");
        assert_eq!((wrong.status, wrong.body.len()), (400, 0));
    }
    for path in
        ["cell/", "cell%2F", "/cell", "CELL", "cell%00", "cell;a=b", "../keyviz", "%63ell/x", "", "matrix/status"]
    {
        let answer = server.get(&format!("/admin/api/v1/keyviz/{path}"));
        assert_eq!((answer.status, answer.error().as_str()), (404, "not_found"), "{path}");
    }
}
