//! What the answer of `keyviz replay` says beside its numbers.
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

use common::{Dir, Running, bad, get, good, keyviz, numbers, total};

#[test]
fn records_without_times_are_spread_evenly_and_it_says_so() {
    let dir = Dir::new();
    let mut trace = String::new();
    for n in 0..3000 {
        writeln!(trace, "user:{:03},get", n % 500).unwrap();
    }
    let file = dir.write("trace.csv", trace);
    let (json, png) = (dir.path().join("out.json"), dir.path().join("out.png"));
    let run = |args: &[&str]| {
        let mut command = keyviz();
        command.arg("replay").arg(&file).args(["--columns", "key=1,op=2"]).args(args);
        command
    };
    let answer = good(run(&[]).arg("--json").arg(&json).arg("--png").arg(&png).output().unwrap());
    assert!(
        answer.contains("time      the trace has no times: its records are spread evenly, 100 a second"),
        "{answer}"
    );
    assert!(answer.contains("period    +00:00:00 to +00:00:29"), "{answer}");
    let matrix: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(matrix["column_unix_ms"].as_array().unwrap().len(), 300);
    assert_eq!(total(&matrix), 3000);
    assert_eq!(
        (&matrix["replay"]["clock"], &matrix["replay"]["notes"][0]["id"]),
        (&"none".into(), &"spread_evenly".into())
    );
    assert_eq!(matrix["replay"]["records"], 3000);
    // The same with times that come to the same has another caption, and else the same picture.
    let half = good(run(&["--to", "+00:00:15", "--no-serve"]).output().unwrap());
    assert_eq!(numbers(&half, "total")[0], 1500);
    let mut running = Running::start(&mut run(&["--listen", "127.0.0.1:0"]));
    let host = running.host();
    let (_, status) = get(&host, "/admin/api/v1/keyviz/status");
    assert!(status.contains("The trace has no times: its records are spread evenly"), "{status}");
}

#[test]
fn the_caption_of_the_picture_says_so_too() {
    let dir = Dir::new();
    // The same records, once with the times that those without have.
    let (mut plain, mut timed) = (String::new(), String::new());
    for n in 0..500 {
        writeln!(plain, "key{}", n % 7).unwrap();
        writeln!(timed, "key{},{}", n % 7, n * 10).unwrap();
    }
    std::fs::create_dir(dir.path().join("a")).unwrap();
    std::fs::create_dir(dir.path().join("b")).unwrap();
    let picture = |folder: &str, trace: &str, columns: &str| {
        let file = dir.write(&format!("{folder}/t.csv"), trace);
        let png = dir.path().join(format!("{folder}.png"));
        let mut command = keyviz();
        command.current_dir(file.parent().unwrap()).args(["replay", "t.csv", "-q", "--columns", columns, "--png"]);
        good(command.arg(&png).output().unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(std::fs::read(&png).unwrap())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    };
    let (spread, clocked) = (picture("a", &plain, "key=1"), picture("b", &timed, "key=1,ts_ms=2"));
    let rows: Vec<usize> =
        (0..900).filter(|row| spread[row * 4800..(row + 1) * 4800] != clocked[row * 4800..(row + 1) * 4800]).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| (870..900).contains(row)), "the caption alone: {rows:?}");
}

#[test]
fn a_trace_within_one_column_has_one_rate() {
    let dir = Dir::new();
    let mut trace = "ts_us,op,key\n".to_owned();
    for n in 0..100 {
        writeln!(trace, "{},r,k", 1_700_000_000_000_000_u64 + n * 100).unwrap();
    }
    let file = dir.write("short.csv", trace);
    let answer = good(keyviz().arg("replay").arg(&file).arg("--no-serve").output().unwrap());
    assert!(answer.contains("duration  10ms, 1,000/s on average, in 1 column of 100ms"), "{answer}");
    let hottest = answer.lines().skip_while(|line| *line != "hottest ranges").nth(2).unwrap();
    assert_eq!(hottest.matches("1,000/s").count(), 2, "rate and peak: {answer}");
    // Half of it in each of two columns: no peak is below the average.
    let halves: String = (0..100).map(|n| format!("{},r,k\n", 1_700_000_000_050_000_u64 + n * 1000)).collect();
    let file = dir.write("halves.csv", "ts_us,op,key\n".to_owned() + &halves);
    let answer = good(keyviz().arg("replay").arg(&file).arg("--no-serve").output().unwrap());
    let hottest = answer.lines().skip_while(|line| *line != "hottest ranges").nth(2).unwrap();
    assert_eq!(hottest.matches("500/s").count(), 2, "rate and peak: {answer}");
}

#[test]
fn what_stands_out_comes_before_what_is_left() {
    let dir = Dir::new();
    // A hot prefix beside a cold remainder that has more in all.
    let mut trace = "ts_us,op,key\n".to_owned();
    for n in 0..60_000_u64 {
        let time = 1_700_000_000_000_000 + n * 1000;
        match n % 5 {
            0 | 1 => writeln!(trace, "{time},r,hot:{}", n % 50).unwrap(),
            _ => {
                let scattered = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                writeln!(trace, "{time},r,{}{:016x}", char::from(b'a' + (scattered >> 59) as u8 % 26), scattered)
                    .unwrap();
            }
        }
    }
    let file = dir.write("trace.csv", trace);
    let answer = good(keyviz().arg("replay").arg(&file).arg("--no-serve").output().unwrap());
    let hottest = answer.lines().skip_while(|line| *line != "hottest ranges").nth(2).unwrap();
    assert!(hottest.contains("40.0 %") && hottest.ends_with("prefix hot:"), "{answer}");
}

#[test]
fn a_trace_of_nothing_says_what_it_lacks() {
    let dir = Dir::new();
    for (text, why) in [
        ("OK\n", "no command came while it was captured"),
        ("ts_us,op,key\n", "has no record: it has a header and nothing else"),
        ("ts_us,op,key\n1,fetch,a\n", "known: r, read, get"),
        ("ts_us,op,key\n1.5,r,a\n", "whole microseconds"),
    ] {
        let file = dir.write("trace", text);
        let told = bad(keyviz().arg("replay").arg(&file).arg("--no-serve").output().unwrap());
        assert!(told.contains(why), "{told}");
    }
}
