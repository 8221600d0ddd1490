//! Handles: one that is out of date, or of another sampler, never counts into a route it was not taken
//! for; it is counted as stale and looked up anew.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{Config, Labels, Op, RouteId, Writer};

fn writer(sub_buckets: u16, labels: &[&str]) -> Writer {
    let mut config = Config::default();
    config.step_ms = 1000;
    config.max_routes = 10;
    config.sub_buckets = sub_buckets;
    config.labels = Labels::new(labels).unwrap();
    config.prefault = false;
    Writer::new(config, 0).unwrap()
}

/// One cell a route, sub-buckets, labels: each has its own way through `observe_handle`.
const SHAPES: [(u16, &[&str]); 3] = [(1, &[]), (4, &[]), (1, &["redis"])];

/// Writes by route, and what no route took.
fn flushed(writer: &mut Writer, now_ms: u64) -> (Vec<(u64, u64)>, u64) {
    writer.flush(now_ms);
    let mut routes = Vec::new();
    writer.reader().for_each_cell(now_ms, 0, true, |_, cell| routes.push((cell.route.0, cell.counts.writes)));
    routes.sort_unstable();
    (routes, writer.reader().counters().unattributed.writes)
}

#[test]
fn a_handle_of_another_sampler_is_stale() {
    for (sub_buckets, labels) in SHAPES {
        let (mut a, mut b) = (writer(sub_buckets, labels), writer(sub_buckets, labels));
        a.register(RouteId(1), b"a", None, 0).unwrap();
        b.register(RouteId(2), b"a", None, 0).unwrap();
        let mut handle = a.handle(RouteId(1));
        let recorder = b.recorder();
        recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
        assert_eq!(flushed(&mut b, 1000), (vec![], 1), "route 1 is not registered in b");
        assert!(b.reader().counters().stale_handles >= 1);

        // Registered there, it counts there; the handle is b's from then on.
        b.register(RouteId(1), b"A", Some(b"a"), 0).unwrap();
        let mut handle = a.handle(RouteId(1));
        let stale = b.reader().counters().stale_handles;
        for _ in 0..3 {
            recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
        }
        assert_eq!(b.reader().counters().stale_handles, stale + 1);
        assert_eq!(flushed(&mut b, 2000), (vec![(1, 3)], 1));
        a.recorder().observe_handle(&mut handle, Op::Write, b"b", 0);
        assert_eq!(flushed(&mut a, 1000), (vec![(1, 1)], 0));
        assert_eq!(a.reader().counters().stale_handles, 1);
    }
}

/// Samplers come and go; an old one's handle fits none of those made where it was.
#[test]
fn a_handle_of_a_sampler_that_is_gone_is_stale() {
    let mut old = writer(1, &[]);
    old.register(RouteId(1), b"a", None, 0).unwrap();
    let handle = old.handle(RouteId(1));
    drop(old);
    for _ in 0..20 {
        let mut new = writer(1, &[]);
        new.register(RouteId(2), b"a", None, 0).unwrap();
        new.recorder().observe_handle(&mut handle.clone(), Op::Write, b"b", 0);
        assert_eq!(flushed(&mut new, 1000), (vec![], 1));
    }
}

#[test]
fn a_handle_follows_its_route() {
    for (sub_buckets, labels) in SHAPES {
        let mut writer = writer(sub_buckets, labels);
        let recorder = writer.recorder();
        let mut handle = writer.handle(RouteId(1));
        assert_eq!(handle.route(), RouteId(1));
        recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
        assert_eq!(flushed(&mut writer, 1000), (vec![], 1), "taken before the route was registered");
        writer.register(RouteId(1), b"a", Some(b"m"), 0).unwrap();
        for _ in 0..5 {
            recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
        }
        assert_eq!(flushed(&mut writer, 2000), (vec![(1, 5)], 1));
        writer.remove(RouteId(1));
        recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
        writer.register(RouteId(2), b"m", None, 0).unwrap();
        recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
        assert_eq!(flushed(&mut writer, 3000), (vec![], 3), "removed, and another route beside it");
        writer.register(RouteId(1), b"b", None, 0).unwrap();
        recorder.observe_handle(&mut handle, Op::Write, b"b", 0);
        assert_eq!(flushed(&mut writer, 4000), (vec![(1, 1)], 3));
    }
}
