//! Observing beside flushing.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use keyviz_core::{Op, RouteId, Writer};
use keyviz_loom_tests::{STEP_MS, balance, explore, reads, settle, tiny};
use loom::thread;

#[test]
fn nothing_is_lost_between_two_flushes() {
    explore(2, || {
        let mut writer = Writer::new(tiny(), 0).unwrap();
        writer.register(RouteId(1), b"", None, 0).unwrap();
        let recorder = writer.recorder();
        let observing = thread::spawn(move || {
            recorder.observe(RouteId(1), Op::Read, b"k", 1);
            recorder.observe(RouteId(1), Op::Read, b"k", 1);
        });
        writer.flush(STEP_MS);
        observing.join().unwrap();
        settle(&mut writer, STEP_MS);
        assert_eq!(balance(&writer).recorded, reads(2, 2));
    });
}
