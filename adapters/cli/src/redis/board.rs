//! What is known of all nodes, for the terminal, the page and the answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use keyviz_admin::{Clock, SystemClock};

use super::frames::{Beat, Why};
use super::server::Facts;

/// How a node fares.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeState {
    pub(crate) name: String,
    pub(crate) facts: Option<Facts>,
    pub(crate) watching: bool,
    /// Since when, in Unix milliseconds, it has been watched, or not.
    pub(crate) since_ms: u64,
    /// Why it is not watched, when something went wrong.
    pub(crate) trouble: Option<String>,
    /// The trouble is that the server had to be left alone: no other address leads to it meanwhile.
    left_alone: bool,
    /// How often it had to be left alone, and otherwise was lost after it had been watched.
    pub(crate) protected: u32,
    pub(crate) lost: u32,
    /// For how long it was not watched because of trouble that is over.
    away_ms: u64,
    /// Of all sessions.
    pub(crate) total: Beat,
    /// Of sessions that have ended.
    past: Beat,
}

impl NodeState {
    fn add(&mut self, beat: &Beat) {
        self.total = sum(&self.past, beat);
    }

    /// The server that it is, where that says so. One that is in trouble may be another by now; but one that is left
    /// alone is to be let alone by all.
    fn server(&self) -> Option<&str> {
        let facts = self.facts.as_ref().filter(|_| self.trouble.is_none() || self.left_alone);
        facts.map(|facts| facts.run_id.as_str()).filter(|run_id| !run_id.is_empty())
    }

    /// For how long trouble has kept it from being watched.
    pub(crate) fn away_ms(&self, now_ms: u64) -> u64 {
        let lasting = self.trouble.as_ref().map_or(0, |_| now_ms.saturating_sub(self.since_ms));
        self.away_ms.saturating_add(lasting)
    }

    /// Whether there is time in which it was not watched because of trouble.
    pub(crate) fn was_away(&self) -> bool {
        self.lost + self.protected > 0 || self.trouble.is_some() || self.away_ms > 0
    }
}

/// All nodes, in the order of the command line.
#[derive(Debug)]
pub(crate) struct Board(Mutex<Vec<NodeState>>);

impl Board {
    pub(crate) fn new(names: impl Iterator<Item = String>) -> Board {
        Board(Mutex::new(names.map(|name| NodeState { name, ..NodeState::default() }).collect()))
    }

    fn with<T>(&self, node: usize, what: impl FnOnce(&mut NodeState) -> T) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(node).map(what)
    }

    /// The servers that other nodes watch: run ids, and the nodes' names.
    pub(crate) fn taken(&self, node: usize) -> Vec<(String, String)> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others = states.iter().enumerate().filter(|(other, _)| *other != node);
        others.filter_map(|(_, other)| Some((other.server()?.to_owned(), other.name.clone()))).collect()
    }

    /// A session of the node began; whether it is the node's first, and whether it was in trouble before.
    ///
    /// # Errors
    /// The name of another node that is the same server, and has been watched since before: this one must not be.
    pub(crate) fn began(&self, node: usize, facts: Facts) -> Result<(bool, bool), String> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others = states.iter().enumerate().filter(|(other, _)| *other != node);
        if let Some((_, same)) = others.into_iter().find(|(_, other)| other.server() == Some(&facts.run_id)) {
            return Err(same.name.clone());
        }
        let Some(state) = states.get_mut(node) else { return Ok((false, false)) };
        let now_ms = SystemClock.now_ms();
        state.away_ms = state.away_ms(now_ms);
        let (first, recovered) = (state.facts.replace(facts).is_none(), state.trouble.take().is_some());
        if first || recovered {
            state.since_ms = now_ms;
        }
        state.watching = true;
        Ok((first, recovered))
    }

    pub(crate) fn beat(&self, node: usize, beat: &Beat) {
        self.with(node, |state| state.add(beat));
    }

    /// A session ended, and had watched until `until_ms`.
    pub(crate) fn ended(&self, node: usize, (why, text): (Why, &str), beat: &Beat, until_ms: u64) {
        self.with(node, |state| {
            state.add(beat);
            state.past = state.total.clone();
            let watched = std::mem::replace(&mut state.watching, false);
            match why {
                Why::Overload | Why::Buffer | Why::Memory => state.protected += 1,
                // What was not there was not lost.
                Why::Lost | Why::Refused if watched => state.lost += 1,
                Why::Done | Why::Lost | Why::Refused => {}
            }
            if why != Why::Done {
                let protects = matches!(why, Why::Overload | Why::Buffer | Why::Memory);
                // One that was never watched here is not known to be the server that was.
                state.left_alone = protects && (watched || state.left_alone);
            }
            // At the end of all, what was away still is.
            if why != Why::Done && state.trouble.replace(text.to_owned()).is_none() {
                state.since_ms = until_ms;
            }
        });
    }

    pub(crate) fn nodes(&self) -> Vec<NodeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What two sessions saw together.
fn sum(a: &Beat, b: &Beat) -> Beat {
    let mut skipped: BTreeMap<String, u64> = a.skipped.iter().cloned().collect();
    for (name, lines) in &b.skipped {
        *skipped.entry(name.clone()).or_default() += lines;
    }
    Beat {
        lines: a.lines + b.lines,
        skipped: skipped.into_iter().collect(),
        most_waiting_bytes: a.most_waiting_bytes.max(b.most_waiting_bytes),
        commands: a.commands + b.commands,
        watched_ms: a.watched_ms + b.watched_ms,
        known_unix_ms: a.known_unix_ms.max(b.known_unix_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_add_up() {
        let board = Board::new(["a".to_owned()].into_iter());
        let beat = |lines| Beat { lines, skipped: vec![("no_key".to_owned(), 1)], ..Beat::default() };
        assert_eq!(board.began(0, Facts::default()), Ok((true, false)));
        board.beat(0, &beat(5));
        board.beat(0, &beat(9));
        board.ended(0, (Why::Overload, "too much"), &beat(10), SystemClock.now_ms());
        assert_eq!(board.began(0, Facts::default()), Ok((false, true)));
        board.beat(0, &beat(3));
        let state = board.nodes().remove(0);
        assert_eq!((state.total.lines, state.protected, state.watching), (13, 1, true));
        assert_eq!(state.total.skipped, [("no_key".to_owned(), 2)]);
        assert_eq!(state.trouble, None);
    }

    #[test]
    fn a_server_is_one_node_at_a_time() {
        let board = Board::new(["a", "b"].map(str::to_owned).into_iter());
        let facts = |run_id: &str| Facts { run_id: run_id.to_owned(), ..Facts::default() };
        let lose = |node| board.ended(node, (Why::Lost, "closed"), &Beat::default(), SystemClock.now_ms());
        assert_eq!(board.began(0, facts("x")), Ok((true, false)));
        assert_eq!(board.began(1, facts("x")), Err("a".to_owned()));
        assert_eq!(board.nodes()[1].facts, None);
        assert_eq!((board.taken(0), board.taken(1)), (Vec::new(), vec![("x".to_owned(), "a".to_owned())]));
        // Between two sessions of a duty it is still the first's, and who comes back is the same.
        board.ended(0, (Why::Done, ""), &Beat::default(), SystemClock.now_ms());
        assert_eq!(board.began(1, facts("x")), Err("a".to_owned()));
        assert_eq!(board.began(0, facts("x")), Ok((false, false)));
        // One that was lost may have gone to the other address.
        lose(0);
        assert_eq!(board.taken(1), []);
        assert_eq!(board.began(1, facts("x")), Ok((true, false)));
        assert_eq!(board.began(0, facts("x")), Err("b".to_owned()));
        assert_eq!(board.began(0, facts("y")), Ok((false, true)));
        // One that was left alone is left alone under its other address, too, as long as that lasts.
        for why in [Why::Overload, Why::Buffer, Why::Memory] {
            board.ended(0, (why, "too much"), &Beat::default(), SystemClock.now_ms());
            board.ended(0, (Why::Memory, "still full"), &Beat::default(), SystemClock.now_ms());
            assert_eq!(board.taken(1), [("y".to_owned(), "a".to_owned())]);
            lose(1);
            assert_eq!(board.began(1, facts("y")), Err("a".to_owned()));
            assert_eq!(board.began(0, facts("y")), Ok((false, true)));
            board.ended(0, (why, "too much"), &Beat::default(), SystemClock.now_ms());
            lose(0);
            assert_eq!(board.began(1, facts("y")), Ok((false, true)));
            lose(1);
            // What it was refused before it was watched says nothing of the server that it was.
            board.ended(0, (why, "full"), &Beat::default(), SystemClock.now_ms());
            assert_eq!(board.taken(1), []);
            assert_eq!(board.began(0, facts("y")), Ok((false, true)));
        }
        // Of servers that do not say who they are nothing is known.
        lose(0);
        lose(1);
        assert_eq!((board.began(0, facts("")), board.began(1, facts(""))), (Ok((false, true)), Ok((false, true))));
    }

    #[test]
    fn only_what_was_there_is_lost_and_absences_add_up() {
        let board = Board::new(["a".to_owned()].into_iter());
        let (now_ms, beat) = (SystemClock.now_ms(), Beat::default());
        let state = || board.nodes().remove(0);
        // It was not there at first, and again at the third trial.
        board.ended(0, (Why::Lost, "nothing listens there"), &beat, now_ms - 9_000);
        assert!(state().was_away() && state().away_ms(now_ms) == 9_000);
        board.began(0, Facts::default()).unwrap();
        let before_ms = state().away_ms(now_ms);
        assert!(before_ms >= 9_000 && state().lost == 0 && state().was_away());
        board.ended(0, (Why::Lost, "closed"), &beat, now_ms - 5_000);
        for trial in 1..=5 {
            board.ended(0, (Why::Lost, "nothing listens there"), &beat, now_ms - 5_000 + trial * 500);
        }
        assert_eq!((state().lost, state().away_ms(now_ms)), (1, before_ms + 5_000));
        // The end of all finds it no better.
        board.ended(0, (Why::Done, ""), &beat, now_ms);
        assert_eq!((state().lost, state().away_ms(now_ms)), (1, before_ms + 5_000));
    }
}
