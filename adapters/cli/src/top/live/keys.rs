//! What each key does: one table, which help reads too.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Moves the crosshair: columns to the right, rows down.
    Move(i32, i32),
    /// Moves the crosshair to an end of time.
    ToEnd {
        latest: bool,
    },
    /// Shows other keys or another time: to the right, down.
    Pan(i32, i32),
    /// Half or twice as much of time, of keys, or of both.
    Zoom {
        closer: bool,
        time: bool,
        keys: bool,
    },
    Undo,
    Reset,
    Series {
        next: bool,
    },
    Range {
        longer: bool,
    },
    Axis,
    Label,
    /// How keys are written.
    Format,
    GoTo,
    /// Whether the mouse is this program's or the terminal's.
    Mouse,
    Palette,
    Linear,
    Pin,
    HotKeys,
    /// What happened, in place of the table.
    Events,
    Pause,
    AskNow,
    Help,
    Close,
    Quit,
}

/// A line of help: the keys, and what they do.
pub(super) const HELP: [(&str, &str); 22] = [
    ("arrows, Home, End", "move the crosshair"),
    ("Shift+arrows, HJKL", "pan: another time, other keys"),
    ("+ -", "zoom time and keys about the crosshair"),
    ("x X", "zoom time in, out"),
    ("y Y", "zoom keys in, out"),
    ("Backspace", "one step back"),
    ("r", "the whole map"),
    ("s S", "next, previous series"),
    ("t T", "longer, shorter time"),
    ("a", "rows by range or by route"),
    ("b", "traffic of the next label"),
    ("k", "hot keys of the cell"),
    ("e", "events of this time"),
    ("Enter", "pin the cell, let it go"),
    ("/", "go to a key, route:7 or a name"),
    ("f", "keys as utf8, hex, u64be, uuid"),
    ("Mouse", "points; click pins, wheel zooms, a box zooms to it"),
    ("m", "leave the mouse to the terminal, to select text"),
    ("p l", "palette; linear scale"),
    ("Space g", "pause; ask again now"),
    ("Esc ?", "close; this help"),
    ("q Ctrl-C", "quit"),
];

/// What a key press asks for; nothing where it has no meaning.
pub(super) fn action(key: KeyEvent) -> Option<Action> {
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'q')).then_some(Action::Quit);
    }
    let moved = |right, down| if shift { Action::Pan(right, down) } else { Action::Move(right, down) };
    let zoom = |closer, time, keys| Action::Zoom { closer, time, keys };
    Some(match key.code {
        KeyCode::Left => moved(-1, 0),
        KeyCode::Right => moved(1, 0),
        KeyCode::Up => moved(0, -1),
        KeyCode::Down => moved(0, 1),
        KeyCode::PageUp => moved(0, -10),
        KeyCode::PageDown => moved(0, 10),
        KeyCode::Home => Action::ToEnd { latest: false },
        KeyCode::End => Action::ToEnd { latest: true },
        KeyCode::Enter => Action::Pin,
        KeyCode::Esc => Action::Close,
        KeyCode::Backspace => Action::Undo,
        KeyCode::Char(letter) => match letter {
            'H' => Action::Pan(-1, 0),
            'J' => Action::Pan(0, 1),
            'K' => Action::Pan(0, -1),
            'L' => Action::Pan(1, 0),
            '+' | '=' => zoom(true, true, true),
            '-' | '_' => zoom(false, true, true),
            'x' => zoom(true, true, false),
            'X' => zoom(false, true, false),
            'y' => zoom(true, false, true),
            'Y' => zoom(false, false, true),
            'r' | 'R' => Action::Reset,
            's' => Action::Series { next: true },
            'S' => Action::Series { next: false },
            't' => Action::Range { longer: true },
            'T' => Action::Range { longer: false },
            'a' => Action::Axis,
            'b' => Action::Label,
            'f' => Action::Format,
            'm' => Action::Mouse,
            '/' => Action::GoTo,
            'p' => Action::Palette,
            'l' => Action::Linear,
            'k' => Action::HotKeys,
            'e' => Action::Events,
            ' ' => Action::Pause,
            'g' => Action::AskNow,
            '?' => Action::Help,
            'q' => Action::Quit,
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_help_does_something() {
        let none = KeyModifiers::NONE;
        for (keys, _) in HELP {
            for word in keys.split([' ', ',']).filter(|word| word.len() == 1) {
                let letter = KeyCode::Char(word.chars().next().unwrap());
                assert!(action(KeyEvent::new(letter, none)).is_some(), "{word}");
            }
        }
        let of = |code, modifiers| action(KeyEvent::new(code, modifiers));
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Quit));
        assert_eq!(of(KeyCode::Char('x'), KeyModifiers::CONTROL), None);
        assert_eq!(of(KeyCode::Left, KeyModifiers::SHIFT), Some(Action::Pan(-1, 0)));
        assert_eq!(of(KeyCode::Left, none), Some(Action::Move(-1, 0)));
        assert_eq!(of(KeyCode::F(1), none), None);
    }
}
