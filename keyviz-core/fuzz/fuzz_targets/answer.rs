//! Answers of other nodes, of anything: what is read is within the limits, and what is written of it is read and written again as it was.
#![no_main]

use keyviz_core::wire::decode::{self, Limits};
use keyviz_core::wire::encode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Few enough that each limit is met.
    let limits =
        Limits { bytes: 64 << 10, columns: 16, rows: 16, route_ids: 8, parts: 4, nodes: 4, ..Limits::default() };
    let Ok(answer) = decode::answer(bytes, &limits) else { return };
    assert!(answer.columns.len() <= limits.columns && answer.rows.len() <= limits.rows);
    assert!(answer.rows.iter().all(|row| row.values.len() <= limits.columns));
    let mut json = String::new();
    encode::answer(&answer, &mut json);
    let again = decode::answer(json.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {json}"));
    let mut twice = String::new();
    encode::answer(&again, &mut twice);
    assert_eq!(json, twice);
});
