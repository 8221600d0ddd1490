//! How much a reader holds.

/// Bounds of a reader's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest line, and longest record of a binary format, in bytes; longer ones are skipped as
    /// [`Reason::TooLong`](crate::Reason::TooLong). Default 64 MiB. A reader holds the longest line it met, once as it stands and once
    /// decoded, and 256 KiB; where the input is compressed also the past that unpacking needs, 32 KiB for gzip and
    /// at most 128 MiB for zstd, however much comes out.
    pub line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { line_bytes: 64 * 1024 * 1024 }
    }
}
