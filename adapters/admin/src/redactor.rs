//! The one place where key bytes become what may be shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use hmac::{Hmac, KeyInit, Mac};
use keyviz_core::limits::MAX_NAME_LEN;
use keyviz_core::{Answer, AxisKind, BucketId, Event, HotKeys, KeyNames, Matrix, Partition, RouteId, Top};
use sha2::Sha256;

use crate::redaction::Redaction;
use crate::token::Token;

/// A [`Redaction`] with the key of its hashes.
///
/// Cheap to clone. Its `Debug` form hides the key.
#[derive(Clone)]
pub struct Redactor {
    policy: Redaction,
    mac: Hmac<Sha256>,
}

/// What of a row is made of keys.
struct RowKeys<'a> {
    start: &'a mut Vec<u8>,
    end: &'a mut Option<Vec<u8>>,
    bucket_id: &'a mut BucketId,
    route_ids: &'a mut Vec<RouteId>,
}

impl Redactor {
    /// A redactor whose hashes are of this key. Without one the key is random: hashes of one process are alike, and
    /// differ from any other's.
    #[must_use]
    pub fn new(policy: Redaction, key: Option<&Token>) -> Redactor {
        match key {
            Some(key) => Redactor::with_key(policy, key.bytes()),
            None => Redactor::with_key(policy, &random()),
        }
    }

    pub(crate) fn with_key(policy: Redaction, key: &[u8]) -> Redactor {
        // A key of any length is taken, so the other arm is never met; it hashes with a key that is there.
        let mac = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Redactor { policy, mac }
    }

    /// The same key with another policy.
    pub(crate) fn with_policy(&self, policy: Redaction) -> Redactor {
        Redactor { policy, mac: self.mac.clone() }
    }

    /// What is shown.
    #[must_use]
    pub fn policy(&self) -> Redaction {
        self.policy
    }

    /// Replaces all bounds of a matrix by what may be shown of them, and in the names of rows what follows from bounds.
    /// Returns how many different keys the matrix shows, redacted or not.
    ///
    /// Names of keys are left out. Empty bounds and unbounded ends stay. Rows keep their order, their number and their
    /// counts; bounds that differ still differ and compare as before, and a row still ends where the next begins. A
    /// bound's place is among those of this matrix. `partition` is the sampler's: ids of ranges of the core's own making
    /// are made of their bounds, so others stand for them. Cost: O(n log n) in the rows.
    pub fn matrix(&self, matrix: &mut Matrix, partition: Partition) -> usize {
        let rows = matrix.rows.iter_mut().map(|row| RowKeys {
            start: &mut row.start,
            end: &mut row.end,
            bucket_id: &mut row.bucket_id,
            route_ids: &mut row.route_ids,
        });
        let keys = self.rows(rows.collect(), partition);
        if self.policy != Redaction::None {
            // Names of keys are key bytes, and belong to bounds that are no longer there.
            matrix.key_names = None;
        }
        self.axis(matrix.axis, &mut matrix.axis_id);
        keys
    }

    /// As [`matrix`](Self::matrix), of an answer of several nodes.
    pub fn answer(&self, answer: &mut Answer, partition: Partition) -> usize {
        let rows = answer.rows.iter_mut().map(|row| {
            if self.policy != Redaction::None {
                row.name = None;
            }
            RowKeys {
                start: &mut row.start,
                end: &mut row.end,
                bucket_id: &mut row.bucket_id,
                route_ids: &mut row.route_ids,
            }
        });
        let keys = self.rows(rows.collect(), partition);
        self.axis(answer.axis, &mut answer.axis_id);
        keys
    }

    fn rows(&self, mut rows: Vec<RowKeys<'_>>, partition: Partition) -> usize {
        let bounds = rows.iter().flat_map(|row| [Some(row.start.clone()), row.end.clone()]).flatten();
        let keys: BTreeSet<Vec<u8>> = bounds.filter(|bound| !bound.is_empty()).collect();
        if self.policy == Redaction::None {
            return keys.len();
        }
        let shown = self.ordered(&keys);
        let replace = |bound: &mut Vec<u8>| {
            if let Some(shown) = shown.get(bound.as_slice()) {
                bound.clone_from(shown);
            }
        };
        for row in &mut rows {
            replace(row.start);
            row.end.iter_mut().for_each(replace);
            if self.policy.hides() {
                *row.bucket_id = self.bucket_id(row.bucket_id, partition);
                row.route_ids.iter_mut().for_each(|id| *id = self.route_id(*id, partition));
            }
        }
        keys.len()
    }

    fn axis(&self, axis: AxisKind, id: &mut u64) {
        if self.policy.hides() && axis == AxisKind::Range {
            *id = self.number("axis", format!("{id:016x}").as_bytes());
        }
    }

    /// Replaces the bounds of the hottest ranges as [`matrix`](Self::matrix) does; keys to split at are left out. Returns
    /// how many different keys the answer shows, redacted or not.
    pub fn top(&self, top: &mut Top, partition: Partition) -> usize {
        let bounds =
            top.rows.iter().flat_map(|row| [Some(&row.start), row.end.as_ref(), row.middle.as_ref()]).flatten();
        let keys: BTreeSet<Vec<u8>> = bounds.filter(|bound| !bound.is_empty()).cloned().collect();
        if self.policy == Redaction::None {
            return keys.len();
        }
        let shown = self.ordered(&keys);
        for row in &mut top.rows {
            row.middle = None;
            for bound in [Some(&mut row.start), row.end.as_mut()].into_iter().flatten() {
                if let Some(shown) = shown.get(bound.as_slice()) {
                    bound.clone_from(shown);
                }
            }
            if self.policy.hides() {
                row.route = self.route_id(row.route, partition);
            }
        }
        keys.len()
    }

    /// Replaces the keys of a list of hot keys by what may be shown of them; those that differ still do. Returns how many
    /// there are.
    pub fn hot_keys(&self, hot: &mut HotKeys) -> usize {
        let shown = self.ordered(&hot.keys.iter().map(|hot| hot.key.clone()).collect());
        for hot in &mut hot.keys {
            if let Some(shown) = shown.get(&hot.key).filter(|_| !hot.key.is_empty()) {
                hot.key.clone_from(shown);
            }
        }
        hot.keys.len()
    }

    /// The names of key prefixes as they may be shown: prefixes as keys are, and of the names as much as of any text, since
    /// a name may be made of keys.
    #[must_use]
    pub fn names(&self, names: &KeyNames) -> KeyNames {
        if self.policy == Redaction::None {
            return names.clone();
        }
        let shown = self.ordered(&names.iter().map(|(prefix, _)| prefix.to_vec()).collect());
        let named: Vec<(&[u8], String)> = names
            .iter()
            .map(|(prefix, name)| {
                let prefix = shown.get(prefix).filter(|_| !prefix.is_empty()).map_or(prefix, Vec::as_slice);
                let mut name = self.text(name);
                // Hex digits are twice as many, and nothing else is longer than it was.
                name.truncate(MAX_NAME_LEN);
                (prefix, name)
            })
            .collect();
        KeyNames::new(named.iter().map(|(prefix, name)| (*prefix, name.as_str()))).unwrap_or_default()
    }

    /// One key by itself, as text for people or as bytes.
    #[must_use]
    pub fn key(&self, key: &[u8]) -> Vec<u8> {
        match self.policy {
            Redaction::None => key.to_vec(),
            Redaction::Hex => hex(key),
            Redaction::Hmac if key.is_empty() => Vec::new(),
            Redaction::Hmac => self.digest("key", key).into_bytes(),
            Redaction::Prefix(most) => match key.split_at_checked(most.into()) {
                Some((prefix, rest)) if !rest.is_empty() => [prefix, b"~"].concat(),
                _ => key.to_vec(),
            },
        }
    }

    /// A text that may hold keys: a name of keys, or what a host said.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let Redaction::Prefix(most) = self.policy else {
            // What the others give is letters and digits, or the text itself.
            return String::from_utf8(self.key(text.as_bytes())).unwrap_or_default();
        };
        let mut end = text.len().min(most.into());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let kept = text.get(..end).unwrap_or("");
        if kept.len() < text.len() { format!("{kept}~") } else { kept.to_owned() }
    }

    /// Replaces the texts of events that a host told. The core's own hold no keys. Returns how many of the host's there
    /// are.
    pub fn events(&self, events: &mut [Event]) -> usize {
        for event in events.iter_mut() {
            event.text = self.event_text(event);
        }
        events.iter().filter(|event| !event.own).count()
    }

    /// The text of an event; see [`events`](Self::events).
    pub(crate) fn event_text(&self, event: &Event) -> String {
        if event.own { event.text.clone() } else { self.text(&event.text) }
    }

    /// Says at the end of a JSON object what was made of the keys in it, as member `redaction`, where that is not
    /// `none`.
    pub fn mark(&self, json: &mut String) {
        if self.policy != Redaction::None && json.pop() == Some('}') {
            // Writing to a String cannot fail; a policy's name needs no escape.
            let _ = write!(json, ",\"redaction\":\"{}\"}}", self.policy);
        }
    }

    /// What a key that a reader asks for stands for: they have seen what this redactor shows, and are told nothing about
    /// keys that they could not read off that. `None` where they may not ask.
    ///
    /// - `prefix:N`: the first N bytes; as an end, where there is more, the end of all keys with this prefix. So key
    ///   ranges are no finer than prefixes, and guessing with longer keys finds out nothing.
    /// - `hmac`: nobody may ask. `hex`: the bytes of the digits.
    pub(crate) fn asked(&self, key: Vec<u8>, end: bool) -> Option<Vec<u8>> {
        match self.policy {
            Redaction::None => Some(key),
            Redaction::Hmac => None,
            Redaction::Hex => from_hex(&key),
            Redaction::Prefix(most) => match key.get(..usize::from(most)) {
                Some(prefix) if key.len() > prefix.len() => Some(if end { after(prefix) } else { prefix.to_vec() }),
                _ => Some(key),
            },
        }
    }

    /// A name for a key, by which two reads of it can be told to be of the same key, and nothing else.
    pub(crate) fn digest(&self, of: &str, bytes: &[u8]) -> String {
        format!("{:016x}", self.number(of, bytes))
    }

    fn number(&self, of: &str, bytes: &[u8]) -> u64 {
        let mut mac = self.mac.clone();
        // The mark keeps the uses apart: what is hashed for one is no answer in another.
        mac.update(of.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        let hash = mac.finalize().into_bytes();
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// What is shown of each key, in the keys' order.
    pub(crate) fn ordered(&self, keys: &BTreeSet<Vec<u8>>) -> BTreeMap<Vec<u8>, Vec<u8>> {
        match self.policy {
            Redaction::None | Redaction::Hex => keys.iter().map(|key| (key.clone(), self.key(key))).collect(),
            Redaction::Hmac => {
                let width = digits(keys.len());
                let shown = |(at, key): (usize, &Vec<u8>)| format!("{:0width$}~{}", at + 1, self.digest("key", key));
                keys.iter().enumerate().map(|at| (at.1.clone(), shown(at).into_bytes())).collect()
            }
            Redaction::Prefix(most) => {
                let most = usize::from(most);
                let mut sizes: BTreeMap<&[u8], usize> = BTreeMap::new();
                let prefix = |key: &'_ [u8]| key.len() > most;
                for key in keys.iter().filter(|key| prefix(key)) {
                    *sizes.entry(key.get(..most).unwrap_or(key)).or_default() += 1;
                }
                let (mut before, mut place): (&[u8], usize) = (&[], 0);
                let mut shown = BTreeMap::new();
                for key in keys {
                    let (Some(prefix), true) = (key.get(..most), key.len() > most) else {
                        shown.insert(key.clone(), key.clone());
                        continue;
                    };
                    place = if place > 0 && prefix == before { place + 1 } else { 1 };
                    before = prefix;
                    let width = digits(sizes.get(prefix).copied().unwrap_or(1));
                    let mut text = prefix.to_vec();
                    text.extend_from_slice(format!("~{place:0width$}").as_bytes());
                    shown.insert(key.clone(), text);
                }
                shown
            }
        }
    }

    /// A route's id, where it does not follow from bounds, else another one.
    pub(crate) fn route_id(&self, id: RouteId, partition: Partition) -> RouteId {
        if partition.ranges() > 0 { RouteId(self.number("route", &id.0.to_le_bytes())) } else { id }
    }

    /// A row's name without what follows from its bounds: the axis' number behind `@`, the hash behind `~`, and the id of
    /// a range of the core's own making.
    fn bucket_id(&self, id: &BucketId, partition: Partition) -> BucketId {
        let own = || {
            let id = id.as_str().strip_prefix("route:").filter(|_| partition.ranges() > 0)?;
            let (number, rest) = id.split_at(id.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(id.len()));
            let renamed = self.route_id(RouteId(number.parse().ok()?), partition);
            Some(format!("route:{}{rest}", renamed.0))
        };
        let text = own().unwrap_or_else(|| id.as_str().to_owned());
        let hash = |(route, rest): (&str, &str)| {
            let (hash, rest) = rest.split_at_checked(8)?;
            let hash = self.number("bounds", hash.as_bytes()) as u32;
            Some(format!("{route}~{hash:08x}{rest}"))
        };
        let renamed = match text.split_once('@') {
            Some((row, axis)) => Some(format!("{row}@{:016x}", self.number("axis", axis.as_bytes()))),
            None => text.split_once('~').and_then(hash),
        };
        BucketId::parse(&renamed.unwrap_or(text)).unwrap_or_default()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The least key above all keys with this prefix; empty, which is unbounded, where there is none.
fn after(prefix: &[u8]) -> Vec<u8> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX);
    let mut end = last.and_then(|last| prefix.get(..=last)).unwrap_or(&[]).to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    end
}

fn digits(number: usize) -> usize {
    number.max(1).ilog10() as usize + 1
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.into_bytes()
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |letter: u8| match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    };
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.chunks(2).map(byte).collect()
}

/// Bytes that nobody can guess. Where the system gives none, what the standard library keys its maps with.
fn random() -> [u8; 32] {
    use std::hash::{BuildHasher, RandomState};

    let mut key = [0; 32];
    if getrandom::fill(&mut key).is_err() {
        for part in key.chunks_mut(8) {
            part.copy_from_slice(&RandomState::new().hash_one(0_u8).to_le_bytes());
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler};
    use proptest::prelude::*;

    fn redactor(policy: &str) -> Redactor {
        Redactor::with_key(policy.parse().unwrap(), b"0123456789abcdef")
    }

    fn shown(policy: &str, keys: &[&str]) -> Vec<String> {
        let set: BTreeSet<Vec<u8>> = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
        let shown = redactor(policy).ordered(&set);
        shown.into_values().map(|text| String::from_utf8(text).unwrap()).collect()
    }

    #[test]
    fn what_each_policy_shows() {
        let keys = ["a", "orders/1", "orders/17", "orders/18", "orders/2/9", "p"];
        assert_eq!(shown("none", &keys), keys);
        assert_eq!(shown("prefix:8", &keys), ["a", "orders/1", "orders/1~1", "orders/1~2", "orders/2~1", "p"]);
        assert_eq!(shown("prefix:0", &keys), ["~1", "~2", "~3", "~4", "~5", "~6"]);
        assert_eq!(shown("hex", &["a", "zz"]), ["61", "7a7a"]);
        let hashed = shown("hmac", &keys);
        assert!(
            hashed.iter().enumerate().all(|(at, text)| text.len() == 18 && text.starts_with(&format!("{}~", at + 1)))
        );
        assert_ne!(hashed[0][2..], hashed[1][2..]);
        let other = Redactor::with_key(Redaction::Hmac, b"another key, another hash");
        assert_ne!(other.key(b"a"), redactor("hmac").key(b"a"), "who has not the key cannot compute it");
        assert_eq!(format!("{other:?}"), "Redactor { policy: Hmac, .. }");
    }

    /// RFC 4231, test case 2.
    #[test]
    fn the_hash_is_hmac_sha256() {
        let mut mac = Redactor::with_key(Redaction::Hmac, b"Jefe").mac;
        mac.update(b"what do ya want for nothing?");
        let hash: Vec<u8> = mac.finalize().into_bytes().to_vec();
        assert_eq!(hex(&hash)[..32], *b"5bdcc146bf60754e6a042426089575c7");
    }

    #[test]
    fn texts_and_single_keys() {
        assert_eq!(redactor("prefix:3").text("añb"), "añ~");
        assert_eq!(redactor("prefix:2").text("añb"), "a~");
        assert_eq!(redactor("prefix:9").text("añb"), "añb");
        assert_eq!((redactor("none").text("k\n"), redactor("hex").text("k\n")), ("k\n".into(), "6b0a".into()));
        assert_eq!((redactor("hmac").text("k").len(), redactor("hmac").text("").len()), (16, 0));
        assert_eq!(redactor("prefix:2").key(b"\xff\xfe\xfd"), b"\xff\xfe~");
    }

    /// Asking with keys tells no more than what is shown: it is as if the asker had cut them.
    #[test]
    fn asking_is_no_finer_than_what_is_shown() {
        let asked = |policy: &str, key: &str, end| redactor(policy).asked(key.as_bytes().to_vec(), end);
        assert_eq!(asked("prefix:3", "abc", true), Some(b"abc".to_vec()));
        assert_eq!(asked("prefix:3", "abcd", false), Some(b"abc".to_vec()));
        assert_eq!(asked("prefix:3", "abc~07", true), Some(b"abd".to_vec()));
        assert_eq!(redactor("prefix:2").asked(b"\xff\xff\x01".to_vec(), true), Some(Vec::new()), "unbounded");
        assert_eq!(redactor("prefix:2").asked(b"a\xff\x01".to_vec(), true), Some(b"b".to_vec()));
        assert_eq!(asked("prefix:0", "x", true), Some(Vec::new()));
        assert_eq!(asked("hmac", "abc", false), None);
        assert_eq!(asked("hex", "616a", false), Some(b"aj".to_vec()));
        assert_eq!((asked("hex", "61a", false), asked("hex", "zz", false)), (None, None));
        assert_eq!(asked("none", "x", true), Some(b"x".to_vec()));
    }

    fn sampled(bounds: &[Vec<u8>]) -> Sampler {
        let mut config = Config::within(8 << 20).unwrap();
        config.step_ms = 1000;
        let sampler = Sampler::new(config, 0).unwrap();
        for (at, pair) in bounds.windows(2).enumerate() {
            let route = RouteId(at as u64);
            sampler
                .register(route, &pair[0], Some(&pair[1]).filter(|end| !end.is_empty()).map(Vec::as_slice), 0)
                .unwrap();
            sampler.observe(route, Op::Write, &pair[0], at as u64);
        }
        sampler.flush(1000);
        sampler
    }

    #[test]
    fn names_of_rows_tell_nothing_of_bounds() {
        let keys: Vec<Vec<u8>> = ["a-secret", "b-secret", "c-secret"].map(|key| key.as_bytes().to_vec()).into();
        let sampler = sampled(&keys);
        sampler.remove(RouteId(0));
        sampler.register(RouteId(0), b"a-secret", Some(b"b"), 0).unwrap();
        sampler.observe(RouteId(0), Op::Write, b"a-secret", 0);
        sampler.flush(2000);
        for axis in [AxisKind::Route, AxisKind::Range] {
            let plain = sampler.reader().matrix(&MatrixQuery { axis, ..MatrixQuery::default() });
            for (policy, same) in [("prefix:2", false), ("hmac", false), ("hex", true)] {
                let mut matrix = plain.clone();
                redactor(policy).matrix(&mut matrix, Partition::Routes);
                let hashed = |m: &Matrix| {
                    let ids = m.rows.iter().map(|row| row.bucket_id.as_str().to_owned());
                    ids.filter(|id| id.contains(['~', '@'])).collect::<Vec<_>>()
                };
                let (before, after) = (hashed(&plain), hashed(&matrix));
                assert!(!before.is_empty() && before.len() == after.len());
                assert_eq!(before == after, same, "{policy} {after:?}");
                assert_eq!(plain.axis_id == matrix.axis_id, same || axis == AxisKind::Route);
                if axis == AxisKind::Range {
                    assert!(after.iter().all(|id| id.ends_with(&format!("@{:016x}", matrix.axis_id))));
                }
                let distinct: BTreeSet<&str> = matrix.rows.iter().map(|row| row.bucket_id.as_str()).collect();
                assert_eq!(distinct.len(), matrix.rows.len());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Whatever the keys: what differs differs, and compares as before; nothing beyond the prefix is there; counts stay.
        #[test]
        fn order_and_counts_stay(
            keys in prop::collection::btree_set(prop::collection::vec(prop_oneof![Just(b'a'), Just(b'~'), Just(0), any::<u8>()], 1..7), 2..40),
            policy in prop::sample::select(vec!["none", "prefix:0", "prefix:1", "prefix:2", "prefix:3", "hmac", "hex"]),
        ) {
            let mut bounds: Vec<Vec<u8>> = keys.iter().cloned().collect();
            bounds.insert(0, Vec::new());
            bounds.push(Vec::new());
            let plain = sampled(&bounds).reader().matrix(&MatrixQuery::default());
            let (mut matrix, redactor) = (plain.clone(), redactor(policy));
            prop_assert_eq!(redactor.matrix(&mut matrix, Partition::Routes), keys.len());
            prop_assert_eq!(matrix.rows.len(), plain.rows.len());
            for (pair, before) in matrix.rows.windows(2).zip(plain.rows.windows(2)) {
                prop_assert_eq!(pair[0].start.cmp(&pair[1].start), before[0].start.cmp(&before[1].start));
                prop_assert_eq!(pair[0].end.as_ref(), Some(&pair[1].start), "a row ends where the next begins");
            }
            for (row, before) in matrix.rows.iter().zip(&plain.rows) {
                prop_assert_eq!(&row.values, &before.values);
                prop_assert_eq!(row.start.is_empty(), before.start.is_empty());
                prop_assert_eq!(row.end.is_some(), before.end.is_some());
                if let Redaction::Prefix(most) = redactor.policy() {
                    let kept = before.start.len().min(most.into());
                    prop_assert_eq!(&row.start[..kept], &before.start[..kept]);
                    let rest = &row.start[kept..];
                    prop_assert!(rest.is_empty() || rest[0] == b'~' && rest[1..].iter().all(u8::is_ascii_digit));
                }
            }
        }
    }
}
