//! The hottest ranges of several servers of `keyviz redis`: each names the servers that counted it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells a skip loudly"
)]

mod common;

use std::time::Duration;

use common::redis::{Load, Redis, Watcher, command};
use common::tmux::Screen;
use common::{get, good, keyviz, until};
use serde_json::Value;

/// Six bytes that keys begin with, and what the base64 of such keys begins with.
const LEFT: (&str, &str) = ("left:a", "bGVmdDph");
const RIGHT: (&str, &str) = ("rightb", "cmlnaHRi");
const BOTH: (&str, &str) = ("both:c", "Ym90aDpj");

fn json(host: &str, path: &str) -> Value {
    let (status, body) = get(host, &format!("/admin/api/v1/keyviz/{path}"));
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// All of the hottest ranges; they and their nodes have all that was counted.
fn top(host: &str) -> Value {
    let top = json(host, "top?series=ops&limit=1024");
    assert_eq!(json(host, "status")["own_ranges"], true);
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{top}"));
    assert_eq!(top["own_ranges"], true, "{top}");
    let mut total = 0;
    for row in top["rows"].as_array().unwrap() {
        let nodes = row["nodes"].as_array().unwrap();
        assert_eq!(nodes.iter().map(|node| number(&node["value"])).sum::<u64>(), number(&row["value"]), "{row}");
        assert_eq!(nodes.len() as u64, number(&row["node_count"]), "{row}");
        total += number(&row["value"]);
    }
    let is_cut = number(&top["ranges"]) > 1024;
    assert!(top["now"].is_null() || is_cut || total == number(&top["now"]["total"]), "{top}");
    top
}

/// The servers that counted ranges within a prefix, each once, and how many ranges there are.
fn servers(top: &Value, prefix: (&str, &str)) -> (Vec<String>, usize) {
    let begins = |bound: &Value| bound.as_str().is_some_and(|bound| bound.starts_with(prefix.1));
    let rows = top["rows"].as_array().unwrap().iter().filter(|row| begins(&row["start"]) && begins(&row["end"]));
    let rows: Vec<&Value> = rows.collect();
    let nodes = rows.iter().flat_map(|row| row["nodes"].as_array().unwrap());
    let mut names: Vec<String> = nodes.map(|node| node["node"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    (names, rows.len())
}

/// Many keys of some prefixes, again and again.
fn load(redis: &Redis, prefixes: &'static [(&str, &str)]) -> Load {
    Load::start(redis.port, Duration::from_millis(4), move |number| {
        let keys = (0..40).flat_map(|n| {
            let random = (number * 40 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
            prefixes.iter().map(move |prefix| format!("{}{random:07}", prefix.0))
        });
        keys.map(|key| command(&["SET", &key, "v"])).collect()
    })
}

#[test]
fn each_of_the_hottest_ranges_names_its_servers() {
    let (Some(one), Some(two)) = (Redis::start(), Redis::start()) else { return };
    let names = [&one, &two].map(|redis| format!("127.0.0.1:{}", redis.port));
    let mut watcher = Watcher::start(&[&one.url(), &two.url(), "--duration", "0"]);
    let host = watcher.host();
    let keyviz_top = format!("{} top --color never http://{host}", env!("CARGO_BIN_EXE_keyviz"));
    let list = |flags: &[&str]| good(keyviz().arg("top").args(flags).arg(format!("http://{host}")).output().unwrap());

    // One key on both: their ranges have one pair of bounds, and are one row of both.
    {
        let same = |redis: &Redis| {
            Load::start(redis.port, Duration::from_millis(5), |_| command(&["SET", "config:the-one", "v"]))
        };
        let _loads = [same(&one), same(&two)];
        let is_both = |top: &Value| top["rows"][0]["node_count"] == 2;
        let both = until("a row of both servers", || top(&host), is_both);
        let mut told = both["rows"][0]["nodes"].as_array().unwrap().clone();
        told.sort_by_key(|node| node["node"].to_string());
        let shares: Vec<f64> = told.iter().map(|node| node["share"].as_f64().unwrap()).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 0.000_01, "{both}");
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(told.iter().map(|node| node["node"].as_str().unwrap()).collect::<Vec<_>>(), sorted, "{both}");
        let cell = until(
            "a cell of both",
            || json(&host, "cell?series=ops"),
            |cell| cell["nodes"][1]["value"].as_u64() > Some(0),
        );
        let counted = cell["nodes"].as_array().unwrap().iter().map(|node| node["value"].as_u64().unwrap());
        assert_eq!(counted.sum::<u64>(), cell["value"].as_u64().unwrap(), "{cell}");
        if let Some(screen) = Screen::open(80, 24) {
            screen.line(&keyviz_top);
            let shown = screen.until_it("both servers", |shown| {
                let line = shown.lines().find(|line| line.contains(" +1  "));
                line.is_some_and(|line| names.iter().any(|name| line.contains(name.as_str())))
            });
            assert!(shown.contains("change  node ") && shown.lines().count() == 24, "{shown}");
            screen.press(&["q"]);
            screen.assert_restored();
        }
    }

    // Prefixes of their own, and one of both.
    let _loads = [load(&one, &[LEFT, BOTH]), load(&two, &[RIGHT, BOTH])];
    let spread = until(
        "ranges within each prefix",
        || top(&host),
        |top| [LEFT, RIGHT, BOTH].iter().all(|prefix| servers(top, *prefix).1 >= 4) && servers(top, BOTH).0.len() == 2,
    );
    assert_eq!(servers(&spread, LEFT).0, [names[0].as_str()], "{spread}");
    assert_eq!(servers(&spread, RIGHT).0, [names[1].as_str()], "{spread}");

    // The list says the same, in JSON and in text.
    let line: Value = serde_json::from_str(&list(&["--once", "--json", "--limit", "1024"])).unwrap();
    assert_eq!(servers(&line, LEFT).0, [names[0].as_str()], "{line}");
    assert_eq!(servers(&line, RIGHT).0, [names[1].as_str()], "{line}");
    let text = list(&["--once", "--limit", "1024"]);
    for (prefix, own) in [(LEFT, &names[0]), (RIGHT, &names[1])] {
        let within = |line: &&str| {
            line.split_once(" .. ").is_some_and(|(head, end)| {
                end.starts_with(prefix.0) && head.rsplit(' ').next().is_some_and(|start| start.starts_with(prefix.0))
            })
        };
        let lines: Vec<&str> = text.lines().filter(within).collect();
        assert!(lines.len() >= 4 && lines.iter().all(|line| line.contains(&format!(" {own} "))), "{text}");
    }
    watcher.interrupt();
}
