//! Events: what the host tells and what the core tells itself, in rings that keep the latest.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

mod form;

use std::sync::atomic::{AtomicBool, Ordering};

use form::{Writer, each};
use keyviz_core::limits::{MAX_EVENT_TEXT_LEN, MAX_TIME_MS};
use keyviz_core::{Config, ConfigError, EventKind, NewRoute, RouteId, Sampler};
use proptest::prelude::*;

const STEP: u64 = 1000;
const HOUR: u64 = 3_600_000;

fn config(max_events: u32) -> Config {
    let mut config = Config::default();
    config.step_ms = STEP;
    (config.max_routes, config.max_known_routes, config.max_draining) = (8, 40, 8);
    (config.max_recorders, config.history_columns, config.max_events) = (2, 8, max_events);
    (config.cell_bytes, config.history_bytes, config.bound_bytes) = (1 << 16, 1 << 18, 1 << 14);
    (config.max_bound_len, config.prefault) = (16, false);
    config
}

/// Instant, kind, text of every event, and whether it was cut.
fn told(writer: &Writer) -> Vec<(u64, String, String, bool)> {
    let events = writer.events(0, 0);
    events.iter().map(|e| (e.at_ms, e.kind.as_str().to_owned(), e.text.clone(), e.cut)).collect()
}

fn texts(writer: &Writer, kind: EventKind) -> Vec<(u64, String)> {
    writer.events(0, 0).into_iter().filter(|event| event.kind == kind).map(|e| (e.at_ms, e.text)).collect()
}

fn part<'a>(route: u64, start: &'a [u8], end: &'a [u8]) -> NewRoute<'a> {
    NewRoute { route: RouteId(route), start, end: Some(end), group: 0 }
}

#[test]
fn what_is_told_is_read_by_its_instant() {
    each(|| {
        let mut writer = Writer::new(config(8), 0).unwrap();
        let backup = EventKind::new("backup").unwrap();
        writer.annotate(500, EventKind::DEPLOY, "version 2");
        writer.annotate(300, backup, "");
        writer.annotate(500, backup, "b\u{0}\"\u{202e}</script>🦀");
        writer.annotate(u64::MAX, backup, "late");
        let expected: Vec<(u64, String, String, bool)> = [
            (300, "backup", ""),
            (500, "deploy", "version 2"),
            (500, "backup", "b\u{0}\"\u{202e}</script>🦀"),
            (MAX_TIME_MS, "backup", "late"),
        ]
        .map(|(at, kind, text)| (at, kind.into(), text.into(), false))
        .into();
        assert_eq!(told(&writer), expected);
        let between = |from, to| writer.events(from, to).iter().map(|e| e.number).collect::<Vec<_>>();
        assert_eq!(between(300, 500), [1]);
        assert_eq!(between(301, 501), [0, 2]);
        assert_eq!(between(501, 0), [3]);
        assert_eq!(between(500, 400), [0u64; 0]);
        let counters = writer.reader().counters();
        assert_eq!((counters.events_told, counters.events_dropped, counters.events_cut), (4, 0, 0));
    });
}

/// The oldest goes, exactly one for each that comes beyond the places, whatever their instants say.
#[test]
fn the_ring_keeps_the_latest() {
    each(|| {
        for places in [1, 2, 7, 1024] {
            let mut writer = Writer::new(config(places), 0).unwrap();
            for i in 0..u64::from(places) * 3 + 1 {
                writer.annotate(MAX_TIME_MS - i, EventKind::DEPLOY, &i.to_string());
                let (first, events) = ((i + 1).saturating_sub(places.into()), writer.events(0, 0));
                let numbers: Vec<u64> = events.iter().rev().map(|event| event.number).collect();
                assert_eq!(numbers, (first..=i).collect::<Vec<_>>());
                assert!(events.iter().all(|event| event.text == event.number.to_string()));
                assert_eq!(writer.reader().counters().events_dropped, first);
                if places > 100 && i > 1100 {
                    break;
                }
            }
        }
    });
}

#[test]
fn a_long_text_is_cut_between_characters_and_counted() {
    each(|| {
        let mut writer = Writer::new(config(8), 0).unwrap();
        writer.annotate(0, EventKind::DEPLOY, &"a".repeat(MAX_EVENT_TEXT_LEN));
        writer.annotate(1, EventKind::DEPLOY, &"a".repeat(MAX_EVENT_TEXT_LEN + 1));
        writer.annotate(2, EventKind::DEPLOY, &format!("{}🦀", "a".repeat(MAX_EVENT_TEXT_LEN - 1)));
        let lengths: Vec<(usize, bool)> = told(&writer).iter().map(|event| (event.2.len(), event.3)).collect();
        let most = MAX_EVENT_TEXT_LEN;
        assert_eq!(lengths, [(most, false), (most, true), (most - 1, true)]);
        assert_eq!(writer.reader().counters().events_cut, 2);
    });
}

#[test]
fn without_places_events_are_counted_and_gone() {
    each(|| {
        let mut writer = Writer::new(config(0), 0).unwrap();
        writer.annotate(0, EventKind::DEPLOY, "version 2");
        writer.set_term(5, 1);
        writer.set_term(5, 2);
        writer.flush(STEP);
        let counters = writer.reader().counters();
        assert_eq!((told(&writer).len(), counters.events_told, counters.events_dropped), (0, 2, 2));
    });
    let mut config = config(0);
    config.max_events = 65_537;
    let error = config.validate().unwrap_err();
    assert_eq!(error, ConfigError::OutOfRange { field: "max_events", value: 65_537, min: 0, max: 65_536 });
}

#[test]
fn splits_and_merges_are_told_when_their_column_is_sealed() {
    each(|| {
        let mut writer = Writer::new(config(64), 0).unwrap();
        writer.register(RouteId(1), b"a", Some(b"z"), 0).unwrap();
        writer.flush(STEP);
        writer.split_route(RouteId(1), &[part(2, b"a", b"f"), part(3, b"f", b"z")]).unwrap();
        writer.flush(STEP + 400);
        assert!(told(&writer).is_empty(), "the column is open");
        writer.split_route(RouteId(2), &[part(4, b"a", b"b"), part(5, b"b", b"f")]).unwrap();
        writer.merge_routes(&[RouteId(4), RouteId(5)], &part(2, b"a", b"f")).unwrap();
        writer.flush(2 * STEP);
        // In the middle of the time between the flushes before and after.
        let expected = [
            (1200, "split", "route 1 into 2, 3; one more split by the end of the column"),
            (1700, "merge", "routes 4, 5 into 2"),
        ];
        assert_eq!(told(&writer), expected.map(|(at, kind, text)| (at, kind.into(), text.into(), false)));
        writer.flush(3 * STEP);
        assert_eq!(told(&writer).len(), 2, "each once");
        let bytes = |n: u64| [b'g' + n as u8];
        let bounds: Vec<_> = (0..7).map(bytes).collect();
        let parts: Vec<_> = (0..6usize).map(|n| part(10 + n as u64, &bounds[n], &bounds[n + 1])).collect();
        writer.split_route(RouteId(3), &parts).unwrap();
        writer.flush(4 * STEP);
        assert_eq!(told(&writer)[2].2, "route 3 into 10, 11, 12 and 3 more");
    });
}

/// A refused change is none, and so is a first term or the same one again.
#[test]
fn what_did_not_happen_is_not_told() {
    each(|| {
        let mut writer = Writer::new(config(64), 0).unwrap();
        assert!(writer.split_route(RouteId(9), &[part(1, b"a", b"b")]).is_err());
        writer.set_term(5, 1);
        writer.set_term(5, 1);
        writer.set_term(0, 7);
        writer.flush(STEP);
        assert_eq!(told(&writer), []);
    });
}

/// However often leaders change, that is one event a column, in places of its own.
#[test]
fn a_storm_of_term_changes_washes_nothing_out() {
    each(|| {
        let mut writer = Writer::new(config(64), 0).unwrap();
        writer.annotate(1, EventKind::DEPLOY, "version 2");
        writer.register(RouteId(1), b"a", Some(b"m"), 5).unwrap();
        writer.split_route(RouteId(1), &[part(2, b"a", b"m")]).unwrap();
        for column in 1..=100u64 {
            for change in 0..50 {
                writer.set_term(5, column * 50 + change);
            }
            writer.flush(column * STEP);
        }
        assert_eq!(texts(&writer, EventKind::DEPLOY), [(1, "version 2".into())]);
        assert_eq!(texts(&writer, EventKind::SPLIT), [(STEP / 2, "route 1 into 2".into())]);
        let changes = texts(&writer, EventKind::LEADER_CHANGE);
        let at = |column: u64| column * STEP - STEP / 2;
        assert_eq!(changes.iter().map(|change| change.0).collect::<Vec<_>>(), (97..=100).map(at).collect::<Vec<_>>());
        assert_eq!(changes[3].1, "group 5 from term 4999 to 5000; 49 more changes by the end of the column");
        let counters = writer.reader().counters();
        assert_eq!((counters.events_told, counters.events_dropped), (102, 96));
    });
}

#[test]
fn folding_is_told_at_most_once_an_hour() {
    each(|| {
        let mut writer = Writer::new(config(64), 0).unwrap();
        for route in 0..8u8 {
            writer.register(RouteId(route.into()), &[route], Some(&[route + 1]), 0).unwrap();
        }
        writer.flush(STEP);
        assert_eq!(told(&writer), [], "every route has a slot of its own");
        let mut now = STEP;
        let mut route = 8u8;
        while now < 3 * HOUR {
            if route < 40 {
                writer.register(RouteId(route.into()), &[route], Some(&[route + 1]), 0).unwrap();
                route += 1;
            }
            writer.remove(RouteId(8));
            writer.register(RouteId(8), &[8], Some(&[9]), 0).unwrap();
            now += 60 * STEP;
            writer.flush(now);
            writer.flush(now);
        }
        let folding = texts(&writer, EventKind::FOLDING);
        assert_eq!(folding.len(), 3, "{folding:?}");
        assert!(folding.windows(2).all(|pair| pair[1].0 - pair[0].0 >= HOUR), "{folding:?}");
        assert!(folding[2].1.starts_with("32 of 40 routes share "), "{folding:?}");
        assert!(folding[2].1.ends_with(" virtual buckets; max_routes is 8"), "{folding:?}");
    });
}

/// Each event that a reader gets is one that was told, whole, however fast they come.
#[test]
fn readers_beside_the_writer_get_whole_events() {
    let sampler = Sampler::new(config(5), 0).unwrap();
    let stop = AtomicBool::new(false);
    let text = |i: u64| format!("{i} ").repeat(i as usize % 25);
    std::thread::scope(|scope| {
        let readers = [0; 2].map(|_| {
            let (reader, stop) = (sampler.reader(), &stop);
            scope.spawn(move || {
                let mut seen = 0u64;
                while !stop.load(Ordering::Relaxed) {
                    let events = reader.events(0, 0);
                    for event in &events {
                        let whole = text(event.number);
                        assert!(whole.starts_with(&event.text) && event.cut == (event.text.len() < whole.len()));
                        assert_eq!(
                            (event.at_ms, event.kind.as_str()),
                            (event.number, ["a", "bb"][event.number as usize % 2])
                        );
                        seen += 1;
                    }
                    assert!(events.windows(2).all(|pair| pair[0].number < pair[1].number));
                }
                seen
            })
        });
        for i in 0..100_000u64 {
            sampler.annotate(i, EventKind::new(["a", "bb"][i as usize % 2]).unwrap(), &text(i));
        }
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    assert_eq!(sampler.reader().counters().events_dropped, 99_995);
}

/// What is read in place is what a reader copies.
#[test]
fn in_place_and_copied_are_alike() {
    each(|| {
        let mut writer = Writer::new(config(3), 0).unwrap();
        (0..5).for_each(|i| writer.annotate(i, EventKind::DEPLOY, &i.to_string()));
        writer.set_term(7, 1);
        writer.set_term(7, 2);
        writer.flush(STEP);
        assert_eq!(writer.events_in_place(), writer.events(0, 0));
        assert_eq!(writer.events_in_place().len(), 4);
    });
}

/// An engine that tells of every split itself does not push out what an operator wrote, nor does anything that comes
/// often what comes seldom.
#[test]
fn a_flood_of_one_kind_takes_no_place_of_another() {
    each(|| {
        let mut writer = Writer::new(config(1024), 0).unwrap();
        let note = EventKind::new("note").unwrap();
        writer.annotate(1, note, "drained rack 7");
        for i in 0..20_000 {
            writer.annotate(2 + i, EventKind::SPLIT, &format!("range {i}"));
            if i % 5 == 0 {
                writer.annotate(2 + i, EventKind::MERGE, &format!("range {i}"));
            }
        }
        assert_eq!(texts(&writer, note), [(1, "drained rack 7".into())]);
        // The other two share what is left, each its latest.
        let (splits, merges) = (texts(&writer, EventKind::SPLIT), texts(&writer, EventKind::MERGE));
        assert_eq!((splits.len() + merges.len(), splits.len().abs_diff(merges.len())), (1023, 1));
        assert_eq!(splits.last().unwrap().1, "range 19999");
        assert_eq!(splits[0].1, format!("range {}", 20_000 - splits.len()));
        let counters = writer.reader().counters();
        assert_eq!((counters.events_told, counters.events_dropped), (24_001, 24_001 - 1024));
    });
}

/// What an event of the core's own stands for: all of its column, by their ids.
#[test]
fn an_event_says_how_many_changes_it_stands_for() {
    each(|| {
        let mut writer = Writer::new(config(64), 0).unwrap();
        for group in [9, 4, 7] {
            writer.set_term(group, 1);
        }
        for (group, term) in [(7, 2), (9, 2), (4, 2), (9, 3)] {
            writer.set_term(group, term);
        }
        writer.annotate(5, EventKind::DEPLOY, "version 2");
        writer.flush(STEP);
        let of = |events: Vec<keyviz_core::Event>| {
            events.into_iter().map(|event| (event.own, event.changes, event.ids)).collect::<Vec<_>>()
        };
        let expected = [(false, 1, None), (true, 4, Some((4, 9)))];
        assert_eq!(of(writer.events(0, 0)), expected);
        assert_eq!(of(writer.events_in_place()), expected);
    });
}

/// The places as they are told of: what stands is known by its number, and goes by the rule.
struct Places {
    most: usize,
    /// Number and sort of what is kept, oldest first.
    kept: Vec<(u64, usize)>,
    /// The kinds of the first fifteen sorts, where they have events.
    kinds: [Option<String>; 15],
}

impl Places {
    fn tell(&mut self, number: u64, kind: &str) {
        let of = |sort: usize, kept: &[(u64, usize)]| kept.iter().filter(|event| event.1 == sort).count();
        for sort in 0..15 {
            if of(sort, &self.kept) == 0 {
                self.kinds[sort] = None;
            }
        }
        let known = self.kinds.iter().position(|known| known.as_deref() == Some(kind));
        let sort = known.or_else(|| self.kinds.iter().position(Option::is_none)).unwrap_or(15);
        if self.kept.len() == self.most {
            let most = (0..16).map(|sort| of(sort, &self.kept)).max().unwrap();
            let fullest = if of(sort, &self.kept) == most {
                sort
            } else {
                self.kept.iter().find(|event| of(event.1, &self.kept) == most).unwrap().1
            };
            let oldest = self.kept.iter().position(|event| event.1 == fullest).unwrap();
            self.kept.remove(oldest);
        }
        if sort < 15 {
            self.kinds[sort] = Some(kind.to_owned());
        }
        self.kept.push((number, sort));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is told, what is kept is what the rule says: of `s` kinds at least a share of `1 / s` each.
    #[test]
    fn places_are_shared_by_kinds(
        places in 1u32..40,
        told in prop::collection::vec(prop_oneof![3 => Just(0u8), 2 => 0u8..4, 1 => 0u8..30], 0..300),
    ) {
        let mut writer = Writer::new(config(places), 0).unwrap();
        let mut model = Places { most: places as usize, kept: Vec::new(), kinds: Default::default() };
        let mut of_kind = std::collections::BTreeMap::<u8, Vec<u64>>::new();
        for (number, kind) in (0..).zip(&told) {
            let name = format!("kind-{kind}");
            writer.annotate(7, EventKind::new(&name).unwrap(), &number.to_string());
            model.tell(number, &name);
            of_kind.entry(*kind).or_default().push(number);
        }
        let numbers = |events: Vec<keyviz_core::Event>| events.into_iter().map(|event| event.number).collect::<Vec<_>>();
        let kept = numbers(writer.events(0, 0));
        prop_assert_eq!(&kept, &model.kept.iter().map(|event| event.0).collect::<Vec<_>>());
        prop_assert_eq!(&kept, &numbers(writer.events_in_place()), "in place, oldest first");
        prop_assert!(writer.events(0, 0).iter().all(|event| event.text == event.number.to_string()));
        let counters = writer.reader().counters();
        prop_assert_eq!(counters.events_told - counters.events_dropped, kept.len() as u64);
        if of_kind.len() <= 15 {
            let share = places as usize / of_kind.len().max(1);
            for numbers in of_kind.values() {
                let latest = &numbers[numbers.len().saturating_sub(share)..];
                prop_assert!(latest.iter().all(|number| kept.contains(number)), "{kept:?} of {numbers:?}");
            }
        }
    }

    #[test]
    fn any_text_and_kind_come_back(told in prop::collection::vec((any::<u64>(), "[a-z0-9_-]{1,32}", "\\PC{0,80}|.{0,300}"), 0..30)) {
        let mut writer = Writer::new(config(30), 0).unwrap();
        for (at, kind, text) in &told {
            writer.annotate(*at, EventKind::new(kind).unwrap(), text);
        }
        let mut read = writer.events(0, 0);
        read.sort_by_key(|event| event.number);
        prop_assert_eq!(read.len(), told.len());
        for (event, (at, kind, text)) in read.iter().zip(&told) {
            prop_assert_eq!((event.at_ms, event.kind.as_str()), ((*at).min(MAX_TIME_MS), kind.as_str()));
            prop_assert!(text.starts_with(&event.text) && text.len() - event.text.len() <= text.len().saturating_sub(MAX_EVENT_TEXT_LEN - 3));
            prop_assert_eq!(event.cut, event.text.len() < text.len());
        }
    }
}
