//! The inspected cell: rate, count, time; what is to be said of it; its keys and their owner.

use keyviz_core::ColumnState;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::table::{amount, bounds};
use super::{faint, put, strong};
use crate::escape;
use crate::quantity::{count, duration};
use crate::top::live::app::App;
use crate::top::live::picture::{Cell, Picture, Point, covered_ms};
use crate::top::live::words::{span, unit};

pub(super) fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let (Some(picture), Some((cell, point))) = (&app.picture, app.inspected()) else {
        let text = if app.pinned.is_some() {
            " The pinned cell is not in this picture; Esc lets it go."
        } else {
            " Arrows or the mouse point at a cell."
        };
        put(buffer, area, 1, text, faint());
        return;
    };
    let Some([first, second, third]) = lines(app, picture, (cell, point), area.width) else { return };
    put(buffer, area, 0, &first, strong());
    put(buffer, area, 1, &second, Style::new());
    put(buffer, area, 2, &third, Style::new());
}

fn lines(app: &App, picture: &Picture, (cell, point): (Cell, Point), width: u16) -> Option<[String; 3]> {
    let (row, column, status) = (picture.row(cell)?, picture.column(cell)?, app.status.as_ref()?);
    let series = picture.answer.series;
    let late = column.state == ColumnState::Late;
    let (from_ms, to_ms) =
        if late { (column.covers_from_ms, column.covers_to_ms) } else { (column.start_ms, column.end_ms) };
    let about = if picture.marks(cell).estimated { "about " } else { "" };
    let pinned = if app.pinned.is_some() { "pinned  " } else { "" };
    let first = match column.state {
        ColumnState::Missing => format!(" {pinned}not recorded: a gap is not a zero  {}", span(status, from_ms, to_ms)),
        _ => format!(
            " {pinned}{about}{} {unit}/s  {about}{} in {}  {}",
            amount(series, picture.rate(cell)),
            count(picture.value(cell)),
            duration(covered_ms(column)),
            span(status, from_ms, to_ms),
            unit = unit(series),
        ),
    };
    let room = usize::from(width.saturating_sub(2));
    let second = format!(" {}", bounds(app.format, Some(&row.start), row.end.as_deref(), room));
    Some([first, second, format!(" {}", facts(picture, cell, point, row).join("  "))])
}

/// Whose it is, and what is to be said of its number.
fn facts(picture: &Picture, cell: Cell, point: Point, row: &keyviz_core::AnswerRow) -> Vec<String> {
    let mut facts = Vec::new();
    let marks = picture.marks(cell);
    let state = picture.column(cell).map(|column| column.state);
    for (is, text) in [
        (marks.conflict, "CONFLICT: nodes differ, the greatest is shown"),
        (marks.lacking, "LACKING: a node tells nothing of this time"),
        (marks.estimated, "ESTIMATE: spread from wider bounds"),
        (state == Some(ColumnState::Open), "OPEN: still growing"),
        (state == Some(ColumnState::Late), "LATE: covers more than its step"),
        (row.draining, "removed, draining"),
    ] {
        if is {
            facts.push(text.to_owned());
        }
    }
    if let Some(name) = &row.name {
        facts.push(format!("[{}]", escape::key(name.as_bytes())));
    }
    match row.bucket_id.as_str() {
        id if id.starts_with("range:") => facts.push(match row.route_count {
            0 => "between routes".to_owned(),
            1 => "1 route here".to_owned(),
            many => format!("{} routes here", count(many)),
        }),
        id => facts.push(id.replacen("route:", "route ", 1)),
    }
    if row.aggregate {
        facts.push(format!("{} routes together", count(row.route_count)));
    }
    if !row.label.is_empty() {
        facts.push(format!("label {}", escape::key(row.label.as_bytes())));
    }
    let at = |list: &[u64]| list.get(cell.column).copied().filter(|id| *id > 0);
    match (at(&row.groups), at(&row.terms)) {
        (Some(group), Some(term)) => facts.push(format!("group {group} term {term}")),
        (Some(group), None) => facts.push(format!("group {group}")),
        _ => {}
    }
    if let Some(fanout) = &picture.answer.fanout {
        facts.push(format!("{} of {} nodes then", picture.answer.nodes(cell.column), fanout.expected));
    }
    if point.cells > 1 {
        facts.push(format!("hottest of {} cells", count(point.cells as u64)));
    }
    facts
}
