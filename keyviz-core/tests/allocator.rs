//! The allocator: whichever block of a new sampler it refuses, the refusal is an error that says so,
//! and what was taken before is given back. Left out are the last blocks, of a fixed size of some
//! kilobytes: those of the `Arc`s around what is finished, which cannot be asked to fail.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]
#![expect(unsafe_code, reason = "a global allocator that refuses is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use keyviz_core::{Config, ConfigError, Labels, Sampler, Writer};

/// Refuses one block of a thread that asks for it.
struct Refusing;

std::thread_local! {
    /// Blocks to grant before one is refused.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
    /// Size of the block that was refused.
    static REFUSED: Cell<usize> = const { Cell::new(0) };
    /// Bytes that this thread holds.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

fn refuses(layout: Layout) -> bool {
    let left = LEFT.get();
    if left != usize::MAX {
        LEFT.set(left.wrapping_sub(1)); // 0 becomes "never again"
    }
    if left == 0 {
        REFUSED.set(layout.size());
    } else {
        BYTES.set(BYTES.get() + layout.size() as isize);
    }
    left == 0
}

// SAFETY: every call that is not refused is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refuses(layout) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if refuses(layout) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static REFUSING: Refusing = Refusing;

fn configs() -> [Config; 3] {
    let small = || {
        let mut config = Config::default();
        (config.max_routes, config.history_columns) = (10, 4);
        config.tiers = keyviz_core::Tiers::NONE;
        (config.cell_bytes, config.history_bytes, config.bound_bytes) = (1 << 20, 1 << 20, 1 << 16);
        config
    };
    let mut divided = small();
    divided.sub_buckets = 16;
    divided.labels = Labels::new(&["redis", "s3"]).unwrap();
    let mut large = Config::default();
    large.prefault = false;
    [small(), divided, large]
}

/// Refuses each block in turn but the last ones, which are `Arc`s.
fn refuse_each<T>(arcs: usize, make: impl Fn() -> Result<T, ConfigError>) {
    const PLENTY: usize = usize::MAX - 1;
    LEFT.set(PLENTY);
    let made = make();
    let blocks = PLENTY - LEFT.replace(usize::MAX);
    assert!(made.is_ok() && blocks > 10 + arcs, "{blocks} blocks");
    drop(made);
    for granted in 0..blocks - arcs {
        let before = BYTES.get();
        LEFT.set(granted);
        let made = make();
        assert_eq!(LEFT.replace(usize::MAX), usize::MAX, "block {granted} was asked for");
        let error = made.map(|_| ()).unwrap_err();
        assert_eq!(BYTES.get(), before, "block {granted}: all is given back");
        let ConfigError::OutOfMemory { bytes, .. } = error else { panic!("block {granted}: {error:?}") };
        assert_eq!(bytes, REFUSED.get(), "block {granted}");
    }
}

#[test]
fn every_block_that_a_writer_takes_can_be_refused() {
    for config in configs() {
        refuse_each(1, || Writer::new(config.clone(), 0));
    }
}

#[test]
fn every_block_that_a_sampler_takes_can_be_refused() {
    for config in configs() {
        refuse_each(2, || Sampler::new(config.clone(), 0));
    }
}
