//! `keyviz replay` as its users run it.
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

use std::fmt::Write;
use std::process::Stdio;

use common::{Dir, Running, bad, get, good, keyviz, matrix, numbers, total};

/// 3000 commands over 60 s with a hot prefix, and what they add up to.
fn monitor() -> (String, u64, u64) {
    let mut text = "OK\n".to_owned();
    let (mut reads, mut writes) = (0, 0);
    for n in 0..3000 {
        let at = format!("{}.{:06} [0 127.0.0.1:50000]", 1_700_000_000 + n / 50, n % 50 * 20_000);
        match n % 10 {
            0 => {
                writeln!(text, r#"{at} "SET" "cart:{:04}" "abcde""#, n % 700).unwrap();
                writes += 1;
            }
            1 => {
                writeln!(text, r#"{at} "MGET" "user:{:04}" "user:{:04}""#, n % 600, n % 500).unwrap();
                reads += 2;
            }
            _ => {
                writeln!(text, r#"{at} "GET" "user:hot:{:03}""#, n % 97).unwrap();
                reads += 1;
            }
        }
    }
    writeln!(text, r#"1700000059.999999 [0 127.0.0.1:50000] "PING""#).unwrap();
    (text, reads, writes)
}

#[test]
fn monitor_totals_hot_prefix_and_json() {
    let dir = Dir::new();
    let (trace, reads, writes) = monitor();
    let file = dir.write("monitor.txt", trace);
    for (series, expected) in [("ops", reads + writes), ("reads", reads), ("writes", writes)] {
        let json = dir.path().join("matrix.json");
        let answer = good(
            keyviz().arg("replay").arg(&file).arg("--json").arg(&json).args(["--series", series]).output().unwrap(),
        );
        assert_eq!(numbers(&answer, "total")[..3], [reads + writes, reads, writes]);
        assert_eq!(numbers(&answer, "lines")[..], [3002, 2]);
        assert!(answer.contains("no_key: commands without a key (line 3002)"), "{answer}");
        assert!(answer.contains("reply: the server's answer to MONITOR (line 1)"), "{answer}");
        let hottest = answer.lines().skip_while(|line| *line != "hottest ranges").nth(2).unwrap();
        assert!(hottest.contains("2,400") && hottest.ends_with("prefix user:hot:"), "{answer}");
        // Told once: what is a range of its own is not told as a prefix too.
        let prefix = answer.lines().skip_while(|line| *line != "hot prefixes and keys").nth(2).unwrap();
        assert!(prefix.contains("3,000") && prefix.ends_with("prefix user:"), "{answer}");

        let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        assert_eq!(total(&matrix), expected, "{series}");
        assert_eq!(matrix["cut"]["rows"], 0);
        assert!(matrix["column_state"].as_array().unwrap().iter().all(|state| state == "complete"));
        assert!(matrix["column_unix_ms"].as_array().unwrap().len() <= 720);
        // 60 s in at most 720 columns: 100 ms.
        assert_eq!(matrix["step_ms"], 100);
    }
}

#[test]
fn every_record_is_in_its_own_window() {
    let dir = Dir::new();
    let mut trace = "ts_us,op,key,bytes,count\n".to_owned();
    for second in [0, 1, 5, 9] {
        writeln!(trace, "{},write,k{second},10,{}", second * 1_000_000 + 999_999, second + 1).unwrap();
    }
    let file = dir.write("trace.csv", trace);
    let json = dir.path().join("matrix.json");
    let args = ["--step", "1s", "--json"];
    let answer = good(keyviz().arg("replay").arg(&file).args(args).arg(&json).output().unwrap());
    assert!(answer.contains("+00:00:00 to +00:00:09"), "a relative clock: {answer}");
    let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let mut columns = vec![0; 10];
    for row in matrix["rows"].as_array().unwrap() {
        for (sum, value) in columns.iter_mut().zip(row["values"].as_array().unwrap()) {
            *sum += value.as_u64().unwrap();
        }
    }
    assert_eq!(columns, [1, 2, 0, 0, 0, 6, 0, 0, 0, 10]);
    assert_eq!(matrix["column_unix_ms"][0], 1000);
    assert!(matrix["column_state"].as_array().unwrap().iter().all(|state| state == "complete"), "zero, not missing");
}

#[test]
fn csv_with_hard_keys_loses_nothing_good() {
    let dir = Dir::new();
    let long = "L".repeat(70_000);
    let mut trace = "ts_us,op,key:hex,bytes,count\n".to_owned();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for (at, key) in [&b""[..], b"\0", b"\xff\xff\xff", b"\x1b[31m", long.as_bytes(), b"a,b\"c\n"].iter().enumerate() {
        writeln!(trace, "{},read,{},100,5", 1_000_000 * (at + 1), hex(key)).unwrap();
    }
    trace.push_str("500000,write,ff,1,2\nnonsense\n9,read,zz,,\n9000000,read,61");
    let file = dir.write("hard.csv", trace);
    let json = dir.path().join("matrix.json");
    let answer = good(keyviz().arg("replay").arg(&file).arg("--json").arg(&json).output().unwrap());
    assert_eq!(numbers(&answer, "total")[..3], [32, 30, 2]);
    assert!(answer.contains("went back in 1 record;"), "{answer}");
    for reason in [
        "wrong_columns: another number of columns than the header, the format or --columns says (line 9)",
        "bad_key:",
        "cut_short:",
    ] {
        assert!(answer.contains(reason), "{reason}: {answer}");
    }
    assert!(answer.contains("\\x1b[31m") && !answer.contains('\x1b'), "escaped: {answer}");
    assert!(answer.contains("(70000 bytes)") || !answer.contains("LLLLL"), "{answer}");
    let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(total(&matrix), 32);
}

#[test]
fn what_cannot_be_read_says_why_and_what_to_do() {
    let dir = Dir::new();
    let replay = |file: &std::path::Path| bad(keyviz().arg("replay").arg(file).output().unwrap());
    let missing = replay(&dir.path().join("nosuch"));
    assert!(missing.contains("nosuch does not exist"), "{missing}");
    let directory = replay(dir.path());
    assert!(directory.contains("is a directory"), "{directory}");
    let empty = replay(&dir.write("empty", ""));
    assert!(empty.contains("it is empty"), "{empty}");
    let unknown = replay(&dir.write("unknown", "\x1b]0;evil\x07 hello\n"));
    assert!(unknown.contains("\\x1b]0;evil\\x07 hello") && unknown.contains("redis-cli monitor"), "{unknown}");
    assert!(!unknown.contains('\x1b'));
    let gzip = replay(&dir.write("zipped", b"\x1f\x8b\x08\0\0\0"));
    assert!(gzip.contains("gzip -dc"), "{gzip}");
    let header = replay(&dir.write("header.csv", "ts_us,op,key\n"));
    assert!(header.contains("nothing else"), "{header}");
    let useless = replay(&dir.write("useless.txt", "1.5 [0 x] \"PING\"\n1.5 [0 x] \"PING\"\n"));
    assert!(useless.contains("no record that could be read") && useless.contains("no_key"), "{useless}");
    let column = replay(&dir.write("column.csv", "ts_us,op,bytes\n1,r,1\n"));
    assert!(column.contains("lacks the column `key`"), "{column}");

    let secret = dir.write("secret", "ts_us,op,key\n1,r,a\n");
    let mut permissions = std::fs::metadata(&secret).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0);
    std::fs::set_permissions(&secret, permissions).unwrap();
    // Whoever may read everything (root) reads this too.
    if std::fs::File::open(&secret).is_err() {
        assert!(replay(&secret).contains("may not be read"));
    }
    let good_file = dir.write("good.csv", "ts_us,op,key\n1,r,a\n");
    let step = keyviz().arg("replay").arg(&good_file).args(["--step", "1us"]).output().unwrap();
    assert_eq!(step.status.code(), Some(2));
    let nowhere = dir.path().join("no/such/dir.json");
    let json = bad(keyviz().arg("replay").arg(&good_file).arg("--json").arg(&nowhere).output().unwrap());
    assert!(json.contains("its folder is not there") && json.contains("dir.json"), "{json}");
    let before = std::fs::read(&good_file).unwrap();
    let itself = bad(keyviz().arg("replay").arg(&good_file).arg("--json").arg(&good_file).output().unwrap());
    assert!(itself.contains("is the trace itself"), "{itself}");
    assert_eq!(std::fs::read(&good_file).unwrap(), before);
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n1,r,a\n");
    let mut child = keyviz()
        .arg("replay")
        .arg(&file)
        .arg("--no-serve")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_full_disk_is_told() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", "ts_us,op,key\n1,r,a\n");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = keyviz().arg("replay").arg(&file).arg("--no-serve").stdout(full).output().unwrap();
    assert!(bad(output).contains("standard output"));
}

#[test]
fn the_same_file_gives_the_same_picture() {
    let dir = Dir::new();
    let file = dir.write("monitor.txt", monitor().0);
    let run = |name: &str| {
        let json = dir.path().join(name);
        let answer = good(keyviz().arg("replay").arg(&file).arg("--json").arg(&json).output().unwrap());
        let mut matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        matrix.as_object_mut().unwrap().remove("generated_at");
        let told: Vec<String> = answer
            .lines()
            .filter(|line| !line.starts_with("took") && !line.starts_with("json"))
            .map(str::to_owned)
            .collect();
        (told, matrix)
    };
    assert_eq!(run("a.json"), run("b.json"));
}

#[test]
fn without_json_it_serves_the_picture_until_a_signal() {
    let dir = Dir::new();
    let (trace, reads, writes) = monitor();
    let file = dir.write("monitor.txt", trace);
    let mut running = Running::start(keyviz().arg("replay").arg(&file).args(["--listen", "127.0.0.1:0"]));
    let host = running.host();
    assert!(running.said.contains("hottest ranges"));
    assert_eq!(total(&matrix(&host, "series=ops&open=1")), reads + writes);
    let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!((&status["mode"], &status["time_label"]), (&"static".into(), &"unix".into()));
    assert_eq!(get(&host, "/admin/").0, 200);
    running.signal("INT");
    assert!(running.ended().success());
}

/// The answer names the hottest keys with exact counts, in words and as JSON, and escapes them.
#[test]
fn the_hottest_keys_are_listed() {
    let dir = Dir::new();
    let mut trace = "ts_us,op,key:hex,bytes,count\n".to_owned();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for n in 0..6000_u64 {
        let hot = [&b"user:\x1b[31m"[..], b"user:7", b""][usize::try_from(n % 3).unwrap()];
        let key = if n % 10 < 3 { hot.to_vec() } else { format!("item:{:05}", n * 7919 % 5000).into_bytes() };
        let op = if n % 2 == 0 { "read" } else { "write" };
        writeln!(trace, "{},{op},{},10,{}", n * 10_000, hex(&key), 1 + u64::from(hot == b"user:7")).unwrap();
    }
    let file = dir.write("trace.csv", trace);
    let json = dir.path().join("matrix.json");
    let answer = good(keyviz().arg("replay").arg(&file).arg("--json").arg(&json).output().unwrap());
    let keys: Vec<&str> = answer.lines().skip_while(|line| *line != "hottest keys").skip(2).take(3).collect();
    // 600 records of each; those of user:7 count twice.
    assert!(keys[0].contains(" 1,200 ") && keys[0].ends_with(" user:7"), "{answer}");
    assert!(keys[1..].iter().all(|line| line.contains(" 600 ")), "{answer}");
    assert!(keys[1..].iter().any(|line| line.ends_with(" user:\\x1b[31m")), "{answer}");
    assert!(keys[1..].iter().any(|line| line.ends_with(" the empty key")), "{answer}");
    assert!(!answer.contains('\x1b'), "escaped");
    let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let top = &matrix["replay"]["top_keys"];
    assert_eq!((&top["keys"][0]["key"], &top["keys"][0]["key_b64"]), (&"user:7".into(), &"dXNlcjo3".into()));
    assert_eq!((&top["keys"][0]["count"], &top["degraded"]), (&1200.into(), &false.into()));
    assert_eq!(top["keys"].as_array().unwrap().len(), 20);
}
