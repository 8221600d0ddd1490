//! Any bytes, as a file whose format is found by content.
#![no_main]

use keyviz_trace::Trace;
use keyviz_trace_fuzz::{limits, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(Trace::open(bytes, limits()));
});
