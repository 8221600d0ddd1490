//! One operation of a trace.

/// What an operation did to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The key was read.
    Read,
    /// The key was written, changed or deleted.
    Write,
    /// A range that starts at the key was read.
    Scan,
}

/// One record: an operation, or `count` identical ones, on one key.
///
/// A command on several keys is several records with one time. Byte slices borrow from the reader and live until
/// the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Microseconds, of Unix time or since the start of the trace, as the file counts. Never less than the record
    /// before it: a time that goes back is raised to the greatest seen so far and counted in
    /// [`Tally::times_raised`](crate::Tally::times_raised). At most the last microsecond of the year 9999.
    pub time_us: u64,
    /// What was done.
    pub op: Op,
    /// The key, decoded; 0 bytes is a key.
    pub key: &'a [u8],
    /// The exclusive end of the range, where the trace has one.
    pub end_key: Option<&'a [u8]>,
    /// Bytes of the value of **one** operation, without the key; 0 where the trace does not tell.
    pub value_len: u64,
    /// How many identical operations this record stands for, at least 1.
    pub count: u64,
    /// The origin of the traffic, where the trace has one, else empty.
    pub tag: &'a [u8],
}
