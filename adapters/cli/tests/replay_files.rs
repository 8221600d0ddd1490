//! The files that `keyviz replay` writes.
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

use common::{Dir, Running, bad, good, keyviz, matrix, total};

/// Keys that a spreadsheet, a terminal or a CSV reader would stumble over.
fn hard() -> String {
    let mut trace = "ts_us,op,key:hex,count\n".to_owned();
    for (n, key) in
        [&b"=1+1"[..], b"+x", b"-x", b"@x", b"a,\"b\"\n", b"\x1b[31m", b"user:1", b"\xff\xfe"].iter().enumerate()
    {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        for second in 0..20 {
            writeln!(trace, "{},read,{hex},{}", 1_700_000_000_000_000_u64 + second * 1_000_000, n + 1).unwrap();
        }
    }
    trace
}

#[test]
fn csv_is_whole_and_no_formula() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", hard());
    let csv = dir.path().join("matrix.csv");
    let said = good(keyviz().arg("replay").arg(&file).args(["--step", "1s"]).arg("--csv").arg(&csv).output().unwrap());
    assert!(said.contains("csv       "), "{said}");
    let text = std::fs::read_to_string(&csv).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("start,end,2023-11-14T22:13:20.000Z,2023-11-14T22:13:21.000Z,"));
    let mut sum = 0;
    for line in lines {
        // Bounds hold no comma here but in quotes.
        let values: Vec<&str> = line.rsplit(',').take(20).collect();
        sum += values.iter().map(|value| value.parse::<u64>().unwrap()).sum::<u64>();
        for field in line.split("\",").map(|field| field.trim_start_matches(['"', ','])) {
            assert!(!field.starts_with(['=', '+', '-', '@', '\t']), "{line}");
        }
    }
    assert_eq!(sum, 20 * (1..=8).sum::<u64>());
    assert!(text.contains("\\x3d") && !text.contains('\x1b'), "{text}");
}

#[test]
fn a_png_of_1600_by_900() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", hard());
    let png = dir.path().join("picture.png");
    let run = || {
        good(keyviz().arg("replay").arg(&file).arg("-q").arg("--png").arg(&png).output().unwrap());
        std::fs::read(&png).unwrap()
    };
    let bytes = run();
    assert_eq!(bytes, run(), "the same file gives the same picture");
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (1600, 900));
    let colors: std::collections::HashSet<&[u8]> = pixels.chunks(3).collect();
    assert!(colors.len() > 50, "a scale of colours: {}", colors.len());
}

#[test]
fn a_page_in_a_file_has_every_series_and_no_way_out_of_its_script() {
    let dir = Dir::new();
    let mut trace = hard();
    for key in ["</script>", "<!--", "\u{2028}"] {
        let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        writeln!(trace, "1700000020000000,write,{hex},1").unwrap();
    }
    let file = dir.write("<trace>.csv", trace);
    let html = dir.path().join("page.html");
    let said = good(keyviz().arg("replay").arg(&file).arg("--html").arg(&html).output().unwrap());
    assert!(said.contains("html      "), "{said}");
    let page = std::fs::read_to_string(&html).unwrap();
    assert_eq!(page.matches("</script>").count(), 2);
    let (_, rest) = page.split_once("id=\"recorded\">").unwrap();
    let (answers, _) = rest.split_once("</script>").unwrap();
    assert!(!answers.contains(['<', '>', '&', '\u{2028}']));
    let answers: serde_json::Value = serde_json::from_str(answers).unwrap();
    assert_eq!((&answers["series"], &answers["status"]["mode"]), (&"ops".into(), &"static".into()));
    let totals = ["ops", "reads", "writes"].map(|series| total(&answers["matrices"][series]));
    assert_eq!(totals, [723, 720, 3]);
    assert!(answers["status"]["notice"]["text"].as_str().unwrap().contains("<trace>.csv"));
}

#[test]
fn a_page_too_large_for_a_browser_is_refused() {
    let dir = Dir::new();
    let (mut trace, mut routes) = ("ts_us,op,key\n".to_owned(), String::new());
    for n in 0..35_000_u64 {
        writeln!(trace, "{},r,k{:04}", n * 100_000, n % 1000).unwrap();
    }
    for n in 1..1000 {
        writeln!(routes, "k{n:04}").unwrap();
    }
    let (file, routes) = (dir.write("wide.csv", trace), dir.write("routes", routes));
    let html = dir.path().join("page.html");
    let mut command = keyviz();
    command.arg("replay").arg(&file).args(["--step", "100ms", "--routes"]).arg(&routes).arg("--html").arg(&html);
    let refused = bad(command.output().unwrap());
    assert!(refused.contains("1000 rows x 35000 columns make too large a file; take a longer step"), "{refused}");
    assert!(!html.exists());
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", hard());
    for flag in ["--csv", "--png", "--html"] {
        let output = keyviz().arg("replay").arg(&file).arg(flag).arg(dir.path().join("no/dir")).output().unwrap();
        assert!(bad(output).contains("its folder is not there"), "{flag}");
        let output = keyviz().arg("replay").arg(&file).args([flag, "/dev/full"]).output().unwrap();
        assert!(bad(output).contains("writing "), "{flag}");
    }
}

#[test]
fn serve_goes_on_beside_a_file() {
    let dir = Dir::new();
    let file = dir.write("trace.csv", hard());
    let csv = dir.path().join("matrix.csv");
    let mut running = Running::start(
        keyviz().arg("replay").arg(&file).args(["--serve", "--listen", "127.0.0.1:0", "--csv"]).arg(&csv),
    );
    let host = running.host();
    assert!(csv.exists());
    assert_eq!(total(&matrix(&host, "series=ops&open=1")), 720);
    running.signal("INT");
    assert!(running.ended().success());
}
