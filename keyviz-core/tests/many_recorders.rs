//! More threads than recorders, more recorders than pages: exact, and within the bytes that were told.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use std::sync::Barrier;

use keyviz_core::{Config, Counters, Op, RouteId, Sampler, Tally};

/// Slots of a page, and bytes of a cell: four counts of 64 bits, or of 32.
const PAGE_SLOTS: u32 = if cfg!(keyviz_u32_cells) { 16 } else { 64 };
const CELL_BYTES: usize = if cfg!(keyviz_u32_cells) { 16 } else { 32 };

/// Registers routes side by side, four bytes apart in the order of keys.
fn with_routes(config: Config, routes: u32) -> Sampler {
    let sampler = Sampler::new(config, 0).unwrap();
    for route in 0..routes {
        let (start, end) = (key(route, 0), key(route + 1, 0));
        sampler.register(RouteId(route.into()), &start, Some(&end), 0).unwrap();
    }
    sampler
}

/// A key of a route: in the division that `part` of 256 says.
fn key(route: u32, part: u8) -> [u8; 5] {
    let [a, b, c, d] = route.to_be_bytes();
    [a, b, c, d, part]
}

/// Flushes, and compares what every route has with the truth.
fn check(sampler: &Sampler, truth: &[Tally]) -> Counters {
    sampler.flush(60_000);
    let reader = sampler.reader();
    let mut found = vec![Tally::ZERO; truth.len()];
    reader.for_each_cell(0, 0, true, |_, cell| found[cell.route.0 as usize].add(cell.counts));
    for (route, (found, truth)) in found.iter().zip(truth).enumerate() {
        assert_eq!(found, truth, "route {route}");
    }
    let counters = reader.counters();
    let mut sum = Tally::ZERO;
    truth.iter().for_each(|of| sum.add(*of));
    assert_eq!((counters.observed, counters.recorded, counters.unattributed), (sum, sum, Tally::ZERO));
    assert!(counters.pages_used <= counters.pages_total, "{counters:?}");
    assert_eq!(counters.memory_bytes, reader.config().memory_bytes().unwrap() as u64);
    assert_eq!(counters.recorders, 0);
    counters
}

/// A host that starts a thread for each request, with more threads at once than there are recorders: each thread
/// makes recorders for a few operations, some of them two at a time, and ends.
#[test]
fn thousands_of_short_lived_recorders() {
    const THREADS: u32 = 24;
    const WAVES: u32 = 12;
    const LIVES: u32 = 40;
    const ROUTES: u32 = 600;
    const RECORDERS: u32 = 8;
    let mut config = Config::default();
    (config.max_routes, config.max_known_routes, config.max_draining) = (ROUTES, 0, 8);
    (config.max_recorders, config.shared_shards) = (RECORDERS, 2);
    let sampler = with_routes(config, ROUTES);
    let per_directory = u64::from((ROUTES + 8).div_ceil(PAGE_SLOTS));
    let mut truth = vec![Tally::ZERO; ROUTES as usize];
    for wave in 0..WAVES {
        // All of a wave have recorders at the same time, so that some are always without cells of their own.
        let together = Barrier::new(THREADS as usize);
        let counted: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let live = |thread: u32| {
                let (sampler, together) = (&sampler, &together);
                move || {
                    let mut routes = Vec::new();
                    for life in 0..LIVES {
                        let recorder = sampler.recorder();
                        if life == 0 {
                            together.wait();
                        }
                        let second = (life % 4 == 0).then(|| sampler.recorder());
                        for i in 0..3 {
                            let route = (thread * 97 + life * 31 + wave * 7 + i * 211) % ROUTES;
                            let of = second.as_ref().filter(|_| i == 1).unwrap_or(&recorder);
                            of.observe(RouteId(route.into()), Op::Write, &key(route, 0), 5);
                            routes.push(route);
                        }
                    }
                    routes
                }
            };
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(live(thread))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for route in counted.into_iter().flatten() {
            truth[route as usize].add(Tally { writes: 1, write_bytes: 10, ..Tally::ZERO });
        }
    }
    let counters = check(&sampler, &truth);
    assert!(counters.recorders_refused >= u64::from(WAVES * (THREADS - RECORDERS)), "{counters:?}");
    assert!(counters.shared_ops > 0, "{counters:?}");
    // 11 520 recorders lived; pages are those of eight, handed on, and of the shards, which alone have some for scans.
    let of_shards = 2 * (per_directory + per_directory.div_ceil(4));
    assert!(counters.pages_used <= per_directory * u64::from(RECORDERS) + of_shards, "{counters:?}");
    assert_eq!(counters.pages_refused, 0);
}

/// 64 recorders, 10 000 routes, 16 divisions: 64 times 10 MB of cells if each recorder had all of them, 32 MiB here.
#[test]
fn sixty_four_recorders_fit_into_the_bytes_that_cells_were_given() {
    const RECORDERS: usize = 64;
    const ROUTES: u32 = 10_000;
    const THREADS: usize = 8;
    let mut config = Config::default();
    (config.max_known_routes, config.sub_buckets, config.shared_shards) = (0, 16, 1);
    config.history_bytes = 64 << 20;
    config.prefault = false;
    let cell_bytes = config.cell_bytes;
    let told = config.memory_bytes().unwrap();
    let mut twice = config.clone();
    twice.cell_bytes *= 2;
    assert_eq!(twice.memory_bytes().unwrap() - told, cell_bytes, "cells take what was given, whatever counts in them");
    let sampler = with_routes(config, ROUTES);
    let recorders: Vec<_> = (0..RECORDERS).map(|_| sampler.recorder()).collect();
    assert_eq!((sampler.reader().counters().recorders, sampler.reader().counters().recorders_refused), (64, 0));
    let mut waiting = recorders.into_iter();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let own: Vec<_> = waiting.by_ref().take(RECORDERS / THREADS).collect();
            let sampler = &sampler;
            scope.spawn(move || {
                for (nth, recorder) in own.iter().enumerate() {
                    for route in 0..ROUTES {
                        let part = (route % 16 * 16) as u8;
                        recorder.observe(RouteId(route.into()), Op::Read, &key(route, part), 3);
                    }
                    // What is full stays exact while it is flushed.
                    if nth == 3 {
                        sampler.flush(1000);
                    }
                }
            });
        }
    });
    let each = RECORDERS as u64;
    let truth = vec![Tally { reads: each, read_bytes: 8 * each, ..Tally::ZERO }; ROUTES as usize];
    let counters = check(&sampler, &truth);
    let page_bytes = PAGE_SLOTS as usize * 16 * CELL_BYTES;
    assert_eq!(counters.pages_total, (cell_bytes / page_bytes) as u64);
    assert_eq!(counters.pages_used, counters.pages_total, "there are fewer pages than would be claimed");
    assert!(counters.pages_refused > 0 && counters.shared_ops == counters.pages_refused, "{counters:?}");
    assert_eq!(counters.memory_bytes, told as u64);

    // Each operation is in the division that its key says.
    let mut wrong = 0;
    sampler.reader().for_each_cell(0, 0, true, |_, cell| {
        wrong += u32::from(u64::from(cell.sub_bucket) != cell.route.0 % 16 && !cell.counts.is_zero());
    });
    assert_eq!(wrong, 0);
}
