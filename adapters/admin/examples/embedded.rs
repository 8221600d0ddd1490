//! An engine with the page inside: one call to observe, one thread to flush, one server. Its route ids are such that a
//! double cannot hold them, as those of engines that hash or count down are.
//!
//! It prints where the page is and ends with Ctrl-C.
#![allow(clippy::print_stdout, reason = "an example speaks on its terminal")]

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use keyviz_admin::{Admin, Clock, Flusher, SystemClock, serve, shutdown_signal};
use keyviz_core::{Config, EventKind, Op, RouteId, Sampler};

/// Route, lower bound, key, operations each time. As doubles the first two are the same number.
const ROUTES: [(u64, &str, &str, u64); 3] =
    [(1 << 53, "a", "apple", 2), ((1 << 53) + 1, "h", "hazelnut", 5), ((1 << 63) + 1, "p", "plum", 9)];

fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::within(16 << 20)?;
    config.step_ms = 1000;
    let sampler = Sampler::new(config, SystemClock.now_ms())?;
    for (at, (route, start, _, _)) in ROUTES.iter().enumerate() {
        let end = ROUTES.get(at + 1).map(|(_, next, _, _)| next.as_bytes());
        sampler.register(RouteId(*route), start.as_bytes(), end, 0)?;
    }
    sampler.annotate(SystemClock.now_ms(), EventKind::RESTART, "the example began");
    let flusher = Flusher::spawn(sampler.clone())?;
    let admin = Admin::builder(Some(sampler.reader())).title("an engine").flush_timings(flusher.timings()).build();
    let stop = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let served = thread::scope(|scope| {
        scope.spawn(|| work(&sampler, &stop));
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            println!("http://{}/admin/", listener.local_addr()?);
            serve(listener, admin, shutdown_signal()).await
        });
        stop.store(true, Ordering::Relaxed);
        served
    });
    flusher.stop();
    Ok(served?)
}

/// What the engine does all day.
fn work(sampler: &Sampler, stop: &AtomicBool) {
    let recorder = sampler.recorder();
    while !stop.load(Ordering::Relaxed) {
        for (route, _, key, operations) in ROUTES {
            recorder.observe_many(RouteId(route), Op::Write, key.as_bytes(), 100, operations);
        }
        thread::sleep(Duration::from_millis(20));
    }
}
