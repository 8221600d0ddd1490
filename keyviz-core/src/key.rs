//! Reading keys eight bytes at a time.

/// The eight bytes of `key` from `from`, big-endian, zero-padded: the order of windows is the order
/// of keys as far as eight bytes reach.
#[inline(always)]
pub(crate) fn window(key: &[u8], from: usize) -> u64 {
    match key.get(from..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => short_window(key, from),
    }
}

#[inline(never)]
fn short_window(key: &[u8], from: usize) -> u64 {
    let mut padded = [0u8; 8];
    for (to, byte) in padded.iter_mut().zip(key.get(from..).unwrap_or(&[])) {
        *to = *byte;
    }
    u64::from_be_bytes(padded)
}

/// Length of the longest common prefix.
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The shortest key that is above `below` and not above `at`; `below` is less than `at`.
pub(crate) fn separator<'a>(below: &[u8], at: &'a [u8]) -> &'a [u8] {
    at.get(..=common_prefix(below, at)).unwrap_or(at)
}

/// A fixed hash of the range `[start, end)`: FNV-1a over start, a mark, end, another mark for unbounded. The same on
/// every node and in every release.
pub(crate) fn range_hash(start: &[u8], end: Option<&[u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut eat = |byte: u64| hash = (hash ^ byte).wrapping_mul(0x0000_0100_0000_01b3);
    start.iter().for_each(|b| eat(u64::from(*b)));
    eat(0x100);
    match end {
        Some(end) => end.iter().for_each(|b| eat(u64::from(*b))),
        None => eat(0x101),
    }
    hash
}

#[cfg(all(feature = "std", not(keyviz_loom)))]
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every shorter key is at or below the one or above the other.
        #[test]
        fn a_separator_is_the_shortest(a in prop::collection::vec(0u8..3, 0..6), b in prop::collection::vec(0u8..3, 0..6)) {
            prop_assume!(a != b);
            let (below, at) = if a < b { (a, b) } else { (b, a) };
            let found = separator(&below, &at);
            prop_assert!(below[..] < *found && *found <= at[..]);
            for len in 0..found.len() as u32 {
                for number in 0..4u32.pow(len) {
                    // Bytes 0 to 2, and one above all of them.
                    let key: std::vec::Vec<u8> = (0..len).map(|place| (number / 4u32.pow(place) % 4) as u8).collect();
                    prop_assert!(key <= below || key > at, "{key:?} separates {below:?} and {at:?}");
                }
            }
        }
    }
}
