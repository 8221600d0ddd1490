//! Recorded cases against the static form with nothing but what the lowest feature rung has: `conformance`
//! runs all of them where there is an allocator; these are run on every rung, each in a static of its own.
//! Compared are the counts of every division of every route, per column, with its bounds.

#![cfg(not(keyviz_loom))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use keyviz_core::{FixedWriter, Op, RouteId, Shared};
use serde_json::Value;

/// A route, a division of it, its bounds.
type Name = (u64, u64, Vec<u8>, Option<Vec<u8>>);
/// What each has in a column.
type Rows = BTreeMap<Name, [u64; 4]>;

/// A writer's own memory is large here; no test thread's stack holds it.
const STACK: usize = 256 << 20;

fn case(category: &str, name: &str) -> Value {
    let folder = match std::env::var_os("KEYVIZ_CONFORMANCE_DIR") {
        Some(dir) => dir.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance"),
    };
    let path = folder.join(category).join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("not an unsigned number: {value}"))
}

fn bytes(value: &Value) -> Vec<u8> {
    let (mut out, mut word, mut bits) = (Vec::new(), 0u32, 0);
    for letter in value.as_str().unwrap().bytes().filter(|b| *b != b'=') {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        word = word << 6 | alphabet.iter().position(|known| *known == letter).unwrap() as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    out
}

fn bound(value: &Value) -> Option<Vec<u8>> {
    if value.is_null() { None } else { Some(bytes(value)).filter(|bound| !bound.is_empty()) }
}

/// The columns whose window's end lies in `[from_ms, to_ms)`, by that end.
fn columns(writer: &FixedWriter<'_>, from_ms: u64, to_ms: u64) -> BTreeMap<u64, Rows> {
    let mut columns = BTreeMap::new();
    writer.for_each_cell(false, |column, cell| {
        if column.end_ms < from_ms || to_ms != 0 && column.end_ms >= to_ms {
            return;
        }
        let name = (
            cell.route.0,
            cell.sub_bucket.into(),
            cell.start.bytes().collect(),
            cell.end.map(|end| end.bytes().collect()),
        );
        let counts: &mut [u64; 4] =
            columns.entry(column.end_ms).or_insert_with(Rows::new).entry(name).or_insert([0; 4]);
        let now = [cell.counts.reads, cell.counts.writes, cell.counts.read_bytes, cell.counts.write_bytes];
        counts.iter_mut().zip(now).for_each(|(sum, add)| *sum += add);
    });
    for rows in columns.values_mut() {
        rows.retain(|_, counts| *counts != [0; 4]);
    }
    columns.retain(|_, rows| !rows.is_empty());
    columns
}

fn recorded(step: &Value) -> BTreeMap<u64, Rows> {
    let mut columns = BTreeMap::new();
    for column in step["expect_columns"].as_array().unwrap() {
        for row in column["rows"].as_array().unwrap() {
            let name = (number(&row["route"]), number(&row["sub_bucket"]), bytes(&row["start"]), bound(&row["end"]));
            let counts = ["reads", "writes", "read_bytes", "write_bytes"].map(|series| number(&row[series]));
            let sums: &mut [u64; 4] =
                columns.entry(number(&column["at_ms"])).or_insert_with(Rows::new).entry(name).or_insert([0; 4]);
            sums.iter_mut().zip(counts).for_each(|(sum, add)| *sum += add);
        }
    }
    columns
}

fn run(name: &str, case: &Value, shared: &'static Shared, writer: &mut FixedWriter<'_>) {
    let recorder = shared.recorder().unwrap();
    let (mut now_ms, mut snapshots) = (number(&case["start_ms"]), 0);
    for step in case["steps"].as_array().unwrap() {
        let route = || RouteId(number(&step["route"]));
        match step["op"].as_str().unwrap() {
            "register" => {
                let (start, end) = (bytes(&step["start"]), bound(&step["end"]));
                writer.register(route(), &start, end.as_deref(), number(&step["group"])).unwrap();
            }
            "remove" => {
                writer.remove(route());
            }
            "observe" => {
                let op = if step["kind"] == "read" { Op::Read } else { Op::Write };
                for _ in 0..number(&step["times"]) {
                    recorder.observe(route(), op, &bytes(&step["key"]), number(&step["value_len"]));
                }
            }
            "set_term" => writer.set_term(number(&step["group"]), number(&step["term"])),
            "advance_ms" => now_ms += number(&step["ms"]),
            "flush" => writer.flush(now_ms),
            "snapshot" => {
                let ours = columns(writer, number(&step["from_ms"]), number(&step["to_ms"]));
                assert_eq!(ours, recorded(step), "{name}");
                snapshots += 1;
            }
            // What these ask of needs an allocator.
            "matrix" | "sub_bucket_bounds" => {}
            other => panic!("{name}: unknown op {other}"),
        }
    }
    assert!(snapshots > 0, "{name} compares nothing");
}

macro_rules! cases {
    ($($category:ident / $name:ident: $step_ms:literal ms, $columns:literal columns, $routes:literal routes, K $k:literal;)+) => {
        $(#[test]
        fn $name() {
            keyviz_core::fixed! {
                mod sampler {
                    step_ms: $step_ms,
                    max_routes: $routes,
                    max_draining: 64,
                    sub_buckets: $k,
                    history_columns: $columns,
                    max_bound_len: 64,
                }
            }
            let case = case(stringify!($category), stringify!($name));
            let options = &case["options"];
            let given = ["step_ms", "history_columns", "max_tracked_routes", "key_buckets_per_route"];
            assert_eq!(given.map(|option| number(&options[option])), [$step_ms, $columns, $routes, $k]);
            assert_eq!(options["labels_enabled"], false);
            let work = move || {
                let mut memory = sampler::Memory::new();
                let mut writer = memory.claim(&sampler::SHARED, number(&case["start_ms"])).unwrap();
                run(stringify!($name), &case, &sampler::SHARED, &mut writer);
            };
            std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
        })+
    };
}

cases! {
    counting / basic: 60_000 ms, 16 columns, 100 routes, K 1;
    counting / idle_rows: 60_000 ms, 16 columns, 100 routes, K 1;
    counting / register_twice: 60_000 ms, 16 columns, 100 routes, K 1;
    counting / row_order: 60_000 ms, 16 columns, 100 routes, K 1;
    counting / unknown_route: 60_000 ms, 16 columns, 100 routes, K 1;
    counting / zero_bytes: 60_000 ms, 16 columns, 100 routes, K 1;
    history / wrap_4: 1000 ms, 4 columns, 100 routes, K 1;
    history / wrap_5: 1000 ms, 5 columns, 100 routes, K 1;
    churn / many_cycles: 1000 ms, 16 columns, 100 routes, K 1;
    churn / remove_pending_counts: 1000 ms, 16 columns, 100 routes, K 1;
    churn / reregister_after_grace: 1000 ms, 16 columns, 100 routes, K 1;
    churn / split_like: 1000 ms, 16 columns, 100 routes, K 1;
    terms / group_change: 60_000 ms, 16 columns, 3 routes, K 1;
    subrange / k002: 60_000 ms, 16 columns, 100 routes, K 2;
    subrange / k004: 60_000 ms, 16 columns, 100 routes, K 4;
    subrange / k016: 60_000 ms, 16 columns, 100 routes, K 16;
    subrange / random_routes: 60_000 ms, 16 columns, 100 routes, K 7;
    subrange / span_cap: 60_000 ms, 16 columns, 100 routes, K 16;
    random / r0_k1_n12: 3000 ms, 5 columns, 100 routes, K 1;
    random / r1_k4_n20: 60_000 ms, 5 columns, 40 routes, K 4;
    random / r4_k1_n60: 60_000 ms, 5 columns, 90 routes, K 1;
}
