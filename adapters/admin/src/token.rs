//! The bearer token: from a file, never from the command line, where every user of the machine
//! could read it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq;

/// A secret of 16 to 512 visible ASCII characters.
///
/// Its `Debug` form hides it.
#[derive(Clone)]
pub struct Token {
    // Zero-padded to a fixed size, so that the time of a comparison tells nothing of the length.
    padded: [u8; Token::MAX_LEN],
    len: u64,
}

impl Token {
    /// The fewest characters accepted: below it a token can be guessed.
    pub const MIN_LEN: usize = 16;
    /// The most characters accepted.
    pub const MAX_LEN: usize = 512;

    /// Takes the token from a file's text, without the white space around it.
    ///
    /// # Errors
    /// [`TokenError`] names the file and what to do: missing, unreadable, empty, too short, too
    /// long, or with characters that a header cannot carry.
    pub fn from_file(path: &Path) -> Result<Token, TokenError> {
        let fail = |kind| TokenError { path: Some(path.to_path_buf()), kind };
        let file = File::open(path)
            .map_err(|e| fail(if e.kind() == io::ErrorKind::NotFound { Kind::Missing } else { Kind::Unreadable(e) }))?;
        // A token file may carry white space, but never more than fits beside the longest token.
        const MOST: u64 = 4096;
        let mut text = Vec::new();
        file.take(MOST + 1).read_to_end(&mut text).map_err(|e| fail(Kind::Unreadable(e)))?;
        if text.len() as u64 > MOST {
            return Err(fail(Kind::TooLong));
        }
        Token::parse(&text).map_err(fail)
    }

    /// Takes the token from text, without the white space around it: for hosts that keep their
    /// secrets elsewhere than in files.
    ///
    /// # Errors
    /// As [`Token::from_file`], without a file's name.
    pub fn from_text(text: &str) -> Result<Token, TokenError> {
        Token::parse(text.as_bytes()).map_err(|kind| TokenError { path: None, kind })
    }

    fn parse(text: &[u8]) -> Result<Token, Kind> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(Kind::Empty);
        }
        if !text.iter().all(u8::is_ascii_graphic) {
            return Err(Kind::BadCharacter);
        }
        if text.len() < Token::MIN_LEN {
            return Err(Kind::TooShort(text.len()));
        }
        let (padded, len) = pad(text).ok_or(Kind::TooLong)?;
        Ok(Token { padded, len })
    }

    /// The token's text.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.padded.get(..self.len as usize).unwrap_or(&self.padded)
    }

    /// Whether this is the token that was shown, in a time that depends on neither.
    pub(crate) fn matches(&self, shown: &[u8]) -> bool {
        let Some((padded, len)) = pad(shown) else {
            return false;
        };
        bool::from(self.padded.ct_eq(&padded) & self.len.ct_eq(&len))
    }
}

fn pad(text: &[u8]) -> Option<([u8; Token::MAX_LEN], u64)> {
    let mut padded = [0; Token::MAX_LEN];
    padded.get_mut(..text.len())?.copy_from_slice(text);
    Some((padded, text.len() as u64))
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// Why there is no token. The text names the file and what to do, never what the file holds.
#[derive(Debug)]
pub struct TokenError {
    path: Option<PathBuf>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Missing,
    Unreadable(io::Error),
    Empty,
    TooShort(usize),
    TooLong,
    BadCharacter,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "admin token file {}: ", path.display())?,
            None => f.write_str("admin token: ")?,
        }
        match &self.kind {
            Kind::Missing => {
                f.write_str("does not exist; make one with `head -c 32 /dev/urandom | base64 > FILE` and mode 600")
            }
            Kind::Unreadable(e) => write!(f, "cannot be read ({e}); give this user the right to read it"),
            Kind::Empty => f.write_str("is empty; write the token into it"),
            Kind::TooShort(len) => write!(f, "has {len} characters; use at least {}", Token::MIN_LEN),
            Kind::TooLong => write!(f, "is longer than {} characters", Token::MAX_LEN),
            Kind::BadCharacter => f.write_str("has white space or other characters that a header cannot carry inside the token; use one word of visible ASCII"),
        }
    }
}

impl std::error::Error for TokenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Unreadable(e) => Some(e),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "0123456789abcdef";

    #[test]
    fn only_the_same_token_matches() {
        let token = Token::from_text(&format!("\n {GOOD}\r\n")).unwrap();
        assert!(token.matches(GOOD.as_bytes()));
        assert!(!token.matches(b"0123456789abcdeF"));
        assert!(!token.matches(b"0123456789abcde"));
        assert!(!token.matches(b"0123456789abcdef0"));
        // The padding is not part of the token.
        assert!(!token.matches(b"0123456789abcdef\0"));
        assert!(!token.matches(b""));
        assert!(!token.matches(&[b'0'; 10_000]));
        assert_eq!(format!("{token:?}"), "Token(hidden)");
    }

    #[test]
    fn refusals_say_what_to_do_and_not_what_was_there() {
        let text = |s: &str| Token::from_text(s).unwrap_err().to_string();
        assert!(text(" \n").contains("is empty"));
        assert!(text("hunter2").contains("at least 16"));
        assert!(!text("hunter2").contains("hunter2"));
        assert!(text("two words of sixteen").contains("one word"));
        assert!(text(&"x".repeat(513)).contains("longer than 512"));
        assert!(Token::from_text(&"x".repeat(512)).is_ok());
    }

    #[test]
    fn files() {
        let dir = std::env::temp_dir().join(format!("keyviz-token-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("token");
        let missing = Token::from_file(&path).unwrap_err().to_string();
        assert!(missing.contains("does not exist") && missing.contains("token"), "{missing}");
        std::fs::write(&path, "").unwrap();
        assert!(Token::from_file(&path).unwrap_err().to_string().contains("is empty"));
        std::fs::write(&path, format!("{GOOD}\n")).unwrap();
        assert!(Token::from_file(&path).unwrap().matches(GOOD.as_bytes()));
        std::fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
        assert!(Token::from_file(&path).unwrap_err().to_string().contains("longer"));
        std::fs::write(&path, [0xff; 20]).unwrap();
        assert!(Token::from_file(&path).unwrap_err().to_string().contains("visible ASCII"));
        // A folder opens and cannot be read.
        assert!(Token::from_file(&dir).unwrap_err().to_string().contains("cannot be read"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
