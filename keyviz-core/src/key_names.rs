//! Key names: what a host calls the parts of its key space.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::limits::{MAX_KEY_NAMES, MAX_NAME_LEN};

/// Display names for key prefixes: `orders`, `orders/by_date`. The name of a key is that of the longest
/// prefix it begins with.
///
/// Where a name begins or ends is a *border*: rows of the range axis keep it as long as they can.
///
/// # Examples
/// ```
/// use keyviz_core::KeyNames;
/// let names = KeyNames::new([(b"o/".as_slice(), "orders"), (b"o/d/", "orders/by_date"), (b"u/", "users")])?;
/// assert_eq!(names.name(b"o/d/2026"), Some("orders/by_date"));
/// assert_eq!(names.name(b"o/x"), Some("orders"));
/// assert_eq!(names.name(b"p"), None);
/// assert!(KeyNames::new([(b"a".as_slice(), "")]).is_err()); // a name has letters
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyNames {
    /// By prefix; a prefix stands before those that begin with it.
    names: Vec<(Vec<u8>, String)>,
    /// Sorted: where a prefix begins, and the first key behind it.
    borders: Vec<Vec<u8>>,
}

/// Why [`KeyNames::new`] refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyNamesError {
    /// A name is empty, or longer than 256 bytes.
    NameLength {
        /// Which one, counted from 0.
        at: usize,
        /// Its bytes.
        len: usize,
    },
    /// A prefix is named twice.
    Twice {
        /// Which one was the second, counted from 0.
        at: usize,
    },
    /// There are more than 100 000 names.
    TooMany,
}

impl fmt::Display for KeyNamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameLength { at, len } => {
                write!(f, "name {at} has {len} bytes; give it 1 to {MAX_NAME_LEN}")
            }
            Self::Twice { at } => write!(f, "the prefix of name {at} is named twice; leave one of them out"),
            Self::TooMany => write!(f, "there are more than {MAX_KEY_NAMES} names; name shorter prefixes"),
        }
    }
}

impl core::error::Error for KeyNamesError {}

impl KeyNames {
    /// Names for these prefixes, in any order.
    ///
    /// # Errors
    /// [`KeyNamesError`] says which name and why.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a [u8], &'a str)>) -> Result<KeyNames, KeyNamesError> {
        let mut numbered: Vec<(&[u8], &str, usize)> = Vec::new();
        for (at, (prefix, name)) in names.into_iter().enumerate() {
            if at >= MAX_KEY_NAMES {
                return Err(KeyNamesError::TooMany);
            }
            if name.is_empty() || name.len() > MAX_NAME_LEN {
                return Err(KeyNamesError::NameLength { at, len: name.len() });
            }
            numbered.push((prefix, name, at));
        }
        numbered.sort_unstable();
        for pair in numbered.windows(2) {
            if let [(a, _, first), (b, _, second)] = pair
                && a == b
            {
                return Err(KeyNamesError::Twice { at: *first.max(second) });
            }
        }
        let mut borders: Vec<Vec<u8>> = numbered.iter().map(|(prefix, _, _)| prefix.to_vec()).collect();
        borders.extend(numbered.iter().filter_map(|(prefix, _, _)| successor(prefix)));
        borders.sort_unstable();
        borders.dedup();
        let names = numbered.into_iter().map(|(prefix, name, _)| (prefix.to_vec(), name.to_string())).collect();
        Ok(KeyNames { names, borders })
    }

    /// The name of a key. Cost: O(log names x prefixes that are prefixes of one another).
    #[must_use]
    pub fn name(&self, key: &[u8]) -> Option<&str> {
        let mut len = key.len();
        // The last prefix at or below the key is its longest, or shares what the longest can be at most.
        loop {
            let key = key.get(..len)?;
            let at = self.names.partition_point(|(prefix, _)| prefix.as_slice() <= key).checked_sub(1)?;
            let (prefix, name) = self.names.get(at)?;
            let common = crate::key::common_prefix(prefix, key);
            if common == prefix.len() {
                return Some(name);
            }
            len = common;
        }
    }

    /// The name that all keys of `[start, end)` have in common: that of the longest prefix they all begin with.
    ///
    /// Cost: as [`name`](Self::name).
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::KeyNames;
    /// let names = KeyNames::new([(b"o/".as_slice(), "orders"), (b"o/d/", "orders/by_date")])?;
    /// assert_eq!(names.range_name(b"o/d/1", Some(b"o/d/9")), Some("orders/by_date"));
    /// assert_eq!(names.range_name(b"o/d/1", Some(b"o/x")), Some("orders"));
    /// assert_eq!(names.range_name(b"o/d/1", Some(b"p")), None);
    /// assert_eq!(names.range_name(b"o/d/1", None), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn range_name(&self, start: &[u8], end: Option<&[u8]>) -> Option<&str> {
        let mut len = start.len();
        loop {
            let key = start.get(..len)?;
            let at = self.names.partition_point(|(prefix, _)| prefix.as_slice() <= key).checked_sub(1)?;
            let (prefix, name) = self.names.get(at)?;
            let common = crate::key::common_prefix(prefix, key);
            if common < prefix.len() {
                len = common;
                continue;
            }
            // Where no key lies behind the prefix, a range without an end lies within it, too.
            let within = match (successor(prefix), end) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(next), Some(end)) => end <= next.as_slice(),
            };
            if within {
                return Some(name);
            }
            len = prefix.len().checked_sub(1)?;
        }
    }

    /// Whether a name begins or ends at a boundary.
    #[must_use]
    pub fn is_border(&self, boundary: &[u8]) -> bool {
        self.borders.binary_search_by(|border| border.as_slice().cmp(boundary)).is_ok()
    }

    /// The prefixes with their names, by prefix.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &str)> {
        self.names.iter().map(|(prefix, name)| (prefix.as_slice(), name.as_str()))
    }
}

/// The first key behind all that begin with a prefix; `None` when there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut next = prefix.get(..=last)?.to_vec();
    *next.last_mut()? += 1;
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_name_of_a_range_is_the_longest_that_covers_it(
            prefixes in prop::collection::btree_set(prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255)], 0..5), 0..20),
            start in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255)], 0..6),
            end in prop::option::of(prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(2), Just(255)], 1..6)),
        ) {
            prop_assume!(end.as_ref().is_none_or(|end| start < *end));
            let named: Vec<(&[u8], String)> = prefixes.iter().enumerate().map(|(i, p)| (p.as_slice(), i.to_string())).collect();
            let names = KeyNames::new(named.iter().map(|(p, n)| (*p, n.as_str()))).unwrap();
            let covers = |prefix: &[u8]| {
                start.starts_with(prefix) && match (successor(prefix), &end) {
                    (None, _) => true,
                    (Some(next), Some(end)) => *end <= next,
                    (Some(_), None) => false,
                }
            };
            let longest = named.iter().filter(|(p, _)| covers(p)).max_by_key(|(p, _)| p.len());
            prop_assert_eq!(names.range_name(&start, end.as_deref()), longest.map(|(_, n)| n.as_str()));
        }

        #[test]
        fn the_longest_prefix_wins(
            prefixes in prop::collection::btree_set(prop::collection::vec(0u8..3, 0..6), 0..20),
            key in prop::collection::vec(0u8..4, 0..8),
        ) {
            let named: Vec<(&[u8], String)> = prefixes.iter().enumerate().map(|(i, p)| (p.as_slice(), i.to_string())).collect();
            let names = KeyNames::new(named.iter().map(|(p, n)| (*p, n.as_str()))).unwrap();
            let longest = named.iter().filter(|(p, _)| key.starts_with(p)).max_by_key(|(p, _)| p.len());
            prop_assert_eq!(names.name(&key), longest.map(|(_, n)| n.as_str()));
        }
    }

    #[test]
    fn borders_are_where_names_begin_and_end() {
        let names = KeyNames::new([(b"a".as_slice(), "a"), (b"b\xff", "b"), (b"\xff", "last")]).unwrap();
        for (boundary, border) in
            [(&b"a"[..], true), (b"b", true), (b"b\xff", true), (b"c", true), (b"\xff", true), (b"d", false)]
        {
            assert_eq!(names.is_border(boundary), border, "{boundary:?}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let twice = KeyNames::new([(b"a".as_slice(), "x"), (b"b", "y"), (b"a", "z")]).unwrap_err();
        assert_eq!(twice, KeyNamesError::Twice { at: 2 });
        let long = "x".repeat(257);
        let refused = KeyNames::new([(b"a".as_slice(), long.as_str())]).unwrap_err();
        assert!(refused.to_string().contains("257"));
        let many: Vec<Vec<u8>> = (0..100_001u32).map(|i| i.to_be_bytes().to_vec()).collect();
        assert_eq!(KeyNames::new(many.iter().map(|p| (p.as_slice(), "x"))).unwrap_err(), KeyNamesError::TooMany);
    }
}
