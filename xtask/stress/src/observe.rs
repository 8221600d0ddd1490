//! A thread that observes, in every way there is, and keeps its own totals.

use std::sync::atomic::Ordering;

use keyviz_core::{Label, Op, Recorder, RouteHandle, Scan};

use crate::random::Random;
use crate::routes::{CHURNED, IDS, STEADY, division, id, start};
use crate::truth::{Truth, cell};
use crate::world::{RANKS, World, lock};

/// The hottest of the changing routes are others after so many chunks of calls.
const MOVES_AFTER: u64 = 64;
/// Recorders that wait for another thread.
const HANDED: usize = 3;

/// Observes until no ticket is left.
pub fn run(world: &World, thread: usize) -> Truth {
    let mut worker = Worker::new(world, thread as u64);
    loop {
        let calls = world.tickets.take();
        if calls == 0 {
            return worker.truth;
        }
        if worker.random.below(MOVES_AFTER) == 0 {
            world.phase.fetch_add(37, Ordering::Relaxed);
        }
        worker.phase = world.phase.load(Ordering::Relaxed);
        (0..calls).for_each(|_| worker.call());
    }
}

struct Worker<'a> {
    world: &'a World,
    random: Random,
    recorder: Recorder,
    /// Calls until the recorder is another.
    lives: u64,
    /// Taken once: they grow stale and are refreshed.
    handles: Vec<RouteHandle>,
    /// Lanes 1 and 2, and one that is not configured.
    labels: [(Label, usize); 3],
    phase: u64,
    truth: Truth,
}

impl<'a> Worker<'a> {
    fn new(world: &'a World, thread: u64) -> Self {
        let sampler = &world.sampler;
        Worker {
            world,
            random: Random::new(world.seed, thread + 1),
            recorder: sampler.recorder(),
            lives: 1000,
            handles: (0..IDS).map(|route| sampler.handle(id(route))).collect(),
            labels: [(sampler.label("redis"), 1), (sampler.label("s3"), 2), (Label::UNKNOWN, 0)],
            phase: 0,
            truth: Truth::new(),
        }
    }

    fn call(&mut self) {
        if self.lives == 0 {
            self.renew();
        }
        self.lives -= 1;
        let draw = self.random.next();
        let route = self.route(draw);
        let (key, len) = key(route, draw);
        let key = key.get(..len).unwrap_or(&[]);
        let scans = draw >> 60 == 14;
        let op = if draw & 2 == 0 || scans { Op::Read } else { Op::Write };
        let value_len = draw >> 34 & 0x3ff;
        let bytes = key.len() as u64 + value_len;
        let (label, lane) = self.labels.get((draw >> 44 & 0xff) as usize % 3).copied().unwrap_or((Label::NONE, 0));
        let (world, id) = (self.world, id(route));
        let (lane, times) = match draw >> 60 {
            0..=6 => {
                self.recorder.observe(id, op, key, value_len);
                (0, 1)
            }
            7..=9 => {
                if let Some(handle) = self.handles.get_mut(route as usize) {
                    self.recorder.observe_handle(handle, op, key, value_len);
                }
                (0, 1)
            }
            10 | 11 => {
                self.recorder.observe_labelled(id, label, op, key, value_len);
                (lane, 1)
            }
            12 => {
                let times = draw >> 52 & 7;
                self.recorder.observe_many(id, op, key, value_len, times);
                (0, times)
            }
            14 => {
                // Of no key but the one where it starts.
                let scan = Scan { label, ..Scan::new(key, Some(key), bytes) };
                self.recorder.observe_scan_routes(&[id], &scan);
                (lane, 1)
            }
            13 => {
                world.sampler.observe(id, op, key, value_len);
                (0, 1)
            }
            _ => {
                world.sampler.observe_labelled(id, label, op, key, value_len);
                (lane, 1)
            }
        };
        let third = key.get(2).copied().unwrap_or(0);
        let place = (route < STEADY).then(|| cell(route, lane, division(third)));
        self.truth.note(place, op, times, bytes * times);
        if scans {
            self.truth.note_scan(place);
        }
    }

    /// Half of the load falls on the steady routes, evenly; the rest by rank on those that change.
    #[inline]
    fn route(&self, draw: u64) -> u64 {
        let place = draw >> 2 & 0xffff;
        if draw & 1 == 0 {
            return place % STEADY;
        }
        let rank = self.world.ranks.get(place as usize % RANKS).copied().unwrap_or(0);
        STEADY + (u64::from(rank) * 2477 + self.phase) % CHURNED
    }

    /// Another recorder: for a while, for a moment, or one that another thread has left.
    #[cold]
    fn renew(&mut self) {
        let draw = self.random.next();
        self.lives = match draw & 7 {
            0 => draw >> 8 & 3,
            1..=3 => draw >> 8 & 0xff,
            _ => draw >> 8 & 0x3fff,
        } + 1;
        let fresh = if draw >> 61 == 0 {
            let mut handed = lock(&self.world.handed);
            if handed.len() < HANDED { None } else { handed.pop() }
        } else {
            None
        };
        let fresh = fresh.unwrap_or_else(|| self.world.sampler.recorder());
        let old = std::mem::replace(&mut self.recorder, fresh);
        if draw >> 60 == 0 {
            lock(&self.world.handed).push(old);
        }
    }
}

/// A key of a route, of 3 to 10 bytes.
#[inline]
fn key(route: u64, draw: u64) -> ([u8; 10], usize) {
    let mut key = [0; 10];
    let [first, second] = start(route);
    for (to, byte) in
        key.iter_mut().zip([first, second].into_iter().chain((draw >> 18).to_be_bytes().into_iter().rev()))
    {
        *to = byte;
    }
    (key, 3 + (draw >> 26 & 7) as usize)
}
