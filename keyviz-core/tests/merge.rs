//! Merging nodes: what each rule says, held against a plain reading of it; and that neither the order of arrival nor
//! the coordinators between matter.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use keyviz_core::{
    Answer, AnswerRow, AxisKind, BucketId, Column, ColumnState, Config, FanoutNode, MatrixQuery, Merge, MergeError,
    Merged, NodeState, Op, RouteId, Series, TermPart, Warning, WarningKind, WriteMerge, Writer, merge,
};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;

fn answer(series: Series, step_ms: u64, ends: &[u64]) -> Answer {
    Answer {
        series,
        step_ms,
        write_merge: Some(WriteMerge::Leader),
        columns: ends.iter().map(|end| Column::of_window(end - step_ms, *end)).collect(),
        ..Answer::default()
    }
}

/// Columns one after another from the first step on.
fn node(rows: Vec<AnswerRow>) -> Answer {
    let columns = rows.iter().map(|row| row.values.len()).max().unwrap_or(0) as u64;
    let ends: Vec<u64> = (1..=columns).map(|i| i * STEP_MS).collect();
    Answer { rows, ..answer(Series::Writes, STEP_MS, &ends) }
}

fn row(id: &str, values: &[u64], groups: &[u64], terms: &[u64]) -> AnswerRow {
    AnswerRow {
        bucket_id: BucketId::parse(id).unwrap(),
        start: b"a".to_vec(),
        end: Some(b"b".to_vec()),
        route_count: 1,
        values: values.to_vec(),
        groups: groups.to_vec(),
        terms: terms.to_vec(),
        ..AnswerRow::default()
    }
}

fn all(answers: &[Answer]) -> Merged {
    let inputs = answers.iter().cloned().enumerate().map(|(place, answer)| (place as u32, answer));
    merge(inputs, &MatrixQuery::default()).unwrap()
}

fn writes(id: &str, value: u64, group: u64, term: u64) -> Answer {
    node(vec![row(id, &[value], &[group], &[term])])
}

/// What the coordinator knows of each node, with what the merge has to say of it.
#[test]
fn nodes_carry_the_warnings_of_the_merge() {
    let names = ["a:1", "b:1", "c:1"];
    let cut = |value| {
        let mut answer = writes("route:1", value, 1, 1);
        answer.cut.rows = 3;
        answer
    };
    let nodes = || names.iter().map(|name| FanoutNode::answered(name)).collect::<Vec<_>>();
    let merged =
        || merge([(0, writes("route:1", 5, 1, 1)), (2, cut(7)), (9, cut(9))], &MatrixQuery::default()).unwrap();
    let mut known = nodes();
    known[1] = FanoutNode::failed("b:1", NodeState::Unreachable, &"é".repeat(400));
    let answer = merged().with_nodes(known);
    assert_eq!(answer.rows, merged().answer.rows, "the picture is the same");
    let fanout = answer.fanout.unwrap();
    assert_eq!((fanout.responded, fanout.expected, fanout.writes_superseded), (3, 4, 12));
    let warnings: Vec<(&str, usize)> = fanout.nodes.iter().map(|n| (n.node.as_str(), n.warnings.len())).collect();
    assert_eq!(warnings, [("a:1", 0), ("b:1", 0), ("c:1", 1), ("#9", 1)], "no warning is lost");
    assert_eq!(fanout.nodes[2].warnings, ["peer_rows_capped"]);
    assert_eq!(fanout.nodes[1].error.as_ref().unwrap().len(), 512, "what no decoder takes is cut");
}

#[test]
fn three_groupless_nodes_add_up() {
    let node = |_| {
        let mut config = Config::default();
        config.step_ms = STEP_MS;
        let mut writer = Writer::new(config, 0).unwrap();
        writer.register(RouteId(1), b"a", None, 0).unwrap();
        writer.recorder().observe_many(RouteId(1), Op::Write, b"k", 0, 100);
        writer.flush(STEP_MS);
        Answer::from(writer.reader().matrix(&MatrixQuery::default()))
    };
    let merged = all(&[0, 1, 2].map(node));
    let row = &merged.answer.rows[0];
    assert_eq!((&row.values[..], row.conflict, row.estimated.len()), (&[300][..], false, 0));
    assert_eq!(merged.answer.write_merge, Some(WriteMerge::Sum));
    assert_eq!((merged.answer.column_nodes, merged.writes_superseded), (vec![3], 0));
    assert!(merged.warnings.is_empty());
}

#[test]
fn mixed_modes_go_by_the_leader_rule_and_are_warned_about() {
    let sum = Answer { write_merge: Some(WriteMerge::Sum), ..writes("route:1", 5, 1, 1) };
    let silent = Answer { write_merge: None, ..writes("route:1", 3, 1, 1) };
    let merged = all(&[sum.clone(), silent, sum]);
    assert_eq!((merged.answer.rows[0].values[0], merged.writes_superseded), (5, 8));
    let warning = |place| Warning { place, kind: WarningKind::MixedWriteMerge };
    assert_eq!(merged.warnings, [warning(0), warning(2)]);
    assert_eq!(merged.answer.write_merge, Some(WriteMerge::Leader));
}

#[test]
fn ties_go_to_the_later_node() {
    let merged = all(&[writes("route:1", 7, 1, 3), writes("route:1", 7, 2, 5), writes("route:1", 6, 3, 9)]);
    let row = &merged.answer.rows[0];
    assert_eq!((row.values[0], row.groups[0], row.terms[0]), (20, 2, 5), "the greatest value, of equals the later");
    let parts: Vec<(u64, u64, u64)> = row.term_parts.iter().map(|p| (p.group, p.term, p.value)).collect();
    assert_eq!(parts, [(1, 3, 7), (2, 5, 7), (3, 9, 6)]);
    let reads = |value, term| Answer { series: Series::Reads, ..writes("route:1", value, 1, term) };
    let merged = all(&[reads(9, 2), reads(1, 4), reads(0, 6)]);
    let row = &merged.answer.rows[0];
    assert_eq!((row.values[0], row.terms[0]), (10, 4), "the last node with a value");
}

#[test]
fn a_ninth_part_is_dropped_and_said() {
    let nodes: Vec<Answer> = (1..=9).map(|term| writes("route:1", 10 * term, 1, term)).collect();
    let merged = all(&nodes[..8]);
    assert_eq!((merged.answer.rows[0].values[0], merged.parts_dropped), (360, 0));
    assert!(merged.answer.rows[0].estimated.is_empty());
    let merged = all(&nodes);
    let row = &merged.answer.rows[0];
    assert_eq!((row.values[0], &row.estimated[..]), (440, &[true][..]), "the least term goes");
    assert_eq!((merged.parts_dropped, merged.writes_superseded), (1, 10));
}

#[test]
fn followers_do_not_conflict_and_what_the_leader_rule_leaves_out_is_told() {
    let merged = all(&[writes("route:1", 9, 1, 3), writes("route:1", 0, 1, 3), writes("route:1", 9, 1, 3)]);
    assert!(!merged.answer.rows[0].conflict);
    assert_eq!((merged.answer.rows[0].values[0], merged.writes_superseded), (9, 9));
    let merged = all(&[writes("route:1", 9, 1, 3), writes("route:1", 4, 1, 3)]);
    assert!(merged.answer.rows[0].conflict);
    assert_eq!((merged.answer.rows[0].values[0], merged.writes_superseded), (9, 4));
}

#[test]
fn bounds_that_differ_are_warned_about_against_the_later_node() {
    let bounds = |end: &[u8]| {
        let mut node = writes("route:1", 1, 1, 1);
        node.rows[0].end = Some(end.to_vec());
        node
    };
    let merged = all(&[bounds(b"b"), bounds(b"c"), bounds(b"b"), bounds(b"d")]);
    assert_eq!(merged.answer.rows[0].end.as_deref(), Some(&b"b"[..]));
    let warning = |place| Warning { place, kind: WarningKind::CatalogDivergence };
    assert_eq!(merged.warnings, [warning(1), warning(3)]);
}

#[test]
fn virtual_buckets_meet_by_range_and_clashing_ids_are_told_apart() {
    let bucket = |id: &str, start: &[u8], value| {
        let mut node = writes(id, value, 0, 0);
        (node.rows[0].aggregate, node.rows[0].start) = (true, start.to_vec());
        node.write_merge = Some(WriteMerge::Sum);
        node
    };
    let merged = all(&[bucket("virtual:9", b"a", 1), bucket("virtual:8", b"a", 2), bucket("virtual:9", b"aa", 4)]);
    let rows: Vec<(&str, u64)> = merged.answer.rows.iter().map(|row| (row.bucket_id.as_str(), row.values[0])).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|(id, _)| id.starts_with("virtual:9~") && id.len() == 18), "{rows:?}");
    assert_eq!((rows[0].1, rows[1].1), (3, 4));
    assert_ne!(rows[0].0, rows[1].0);
    assert!(merged.warnings.is_empty(), "buckets are each node's own");
}

#[test]
fn a_node_or_an_hour_that_is_missing_shows() {
    let mut whole = node(vec![row("route:1", &[1, 2, 3, 4], &[], &[])]);
    whole.columns[1].state = ColumnState::Late;
    let mut short = answer(Series::Writes, STEP_MS, &[3000, 4000]);
    short.rows = vec![row("route:1", &[0, 0], &[], &[]), row("route:2", &[5, 6], &[], &[])];
    let mut later = answer(Series::Writes, STEP_MS, &[7000]);
    later.columns.insert(0, Column::of_window(5000, 6000));
    later.columns[0].state = ColumnState::Missing;
    let merged = all(&[whole, short, later]);
    let columns = &merged.answer.columns;
    let states: Vec<(u64, u64, ColumnState)> = columns.iter().map(|c| (c.start_ms, c.end_ms, c.state)).collect();
    assert_eq!(states[1], (1000, 2000, ColumnState::Late));
    assert_eq!(states[4..], [(4000, 6000, ColumnState::Missing), (6000, 7000, ColumnState::Complete)]);
    assert_eq!(merged.answer.column_nodes, [1, 1, 2, 2, 0, 1]);
    assert_eq!(merged.answer.rows[0].missing, [true, true, false, false, false, true]);
    assert_eq!(merged.answer.rows[1].missing, [true, true, false, false, false, true]);
    let range = MatrixQuery { axis: AxisKind::Range, ..MatrixQuery::default() };
    let mut other = node(vec![row("route:3", &[1], &[], &[])]);
    other.rows[0].start = b"aa".to_vec();
    let one = node(vec![row("route:1", &[1, 2], &[], &[])]);
    let merged = merge([(0, one), (1, other)], &range).unwrap();
    assert_eq!(merged.answer.rows[1].missing, [false, true], "the second node lacks the second column");
    assert!(merged.answer.rows[0].missing.is_empty());
}

#[test]
fn what_a_peer_cut_is_told() {
    let mut capped = writes("route:1", 5, 1, 1);
    (capped.cut.rows, capped.cut.values) = (3, vec![7]);
    let merged = all(&[capped.clone(), capped]);
    assert_eq!((merged.answer.cut.rows, &merged.answer.cut.values[..]), (6, &[14][..]));
    assert_eq!(merged.warnings.iter().filter(|w| w.kind == WarningKind::PeerRowsCapped).count(), 2);
}

#[test]
fn refusals_change_nothing() {
    let mut merged = Merge::new();
    merged.add(0, &writes("route:1", 5, 1, 1)).unwrap();
    let before = merged.clone().finish(&MatrixQuery::default());
    let reads = Answer { series: Series::Reads, ..writes("route:1", 5, 1, 1) };
    let other = MergeError::OtherSeries { merge: Series::Writes, answer: Series::Reads };
    assert_eq!(merged.add(1, &reads), Err(other));
    assert_eq!(merged.add(0, &writes("route:1", 5, 1, 1)), Err(MergeError::PlaceTwice { place: 0 }));
    let range = Answer { axis: AxisKind::Range, ..writes("route:1", 5, 1, 1) };
    assert_eq!(merged.add(1, &range), Err(MergeError::NotRouteAxis));
    assert_eq!(merged.add(u32::MAX, &writes("route:1", 5, 1, 1)), Err(MergeError::PlaceTooGreat));
    let mut second = Merge::new();
    second.add(7, &reads).unwrap();
    assert_eq!(merged.join(second), Err(other));
    assert_eq!(merged.finish(&MatrixQuery::default()), before);
    let nothing = Merge::new().finish(&MatrixQuery::default());
    assert!(nothing.answer.rows.is_empty() && nothing.answer.columns.is_empty());
}

#[test]
fn cells_are_bounded_whatever_answers_claim() {
    let rows = |count: u64| (0..count).map(|i| row(&format!("route:{i}"), &[], &[], &[])).collect::<Vec<_>>();
    let ends: Vec<u64> = (1..=100).map(|i| i * STEP_MS).collect();
    let wide = |count| Answer { rows: rows(count), ..answer(Series::Reads, STEP_MS, &ends) };
    let too_large = Err(MergeError::TooLarge { max_cells: 10 * 116 });
    let mut merge = Merge::with_max_cells(10 * 116);
    merge.add(0, &wide(10)).unwrap();
    merge.add(1, &wide(10)).unwrap();
    assert_eq!(merge.add(2, &wide(11)), too_large);
    let mut other = Merge::new();
    other.add(2, &wide(11)).unwrap();
    assert_eq!(merge.join(other), too_large);
    // Each of many widths would have every row.
    let mut tiers = wide(10);
    tiers.columns = (1..=100).map(|i| Column::of_window(1_000_000, 1_000_000 + i * STEP_MS)).collect();
    assert_eq!(merge.add(3, &tiers), too_large);
    let mut waiting = wide(11);
    waiting.step_ms = 0;
    waiting.columns.iter_mut().for_each(|column| column.start_ms = column.end_ms);
    merge.add(4, &waiting).unwrap();
    let merged = merge.finish(&MatrixQuery::default());
    assert_eq!(merged.answer.rows.len(), 10);
    assert_eq!(merged.warnings, [Warning { place: 4, kind: WarningKind::LeftOut }]);
}

/// More groups and terms than the table that numbers them keeps without asking which are still in use.
#[test]
fn any_number_of_terms() {
    let columns = 1000u64;
    let ends: Vec<u64> = (1..=columns).map(|i| i * STEP_MS).collect();
    let node = |place: u64| {
        let rows = (0..40u64).map(|route| {
            let terms: Vec<u64> = (0..columns).map(|column| 1 + column + columns * (route + 40 * place)).collect();
            row(&format!("route:{route:02}"), &vec![1; 1000], &vec![1; 1000], &terms)
        });
        Answer { rows: rows.collect(), ..answer(Series::Writes, STEP_MS, &ends) }
    };
    let merged = all(&[node(0), node(1), node(2)]);
    for (route, row) in merged.answer.rows.iter().enumerate() {
        let term = |column: u64, place: u64| 1 + column + columns * (route as u64 + 40 * place);
        assert!((0..columns).all(|column| row.terms[column as usize] == term(column, 2)));
        assert!(row.values.iter().all(|value| *value == 3));
        let parts = |column: u64| [0, 1, 2].map(|place| TermPart::new(column as usize, 1, term(column, place), 1));
        assert_eq!(row.term_parts, (0..columns).flat_map(parts).collect::<Vec<_>>());
    }
}

#[test]
fn a_coarser_node_folds_the_finer_ones() {
    let fine = |value| node(vec![row("route:1", &[value; 10], &[1; 10], &[1; 10])]);
    let mut coarse = answer(Series::Writes, 5000, &[5000, 10_000]);
    coarse.rows = vec![row("route:1", &[100, 4], &[1, 1], &[1, 1])];
    let merged = all(&[fine(7), coarse, fine(9)]);
    let row = &merged.answer.rows[0];
    assert_eq!(merged.answer.step_ms, 5000);
    assert_eq!((&row.values[..], &row.conflicts[..]), (&[100, 45][..], &[true, true][..]));
    assert_eq!(merged.answer.column_nodes, [3, 3]);
    // Windows that only a finer node covers in part are open, as far as they are not over.
    let mut coarse = answer(Series::Writes, 5000, &[5000]);
    coarse.rows = vec![row_of("route:1", 100)];
    let late = Answer { rows: vec![row_of("route:1", 3)], ..answer(Series::Writes, STEP_MS, &[7000]) };
    let merged = all(&[coarse, late]);
    let states: Vec<_> = merged.answer.columns.iter().map(|c| (c.end_ms, c.state)).collect();
    assert_eq!(states, [(5000, ColumnState::Complete), (10_000, ColumnState::Open)]);
    assert_eq!(merged.answer.rows[0].missing, [true, true]);
}

fn row_of(id: &str, value: u64) -> AnswerRow {
    row(id, &[value], &[1], &[1])
}

#[test]
fn different_divisions_are_rows_of_their_own_and_add_on_the_range_axis() {
    let part = |id: &str, start: &[u8], end: Option<&[u8]>, value| {
        let mut row = row(id, &[value], &[1], &[1]);
        (row.start, row.end) = (start.to_vec(), end.map(<[u8]>::to_vec));
        row
    };
    let divided = node(vec![part("route:1#0", b"a", Some(b"m"), 30), part("route:1#1", b"m", Some(b"y"), 10)]);
    let whole = node(vec![part("route:1", b"a", Some(b"y"), 5)]);
    let inputs = [(0, divided), (1, whole)];
    assert_eq!(merge(inputs.clone(), &MatrixQuery::default()).unwrap().answer.rows.len(), 3);
    let range = MatrixQuery { axis: AxisKind::Range, ..MatrixQuery::default() };
    let merged = merge(inputs, &range).unwrap().answer;
    assert_eq!(merged.rows.len(), 2);
    assert_eq!(merged.rows.iter().map(|row| row.values[0]).sum::<u64>(), 45);
    assert!(merged.rows.iter().all(|row| row.estimated == [true] && row.route_count == 1 && row.groups == [1]));
    let ids: BTreeSet<&str> = merged.rows.iter().map(|row| row.bucket_id.as_str()).collect();
    assert_eq!(ids.len(), 2);
}

/// Everything that an answer can hold, in little.
fn any_answer() -> impl Strategy<Value = Answer> {
    let columns = prop::collection::btree_set(1u64..14, 0..10);
    let jitter = -49i64..=49;
    let mode = prop_oneof![3 => Just(Some(WriteMerge::Leader)), 1 => Just(Some(WriteMerge::Sum)), 1 => Just(None)];
    let rows = prop::collection::vec(any_row(), 0..8);
    let step = prop_oneof![4 => Just(STEP_MS), 1 => Just(5000u64), 1 => Just(0u64)];
    (columns, jitter, mode, rows, step, any::<u32>()).prop_map(|(ends, jitter, write_merge, rows, step_ms, noise)| {
        let width = if step_ms == 0 { STEP_MS } else { step_ms };
        let at = |end: u64| (end * width).saturating_add_signed(jitter * width as i64 / 100);
        let column = |(i, end): (usize, &u64)| {
            // Who does not say the step says no starts either; tiers have wider columns.
            let wide = if step_ms == STEP_MS && noise % 4 == 0 && end % 5 == 0 && i == 0 { 5 } else { 1 };
            let mut column =
                Column::of_window(at(*end).saturating_sub(if step_ms == 0 { 0 } else { wide * width }), at(*end));
            column.state = match (noise >> (2 * i)) % 16 {
                0 => ColumnState::Late,
                1 => ColumnState::Missing,
                2 => ColumnState::Open,
                _ => ColumnState::Complete,
            };
            column
        };
        let columns: Vec<Column> = ends.iter().enumerate().map(column).collect();
        let mut answer = Answer { series: Series::Writes, step_ms, write_merge, rows, ..Answer::default() };
        for row in &mut answer.rows {
            for list in [&mut row.values, &mut row.groups, &mut row.terms] {
                list.truncate(columns.len());
            }
            for list in [&mut row.conflicts, &mut row.estimated, &mut row.missing] {
                list.truncate(columns.len());
            }
            row.term_parts.retain(|part| part.column < columns.len());
        }
        answer.unattributed = vec![u64::from(noise % 7); columns.len()];
        answer.cut.rows = u64::from(noise % 5 == 0);
        answer.cut.values = vec![answer.cut.rows; columns.len()];
        answer.columns = columns;
        answer
    })
}

fn any_value() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0u64), 6 => 1u64..5, 1 => Just(u64::MAX)]
}

fn any_row() -> impl Strategy<Value = AnswerRow> {
    let names = ["route:1", "route:2", "route:3:redis", "route:4#0", "route:4#1", "virtual:9", "virtual:8"];
    let ends = [None, Some(b"m".to_vec()), Some(b"z".to_vec())];
    let flags = || prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(any::<bool>(), 9)];
    let parts = prop::collection::vec((0usize..9, 0u64..3, 0u64..6, 1u64..4), 0..6);
    (
        (0usize..7, 0usize..3, 0u8..3, any::<bool>()),
        prop::collection::vec(any_value(), 0..9),
        prop::collection::vec(prop_oneof![1 => Just(0u64), 5 => 1u64..3], 0..9),
        prop::collection::vec(prop_oneof![1 => Just(0u64), 5 => 1u64..6], 0..9),
        (flags(), flags(), flags()),
        parts,
    )
        .prop_map(move |((name, end, start, draining), values, groups, terms, flags, parts)| {
            let id = names[name];
            let mut row = AnswerRow {
                bucket_id: BucketId::parse(id).unwrap(),
                label: if id.ends_with("redis") { "redis".into() } else { String::new() },
                name: (start == 2).then(|| format!("{name}{end}")),
                start: vec![b'a' + start],
                end: ends[end].clone(),
                aggregate: id.starts_with("virtual"),
                route_ids: if end == 0 { Vec::new() } else { vec![RouteId(end as u64)] },
                route_count: 1 + end as u64,
                draining,
                values,
                groups,
                terms,
                conflicts: flags.0,
                estimated: flags.1,
                missing: flags.2,
                ..AnswerRow::default()
            };
            // Parts that add up to their cells.
            let mut parts: Vec<TermPart> = parts.into_iter().map(|(c, g, t, v)| TermPart::new(c, g, t, v)).collect();
            parts.sort_by_key(|part| (part.column, part.group, part.term));
            for part in parts {
                if let Some(value) = row.values.get_mut(part.column).filter(|value| **value < u64::MAX) {
                    if row.term_parts.last().is_none_or(|last| last.column != part.column) {
                        *value = 0;
                    }
                    *value += part.value;
                    row.term_parts.push(part);
                }
            }
            row
        })
}

/// Any binary tree: pairs are joined until one is left.
fn by_tree(answers: &[Answer], choices: &[u32]) -> Merge {
    let mut left: Vec<Merge> = answers
        .iter()
        .enumerate()
        .map(|(place, answer)| {
            let mut merge = Merge::new();
            merge.add(place as u32, answer).unwrap();
            merge
        })
        .collect();
    let mut choices = choices.iter().cycle();
    while left.len() > 1 {
        let mut next = || *choices.next().unwrap() as usize;
        let mut one = left.swap_remove(next() % left.len());
        let at = next() % left.len();
        one.join(left.swap_remove(at)).unwrap();
        left.push(one);
    }
    left.pop().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_tree_and_any_order_of_arrival_give_the_same(
        answers in prop_oneof![4 => prop::collection::vec(any_answer(), 1..8), 1 => prop::collection::vec(any_answer(), 8..=64)],
        choices in prop::collection::vec(any::<u32>(), 8..40),
        reads in any::<bool>(),
        budget in 0usize..6,
        range in any::<bool>(),
        split_labels in any::<bool>(),
    ) {
        let series = if reads { Series::Reads } else { Series::Writes };
        let answers: Vec<Answer> = answers.into_iter().map(|answer| Answer { series, ..answer }).collect();
        let axis = if range { AxisKind::Range } else { AxisKind::Route };
        let query = MatrixQuery { axis, rows: budget, split_labels, ..MatrixQuery::default() };
        let mut order: Vec<(u32, Answer)> = answers.iter().cloned().enumerate().map(|(i, a)| (i as u32, a)).collect();
        let flat = merge(order.clone(), &query).unwrap();
        order.sort_by_key(|(place, _)| choices[*place as usize % choices.len()]);
        prop_assert_eq!(&merge(order, &query).unwrap(), &flat);
        prop_assert_eq!(&by_tree(&answers, &choices).finish(&query), &flat);
        check_shape(&flat.answer, budget);
    }
}

/// Lists are as long as the columns, or empty; columns follow one another.
fn check_shape(answer: &Answer, budget: usize) {
    let columns = answer.columns.len();
    assert!(answer.columns.windows(2).all(|pair| pair[0].end_ms < pair[1].end_ms));
    assert_eq!(
        (answer.column_nodes.len(), answer.cut.values.len(), answer.unattributed.len()),
        (columns, columns, columns)
    );
    assert!(budget == 0 || answer.rows.len() <= budget.max(2));
    for row in &answer.rows {
        assert_eq!(row.values.len(), columns);
        for len in [row.groups.len(), row.terms.len(), row.conflicts.len(), row.estimated.len(), row.missing.len()] {
            assert!(len == 0 || len == columns);
        }
        assert_eq!(row.conflict, row.conflicts.contains(&true));
    }
}

/// What one node says of one cell.
type Said = (u64, u64, u64);

/// The rules in plain words, for nodes that each say one value, group and term of a cell.
fn plainly(said: &[Said], adds: bool, leader: bool) -> (u64, (u64, u64), bool) {
    let counted: Vec<Said> = said.iter().copied().filter(|(value, ..)| *value > 0).collect();
    let Some(last) = counted.last() else { return (0, (0, 0), false) };
    if adds || !leader {
        return (counted.iter().map(|said| said.0).sum(), (last.1, last.2), false);
    }
    let (mut greatest, mut by) = (0, (0, 0));
    for (value, group, term) in &counted {
        if *value >= greatest {
            (greatest, by) = (*value, (*group, *term));
        }
    }
    if counted.iter().any(|(_, group, term)| *group == 0 || *term == 0) {
        let differ = counted.iter().any(|said| said.0 != greatest);
        return (greatest, by, differ);
    }
    let mut terms: BTreeMap<(u64, u64), BTreeSet<u64>> = BTreeMap::new();
    counted.iter().for_each(|(value, group, term)| {
        terms.entry((*group, *term)).or_default().insert(*value);
    });
    let sum = terms.values().filter_map(|values| values.last()).sum();
    (sum, by, terms.values().any(|values| values.len() > 1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Up to eight groups and terms a cell.
    #[test]
    fn cells_are_what_the_rules_say(
        said in prop::collection::vec(prop::collection::vec((any::<bool>(), 1u64..6, 0u64..3, 0u64..4), 1..6), 1..12),
        mode in 0u8..3,
    ) {
        let columns = said.iter().map(Vec::len).max().unwrap();
        let series = if mode == 0 { Series::ReadBytes } else { Series::WriteBytes };
        let write_merge = Some(if mode == 1 { WriteMerge::Sum } else { WriteMerge::Leader });
        let said: Vec<Vec<Said>> = said
            .into_iter()
            .map(|node| node.into_iter().map(|(is, value, g, t)| (if is { value } else { 0 }, g, t)).collect())
            .collect();
        let ends: Vec<u64> = (1..=columns as u64).map(|i| i * STEP_MS).collect();
        let answers: Vec<Answer> = said
            .iter()
            .map(|node| {
                let list = |of: fn(&Said) -> u64| node.iter().map(of).collect::<Vec<u64>>();
                let rows = vec![row("route:1", &list(|s| s.0), &list(|s| s.1), &list(|s| s.2))];
                Answer { rows, write_merge, ..answer(series, STEP_MS, &ends) }
            })
            .collect();
        let merged = all(&answers);
        let row = &merged.answer.rows[0];
        let mut superseded = 0;
        for column in 0..columns {
            let cell: Vec<Said> = said.iter().filter_map(|node| node.get(column).copied()).collect();
            let distinct: BTreeSet<_> = cell.iter().filter(|said| said.0 > 0).map(|said| (said.1, said.2)).collect();
            prop_assume!(distinct.len() <= 8);
            let (value, by, conflict) = plainly(&cell, mode == 0, mode == 2);
            let numbers = |list: &[u64]| list.get(column).copied().unwrap_or(0);
            prop_assert_eq!(row.values[column], value, "{:?}", cell);
            prop_assert_eq!((numbers(&row.groups), numbers(&row.terms)), by, "{:?}", cell);
            prop_assert_eq!(row.conflicts.get(column) == Some(&true), conflict, "{:?}", cell);
            superseded += cell.iter().map(|said| said.0).sum::<u64>() - value;
            let parts: u64 = row.term_parts.iter().filter(|p| p.column == column).map(|p| p.value).sum();
            prop_assert!(parts == 0 || parts == value);
        }
        prop_assert_eq!(merged.writes_superseded, if mode == 2 { superseded } else { 0 });
    }

    /// Columns meet whatever the nodes' clocks add or lack, up to 49 % of a step.
    #[test]
    fn jitter_does_not_part_columns(jitters in prop::collection::vec(-49i64..=49, 1..6), stated in any::<bool>()) {
        let ends: Vec<u64> = (100..110).map(|i| i * STEP_MS).collect();
        let answers: Vec<Answer> = jitters
            .iter()
            .map(|jitter| {
                let at = |ms: u64| ms.saturating_add_signed(jitter * STEP_MS as i64 / 100);
                let mut node = answer(Series::Reads, STEP_MS, &ends);
                for column in &mut node.columns {
                    *column = Column::of_window(at(column.start_ms), at(column.end_ms));
                    if !stated {
                        column.start_ms = column.end_ms;
                    }
                }
                node.step_ms = if stated { STEP_MS } else { 0 };
                node.rows = vec![row("route:1", &[2; 10], &[], &[])];
                node
            })
            .collect();
        let merged = all(&answers).answer;
        prop_assert_eq!(merged.columns.iter().map(|c| (c.start_ms, c.end_ms)).collect::<Vec<_>>(), ends.iter().map(|e| (e - STEP_MS, *e)).collect::<Vec<_>>());
        prop_assert_eq!(&merged.rows[0].values, &vec![2 * jitters.len() as u64; 10]);
        prop_assert!(merged.rows[0].missing.is_empty());
    }

    /// Where everything adds, nothing is lost: rows and cut, on both axes, whatever the steps, divisions and budget.
    #[test]
    fn what_adds_is_conserved(answers in prop::collection::vec(any_answer(), 1..8), budget in 0usize..6, range in any::<bool>()) {
        let answers: Vec<Answer> = answers
            .into_iter()
            .map(|mut answer| {
                answer.series = Series::Reads;
                for (at, column) in answer.columns.iter().enumerate() {
                    let missing = column.state == ColumnState::Missing;
                    for row in &mut answer.rows {
                        row.term_parts.clear();
                        row.values.get_mut(at).into_iter().for_each(|v| *v = if missing { 0 } else { *v % 100 });
                    }
                }
                answer
            })
            .collect();
        let given: u64 = answers.iter().flat_map(|a| a.rows.iter().flat_map(|row| &row.values).chain(&a.cut.values)).sum();
        let lost: u64 = answers.iter().flat_map(|a| a.columns.iter().zip(&a.cut.values)).filter(|(c, _)| c.state == ColumnState::Missing).map(|(_, v)| v).sum();
        let axis = if range { AxisKind::Range } else { AxisKind::Route };
        let query = MatrixQuery { axis, rows: budget, split_labels: false, ..MatrixQuery::default() };
        let inputs = answers.into_iter().enumerate().map(|(place, answer)| (place as u32, answer));
        let merged = merge(inputs, &query).unwrap().answer;
        let shown: u64 = merged.rows.iter().flat_map(|row| &row.values).chain(&merged.cut.values).sum();
        prop_assert_eq!(shown, given - lost);
        let most = if budget == 0 { 1024 } else { budget };
        prop_assert!(merged.rows.len() <= most);
    }
}

/// A peer that names a label in each of its rows: the range axis has no more rows than its budget for it.
#[test]
fn more_labels_than_rows_are_summed_on_the_range_axis() {
    let labelled = |at: u32| AnswerRow { label: format!("l{at}"), ..row(&format!("route:1:l{at}"), &[2], &[], &[]) };
    let answer = node((0..40).map(labelled).collect());
    let picture = |rows| {
        let query = MatrixQuery { axis: AxisKind::Range, rows, ..MatrixQuery::default() };
        merge([(0, answer.clone())], &query).unwrap().answer.rows
    };
    let summed = picture(39);
    assert_eq!((summed.len(), summed[0].values[0], summed[0].label.as_str()), (1, 80, ""));
    assert_eq!(picture(40).len(), 40);
}

#[test]
fn rows_of_the_route_axis_name_their_route() {
    let of = |id: &str| BucketId::parse(id).unwrap().route();
    assert_eq!(of("route:7"), Some(RouteId(7)));
    assert_eq!(of("route:18446744073709551615:redis#3"), Some(RouteId(u64::MAX)));
    assert_eq!(of("virtual:9~0a1b2c3d"), Some(RouteId(9)));
    assert_eq!((of("range:3@00"), of("route:x"), of("route:"), of("other")), (None, None, None, None));
}
