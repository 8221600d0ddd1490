//! Any map of columns, which is the first line, on any rows.
#![no_main]

use keyviz_trace::{ColumnMap, Trace};
use keyviz_trace_fuzz::{limits, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (map, rows) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let Ok(map) = std::str::from_utf8(map) else { return };
    match map.parse::<ColumnMap>() {
        Ok(map) => {
            read(Trace::open_columns(rows.get(1..).unwrap_or_default(), map, limits()));
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
});
