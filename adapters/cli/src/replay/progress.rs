//! The progress bar: on standard error, and only where that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How many records pass between two looks at the bar.
const EVERY: u64 = 8192;

/// One pass over the file.
pub(crate) struct Progress {
    bar: ProgressBar,
    records: u64,
}

impl Progress {
    pub(crate) fn new(pass: &'static str, bytes: u64) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{msg:9} [{bar:40}] {bytes}/{total_bytes} {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(pass);
        Progress { bar, records: 0 }
    }

    /// No bar, where there is no end to move to.
    pub(crate) fn hidden() -> Progress {
        Progress { bar: ProgressBar::hidden(), records: 0 }
    }

    /// Counts a record; `bytes` says how far the file is read.
    pub(crate) fn tick(&mut self, bytes: u64) {
        self.records += 1;
        if self.records.is_multiple_of(EVERY) {
            self.bar.set_position(bytes);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
