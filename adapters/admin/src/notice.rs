//! A text the host shows on the page: a demo says which phase runs and what to look for.

use serde::Serialize;

/// What the page shows above the picture. Set with [`Admin::set_notice`](crate::Admin::set_notice),
/// carried by `/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Stays the same while the notice means the same, so that the page can tell a new one.
    pub id: String,
    /// A few words.
    pub title: String,
    /// A sentence or two. Shown as text, never as markup.
    pub text: String,
    /// From when it applies, in Unix milliseconds.
    pub since_unix_ms: u64,
    /// Until when, in Unix milliseconds; 0 = until it is replaced.
    pub until_unix_ms: u64,
}
