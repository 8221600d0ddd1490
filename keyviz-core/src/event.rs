//! What happened and when, in the host's words: a note beside the counts.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::fmt;

use crate::limits::{MAX_EVENT_KIND_LEN, MAX_EVENT_TEXT_LEN};

/// What sort of thing happened: 1 to 32 bytes of `[a-z0-9_-]`. The well-known ones are constants; a host may use
/// any other.
///
/// 33 bytes, free to copy.
///
/// # Examples
/// ```
/// use keyviz_core::EventKind;
/// const BACKUP: EventKind = match EventKind::new("backup") {
///     Ok(kind) => kind,
///     Err(_) => EventKind::DEPLOY,
/// };
/// assert_eq!(BACKUP.as_str(), "backup");
/// assert!(EventKind::new("Back up").is_err()); // upper case and blanks are refused
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind {
    name: [u8; MAX_EVENT_KIND_LEN],
    len: u8,
}

impl EventKind {
    /// A range was split. The core tells it of [`split_route`](crate::WriterOn::split_route), and once an hour of the
    /// ranges that it makes itself, with their merges.
    pub const SPLIT: EventKind = EventKind::known("split");
    /// Ranges were merged. The core tells it of [`merge_routes`](crate::WriterOn::merge_routes).
    pub const MERGE: EventKind = EventKind::known("merge");
    /// A group has another leader. The core tells it of [`set_term`](crate::WriterOn::set_term).
    pub const LEADER_CHANGE: EventKind = EventKind::known("leader-change");
    /// Routes share virtual buckets. The core tells it at most once an hour.
    pub const FOLDING: EventKind = EventKind::known("folding");
    /// Another version went to work.
    pub const DEPLOY: EventKind = EventKind::known("deploy");
    /// The process began anew.
    pub const RESTART: EventKind = EventKind::known("restart");

    /// All of these.
    pub const WELL_KNOWN: [EventKind; 6] =
        [Self::SPLIT, Self::MERGE, Self::LEADER_CHANGE, Self::FOLDING, Self::DEPLOY, Self::RESTART];

    /// Takes the name; in a constant, too.
    ///
    /// # Errors
    /// [`EventKindError`]: empty, longer than 32 bytes, or a byte outside `[a-z0-9_-]`.
    ///
    /// Never panics, never allocates.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{EventKind, EventKindError};
    /// assert_eq!(EventKind::new("deploy")?, EventKind::DEPLOY);
    /// assert_eq!(EventKind::new(""), Err(EventKindError::BadLength { len: 0 }));
    /// # Ok::<(), EventKindError>(())
    /// ```
    #[expect(clippy::indexing_slicing, reason = "below both lengths")]
    pub const fn new(name: &str) -> Result<EventKind, EventKindError> {
        let bytes = name.as_bytes();
        if bytes.is_empty() || bytes.len() > MAX_EVENT_KIND_LEN {
            return Err(EventKindError::BadLength { len: bytes.len() });
        }
        let (mut kind, mut at) = (EventKind { name: [0; MAX_EVENT_KIND_LEN], len: bytes.len() as u8 }, 0);
        while at < bytes.len() {
            if !matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
                return Err(EventKindError::BadByte);
            }
            kind.name[at] = bytes[at];
            at += 1;
        }
        Ok(kind)
    }

    #[expect(clippy::panic, reason = "evaluated at compile time, where it is an error message")]
    const fn known(name: &str) -> EventKind {
        match EventKind::new(name) {
            Ok(kind) => kind,
            Err(_) => panic!("a well-known kind has a bad name"),
        }
    }

    /// What stores do by themselves, and often: splits, merges, leader changes, folding. All else somebody meant.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::EventKind;
    /// assert!(EventKind::SPLIT.is_routine());
    /// assert!(!EventKind::DEPLOY.is_routine());
    /// ```
    #[must_use]
    pub fn is_routine(&self) -> bool {
        [Self::SPLIT, Self::MERGE, Self::LEADER_CHANGE, Self::FOLDING].contains(self)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len as usize
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let name = self.name.get(..usize::from(self.len)).unwrap_or(&[]);
        core::str::from_utf8(name).unwrap_or("")
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Why a kind was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKindError {
    /// Empty, or longer than 32 bytes.
    BadLength {
        /// The refused name's length in bytes.
        len: usize,
    },
    /// A byte outside `[a-z0-9_-]`.
    BadByte,
}

impl fmt::Display for EventKindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadLength { len } => write!(f, "kind of event: {len} bytes; use 1 to {MAX_EVENT_KIND_LEN}"),
            Self::BadByte => f.write_str("kind of event: a byte outside a-z, 0-9, '_' and '-'"),
        }
    }
}

impl core::error::Error for EventKindError {}

/// An event as a reader gets it.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// When it happened, in Unix milliseconds, as it was told.
    pub at_ms: u64,
    /// What sort of thing it was.
    pub kind: EventKind,
    /// What there is to say of it. A host's text may hold key bytes; the core's own never does.
    pub text: String,
    /// The text was longer and its end is gone.
    pub cut: bool,
    /// How many events were told before it: a number of its own that never comes again.
    pub number: u64,
    /// The core told it: its text holds no key bytes.
    pub own: bool,
    /// How many changes it stands for, at least 1: of the core's own all of its sort in a column, of a host's one.
    pub changes: u64,
    /// Of the core's own changes the least and the greatest id of what changed: of a split the route that was split, of
    /// a merge the one that came of it, of a leader change the group.
    pub ids: Option<(u64, u64)>,
}

/// An event, with its text where it was copied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventInPlace<'a> {
    /// When it happened, in Unix milliseconds, as it was told.
    pub at_ms: u64,
    /// What sort of thing it was.
    pub kind: EventKind,
    /// What there is to say of it.
    pub text: &'a str,
    /// The text was longer and its end is gone.
    pub cut: bool,
    /// How many events were told before it: a number of its own that never comes again.
    pub number: u64,
    /// The core told it: its text holds no key bytes.
    pub own: bool,
    /// How many changes it stands for, at least 1: of the core's own all of its sort in a column, of a host's one.
    pub changes: u64,
    /// Of the core's own changes the least and the greatest id of what changed: of a split the route that was split, of
    /// a merge the one that came of it, of a leader change the group.
    pub ids: Option<(u64, u64)>,
}

#[cfg(feature = "alloc")]
impl From<EventInPlace<'_>> for Event {
    fn from(event: EventInPlace<'_>) -> Self {
        let EventInPlace { at_ms, kind, text, cut, number, own, changes, ids } = event;
        Event { at_ms, kind, text: text.into(), cut, number, own, changes, ids }
    }
}

/// As much of a text as an event keeps, ending between two characters.
pub(crate) fn kept(text: &str) -> &str {
    let mut end = text.len().min(MAX_EVENT_TEXT_LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn kinds_and_their_refusals() {
        assert_eq!(EventKind::new("a_b-9").unwrap().as_str(), "a_b-9");
        assert_eq!(EventKind::LEADER_CHANGE.as_str(), "leader-change");
        for bad in ["A", "a b", "a.b", "ä", "a\0"] {
            assert_eq!(EventKind::new(bad), Err(EventKindError::BadByte), "{bad:?}");
        }
        let longest = "a".repeat(MAX_EVENT_KIND_LEN);
        assert_eq!(EventKind::new(&longest).unwrap().as_str(), longest);
        let error = EventKind::new(&(longest + "a")).unwrap_err();
        assert_eq!(error, EventKindError::BadLength { len: MAX_EVENT_KIND_LEN + 1 });
        assert!(error.to_string().contains("use 1 to"));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        for letter in ["a", "ä", "€", "🦀"] {
            let text = letter.repeat(MAX_EVENT_TEXT_LEN);
            let kept = kept(&text);
            assert!(text.starts_with(kept));
            assert_eq!(kept.len(), MAX_EVENT_TEXT_LEN / letter.len() * letter.len());
        }
        assert_eq!(kept(&"a".repeat(MAX_EVENT_TEXT_LEN)).len(), MAX_EVENT_TEXT_LEN);
        assert_eq!(kept(""), "");
    }
}
