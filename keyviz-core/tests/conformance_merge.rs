//! The recorded merges of several nodes, run against the core's decoder, merge and encoder.
//!
//! The folder is the one that `KEYVIZ_CONFORMANCE_DIR` names, else the committed copy. What the cases' README allows to
//! differ is applied here, by file, and nothing else.

#![cfg(feature = "serde")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]

use std::path::PathBuf;

use keyviz_core::wire::{decode, encode};
use keyviz_core::{Answer, MatrixQuery, Merged, merge};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    let root = match std::env::var_os("KEYVIZ_CONFORMANCE_DIR") {
        Some(dir) => dir.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance"),
    };
    root.join("merge")
}

fn decoded(value: &Value) -> Answer {
    decode::answer(value.to_string().as_bytes(), &decode::Limits::default()).unwrap()
}

/// The rows by their order in the result: by start, then bucket id. The recording has them as they were first seen.
fn rows(answer: &Value) -> Vec<Value> {
    let mut rows = answer["rows"].as_array().unwrap().clone();
    let start = |row: &Value| {
        decoded(&json!({"series": "reads", "column_unix_ms": [], "rows": [{"bucket_id": "x", "start": row["start"]}]}))
            .rows[0]
            .start
            .clone()
    };
    rows.sort_by_key(|row| (start(row), row["bucket_id"].as_str().unwrap().to_owned()));
    rows
}

/// Members may be absent where they are empty or false, `conflict` never is; no list of groups or terms means zeros.
fn compare_row(name: &str, ours: &Value, expected: &Value, columns: usize) {
    for (member, expected) in expected.as_object().unwrap() {
        let zeros = json!(vec![0; columns]);
        let absent = matches!(member.as_str(), "raft_group_ids" | "leader_terms") && *expected == zeros;
        match ours.get(member) {
            Some(ours) => assert_eq!(ours, expected, "{name}: {member}"),
            None => assert!(absent, "{name}: {member} is absent"),
        }
    }
    assert_eq!(ours["conflict"], expected.get("conflict").cloned().unwrap_or(json!(false)), "{name}");
    for member in ["label", "conflicts", "estimated", "route_ids", "route_ids_truncated", "draining"] {
        assert_eq!(ours.get(member), expected.get(member), "{name}: {member}");
    }
}

/// What differs by design, by file, as the README's table has it.
fn allow(name: &str, case: &mut Value) {
    let expect = &mut case["expect"];
    match name {
        "input_conflict_dropped" => {
            expect["rows"][0]["conflict"] = json!(true);
            expect["rows"][0]["conflicts"] = json!([true, false]);
        }
        "wrap" => {
            expect["rows"][0]["values"] = json!([u64::MAX, u64::MAX]);
            expect["rows"][0]["estimated"] = json!([true, false]);
        }
        "columns_disjoint" => {
            expect["column_unix_ms"] = json!([1_700_000_400_000_u64, 1_700_000_460_000_u64]);
            expect["rows"][0]["values"] = json!([11, 22]);
            expect["rows"][0]["raft_group_ids"] = json!([1, 1]);
            expect["rows"][0]["leader_terms"] = json!([1, 1]);
        }
        "duplicate_columns_writes" => {
            expect["rows"][0]["values"] = json!([3, 3]);
            expect["rows"][0].as_object_mut().unwrap().retain(|member, _| !member.starts_with("conflict"));
        }
        _ => {}
    }
}

/// Virtual buckets are matched by range: each input's row stands as it is, under a name of its own.
fn check_aggregates(name: &str, case: &Value, ours: &Value) {
    let inputs: Vec<Value> = case["inputs"].as_array().unwrap().iter().flat_map(rows).collect();
    let found = ours["rows"].as_array().unwrap();
    assert_eq!(found.len(), inputs.len(), "{name}");
    let mut names: Vec<&str> = found.iter().map(|row| row["bucket_id"].as_str().unwrap()).collect();
    for input in &inputs {
        let row = found.iter().find(|row| row["start"] == input["start"] && row["end"] == input["end"]).unwrap();
        for member in ["values", "aggregate", "route_ids", "route_count"] {
            assert_eq!(row[member], input[member], "{name}: {member}");
        }
        assert_eq!(row["conflict"], false, "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), inputs.len(), "{name}: {names:?}");
}

fn check(name: &str, mut case: Value) {
    allow(name, &mut case);
    for member in case.as_object().unwrap().keys() {
        assert!(matches!(member.as_str(), "name" | "about" | "series" | "inputs" | "expect"), "{name}: {member}");
    }
    let inputs: Vec<Answer> = case["inputs"].as_array().unwrap().iter().map(decoded).collect();
    let forward = inputs.iter().cloned().enumerate().map(|(place, answer)| (place as u32, answer));
    let merged: Merged = merge(forward.clone(), &MatrixQuery::default()).unwrap();
    let backward: Vec<(u32, Answer)> = forward.collect();
    let again = merge(backward.into_iter().rev(), &MatrixQuery::default()).unwrap();
    assert_eq!(again, merged, "{name}: the order of arrival");
    let mut json = String::new();
    encode::answer(&merged.answer, &mut json);
    let ours: Value = serde_json::from_str(&json).unwrap();
    let expect = &case["expect"];
    assert_eq!(ours["series"], case["series"], "{name}");
    assert_eq!(ours["series"], expect["series"], "{name}");
    assert_eq!(ours["column_unix_ms"], expect["column_unix_ms"], "{name}: columns");
    if name.starts_with("aggregate_") {
        return check_aggregates(name, &case, &ours);
    }
    let (found, expected) = (ours["rows"].as_array().unwrap(), rows(expect));
    assert_eq!(found.len(), expected.len(), "{name}: rows");
    let columns = expect["column_unix_ms"].as_array().unwrap().len();
    for (ours, expected) in found.iter().zip(&expected) {
        compare_row(name, ours, expected, columns);
    }
}

#[test]
fn merge_cases() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no case", folder().display());
    for file in &files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        check(&name, serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap());
    }
    println!("merge: {} files checked", files.len());
}
