//! Who may ask, and what of keys they get to see.

use std::fmt;

use crate::redaction::Redaction;
use crate::redactor::Redactor;
use crate::token::{Token, TokenError};

/// Tokens and redactions of both roles.
///
/// Without any token everyone who reaches the endpoint has role full. With a token for one role only, nobody has the
/// other.
///
/// # Examples
/// ```
/// use keyviz_admin::{Access, Redaction, Token};
/// let access = Access {
///     full: Some(Token::from_text("0123456789abcdef0123")?),
///     read: Some(Token::from_text("fedcba9876543210fedc")?),
///     read_redaction: Redaction::Prefix(4),
///     ..Access::default()
/// };
/// assert!(access.check().is_ok());
///
/// let same = Access { read: access.full.clone(), ..access };
/// assert!(same.check().is_err()); // one secret cannot open two roles
/// # Ok::<(), keyviz_admin::TokenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Access {
    /// The token of role full.
    pub full: Option<Token>,
    /// The token of role read.
    pub read: Option<Token>,
    /// What role full sees of keys, and what recorded pages hold. Default [`Redaction::None`].
    pub redaction: Redaction,
    /// What role read sees of keys. Default `prefix:8`, of all bounds: those that a host gives are keys of its data as
    /// much as those that are found in samples.
    pub read_redaction: Redaction,
    /// The key of the hashes that stand for keys; without one it is random, and they differ from run to run.
    pub redaction_key: Option<Token>,
}

impl Default for Access {
    fn default() -> Self {
        Access {
            full: None,
            read: None,
            redaction: Redaction::None,
            read_redaction: Redaction::READ_DEFAULT,
            redaction_key: None,
        }
    }
}

impl Access {
    /// Whether a token has to be shown.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.full.is_some() || self.read.is_some()
    }

    /// What redacts for role full.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.redaction, self.redaction_key.as_ref())
    }

    /// Whether the roles can be told apart.
    ///
    /// # Errors
    /// [`AccessError::SameToken`] when both tokens are the same.
    pub fn check(&self) -> Result<(), AccessError> {
        match (&self.full, &self.read) {
            (Some(full), Some(read)) if full.matches(read.bytes()) => Err(AccessError::SameToken),
            _ => Ok(()),
        }
    }
}

/// Why the settings of who may ask cannot work.
#[derive(Debug)]
#[non_exhaustive]
pub enum AccessError {
    /// A file of a token or of the redaction's key.
    File(TokenError),
    /// Both roles have one token.
    SameToken,
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::SameToken => f.write_str(
                "--admin-token-file and --admin-read-token-file hold the same token; make another for one of the roles",
            ),
        }
    }
}

impl std::error::Error for AccessError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::SameToken => None,
        }
    }
}
