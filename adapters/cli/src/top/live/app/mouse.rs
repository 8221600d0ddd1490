//! What follows from the mouse.

use ratatui::crossterm::event::MouseEvent;

use super::{App, Hot, Then};
use crate::top::live::picture::Grid;
use crate::top::live::place;
use crate::top::live::pointer::{Brush, Gesture};

impl App {
    /// What the mouse does, at a point of the map.
    pub(in crate::top::live) fn point(&mut self, event: MouseEvent, at: Option<(usize, usize)>) -> Then {
        let Some(gesture) = self.pointer.take(event, at) else { return Then::Draw };
        self.brush = None;
        match gesture {
            // With hot keys open each point would be asked for on the way to them.
            Gesture::Point(_) if !matches!(self.hot, Hot::Closed) => {}
            Gesture::Point(at) => self.cross = Some(at),
            Gesture::Click(at) => {
                self.cross = Some(at);
                self.pin();
            }
            Gesture::Wheel { at, closer, time, keys } => {
                self.cross = Some(at);
                return self.zoom(closer, time, keys);
            }
            Gesture::Brushing(brush) => self.brush = Some(brush),
            Gesture::Brushed(brush) => return self.zoom_to(brush),
        }
        Then::Draw
    }

    fn zoom_to(&mut self, brush: Brush) -> Then {
        let (Some(status), Some(picture)) = (&self.status, &self.picture) else { return Then::Draw };
        let mut place = self.place.clone();
        if !brush.is_narrow() {
            let width = self.points.0.max(1) as f64;
            let shares = (brush.from.0 as f64 / width, (brush.to.0 + 1) as f64 / width);
            place.time = place::part_of_time(&place.view(status), status, shares);
        }
        let grid = Grid::new(picture, self.points.0, self.points.1);
        // The lower half of a line is in the box where its upper half is.
        let rows = grid.rows_at(brush.from.1).zip(grid.rows_at((brush.to.1 + 1).min(self.points.1.saturating_sub(1))));
        if let (Some(((from, _), (_, to))), false) = (rows, brush.is_flat()) {
            let bounds = picture.bounds();
            place.keys = bounds.get(from..=to).and_then(place::hull).unwrap_or(place.keys);
        }
        self.cross = None;
        self.go(place)
    }
}
