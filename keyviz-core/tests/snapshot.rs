//! The snapshot file: what was written is read, to the last count; whatever else is read is refused by name, and by the
//! byte at which it is wrong.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use keyviz_core::{
    Column, ColumnState, Config, EventKind, Labels, Op, RouteId, Sampler, Scan, Snapshot, SnapshotDecoder,
    SnapshotError, Tally,
};
use proptest::prelude::*;

const STEP_MS: u64 = 1000;
const ROOM: usize = 64 << 20;

fn written(sampler: &Sampler, now_ms: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let counted = sampler.reader().snapshot(now_ms, |piece| {
        bytes.extend_from_slice(piece);
        Ok::<(), ()>(())
    });
    assert_eq!(counted, Ok(bytes.len() as u64));
    bytes
}

fn frozen(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name)).unwrap()
}

/// Everything that names a cell, and what it counts.
type Cells = BTreeMap<(u64, u64, bool, u8, Vec<u8>, Option<Vec<u8>>, u32, u64, u64, bool), [u64; 5]>;

fn five(of: Tally) -> [u64; 5] {
    [of.reads, of.writes, of.read_bytes, of.write_bytes, of.scans]
}

fn put(cells: &mut Cells, column: &Column, cell: &keyviz_core::CellView<'_>, label: u8) {
    let key = (
        column.start_ms,
        cell.route.0,
        cell.aggregate,
        label,
        cell.start.to_vec(),
        cell.end.map(<[u8]>::to_vec),
        cell.sub_bucket,
        cell.group,
        cell.term,
        cell.draining,
    );
    let sum = cells.entry(key).or_default();
    for (sum, add) in sum.iter_mut().zip(five(cell.counts)) {
        *sum += add;
    }
}

fn of_sampler(sampler: &Sampler) -> (Cells, Vec<Column>) {
    let mut cells = Cells::new();
    let labels: Vec<_> = sampler.reader().config().labels.iter().map(|(label, _)| label).collect();
    let columns = sampler.reader().for_each_cell(0, 0, true, |column, cell| {
        let label = labels.iter().position(|label| *label == cell.label).map_or(0, |at| at as u8 + 1);
        put(&mut cells, column, cell, label);
    });
    (cells, columns)
}

fn of_snapshot(snapshot: &Snapshot) -> (Cells, Vec<Column>) {
    let mut cells = Cells::new();
    let labels: Vec<_> = snapshot.labels().iter().map(|(label, _)| label).collect();
    snapshot.for_each_cell(|column, cell| {
        let label = labels.iter().position(|label| *label == cell.label).map_or(0, |at| at as u8 + 1);
        put(&mut cells, column, cell, label);
    });
    (cells, snapshot.columns().collect())
}

/// A sampler in which there is one of everything: labels, divisions, groups, terms in the midst of a window, a removed
/// route, virtual buckets, a split, a gap, a late column, unattributed operations, an open column.
fn eventful() -> (Sampler, u64) {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    config.sub_buckets = 4;
    (config.max_routes, config.max_known_routes) = (8, 64);
    config.cell_bytes = 1 << 20;
    config.history_bytes = 1 << 20;
    config.prefault = false;
    let sampler = Sampler::new(config, 10 * STEP_MS).unwrap();
    for route in 0..20u64 {
        let (start, end) = ([b'a' + route as u8], [b'a' + route as u8 + 1]);
        let end = (route < 19).then_some(&end[..]);
        sampler.register(RouteId(route), &start, end, route % 3).unwrap();
    }
    let redis = sampler.label("redis");
    let load = |times: u64| {
        for route in 0..25u64 {
            let key = [b'a' + route as u8, (times * 37) as u8, 7];
            for _ in 0..=route + times {
                sampler.observe(RouteId(route), Op::Write, &key, 100);
            }
            sampler.observe_labelled(RouteId(route), redis, Op::Read, &key, 5);
        }
        let touched: Vec<RouteId> = (2..9).map(RouteId).collect();
        sampler.observe_scan_routes(&touched, &Scan::new(b"ca", Some(b"i0"), 500 + times));
    };
    sampler.set_term(1, 4);
    sampler.annotate(10 * STEP_MS + 5, EventKind::DEPLOY, "release 7");
    sampler.annotate(10 * STEP_MS + 6, EventKind::new("backup").unwrap(), &"long ".repeat(100));
    load(1);
    sampler.flush(11 * STEP_MS);
    load(2);
    sampler.flush(11 * STEP_MS + 400);
    sampler.set_term(1, 5);
    load(3);
    sampler.flush(12 * STEP_MS);
    load(4);
    sampler.remove(RouteId(3));
    sampler.flush(15 * STEP_MS);
    let part = |route, start, end| keyviz_core::NewRoute { route: RouteId(route), start, end, group: 2 };
    sampler.split_route(RouteId(5), &[part(5, b"f", Some(b"fm")), part(40, b"fm", Some(b"g"))]).unwrap();
    load(5);
    sampler.flush(16 * STEP_MS);
    load(6);
    sampler.flush(16 * STEP_MS + 300);
    (sampler, 16 * STEP_MS + 300)
}

#[test]
fn what_was_written_is_read() {
    let (sampler, now_ms) = eventful();
    let snapshot = Snapshot::decode(&written(&sampler, now_ms), ROOM).unwrap();
    let (reader, config) = (sampler.reader(), sampler.reader().config().clone());
    assert_eq!(of_snapshot(&snapshot), of_sampler(&sampler));
    assert_eq!((snapshot.step_ms(), snapshot.sub_buckets()), (config.step_ms, config.sub_buckets));
    assert_eq!((snapshot.written_ms(), snapshot.started_ms()), (now_ms, 10 * STEP_MS));
    assert_eq!(snapshot.labels(), &config.labels);
    assert_eq!(snapshot.write_merge(), reader.write_merge());
    assert_eq!(snapshot.lineage(), reader.lineage());
    let told = |events: &[keyviz_core::Event]| -> Vec<_> {
        let told = |event: &keyviz_core::Event| (event.at_ms, event.kind, event.text.clone(), event.cut);
        events.iter().map(|event| (told(event), event.own, event.changes, event.ids)).collect()
    };
    assert_eq!(told(snapshot.events()), told(&reader.events(0, 0)));
    assert!(snapshot.events().iter().any(|event| event.cut) && snapshot.events().len() > 3);
    assert!(snapshot.writer().starts_with("keyviz "), "{}", snapshot.writer());
    let counters = reader.counters();
    assert_eq!(snapshot.recorded(), counters.recorded);
    assert_eq!(snapshot.unattributed(), counters.unattributed);
    let states: Vec<ColumnState> = snapshot.columns().map(|column| column.state).collect();
    for state in [ColumnState::Complete, ColumnState::Late, ColumnState::Open] {
        assert!(states.contains(&state), "{states:?}");
    }
    let (cells, _) = of_snapshot(&snapshot);
    assert!(cells.values().any(|counts| counts[4] > 0), "scans");
    assert!(cells.keys().any(|key| key.2), "a virtual bucket");
    assert!(cells.keys().any(|key| key.8 == 4), "an earlier term");
    assert!(cells.keys().any(|key| key.9), "a removed route");
}

#[test]
fn an_empty_history_is_a_snapshot() {
    let sampler = Sampler::new(Config::default(), 5).unwrap();
    let snapshot = Snapshot::decode(&written(&sampler, 7), ROOM).unwrap();
    assert_eq!((snapshot.columns().count(), snapshot.recorded()), (0, Tally::ZERO));
}

#[test]
fn a_column_of_several_blocks() {
    let mut config = Config::default();
    (config.step_ms, config.max_routes, config.max_known_routes) = (STEP_MS, 80_000, 0);
    config.history_columns = 4;
    (config.cell_bytes, config.history_bytes) = (64 << 20, 64 << 20);
    let sampler = Sampler::new(config, 0).unwrap();
    for route in 0..70_000u64 {
        let (start, end) = (route.to_be_bytes(), (route + 1).to_be_bytes());
        sampler.register(RouteId(route), &start, Some(&end), 0).unwrap();
        sampler.observe(RouteId(route), if route % 2 == 0 { Op::Read } else { Op::Write }, &start, route);
    }
    sampler.flush(STEP_MS);
    let bytes = written(&sampler, STEP_MS);
    let snapshot = Snapshot::decode(&bytes, ROOM).unwrap();
    assert_eq!(of_snapshot(&snapshot), of_sampler(&sampler));
    // What sections hold bounds what a reader buffers.
    assert!(bytes.len() < 70_000 * 26, "{}", bytes.len());
}

#[test]
fn the_sink_stops_it() {
    let (sampler, now_ms) = eventful();
    for after in [0, 1, 100, 1000] {
        let mut given = 0;
        let stopped = sampler.reader().snapshot(now_ms, |piece| {
            given += piece.len();
            if given > after { Err("full") } else { Ok(()) }
        });
        assert_eq!(stopped, Err("full"));
    }
}

#[test]
fn cut_at_every_byte() {
    let (sampler, now_ms) = eventful();
    let bytes = written(&sampler, now_ms);
    for len in 0..bytes.len() {
        let refused = Snapshot::decode(&bytes[..len], ROOM).unwrap_err();
        assert_eq!(refused, SnapshotError::Truncated { at: len as u64 });
    }
    let longer = [&bytes[..], b"x"].concat();
    let refused = Snapshot::decode(&longer, ROOM).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("malformed at byte {}: expected nothing behind the last section", bytes.len())
    );
}

#[test]
fn every_flipped_bit_is_found() {
    let (sampler, now_ms) = eventful();
    let mut bytes = written(&sampler, now_ms);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert!(Snapshot::decode(&bytes, ROOM).is_err(), "byte {at} bit {bit}");
            bytes[at] ^= 1 << bit;
        }
    }
    Snapshot::decode(&bytes, ROOM).unwrap();
}

/// The sections of a snapshot: where each begins, and its id.
fn sections(bytes: &[u8]) -> Vec<(usize, u16)> {
    let (mut at, mut sections) = (12, Vec::new());
    while at < bytes.len() {
        sections.push((at, u16::from_le_bytes([bytes[at], bytes[at + 1]])));
        let len = u32::from_le_bytes(bytes[at + 2..at + 6].try_into().unwrap());
        at += 6 + len as usize + 4;
    }
    sections
}

#[test]
fn whole_sections_lost_or_doubled_are_found() {
    let (sampler, now_ms) = eventful();
    let bytes = written(&sampler, now_ms);
    let sections = sections(&bytes);
    for pair in sections.windows(2) {
        let (from, to) = (pair[0].0, pair[1].0);
        let lost = [&bytes[..from], &bytes[to..]].concat();
        assert!(Snapshot::decode(&lost, ROOM).is_err(), "{pair:?} lost");
        let doubled = [&bytes[..to], &bytes[from..]].concat();
        assert!(Snapshot::decode(&doubled, ROOM).is_err(), "{pair:?} doubled");
    }
}

/// Ids and payloads of sections.
type Parts = Vec<(u16, Vec<u8>)>;

/// The same sections with checksums that hold, after `change` had its way with them.
fn forged(bytes: &[u8], change: impl Fn(&mut Parts)) -> Vec<u8> {
    let mut parts: Parts = sections(bytes)
        .into_iter()
        .map(|(at, id)| {
            let len = u32::from_le_bytes(bytes[at + 2..at + 6].try_into().unwrap()) as usize;
            (id, bytes[at + 6..at + 6 + len].to_vec())
        })
        .collect();
    change(&mut parts);
    let (mut file, mut checksum) = (bytes[..12].to_vec(), crc32fast::Hasher::new());
    checksum.update(&file);
    for (id, payload) in parts {
        let section = [&id.to_le_bytes()[..], &(payload.len() as u32).to_le_bytes(), &payload].concat();
        checksum.update(&section);
        file.extend_from_slice(&section);
        file.extend_from_slice(&checksum.clone().finalize().to_le_bytes());
    }
    file
}

#[test]
fn unknown_sections_and_fields_are_skipped() {
    let (sampler, now_ms) = eventful();
    let bytes = written(&sampler, now_ms);
    let was = of_snapshot(&Snapshot::decode(&bytes, ROOM).unwrap());
    let later = forged(&bytes, |parts| {
        let end = parts.len() - 1;
        // The number of sections stands first in the last one, and is below 64 there.
        parts[end].1[0] += 2;
        // A field behind those that are known, and a series that is not.
        parts[0].1.push(9);
        parts.insert(end, (10, b"from a later release".to_vec()));
        let cells = parts.iter().position(|(id, _)| *id == 5).unwrap();
        parts.insert(cells + 1, (31, vec![7; 40]));
    });
    assert_eq!(of_snapshot(&Snapshot::decode(&later, ROOM).unwrap()), was);
}

#[test]
fn forged_sections_are_refused_by_name() {
    let (sampler, now_ms) = eventful();
    let bytes = written(&sampler, now_ms);
    let refused = |change: &dyn Fn(&mut Parts)| {
        let error = Snapshot::decode(&forged(&bytes, change), ROOM).unwrap_err();
        assert!(matches!(error, SnapshotError::Malformed { .. }), "{error}");
        error.to_string().split("expected ").nth(1).unwrap().to_owned()
    };
    let at = |parts: &[(u16, Vec<u8>)], wanted: u16| parts.iter().position(|(id, _)| *id == wanted).unwrap();
    assert_eq!(
        refused(&|parts| {
            parts.remove(0);
        }),
        "what the snapshot is of, once, in the first section"
    );
    assert_eq!(refused(&|parts| parts[0].1[..2].copy_from_slice(&[1, 0])), "a step of 100 ms to a day");
    assert_eq!(refused(&|parts| parts[1].1[0] = 16), "at most 15 labels");
    assert_eq!(refused(&|parts| parts[1].1[2] = b'X'), "at most 15 labels of a-z, 0-9, _ and -, each once");
    assert_eq!(
        refused(&|parts| {
            let rows = at(parts, 3);
            parts[rows].1.truncate(3);
        }),
        "a row's route, group, term and age"
    );
    assert_eq!(
        refused(&|parts| {
            let rows = at(parts, 3);
            parts.remove(rows);
        }),
        "a row, label and division that there are"
    );
    assert_eq!(
        refused(&|parts| {
            let last = parts.iter().rposition(|(id, _)| *id == 4).unwrap();
            parts[last].1[1] = 1;
        }),
        "a window behind the one before"
    );
    assert_eq!(
        refused(&|parts| {
            let end = parts.len() - 1;
            parts.insert(end, (9, Vec::new()));
            parts.insert(end, (9, Vec::new()));
        }),
        "what events stand for, once"
    );
    assert_eq!(
        refused(&|parts| {
            let cells = at(parts, 5);
            parts.remove(cells);
        }),
        "a series of a block, once"
    );
    assert_eq!(
        refused(&|parts| {
            let reads = at(parts, 16);
            parts.remove(reads);
        }),
        "cells that add up to the column's sum"
    );
    assert_eq!(
        refused(&|parts| {
            let writes = at(parts, 17);
            parts[writes].1.push(1);
        }),
        "as many values as the block has cells"
    );
    assert_eq!(
        refused(&|parts| {
            let writes = at(parts, 17);
            let values = &mut parts[writes].1;
            values.truncate(values.len() - 2);
        }),
        "a value for each cell of the block"
    );
    assert_eq!(
        refused(&|parts| {
            let counters = at(parts, 6);
            parts.remove(counters);
        }),
        "the numbers of sections, columns and rows that came"
    );
    assert_eq!(
        refused(&|parts| {
            let changes = at(parts, 9);
            parts[changes].1.extend_from_slice(&[2, 2]);
        }),
        "as many events of keyviz itself"
    );
    assert_eq!(
        refused(&|parts| {
            let changes = at(parts, 9);
            let most = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
            parts[changes].1 = [&[3], &most[..], &[1]].concat();
        }),
        "ids that fit into 64 bits"
    );
}

#[test]
fn memory_is_charged_before_it_is_taken() {
    let (sampler, now_ms) = eventful();
    let bytes = written(&sampler, now_ms);
    let refused = Snapshot::decode(&bytes, 1000).unwrap_err();
    assert!(matches!(refused, SnapshotError::TooLarge { max_bytes: 1000, .. }), "{refused}");
    // A length that nothing stands behind takes nothing: a known section is too long, an unknown one is cut off.
    let mut long = bytes[..12].to_vec();
    long.extend_from_slice(&[1, 0, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(
        Snapshot::decode(&long, ROOM).unwrap_err().to_string(),
        "malformed at byte 12: expected a section of at most 16 MiB"
    );
    long[12] = 200;
    assert_eq!(Snapshot::decode(&long, ROOM).unwrap_err(), SnapshotError::Truncated { at: 18 });
}

#[test]
fn other_files_and_newer_versions_are_told_apart() {
    let (sampler, now_ms) = eventful();
    let mut bytes = written(&sampler, now_ms);
    bytes[8] = 2;
    let refused = Snapshot::decode(&bytes, ROOM).unwrap_err();
    assert_eq!(refused.to_string(), "written by a newer keyviz (version 2 of the format; this one reads up to 1)");
    for other in [&b"not one"[..], b"\x89keyvi", b"\x89keyviz\r\n\0\0\0", &[0; 100]] {
        let error = Snapshot::decode(other, ROOM).unwrap_err();
        let expected = if other.len() < 8 && other[0] == 0x89 {
            SnapshotError::Truncated { at: other.len() as u64 }
        } else {
            SnapshotError::NotASnapshot
        };
        assert_eq!(error, expected, "{other:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_any_size_and_any_damage(
        cuts in prop::collection::vec(0usize..4000, 0..20),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let (sampler, now_ms) = eventful();
        let mut bytes = written(&sampler, now_ms);
        let whole = of_snapshot(&Snapshot::decode(&bytes, ROOM).unwrap());
        let was = bytes.clone();
        for (at, with) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= with;
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let mut decoder = SnapshotDecoder::new(ROOM);
        let pieces = cuts.windows(2).try_for_each(|cut| decoder.push(&bytes[cut[0]..cut[1]]));
        let read = pieces.and_then(|()| decoder.finish());
        match read {
            Ok(snapshot) => {
                prop_assert_eq!(&bytes, &was);
                prop_assert_eq!(of_snapshot(&snapshot), whole);
            }
            Err(error) => {
                prop_assert!(bytes != was, "{}", error);
                prop_assert_eq!(Some(error), Snapshot::decode(&bytes, ROOM).err());
            }
        }
    }

    /// Payloads of anything behind checksums that hold: what gets past the checksum.
    #[test]
    fn payloads_of_anything(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        with in prop::collection::vec(any::<u8>(), 0..12),
        cut in 0usize..8,
    ) {
        let (sampler, now_ms) = eventful();
        let bytes = written(&sampler, now_ms);
        let forged = forged(&bytes, |parts| {
            let which = which.index(parts.len());
            let payload = &mut parts[which].1;
            let at = at.index(payload.len() + 1);
            let to = (at + cut).min(payload.len());
            payload.splice(at..to, with.iter().copied());
        });
        if let Ok(snapshot) = Snapshot::decode(&forged, ROOM) {
            let mut sum = Tally::ZERO;
            snapshot.for_each_cell(|_, cell| {
                let (start, end) = cell.bounds();
                assert!(end.is_none_or(|end| end >= start));
                sum.add(cell.counts);
            });
            prop_assert_eq!(sum, snapshot.recorded());
        }
    }
}

#[test]
fn a_frozen_file_with_scans_is_read_as_it_was_meant() {
    let snapshot = Snapshot::decode(&frozen("v1_scans.snapshot"), ROOM).unwrap();
    let windows: Vec<(u64, u64)> = snapshot.columns().map(|column| (column.start_ms, column.end_ms)).collect();
    assert_eq!(windows, FROZEN_WINDOWS);
    assert_eq!((five(snapshot.recorded()), five(snapshot.unattributed())), FROZEN_WITH_SCANS);
    // Routes 2 to 8 were scanned, and not by labels.
    let (cells, _) = of_snapshot(&snapshot);
    let scanned = cells.iter().filter(|(_, counts)| counts[4] > 0);
    assert!(
        scanned.clone().all(|((_, route, bucket, label, ..), _)| (*bucket || (2..9).contains(route)) && *label == 0)
    );
    assert_eq!(scanned.map(|(_, counts)| counts[4]).sum::<u64>(), FROZEN_WITH_SCANS.0[4]);
}

#[test]
fn a_frozen_file_with_what_events_stand_for_is_read_as_it_was_meant() {
    let changes = |name: &str| -> Vec<_> {
        let snapshot = Snapshot::decode(&frozen(name), ROOM).unwrap();
        let own = snapshot.events().iter().filter(|event| event.own);
        own.map(|event| (event.kind.as_str().to_owned(), event.changes, event.ids)).collect()
    };
    let told = [("leader-change", 2, Some((1, 7))), ("split", 1, Some((5, 5)))];
    assert_eq!(changes("v1_changes.snapshot"), told.map(|(kind, changes, ids)| (kind.to_owned(), changes, ids)));
    // Of a file of before nothing is known but that they happened.
    let before = Snapshot::decode(&frozen("v1_scans.snapshot"), ROOM).unwrap();
    assert!(before.events().len() > 2);
    assert!(before.events().iter().all(|event| (event.changes, event.ids) == (1, None)));
}

#[test]
fn frozen_files_are_read_as_they_were_meant() {
    for name in ["v1.snapshot", "v1_unknown_section.snapshot"] {
        let snapshot = Snapshot::decode(&frozen(name), ROOM).unwrap();
        assert_eq!((snapshot.step_ms(), snapshot.sub_buckets(), snapshot.written_ms()), (1000, 4, 16_300), "{name}");
        assert_eq!((snapshot.started_ms(), snapshot.writer()), (10_000, "keyviz 0.1.0"));
        let labels: Vec<&str> = snapshot.labels().iter().map(|(_, name)| name).collect();
        assert_eq!(labels, ["redis", "s3"]);
        let windows: Vec<(u64, u64)> = snapshot.columns().map(|column| (column.start_ms, column.end_ms)).collect();
        assert_eq!(windows, FROZEN_WINDOWS);
        assert_eq!(five(snapshot.recorded()), FROZEN_RECORDED);
        assert_eq!(five(snapshot.unattributed()), FROZEN_UNATTRIBUTED);
        assert_eq!(snapshot.lineage().len(), 2);
        assert_eq!(snapshot.events()[0].text, "release 7");
        let (cells, _) = of_snapshot(&snapshot);
        let writes: u64 = cells.values().map(|cell| cell[1]).sum();
        assert_eq!((cells.len(), writes), (FROZEN_CELLS, FROZEN_RECORDED[1]));
    }
    assert_eq!(Snapshot::decode(&frozen("v2.snapshot"), ROOM).unwrap_err(), SnapshotError::Newer { version: 2 });
}

const FROZEN_WINDOWS: &[(u64, u64)] =
    &[(10_000, 11_000), (11_000, 12_000), (13_000, 14_000), (15_000, 16_000), (16_000, 17_000)];
/// Reads, writes, bytes read, bytes written, scans. The files were written before there were scans.
const FROZEN_RECORDED: [u64; 5] = [118, 1661, 944, 171_083, 0];
const FROZEN_UNATTRIBUTED: [u64; 5] = [32, 814, 256, 83_842, 0];
const FROZEN_CELLS: usize = 123;
const FROZEN_WITH_SCANS: ([u64; 5], [u64; 5]) = ([124, 1661, 3965, 171_083, 136], [32, 814, 256, 83_842, 2]);
