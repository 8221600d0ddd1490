//! What of a trace `keyviz replay` looks at, and where it comes from.
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
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use common::{Dir, bad, good, keyviz, numbers, total};

/// One record a second from 2023-11-14T22:13:20Z, keys in turn.
fn hundred(keys: &[&str]) -> String {
    let mut trace = "ts_us,op,key\n".to_owned();
    for (n, key) in (0..100).zip(keys.iter().cycle()) {
        writeln!(trace, "{},read,{key}{n}", 1_700_000_000_000_000_u64 + n * 1_000_000).unwrap();
    }
    trace
}

fn replay(file: &Path, args: &[&str]) -> Output {
    keyviz().arg("replay").arg(file).arg("--no-serve").args(args).output().unwrap()
}

/// Runs with these bytes on standard input.
fn pipe(input: &[u8], args: &[&str]) -> Output {
    let mut command = keyviz();
    command.args(["replay", "-", "--no-serve"]).args(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // It may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn a_period_and_prefixes() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", hundred(&["user:", "cart:"]));
    for (args, kept, reasons) in [
        (
            &["--from", "2023-11-14T22:13:30Z", "--to", "+00:01:00"][..],
            50,
            "50 records left out: 10 before --from, 40 at or after --to",
        ),
        (&["--from", "1700000090"], 10, "90 before --from"),
        (&["--prefix", "user:"], 50, "50 with none of the prefixes"),
        (&["--prefix", "user:", "--prefix", "cart:"], 100, ""),
        (&["--prefix", r"\x75ser:1", "--to", "+00:00:20"], 5, "80 at or after --to, 15 with none of the prefixes"),
    ] {
        let answer = good(replay(&file, args));
        assert_eq!(numbers(&answer, "total")[0], kept, "{answer}");
        assert!(answer.contains(reasons), "{args:?}: {answer}");
        assert_eq!(answer.contains("filtered"), !reasons.is_empty(), "{answer}");
    }
    let none = bad(replay(&file, &["--prefix", "nosuch", "--from", "+00:00:40"]));
    assert!(none.contains("40 before --from, 60 with none of the prefixes"), "{none}");
    for wrong in [["--from", "yesterday"], ["--prefix", r"a\q"], ["--to", "2023-11-14"]] {
        assert_eq!(replay(&file, &wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn relative_clocks_count_from_their_zero_and_are_shown_so() {
    let dir = Dir::new();
    let mut trace = "ts_us,op,key\n".to_owned();
    for second in 3600..3700_u64 {
        writeln!(trace, "{},write,k{second}", second * 1_000_000).unwrap();
    }
    let answer = good(replay(&dir.write("trace.csv", trace), &["--from", "+01:00:10", "--to", "+01:00:20"]));
    assert_eq!(numbers(&answer, "total")[0], 10);
    assert!(answer.contains("period    +01:00:10 to +01:00:19\n"), "{answer}");
    let hottest = answer.lines().skip_while(|line| *line != "hottest ranges").nth(2).unwrap();
    assert!(hottest.contains(" +01:00:1"), "{answer}");
}

#[test]
fn quiet_says_nothing_and_writes_the_file() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", hundred(&["k"]));
    let json = dir.path().join("matrix.json");
    let said = good(keyviz().arg("replay").arg(&file).arg("-q").arg("--json").arg(&json).output().unwrap());
    assert_eq!(said, "");
    assert_eq!(total(&serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap()), 100);
}

#[test]
fn strict_stops_at_the_first_bad_line() {
    let dir = Dir::new();
    let trace = hundred(&["k"]) + "\nts_us,op,key\nnonsense\n1,fly,k\n";
    let file = dir.write("trace.csv", &trace);
    assert!(good(replay(&file, &[])).contains("wrong_columns"));
    let stopped = bad(replay(&file, &["--strict"]));
    assert!(stopped.contains("line 104 is bad (wrong_columns: "), "{stopped}");
    assert_eq!(bad(pipe(trace.as_bytes(), &["--strict"])).split_once("line 104 is bad").map(|_| ()), Some(()));
    // Lines without a record that belong to a good trace are no reason to stop.
    let fine = dir.write("monitor.txt", "OK\n1.5 [0 x] \"PING\"\n1.5 [0 x] \"GET\" \"k\"\n");
    assert_eq!(numbers(&good(replay(&fine, &["--strict"])), "total")[0], 1);
}

#[test]
fn routes_from_a_file() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", hundred(&["a", "b", "c", "d"]));
    let json = dir.path().join("matrix.json");
    for (name, routes, starts) in [
        ("lines", "b\n\nd\n", &["", "Yg==", "ZA=="][..]),
        ("csv", "start,end\nb,c\n", &["", "Yg==", "Yw=="]),
        ("escaped", "\\x63\n", &["", "Yw=="]),
    ] {
        let routes = dir.write(name, routes);
        let output = keyviz().arg("replay").arg(&file).arg("--json").arg(&json).arg("--routes").arg(&routes).output();
        good(output.unwrap());
        let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        let found: Vec<_> =
            matrix["rows"].as_array().unwrap().iter().map(|row| row["start"].as_str().unwrap_or_default()).collect();
        assert_eq!(found, starts, "{name}");
        assert_eq!(total(&matrix), 100);
    }
    // The answer is of each of them, however few there are; of those that had nothing it is silent.
    for (routes, ranges) in [
        ("b\nd\n", &["b to d", "the start to b", "d to the end"][..]),
        ("A\nB\n", &["B to the end"]),
        ("a\n", &["a to the end"]),
    ] {
        let routes = dir.write("few", routes);
        let answer = good(replay(&file, &["--routes", routes.to_str().unwrap()]));
        let lines = answer.lines().skip_while(|line| *line != "hottest ranges").skip(2);
        let told: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        assert_eq!(told.len(), ranges.len(), "{answer}");
        assert!(told.iter().zip(ranges).all(|(line, range)| line.ends_with(&format!("  {range}"))), "{answer}");
    }
    let wrong = dir.write("wrong", "a\nb\\\n");
    let wrong = bad(replay(&file, &["--routes", wrong.to_str().unwrap()]));
    assert!(wrong.contains("line 2"), "{wrong}");
}

/// Boundaries within a prefix: what it has is counted by its keys, and the ranges stand by their load.
#[test]
fn routes_that_cut_through_a_prefix() {
    let dir = Dir::new();
    let mut trace = "ts_us,op,key,count\n".to_owned();
    for n in 0..1000_u64 {
        let (key, count) = match n % 10 {
            0..=5 => (format!("user:{:06}", n % 10), 10),
            6 => (format!("user:{:06}", 20 + n % 400), 10),
            7 => (format!("user:{:06}", 500 + n), 13),
            _ => (format!("cart:{n:06}"), 8),
        };
        writeln!(trace, "{},read,{key},{count}", 1_700_000_000_000_000_u64 + n * 10_000).unwrap();
    }
    let file = dir.write("trace.csv", trace);
    let routes = dir.write("routes.txt", "user:000010\nuser:0005\n");
    let answer = good(replay(&file, &["--routes", routes.to_str().unwrap()]));
    let of = |title: &str| -> Vec<&str> {
        answer.lines().skip_while(|line| *line != title).skip(2).take_while(|line| !line.is_empty()).collect()
    };
    let ranges = of("hottest ranges");
    for (line, share, bounds) in [
        (0, "76.8 %", "the start to user:000010"),
        (1, "13.1 %", "user:0005 to the end"),
        (2, "10.1 %", "user:000010 to user:0005 (prefix user:)"),
    ] {
        assert!(ranges[line].contains(share) && ranges[line].ends_with(bounds), "{line}: {answer}");
    }
    let prefix = of("hot prefixes and keys").into_iter().find(|line| line.ends_with("  prefix user:")).unwrap();
    assert!(prefix.contains("83.8 %") && prefix.contains("8,300"), "{answer}");
}

#[test]
fn standard_input_gives_what_the_file_gives() {
    let dir = Dir::new();
    let trace = hundred(&["user:", "cart:"]);
    let without_times = |answer: String| -> Vec<String> {
        answer.lines().skip(1).filter(|line| !line.starts_with("took")).map(str::to_owned).collect()
    };
    let from_file = without_times(good(replay(&dir.write("trace.csv", &trace), &[])));
    let from_stdin = good(pipe(trace.as_bytes(), &[]));
    assert!(from_stdin.starts_with("standard input: keyviz CSV"), "{from_stdin}");
    assert_eq!(without_times(from_stdin), from_file);
    assert!(bad(pipe(b"", &[])).contains("standard input cannot be read: it is empty"));
}

/// What of the input is beyond what is held is in the picture too, in coarser columns, and the answer says where the
/// routes come from.
#[test]
fn standard_input_beyond_what_is_held() {
    let mut trace = "ts_us,op,key,tag\n".to_owned();
    let tag = "t".repeat(4096);
    let records = 25_000;
    for n in 0..records {
        let key = if n < 1000 { "early" } else { "late" };
        writeln!(
            trace,
            "{},write,{key}:{:05},{tag}",
            1_700_000_000_000_000_u64 + n * 50_000 + n / 20_000 * 3_600_000_000,
            n % 777
        )
        .unwrap();
    }
    assert!(trace.len() > 80 << 20);
    let dir = Dir::new();
    let json = dir.path().join("matrix.json");
    let answer = good(pipe(trace.as_bytes(), &["--json", json.to_str().unwrap()]));
    assert_eq!(numbers(&answer, "total")[0], records);
    assert_eq!(numbers(&answer, "lines")[..], [records + 1, 0], "a line cut by the holding is no bad line");
    assert!(answer.contains("routes    found in the first 64 MiB"), "{answer}");
    let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(total(&matrix), records);
    assert!(matrix["column_unix_ms"].as_array().unwrap().len() <= 720);
    // 800 s are held, for columns of 2 s; 4850 s need more, and 5 s is no multiple.
    assert_eq!(matrix["step_ms"], 10_000);
    // The routes cannot be found in keys that are not looked at.
    let none = bad(pipe(trace.as_bytes(), &["--prefix", "nosuch"]));
    assert!(none.contains("no record in its first 64 MiB that --from, --to and --prefix let through"), "{none}");
    assert!(none.contains("save the input to a file: a file is searched to its end"), "{none}");
}

#[test]
fn a_format_is_forced_and_columns_are_named() {
    let dir = Dir::new();
    let rows = dir.write("rows.txt", "get,user:1,1700000000.5,20\nset,user:2,1700000001,30\n");
    let columns = "op=1,key=2,ts=3,bytes=4";
    let named = keyviz().arg("replay").arg(&rows).args(["--no-serve", "--columns", columns]).output().unwrap();
    let text = good(named);
    assert!(text.contains("1 read") && text.contains("1 write"), "{text}");
    let forced = bad(keyviz().arg("replay").arg(&rows).args(["--format", "monitor"]).output().unwrap());
    assert!(forced.contains("rows.txt"), "{forced}");
    let unknown = keyviz().arg("replay").arg(&rows).args(["--format", "telepathy"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    let both = keyviz().arg("replay").arg(&rows).args(["--format", "csv", "--columns", columns]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}
