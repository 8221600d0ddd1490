//! Several samplers behind one endpoint: one picture, in which nothing of any is lost and which says what it lacks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{CELL, EVENTS, HOTKEYS, MATRIX, STATUS, Server, T0, TOP};
use keyviz_admin::{Access, Admin, Node, Redaction, Token};
use keyviz_core::{Config, EventKind, KeyNames, NodeState, Op, Partition, Sampler, Tiers};
use serde_json::Value;

const STEP_MS: u64 = 1_000;

fn sampler(seed: u64, columns: u32) -> Sampler {
    let mut config = Config::default();
    (config.step_ms, config.seed, config.prefault) = (STEP_MS, seed, false);
    (config.partition, config.hot_keys, config.sample_every) = (Partition::Auto { ranges: 128 }, true, 1);
    (config.history_columns, config.tiers) = (columns, Tiers::NONE);
    Sampler::new(config, T0).unwrap()
}

fn load(sampler: &Sampler, seed: u64, window: u64, operations: u64) {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ window;
    for _ in 0..operations {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // What is hot moves on, so that ranges come and go.
        let key = format!("tenant-{}/{:04}", window / 500, (random >> 33) % 3000);
        sampler.observe_key(Op::Write, key.as_bytes(), 0);
    }
    sampler.flush(T0 + (window + 1) * STEP_MS);
}

fn nodes(samplers: &[&Sampler]) -> Vec<Node> {
    samplers.iter().enumerate().map(|(at, sampler)| Node::new(format!("node-{at}:1"), sampler.reader())).collect()
}

fn total(answer: &Value) -> u64 {
    let sum = |values: &Value| values.as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).sum::<u64>();
    answer["rows"].as_array().unwrap().iter().map(|row| sum(&row["values"])).sum::<u64>()
        + sum(&answer["cut"]["values"])
}

/// An hour of seconds on three nodes with ranges of their own: more than is merged at once.
#[test]
fn an_hour_of_many_ranges_is_whole_and_within_the_memory_for_answers() {
    let samplers = [1, 2, 3].map(|seed| sampler(seed, 3_600));
    let mut expected = 0;
    for window in 0..3_500 {
        for (seed, sampler) in (1..).zip(&samplers) {
            // The second is not there for a while in the midst of it.
            if seed == 2 && (1_000..1_400).contains(&window) {
                sampler.skip(T0 + (window + 1) * STEP_MS);
            } else {
                load(sampler, seed, window, 12 + seed);
                expected += 12 + seed;
            }
        }
    }
    let samplers: Vec<&Sampler> = samplers.iter().collect();
    let server = Server::start(Admin::of_nodes(nodes(&samplers)).unwrap().build());
    for query in ["axis=range&open=1", "axis=range&rows=100&open=1", "axis=route&open=1"] {
        let answer = server.get(&format!("{MATRIX}?{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let answer = answer.json();
        assert_eq!((total(&answer), answer["column_unix_ms"].as_array().unwrap().len()), (expected, 3_500), "{query}");
        let fanout = &answer["fanout"];
        assert_eq!((&fanout["responded"], &fanout["expected"]), (&3.into(), &3.into()), "{query}");
        let absent = [T0 + 1_000 * STEP_MS, T0 + 1_400 * STEP_MS];
        assert_eq!(fanout["nodes"][1]["absent_unix_ms"], Value::from(absent.to_vec()), "{query}");
        for (at, nodes) in answer["column_nodes"].as_array().unwrap().iter().enumerate() {
            assert_eq!(nodes, if (1_000..1_400).contains(&at) { 2 } else { 3 }, "{query}: column {at}");
        }
        let missing = |row: &Value, at: usize| row["missing"].as_array().is_some_and(|missing| missing[at] == true);
        let rows = answer["rows"].as_array().unwrap();
        assert!(rows.iter().any(|row| missing(row, 1_200)) && !rows.iter().any(|row| missing(row, 1_500)), "{query}");
    }
    // A part of the time is the same columns.
    let part =
        server.get(&format!("{MATRIX}?axis=range&from_unix_ms={}&to_unix_ms={}", T0 + 2_001_000, T0 + 2_101_001));
    assert_eq!(total(&part.json()), 101 * 42);
}

#[test]
fn every_answer_is_of_all_nodes() {
    let samplers = [1, 2].map(|seed| sampler(seed, 60));
    for window in 0..4 {
        for (seed, sampler) in (1..).zip(&samplers) {
            (0..100 * seed).for_each(|_| sampler.observe_key(Op::Write, b"tenant-0/the-one", 0));
            load(sampler, seed, window, 50);
        }
    }
    samplers[1].annotate(T0 + 1_500, EventKind::DEPLOY, "version 2");
    let admin = Admin::of_nodes(nodes(&samplers.each_ref()[..])).unwrap();
    let server =
        Server::start(admin.key_names(KeyNames::new([(b"tenant-0".as_slice(), "the first")]).unwrap()).build());
    let status = server.get(STATUS).json();
    assert_eq!((&status["counters"]["observed_writes"], &status["fanout"]["expected"]), (&1_600.into(), &2.into()));
    assert_eq!(status["fanout"]["nodes"][0]["node"], "node-0:1");
    let top = server.get(TOP).json();
    assert_eq!((&top["now"]["total"], &top["before"]["total"]), (&400.into(), &400.into()), "{top}");
    assert_eq!(top["fanout"]["responded"], 2);
    // Who counted what is known of every row, and is all that was counted.
    let mut counted = [0, 0];
    for row in top["rows"].as_array().unwrap() {
        let nodes = row["nodes"].as_array().unwrap();
        let values = nodes.iter().map(|node| node["value"].as_u64().unwrap());
        assert_eq!(
            (values.sum::<u64>(), nodes.len() as u64),
            (row["value"].as_u64().unwrap(), row["node_count"].as_u64().unwrap())
        );
        for node in nodes {
            counted[usize::from(node["node"] == "node-1:1")] += node["value"].as_u64().unwrap();
        }
    }
    assert!(top["ranges"].as_u64().unwrap() <= 20 && counted == [150, 250], "{counted:?} {top}");
    // What was counted in a cell, and by whom.
    let cell = server.get(&format!("{CELL}?from_unix_ms={}&to_unix_ms={}", T0 + 2_000, T0 + 2_001)).json();
    assert_eq!(
        (&cell["value"], &cell["columns"], &cell["fanout"]["expected"]),
        (&400.into(), &1.into(), &2.into()),
        "{cell}"
    );
    let told: Vec<(&str, u64, f64)> = (cell["nodes"].as_array().unwrap().iter())
        .map(|node| (node["node"].as_str().unwrap(), node["value"].as_u64().unwrap(), node["share"].as_f64().unwrap()))
        .collect();
    assert_eq!(told, [("node-1:1", 250, 0.625), ("node-0:1", 150, 0.375)], "{cell}");
    let alone = Server::start(Admin::builder(Some(samplers[0].reader())).build());
    let cell = alone.get(&format!("{CELL}?series=writes")).json();
    assert_eq!((&cell["value"], &cell["nodes"], &cell["fanout"]), (&600.into(), &Value::Null, &Value::Null), "{cell}");
    assert_eq!(alone.get(&format!("{CELL}?start=%21")).json()["error"], "invalid_query");
    let events = server.get(EVENTS).json();
    let told: Vec<(&Value, &Value)> =
        events["events"].as_array().unwrap().iter().map(|event| (&event["kind"], &event["node"])).collect();
    assert!(told.contains(&(&"deploy".into(), &"node-1:1".into())), "{events}");
    for i in 0..20 {
        samplers.iter().for_each(|sampler| sampler.annotate(T0 + 2_000 + i, EventKind::SPLIT, "by the store"));
    }
    let folded = server.get(&format!("{EVENTS}?fold_ms=3600000&kind=split")).json()["events"].clone();
    let (line, lines) = (&folded[0], folded.as_array().unwrap().len());
    assert_eq!((&line["text"], &line["node"], lines), (&"×40".into(), &"node-0:1".into(), 1), "{folded}");
    assert_eq!((&line["fold"]["events"], &line["fold"]["other_nodes"]), (&40.into(), &1.into()), "{folded}");
    // Of all time: every key is sampled, so the hot one has just what both counted.
    let hot = server.get(&format!("{HOTKEYS}?start=dA&end=dQ&from_unix_ms=1&top=1")).json();
    assert_eq!(
        (&hot["keys"][0]["key_b64"], &hot["keys"][0]["count"]),
        (&"dGVuYW50LTAvdGhlLW9uZQ==".into(), &1_200.into())
    );
    // Now: the last windows of the picture.
    let now = server.get(&format!("{HOTKEYS}?start=dA&end=dQ&top=1")).json();
    assert_eq!((&now["keys"][0]["count"], &now["fanout"]["expected"]), (&300.into(), &2.into()), "{now}");
    let rows = server.get(&format!("{MATRIX}?axis=range&open=1")).json()["rows"].as_array().unwrap().clone();
    assert!(rows.iter().any(|row| row["name"] == "the first"), "names are those of the picture");
}

/// Columns are shown when all who are there have sealed them; who is away is not waited for, and is named.
#[test]
fn the_newest_column_waits_for_who_is_there_and_names_who_is_not() {
    let samplers = [1, 2].map(|seed| sampler(seed, 60));
    for window in 0..3 {
        load(&samplers[0], 1, window, 10);
        load(&samplers[1], 2, window, 10);
    }
    let shown = nodes(&samplers.each_ref()[..]);
    let presence = shown[1].presence();
    let server = Server::start(Admin::of_nodes(shown).unwrap().build());
    let columns = |query: &str| {
        let answer = server.get(&format!("{MATRIX}?{query}")).json();
        let nodes: Vec<u64> =
            answer["column_nodes"].as_array().unwrap().iter().map(|nodes| nodes.as_u64().unwrap()).collect();
        (nodes, answer["fanout"].clone())
    };
    assert_eq!(columns("axis=range").0, [2, 2, 2]);
    // The first has sealed its next; the second has not come to it.
    load(&samplers[0], 1, 3, 10);
    assert_eq!(columns("axis=range").0, [2, 2, 2]);
    let (nodes, fanout) = columns("axis=range&open=1");
    assert_eq!((nodes, &fanout["nodes"][1]["absent_unix_ms"]), (vec![2, 2, 2, 1], &Value::Null));
    let states = server.get(&format!("{MATRIX}?axis=range&open=1")).json()["column_state"].clone();
    assert_eq!(states, Value::from(vec!["complete", "complete", "complete", "open"]), "it only has not come to it yet");
    let top = server.get(TOP).json();
    assert_eq!(top["fanout"]["nodes"][1]["absent_unix_ms"], Value::Null, "{top}");
    presence.away(NodeState::Unreachable, "nobody listens there");
    let (nodes, fanout) = columns("axis=range");
    assert_eq!(nodes, [2, 2, 2, 1]);
    let told = &fanout["nodes"][1];
    assert_eq!(
        (&told["ok"], &told["warnings"][0], &told["error"]),
        (&true.into(), &"away".into(), &"nobody listens there".into())
    );
    assert_eq!(told["absent_unix_ms"], Value::from(vec![T0 + 3_000, T0 + 4_000]));
    // It is back, and flushed: the columns are whole again, and what lacked it still does.
    samplers[1].skip(T0 + 4_000);
    for (seed, sampler) in (1..).zip(&samplers) {
        load(sampler, seed, 4, 10);
    }
    presence.here();
    let (nodes, fanout) = columns("axis=range");
    assert_eq!((nodes, &fanout["nodes"][1]["warnings"]), (vec![2, 2, 2, 1, 2], &Value::Null));
}

/// The end of watching seals a column without a flush.
#[test]
fn what_was_counted_last_is_shown_when_time_was_skipped_behind_it() {
    let samplers = [1, 2].map(|seed| sampler(seed, 60));
    for (seed, sampler) in (1..).zip(&samplers) {
        (0..3).for_each(|window| load(sampler, seed, window, 10));
        (0..7).for_each(|_| sampler.observe_key(Op::Write, b"tenant-0/last", 0));
        sampler.flush(T0 + 3_400);
        sampler.skip(T0 + 4_400);
    }
    let server = Server::start(Admin::of_nodes(nodes(&samplers.each_ref()[..])).unwrap().build());
    for query in ["axis=range", "axis=route", "axis=range&open=1"] {
        let answer = server.get(&format!("{MATRIX}?{query}")).json();
        assert_eq!(total(&answer), 74, "{query}");
        // All ended in its midst: nobody was away.
        assert_eq!(answer["column_nodes"], Value::from(vec![2, 2, 2, 2]), "{query}");
        assert_eq!(answer["fanout"]["nodes"][0]["absent_unix_ms"], Value::Null, "{query}");
    }
    // One that goes on where the other ended is not alone any more in what it covers.
    load(&samplers[0], 1, 4, 10);
    let answer = server.get(&format!("{MATRIX}?axis=range&open=1")).json();
    assert_eq!(answer["column_nodes"][3], 0, "{answer}");
    let absent = &answer["fanout"]["nodes"];
    assert_ne!((&absent[0]["absent_unix_ms"], &absent[1]["absent_unix_ms"]), (&Value::Null, &Value::Null), "{answer}");
}

/// Keys of a time in which a node was away are not all keys of that time.
#[test]
fn hot_keys_say_who_had_none_to_tell() {
    let samplers = [1, 2].map(|seed| sampler(seed, 60));
    for window in 0..6 {
        load(&samplers[0], 1, window, 50);
        if (2..5).contains(&window) {
            samplers[1].skip(T0 + (window + 1) * STEP_MS);
        } else {
            load(&samplers[1], 2, window, 50);
        }
    }
    let server = Server::start(Admin::of_nodes(nodes(&samplers.each_ref()[..])).unwrap().build());
    let keys = |from_ms: u64, to_ms: u64| {
        let time = format!("from_unix_ms={}&to_unix_ms={}", T0 + from_ms, T0 + to_ms);
        server.get(&format!("{HOTKEYS}?start=dA&end=dQ&{time}")).json()
    };
    let lacking = keys(3_000, 4_001);
    assert_eq!(
        (&lacking["degraded"], &lacking["fanout"]["nodes"][1]["warnings"][0]),
        (&true.into(), &"out_of_snapshot_window".into()),
        "{lacking}"
    );
    let whole = keys(1_000, 2_001);
    assert_eq!(
        (&whole["degraded"], &whole["fanout"]["nodes"][1]["warnings"]),
        (&false.into(), &Value::Null),
        "{whole}"
    );
}

/// Who never was there is not in the picture.
#[test]
fn a_node_that_never_came_is_not_in_the_picture() {
    let samplers = [1, 2].map(|seed| sampler(seed, 60));
    load(&samplers[0], 1, 0, 10);
    let shown = nodes(&samplers.each_ref()[..]);
    shown[1].presence().away(NodeState::Refused, "it asks for a password");
    let server = Server::start(Admin::of_nodes(shown).unwrap().build());
    let fanout = server.get(&format!("{MATRIX}?axis=range")).json()["fanout"].clone();
    assert_eq!((&fanout["responded"], &fanout["expected"]), (&1.into(), &2.into()));
    let node = &fanout["nodes"][1];
    assert_eq!(
        (&node["ok"], &node["state"], &node["error"]),
        (&false.into(), &"refused".into(), &"it asks for a password".into())
    );
}

/// Role read sees the picture of several nodes as redacted as that of one.
#[test]
fn several_nodes_are_redacted_as_one_is() {
    const READ: &str = "read-0123456789abcdef";
    const HIDDEN: &str = "CaNaRySeCrEt";
    let samplers = [1, 2].map(|seed| sampler(seed, 60));
    for window in 0..4 {
        for sampler in &samplers {
            for at in 0..500u32 {
                sampler.observe_key(Op::Write, format!("tenant-4/{HIDDEN}/{:04}", at * 7 % 500).as_bytes(), 0);
            }
            sampler.flush(T0 + (window + 1) * STEP_MS);
        }
    }
    for policy in [Redaction::Prefix(8), Redaction::Hmac] {
        let access =
            Access { read: Some(Token::from_text(READ).unwrap()), read_redaction: policy, ..Access::default() };
        let admin = Admin::of_nodes(nodes(&samplers.each_ref()[..])).unwrap().access(access);
        let server = Server::start(admin.build());
        for path in
            [format!("{MATRIX}?axis=route"), format!("{MATRIX}?axis=range"), TOP.into(), EVENTS.into(), STATUS.into()]
        {
            let answer = server.request("GET", &path, &format!("Authorization: Bearer {READ}\r\n"));
            assert_eq!(answer.status, 200, "{path}");
            // Base64 of `RySe`, which any offset of three has some of.
            let text = answer.text();
            for (offset, form) in ["Q2FOYVJ5U2VD", "FOYVJ5U2VDckV0", "hTmFSeVNlQ3J"].into_iter().enumerate() {
                assert!(!text.contains(form), "{policy} {path} {offset}");
            }
            if path != EVENTS && path != STATUS {
                assert_eq!(answer.json()["redaction"], policy.to_string(), "{path}");
                assert!(answer.json()["rows"].as_array().unwrap().len() > 3, "{path}");
            }
        }
    }
}
