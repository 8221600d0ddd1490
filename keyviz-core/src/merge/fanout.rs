//! What an answer of several nodes says of each of them.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::{Absence, Merged, Warning};
use crate::limits::{MAX_FANOUT_ABSENCES, MAX_FANOUT_ERROR_LEN, MAX_FANOUT_WARNINGS, MAX_NAME_LEN};
use crate::matrix::Answer;

/// How a node answered, or why it did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeState {
    /// Its answer is in the picture.
    Answered,
    /// Nobody answers there.
    Unreachable,
    /// It did not answer in time.
    TimedOut,
    /// It did not take the coordinator for one that may ask.
    Refused,
    /// It has too much to do.
    Busy,
    /// Its sampler is switched off.
    Disabled,
    /// What it answered could not be read, or not be merged.
    Invalid,
    /// Another reason, which `error` says.
    #[default]
    Failed,
}

impl NodeState {
    /// All of them.
    pub const ALL: [NodeState; 8] = [
        NodeState::Answered,
        NodeState::Unreachable,
        NodeState::TimedOut,
        NodeState::Refused,
        NodeState::Busy,
        NodeState::Disabled,
        NodeState::Invalid,
        NodeState::Failed,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            NodeState::Answered => "answered",
            NodeState::Unreachable => "unreachable",
            NodeState::TimedOut => "timed_out",
            NodeState::Refused => "refused",
            NodeState::Busy => "busy",
            NodeState::Disabled => "disabled",
            NodeState::Invalid => "invalid",
            NodeState::Failed => "failed",
        }
    }
}

/// What an answer says of one of its nodes. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FanoutNode {
    /// Its name as it is configured, at most 256 bytes.
    pub node: String,
    /// Its answer is in the picture. Existing servers say this and no state.
    pub ok: bool,
    /// How it answered, or why it did not.
    pub state: NodeState,
    /// What went wrong, for people: at most 512 bytes, never key bytes.
    pub error: Option<String>,
    /// What is to be said of its answer, each at most 256 bytes: names of [`WarningKind`](crate::WarningKind), or an
    /// existing server's words. At most 16.
    pub warnings: Vec<String>,
    /// The start of its oldest column, in Unix milliseconds.
    pub history_from_unix_ms: Option<u64>,
    /// When its sampler was made, in Unix milliseconds.
    pub started_unix_ms: Option<u64>,
    /// How far its clock is ahead of the coordinator's.
    pub clock_offset_ms: Option<i64>,
    /// Its sampling interval.
    pub step_ms: Option<u64>,
    /// Of the answer's series, what it could give to no route, in all its time.
    pub unattributed: Option<u64>,
    /// Of the answer's series, what went with its oldest columns, in all its time.
    pub evicted: Option<u64>,
    /// From where to where it does not cover what others do, in Unix milliseconds, oldest first: at most 32. Of
    /// more, those that lie nearest to each other are told as one.
    pub absent_ms: Vec<(u64, u64)>,
}

/// Which nodes an answer is made of, in the configured order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fanout {
    /// The nodes that were asked, the coordinator among them.
    pub nodes: Vec<FanoutNode>,
    /// How many of them are in the picture.
    pub responded: u64,
    /// How many there are.
    pub expected: u64,
    /// What the leader rule left out of all cells; see [`Merged::writes_superseded`].
    pub writes_superseded: u64,
}

impl FanoutNode {
    /// A node whose answer is in the picture.
    #[must_use]
    pub fn answered(node: &str) -> Self {
        FanoutNode { node: node.into(), ok: true, state: NodeState::Answered, ..FanoutNode::default() }
    }

    /// A node whose answer is not in the picture, and why.
    #[must_use]
    pub fn failed(node: &str, state: NodeState, error: &str) -> Self {
        FanoutNode { node: node.into(), ok: false, state, error: Some(error.into()), ..FanoutNode::default() }
    }

    /// Cuts texts and lists to what a decoder takes.
    fn bounded(&mut self) {
        cut(&mut self.node, MAX_NAME_LEN);
        self.error.iter_mut().for_each(|error| cut(error, MAX_FANOUT_ERROR_LEN));
        self.warnings.truncate(MAX_FANOUT_WARNINGS);
        self.warnings.iter_mut().for_each(|warning| cut(warning, MAX_NAME_LEN));
        self.absent_ms = joined(core::mem::take(&mut self.absent_ms), MAX_FANOUT_ABSENCES);
    }
}

/// Joins stretches of time, oldest first, across the shortest times between them until there are at most so many: a
/// column that lacks a node stays in one of them.
fn joined(stretches: Vec<(u64, u64)>, most: usize) -> Vec<(u64, u64)> {
    let surplus = stretches.len().saturating_sub(most.max(1));
    if surplus == 0 {
        return stretches;
    }
    let mut between: Vec<(u64, usize)> = (1..)
        .zip(stretches.windows(2))
        .filter_map(|(at, pair)| Some((pair.last()?.0.saturating_sub(pair.first()?.1), at)))
        .collect();
    between.select_nth_unstable(surplus - 1);
    let closed: BTreeSet<usize> = between.into_iter().take(surplus).map(|(_, at)| at).collect();
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(most);
    for (at, stretch) in stretches.into_iter().enumerate() {
        match joined.last_mut().filter(|_| closed.contains(&at)) {
            Some(last) => last.1 = stretch.1,
            None => joined.push(stretch),
        }
    }
    joined
}

impl Merged {
    /// The answer, saying of each node what is known of it: `nodes` is what the coordinator knows, by place. The merge's
    /// warnings are added to them, and to those that answered when they were absent.
    ///
    /// A warning of a place that `nodes` lacks gets a node of its own at the end, named `#` and the place, so that none
    /// is lost. Texts beyond what [`FanoutNode`] says are cut. Never panics. Cost: linear in nodes and warnings.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Answer, FanoutNode, MatrixQuery, NodeState, merge};
    /// let merged = merge([(0, Answer::default())], &MatrixQuery::default())?;
    /// let down = FanoutNode::failed("b:8765", NodeState::Unreachable, "connection refused");
    /// let fanout = merged.with_nodes(vec![FanoutNode::answered("a:8765"), down]).fanout.ok_or("no nodes")?;
    /// assert_eq!((fanout.responded, fanout.expected), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_nodes(self, mut nodes: Vec<FanoutNode>) -> Answer {
        let expected = nodes.len();
        let mut unplaced: Option<(u32, usize)> = None;
        for Warning { place, kind } in self.warnings {
            let mut at = place as usize;
            if at >= expected {
                at = match unplaced {
                    Some((known, at)) if known == place => at,
                    _ => {
                        let mut node = FanoutNode::answered("#");
                        let _ = write!(node.node, "{place}");
                        nodes.push(node);
                        nodes.len().saturating_sub(1)
                    }
                };
                unplaced = Some((place, at));
            }
            if let Some(node) = nodes.get_mut(at) {
                node.warnings.push(kind.name().into());
            }
        }
        for Absence { place, start_ms, end_ms } in self.absences {
            let node = nodes.get_mut(place as usize).filter(|node| node.ok);
            node.into_iter().for_each(|node| node.absent_ms.push((start_ms, end_ms)));
        }
        nodes.iter_mut().for_each(FanoutNode::bounded);
        let (responded, expected) = (nodes.iter().filter(|node| node.ok).count() as u64, nodes.len() as u64);
        let fanout = Fanout { nodes, responded, expected, writes_superseded: self.writes_superseded };
        Answer { fanout: Some(fanout), ..self.answer }
    }
}

fn cut(text: &mut String, most: usize) {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_stretches_are_joined_where_they_are_nearest() {
        let stretches = [(0, 5), (7, 9), (10, 20), (30, 31), (33, 40), (90, 95)];
        let to = |most| joined(stretches.to_vec(), most);
        assert_eq!(to(6), stretches);
        assert_eq!(to(5), [(0, 5), (7, 20), (30, 31), (33, 40), (90, 95)]);
        assert_eq!(to(3), [(0, 20), (30, 40), (90, 95)]);
        assert_eq!(to(1), [(0, 95)]);
        let many: Vec<(u64, u64)> = (0..1000).map(|at| (at * at * 10, at * at * 10 + 1)).collect();
        let few = joined(many.clone(), 32);
        assert!(few.len() == 32 && few.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(many.iter().all(|(from, to)| few.iter().any(|(begin, end)| begin <= from && to <= end)));
    }
}
