//! One row into its fields, as RFC 4180 quotes them.

/// How splitting went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// The row is whole.
    Done,
    /// A quote is open: the row goes on after the newline.
    Open,
    /// A closing quote is followed by something else than a comma.
    Bad,
}

/// The fields of one row, unquoted. Splitting goes on where it stopped when it is called again with more text, so
/// that a key of many newlines costs no more than its length.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    done: usize,
    open: bool,
}

impl Fields {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.done = 0;
        self.open = false;
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

    /// Splits `text`, a row without its last newline, from where the last call stopped.
    ///
    /// More fields than `columns` are not kept: they are counted as one too many.
    pub(crate) fn split(&mut self, text: &[u8], columns: usize) -> Split {
        loop {
            let rest = text.get(self.done..).unwrap_or_default();
            if self.open {
                match self.quoted(rest) {
                    Some(true) => return Split::Done,
                    Some(false) => {}
                    None if self.open => return Split::Open,
                    None => return Split::Bad,
                }
                continue;
            }
            if self.ends.len() > columns {
                return Split::Done;
            }
            if let [b'"', ..] = rest {
                self.open = true;
                self.done += 1;
                continue;
            }
            let comma = memchr::memchr(b',', rest);
            let field = rest.get(..comma.unwrap_or(rest.len())).unwrap_or_default();
            match comma {
                Some(at) => {
                    self.bytes.extend_from_slice(field);
                    self.ends.push(self.bytes.len());
                    self.done += at + 1;
                }
                None => {
                    self.bytes.extend_from_slice(field.strip_suffix(b"\r").unwrap_or(field));
                    self.ends.push(self.bytes.len());
                    self.done = text.len();
                    return Split::Done;
                }
            }
        }
    }

    /// Goes on inside quotes. `Some(true)`: the row ends; `Some(false)`: a field ended; `None`: the text ended inside
    /// the quotes (`open` stays set), or the quotes are wrong (`open` is cleared).
    fn quoted(&mut self, mut rest: &[u8]) -> Option<bool> {
        loop {
            let Some(at) = memchr::memchr(b'"', rest) else {
                self.bytes.extend_from_slice(rest);
                self.done += rest.len();
                return None;
            };
            let (plain, after) = rest.split_at_checked(at)?;
            self.bytes.extend_from_slice(plain);
            match after {
                [_, b'"', more @ ..] => {
                    self.bytes.push(b'"');
                    self.done += at + 2;
                    rest = more;
                }
                [_, b',', ..] => {
                    self.ends.push(self.bytes.len());
                    self.done += at + 2;
                    self.open = false;
                    return Some(false);
                }
                [_] | [_, b'\r'] => {
                    self.ends.push(self.bytes.len());
                    self.done += at + after.len();
                    self.open = false;
                    return Some(true);
                }
                _ => {
                    self.open = false;
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(parts: &[&str]) -> (Split, Vec<String>) {
        let mut fields = Fields::default();
        let mut last = Split::Done;
        for upto in 1..=parts.len() {
            last = fields.split(parts[..upto].join("\n").as_bytes(), 4);
        }
        let all = (0..fields.len()).map(|at| String::from_utf8_lossy(fields.get(at).unwrap()).into_owned());
        (last, all.collect())
    }

    #[test]
    fn plain_and_quoted() {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(split(&["1,r,k,"]), (Split::Done, owned(&["1", "r", "k", ""])));
        assert_eq!(split(&["1,r,k,t\r"]), (Split::Done, owned(&["1", "r", "k", "t"])));
        assert_eq!(split(&["1,r,\"a,\"\"b\",t"]), (Split::Done, owned(&["1", "r", "a,\"b", "t"])));
        assert_eq!(split(&["1,r,\"a", "", "b\",t"]), (Split::Done, owned(&["1", "r", "a\n\nb", "t"])));
        assert_eq!(split(&["1,r,k,\"t\"\r"]), (Split::Done, owned(&["1", "r", "k", "t"])));
        assert_eq!(split(&["1,r,a\"b,t"]), (Split::Done, owned(&["1", "r", "a\"b", "t"])));
        assert_eq!(split(&["1,r,\"a"]).0, Split::Open);
        assert_eq!(split(&["1,r,\"a\"b,t"]).0, Split::Bad);
        assert!(split(&["1,r,a,b,c,d,e"]).1.len() > 4);
    }
}
