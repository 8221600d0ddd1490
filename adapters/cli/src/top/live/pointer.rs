//! What the mouse asks for: pointing, a click, the wheel, a box.

use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// A point of the map.
pub(super) type Place = (usize, usize);

/// A box drawn on the map: its first and last points, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Brush {
    pub(super) from: Place,
    pub(super) to: Place,
}

/// What the mouse asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gesture {
    Point(Place),
    Click(Place),
    Wheel { at: Place, closer: bool, time: bool, keys: bool },
    Brushing(Brush),
    Brushed(Brush),
}

/// What is being done with a button down.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pointer {
    pressed: Option<Place>,
    has_moved: bool,
}

impl Pointer {
    /// What an event asks for, by the point of the map it is at; `None` where that is none, or nothing is asked.
    pub(super) fn take(&mut self, event: MouseEvent, at: Option<Place>) -> Option<Gesture> {
        match event.kind {
            MouseEventKind::Moved => {
                // A button may have been let go outside of the window.
                self.pressed = None;
                at.map(Gesture::Point)
            }
            MouseEventKind::Down(MouseButton::Left) => {
                (self.pressed, self.has_moved) = (at, false);
                None
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                let (from, to) = (self.pressed?, at?);
                self.has_moved |= from != to;
                self.has_moved.then_some(Gesture::Brushing(Brush::between(from, to)))
            }
            MouseEventKind::Up(MouseButton::Left) => {
                let from = self.pressed.take()?;
                let Some(to) = at else { return Some(Gesture::Point(from)) };
                let gesture = Gesture::Brushed(Brush::between(from, to));
                Some(if self.has_moved { gesture } else { Gesture::Click(to) })
            }
            MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => {
                let has = |modifier| event.modifiers.contains(modifier);
                let closer = event.kind == MouseEventKind::ScrollUp;
                let (time, keys) = (!has(KeyModifiers::ALT), !has(KeyModifiers::SHIFT));
                at.map(|at| Gesture::Wheel { at, closer, time, keys })
            }
            _ => None,
        }
    }

    /// Lets go of a box.
    pub(super) fn cancel(&mut self) {
        self.pressed = None;
    }
}

impl Brush {
    fn between(a: Place, b: Place) -> Brush {
        Brush { from: (a.0.min(b.0), a.1.min(b.1)), to: (a.0.max(b.0), a.1.max(b.1)) }
    }

    pub(super) fn holds(&self, (x, y): Place) -> bool {
        (self.from.0..=self.to.0).contains(&x) && (self.from.1..=self.to.1).contains(&y)
    }

    /// Whether it is a line along the keys, which asks for these keys and all the time.
    pub(super) const fn is_narrow(&self) -> bool {
        self.from.0 == self.to.0
    }

    /// Whether it is a line along the time: with half blocks two points are one line.
    pub(super) const fn is_flat(&self) -> bool {
        self.to.1 - self.from.1 < 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_a_box_and_a_button_that_is_let_go_elsewhere() {
        let mut pointer = Pointer::default();
        let event = |kind, modifiers| MouseEvent { kind, column: 0, row: 0, modifiers };
        let mut take = |kind, at| pointer.take(event(kind, KeyModifiers::NONE), at);
        let left = MouseButton::Left;
        assert_eq!(take(MouseEventKind::Moved, Some((1, 2))), Some(Gesture::Point((1, 2))));
        assert_eq!(take(MouseEventKind::Moved, None), None);
        assert_eq!(take(MouseEventKind::Down(left), Some((5, 6))), None);
        assert_eq!(take(MouseEventKind::Drag(left), Some((5, 6))), None);
        assert_eq!(take(MouseEventKind::Up(left), Some((5, 6))), Some(Gesture::Click((5, 6))));
        take(MouseEventKind::Down(left), Some((5, 6)));
        let brush = Brush { from: (3, 6), to: (5, 9) };
        assert_eq!(take(MouseEventKind::Drag(left), Some((3, 9))), Some(Gesture::Brushing(brush)));
        assert_eq!(take(MouseEventKind::Drag(left), None), None);
        assert_eq!(take(MouseEventKind::Up(left), Some((3, 9))), Some(Gesture::Brushed(brush)));
        take(MouseEventKind::Down(left), Some((5, 6)));
        take(MouseEventKind::Drag(left), Some((3, 9)));
        assert_eq!(take(MouseEventKind::Up(left), None), Some(Gesture::Point((5, 6))));
        take(MouseEventKind::Down(left), Some((5, 6)));
        take(MouseEventKind::Moved, Some((7, 7)));
        assert_eq!(take(MouseEventKind::Up(left), Some((8, 8))), None);
        assert_eq!(take(MouseEventKind::Down(MouseButton::Right), Some((8, 8))), None);
        let wheel = |modifiers| Pointer::default().take(event(MouseEventKind::ScrollDown, modifiers), Some((1, 1)));
        let turned = |time, keys| Some(Gesture::Wheel { at: (1, 1), closer: false, time, keys });
        assert_eq!(wheel(KeyModifiers::NONE), turned(true, true));
        assert_eq!(wheel(KeyModifiers::SHIFT), turned(true, false));
        assert_eq!(wheel(KeyModifiers::ALT), turned(false, true));
        assert!(brush.holds((4, 7)) && !brush.holds((6, 7)) && !brush.is_flat() && !brush.is_narrow());
    }
}
