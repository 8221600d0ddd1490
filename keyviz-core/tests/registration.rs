//! Registration: each refusal, with nothing changed by it; and what makes room instead of refusing.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{Config, Counters, MatrixQuery, Op, RegisterError, RouteId, Writer};

fn config(max_routes: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = 1000;
    (config.max_routes, config.max_known_routes) = (max_routes, 0);
    config.max_bound_len = 64;
    config.prefault = false;
    config
}

/// Registers and expects a refusal that changes nothing but its own counter.
fn refused(writer: &mut Writer, route: u64, start: &[u8], end: Option<&[u8]>) -> RegisterError {
    let matrix = |writer: &Writer| writer.reader().matrix(&MatrixQuery { open: true, ..MatrixQuery::default() });
    let (before, shown) = (writer.reader().counters(), matrix(writer));
    let error = writer.register(RouteId(route), start, end, 0).unwrap_err();
    let mut expected: Counters = before;
    expected.register_refused += 1;
    assert_eq!(writer.reader().counters(), expected, "{error}");
    assert_eq!(matrix(writer), shown, "{error}");
    assert!(!writer.remove(RouteId(route)), "not registered: {error}");
    error
}

/// A key of 24 bytes, which takes all of a chunk for bounds.
fn key(number: u32) -> Vec<u8> {
    [&[b'k'; 20][..], &number.to_be_bytes()].concat()
}

#[test]
fn a_range_without_a_key_is_refused() {
    let mut writer = Writer::new(config(4), 0).unwrap();
    for (start, end) in [(&b"m"[..], &b"a"[..]), (b"m", b"m"), (b"m\0", b"m")] {
        assert_eq!(refused(&mut writer, 1, start, Some(end)), RegisterError::EmptyRange);
    }
    writer.register(RouteId(1), b"m", Some(b""), 0).unwrap(); // an empty end is unbounded
    writer.register(RouteId(2), b"", Some(b"m"), 0).unwrap();
}

#[test]
fn a_bound_that_is_too_long_is_refused() {
    let mut writer = Writer::new(config(4), 0).unwrap();
    let (longest, longer) = ([1; 64], [2; 65]);
    let too_long = |error| matches!(error, RegisterError::BoundTooLong { len: 65, max: 64 });
    assert!(too_long(refused(&mut writer, 1, &longer, None)));
    assert!(too_long(refused(&mut writer, 1, &longest, Some(&longer))));
    writer.register(RouteId(1), &longest, Some(&[2; 64]), 0).unwrap();
}

#[test]
fn a_registered_id_stays_as_it_is() {
    let mut writer = Writer::new(config(1), 0).unwrap();
    writer.register(RouteId(1), b"a", Some(b"m"), 0).unwrap();
    // Whatever the bounds are, even if all routes there may be are registered.
    writer.register(RouteId(1), b"x", Some(b"y"), 7).unwrap();
    assert_eq!(writer.sub_bucket_bounds(RouteId(1), 0), Some((b"a".to_vec(), Some(b"m".to_vec()))));
    assert_eq!(writer.reader().counters().register_refused, 0);
}

#[test]
fn full_says_how_many_are_registered() {
    let mut writer = Writer::new(config(2), 0).unwrap();
    writer.register(RouteId(1), b"a", Some(b"b"), 0).unwrap();
    writer.register(RouteId(2), b"b", Some(b"c"), 0).unwrap();
    let error = refused(&mut writer, 3, b"c", None);
    assert!(matches!(error, RegisterError::Full { routes: 2, draining: 0, .. }), "{error:?}");
    assert!(error.to_string().contains("max_routes"), "{error}");
}

/// A seat whose grace is over is taken until its last column is sealed; it counts as draining, else
/// the refusal would have no reason.
#[test]
fn full_says_what_still_drains() {
    let mut config = config(2);
    (config.max_draining, config.step_ms) = (1, 60_000);
    let mut writer = Writer::new(config, 0).unwrap();
    writer.register(RouteId(1), b"a", Some(b"b"), 0).unwrap();
    writer.register(RouteId(2), b"b", Some(b"c"), 0).unwrap();
    writer.remove(RouteId(1));
    writer.register(RouteId(3), b"a", Some(b"b"), 0).unwrap();
    writer.remove(RouteId(3));
    let mut refusals = 0;
    for flush in 1.. {
        match writer.register(RouteId(4), b"x", None, 0) {
            Ok(_) => break,
            Err(RegisterError::Full { routes, draining, .. }) => assert_eq!((routes, draining), (1, 2)),
            Err(other) => panic!("{other}"),
        }
        refusals += 1;
        assert!(flush < 100, "the seats come free");
        writer.flush(flush * 20_000);
    }
    assert!(refusals > 6, "refused {refusals} times: two minutes of grace, and the open window");
}

#[test]
fn an_overlap_with_a_neighbour_is_counted() {
    let mut writer = Writer::new(config(8), 0).unwrap();
    writer.register(RouteId(1), b"d", Some(b"m"), 0).unwrap();
    writer.register(RouteId(2), b"m", Some(b"p"), 0).unwrap();
    writer.register(RouteId(3), b"a", Some(b"d"), 0).unwrap();
    assert_eq!(writer.reader().counters().overlapping_routes, 0);
    writer.register(RouteId(4), b"b", Some(b"c"), 0).unwrap();
    assert_eq!(writer.reader().counters().overlapping_routes, 1, "with the one before");
    writer.register(RouteId(5), b"o", None, 0).unwrap();
    assert_eq!(writer.reader().counters().overlapping_routes, 2);
    writer.register(RouteId(6), b"", Some(b"ab"), 0).unwrap();
    assert_eq!(writer.reader().counters().overlapping_routes, 3, "with the one after");
}

#[test]
fn bounds_that_routes_use_are_not_taken_from_them() {
    let mut config = config(100);
    config.bound_bytes = 32 * 20; // twenty chunks: ten routes' bounds
    let mut writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    for route in 0..10 {
        writer.register(RouteId(route), &key(2 * route as u32), Some(&key(2 * route as u32 + 1)), 0).unwrap();
        recorder.observe(RouteId(route), Op::Write, b"", 0);
        writer.flush((route + 1) * 1000);
    }
    for attempt in 10..20u32 {
        let error = refused(&mut writer, attempt.into(), &key(2 * attempt), Some(&key(2 * attempt + 1)));
        assert_eq!(error, RegisterError::BoundsFull);
        assert!(error.to_string().contains("bound_bytes"), "{error}");
    }
    let counters = writer.reader().counters();
    assert_eq!((counters.columns_evicted, counters.columns_sealed), (0, 10), "letting them go frees nothing");
    // Bounds that the neighbours have take nothing.
    writer.register(RouteId(50), &key(1), Some(&key(2)), 0).unwrap();
}

/// Only the history refers to the bounds of routes long gone: its oldest columns go, and are counted.
#[test]
fn bounds_that_history_alone_uses_make_room() {
    let mut config = config(100);
    (config.bound_bytes, config.history_columns, config.tiers) = (32 * 128, 2000, keyviz_core::Tiers::NONE);
    let mut writer = Writer::new(config, 0).unwrap();
    let (recorder, reader) = (writer.recorder(), writer.reader());
    let mut now_ms = 0;
    for route in 0..200 {
        let (start, end) = (key(2 * route as u32), key(2 * route as u32 + 1));
        writer.register(RouteId(route), &start, Some(&end), 0).unwrap_or_else(|e| panic!("route {route}: {e}"));
        let counters = reader.counters();
        let mut found = counters.evicted.writes;
        reader.for_each_cell(0, 0, true, |_, cell| found += cell.counts.writes);
        assert_eq!(found, counters.recorded.writes, "what made room is counted at once");
        recorder.observe(RouteId(route), Op::Write, &start, 0);
        writer.remove(RouteId(route));
        for _ in 0..12 {
            now_ms += 1000;
            writer.flush(now_ms);
        }
    }
    assert!(reader.counters().columns_evicted > 100, "{:?}", reader.counters());
    let mut kept = Vec::new();
    reader.for_each_cell(0, 0, false, |_, cell| {
        let number = 2 * cell.route.0 as u32;
        assert_eq!((cell.start, cell.end), (&key(number)[..], Some(&key(number + 1)[..])));
        kept.push(cell.route.0);
    });
    let oldest = 200 - kept.len() as u64;
    assert_eq!(kept, (oldest..200).collect::<Vec<_>>(), "the newest are kept");
    assert!(kept.len() >= 50, "no more went than had to: {} of 64 are kept", kept.len());
}
