//! A recorder's queue of sampled keys: filled by the recorder while the writer drains it.
//!
//! The recorder fills words behind the head and stores the head with Release; the writer loads it with
//! Acquire, reads, and stores the tail with Release; the recorder loads the tail with Acquire before it
//! fills words anew. So every sample comes out whole, once and in order, or was counted as dropped. A
//! recorder that takes a row over goes on with its queue.
//!
//! Bounds: three switches.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use keyviz_core::model::{keys_dropped, recorder_of, take_keys};
use keyviz_core::{Config, Op, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, reached, reads, settle, tiny};
use loom::thread;

const ROUTE: RouteId = RouteId(1);

/// Every operation is sampled, and a queue has room for so many samples of three words.
fn sampling(room: usize, seed: u64) -> Config {
    let mut config = tiny();
    (config.hot_keys, config.sample_every, config.max_key_len) = (true, 1, 1);
    (config.hot_key_sketches, config.hot_key_entries, config.hot_key_bytes) = (1, 1, 16 * 96);
    (config.sample_bytes, config.seed) = ((3 * room + 1) * 8, seed);
    config
}

/// The keys, which have to be those of `observed` in their order, some of them left out; and the weight.
fn check(taken: &[(u64, Vec<u8>)], observed: &[u8]) {
    let mut left = observed.iter();
    for (weight, key) in taken {
        assert!(*weight > 0 && weight.is_power_of_two());
        assert!(left.any(|byte| [*byte] == key[..]), "{key:?} out of {observed:?}");
    }
}

#[test]
fn samples_come_out_whole_once_and_in_order() {
    let (wrapped, dropped) = (reached_in(3, 2), reached_in(1, 3));
    assert!(wrapped > 0, "some run uses words anew");
    assert!(dropped > 0, "some run has no room");
}

/// A recorder samples so many keys beside two drains; gives how many runs took all of them, or, for more keys
/// than a queue has room for, how many dropped one. With the seeds differ the gaps between samples.
fn reached_in(room: usize, keys: u8) -> u64 {
    (0..4).map(|seed| reached(|found| run(room, keys, seed, found))).sum()
}

fn run(room: usize, keys: u8, seed: u64, found: Arc<AtomicU64>) {
    explore(3, move || {
        let mut writer = Writer::new(sampling(room, seed), 0).unwrap();
        writer.register(ROUTE, b"", None, 0).unwrap();
        let recorder = writer.recorder();
        // The ring's place moves on, so that later samples wrap.
        recorder.observe(ROUTE, Op::Read, &[0], 1);
        let mut taken = take_keys(&mut writer);
        let sampling = thread::spawn(move || (1..=keys).for_each(|key| recorder.observe(ROUTE, Op::Read, &[key], 1)));
        taken.extend(take_keys(&mut writer));
        sampling.join().unwrap();
        taken.extend(take_keys(&mut writer));
        check(&taken, &(0..=keys).collect::<Vec<u8>>());
        let dropped = keys_dropped(&writer.reader());
        // R may have doubled, and then fewer are sampled.
        let all = taken.len() == usize::from(keys) + 1;
        found.fetch_add(u64::from(if keys == 2 { all } else { dropped > 0 }), Relaxed);
        settle(&mut writer, 0);
        assert_eq!(balance(&writer).recorded, reads(1 + u64::from(keys), 2));
    });
}

/// The next owner of a row goes on with its queue.
#[test]
fn a_queue_is_handed_over() {
    explore(3, || {
        let mut writer = Writer::new(sampling(2, 0), 0).unwrap();
        writer.register(ROUTE, b"", None, 0).unwrap();
        let make = recorder_of(&writer.reader());
        let first = writer.recorder();
        let leaving = thread::spawn(move || first.observe(ROUTE, Op::Read, &[1], 1));
        make().observe(ROUTE, Op::Read, &[2], 1);
        let mut taken = take_keys(&mut writer);
        leaving.join().unwrap();
        make().observe(ROUTE, Op::Read, &[3], 1);
        taken.extend(take_keys(&mut writer));
        let counters = {
            settle(&mut writer, STEP_MS);
            balance(&writer)
        };
        // The second one found the row taken, or took it over.
        let keys: Vec<u8> = taken.iter().flat_map(|(_, key)| key.clone()).collect();
        assert!(keys.iter().all(|key| (1..=3).contains(key)));
        assert_eq!(counters.ops_unsampled, counters.shared_ops);
        let left_out = 3 - keys.len() as u64;
        assert!(left_out >= counters.ops_unsampled, "{keys:?}");
    });
}
