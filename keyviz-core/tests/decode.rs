//! Reading answers from JSON: what was written is read; frozen files of the first version are read as they were meant,
//! and written byte for byte; nothing that can come over a wire is more than an error.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::path::PathBuf;

use keyviz_core::wire::decode::{self, DecodeError, Limits};
use keyviz_core::wire::encode;
use keyviz_core::{
    Answer, AnswerRow, AxisKind, BucketId, Column, ColumnState, Config, Cut, Fanout, FanoutNode, Labels, MatrixQuery,
    NodeState, Op, RouteId, Series, TermPart, WriteMerge, Writer,
};
use proptest::prelude::*;

fn frozen(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).trim_end().to_owned()
}

fn read(json: &str) -> Result<Answer, DecodeError> {
    decode::answer(json.as_bytes(), &Limits::default())
}

fn written(answer: &Answer) -> String {
    let mut json = String::new();
    encode::answer(answer, &mut json);
    assert_eq!(in_pieces(encode::Pieces::of_answer(answer), answer.rows.len()), json);
    json
}

/// The pieces put together: one a row, one before them and one behind, which alone ends the object.
fn in_pieces(mut pieces: encode::Pieces<'_>, rows: usize) -> String {
    let (mut json, mut piece) = (String::new(), String::new());
    for left in (0..rows + 2).rev() {
        assert!(pieces.append_next(&mut piece) && !piece.is_empty() && pieces.left() == left);
        json.push_str(&piece);
        piece.clear();
    }
    assert!(!pieces.append_next(&mut piece) && piece.is_empty() && pieces.left() == 0);
    json
}

const MIN: u64 = 60_000;
const AT: u64 = 1_795_219_200_000;

fn column(minute: u64, state: ColumnState) -> Column {
    let mut column = Column::of_window(AT + minute * MIN, AT + (minute + 1) * MIN);
    column.state = state;
    column
}

/// What `v1_route.json` was written from.
fn route_axis() -> Answer {
    let mut late = column(1, ColumnState::Late);
    late.covers_from_ms -= 90_000;
    let columns =
        vec![column(0, ColumnState::Complete), late, column(2, ColumnState::Missing), column(3, ColumnState::Open)];
    let route = AnswerRow {
        bucket_id: BucketId::parse("route:9007199254740993:redis#3").unwrap(),
        label: "redis".into(),
        end: Some(b"m\0\xff".to_vec()),
        route_count: 1,
        values: vec![3, 0, 0, u64::MAX],
        groups: vec![u64::MAX - 1, 0, 0, 2],
        terms: vec![5, 0, 0, 9_007_199_254_740_993],
        term_parts: vec![TermPart::new(3, 2, 7, 1), TermPart::new(3, 2, 9_007_199_254_740_993, u64::MAX - 1)],
        ..AnswerRow::default()
    };
    let bucket = AnswerRow {
        bucket_id: BucketId::parse("virtual:18446744073709551615~0a1b2c3d").unwrap(),
        aggregate: true,
        start: b"m\0\xff".to_vec(),
        route_ids: vec![RouteId(4), RouteId(u64::MAX - 7)],
        route_ids_truncated: true,
        route_count: 300,
        values: vec![0, 1, 0, 0],
        draining: true,
        groups: vec![0; 4],
        terms: vec![0; 4],
        ..AnswerRow::default()
    };
    Answer {
        series: Series::WriteBytes,
        generated_at_ms: Some(AT + 200_123),
        step_ms: MIN,
        write_merge: Some(WriteMerge::Leader),
        columns,
        column_nodes: vec![1, 1, 0, 1],
        rows: vec![route, bucket],
        cut: cut(2, vec![1, 0, 0, 9]),
        unattributed: vec![0, 7, 0, 0],
        fanout: None,
        axis: AxisKind::Route,
        axis_id: 0,
    }
}

fn cut(rows: u64, values: Vec<u64>) -> Cut {
    let mut cut = Cut::default();
    (cut.rows, cut.values) = (rows, values);
    cut
}

/// What `v1_range.json` was written from.
fn range_axis() -> Answer {
    let row = |id: &str, start: &[u8], end: Option<&[u8]>, values: [u64; 2]| AnswerRow {
        bucket_id: BucketId::parse(id).unwrap(),
        start: start.to_vec(),
        end: end.map(<[u8]>::to_vec),
        route_count: 2,
        values: values.to_vec(),
        ..AnswerRow::default()
    };
    let first = AnswerRow {
        name: Some("orders/\"\u{202e}<b>\"".into()),
        estimated: vec![false, true],
        ..row("range:0@00ffeeddccbbaa99", b"", Some(b"k"), [10, 20])
    };
    let second = AnswerRow {
        conflict: true,
        conflicts: vec![true, false],
        missing: vec![false, true],
        groups: vec![4, 0],
        terms: vec![2, 0],
        ..row("range:1@00ffeeddccbbaa99", b"k", None, [0, 1 << 60])
    };
    Answer {
        series: Series::Reads,
        generated_at_ms: Some(0),
        step_ms: 100,
        axis: AxisKind::Range,
        axis_id: 0x00ff_eedd_ccbb_aa99,
        write_merge: Some(WriteMerge::Sum),
        columns: vec![Column::of_window(0, 100), Column::of_window(100, 200)],
        column_nodes: vec![3, 2],
        rows: vec![first, second],
        cut: cut(0, vec![0, 0]),
        unattributed: vec![0, 0],
        fanout: None,
    }
}

/// What `v1_fanout.json` was written from.
fn of_several_nodes() -> Answer {
    let whole = FanoutNode {
        warnings: vec!["catalog_divergence".into(), "peer_rows_capped".into()],
        history_from_unix_ms: Some(AT - 3_600_000),
        started_unix_ms: Some(AT - 7_200_123),
        clock_offset_ms: Some(-37),
        step_ms: Some(MIN),
        unattributed: Some(9_007_199_254_740_993),
        evicted: Some(0),
        ..FanoutNode::answered("db1.internal:8765")
    };
    let late = FanoutNode::failed("[fd00::2]:8765", NodeState::TimedOut, "no answer within 2 s \u{202e}\"<b>\"");
    let fanout = Fanout {
        nodes: vec![whole, late, FanoutNode::answered("this one")],
        responded: 2,
        expected: 3,
        writes_superseded: u64::MAX,
    };
    Answer { fanout: Some(fanout), ..range_axis() }
}

#[test]
fn frozen_answers_of_version_one() {
    for (name, answer) in
        [("v1_route.json", route_axis()), ("v1_range.json", range_axis()), ("v1_fanout.json", of_several_nodes())]
    {
        let json = frozen(name);
        assert_eq!(read(&json).unwrap(), answer, "{name}");
        assert_eq!(written(&answer), json, "{name}");
    }
}

/// A node's own matrix and the answer made of it are one JSON, on both axes.
#[test]
fn a_matrix_and_its_answer_are_written_alike() {
    let mut config = Config::default();
    config.labels = Labels::new(&["redis"]).unwrap();
    let mut writer = Writer::new(config, 0).unwrap();
    writer.register(RouteId(u64::MAX - 3), b"a", Some(b"m"), 7).unwrap();
    writer.register(RouteId(2), b"b", None, 0).unwrap();
    writer.set_term(7, 1);
    let recorder = writer.recorder();
    recorder.observe_labelled(RouteId(u64::MAX - 3), writer.label("redis"), Op::Write, b"b", 5);
    writer.set_term(7, 2);
    recorder.observe_many(RouteId(u64::MAX - 3), Op::Write, b"c", 5, 3);
    recorder.observe_many(RouteId(2), Op::Write, b"c", 5, 4);
    recorder.observe(RouteId(99), Op::Write, b"c", 5);
    writer.flush(MIN);
    writer.flush(3 * MIN);
    for axis in [AxisKind::Route, AxisKind::Range] {
        let matrix = writer.reader().matrix(&MatrixQuery { axis, open: true, ..MatrixQuery::default() });
        let mut json = String::new();
        encode::matrix(&matrix, AT, &mut json);
        assert_eq!(in_pieces(encode::Pieces::of_matrix(&matrix, AT), matrix.rows.len()), json);
        let mut answer = Answer::from(matrix);
        answer.generated_at_ms = Some(AT);
        assert_eq!(written(&answer), json);
        answer.column_nodes = (0..answer.columns.len()).map(|at| answer.nodes(at)).collect();
        assert_eq!(read(&json).unwrap(), answer);
    }
}

/// An answer of an existing server of the path: no step, no starts, no `write_merge`, nothing that is empty.
#[test]
fn frozen_answer_of_an_existing_server() {
    let answer = read(&frozen("existing_server.json")).unwrap();
    assert_eq!((answer.step_ms, answer.write_merge, answer.axis), (0, None, AxisKind::Route));
    assert_eq!(answer.columns.iter().map(|c| (c.start_ms, c.end_ms)).collect::<Vec<_>>(), [(AT, AT), (AT + 7, AT + 7)]);
    assert_eq!((answer.nodes(0), answer.generated_at_ms), (1, Some(AT + 1_234)));
    let (first, second) = (&answer.rows[0], &answer.rows[1]);
    assert_eq!((first.bucket_id.as_str(), first.end.as_deref()), ("route:1", Some(&b"b"[..])));
    assert_eq!((&first.values[..], &first.terms[..]), (&[1, 2][..], &[3, 9_007_199_254_740_993][..]));
    assert_eq!((second.bucket_id.as_str(), second.end.as_deref()), ("virtual:18446744073709551615", None));
    assert_eq!((second.values.len(), second.aggregate, second.route_ids_truncated), (0, true, true));
    assert_eq!(second.route_ids, [RouteId(3), RouteId(9_007_199_254_740_993)]);
}

/// What an existing server of the path says of its nodes, and what a newer one may.
#[test]
fn nodes_of_other_servers() {
    let with = |fanout: &str| {
        let json = format!(r#"{{"series":"writes","column_unix_ms":[],"rows":[],"fanout":{fanout}}}"#);
        read(&json).unwrap().fanout
    };
    assert_eq!(with("null"), None);
    assert_eq!(with("{}"), Some(Fanout::default()));
    let fanout = with(
        r#"{"nodes":[{"node":"a","ok":true,"warnings":null},{"node":"b","ok":false,"error":"down"},
            {"node":"c","ok":true,"state":"resting","step_ms":null,"mood":[{}]},{"node":"d","state":"resting"},{}],
            "responded":3,"expected":5,"more":{"nodes":7}}"#,
    )
    .unwrap();
    let states: Vec<(bool, NodeState)> = fanout.nodes.iter().map(|node| (node.ok, node.state)).collect();
    let (answered, failed) = ((true, NodeState::Answered), (false, NodeState::Failed));
    assert_eq!(states, [answered, failed, answered, failed, failed]);
    assert_eq!((fanout.responded, fanout.expected, fanout.writes_superseded), (3, 5, 0));
    assert_eq!(fanout.nodes[1].error.as_deref(), Some("down"));
}

#[test]
fn every_refusal_names_its_member_and_no_value() {
    let head = r#""series":"writes","column_unix_ms":[60000]"#;
    let row = |member: &str| format!(r#"{{{head},"rows":[{{"bucket_id":"route:1",{member}}}]}}"#);
    let other = |member: &str| format!(r#"{{{head},"rows":[],{member}}}"#);
    let long = "A".repeat(200_000);
    for (json, said) in [
        (r#"{"column_unix_ms":[],"rows":[]}"#.into(), "series: it has to be there"),
        (r#"{"series":"writes","rows":[]}"#.into(), "column_unix_ms: it has to be there"),
        (format!("{{{head}}}"), "rows: it has to be there"),
        (format!(r#"{{{head},"rows":[{{}}]}}"#), "rows.bucket_id: expected 1 to 128 plain letters in each row"),
        ("[]".into(), "answer: expected an object"),
        (r#"{"series":"secret"}"#.into(), "series: expected the name of a series"),
        (format!("{{{head}"), "no JSON from line 1, column 43 on"),
        (format!("{{{head},\"rows\":[]}} secret"), "no JSON from line 1, column 56 on"),
        (format!(r#"{{{head},"rows":["secret"]}}"#), "rows: expected a list of objects"),
        (row(r#""values":[-1]"#), "rows.values: expected a list of unsigned integers"),
        (row(r#""values":[1.5]"#), "rows.values: expected a list of unsigned integers"),
        (row(r#""values":[18446744073709551616]"#), "rows.values: expected a list of unsigned integers"),
        (row(r#""values":"secret""#), "rows.values: expected a list of unsigned integers"),
        (row(r#""values":[1,2]"#), "rows.values: expected no more than column_unix_ms"),
        (row(r#""start":"secret!""#), "rows.start: expected base64 with padding, or null"),
        (row(r#""end":"YQ""#), "rows.end: expected base64 with padding, or null"),
        (row(r#""label":"Secret""#), "rows.label: expected at most 32 of a-z, 0-9, '_' and '-'"),
        (row(r#""bucket_id":"sec\"ret""#), "rows.bucket_id: expected 1 to 128 plain letters in each row"),
        (row(r#""aggregate":"secret""#), "rows.aggregate: expected true or false"),
        (row(r#""estimated":[1]"#), "rows.estimated: expected a list of true or false"),
        (
            row(r#""term_parts":[[{"value":"secret"}]]"#),
            "rows.term_parts: expected a list of null or lists of {group, term, value}",
        ),
        (row(&format!(r#""name":"{long}""#)), "rows.name: more than the limit of 256"),
        (row(&format!(r#""start":"{long}""#)), "rows.start: more than the limit of 87384"),
        (other(r#""column_state":["secret"]"#), "column_state: expected a list of complete, open, late or missing"),
        (other(r#""column_start_unix_ms":[1,2]"#), "column_start_unix_ms: expected as many as column_unix_ms, or none"),
        (other(r#""column_start_unix_ms":[60001]"#), "column_start_unix_ms: expected no later than the column's end"),
        (other(r#""write_merge":"secret""#), "write_merge: expected sum or leader"),
        (other(r#""axis_id":"secret""#), "axis_id: expected route, or 16 hex digits"),
        (other(r#""cut":7"#), "cut: expected an object"),
        (other(r#""fanout":7"#), "fanout: expected an object"),
        (other(r#""fanout":{"nodes":7}"#), "fanout.nodes: expected a list of objects"),
        (other(r#""fanout":{"nodes":["secret"]}"#), "fanout.nodes: expected a list of objects"),
        (other(r#""fanout":{"expected":-1}"#), "fanout.expected: expected an unsigned integer"),
        (other(r#""fanout":{"nodes":[{"ok":"secret"}]}"#), "fanout.nodes.ok: expected true or false"),
        (other(r#""fanout":{"nodes":[{"node":7}]}"#), "fanout.nodes.node: expected a text"),
        (other(r#""fanout":{"nodes":[{"state":7}]}"#), "fanout.nodes.state: expected the name of a state"),
        (other(r#""fanout":{"nodes":[{"warnings":[7]}]}"#), "fanout.nodes.warnings: expected a list of texts"),
        (other(r#""fanout":{"nodes":[{"clock_offset_ms":0.5}]}"#), "fanout.nodes.clock_offset_ms: expected an integer"),
        (other(r#""fanout":{"nodes":[{"step_ms":-1}]}"#), "fanout.nodes.step_ms: expected an unsigned integer"),
        (
            other(&format!(r#""fanout":{{"nodes":[{{"error":"{long}"}}]}}"#)),
            "fanout.nodes.error: more than the limit of 512",
        ),
        (
            other(&format!(r#""fanout":{{"nodes":[{{"warnings":["{long}"]}}]}}"#)),
            "fanout.nodes.warnings: more than the limit of 256",
        ),
        (other(r#""cut":{"values":[1,2]}"#), "cut.values: expected no more than column_unix_ms"),
    ] {
        let error = read(&json).unwrap_err().to_string();
        assert_eq!(error, said, "{}", &json[..json.len().min(200)]);
        assert!(!error.to_lowercase().contains("secret"));
    }
}

#[test]
fn every_dimension_has_its_limit() {
    let tight = Limits { columns: 2, rows: 2, bound_len: 4, route_ids: 2, parts: 1, nodes: 2, bytes: 4096 };
    let with = |ends: &str, rows: &str| format!(r#"{{"series":"ops","column_unix_ms":[{ends}],"rows":[{rows}]}}"#);
    let row = |member: &str| format!(r#"{{"bucket_id":"route:1",{member}}}"#);
    let r = row(r#""values":[]"#);
    assert!(decode::answer(with("1,2", &format!("{r},{r}")).as_bytes(), &tight).is_ok());
    for (json, field, max) in [
        (with("1,2,3", ""), "column_unix_ms", 2),
        (with("1", &[r.clone(), r.clone(), r].join(",")), "rows", 2),
        (with("1", &row(r#""start":"YWFhYWE=""#)), "rows.start", 4),
        (with("1", &row(r#""route_ids":[1,2,3]"#)), "rows.route_ids", 2),
        (with("1", &row(r#""term_parts":[[{},{}]]"#)), "rows.term_parts", 1),
        (with("1", &row(r#""term_parts":[null,null,null]"#)), "rows.term_parts", 2),
        (with("1", &row(r#""missing":[true,true,true]"#)), "rows.missing", 2),
    ] {
        assert_eq!(decode::answer(json.as_bytes(), &tight), Err(DecodeError::TooMany { field, max }), "{json}");
    }
    let nodes =
        |nodes: &str| format!(r#"{{"series":"ops","column_unix_ms":[],"rows":[],"fanout":{{"nodes":[{nodes}]}}}}"#);
    assert!(decode::answer(nodes("{},{}").as_bytes(), &tight).is_ok());
    let warnings = format!(r#"{{"warnings":[{}]}}"#, vec![r#""w""#; 17].join(","));
    let absent = format!(r#"{{"absent_unix_ms":[{}]}}"#, vec!["1"; 66].join(","));
    for (json, field, max) in [
        (nodes("{},{},{}"), "fanout.nodes", 2),
        (nodes(&warnings), "fanout.nodes.warnings", 16),
        (nodes(&absent), "fanout.nodes.absent_unix_ms", 64),
    ] {
        assert_eq!(decode::answer(json.as_bytes(), &tight), Err(DecodeError::TooMany { field, max }), "{json}");
    }
    let many = Limits { columns: 1 << 20, rows: 1 << 20, nodes: 1 << 20, ..tight };
    let error = decode::answer(nodes(&vec!["{}"; 100].join(",")).as_bytes(), &many);
    assert_eq!(error, Err(DecodeError::TooMany { field: "fanout.nodes", max: 4096 }));

    let columns = vec!["1"; 1000].join(",");
    let error = decode::answer(with(&columns, "").as_bytes(), &many);
    assert_eq!(error, Err(DecodeError::TooMany { field: "column_unix_ms", max: 4096 }));
}

fn any_fanout() -> impl Strategy<Value = Fanout> {
    let number = || prop::option::of(any::<u64>());
    let node = (
        ("\\PC{0,40}", any::<bool>(), 0usize..8, prop::option::of("\\PC{0,80}")),
        (prop::collection::vec("\\PC{0,20}", 0..4), prop::collection::vec(any::<(u64, u64)>(), 0..4)),
        (number(), number(), prop::option::of(any::<i64>()), number(), number(), number()),
    )
        .prop_map(|(head, (warnings, absent_ms), numbers)| FanoutNode {
            node: head.0,
            ok: head.1,
            state: NodeState::ALL[head.2],
            error: head.3,
            warnings,
            history_from_unix_ms: numbers.0,
            started_unix_ms: numbers.1,
            clock_offset_ms: numbers.2,
            step_ms: numbers.3,
            unattributed: numbers.4,
            evicted: numbers.5,
            absent_ms,
        });
    (prop::collection::vec(node, 0..4), any::<(u64, u64, u64)>()).prop_map(|(nodes, counts)| Fanout {
        nodes,
        responded: counts.0,
        expected: counts.1,
        writes_superseded: counts.2,
    })
}

fn any_answer() -> impl Strategy<Value = Answer> {
    (1usize..5).prop_flat_map(|columns| {
        let flags = move || prop_oneof![Just(Vec::new()), prop::collection::vec(any::<bool>(), columns)];
        let numbers = move || prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u64>(), columns)];
        let parts = prop::collection::btree_map((0..columns, any::<u64>(), any::<u64>()), any::<u64>(), 0..4);
        let row = (
            ("[a-z:~#@0-9_.-]{1,40}", "[a-z0-9_-]{0,32}", prop::option::of("\\PC{0,40}")),
            prop::collection::vec(any::<u8>(), 0..9),
            prop::option::of(prop::collection::vec(any::<u8>(), 1..9)),
            (any::<bool>(), any::<bool>(), any::<bool>(), any::<u64>()),
            (numbers(), flags(), flags(), flags()),
            (prop::option::of(prop::collection::vec(any::<(u64, u64)>(), columns)), parts),
            prop::collection::vec(any::<u64>(), 0..3),
        )
            .prop_map(|(names, start, end, flags, lists, owned, ids)| AnswerRow {
                bucket_id: BucketId::parse(&names.0).unwrap(),
                label: names.1,
                name: names.2,
                start,
                end,
                aggregate: flags.0,
                route_ids: ids.into_iter().map(RouteId).collect(),
                route_ids_truncated: flags.1,
                draining: flags.2,
                route_count: flags.3,
                values: lists.0,
                conflict: lists.1.contains(&true),
                conflicts: lists.1,
                estimated: lists.2,
                missing: lists.3,
                groups: owned.0.iter().flatten().map(|pair| pair.0).collect(),
                terms: owned.0.iter().flatten().map(|pair| pair.1).collect(),
                term_parts: owned.1.into_iter().map(|((c, g, t), v)| TermPart::new(c, g, t, v)).collect(),
            });
        let states = [ColumnState::Complete, ColumnState::Open, ColumnState::Late, ColumnState::Missing];
        let column = (0..1u64 << 62, 0..1u64 << 62, 0usize..4).prop_map(move |(start, width, state)| {
            let mut column = Column::of_window(start, start + width);
            column.state = states[state];
            column
        });
        (
            (0usize..5, prop::option::of(0..253_402_300_799_999u64), any::<u64>(), any::<bool>(), any::<u64>()),
            prop_oneof![Just(None), Just(Some(WriteMerge::Sum)), Just(Some(WriteMerge::Leader))],
            prop::collection::vec(column, columns),
            prop::collection::vec(any::<u32>(), columns),
            prop::collection::vec(row, 0..4),
            (any::<u64>(), numbers(), numbers(), prop::option::of(any_fanout())),
        )
            .prop_map(|(head, write_merge, columns, column_nodes, rows, rest)| Answer {
                series: Series::ALL[head.0],
                generated_at_ms: head.1,
                step_ms: head.2,
                axis: if head.3 { AxisKind::Range } else { AxisKind::Route },
                axis_id: if head.3 { head.4 } else { 0 },
                write_merge,
                columns,
                column_nodes,
                rows,
                cut: cut(rest.0, rest.1),
                unattributed: rest.2,
                fanout: rest.3,
            })
    })
}

/// JSON of any shape, mostly with the members' own names.
fn any_json() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("null".to_owned()),
        Just("true".into()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        "\\PC{0,8}".prop_map(|s| format!("{s:?}")),
    ];
    let name = prop::sample::select(vec![
        "column_unix_ms",
        "column_start_unix_ms",
        "column_state",
        "column_nodes",
        "series",
        "axis",
        "axis_id",
        "rows",
        "cut",
        "values",
        "bucket_id",
        "label",
        "start",
        "end",
        "route_ids",
        "term_parts",
        "group",
        "leader_terms",
        "fanout",
        "nodes",
        "node",
        "ok",
        "state",
        "warnings",
        "clock_offset_ms",
        "other",
    ]);
    word.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                let members: Vec<String> = members.into_iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_written_is_read(answer in any_answer()) {
        let json = written(&answer);
        prop_assert_eq!(read(&json).unwrap(), answer);
    }

    #[test]
    fn any_json_is_an_answer_or_an_error(json in any_json()) {
        if let Ok(answer) = read(&json) {
            prop_assert_eq!(read(&written(&answer)).unwrap().rows.len(), answer.rows.len());
        }
    }

    /// Bytes changed, cut out, doubled.
    #[test]
    fn a_damaged_answer_is_an_answer_or_an_error(
        answer in any_answer(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..6),
    ) {
        let mut json = written(&answer).into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(json.len().max(1));
            match how {
                0 => json.get_mut(at).into_iter().for_each(|to| *to = byte),
                1 => json.truncate(at),
                2 => json.insert(at, byte),
                _ => json.extend_from_within(at..),
            }
        }
        let _ = decode::answer(&json, &Limits::default());
    }
}

/// A list that never ends in a limit, and depth without end.
#[test]
fn depth_and_length_are_harmless() {
    let deep = format!(r#"{{"other":{}"#, "[".repeat(1_000_000));
    assert!(read(&deep).is_err());
    let deep = format!(r#"{{"rows":{}"#, "[".repeat(1_000_000));
    assert!(read(&deep).is_err());
    let wide = format!(r#"{{"column_unix_ms":[{}]}}"#, "1,".repeat(1_000_000));
    assert_eq!(read(&wide), Err(DecodeError::TooMany { field: "column_unix_ms", max: 1 << 14 }));
}
