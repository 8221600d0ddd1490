//! Readers: while columns are published, sealed and let go in a loop, a reader gets each column whole,
//! or marked missing, and the open window's column always.

#![cfg(feature = "alloc")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keyviz_core::{ColumnState, Config, MatrixQuery, Op, Reader, RouteId, Writer};

/// How long each race goes on.
const RACE: Duration = Duration::from_millis(900);

const OPEN: MatrixQuery = MatrixQuery {
    series: keyviz_core::Series::Writes,
    axis: keyviz_core::AxisKind::Route,
    key_names: None,
    from_ms: 0,
    to_ms: 0,
    rows: 0,
    start: Vec::new(),
    end: None,
    label: None,
    route: None,
    sub_bucket: None,
    split_labels: true,
    open: true,
};

/// Tells the other thread to stop, also when the reader's assertions fail.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Lets `write` run over and over on one thread, and `read` on another, for a while; returns how often
/// `read` was called.
fn race(writer: &mut Writer, mut write: impl FnMut(&mut Writer) + Send, mut read: impl FnMut(&Reader)) -> u64 {
    let reader = writer.reader();
    let stop = AtomicBool::new(false);
    let mut reads = 0;
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                write(writer);
            }
        });
        let end = Instant::now() + RACE;
        while Instant::now() < end {
            read(&reader);
            reads += 1;
        }
    });
    reads
}

/// Each flush adds two writes: one to a cell that has counts, one to a cell that has none yet, so that
/// a reading made of two states of the column shows.
#[test]
fn the_open_column_of_a_matrix_is_whole() {
    let mut config = Config::default();
    (config.max_routes, config.sub_buckets) = (200, 256);
    (config.step_ms, config.history_columns) = (86_400_000, 1);
    config.tiers = keyviz_core::Tiers::NONE;
    (config.max_recorders, config.shared_shards) = (2, 1);
    (config.cell_bytes, config.history_bytes) = (256 << 20, 64 << 20);
    config.prefault = false;
    let mut writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    for route in 0..200u8 {
        writer.register(RouteId(route.into()), &[route], Some(&[route + 1]), 0).unwrap();
    }
    writer.flush(1);
    let mut cells = (0..200u8).flat_map(|route| (0..=255u8).map(move |sub| [route, sub]));
    let mut now_ms = 1;
    let (mut whole, mut last, mut refilled) = (0, 0, 0);
    let write = move |writer: &mut Writer| {
        let fresh = cells.next().unwrap_or([199, 255]);
        recorder.observe(RouteId(0), Op::Write, &[0, 0], 0);
        recorder.observe(RouteId(fresh[0].into()), Op::Write, &fresh, 0);
        now_ms += 1;
        writer.flush(now_ms);
    };
    let read = |reader: &Reader| {
        let before = reader.counters().recorded.writes;
        let matrix = reader.matrix(&OPEN);
        let after = reader.counters().recorded.writes;
        assert_eq!(matrix.columns.len(), 1);
        if matrix.columns[0].state == ColumnState::Missing {
            return;
        }
        let shown = matrix.rows.iter().map(|row| row.values[0]).sum::<u64>() + matrix.cut.values[0];
        assert_eq!(shown % 2, 0, "{shown}: {} rows, cut {:?}", matrix.rows.len(), matrix.cut);
        assert!(shown >= last, "{shown} after {last}");
        // A flush counts first and publishes then.
        assert!(before <= shown + 2 && shown <= after, "{before} <= {shown} + 2, {shown} <= {after}");
        whole += 1;
        refilled += u64::from(before != after);
        last = shown;
    };
    let reads = race(&mut writer, write, read);
    assert!(whole > 10 && refilled > 0, "{reads} readings, {whole} whole, {refilled} with flushes inside");
}

#[test]
fn the_open_column_is_always_there() {
    let mut config = Config::default();
    (config.step_ms, config.history_columns, config.max_routes) = (86_400_000, 1, 2000);
    config.tiers = keyviz_core::Tiers::NONE;
    (config.max_recorders, config.shared_shards) = (1, 1);
    config.prefault = false;
    let mut writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    for route in 0..2000u32 {
        writer.register(RouteId(route.into()), &route.to_be_bytes(), Some(&(route + 1).to_be_bytes()), 0).unwrap();
        recorder.observe(RouteId(route.into()), Op::Write, b"b", 1 << 40);
    }
    writer.flush(1);
    let mut now_ms = 1;
    let mut open = 0;
    let write = move |writer: &mut Writer| {
        now_ms += 1;
        writer.flush(now_ms);
    };
    let read = |reader: &Reader| {
        let columns = reader.for_each_cell(0, 0, true, |_, _| {});
        assert_eq!(columns.len(), 1);
        assert_eq!((columns[0].start_ms, columns[0].end_ms), (0, 86_400_000));
        open += u64::from(columns[0].state == ColumnState::Open);
    };
    let reads = race(&mut writer, write, read);
    assert!(reads > 10 && open > 0, "{reads} readings, {open} of them with the column");
}

/// Windows pass under the reader: the window that was open before the reading is in it, as a column or
/// as missing, unless it has gone with all before it.
#[test]
fn no_window_is_left_out_between_two_others() {
    let mut config = Config::default();
    (config.step_ms, config.history_columns, config.max_routes) = (100, 200, 50);
    config.tiers = keyviz_core::Tiers::NONE;
    config.prefault = false;
    let mut writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    for route in 0..50u8 {
        writer.register(RouteId(route.into()), &[route], Some(&[route + 1]), 0).unwrap();
    }
    let mut now_ms = 0;
    let mut met = 0;
    let write = move |writer: &mut Writer| {
        recorder.observe(RouteId(now_ms % 50), Op::Write, b"b", 0);
        now_ms += 25;
        writer.flush(now_ms);
    };
    let read = |reader: &Reader| {
        let window = reader.window();
        let columns = reader.matrix(&OPEN).columns;
        for pair in columns.windows(2) {
            assert_eq!(pair[0].end_ms, pair[1].start_ms, "{pair:?}");
        }
        let Some(open_from) = window.open_from_ms else { return };
        let first = columns.first().unwrap();
        let there = columns.iter().any(|column| column.start_ms <= open_from && open_from < column.end_ms);
        assert!(there || first.start_ms > open_from, "{open_from} was open, {:?}", columns.last());
        met += u64::from(there);
    };
    let reads = race(&mut writer, write, read);
    assert!(met > 10, "{reads} readings, {met} met the open window");
}

/// Routes, bounds and descriptors are used again as fast as they can be; each cell a reader gets has
/// the bounds and the counts of its own route.
#[test]
fn cells_are_whole_while_routes_come_and_go() {
    let mut config = Config::default();
    (config.step_ms, config.history_columns) = (5000, 2);
    config.tiers = keyviz_core::Tiers::NONE;
    (config.max_routes, config.max_draining) = (8, 8);
    (config.bound_bytes, config.max_bound_len) = (8192, 64);
    config.prefault = false;
    let mut writer = Writer::new(config, 0).unwrap();
    let recorder = writer.recorder();
    let bound = |route: u64| route.to_be_bytes().repeat(6);
    let (mut now_ms, mut first) = (0, 0);
    let write = move |writer: &mut Writer| {
        let mut flush = |writer: &mut Writer| {
            now_ms += 5000;
            writer.flush(now_ms);
        };
        for route in first..first + 6 {
            let (start, mut end) = (bound(route), bound(route));
            end.push(1);
            // Refused while all that went before drain.
            let _ = writer.register(RouteId(route), &start, Some(&end), 0);
            recorder.observe(RouteId(route), Op::Write, &start, route & 0xffff);
        }
        flush(writer);
        flush(writer);
        for route in first..first + 6 {
            writer.remove(RouteId(route));
        }
        first += 6;
        flush(writer);
        flush(writer);
    };
    let (mut cells, mut routes) = (0u64, std::collections::BTreeSet::new());
    let read = |reader: &Reader| {
        reader.for_each_cell(0, 0, true, |_, cell| {
            cells += 1;
            routes.insert(cell.route.0);
            assert_eq!(cell.start, bound(cell.route.0), "route {}", cell.route);
            assert!(cell.counts.writes <= 1, "{cell:?}");
            assert_eq!(cell.counts.write_bytes, cell.counts.writes * (48 + (cell.route.0 & 0xffff)), "{cell:?}");
        });
    };
    let reads = race(&mut writer, write, read);
    assert!(cells > 1000 && routes.len() > 20, "{reads} readings, {cells} cells, {} routes", routes.len());
}
