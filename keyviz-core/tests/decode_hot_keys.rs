//! Reading other nodes' hot keys: what was written is read, and anything else is an error.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test speaks by panicking")]

use keyviz_core::wire::decode::{self, DecodeError, Limits};
use keyviz_core::wire::encode;
use keyviz_core::{HotKey, HotKeys, HotKeysOf, Label, Labels, RouteId, Series};
use proptest::prelude::*;

fn written(hot: &HotKeys, of: &HotKeysOf, labels: &Labels) -> String {
    let mut json = String::new();
    encode::hot_keys(hot, of, labels, &mut json);
    json
}

fn read(json: &str) -> Result<decode::HotKeysAnswer, DecodeError> {
    decode::hot_keys(json.as_bytes(), &Limits::default())
}

fn any_hot_keys() -> impl Strategy<Value = HotKeys> {
    let key = (prop::collection::vec(any::<u8>(), 0..9), 1u64.., any::<u64>());
    let keys = prop::collection::btree_map(any::<u8>(), key, 0..9);
    (keys, prop::collection::vec(any::<u32>(), 7), any::<[bool; 2]>(), 0u64..4_000_000_000_000).prop_map(
        |(keys, numbers, flags, as_of_ms)| {
            let mut hot = HotKeys::default();
            hot.series = if flags[0] { Series::Reads } else { Series::Writes };
            // Each key once: what stands twice is added up.
            let named = |(first, (mut key, count, error)): (u8, (Vec<u8>, u64, u64))| {
                key.insert(0, first);
                HotKey::new(key, count, error)
            };
            hot.keys = keys.into_iter().map(named).collect();
            let number = |at: usize| u64::from(numbers[at]);
            (hot.operations, hot.samples, hot.error_bound) = (number(0), number(1), number(2));
            (hot.least_every, hot.most_every) = (number(3).max(1), number(3).max(1) + number(4));
            (hot.dropped, hot.too_long, hot.unsampled) = (number(5), number(6), 0);
            hot.degraded = hot.dropped > 0 || hot.too_long > 0 || flags[1];
            (hot.aggregate, hot.from_ms, hot.to_ms, hot.as_of_ms) = (flags[1], 1000, 2000, as_of_ms);
            // In the order that answers have.
            HotKeys::merge(&[hot], 0)
        },
    )
}

fn any_of() -> impl Strategy<Value = (HotKeysOf, Labels)> {
    let bound = || prop::collection::vec(any::<u8>(), 0..5);
    let route = (any::<u64>(), prop::option::of(prop_oneof![Just(""), Just("redis")]), prop::option::of(any::<u32>()));
    prop_oneof![
        (bound(), prop::option::of(bound())).prop_map(|(start, end)| {
            let end = end.filter(|end| !end.is_empty());
            (HotKeysOf::Range { start, end }, Labels::NONE)
        }),
        route.prop_map(|(route, label, sub_bucket)| {
            let labels = match label {
                Some("redis") => Labels::new(&["redis"]).unwrap(),
                _ => Labels::NONE,
            };
            let label = label.map(|name| if name.is_empty() { Label::NONE } else { labels.get(name) });
            (HotKeysOf::Route { route: RouteId(route), label, sub_bucket }, labels)
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(hot in any_hot_keys(), (of, labels) in any_of()) {
        let json = written(&hot, &of, &labels);
        let answer = read(&json).unwrap();
        prop_assert_eq!(&answer.hot, &hot);
        prop_assert_eq!((&answer.of, &answer.labels), (&of, &labels));
        prop_assert_eq!(written(&answer.hot, &answer.of, &answer.labels), json);
    }

    #[test]
    fn what_is_damaged_is_an_answer_or_an_error(
        hot in any_hot_keys(),
        (of, labels) in any_of(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..6),
    ) {
        let mut json = written(&hot, &of, &labels).into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(json.len().max(1));
            match how {
                0 => json.get_mut(at).into_iter().for_each(|to| *to = byte),
                1 => json.truncate(at),
                2 => json.insert(at, byte),
                _ => json.extend_from_within(at..),
            }
        }
        if let Ok(answer) = decode::hot_keys(&json, &Limits::default()) {
            let again = written(&answer.hot, &answer.of, &answer.labels);
            prop_assert_eq!(read(&again).unwrap().hot, answer.hot);
        }
    }
}

#[test]
fn keys_in_any_order_and_named_twice_are_one_list() {
    let json = r#"{"series":"reads","keys":[{"key_b64":"YQ==","count":1},{"key_b64":"Yg==","count":5,"error":2},
        {"key_b64":"YQ==","count":7,"error":1}],"start":"YQ==","end":null,"other":[1,{}]}"#;
    let answer = read(json).unwrap();
    let keys: Vec<(&[u8], u64, u64)> =
        answer.hot.keys.iter().map(|hot| (hot.key.as_slice(), hot.count, hot.error)).collect();
    assert_eq!(keys, [(&b"a"[..], 8, 1), (&b"b"[..], 5, 2)]);
    assert_eq!(answer.of, HotKeysOf::Range { start: b"a".to_vec(), end: None });
}

#[test]
fn what_is_lacking_or_too_much_is_named() {
    assert_eq!(read("{}"), Err(DecodeError::Absent { field: "keys" }));
    assert_eq!(read(r#"{"keys":[]}"#), Err(DecodeError::Absent { field: "series" }));
    let wrong = read(r#"{"series":"writes","keys":[{"key_b64":"a key"}]}"#).unwrap_err();
    assert_eq!(wrong.to_string(), "keys.key_b64: expected base64 with padding, or null");
    let label = read(r#"{"route_id":1,"label":"No","series":"writes","keys":[]}"#).unwrap_err();
    assert!(label.to_string().starts_with("label: "), "{label}");
    let keys = format!(r#"{{"series":"writes","keys":[{}{{}}]}}"#, "{},".repeat(1024));
    assert_eq!(read(&keys), Err(DecodeError::TooMany { field: "keys", max: 1024 }));
    let limits = Limits { bytes: 100, ..Limits::default() };
    let two = r#"{"series":"writes","keys":[{"count":1},{"count":2}]}"#;
    assert!(matches!(decode::hot_keys(two.as_bytes(), &limits), Err(DecodeError::TooMany { .. })));
    let long = format!(r#"{{"series":"writes","keys":[{{"key_b64":"{}"}}]}}"#, "AAAA".repeat(30_000));
    assert!(matches!(read(&long), Err(DecodeError::TooMany { .. })));
    assert!(read(&format!(r#"{{"keys":{}"#, "[".repeat(1_000_000))).is_err());
}
