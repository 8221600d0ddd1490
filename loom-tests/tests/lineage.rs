//! Reading the lineage beside a split or a merge.
//!
//! The lineage is a ring. An entry begins with a sequence that is never used twice: the writer sets it to 0
//! (relaxed, then a release fence), stores the fields (relaxed) and then the new sequence (Release). A reader
//! loads the sequence (Acquire), the fields, issues an acquire fence and loads the sequence again: where it
//! is still the entry's own, the fields belong together.
//!
//! Bound: two switches.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::model::tell_lineage;
use keyviz_core::{RouteId, Writer};
use keyviz_loom_tests::{explore, reached, tiny};
use loom::thread;

/// The ring is full, and one further entry overwrites the oldest.
#[test]
fn an_entry_is_whole_or_left_out() {
    let left_out = reached(|left_out| {
        explore(2, move || {
            let mut writer = Writer::new(tiny(), 0).unwrap();
            let kept = 2;
            for at in 1..=kept {
                tell_lineage(&mut writer, at, RouteId(at), RouteId(at));
            }
            let reader = writer.reader();
            let reading = thread::spawn(move || reader.lineage());
            let at = kept + 1;
            tell_lineage(&mut writer, at, RouteId(at), RouteId(at));
            let read = reading.join().unwrap();
            assert!(read.iter().all(|entry| entry.parent.0 == entry.at_ms && entry.child.0 == entry.at_ms), "{read:?}");
            assert!(read.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms), "{read:?}");
            left_out.fetch_add(u64::from(read.len() < 2), Relaxed);
        });
    });
    assert!(left_out > 0, "some run meets an entry that changes");
}
