//! Reading a payload from its beginning, knowing at which byte of the file it stands.

use super::SnapshotError;

/// What is left of a payload.
pub(crate) struct Cursor<'a> {
    left: &'a [u8],
    at: u64,
}

impl<'a> Cursor<'a> {
    /// A payload whose first byte is byte `at` of the file.
    pub(crate) fn new(payload: &'a [u8], at: u64) -> Self {
        Cursor { left: payload, at }
    }

    /// The byte of the file that comes next.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The error that something else was expected here.
    pub(crate) fn expected(&self, expected: &'static str) -> SnapshotError {
        SnapshotError::Malformed { at: self.at, expected }
    }

    /// So many bytes.
    pub(crate) fn take(&mut self, len: u64, expected: &'static str) -> Result<&'a [u8], SnapshotError> {
        let taken = usize::try_from(len).ok().and_then(|len| self.left.split_at_checked(len));
        let (taken, left) = taken.ok_or_else(|| self.expected(expected))?;
        self.left = left;
        self.at = self.at.saturating_add(len);
        Ok(taken)
    }

    /// A number of seven bits a byte: at most ten bytes, and at most 64 bits.
    pub(crate) fn number(&mut self, expected: &'static str) -> Result<u64, SnapshotError> {
        let mut value: u64 = 0;
        for (index, byte) in self.left.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && *byte > 1 {
                break;
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.left = self.left.get(index + 1..).unwrap_or(&[]);
                self.at = self.at.saturating_add(index as u64 + 1);
                return Ok(value);
            }
        }
        Err(self.expected(expected))
    }

    /// A number of at most `max`.
    pub(crate) fn at_most(&mut self, max: u64, expected: &'static str) -> Result<u64, SnapshotError> {
        let here = self.expected(expected);
        self.number(expected).and_then(|number| if number > max { Err(here) } else { Ok(number) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::{put, unzigzag, zigzag};
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(any::<u64>(), 0..20), from in any::<u64>()) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| put(&mut bytes, zigzag(from, *number)));
            let mut cursor = Cursor::new(&bytes, 7);
            for number in &numbers {
                prop_assert_eq!(unzigzag(from, cursor.number("a number").unwrap()), *number);
            }
            prop_assert!(cursor.is_empty());
            prop_assert_eq!(cursor.at(), 7 + bytes.len() as u64);
        }

        #[test]
        fn any_bytes_are_a_number_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let mut cursor = Cursor::new(&bytes, 0);
            if cursor.number("a number").is_err() {
                prop_assert_eq!(cursor.at(), 0);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let eleven = [0x80; 11];
        let too_great = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        for bytes in [&eleven[..], &too_great, &[0x80], &[]] {
            let refused = Cursor::new(bytes, 3).number("a number");
            assert_eq!(refused, Err(SnapshotError::Malformed { at: 3, expected: "a number" }));
        }
        assert_eq!(
            Cursor::new(&too_great[..9], 0).take(10, "ten bytes").unwrap_err().to_string(),
            "malformed at byte 0: expected ten bytes"
        );
        assert_eq!(
            Cursor::new(&[5], 0).at_most(4, "at most 4"),
            Err(SnapshotError::Malformed { at: 0, expected: "at most 4" })
        );
    }
}
