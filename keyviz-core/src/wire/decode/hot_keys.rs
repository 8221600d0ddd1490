//! Another node's hot keys.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::super::instant;
use super::lists::{Name, UNSEEN, label};
use super::{Context, DecodeError};
use crate::hot_keys::{HotKey, HotKeys, HotKeysOf};
use crate::label::{Label, Labels, MAX_LABEL_LEN};
use crate::limits::MAX_SKETCH_KEYS;
use crate::op::Series;
use crate::route::RouteId;

/// What a key costs besides its bytes.
const KEY_BYTES: usize = 64;

const _: () = assert!(size_of::<HotKey>() <= KEY_BYTES);

const MEMBERS: &[&str] = &[
    "route_id",
    "label",
    "sub_bucket",
    "start",
    "end",
    "series",
    "keys",
    "sample_rate",
    "sample_rate_least",
    "sampled_n",
    "operations",
    "dropped_samples",
    "skipped_long_keys",
    "unsampled_ops",
    "degraded",
    "error_bound",
    "aggregate",
    "from_unix_ms",
    "to_unix_ms",
    "snapshot_at",
];

const KEY_MEMBERS: &[&str] = &["key_b64", "count", "error"];

/// The hot keys of a node, and whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotKeysAnswer {
    /// The keys, in the order that [`HotKeys`] has, whatever order they came in.
    pub hot: HotKeys,
    /// The route or range that they are of; of a label it has the number within `labels`.
    pub of: HotKeysOf,
    /// The label that `of` names, or none.
    pub labels: Labels,
}

/// The members as they came.
#[derive(Default)]
pub(super) struct Raw {
    hot: HotKeys,
    series: Option<Series>,
    keys: Option<Vec<HotKey>>,
    route: Option<u64>,
    label: Option<String>,
    sub_bucket: Option<u64>,
    start: Vec<u8>,
    end: Vec<u8>,
}

pub(super) struct HotKeysVisitor<'c, 'l>(pub(super) &'c Context<'l>);

impl<'de> Visitor<'de> for HotKeysVisitor<'_, '_> {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut raw = Raw::default();
        while let Some(name) = map.next_key_seed(Name(MEMBERS))? {
            raw.member(self.0, &mut map, name)?;
        }
        Ok(raw)
    }
}

impl Raw {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        context: &Context<'_>,
        map: &mut A,
        name: &str,
    ) -> Result<(), A::Error> {
        let hot = &mut self.hot;
        match name {
            "route_id" => self.route = Some(context.number(map, "route_id")?),
            "label" => {
                let expected = ("label", "at most 32 of a-z, 0-9, '_' and '-'");
                self.label = context.text(map, expected, MAX_LABEL_LEN, label)?;
            }
            "sub_bucket" => self.sub_bucket = Some(context.number(map, "sub_bucket")?),
            "start" => self.start = context.bound(map, "start")?,
            "end" => self.end = context.bound(map, "end")?,
            "series" => {
                self.series = context.text(map, ("series", "the name of a series"), 32, Series::parse)?;
            }
            "keys" => {
                let expected = ("keys", "a list of {key_b64, count, error}");
                self.keys = Some(context.items(map, expected, MAX_SKETCH_KEYS as usize, KeySeed(context))?);
            }
            "sample_rate" => hot.most_every = context.number(map, "sample_rate")?,
            "sample_rate_least" => hot.least_every = context.number(map, "sample_rate_least")?,
            "sampled_n" => hot.samples = context.number(map, "sampled_n")?,
            "operations" => hot.operations = context.number(map, "operations")?,
            "dropped_samples" => hot.dropped = context.number(map, "dropped_samples")?,
            "skipped_long_keys" => hot.too_long = context.number(map, "skipped_long_keys")?,
            "unsampled_ops" => hot.unsampled = context.number(map, "unsampled_ops")?,
            "degraded" => hot.degraded = context.flag(map, "degraded")?,
            "error_bound" => hot.error_bound = context.number(map, "error_bound")?,
            "aggregate" => hot.aggregate = context.flag(map, "aggregate")?,
            "from_unix_ms" => hot.from_ms = context.number(map, "from_unix_ms")?,
            "to_unix_ms" => hot.to_ms = context.number(map, "to_unix_ms")?,
            "snapshot_at" => {
                let at = context.text(map, ("snapshot_at", "an instant after RFC 3339"), 64, instant::parse)?;
                hot.as_of_ms = at.unwrap_or(0);
            }
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    /// The answer, when its members fit together.
    pub(super) fn assemble(self) -> Result<HotKeysAnswer, DecodeError> {
        let mut hot = self.hot;
        hot.keys = self.keys.ok_or(DecodeError::Absent { field: "keys" })?;
        hot.series = self.series.ok_or(DecodeError::Absent { field: "series" })?;
        if hot.least_every == 0 {
            hot.least_every = hot.most_every;
        }
        let mut labels = Labels::NONE;
        let of = match self.route {
            Some(route) => {
                if let Some(name) = self.label.as_ref().filter(|label| !label.is_empty()) {
                    let expected = "at most 32 of a-z, 0-9, '_' and '-'";
                    labels = Labels::new(&[name.as_str()])
                        .map_err(|_| DecodeError::Unexpected { field: "label", expected })?;
                }
                let label = self.label.map(|_| labels.iter().next().map_or(Label::NONE, |(label, _)| label));
                let sub_bucket = self.sub_bucket.and_then(|sub| u32::try_from(sub).ok());
                HotKeysOf::Route { route: RouteId(route), label, sub_bucket }
            }
            None => HotKeysOf::Range { start: self.start, end: Some(self.end).filter(|end| !end.is_empty()) },
        };
        // Of a node that does not keep the order, or names a key twice, the sum counts.
        let hot = HotKeys::merge(&[hot], 0);
        Ok(HotKeysAnswer { hot, of, labels })
    }
}

/// One key.
#[derive(Clone, Copy)]
struct KeySeed<'c, 'l>(&'c Context<'l>);

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = HotKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<HotKey, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, '_> {
    type Value = HotKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HotKey, A::Error> {
        self.0.charge(KEY_BYTES)?;
        let mut hot = HotKey::new(Vec::new(), 0, 0);
        while let Some(name) = map.next_key_seed(Name(KEY_MEMBERS))? {
            match name {
                "key_b64" => hot.key = self.0.bound(&mut map, "keys.key_b64")?,
                "count" => hot.count = self.0.number(&mut map, "keys.count")?,
                "error" => hot.error = self.0.number(&mut map, "keys.error")?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(hot)
    }
}
