//! Roles and redaction: what each role gets of keys, on every path there is, and what is written down about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::{Answer, EVENTS, MATRIX, STATUS, Server, T0, TOP, base64url};
use keyviz_admin::{Access, Admin, AdminBuilder, Redaction, Role, Token};
use keyviz_core::{
    AxisKind, Config, EventKind, KeyNames, MatrixQuery, Op, Partition, RouteId, Sampler, Series, Snapshot,
};

const FULL: &str = "full-0123456789abcdef";
const READ: &str = "read-0123456789abcdef";
/// What no reader may see of a key: it stands behind the first eight bytes.
const CANARY: &str = "CaNaRySeCrEt";
/// What may be seen with `prefix:8`.
const SEEN: &str = "tenant-4";

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Routes whose bounds are long keys with the canary in them, two of which differ only behind it; one has gone, so that a
/// row with older bounds is there; divisions, whose bounds are made of the routes'.
fn sampler() -> Sampler {
    let mut config = Config::default();
    (config.step_ms, config.sub_buckets) = (1_000, 4);
    (config.max_routes, config.max_known_routes, config.prefault) = (100, 0, false);
    (config.hot_keys, config.sample_every) = (true, 1);
    let sampler = Sampler::new(config, T0).unwrap();
    let key = |at: usize| format!("{SEEN}/{CANARY}/{at:03}").into_bytes();
    for at in 0..12 {
        sampler.register(RouteId(at as u64), &key(at), Some(&key(at + 1)), 0).unwrap();
        for write in 0..at + 3 {
            sampler.observe(RouteId(at as u64), Op::Write, &[&key(at)[..], &[write as u8 * 17]].concat(), 10);
        }
    }
    sampler.flush(T0 + 1_000);
    sampler.remove(RouteId(3));
    sampler.register(RouteId(3), &key(3), None, 0).unwrap();
    sampler.observe(RouteId(3), Op::Write, &key(3), 1);
    sampler.annotate(T0 + 100, EventKind::DEPLOY, &format!("moved {SEEN}/{CANARY}/007"));
    sampler.set_term(5, 1);
    sampler.set_term(5, 2);
    sampler.flush(T0 + 2_000);
    sampler
}

fn access() -> Access {
    let token = |text| Some(Token::from_text(text).unwrap());
    Access { full: token(FULL), read: token(READ), redaction_key: token("a-key-of-16-or-more"), ..Access::default() }
}

fn endpoint(access: Access) -> (AdminBuilder, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let named = [(b"".as_slice(), "all of CaNaRySeCrEt"), (b"tenant-4", "the fourth CaNaRySeCrEt")];
    let builder = Admin::builder(Some(sampler().reader()))
        .access(access)
        .key_names(KeyNames::new(named).unwrap())
        .audit(move |audited| log.lock().unwrap().push(audited.to_string()));
    (builder, lines)
}

/// The canary in whatever form it could go out: as it is, as hex, as base64 and base64url at each of three offsets.
fn traces() -> Vec<String> {
    let hex = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut forms = vec![CANARY.to_lowercase(), hex];
    for skip in 0..3 {
        // Whole groups of three bytes, so that no neighbour shares a letter.
        let bytes = &CANARY.as_bytes()[skip..];
        forms.push(base64(&bytes[..bytes.len() / 3 * 3]).to_lowercase());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let word = |three: &[u8]| three.iter().fold(0usize, |word, byte| word << 8 | usize::from(*byte));
    let letters = |word: usize| [18, 12, 6, 0].map(|shift| char::from(ALPHABET[word >> shift & 63]));
    bytes.chunks(3).flat_map(|three| letters(word(three))).collect()
}

fn has_canary(text: &str) -> bool {
    let text = text.to_lowercase();
    traces().iter().any(|form| text.contains(form))
}

/// Asks with a token. One snapshot is made at a time, and the one before may not be at its end when its last byte is
/// here.
#[track_caller]
fn ask(server: &Server, path: &str, token: &str) -> Answer {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let answer = server.request("GET", path, &bearer(token));
        if answer.status != 503 || !path.ends_with("snapshot") {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "the turn never ends");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// The stream of a snapshot.
fn unpacked(answer: &Answer) -> Vec<u8> {
    zstd::decode_all(&common::unchunked(&answer.body)[..]).unwrap()
}

/// Every path of the API, those that others may add, and every form of asking that shows bounds.
fn paths() -> Vec<String> {
    let mut paths = Vec::new();
    for axis in ["route", "range"] {
        for series in Series::ALL {
            paths.push(format!("{MATRIX}?axis={axis}&series={}&open=1", series.name()));
        }
        for rows in [1, 3, 1024] {
            paths.push(format!("{MATRIX}?axis={axis}&rows={rows}&split_labels=1"));
        }
    }
    paths.push(EVENTS.into());
    paths.push(STATUS.into());
    let others = [
        "hotkeys?route_id=1",
        "hotkeys?series=reads",
        "snapshot",
        "top",
        "names",
        "cell?open=1",
        "advice?route_id=1",
        "stream",
        "metrics",
        "nothing",
        "healthz",
    ];
    paths.extend(others.map(|other| format!("/admin/api/v1/keyviz/{other}")));
    paths
}

#[test]
fn each_token_has_its_role_and_no_other_has_any() {
    let server = Server::start(endpoint(access()).0.build());
    for (token, role, redaction) in [(FULL, "full", "none"), (READ, "read", "prefix:8")] {
        let status = server.request("GET", STATUS, &bearer(token)).json();
        assert_eq!((&status["role"], &status["redaction"]), (&role.into(), &redaction.into()));
    }
    for token in ["", "wrong-0123456789abcdef", &FULL[1..], &format!("{READ}x")] {
        assert_eq!(server.request("GET", STATUS, &bearer(token)).status, 401);
    }
    // With a token for one role, nobody has the other.
    let only_read = Access { full: None, ..access() };
    let server = Server::start(endpoint(only_read).0.build());
    assert_eq!(server.get(STATUS).status, 401);
    assert_eq!(server.request("GET", STATUS, &bearer(READ)).json()["role"], "read");
    assert_eq!(server.request("GET", STATUS, &bearer(FULL)).status, 401);
    // Without any token everybody has role full.
    let server = Server::start(Admin::builder(Some(sampler().reader())).build());
    assert_eq!(server.get(STATUS).json()["role"], "full");
}

#[test]
fn one_secret_cannot_open_two_roles() {
    let same = Access { read: access().full, ..access() };
    let refused = same.check().unwrap_err().to_string();
    assert!(refused.contains("--admin-read-token-file") && !refused.contains(FULL), "{refused}");
    assert!(access().check().is_ok());
}

#[test]
fn what_shows_whole_keys_is_closed_to_role_read() {
    let server = Server::start(endpoint(access()).0.build());
    for name in ["hotkeys", "hotkeys?route_id=1", "advice", "advice?route_id=1", "stream", "anything"] {
        let path = format!("/admin/api/v1/keyviz/{name}");
        let answer = server.request("GET", &path, &bearer(READ));
        assert_eq!((answer.status, answer.error().as_str()), (403, "forbidden_role"), "{path}");
        assert_ne!(server.request("GET", &path, &bearer(FULL)).status, 403, "{path}");
    }
    let status = server.request("GET", STATUS, &bearer(READ)).json();
    assert_eq!(status["admin"]["forbidden_roles"], 6);
    // Where role full is redacted too, whole keys are shown to nobody.
    let redacted = Access { redaction: Redaction::Hex, ..access() };
    let server = Server::start(endpoint(redacted).0.build());
    let answer = server.request("GET", "/admin/api/v1/keyviz/advice", &bearer(FULL));
    assert_eq!((answer.status, answer.error().as_str()), (403, "redacted"));
}

/// Names and hot keys are keys as much as bounds are.
#[test]
fn names_and_hot_keys_are_redacted_as_bounds_are() {
    let names = "/admin/api/v1/keyviz/names";
    let server = Server::start(endpoint(access()).0.build());
    let [full, read] = [FULL, READ].map(|token| server.request("GET", names, &bearer(token)).json());
    assert_eq!(full["names"][1]["name"], format!("the fourth {CANARY}"));
    assert_eq!((&read["redaction"], &read["names"][1]["prefix"]), (&"prefix:8".into(), &full["names"][1]["prefix"]));
    assert_eq!([&read["names"][0]["name"], &read["names"][1]["name"]], ["all of C~", "the four~"]);

    let hot = "/admin/api/v1/keyviz/hotkeys?route_id=7&top=5";
    let whole = server.request("GET", hot, &bearer(FULL)).json();
    assert!(whole["redaction"].is_null() && decode(whole["keys"][0]["key_b64"].as_str().unwrap()).len() > 20);
    for policy in [Redaction::Prefix(8), Redaction::Prefix(0), Redaction::Hmac, Redaction::Hex] {
        let server = Server::start(endpoint(Access { redaction: policy, ..access() }).0.build());
        let answer = server.request("GET", hot, &bearer(FULL));
        let told = answer.json();
        assert_eq!((answer.status, &told["redaction"]), (200, &policy.to_string().into()));
        assert!(!has_canary(&answer.text()), "{policy}");
        let counts = |json: &serde_json::Value| -> Vec<serde_json::Value> {
            json["keys"].as_array().unwrap().iter().map(|key| key["count"].clone()).collect()
        };
        assert_eq!(counts(&told), counts(&whole), "{policy}");
        let keys: std::collections::BTreeSet<&str> =
            told["keys"].as_array().unwrap().iter().map(|key| key["key_b64"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), 5, "{policy}: keys that differ still do");
        // Guessing finds out no more than what is shown.
        let guess = |tail: &str| {
            let start = base64url(format!("{SEEN}/{CANARY}/{tail}"));
            server.request("GET", &format!("/admin/api/v1/keyviz/hotkeys?start={start}"), &bearer(FULL))
        };
        let (one, other) = (guess("003"), guess("009"));
        match policy {
            Redaction::Prefix(_) => assert_eq!((one.status, one.text()), (200, other.text()), "{policy}"),
            Redaction::Hmac => assert_eq!(one.status, 400),
            _ => assert!(!has_canary(&one.text())),
        }
    }
}

/// The heart of it: nothing that role read gets, and nothing that is written down, has a byte of a key behind its prefix.
#[test]
fn no_canary_leaves_by_any_path() {
    for policy in [Redaction::Prefix(8), Redaction::Prefix(0), Redaction::Hmac] {
        let (builder, lines) = endpoint(Access { read_redaction: policy, ..access() });
        let server = Server::start(builder.build());
        let (mut shown, mut seen) = (0, 0);
        for path in paths() {
            // A snapshot is packed: what it shows is seen when it is unpacked.
            let text = |answer: &Answer| match path.ends_with("snapshot") {
                true => String::from_utf8_lossy(&unpacked(answer)).into_owned(),
                false => answer.text(),
            };
            shown += u32::from(has_canary(&text(&ask(&server, &path, FULL))));
            let answer = ask(&server, &path, READ);
            let text = text(&answer);
            assert!(!has_canary(&text), "{policy} {path}: {text:.2000}");
            seen += u32::from(text.contains(&base64(&SEEN.as_bytes()[..6])));
            let head = format!("{:?}", answer);
            assert!(!has_canary(&head), "{policy} {path}");
        }
        assert!(shown > 10, "role full sees the canary, or this test sees nothing: {shown}");
        assert_eq!(seen > 0, policy == Redaction::Prefix(8), "the prefix is what is seen");
        let lines = lines.lock().unwrap();
        assert!(lines.len() > 20 && lines.iter().all(|line| !has_canary(line)), "{lines:?}");
    }
}

/// A snapshot has the counts that there are, under what may be seen of keys: bounds, texts of events, and ids that are
/// made of bounds.
#[test]
fn a_snapshot_is_redacted_as_the_picture_is() {
    const SNAPSHOT: &str = "/admin/api/v1/keyviz/snapshot";
    let plain = |server: &Server, token| {
        let answer = ask(server, SNAPSHOT, token);
        assert_eq!(answer.status, 200);
        unpacked(&answer)
    };
    let query = MatrixQuery { open: true, ..MatrixQuery::default() };
    let whole = sampler().reader().matrix(&query);
    for policy in [Redaction::Prefix(8), Redaction::Prefix(0), Redaction::Hmac, Redaction::Hex] {
        let server = Server::start(endpoint(Access { read_redaction: policy, ..access() }).0.build());
        let (full, read) = (plain(&server, FULL), plain(&server, READ));
        assert!(has_canary(&String::from_utf8_lossy(&full)), "role full sees it, or this test sees nothing");
        assert_eq!(has_canary(&String::from_utf8_lossy(&read)), policy == Redaction::Hex, "{policy}");
        let snapshot = Snapshot::decode(&read, 16 << 20).unwrap();
        assert_eq!(snapshot.recorded(), Snapshot::decode(&full, 16 << 20).unwrap().recorded(), "{policy}");
        assert!(snapshot.events().iter().any(|event| event.kind == EventKind::DEPLOY));
        // Whoever opens it sees the same picture, row by row.
        let shown = snapshot.reader().unwrap().matrix(&query);
        let values =
            |matrix: &keyviz_core::Matrix| matrix.rows.iter().map(|row| row.values.clone()).collect::<Vec<_>>();
        assert_eq!(values(&shown), values(&whole), "{policy}");
    }
    // Ranges of the core's own making have ids that are made of bounds.
    let mut config = Config::default();
    (config.step_ms, config.partition, config.sample_every) = (1_000, Partition::Auto { ranges: 64 }, 1);
    let sampler = Sampler::new(config, T0).unwrap();
    for column in 1..=4 {
        for at in 0..2_000u32 {
            sampler.observe_key(Op::Write, format!("{SEEN}/{CANARY}/{:04}", at * 7 % 1000).as_bytes(), 10);
        }
        sampler.flush(T0 + column * 1_000);
    }
    let server = Server::start(Admin::builder(Some(sampler.reader())).access(access()).build());
    let [full, read] = [FULL, READ].map(|token| Snapshot::decode(&plain(&server, token), 16 << 20).unwrap());
    let ids = |snapshot: &Snapshot| {
        let mut ids = std::collections::BTreeSet::new();
        snapshot.for_each_cell(|_, cell| _ = ids.insert(cell.route));
        ids.extend(snapshot.lineage().iter().flat_map(|entry| [entry.parent, entry.child]));
        ids
    };
    assert!(ids(&full).len() > 20);
    assert_eq!((ids(&full).len(), ids(&full).intersection(&ids(&read)).count()), (ids(&read).len(), 0));
    assert_eq!(full.recorded(), read.recorded());
}

/// Rows of one prefix stay apart and in order, with the counts that they had.
#[test]
fn the_picture_is_the_same_but_for_its_bounds() {
    for (policy, axis) in [
        (Redaction::Prefix(8), "route"),
        (Redaction::Prefix(8), "range"),
        (Redaction::Hmac, "route"),
        (Redaction::Hmac, "range"),
        (Redaction::Hex, "route"),
    ] {
        let (builder, _) = endpoint(Access { read_redaction: policy, ..access() });
        let server = Server::start(builder.build());
        let path = format!("{MATRIX}?axis={axis}");
        let rows = |token| {
            let json = server.request("GET", &path, &bearer(token)).json();
            (json["rows"].as_array().unwrap().clone(), json["redaction"].clone(), json["unattributed"].clone())
        };
        let ((whole, none, lost), (redacted, marked, still_lost)) = (rows(FULL), rows(READ));
        assert_eq!((none, marked), (serde_json::Value::Null, policy.to_string().into()));
        assert_eq!((lost, whole.len()), (still_lost, redacted.len()));
        assert!(whole.len() > 12);
        let decoded = |row: &serde_json::Value, edge: &str| row[edge].as_str().map(decode);
        for (row, before) in redacted.iter().zip(&whole) {
            assert_eq!((&row["values"], &row["route_count"]), (&before["values"], &before["route_count"]));
            for edge in ["start", "end"] {
                assert_eq!(row[edge].is_null(), before[edge].is_null());
                // Edges within an unbounded range have at most eight bytes.
                let shows_all = |bound: Vec<u8>| policy == Redaction::Prefix(8) && bound.len() <= 8;
                let same = decoded(before, edge).is_none_or(shows_all);
                assert_eq!(row[edge] == before[edge], same, "{policy} {row}");
            }
        }
        for (pair, before) in redacted.windows(2).zip(whole.windows(2)) {
            let order = |pair: &[serde_json::Value], edge| decoded(&pair[0], edge).cmp(&decoded(&pair[1], edge));
            assert_eq!(order(pair, "start"), order(before, "start"));
            assert_eq!(order(pair, "end"), order(before, "end"));
        }
        let ids: std::collections::BTreeSet<&str> =
            redacted.iter().map(|row| row["bucket_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), redacted.len());
    }
}

fn decode(text: &str) -> Vec<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        word = word << 6 | u32::from(digit(letter));
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    bytes
}

/// Guessing with longer keys finds out no more than what is shown, or boundaries could be searched for bit by bit.
#[test]
fn key_ranges_are_no_oracle() {
    let server = Server::start(endpoint(access()).0.build());
    let asked = |query: String, token| {
        let answer = server.request("GET", &format!("{MATRIX}?axis=range&{query}"), &bearer(token));
        let json = answer.json();
        (answer.status, json["rows"].clone(), json["axis_id"].clone())
    };
    let guess = |tail: &str| base64url(format!("{SEEN}/{CANARY}/{tail}"));
    let (one, other) = (format!("start={}", guess("003")), format!("start={}", guess("009")));
    assert_eq!(asked(one.clone(), READ), asked(other.clone(), READ), "both are the prefix");
    assert_ne!(asked(one, FULL).1, asked(other, FULL).1, "role full zooms in");
    let (one, other) = (format!("end={}", guess("003")), format!("end={}", guess("zzz")));
    assert_eq!(asked(one.clone(), READ), asked(other, READ));
    assert!(asked(one, READ).1.as_array().unwrap().len() > 2, "and as an end it has the rows of the prefix");
    // The same of one cell, whose counts are all that it tells.
    let cell = |query: &str, token| {
        let path = format!("/admin/api/v1/keyviz/cell?{query}");
        server.request("GET", &path, &bearer(token)).json()["value"].as_u64().unwrap()
    };
    let (one, other) = (format!("start={}", guess("003")), format!("start={}", guess("009")));
    assert_eq!(cell(&one, READ), cell(&other, READ));
    assert!(cell(&one, FULL) > cell(&other, FULL));
    // What was shown can be asked for: from a redacted start on there are rows.
    let rows = asked(String::new(), READ).1;
    let start = rows[5]["start"].as_str().unwrap().replace('+', "-").replace('/', "_");
    assert!(!asked(format!("start={start}"), READ).1.as_array().unwrap().is_empty());
    // Where hashes are shown, nobody asks by key; where hex is shown, by hex.
    let (builder, _) = endpoint(Access { read_redaction: Redaction::Hmac, ..access() });
    let hashed = Server::start(builder.build());
    let answer = hashed.request("GET", &format!("{MATRIX}?start={}", guess("003")), &bearer(READ));
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_query"));
    assert!(!has_canary(&answer.text()));
    let path = format!("/admin/api/v1/keyviz/cell?start={}", guess("003"));
    assert_eq!(hashed.request("GET", &path, &bearer(READ)).error(), "invalid_query");
    let (builder, _) = endpoint(Access { read_redaction: Redaction::Hex, ..access() });
    let hex = Server::start(builder.build());
    let start = base64url("74656e616e742d34");
    let answer = hex.request("GET", &format!("{MATRIX}?start={start}"), &bearer(READ));
    assert!(answer.status == 200 && !answer.json()["rows"].as_array().unwrap().is_empty());
}

#[test]
fn events_of_the_host_are_redacted_and_the_cores_own_are_not() {
    let server = Server::start(endpoint(access()).0.build());
    let texts = |token| {
        let json = server.request("GET", EVENTS, &bearer(token)).json();
        let events = json["events"].as_array().unwrap().clone();
        events.iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(FULL)[0], format!("moved {SEEN}/{CANARY}/007"));
    assert_eq!(texts(READ), ["moved te~", "group 5 from term 1 to 2"]);
}

/// A host tells of kinds that keyviz tells of, too; after a restart its texts are still the host's.
#[test]
fn events_of_the_host_stay_the_hosts_over_a_restart() {
    let before = sampler();
    before.annotate(T0 + 1_500, EventKind::SPLIT, &format!("split at {SEEN}/{CANARY}/007"));
    let mut file = Vec::new();
    let keep = |bytes: &[u8]| {
        file.extend_from_slice(bytes);
        Ok::<(), std::convert::Infallible>(())
    };
    before.reader().snapshot(T0 + 2_000, keep).unwrap();
    let after = Sampler::new(before.reader().config().clone(), T0 + 2_000).unwrap();
    after.restore(&Snapshot::decode(&file, 16 << 20).unwrap()).unwrap();
    let server = Server::start(Admin::builder(Some(after.reader())).access(access()).build());
    let texts = |token| {
        let json = server.request("GET", EVENTS, &bearer(token)).json();
        let events = json["events"].as_array().unwrap().clone();
        events.iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(has_canary(&texts(FULL).concat()), "role full sees it, or this test sees nothing");
    assert_eq!(texts(READ), ["moved te~", "group 5 from term 1 to 2", "split at~"]);
    let snapshot = unpacked(&ask(&server, "/admin/api/v1/keyviz/snapshot", READ));
    assert!(!has_canary(&String::from_utf8_lossy(&snapshot)));
}

#[test]
fn every_read_of_keys_is_written_down_without_the_keys() {
    let (builder, lines) = endpoint(access());
    let server = Server::start(builder.build());
    let path = format!("{MATRIX}?from_unix_ms=5&to_unix_ms={}&start={}", T0 * 2, base64url("tenant-4/x"));
    server.request("GET", &path, &bearer(READ));
    server.request("GET", &path, &bearer(READ));
    server.request("GET", MATRIX, &bearer(FULL));
    server.request("GET", EVENTS, &bearer(FULL));
    assert_eq!(server.request("GET", "/admin/api/v1/keyviz/snapshot", &bearer(FULL)).status, 200);
    assert_eq!(server.request("GET", "/admin/api/v1/keyviz/top", &bearer(FULL)).status, 200);
    assert_eq!(server.request("GET", "/admin/api/v1/keyviz/names", &bearer(FULL)).status, 200);
    assert_eq!(server.request("GET", "/admin/api/v1/keyviz/hotkeys?route_id=1", &bearer(FULL)).status, 200);
    // These hold no keys, or gave none.
    server.request("GET", STATUS, &bearer(FULL));
    server.request("GET", MATRIX, &bearer("wrong-0123456789abcdef"));
    server.request("GET", &format!("{MATRIX}?rows=many"), &bearer(FULL));
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), 8, "{lines:#?}");
    let field = |line: &str, name: &str| {
        let value = line.split(' ').find_map(|part| part.strip_prefix(&format!("{name}=")));
        value.unwrap_or_else(|| panic!("{name} in {line}")).to_owned()
    };
    for line in lines.iter() {
        assert!(line.starts_with("keyviz-audit at_unix_ms=") && !line.contains('\n'), "{line}");
        assert!(
            !line.contains(FULL) && !line.contains(READ) && !has_canary(line) && !line.contains("tenant"),
            "{line}"
        );
        assert!(field(line, "address").starts_with("127.0.0.1:"), "{line}");
    }
    assert_eq!([&lines[0], &lines[2]].map(|line| field(line, "role")), ["read", "full"]);
    assert_eq!(field(&lines[0], "token"), field(&lines[1], "token"), "who asks twice is known again");
    assert_ne!(field(&lines[0], "token"), field(&lines[2], "token"));
    assert_eq!((field(&lines[0], "from_unix_ms"), field(&lines[0], "to_unix_ms")), ("5".into(), (T0 * 2).to_string()));
    assert_eq!((field(&lines[0], "keys_from").len(), field(&lines[0], "keys_to")), (16, "-".into()));
    assert_eq!([0, 2].map(|at: usize| field(&lines[at], "redaction")), ["prefix:8", "none"]);
    assert!(field(&lines[2], "keys").parse::<u64>().unwrap() > 12);
    let endpoints = [2, 3, 4, 5, 6, 7].map(|at: usize| field(&lines[at], "endpoint"));
    assert_eq!(endpoints, ["matrix", "events", "snapshot", "top", "names", "hotkeys"]);
    assert_eq!(field(&lines[4], "keys"), "24", "two bounds for each of 12 routes");
    assert_eq!(field(&lines[3], "keys"), "1", "texts of the host");
    let counted = server.request("GET", STATUS, &bearer(FULL)).json();
    assert_eq!(counted["admin"]["audited"], 8);
}

/// Ids of ranges of the core's own making are made of their bounds: whoever guesses keys could find out by them.
#[test]
fn ids_that_are_made_of_bounds_are_not_shown() {
    let mut config = Config::default();
    (config.step_ms, config.partition, config.sample_every) = (1_000, Partition::Auto { ranges: 64 }, 1);
    let sampler = Sampler::new(config, T0).unwrap();
    let recorder = sampler.recorder();
    for column in 1..=6 {
        for at in 0..2_000u32 {
            recorder.observe_key(Op::Write, format!("{SEEN}/{CANARY}/{:04}", at * 7 % 1000).as_bytes(), 10);
        }
        sampler.flush(T0 + column * 1_000);
    }
    let server = Server::start(Admin::builder(Some(sampler.reader())).access(access()).build());
    let ids = |text: &str| -> std::collections::BTreeSet<String> {
        let long = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| digits.len() > 15);
        long.map(str::to_owned).collect()
    };
    for path in [format!("{MATRIX}?axis=route"), format!("{MATRIX}?axis=range"), TOP.into()] {
        let [full, read] = [FULL, READ].map(|token| server.request("GET", &path, &bearer(token)));
        assert_eq!((full.status, read.status), (200, 200), "{path}");
        assert!(!has_canary(&read.text()), "{path}");
        let (full, read) = (ids(&full.text()), ids(&read.text()));
        assert_eq!(full.intersection(&read).count(), 0, "{path}");
        assert!(!full.is_empty() || path.contains("range"), "{path} has ids, or this test sees nothing");
    }
    let [full, read] = [FULL, READ].map(|token| server.request("GET", TOP, &bearer(token)).json());
    let column = |json: &serde_json::Value, member: &str| -> Vec<serde_json::Value> {
        json["rows"].as_array().unwrap().iter().map(|row| row[member].clone()).collect()
    };
    assert_eq!(read["redaction"], "prefix:8");
    assert!(column(&full, "value").len() > 5);
    assert_eq!(column(&full, "value"), column(&read, "value"), "the counts are the same");
    // What is told of them is told by numbers alone, so both roles may read it.
    sampler.flush(T0 + 4_000_000);
    let [full, read] = [FULL, READ].map(|token| server.request("GET", EVENTS, &bearer(token)));
    assert!(ids(&full.text()).is_empty(), "{}", full.text());
    let texts = [full, read].map(|answer| answer.json()["events"][0]["text"].as_str().unwrap().to_owned());
    assert!(texts[0].starts_with("followed the load in 66 minutes by ") && texts[0] == texts[1], "{texts:?}");
}

/// A page in a file has what role full sees.
#[test]
fn a_recorded_page_is_redacted() {
    for (policy, hidden) in [(Redaction::None, false), (Redaction::Prefix(8), true), (Redaction::Hmac, true)] {
        let (builder, _) = endpoint(Access { redaction: policy, ..access() });
        let page = builder.build().recorded_page(Series::Writes, 8 << 20).unwrap();
        assert_eq!(has_canary(&page), !hidden, "{policy}");
        assert!(page.contains(&format!("\"redaction\":\"{policy}\"")), "the page can say so");
    }
}

/// A host's own server tells the address in its own way, or not at all.
#[test]
fn mounted_in_a_host_addresses_may_be_unknown() {
    let (builder, lines) = endpoint(access());
    let server = Server::start_router(builder.build().router());
    assert_eq!(server.request("GET", MATRIX, &bearer(READ)).status, 200);
    let lines = lines.lock().unwrap();
    assert!(lines.len() == 1 && lines[0].contains(" address=- "), "{lines:?}");
}

/// A sink that fails fails the request: what cannot be recorded is not answered.
#[test]
fn what_cannot_be_recorded_is_not_answered() {
    let admin = Admin::builder(Some(sampler().reader())).audit(|_| panic!("no room for {CANARY}")).build();
    let server = Server::start(admin);
    let answer: Answer = server.get(MATRIX);
    assert_eq!((answer.status, answer.error().as_str()), (500, "internal"));
    assert!(!has_canary(&answer.text()));
}

/// What the test's own sampler has: the canary in every bound, so that the paths above had something to show.
#[test]
fn the_canary_is_in_every_bound() {
    let matrix = sampler().reader().matrix(&MatrixQuery { axis: AxisKind::Route, ..MatrixQuery::default() });
    let bounds = matrix.rows.iter().flat_map(|row| [Some(row.start.clone()), row.end.clone()]).flatten();
    // Edges within an unbounded range have at most eight bytes.
    let long: Vec<Vec<u8>> = bounds.filter(|bound| bound.len() > 8).collect();
    assert!(long.len() > 24 && long.iter().all(|bound| has_canary(&String::from_utf8_lossy(bound))), "{}", long.len());
    assert!(matrix.rows.iter().any(|row| row.bucket_id.as_str().contains('~')), "a row has older bounds");
    assert_eq!(Role::Read.to_string(), "read");
}
