//! With hot keys off no byte of a key is kept: the sampler's whole memory is searched for one.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]
#![expect(unsafe_code, reason = "a global allocator is an unsafe trait, and what it gave is read as bytes")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Mutex;

use keyviz_core::{Config, HotKeysQuery, Labels, Op, RouteId, Sampler, Scan};

/// Notes the blocks that a watched thread takes: all of them are zeros or filled when they are made.
struct Noting;

const MOST: usize = 4096;
static BLOCKS: Mutex<([(usize, usize); MOST], usize)> = Mutex::new(([(0, 0); MOST], 0));

std::thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

fn note(at: *mut u8, size: usize) {
    if WATCHED.try_with(Cell::get).unwrap_or(false) {
        let mut blocks = BLOCKS.lock().unwrap();
        let (list, len) = &mut *blocks;
        assert!(*len < MOST, "more blocks than the test has room for");
        list[*len] = (at as usize, size);
        *len += 1;
    }
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on. Zeroed, so that all of it may be read.
        let at = unsafe { System.alloc_zeroed(layout) };
        note(at, layout.size());
        at
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        let at = unsafe { System.alloc_zeroed(layout) };
        note(at, layout.size());
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if let Ok(mut blocks) = BLOCKS.try_lock() {
            let (list, len) = &mut *blocks;
            list[..*len].iter_mut().filter(|block| block.0 == at as usize).for_each(|block| *block = (0, 0));
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static NOTING: Noting = Noting;

const CANARY: &[u8] = b"canary-3f1d77aa";

/// How many blocks of a sampler that observed the canary in every way hold its bytes.
fn blocks_with_the_canary(hot_keys: bool) -> usize {
    let mut config = Config::default();
    (config.max_routes, config.max_known_routes, config.step_ms) = (20, 40, 1000);
    (config.hot_keys, config.sample_every, config.sub_buckets, config.scans) = (hot_keys, 1, 4, true);
    config.labels = Labels::new(&["redis"]).unwrap();
    config.cell_bytes = 4 << 20;
    BLOCKS.lock().unwrap().1 = 0;
    WATCHED.set(true);
    let sampler = Sampler::new(config, 0).unwrap();
    WATCHED.set(false);
    for route in 0..40u8 {
        let bounds = [route * 6, route * 6 + 6];
        sampler.register(RouteId(route.into()), &bounds[..1], Some(&bounds[1..]), 0).unwrap();
    }
    let recorder = sampler.recorder();
    let mut handle = recorder.handle(RouteId(3));
    for window in 1..5u64 {
        for route in 0..41 {
            recorder.observe(RouteId(route), Op::Write, CANARY, 9);
            recorder.observe_labelled(RouteId(route), sampler.label("redis"), Op::Read, CANARY, 9);
            recorder.observe_many(RouteId(route), Op::Read, CANARY, 9, 100);
            recorder.observe_handle(&mut handle, Op::Write, CANARY, 9);
            recorder.observe_scan_routes(&[RouteId(route)], &Scan::new(CANARY, Some(b"canary-z"), 9));
        }
        sampler.drain_samples();
        sampler.flush(window * 1000);
    }
    assert_eq!(sampler.reader().hot_keys(&HotKeysQuery::of_route(RouteId(3))).is_ok(), hot_keys);
    let blocks = BLOCKS.lock().unwrap();
    let (list, len) = &*blocks;
    let bytes: usize = list[..*len].iter().map(|block| block.1).sum();
    assert!(bytes >= sampler.reader().config().memory_bytes().unwrap(), "all of the memory is searched");
    let found = list[..*len].iter().filter(|(at, size)| {
        // SAFETY: the sampler still has the block, nobody writes to it now, and all of it was initialised.
        let bytes = unsafe { std::slice::from_raw_parts(*at as *const u8, *size) };
        bytes.windows(8).any(|window| window == &CANARY[..8])
    });
    if *len == 0 { 0 } else { found.count() }
}

/// One test, since the list of blocks is the process's.
#[test]
fn off_no_byte_of_a_key_is_kept() {
    assert_eq!(blocks_with_the_canary(false), 0);
    // On, the same search finds it: in a queue, in a sketch, in a record.
    assert!(blocks_with_the_canary(true) >= 3);
}
