//! One line on a terminal, and nothing elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use crate::world::World;

/// Shows how far it is.
pub fn show(world: &World, elapsed: Duration) {
    if !stderr().is_terminal() {
        return;
    }
    let (done, of) = (world.tickets.done(), world.tickets.of);
    let share =
        if of == u64::MAX { String::new() } else { format!(" {:.0} %,", done as f64 * 100.0 / of.max(1) as f64) };
    let flushes = world.sampler.reader().counters().flushes;
    let rate = done as f64 / elapsed.as_secs_f64() / 1e6;
    // A terminal that is gone is no reason to fail.
    let _ = write!(
        stderr(),
        "\r{:.1} million calls,{share} {rate:.1} million a second, {flushes} flushes\x1b[K",
        done as f64 / 1e6
    );
}

/// Leaves an empty line.
pub fn clear() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K");
    }
}
