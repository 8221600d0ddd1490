//! Snapshots of anything: bytes as they come, and sections whose checksums hold, so that what is behind them is reached.
//! What is read adds up, is gone on with, and is written again as it was.
#![no_main]

use crc32fast::Hasher;
use keyviz_core::{Config, MatrixQuery, SNAPSHOT_MAGIC, Sampler, Series, Snapshot, SnapshotDecoder, Tally};
use libfuzzer_sys::fuzz_target;

/// What a snapshot of some kilobytes may take.
const MAX_BYTES: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Some((&pick, bytes)) = bytes.split_first() else { return };
    let file = if pick & 1 == 0 { bytes.to_vec() } else { with_checksums(bytes) };
    let mut decoder = SnapshotDecoder::new(MAX_BYTES);
    let pieces = file.chunks(1 + usize::from(pick >> 1)).try_for_each(|piece| decoder.push(piece));
    let read = pieces.and_then(|()| decoder.finish());
    assert_eq!(read.as_ref().err(), Snapshot::decode(&file, MAX_BYTES).as_ref().err());
    if let Ok(snapshot) = read {
        use_it(&snapshot);
    }
});

/// A head, and of the bytes one section after the other: id, length, payload.
fn with_checksums(mut bytes: &[u8]) -> Vec<u8> {
    let mut file = [&SNAPSHOT_MAGIC[..], &[1, 0, 0, 0]].concat();
    let mut checksum = Hasher::new();
    checksum.update(&file);
    while let Some((&[id, most, len], rest)) = bytes.split_first_chunk::<3>() {
        let (payload, rest) = rest.split_at(usize::from(len).min(rest.len()));
        bytes = rest;
        let id = if id == 0xff { [0xff; 2] } else { [id, most & 1] };
        let section = [&id[..], &(payload.len() as u32).to_le_bytes(), payload].concat();
        checksum.update(&section);
        file.extend_from_slice(&section);
        file.extend_from_slice(&checksum.clone().finalize().to_le_bytes());
    }
    file
}

fn use_it(snapshot: &Snapshot) {
    let mut sum = Tally::ZERO;
    snapshot.for_each_cell(|_, cell| {
        let (start, end) = cell.bounds();
        assert!(end.is_none_or(|end| end >= start));
        sum.add(cell.counts);
    });
    assert_eq!(sum, snapshot.recorded());

    let last_ms = snapshot.columns().last().map_or(0, |column| column.end_ms);
    let mut config = Config::default();
    (config.step_ms, config.sub_buckets, config.labels) =
        (snapshot.step_ms(), snapshot.sub_buckets(), snapshot.labels().clone());
    (config.max_routes, config.max_known_routes, config.history_columns) = (8, 0, 64);
    (config.cell_bytes, config.bound_bytes, config.prefault) = (4 << 20, 64 << 10, false);
    for now_ms in [last_ms, last_ms / 2] {
        let Ok(sampler) = Sampler::new(config.clone(), now_ms) else { continue };
        let Ok(restored) = sampler.restore(snapshot) else { continue };
        let counters = sampler.reader().counters();
        assert_eq!(counters.recorded, restored.recorded);
        let mut kept = counters.evicted;
        sampler.reader().for_each_cell(0, 0, true, |_, cell| kept.add(cell.counts));
        assert_eq!(kept, restored.recorded);
        let mut all = restored.recorded;
        all.add(restored.left_out);
        // Where sums have met their end there is no telling what was left out of them.
        if Series::ALL.iter().all(|series| snapshot.recorded().get(*series) < u64::MAX) {
            assert_eq!(all, snapshot.recorded());
        }
        for series in Series::ALL {
            sampler.reader().matrix(&MatrixQuery { series, open: true, ..MatrixQuery::default() });
        }
        let mut again = Vec::new();
        let written = sampler.reader().snapshot(now_ms, |piece| {
            again.extend_from_slice(piece);
            Ok::<(), ()>(())
        });
        assert!(written.is_ok() && Snapshot::decode(&again, 64 << 20).is_ok());
    }
}
