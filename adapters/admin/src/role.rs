//! What a token opens.

use std::fmt;

/// What whoever asks may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The picture and its snapshot, with keys redacted; no hot keys.
    Read,
    /// Everything.
    Full,
}

impl Role {
    /// `read` or `full`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Full => "full",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
