//! Answers from JSON, bounded in every dimension: what comes from another node is treated as hostile.
//!
//! - Members that are not known are skipped; of one that stands twice the last counts.
//! - `column_unix_ms`, `series` and `rows`, and of a row its `bucket_id`, have to be there. Everything else may be
//!   absent, or `null`, which is the same: no bounds are unbounded ones, no lists are lists of zeros, no
//!   `write_merge` is the leader rule (for whoever merges), no `column_start_unix_ms` leaves `start_ms == end_ms`,
//!   no state is complete.
//! - Lists of a row may be shorter than there are columns, never longer. Lists of columns are as long as
//!   `column_unix_ms`, or empty.
//! - Numbers are unsigned integers of 64 bits, all of which are kept.
//! - Of a node in `fanout`, a state that is not known counts as `answered` where it says `ok`, else as `failed`.
//! - `generated_at` is read where it is an instant after RFC 3339, and else left out: nothing depends on it.

mod error;
mod fanout;
mod head;
mod hot_keys;
mod lists;
mod row;

use core::cell::Cell;

use serde::de::Deserializer as _;

pub use self::error::DecodeError;
pub use self::hot_keys::HotKeysAnswer;
use crate::limits::{MAX_BOUND_LEN, MAX_MEMBERS};
use crate::matrix::Answer;

/// The most of everything that [`answer`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// Bytes of a bound.
    pub bound_len: usize,
    /// Route ids that one row lists.
    pub route_ids: usize,
    /// Parts of one cell in `term_parts`.
    pub parts: usize,
    /// Nodes that the answer is made of.
    pub nodes: usize,
    /// Bytes of the answer in memory: 8 for a number, 1 for a flag, 32 for a part, 1024 for a row with its texts, 256 for
    /// a node, and what bounds and the nodes' texts have.
    pub bytes: usize,
}

impl Default for Limits {
    /// 16 384 columns and rows, bounds of 64 KiB, 65 536 route ids, 256 parts, 4096 nodes, 256 MiB.
    fn default() -> Self {
        Limits {
            columns: 1 << 14,
            rows: 1 << 14,
            bound_len: MAX_BOUND_LEN as usize,
            route_ids: MAX_MEMBERS as usize,
            parts: 256,
            nodes: 4096,
            bytes: 256 << 20,
        }
    }
}

/// Reads an answer, ours or that of an existing server of the path.
///
/// # Errors
/// [`DecodeError`] names the member and what was expected of it, never what stood there: that may be key bytes.
///
/// Cost: linear in the text. Memory: at most `limits.bytes`, and while it reads twice the one list that grows, and the
/// longest text in the JSON.
///
/// # Examples
/// ```
/// use keyviz_core::wire::decode;
/// let json = br#"{"series":"writes","column_unix_ms":[60000],"rows":[{"bucket_id":"route:7","values":[3]}]}"#;
/// let answer = decode::answer(json, &decode::Limits::default())?;
/// assert_eq!(answer.rows[0].values, [3]);
/// let refused = decode::answer(br#"{"series":"writes","column_unix_ms":["soon"],"rows":[]}"#, &decode::Limits::default());
/// assert_eq!(refused.unwrap_err().to_string(), "column_unix_ms: expected a list of unsigned integers");
/// # Ok::<(), keyviz_core::wire::decode::DecodeError>(())
/// ```
pub fn answer(json: &[u8], limits: &Limits) -> Result<Answer, DecodeError> {
    let context = Context::new(limits);
    let mut text = serde_json::Deserializer::from_slice(json);
    let read = text.deserialize_map(head::AnswerVisitor(&context)).and_then(|answer| text.end().map(|()| answer));
    let raw = read.map_err(|error| context.error(&error))?;
    raw.assemble()
}

/// Reads hot keys: ours, or those of an existing server of the path.
///
/// `series` and `keys` have to be there. A label is 1 to 32 bytes of `[a-z0-9_-]`, a key at most `limits.bound_len`
/// bytes; there are at most 1024 keys. An answer that names a route is of that, any other of the range of its bounds. A
/// key that stands twice counts with the sum.
///
/// # Errors
/// [`DecodeError`] names the member and what was expected of it, never what stood there: that may be key bytes.
///
/// Cost: O(n log n) in the keys. Memory: at most `limits.bytes`, and while it reads twice the list of keys.
///
/// # Examples
/// ```
/// use keyviz_core::wire::decode;
/// let json = br#"{"route_id":7,"series":"writes","keys":[{"key_b64":"YQ==","count":12}]}"#;
/// let answer = decode::hot_keys(json, &decode::Limits::default())?;
/// assert_eq!((answer.hot.keys[0].key.as_slice(), answer.hot.keys[0].count), (&b"a"[..], 12));
/// assert!(decode::hot_keys(br#"{"error":"no_sketch"}"#, &decode::Limits::default()).is_err());
/// # Ok::<(), keyviz_core::wire::decode::DecodeError>(())
/// ```
pub fn hot_keys(json: &[u8], limits: &Limits) -> Result<HotKeysAnswer, DecodeError> {
    let context = Context::new(limits);
    let mut text = serde_json::Deserializer::from_slice(json);
    let read = text.deserialize_map(hot_keys::HotKeysVisitor(&context)).and_then(|raw| text.end().map(|()| raw));
    let raw = read.map_err(|error| context.error(&error))?;
    raw.assemble()
}

/// What is being read, for errors; and what was taken so far.
struct Context<'a> {
    limits: &'a Limits,
    /// The member, and what it should hold.
    at: Cell<(&'static str, &'static str)>,
    /// What there was too much of.
    over: Cell<Option<(&'static str, usize)>>,
    bytes: Cell<usize>,
}

impl<'a> Context<'a> {
    const fn new(limits: &'a Limits) -> Self {
        let at = Cell::new(("answer", "an object"));
        Context { limits, at, over: Cell::new(None), bytes: Cell::new(0) }
    }

    /// Counts memory.
    fn charge<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        if self.bytes.get() > self.limits.bytes { Err(self.too_many(self.limits.bytes)) } else { Ok(()) }
    }

    /// The error of a list or text that is too long.
    fn too_many<E: serde::de::Error>(&self, max: usize) -> E {
        self.over.set(Some((self.at.get().0, max)));
        E::custom("too many")
    }

    /// The error of a text that is not what was expected.
    fn wrong<E: serde::de::Error>(&self) -> E {
        E::custom("unexpected")
    }

    /// What serde says holds the value; so only its kind is looked at.
    fn error(&self, error: &serde_json::Error) -> DecodeError {
        if let Some((field, max)) = self.over.get() {
            return DecodeError::TooMany { field, max };
        }
        let (field, expected) = self.at.get();
        if error.is_data() {
            DecodeError::Unexpected { field, expected }
        } else {
            DecodeError::Syntax { line: error.line(), column: error.column() }
        }
    }
}
