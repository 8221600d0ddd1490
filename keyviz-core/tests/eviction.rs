//! Eviction: what makes room gives back all it took, and is counted the moment it goes, whoever sent it
//! away.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{Config, ConfigError, MatrixQuery, Op, Reader, RouteId, Writer};

fn config(max_routes: u32, max_draining: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = 5000;
    (config.max_routes, config.max_known_routes, config.max_draining) = (max_routes, 0, max_draining);
    config.prefault = false;
    config
}

/// Columns and what was evicted add up to what was recorded; returns how many columns went.
fn accounted(reader: &Reader) -> u64 {
    let counters = reader.counters();
    let mut found = counters.evicted;
    let columns = reader.for_each_cell(0, 0, true, |_, cell| found.add(cell.counts));
    assert_eq!(found, counters.recorded, "{counters:?}");
    let sealed = counters.columns_sealed - counters.columns_evicted;
    assert_eq!(columns.iter().filter(|c| c.state != keyviz_core::ColumnState::Open).count() as u64, sealed);
    counters.columns_evicted
}

#[test]
fn parts_of_evicted_columns_give_their_blocks_back() {
    let mut config = config(100, 0);
    config.history_columns = 2;
    config.tiers = keyviz_core::Tiers::NONE;
    let mut writer = Writer::new(config, 0).unwrap();
    let (recorder, reader) = (writer.recorder(), writer.reader());
    writer.register(RouteId(1), b"a", None, 1).unwrap();
    let mut used = Vec::new();
    for window in 1..200 {
        writer.set_term(1, window);
        recorder.observe(RouteId(1), Op::Write, b"b", 0);
        writer.set_term(1, window + 1000);
        recorder.observe(RouteId(1), Op::Write, b"b", 0);
        writer.flush(window * 5000);
        used.push(reader.counters().history_bytes_used);
        accounted(&reader);
    }
    assert_eq!(reader.counters().terms_unsplit, 0);
    assert!(used[10..].iter().all(|bytes| *bytes <= used[10]), "{used:?}");
    assert_eq!(reader.counters().columns_evicted, 197);
}

/// The descriptors of routes long gone are all held by columns: a new route lets the oldest go.
#[test]
fn a_registration_that_evicts_counts_it_at_once() {
    let mut writer = Writer::new(config(1, 1), 0).unwrap();
    let (recorder, reader) = (writer.recorder(), writer.reader());
    let (mut now_ms, mut evicting) = (0, 0);
    for route in 0..60 {
        let before = reader.counters().columns_evicted;
        writer.register(RouteId(route), &[route as u8], None, 0).unwrap();
        evicting += u64::from(accounted(&reader) > before);
        recorder.observe(RouteId(route), Op::Write, b"b", 7);
        writer.remove(RouteId(route));
        for _ in 0..5 {
            now_ms += 5000;
            writer.flush(now_ms);
        }
        accounted(&reader);
    }
    assert!(evicting > 30, "{evicting} registrations let columns go");
}

/// A term in every window: when all descriptors are held by columns, the oldest go, no count is shown
/// under another term than its own, and the newest column has the newest term.
#[test]
fn a_term_change_that_evicts_counts_it_at_once() {
    let mut writer = Writer::new(config(1, 1), 0).unwrap();
    let (recorder, reader) = (writer.recorder(), writer.reader());
    writer.set_term(1, 1000);
    writer.register(RouteId(1), b"a", None, 1).unwrap();
    for window in 1..100 {
        recorder.observe(RouteId(1), Op::Write, b"b", 7);
        writer.flush(window * 5000);
        writer.set_term(1, 1000 + window);
        accounted(&reader);
    }
    let counters = reader.counters();
    assert!(counters.columns_evicted > 50, "{counters:?}");
    assert_eq!(counters.terms_unsplit, 0);
    let mut columns = 0;
    reader.for_each_cell(0, 0, false, |column, cell| {
        assert_eq!(cell.term, 1000 - 1 + column.end_ms / 5000);
        columns += 1;
    });
    assert!(columns > 0);
    let matrix = reader.matrix(&MatrixQuery::default());
    assert_eq!(matrix.columns.last().map(|column| column.end_ms), Some(99 * 5000));
}

/// No block is free: the oldest columns go, until what is kept fits the bytes given.
#[test]
fn columns_go_when_the_bytes_are_used_up() {
    let mut config = config(64, 1);
    config.history_columns = 1000;
    config.tiers = keyviz_core::Tiers::NONE;
    // What must be there, and some columns more: index and blocks differ with the width of cells.
    config.history_bytes = 1;
    let Err(ConfigError::PoolTooSmall { least_bytes, .. }) = config.validate() else { panic!("one byte is enough") };
    config.history_bytes = least_bytes + (20 << 10);
    let bytes = config.history_bytes as u64;
    let mut writer = Writer::new(config, 0).unwrap();
    let (recorder, reader) = (writer.recorder(), writer.reader());
    for route in 0..64u8 {
        writer.register(RouteId(route.into()), &[route], Some(&[route + 1]), 0).unwrap();
    }
    for window in 1..300 {
        for route in 0..64 {
            recorder.observe(RouteId(route), Op::Write, b"b", window << 23);
        }
        writer.flush(window * 5000);
        accounted(&reader);
        assert!(reader.counters().history_bytes_used <= bytes);
    }
    let counters = reader.counters();
    assert!(counters.columns_evicted > 100 && counters.columns_evicted < 298, "{counters:?}");
    assert_eq!(counters.recorded.writes, 299 * 64);
}
