//! A row of an answer.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Context;
use super::lists::{Name, UNSEEN, label};
use crate::label::MAX_LABEL_LEN;
use crate::limits::MAX_NAME_LEN;
use crate::matrix::{AnswerRow, BucketId, TermPart};
use crate::route::RouteId;

/// What a row costs besides its lists and bounds.
const ROW_BYTES: usize = 1024;

const _: () = assert!(size_of::<AnswerRow>() + 128 + MAX_LABEL_LEN + MAX_NAME_LEN <= ROW_BYTES);

const MEMBERS: &[&str] = &[
    "bucket_id",
    "label",
    "name",
    "start",
    "end",
    "aggregate",
    "route_ids",
    "route_ids_truncated",
    "route_count",
    "values",
    "conflict",
    "conflicts",
    "estimated",
    "missing",
    "draining",
    "raft_group_ids",
    "leader_terms",
    "term_parts",
];

/// A row.
#[derive(Clone, Copy)]
pub(super) struct RowSeed<'c, 'l>(pub(super) &'c Context<'l>);

impl<'de> DeserializeSeed<'de> for RowSeed<'_, '_> {
    type Value = AnswerRow;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, '_> {
    type Value = AnswerRow;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let context = self.0;
        context.charge(ROW_BYTES)?;
        let mut row = AnswerRow::default();
        while let Some(name) = map.next_key_seed(Name(MEMBERS))? {
            member(context, &mut map, &mut row, name)?;
        }
        if row.bucket_id == BucketId::default() {
            context.at.set(("rows.bucket_id", "1 to 128 plain letters in each row"));
            return Err(context.wrong());
        }
        row.conflict |= row.conflicts.contains(&true);
        Ok(row)
    }
}

fn member<'de, A: MapAccess<'de>>(
    context: &Context<'_>,
    map: &mut A,
    row: &mut AnswerRow,
    name: &str,
) -> Result<(), A::Error> {
    let columns = context.limits.columns;
    match name {
        "bucket_id" => {
            let expected = ("rows.bucket_id", "1 to 128 plain letters in each row");
            row.bucket_id = context.text(map, expected, 128, BucketId::parse)?.unwrap_or_default();
        }
        "label" => {
            let expected = ("rows.label", "at most 32 of a-z, 0-9, '_' and '-'");
            row.label = context.text(map, expected, MAX_LABEL_LEN, label)?.unwrap_or_default();
        }
        "name" => {
            row.name = context.text(map, ("rows.name", "a text"), MAX_NAME_LEN, |name| Some(String::from(name)))?
        }
        "start" => row.start = context.bound(map, "rows.start")?,
        "end" => row.end = Some(context.bound(map, "rows.end")?).filter(|end| !end.is_empty()),
        "aggregate" => row.aggregate = context.flag(map, "rows.aggregate")?,
        "route_ids" => {
            let ids = context.numbers(map, "rows.route_ids", context.limits.route_ids)?;
            row.route_ids = ids.into_iter().map(RouteId).collect();
        }
        "route_ids_truncated" => row.route_ids_truncated = context.flag(map, "rows.route_ids_truncated")?,
        "route_count" => row.route_count = context.number(map, "rows.route_count")?,
        "values" => row.values = context.numbers(map, "rows.values", columns)?,
        "conflict" => row.conflict = context.flag(map, "rows.conflict")?,
        "conflicts" => row.conflicts = context.flags(map, "rows.conflicts")?,
        "estimated" => row.estimated = context.flags(map, "rows.estimated")?,
        "missing" => row.missing = context.flags(map, "rows.missing")?,
        "draining" => row.draining = context.flag(map, "rows.draining")?,
        "raft_group_ids" => row.groups = context.numbers(map, "rows.raft_group_ids", columns)?,
        "leader_terms" => row.terms = context.numbers(map, "rows.leader_terms", columns)?,
        "term_parts" => {
            let expected = "a list of null or lists of {group, term, value}";
            row.term_parts = context.read(map, "rows.term_parts", expected, Parts(context))?;
        }
        _ => {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(())
}

/// The parts of all columns, or `null`.
struct Parts<'c, 'l>(&'c Context<'l>);

impl<'de> DeserializeSeed<'de> for Parts<'_, '_> {
    type Value = Vec<TermPart>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Parts<'_, '_> {
    type Value = Vec<TermPart>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut parts: Vec<TermPart> = Vec::new();
        let mut column = 0;
        while seq.next_element_seed(CellParts { context: self.0, column, parts: &mut parts })?.is_some() {
            column += 1;
            if column > self.0.limits.columns {
                return Err(self.0.too_many(self.0.limits.columns));
            }
        }
        parts.sort_by_key(|part| (part.column, part.group, part.term));
        parts.shrink_to_fit();
        Ok(parts)
    }
}

/// The parts of one cell, or `null`.
struct CellParts<'c, 'l, 'p> {
    context: &'c Context<'l>,
    column: usize,
    parts: &'p mut Vec<TermPart>,
}

impl<'de> DeserializeSeed<'de> for CellParts<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for CellParts<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut count = 0;
        while let Some(Part { group, term, value }) = seq.next_element_seed(PartSeed)? {
            count += 1;
            if count > self.context.limits.parts {
                return Err(self.context.too_many(self.context.limits.parts));
            }
            self.context.charge(size_of::<TermPart>())?;
            self.parts.push(TermPart { column: self.column, group, term, value });
        }
        Ok(())
    }
}

#[derive(Default)]
struct Part {
    group: u64,
    term: u64,
    value: u64,
}

struct PartSeed;

impl<'de> DeserializeSeed<'de> for PartSeed {
    type Value = Part;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Part, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PartSeed {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
        let mut part = Part::default();
        while let Some(name) = map.next_key_seed(Name(&["group", "term", "value"]))? {
            let number = PhantomData::<u64>;
            match name {
                "group" => part.group = map.next_value_seed(number)?,
                "term" => part.term = map.next_value_seed(number)?,
                "value" => part.value = map.next_value_seed(number)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(part)
    }
}
