//! What happened in the time that is shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{faint, put, strong};
use crate::quantity::{count, since};
use crate::top::events::{Event, listed, when};
use crate::top::live::app::App;

/// The latest that there is room for, what somebody told before what keyviz tells of itself.
pub(super) fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let room = usize::from(area.height.saturating_sub(1));
    let shown = listed(&app.events, room);
    let more = match app.events.len() - shown.len() {
        0 => String::new(),
        more => format!(", {} more", count(more as u64)),
    };
    let title = format!(" Events of this time{more} (x zooms in to single ones, e closes)");
    put(buffer, area, 0, &title, strong());
    if app.events.is_empty() {
        put(buffer, area, 1, " Nothing happened in this time that keyviz knows of.", faint());
    }
    for (line, event) in shown.into_iter().enumerate() {
        let style = if event.own { faint() } else { Style::new() };
        put(buffer, area, line as u16 + 1, &format!(" {}  {}", time(app, event), event.words), style);
    }
}

fn time(app: &App, event: &Event) -> String {
    match app.status.as_ref().is_some_and(|status| status.relative) {
        true if event.last_ms > event.at_ms => format!("{} to {}", since(event.at_ms), since(event.last_ms)),
        true => since(event.at_ms),
        false => when(event, app.picture.as_ref().is_some_and(|picture| picture.view.span_ms() > 86_400_000)),
    }
}
