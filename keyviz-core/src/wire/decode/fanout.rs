//! Which nodes an answer is made of.

use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::Context;
use super::lists::{Name, UNSEEN};
use crate::limits::{MAX_FANOUT_ABSENCES, MAX_FANOUT_ERROR_LEN, MAX_FANOUT_WARNINGS, MAX_NAME_LEN};
use crate::merge::{Fanout, FanoutNode, NodeState};

/// What a node costs besides its texts.
const NODE_BYTES: usize = 256;

const _: () = assert!(size_of::<FanoutNode>() <= NODE_BYTES);

const MEMBERS: &[&str] = &["nodes", "responded", "expected", "writes_superseded"];

const NODE_MEMBERS: &[&str] = &[
    "node",
    "ok",
    "state",
    "error",
    "warnings",
    "history_from_unix_ms",
    "started_unix_ms",
    "clock_offset_ms",
    "step_ms",
    "unattributed",
    "evicted",
    "absent_unix_ms",
];

/// What is said of the nodes, or `null`.
pub(super) struct FanoutSeed<'c, 'l>(pub(super) &'c Context<'l>);

impl<'de> DeserializeSeed<'de> for FanoutSeed<'_, '_> {
    type Value = Option<Fanout>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for FanoutSeed<'_, '_> {
    type Value = Option<Fanout>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let context = self.0;
        let mut fanout = Fanout::default();
        while let Some(name) = map.next_key_seed(Name(MEMBERS))? {
            match name {
                "nodes" => {
                    let expected = ("fanout.nodes", "a list of objects");
                    fanout.nodes = context.items(&mut map, expected, context.limits.nodes, NodeSeed(context))?;
                }
                "responded" => fanout.responded = context.number(&mut map, "fanout.responded")?,
                "expected" => fanout.expected = context.number(&mut map, "fanout.expected")?,
                "writes_superseded" => {
                    fanout.writes_superseded = context.number(&mut map, "fanout.writes_superseded")?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(fanout))
    }
}

#[derive(Clone, Copy)]
struct NodeSeed<'c, 'l>(&'c Context<'l>);

impl<'de> DeserializeSeed<'de> for NodeSeed<'_, '_> {
    type Value = FanoutNode;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_, '_> {
    type Value = FanoutNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let context = self.0;
        context.charge(NODE_BYTES)?;
        let mut node = FanoutNode::default();
        let mut state = None;
        while let Some(name) = map.next_key_seed(Name(NODE_MEMBERS))? {
            match name {
                "node" => node.node = words(context, &mut map, "fanout.nodes.node", MAX_NAME_LEN)?.unwrap_or_default(),
                "ok" => node.ok = context.flag(&mut map, "fanout.nodes.ok")?,
                "state" => {
                    // Of a newer server's word only `ok` is understood.
                    let expected = ("fanout.nodes.state", "the name of a state");
                    state = context.text(&mut map, expected, MAX_NAME_LEN, |text| Some(parse_state(text)))?.flatten();
                }
                "error" => node.error = words(context, &mut map, "fanout.nodes.error", MAX_FANOUT_ERROR_LEN)?,
                "warnings" => {
                    let expected = ("fanout.nodes.warnings", "a list of texts");
                    node.warnings = context.items(&mut map, expected, MAX_FANOUT_WARNINGS, WarningSeed(context))?;
                }
                "history_from_unix_ms" => {
                    node.history_from_unix_ms = known(context, &mut map, "fanout.nodes.history_from_unix_ms")?;
                }
                "started_unix_ms" => {
                    node.started_unix_ms = known(context, &mut map, "fanout.nodes.started_unix_ms")?;
                }
                "clock_offset_ms" => {
                    let expected = "an integer";
                    let number = PhantomData::<Option<i64>>;
                    node.clock_offset_ms = context.read(&mut map, "fanout.nodes.clock_offset_ms", expected, number)?;
                }
                "step_ms" => node.step_ms = known(context, &mut map, "fanout.nodes.step_ms")?,
                "unattributed" => node.unattributed = known(context, &mut map, "fanout.nodes.unattributed")?,
                "evicted" => node.evicted = known(context, &mut map, "fanout.nodes.evicted")?,
                "absent_unix_ms" => {
                    let most = 2 * MAX_FANOUT_ABSENCES;
                    let times = context.numbers(&mut map, "fanout.nodes.absent_unix_ms", most)?;
                    node.absent_ms = times.chunks_exact(2).filter_map(|at| Some((*at.first()?, *at.last()?))).collect();
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        node.state = state.unwrap_or(if node.ok { NodeState::Answered } else { NodeState::Failed });
        Ok(node)
    }
}

fn parse_state(text: &str) -> Option<NodeState> {
    NodeState::ALL.into_iter().find(|state| state.name() == text)
}

/// A number that is absent where nothing is known.
fn known<'de, A: MapAccess<'de>>(
    context: &Context<'_>,
    map: &mut A,
    field: &'static str,
) -> Result<Option<u64>, A::Error> {
    context.read(map, field, "an unsigned integer", PhantomData::<Option<u64>>)
}

/// A text that is kept, and charged for.
fn words<'de, A: MapAccess<'de>>(
    context: &Context<'_>,
    map: &mut A,
    field: &'static str,
    most: usize,
) -> Result<Option<String>, A::Error> {
    let text = context.text(map, (field, "a text"), most, |text| Some(String::from(text)))?;
    context.charge(text.as_ref().map_or(0, String::len))?;
    Ok(text)
}

/// One thing that is said of a node.
#[derive(Clone, Copy)]
struct WarningSeed<'c, 'l>(&'c Context<'l>);

impl<'de> DeserializeSeed<'de> for WarningSeed<'_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for WarningSeed<'_, '_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        if text.len() > MAX_NAME_LEN {
            return Err(self.0.too_many(MAX_NAME_LEN));
        }
        self.0.charge(size_of::<String>() + text.len())?;
        Ok(text.into())
    }
}
