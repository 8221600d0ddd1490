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
use std::path::PathBuf;

/// Files whose endpoint exists.
const RUN: [&str; 1] = ["matrix.json"];
/// Files of an endpoint that this version does not have, with a path that shows its absence.
const WAITING: [(&str, &str); 1] = [("hotkeys.json", "/admin/api/v1/keyviz/hotkeys")];

fn folder() -> PathBuf {
    let root = match std::env::var_os("KEYVIZ_CONFORMANCE_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance"),
    };
    root.join("http_params")
}

#[test]
fn every_file_is_run_or_waits_for_its_endpoint() {
    let mut there: Vec<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    let mut known: Vec<&str> = RUN.into_iter().chain(WAITING.map(|(file, _)| file)).collect();
    known.sort_unstable();
    assert_eq!(there, known, "a file of http_params is neither run nor named as waiting");
    let server = Server::start(Admin::builder(Some(sampled())).build());
    for (file, path) in WAITING {
        // The day the endpoint exists its file has to move.
        assert_eq!(server.get(path).error(), "not_found", "{file}");
    }
}

#[test]
fn recorded_cases() {
    let server = Server::start(Admin::builder(Some(sampled())).build());
    let mut checked = 0;
    for file in RUN {
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
            assert_eq!(u64::from(answer.status), case["status"].as_u64().unwrap(), "{case}: {answer:?}");
            match member("error") {
                // The one column lies within every bound that the cases give.
                "" => assert_eq!(answer.json()["column_unix_ms"].as_array().unwrap().len(), 1, "{case}"),
                code => assert_eq!(answer.error(), code, "{case}"),
            }
            checked += 1;
        }
    }
    println!("http_params: checked {checked} cases of {RUN:?}; waiting for their endpoints: {WAITING:?}");
    assert_eq!(checked, 17);
}
