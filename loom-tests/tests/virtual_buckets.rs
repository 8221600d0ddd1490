//! Observing a route that shares a bucket, beside the changes of who shares which.
//!
//! A route with a seat is found in one index, a member in the other, and a search looks into the seats'
//! first. A route that folds enters the members before it leaves the seats, one that is promoted the other
//! way round; so whoever sees it gone from the one index (Acquire) sees it in the other. A search that
//! looked before one move and after another may still miss it twice over; the version tells it to look again.
//!
//! A member's number is given to another route at once. The writer issues a release fence and stores the
//! number's route (relaxed), then its bucket (Release), together with how often the number was given out;
//! a recorder loads the bucket (Acquire), the route, issues an acquire fence and loads the bucket again:
//! where it is the same and the route is the one it looks for, the bucket was that route's. An operation
//! in flight counts in the bucket that it found, whose seat then drains.
//!
//! Bounds: two switches; one where a number is another route's, a route moves more than once or a flush
//! passes, since there the many stale loads are what matters.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::model::{bucket_seat, divide, fold, join, promote, seat_of_number};
use keyviz_core::{Op, RouteId, Writer};
use keyviz_loom_tests::{Ledger, STEP_MS, balance, explore, reached, reads, tiny_with_buckets};
use loom::thread;

const ROUTE: RouteId = RouteId(1);
const OTHER: RouteId = RouteId(2);
const THIRD: RouteId = RouteId(3);
const FOURTH: RouteId = RouteId(4);

/// Observes `ROUTE` beside a change; nothing of it may be lost, doubled or unattributed. Returns what the
/// columns have, and the writer.
fn beside(mut writer: Writer, change: impl FnOnce(&mut Writer)) -> (Ledger, Writer) {
    let recorder = writer.recorder();
    let observing = thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"a", 1));
    change(&mut writer);
    observing.join().unwrap();
    let mut ledger = Ledger::default();
    ledger.settle(&mut writer, 0);
    let counters = balance(&writer);
    assert_eq!((counters.recorded, counters.unattributed), (reads(1, 2), reads(0, 0)), "{counters:?}");
    assert_eq!((counters.lookup_gave_up, counters.late_after_grace), (0, 0), "{counters:?}");
    (ledger, writer)
}

/// The bucket of a route, as the columns name it.
fn bucket_of(writer: &Writer, route: RouteId) -> RouteId {
    RouteId(writer.bucket_of(route).unwrap())
}

fn with_a_seat() -> Writer {
    let mut writer = Writer::new(tiny_with_buckets(2), 0).unwrap();
    assert!(writer.register(ROUTE, b"a", Some(b"b"), 0).unwrap().own_slot);
    writer
}

/// As above, then folded: the route's seat drains.
fn folded() -> Writer {
    let mut writer = with_a_seat();
    assert!(fold(&mut writer, ROUTE));
    writer
}

#[test]
fn a_route_is_found_while_it_folds() {
    explore(2, || {
        let (ledger, writer) = beside(with_a_seat(), |writer| assert!(fold(writer, ROUTE)));
        let bucket = bucket_of(&writer, ROUTE);
        assert_eq!(ledger.of(ROUTE).reads + ledger.of(bucket).reads, 1);
    });
}

#[test]
fn a_route_is_found_while_it_folds_and_a_flush_passes() {
    explore(1, || {
        beside(with_a_seat(), |writer| {
            assert!(fold(writer, ROUTE));
            writer.flush(STEP_MS / 2);
        });
    });
}

#[test]
fn a_member_is_found_while_it_is_promoted() {
    explore(2, || {
        let writer = folded();
        let bucket = bucket_of(&writer, ROUTE);
        let (ledger, writer) = beside(writer, |writer| assert!(promote(writer, ROUTE)));
        assert_eq!(writer.bucket_of(ROUTE), None);
        assert_eq!(ledger.of(ROUTE).reads + ledger.of(bucket).reads, 1);
    });
}

/// Between two looks into an index the route was in the other each time.
#[test]
fn a_route_that_moves_to_and_fro_is_found() {
    explore(1, || {
        beside(folded(), |writer| {
            assert!(promote(writer, ROUTE));
            assert!(fold(writer, ROUTE));
            assert!(promote(writer, ROUTE));
        });
    });
}

/// A promoted member's number stands for another route at once. Whoever sees that it does sees by the
/// version that its search was too early.
#[test]
fn a_promoted_member_is_found_though_its_number_is_anothers() {
    explore(1, || {
        let writer = folded();
        let bucket = bucket_of(&writer, ROUTE);
        let (ledger, writer) = beside(writer, |writer| {
            assert!(promote(writer, ROUTE));
            assert!(!writer.register(OTHER, b"b", Some(b"c"), 0).unwrap().own_slot);
        });
        assert_ne!(bucket_of(&writer, OTHER), bucket);
        assert_eq!(ledger.of(ROUTE).reads + ledger.of(bucket).reads, 1);
    });
}

/// Two members, each with a bucket of its own: a route with a seat lies between. The first one's number
/// is 0.
fn two_apart() -> Writer {
    let mut writer = Writer::new(tiny_with_buckets(4), 0).unwrap();
    assert!(writer.register(THIRD, b"b", Some(b"c"), 0).unwrap().own_slot);
    assert!(!writer.register(ROUTE, b"a", Some(b"b"), 0).unwrap().own_slot);
    assert!(!writer.register(FOURTH, b"c", Some(b"d"), 0).unwrap().own_slot);
    writer
}

/// The first one's number becomes another route's, in the second one's bucket.
fn give_away(writer: &mut Writer) {
    assert!(writer.remove(ROUTE));
    assert!(!writer.register(OTHER, b"d", Some(b"e"), 0).unwrap().own_slot);
    assert_eq!(writer.bucket_of(OTHER), writer.bucket_of(FOURTH));
}

/// The operation of a removed member counts in the bucket that it had, or nowhere.
#[test]
fn a_number_that_is_anothers_now_counts_nothing_there() {
    explore(1, || {
        let mut writer = two_apart();
        let bucket = bucket_of(&writer, ROUTE);
        let recorder = writer.recorder();
        let observing = thread::spawn(move || recorder.observe(ROUTE, Op::Read, b"a", 1));
        give_away(&mut writer);
        observing.join().unwrap();
        let mut ledger = Ledger::default();
        ledger.settle(&mut writer, 0);
        let counters = balance(&writer);
        assert_eq!((counters.observed, counters.late_after_grace), (reads(1, 2), 0));
        assert_eq!(ledger.of(bucket), counters.recorded, "in no other bucket");
    });
}

/// As above, and then the number is the route's again, and once more the other's. This looks at the number
/// alone: with the search before it, and all that a search may see, it would take minutes.
#[test]
fn a_number_that_was_anothers_meanwhile_counts_nothing_there() {
    let between = reached(|between| {
        explore(2, move || {
            let mut writer = two_apart();
            let was = bucket_seat(&writer, ROUTE).unwrap();
            let reader = writer.reader();
            let looking = thread::spawn(move || seat_of_number(&reader, 0, ROUTE));
            give_away(&mut writer);
            assert!(writer.remove(OTHER));
            assert!(!writer.register(ROUTE, b"a", Some(b"b"), 0).unwrap().own_slot);
            let is = bucket_seat(&writer, ROUTE).unwrap();
            give_away(&mut writer);
            let found = looking.join().unwrap();
            assert!(found.is_none_or(|seat| [was, is].contains(&seat)), "{found:?} is neither {was} nor {is}");
            between.fetch_add(u64::from(found.is_none()), Relaxed);
        });
    });
    assert!(between > 0, "some run looks while the number is another's");
}

/// Two members of one bucket; the seat is another's.
fn two_members() -> Writer {
    let mut writer = Writer::new(tiny_with_buckets(3), 0).unwrap();
    assert!(writer.register(THIRD, b"c", Some(b"d"), 0).unwrap().own_slot);
    assert!(!writer.register(OTHER, b"b", Some(b"c"), 0).unwrap().own_slot);
    assert!(!writer.register(ROUTE, b"a", Some(b"b"), 0).unwrap().own_slot);
    assert_eq!(writer.bucket_of(ROUTE), writer.bucket_of(OTHER));
    writer
}

#[test]
fn a_member_is_counted_while_its_bucket_is_divided() {
    explore(2, || {
        let writer = two_members();
        let was = bucket_of(&writer, ROUTE);
        let (ledger, writer) = beside(writer, |writer| assert!(divide(writer, OTHER)));
        let now = [ROUTE, OTHER].map(|route| bucket_of(&writer, route));
        assert!(now.contains(&was) && now[0] != now[1]);
        assert_eq!(now.map(|bucket| ledger.of(bucket).reads).into_iter().sum::<u64>(), 1);
    });
}

#[test]
fn a_member_is_counted_while_its_bucket_becomes_part_of_another() {
    explore(2, || {
        let mut writer = two_members();
        assert!(divide(&mut writer, OTHER));
        let were = [ROUTE, OTHER].map(|route| bucket_of(&writer, route));
        let (ledger, writer) = beside(writer, |writer| assert!(join(writer, ROUTE, OTHER)));
        assert_eq!(writer.bucket_of(ROUTE), writer.bucket_of(OTHER));
        assert_eq!(were.map(|bucket| ledger.of(bucket).reads).into_iter().sum::<u64>(), 1);
    });
}
