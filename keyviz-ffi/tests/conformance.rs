//! The recorded scenarios, through the C ABI.
//!
//! Each case runs twice, step by step: through the ABI, and through the core, which its own test holds against the
//! recording with every allowance. Both must answer alike, as JSON on both axes and as arrays. Where a case needs no
//! allowance, what the arrays say is also held against the recording itself.
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
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use common::{bytes, done, files, folder, number, without_instant};
use keyviz_core::{AxisKind, Config, Labels, Matrix, MatrixQuery, Op, Recorder, RouteId, Sampler, Series, Tiers, wire};
use keyviz_ffi::*;
use serde_json::Value;

const CATEGORIES: [&str; 9] =
    ["counting", "history", "churn", "cap", "labels", "terms", "subrange", "matrix", "random"];

/// Cases in which the recording differs by design, so that only the core's own test compares with it.
fn needs_allowance(category: &str, name: &str) -> bool {
    category == "cap"
        || matches!(name, "unknown_label" | "cap_counts_routes" | "aggregate_fields" | "all_series" | "flip")
        || matches!(name, "reregister_inside_grace" | "reregister_after_grace" | "inverted_bounds")
}

fn bound(value: &Value) -> Option<Vec<u8>> {
    if value.is_null() { None } else { Some(bytes(value)).filter(|bound| !bound.is_empty()) }
}

fn at<T>(bytes: &[T]) -> *const c_void {
    bytes.as_ptr().cast()
}

/// A sampler behind the ABI and one of the core, with the same past.
struct Twins {
    name: String,
    kv: keyviz_sampler,
    recorder: keyviz_recorder,
    core: Sampler,
    core_recorder: Recorder,
    now_ms: u64,
    observed: u64,
}

impl Twins {
    fn new(name: String, case: &Value) -> Twins {
        let options = &case["options"];
        let names: &[&str] = match options["labels_enabled"].as_bool().unwrap() {
            true => &["dynamo", "redis", "s3", "sqs", "rawkv"],
            false => &[],
        };
        let now_ms = number(&case["start_ms"]);
        let mut core = Config::default();
        core.labels = Labels::new(names).unwrap();
        core.step_ms = number(&options["step_ms"]);
        core.history_columns = number(&options["history_columns"]) as u32;
        core.tiers = Tiers::NONE;
        core.max_routes = number(&options["max_tracked_routes"]) as u32;
        (core.max_draining, core.max_virtual, core.promote, core.max_known_routes) = (64, 64, false, 1000);
        core.max_members = number(&options["max_member_routes_per_slot"]) as u32;
        core.sub_buckets = number(&options["key_buckets_per_route"]) as u16;
        core.max_recorders = 2;
        let texts: Vec<CString> = names.iter().map(|name| CString::new(*name).unwrap()).collect();
        let texts: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let kv = open(&core, &texts, now_ms);
        let mut recorder = keyviz_recorder { bits: 0 };
        done(unsafe { keyviz_recorder_open(kv, &mut recorder) });
        let core = Sampler::new(core, now_ms).unwrap();
        Twins { name, kv, recorder, core_recorder: core.recorder(), core, now_ms, observed: 0 }
    }

    fn step(&mut self, step: &Value, compare: bool) {
        match step["op"].as_str().unwrap() {
            "register" => self.register(step),
            "remove" => {
                let route = number(&step["route"]);
                let status = keyviz_remove(self.kv, route);
                assert_eq!(status == keyviz_status::Ok, self.core.remove(RouteId(route)), "{}", self.name);
            }
            "observe" => self.observe(step),
            "set_term" => {
                let (group, term) = (number(&step["group"]), number(&step["term"]));
                done(keyviz_set_term(self.kv, group, term));
                self.core.set_term(group, term);
            }
            "advance_ms" => self.now_ms += number(&step["ms"]),
            "flush" => {
                done(keyviz_flush(self.kv, self.now_ms));
                self.core.flush(self.now_ms);
            }
            "snapshot" => self.snapshot(step, compare),
            "matrix" => self.matrix(step, compare),
            "sub_bucket_bounds" => self.sub_bucket_bounds(step, compare),
            other => panic!("{}: unknown op {other}", self.name),
        }
    }

    fn register(&mut self, step: &Value) {
        let (route, group) = (number(&step["route"]), number(&step["group"]));
        let (start, end) = (bytes(&step["start"]), bound(&step["end"]));
        let mut own = 7;
        let (end_at, end_len) = end.as_ref().map_or((ptr::null(), 0), |end| (at(end), end.len()));
        let status =
            unsafe { keyviz_register(self.kv, route, at(&start), start.len(), end_at, end_len, group, &mut own) };
        match self.core.register(RouteId(route), &start, end.as_deref(), group) {
            Ok(registered) => {
                done(status);
                assert_eq!(own, u32::from(registered.own_slot), "{}: register {route}", self.name);
                assert_eq!(own == 1, step["returns"].as_bool().unwrap(), "{}: register {route}", self.name);
            }
            Err(_) => assert_eq!(status, keyviz_status::EmptyRange, "{}: register {route}", self.name),
        }
    }

    /// By turns with the recorder, without one, and as a batch.
    fn observe(&mut self, step: &Value) {
        let (route, key, value_len) = (number(&step["route"]), bytes(&step["key"]), number(&step["value_len"]));
        let (number_of_op, op) = match step["kind"].as_str().unwrap() {
            "read" => (keyviz_op::Read as u32, Op::Read),
            "write" => (keyviz_op::Write as u32, Op::Write),
            other => panic!("{}: unknown kind {other}", self.name),
        };
        let name = step["label"].as_str().unwrap();
        let mut label = keyviz_label { bits: 0 };
        let text = CString::new(name).unwrap();
        let status = unsafe { keyviz_label_get(self.kv, text.as_ptr(), &mut label) };
        assert!(matches!(status, keyviz_status::Ok | keyviz_status::BadLabel));
        let batch =
            keyviz_operation { route, key: at(&key), key_len: key.len(), value_len, op: number_of_op, label, times: 1 };
        for _ in 0..number(&step["times"]) {
            self.observed += 1;
            let (key, len) = (at(&key), key.len());
            done(unsafe {
                match (self.observed % 4, label.bits) {
                    (0, 0) => keyviz_observe(self.kv, route, number_of_op, key, len, value_len),
                    (0, _) => keyviz_observe_labelled(self.kv, route, label, number_of_op, key, len, value_len),
                    (1, 0) => keyviz_recorder_observe(self.recorder, route, number_of_op, key, len, value_len),
                    (2, _) => keyviz_observe_batch(self.kv, &batch, 1),
                    (3, _) => keyviz_recorder_observe_batch(self.recorder, &batch, 1),
                    _ => {
                        keyviz_recorder_observe_labelled(self.recorder, route, label, number_of_op, key, len, value_len)
                    }
                }
            });
            let label = self.core.label(name);
            self.core_recorder.observe_labelled(RouteId(route), label, op, batch_key(&batch), value_len);
        }
    }

    /// All series of both axes, as JSON and as arrays.
    fn alike(&self, from_ms: u64, to_ms: u64, rows: usize) {
        for series in Series::ALL {
            for axis in [AxisKind::Route, AxisKind::Range] {
                let query = MatrixQuery { series, axis, from_ms, to_ms, rows, open: true, ..MatrixQuery::default() };
                let ours = self.core.reader().matrix(&query);
                let asked = asked(series, axis, from_ms, to_ms, rows, true);
                let mut json = String::new();
                wire::encode::matrix(&ours, 0, &mut json);
                assert_eq!(without_instant(&self.json(&asked)), without_instant(&json), "{}", self.name);
                self.arrays(&asked, |arrays| same_arrays(&self.name, arrays, &ours));
            }
        }
    }

    fn json(&self, asked: &keyviz_query) -> String {
        let (mut buffer, mut data, mut len) = (keyviz_buffer { bits: 0 }, ptr::null(), 0);
        done(unsafe { keyviz_matrix_json(self.kv, asked, &mut buffer) });
        done(unsafe { keyviz_buffer_view(buffer, &mut data, &mut len) });
        let text = unsafe { CStr::from_ptr(data) }.to_str().unwrap().to_owned();
        assert_eq!(text.len(), len);
        done(keyviz_buffer_close(buffer));
        text
    }

    fn arrays<T>(&self, asked: &keyviz_query, look: impl FnOnce(&keyviz_matrix_arrays) -> T) -> T {
        let mut matrix = keyviz_matrix { bits: 0 };
        done(unsafe { keyviz_matrix_read(self.kv, asked, &mut matrix) });
        let mut arrays: keyviz_matrix_arrays = unsafe { std::mem::zeroed() };
        arrays.size = size_of::<keyviz_matrix_arrays>();
        done(unsafe { keyviz_matrix_view(matrix, &mut arrays) });
        let seen = look(&arrays);
        done(keyviz_matrix_close(matrix));
        seen
    }

    /// Per end of a column and name of a row: what the recording has, and what the arrays have.
    fn snapshot(&self, step: &Value, compare: bool) {
        let (from_ms, to_ms) = (number(&step["from_ms"]), number(&step["to_ms"]));
        self.alike(from_ms, to_ms, 0);
        if !compare {
            return;
        }
        let mut recorded: BTreeMap<(u64, String), [u64; 4]> = BTreeMap::new();
        for column in step["expect_columns"].as_array().unwrap() {
            for row in column["rows"].as_array().unwrap() {
                let mut id = format!("route:{}", number(&row["route"]));
                if !row["label"].as_str().unwrap().is_empty() {
                    id = format!("{id}:{}", row["label"].as_str().unwrap());
                }
                if number(&row["sub_bucket_count"]) > 1 {
                    id = format!("{id}#{}", number(&row["sub_bucket"]));
                }
                let sums = recorded.entry((number(&column["at_ms"]), id)).or_default();
                for (sum, member) in sums.iter_mut().zip(["reads", "writes", "read_bytes", "write_bytes"]) {
                    *sum += number(&row[member]);
                }
            }
        }
        let mut ours: BTreeMap<(u64, String), [u64; 4]> = BTreeMap::new();
        for (which, series) in [Series::Reads, Series::Writes, Series::ReadBytes, Series::WriteBytes].iter().enumerate()
        {
            self.arrays(&asked(*series, AxisKind::Route, from_ms, to_ms, 0, false), |arrays| {
                for (row, column, value) in cells(arrays) {
                    let id = unsafe { CStr::from_ptr(*arrays.row_id.add(row)) }.to_str().unwrap();
                    // Rows with bounds of the past stand for the same route.
                    let id = id.split('~').next().unwrap().to_owned();
                    let end_ms = unsafe { *arrays.column_end_ms.add(column) };
                    if value > 0 {
                        ours.entry((end_ms, id)).or_default()[which] += value;
                    }
                }
            });
        }
        assert_eq!(ours, recorded, "{}", self.name);
    }

    fn sub_bucket_bounds(&self, step: &Value, compare: bool) {
        let (mut start, mut end) = (keyviz_buffer { bits: 0 }, keyviz_buffer { bits: 0 });
        let Ok(sub) = u32::try_from(step["sub_bucket"].as_i64().unwrap()) else { return };
        let status = unsafe { keyviz_sub_bucket_bounds(self.kv, number(&step["route"]), sub, &mut start, &mut end) };
        let taken = |buffer: keyviz_buffer| {
            let (mut data, mut len) = (ptr::null(), 0);
            done(unsafe { keyviz_buffer_view(buffer, &mut data, &mut len) });
            let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) }.to_vec();
            done(keyviz_buffer_close(buffer));
            bytes
        };
        let ours = (status == keyviz_status::Ok).then(|| (taken(start), (end.bits != 0).then(|| taken(end))));
        let core = self.core.sub_bucket_bounds(RouteId(number(&step["route"])), sub);
        assert_eq!(ours, core, "{}: {step}", self.name);
        // Ours do not depend on the label; the recording has none for a label it does not know.
        let label = step["label"].as_str().unwrap();
        if compare && (label.is_empty() || step["expect"]["ok"] == true) {
            let expect = &step["expect"];
            let recorded = expect["ok"].as_bool().unwrap().then(|| (bytes(&expect["start"]), bound(&expect["end"])));
            assert_eq!(ours, recorded, "{}: {step}", self.name);
        }
    }

    fn matrix(&self, step: &Value, compare: bool) {
        let series = Series::parse(step["series"].as_str().unwrap()).unwrap();
        let rows = step["rows"].as_i64().unwrap().max(0) as usize;
        let (from_ms, to_ms) = (number(&step["from_ms"]), number(&step["to_ms"]));
        self.alike(from_ms, to_ms, rows);
        if !compare {
            return;
        }
        let ours: Value =
            serde_json::from_str(&self.json(&asked(series, AxisKind::Route, from_ms, to_ms, rows, false))).unwrap();
        let expect = &step["expect"];
        assert_eq!(ours["column_unix_ms"], expect["column_unix_ms"], "{}", self.name);
        let (ours, expect) = (ours["rows"].as_array().unwrap(), expect["rows"].as_array().unwrap());
        assert_eq!(ours.len(), expect.len(), "{}", self.name);
        for (ours, expect) in ours.iter().zip(expect) {
            for member in ["bucket_id", "start", "end", "values", "route_count"] {
                assert_eq!(ours[member], expect[member], "{}: {member}", self.name);
            }
        }
    }
}

/// The configuration in the ABI's words, opened.
fn open(core: &Config, labels: &[*const c_char], now_ms: u64) -> keyviz_sampler {
    let mut config: keyviz_config = unsafe { std::mem::zeroed() };
    config.size = size_of::<keyviz_config>();
    done(unsafe { keyviz_config_defaults(&mut config) });
    (config.step_ms, config.history_columns) = (core.step_ms, core.history_columns);
    (config.max_routes, config.max_known_routes) = (core.max_routes, core.max_known_routes);
    (config.max_draining, config.max_virtual) = (core.max_draining, core.max_virtual);
    (config.promote, config.max_members) = (0, core.max_members);
    (config.sub_buckets, config.max_recorders) = (core.sub_buckets.into(), core.max_recorders);
    (config.labels, config.label_count) = (labels.as_ptr(), labels.len() as u32);
    config.tiers = [keyviz_tier { steps: 0, columns: 0 }; 3];
    let mut told = 0;
    done(unsafe { keyviz_config_memory_bytes(&config, &mut told) });
    assert_eq!(told, core.memory_bytes().unwrap() as u64);
    let mut kv = keyviz_sampler { bits: 0 };
    done(unsafe { keyviz_open(&config, now_ms, &mut kv) });
    kv
}

fn batch_key(batch: &keyviz_operation) -> &[u8] {
    unsafe { std::slice::from_raw_parts(batch.key.cast::<u8>(), batch.key_len) }
}

fn asked(series: Series, axis: AxisKind, from_ms: u64, to_ms: u64, rows: usize, open: bool) -> keyviz_query {
    let mut asked: keyviz_query = unsafe { std::mem::zeroed() };
    asked.size = size_of::<keyviz_query>();
    asked.series = match series {
        Series::Reads => keyviz_series::Reads as u32,
        Series::ReadBytes => keyviz_series::ReadBytes as u32,
        Series::WriteBytes => keyviz_series::WriteBytes as u32,
        Series::Scans => keyviz_series::Scans as u32,
        Series::Ops => keyviz_series::Ops as u32,
        _ => keyviz_series::Writes as u32,
    };
    asked.axis = if axis == AxisKind::Range { keyviz_axis::Range as u32 } else { keyviz_axis::Route as u32 };
    (asked.from_ms, asked.to_ms, asked.rows, asked.open) = (from_ms, to_ms, rows as u32, open.into());
    asked
}

/// Row, column and value of every cell.
fn cells(arrays: &keyviz_matrix_arrays) -> impl Iterator<Item = (usize, usize, u64)> {
    let (columns, values) = (arrays.columns, arrays.values);
    (0..arrays.rows * columns).map(move |at| (at / columns, at % columns, unsafe { *values.add(at) }))
}

fn same_arrays(name: &str, arrays: &keyviz_matrix_arrays, matrix: &Matrix) {
    assert_eq!((arrays.rows, arrays.columns), (matrix.rows.len(), matrix.columns.len()), "{name}");
    assert_eq!((arrays.axis_id, arrays.cut_rows), (matrix.axis_id, matrix.cut.rows), "{name}");
    for (row, column, value) in cells(arrays) {
        let ours = &matrix.rows[row];
        assert_eq!(value, ours.values[column], "{name}");
        let cell = row * arrays.columns + column;
        if !arrays.groups.is_null() {
            let (group, term) = unsafe { (*arrays.groups.add(cell), *arrays.terms.add(cell)) };
            assert_eq!(group, ours.groups.get(column).copied().unwrap_or(0), "{name}");
            assert_eq!(term, ours.terms.get(column).copied().unwrap_or(0), "{name}");
        }
        let estimated = !arrays.estimated.is_null() && unsafe { *arrays.estimated.add(cell) } == 1;
        assert_eq!(estimated, ours.estimated.get(column).copied().unwrap_or(false), "{name}");
    }
    let mut members = 0;
    for (row, ours) in matrix.rows.iter().enumerate() {
        unsafe {
            assert_eq!(CStr::from_ptr(*arrays.row_id.add(row)).to_str(), Ok(ours.bucket_id.as_str()));
            let bound = |at: *const c_void, len| std::slice::from_raw_parts(at.cast::<u8>(), len);
            let (start, len) = (*arrays.row_start.add(row), *arrays.row_start_len.add(row));
            assert_eq!(bound(start, len), ours.start, "{name}");
            let (end, len) = (*arrays.row_end.add(row), *arrays.row_end_len.add(row));
            assert_eq!((!end.is_null()).then(|| bound(end, len)), ours.end.as_deref(), "{name}");
            assert_eq!(*arrays.row_members.add(row), members, "{name}");
            for (at, route) in ours.route_ids.iter().enumerate() {
                assert_eq!(*arrays.members.add(members + at), route.0, "{name}");
            }
            let flags = *arrays.row_flags.add(row);
            assert_eq!(flags & KEYVIZ_ROW_AGGREGATE != 0, ours.aggregate, "{name}");
            assert_eq!(flags & KEYVIZ_ROW_DRAINING != 0, ours.draining, "{name}");
            assert_eq!(*arrays.row_route_count.add(row), ours.route_count, "{name}");
        }
        members += ours.route_ids.len();
    }
    let parts: Vec<_> = matrix
        .rows
        .iter()
        .enumerate()
        .flat_map(|(row, ours)| ours.term_parts.iter().map(move |part| (row, part)))
        .collect();
    assert_eq!(arrays.parts, parts.len(), "{name}");
    for (at, (row, part)) in parts.into_iter().enumerate() {
        let seen = unsafe {
            (
                *arrays.part_row.add(at),
                *arrays.part_column.add(at),
                *arrays.part_term.add(at),
                *arrays.part_value.add(at),
            )
        };
        assert_eq!(seen, (row, part.column, part.term, part.value), "{name}");
    }
}

#[test]
fn every_scenario() {
    let (mut cases, mut against_the_recording) = (0, 0);
    for category in CATEGORIES {
        for (name, case) in files(category) {
            let compare = !needs_allowance(category, &name);
            let mut twins = Twins::new(format!("{category}/{name}"), &case);
            for step in case["steps"].as_array().unwrap() {
                twins.step(step, compare);
            }
            done(keyviz_recorder_close(twins.recorder));
            done(keyviz_close(twins.kv));
            cases += 1;
            against_the_recording += usize::from(compare);
        }
    }
    println!("{cases} cases alike, {against_the_recording} of them held against the recording");
    assert!(cases >= 40 && against_the_recording >= 30, "{cases}, {against_the_recording}");
}

/// No category is passed over: each is run here or by a test of its own, which fails on a file it does not understand.
/// There is none that does not apply to the ABI; one that comes has to be placed, or named here with the reason.
#[test]
fn every_category_has_a_place() {
    let elsewhere = [
        ("merge", include_str!("conformance_nodes.rs")),
        ("hotkeys_merge", include_str!("conformance_nodes.rs")),
        ("space_saving", include_str!("conformance_nodes.rs")),
        ("http_params", include_str!("http_params.rs")),
    ];
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let mut placed: Vec<String> = CATEGORIES.iter().map(|name| (*name).to_owned()).collect();
    for (name, test) in elsewhere {
        assert!(test.contains(&format!("\"{name}\"")), "{name} is not read where it is said to be");
        placed.push(name.to_owned());
    }
    found.sort();
    placed.sort();
    assert_eq!(found, placed);
}
