//! One line at a time, for whoever has the lines from a server and not from a file.

use super::Monitor;
use crate::record::Op;
use crate::skipped::Reason;

/// One key of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitorKey<'a> {
    /// What the command does to the key.
    pub op: Op,
    /// The key, decoded; 0 bytes is a key. Of a scan (`KEYS`, `SCAN` from cursor 0) what its pattern begins with.
    pub key: &'a [u8],
    /// Of a scan, the exclusive end of what it looks for; nine bytes of 255 for the end of the key space.
    pub end_key: Option<&'a [u8]>,
    /// Value bytes written with this key, as far as the arguments tell.
    pub value_len: u64,
}

/// A reader of single lines of `MONITOR`. It keeps one command's arguments until the next line, in buffers that are
/// used again.
///
/// ```
/// use keyviz_trace::{MonitorLine, Op, Reason};
///
/// let mut line = MonitorLine::default();
/// line.read(br#"1700000000.1 [3 127.0.0.1:5] "MSET" "a" "1" "b" "22""#)?;
/// assert_eq!(line.database(), 3);
/// let keys: Vec<_> = line.keys().map(|key| (key.op, key.key, key.value_len)).collect();
/// assert_eq!(keys, [(Op::Write, &b"a"[..], 1), (Op::Write, &b"b"[..], 2)]);
///
/// line.read(br#"1700000000.1 [0 127.0.0.1:5] "KEYS" "user:*""#)?;
/// let range = line.keys().next().map(|key| (key.op, key.key, key.end_key));
/// assert_eq!(range, Some((Op::Scan, &b"user:"[..], Some(&b"user;"[..]))));
///
/// assert_eq!(line.read(br#"1700000000.2 [0 127.0.0.1:5] "PING""#), Err(Reason::NoKey));
/// assert_eq!(line.keys().count(), 0);
/// # Ok::<(), Reason>(())
/// ```
#[derive(Debug, Default)]
pub struct MonitorLine(Monitor);

impl MonitorLine {
    /// Reads one line, without its newline; a carriage return at its end and the protocol's plus at its beginning are
    /// passed over.
    ///
    /// # Errors
    /// Why the line has no key to count: [`Reason::NoKey`] of a command without one, [`Reason::Reply`] of the
    /// server's `OK`, others of what cannot be read. [`keys`](MonitorLine::keys) is empty then.
    pub fn read(&mut self, line: &[u8]) -> Result<(), Reason> {
        let read = self.0.read(line, false);
        if read.is_err() {
            self.0.keys.clear();
        }
        read.map(|_| ())
    }

    /// The command's database; 0 where the line does not say.
    pub fn database(&self) -> u32 {
        self.0.database
    }

    /// The command's keys, in the order of the command table's groups.
    pub fn keys(&self) -> impl Iterator<Item = MonitorKey<'_>> {
        (0..self.0.keys.len()).filter_map(|index| self.0.at(index))
    }
}
