//! Many events of one kind as one line, so that what somebody said is not buried under what stores do by themselves.
//!
//! - Time is cut into spans of `width_ms`, aligned to the epoch, so that lines stay what they are as time goes on.
//! - What a host told stands for itself, as somebody may have written it: a deployment, a note, a split by hand. Only
//!   of a kind that stores do by themselves ([`EventKind::is_routine`]), and from [`HOST_FROM`] of it in one span on,
//!   it is a machine that speaks, and they are one line.
//! - Of the core's own, from [`OWN_FROM`] of a kind in one span on they are one line.
//! - A line stands where its first event does. Every event is in one line: the lines' `events` sum to the events.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::event::{Event, EventKind};

/// So many of the core's own of one kind in one span are one line.
const OWN_FROM: u64 = 3;
/// So many of a host's of one routine kind are.
const HOST_FROM: u64 = 16;

/// One event, or many of one kind in one span; see [`fold_events`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventLine<'e> {
    /// The first.
    pub first: &'e Event,
    /// Who told the first, as it was given.
    pub node: u32,
    /// How many others told of it, too.
    pub other_nodes: u32,
    /// The latest's instant, in Unix milliseconds.
    pub last_ms: u64,
    /// How many events it stands for, at least 1.
    pub events: u64,
    /// How many changes these stand for; a sum that does not fit saturates.
    pub changes: u64,
    /// The least and the greatest id of what changed, where every one of them has some.
    pub ids: Option<(u64, u64)>,
}

impl EventLine<'_> {
    /// What there is to say of it: the event's own text; of many how many changes they are, and of which routes or
    /// groups. Never a byte of a host's text where it stands for many.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Sampler, fold_events};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// for term in 1..=4u64 {
    ///     sampler.set_term(7, term);
    ///     sampler.flush(term * 60_000);
    /// }
    /// let events = sampler.reader().events(0, 0);
    /// let lines = fold_events(events.iter().map(|event| (0, event)), 3_600_000);
    /// assert_eq!((events.len(), lines.len(), lines[0].text().as_str()), (3, 1, "×3, group 7"));
    ///
    /// let two = fold_events(events.iter().take(2).map(|event| (0, event)), 3_600_000);
    /// assert_eq!(two[1].text(), "group 7 from term 2 to 3"); // two are no flood
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        if self.events == 1 {
            return self.first.text.clone();
        }
        let mut text = String::new();
        let what = if self.first.kind == EventKind::LEADER_CHANGE { "group" } else { "route" };
        // Writing to a String cannot fail.
        let _ = write!(text, "×{}", self.changes);
        let _ = match self.ids {
            None => Ok(()),
            Some((least, greatest)) if least == greatest => write!(text, ", {what} {least}"),
            Some((least, greatest)) => write!(text, ", {what}s {least} … {greatest}"),
        };
        text
    }
}

/// The lines that events are shown as, in the order of their first ones.
///
/// - `told`: who told each, a number that is equal for what one node told, and the event; in order of time, as
///   [`Reader::events`](crate::Reader::events) gives them. What is in another order is folded alike, and its lines are in
///   that order.
/// - `width_ms`: how long a span is, in milliseconds; 0: nothing is folded.
///
/// The module's rules: spans are aligned to the epoch; of the core's own three of a kind in a span are one line; what
/// a host told stands alone, but from sixteen of a routine kind on. Events of several nodes are folded together.
///
/// Never panics. Memory: some 100 bytes a line. Cost: `O(n log s)` for `n` events in `s` spans. Source: ours.
#[must_use]
pub fn fold_events<'e>(told: impl Iterator<Item = (u32, &'e Event)> + Clone, width_ms: u64) -> Vec<EventLine<'e>> {
    let key = |event: &Event| event.at_ms.checked_div(width_ms).map(|span| (span, event.own, event.kind));
    let mut many: BTreeMap<(u64, bool, EventKind), Many> = BTreeMap::new();
    for key in told.clone().filter_map(|(_, event)| key(event)) {
        let many = many.entry(key).or_default();
        many.events = many.events.saturating_add(1);
    }
    let mut lines: Vec<EventLine<'e>> = Vec::new();
    for (node, event) in told {
        let of = key(event).and_then(|key| many.get_mut(&key)).filter(|many| many.are_one_line(event));
        let Some(many) = of else {
            lines.push(EventLine::of(node, event));
            continue;
        };
        match many.line.and_then(|at| lines.get_mut(at)) {
            Some(line) => line.take(event),
            None => {
                many.line = Some(lines.len());
                lines.push(EventLine::of(node, event));
            }
        }
        if let Err(at) = many.nodes.binary_search(&node) {
            many.nodes.insert(at, node);
        }
    }
    for Many { line, nodes, .. } in many.values() {
        if let Some(line) = line.and_then(|at| lines.get_mut(at)) {
            line.other_nodes = nodes.len().saturating_sub(1) as u32;
        }
    }
    lines
}

/// The events of one kind and one teller in one span.
#[derive(Default)]
struct Many {
    events: u64,
    /// Where their line is.
    line: Option<usize>,
    /// Who told them, in order.
    nodes: Vec<u32>,
}

impl Many {
    fn are_one_line(&self, event: &Event) -> bool {
        self.events >= if event.own { OWN_FROM } else { HOST_FROM } && event.kind.is_routine()
    }
}

impl<'e> EventLine<'e> {
    fn of(node: u32, first: &'e Event) -> Self {
        let Event { at_ms: last_ms, changes, ids, .. } = *first;
        EventLine { first, node, other_nodes: 0, last_ms, events: 1, changes, ids }
    }

    fn take(&mut self, event: &Event) {
        self.last_ms = self.last_ms.max(event.at_ms);
        self.events = self.events.saturating_add(1);
        self.changes = self.changes.saturating_add(event.changes);
        self.ids = self.ids.zip(event.ids).map(|(ids, more)| (ids.0.min(more.0), ids.1.max(more.1)));
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    fn event((at_ms, kind, own, changes): (u64, usize, bool, u64), number: u64) -> Event {
        let kinds =
            [EventKind::SPLIT, EventKind::MERGE, EventKind::LEADER_CHANGE, EventKind::DEPLOY, EventKind::RESTART];
        // The core tells of nothing but routine kinds.
        let kind = kinds[if own { kind % 3 } else { kind }];
        let (text, ids) = (format!("text {number}"), own.then_some((number, number)));
        Event { at_ms, kind, text, cut: false, number, own, changes: if own { changes } else { 1 }, ids }
    }

    fn lines(events: &[Event], width_ms: u64) -> Vec<EventLine<'_>> {
        fold_events(events.iter().map(|event| (0, event)), width_ms)
    }

    #[test]
    fn five_hundred_splits_and_a_deployment_are_two_lines() {
        let mut events: Vec<Event> = (0..500).map(|n| event((60_000 + n, 0, true, 1), n)).collect();
        events.insert(250, event((60_250, 3, false, 1), 500));
        let folded = lines(&events, 60_000);
        assert_eq!(folded.len(), 2);
        let texts: Vec<(&str, String)> = folded.iter().map(|line| (line.first.kind.as_str(), line.text())).collect();
        assert_eq!(texts, [("split", "×500, routes 0 … 499".into()), ("deploy", "text 500".into())]);
        assert_eq!((folded[0].first.at_ms, folded[0].last_ms, folded[0].events), (60_000, 60_499, 500));
        assert_eq!(lines(&events, 0).len(), 501, "nothing is folded");
        assert_eq!(lines(&events[..2], 60_000).len(), 2, "two are no flood");
        assert_eq!(lines(&[], 60_000), []);
    }

    #[test]
    fn what_a_host_told_stands_alone_until_only_a_machine_tells_so_much() {
        let of = |n: u64, kind, own| (0..n).map(|i| event((5, kind, own, 1), i)).collect::<Vec<_>>();
        assert_eq!(lines(&of(15, 0, false), 10).len(), 15);
        assert_eq!(lines(&of(16, 0, false), 10).len(), 1);
        assert_eq!(lines(&of(16, 0, false), 10)[0].text(), "×16");
        assert_eq!(lines(&of(1000, 3, false), 10).len(), 1000, "deployments are never one line");
        let mut both = of(40, 0, true);
        both.push(event((5, 0, false, 1), 40));
        assert_eq!(
            lines(&both, 10).last().map(EventLine::text),
            Some("text 40".into()),
            "a split by hand among others"
        );
    }

    #[test]
    fn texts_name_what_changed() {
        let mut events: Vec<Event> = (0..3).map(|n| event((n, 2, true, 7), n + 4)).collect();
        assert_eq!(lines(&events, 10)[0].text(), "×21, groups 4 … 6");
        events.iter_mut().for_each(|event| event.ids = Some((9, 9)));
        assert_eq!(lines(&events, 10)[0].text(), "×21, group 9");
        events[1].ids = None;
        assert_eq!(lines(&events, 10)[0].text(), "×21");
        let told = events.iter().zip([5, 7, 5]).map(|(event, node)| (node, event));
        let folded = fold_events(told, 10);
        assert_eq!((folded[0].node, folded[0].other_nodes), (5, 1));
    }

    proptest! {
        /// Every event is in one line; what a person may have said is a line of its own, whole.
        #[test]
        fn nothing_is_lost_and_nobody_is_hidden(
            told in prop::collection::vec((0u64..500, 0usize..5, any::<bool>(), 1u64..9), 0..200),
            width_ms in 0u64..200,
        ) {
            let mut events: Vec<Event> = told.iter().zip(0..).map(|(one, number)| event(*one, number)).collect();
            events.sort_by_key(|event| (event.at_ms, event.number));
            let folded = lines(&events, width_ms);
            prop_assert_eq!(folded.iter().map(|line| line.events).sum::<u64>(), events.len() as u64);
            let changes = |events: &[&Event]| events.iter().map(|event| event.changes).sum::<u64>();
            prop_assert_eq!(folded.iter().map(|line| line.changes).sum::<u64>(), changes(&events.iter().collect::<Vec<_>>()));
            prop_assert!(folded.windows(2).all(|pair| pair[0].first.at_ms <= pair[1].first.at_ms));
            for event in events.iter().filter(|event| !event.own && !event.kind.is_routine()) {
                prop_assert!(folded.iter().any(|line| line.first == event && line.events == 1));
            }
            for line in folded.iter().filter(|line| line.events > 1) {
                let Event { at_ms, kind, own, .. } = *line.first;
                prop_assert_eq!(at_ms / width_ms, line.last_ms / width_ms);
                // What a reader gets who asks for the line's events by kind and time.
                let inside: Vec<&Event> = events
                    .iter()
                    .filter(|event| (at_ms..=line.last_ms).contains(&event.at_ms) && (event.kind, event.own) == (kind, own))
                    .collect();
                prop_assert_eq!((inside.len() as u64, changes(&inside)), (line.events, line.changes));
                let least = if own { OWN_FROM } else { HOST_FROM };
                prop_assert!(line.events >= least);
            }
        }
    }
}
