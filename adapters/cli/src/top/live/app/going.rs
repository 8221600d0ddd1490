//! Going to a key, a route or a name.

use keyviz_core::ColumnState;
use ratatui::crossterm::event::KeyEvent;

use super::{App, Pinned, Then};
use crate::top::client::Refusal;
use crate::top::live::go_to::{self, Leads, Search, Typed};
use crate::top::live::picture::Which;
use crate::top::live::place::Place;

impl App {
    /// A key press while something is typed.
    pub(in crate::top::live) fn typed(&mut self, key: KeyEvent) -> Then {
        let Some(typing) = &mut self.typing else { return Then::Draw };
        self.hint = None;
        match typing.take(key, &self.names) {
            Typed::On => return Then::Draw,
            Typed::Cancelled => {}
            Typed::Done => {
                let text = typing.text.clone();
                self.typing = None;
                return self.go_to(&text);
            }
        }
        self.typing = None;
        Then::Draw
    }

    fn go_to(&mut self, text: &str) -> Then {
        if text.trim().is_empty() {
            return Then::Draw;
        }
        let rows = self.picture.as_ref().map_or(&[][..], |picture| &picture.answer.rows);
        let policy = self.status.as_ref().map_or("", |status| status.redaction.as_str());
        let names_places = !matches!(policy, "" | "hex");
        match go_to::leads(text, &self.names, rows, self.format, names_places) {
            Leads::To(which) => return self.arrive(which, false),
            Leads::Key(key) => return self.arrive(Which::Holds(key), true),
            Leads::Route { id, otherwise } => {
                self.hint = Some(format!("looking for route {id}").into());
                self.search = Search::Route { id, otherwise, asked: false };
            }
            Leads::Nowhere(why) => self.hint = Some(why.into()),
        }
        Then::Draw
    }

    /// Pins the newest whole cell of the row; where the map shows other keys, it shows all again. `unknown` is whether it is
    /// gone to by a key for want of a name or a route.
    fn arrive(&mut self, which: Which, unknown: bool) -> Then {
        let columns = self.picture.as_ref().map_or(&[][..], |picture| &picture.answer.columns);
        let whole = columns.iter().rev().find(|column| column.state == ColumnState::Complete);
        let Some(column) = whole.or(columns.last()) else {
            self.hint = Some("there is no picture to go to a place of".into());
            return Then::Draw;
        };
        let at_ms = column.end_ms.saturating_sub(1);
        let key = which.key();
        let shown = if key.is_empty() { "(lowest key)".to_owned() } else { self.format.text(key) };
        self.hint = Some(match unknown {
            true => format!("no such name or route; the row that holds the key {shown}").into(),
            false => format!("pinned: the row of {shown}; Esc lets it go").into(),
        });
        let (start, end) = &self.place.keys;
        let outside = key < start.as_slice() || end.as_ref().is_some_and(|end| key >= end.as_slice());
        self.pinned = Some(Pinned { which, at_ms });
        if outside { self.go(Place { keys: Place::WHOLE.keys, ..self.place.clone() }) } else { Then::Draw }
    }

    /// What has to be asked for going to a place, if anything, once.
    pub(in crate::top::live) fn search(&mut self) -> Option<Search> {
        match &mut self.search {
            Search::Names => Some(std::mem::take(&mut self.search)),
            Search::Route { asked, .. } if !*asked => {
                *asked = true;
                Some(self.search.clone())
            }
            _ => None,
        }
    }

    /// Takes a route's first key over, if it is still wanted.
    pub(in crate::top::live) fn found_route(&mut self, id: &str, found: Result<Option<Vec<u8>>, Refusal>) -> Then {
        let Search::Route { id: wanted, otherwise, .. } = &self.search else { return Then::Draw };
        if wanted != id {
            return Then::Draw;
        }
        let otherwise = otherwise.clone();
        self.search = Search::None;
        match (found, otherwise) {
            (Ok(Some(key)), _) => return self.arrive(Which::Holds(key), false),
            (Ok(None), Some(key)) => return self.arrive(Which::Holds(key), true),
            (Err(_), Some(key)) => return self.arrive(Which::Holds(key), false),
            (Ok(None), None) => self.hint = Some(format!("route {id} is not among the most active routes").into()),
            (Err(_), None) => self.hint = Some("the server could not be asked for the route".into()),
        }
        Then::Draw
    }
}
