//! The recorded cases on which implementations agree, run against the core.
//!
//! The folder is the one that `KEYVIZ_CONFORMANCE_DIR` names, else the committed copy. A file that
//! the runner does not understand fails it; each category says how many files it checked. What the
//! cases' README allows to differ is applied here, by category and file, and nothing else.

#![cfg(all(feature = "alloc", not(keyviz_loom)))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]

mod form;

use std::collections::BTreeMap;
use std::path::PathBuf;

use keyviz_core::{
    ColumnState, Config, HotKey, HotKeys, HotKeysOf, HotKeysQuery, Label, Labels, Matrix, MatrixQuery, NoHotKeys, Op,
    RegisterError, RouteId, Series, wire,
};
use serde_json::Value;

use form::{Recorder, Writer};

fn folder() -> PathBuf {
    match std::env::var_os("KEYVIZ_CONFORMANCE_DIR") {
        Some(dir) => dir.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance"),
    }
}

fn files(category: &str) -> Vec<(String, Value)> {
    let dir = folder().join(category);
    let mut files: Vec<(String, Value)> = std::fs::read_dir(&dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (name, serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!files.is_empty(), "{} holds no case", dir.display());
    files
}

fn u64_of(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("not an unsigned number: {value}"))
}

fn str_of(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut word, mut bits) = (0u32, 0);
    for letter in str_of(value).bytes().filter(|b| *b != b'=') {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => panic!("not base64: {value}"),
        };
        word = word << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    out
}

fn bound(value: &Value) -> Option<Vec<u8>> {
    if value.is_null() { None } else { Some(bytes(value)).filter(|b| !b.is_empty()) }
}

/// A row of a recorded column, or of one of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    start: Vec<u8>,
    end: Option<Vec<u8>>,
    route: u64,
    label: String,
    sub_bucket: u64,
    sub_buckets: u64,
    group: u64,
    term: u64,
    counts: [u64; 4],
}

type Bounds = (Vec<u8>, Option<Vec<u8>>);

struct Case<'a> {
    name: &'a str,
    sampler: Writer,
    recorder: Recorder,
    labels: Labels,
    now_ms: u64,
    /// There are routes for which the recording has no slot of their own: its one bucket takes them all,
    /// ours take runs of neighbours. Rows of routes agree; of buckets their sums and their members.
    folded: bool,
    /// The routes without a slot of their own, with their bounds; and when one was removed.
    members: BTreeMap<u64, Bounds>,
    members_removed: Vec<u64>,
    /// Bounds of all routes that the case ever has, to see whether any overlap.
    ranges: BTreeMap<u64, Bounds>,
    members_listed: u64,
    /// Windows do not end where the recording flushed.
    unaligned: bool,
    /// Compare per column the sum per route (bounds of one id may differ over time).
    per_route: bool,
    refused: Vec<u64>,
    /// What was observed since the last flush, and by the window's end what each window got: kept
    /// here, not asked of the sampler.
    observing: Truth,
    observed: BTreeMap<u64, Truth>,
}

/// What a test counts for itself.
#[derive(Clone, Default)]
struct Truth {
    all: [u64; 4],
    /// Per route, of labels nobody configured: the recording drops these, ours count unlabelled.
    unknown_labels: BTreeMap<u64, [u64; 4]>,
}

impl<'a> Case<'a> {
    fn new(category: &str, name: &'a str, case: &Value) -> Self {
        let options = &case["options"];
        let known: &[&str] = match options["labels_enabled"].as_bool() {
            Some(true) => &["dynamo", "redis", "s3", "sqs", "rawkv"],
            Some(false) => &[],
            None => panic!("{name}: labels_enabled"),
        };
        let labels = Labels::new(known).unwrap();
        let mut config = Config::default();
        config.step_ms = u64_of(&options["step_ms"]);
        config.history_columns = u64_of(&options["history_columns"]) as u32;
        config.tiers = keyviz_core::Tiers::NONE;
        config.max_routes = u64_of(&options["max_tracked_routes"]) as u32;
        (config.max_draining, config.max_virtual, config.promote) = (64, 64, false);
        config.max_known_routes = 1000;
        config.max_members = u64_of(&options["max_member_routes_per_slot"]) as u32;
        config.sub_buckets = u64_of(&options["key_buckets_per_route"]) as u16;
        config.labels = labels.clone();
        config.max_recorders = 2;
        let now_ms = u64_of(&case["start_ms"]);
        let sampler = Writer::new(config, now_ms).unwrap_or_else(|e| panic!("{name}: {e}"));
        Case {
            name,
            recorder: sampler.recorder(),
            sampler,
            labels,
            now_ms,
            folded: folded(category, name),
            members: BTreeMap::new(),
            members_removed: Vec::new(),
            ranges: ranges(case),
            members_listed: u64_of(&options["max_member_routes_per_slot"]),
            unaligned: name == "reregister_inside_grace",
            per_route: name == "reregister_after_grace" || name == "inverted_bounds",
            refused: Vec::new(),
            observing: Truth::default(),
            observed: BTreeMap::new(),
        }
    }

    fn step(&mut self, step: &Value) {
        match str_of(&step["op"]) {
            "register" => self.register(step),
            "remove" => {
                let route = u64_of(&step["route"]);
                self.sampler.remove(RouteId(route));
                if self.members.remove(&route).is_some() {
                    self.members_removed.push(self.now_ms);
                }
            }
            "observe" => self.observe(step),
            "set_term" => self.sampler.set_term(u64_of(&step["group"]), u64_of(&step["term"])),
            "advance_ms" => self.now_ms += u64_of(&step["ms"]),
            "flush" => {
                self.sampler.flush(self.now_ms);
                self.observed.insert(self.now_ms, std::mem::take(&mut self.observing));
            }
            "snapshot" => {
                self.snapshot(step);
                self.sampler.reads_alike();
            }
            "matrix" => self.matrix(step),
            "sub_bucket_bounds" => self.sub_bucket_bounds(step),
            other => panic!("{}: unknown op {other}", self.name),
        }
    }

    fn register(&mut self, step: &Value) {
        let route = u64_of(&step["route"]);
        let (start, end) = (bytes(&step["start"]), bound(&step["end"]));
        let ours = self.sampler.register(RouteId(route), &start, end.as_deref(), u64_of(&step["group"]));
        let recorded = step["returns"].as_bool().unwrap();
        match ours {
            Ok(registered) => {
                assert_eq!(registered.own_slot, recorded, "{}: register {route}", self.name);
                assert!(recorded || self.folded, "{}: register {route} folded", self.name);
                if !recorded {
                    self.members.entry(route).or_insert((start, end));
                }
            }
            Err(RegisterError::EmptyRange) => {
                assert_eq!(self.name, "inverted_bounds");
                self.refused.push(route);
            }
            Err(other) => panic!("{}: register {route}: {other}", self.name),
        }
    }

    fn observe(&mut self, step: &Value) {
        let op = match str_of(&step["kind"]) {
            "read" => Op::Read,
            "write" => Op::Write,
            other => panic!("{}: unknown kind {other}", self.name),
        };
        let label = self.labels.get(str_of(&step["label"]));
        let key = bytes(&step["key"]);
        let (times, at) = (u64_of(&step["times"]), op as usize);
        let bytes = times * (key.len() as u64 + u64_of(&step["value_len"]));
        let unknown = if label == Label::UNKNOWN {
            Some(self.observing.unknown_labels.entry(u64_of(&step["route"])).or_default())
        } else {
            None
        };
        for sums in unknown.into_iter().chain([&mut self.observing.all]) {
            sums[at] += times;
            sums[at + 2] += bytes;
        }
        for _ in 0..u64_of(&step["times"]) {
            self.recorder.observe_labelled(
                RouteId(u64_of(&step["route"])),
                label,
                op,
                &key,
                u64_of(&step["value_len"]),
            );
        }
    }

    /// Our rows of each column, those of routes and those of virtual buckets, with its window.
    fn columns(&self, from_ms: u64, to_ms: u64) -> Vec<(u64, u64, Vec<Row>, Vec<Row>)> {
        let mut rows: BTreeMap<(u64, bool), Vec<(Row, bool)>> = BTreeMap::new();
        let columns = self.sampler.reader().for_each_cell(from_ms, to_ms, self.unaligned, |column, cell| {
            let (start, end) = cell.bounds();
            let c = cell.counts;
            let row = Row {
                start,
                end,
                route: cell.route.0,
                label: self.labels.name(cell.label).unwrap_or("").to_owned(),
                sub_bucket: cell.sub_bucket.into(),
                sub_buckets: cell.sub_buckets.into(),
                group: cell.group,
                term: cell.term,
                counts: [c.reads, c.writes, c.read_bytes, c.write_bytes],
            };
            rows.entry((column.end_ms, cell.aggregate)).or_default().push((row, cell.draining));
        });
        let rows = |end_ms, aggregate| merge_terms(rows.get(&(end_ms, aggregate)).cloned().unwrap_or_default());
        let kept = columns.iter().filter(|c| c.state != ColumnState::Missing);
        kept.map(|c| (c.start_ms, c.end_ms, rows(c.end_ms, false), rows(c.end_ms, true))).collect()
    }

    fn snapshot(&self, step: &Value) {
        let ours = self.columns(u64_of(&step["from_ms"]), u64_of(&step["to_ms"]));
        let recorded = step["expect_columns"].as_array().unwrap();
        assert_eq!(ours.len(), recorded.len(), "{}: columns", self.name);
        self.check_members(recorded.last());
        for ((start_ms, end_ms, ours, aggregates), recorded) in ours.into_iter().zip(recorded) {
            if !self.unaligned {
                assert_eq!(start_ms, u64_of(&recorded["window_start_ms"]), "{}", self.name);
                assert_eq!(end_ms, u64_of(&recorded["at_ms"]), "{}", self.name);
            }
            let own: Vec<Row> =
                recorded_rows(recorded, false).into_iter().filter(|row| !self.refused.contains(&row.route)).collect();
            if self.per_route {
                assert_eq!(sums(&ours), sums(&own), "{} at {end_ms}", self.name);
            } else {
                let (mut ours, mut own) = (self.without_unknown_labels(end_ms, ours.clone()), own);
                ours.sort();
                own.sort();
                assert_eq!(ours, own, "{} at {end_ms}", self.name);
            }
            let recorded = recorded_rows(recorded, true);
            assert!(self.folded || recorded.is_empty(), "{}: an aggregate row", self.name);
            // The recording drops what has an unknown label, but not in its bucket.
            assert_eq!(total(&aggregates), total(&recorded), "{} at {end_ms}: aggregate rows", self.name);
            self.check_disjoint(end_ms, &ours, &aggregates);
            if !self.unaligned {
                self.check_conserved(end_ms);
            }
        }
    }

    /// Each route without a slot is in one bucket; together they are as many as the recording's bucket
    /// has, which keeps removed members for a grace and two flushes.
    fn check_members(&self, last: Option<&Value>) {
        for route in self.members.keys() {
            assert!(self.sampler.bucket_of(RouteId(*route)).is_some(), "{}: {route} is in a bucket", self.name);
        }
        let Some(last) = last.filter(|last| u64_of(&last["at_ms"]) == self.now_ms) else { return };
        let rows = last["rows"].as_array().unwrap().iter().filter(|row| row["aggregate"] == true);
        let recorded: u64 = rows.map(|row| u64_of(&row["member_routes_total"])).sum();
        if recorded == 0 {
            return;
        }
        let step_ms = self.sampler.reader().config().step_ms;
        let within = |at: &&u64| **at + (2 * step_ms).max(5000) + 2 * step_ms >= self.now_ms;
        let leaving = self.members_removed.iter().filter(within).count() as u64;
        let ours = self.members.len() as u64;
        assert!(ours <= recorded && recorded <= ours + leaving, "{}: {ours} members of {recorded}", self.name);
    }

    /// Rows of one column do not overlap where the case's routes do not; those of removed routes may.
    fn check_disjoint(&self, end_ms: u64, rows: &[Row], aggregates: &[Row]) {
        let mut starts: Vec<&Bounds> = self.ranges.values().collect();
        starts.sort();
        if starts.windows(2).any(|pair| pair[0].1.as_ref().is_none_or(|end| *end > pair[1].0)) {
            return;
        }
        let live = rows.iter().filter(|row| self.sampler.bucket_of(RouteId(row.route)).is_none());
        let mut bounds: Vec<(&[u8], Option<&[u8]>)> =
            live.chain(aggregates).map(|row| (&row.start[..], row.end.as_deref())).collect();
        bounds.sort_unstable();
        bounds.dedup();
        for pair in bounds.windows(2) {
            assert!(pair[0].1.is_some_and(|end| end <= pair[1].0), "{} at {end_ms}: {pair:?}", self.name);
        }
    }

    /// Rows plus unattributed of a window are what this test observed in it.
    fn check_conserved(&self, end_ms: u64) {
        let Some(truth) = self.observed.get(&end_ms) else { panic!("{}: no flush at {end_ms}", self.name) };
        for (i, series) in
            [Series::Reads, Series::Writes, Series::ReadBytes, Series::WriteBytes].into_iter().enumerate()
        {
            let matrix = self.sampler.reader().matrix(&query(series, 0, end_ms, end_ms + 1));
            let rows: u64 = matrix.rows.iter().flat_map(|row| &row.values).sum();
            let rest: u64 = matrix.cut.values.iter().chain(&matrix.unattributed).sum();
            assert_eq!(rows + rest, truth.all[i], "{} at {end_ms}: {series:?}", self.name);
        }
    }

    /// Takes out of our unlabelled rows what came under labels that nobody configured.
    fn without_unknown_labels(&self, end_ms: u64, mut rows: Vec<Row>) -> Vec<Row> {
        let Some(truth) = self.observed.get(&end_ms) else { return rows };
        for row in rows.iter_mut().filter(|row| row.label.is_empty()) {
            if let Some(extra) = truth.unknown_labels.get(&row.route) {
                assert!(matches!(self.name, "unknown_label" | "cap_counts_routes"), "{}", self.name);
                for (count, extra) in row.counts.iter_mut().zip(extra) {
                    *count -= extra;
                }
            }
        }
        rows.retain(|row| row.counts != [0; 4]);
        rows
    }

    fn matrix(&self, step: &Value) {
        let series = Series::parse(str_of(&step["series"])).unwrap();
        let rows = step["rows"].as_i64().unwrap().max(0) as usize;
        let mut query = query(series, rows, u64_of(&step["from_ms"]), u64_of(&step["to_ms"]));
        query.open = self.unaligned;
        let matrix = self.sampler.reader().matrix(&query);
        let mut json = String::new();
        wire::encode::matrix(&matrix, 0, &mut json);
        let mut ours: Value = serde_json::from_str(&json).unwrap();
        if self.unaligned {
            leave_out_missing(&mut ours);
        }
        let ours = ours;
        let expect = &step["expect"];
        assert_eq!(ours["series"], expect["series"], "{}", self.name);
        if self.unaligned {
            let count = expect["column_unix_ms"].as_array().unwrap().len();
            assert_eq!(ours["column_unix_ms"].as_array().unwrap().len(), count, "{}", self.name);
        } else {
            assert_eq!(ours["column_unix_ms"], expect["column_unix_ms"], "{}", self.name);
        }
        let expected: Vec<&Value> =
            expect["rows"].as_array().unwrap().iter().filter(|r| r["aggregate"] == false).collect();
        let aggregates = expect["rows"].as_array().unwrap().len() - expected.len();
        assert!(aggregates == 0 || self.folded, "{}: an aggregate row", self.name);
        self.check_aggregates(&matrix, expect, rows);
        if self.per_route {
            compare_per_route(self.name, &matrix, &expected, &self.refused);
        } else if aggregates == 0 {
            let ours = ours["rows"].as_array().unwrap();
            assert_eq!(ours.len(), expected.len(), "{}: rows", self.name);
            for (ours, expected) in ours.iter().zip(&expected) {
                compare_row(self.name, ours, expected);
            }
        } else if rows == 0 {
            // A budget chooses among other rows here; without one, each row of its own agrees.
            for expected in expected {
                let id = &expected["bucket_id"];
                let ours = ours["rows"].as_array().unwrap().iter().find(|r| r["bucket_id"] == *id);
                let ours = ours.unwrap_or_else(|| panic!("{}: no row {id}", self.name));
                compare_row(self.name, ours, &self.with_unknown_labels(series, expected, &expect["column_unix_ms"]));
            }
        }
    }

    /// Rows of virtual buckets: their sums are the recording's, no route stands in two, and they list as
    /// many as they may.
    fn check_aggregates(&self, matrix: &Matrix, expect: &Value, budget: usize) {
        let ours: Vec<_> = matrix.rows.iter().filter(|row| row.aggregate).collect();
        let recorded: Vec<&Value> =
            expect["rows"].as_array().unwrap().iter().filter(|row| row["aggregate"] == true).collect();
        let mut listed: Vec<u64> = ours.iter().flat_map(|row| &row.route_ids).map(|route| route.0).collect();
        let routes = listed.len();
        listed.sort_unstable();
        listed.dedup();
        assert_eq!(listed.len(), routes, "{}: a route in two rows", self.name);
        assert!(listed.iter().all(|route| self.members.contains_key(route)), "{}: {listed:?}", self.name);
        for row in &ours {
            assert!(row.route_ids.len() as u64 <= self.members_listed.min(row.route_count), "{}: {row:?}", self.name);
            assert!(row.bucket_id.as_str().starts_with("virtual:"), "{}: {row:?}", self.name);
        }
        if budget > 0 {
            // Which rows a budget keeps depends on how many buckets there are.
            return;
        }
        for column in 0..matrix.columns.len() {
            let sum: u64 = ours.iter().map(|row| row.values[column]).sum();
            let expected: u64 = recorded.iter().map(|row| u64_of(&row["values"][column])).sum();
            assert_eq!(sum, expected, "{}: aggregate rows of column {column}", self.name);
        }
    }

    /// Adds to a recorded unlabelled row what came under labels that nobody configured.
    fn with_unknown_labels(&self, series: Series, row: &Value, columns: &Value) -> Value {
        let mut row = row.clone();
        let Ok(route) = str_of(&row["bucket_id"]).trim_start_matches("route:").parse::<u64>() else { return row };
        let values = row["values"].as_array_mut().unwrap();
        for (value, column) in values.iter_mut().zip(columns.as_array().unwrap()) {
            let truth = self.observed.get(&u64_of(column)).and_then(|t| t.unknown_labels.get(&route));
            if let Some([reads, writes, read_bytes, write_bytes]) = truth {
                assert_eq!(self.name, "cap_counts_routes");
                let extra = match series {
                    Series::Reads => *reads,
                    Series::Writes => *writes,
                    Series::ReadBytes => *read_bytes,
                    Series::WriteBytes => *write_bytes,
                    _ => panic!("{}: {series:?}", self.name),
                };
                *value = (u64_of(value) + extra).into();
            }
        }
        row
    }

    fn sub_bucket_bounds(&self, step: &Value) {
        let (route, expect) = (u64_of(&step["route"]), &step["expect"]);
        if self.refused.contains(&route) {
            return;
        }
        let label = str_of(&step["label"]);
        // Our bounds do not depend on the label; the recording has none for a label it does not know.
        if !label.is_empty() && matches!(self.labels.get(label), Label::UNKNOWN | Label::NONE) {
            assert_eq!(expect["ok"], false, "{}", self.name);
            return;
        }
        let ours = u32::try_from(step["sub_bucket"].as_i64().unwrap())
            .ok()
            .and_then(|sub| self.sampler.sub_bucket_bounds(RouteId(route), sub));
        let recorded = expect["ok"].as_bool().unwrap().then(|| (bytes(&expect["start"]), bound(&expect["end"])));
        assert_eq!(ours, recorded, "{}: sub_bucket_bounds {step}", self.name);
    }
}

/// The bounds of every route that a case registers; of one it registers twice, the first.
fn ranges(case: &Value) -> BTreeMap<u64, Bounds> {
    let mut ranges = BTreeMap::new();
    for step in case["steps"].as_array().into_iter().flatten().filter(|step| step["op"] == "register") {
        let bounds = (bytes(&step["start"]), bound(&step["end"]));
        let known: &mut Bounds = ranges.entry(u64_of(&step["route"])).or_insert_with(|| bounds.clone());
        if *known != bounds {
            // It moved: count it as overlapping everything.
            *known = (Vec::new(), None);
        }
    }
    ranges
}

fn total(rows: &[Row]) -> [u64; 4] {
    rows.iter().fold([0; 4], |mut sum, row| {
        sum.iter_mut().zip(row.counts).for_each(|(sum, add)| *sum += add);
        sum
    })
}

fn query(series: Series, rows: usize, from_ms: u64, to_ms: u64) -> MatrixQuery {
    MatrixQuery { series, rows, from_ms, to_ms, ..MatrixQuery::default() }
}

/// Cases in which the recording folds routes past the cap into a virtual bucket.
fn folded(category: &str, name: &str) -> bool {
    category == "cap"
        || matches!(
            (category, name),
            ("labels", "cap_counts_routes") | ("matrix", "aggregate_fields" | "all_series") | ("terms", "flip")
        )
}

/// The recording has one row for a route, under the term at the flush; ours keep the parts made
/// under earlier terms apart, and the newest says the term at the flush.
fn merge_terms(rows: Vec<(Row, bool)>) -> Vec<Row> {
    let mut merged: Vec<(Row, bool)> = Vec::new();
    for (row, draining) in rows {
        let same = |(m, d): &&mut (Row, bool)| {
            (&m.start, &m.end, m.route, &m.label, m.sub_bucket, m.group, *d)
                == (&row.start, &row.end, row.route, &row.label, row.sub_bucket, row.group, draining)
        };
        match merged.iter_mut().find(same) {
            Some((m, _)) => {
                for (sum, add) in m.counts.iter_mut().zip(row.counts) {
                    *sum += add;
                }
            }
            None => merged.push((row, draining)),
        }
    }
    merged.into_iter().map(|(row, _)| row).filter(|row| row.counts != [0; 4]).collect()
}

fn sums(rows: &[Row]) -> BTreeMap<u64, [u64; 4]> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let sum: &mut [u64; 4] = sums.entry(row.route).or_default();
        for (sum, add) in sum.iter_mut().zip(row.counts) {
            *sum += add;
        }
    }
    sums
}

fn recorded_rows(column: &Value, aggregate: bool) -> Vec<Row> {
    let rows = column["rows"].as_array().unwrap();
    rows.iter()
        .filter(|row| row["aggregate"] == aggregate)
        .map(|row| Row {
            start: bytes(&row["start"]),
            end: bound(&row["end"]),
            route: u64_of(&row["route"]),
            label: str_of(&row["label"]).to_owned(),
            sub_bucket: u64_of(&row["sub_bucket"]),
            sub_buckets: u64_of(&row["sub_bucket_count"]),
            group: u64_of(&row["raft_group_id"]),
            term: u64_of(&row["leader_term"]),
            counts: ["reads", "writes", "read_bytes", "write_bytes"].map(|name| u64_of(&row[name])),
        })
        .collect()
}

fn compare_row(name: &str, ours: &Value, expected: &Value) {
    for (member, expected) in expected.as_object().unwrap() {
        assert_eq!(&ours[member], expected, "{name}: {member} of {ours}");
    }
    let absent = ["conflicts", "route_ids", "route_ids_truncated", "estimated", "missing"];
    assert!(absent.iter().all(|member| ours.get(member).is_none()), "{name}: {ours}");
    assert_eq!(ours["conflict"], false, "{name}");
}

fn compare_per_route(name: &str, ours: &Matrix, expected: &[&Value], refused: &[u64]) {
    let add = |sums: &mut BTreeMap<(u64, usize), u64>, route: u64, values: &mut dyn Iterator<Item = u64>| {
        for (column, value) in values.enumerate() {
            *sums.entry((route, column)).or_default() += value;
        }
    };
    let (mut got, mut want) = (BTreeMap::new(), BTreeMap::new());
    for row in &ours.rows {
        add(&mut got, row.route.0, &mut row.values.iter().copied());
    }
    for row in expected {
        let id = str_of(&row["bucket_id"]).trim_start_matches("route:");
        let route: u64 = id.split(['#', ':']).next().unwrap().parse().unwrap();
        if !refused.contains(&route) {
            add(&mut want, route, &mut row["values"].as_array().unwrap().iter().map(u64_of));
        }
    }
    assert_eq!(got, want, "{name}: sums per route");
}

/// Takes the columns that are missing out of a response.
fn leave_out_missing(response: &mut Value) {
    let states = response["column_state"].as_array().unwrap().clone();
    let keep = |values: &mut Value| {
        if let Some(values) = values.as_array_mut() {
            let mut states = states.iter();
            values.retain(|_| states.next().is_some_and(|state| state != "missing"));
        }
    };
    keep(&mut response["column_unix_ms"]);
    for row in response["rows"].as_array_mut().unwrap() {
        for member in ["values", "raft_group_ids", "leader_terms"] {
            keep(&mut row[member]);
        }
    }
}

/// Runs every file of a category of scenarios.
fn run(category: &str) {
    let files = files(category);
    for (name, case) in &files {
        let mut scenario = Case::new(category, name, case);
        for step in case["steps"].as_array().unwrap_or_else(|| panic!("{name}: no steps")) {
            scenario.step(step);
        }
    }
    println!("{category}: {} files checked", files.len());
}

macro_rules! categories {
    ($($category:ident)+) => {
        $(#[test]
        fn $category() {
            form::each(|| run(stringify!($category)));
        })+
    };
}

categories! { counting history churn cap labels terms subrange matrix random }

/// A sketch of so many keys that every operation of a stream goes through; its answer.
fn sketch(capacity: u64, stream: &[Vec<u8>]) -> HotKeys {
    let mut config = Config::default();
    (config.max_routes, config.max_known_routes, config.max_recorders) = (1, 0, 1);
    (config.hot_keys, config.sample_every, config.prefault) = (true, 1, false);
    (config.hot_key_sketches, config.hot_key_entries) = (1, u32::try_from(capacity).unwrap());
    let mut sampler = Writer::new(config, 0).unwrap();
    sampler.register(RouteId(1), b"", None, 0).unwrap();
    let recorder = sampler.recorder();
    for (at, key) in stream.iter().enumerate() {
        recorder.observe(RouteId(1), Op::Write, key, 0);
        if at % 1000 == 0 {
            sampler.drain_samples();
        }
    }
    sampler.flush(60_000);
    let query = HotKeysQuery { top: 0, ..HotKeysQuery::of_route(RouteId(1)) };
    match sampler.reader().hot_keys(&query) {
        Ok(hot) => hot,
        Err(why) if stream.is_empty() => {
            assert_eq!(why, NoHotKeys::NoSketch);
            HotKeys::default()
        }
        Err(why) => panic!("{why}"),
    }
}

#[test]
fn space_saving() {
    form::each(|| {
        let files = files("space_saving");
        for (name, case) in &files {
            let known = ["name", "about", "capacity", "stream", "expect", "guarantee", "keys", "stream_idx"];
            assert!(case.as_object().unwrap().keys().all(|member| known.contains(&member.as_str())), "{name}");
            let capacity = u64_of(&case["capacity"]);
            let stream: Vec<Vec<u8>> = match case.get("stream") {
                Some(stream) => stream.as_array().unwrap().iter().map(bytes).collect(),
                None => {
                    let keys: Vec<Vec<u8>> = case["keys"].as_array().unwrap().iter().map(bytes).collect();
                    let at = case["stream_idx"].as_array().unwrap().iter();
                    at.map(|at| keys[usize::try_from(u64_of(at)).unwrap()].clone()).collect()
                }
            };
            let mut truth: BTreeMap<&[u8], u64> = BTreeMap::new();
            stream.iter().for_each(|key| *truth.entry(key).or_default() += 1);
            let hot = sketch(capacity, &stream);
            assert_eq!(hot.keys.iter().map(|key| key.count).sum::<u64>(), stream.len() as u64, "{name}");
            for key in &hot.keys {
                let truth = truth.get(key.key.as_slice()).copied().unwrap_or(0);
                assert!(key.count - key.error <= truth && truth <= key.count, "{name}: {key:?}");
            }
            if let Some(expect) = case.get("expect") {
                let mut found: Vec<_> = hot.keys.iter().map(|key| (u64::MAX - key.count, key.key.clone())).collect();
                found.sort();
                let entries = expect["entries"].as_array().unwrap();
                let expected: Vec<_> = entries.iter().map(|e| (u64::MAX - u64_of(&e[1]), bytes(&e[0]))).collect();
                assert_eq!(found, expected, "{name}");
            }
            if let Some(guarantee) = case.get("guarantee") {
                guaranteed(name, guarantee, &hot, &truth);
            }
        }
        println!("space_saving: {} files checked", files.len());
    });
}

fn guaranteed(name: &str, guarantee: &Value, hot: &HotKeys, truth: &BTreeMap<&[u8], u64>) {
    let error_max = u64_of(&guarantee["error_max"]);
    for heavy in guarantee["heavy"].as_array().unwrap() {
        let (key, count) = (bytes(&heavy[0]), u64_of(&heavy[1]));
        assert_eq!(truth[key.as_slice()], count, "{name}");
        assert!(hot.keys.iter().any(|hot| hot.key == key), "{name}: {key:?} is not kept");
    }
    for key in &hot.keys {
        let truth = truth.get(key.key.as_slice()).copied().unwrap_or(0);
        assert!(key.count <= truth + error_max && key.error <= error_max, "{name}: {key:?}");
    }
}

/// A recorded response of one node.
fn hot_keys_of(response: &Value) -> HotKeys {
    let mut hot = HotKeys::default();
    for (member, value) in response.as_object().unwrap() {
        match member.as_str() {
            "route_id" => assert_eq!(u64_of(value), 7),
            "series" => hot.series = Series::parse(str_of(value)).unwrap(),
            "keys" => {
                let key = |key: &Value| HotKey::new(bytes(&key["key_b64"]), u64_of(&key["count"]), 0);
                hot.keys = value.as_array().unwrap().iter().map(key).collect();
            }
            "approximate" => assert_eq!(value, true),
            "sample_rate" => (hot.least_every, hot.most_every) = (u64_of(value), u64_of(value)),
            "sampled_n" => hot.samples = u64_of(value),
            "dropped_samples" => hot.dropped = u64_of(value),
            "skipped_long_keys" => hot.too_long = u64_of(value),
            "degraded" => hot.degraded = value.as_bool().unwrap(),
            "error_bound" => hot.error_bound = u64_of(value),
            "snapshot_at" => hot.as_of_ms = instant(str_of(value)),
            other => panic!("a member this test does not know: {other}"),
        }
    }
    hot
}

/// Unix milliseconds of one of the instants that the cases have, which are all of one minute.
fn instant(text: &str) -> u64 {
    let rest = text.strip_prefix("2023-11-14T22:20:").and_then(|rest| rest.strip_suffix('Z')).unwrap();
    let seconds: f64 = rest.parse().unwrap();
    1_700_000_400_000 + (seconds * 1000.0).round() as u64
}

#[test]
fn hotkeys_merge() {
    let files = files("hotkeys_merge");
    for (name, case) in &files {
        assert_eq!(case.as_object().unwrap().len(), 5, "{name}: a member this test does not know");
        let inputs: Vec<HotKeys> = case["inputs"].as_array().unwrap().iter().map(hot_keys_of).collect();
        let top = usize::try_from(u64_of(&case["top"])).unwrap();
        let merged = HotKeys::merge(&inputs, top);
        let of = HotKeysOf::Route { route: RouteId(7), label: None, sub_bucket: None };
        let mut json = String::new();
        wire::encode::hot_keys(&merged, &of, &Labels::NONE, &mut json);
        let ours: Value = serde_json::from_str(&json).unwrap();
        for (member, expected) in case["expect"].as_object().unwrap() {
            match member.as_str() {
                "keys" => {
                    let keys = |of: &Value| {
                        let key = |key: &Value| (str_of(&key["key_b64"]).to_owned(), u64_of(&key["count"]));
                        of.as_array().unwrap().iter().map(key).collect::<Vec<_>>()
                    };
                    assert_eq!(keys(&ours[member]), keys(expected), "{name}");
                }
                "snapshot_at" => assert_eq!(instant(str_of(&ours[member])), instant(str_of(expected)), "{name}"),
                _ => assert_eq!(ours[member], *expected, "{name}: {member}"),
            }
        }
        // In any order, and from any tree.
        let reversed: Vec<HotKeys> = inputs.iter().rev().cloned().collect();
        assert_eq!(HotKeys::merge(&reversed, top), merged, "{name}");
    }
    println!("hotkeys_merge: {} files checked", files.len());
}

/// Every category is run here or belongs to a part that has a runner of its own; a new folder must be placed.
#[test]
fn every_category_has_a_place() {
    let here = ["counting", "history", "churn", "cap", "labels", "terms", "subrange", "matrix", "random"];
    let hot_keys = ["space_saving", "hotkeys_merge"];
    let elsewhere = ["http_params", "merge"];
    for entry in std::fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let placed = here.iter().chain(&elsewhere).chain(&hot_keys).any(|known| *known == name);
        assert!(placed || !entry.path().is_dir(), "category {name} has no place");
    }
}
