//! Looking a route up beside registering and removing.
//!
//! An entry of the table is one word: a part of the id's hash, and the seat. The writer fills the seat's
//! words (relaxed), then stores the entry (Release); a recorder loads the entry (Acquire), then the
//! seat's id, and where that is the one it looks for, the seat's division. A removal moves later entries
//! of the run back, each stored in its new place before the old one is cleared. Around all that the
//! writer makes the version odd (relaxed, then a release fence) and even again (Release). A recorder
//! that found nothing loads the version (Acquire), looks again, issues an acquire fence and loads the
//! version once more: only where it was the same even number is the route unknown.
//!
//! Bounds: three switches while an entry moves, one while it moves twice, else two.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use keyviz_core::model::routes_of_one_home;
use keyviz_core::{Config, Op, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, least, reads, settle, tiny, tiny_with_two_routes};
use loom::thread;

/// Two routes; their entries want the same place.
fn colliding() -> (Config, [RouteId; 4]) {
    let config = tiny_with_two_routes();
    let routes: Vec<RouteId> = routes_of_one_home(&config, 4).into_iter().map(RouteId).collect();
    (config, routes.try_into().unwrap())
}

#[test]
fn a_route_is_found_while_its_entry_moves() {
    explore(3, || {
        let (config, [first, second, ..]) = colliding();
        let mut writer = Writer::new(config, 0).unwrap();
        writer.register(first, b"a", Some(b"b"), 0).unwrap();
        writer.register(second, b"b", Some(b"c"), 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || recorder.observe(second, Op::Read, b"b", 1));
        writer.remove(first);
        observing.join().unwrap();
        settle(&mut writer, 0);
        let counters = balance(&writer);
        assert_eq!((counters.recorded.reads, counters.lookup_gave_up), (1, 0));
    });
}

/// The place that the moved entry leaves is taken by another route's.
#[test]
fn a_route_is_found_while_its_place_is_taken() {
    explore(2, || {
        let (config, [first, second, third, _]) = colliding();
        let mut writer = Writer::new(config, 0).unwrap();
        writer.register(first, b"a", Some(b"b"), 0).unwrap();
        writer.register(second, b"b", Some(b"c"), 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || recorder.observe(second, Op::Read, b"b", 1));
        writer.remove(first);
        writer.register(third, b"", None, 0).unwrap();
        observing.join().unwrap();
        settle(&mut writer, 0);
        let counters = balance(&writer);
        assert_eq!((counters.recorded.reads, counters.lookup_gave_up), (1, 0));
    });
}

/// The entry moves twice, each time into the place that a look has just passed: without the version, the
/// miss would be confirmed by another one.
#[test]
fn a_route_is_found_while_its_entry_moves_twice() {
    explore(1, || {
        let mut config = tiny();
        config.max_routes = 3;
        config = least(config);
        config.bound_bytes *= 4;
        let routes: Vec<RouteId> = routes_of_one_home(&config, 3).into_iter().map(RouteId).collect();
        let [first, second, last] = routes.try_into().unwrap();
        let mut writer = Writer::new(config, 0).unwrap();
        writer.register(first, b"a", Some(b"b"), 0).unwrap();
        writer.register(second, b"b", Some(b"c"), 0).unwrap();
        writer.register(last, b"c", Some(b"d"), 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || recorder.observe(last, Op::Read, b"c", 1));
        writer.remove(first);
        writer.remove(second);
        observing.join().unwrap();
        settle(&mut writer, 0);
        let counters = balance(&writer);
        assert_eq!((counters.recorded.reads, counters.lookup_gave_up), (1, 0));
    });
}

#[test]
fn an_unknown_route_is_nobody_elses() {
    explore(2, || {
        let (config, [first, second, _, unknown]) = colliding();
        let mut writer = Writer::new(config, 0).unwrap();
        writer.register(first, b"a", Some(b"b"), 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || recorder.observe(unknown, Op::Read, b"b", 1));
        writer.register(second, b"b", Some(b"c"), 0).unwrap();
        observing.join().unwrap();
        settle(&mut writer, 0);
        assert_eq!(balance(&writer).unattributed, reads(1, 2));
    });
}

/// What divides a route is whole when the route is found: each key counts in its own half, or nowhere. The
/// half depends on the division's words, and on the bound's bytes past the first eight.
#[test]
fn a_route_that_is_found_is_divided_as_it_should_be() {
    explore(2, || {
        let mut config = tiny();
        config.sub_buckets = 2;
        config.max_bound_len = 16;
        let route = RouteId(1);
        let mut writer = Writer::new(least(config), 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || {
            recorder.observe(route, Op::Read, b"common-prefix-b", 0);
            recorder.observe(route, Op::Write, b"common-prefix-y", 0);
        });
        writer.register(route, b"common-prefix-a", Some(b"common-prefix-z"), 0).unwrap();
        observing.join().unwrap();
        writer.flush(STEP_MS);
        let counters = balance(&writer);
        let (mut lower, mut upper) = (0, 0);
        writer.reader().for_each_cell(0, 0, true, |_, cell| {
            let half = [&mut lower, &mut upper];
            assert_eq!(if cell.sub_bucket == 0 { cell.counts.writes } else { cell.counts.reads }, 0, "{cell:?}");
            for (half, count) in half.into_iter().zip([cell.counts.reads, cell.counts.writes]) {
                *half += count;
            }
        });
        assert_eq!((lower + counters.unattributed.reads, upper + counters.unattributed.writes), (1, 1));
    });
}
