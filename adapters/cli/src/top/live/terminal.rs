//! The terminal: taken over, and given back however the program ends.

use std::io;

use ratatui::DefaultTerminal;

/// A terminal in raw mode, on its alternate screen; as it was once this is dropped, or a thread panics.
pub(super) struct Taken(pub(super) DefaultTerminal);

impl Taken {
    /// # Errors
    /// Where the terminal cannot be had.
    pub(super) fn take() -> io::Result<Taken> {
        Ok(Taken(ratatui::try_init()?))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Where it is gone there is nothing to restore.
        let _ = self.0.show_cursor();
        let _ = ratatui::try_restore();
    }
}
