//! The words that traces have for reading and writing.

use crate::record::Op;

/// Longer than every known word.
const WORD_BYTES: usize = 12;

/// What the word means, in any case; `None` for another word.
pub(crate) fn operation(text: &[u8]) -> Option<Op> {
    let text = text.trim_ascii();
    let mut lower = [0; WORD_BYTES];
    let word = lower.get_mut(..text.len())?;
    word.copy_from_slice(text);
    word.make_ascii_lowercase();
    Some(match &*word {
        b"r" | b"read" | b"get" | b"gets" | b"get_lease" => Op::Read,
        b"w" | b"write" | b"set" | b"put" | b"delete" | b"del" | b"set_lease" => Op::Write,
        b"add" | b"replace" | b"cas" | b"append" | b"prepend" | b"incr" | b"decr" => Op::Write,
        b"insert" | b"update" | b"merge" => Op::Write,
        b"s" | b"scan" => Op::Scan,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_case() {
        assert_eq!(operation(b" GET_LEASE "), Some(Op::Read));
        assert_eq!(operation(b"W"), Some(Op::Write));
        assert_eq!(operation(b"Scan"), Some(Op::Scan));
        for text in ["", "x", "reads", "a word that is far too long"] {
            assert_eq!(operation(text.as_bytes()), None, "{text}");
        }
    }
}
