//! The screen: head, notes, map with its axes, legend, the inspected cell, table or hot keys, and what keys there are.

mod cell;
mod events;
mod hot;
mod map;
mod table;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use super::app::{App, Hot};
use super::go_to::{Typing, offered};
use super::keys::HELP;
use super::palette::Depth;
use super::words::{Message, Words, unit};
use crate::escape;
use crate::quantity::clock;

/// The least that everything fits into.
const LEAST: (u16, u16) = (40, 12);
/// The lines of the inspected cell.
const CELL_LINES: u16 = 3;
/// The most lines of notes above the map: on a low screen, and on a tall one.
const NOTE_LINES: (usize, usize) = (2, 4);
const TALL: u16 = 32;

/// Where everything stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Areas {
    notes: Rect,
    /// Beside the map: the keys its rows begin with.
    keys: Rect,
    map: Rect,
    /// Below the map: the columns' states, and the time.
    times: Rect,
    legend: Rect,
    cell: Rect,
    panel: Rect,
    foot: Rect,
}

impl Areas {
    /// `None` where there is no room.
    fn of(area: Rect, notes: usize) -> Option<Areas> {
        let (width, height) = (area.width, area.height);
        if width < LEAST.0 || height < LEAST.1 {
            return None;
        }
        let notes = notes as u16;
        // Head, two lines of times, legend and foot have one line each.
        let rest = height - 5 - CELL_LINES - notes.min(height - 11);
        let panel = match rest {
            ..10 => 0,
            _ => (rest / 3).min(14),
        };
        let keys = (width / 4).clamp(10, 32);
        let line = |y: u16, height: u16| Rect { x: area.x, y: area.y + y, width, height };
        let map = line(1 + notes, rest - panel);
        let below = 1 + notes + map.height;
        Some(Areas {
            notes: line(1, notes),
            keys: Rect { width: keys, ..map },
            map: Rect { x: area.x + keys, width: width - keys, ..map },
            times: line(below, 2),
            legend: line(below + 2, 1),
            cell: line(below + 3, CELL_LINES),
            panel: line(below + 3 + CELL_LINES, panel),
            foot: line(height - 1, 1),
        })
    }

    /// The points of the map: half blocks have two a line, letters one.
    fn points(&self, depth: Depth) -> (usize, usize) {
        let lines = usize::from(self.map.height);
        (usize::from(self.map.width), if depth == Depth::None { lines } else { 2 * lines })
    }
}

/// The points of the map on a screen of this size.
pub(super) fn points(app: &App, area: Rect) -> (usize, usize) {
    let notes = note_lines(&app.words(), area);
    Areas::of(area, notes.len()).map_or((1, 1), |areas| areas.points(app.palette.depth))
}

/// The point of the map at a place of the screen; of the two of a half block the upper one.
pub(super) fn point_at(app: &App, area: Rect, column: u16, row: u16) -> Option<(usize, usize)> {
    let areas = Areas::of(area, note_lines(&app.words(), area).len())?;
    let each = if app.palette.depth == Depth::None { 1 } else { 2 };
    let inside = areas.map.contains((column, row).into()) && !app.help && app.words().block.is_none();
    inside.then(|| (usize::from(column - areas.map.x), usize::from(row - areas.map.y) * each))
}

/// Draws everything.
pub(super) fn draw(app: &App, buffer: &mut Buffer) {
    let area = buffer.area;
    let words = app.words();
    let notes = note_lines(&words, area);
    let Some(areas) = Areas::of(area, notes.len()) else {
        put(buffer, area, 0, &format!("keyviz top needs {} x {}", LEAST.0, LEAST.1), Style::new());
        put(buffer, area, 1, "q quits", Style::new());
        return;
    };
    head(app, buffer, Rect { height: 1, ..area });
    for (line, (text, is_urgent)) in notes.iter().enumerate() {
        let style = if *is_urgent { urgent(app) } else { Style::new() };
        put(buffer, areas.notes, line as u16, &format!(" {text}"), style);
    }
    match &words.block {
        Some(message) => {
            let middle = Rect { x: area.x, width: area.width, ..areas.map };
            block(app, message, buffer, middle);
        }
        None => {
            map::draw(app, &areas, buffer);
            map::legend(app, buffer, areas.legend);
            cell::draw(app, buffer, areas.cell);
            match app.hot {
                Hot::Closed if app.shows_events => events::draw(app, buffer, areas.panel),
                Hot::Closed => table::draw(app, buffer, areas.panel),
                _ => hot::draw(app, buffer, areas.panel),
            }
        }
    }
    foot(app, buffer, areas.foot);
    if app.help {
        help(buffer);
    }
}

/// Writes one line of an area, cut at its end.
fn put(buffer: &mut Buffer, area: Rect, line: u16, text: &str, style: Style) {
    if line < area.height {
        buffer.set_stringn(area.x, area.y + line, text, usize::from(area.width), style);
    }
}

/// What is of less weight.
const fn faint() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

const fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// What somebody has to see.
fn urgent(app: &App) -> Style {
    if app.palette.depth == Depth::None { strong() } else { strong().fg(Color::Yellow) }
}

fn head(app: &App, buffer: &mut Buffer, area: Rect) {
    let title = app.status.as_ref().map_or(app.address.as_str(), |status| status.title.as_str());
    let title = if title.is_empty() { app.address.as_str() } else { title };
    let rows = if app.axis == keyviz_core::AxisKind::Range { "ranges" } else { "routes" };
    let label = app.label.as_ref().map_or(String::new(), |label| format!("  label {label}"));
    let kind = if app.linear { "  linear" } else { "" };
    let left = format!(" keyviz  {}/s  {}  by {rows}{label}{kind}  {title}", unit(app.series), app.range_name());
    let now = app.status.as_ref().filter(|status| status.enabled).map_or(String::new(), |status| {
        match status.relative || status.at_rest {
            // A replay has nothing to do with the time of day.
            true => String::new(),
            false => format!("  {} UTC", clock(status.now_ms)),
        }
    });
    let right = format!("{}{now} ", app.live());
    let bar = Style::new().add_modifier(Modifier::REVERSED);
    buffer.set_style(area, bar);
    let room = area.width.saturating_sub(Line::raw(right.as_str()).width() as u16 + 1);
    put(buffer, Rect { width: room, ..area }, 0, &left, bar);
    put(buffer, Rect { x: area.x + room + 1, width: area.width - room - 1, ..area }, 0, &right, bar);
}

/// The notes in as many lines as there may be, and whether each is urgent; where they do not fit, each has at least one,
/// and the first what is left.
fn note_lines(words: &Words, area: Rect) -> Vec<(String, bool)> {
    let most = if area.height < TALL { NOTE_LINES.0 } else { NOTE_LINES.1 };
    let fold = |text: &str| wrapped(text, usize::from(area.width.saturating_sub(2)));
    let notes = words.notes.iter().map(|note| {
        let parts = [&note.title, &note.text, &note.next].map(|part| part.trim_end_matches('.'));
        (fold(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ")), true)
    });
    let notes: Vec<(Vec<String>, bool)> = notes.chain(words.notice.iter().map(|text| (fold(text), false))).collect();
    let mut left = most;
    let mut shown = Vec::new();
    for (at, (lines, is_urgent)) in notes.iter().enumerate() {
        let behind = notes.len() - at - 1;
        let room = left.saturating_sub(behind).max(1).min(left);
        shown.extend(lines.iter().take(room).map(|line| (line.clone(), *is_urgent)));
        left -= lines.len().min(room);
    }
    shown
}

/// A message in place of the picture.
fn block(app: &App, message: &Message, buffer: &mut Buffer, area: Rect) {
    let width = usize::from(area.width.saturating_sub(4)).min(72);
    let mut lines = vec![(message.title.clone(), urgent(app)), (String::new(), Style::new())];
    for text in [&message.text, &message.next] {
        lines.extend(wrapped(text, width).into_iter().map(|line| (line, Style::new())));
    }
    let top = (usize::from(area.height).saturating_sub(lines.len()) / 2) as u16;
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    for (at, (text, style)) in lines.iter().enumerate() {
        put(buffer, inner, top + at as u16, text, *style);
    }
}

/// Words in lines of at most so many letters; what is longer than a line is cut at its end by whoever draws it.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= width) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn foot(app: &App, buffer: &mut Buffer, area: Rect) {
    if let Some(typing) = &app.typing {
        put(buffer, area, 0, &line(app, typing, usize::from(area.width)), strong());
        return;
    }
    let text = match &app.hint {
        Some(hint) => format!(" {hint}"),
        None => " ? help  arrows point  +/- zoom  / go to  s series  k hot keys  e events  q quit".to_owned(),
    };
    put(buffer, area, 0, &text, faint());
}

/// The line that is being typed: its end where it is long, and the name that Tab would take.
fn line(app: &App, typing: &Typing, width: usize) -> String {
    let head = format!(" Go to (key as {}, route:7, name): ", app.format.name());
    let named = offered(&app.names, &typing.text)
        .map(|one| format!("  Tab: {}", map::cut(&escape::key(one.name.as_bytes()), 24)));
    let named = named.unwrap_or_default();
    let room = width.saturating_sub(Line::raw(head.as_str()).width() + Line::raw(named.as_str()).width() + 1).max(8);
    // What is pasted is shown as keys are.
    let letters: Vec<String> =
        typing.text.chars().map(|letter| escape::key(letter.encode_utf8(&mut [0; 4]).as_bytes())).collect();
    let mut shown = String::new();
    for letter in letters.iter().rev() {
        if Line::raw(shown.as_str()).width() + Line::raw(letter.as_str()).width() > room {
            break;
        }
        shown.insert_str(0, letter);
    }
    format!("{head}{shown}_{named}")
}

fn help(buffer: &mut Buffer) {
    let area = buffer.area;
    let (width, height) = (78.min(area.width), (HELP.len() as u16 + 2).min(area.height));
    let inside = Rect { x: (area.width - width) / 2, y: (area.height - height) / 2, width, height };
    for y in inside.top()..inside.bottom() {
        for x in inside.left()..inside.right() {
            buffer.cell_mut((x, y)).into_iter().for_each(|cell| cell.reset());
        }
    }
    buffer.set_style(inside, Style::new().add_modifier(Modifier::REVERSED));
    let bar = Style::new().add_modifier(Modifier::REVERSED);
    put(buffer, inside, 0, "  Keys", bar.add_modifier(Modifier::BOLD));
    for (line, (keys, what)) in HELP.iter().enumerate() {
        put(buffer, inside, line as u16 + 1, &format!("  {keys:<22} {what}"), bar);
    }
}
