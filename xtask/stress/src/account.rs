//! The accounting: everything that was observed is found again, once.

use std::sync::atomic::Ordering;

use keyviz_core::{Counters, Series, Tally};

use crate::truth::{Truth, cell_at};
use crate::world::{World, lock};

const COUNTED: [Series; 5] = [Series::Reads, Series::Writes, Series::ReadBytes, Series::WriteBytes, Series::Scans];
/// Differences named, of one kind.
const NAMED: usize = 20;

/// Everything that differs.
pub fn differences(world: &World, truth: &Truth) -> Vec<String> {
    let mut found = Differences(Vec::new());
    let reader = world.sampler.reader();
    let counters = reader.counters();
    let ledger = lock(&world.ledger);

    found.same("all operations", counters.observed, truth.total);
    let mut sum = counters.recorded;
    sum.add(counters.unattributed);
    found.same("recorded + unattributed", sum, counters.observed);

    let mut kept = counters.evicted;
    reader.for_each_cell(0, 0, true, |_, cell| kept.add(cell.counts));
    found.same("columns + evicted", kept, counters.recorded);

    let open = ledger.open(&world.sampler);
    let mut noted = ledger.sealed.total;
    noted.add(open.total);
    found.same("columns as they were sealed + open one", noted, counters.recorded);
    let noted = ledger.columns.len() as u64;
    if noted == counters.columns_sealed {
        steady(&mut found, truth, &ledger.sealed, &open, &counters);
    } else {
        found.equal(
            "columns noted of those sealed (without all of them no cell can be judged)",
            noted,
            counters.columns_sealed,
        );
    }
    bounds(&mut found, world, &counters);
    happened(&mut found, world, &counters);
    let problems = lock(&world.problems);
    found.0.extend(ledger.problems.iter().chain(problems.iter()).take(NAMED).cloned());
    found.0
}

/// Each cell of each steady route. An operation whose lookup gave up is unattributed: only so many may be missing.
fn steady(found: &mut Differences, truth: &Truth, sealed: &Truth, open: &Truth, counters: &Counters) {
    let (mut missing, mut lines) = (0, Vec::new());
    for (place, (given, (sealed, open))) in truth.steady.iter().zip(sealed.steady.iter().zip(&open.steady)).enumerate()
    {
        let mut counted = *sealed;
        counted.add(*open);
        if counted == *given {
            continue;
        }
        let (route, lane, division) = cell_at(place);
        lines.push(format!("route {route}, lane {lane}, division {division}: counted {counted:?} of {given:?}"));
        for series in [Series::Reads, Series::Writes] {
            // One too many is never explained.
            let gap = given.get(series).checked_sub(counted.get(series));
            missing = gap.map_or(u64::MAX, |gap| gap.saturating_add(missing));
        }
    }
    if missing > counters.lookup_gave_up {
        lines.truncate(NAMED);
        found.0.extend(lines);
    }
}

/// What has a limit kept to it.
fn bounds(found: &mut Differences, world: &World, counters: &Counters) {
    let reader = world.sampler.reader();
    let config = reader.config();
    found.equal("recorders at work at the end", counters.recorders, 0);
    found.equal("memory", counters.memory_bytes, config.memory_bytes().unwrap_or(0) as u64);
    for (what, used, most) in [
        ("pages", counters.pages_used, counters.pages_total),
        ("routes", counters.routes, u64::from(config.max_known_routes)),
        ("virtual buckets", counters.virtual_buckets, u64::from(config.max_virtual)),
        ("routes with slots", counters.routes - counters.members, u64::from(config.max_routes)),
        ("history bytes", counters.history_bytes_used, config.history_bytes as u64),
        ("bound bytes", counters.bound_bytes_used, config.bound_bytes as u64),
    ] {
        if used > most {
            found.0.push(format!("{what}: {used} of {most}"));
        }
    }
}

/// A run in which nothing happened would prove nothing. What needs some columns is asked for when there were as many.
fn happened(found: &mut Differences, world: &World, counters: &Counters) {
    // Each thread has a recorder and keeps another: more than there are.
    let many = 2 * world.threads as u64 > u64::from(world.sampler.reader().config().max_recorders);
    for (what, count, columns) in [
        ("folded", counters.folded, 0),
        ("overlapping_routes", counters.overlapping_routes, 0),
        ("register_refused", counters.register_refused, 0),
        ("unattributed reads", counters.unattributed.reads, 0),
        ("unknown_labels", counters.unknown_labels, 0),
        ("columns_late", counters.columns_late, 10),
        ("windows_missing", counters.windows_missing, 10),
        ("clock_stepped_back", counters.clock_stepped_back, 10),
        ("splits and merges", world.sampler.reader().lineage().len() as u64, 10),
        ("stale_handles", counters.stale_handles, 10),
        ("columns compared by the reader", world.compared.load(Ordering::Relaxed), 20),
        ("promoted", counters.promoted, 40),
        ("evicted writes", counters.evicted.writes, 100),
        ("shared_ops", counters.shared_ops, if many { 20 } else { u64::MAX }),
        ("recorders_refused", counters.recorders_refused, if many { 20 } else { u64::MAX }),
        ("pages_refused", counters.pages_refused, if many { 40 } else { u64::MAX }),
    ] {
        if count == 0 && counters.columns_sealed > columns {
            found.0.push(format!("{what}: it never happened, so nothing was tried"));
        }
    }
}

struct Differences(Vec<String>);

impl Differences {
    fn same(&mut self, what: &str, is: Tally, should: Tally) {
        for series in COUNTED {
            self.equal(&format!("{what}, {}", series.name()), is.get(series), should.get(series));
        }
    }

    fn equal(&mut self, what: &str, is: u64, should: u64) {
        if is != should {
            let by = i128::from(is) - i128::from(should);
            self.0.push(format!("{what}: {is}, should be {should} ({by:+})"));
        }
    }
}
