//! A command's arguments, decoded into one buffer that is used again for every line.

/// The arguments, the command's name first.
#[derive(Debug, Default)]
pub(crate) struct Args {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Args {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds bytes to the argument being built.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds one byte to the argument being built.
    pub(crate) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Ends the argument being built.
    pub(crate) fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }

    /// Bytes of the argument; 0 where there is none.
    pub(crate) fn len_of(&self, index: usize) -> u64 {
        self.get(index).map_or(0, |arg| arg.len() as u64)
    }

    /// Whether the argument is this word, in any case.
    pub(crate) fn is(&self, index: usize, word: &str) -> bool {
        self.get(index).is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// The argument as a decimal number.
    pub(crate) fn number(&self, index: usize) -> Option<usize> {
        std::str::from_utf8(self.get(index)?).ok()?.parse().ok()
    }
}
