//! What was done to a key, and what can be asked about it.

use crate::limits::{CELL_WORDS, TALLY_WORDS};

/// One operation on one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// A read: adds to `reads` and `read_bytes`.
    Read = 0,
    /// A write: adds to `writes` and `write_bytes`.
    Write = 1,
}

/// What a matrix shows.
///
/// # Examples
/// ```
/// use keyviz_core::Series;
/// assert_eq!(Series::parse("ops"), Some(Series::Ops));
/// assert_eq!(Series::parse("Ops"), None); // names are exact
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Series {
    /// Reads, each counted once.
    Reads,
    /// Writes, each counted once. The default on the wire.
    #[default]
    Writes,
    /// Key and value bytes of reads.
    ReadBytes,
    /// Key and value bytes of writes.
    WriteBytes,
    /// Range reads, each counted once in every range that it touched; so their sum over ranges says more than how
    /// many there were. A range read is one of `Reads` too, in the first of its ranges.
    Scans,
    /// Reads plus writes.
    Ops,
}

impl Series {
    /// Every series, in the order of the documentation.
    pub const ALL: [Series; 6] =
        [Series::Reads, Series::Writes, Series::ReadBytes, Series::WriteBytes, Series::Scans, Series::Ops];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Series::Reads => "reads",
            Series::Writes => "writes",
            Series::ReadBytes => "read_bytes",
            Series::WriteBytes => "write_bytes",
            Series::Scans => "scans",
            Series::Ops => "ops",
        }
    }

    /// The series with this wire name; exact, lower case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether its unit is bytes (else operations).
    #[must_use]
    pub const fn is_bytes(self) -> bool {
        matches!(self, Series::ReadBytes | Series::WriteBytes)
    }
}

/// Totals of the five counted series.
///
/// Sums saturate, so that a total never wraps into a small number.
///
/// - Operations and bytes, each 64 bits. Panics: never. Memory: 40 bytes.
///
/// # Examples
/// ```
/// use keyviz_core::{Series, Tally};
/// let mut sum = Tally { reads: 2, read_bytes: 64, ..Tally::ZERO };
/// sum.add(Tally { writes: 1, read_bytes: u64::MAX, ..Tally::ZERO });
/// assert_eq!(sum.get(Series::Ops), 3);
/// assert_eq!(sum.read_bytes, u64::MAX); // and not 63
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Key and value bytes of reads.
    pub read_bytes: u64,
    /// Key and value bytes of writes.
    pub write_bytes: u64,
    /// Ranges that range reads touched.
    pub scans: u64,
}

impl Tally {
    /// Nothing counted.
    pub const ZERO: Tally = Tally { reads: 0, writes: 0, read_bytes: 0, write_bytes: 0, scans: 0 };

    /// One series of it.
    #[must_use]
    pub const fn get(&self, series: Series) -> u64 {
        match series {
            Series::Reads => self.reads,
            Series::Writes => self.writes,
            Series::ReadBytes => self.read_bytes,
            Series::WriteBytes => self.write_bytes,
            Series::Scans => self.scans,
            Series::Ops => self.reads.saturating_add(self.writes),
        }
    }

    /// Adds, saturating.
    pub fn add(&mut self, other: Tally) {
        self.reads = self.reads.saturating_add(other.reads);
        self.writes = self.writes.saturating_add(other.writes);
        self.read_bytes = self.read_bytes.saturating_add(other.read_bytes);
        self.write_bytes = self.write_bytes.saturating_add(other.write_bytes);
        self.scans = self.scans.saturating_add(other.scans);
    }

    /// Whether all five are zero.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.reads == 0 && self.writes == 0 && self.read_bytes == 0 && self.write_bytes == 0 && self.scans == 0
    }

    pub(crate) const fn words(&self) -> [u64; TALLY_WORDS] {
        [self.reads, self.writes, self.read_bytes, self.write_bytes, self.scans]
    }

    pub(crate) const fn from_words([reads, writes, read_bytes, write_bytes, scans]: [u64; TALLY_WORDS]) -> Self {
        Tally { reads, writes, read_bytes, write_bytes, scans }
    }

    /// What a cell counts; scans are counted apart from it.
    pub(crate) const fn cell_words(&self) -> [u64; CELL_WORDS] {
        [self.reads, self.writes, self.read_bytes, self.write_bytes]
    }

    /// Of a cell, and of what was counted apart from it.
    pub(crate) const fn of_cell([reads, writes, read_bytes, write_bytes]: [u64; CELL_WORDS], scans: u64) -> Self {
        Tally { reads, writes, read_bytes, write_bytes, scans }
    }
}
