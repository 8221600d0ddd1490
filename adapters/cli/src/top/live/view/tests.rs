//! Screens from recorded answers.

use std::fmt::Write as _;
use std::time::Duration;

use keyviz_core::Series;
use keyviz_core::wire::decode::{self, Limits};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use serde_json::{Value, json};

use super::super::app::{App, Then};
use super::super::asking::Round;
use super::super::keys::{Action, HELP};
use super::super::palette::{Depth, Theme};
use super::super::picture::Picture;
use super::super::status::Status;
use super::{draw, points};
use crate::top::client::Refusal;

const NOW: u64 = 1_763_694_750_400;

fn app(depth: Depth) -> App {
    let mut app = App::new("http://127.0.0.1:1".to_owned(), false, (Series::Ops, None), (Theme::Dark, depth));
    app.resized(points(&app, Rect::new(0, 0, 80, 24)));
    app
}

fn status(changes: &Value) -> Value {
    let mut status = json!({"enabled": true, "mode": "live", "title": "orders-eu-3", "now_unix_ms": NOW, "step_ms": 1000,
        "history_from_unix_ms": NOW / 1000 * 1000 - 60_000, "last_flush_unix_ms": NOW - 100, "next_column_unix_ms": NOW / 1000 * 1000 + 1000,
        "routes": 4, "counters": {"observed_reads": 1000, "observed_writes": 10}, "role": "full", "redaction": "none"});
    for (name, value) in changes.as_object().unwrap() {
        status[name] = value.clone();
    }
    status
}

/// Rows `k0` to `k3` over a minute, the last window open; row 2 is hot.
fn matrix(changes: &Value) -> Value {
    let last = NOW / 1000 * 1000 + 1000;
    let ends: Vec<u64> = (0..61).map(|at| last - (60 - at) * 1000).collect();
    let state: Vec<&str> = (0..61).map(|at| if at == 60 { "open" } else { "complete" }).collect();
    let key = |row: usize| (row < 4).then(|| ["a2V5LTA=", "a2V5LTE=", "a2V5LTI=", "a2V5LTM="][row]);
    let row = |row: usize| {
        json!({"bucket_id": format!("route:{row}"), "start": key(row), "end": key(row + 1), "raft_group_ids": vec![7; 61], "leader_terms": vec![3; 61],
            "values": vec![if row == 2 { 5000 } else { 5 }; 61], "conflict": false})
    };
    let mut matrix = json!({"series": "ops", "step_ms": 1000, "axis": "range", "column_unix_ms": ends,
        "column_start_unix_ms": ends.iter().map(|end| end - 1000).collect::<Vec<_>>(), "column_state": state, "rows": (0..4).map(row).collect::<Vec<_>>()});
    for (name, value) in changes.as_object().unwrap() {
        matrix[name] = value.clone();
    }
    matrix
}

fn top() -> Value {
    json!({"series": "ops", "ranges": 4, "now": {"end_unix_ms": NOW / 1000 * 1000, "rate": 5015.0}, "rows": [
        {"bucket_id": "route:2", "rate": 5000.0, "share": 0.997, "before_rate": 2500.0, "raft_group_id": 7, "leader_term": 3, "start": "a2V5LTI=", "end": "a2V5LTM=", "name": "orders"}]})
}

fn answer(app: &mut App, status: &Value, matrix: &Value, top: Value) {
    let status = Status::read(&status.to_string()).unwrap();
    let question = app.question();
    let view = question.place.view(&status);
    let answer = decode::answer(matrix.to_string().as_bytes(), &Limits::default()).unwrap();
    let picture = status.enabled.then(|| Picture::new(answer, view, question.place.clone()));
    app.answered(
        &question,
        Ok(Round { status, picture, top: Ok(top), events: Vec::new(), elsewhere: None }),
        Duration::ZERO,
    );
}

fn refuse(app: &mut App, status: u16, code: &str, message: &str) {
    let refusal = Refusal::Told { status, code: code.to_owned(), message: message.to_owned() };
    app.answered(&app.question(), Err(refusal), Duration::ZERO);
}

fn screen(app: &App, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(app, frame.buffer_mut())).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            x += symbol.cell_width().max(1);
        }
        text.push('\n');
    }
    text
}

#[track_caller]
fn says(app: &App, words: &[&str]) -> String {
    let text = text(&screen(app, 80, 24));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.iter().for_each(|words| assert!(flat.contains(words), "{words:?} not in\n{text}"));
    text
}

#[test]
fn the_whole_screen_at_80_by_24() {
    let mut app = app(Depth::True);
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
    let shown = says(
        &app,
        &[
            "keyviz ops/s 5m by ranges orders-eu-3",
            "live 03:12:30 UTC",
            "key-0",
            "key-3",
            "none",
            "5k ops/s",
            "o open",
            "Hottest until 03:12:30: 5,015 ops/s on 4 ranges",
            "5,000 99.7% +100% 7 @3 [orders] key-2 .. key-3",
            "? help",
        ],
    );
    assert_eq!(shown.lines().count(), 24);
    assert!(shown.lines().all(|line| line.chars().count() == 80), "{shown}");
    app.act(Action::Move(0, 0));
    for _ in 0..30 {
        app.act(Action::Move(0, -1));
    }
    says(
        &app,
        &[
            "5.0 ops/s 5 in 1s",
            "(lowest key) .. key-1".trim_start_matches("(lowest key) .. "),
            "route 0 group 7 term 3",
        ],
    );
    app.act(Action::Move(0, 30));
    app.act(Action::ToEnd { latest: true });
    says(&app, &["OPEN: still growing", "route 3 group 7 term 3", "key-3 .. (no upper bound)"]);
}

/// What somebody told is on the map and in the list, however much keyviz tells of itself.
#[test]
fn events_are_signs_under_the_map_and_a_list() {
    let mut app = app(Depth::True);
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
    let start = NOW / 1000 * 1000 - 59_000;
    let split = |at: u64| {
        json!({"at_unix_ms": start + at * 1000, "kind": "split", "own": true, "text": "×9, routes 1 … 9",
        "fold": {"events": 9, "last_unix_ms": start + at * 1000 + 900}})
    };
    let mut lines: Vec<Value> = (0..30).map(split).collect();
    lines.insert(12, json!({"at_unix_ms": start + 12_000, "kind": "note", "text": "drained rack 7 \u{1b}[2J"}));
    app.events = crate::top::events::read(&json!({"events": lines}).to_string());
    let shown = says(&app, &["Hottest until"]);
    let signs = shown.lines().find(|line| line.contains('E') && line.contains('e')).unwrap();
    assert_eq!((signs.matches('E').count(), signs.matches('e').count() > 4), (1, true), "{shown}");
    app.act(Action::Events);
    let listed = says(
        &app,
        &["Events of this time", "more (x zooms in", "note: drained rack 7 \\x1b[2J", "split: x9, routes 1 .. 9"],
    );
    assert!(!listed.contains("Hottest until") && !listed.contains('\u{1b}'), "{listed}");
    app.act(Action::HotKeys);
    assert!(!text(&screen(&app, 80, 24)).contains("Events of this time"), "one panel at a time");
    app.act(Action::Events);
    app.act(Action::Close);
    says(&app, &["Hottest until"]);
    app.events.clear();
    app.act(Action::Events);
    says(&app, &["Nothing happened in this time"]);
}

#[test]
fn a_hot_row_has_the_colour_of_its_level_and_the_crosshair_its_own() {
    let mut app = app(Depth::True);
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
    let buffer = screen(&app, 80, 24);
    let level = app.scale().unwrap().level(5000.0);
    let hot: Vec<u16> = (1..12).filter(|y| buffer[(78, *y)].bg == app.palette.color(level)).collect();
    assert!(!hot.is_empty());
    let cold = app.palette.color(app.scale().unwrap().level(5.0));
    assert!((1..12).any(|y| buffer[(78, y)].fg == cold));
    app.act(Action::Move(0, 0));
    let marked = screen(&app, 80, 24);
    let of_mark = marked.content().iter().filter(|cell| cell.fg == app.palette.mark).count();
    assert_eq!(of_mark, 1);
    app.failure = Some(Refusal::Gone("it is".to_owned()));
    app.cross = None;
    let grey = screen(&app, 80, 24);
    let colored = |color: Color| matches!(color, Color::Rgb(red, green, blue) if red != green || green != blue);
    let map = (3..10).flat_map(|y| (20..80).map(move |x| (x, y)));
    assert!(
        map.clone().all(|place| !colored(grey[place].bg) && !colored(grey[place].fg)),
        "a picture that no longer changes is grey"
    );
}

#[test]
fn without_colours_letters_stand_for_rates() {
    let mut app = app(Depth::None);
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
    let buffer = screen(&app, 80, 24);
    assert!(buffer.content().iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset)));
    let shown = text(&buffer);
    assert!(shown.contains("@@@@@@@@") && shown.contains("none"), "{shown}");
    app.act(Action::Move(0, 0));
    let pointed = screen(&app, 80, 24);
    assert!((1..12).any(|y| pointed[(78, y)].modifier.contains(Modifier::REVERSED)));
}

#[test]
fn marks_are_drawn_and_worded() {
    let flags = |at: usize| (0..61).map(|one| one >= at).collect::<Vec<_>>();
    let state: Vec<&str> = (0..61)
        .map(|at| {
            if at < 10 {
                "missing"
            } else if at == 30 {
                "late"
            } else {
                "complete"
            }
        })
        .collect();
    let mut changed = matrix(&json!({"column_state": state}));
    changed["rows"][0]["estimated"] = json!(flags(40));
    changed["rows"][1]["missing"] = json!(flags(40));
    changed["rows"][3]["conflicts"] = json!(flags(40));
    changed["rows"][3]["conflict"] = json!(true);
    for depth in [Depth::True, Depth::None] {
        let mut app = app(depth);
        answer(&mut app, &status(&json!({})), &changed, top());
        says(
            &app,
            &["Nodes contradict one another in 21 cells", "X conflict", "/ gap", "l late", "~ estimate", "XXXX"],
        );
        let last = app.points.1;
        app.act(Action::ToEnd { latest: true });
        for (down, words) in [
            (0, "ESTIMATE: spread from wider bounds"),
            (last / 4 + 1, "LACKING: a node tells nothing"),
            (last - 1, "CONFLICT: nodes differ"),
        ] {
            app.cross = Some((app.points.0 - 1, down));
            says(&app, &[words]);
        }
        app.cross = Some((0, 0));
        let nothing = says(&app, &["Arrows or the mouse point at a cell"]);
        assert!(nothing.contains("////"), "{nothing}");
    }
}

#[test]
fn every_state_says_what_to_do() {
    let whole = (status(&json!({})), matrix(&json!({})));
    let empty = matrix(&json!({"rows": []}));
    let none = json!({"observed_reads": 0});
    let state = |changes: Value, matrix: &Value| {
        let mut app = app(Depth::True);
        answer(&mut app, &status(&changes), matrix, top());
        app
    };
    says(&app(Depth::True), &["Connecting", "Asking http://127.0.0.1:1"]);
    says(&state(json!({"enabled": false}), &empty), &["keyviz is switched off there", "KEYVIZ_ENABLED"]);
    says(&state(json!({"routes": 0, "counters": none}), &empty), &["No routes registered", "sampler.register"]);
    says(&state(json!({"counters": none}), &empty), &["Routes, but no observations", "4 routes are"]);
    let own = state(json!({"counters": none, "own_ranges": true, "routes": 1}), &empty);
    says(&own, &["Nothing observed yet", "none of it reaches keyviz"]);
    let first = json!({"history_from_unix_ms": null, "step_ms": 60_000});
    says(
        &state(
            first,
            &matrix(&json!({"rows": [], "column_unix_ms": [], "column_start_unix_ms": [], "column_state": []})),
        ),
        &["Waiting for the first column", "A column covers 1m 00s"],
    );
    says(&state(json!({}), &empty), &["No operations in this time"]);
    says(
        &state(json!({}), &matrix(&json!({"rows": [], "unattributed": vec![9; 61]}))),
        &["100.0 % of observations hit unknown routes"],
    );
    says(
        &state(json!({}), &matrix(&json!({"unattributed": vec![900; 61]}))),
        &["15.2 % of observations hit unknown routes"],
    );
    says(
        &state(json!({"redaction": "prefix:8", "role": "read"}), &whole.1),
        &["Keys are redacted. Their first 8 bytes are shown"],
    );
    let mut app = app(Depth::True);
    let mut top = top();
    top["redaction"] = json!("prefix:8");
    answer(&mut app, &status(&json!({"redaction": "prefix:8", "role": "read"})), &whole.1, top);
    says(&app, &["on 4 ranges, keys redacted"]);
    says(
        &state(json!({"notice": {"title": "Hot range", "text": "One band is bright."}}), &whole.1),
        &["Hot range: One band is bright"],
    );
    says(&state(json!({"mode": "static"}), &whole.1), &["replay, complete"]);
    let fanout = json!({"fanout": {"nodes": [{"node": "a:1", "ok": true, "state": "answered", "warnings": ["catalog_divergence"]}, {"node": "b:1", "ok": false, "state": "timed_out"}], "responded": 1, "expected": 2}});
    says(
        &state(json!({}), &matrix(&fanout)),
        &["1 of 2 nodes are not in this picture. b:1 (timed_out)", "Merged with reservations"],
    );
    let mut away = matrix(&json!({"fanout": {"nodes": [
        {"node": "a:1", "ok": true, "state": "answered"},
        {"node": "b:1", "ok": true, "state": "answered", "warnings": ["away"], "error": "nobody listens there", "absent_unix_ms": [1000, 3000]},
    ], "responded": 2, "expected": 2}}));
    let columns = away["column_unix_ms"].as_array().unwrap().len();
    away["column_nodes"] = (0..columns).map(|at| if at < 3 { 1 } else { 2 }).collect();
    let text = says(
        &state(json!({}), &away),
        &["Columns lack a node. b:1 was away", "still is (nobody listens there)", "n lacks a node", "nn"],
    );
    assert!(!text.contains("reservations"), "{text}");
}

#[test]
fn the_hottest_of_several_nodes_name_who_counted_most() {
    let row = |nodes: Value, count: u64, estimated: bool| {
        let mut row = top()["rows"][0].clone();
        (row["nodes"], row["node_count"], row["estimated"]) = (nodes, json!(count), json!(estimated));
        (row["raft_group_id"], row["name"]) = (json!(0), Value::Null);
        row
    };
    let long = "shard-0.of-a-cluster.internal:6379";
    let mut several = top();
    several["rows"] = json!([
        row(json!([{"node": "db2:6379", "share": 0.61}, {"node": "db1:6379", "share": 0.39}]), 2, false),
        row(json!([{"node": long, "share": 0.06}]), 40, true),
        row(json!([{"node": "\u{1b}[2J", "share": 1.0}]), 1, false),
    ]);
    let mut app = app(Depth::True);
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), several);
    let shown = says(
        &app,
        &[
            "rate/s share change node range",
            "5,000 99.7% +100% db2:6379 +1 key-2 .. key-3",
            "~5,000 99.7% +100% shard-0..al:6379 +39 key-2 .. key-3",
            "5,000 99.7% +100% \\x1b[2J key-2 .. key-3",
        ],
    );
    assert!(shown.lines().count() == 24 && shown.lines().all(|line| line.chars().count() == 80), "{shown}");
    let places: Vec<Option<usize>> =
        shown.lines().filter(|line| line.contains("99.7%")).map(|line| line.find("key-2")).collect();
    assert!(places.len() == 3 && places.iter().all(|place| *place == places[0]), "one below the other: {shown}");
    for width in 1..80 {
        let _ = screen(&app, width, 24);
    }
    assert!(text(&screen(&app, 200, 24)).contains(&format!("{long} +39 ")));
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
    assert!(says(&app, &["change group range"]).contains("[orders]"), "one node by itself has no such column");
}

#[test]
fn every_refusal_says_what_to_do_and_keeps_what_may_be_kept() {
    let told = |code: u16, name: &str, words: &[&str]| {
        let mut app = app(Depth::True);
        answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
        refuse(&mut app, code, name, "because");
        let text = says(&app, words);
        (app, text.contains("key-2"))
    };
    let (open, shown) = told(401, "unauthorized", &["This server asks for a token", "--token-file", "token needed"]);
    assert!(!shown && open.pause().is_none(), "who is not let in sees nothing, and does not ask again by himself");
    assert!(!told(403, "forbidden_role", &["This token does not open this", "role full"]).1);
    assert!(!told(503, "keyviz_disabled", &["switched off there"]).1);
    assert!(told(403, "forbidden_host", &[]).0.picture.is_none());
    let (busy, shown) = told(503, "busy", &["The server is busy", "less often", "busy"]);
    assert!(shown && busy.pause() == Some(Duration::from_secs(1)));
    let mut gone = app(Depth::True);
    gone.answered(&gone.question(), Err(Refusal::Gone("Connection refused".to_owned())), Duration::ZERO);
    says(&gone, &["The server is gone", "Connection refused", "asks again by itself", "no answer"]);
    let mut garbled = app(Depth::True);
    garbled.answered(&garbled.question(), Err(Refusal::Garbled("/matrix: step".to_owned())), Duration::ZERO);
    says(&garbled, &["The answer is not understood", "different versions"]);
    let mut token = app(Depth::True);
    token.has_token = true;
    refuse(&mut token, 401, "unauthorized", "no");
    says(&token, &["The server refused this token"]);
}

#[test]
fn hot_keys_with_what_is_not_sure_or_why_there_are_none() {
    let mut app = app(Depth::True);
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
    app.act(Action::HotKeys);
    let path = app.hot_question().unwrap();
    assert!(path.starts_with("hotkeys?series=writes"), "{path}");
    says(&app, &["Hot keys of the cell, writes (k closes)", "Asking."]);
    let keys = json!([{"key_b64": "b3JkZXJzLzE=", "count": 900}, {"key_b64": "GwBd", "count": 300, "error": 0}, {"key_b64": "", "count": 120}]);
    let body = json!({"series": "writes", "keys": keys, "sample_rate": 16, "operations": 2000, "error_bound": 100, "degraded": true, "dropped_samples": 17});
    app.answered_hot("another".to_owned(), Ok(json!({})));
    says(&app, &["Asking."]);
    app.answered_hot(path.clone(), Ok(body));
    says(
        &app,
        &[
            "Hot keys of the cell, writes: one in about 16",
            "800 to 900 45.0 % orders/1",
            "300 15.0 % \\x1b\\x00]",
            "Degraded, a key may be missing: 17 samples dropped",
        ],
    );
    assert_eq!(app.hot_question(), None, "asked once");
    app.act(Action::Close);
    for (code, words) in [
        ("hotkeys_disabled", "not sampled there"),
        ("no_sketch", "not hot enough"),
        ("forbidden_role", "role read"),
        ("redacted", "--admin-redaction"),
        ("new", "could not be had: why"),
    ] {
        app.act(Action::HotKeys);
        let path = app.hot_question().unwrap();
        let refusal = Refusal::Told { status: 404, code: code.to_owned(), message: "why".to_owned() };
        app.answered_hot(path, Err(refusal));
        says(&app, &[words]);
        app.act(Action::Close);
    }
}

#[test]
fn keys_lead_where_they_say_and_back() {
    let mut app = app(Depth::True);
    let known = status(&json!({"history_from_unix_ms": NOW / 1000 * 1000 - 600_000}));
    answer(&mut app, &known, &matrix(&json!({})), top());
    let whole = app.place.clone();
    let zoom = Action::Zoom { closer: true, time: true, keys: true };
    assert_eq!(app.act(zoom), Then::Ask);
    assert_ne!(app.place, whole);
    says(&app, &["part by ranges", "loading"]);
    assert_eq!(app.act(Action::Pan(0, -1)), Then::Ask, "towards the lowest key");
    assert_eq!(app.act(Action::Pan(-1, 0)), Then::Ask);
    assert_eq!(app.act(Action::Undo), Then::Ask);
    assert_eq!(app.act(Action::Undo), Then::Ask);
    assert_eq!(app.act(Action::Undo), Then::Ask);
    assert_eq!((app.place.clone(), app.act(Action::Undo)), (whole.clone(), Then::Draw));
    says(&app, &["this is where it began"]);
    app.act(Action::Zoom { closer: true, time: false, keys: true });
    assert_eq!(app.act(Action::Zoom { closer: false, time: false, keys: true }), Then::Ask);
    assert_eq!(app.place.keys, whole.keys);
    assert_eq!(app.act(Action::Reset), Then::Draw, "nothing to reset");
    assert_eq!((app.act(Action::Series { next: true }), app.series), (Then::Ask, Series::Reads));
    assert_eq!((app.act(Action::Series { next: false }), app.series), (Then::Ask, Series::Ops));
    assert_eq!(app.act(Action::Range { longer: true }), Then::Ask);
    assert_eq!(app.range_name(), "1h");
    assert_eq!(app.act(Action::Label), Then::Draw);
    says(&app, &["no labels here"]);
    app.act(Action::Pause);
    assert_eq!(app.pause(), None);
    says(&app, &["paused"]);
    assert_eq!(app.act(Action::Pause), Then::Ask);
    app.act(Action::Move(0, 0));
    app.act(Action::Pin);
    says(&app, &["pinned"]);
    app.act(Action::Help);
    for (_, what) in HELP {
        says(&app, &[what]);
    }
    assert_eq!(app.act(Action::Quit), Then::Quit);
}

#[test]
fn there_is_no_size_that_it_cannot_be_drawn_at() {
    let mut app = app(Depth::Indexed);
    answer(&mut app, &status(&json!({"notice": {"title": "Hot", "text": "x"}})), &matrix(&json!({})), top());
    for width in (0..90).chain([120, 200, 400]) {
        for height in (0..32).chain([40, 60, 120]) {
            for help in [false, true] {
                app.help = help;
                app.resized(points(&app, Rect::new(0, 0, width, height)));
                app.cross = Some((app.points.0 - 1, app.points.1 - 1));
                let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                draw(&app, &mut buffer);
            }
        }
    }
}

#[test]
fn what_did_not_change_is_not_sent() {
    let mut app = app(Depth::True);
    answer(&mut app, &status(&json!({})), &matrix(&json!({})), top());
    let sent = std::cell::RefCell::new(Vec::new());
    struct Counted<'a>(&'a std::cell::RefCell<Vec<u8>>);
    impl std::io::Write for Counted<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let area = Rect::new(0, 0, 80, 24);
    let options = ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(area) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(Counted(&sent)), options).unwrap();
    let mut bytes = |app: &App| {
        sent.borrow_mut().clear();
        terminal.draw(|frame| draw(app, frame.buffer_mut())).unwrap();
        sent.borrow().len()
    };
    let whole = bytes(&app);
    assert!(whole < 16_000, "{whole}");
    assert!(bytes(&app) < 64, "the same again");
    app.act(Action::Move(0, 0));
    bytes(&app);
    app.act(Action::Move(-1, 0));
    let moved = bytes(&app);
    assert!(moved < 1500, "a step of the crosshair: {moved}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_of_a_server_reaches_the_terminal_but_letters(text_of: String, bytes in proptest::collection::vec(any::<u8>(), 1..60)) {
        let base64 = |bytes: &[u8]| {
            let mut text = String::new();
            for chunk in bytes.chunks(3) {
                let url = crate::top::base64::encode(chunk).replace('-', "+").replace('_', "/");
                let _ = write!(text, "{url:=<4}");
            }
            text
        };
        let mut answered = matrix(&json!({"fanout": {"nodes": [{"node": "n\u{1b}[2J\u{202e}", "ok": false, "state": "failed", "error": text_of}], "responded": 0, "expected": 1}}));
        answered["rows"] = json!([{"bucket_id": "route:1", "start": base64(&bytes), "end": null, "name": text_of, "values": vec![9; 61], "conflict": false}]);
        let said = json!({"title": text_of, "notice": {"title": text_of, "text": "\u{9b}31m"}, "redaction": text_of, "role": "read"});
        let ranked = json!({"series": text_of, "ranges": 1, "now": {"end_unix_ms": NOW, "rate": 9.0}, "rows": [{"bucket_id": text_of, "rate": 9.0, "share": 1.0, "start": base64(&bytes), "end": base64(&bytes), "name": text_of}]});
        for depth in [Depth::True, Depth::None] {
            let mut app = app(depth);
            answer(&mut app, &status(&said), &answered, ranked.clone());
            app.act(Action::Move(0, 0));
            app.act(Action::HotKeys);
            let path = app.hot_question().unwrap_or_default();
            app.answered_hot(path, Ok(json!({"series": text_of, "keys": [{"key_b64": base64(&bytes), "count": 1}]})));
            for height in [24, 40] {
                let buffer = screen(&app, 80, height);
                for cell in buffer.content() {
                    let symbol = cell.symbol();
                    let ours = matches!(symbol, "▀" | "▄");
                    let escaped = crate::escape::whole_key(symbol.as_bytes());
                    prop_assert!(ours || symbol == "\\" || escaped == symbol, "{:?}", symbol);
                    prop_assert!(symbol.chars().count() == 1);
                }
            }
        }
    }
}
