//! The recorded merges, merges of hot keys, and sketches, through the C ABI.
//!
//! What the recordings' README allows to differ the core's own test applies, by file, when it holds the core against
//! them. Here a merge through the ABI has to be the core's, to the byte, and where a case needs no allowance its values
//! are also held against the recording.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]
#![allow(unsafe_code, reason = "it calls what C calls; each pointer is of a value that outlives the call")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "said above, once for all calls")]

mod common;

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ptr;

use common::{bytes, done, files, number, without_instant};
use keyviz_core::wire::{decode, encode};
use keyviz_core::{AxisKind, MatrixQuery, merge};
use keyviz_ffi::*;
use serde_json::Value;

/// The text of a buffer, which is closed.
fn taken(buffer: keyviz_buffer) -> String {
    let (mut data, mut len) = (ptr::null(), 0);
    done(unsafe { keyviz_buffer_view(buffer, &mut data, &mut len) });
    let text = unsafe { CStr::from_ptr(data) }.to_str().unwrap().to_owned();
    assert_eq!(text.len(), len);
    done(keyviz_buffer_close(buffer));
    text
}

/// Answers by place, taken in by one coordinator in this order.
fn coordinator(answers: &[(u32, String)]) -> keyviz_coordinator {
    let mut made = keyviz_coordinator { bits: 0 };
    done(unsafe { keyviz_coordinator_open(0, &mut made) });
    for (place, json) in answers {
        done(unsafe { keyviz_coordinator_add_json(made, *place, json.as_ptr().cast(), json.len(), 0) });
    }
    made
}

fn picture(coordinator: keyviz_coordinator, asked: &keyviz_query) -> String {
    let mut buffer = keyviz_buffer { bits: 0 };
    done(unsafe { keyviz_coordinator_json(coordinator, asked, ptr::null(), 0, &mut buffer) });
    taken(buffer)
}

fn asked(axis: AxisKind) -> keyviz_query {
    let mut asked: keyviz_query = unsafe { std::mem::zeroed() };
    asked.size = size_of::<keyviz_query>();
    asked.axis = if axis == AxisKind::Range { keyviz_axis::Range as u32 } else { keyviz_axis::Route as u32 };
    asked
}

/// Cases of `merge` in which the recording differs by design.
fn merges_otherwise(name: &str) -> bool {
    name.starts_with("aggregate_")
        || matches!(
            name,
            "input_conflict_dropped" | "wrap" | "columns_disjoint" | "duplicate_columns" | "duplicate_columns_writes"
        )
}

/// The arrays have what the JSON has.
fn same_arrays(name: &str, coordinator: keyviz_coordinator, asked: &keyviz_query, json: &Value) {
    let mut matrix = keyviz_matrix { bits: 0 };
    done(unsafe { keyviz_coordinator_read(coordinator, asked, &mut matrix) });
    let mut arrays: keyviz_matrix_arrays = unsafe { std::mem::zeroed() };
    arrays.size = size_of::<keyviz_matrix_arrays>();
    done(unsafe { keyviz_matrix_view(matrix, &mut arrays) });
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(arrays.rows, rows.len(), "{name}");
    assert_eq!(arrays.columns, json["column_unix_ms"].as_array().unwrap().len(), "{name}");
    for (at, row) in rows.iter().enumerate() {
        let id = unsafe { CStr::from_ptr(*arrays.row_id.add(at)) }.to_str().unwrap();
        assert_eq!(id, row["bucket_id"], "{name}");
        let label = unsafe { arrays.row_label_name.add(at).read() };
        let label = (!label.is_null()).then(|| unsafe { CStr::from_ptr(label) }.to_str().unwrap().to_owned());
        assert_eq!(label.as_deref(), row.get("label").map(|label| label.as_str().unwrap()), "{name}");
        let conflict = unsafe { *arrays.row_flags.add(at) } & KEYVIZ_ROW_CONFLICT != 0;
        assert_eq!(conflict, row["conflict"], "{name}");
        for column in 0..arrays.columns {
            let cell = at * arrays.columns + column;
            let value = |member: &str| row.get(member).map_or(0, |list| number(&list[column]));
            let flag = |member: &str| row.get(member).is_some_and(|list| list[column] == true);
            let given = |list: *const u64| if list.is_null() { 0 } else { unsafe { *list.add(cell) } };
            let marked = |list: *const u8| !list.is_null() && unsafe { *list.add(cell) } == 1;
            assert_eq!(given(arrays.values), value("values"), "{name}");
            assert_eq!(given(arrays.groups), value("raft_group_ids"), "{name}");
            assert_eq!(given(arrays.terms), value("leader_terms"), "{name}");
            assert_eq!(marked(arrays.conflicts), flag("conflicts"), "{name}");
            assert_eq!(marked(arrays.estimated), flag("estimated"), "{name}");
            assert_eq!(marked(arrays.missing), flag("missing"), "{name}");
        }
    }
    for column in 0..arrays.columns {
        let nodes = u64::from(unsafe { *arrays.column_nodes.add(column) });
        assert_eq!(nodes, number(&json["column_nodes"][column]), "{name}");
    }
    done(keyviz_matrix_close(matrix));
}

#[test]
fn merges() {
    let (files, mut compared) = (files("merge"), 0);
    for (name, case) in &files {
        let known = ["name", "about", "series", "inputs", "expect"];
        assert!(case.as_object().unwrap().keys().all(|member| known.contains(&member.as_str())), "{name}");
        let inputs: Vec<(u32, String)> =
            (0..).zip(case["inputs"].as_array().unwrap().iter().map(Value::to_string)).collect();
        let one = coordinator(&inputs);
        let backwards: Vec<(u32, String)> = inputs.iter().rev().cloned().collect();
        let other = coordinator(&backwards);
        // Each answer by a coordinator of its own, and all of those by one above.
        let above = coordinator(&[]);
        for input in &inputs {
            let below = coordinator(std::slice::from_ref(input));
            done(keyviz_coordinator_join(above, below));
            done(keyviz_coordinator_close(below));
        }
        for axis in [AxisKind::Route, AxisKind::Range] {
            let limits = decode::Limits::default();
            let answers = inputs.iter().map(|(at, json)| (*at, decode::answer(json.as_bytes(), &limits).unwrap()));
            let core = merge(answers, &MatrixQuery { axis, ..MatrixQuery::default() }).unwrap();
            let mut json = String::new();
            encode::answer(&core.answer, &mut json);
            let (core, asked) = (without_instant(&json), asked(axis));
            for each in [one, other, above] {
                assert_eq!(without_instant(&picture(each, &asked)), core, "{name}");
            }
            same_arrays(name, one, &asked, &core);
            if axis == AxisKind::Route && !merges_otherwise(name) {
                let expect = &case["expect"];
                assert_eq!(core["column_unix_ms"], expect["column_unix_ms"], "{name}");
                // The recording has rows as they were first seen.
                let values = |of: &Value| -> BTreeMap<String, Value> {
                    let rows = of["rows"].as_array().unwrap().iter();
                    rows.map(|row| (row["bucket_id"].to_string(), row["values"].clone())).collect()
                };
                assert_eq!(values(&core), values(expect), "{name}");
                compared += 1;
            }
        }
        for each in [one, other, above] {
            done(keyviz_coordinator_close(each));
        }
    }
    println!("merge: {} files alike, {compared} of them held against the recording", files.len());
    assert!(compared >= 20, "{compared}");
}

fn decoded(json: &str) -> keyviz_hot_keys {
    let mut list = keyviz_hot_keys { bits: 0 };
    done(unsafe { keyviz_hot_keys_decode(json.as_ptr().cast(), json.len(), &mut list) });
    list
}

/// Unix milliseconds of one of the instants that the cases have, which are all of one minute.
fn instant(text: &Value) -> u64 {
    let text = text.as_str().unwrap();
    let rest = text.strip_prefix("2023-11-14T22:20:").and_then(|rest| rest.strip_suffix('Z')).unwrap();
    let seconds: f64 = rest.parse().unwrap();
    1_700_000_400_000 + (seconds * 1000.0).round() as u64
}

#[test]
fn merges_of_hot_keys() {
    let files = files("hotkeys_merge");
    for (name, case) in &files {
        assert_eq!(case.as_object().unwrap().len(), 5, "{name}: a member this test does not know");
        let lists: Vec<keyviz_hot_keys> =
            case["inputs"].as_array().unwrap().iter().map(|input| decoded(&input.to_string())).collect();
        let top = u32::try_from(number(&case["top"])).unwrap();
        let merged = |lists: &[keyviz_hot_keys]| {
            let (mut merged, mut buffer) = (keyviz_hot_keys { bits: 0 }, keyviz_buffer { bits: 0 });
            done(unsafe { keyviz_hot_keys_merge(lists.as_ptr(), lists.len(), top, &mut merged) });
            done(unsafe { keyviz_hot_keys_list_json(merged, &mut buffer) });
            done(keyviz_hot_keys_close(merged));
            taken(buffer)
        };
        let json = merged(&lists);
        let backwards: Vec<keyviz_hot_keys> = lists.iter().rev().copied().collect();
        assert_eq!(merged(&backwards), json, "{name}");
        let ours: Value = serde_json::from_str(&json).unwrap();
        for (member, expected) in case["expect"].as_object().unwrap() {
            match member.as_str() {
                "keys" => {
                    let keys = |of: &Value| -> Vec<(Value, Value)> {
                        let keys = of.as_array().unwrap().iter();
                        keys.map(|key| (key["key_b64"].clone(), key["count"].clone())).collect()
                    };
                    assert_eq!(keys(&ours[member]), keys(expected), "{name}");
                }
                "snapshot_at" => assert_eq!(instant(&ours[member]), instant(expected), "{name}"),
                _ => assert_eq!(ours[member], *expected, "{name}: {member}"),
            }
        }
        for list in lists {
            done(keyviz_hot_keys_close(list));
        }
    }
    println!("hotkeys_merge: {} files checked", files.len());
}

/// Keys with count and error, of a sketch of so many keys that every operation of a stream goes through.
fn sketch(capacity: u64, stream: &[Vec<u8>]) -> Vec<(Vec<u8>, u64, u64)> {
    let mut config: keyviz_config = unsafe { std::mem::zeroed() };
    config.size = size_of::<keyviz_config>();
    let mut kv = keyviz_sampler { bits: 0 };
    unsafe {
        done(keyviz_config_within(64 << 20, &mut config));
        (config.max_routes, config.max_known_routes, config.hot_keys, config.sample_every) = (1, 0, 1, 1);
        (config.hot_key_sketches, config.hot_key_entries) = (1, u32::try_from(capacity).unwrap());
        done(keyviz_open(&config, 0, &mut kv));
        done(keyviz_register(kv, 1, ptr::null(), 0, ptr::null(), 0, 0, ptr::null_mut()));
    }
    for (at, key) in stream.iter().enumerate() {
        done(unsafe { keyviz_observe(kv, 1, keyviz_op::Write as u32, key.as_ptr().cast(), key.len(), 0) });
        if at % 1000 == 0 {
            done(keyviz_drain_samples(kv));
        }
    }
    done(keyviz_flush(kv, 60_000));
    let mut asked: keyviz_query = unsafe { std::mem::zeroed() };
    (asked.size, asked.by_route, asked.route) = (size_of::<keyviz_query>(), 1, 1);
    let mut hot = keyviz_hot_keys { bits: 0 };
    let status = unsafe { keyviz_hot_keys_read(kv, &asked, &mut hot) };
    if stream.is_empty() {
        assert_eq!(status, keyviz_status::NoSketch);
        done(keyviz_close(kv));
        return Vec::new();
    }
    done(status);
    let mut list: keyviz_hot_key_list = unsafe { std::mem::zeroed() };
    list.size = size_of::<keyviz_hot_key_list>();
    done(unsafe { keyviz_hot_keys_view(hot, &mut list) });
    let keys = (0..list.count).map(|at| unsafe {
        let key = *list.keys.add(at);
        (std::slice::from_raw_parts(key.key.cast::<u8>(), key.key_len).to_vec(), key.count, key.error)
    });
    let keys = keys.collect();
    done(keyviz_hot_keys_close(hot));
    done(keyviz_close(kv));
    keys
}

#[test]
fn sketches() {
    let files = files("space_saving");
    for (name, case) in &files {
        let known = ["name", "about", "capacity", "stream", "expect", "guarantee", "keys", "stream_idx"];
        assert!(case.as_object().unwrap().keys().all(|member| known.contains(&member.as_str())), "{name}");
        let stream: Vec<Vec<u8>> = match case.get("stream") {
            Some(stream) => stream.as_array().unwrap().iter().map(bytes).collect(),
            None => {
                let keys: Vec<Vec<u8>> = case["keys"].as_array().unwrap().iter().map(bytes).collect();
                let at = case["stream_idx"].as_array().unwrap().iter();
                at.map(|at| keys[usize::try_from(number(at)).unwrap()].clone()).collect()
            }
        };
        let mut truth: BTreeMap<&[u8], u64> = BTreeMap::new();
        stream.iter().for_each(|key| *truth.entry(key).or_default() += 1);
        let truth = |key: &[u8]| truth.get(key).copied().unwrap_or(0);
        let hot = sketch(number(&case["capacity"]), &stream);
        assert_eq!(hot.iter().map(|(_, count, _)| count).sum::<u64>(), stream.len() as u64, "{name}");
        for (key, count, error) in &hot {
            assert!(count - error <= truth(key) && truth(key) <= *count, "{name}: {key:?}");
        }
        if let Some(expect) = case.get("expect") {
            let mut found: Vec<_> = hot.iter().map(|(key, count, _)| (u64::MAX - count, key.clone())).collect();
            found.sort();
            let entries = expect["entries"].as_array().unwrap();
            let expected: Vec<_> = entries.iter().map(|e| (u64::MAX - number(&e[1]), bytes(&e[0]))).collect();
            assert_eq!(found, expected, "{name}");
        }
        if let Some(guarantee) = case.get("guarantee") {
            let error_max = number(&guarantee["error_max"]);
            for heavy in guarantee["heavy"].as_array().unwrap() {
                let key = bytes(&heavy[0]);
                assert!(hot.iter().any(|(hot, _, _)| *hot == key), "{name}: {key:?} is not kept");
            }
            for (key, count, error) in &hot {
                assert!(*count <= truth(key) + error_max && *error <= error_max, "{name}: {key:?}");
            }
        }
        assert!(case.get("expect").is_some() || case.get("guarantee").is_some(), "{name}: nothing to hold it against");
    }
    println!("space_saving: {} files checked", files.len());
}
