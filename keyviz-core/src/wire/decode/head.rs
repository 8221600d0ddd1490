//! An answer but for its rows, and what its lists make together.

use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::super::instant;
use super::fanout::FanoutSeed;
use super::lists::{Name, UNSEEN};
use super::row::RowSeed;
use super::{Context, DecodeError};
use crate::history::ColumnState;
use crate::matrix::{Answer, AnswerRow, AxisKind, Column, Cut, WriteMerge};
use crate::op::Series;

const MEMBERS: &[&str] = &[
    "column_unix_ms",
    "column_start_unix_ms",
    "column_covers_from_unix_ms",
    "column_covers_to_unix_ms",
    "column_state",
    "column_nodes",
    "series",
    "generated_at",
    "step_ms",
    "axis",
    "axis_id",
    "write_merge",
    "rows",
    "cut",
    "unattributed",
    "fanout",
];

/// An answer's members as they came.
#[derive(Default)]
pub(super) struct Raw {
    ends: Option<Vec<u64>>,
    starts: Vec<u64>,
    covers_from: Vec<u64>,
    covers_to: Vec<u64>,
    states: Vec<ColumnState>,
    nodes: Vec<u64>,
    series: Option<Series>,
    axis_id: Option<u64>,
    rows: Option<Vec<AnswerRow>>,
    rest: Answer,
}

pub(super) struct AnswerVisitor<'c, 'l>(pub(super) &'c Context<'l>);

impl<'de> Visitor<'de> for AnswerVisitor<'_, '_> {
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
        let columns = context.limits.columns;
        match name {
            "column_unix_ms" => self.ends = Some(context.numbers(map, "column_unix_ms", columns)?),
            "column_start_unix_ms" => self.starts = context.numbers(map, "column_start_unix_ms", columns)?,
            "column_covers_from_unix_ms" => {
                self.covers_from = context.numbers(map, "column_covers_from_unix_ms", columns)?;
            }
            "column_covers_to_unix_ms" => {
                self.covers_to = context.numbers(map, "column_covers_to_unix_ms", columns)?;
            }
            "column_nodes" => self.nodes = context.numbers(map, "column_nodes", columns)?,
            "unattributed" => self.rest.unattributed = context.numbers(map, "unattributed", columns)?,
            "step_ms" => self.rest.step_ms = context.number(map, "step_ms")?,
            "column_state" => {
                let expected = ("column_state", "a list of complete, open, late or missing");
                self.states = context.items(map, expected, columns, Word(context))?;
            }
            "series" => {
                self.series = context.text(map, ("series", "the name of a series"), 32, Series::parse)?;
            }
            "axis" => {
                self.rest.axis =
                    context.text(map, ("axis", "route or range"), 32, AxisKind::parse)?.unwrap_or_default();
            }
            "axis_id" => {
                let expected = ("axis_id", "route, or 16 hex digits");
                self.axis_id = context.text(map, expected, 32, axis_id)?;
            }
            "write_merge" => {
                self.rest.write_merge = context.text(map, ("write_merge", "sum or leader"), 32, write_merge)?;
            }
            "generated_at" => {
                let expected = ("generated_at", "a text");
                self.rest.generated_at_ms =
                    context.text(map, expected, 64, |text| Some(instant::parse(text)))?.flatten();
            }
            "rows" => {
                let expected = ("rows", "a list of objects");
                self.rows = Some(context.items(map, expected, context.limits.rows, RowSeed(context))?);
            }
            "fanout" => self.rest.fanout = context.read(map, "fanout", "an object", FanoutSeed(context))?,
            "cut" => self.rest.cut = context.read(map, "cut", "an object", CutSeed(context))?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    /// The answer, when its members fit together.
    pub(super) fn assemble(self) -> Result<Answer, DecodeError> {
        let ends = self.ends.ok_or(DecodeError::Absent { field: "column_unix_ms" })?;
        let fits = |len: usize, field| match len {
            0 => Ok(()),
            len if len == ends.len() => Ok(()),
            _ => Err(DecodeError::Unexpected { field, expected: "as many as column_unix_ms, or none" }),
        };
        fits(self.starts.len(), "column_start_unix_ms")?;
        fits(self.covers_from.len(), "column_covers_from_unix_ms")?;
        fits(self.covers_to.len(), "column_covers_to_unix_ms")?;
        fits(self.states.len(), "column_state")?;
        fits(self.nodes.len(), "column_nodes")?;
        let mut columns = Vec::with_capacity(ends.len());
        for (at, end_ms) in ends.iter().copied().enumerate() {
            let start_ms = self.starts.get(at).copied().unwrap_or(end_ms);
            let column = Column {
                start_ms,
                end_ms,
                state: self.states.get(at).copied().unwrap_or(ColumnState::Complete),
                covers_from_ms: self.covers_from.get(at).copied().unwrap_or(start_ms),
                covers_to_ms: self.covers_to.get(at).copied().unwrap_or(end_ms),
            };
            if column.start_ms > column.end_ms || column.covers_from_ms > column.covers_to_ms {
                let expected = "no later than the column's end";
                return Err(DecodeError::Unexpected { field: "column_start_unix_ms", expected });
            }
            columns.push(column);
        }
        let rows = self.rows.ok_or(DecodeError::Absent { field: "rows" })?;
        rows.iter().try_for_each(|row| row_fits(row, columns.len()))?;
        let short = |list: &[u64], field| longer(list.len(), columns.len(), field);
        short(&self.rest.unattributed, "unattributed")?;
        short(&self.rest.cut.values, "cut.values")?;
        Ok(Answer {
            series: self.series.ok_or(DecodeError::Absent { field: "series" })?,
            axis_id: self.axis_id.filter(|_| self.rest.axis == AxisKind::Range).unwrap_or(0),
            column_nodes: self.nodes.iter().map(|nodes| u32::try_from(*nodes).unwrap_or(u32::MAX)).collect(),
            columns,
            rows,
            ..self.rest
        })
    }
}

fn longer(len: usize, columns: usize, field: &'static str) -> Result<(), DecodeError> {
    let expected = "no more than column_unix_ms";
    if len > columns { Err(DecodeError::Unexpected { field, expected }) } else { Ok(()) }
}

fn row_fits(row: &AnswerRow, columns: usize) -> Result<(), DecodeError> {
    longer(row.values.len(), columns, "rows.values")?;
    longer(row.conflicts.len(), columns, "rows.conflicts")?;
    longer(row.estimated.len(), columns, "rows.estimated")?;
    longer(row.missing.len(), columns, "rows.missing")?;
    longer(row.groups.len(), columns, "rows.raft_group_ids")?;
    longer(row.terms.len(), columns, "rows.leader_terms")?;
    let parts = row.term_parts.last().map_or(0, |part| part.column.saturating_add(1));
    longer(parts, columns, "rows.term_parts")
}

fn axis_id(text: &str) -> Option<u64> {
    if text == AxisKind::Route.name() {
        return Some(0);
    }
    let digits = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if digits { u64::from_str_radix(text, 16).ok() } else { None }
}

fn write_merge(text: &str) -> Option<WriteMerge> {
    [WriteMerge::Sum, WriteMerge::Leader].into_iter().find(|mode| mode.name() == text)
}

fn state(text: &str) -> Option<ColumnState> {
    let states = [ColumnState::Complete, ColumnState::Open, ColumnState::Late, ColumnState::Missing];
    states.into_iter().find(|state| state.name() == text)
}

/// One column's state by name.
#[derive(Clone, Copy)]
struct Word<'c, 'l>(&'c Context<'l>);

impl<'de> DeserializeSeed<'de> for Word<'_, '_> {
    type Value = ColumnState;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ColumnState, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Word<'_, '_> {
    type Value = ColumnState;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ColumnState, E> {
        self.0.charge(size_of::<ColumnState>())?;
        state(text).ok_or_else(|| self.0.wrong())
    }
}

/// What a budget cut, or `null`.
struct CutSeed<'c, 'l>(&'c Context<'l>);

impl<'de> DeserializeSeed<'de> for CutSeed<'_, '_> {
    type Value = Cut;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cut, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for CutSeed<'_, '_> {
    type Value = Cut;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Cut, E> {
        Ok(Cut::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cut, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cut, A::Error> {
        let mut cut = Cut::default();
        while let Some(name) = map.next_key_seed(Name(&["rows", "values"]))? {
            match name {
                "rows" => cut.rows = self.0.number(&mut map, "cut.rows")?,
                "values" => cut.values = self.0.numbers(&mut map, "cut.values", self.0.limits.columns)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(cut)
    }
}
