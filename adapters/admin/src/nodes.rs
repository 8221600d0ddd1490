//! What an endpoint shows: one sampler, or several nodes as one picture.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use keyviz_core::{Config, Counters, FanoutNode, NodeState, Reader, Series, WindowInfo};

/// One of several nodes that an endpoint shows as one picture; see [`Admin::of_nodes`](crate::Admin::of_nodes).
#[derive(Clone)]
pub struct Node {
    pub(crate) name: String,
    pub(crate) reader: Reader,
    presence: Presence,
}

/// Whether a node is there. Cheap to clone; all clones say the same.
///
/// A node is there until it is said to be away. What it counted before stays in the picture either way; which columns it
/// does not cover follows from its columns alone.
#[derive(Clone, Debug, Default)]
pub struct Presence(Arc<Mutex<Option<Away>>>);

#[derive(Clone, Debug)]
struct Away {
    state: NodeState,
    why: String,
}

/// Nodes that are shown as one: at least two, with one step and the same labels.
#[derive(Clone)]
pub(crate) struct Nodes {
    first: Reader,
    all: Arc<[Node]>,
}

/// What an endpoint shows.
#[derive(Clone)]
pub(crate) enum Source {
    None,
    One(Reader),
    Several(Nodes),
}

impl Node {
    /// A node of this name, at most 256 bytes of which are shown; it is there.
    pub fn new(name: impl Into<String>, reader: Reader) -> Node {
        Node { name: name.into(), reader, presence: Presence::default() }
    }

    /// The same with a presence that the host has already; it is where that says.
    #[must_use]
    pub fn with_presence(self, presence: Presence) -> Node {
        Node { presence, ..self }
    }

    /// By which the host says whether the node is there.
    #[must_use]
    pub fn presence(&self) -> Presence {
        self.presence.clone()
    }

    /// Whether it has been there at all, or is now.
    pub(crate) fn is_known(&self) -> bool {
        let window = self.reader.window();
        self.presence.is_here() || window.history_from_ms.is_some() || window.open_from_ms.is_some()
    }

    /// Whether it is there now, and what is known of it.
    pub(crate) fn status(&self, series: Series) -> FanoutNode {
        let mut told = self.told(series);
        if let Some(away) = self.presence.get() {
            (told.ok, told.state) = (false, away.state);
        }
        told
    }

    /// What is known of it beside its answer.
    pub(crate) fn told(&self, series: Series) -> FanoutNode {
        let away = self.presence.get();
        let mut told = match &away {
            Some(away) if !self.is_known() => return FanoutNode::failed(&self.name, away.state, &away.why),
            _ => FanoutNode::answered(&self.name),
        };
        if let Some(away) = away {
            told.warnings.push(AWAY.to_owned());
            told.error = Some(away.why);
        }
        let (window, counters) = (self.reader.window(), self.reader.counters());
        told.history_from_unix_ms = window.history_from_ms;
        told.started_unix_ms = Some(window.started_ms);
        told.step_ms = Some(self.reader.config().step_ms);
        told.unattributed = Some(counters.unattributed.get(series));
        told.evicted = Some(counters.evicted.get(series));
        told
    }
}

/// The warning of a node that is in the picture, and not there at present.
const AWAY: &str = "away";

impl Presence {
    /// The node is there, from now on. One that comes back is best said to be here once it was flushed: until then it has
    /// nothing to tell, and what all who are there have sealed ends before it went away.
    pub fn here(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// It is not, and why: for people, without key bytes.
    pub fn away(&self, state: NodeState, why: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Away { state, why: why.into() });
    }

    fn get(&self) -> Option<Away> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_here(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

/// Why nodes cannot be shown as one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodesError {
    /// A node has another step than the first.
    OtherStep {
        /// Its name.
        node: String,
    },
    /// A node has other labels than the first.
    OtherLabels {
        /// Its name.
        node: String,
    },
    /// Two nodes have one name.
    SameName {
        /// The name.
        node: String,
    },
}

impl fmt::Display for NodesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodesError::OtherStep { node } => write!(f, "{node} has another step than the first node; use one for all"),
            NodesError::OtherLabels { node } => {
                write!(f, "{node} has other labels than the first node; use the same for all")
            }
            NodesError::SameName { node } => write!(f, "two nodes are named {node}; give each a name of its own"),
        }
    }
}

impl std::error::Error for NodesError {}

impl Source {
    pub(crate) fn of(nodes: Vec<Node>) -> Result<Source, NodesError> {
        let Some((first, others)) = nodes.split_first() else { return Ok(Source::None) };
        let first = first.reader.clone();
        if others.is_empty() {
            return Ok(Source::One(first));
        }
        for (at, other) in others.iter().enumerate() {
            let (config, node) = (other.reader.config(), other.name.clone());
            if config.step_ms != first.config().step_ms {
                return Err(NodesError::OtherStep { node });
            }
            if config.labels != first.config().labels {
                return Err(NodesError::OtherLabels { node });
            }
            if nodes.iter().take(at + 1).any(|before| before.name == other.name) {
                return Err(NodesError::SameName { node });
            }
        }
        Ok(Source::Several(Nodes { first, all: nodes.into() }))
    }

    /// What all samplers have in common.
    pub(crate) fn config(&self) -> Option<&Config> {
        match self {
            Source::None => None,
            Source::One(reader) => Some(reader.config()),
            Source::Several(nodes) => Some(nodes.config()),
        }
    }
}

impl Nodes {
    /// What all have in common.
    pub(crate) fn config(&self) -> &Config {
        self.first.config()
    }

    /// Where the picture stands in time: from the first that has anything to the latest.
    pub(crate) fn window(&self) -> WindowInfo {
        let least = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        self.iter().map(|node| node.reader.window()).fold(self.first.window(), |mut all, window| {
            all.started_ms = all.started_ms.min(window.started_ms);
            all.last_flush_ms = all.last_flush_ms.max(window.last_flush_ms);
            all.open_from_ms = all.open_from_ms.max(window.open_from_ms);
            all.history_from_ms = least(all.history_from_ms, window.history_from_ms);
            all.sealed_to_ms = all.sealed_to_ms.max(window.sealed_to_ms);
            all.next_column_ms = all.next_column_ms.max(window.next_column_ms);
            all
        })
    }

    /// All counters together.
    pub(crate) fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        self.iter().for_each(|node| sum.add(&node.reader.counters()));
        sum
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.all.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The node of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Node> {
        self.iter().find(|node| node.name == name)
    }

    /// The end of the last window that every node which is there has sealed. Nodes flush one after the other: beyond it
    /// a column may lack one that only has not come to it yet.
    pub(crate) fn sealed_to_ms(&self) -> u64 {
        // Time may be sealed that was not flushed but skipped, and there may be no column of time that was flushed.
        let sealed = |node: &Node| {
            let window = node.reader.window();
            let flushed_ms = window.next_column_ms.saturating_sub(node.reader.config().step_ms);
            window.sealed_to_ms.map_or(flushed_ms, |sealed_ms| sealed_ms.max(flushed_ms))
        };
        let newest = self.iter().map(sealed).max().unwrap_or(0);
        let here = self.iter().filter(|node| node.presence.is_here()).map(sealed);
        // One that says it is there and has stood still for a while is gone as well.
        let patience_ms = self.iter().map(|node| node.reader.config().step_ms).max().unwrap_or(0).saturating_mul(2);
        here.filter(|sealed_ms| sealed_ms.saturating_add(patience_ms) >= newest).min().unwrap_or(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyviz_core::{Labels, Sampler};

    fn node(name: &str, step_ms: u64, labels: &[&str]) -> Node {
        let mut config = Config::default();
        config.step_ms = step_ms;
        config.labels = Labels::new(labels).unwrap();
        Node::new(name, Sampler::new(config, 0).unwrap().reader())
    }

    #[test]
    fn what_cannot_be_one_picture_is_refused_by_its_name() {
        let of = |nodes: &[Node]| Source::of(nodes.to_vec()).map(|_| ()).map_err(|error| error.to_string());
        let a = node("a", 1000, &["x"]);
        assert!(matches!(Source::of(Vec::new()), Ok(Source::None)));
        assert!(matches!(Source::of(vec![a.clone()]), Ok(Source::One(_))));
        assert_eq!(of(&[a.clone(), node("b", 1000, &["x"])]), Ok(()));
        for (other, text) in [
            (node("b", 2000, &["x"]), "b has another step"),
            (node("b", 1000, &[]), "b has other labels"),
            (node("a", 1000, &["x"]), "two nodes are named a"),
        ] {
            assert!(of(&[a.clone(), other]).unwrap_err().starts_with(text), "{text}");
        }
    }

    #[test]
    fn only_windows_that_all_who_are_there_have_sealed_are_sealed() {
        let sampler = |until_ms| {
            let mut config = Config::default();
            (config.step_ms, config.prefault) = (1000, false);
            let sampler = Sampler::new(config, 0).unwrap();
            sampler.flush(until_ms);
            sampler
        };
        let samplers = [8_300, 7_900, 2_000].map(sampler);
        let nodes: Vec<Node> = ["a", "b", "c"]
            .into_iter()
            .zip(&samplers)
            .map(|(name, sampler)| Node::new(name, sampler.reader()))
            .collect();
        let presence = nodes[1].presence();
        let Ok(Source::Several(nodes)) = Source::of(nodes) else { panic!("three are several") };
        // The third stands still.
        assert_eq!(nodes.sealed_to_ms(), 7_000);
        presence.away(NodeState::Unreachable, "gone");
        assert_eq!(nodes.sealed_to_ms(), 8_000);
        let away = nodes.named("b").unwrap();
        // It is in the picture, and not there.
        let (told, status) = (away.told(Series::Reads), away.status(Series::Reads));
        assert_eq!((told.ok, told.state, &told.warnings), (true, NodeState::Answered, &vec![AWAY.to_owned()]));
        assert_eq!((status.ok, status.state, &status.warnings), (false, NodeState::Unreachable, &told.warnings));
        assert_eq!((status.error.as_deref(), nodes.status(Series::Reads).responded), (Some("gone"), 2));
        presence.here();
        assert_eq!(nodes.sealed_to_ms(), 7_000);
        assert_eq!(nodes.status(Series::Reads).responded, 3);
    }
}
