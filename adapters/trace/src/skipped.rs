//! What was not counted, and why.

/// How many line numbers are kept for a reason.
const KEPT_LINES: usize = 3;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $text:literal;)+) => {
        /// Why a line gave no record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[doc = $doc])+ $variant,)+ }

        impl Reason {
            /// Every reason, in the order of the answer.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];

            /// The name for machines: lower case with underscores, stable.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Reason::$variant => $name,)+ }
            }

            /// The reason in words, for people.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Reason::$variant => $text,)+ }
            }
        }
    };
}

reasons! {
    /// An operation that touches no key: `PING`, `CONFIG`, `MULTI`, a `SCAN` that goes on, an empty write batch, a request that is `-`.
    NoKey = "no_key", "commands without a key";
    /// A Redis command whose key positions are not known here.
    UnknownCommand = "unknown_command", "unknown commands";
    /// A Redis command with arguments that its key positions do not fit.
    BadArguments = "bad_arguments", "arguments that do not fit the command";
    /// A line that has another shape than the format's.
    NotARecord = "not_a_record", "not a record of this format";
    /// The time is no number or lies after the year 9999.
    BadTime = "bad_time", "unreadable time (ts_us takes whole microseconds, up to the year 9999)";
    /// A backslash that starts no known escape.
    BadEscape = "bad_escape", "unknown escape";
    /// A quote that is not closed, or is followed by something else than a separator.
    BadQuote = "bad_quote", "unbalanced quote";
    /// The file ends in the middle of the record.
    CutShort = "cut_short", "cut off by the end of the file";
    /// Another number of fields than the header or the format has.
    WrongColumns = "wrong_columns", "another number of columns than the header, the format or --columns says";
    /// The operation is no known word for reading, writing or scanning.
    BadOp = "bad_op", "unknown operation (known: r, read, get, gets, w, write, set, put, delete, del, add, replace, cas, append, prepend, incr, decr, insert, update, merge, s, scan)";
    /// The key is missing, or not in the encoding that the header names.
    BadKey = "bad_key", "unreadable key";
    /// `bytes` or `count` is no number, `count` is 0, or both together are beyond counting.
    BadNumber = "bad_number", "unreadable bytes or count";
    /// The header once more, as in concatenated files.
    RepeatedHeader = "repeated_header", "the header again";
    /// A first line of a CSV by columns that is no record, and so its header.
    Header = "header", "the header";
    /// The server's `OK` to the `MONITOR` command.
    Reply = "reply", "the server's answer to MONITOR";
    /// An empty line.
    Blank = "blank", "empty lines";
    /// A line or record longer than [`Limits::line_bytes`](crate::Limits::line_bytes).
    TooLong = "too_long", "longer than the limit on lines";
}

/// One reason with its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Why.
    pub reason: Reason,
    /// How many lines.
    pub lines: u64,
    first: [u64; KEPT_LINES],
}

impl Skip {
    /// The numbers (from 1) of the first lines with this reason, at most three.
    pub fn first_lines(&self) -> impl Iterator<Item = u64> + '_ {
        self.first.iter().copied().take_while(|line| *line != 0)
    }
}

/// All lines that gave no record, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    by_reason: Vec<Skip>,
}

impl Skipped {
    /// Counts one line; `line` from 1.
    pub(crate) fn note(&mut self, reason: Reason, line: u64) {
        let skip = match self.by_reason.iter_mut().find(|skip| skip.reason == reason) {
            Some(skip) => skip,
            None => {
                self.by_reason.push(Skip { reason, lines: 0, first: [0; KEPT_LINES] });
                match self.by_reason.last_mut() {
                    Some(skip) => skip,
                    None => return,
                }
            }
        };
        skip.lines += 1;
        if let Some(free) = skip.first.iter_mut().find(|kept| **kept == 0) {
            *free = line;
        }
    }

    /// The reasons that occurred, most lines first, ties in the order of [`Reason::ALL`].
    #[must_use]
    pub fn reasons(&self) -> Vec<Skip> {
        let mut sorted = self.by_reason.clone();
        sorted.sort_by_key(|skip| {
            let order = Reason::ALL.iter().position(|reason| *reason == skip.reason);
            (std::cmp::Reverse(skip.lines), order)
        });
        sorted
    }

    /// Lines skipped, for any reason.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_reason.iter().map(|skip| skip.lines).sum()
    }

    /// Lines skipped for one reason.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.by_reason.iter().find(|skip| skip.reason == reason).map_or(0, |skip| skip.lines)
    }
}
