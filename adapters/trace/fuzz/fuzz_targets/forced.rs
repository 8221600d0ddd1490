//! Each format forced onto any bytes: the first byte picks the format.
#![no_main]

use keyviz_trace::{Format, Trace};
use keyviz_trace_fuzz::{limits, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((pick, bytes)) = bytes.split_first() else { return };
    let format = Format::ALL[usize::from(*pick) % Format::ALL.len()];
    read(Trace::open_as(bytes, format, limits()));
});
