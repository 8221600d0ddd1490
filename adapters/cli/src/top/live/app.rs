//! What is known and chosen: changed by keys and answers, drawn by `view`.

mod going;
mod mouse;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use keyviz_core::{AxisKind, Series};
use serde_json::Value;

use super::asking::{self, Question, Round};
use super::go_to::{Name, Search, Typing};
use super::keys::Action;
use super::palette::{self, Depth, Palette, Theme};
use super::picture::{Cell, Grid, Picture, Point, Which};
use super::place::{self, Bounds, Place, RANGES, Time};
use super::pointer::{Brush, Pointer};
use super::scale::Scale;
use super::status::Status;
use super::words::{Known, Words};
use crate::top::client::Refusal;
use crate::top::events::Event;
use crate::top::key_format::KeyFormat;

/// The steps back that are remembered.
const MOST_STEPS: usize = 100;
/// The series in the order of the choice.
const SERIES: [Series; 6] =
    [Series::Ops, Series::Reads, Series::Writes, Series::ReadBytes, Series::WriteBytes, Series::Scans];

/// A cell that stays itself while the picture moves on: its row by its bucket, or, where rows are cut anew with every
/// answer, by the key that it began with; and an instant of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pinned {
    which: Which,
    at_ms: u64,
}

/// The hot keys of a cell.
#[derive(Debug)]
pub(super) enum Hot {
    /// Not shown.
    Closed,
    /// Asked for; which question.
    Asked(String),
    Answered(String, Result<Value, Refusal>),
}

/// Everything.
#[derive(Debug)]
pub(super) struct App {
    pub(super) address: String,
    pub(super) has_token: bool,
    pub(super) series: Series,
    pub(super) axis: AxisKind,
    pub(super) label: Option<String>,
    pub(super) place: Place,
    back: Vec<Place>,
    pub(super) linear: bool,
    pub(super) paused: bool,
    pub(super) help: bool,
    theme: Theme,
    palette_at: usize,
    pub(super) palette: Palette,
    pub(super) status: Option<Status>,
    pub(super) picture: Option<Picture>,
    /// The rows of the last picture of all keys, to find the way out by.
    home: Vec<Bounds>,
    pub(super) top: Option<Result<Value, Refusal>>,
    pub(super) hot: Hot,
    /// What happened in the time that is shown, and whether it stands in place of the table.
    pub(super) events: Vec<Event>,
    pub(super) shows_events: bool,
    pub(super) failure: Option<Refusal>,
    failures: u32,
    elsewhere: Option<Series>,
    answered: Option<Instant>,
    /// The points of the map: its width and height.
    pub(super) points: (usize, usize),
    /// The crosshair, by points of the map.
    pub(super) cross: Option<(usize, usize)>,
    pub(super) pinned: Option<Pinned>,
    /// Said once, until the next key.
    pub(super) hint: Option<Cow<'static, str>>,
    pub(super) format: KeyFormat,
    /// Whether the mouse is this program's; else the terminal selects text with it.
    pub(super) has_mouse: bool,
    /// A box that is being drawn.
    pub(super) brush: Option<Brush>,
    pointer: Pointer,
    /// Where to go to, as far as it is typed.
    pub(super) typing: Option<Typing>,
    pub(super) names: Vec<Name>,
    search: Search,
    took: Duration,
}

/// What follows from a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing but another picture of what is known.
    Draw,
    /// The question is another one.
    Ask,
    Quit,
}

impl App {
    pub(super) fn new(
        address: String,
        has_token: bool,
        (series, label): (Series, Option<String>),
        (theme, depth): (Theme, Depth),
    ) -> App {
        App {
            address,
            has_token,
            series,
            axis: AxisKind::Range,
            label,
            place: Place::WHOLE,
            back: Vec::new(),
            linear: false,
            paused: false,
            help: false,
            theme,
            palette_at: 0,
            palette: Palette::of(palette::NAMES.first().copied().unwrap_or_default(), theme, depth),
            status: None,
            picture: None,
            home: Vec::new(),
            top: None,
            hot: Hot::Closed,
            events: Vec::new(),
            shows_events: false,
            failure: None,
            failures: 0,
            elsewhere: None,
            answered: None,
            points: (1, 1),
            cross: None,
            pinned: None,
            hint: None,
            format: KeyFormat::Utf8,
            has_mouse: false,
            brush: None,
            pointer: Pointer::default(),
            typing: None,
            names: Vec::new(),
            search: Search::None,
            took: Duration::ZERO,
        }
    }

    /// What is to be asked now.
    pub(super) fn question(&self) -> Question {
        Question {
            series: self.series,
            axis: self.axis,
            place: self.place.clone(),
            label: self.label.clone(),
            rows: self.points.1.clamp(1, 1024),
        }
    }

    /// How long until it is asked again; `None` while it is paused.
    pub(super) fn pause(&self) -> Option<Duration> {
        // Who is not let in is not let in later either; `g` asks.
        let refused = matches!(self.failure, Some(Refusal::Told { status: 401 | 403, .. }));
        (!self.paused && !refused).then(|| asking::pause(self.status.as_ref(), self.took, self.failures))
    }

    /// Takes an answer over.
    pub(super) fn answered(&mut self, question: &Question, round: Result<Round, Refusal>, took: Duration) {
        self.took = took;
        match round {
            Ok(round) => {
                self.failure = None;
                self.failures = 0;
                self.answered = Some(Instant::now());
                self.status = Some(round.status);
                self.elsewhere = round.elsewhere;
                self.top = Some(round.top);
                self.events = round.events;
                if let (Some(picture), true) = (&round.picture, question.place.has_all_keys()) {
                    self.home = picture.bounds();
                }
                self.picture = round.picture;
            }
            Err(refusal) => {
                self.failures = self.failures.saturating_add(1);
                // Who is not let in, or asks a process without a sampler, is shown nothing of before.
                if matches!(refusal, Refusal::Told { status: 401 | 403, .. }) || refusal.code() == "keyviz_disabled" {
                    (self.status, self.picture, self.top, self.hot) = (None, None, None, Hot::Closed);
                    self.events.clear();
                }
                self.failure = Some(refusal);
            }
        }
    }

    pub(super) fn words(&self) -> Words {
        let known = Known {
            address: self.address.clone(),
            status: self.status.as_ref(),
            picture: self.picture.as_ref(),
            failure: self.failure.as_ref(),
            series: self.picture.as_ref().map_or(self.series, |picture| picture.answer.series),
            has_token: self.has_token,
            age_ms: self.answered.map(|at| at.elapsed().as_millis() as u64),
            elsewhere: self.elsewhere,
        };
        known.words()
    }

    pub(super) fn scale(&self) -> Option<Scale> {
        self.picture.as_ref().map(|picture| picture.scale(self.linear))
    }

    /// The cell under the crosshair, or the pinned one, with the point that shows it.
    pub(super) fn inspected(&self) -> Option<(Cell, Point)> {
        let picture = self.picture.as_ref()?;
        let scale = picture.scale(self.linear);
        if let Some(pinned) = &self.pinned {
            let cell = picture.find(&pinned.which, pinned.at_ms)?;
            let (level, marks) = (scale.level(picture.rate(cell)), picture.marks(cell));
            return Some((cell, Point { level, marks, cell: Some(cell), cells: 1, ..Point::default() }));
        }
        let (x, y) = self.cross?;
        let point = Grid::new(picture, self.points.0, self.points.1).point(picture, &scale, x, y);
        point.cell.map(|cell| (cell, point))
    }

    /// Where the pinned cell is on the map, else where the crosshair is.
    pub(super) fn marked_point(&self, grid: &Grid) -> Option<(usize, usize)> {
        let (Some(_), Some(picture)) = (&self.pinned, &self.picture) else { return self.cross };
        let (cell, _) = self.inspected()?;
        let within = |range: Option<(usize, usize)>, at| range.is_some_and(|(from, to)| from <= at && at <= to);
        let x = (0..self.points.0).find(|x| within(grid.columns_at(*x), cell.column))?;
        let y = (0..self.points.1).find(|y| within(grid.rows_at(*y), cell.row))?;
        (!picture.answer.rows.is_empty()).then_some((x, y))
    }

    /// The map has so many points now; whether that asks for another answer.
    pub(super) fn resized(&mut self, points: (usize, usize)) -> bool {
        let rows_before = self.points.1;
        self.points = (points.0.max(1), points.1.max(1));
        if let Some((x, y)) = &mut self.cross {
            (*x, *y) = ((*x).min(self.points.0 - 1), (*y).min(self.points.1 - 1));
        }
        rows_before != self.points.1
    }

    pub(super) fn act(&mut self, action: Action) -> Then {
        self.hint = None;
        self.brush = None;
        self.pointer.cancel();
        match action {
            Action::Quit => return Then::Quit,
            Action::Help => self.help = !self.help,
            Action::Close => self.close(),
            Action::Move(right, down) => return self.shift(right, down),
            Action::ToEnd { latest } => self.jump(latest),
            Action::Pin => self.pin(),
            Action::Pan(right, down) => return self.pan(right, down),
            Action::Zoom { closer, time, keys } => return self.zoom(closer, time, keys),
            Action::Undo => return self.undo(),
            Action::Reset => {
                let first = Place::WHOLE;
                return self.go(first);
            }
            Action::Series { next } => self.series = beside(&SERIES, &self.series, next),
            Action::Range { longer } => return self.range(longer),
            Action::Axis => self.axis = if self.axis == AxisKind::Range { AxisKind::Route } else { AxisKind::Range },
            Action::Label => return self.next_label(),
            Action::Palette => {
                self.palette_at = (self.palette_at + 1) % palette::NAMES.len();
                let name = palette::NAMES.get(self.palette_at).copied().unwrap_or_default();
                self.palette = Palette::of(name, self.theme, self.palette.depth);
            }
            Action::Linear => self.linear = !self.linear,
            Action::Format => {
                self.format = beside(&KeyFormat::ALL, &self.format, true);
                self.hint = Some(format!("keys as {}", self.format.name()).into());
            }
            Action::Mouse => {
                self.has_mouse = !self.has_mouse;
                let hint = if self.has_mouse {
                    "the mouse points at cells"
                } else {
                    "the mouse selects text; m takes it back"
                };
                self.hint = Some(hint.into());
            }
            Action::GoTo => (self.typing, self.search) = (Some(Typing::default()), Search::Names),
            Action::HotKeys => self.toggle_hot(),
            Action::Events => (self.shows_events, self.hot) = (!self.shows_events, Hot::Closed),
            Action::Pause => self.paused = !self.paused,
            Action::AskNow => return Then::Ask,
        }
        let asks = matches!(action, Action::Series { .. } | Action::Axis) || (action == Action::Pause && !self.paused);
        if asks { Then::Ask } else { Then::Draw }
    }

    fn close(&mut self) {
        if self.help {
            self.help = false;
        } else if !matches!(self.hot, Hot::Closed) {
            self.hot = Hot::Closed;
        } else if self.shows_events {
            self.shows_events = false;
        } else if self.pinned.is_some() {
            self.pinned = None;
        } else {
            self.cross = None;
        }
    }

    /// Where the crosshair begins: in the middle of the keys, at the newest time that is whole.
    fn cross_or_middle(&self) -> (usize, usize) {
        self.cross.unwrap_or((self.points.0.saturating_sub(2), self.points.1 / 2))
    }

    fn shift(&mut self, right: i32, down: i32) -> Then {
        if self.cross.is_none() {
            self.cross = Some(self.cross_or_middle());
            return Then::Draw;
        }
        let (x, y) = self.cross_or_middle();
        let moved =
            |at: usize, by: i32, count: usize| at.saturating_add_signed(by as isize).min(count.saturating_sub(1));
        let to = (moved(x, right, self.points.0), moved(y, down, self.points.1));
        self.cross = Some(to);
        self.pinned = None;
        // Beyond an edge of a part of the map lies more of it.
        let beyond = to == (x, y) && (self.place.time != Time::Newest(None) || !self.place.has_all_keys());
        if beyond { self.pan(right.signum(), down.signum()) } else { Then::Draw }
    }

    fn jump(&mut self, latest: bool) {
        let (_, y) = self.cross_or_middle();
        self.cross = Some((if latest { self.points.0.saturating_sub(1) } else { 0 }, y));
        self.pinned = None;
    }

    fn pin(&mut self) {
        if self.pinned.take().is_some() {
            return;
        }
        let cell = self.inspected().map(|(cell, _)| cell);
        let Some((picture, cell)) = self.picture.as_ref().zip(cell) else { return };
        let named = picture.row(cell).zip(picture.column(cell));
        let cut_anew = picture.answer.axis == AxisKind::Range;
        self.pinned = named.map(|(row, column)| Pinned {
            which: if cut_anew { Which::Holds(row.start.clone()) } else { Which::Bucket(row.bucket_id.clone()) },
            at_ms: column.end_ms.saturating_sub(1),
        });
    }

    fn toggle_hot(&mut self) {
        self.shows_events = false;
        if matches!(self.hot, Hot::Closed) {
            if self.inspected().is_none() {
                self.cross = Some(self.cross_or_middle());
            }
            self.hot = Hot::Asked(String::new());
        } else {
            self.hot = Hot::Closed;
        }
    }

    /// The question about hot keys that has to be asked, if any: the cell is another one.
    pub(super) fn hot_question(&mut self) -> Option<String> {
        let asked = match &self.hot {
            Hot::Closed => return None,
            Hot::Asked(path) | Hot::Answered(path, _) => path,
        };
        let (cell, _) = self.inspected()?;
        let path = asking::hot_keys_path(self.picture.as_ref()?, cell)?;
        if *asked == path {
            return None;
        }
        self.hot = Hot::Asked(path.clone());
        Some(path)
    }

    /// Takes the answer over, if it is still wanted.
    pub(super) fn answered_hot(&mut self, path: String, answer: Result<Value, Refusal>) {
        if matches!(&self.hot, Hot::Asked(asked) if *asked == path) {
            self.hot = Hot::Answered(path, answer);
        }
    }

    fn zoom(&mut self, closer: bool, time: bool, keys: bool) -> Then {
        let (Some(status), Some(picture)) = (&self.status, &self.picture) else { return Then::Draw };
        let (x, y) = self.cross_or_middle();
        let mut place = self.place.clone();
        if time {
            let view = place.view(status);
            let part = (x as f64 + 0.5) / self.points.0.max(1) as f64;
            let at_ms = view.from_ms + (part * view.span_ms() as f64) as u64;
            place.time = place::zoomed_time(&view, status, at_ms, closer);
        }
        if keys && closer {
            let row = Grid::new(picture, self.points.0, self.points.1).rows_at(y).map_or(0, |(row, _)| row);
            place.keys = place::closer_keys(&picture.bounds(), row).unwrap_or(place.keys);
        } else if keys {
            place.keys = place::wider_keys(&self.home, &place.keys).unwrap_or(Place::WHOLE.keys);
        }
        if place == self.place {
            self.hint = Some(if closer { "nothing finer is kept here" } else { "this is all there is" }.into());
        }
        self.go(place)
    }

    fn pan(&mut self, right: i32, down: i32) -> Then {
        let Some(status) = &self.status else { return Then::Draw };
        let mut place = self.place.clone();
        if right != 0 {
            let view = place.view(status);
            let time = place::panned_time(&view, status, right > 0);
            if time != Time::Between(view.from_ms, view.to_ms) {
                place.time = time;
            }
        }
        if down != 0 && !place.has_all_keys() {
            place.keys = place::panned_keys(&self.home, &place.keys, down > 0).unwrap_or(place.keys);
        }
        if place == self.place {
            self.hint = Some("there is nothing more that way".into());
        }
        self.go(place)
    }

    fn go(&mut self, place: Place) -> Then {
        if place == self.place {
            return Then::Draw;
        }
        self.back.push(std::mem::replace(&mut self.place, place));
        if self.back.len() > MOST_STEPS {
            self.back.remove(0);
        }
        Then::Ask
    }

    fn undo(&mut self) -> Then {
        let Some(place) = self.back.pop() else {
            self.hint = Some("this is where it began".into());
            return Then::Draw;
        };
        self.place = place;
        Then::Ask
    }

    fn range(&mut self, longer: bool) -> Then {
        let now = match (self.place.time, &self.status) {
            (Time::Newest(Some(range)), _) => range,
            (Time::Newest(None), Some(status)) => place::usual(status),
            _ => 0,
        };
        let range = if longer { (now + 1) % RANGES.len() } else { (now + RANGES.len() - 1) % RANGES.len() };
        self.go(Place { time: Time::Newest(Some(range)), ..self.place.clone() })
    }

    fn next_label(&mut self) -> Then {
        let labels = self.status.as_ref().map_or(&[][..], |status| &status.labels);
        if labels.is_empty() {
            self.hint = Some("the traffic has no labels here".into());
            return Then::Draw;
        }
        let at = self.label.as_ref().and_then(|label| labels.iter().position(|one| one == label));
        self.label = labels.get(at.map_or(0, |at| at + 1)).cloned();
        Then::Ask
    }

    /// Whether what is shown is the answer to another question than the one that stands.
    fn is_loading(&self) -> bool {
        self.picture.as_ref().is_some_and(|picture| {
            picture.place != self.place || picture.answer.series != self.series || picture.answer.axis != self.axis
        })
    }

    /// How the connection is, in a word or two.
    pub(super) fn live(&self) -> String {
        let age = self.answered.map_or(0, |at| at.elapsed().as_secs());
        match (&self.failure, &self.status) {
            (Some(Refusal::Told { status: 401, .. }), _) => "token needed".to_owned(),
            (Some(Refusal::Told { status: 429 | 503, .. }), _) => "busy".to_owned(),
            (Some(Refusal::Told { .. } | Refusal::Garbled(_)), _) => "refused".to_owned(),
            (Some(Refusal::Gone(_)), _) => "no answer".to_owned(),
            (None, None) => "connecting".to_owned(),
            (None, Some(status)) if !status.enabled => "switched off".to_owned(),
            (None, Some(_)) if self.paused => format!("paused, {age} s"),
            (None, Some(_)) if self.is_loading() => "loading".to_owned(),
            (None, Some(status)) if status.at_rest => "replay, complete".to_owned(),
            _ => "live".to_owned(),
        }
    }

    /// What is shown of time, in a word.
    pub(super) fn range_name(&self) -> &'static str {
        let name = |at: usize| RANGES.get(at).map_or("", |(name, _)| name);
        match (self.place.time, &self.status) {
            (Time::Newest(Some(range)), _) => name(range),
            (Time::Newest(None), Some(status)) => name(place::usual(status)),
            (Time::Newest(None), None) => "",
            (Time::Between(..), _) => "part",
        }
    }
}

/// The one after, or the one before.
fn beside<T: Copy + PartialEq>(all: &[T], one: &T, next: bool) -> T {
    let at = all.iter().position(|other| other == one).unwrap_or(0);
    let to = if next { (at + 1) % all.len().max(1) } else { (at + all.len() - 1) % all.len().max(1) };
    all.get(to).copied().unwrap_or(*one)
}
