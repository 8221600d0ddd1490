//! `keyviz top` in a real terminal, typed into and read.
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

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use common::tmux::Screen;
use common::{Dir, Running, keyviz, matrix};

const HOSTILE: [&[u8]; 5] = [
    b"\x1b]0;owned\x07\x1b[31mred",
    "evil\u{202e}gnp.exe".as_bytes(),
    b"zz\0\0\x9b2Jend",
    b"e\xcc\x81\xd7\x90",
    b"\xff\xfe\r\n",
];

/// Five minutes of forty customers, one of them hot for a while; at the end keys that want to do harm.
fn trace(dir: &Dir) -> String {
    let mut lines = "ts_us,op,key:hex,count\n".to_owned();
    let hex = |key: &[u8]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for second in 0..300u64 {
        let at_us = 1_763_694_450_000_000 + second * 1_000_000;
        for customer in 0..40u64 {
            let hot = if customer == 23 && (100..180).contains(&second) { 900 } else { 0 };
            let op = if customer % 3 == 0 { "write" } else { "read" };
            let key = hex(format!("orders/eu/customer-{:05}", customer * 250).as_bytes());
            let _ = writeln!(lines, "{at_us},{op},{key},{}", 5 + (second * 7 + customer * 3) % 11 + hot);
        }
        for key in HOSTILE {
            let _ = writeln!(lines, "{at_us},write,{},40", hex(key));
        }
    }
    dir.write("trace.csv", lines).display().to_string()
}

/// The trace, served and at rest.
fn serve(dir: &Dir, trace: &str, listen: &str, more: &[&str]) -> (Running, String) {
    let mut command = keyviz();
    command.env("TMPDIR", dir.path()).args(["replay", trace, "--step", "1s", "--quiet", "--listen", listen]).args(more);
    let mut running = Running::start(&mut command);
    let host = running.host();
    (running, host)
}

fn top(host: &str, flags: &str) -> String {
    format!("{} top {flags} http://{host}", env!("CARGO_BIN_EXE_keyviz"))
}

/// The lines that show the map: those above the times.
fn map(shown: &str) -> Vec<&str> {
    shown.lines().skip(1).take_while(|line| !line.contains(" time, UTC")).collect()
}

/// Of the inspected cell: its count, the second it began in, and the text of its bounds.
#[track_caller]
fn inspected(shown: &str) -> (u64, String, String) {
    let at = shown
        .lines()
        .position(|line| line.contains("ops/s  ") && line.contains(" in 1s  "))
        .unwrap_or_else(|| panic!("{shown}"));
    let lines: Vec<&str> = shown.lines().collect();
    let (_, rest) = lines[at].split_once("ops/s  ").unwrap();
    let (value, rest) = rest.split_once(" in 1s  ").unwrap();
    let value = value.trim_start_matches("about ").replace(',', "").parse().unwrap();
    (value, rest[..19].to_owned(), lines[at + 1].trim().to_owned())
}

/// What the service says of the same cell: the value of the row with these bounds in the column of this second.
#[track_caller]
fn told(host: &str, query: &str, second: &str, bounds: &str) -> u64 {
    let answer = matrix(host, query);
    let columns = answer["column_start_unix_ms"].as_array().unwrap();
    let clock = |ms: u64| format!("{:02}:{:02}:{:02}", ms / 3_600_000 % 24, ms / 60_000 % 60, ms / 1000 % 60);
    let column = columns.iter().position(|start| second.ends_with(&clock(start.as_u64().unwrap()))).unwrap();
    let (start, _) = bounds.split_once(" .. ").unwrap();
    let row = answer["rows"].as_array().unwrap().iter().find(|row| escaped(&row["start"]) == start);
    row.unwrap_or_else(|| panic!("{start}: {answer}"))["values"][column].as_u64().unwrap()
}

/// A bound of the trace's customers as it is shown.
fn escaped(bound: &serde_json::Value) -> String {
    let Some(text) = bound.as_str() else { return "(lowest key)".to_owned() };
    let digit = |byte: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|one| *one == byte)
    };
    let bits: String = text.bytes().filter_map(digit).map(|digit| format!("{digit:06b}")).collect();
    let bytes =
        bits.as_bytes().chunks_exact(8).map(|bits| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap());
    bytes
        .map(|byte| if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("\\x{byte:02x}") })
        .collect()
}

#[test]
fn map_table_crosshair_and_zoom_agree_with_the_service() {
    let Some(screen) = Screen::open(80, 24) else { return };
    let dir = Dir::new();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &[]);
    screen.line(&top(&host, "--color true"));
    let whole = screen.until("Hottest until");
    assert_eq!(whole.lines().count(), 24, "{whole}");
    for words in ["replay of ", "replay, complete", "ops/s", "all", "omer-0", "03:07:30", "rate/s", "? help"] {
        assert!(whole.contains(words), "{words}: {whole}");
    }
    assert!(map(&whole).iter().filter(|line| line.contains("▀▀▀▀▀▀▀▀▀▀")).count() >= 8, "{whole}");
    assert!(screen.raw().windows(5).any(|bytes| bytes == b"48;2;"), "24 bits");
    // What the crosshair tells is what the service tells of the same rows.
    let rows = 2 * map(&whole).len() - 2;
    screen.press(&["Left", "Left", "Down", "Down"]);
    let pointed = screen.until(" in 1s  ");
    let (value, second, bounds) = inspected(&pointed);
    let query = format!("axis=range&series=ops&open=1&rows={rows}");
    assert_eq!(value, told(&host, &query, &second, &bounds), "{pointed}");
    assert!(pointed.contains("route") && pointed.contains("hottest of "), "{pointed}");
    // Half the time and half the keys, asked for anew.
    screen.press(&["+"]);
    let near = screen.until_it("a part of the map", |shown| {
        shown.contains(" part ") && !shown.contains("loading") && times(shown) != times(&whole)
    });
    let (value, second, bounds) = inspected(&screen.until(" in 1s  "));
    let all = "axis=range&series=ops&open=1&rows=1024";
    let part = matrix(&host, all);
    assert!(part["rows"].as_array().unwrap().len() >= rows);
    assert_eq!(value, told(&host, all, &second, &bounds), "rows are not wider than the routes now: {near}");
    screen.press(&["+", "+", "BSpace", "BSpace", "BSpace"]);
    screen.press(&["Escape"]);
    let back =
        screen.until_it("the whole map again", |shown| times(shown) == times(&whole) && !shown.contains("loading"));
    assert_eq!(map(&back), map(&whole));
    // Another series, and the ranges' keys in place of the table.
    screen.press(&["s"]);
    screen.until_it("reads", |shown| {
        shown.contains("reads/s") && shown.contains("Hottest until") && !shown.contains("loading")
    });
    screen.press(&["S", "k"]);
    screen.until("Hot keys of the cell, ");
    screen.press(&["Escape", "?"]);
    screen.until("move the crosshair");
}

/// The line below the map.
fn times(shown: &str) -> String {
    shown.lines().find(|line| line.contains(" time, UTC")).unwrap_or_default().to_owned()
}

#[test]
fn the_mouse_points_pins_zooms_and_draws_boxes() {
    let Some(screen) = Screen::open(80, 24) else { return };
    let dir = Dir::new();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &[]);
    screen.line(&top(&host, "--color true"));
    let whole = screen.until("Hottest until");
    assert_eq!((screen.is("mouse_any_flag"), screen.is("mouse_sgr_flag")), ("1".to_owned(), "1".to_owned()));
    // Hovering is pointing; beside the map it points at nothing else.
    screen.mouse(35, (50, 5), true);
    let (_, second, bounds) = inspected(&screen.until(" in 1s  "));
    screen.mouse(35, (70, 5), true);
    screen.until_it("a later cell", |shown| shown.contains(" in 1s  ") && inspected(shown).1 > second);
    screen.mouse(35, (5, 23), true);
    screen.mouse(35, (50, 5), true);
    screen.until_it("back again", |shown| shown.contains(" in 1s  ") && inspected(shown).1 == second);
    assert_eq!(inspected(&screen.shown()).2, bounds);
    // A click pins, and the next one lets go.
    screen.mouse(0, (50, 5), true);
    screen.mouse(0, (50, 5), false);
    screen.until("pinned");
    screen.mouse(35, (70, 5), true);
    screen.mouse(0, (70, 5), true);
    screen.mouse(0, (70, 5), false);
    screen.until_it("let go", |shown| !shown.contains("pinned"));
    // The wheel zooms about the pointer.
    let settled = |shown: &str| shown.contains("Hottest until") && !shown.contains("loading");
    screen.mouse(64, (50, 5), true);
    // The place is told at once, its picture when it is there.
    screen.until_it("a part", |shown| shown.contains(" part ") && settled(shown) && times(shown) != times(&whole));
    screen.mouse(65, (50, 5), true);
    screen.press(&["r"]);
    screen.until_it("the whole map", |shown| times(shown) == times(&whole) && settled(shown));
    // A box: while it is drawn it is seen; then its time and its keys are all there is.
    screen.mouse(0, (31, 4), true);
    screen.mouse(32, (60, 7), true);
    screen.until("░");
    screen.mouse(0, (60, 7), false);
    let boxed = screen.until_it("the box", |shown| {
        let is_new = times(shown) != times(&whole) && labels(shown) != labels(&whole);
        shown.contains(" part ") && settled(shown) && !shown.contains('░') && is_new
    });
    let (first, last) = (clocks(&whole), clocks(&boxed));
    assert!(last[0] > first[0] && last.last() < first.last(), "{first:?} {last:?}");
    // Esc lets go of one that is being drawn.
    let shown = times(&boxed);
    screen.mouse(0, (31, 4), true);
    screen.mouse(32, (60, 7), true);
    screen.until("░");
    screen.press(&["Escape"]);
    screen.until_it("no box", |shown| !shown.contains('░'));
    screen.mouse(0, (60, 7), false);
    screen.press(&["l"]);
    assert_eq!(times(&screen.until("linear")), shown);
    // It can be left to the terminal.
    screen.press(&["m"]);
    screen.until("the mouse selects text");
    screen.until_it("no word of the mouse", |_| screen.is("mouse_any_flag") == "0");
    screen.press(&["m"]);
    screen.until_it("the mouse again", |_| screen.is("mouse_any_flag") == "1");
    screen.press(&["q"]);
    screen.assert_restored();
    screen.line(&top(&host, "--color true --no-mouse"));
    screen.until("Hottest until");
    assert_eq!(screen.is("mouse_any_flag"), "0");
    screen.press(&["q"]);
    screen.assert_restored();
}

/// The times below the map.
fn clocks(shown: &str) -> Vec<String> {
    let line = times(shown);
    line.split_whitespace().filter(|word| word.len() == 8 && word.contains(':')).map(str::to_owned).collect()
}

/// What stands beside the map.
fn labels(shown: &str) -> String {
    map(shown).iter().map(|line| line.chars().take(20).collect::<String>().trim().to_owned() + "\n").collect()
}

#[test]
fn a_key_a_route_and_a_name_are_gone_to_and_keys_are_written_as_asked() {
    let Some(screen) = Screen::open(100, 30) else { return };
    let dir = Dir::new();
    let names =
        dir.write("names", "orders/eu/customer-05\tfifth\x1b[31m customers\norders/eu/customer-09\tninth customers\n");
    let names = names.display().to_string();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &["--keyviz-key-names", &names]);
    screen.line(&top(&host, "--color true"));
    let whole = screen.until("Hottest until");
    let pinned = |key: &str| {
        let shown = screen.until_it(key, |shown| shown.contains("pinned: the row of ") && shown.contains(" in 1s  "));
        assert!(shown.contains(&format!("pinned: the row of {key}; Esc lets it go")), "{shown}");
        inspected(&shown).2
    };
    let held = |key: &str| {
        let hint = format!("no such name or route; the row that holds the key {key}");
        inspected(&screen.until_it(key, |shown| shown.contains(&hint) && shown.contains(" in 1s  "))).2
    };
    let go = |what: &str| {
        screen.press(&["/"]);
        screen.until("Go to (key as ");
        screen.line(what);
    };
    // Letters that mean something elsewhere are letters here.
    go("orders/eu/customer-07250");
    let bounds = held("orders/eu/customer-07250");
    let (start, end) = bounds.split_once(" .. ").unwrap();
    assert!(start <= "orders/eu/customer-07250" && end > "orders/eu/customer-07250", "{bounds}");
    // A key that is not on the map: all keys are shown again.
    screen.press(&["Escape", "y", "y"]);
    let near = screen.until_it("fewer keys", |shown| labels(shown) != labels(&whole) && !shown.contains("loading"));
    assert!(!near.contains("pinned"), "{near}");
    go("key:orders/eu/customer-00250");
    let bounds = pinned("orders/eu/customer-00250");
    assert!(bounds.split_once(" .. ").unwrap().0 <= "orders/eu/customer-00250", "{bounds}");
    screen.until_it("all keys", |shown| labels(shown) == labels(&whole));
    // A name, offered while it is typed.
    screen.press(&["/"]);
    screen.until("Go to (key as ");
    screen.write("nin");
    screen.until("Tab: ninth customers");
    screen.press(&["Tab"]);
    screen.until("ninth customers_");
    screen.press(&["Enter"]);
    // The first row of the name, not the one above it that holds where the name begins.
    let bounds = pinned("orders/eu/customer-09");
    assert!(bounds.starts_with("orders/eu/customer-09"), "{bounds}");
    screen.press(&["/"]);
    screen.until("Go to (key as ");
    screen.write("fif");
    assert!(screen.until("Tab: fifth").contains("Tab: fifth\\x1b[31m"), "{}", screen.shown());
    screen.press(&["Escape"]);
    screen.until_it("nothing is typed", |shown| !shown.contains("Go to (key as "));
    // A route that the map of ranges does not name, and one that nobody has.
    let routes = matrix(&host, "axis=route&series=ops&open=1&rows=1024");
    let row = routes["rows"].as_array().unwrap().iter().find(|row| escaped(&row["start"]).contains("-07")).unwrap();
    let id = row["bucket_id"].as_str().unwrap().split(['#', '~']).next().unwrap().to_owned();
    go(&id);
    pinned(&escaped(&row["start"]));
    go("route:987654321987");
    screen.until("route 987654321987 is not among the most active routes");
    go("a\\z");
    screen.until("that is no name, no route:7, and no key");
    // Other ways to write keys, and to type them.
    screen.press(&["f"]);
    screen.until_it("hex", |shown| shown.contains("0x6f72646572732f65752f") && !shown.contains("omer-0"));
    go("key:0x6f72646572732f65752f637573746f6d65722d3037323530");
    pinned("0x6f72646572732f65752f637573746f6d65722d3037323530");
    screen.press(&["f"]);
    screen.until("keys as u64be");
    screen.until("8030591472429641573/84");
    screen.press(&["f"]);
    screen.until("6f726465-7273-2f65-75");
    screen.press(&["f"]);
    screen.until("keys as utf8");
    screen.press(&["q"]);
    screen.assert_restored();
    screen.line(&format!("{} --once --limit 3", top(&host, "--keys hex")));
    screen.until("0x1b5d303b6f776e6564");
    let raw = screen.raw();
    assert!(!raw.windows(15).any(|bytes| bytes == b"\x1b[31m customers"));
}

#[path = "../src/top/live/terminal.rs"]
mod terminal;

/// Takes the terminal as the program does, and panics while it draws. Run by the test below, in a terminal.
#[test]
fn panics_while_it_draws_where_it_is_told_to() {
    if std::env::var_os("KEYVIZ_TEST_PANICS").is_none() {
        return;
    }
    let mut taken = terminal::Taken::take().unwrap();
    taken.set_mouse(true).unwrap();
    taken.screen.draw(|frame| frame.buffer_mut().set_string(0, 0, "drawn", ratatui::style::Style::new())).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    // Memory is not unwound: what gives the terminal back is what runs before.
    let _taken = std::mem::ManuallyDrop::new(taken);
    panic!("the drawing has a fault");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let Some(screen) = Screen::open(80, 24) else { return };
    let program = std::env::current_exe().unwrap();
    let test = "panics_while_it_draws_where_it_is_told_to";
    screen.line(&format!("KEYVIZ_TEST_PANICS=1 {} --exact {test} --nocapture", program.display()));
    screen.until_it("taken", |_| screen.is("alternate_on") == "1" && screen.is("mouse_any_flag") == "1");
    screen.until("the drawing has a fault");
    screen.assert_restored();
}

#[test]
fn keys_that_want_to_do_harm_are_shown_as_what_they_are() {
    let Some(screen) = Screen::open(120, 40) else { return };
    let dir = Dir::new();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &[]);
    let title = screen.is("pane_title");
    screen.line(&top(&host, "--color 256"));
    screen.until("Hottest until");
    screen.press(&["a"]);
    screen.until_it("routes", |shown| shown.contains("by routes") && shown.contains("replay, complete"));
    // Through all rows, with the hot keys of each.
    screen.press(&["Left", "PPage", "PPage", "PPage", "PPage", "PPage", "PPage", "k"]);
    let mut seen = screen.shown();
    for _ in 0..50 {
        let before = screen.shown();
        screen.press(&["Down"]);
        // The last row stays when it is reached.
        for _ in 0..40 {
            if screen.shown() != before {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        seen.push_str(&screen.shown());
    }
    for words in ["\\x1b]0;owned\\x07\\x1b[31mred", "evil\\xe2\\x80\\xaegnp.exe", "e\\xcc\\x81\\xd7\\x90"] {
        assert!(seen.contains(words), "{words}: {}", screen.shown());
    }
    screen.press(&["q"]);
    screen.assert_restored();
    assert_eq!(screen.is("pane_title"), title);
    let raw = screen.raw();
    for bad in [
        &b"\x1b]0;owned"[..],
        b"\x1b[31mred",
        "\u{202e}".as_bytes(),
        b"\x9b2J\xff",
        b"\xcc\x81",
        b"\xd7\x90",
        b"\xff\xfe",
    ] {
        assert!(!raw.windows(bad.len()).any(|bytes| bytes == bad), "{bad:?}");
    }
    assert!(
        raw.windows(5).any(|bytes| bytes == b"48;5;") && !raw.windows(5).any(|bytes| bytes == b"48;2;"),
        "256 colours"
    );
}

#[test]
fn without_colours_there_are_letters() {
    let Some(screen) = Screen::open(80, 24) else { return };
    let dir = Dir::new();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &[]);
    screen.line(&format!("NO_COLOR=1 {}", top(&host, "")));
    let shown = screen.until("Hottest until");
    assert!(!shown.contains('▀') && shown.contains("====@@@@") && shown.contains("++++"), "{shown}");
    let coloured = screen.coloured();
    assert!(!coloured.contains("\u{1b}[38;") && !coloured.contains("\u{1b}[48;"), "{coloured:?}");
    screen.press(&["q"]);
    screen.assert_restored();
}

#[test]
fn the_screen_follows_the_window() {
    let Some(screen) = Screen::open(120, 40) else { return };
    let dir = Dir::new();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &[]);
    screen.line(&top(&host, "--color true"));
    let large = screen.until("Hottest until");
    assert!(map(&large).len() > 18 && large.lines().count() == 40, "{large}");
    screen.resize(80, 24);
    let small =
        screen.until_it("the small screen", |shown| shown.lines().nth(23).is_some_and(|line| line.contains("? help")));
    assert!(map(&small).len() < 13, "{small}");
    screen.resize(30, 8);
    screen.until("keyviz top needs 40 x 12");
    screen.resize(120, 40);
    screen.until_it("the large screen", |shown| shown.lines().nth(39).is_some_and(|line| line.contains("? help")));
}

#[test]
fn a_service_that_goes_away_is_missed_and_found_again() {
    let Some(screen) = Screen::open(80, 24) else { return };
    let dir = Dir::new();
    let trace = trace(&dir);
    let (mut service, host) = serve(&dir, &trace, "127.0.0.1:0", &[]);
    screen.line(&top(&host, "--color true"));
    screen.until("Hottest until");
    service.signal("TERM");
    assert!(service.ended().success());
    screen.press(&["g"]);
    let gone = screen.until("The server is gone");
    assert!(gone.contains("no answer") && gone.contains("What you see") && gone.contains("▀▀▀▀"), "{gone}");
    let (_service, again) = serve(&dir, &trace, &host, &[]);
    assert_eq!(again, host);
    screen.until_it("the picture by itself", |shown| shown.contains("replay, complete") && !shown.contains("gone"));
}

#[test]
fn the_terminal_is_given_back_however_it_ends() {
    let Some(screen) = Screen::open(80, 24) else { return };
    let dir = Dir::new();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &[]);
    for ends in ["q", "C-c", "TERM", "INT", "HUP"] {
        let pid = dir.path().join("pid");
        let _ = std::fs::remove_file(&pid);
        screen.line(&format!("sh -c 'echo $$ > {}; exec {}'", pid.display(), top(&host, "--color true")));
        screen.until("Hottest until");
        assert_eq!((screen.is("alternate_on"), screen.is("cursor_flag")), ("1".to_owned(), "0".to_owned()));
        match ends {
            "q" | "C-c" => screen.press(&[ends]),
            signal => {
                let id = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
                common::redis::signal(&[id], signal);
            }
        }
        screen.assert_restored();
        screen.line("true; echo status $?");
        screen.until("status 0");
        screen.line("clear");
    }
}

#[test]
fn who_is_not_let_in_is_told_what_to_do() {
    let Some(screen) = Screen::open(80, 24) else { return };
    let dir = Dir::new();
    let full = dir.write("full", "full-0123456789abcdef\n").display().to_string();
    let read = dir.write("read", "read-0123456789abcdef\n").display().to_string();
    let flags = ["--admin-token-file", &full, "--admin-read-token-file", &read];
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &flags);
    screen.line(&top(&host, "--color true"));
    let refused = screen.until("This server asks for a token");
    assert!(refused.contains("--token-file") && !refused.contains("omer-"), "{refused}");
    screen.press(&["q"]);
    screen.assert_restored();
    screen.line(&top(&host, &format!("--color true --token-file {read}")));
    screen.until("Keys are redacted");
    let redacted = screen.until("ranges, keys redacted");
    assert!(redacted.contains("~") && !redacted.contains("omer-"), "{redacted}");
    screen.press(&["Left", "k"]);
    screen.until("of role read, which shows load, not keys");
    screen.press(&["q"]);
    screen.assert_restored();
    screen.line(&top(&host, &format!("--color true --token-file {full}")));
    screen.until("omer-0");
}

#[test]
fn where_there_is_no_terminal_it_is_the_list() {
    let dir = Dir::new();
    let (_service, host) = serve(&dir, &trace(&dir), "127.0.0.1:0", &[]);
    let mut list = Running::start(keyviz().args(["top", &format!("http://{host}")]).stdin(Stdio::null()));
    let line = list.until("until ");
    assert!(line.contains(" ops/s on ") && !line.contains('\u{1b}'), "{line}");
    // Nor is one that cannot move its cursor.
    let Some(screen) = Screen::open(80, 24) else { return };
    screen.line(&format!("TERM=dumb {}", top(&host, "--limit 3")));
    screen.until(" ops/s on ");
    assert_eq!(screen.is("alternate_on"), "0");
    screen.press(&["C-c"]);
    screen.assert_restored();
}
