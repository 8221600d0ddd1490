//! Names: the route as it is now has the plain name, and what the history keeps is named as it was in
//! its own time.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;

use keyviz_core::{Config, MatrixQuery, Op, Recorder, RouteId, Writer};

const ROUTE: RouteId = RouteId(1);

fn writer() -> (Writer, Recorder) {
    let mut config = Config::default();
    config.step_ms = 1000;
    config.max_routes = 100;
    config.prefault = false;
    let writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    (writer, recorder)
}

/// One write and the flush that seals the window.
fn window(writer: &mut Writer, recorder: &Recorder, now_ms: u64) {
    recorder.observe(ROUTE, Op::Write, b"b", 0);
    writer.flush(now_ms);
}

/// End and values of the row with the plain name; the other rows of the route are checked to have
/// marked names.
fn plain(writer: &Writer) -> (Vec<u8>, Vec<u64>) {
    let rows = writer.reader().matrix(&MatrixQuery { open: true, ..MatrixQuery::default() }).rows;
    let (plain, other): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.bucket_id.as_str() == "route:1");
    assert!(other.iter().all(|row| row.bucket_id.as_str().starts_with("route:1~")), "{other:?}");
    assert_eq!(plain.len(), 1);
    (plain[0].end.clone().unwrap(), plain[0].values.clone())
}

#[test]
fn the_newest_bounds_have_the_plain_name() {
    let (mut writer, recorder) = writer();
    writer.register(ROUTE, b"a", Some(b"m"), 0).unwrap();
    window(&mut writer, &recorder, 1000);
    writer.remove(ROUTE);
    writer.register(ROUTE, b"a", Some(b"z"), 0).unwrap();
    window(&mut writer, &recorder, 2000);
    assert_eq!(plain(&writer), (b"z".to_vec(), vec![0, 1]));
}

#[test]
fn a_revived_route_has_the_plain_name() {
    let (mut writer, recorder) = writer();
    for (i, end) in [b"m", b"z", b"m", b"z"].into_iter().enumerate() {
        writer.remove(ROUTE);
        writer.register(ROUTE, b"a", Some(end), 0).unwrap();
        window(&mut writer, &recorder, (i as u64 + 1) * 1000);
        assert_eq!(plain(&writer).0, end, "after window {i}");
    }
    assert_eq!(plain(&writer), (b"z".to_vec(), vec![0, 1, 0, 1]));
}

/// Revived, and nothing counted since: the row that the next count goes to has the name already.
#[test]
fn a_revived_route_keeps_the_plain_name_through_later_windows() {
    let (mut writer, recorder) = writer();
    for (i, end) in [b"m", b"z", b"m"].into_iter().enumerate() {
        writer.remove(ROUTE);
        writer.register(ROUTE, b"a", Some(end), 0).unwrap();
        window(&mut writer, &recorder, (i as u64 + 1) * 1000);
    }
    for i in 4..=20 {
        window(&mut writer, &recorder, i * 1000);
        assert_eq!(plain(&writer).0, b"m", "window {i}, the grace of the other bounds included");
    }
}

/// A split, and the new leader's term while the old bounds still drain.
#[test]
fn a_leader_change_inside_the_grace_leaves_the_name() {
    let (mut writer, recorder) = writer();
    writer.set_term(1, 1);
    writer.register(ROUTE, b"a", Some(b"z"), 1).unwrap();
    window(&mut writer, &recorder, 1000);
    writer.remove(ROUTE);
    writer.register(ROUTE, b"a", Some(b"m"), 1).unwrap();
    window(&mut writer, &recorder, 2000);
    writer.set_term(1, 2);
    for i in 3..=12 {
        window(&mut writer, &recorder, i * 1000);
        assert_eq!(plain(&writer).0, b"m", "window {i}");
    }
    assert_eq!(plain(&writer).1, [0].into_iter().chain([1; 11]).collect::<Vec<_>>());
}

/// Descriptors and bounds are used again many times; each kept column names the route that it
/// counted, with the bounds of that time, some of them shared with a neighbour.
#[test]
fn history_keeps_the_names_of_its_time() {
    const NEIGHBOUR: RouteId = RouteId(999);
    let mut config = Config::default();
    config.step_ms = 3000;
    (config.max_routes, config.max_draining) = (2, 4);
    config.history_columns = 100;
    config.tiers = keyviz_core::Tiers::NONE;
    (config.bound_bytes, config.max_bound_len) = (1 << 16, 40);
    config.prefault = false;
    let mut writer = Writer::new(config, 0).unwrap();
    let (recorder, reader) = (writer.recorder(), writer.reader());
    let (shared, above) = ([7; 30], [8; 30]);
    let start = |route: u64| [route as u8 % 7, route as u8];
    writer.register(NEIGHBOUR, &shared, Some(&above), 0).unwrap();

    let mut counted = BTreeMap::new();
    let mut seen = 0;
    for window in 0..200u64 {
        writer.remove(RouteId(window.wrapping_sub(1)));
        let end_ms = (window + 1) * 3000;
        // Refused while the seats of earlier ones drain.
        if writer.register(RouteId(window), &start(window), Some(&shared), 0).is_ok() {
            recorder.observe(RouteId(window), Op::Write, &shared, 0);
            counted.insert(end_ms, window);
        }
        recorder.observe(NEIGHBOUR, Op::Read, b"", 0);
        writer.flush(end_ms);
        reader.for_each_cell(0, 0, false, |column, cell| {
            if cell.counts.reads > 0 {
                assert_eq!((cell.route, cell.start, cell.end), (NEIGHBOUR, &shared[..], Some(&above[..])));
            }
            if cell.counts.writes > 0 {
                seen += 1;
                assert_eq!(counted.get(&column.end_ms), Some(&cell.route.0));
                assert_eq!((cell.start, cell.end), (&start(cell.route.0)[..], Some(&shared[..])));
            }
        });
    }
    assert!(counted.len() > 100 && seen > 1000, "{} routes, seen {seen} times", counted.len());
}
