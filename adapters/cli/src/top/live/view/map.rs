//! The heatmap in half blocks, two points a line; where there are no colours, in letters. With its axes and legend.

use keyviz_core::ColumnState;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::table::short;
use super::{Areas, faint, put};
use crate::escape;
use crate::quantity::{clock, instant, since};
use crate::top::key_format::KeyFormat;
use crate::top::live::app::App;
use crate::top::live::palette::{Depth, TOP_LEVEL, letter};
use crate::top::live::picture::{Grid, Ground, Picture, Point};
use crate::top::live::words::unit;

/// Columns that a time on the axis takes, with a space.
const TIME_WIDTH: usize = 12;
/// The colours of the legend's ramp.
const RAMP: usize = 12;

pub(super) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) {
    let (Some(picture), Some(scale)) = (&app.picture, app.scale()) else { return };
    let (width, height) = areas.points(app.palette.depth);
    let grid = Grid::new(picture, width, height);
    let marked = app.marked_point(&grid);
    let each = if app.palette.depth == Depth::None { 1 } else { 2 };
    for line in 0..usize::from(areas.map.height) {
        for x in 0..width {
            let at = |y: usize| grid.point(picture, &scale, x, y);
            let Some(cell) = buffer.cell_mut((areas.map.x + x as u16, areas.map.y + line as u16)) else { continue };
            let brushed = app.brush.is_some_and(|brush| (0..each).any(|part| brush.holds((x, line * each + part))));
            let here = marked.filter(|(mark, y)| *mark == x && y / each == line).map(|(_, y)| y % each);
            let (symbol, style) = match each {
                1 => lettered(at(line), here.is_some(), stippled(x, line)),
                _ => halves(app, (at(2 * line), at(2 * line + 1)), here, stippled(x, line)),
            };
            cell.set_char(symbol).set_style(style);
            // What a box holds is seen by its ground.
            if brushed {
                cell.set_char(if x % 2 == line % 2 { symbol } else { '░' })
                    .set_style(Style::new().fg(app.palette.mark));
            }
        }
    }
    keys(app, picture, &grid, (areas.keys, each), marked, buffer);
    states(app, picture, &grid, marked, areas, buffer);
    times(app, picture, areas, buffer);
}

/// The places that say of estimates that they are some.
const fn stippled(x: usize, line: usize) -> bool {
    x % 4 == 2 * (line % 2)
}

/// What a point is drawn with where there are no colours.
fn lettered(point: Point, here: bool, stippled: bool) -> (char, Style) {
    let symbol = match point.ground {
        Ground::Gap => '/',
        _ if point.marks.conflict => 'X',
        _ if point.marks.lacking && point.level == 0 => '/',
        _ if point.marks.estimated && point.level > 0 && stippled => '~',
        _ => letter(point.level),
    };
    let style = Style::new();
    (symbol, if here { style.add_modifier(Modifier::REVERSED) } else { style })
}

/// Two points, one above the other. What is to be said of them beside their level takes the whole of the place.
fn halves(app: &App, (upper, lower): (Point, Point), here: Option<usize>, stippled: bool) -> (char, Style) {
    let palette = &app.palette;
    let color = |point: &Point| {
        let color = match point.ground {
            Ground::Outside => palette.outside,
            _ => palette.color(point.level),
        };
        if app.failure.is_some() { grey(color, point.level) } else { color }
    };
    let (above, below) = (color(&upper), color(&lower));
    let hotter = if upper.level >= lower.level { above } else { below };
    let style = Style::new().bg(hotter);
    match here {
        Some(0) => return ('▀', Style::new().fg(palette.mark).bg(below)),
        Some(_) => return ('▄', Style::new().fg(palette.mark).bg(above)),
        None => {}
    }
    let marks = [upper.marks, lower.marks];
    if upper.ground == Ground::Gap {
        ('/', style.fg(palette.gap))
    } else if marks.iter().any(|marks| marks.conflict) {
        ('X', style.fg(palette.mark))
    } else if marks.iter().any(|marks| marks.lacking) {
        ('/', style.fg(if upper.level.max(lower.level) == 0 { palette.gap } else { palette.over }))
    } else if stippled && marks.iter().any(|marks| marks.estimated) && upper.level.max(lower.level) > 0 {
        ('~', style.fg(palette.over))
    } else {
        ('▀', Style::new().fg(above).bg(below))
    }
}

/// The colours of a picture that no longer changes.
fn grey(color: Color, level: u8) -> Color {
    match color {
        Color::Rgb(red, green, blue) => {
            let light = (u32::from(red) * 2 + u32::from(green) * 7 + u32::from(blue)) / 10;
            Color::Rgb(light as u8, light as u8, light as u8)
        }
        Color::Indexed(_) => Color::Indexed(235 + level / 13),
        other => other,
    }
}

/// The keys that rows begin with, without what all of them begin with.
fn keys(
    app: &App,
    picture: &Picture,
    grid: &Grid,
    (area, each): (Rect, usize),
    marked: Option<(usize, usize)>,
    buffer: &mut Buffer,
) {
    let rows = &picture.answer.rows;
    let shared = shared_prefix(rows.iter().map(|row| row.start.as_slice()).filter(|start| !start.is_empty()));
    let room = usize::from(area.width.saturating_sub(2));
    let mut before = None;
    for line in 0..usize::from(area.height) {
        let shown = (0..each).filter_map(|part| grid.rows_at(line * each + part));
        let begins = shown.flat_map(|(from, to)| from..=to).find(|row| before.is_none_or(|before| *row > before));
        let pointed = marked.is_some_and(|(_, y)| y / each == line);
        let label = begins
            .and_then(|row| rows.get(row))
            .map(|row| label(app.format, &row.start, &shared, room))
            .unwrap_or_default();
        before = begins.or(before);
        let style = if pointed { Style::new().add_modifier(Modifier::BOLD) } else { faint() };
        let text = format!("{label:>room$}{}", if pointed { " >" } else { "  " });
        put(buffer, area, line as u16, &text, style);
    }
}

/// What all of these begin with, up to the last sign that is none of a word.
fn shared_prefix<'a>(mut keys: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let Some(first) = keys.next() else { return Vec::new() };
    let mut many = false;
    let shared = keys.fold(first.len(), |shared, key| {
        many = true;
        first.iter().zip(key).take(shared).take_while(|(a, b)| a == b).count()
    });
    let shared = first.get(..if many { shared } else { 0 }).unwrap_or_default();
    let end = shared.iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    shared.get(..end).unwrap_or_default().to_vec()
}

fn label(format: KeyFormat, start: &[u8], shared: &[u8], room: usize) -> String {
    if start.is_empty() {
        return cut("(lowest key)", room);
    }
    let whole = format.text(start);
    if whole.chars().count() <= room {
        return whole;
    }
    if format != KeyFormat::Utf8 {
        return cut(&whole, room);
    }
    match start.strip_prefix(shared) {
        Some(rest) if !shared.is_empty() => cut(&format!("..{}", escape::key(rest)), room),
        _ => cut(&whole, room),
    }
}

/// At most so many columns: the middle goes, because keys differ at their ends.
pub(super) fn cut(text: &str, room: usize) -> String {
    let width = |text: &str| ratatui::text::Line::raw(text).width();
    if width(text) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let (mut head, mut tail) = (letters.len() / 2, letters.len() - letters.len() / 2);
    loop {
        let part = |from: usize, to: usize| letters.get(from..to).unwrap_or_default().iter().collect::<String>();
        let text = format!("{}..{}", part(0, head), part(letters.len() - tail, letters.len()));
        if width(&text) <= room || (head == 0 && tail == 0) {
            return text;
        }
        if head >= tail { head = head.saturating_sub(1) } else { tail = tail.saturating_sub(1) }
    }
}

/// What happened in the time of a column of points: something that somebody told, or only what keyviz tells of itself.
fn happened(app: &App, picture: &Picture, x: usize, width: u16) -> Option<bool> {
    let (span_ms, width) = (picture.view.span_ms() as f64, f64::from(width.max(1)));
    let edge = |x: usize| picture.view.from_ms + (x as f64 * span_ms / width) as u64;
    let here = app.events.iter().filter(|event| (edge(x)..edge(x + 1)).contains(&event.at_ms));
    here.map(|event| !event.own).max()
}

/// Under each column of points what is to be said of its time: what happened, open, late, missing, without a node; and where the crosshair is.
fn states(
    app: &App,
    picture: &Picture,
    grid: &Grid,
    marked: Option<(usize, usize)>,
    areas: &Areas,
    buffer: &mut Buffer,
) {
    for x in 0..usize::from(areas.map.width) {
        let here = grid.columns_at(x);
        let columns = here.and_then(|(from, to)| picture.answer.columns.get(from..=to));
        let lacks = here.is_some_and(|(from, to)| (from..=to).any(|column| picture.lacks_node(column)));
        let is = |state: ColumnState| columns.unwrap_or_default().iter().any(|column| column.state == state);
        let sign = match grid.ground(x) {
            _ if marked.is_some_and(|(at, _)| at == x) => '^',
            _ if happened(app, picture, x, areas.map.width) == Some(true) => 'E',
            Ground::Outside => ' ',
            Ground::Gap => '/',
            _ if is(ColumnState::Open) || columns.is_none() => 'o',
            _ if lacks => 'n',
            _ if is(ColumnState::Late) => 'l',
            _ if happened(app, picture, x, areas.map.width).is_some() => 'e',
            _ => ' ',
        };
        let place = (areas.map.x + x as u16, areas.times.y);
        buffer.cell_mut(place).into_iter().for_each(|cell| {
            cell.set_char(sign).set_style(faint());
        });
    }
    let rows = &picture.answer.rows;
    let shared = shared_prefix(rows.iter().map(|row| row.start.as_slice()).filter(|start| !start.is_empty()));
    if !shared.is_empty() && app.format == KeyFormat::Utf8 {
        let room = usize::from(areas.keys.width.saturating_sub(2));
        let text = format!("{:>room$}", cut(&format!("{}..", escape::key(&shared)), room));
        put(buffer, Rect { width: areas.keys.width, ..areas.times }, 0, &text, faint());
    }
}

fn times(app: &App, picture: &Picture, areas: &Areas, buffer: &mut Buffer) {
    let (view, width) = (picture.view, usize::from(areas.map.width));
    let relative = app.status.as_ref().is_some_and(|status| status.relative);
    let days = view.span_ms() > 86_400_000;
    let count = (width / TIME_WIDTH).max(1);
    for at in 0..count {
        let x = at * width / count;
        let ms = view.from_ms + (x as f64 * view.span_ms() as f64 / width.max(1) as f64) as u64;
        let text = match (relative, days) {
            (true, _) => since(ms),
            (false, true) => instant(ms).get(5..16).unwrap_or_default().to_owned(),
            (false, false) => clock(ms),
        };
        let place = Rect { x: areas.map.x + x as u16, width: TIME_WIDTH as u16, ..areas.times };
        put(buffer, place.intersection(buffer.area), 1, &text, faint());
    }
    put(
        buffer,
        Rect { width: areas.keys.width, ..areas.times },
        1,
        if relative { " time from the start" } else { " time, UTC" },
        faint(),
    );
}

/// Which colour is which rate, and what the signs mean.
pub(super) fn legend(app: &App, buffer: &mut Buffer, area: Rect) {
    let (Some(picture), Some(scale)) = (&app.picture, app.scale()) else { return };
    let ends = [scale.low, scale.high].map(|rate| short(picture.answer.series, rate));
    let mut x = area.x + 1;
    let mut say = |buffer: &mut Buffer, text: &str, style: Style| {
        (x, _) = buffer.set_stringn(x, area.y, text, usize::from(area.right().saturating_sub(x)), style);
    };
    let none = app.palette.depth == Depth::None;
    say(buffer, "none ", faint());
    say(buffer, "  ", if none { Style::new() } else { Style::new().bg(app.palette.color(0)) });
    say(buffer, &format!(" {} ", ends[0]), faint());
    for step in 0..RAMP {
        let level = 1 + (step * usize::from(TOP_LEVEL - 1) / (RAMP - 1)) as u8;
        match none {
            true => say(buffer, &letter(level).to_string(), Style::new()),
            false => say(buffer, " ", Style::new().bg(app.palette.color(level))),
        }
    }
    say(buffer, &format!(" {} {}/s", ends[1], unit(picture.answer.series)), faint());
    let totals = picture.totals;
    let signs = [
        (picture.any(&[ColumnState::Missing]) || totals.lacking > 0, "  / gap"),
        (picture.any(&[ColumnState::Open]), "  o open"),
        (picture.any(&[ColumnState::Late]), "  l late"),
        (picture.any_lacks_node(), "  n lacks a node"),
        (totals.conflicts > 0, "  X conflict"),
        (totals.estimated > 0, "  ~ estimate"),
        (totals.cut > 0, "  rows cut"),
        (app.events.iter().any(|event| !event.own), "  E event"),
        (app.events.iter().any(|event| event.own), "  e of keyviz"),
    ];
    for (is, text) in signs {
        if is {
            say(buffer, text, faint());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lose_what_all_share_and_then_their_middle() {
        let keys: Vec<&[u8]> = vec![b"orders/eu/customer-06250", b"orders/eu/customer-1", b"orders/eu/zz"];
        let shared = shared_prefix(keys.iter().copied());
        assert_eq!(shared, b"orders/eu/");
        assert_eq!(shared_prefix(keys.iter().copied().take(1)), b"");
        assert_eq!(label(KeyFormat::Utf8, keys[0], &shared, 16), "..customer-06250");
        assert_eq!(label(KeyFormat::Utf8, keys[0], &shared, 12), "..cus..06250");
        assert_eq!(label(KeyFormat::Utf8, keys[2], &shared, 12), "orders/eu/zz");
        assert_eq!(label(KeyFormat::Utf8, b"", &shared, 30), "(lowest key)");
        assert_eq!(cut("用户用户用户", 7), "用..户");
        assert_eq!(cut("ab", 0), "..");
    }
}
