//! The thread that changes routes: far more than there is room for, back and forth.

use std::thread;
use std::time::Duration;

use keyviz_core::{NewRoute, RouteId};

use crate::random::Random;
use crate::routes::{CHURNED, STEADY, churned_end, group, id, start};
use crate::world::{World, lock};

/// Changes in one go, at the most.
const BURST: u64 = 40;
/// Changes between two flushes, at the most: each takes a descriptor of the history, and without an end of them no
/// column would be kept long enough to be read.
const BETWEEN_FLUSHES: u64 = 120;

/// Changes routes and terms until the observing threads have ended.
pub fn run(world: &World) {
    let mut random = Random::new(world.seed, 1 << 32);
    while !world.is_stopping() {
        let mut changes = lock(&world.changes);
        if *changes < BETWEEN_FLUSHES {
            let burst = 1 + random.below(BURST);
            (0..burst).for_each(|_| change(world, &mut random));
            *changes += burst;
        }
        drop(changes);
        thread::sleep(Duration::from_micros(random.below(300)));
    }
}

/// What is refused is refused with nothing changed, which the counts at the end show.
fn change(world: &World, random: &mut Random) {
    let sampler = &world.sampler;
    let draw = random.next();
    let route = STEADY + (draw >> 8) % CHURNED;
    let begins = start(route);
    match draw & 31 {
        0..=9 => {
            sampler.remove(id(route));
        }
        11..=26 => {
            // Now with other bounds, now with the same: inside the grace the old slot goes on.
            let end = churned_end(route, draw >> 40 & 3);
            let _ = sampler.register(id(route), &begins, Some(&end), group(route));
        }
        27 => {
            // Removed and back at once, under another group.
            sampler.remove(id(route));
            let _ = sampler.register(id(route), &begins, Some(&churned_end(route, 0)), draw >> 40 & 3);
        }
        28 => {
            let _ = sampler.register(id(route), &begins, Some(&begins), 0);
            let _ = sampler.register(id(route), &[7; 100], None, 0);
        }
        // The steady routes' groups too.
        29 => sampler.set_term(draw >> 32 & 15, draw >> 40 & 7),
        30 => {
            // One half keeps the id, the other takes one that may be in use: then nothing changes.
            let [left, right] = halves(route, STEADY + (draw >> 40) % CHURNED);
            let _ = sampler.split_route(left.0, &[left.part(), right.part()]);
        }
        31 => {
            let whole = Half(id(route), begins, churned_end(route, 0), group(route));
            let _ = sampler.merge_routes(&[id(route), id(route + 1)], &whole.part());
        }
        _ => {
            // Steady routes are registered already: nothing changes.
            let steady = draw >> 40 & (STEADY - 1);
            let _ = sampler.register(id(steady), b"a", Some(b"b"), draw >> 48 & 7);
        }
    }
}

/// A part of a route: id, start, end, group.
struct Half(RouteId, [u8; 2], [u8; 2], u64);

impl Half {
    fn part(&self) -> NewRoute<'_> {
        let Half(route, start, end, group) = self;
        NewRoute { route: *route, start, end: Some(end), group: *group }
    }
}

/// The halves of a route: its own id, and another's.
fn halves(route: u64, other: u64) -> [Half; 2] {
    let (start, middle, end) = (start(route), churned_end(route, 1), churned_end(route, 0));
    [Half(id(route), start, middle, group(route)), Half(id(other), middle, end, group(other))]
}
