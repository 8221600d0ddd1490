//! The recorded cases of `http_params`, over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{Server, sampled};
use keyviz_admin::Admin;
use keyviz_core::{Config, Labels, Reader, RouteId, Sampler};
use std::path::PathBuf;

/// The files, and how many cases each has.
const RUN: [(&str, usize); 2] = [("hotkeys.json", 17), ("matrix.json", 17)];

fn folder() -> PathBuf {
    let root = match std::env::var_os("KEYVIZ_CONFORMANCE_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance"),
    };
    root.join("http_params")
}

#[test]
fn every_file_is_run() {
    let mut there: Vec<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, RUN.map(|(file, _)| file), "a file of http_params is not run");
}

/// The sampler that the cases of `/hotkeys` have: route 1, undivided, nothing flushed.
fn sampling_keys() -> Reader {
    let mut config = Config::default();
    config.hot_keys = true;
    config.labels = Labels::new(&["dynamo", "redis", "s3", "sqs", "rawkv"]).unwrap();
    let sampler = Sampler::new(config, 0).unwrap();
    sampler.register(RouteId(1), b"a", None, 0).unwrap();
    sampler.reader()
}

/// The code that a case expects, with the one allowance: hot keys of reads are there, too.
fn expected(case: &serde_json::Value) -> (u64, &str) {
    if case["query"] == "route_id=1&series=reads" {
        return (404, "no_snapshot");
    }
    (case["status"].as_u64().unwrap(), case["error"].as_str().unwrap())
}

#[test]
fn recorded_cases() {
    for (file, cases) in RUN {
        let reader = if file == "hotkeys.json" { sampling_keys() } else { sampled() };
        let server = Server::start(Admin::builder(Some(reader)).build());
        let mut checked = 0;
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        let recorded: serde_json::Value = serde_json::from_str(&text).unwrap();
        for case in recorded["cases"].as_array().unwrap() {
            let member = |name: &str| case[name].as_str().unwrap();
            assert_eq!(case.as_object().unwrap().len(), 5, "a member this test does not know: {case}");
            let target = match member("query") {
                "" => member("path").to_owned(),
                query => format!("{}?{query}", member("path")),
            };
            let answer = server.request(member("method"), &target, "");
            let (status, error) = expected(case);
            assert_eq!(u64::from(answer.status), status, "{case}: {answer:?}");
            match error {
                // The one column lies within every bound that the cases give.
                "" => assert_eq!(answer.json()["column_unix_ms"].as_array().unwrap().len(), 1, "{case}"),
                code => assert_eq!(answer.error(), code, "{case}"),
            }
            checked += 1;
        }
        println!("http_params: checked {checked} cases of {file}");
        assert_eq!(checked, cases);
    }
}
