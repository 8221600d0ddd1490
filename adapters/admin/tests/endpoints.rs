//! What each path answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{Answer, EVENTS, HEALTHZ, MATRIX, NAMES, STATUS, Server, T0, TOP, sampled, sampler};
use keyviz_admin::{Admin, Clock, Limits, Mode, Notice, TimeLabel};
use keyviz_core::{Config, EventKind, KeyNames, Labels, NewRoute, Op, RouteId, Sampler};
use std::sync::atomic::{AtomicBool, Ordering};

fn good_headers(answer: &Answer) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
    }
    let csp = answer.header("content-security-policy").unwrap();
    assert!(csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'none'"), "{csp}");
    assert!(csp.contains("script-src 'self';") && !csp.contains("unsafe"), "{csp}");
}

#[test]
fn matrix_of_a_sampler() {
    let server = Server::start(Admin::builder(Some(sampled())).build());
    let json = server.get(MATRIX).json();
    assert_eq!(json["series"], "writes");
    assert_eq!(json["step_ms"], 1_000);
    assert_eq!(json["column_unix_ms"], serde_json::json!([T0 + 1_000]));
    let hot = json["rows"].as_array().unwrap().iter().find(|row| row["bucket_id"] == "route:1").unwrap();
    assert_eq!(hot["values"], serde_json::json!([3]));
    assert_eq!(hot["start"], "YQ==");
    let json = server.get(&format!("{MATRIX}?series=ops&rows=1")).json();
    assert_eq!(json["rows"].as_array().unwrap().len(), 1);
    assert_eq!(json["rows"][0]["values"], serde_json::json!([4]));
    // Outside the history there are no columns, and that is no error.
    let json = server.get(&format!("{MATRIX}?to_unix_ms=5")).json();
    assert_eq!(json["column_unix_ms"], serde_json::json!([]));
}

#[test]
fn answers_are_packed_for_those_who_take_zstd() {
    let sampler = sampler();
    for route in 10..200u64 {
        sampler.register(RouteId(route), format!("z{route}").as_bytes(), None, 0).unwrap();
        sampler.observe(RouteId(route), Op::Write, b"key", route);
    }
    sampler.flush(T0 + 2_000);
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    let target = format!("{MATRIX}?axis=route");
    let plain = server.get(&target);
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
    let packed = server.request("GET", &target, "Accept-Encoding: gzip, zstd;q=0.5\r\n");
    good_headers(&packed);
    assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("zstd")));
    assert_eq!(
        (packed.header("content-type"), packed.header("vary")),
        (Some("application/json"), Some("accept-encoding"))
    );
    assert!(packed.body.len() * 3 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    let unpacked: serde_json::Value =
        serde_json::from_slice(&zstd::bulk::decompress(&packed.body, 1 << 20).unwrap()).unwrap();
    assert_eq!(unpacked["rows"], plain.json()["rows"]);
    // An error is short, and goes as it is.
    let error = server.request("GET", &format!("{MATRIX}?series=nothing"), "Accept-Encoding: zstd\r\n");
    assert_eq!((error.status, error.header("content-encoding")), (400, None));
}

#[test]
fn status_of_a_sampler() {
    let admin = Admin::builder(Some(sampled()))
        .title("a \"quoted\" engine")
        .mode(Mode::Static)
        .time_label(TimeLabel::Relative)
        .build();
    let notice =
        Notice { id: "hot".into(), title: "Hot".into(), text: "<b>".into(), since_unix_ms: 1, until_unix_ms: 2 };
    admin.set_notice(Some(notice));
    let server = Server::start(admin.clone());
    let json = server.get(STATUS).json();
    for (member, value) in [
        ("enabled", serde_json::json!(true)),
        ("mode", serde_json::json!("static")),
        ("time_label", serde_json::json!("relative")),
        ("title", serde_json::json!("a \"quoted\" engine")),
        ("step_ms", serde_json::json!(1_000)),
        ("started_unix_ms", serde_json::json!(T0)),
        ("last_flush_unix_ms", serde_json::json!(T0 + 1_000)),
        ("routes", serde_json::json!(2)),
        ("labels", serde_json::json!([])),
        ("sub_buckets", serde_json::json!(1)),
        ("write_merge", serde_json::json!("sum")),
        ("flush", serde_json::json!(null)),
        (
            "notice",
            serde_json::json!({"id": "hot", "title": "Hot", "text": "<b>", "since_unix_ms": 1, "until_unix_ms": 2}),
        ),
    ] {
        assert_eq!(json[member], value, "{member}");
    }
    assert_eq!(json["counters"]["observed_writes"], 3);
    assert_eq!(json["counters"]["observed_reads"], 1);
    assert!(json["memory_bytes"].as_u64().unwrap() > 0);
    assert!(json["now_unix_ms"].as_u64().unwrap() > T0);
    assert!(json["next_column_unix_ms"].is_u64() && json["version"].is_string());
    admin.set_notice(None);
    assert!(server.get(STATUS).json()["notice"].is_null());
}

#[test]
fn the_hottest_ranges_with_their_names_and_the_command_that_splits_them() {
    let sampler = sampler();
    sampler.observe(RouteId(2), Op::Write, b"z", 0);
    sampler.flush(T0 + 2_000);
    let names = KeyNames::new([(b"a".as_slice(), "fruit </script>")]).unwrap();
    let template = "split {route} {key} {start:hex}".parse().unwrap();
    let admin = Admin::builder(Some(sampler.reader())).key_names(names).split_template(Some(template)).build();
    let server = Server::start(admin.clone());
    let answer = server.get(TOP);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    good_headers(&answer);
    let json = answer.json();
    assert_eq!((&json["now"]["end_unix_ms"], &json["now"]["total"]), (&(T0 + 2_000).into(), &1.into()));
    let row = &json["rows"][0];
    for (member, value) in [
        ("route_id", serde_json::json!("2")),
        ("start", "bQ==".into()),
        ("end", serde_json::Value::Null),
        ("value", 1.into()),
        ("before", 0.into()),
        ("split", "split 2 'v' 6d".into()),
    ] {
        assert_eq!(row[member], value, "{member}: {row}");
    }
    assert_eq!(json["rows"].as_array().unwrap().len(), 1);
    let one = server.get(&format!("{TOP}?series=writes&start=YQ&end=Yg&limit=1")).json();
    assert_eq!((&one["series"], &one["ranges"]), (&"writes".into(), &0.into()));
    assert_eq!(server.get(&format!("{TOP}?series=canary")).json()["error"], "invalid_query");

    let answer = server.get(NAMES);
    good_headers(&answer);
    assert!(!String::from_utf8_lossy(&answer.body).contains("</script"));
    let names = serde_json::json!({"names": [{"prefix": "YQ==", "name": "fruit </script>"}]});
    assert_eq!(answer.json(), names);
    admin.set_key_names(KeyNames::new([(b"m".as_slice(), "roots"), (b"a", "all of a to m")]).unwrap());
    let rows = server.get(MATRIX).json()["rows"].clone();
    assert!(rows.as_array().unwrap().iter().all(|row| row["name"].is_null()), "no name covers a whole route: {rows}");
    let ranges = server.get(&format!("{MATRIX}?axis=range&rows=8")).json()["rows"].clone();
    assert!(ranges.as_array().unwrap().len() <= 8);
    assert_eq!(server.get(NAMES).json()["names"].as_array().unwrap().len(), 2);
    admin.set_key_names(KeyNames::default());
    assert_eq!(server.get(NAMES).json(), serde_json::json!({"names": []}));
}

#[test]
fn a_row_has_the_name_that_all_its_keys_share() {
    let sampler = sampler();
    let names = KeyNames::new([(b"".as_slice(), "everything")]).unwrap();
    let server = Server::start(Admin::builder(Some(sampler.reader())).key_names(names).build());
    for axis in ["route", "range"] {
        let rows = server.get(&format!("{MATRIX}?axis={axis}")).json()["rows"].clone();
        assert!(!rows.as_array().unwrap().is_empty());
        assert!(rows.as_array().unwrap().iter().all(|row| row["name"] == "everything"), "{axis}: {rows}");
    }
}

#[test]
fn events_by_their_instants() {
    let sampler = sampler();
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    let none = server.get(EVENTS);
    assert_eq!((none.status, none.header("content-type")), (200, Some("application/json")));
    good_headers(&none);
    assert_eq!(none.json()["events"], serde_json::json!([]));
    let text = "2.1 \"quoted\" </script>\u{202e}\n\u{0}";
    sampler.annotate(T0 + 700, EventKind::DEPLOY, text);
    sampler.annotate(T0 + 300, EventKind::new("backup").unwrap(), &"ä".repeat(200));
    sampler.set_term(5, 1);
    sampler.set_term(5, 2);
    sampler.flush(T0 + 2_000);
    let answer = server.get(EVENTS);
    for raw in ["</script", "\u{202e}", "\n"] {
        assert!(!String::from_utf8_lossy(&answer.body).contains(raw), "{raw:?} is escaped");
    }
    let json = answer.json();
    let expected = serde_json::json!([
        {"at_unix_ms": T0 + 300, "kind": "backup", "text": "ä".repeat(96), "cut": true, "number": 1},
        {"at_unix_ms": T0 + 700, "kind": "deploy", "text": text, "number": 0},
        {"at_unix_ms": T0 + 1_500, "kind": "leader-change", "text": "group 5 from term 1 to 2", "number": 2, "own": true},
    ]);
    assert_eq!(json["events"], expected);
    assert_eq!((&json["told"], &json["dropped"]), (&3.into(), &0.into()));
    assert!(json["generated_at"].is_string());
    let numbers = |query: String| {
        let json = server.get(&format!("{EVENTS}?{query}")).json();
        json["events"].as_array().unwrap().iter().map(|event| event["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(format!("from_unix_ms={}&to_unix_ms={}", T0 + 300, T0 + 1_500)), [1, 0]);
    assert_eq!(numbers(format!("from_unix_ms={}", T0 + 301)), [0, 2]);
    assert_eq!(numbers(format!("to_unix_ms={}&from_unix_ms=-1", T0 + 301)), [1]);
    let refused = server.get(&format!("{EVENTS}?from_unix_ms=soon"));
    assert_eq!((refused.status, refused.error().as_str()), (400, "invalid_query"));
    assert_eq!(server.request("POST", EVENTS, "").status, 405);
}

/// A store that changes its leaders at every column, and one line that somebody wrote.
#[test]
fn many_events_of_a_kind_are_one_line_that_opens() {
    let sampler = sampler();
    for column in 1..=40u64 {
        for group in [5, 9] {
            sampler.set_term(group, column);
        }
        sampler.flush(T0 + column * 1_000);
    }
    sampler.annotate(T0 + 20_000, EventKind::DEPLOY, "version 2");
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    let events = |query: &str| server.get(&format!("{EVENTS}?{query}")).json()["events"].as_array().unwrap().clone();
    let all = events("");
    assert_eq!(all.len(), 40, "the first terms are no change");
    assert!(all.iter().filter(|event| event["own"] == true).all(|event| event["changes"] == 2));
    let folded = events("fold_ms=3600000");
    let shown: Vec<(&str, &str)> =
        folded.iter().map(|line| (line["kind"].as_str().unwrap(), line["text"].as_str().unwrap())).collect();
    assert_eq!(shown, [("leader-change", "×78, groups 5 … 9"), ("deploy", "version 2")]);
    assert_eq!((&folded[0]["changes"], &folded[0]["fold"]["events"]), (&78.into(), &39.into()));
    assert!(folded[1].get("fold").is_none());
    // Finer spans are more lines, of the same events.
    let finer = events("fold_ms=10000");
    let stands_for = |line: &serde_json::Value| line["fold"]["events"].as_u64().unwrap_or(1);
    assert!(finer.len() > 3 && finer.iter().map(stands_for).sum::<u64>() == 40, "{finer:?}");
    // Each opens to its own.
    for line in finer.iter().filter(|line| line.get("fold").is_some()) {
        let (from, last) = (line["at_unix_ms"].as_u64().unwrap(), line["fold"]["last_unix_ms"].as_u64().unwrap());
        let inside = events(&format!("kind=leader-change&from_unix_ms={from}&to_unix_ms={}", last + 1));
        assert_eq!(inside.len() as u64, stands_for(line));
        assert_eq!(inside[0]["number"], line["number"]);
    }
    let kinds = |query: &str| {
        let mut kinds: Vec<String> = events(query).iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect();
        kinds.dedup();
        kinds
    };
    assert_eq!(kinds("kind=deploy"), ["deploy"]);
    assert_eq!(kinds("kind=!leader-change,split"), ["deploy"]);
    assert_eq!(kinds("kind=!deploy"), ["leader-change"]);
    assert_eq!(kinds("kind=split"), [""; 0], "there may be some at any time");
    let refused = server.get(&format!("{EVENTS}?kind=deploi"));
    assert_eq!((refused.status, refused.error().as_str()), (400, "invalid_query"));
    assert_eq!(
        refused.json()["message"],
        "kind: no such kind here; there are deploy, folding, leader-change, merge, restart, split"
    );
    assert_eq!(server.get(&format!("{EVENTS}?kind=A")).status, 400);
}

#[test]
fn disabled_says_so_and_nothing_more() {
    let server = Server::start(Admin::builder(None).build());
    for target in [MATRIX.to_owned(), format!("{MATRIX}?series=Reads"), EVENTS.to_owned()] {
        let answer = server.get(&target);
        assert_eq!((answer.status, answer.error().as_str()), (503, "keyviz_disabled"));
        good_headers(&answer);
    }
    let answer = server.get(STATUS);
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!((&json["enabled"], &json["routes"], &json["step_ms"]), (&false.into(), &0.into(), &0.into()));
    assert_eq!(json["counters"], serde_json::json!({}));
    assert!(json["history_from_unix_ms"].is_null());
    assert_eq!(server.get(HEALTHZ).status, 200);
    assert_eq!(server.get("/admin/").status, 200);
}

#[test]
fn the_page_and_its_files() {
    let server = Server::start(Admin::builder(None).build());
    let page = server.get("/admin/");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.body, std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/index.html")).unwrap());
    good_headers(&page);
    let script = server.get("/admin/ui/main.js");
    assert_eq!((script.status, script.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    good_headers(&script);
    for (from, to) in [("/", "admin/"), ("/admin", "admin/")] {
        let answer = server.get(from);
        assert_eq!((answer.status, answer.header("location")), (307, Some(to)), "{from}");
    }
    for missing in [
        "/admin/ui/nothing.js",
        "/admin/ui/",
        "/admin/ui/..%2f..%2fCargo.toml",
        "/admin/ui/../../Cargo.toml",
        "/favicon.ico",
    ] {
        let answer = server.get(missing);
        assert_eq!((answer.status, answer.error().as_str()), (404, "not_found"), "{missing}");
        good_headers(&answer);
    }
}

#[test]
fn health_is_plain_text() {
    let server = Server::start(Admin::builder(Some(sampled())).build());
    for path in [HEALTHZ, "/healthz"] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok"));
        good_headers(&answer);
    }
}

#[test]
fn methods() {
    let server = Server::start(Admin::builder(Some(sampled())).build());
    for path in [MATRIX, STATUS, HEALTHZ, "/admin/", "/admin", "/", "/healthz", "/admin/ui/main.js"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            let answer = server.request(method, path, "");
            assert_eq!((answer.status, answer.error().as_str()), (405, "method_not_allowed"), "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method} {path}");
            good_headers(&answer);
        }
        let (get, head) = (server.get(path), server.request("HEAD", path, ""));
        assert_eq!(get.status, head.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
    }
    assert_eq!(server.request("POST", "/admin/api/v1/keyviz/nothing", "").error(), "not_found");
}

/// A clock that fails on demand, standing for any fault inside a request.
struct Faulty(&'static AtomicBool);

impl Clock for Faulty {
    fn now_ms(&self) -> u64 {
        assert!(!self.0.load(Ordering::Relaxed), "secret-of-the-panic");
        T0
    }
}

#[test]
fn a_panic_is_a_500_that_says_nothing_and_is_counted() {
    static FAULT: AtomicBool = AtomicBool::new(false);
    let server = Server::start(Admin::builder(Some(sampled())).clock(Faulty(&FAULT)).build());
    FAULT.store(true, Ordering::Relaxed);
    for path in [MATRIX, STATUS, EVENTS, TOP] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.error().as_str()), (500, "internal"));
        assert!(!answer.text().contains("secret"), "{answer:?}");
        good_headers(&answer);
    }
    FAULT.store(false, Ordering::Relaxed);
    let json = server.get(STATUS).json();
    assert_eq!(json["admin"]["panics"], 4);
    assert_eq!(json["admin"]["requests"], 5);
}

#[test]
fn no_error_carries_what_was_asked() {
    let server = Server::start(Admin::builder(Some(sampled())).build());
    for query in [
        "series=canary",
        "rows=canary",
        "start=canary%21",
        "end=%00canary%00",
        "label=canary",
        "axis=canary",
        "open=canary",
    ] {
        let answer = server.get(&format!("{MATRIX}?{query}"));
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_query"), "{query}");
        assert!(!answer.text().contains("canary"), "{query}: {}", answer.text());
    }
}

#[test]
fn a_picture_past_the_memory_is_busy() {
    let mut limits = Limits::default();
    limits.memory_bytes = 1 << 20;
    let sampler = sampler();
    for column in 1..=100 {
        sampler.flush(T0 + column * 1_000);
    }
    let server = Server::start(Admin::builder(Some(sampler.reader())).limits(limits).build());
    let answer = server.get(MATRIX);
    assert_eq!((answer.status, answer.error().as_str()), (503, "busy"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    // A smaller one fits, and leaves its bytes when it is gone.
    for _ in 0..50 {
        assert_eq!(server.get(&format!("{MATRIX}?rows=100")).status, 200);
    }
    assert_eq!(server.get(STATUS).json()["admin"]["busy"], 1);
}

#[test]
fn groups_turn_the_merge_rule() {
    let sampler = sampler();
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    assert_eq!(server.get(STATUS).json()["write_merge"], "sum");
    sampler.register(RouteId(9), b"z", None, 7).unwrap();
    sampler.flush(T0 + 2_000);
    assert_eq!(server.get(STATUS).json()["write_merge"], "leader");
    assert_eq!(server.get(MATRIX).json()["write_merge"], "leader");
}

#[test]
fn the_range_axis_tiles_and_says_what_it_estimates() {
    let mut config = Config::default();
    config.step_ms = 1_000;
    let sampler = Sampler::new(config, T0).unwrap();
    sampler.register(RouteId(7), b"a", Some(b"c"), 0).unwrap();
    sampler.observe(RouteId(7), Op::Write, b"a", 9);
    sampler.flush(T0 + 1_000);
    let left = NewRoute { route: RouteId(7), start: b"a", end: Some(b"b"), group: 0 };
    let right = NewRoute { route: RouteId(8), start: b"b", end: Some(b"c"), group: 0 };
    sampler.split_route(RouteId(7), &[left, right]).unwrap();
    sampler.observe(RouteId(7), Op::Write, b"a", 9);
    sampler.observe(RouteId(8), Op::Write, b"b", 9);
    sampler.flush(T0 + 2_000);
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    let json = server.get(&format!("{MATRIX}?axis=range")).json();
    assert_eq!(json["axis"], "range");
    let id = json["axis_id"].as_str().unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), 2);
    assert_eq!(json["rows"][1]["bucket_id"], format!("range:1@{id}"));
    assert_eq!(json["rows"][0]["end"], json["rows"][1]["start"]);
    assert_eq!((&json["rows"][0]["values"], &json["rows"][1]["values"]), (&[1, 1].into(), &[0, 1].into()));
    assert_eq!(json["rows"][0]["estimated"], serde_json::json!([true, false]), "before the split");
    assert_eq!(json["cut"]["rows"], 0);
}

#[test]
fn labels_are_listed_and_filter_rows() {
    let mut config = Config::default();
    config.step_ms = 1_000;
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    let sampler = Sampler::new(config, T0).unwrap();
    sampler.register(RouteId(1), b"", None, 0).unwrap();
    sampler.observe_labelled(RouteId(1), sampler.label("redis"), Op::Write, b"k", 0);
    sampler.observe(RouteId(1), Op::Write, b"k", 0);
    sampler.flush(T0 + 1_000);
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    assert_eq!(server.get(STATUS).json()["labels"], serde_json::json!(["redis", "s3"]));
    let ids = |query: &str| -> Vec<String> {
        let rows = server.get(&format!("{MATRIX}?{query}")).json()["rows"].clone();
        rows.as_array().unwrap().iter().map(|row| row["bucket_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(""), ["route:1", "route:1:redis"]);
    assert_eq!(ids("label=redis"), ["route:1:redis"]);
    assert_eq!(ids("split_labels=0"), ["route:1"]);
    assert_eq!(server.get(&format!("{MATRIX}?label=nope")).error(), "invalid_query");
}

/// Hot keys over HTTP: by route and by range, in order, escaped by base64; and why there may be none.
#[test]
fn hot_keys_are_told_by_route_and_by_range() {
    let mut config = Config::default();
    (config.step_ms, config.hot_keys, config.sample_every) = (1_000, true, 1);
    let sampler = Sampler::new(config, T0).unwrap();
    sampler.register(RouteId(u64::MAX), b"a", Some(b"m"), 0).unwrap();
    sampler.register(RouteId(2), b"m", None, 0).unwrap();
    let recorder = sampler.recorder();
    for (route, key, times) in [(u64::MAX, &b"apple"[..], 3), (u64::MAX, b"b\0<\"", 5), (2, b"zebra", 9)] {
        recorder.observe_many(RouteId(route), Op::Write, key, 10, times);
    }
    sampler.flush(T0 + 1_000);
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    let get = |query: &str| server.get(&format!("/admin/api/v1/keyviz/hotkeys?{query}"));
    let answer = get("route_id=18446744073709551615").json();
    assert_eq!(answer["bucket_id"], "route:18446744073709551615");
    assert_eq!(
        answer["keys"],
        serde_json::json!([
            { "key_b64": "YgA8Ig==", "count": 5, "error": 0 },
            { "key_b64": "YXBwbGU=", "count": 3, "error": 0 },
        ])
    );
    assert_eq!((&answer["sample_rate"], &answer["operations"]), (&1.into(), &8.into()));
    assert_eq!((&answer["degraded"], &answer["error_bound"]), (&false.into(), &0.into()));
    let answer = get("start=Yg&top=1").json();
    assert_eq!((&answer["start"], &answer["end"]), (&"Yg==".into(), &serde_json::Value::Null));
    assert_eq!(answer["keys"], serde_json::json!([{ "key_b64": "emVicmE=", "count": 9, "error": 0 }]));
    for (query, status, error) in [
        ("route_id=77", 404, "no_sketch"),
        ("route_id=2&series=reads", 404, "no_sketch"),
        ("route_id=2&from_unix_ms=9999999999999", 404, "out_of_snapshot_window"),
        ("start=%21", 400, "invalid_query"),
    ] {
        let answer = get(query);
        assert_eq!((answer.status, answer.error().as_str()), (status, error), "{query}");
    }
    let server = Server::start(Admin::builder(Some(sampled())).build());
    assert_eq!(server.get("/admin/api/v1/keyviz/hotkeys?route_id=1").error(), "hotkeys_disabled");
}
