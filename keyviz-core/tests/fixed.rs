//! The static form: declared, claimed once, at work beside interrupts, which are threads here.

#![cfg(not(keyviz_loom))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{
    ClaimError, ColumnState, Config, ConfigError, EventKind, Label, Op, RegisterError, RouteId, Scan, Series, fixed,
};

fixed! {
    mod small {}
}

fixed! {
    mod divided {
        max_routes: 40,
        sub_buckets: 16,
        max_recorders: 2,
        history_columns: 4,
    }
}

#[test]
fn a_shared_half_has_one_writer() {
    let (mut first, mut second, mut other) = (small::Memory::new(), small::Memory::new(), divided::Memory::new());
    assert_eq!(other.claim(&small::SHARED, 0).map(|_| ()), Err(ClaimError::OtherSizes));
    let writer = first.claim(&small::SHARED, 0);
    assert!(writer.is_ok());
    for _ in 0..2 {
        let refused = second.claim(&small::SHARED, 0).map(|_| ()).unwrap_err();
        assert_eq!(refused, ClaimError::Taken);
        assert!(refused.to_string().contains("once"));
    }
    drop(writer);
    assert_eq!(second.claim(&small::SHARED, 0).map(|_| ()), Err(ClaimError::Taken), "nor a second one later");
}

#[test]
fn what_comes_before_the_claim_is_unattributed() {
    fixed! {
        mod early {}
    }
    let recorder = early::SHARED.recorder().unwrap();
    recorder.observe(RouteId(1), Op::Write, b"a", 0);
    let mut memory = early::Memory::new();
    let mut writer = memory.claim(&early::SHARED, 0).unwrap();
    writer.register(RouteId(1), b"a", None, 0).unwrap();
    recorder.observe(RouteId(1), Op::Write, b"a", 0);
    writer.flush(1000);
    let counters = writer.counters();
    assert_eq!((counters.unattributed.writes, counters.recorded.writes), (1, 1));
}

#[test]
fn threads_count_in_a_static_beside_its_writer() {
    const EACH: u64 = 20_000;
    let mut memory = divided::Memory::new();
    let mut writer = memory.claim(&divided::SHARED, 0).unwrap();
    for route in 0..40u8 {
        writer.register(RouteId(route.into()), &[route], Some(&[route + 1]), 0).unwrap();
    }
    std::thread::scope(|scope| {
        for thread in 0..3 {
            scope.spawn(move || {
                let recorder = divided::SHARED.recorder().unwrap();
                for i in 0..EACH {
                    let route = (i * 7 + thread) % 41; // one of them nobody registered
                    recorder.observe(RouteId(route), Op::Read, &[route as u8, i as u8, 0, 0, 0, 0, 0, 0, 0], 1);
                }
            });
        }
        (1..20).for_each(|i| writer.flush(i * 50));
    });
    writer.flush(1000);
    let counters = writer.counters();
    assert_eq!(counters.observed.reads, 3 * EACH);
    assert_eq!(counters.recorded.reads + counters.unattributed.reads, 3 * EACH);
    let matrix = writer.matrix::<700, 4>(Series::Reads, true);
    let rows: u64 = matrix.rows.iter().flat_map(|row| row.values).sum();
    let (cut, unattributed): (u64, u64) = (matrix.cut.iter().sum(), matrix.unattributed.iter().sum());
    assert_eq!((rows, cut, unattributed), (counters.recorded.reads, 0, counters.unattributed.reads));
}

/// The smallest configuration keeps no event; one that names places keeps the latest, and the core's own beside them.
#[test]
fn events_stand_in_a_static_too() {
    fixed! {
        mod silent {}
    }
    fixed! {
        mod telling {
            max_events: 2,
        }
    }
    let mut memory = silent::Memory::new();
    let mut writer = memory.claim(&silent::SHARED, 0).unwrap();
    writer.annotate(1, EventKind::RESTART, "watchdog");
    writer.for_each_event(|event| panic!("{event:?}"));
    assert_eq!((writer.counters().events_told, writer.counters().events_dropped), (1, 1));

    let mut memory = telling::Memory::new();
    let mut writer = memory.claim(&telling::SHARED, 0).unwrap();
    for (at, text) in [(5, "one"), (6, "two"), (7, "three")] {
        writer.annotate(at, EventKind::RESTART, text);
    }
    writer.set_term(1, 1);
    writer.set_term(1, 2);
    writer.flush(1000);
    let (mut told, mut place) = ([(0, false); 4], 0);
    writer.for_each_event(|event| {
        told[place] = (event.at_ms, ["two", "three", "group 1 from term 1 to 2"][place] == event.text);
        place += 1;
    });
    assert_eq!((told, place), ([(6, true), (7, true), (500, true), (0, false)], 3));
}

/// Ranges of the core's own in a static: cut where the load is, exact, never too many.
#[test]
fn ranges_of_the_cores_own_stand_in_a_static_too() {
    fixed! {
        mod auto {
            partition: keyviz_core::Partition::Auto { ranges: 12 },
            scans: true,
            max_recorders: 2,
            history_columns: 4,
            sample_every: 4,
        }
    }
    let mut memory = auto::Memory::new();
    let mut writer = memory.claim(&auto::SHARED, 0).unwrap();
    assert_eq!(writer.register(RouteId(1), b"a", None, 0), Err(RegisterError::AutoRanges));
    let recorder = writer.recorder().unwrap();
    for window in 1..=20u64 {
        for at in 0..2400u64 {
            // Half of it on a tenth of the keys.
            let number = if at % 2 == 0 { at * 7919 % 1000 } else { 400 + at % 100 };
            recorder.observe_key(Op::Write, &[b'k', (number / 100) as u8, (number % 100) as u8], 7);
        }
        recorder.observe_scan(&Scan::new(b"k", Some(b"l"), 3));
        writer.flush(window * 1000);
    }
    let counters = writer.counters();
    let all = (counters.recorded.writes, counters.recorded.write_bytes, counters.recorded.reads);
    assert_eq!(all, (48_000, 480_000, 20));
    assert_eq!((counters.observed, counters.unattributed.is_zero()), (counters.recorded, true));
    assert!((8..=12).contains(&counters.routes) && counters.ranges_split > 0, "{counters:?}");
    // Of the last column: no range has more than three shares, and more than one begins where it is hot.
    let (mut last, mut hot, mut sum) = (0, 0, 0);
    writer.for_each_cell(false, |column, cell| {
        if column.end_ms == 20_000 {
            last = last.max(cell.counts.writes);
            sum += cell.counts.writes;
            let mut start = [0; 16];
            hot += u64::from(cell.start.copy_to(&mut start).is_some_and(|start| start.get(1) == Some(&4)));
        }
    });
    assert_eq!(sum, 2400);
    assert!(last <= 3 * 2400 / 12 && hot >= 4, "{last}, {hot}");
    assert_eq!(writer.matrix::<40, 4>(Series::Scans, true).cut, [0; 4]);
}

#[test]
fn a_roomy_configuration_works_and_keeps_what_was_given() {
    let roomy = Config::SMALL.roomy().unwrap();
    assert_eq!(roomy.validate(), Ok(()));
    let mut given = Config::SMALL;
    given.history_bytes = 1 << 20;
    assert_eq!(given.roomy().unwrap().history_bytes, 1 << 20);
    given.max_routes = 0;
    assert!(matches!(given.roomy(), Err(ConfigError::OutOfRange { field: "max_routes", .. })));
    assert_eq!(Config::DEFAULT, Config::default());
}

/// The sums of a cell wrap where it has 32 bits; differences do not, and windows hold 64.
#[test]
fn a_cell_that_wraps_is_exact() {
    fixed! {
        mod wrapping {}
    }
    let mut memory = wrapping::Memory::new();
    let mut writer = memory.claim(&wrapping::SHARED, 0).unwrap();
    writer.register(RouteId(1), b"a", None, 0).unwrap();
    let recorder = writer.recorder().unwrap();
    for flush in 1..=9 {
        recorder.observe_many(RouteId(1), Op::Read, b"", 3, 1 << 30);
        writer.flush(flush * 100);
    }
    writer.flush(1000);
    let recorded = writer.counters().recorded;
    assert_eq!((recorded.reads, recorded.read_bytes), (9 << 30, 27 << 30));
    assert_eq!(writer.matrix::<1, 1>(Series::ReadBytes, true).rows[0].values, [27 << 30]);
}

/// More rows and columns than there is room for: the newest columns, and what has no row is cut, exactly.
#[test]
fn what_a_fixed_matrix_has_no_room_for_is_said() {
    fixed! {
        mod narrow {
            labels: match keyviz_core::Labels::listed(&["redis"]) {
                Ok(labels) => labels,
                Err(_) => panic!("refused"),
            },
        }
    }
    let mut memory = narrow::Memory::new();
    let mut writer = memory.claim(&narrow::SHARED, 0).unwrap();
    let recorder = writer.recorder().unwrap();
    for route in [3u8, 1, 2] {
        writer.register(RouteId(route.into()), &[route], Some(&[route, 0]), 0).unwrap();
    }
    let label = writer.label("redis");
    assert_ne!(label, Label::NONE);
    for window in [1, 2, 5, 6] {
        for route in 1..=4 {
            recorder.observe_labelled(RouteId(route), label, Op::Write, b"", 0);
        }
        writer.flush(window * 1000);
    }
    let matrix = writer.matrix::<2, 3>(Series::Writes, true);
    // Of six: two windows, a gap, the late one, a gap, the last.
    assert_eq!(matrix.older, 3);
    let states: Vec<ColumnState> = matrix.columns.iter().map(|column| column.state).collect();
    assert_eq!(states, [ColumnState::Late, ColumnState::Missing, ColumnState::Complete]);
    assert_eq!((matrix.rows.len(), matrix.cut, matrix.unattributed), (2, [1, 0, 1], [1, 0, 1]));
    let text = matrix.to_string();
    assert!(text.contains("3 older columns\n3000..4000 late\n"), "{text}");
    assert!(text.contains(":redis \\x01..\\x01\\x00: 1 0 1\n"), "{text}");
    let mut seen = 0;
    writer.for_each_cell(false, |_, cell| {
        let mut room = [0; 2];
        assert_eq!(cell.start.copy_to(&mut room), Some(&[cell.route.0 as u8][..]));
        assert_eq!(cell.end.unwrap().bytes().collect::<Vec<u8>>(), [cell.route.0 as u8, 0]);
        assert_eq!(cell.end.unwrap().copy_to(&mut room[..1]), None);
        seen += cell.counts.writes;
    });
    assert_eq!(seen, 12);
}
