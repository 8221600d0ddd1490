//! Flushing when everything is active: every cell of every recorder has changed since the flush before.

use std::time::{Duration, Instant};

use keyviz_core::{Op, Recorder, RouteId, Sampler};

use super::Bench;
use crate::counters::{BEGIN_MS, fixture};
use crate::load::{ROUTES, Random, Route, VALUE_LEN, routes};
use crate::measure::lowest;
use crate::report::{Row, Target};

pub const BENCH: Bench =
    Bench { name: "flush", about: "10 000 routes, all sub-buckets active in every recorder", on_request: false, run };

/// Pages of 64 recorders and four shards, 12 500 slots of 16 cells of 32 bytes each: 416 MiB, and room.
const CELL_BYTES: usize = 448 << 20;

fn run(runs: usize) -> Result<Vec<Row>, String> {
    [
        ("flush/2-recorders/k1", 2, 1, 1.0),
        ("flush/2-recorders/k16", 2, 16, 10.0),
        ("flush/64-recorders/k1", 64, 1, 6.0),
        ("flush/64-recorders/k16", 64, 16, 60.0),
    ]
    .into_iter()
    .map(|(name, recorders, sub_buckets, most_ms)| {
        let mut active = Active::new(recorders, sub_buckets)?;
        let measured = lowest(runs, 1, || active.flush())?;
        Ok(Row::new(name, measured.in_units_of(1e6), "ms").target(Target::ValueAtMost(most_ms)))
    })
    .collect()
}

/// A sampler with recorders, and a key for each of its cells.
struct Active {
    sampler: Sampler,
    recorders: Vec<Recorder>,
    keys: Vec<(u64, [u8; 24])>,
    now_ms: u64,
    step_ms: u64,
    recorded: u64,
}

impl Active {
    fn new(recorders: usize, sub_buckets: u16) -> Result<Active, String> {
        let sampler = fixture(|config| {
            config.sub_buckets = sub_buckets;
            config.cell_bytes = CELL_BYTES;
        })?;
        let mut random = Random::new(6);
        let keys = routes(ROUTES)
            .iter()
            .flat_map(|route| {
                (0..sub_buckets).map(|bucket| key_in(route, bucket, sub_buckets, &mut random)).collect::<Vec<_>>()
            })
            .collect();
        let recorders = (0..recorders).map(|_| sampler.recorder()).collect();
        let step_ms = sampler.reader().config().step_ms;
        Ok(Active { sampler, recorders, keys, now_ms: BEGIN_MS, step_ms, recorded: 0 })
    }

    /// One operation in every cell of every recorder, and the time of the flush that gathers them.
    fn flush(&mut self) -> Result<Duration, String> {
        for recorder in &self.recorders {
            for (route, key) in &self.keys {
                recorder.observe(RouteId(*route), Op::Write, key, VALUE_LEN);
            }
        }
        self.now_ms += self.step_ms;
        let begun = Instant::now();
        self.sampler.flush(self.now_ms);
        let time = begun.elapsed();
        let given = (self.recorders.len() * self.keys.len()) as u64;
        let counters = self.sampler.reader().counters();
        let gathered = counters.recorded.writes - self.recorded;
        self.recorded = counters.recorded.writes;
        if gathered == given && counters.shared_ops == 0 {
            Ok(time)
        } else {
            Err(format!("gathered {gathered} of {given} operations, {} through shards", counters.shared_ops))
        }
    }
}

/// A key in the middle of one of a route's sub-buckets, which divide 32 bits evenly.
fn key_in(route: &Route, bucket: u16, sub_buckets: u16, random: &mut Random) -> (u64, [u8; 24]) {
    let mut key = route.key(random);
    let offset = (u64::from(bucket) * 2 + 1) << 31;
    let order = u64::from_be_bytes(route.start) + offset / u64::from(sub_buckets);
    for (byte, place) in order.to_be_bytes().into_iter().zip(&mut key) {
        *place = byte;
    }
    (route.id, key)
}
