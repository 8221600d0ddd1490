//! Keys of several sketches as one list.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::hot_keys::answer::HotKey;

/// The heaviest keys, those named several times added up; equal counts in the order of their base64 text.
pub(super) fn heaviest(mut keys: Vec<HotKey>, most: usize) -> Vec<HotKey> {
    keys.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    keys.dedup_by(|again, kept| {
        let same = again.key == kept.key;
        if same {
            kept.count = kept.count.saturating_add(again.count);
            kept.error = kept.error.saturating_add(again.error);
        }
        same
    });
    keys.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| by_base64(&a.key, &b.key)));
    keys.truncate(most);
    keys
}

/// Compares two keys by their base64 text with padding.
fn by_base64(a: &[u8], b: &[u8]) -> Ordering {
    for (a, b) in a.chunks(3).zip(b.chunks(3)) {
        let order = letters(a).cmp(&letters(b));
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// The four letters of up to three bytes.
fn letters(chunk: &[u8]) -> [u8; 4] {
    let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len().min(3)));
    let mut letters = [b'='; 4];
    for (i, letter) in letters.iter_mut().enumerate().take(chunk.len() + 1) {
        *letter = match (word >> (18 - 6 * i)) as u8 & 63 {
            six @ 0..26 => b'A' + six,
            six @ 26..52 => b'a' + (six - 26),
            six @ 52..62 => b'0' + (six - 52),
            62 => b'+',
            _ => b'/',
        };
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_stand_as_their_base64_does(
            a in prop::collection::vec(any::<u8>(), 0..9),
            b in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            let text = |bytes: &[u8]| {
                let mut text = String::new();
                crate::wire::encode::text::base64(&mut text, bytes);
                text
            };
            prop_assert_eq!(by_base64(&a, &b), text(&a).cmp(&text(&b)));
            prop_assert_eq!(by_base64(&a, &a[..a.len() / 2]), text(&a).cmp(&text(&a[..a.len() / 2])));
        }
    }
}
