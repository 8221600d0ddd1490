//! What the page is told about the picture it draws.

use serde::Serialize;

/// Whether the picture moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A sampler at work: the page refreshes.
    #[default]
    Live,
    /// A finished recording, such as a replayed trace: the page draws once.
    Static,
}

/// How instants are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeLabel {
    /// As dates and times of day.
    #[default]
    Unix,
    /// As time since the first column, for a trace whose own clock starts at 0.
    Relative,
}
