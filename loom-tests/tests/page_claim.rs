//! Claiming pages of cells.
//!
//! The pool's next page is a number that recorders raise by compare-and-swap (relaxed: the number is all
//! there is to it, the page was zero before any thread began). Who raised it stores the page's place in
//! its own directory (Release) and is the page's only writer from then on. Who finds the pool empty
//! counts in the shared shard with `fetch_add` instead, and counts that.
//!
//! Bound: two switches.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use keyviz_core::{Op, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, least, reads, tiny};
use loom::thread;

const ROUTE: RouteId = RouteId(1);

/// Two recorders, and own pages for the first `pages` of them that come.
fn two_recorders(pages: usize) -> keyviz_core::Config {
    let mut config = tiny();
    config.max_recorders = 2;
    config = least(config);
    // The least is the shard's page and one more.
    config.cell_bytes = config.cell_bytes / 2 * (1 + pages);
    config
}

fn both_observe(pages: usize) -> keyviz_core::Counters {
    let mut writer = Writer::new(two_recorders(pages), 0).unwrap();
    writer.register(ROUTE, b"", None, 0).unwrap();
    let [mine, other] = [writer.recorder(), writer.recorder()];
    let observing = thread::spawn(move || {
        other.observe(ROUTE, Op::Read, b"k", 1);
        other.observe(ROUTE, Op::Read, b"k", 1);
    });
    mine.observe(ROUTE, Op::Read, b"k", 1);
    writer.flush(STEP_MS);
    observing.join().unwrap();
    writer.flush(2 * STEP_MS);
    let counters = balance(&writer);
    assert_eq!(counters.recorded, reads(3, 2));
    assert_eq!(counters.pages_used, counters.pages_total);
    counters
}

#[test]
fn each_recorder_has_a_page_of_its_own() {
    explore(2, || {
        let counters = both_observe(2);
        assert_eq!((counters.pages_refused, counters.shared_ops), (0, 0));
    });
}

#[test]
fn the_last_page_goes_to_one_and_the_other_shares() {
    explore(2, || {
        let counters = both_observe(1);
        assert!([1, 2].contains(&counters.pages_refused), "{counters:?}");
        assert_eq!(counters.shared_ops, counters.pages_refused);
    });
}
