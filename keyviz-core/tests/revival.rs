//! Revival: an id registered again inside the grace goes on in its old slot if it is the same route,
//! and gets a fresh one, beside the draining one, if it is not.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{Config, MatrixQuery, Op, Recorder, RouteId, Writer};

const ROUTE: RouteId = RouteId(1);

fn writer(sub_buckets: u16) -> (Writer, Recorder) {
    let mut config = Config::default();
    config.step_ms = 1000;
    config.max_routes = 10;
    config.sub_buckets = sub_buckets;
    config.prefault = false;
    let writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    (writer, recorder)
}

fn draining(writer: &Writer) -> Vec<bool> {
    writer.reader().matrix(&MatrixQuery::default()).rows.iter().map(|row| row.draining).collect()
}

#[test]
fn other_bounds_take_a_fresh_slot() {
    let (mut writer, recorder) = writer(2);
    writer.register(ROUTE, &[0], Some(&[100]), 0).unwrap();
    recorder.observe(ROUTE, Op::Write, &[10], 0);
    writer.remove(ROUTE);
    writer.register(ROUTE, &[0], Some(&[20]), 0).unwrap();
    assert_eq!(writer.reader().counters().draining, 1);
    recorder.observe(ROUTE, Op::Write, &[15], 0);
    writer.flush(1000);
    let mut cells = Vec::new();
    writer.reader().for_each_cell(0, 0, false, |_, cell| {
        cells.push((cell.end.unwrap().to_vec(), cell.sub_bucket, cell.draining, cell.counts.writes));
    });
    cells.sort();
    assert_eq!(cells, [(vec![20], 1, false, 1), (vec![100], 0, true, 1)]);
}

#[test]
fn another_group_takes_a_fresh_slot() {
    let (mut writer, recorder) = writer(1);
    writer.register(ROUTE, b"a", None, 1).unwrap();
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.remove(ROUTE);
    writer.register(ROUTE, b"a", None, 2).unwrap();
    recorder.observe_many(ROUTE, Op::Write, b"b", 0, 2);
    writer.flush(1000);
    let mut cells = Vec::new();
    writer.reader().for_each_cell(0, 0, false, |_, cell| cells.push((cell.group, cell.counts.writes)));
    cells.sort_unstable();
    assert_eq!(cells, [(1, 1), (2, 2)]);
}

#[test]
fn the_same_route_goes_on_in_its_slot() {
    let (mut writer, recorder) = writer(1);
    writer.register(ROUTE, b"a", Some(b"m"), 3).unwrap();
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.remove(ROUTE);
    recorder.observe_many(ROUTE, Op::Write, b"b", 0, 100); // nobody's
    writer.register(ROUTE, b"a", Some(b"m"), 3).unwrap();
    assert_eq!(writer.reader().counters().draining, 0);
    recorder.observe_many(ROUTE, Op::Write, b"b", 0, 2);
    writer.flush(1000);
    let matrix = writer.reader().matrix(&MatrixQuery::default());
    assert_eq!(matrix.rows.len(), 1);
    assert_eq!((&matrix.rows[0].values[..], &matrix.unattributed[..]), (&[3][..], &[100][..]));
}

#[test]
fn a_revived_row_is_not_draining_once_it_has_traffic() {
    let (mut writer, recorder) = writer(1);
    writer.register(ROUTE, b"a", None, 0).unwrap();
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.remove(ROUTE);
    writer.flush(1000);
    assert_eq!(draining(&writer), [true]);
    writer.register(ROUTE, b"a", None, 0).unwrap();
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.flush(2000);
    assert_eq!(draining(&writer), [false]);
}

/// Also where the route's group changed its term while it drained: the row then has two descriptors.
#[test]
fn a_revived_row_is_not_draining_after_a_term_change_either() {
    let (mut writer, recorder) = writer(1);
    writer.set_term(1, 1);
    writer.register(ROUTE, b"a", None, 1).unwrap();
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.remove(ROUTE);
    writer.flush(1000);
    writer.set_term(1, 2);
    writer.register(ROUTE, b"a", None, 1).unwrap();
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.flush(2000);
    assert_eq!(draining(&writer), [false]);
    let row = &writer.reader().matrix(&MatrixQuery::default()).rows[0];
    assert_eq!((&row.values[..], &row.terms[..]), (&[1, 1][..], &[1, 2][..]));
}
