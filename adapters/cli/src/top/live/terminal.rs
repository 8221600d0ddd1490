//! The terminal: taken over, and given back however the program ends.

use std::io::{self, stdout};
use std::panic;

use ratatui::DefaultTerminal;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::execute;

/// A terminal in raw mode, on its alternate screen, that may tell of the mouse; as it was once this is dropped, or a
/// thread panics.
pub(super) struct Taken {
    pub(super) screen: DefaultTerminal,
    has_mouse: bool,
}

impl Taken {
    /// # Errors
    /// Where the terminal cannot be had.
    pub(super) fn take() -> io::Result<Taken> {
        let taken = Taken { screen: ratatui::try_init()?, has_mouse: false };
        // The library's hook gives screen and modes back; mouse and cursor are none of its.
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |told| {
            let _ = execute!(stdout(), DisableMouseCapture, Show);
            before(told);
        }));
        Ok(taken)
    }

    /// Whether the terminal tells of the mouse. Where it does, it selects no text.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub(super) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if on == self.has_mouse {
            return Ok(());
        }
        self.has_mouse = on;
        if on { execute!(stdout(), EnableMouseCapture) } else { execute!(stdout(), DisableMouseCapture) }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Where it is gone there is nothing to restore.
        let _ = self.set_mouse(false);
        let _ = self.screen.show_cursor();
        let _ = ratatui::try_restore();
    }
}
