//! What a cell takes: all keys of 10 000 routes that are active throughout 1440 columns, of one node and of several,
//! within the memory for answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]
#![allow(clippy::print_stdout, reason = "a test says what it measured")]
#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use keyviz_admin::{Admin, AdminBuilder, Limits, Node};
use keyviz_core::{Config, Op, RouteId, Sampler, Tiers};
use serde_json::Value;
use tower::ServiceExt;

struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let bytes = BYTES.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(bytes, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUTES: u64 = 10_000;
const COLUMNS: u64 = 1_440;
const STEP_MS: u64 = 60_000;
const NODES: u64 = 3;

fn bound(route: u64) -> Vec<u8> {
    format!("tenant/{route:05}").into_bytes()
}

/// A day of minutes, in each of which every route is written once and one in a hundred is read.
fn a_day() -> Sampler {
    let mut config = Config::default();
    (config.step_ms, config.prefault) = (STEP_MS, false);
    (config.history_columns, config.tiers, config.history_bytes) = (COLUMNS as u32, Tiers::NONE, 96 << 20);
    let sampler = Sampler::new(config, 0).unwrap();
    for route in 0..ROUTES {
        sampler.register(RouteId(route), &bound(route), Some(&bound(route + 1)), route / 100 + 1).unwrap();
    }
    (1..=ROUTES / 100).for_each(|group| sampler.set_term(group, 3));
    let recorder = sampler.recorder();
    for column in 1..=COLUMNS {
        for route in 0..ROUTES {
            recorder.observe(RouteId(route), Op::Write, b"tenant/", 10);
            if route % 100 == column % 100 {
                recorder.observe(RouteId(route), Op::Read, b"tenant/", 10);
            }
        }
        sampler.flush(column * STEP_MS);
    }
    sampler
}

/// A patient endpoint: a build without optimisation takes its time.
fn endpoint(builder: AdminBuilder) -> axum::Router {
    let mut limits = Limits::default();
    limits.request_ms = 600_000;
    builder.limits(limits).build().router()
}

/// The cell, and the most bytes that were held at once for it.
fn ask(router: &axum::Router, query: &str) -> (Value, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let uri = format!("/admin/api/v1/keyviz/cell?{query}");
    let request = Request::get(uri).header("host", "localhost").body(Body::empty()).unwrap();
    let before = BYTES.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let began = Instant::now();
    let body = runtime.block_on(async {
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{query}");
        to_bytes(answer.into_body(), 1 << 20).await.unwrap()
    });
    let held = PEAK.load(Ordering::Relaxed) - before;
    println!("{query}: {:?}, at most {} KiB", began.elapsed(), held >> 10);
    (serde_json::from_slice(&body).unwrap(), held)
}

fn numbers(cell: &Value) -> (u64, u64) {
    assert_eq!(
        (&cell["estimated"], &cell["conflict"], &cell["missing"]),
        (&false.into(), &false.into(), &false.into())
    );
    (cell["columns"].as_u64().unwrap(), cell["value"].as_u64().unwrap())
}

#[test]
fn all_keys_of_the_longest_history_are_one_cell_within_the_memory_for_answers() {
    let memory = Limits::default().memory_bytes;
    let sampler = a_day();
    let (writes, reads) = (ROUTES * COLUMNS, ROUTES / 100 * COLUMNS);
    let alone = endpoint(Admin::builder(Some(sampler.reader())));
    let (cell, held) = ask(&alone, "");
    assert_eq!(numbers(&cell), (COLUMNS, writes));
    assert!(held < 16 << 20, "{held}");
    let nodes = || (0..NODES).map(|at| Node::new(format!("node-{at}"), sampler.reader())).collect();
    let several = endpoint(Admin::of_nodes(nodes()).unwrap());
    // Reads add: a row of each node.
    let (cell, held) = ask(&several, "series=reads");
    assert_eq!(numbers(&cell), (COLUMNS, NODES * reads));
    assert!(held < 16 << 20, "{held}");
    // What replicas wrote is one write, which shows route by route: a stretch of time after the other.
    // Without optimisation all of it takes minutes.
    let columns = if cfg!(debug_assertions) { COLUMNS / 6 } else { COLUMNS };
    let writes = ROUTES * columns;
    let (cell, held) = ask(&several, &format!("series=writes&from_unix_ms={}", (COLUMNS - columns + 1) * STEP_MS));
    assert_eq!(numbers(&cell), (columns, writes));
    for node in cell["nodes"].as_array().unwrap() {
        assert_eq!((&node["value"], &node["estimated"]), (&writes.into(), &false.into()), "{node}");
    }
    assert_eq!(
        (cell["nodes"].as_array().unwrap().len(), &cell["fanout"]["writes_superseded"]),
        (3, &(2 * writes).into())
    );
    assert!(held < memory * 3 / 4, "{held}");
}
