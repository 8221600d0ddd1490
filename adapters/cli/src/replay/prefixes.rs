//! Which key prefixes explain the load: `user:hot:` rather than a pair of bounds.
//!
//! Hierarchical heavy hitters over the sample (Cormode, Korn, Muthukrishnan, Srivastava 2003): a prefix is reported
//! when it has at least one part in 32 of all operations that no reported prefix below it has. So there are at most
//! 32, and the most specific ones win. The sample only nominates; what is told is counted in the second pass.

use super::sample::Sample;

/// A prefix needs at least one part in this many.
const PARTS: u64 = 32;

/// Longest prefix that is reported.
const MAX_PREFIX_BYTES: usize = 128;

/// Most places in one key where a prefix can end.
const MAX_LEVELS: usize = 8;

/// A set of keys that begin alike, or one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    pub(crate) bytes: Vec<u8>,
    /// The whole of one key.
    pub(crate) whole: bool,
}

impl Prefix {
    /// The first key beyond all that begin so; `None` when nothing is beyond.
    pub(crate) fn end(&self) -> Option<Vec<u8>> {
        let mut end = self.bytes.clone();
        if self.whole {
            end.push(0);
            return Some(end);
        }
        while let Some(last) = end.pop() {
            if last < u8::MAX {
                end.push(last + 1);
                return Some(end);
            }
        }
        None
    }
}

/// A prefix of the key being looked at, while its keys last.
struct Node<'a> {
    prefix: &'a [u8],
    whole: bool,
    total: u64,
    /// Operations that reported prefixes below have.
    covered: u64,
}

/// The prefixes that explain the load, in key order.
pub(crate) fn find(sample: &Sample) -> Vec<Prefix> {
    let least = sample.total.div_ceil(PARTS).max(1);
    let mut found = Vec::new();
    let mut stack: Vec<Node<'_>> = Vec::new();
    for (key, weight) in &sample.keys {
        let levels = levels(key);
        let held = |node: &Node<'_>| !node.whole && levels.iter().any(|len| key.get(..*len) == Some(node.prefix));
        while stack.last().is_some_and(|node| !held(node)) {
            close(&mut stack, least, &mut found);
        }
        for len in levels.iter().skip(stack.len()) {
            let prefix = key.get(..*len).unwrap_or(key);
            stack.push(Node { prefix, whole: false, total: 0, covered: 0 });
        }
        if key.len() <= MAX_PREFIX_BYTES {
            stack.push(Node { prefix: key, whole: true, total: 0, covered: 0 });
        }
        for node in &mut stack {
            node.total += weight;
        }
    }
    while !stack.is_empty() {
        close(&mut stack, least, &mut found);
    }
    found.sort_by(|a, b| (&a.bytes, a.whole).cmp(&(&b.bytes, b.whole)));
    found.dedup();
    found
}

/// Takes the innermost prefix off and reports it where it explains enough by itself.
fn close(stack: &mut Vec<Node<'_>>, least: u64, found: &mut Vec<Prefix>) {
    let Some(node) = stack.pop() else { return };
    let mut covered = node.covered;
    if node.total - node.covered >= least {
        found.push(Prefix { bytes: node.prefix.to_vec(), whole: node.whole });
        covered = node.total;
    }
    if let Some(parent) = stack.last_mut() {
        parent.covered += covered;
    }
}

/// Where prefixes of the key end, shortest first: behind a separator, and before the first digit behind a letter in
/// what follows the last separator (`key000012`).
fn levels(key: &[u8]) -> Vec<usize> {
    let key = key.get(..MAX_PREFIX_BYTES).unwrap_or(key);
    let mut levels = Vec::new();
    let mut tail = 0;
    for (at, pair) in key.windows(2).enumerate() {
        if let [byte, next] = pair
            && separates(*byte)
            && !separates(*next)
        {
            tail = at + 1;
            if levels.len() < MAX_LEVELS {
                levels.push(tail);
            }
        }
    }
    let rest = key.get(tail..).unwrap_or_default();
    let number =
        rest.windows(2).position(|pair| matches!(pair, [a, b] if a.is_ascii_alphabetic() && b.is_ascii_digit()));
    if let Some(at) = number
        && levels.len() < MAX_LEVELS
    {
        levels.push(tail + at + 1);
    }
    levels
}

fn separates(byte: u8) -> bool {
    byte.is_ascii_punctuation() || byte == b' '
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(keys: &[(String, u64)]) -> Sample {
        let mut keys: Vec<_> = keys.iter().map(|(key, weight)| (key.clone().into_bytes(), *weight)).collect();
        keys.sort();
        Sample { total: keys.iter().map(|(_, weight)| weight).sum(), keys }
    }

    fn names(sample: &Sample) -> Vec<String> {
        find(sample).into_iter().map(|prefix| String::from_utf8_lossy(&prefix.bytes).into_owned()).collect()
    }

    #[test]
    fn the_most_specific_prefix_wins() {
        let mut keys: Vec<_> = (0..800).map(|n| (format!("user:hot:{n:04}"), 1)).collect();
        keys.extend((0..180).map(|n| (format!("user:{n:04}"), 1)));
        keys.extend((0..20).map(|n| (format!("cart:{n:04}"), 1)));
        assert_eq!(names(&sample(&keys)), ["user:", "user:hot:"]);
    }

    #[test]
    fn a_hot_key_is_named_whole() {
        let mut keys: Vec<_> = (0..500).map(|n| (format!("a/{n:04}"), 1)).collect();
        keys.push(("a/0100".to_owned() + "x", 500));
        let found = find(&sample(&keys));
        assert_eq!(found.len(), 2);
        assert_eq!((found[1].bytes.as_slice(), found[1].whole), (&b"a/0100x"[..], true));
        assert_eq!(found[1].end().unwrap(), b"a/0100x\0");
        assert_eq!(found[0].end().unwrap(), b"a0");
    }

    #[test]
    fn keys_without_separators() {
        let keys: Vec<_> = (0..500).map(|n| (format!("key{n:06}"), 1)).collect();
        assert_eq!(names(&sample(&keys)), ["key"]);
        let keys: Vec<_> = (0..500_u32).map(|n| (format!("{:08x}", n.wrapping_mul(2_654_435_761)), 1)).collect();
        assert!(find(&sample(&keys)).len() <= 32);
    }

    #[test]
    fn never_more_than_the_cap() {
        let keys: Vec<_> = (0..5000).map(|n| (format!("{}:{}:{n}", n % 7, n % 91), 1 + n % 3)).collect();
        assert!(find(&sample(&keys)).len() <= 32);
        assert!(find(&Sample::default()).is_empty());
        assert_eq!(Prefix { bytes: vec![255, 255], whole: false }.end(), None);
    }
}
