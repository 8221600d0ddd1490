//! Ranges of the core's own, which are split and joined while threads observe in them.
//!
//! Half of the keys come from a hot part that moves on. Keys of every other stretch are only read, those between only
//! written, so a range within one stretch that counted the other has counted a key of another range. Totals are kept and
//! compared as in the other run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use keyviz_core::{CellView, Config, Op, Partition, Sampler, Scan, Series, Tally};

use crate::args::Args;
use crate::random::Random;
use crate::world::{CHUNK, STEP_MS};

const RANGES: u32 = 64;
/// Keys, numbered.
const KEYS: u64 = 60_000;
/// Keys side by side that are only read, or only written.
const STRETCH: u64 = 100;
/// Keys of the hot part, and after how many chunks of calls it begins elsewhere.
const HOT: u64 = 600;
const MOVES_AFTER: u64 = 40;
/// How many times as fast as time the clock of the sampler is.
const FASTER: u64 = 20;
/// Problems named.
const NAMED: usize = 20;

struct World {
    sampler: Sampler,
    left: AtomicU64,
    phase: AtomicU64,
    stopping: AtomicBool,
    problems: Mutex<Vec<String>>,
    /// Cells that lay within a stretch, and so were judged.
    judged: AtomicU64,
    seed: u64,
}

/// Runs a quarter of the calls; gives what differs.
pub fn run(args: &Args) -> Result<Vec<String>, String> {
    let world = World {
        sampler: Sampler::new(config()?, 0).map_err(|error| error.to_string())?,
        left: AtomicU64::new(args.ops.min(1 << 40) / 4),
        phase: AtomicU64::new(0),
        stopping: AtomicBool::new(false),
        problems: Mutex::default(),
        judged: AtomicU64::new(0),
        seed: args.seed,
    };
    let (now_ms, truth) = thread::scope(|scope| {
        let world = &world;
        let (flushing, reading) = (scope.spawn(|| flush(world)), scope.spawn(|| read(world)));
        let observing: Vec<_> =
            (0..args.threads).map(|thread| scope.spawn(move || observe(world, thread as u64))).collect();
        let counted: Option<Vec<Tally>> = observing.into_iter().map(|thread| thread.join().ok()).collect();
        world.stopping.store(true, Ordering::Relaxed);
        let now_ms = flushing.join().ok();
        reading.join().ok().and(now_ms).zip(counted)
    })
    .ok_or("a thread panicked")?;
    world.sampler.flush(now_ms + STEP_MS);
    let mut total = Tally::ZERO;
    truth.iter().for_each(|counted| total.add(*counted));
    let differences = differences(&world, total);
    let counters = world.sampler.reader().counters();
    println!(
        "ranges of the core's own: {} operations, {} splits, {} joins, {} columns, {} cells judged, \
         {} lookups that gave up",
        total.get(Series::Ops),
        counters.ranges_split,
        counters.ranges_joined,
        counters.columns_sealed,
        world.judged.load(Ordering::Relaxed),
        counters.lookup_gave_up
    );
    Ok(differences)
}

fn config() -> Result<Config, String> {
    let mut config = Config::default();
    config.step_ms = STEP_MS;
    config.partition = Partition::Auto { ranges: RANGES };
    (config.max_recorders, config.shared_shards, config.sample_every) = (6, 2, 4);
    (config.history_columns, config.history_bytes) = (64, 4 << 20);
    config.tiers = keyviz_core::Tiers::NONE;
    config.hot_keys = true;
    config.prefault = false;
    Ok(config)
}

/// What is done with a key.
fn op(number: u64) -> Op {
    if (number / STRETCH).is_multiple_of(2) { Op::Read } else { Op::Write }
}

/// Observes until nothing is left to do; what it observed, and how many scans.
fn observe(world: &World, thread: u64) -> Tally {
    let mut random = Random::new(world.seed, 1000 + thread);
    let sampler = &world.sampler;
    let (mut recorder, mut truth) = (sampler.recorder(), Tally::ZERO);
    loop {
        let taken = |left: u64| Some(left.saturating_sub(CHUNK));
        let left = world.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).unwrap_or(0);
        if left == 0 {
            return truth;
        }
        if random.below(MOVES_AFTER) == 0 {
            world.phase.fetch_add(7919, Ordering::Relaxed);
        }
        if random.below(8) == 0 {
            recorder = sampler.recorder();
        }
        let phase = world.phase.load(Ordering::Relaxed);
        for _ in 0..left.min(CHUNK) {
            let draw = random.next();
            let number = if draw & 1 == 0 { (phase + (draw >> 8) % HOT) % KEYS } else { (draw >> 8) % KEYS };
            let key = (number as u32).to_be_bytes();
            let op = op(number);
            let mut times = 1;
            match draw >> 2 & 15 {
                14.. if op == Op::Read => {
                    let end = (number as u32).saturating_add((draw >> 40) as u32 % 5000).to_be_bytes();
                    recorder.observe_scan(&Scan::new(&key, Some(&end), 4 + number));
                    truth.scans += 1;
                }
                10 | 11 => {
                    times = draw >> 60;
                    recorder.observe_key_many(op, &key, number, times);
                }
                12 | 13 => sampler.observe_key(op, &key, number),
                _ => recorder.observe_key(op, &key, number),
            }
            let (count, bytes) = match op {
                Op::Read => (&mut truth.reads, &mut truth.read_bytes),
                _ => (&mut truth.writes, &mut truth.write_bytes),
            };
            *count += times;
            *bytes += times * (4 + number);
        }
    }
}

/// Flushes by a clock that is faster than others; the time at the end. A seat that another range got is looked at here,
/// so a grace has to last longer than any thread is kept from going on: a quarter of a second.
fn flush(world: &World) -> u64 {
    let (mut random, begun) = (Random::new(world.seed, 1 << 36), Instant::now());
    loop {
        let now_ms = begun.elapsed().as_millis() as u64 * FASTER;
        if random.below(4) == 0 {
            world.sampler.drain_samples();
        } else {
            world.sampler.flush(now_ms);
        }
        if world.stopping.load(Ordering::Relaxed) {
            return now_ms;
        }
        thread::sleep(Duration::from_micros(random.below(8000)));
    }
}

fn read(world: &World) {
    let reader = world.sampler.reader();
    while !world.stopping.load(Ordering::Relaxed) {
        reader.for_each_cell(0, 0, true, |_, cell| judge(world, cell));
        let routes = reader.counters().routes;
        if routes > u64::from(RANGES) {
            problem(world, format!("{routes} ranges of at most {RANGES}"));
        }
    }
}

fn problem(world: &World, text: String) {
    world.problems.lock().unwrap_or_else(PoisonError::into_inner).push(text);
}

/// A range within one stretch has counted nothing else.
fn judge(world: &World, cell: &CellView<'_>) {
    let number = |bound: &[u8]| bound.iter().chain(&[0; 4]).take(4).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let (least, most) = (number(cell.start), cell.end.map_or(KEYS, number).saturating_sub(1));
    if least / STRETCH != most / STRETCH {
        return;
    }
    let counts = &cell.counts;
    let others = match op(least) {
        Op::Read => counts.writes + counts.write_bytes,
        _ => counts.reads + counts.read_bytes,
    };
    world.judged.fetch_add(1, Ordering::Relaxed);
    if others > 0 {
        problem(world, format!("a key of another range counted in {:?} to {:?}: {counts:?}", cell.start, cell.end));
    }
}

fn differences(world: &World, truth: Tally) -> Vec<String> {
    let reader = world.sampler.reader();
    let counters = reader.counters();
    let mut kept = counters.evicted;
    reader.for_each_cell(0, 0, true, |_, cell| {
        kept.add(cell.counts);
        judge(world, cell);
    });
    let mut found = world.problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
    found.truncate(NAMED);
    let mut sum = counters.recorded;
    sum.add(counters.unattributed);
    let scans = sum.scans + counters.scan_ranges_cut;
    // How many ranges a scan touched, nobody but the sampler knows: one at least.
    let of_truth = Tally { scans: sum.scans, ..truth };
    for (what, is, should) in [
        ("all operations", counters.observed, of_truth),
        ("recorded + unattributed", sum, counters.observed),
        ("columns + evicted", kept, counters.recorded),
    ] {
        if is != should {
            found.push(format!("auto ranges, {what}: {is:?}, should be {should:?}"));
        }
    }
    let gave_up = counters.unattributed.get(Series::Ops);
    for (what, wrong) in [
        ("scans are missing", scans < truth.scans),
        ("what is unattributed is not what gave up", gave_up > counters.lookup_gave_up + counters.late_after_grace),
        ("recorders at work at the end", counters.recorders > 0),
        ("no range was judged", world.judged.load(Ordering::Relaxed) == 0),
        ("no range was split", counters.ranges_split == 0),
        ("no ranges were joined", counters.ranges_joined == 0 && counters.columns_sealed > 100),
    ] {
        if wrong {
            found.push(format!("auto ranges, {what}: {counters:?}"));
        }
    }
    found
}
