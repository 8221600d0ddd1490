//! What decoding takes: whatever the JSON asks for, no more than the limit, the list that grows, and a text of the JSON.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test speaks by panicking")]
#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use keyviz_core::wire::decode::{self, Limits};

struct Counting;

std::thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    BYTES.set(BYTES.get() + bytes);
    PEAK.set(PEAK.get().max(BYTES.get()));
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const BYTES_LIMIT: usize = 1 << 20;

/// The most that decoding held at once.
fn peak(json: &str, limits: &Limits) -> usize {
    let before = BYTES.get();
    PEAK.set(before);
    let answer = decode::answer(json.as_bytes(), limits);
    let peak = (PEAK.get() - before) as usize;
    drop(answer);
    assert_eq!(BYTES.get(), before);
    peak
}

#[test]
fn memory_is_bounded_whatever_is_asked_for() {
    let limits =
        Limits { columns: 1000, rows: 1000, bound_len: 1000, nodes: 1000, bytes: BYTES_LIMIT, ..Limits::default() };
    let head = r#""series":"reads","column_unix_ms":[1],"#;
    let numbers = vec!["7"; 1000].join(",");
    let row = |member: &str| format!(r#"{{"bucket_id":"route:1",{member}}}"#);
    let rows = |row: &str| format!(r#"{{{head}"rows":[{}]}}"#, vec![row; 1000].join(","));
    let parts = vec!["[{},{},{},{}]"; 1000].join(",");
    let text = "A".repeat(1336);
    let words = "w".repeat(256);
    let warnings = vec![format!("\"{words}\""); 16].join(",");
    let node =
        format!(r#"{{"node":"{words}","error":"{words}{words}","warnings":[{warnings}],"warnings":[{warnings}]}}"#);
    for json in [
        rows(&row(&format!(r#""values":[{numbers}]"#))),
        rows(&row(&format!(r#""values":[{numbers}],"values":[{numbers}],"values":[{numbers}]"#))),
        rows(&row(&format!(r#""route_ids":[{numbers}]"#))),
        rows(&row(&format!(r#""term_parts":[{parts}]"#))),
        rows(&row(&format!(r#""estimated":[{}]"#, vec!["true"; 1000].join(",")))),
        rows(&row(&format!(r#""start":"{text}","end":"{text}""#))),
        rows(&row(&format!(r#""name":"{}""#, "n".repeat(256)))),
        rows(&row(r#""label":"redis""#)),
        format!(r#"{{{head}"rows":[],"fanout":{{"nodes":[{}]}}}}"#, vec![node.as_str(); 1000].join(",")),
        format!(r#"{{{head}"rows":[],"other":{}{}}}"#, "[".repeat(100), "]".repeat(100)),
        format!(r#"{{{head}"rows":[],"other":[{numbers}]}}"#),
    ] {
        // The rows, of which there are at most a thousand, and a list of a row grow.
        let growing = 2 * 1000 * 1024 + 2 * 32 * 4096;
        let held = peak(&json, &limits);
        assert!(held <= BYTES_LIMIT + growing, "{held} bytes for {} of JSON: {:.80}", json.len(), json);
    }
}

#[test]
fn a_row_is_refused_before_it_is_kept() {
    let limits = Limits { bytes: 64 * 1024, ..Limits::default() };
    let row = r#"{"bucket_id":"route:1"}"#;
    let json = format!(r#"{{"series":"reads","column_unix_ms":[1],"rows":[{}]}}"#, vec![row; 16_000].join(","));
    assert!(decode::answer(json.as_bytes(), &limits).is_err());
    assert!(peak(&json, &limits) <= 3 * 64 * 1024);
}
