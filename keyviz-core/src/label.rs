//! The traffic's origin, from a list the host names once.

use core::fmt;

/// The most labels a sampler knows.
pub const MAX_LABELS: usize = 15;
/// The longest label in bytes.
pub const MAX_LABEL_LEN: usize = 32;

/// One of the configured labels, or none; resolved once with [`Labels::get`], free to copy.
///
/// One byte. A label of one sampler has no meaning for another: get it with
/// [`Sampler::label`](crate::Sampler::label) of the one that observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub(crate) u8);

impl Label {
    /// Unlabelled.
    pub const NONE: Label = Label(0);
    /// A label that is not configured: counted in the unlabelled slot, and in a counter.
    pub const UNKNOWN: Label = Label(u8::MAX);
}

/// The configured labels: at most 15, each 1 to 32 bytes of `[a-z0-9_-]`, no two alike.
///
/// # Examples
/// ```
/// use keyviz_core::{Label, Labels};
/// let labels = Labels::new(&["redis", "s3"])?;
/// assert_eq!(labels.name(labels.get("s3")), Some("s3"));
/// assert_eq!(labels.get("sqs"), Label::UNKNOWN);
/// assert!(Labels::new(&["Redis"]).is_err()); // upper case is refused
/// # Ok::<(), keyviz_core::LabelError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Labels {
    names: [[u8; MAX_LABEL_LEN]; MAX_LABELS],
    lens: [u8; MAX_LABELS],
    count: u8,
}

impl Labels {
    /// No labels: every route has one slot.
    pub const NONE: Labels = Labels { names: [[0; MAX_LABEL_LEN]; MAX_LABELS], lens: [0; MAX_LABELS], count: 0 };

    /// As [`new`](Self::new), in a constant.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub const fn listed(names: &[&str]) -> Result<Self, LabelError> {
        let (mut labels, mut at) = (Labels::NONE, 0);
        while at < names.len() {
            #[expect(clippy::indexing_slicing, reason = "below the slice's length")]
            let name = names[at].as_bytes();
            labels = match labels.with(name) {
                Ok(labels) => labels,
                Err(error) => return Err(error),
            };
            at += 1;
        }
        Ok(labels)
    }

    #[expect(clippy::indexing_slicing, reason = "below the arrays' lengths")]
    const fn with(mut self, name: &[u8]) -> Result<Self, LabelError> {
        if name.is_empty() || name.len() > MAX_LABEL_LEN {
            return Err(LabelError::BadLength { len: name.len() });
        }
        let mut at = 0;
        while at < name.len() {
            if !matches!(name[at], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
                return Err(LabelError::BadByte);
            }
            at += 1;
        }
        let (mut known, count) = (0, self.len());
        while known < count {
            if same(&self.names[known], self.lens[known] as usize, name) {
                return Err(LabelError::Repeated);
            }
            known += 1;
        }
        if count == MAX_LABELS {
            return Err(LabelError::TooMany);
        }
        let mut at = 0;
        while at < name.len() {
            self.names[count][at] = name[at];
            at += 1;
        }
        self.lens[count] = name.len() as u8;
        self.count += 1;
        Ok(self)
    }

    /// Takes the names in order.
    ///
    /// # Errors
    /// [`LabelError`] names what was refused: too many, a bad length, a bad byte, a repeated name.
    ///
    /// Never panics, never allocates.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{LabelError, Labels};
    /// assert_eq!(Labels::new(&["redis", "s3"])?.len(), 2);
    /// assert_eq!(Labels::new(&["s3", "s3"]), Err(LabelError::Repeated));
    /// assert_eq!(Labels::new(&[""]), Err(LabelError::BadLength { len: 0 }));
    /// # Ok::<(), LabelError>(())
    /// ```
    pub fn new<S: AsRef<str>>(names: &[S]) -> Result<Self, LabelError> {
        let mut labels = Labels::NONE;
        for name in names {
            labels = labels.with(name.as_ref().as_bytes())?;
        }
        Ok(labels)
    }

    pub(crate) const fn copy(&self) -> Self {
        Labels { names: self.names, lens: self.lens, count: self.count }
    }

    /// How many are configured.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether none is configured.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The label of this name. `""` is [`Label::NONE`]; with no labels configured every name is
    /// [`Label::NONE`]; a name that is not configured is [`Label::UNKNOWN`].
    #[must_use]
    pub fn get(&self, name: &str) -> Label {
        if name.is_empty() || self.is_empty() {
            return Label::NONE;
        }
        self.iter().find(|&(_, n)| n == name).map_or(Label::UNKNOWN, |(label, _)| label)
    }

    /// The name of a label; `None` for [`Label::NONE`] and [`Label::UNKNOWN`].
    #[must_use]
    pub fn name(&self, label: Label) -> Option<&str> {
        let at = usize::from(label.0).checked_sub(1)?;
        if at >= self.len() {
            return None;
        }
        let name = self.names.get(at)?.get(..usize::from(*self.lens.get(at)?))?;
        core::str::from_utf8(name).ok()
    }

    /// The configured labels with their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Label, &str)> {
        (1..=self.count).filter_map(|i| self.name(Label(i)).map(|n| (Label(i), n)))
    }
}

/// Whether the first `len` bytes are those of `name`; by hand, for constants.
#[expect(clippy::indexing_slicing, reason = "below both lengths")]
const fn same(bytes: &[u8; MAX_LABEL_LEN], len: usize, name: &[u8]) -> bool {
    let mut at = 0;
    while at < len && at < name.len() && bytes[at] == name[at] {
        at += 1;
    }
    len == name.len() && at == len
}

impl Default for Labels {
    fn default() -> Self {
        Labels::NONE
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(_, n)| n)).finish()
    }
}

/// Why a list of labels was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabelError {
    /// More than 15.
    TooMany,
    /// Empty, or longer than 32 bytes.
    BadLength {
        /// The refused label's length in bytes.
        len: usize,
    },
    /// A byte outside `[a-z0-9_-]`.
    BadByte,
    /// The same name twice.
    Repeated,
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "labels: more than {MAX_LABELS}; fold the rarest into one"),
            Self::BadLength { len } => write!(f, "labels: a label has {len} bytes; use 1 to {MAX_LABEL_LEN}"),
            Self::BadByte => f.write_str("labels: a label has a byte outside a-z, 0-9, '_' and '-'"),
            Self::Repeated => f.write_str("labels: the same label stands twice"),
        }
    }
}

impl core::error::Error for LabelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal() {
        let many: [&str; 16] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];
        assert_eq!(Labels::new(&many), Err(LabelError::TooMany));
        assert_eq!(Labels::new(&[""]), Err(LabelError::BadLength { len: 0 }));
        assert_eq!(Labels::new(&["a b"]), Err(LabelError::BadByte));
        assert_eq!(Labels::new(&["a", "a"]), Err(LabelError::Repeated));
        assert_eq!(Labels::new(&["a".repeat(33)]), Err(LabelError::BadLength { len: 33 }));
    }

    #[test]
    fn no_labels_means_every_name_is_none() {
        assert_eq!(Labels::NONE.get("redis"), Label::NONE);
        assert_eq!(Labels::NONE.name(Label::NONE), None);
        assert_eq!(Labels::NONE.name(Label::UNKNOWN), None);
    }
}
