//! Answers of other nodes, of anything: what is read is within the limits, and what is written of it is read and written again as it was.
#![no_main]

use keyviz_core::wire::decode::{self, Limits};
use keyviz_core::wire::encode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Few enough that each limit is met.
    let limits =
        Limits { bytes: 64 << 10, columns: 16, rows: 16, route_ids: 8, parts: 4, nodes: 4, ..Limits::default() };
    hot_keys(bytes, &limits);
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

/// The same bytes, taken for hot keys.
fn hot_keys(bytes: &[u8], limits: &Limits) {
    let Ok(answer) = decode::hot_keys(bytes, limits) else { return };
    let mut json = String::new();
    encode::hot_keys(&answer.hot, &answer.of, &answer.labels, &mut json);
    let again = decode::hot_keys(json.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(answer, again);
}
