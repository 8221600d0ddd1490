//! The engine with keyviz linked in: this is all that a host adds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keyviz_core::{Op, Recorder, RouteId, Scan};

use super::generator::Act;
use super::keyspace::{self, ROWS};
use super::store::{Rows, Store, StoreError};
use crate::catalog::Catalog;
use crate::failure::Failure;

/// What the values are cut from.
static BLOCK: [u8; 256] = [b'v'; 256];

/// A store, the catalog of its routes, and the recorder of the one thread that uses it.
pub(crate) struct Engine {
    store: Arc<Store>,
    catalog: Catalog,
    recorder: Recorder,
    key: Vec<u8>,
}

impl Engine {
    pub(crate) fn new(store: Arc<Store>, catalog: Catalog, recorder: Recorder) -> Engine {
        Engine { store, catalog, recorder, key: Vec::new() }
    }

    /// Writes rows for the first time, not observed: keyviz is linked into an engine that has its data.
    pub(crate) fn fill(&mut self, from: u32, rows: u32, durable: bool) -> Result<(), StoreError> {
        let Engine { store, key, .. } = self;
        store.batch(durable, |table| {
            for row in from..(from + rows).min(ROWS) {
                keyspace::key(row, key);
                table.put(key, value(row))?;
            }
            Ok(())
        })
    }

    /// Runs operations in one transaction; how long they took, without the commit.
    ///
    /// `OBSERVE` is a constant, so that the version without has no trace of the call.
    pub(crate) fn run<const OBSERVE: bool>(&mut self, acts: &[Act], durable: bool) -> Result<Duration, StoreError> {
        let Engine { store, catalog, recorder, key } = self;
        store.batch(durable, |rows| {
            let began = Instant::now();
            for act in acts {
                step::<OBSERVE>(rows, catalog, recorder, key, *act)?;
            }
            Ok(began.elapsed())
        })
    }
}

fn step<const OBSERVE: bool>(
    rows: &mut Rows<'_>,
    catalog: &Catalog,
    recorder: &Recorder,
    key: &mut Vec<u8>,
    act: Act,
) -> Result<(), StoreError> {
    let observe = |op: Op, key: &[u8], value_len: usize| {
        let route = std::hint::black_box(catalog.route_of(key));
        if OBSERVE {
            recorder.observe(route, op, key, value_len as u64);
        }
    };
    match act {
        Act::Get(row) => {
            keyspace::key(row, key);
            let value_len = rows.get(key)?.unwrap_or(0);
            observe(Op::Read, key, value_len);
        }
        Act::Put(row) => {
            keyspace::key(row, key);
            let value = value(row);
            rows.put(key, value)?;
            observe(Op::Write, key, value.len());
        }
        Act::Scan(row, count) => {
            keyspace::key(row, key);
            let start = key.clone();
            let mut end = Vec::new();
            rows.scan(key, count, |key, value_len| {
                observe(Op::Read, key, value_len);
                end.clear();
                end.extend_from_slice(key);
            })?;
            if OBSERVE {
                // Its rows are reads already; of the last one the range has the key, but nothing behind.
                end.push(0);
                let routes: Vec<RouteId> = catalog.routes_of(&start, Some(&end)).collect();
                let scan = Scan { continued: true, ..Scan::new(&start, Some(&end), 0) };
                recorder.observe_scan_routes(&routes, &scan);
            }
        }
    }
    Ok(())
}

fn value(row: u32) -> &'static [u8] {
    BLOCK.get(..keyspace::value_len(row)).unwrap_or(&BLOCK)
}

/// What to tell when the store fails.
pub(crate) fn failed(error: &StoreError) -> Failure {
    Failure::new(format!(
        "the demo's store in {} failed: {error}; give it 256 MiB there, or another place with TMPDIR",
        std::env::temp_dir().display()
    ))
}
