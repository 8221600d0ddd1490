//! Reading the events beside an annotation.
//!
//! Events are rings, each as the lineage's: an entry begins with a sequence that is never used twice. The writer sets
//! it to 0 (relaxed, then a release fence), stores instant, number, lengths, kind and text (relaxed) and then the new
//! sequence (Release); the ring's count follows (Release). A reader loads the count (Acquire), an entry's sequence
//! (Acquire), its words, issues an acquire fence and loads the sequence again: where it is still the entry's own, the
//! words belong together.
//!
//! Bound: two switches.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::{EventKind, Writer};
use keyviz_loom_tests::{explore, reached, tiny};
use loom::thread;

const TOLD: [(&str, &str); 2] = [("first", "one"), ("second", "two two")];

/// The ring has one place, and the second event overwrites the first while it is read.
#[test]
fn an_event_is_whole_or_left_out() {
    let left_out = reached(|left_out| {
        explore(2, move || {
            let mut config = tiny();
            config.max_events = 1;
            let mut writer = Writer::new(config, 0).unwrap();
            let tell = |writer: &mut Writer, at: usize| {
                let (kind, text) = TOLD[at];
                writer.annotate(at as u64, EventKind::new(kind).unwrap(), text);
            };
            tell(&mut writer, 0);
            let reader = writer.reader();
            let reading = thread::spawn(move || reader.events(0, 0));
            tell(&mut writer, 1);
            let read = reading.join().unwrap();
            for event in &read {
                let (kind, text) = TOLD[event.number as usize];
                assert_eq!((event.at_ms, event.kind.as_str(), event.text.as_str()), (event.number, kind, text));
            }
            left_out.fetch_add(u64::from(read.is_empty()), Relaxed);
        });
    });
    assert!(left_out > 0, "some run meets an entry that changes");
}
