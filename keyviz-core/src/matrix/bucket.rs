//! The names of rows.

use alloc::string::String;
use core::fmt::{self, Write};

use crate::key::range_hash;
use crate::route::RouteId;

/// Longest name: `virtual:` 20 digits `~` 8 `:` 32 `#` 3.
const MAX_LEN: usize = 8 + 20 + 9 + 33 + 4;

/// Longest name that is taken from elsewhere.
const MAX_FOREIGN_LEN: usize = 128;

/// A row's name; compares as its text does.
///
/// - `route:7`; `route:7:redis` of a label; `route:7#3` of a division, `route:7:redis#3` of both;
/// - `virtual:9` of a virtual bucket;
/// - `range:3@` and 16 hex digits, the axis' id, on the range axis, with the label after the number;
/// - on the route axis with `~` and eight hex digits behind the id for bounds that it no longer has.
///
/// Never panics. Memory: the text, at most 80 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketId(pub(crate) String);

impl BucketId {
    /// The name of a row of the range axis.
    pub(crate) fn of_range(row: usize, label: Option<&str>, axis_id: u64) -> Self {
        let mut text = String::with_capacity(MAX_LEN / 2);
        let _ = match label {
            Some(label) => write!(text, "range:{row}:{label}@{axis_id:016x}"),
            None => write!(text, "range:{row}@{axis_id:016x}"),
        };
        BucketId(text)
    }

    /// Takes a name that came from elsewhere: 1 to 128 letters, digits and `:~#@_.-`, which every medium
    /// carries as they are; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b":~#@_.-".contains(&b);
        ((1..=MAX_FOREIGN_LEN).contains(&text.len()) && text.bytes().all(plain)).then(|| BucketId(text.into()))
    }

    /// This name with `~` and eight hex digits for its bounds.
    pub(crate) fn with_bounds(&self, start: &[u8], end: Option<&[u8]>) -> Self {
        let mut text = String::with_capacity(self.0.len() + 9);
        text.push_str(&self.0);
        let _ = write!(text, "~{:08x}", bounds_hash(start, end));
        BucketId(text)
    }

    /// Of a row of the route axis: whether it is a virtual bucket, the id, the division.
    pub(crate) fn of_route(&self) -> Option<(bool, u64, Option<u32>)> {
        let (kind, rest) = self.0.split_once(':')?;
        let aggregate = match kind {
            "route" => false,
            "virtual" => true,
            _ => return None,
        };
        let id = rest.split(['~', ':', '#']).next()?.parse().ok()?;
        let sub_bucket = match rest.split_once('#') {
            Some((_, sub)) => Some(sub.parse().ok()?),
            None => None,
        };
        Some((aggregate, id, sub_bucket))
    }

    /// The route, or the virtual bucket's id, that a row of the route axis is named after; `None` on the range axis.
    #[must_use]
    pub fn route(&self) -> Option<RouteId> {
        self.of_route().map(|(_, id, _)| RouteId(id))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a name is made of.
#[derive(Clone, Copy)]
pub(crate) struct BucketParts<'a> {
    /// A virtual bucket's id, not a route's.
    pub(crate) aggregate: bool,
    pub(crate) route: u64,
    pub(crate) label: Option<&'a str>,
    pub(crate) sub_bucket: Option<u32>,
    /// For bounds that the route no longer has.
    pub(crate) bounds_hash: Option<u32>,
}

impl BucketParts<'_> {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        write!(out, "{}:{}", if self.aggregate { "virtual" } else { "route" }, self.route)?;
        if let Some(hash) = self.bounds_hash {
            write!(out, "~{hash:08x}")?;
        }
        if let Some(label) = self.label {
            write!(out, ":{label}")?;
        }
        if let Some(sub) = self.sub_bucket {
            write!(out, "#{sub}")?;
        }
        Ok(())
    }

    /// Compares two names as text, without making them.
    pub(crate) fn compare(&self, other: &Self) -> core::cmp::Ordering {
        let text = |parts: &Self| {
            let mut buffer = Buffer { bytes: [0; MAX_LEN], len: 0 };
            // The buffer holds the longest name, so writing does not fail.
            let _ = parts.write(&mut buffer);
            buffer
        };
        let (a, b) = (text(self), text(other));
        a.as_bytes().cmp(b.as_bytes())
    }

    pub(crate) fn to_id(self) -> BucketId {
        let mut text = String::with_capacity(MAX_LEN / 2);
        let _ = self.write(&mut text);
        BucketId(text)
    }
}

struct Buffer {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl Buffer {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let to = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        to.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// The fixed hash of bounds, folded to 32 bits.
pub(crate) fn bounds_hash(start: &[u8], end: Option<&[u8]>) -> u32 {
    let hash = range_hash(start, end);
    (hash ^ (hash >> 32)) as u32
}
