//! Reading the hot keys kept, beside the writer.
//!
//! A record is words, and an entry of an index that says where they are. The writer sets the entry's sequence to
//! 0 (Release, then a release fence), changes words and entry, and stores a new sequence (Release), then the
//! same as the one published last (Release). A reader loads the sequence (Acquire), copies, issues an acquire
//! fence and loads the sequence again; and where a publication ended within its look, it looks again. The open
//! column's record stands in one of two places by turns, so that one of its versions is always whole.
//!
//! Bounds: two switches, one where two publications follow each other.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use keyviz_core::model::KeyRecords;
use keyviz_loom_tests::{explore, tiny};
use loom::thread;

fn whole(records: &[(u64, u64)]) {
    for (head, word) in records {
        assert_eq!(word.to_le_bytes(), [*head as u8; 8], "{records:?}");
    }
}

/// The ring is full: a third sealed record takes the words of the first.
#[test]
fn a_record_is_whole_or_left_out() {
    explore(2, || {
        let mut records = KeyRecords::new(&tiny()).unwrap();
        records.tell(1, true);
        records.tell(2, true);
        let read = records.reader();
        let reading = thread::spawn(read);
        records.tell(3, true);
        let read = reading.join().unwrap();
        whole(&read);
        assert!(read.iter().any(|(head, _)| *head == 2), "nothing touched it: {read:?}");
    });
}

/// The open column's record, told anew and then sealed: at every instant a version is found.
#[test]
fn the_open_columns_record_is_always_there() {
    explore(1, || {
        let mut records = KeyRecords::new(&tiny()).unwrap();
        records.tell(1, false);
        let read = records.reader();
        let reading = thread::spawn(read);
        records.tell(2, false);
        records.tell(3, true);
        let read = reading.join().unwrap();
        whole(&read);
        assert!(!read.is_empty(), "no version was found");
    });
}
